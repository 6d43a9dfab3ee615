"""The generator that turns `schema/` into the package `generated/umapi_models`."""

"""Reading and running Postman collections: collections, environments, variables, scripts, runner, events."""

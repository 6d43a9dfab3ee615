"""Where the tests of this folder find the samples of `schema/`."""

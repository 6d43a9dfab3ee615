"""Lets `python -m umapi_harness` do what `umapi-harness` does."""

from __future__ import annotations

import sys

from umapi_harness.cli import main

if __name__ == "__main__":
    sys.exit(main())

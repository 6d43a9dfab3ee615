"""`python -m umapi_sdk` is the command `umapi`."""

import sys

from umapi_sdk.cli import main

sys.exit(main())

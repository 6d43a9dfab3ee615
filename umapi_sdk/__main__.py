"""`python -m umapi_sdk` is the command `umapi`."""

import sys

from .cli import main

sys.exit(main())

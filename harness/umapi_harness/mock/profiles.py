"""Names of settings that belong together, for those who offer them without loading any setting."""

from __future__ import annotations

from typing import Final

PROFILE_NAMES: Final = ("documented", "live")
"""As Adobe documents the service; as it was seen to behave."""

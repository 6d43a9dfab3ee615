"""Python names for the names on the wire."""

from __future__ import annotations

import re

# Words that the wire runs together; Python writes them apart.
WORDS = {"firstname": "first_name", "lastname": "last_name", "usergroup": "user_group"}


def python_name(wire_name: str) -> str:
    """Return the snake_case name of a property: `createFederatedID` is `create_federated_id`."""
    if wire_name in WORDS:
        return WORDS[wire_name]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire_name).lower()


def member_name(value: str) -> str:
    """Return the enum member's name for a value: `adobeID` is `ADOBE_ID`, `USER_GROUP` stays."""
    return value if value.isupper() else python_name(value).upper()


def code_name(code: str) -> str:
    """Return the enum member's name for an error code: `error.user.not_found` is `USER_NOT_FOUND`."""
    if code.isupper():  # the deprecated operations have codes of their own, some alike but for the letter case
        return f"DEPRECATED_{code}"
    words = code.removeprefix("error.").removeprefix("warning.")
    name = re.sub(r"[^A-Za-z0-9]+", "_", words).upper()
    return f"GATEWAY_{name}" if name[0].isdigit() else name

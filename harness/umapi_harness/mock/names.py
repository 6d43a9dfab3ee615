"""Names that the schemas give: of operations, of the kinds of faults, of what a user can be."""

from __future__ import annotations

import re
from typing import Any, Final

from umapi_models import operations, schemas
from umapi_models.names import ADOBE_ID, CREATES, UNKNOWN, USER_GROUP_STEPS, USER_STEPS


def call_name(operation: operations.Operation) -> str:
    """The name of an operation for faults, throttles and the journal: `groupUsers` is `group_users`."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", operation.name)


def _group_name(operation: operations.Operation) -> str:
    if operation.deprecated:
        return "deprecated"
    return "token" if operation.path.startswith("/ims/") else call_name(operation)


FAULTS: Final[dict[str, Any]] = schemas.read("faults.json")
"""What `schema/faults.json` says of planned failures."""
USER_STATUSES: Final[tuple[str, ...]] = tuple(schemas.read("user.json")["$defs"]["UserStatus"]["enum"])
"""The statuses that a user can have."""
LISTINGS: Final = {call_name(one): one.entries for one in operations.OPERATIONS if one.page_size and not one.deprecated}
"""The operations whose answers have pages, each with the member of a page that holds the entries."""
LISTS: Final[dict[str, tuple[str, ...]]] = {
    "fault_kinds": tuple(FAULTS["kinds"]),
    "operations": tuple(dict.fromkeys(_group_name(one) for one in operations.OPERATIONS)),
    "steps": tuple(dict.fromkeys((*USER_STEPS, *USER_GROUP_STEPS))),
    "identity_types": tuple(CREATES.values()),
    "owned_identity_types": tuple(kind for kind in CREATES.values() if kind != ADOBE_ID),
    "account_types": (*CREATES.values(), UNKNOWN),
    "user_statuses": USER_STATUSES,
}
"""By the names that `x-umapi-names` gives them in the schemas of what testers give: the lists that stand in `enum`."""

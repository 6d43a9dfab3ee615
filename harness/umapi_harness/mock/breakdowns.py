"""Breakdowns: failures of the systems behind the service, and which steps each of them makes fail.

The codes are Adobe's (ErrorRef.md), and so is the kind of step that each belongs to. A breakdown strikes every step of
its kind, and none in test mode [G breakdown-reach].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from umapi_models.names import (
    ADD,
    CREATES,
    DEVELOPER_GROUP,
    PRODUCT_ADMIN_GROUP,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    USER_GROUP_STEPS,
    USER_STEPS,
)

_CREATES: Final = frozenset(CREATES)
_USER: Final = frozenset(USER_STEPS)
GROUP_CHANGES: Final = frozenset(USER_GROUP_STEPS) - {ADD, REMOVE}
"""Steps that make, change or end a user group itself."""


def on_group(step: str) -> str:
    """The name here of a step that changes who is in a user group."""
    return f"usergroup {step}"


def of_role(step: str, kind: str) -> str:
    """The name here of a step that gives or takes the role of those in admin groups of a kind."""
    return f"{step} {kind}"


_GROUP_MEMBERS: Final = frozenset({on_group(ADD), on_group(REMOVE)})

BREAKDOWNS: Final[Mapping[str, frozenset[str]]] = {
    "error.api.not_available": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.developer.add_user.failed": frozenset({of_role(ADD, DEVELOPER_GROUP)}),
    "error.developer.remove_user.failed": frozenset({of_role(REMOVE, DEVELOPER_GROUP)}),
    "error.group.remove_failed": frozenset({REMOVE}),
    "error.internal.add": frozenset({ADD, on_group(ADD)}),
    "error.internal.create_failed": _CREATES,
    "error.internal.everybody_group.not_found": _CREATES,
    "error.internal.exceptionflys": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.internal.group.remove": frozenset({REMOVE, on_group(REMOVE)}),
    "error.internal.removefromorg": frozenset({REMOVE_FROM_ORG}),
    "error.internal.update_failed": frozenset({UPDATE}),
    "error.productadmin.add.user.failed": frozenset({of_role(ADD, PRODUCT_ADMIN_GROUP)}),
    "error.productadmin.remove.admin.failed": frozenset({of_role(REMOVE, PRODUCT_ADMIN_GROUP)}),
    "error.throttled_by_external_service": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.user.productadmin.add.user.failed": frozenset({of_role(ADD, PRODUCT_ADMIN_GROUP)}),
    "error.user.productadmin.remove.admin.failed": frozenset({of_role(REMOVE, PRODUCT_ADMIN_GROUP)}),
    "error.user.update_failed": _GROUP_MEMBERS,
    "error.usergroup.update.failed": GROUP_CHANGES | _GROUP_MEMBERS,
}
"""Error code -> the steps it strikes. A step is named by its own word; those on the members of
user groups, and those that give or take a role, as the functions above say."""

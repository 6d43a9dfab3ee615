"""Breakdowns: failures of the systems behind the service, and which steps each of them makes fail.

The codes are Adobe's (ErrorRef.md), and so is the kind of step that each belongs to. A breakdown strikes every step of
its kind, and none in test mode [G breakdown-reach].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from umapi_models.names import ADD, CREATES, REMOVE, REMOVE_FROM_ORG, UPDATE, USER_GROUP_STEPS, USER_STEPS

_CREATES: Final = frozenset(CREATES)
_USER: Final = frozenset(USER_STEPS)
GROUP_CHANGES: Final = frozenset(USER_GROUP_STEPS) - {ADD, REMOVE}
"""Steps that make, change or end a user group itself."""
_GROUP_MEMBERS: Final = frozenset({"usergroup add", "usergroup remove"})

BREAKDOWNS: Final[Mapping[str, frozenset[str]]] = {
    "error.api.not_available": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.developer.add_user.failed": frozenset({"add developer"}),
    "error.developer.remove_user.failed": frozenset({"remove developer"}),
    "error.group.remove_failed": frozenset({REMOVE}),
    "error.internal.add": frozenset({ADD, "usergroup add"}),
    "error.internal.create_failed": _CREATES,
    "error.internal.everybody_group.not_found": _CREATES,
    "error.internal.exceptionflys": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.internal.group.remove": frozenset({REMOVE, "usergroup remove"}),
    "error.internal.removefromorg": frozenset({REMOVE_FROM_ORG}),
    "error.internal.update_failed": frozenset({UPDATE}),
    "error.productadmin.add.user.failed": frozenset({"add product admin"}),
    "error.productadmin.remove.admin.failed": frozenset({"remove product admin"}),
    "error.throttled_by_external_service": _USER | GROUP_CHANGES | _GROUP_MEMBERS,
    "error.user.productadmin.add.user.failed": frozenset({"add product admin"}),
    "error.user.productadmin.remove.admin.failed": frozenset({"remove product admin"}),
    "error.user.update_failed": _GROUP_MEMBERS,
    "error.usergroup.update.failed": GROUP_CHANGES | _GROUP_MEMBERS,
}
"""Error code -> the steps it strikes. A step is named by its own word; those that add to user groups or
remove from them by `usergroup` before it; those that give or take a role by the role after it."""

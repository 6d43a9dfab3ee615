"""Breakdowns: failures of the systems behind the service, and which steps each of them makes fail.

The codes are Adobe's (ErrorRef.md), and so is the kind of step that each belongs to. A breakdown strikes every step of
its kind, and none in test mode [G breakdown-reach].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from umapi_harness.mock.groups import DEVELOPER_PREFIX, PRODUCT_ADMIN_PREFIX, key
from umapi_harness.mock.refusals import RefusedError

_CREATES: Final = frozenset({"addAdobeID", "createEnterpriseID", "createFederatedID"})
_USER: Final = _CREATES | {"update", "add", "remove", "removeFromOrg"}
_GROUP_CHANGES: Final = frozenset({"createUserGroup", "updateUserGroup", "deleteUserGroup"})
_GROUP_MEMBERS: Final = frozenset({"usergroup add", "usergroup remove"})

BREAKDOWNS: Final[Mapping[str, frozenset[str]]] = {
    "error.api.not_available": _USER | _GROUP_CHANGES | _GROUP_MEMBERS,
    "error.developer.add_user.failed": frozenset({f"add {DEVELOPER_PREFIX}"}),
    "error.developer.remove_user.failed": frozenset({f"remove {DEVELOPER_PREFIX}"}),
    "error.group.remove_failed": frozenset({"remove"}),
    "error.internal.add": frozenset({"add", "usergroup add"}),
    "error.internal.create_failed": _CREATES,
    "error.internal.everybody_group.not_found": _CREATES,
    "error.internal.exceptionflys": _USER | _GROUP_CHANGES | _GROUP_MEMBERS,
    "error.internal.group.remove": frozenset({"remove", "usergroup remove"}),
    "error.internal.removefromorg": frozenset({"removeFromOrg"}),
    "error.internal.update_failed": frozenset({"update"}),
    "error.productadmin.add.user.failed": frozenset({f"add {PRODUCT_ADMIN_PREFIX}"}),
    "error.productadmin.remove.admin.failed": frozenset({f"remove {PRODUCT_ADMIN_PREFIX}"}),
    "error.throttled_by_external_service": _USER | _GROUP_CHANGES | _GROUP_MEMBERS,
    "error.user.productadmin.add.user.failed": frozenset({f"add {PRODUCT_ADMIN_PREFIX}"}),
    "error.user.productadmin.remove.admin.failed": frozenset({f"remove {PRODUCT_ADMIN_PREFIX}"}),
    "error.user.update_failed": _GROUP_MEMBERS,
    "error.usergroup.update.failed": _GROUP_CHANGES | _GROUP_MEMBERS,
}
"""Error code -> the steps it strikes. A step is named by its own word; those that add to user groups or
remove from them by `usergroup` before it; those that give or take a role by the prefix of its groups after it."""


def check_user_step(code: str, name: str, fields: Any, user: str) -> None:
    """Raise RefusedError if the breakdown `code` (empty: none) strikes a step on a user."""
    if not code:
        return
    names: list[str] = []
    if name in ("add", "remove") and not isinstance(fields, str):
        names = [each for kind in ("group", "product") for each in fields.get(kind, ())]
    struck = {name}
    for prefix in (DEVELOPER_PREFIX, PRODUCT_ADMIN_PREFIX):
        if any(key(each).startswith(prefix) for each in names):
            struck.add(f"{name} {prefix}")
    if struck & BREAKDOWNS[code]:
        raise RefusedError(code, user=user, group=", ".join(names) or "all", value=_value(code, name, user))


def check_group_step(code: str, name: str, group: str) -> None:
    """Raise RefusedError if the breakdown `code` (empty: none) strikes a step on a user group."""
    if code and (name if name in _GROUP_CHANGES else f"usergroup {name}") in BREAKDOWNS[code]:
        raise RefusedError(code, user="", group=group, value=group)


def _value(code: str, name: str, user: str) -> str:
    """What the message of `code` repeats: the type of account, or the user."""
    types = {"addAdobeID": "adobeID", "createEnterpriseID": "enterpriseID", "createFederatedID": "federatedID"}
    return types.get(name, name) if code == "error.internal.create_failed" else user

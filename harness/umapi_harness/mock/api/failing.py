"""Steps that a breakdown strikes, and the refusal that each then gets."""

from __future__ import annotations

from typing import Any, Final

from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.breakdowns import BREAKDOWNS, GROUP_CHANGES, of_role, on_group
from umapi_harness.mock.state.groups import ADMIN_PREFIXES, DEVELOPERS, PRODUCT_ADMINS, key
from umapi_models.names import ADD, CREATES, REMOVE

_ROLES: Final = (DEVELOPERS, PRODUCT_ADMINS)


def check_user_step(code: str, name: str, fields: Any, user: str) -> None:
    """Raise RefusedError if the breakdown `code` (empty: none) strikes a step on a user."""
    if not code:
        return
    names: list[str] = []
    if name in (ADD, REMOVE) and not isinstance(fields, str):
        names = [each for kind in ("group", "product") for each in fields.get(kind, ())]
    struck = {name}
    for kind in _ROLES:
        if any(key(each).startswith(ADMIN_PREFIXES[kind]) for each in names):
            struck.add(of_role(name, kind))
    if struck & BREAKDOWNS[code]:
        raise RefusedError(code, user=user, group=", ".join(names) or "all", value=_value(code, name, user))


def check_group_step(code: str, name: str, group: str) -> None:
    """Raise RefusedError if the breakdown `code` (empty: none) strikes a step on a user group."""
    if code and (name if name in GROUP_CHANGES else on_group(name)) in BREAKDOWNS[code]:
        raise RefusedError(code, user="", group=group, value=group)


def _value(code: str, name: str, user: str) -> str:
    """What the message of `code` repeats: the type of account, or the user."""
    return CREATES.get(name, name) if code == "error.internal.create_failed" else user

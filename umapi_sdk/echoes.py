"""Errors that a repeated request can bring upon itself: the first attempt was applied, and the second finds it done.

Such an error is no reason to mend an action and send it again, but to look whether it has been carried out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from umapi_models.names import (
    ADD,
    CREATE_USER_GROUP,
    CREATES,
    DELETE_USER_GROUP,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    UPDATE_USER_GROUP,
)

_CREATED = frozenset(CREATES)
_GONE = frozenset({UPDATE, REMOVE_FROM_ORG, UPDATE_USER_GROUP, DELETE_USER_GROUP})  # or found under another name
_GROUP_GONE = frozenset({UPDATE_USER_GROUP, DELETE_USER_GROUP})

ECHOES: Mapping[str, frozenset[str]] = {
    # The account has been made, or its owner invited.
    "error.user.already_in_org": _CREATED,
    "error.user.already_invited": _CREATED,
    # The name that the step gives is taken: by the very user that has it now.
    "error.user.name_in_use": _CREATED | {UPDATE},
    "error.user.email.name_in_use": _CREATED | {UPDATE},
    "error.update.no": frozenset({UPDATE}),
    "error.update.domain.mismatch": frozenset({UPDATE}),
    # Who or what the command names has been removed, or has another name since.
    "error.user.nonexistent": _GONE,
    "error.user.nonexistent_or_has_conflicting_parameters": _GONE,
    "error.user.not_found": _GONE,
    "error.user.not_found_or_ambiguous": _GONE,
    "error.user.not_in_org": _GONE,
    "error.group.not_found": _GROUP_GONE,
    "error.usergroup.not_found": _GROUP_GONE,
    # The group has been made, or has the name already.
    "error.usergroup.already_exists": frozenset({CREATE_USER_GROUP, UPDATE_USER_GROUP}),
    # Nobody is left to be put into a group or taken out of it.
    "error.user.already_exists": frozenset({ADD}),
    "error.usergroup.user_list.invalid": frozenset({ADD, REMOVE}),
    "error.usergroup.exceeds_maximum_member_count": frozenset({ADD}),
    "plc.admin.already_added": frozenset({ADD}),
    "plc.add.admin.error": frozenset({ADD}),
    "plc.remove.admin.error": frozenset({REMOVE}),
}
"""For each error code, the steps whose success makes the same request fail with it the next time."""


def may_be_echo(code: str, steps: Collection[str]) -> bool:
    """Return whether a command of these steps, applied before, can fail with `code` when it is applied again.

    A code that is not known proves nothing, nor does one that speaks of the service's own trouble: the second attempt
    can meet with it after the first has gone well.
    """
    from umapi_models.error_codes import ERROR_CODES  # noqa: PLC0415 - loaded when something fails

    known = ERROR_CODES.get(code)
    if known is None or known.retry == "later" or code.startswith("error.internal."):
        return True
    return not ECHOES.get(code, frozenset()).isdisjoint(steps)

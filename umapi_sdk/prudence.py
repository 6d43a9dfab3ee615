"""What the SDK refuses although neither Adobe's pages nor recordings say that the service does.

Such values are slips: blanks around a name, line breaks from a spreadsheet, an address that no mailbox can have, a step
that undoes the one before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, cast

from umapi_models.models import UserCommand, UserGroupCommand, UserGroupStep, UserStep
from umapi_models.names import ADD_ADOBE_ID, CREATE_ENTERPRISE_ID, CREATE_FEDERATED_ID, UPDATE, UPDATE_USER_GROUP
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS
from umapi_runtime.constraints import Violation, contract_of, show
from umapi_runtime.converter import write_json
from umapi_runtime.structs import Model
from umapi_sdk.characters import escape, unseen
from umapi_sdk.kinds import creates
from umapi_sdk.mailboxes import mistyped

_FREE_TEXT = frozenset({"description"})
# A group whose name begins or ends with a blank may exist, and must be within reach.
_TRIMMED = frozenset({"user", "domain", "email", "username"})
_NAMES_OF_PEOPLE = frozenset({"firstname", "lastname"})
_BREAKS = "\t\r\n"
_UNNAMED = {
    f"/{contract_of(UserCommand).names['user']}": "the user is not named: give an e-mail address, or a user name",
    f"/{contract_of(UserGroupCommand).names['user_group']}": "the user group is not named: give its name",
}
"""What to say where an empty text is given for the user or user group, by pointer."""
NO_DOMAIN = "error.command.domain.missing"
"""The code for a user name without a domain."""


def doubts(model: Any) -> list[Violation]:
    """Return what is doubtful in a command or step, each with its pointer below the model."""
    found: list[Violation] = []
    if not _is_plain(model):
        found = [
            Violation(pointer, problem, code)
            for pointer, field, value in _texts(model, "")
            if (doubt := _doubt(field, value)) is not None
            for problem, code in [doubt]
        ]
    return found or list(_doubts_of_new(model))


def _is_plain(model: Any) -> bool:
    """Return whether every text in a model is beyond doubt at first sight, as nearly all are.

    One look at the model as JSON without blanks between its tokens: an escape, or a text that begins or ends with a
    blank, or with the underscore of admin groups, deserves the closer look.
    """
    try:
        text = write_json(model).decode()
    except UnicodeEncodeError:
        return False
    # Of ASCII, JSON escapes whatever cannot be printed, but for DEL. To look for one character is quickest.
    if "\\" in text or "\x7f" in text or not (text.isascii() or text.isprintable()):
        return False
    blank_at_an_end = " " in text and ('" ' in text or ' "' in text)
    return not (blank_at_an_end or ("_" in text and '"_' in text))


def _doubts_of_new(model: object) -> Iterator[Violation]:
    """Give what is doubtful in the addresses and names that a command or step would make true."""
    if isinstance(model, UserStep):
        for name, fields in (
            (ADD_ADOBE_ID, model.add_adobe_id),
            (CREATE_ENTERPRISE_ID, model.create_enterprise_id),
            (CREATE_FEDERATED_ID, model.create_federated_id),
            (UPDATE, model.update),
        ):
            if fields is not None and fields.email is not None and (problem := mistyped(fields.email)) is not None:
                yield Violation(f"/{name}/email", problem)
    elif isinstance(model, UserCommand):
        for place, step in enumerate(model.do):
            yield from (violation.below(f"/do/{place}") for violation in _doubts_of_new(step))
        # A user of that address who is there already must be within reach, to be put right.
        if creates(model.do[0]) and "@" in model.user and (problem := mistyped(model.user)) is not None:
            yield Violation("/user", problem)
    elif isinstance(model, UserGroupStep):
        renamed = model.update_user_group
        if renamed is not None and renamed.name is not None and (problem := _misnamed(renamed.name)) is not None:
            yield Violation(f"/{UPDATE_USER_GROUP}/name", problem)
    elif isinstance(model, UserGroupCommand):
        for place, each in enumerate(model.do):
            yield from (violation.below(f"/do/{place}") for violation in _doubts_of_new(each))
        yield from doubts_of_name(model.do[0], model.user_group)


def doubts_of_name(step: object, target: str) -> Iterator[Violation]:
    """Give what is doubtful in the name of a group that a step creates; one that is there must be within reach."""
    if isinstance(step, UserGroupStep) and step.create_user_group is not None:
        problem = _misnamed(target)
        if problem is not None:
            yield Violation("/usergroup", problem)


def _misnamed(group: str) -> str | None:
    """Return why nobody would give a group this name on purpose; None if somebody may."""
    if group != group.strip():
        return f"{show(group)} begins or ends with a blank: take it out"
    return hidden_in(group)


def hidden_in(name: str) -> str | None:
    """Return what is wrong with a name that holds a character which cannot be seen; None if it holds none."""
    letter = unseen(name)
    return None if letter is None else f"{show(name)} holds {escape(letter)}, which cannot be seen: take it out"


def named(violation: Violation, user: object) -> Violation:
    """Return what a model says of a command on a user; it does not name the one who needs a domain, nor ask for one."""
    if user == "" and violation.pointer in _UNNAMED:
        return Violation(violation.pointer, _UNNAMED[violation.pointer], violation.code)
    if violation.pointer or violation.code != NO_DOMAIN or not isinstance(user, str):
        return violation
    return Violation("", f"{show(user)} is no e-mail address: give its domain", NO_DOMAIN)


def useless(before: Any, after: Any) -> str | None:
    """Return why a step has no use right after another; None if it may have one."""
    if getattr(before, "delete_user_group", None) is not None:
        return "no step runs after deleteUserGroup"
    for first, second in ((before.add, after.remove), (before.remove, after.add)):
        if first is None or second is None or isinstance(first, str) or isinstance(second, str):
            continue
        names = _listed(second)
        for field, listed in _listed(first).items():
            for key, name in listed.items():
                if key in names.get(field, ()):
                    return f"this step undoes the one before for {show(name)}: leave out one of the two"
    return None


def _listed(fields: Model) -> dict[str, dict[str, str]]:
    return {
        field: {name.casefold(): name for name in getattr(fields, field) or ()}
        for field in contract_of(type(fields)).names
    }


def _texts(value: object, pointer: str, field: str = "") -> Iterator[tuple[str, str, str]]:
    """Give each text in a model: pointer, name of the field that holds it, and the text."""
    if isinstance(value, str):
        yield pointer, field, value
    elif isinstance(value, tuple):
        for place, item in enumerate(cast("tuple[object, ...]", value)):
            yield from _texts(item, f"{pointer}/{place}", field)
    elif isinstance(value, Model):
        for python_name, wire_name in contract_of(type(value)).names.items():
            yield from _texts(getattr(value, python_name), f"{pointer}/{wire_name}", wire_name)


def _doubt(field: str, value: str) -> tuple[str, str | None] | None:
    unprintable = next((found for letter in value if (found := _unprintable(field, value, letter))), None)
    if unprintable is not None:
        return unprintable
    if value and not value.strip():
        return None if field in ("description", "requestID") else (f"{show(value)} is nothing but blanks", None)
    if field in _TRIMMED and value != value.strip():
        return f"{show(value)} begins or ends with a blank: take it out", None
    if field == "group" and value.casefold() in UNTOUCHABLE_GROUPS:
        return f"{show(value)} can be neither given nor taken through the API", "error.group.not_found"
    hidden = hidden_in(value) if field in _NAMES_OF_PEOPLE else None
    return None if hidden is None else (hidden, None)


def _unprintable(field: str, value: str, letter: str) -> tuple[str, str | None] | None:
    if letter.isprintable():
        return None
    kind = unicodedata.category(letter)
    if kind == "Cs":
        return f"{show(value)}: {letter!r} is half of a surrogate pair, and no character", "error.command.malformed"
    if kind in ("Cc", "Zl", "Zp") and not (field in _FREE_TEXT and letter in _BREAKS):
        return f"{_shown(value)} holds the control character or line break {letter!r}: take it out", None
    return None


def _shown(value: str) -> str:
    """Return a text for a message of one line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in show(value))

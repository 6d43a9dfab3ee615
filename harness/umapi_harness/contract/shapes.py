"""Shapes: how two JSON values differ field by field, entries of a list taken by what names them, not by their place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Final, TypeGuard

import attrs

from umapi_harness.common.pointers import pointer, unescaped
from umapi_harness.contract import comparing, redaction
from umapi_harness.contract.comparing import CHANGING_FIELDS, MADE_UP_FIELDS

_SHOWN: Final = 80  # characters of a value that a change shows
_NAMING: Final = ("type", "email", "username", "groupName", "name", "requestID", "user", "index", "step")
_NAMINGS: Final[Sequence[Sequence[str]]] = (
    _NAMING,
    *(("email", "type"), ("email",), ("username",), ("groupName", "type"), ("groupName",), ("name",), ("requestID",)),
    *(("index", "step"), ("index", "errorCode"), ("user", "step", "errorCode"), ("id",), ("groupId",)),
)
"""What tells an entry from its neighbours, from the surest to the least: it may be one of these that has changed."""
_EVERY: Final = "*"


class Kind(StrEnum):
    """What became of a field."""

    TYPE = "type"
    """It has another JSON type."""
    VANISHED = "vanished"
    """It is no longer there: in no entry of its list, if it is in one."""
    APPEARED = "appeared"
    """It was not there: in no entry of its list, if it is in one."""
    VALUE = "value"
    """It has another value, or an entry that had it does without."""
    LOST = "lost"
    """An entry of a list is no longer there."""
    GAINED = "gained"
    """An entry of a list was not there."""


@attrs.frozen
class Change:
    """One field that differs."""

    kind: Kind
    place: str
    """A JSON pointer in which * stands for any entry of a list; empty for the whole."""
    before: str | None = None
    """What it was, in short and with secrets masked."""
    after: str | None = None


def changes(before: object, after: object, place: str = "") -> Iterator[Change]:
    """Return the fields in which two JSON values differ, each once for every entry that it differs in.

    Ids, tokens and builds are different every time: of them only the type counts.
    """
    was, now = json_type(before), json_type(after)
    if was != now:
        yield Change(Kind.TYPE, place, was, now)
    elif is_object(before) and is_object(after):
        yield from _members(before, after, place, ())
    elif is_array(before) and is_array(after):
        yield from _lists(before, after, place)
    elif before != after and not _is_volatile(place):
        yield Change(Kind.VALUE, place, show(before, place), show(after, place))


def mapped(value: object, change: Callable[[str], str]) -> object:
    """Return a JSON value with each text in it, names of members apart, put through a function."""
    if is_object(value):
        return {name: mapped(member, change) for name, member in value.items()}
    if is_array(value):
        return [mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def json_type(value: object) -> str:
    """Return the JSON name of a value's type."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def show(value: object, place: str = "") -> str:
    """Return a value in short, with secrets masked: those in it, and the whole under the name of one."""
    text = json.dumps(redaction.data(redaction.shown(value, place.split("/"))), ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def _is_volatile(place: str) -> bool:
    name = place.rpartition("/")[2]
    return name in MADE_UP_FIELDS or name in CHANGING_FIELDS


def _members(
    before: Mapping[str, object], after: Mapping[str, object], place: str, told: Sequence[str]
) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        below = f"{place}{pointer([name])}"
        if name in told:
            continue
        if name not in after:
            yield Change(Kind.VANISHED, below, show(before[name], below))
        elif name not in before:
            yield Change(Kind.APPEARED, below, None, show(after[name], below))
        else:
            yield from changes(before[name], after[name], below)


def _lists(before: Sequence[object], after: Sequence[object], place: str) -> Iterator[Change]:
    below = f"{place}/{_EVERY}"
    old, new = ([item for item in items if is_object(item)] for items in (before, after))
    if len(old) != len(before) or len(new) != len(after):
        yield from _sets(before, after, below)
        return
    found = partners(old, new)
    told: list[str] = []
    # Who has come or gone tells nothing of the fields, unless all are others.
    kept = [old[number] for number in found] or old, [new[number] for number in found.values()] or new
    for change in _fields(*kept, below):
        told.append(unescaped(change.place.rpartition("/")[2]))
        yield change
    for number, item in enumerate(old):
        if number not in found:
            yield Change(Kind.LOST, below, show(item, below))
            continue
        for change in _members(item, new[found[number]], below, told):
            # Other entries have the field on both sides, or it would have been told already.
            direct = "/" not in change.place.removeprefix(f"{below}/")
            rare = direct and change.kind in (Kind.VANISHED, Kind.APPEARED)
            yield attrs.evolve(change, kind=Kind.VALUE) if rare else change
    taken = set(found.values())
    for number, item in enumerate(new):
        if number not in taken:
            yield Change(Kind.GAINED, below, None, show(item, below))


def partners(old: Sequence[Mapping[str, object]], new: Sequence[Mapping[str, object]]) -> dict[int, int]:
    """Return place -> place of the entries of two lists that are the same thing."""
    return dict(sorted(comparing.partners(old, new, _IDENTITIES).items()))


def _sets(before: Sequence[object], after: Sequence[object], below: str) -> Iterator[Change]:
    """Lists of names, whose order says nothing, and lists of anything else."""
    was, now = (Counter(json.dumps(item, sort_keys=True) for item in items) for items in (before, after))
    kinds = [{json_type(item) for item in items} for items in (before, after)]
    if all(kinds) and not kinds[0] & kinds[1]:
        yield Change(Kind.TYPE, below, " or ".join(sorted(kinds[0])), " or ".join(sorted(kinds[1])))
        return
    lost, gained = (_values(one) for one in (was - now, now - was))
    if len(lost) == len(gained) == 1:
        yield Change(Kind.VALUE, below, show(lost[0], below), show(gained[0], below))
        return
    yield from (Change(Kind.LOST, below, show(one, below)) for one in lost)
    yield from (Change(Kind.GAINED, below, None, show(one, below)) for one in gained)


def _values(texts: Counter[str]) -> list[object]:
    return [json.loads(text) for text in texts.elements()]


def _fields(old: Sequence[dict[str, object]], new: Sequence[dict[str, object]], below: str) -> Iterator[Change]:
    """The fields that all entries on one side are without, and those of another type in all of them."""
    if not old or not new:
        return
    was, now = _types(old), _types(new)
    for name in dict.fromkeys((*was, *now)):
        place = f"{below}{pointer([name])}"
        if name not in now:
            yield Change(Kind.VANISHED, place, f"in {_share(old, name)}")
        elif name not in was:
            yield Change(Kind.APPEARED, place, None, f"in {_share(new, name)}")
        elif not was[name] & now[name]:
            yield Change(Kind.TYPE, place, " or ".join(sorted(was[name])), " or ".join(sorted(now[name])))


def _types(items: Sequence[dict[str, object]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in items:
        for name, value in item.items():
            found.setdefault(name, set()).add(json_type(value))
    return found


def _share(items: Sequence[dict[str, object]], name: str) -> str:
    return f"{sum(name in item for item in items)} of {len(items)} entries"


def _name_of(item: Mapping[str, object], naming: Sequence[str]) -> object:
    """What tells an entry from its neighbours, by some of its fields: letter case does not; None where it has none."""
    told = tuple((name, str(item[name]).lower()) for name in naming if isinstance(item.get(name), (str, int)))
    # An entry that has only a part of what names it, is named by that part in another turn, or not at all.
    return told if naming is _NAMING or len(told) == len(naming) else None


_IDENTITIES: Final = tuple(partial(_name_of, naming=naming) for naming in _NAMINGS)

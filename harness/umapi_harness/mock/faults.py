"""Faults: planned failures of the server, each for the calls that it matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import attrs

from umapi_harness.mock.bodies import is_array, is_object
from umapi_harness.mock.errors import InputError

OPERATIONS: Final = (
    *("action", "users", "group_users", "user", "groups", "token", "status"),
    "deprecated",
)
Kind = Literal["answer", "drop"]
When = Literal["before", "after"]


@attrs.frozen(kw_only=True)
class Fault:
    """One planned failure."""

    operation: str
    """Operation whose calls it matches, or * for all."""
    kind: Kind = "answer"
    """answer: another answer is given; drop: the connection is closed without any."""
    when: When = "before"
    """before: the call has no effect; after: it took effect, and its true answer is lost."""
    nth: int | None = None
    """Only the call of that number, counted from 1 among those that match."""
    first: int | None = None
    """Only so many calls, from the first that matches; neither this nor nth: every call."""
    client_id: str | None = None
    """Only calls of that client."""
    status: int = 503
    retry_after: str | None = None
    """Value of the Retry-After header."""
    body: str = ""
    content_type: str = "application/json"


class FaultPlan:
    """The faults in force, with the calls counted that each has matched."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._matches: list[int] = []

    def replace(self, faults: Sequence[Fault]) -> None:
        """Put other faults in force; counting starts again."""
        self._faults = list(faults)
        self._matches = [0] * len(faults)

    def add(self, fault: Fault) -> None:
        """Put one more fault in force."""
        self._faults.append(fault)
        self._matches.append(0)

    def pick(self, operation: str, client_id: str | None) -> Fault | None:
        """Count a call; the first fault that strikes it, if any."""
        struck: Fault | None = None
        for place, fault in enumerate(self._faults):
            if fault.operation not in ("*", operation):
                continue
            if fault.client_id is not None and fault.client_id != client_id:
                continue
            self._matches[place] += 1
            number = self._matches[place]
            strikes = number == fault.nth if fault.nth is not None else number <= (fault.first or number)
            if strikes and struck is None:
                struck = fault
        return struck

    def as_list(self) -> list[dict[str, Any]]:
        """The faults as data, each with the number of calls it has matched."""
        return [
            {**{name: value for name, value in attrs.asdict(fault).items() if value is not None}, "matched": n}
            for fault, n in zip(self._faults, self._matches, strict=True)
        ]


_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "operation": (*OPERATIONS, "*"),
    "kind": get_args(Kind),
    "when": get_args(When),
}
_COUNTS: Final = ("nth", "first", "status")


def read_faults(document: Any, *, where: str = "faults") -> list[Fault]:
    """The faults that a document gives: one object or a list of them.

    Raises InputError naming the place and the remedy.
    """
    entries: list[Any] = document if is_array(document) else [document]
    return [_read_fault(entry, f"{where}: /{place}") for place, entry in enumerate(entries)]


def _read_fault(entry: Any, where: str) -> Fault:
    if not is_object(entry):
        raise InputError(f"{where}: not an object; give one with at least an operation")
    known = attrs.fields_dict(Fault)
    fields: dict[str, Any] = entry
    for name, value in fields.items():
        if name not in known:
            raise InputError(f"{where}/{name}: no such field; known are {', '.join(known)}")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise InputError(f"{where}/{name}: {value!r} is none of {', '.join(_CHOICES[name])}; choose one")
        if name in _COUNTS:
            least, most = (200, 599) if name == "status" else (1, 10**9)
            if type(value) is not int or not least <= value <= most:
                raise InputError(f"{where}/{name}: {value!r} is not a number from {least} to {most}; give one")
        elif not isinstance(value, str):
            raise InputError(f"{where}/{name}: {value!r} is not a string; give one")
        elif name in ("retry_after", "content_type") and not (value.isascii() and value.isprintable()):
            raise InputError(f"{where}/{name}: cannot be sent in a header; use printable ASCII")
    if "operation" not in fields:
        raise InputError(f"{where}: operation is missing; give one of {', '.join(OPERATIONS)} or *")
    if "nth" in fields and "first" in fields:
        raise InputError(f"{where}: nth and first exclude each other; remove one")
    return Fault(**fields)

"""Faults: planned failures of the server, each for the calls that it matches."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from umapi_harness.common.documents import read_document
from umapi_harness.common.errors import InputError
from umapi_harness.common.pointers import pointer
from umapi_harness.mock.api.bodies import is_array, is_object
from umapi_harness.mock.names import FAULTS, LISTINGS
from umapi_harness.mock.schemas import check

SCHEMA: Final = "faults.schema.json"
MOST_FAULTS: Final = 10_000
"""Faults that can be in force at once: each call is held against every one of them."""
_STRIKES: Final = 1_000
"""Strikes that are kept until somebody asks."""
When = Literal["before", "during", "after"]

_ALWAYS: Final[tuple[str, ...]] = tuple(FAULTS["fields"])
_MEANING: Final[dict[str, tuple[str, ...]]] = {kind: tuple(told["fields"]) for kind, told in FAULTS["kinds"].items()}


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields that mean something for a kind of fault."""
    return (*_ALWAYS, *_MEANING[kind])


def _known(_fault: Fault, _attribute: attrs.Attribute[str], kind: str) -> None:
    if kind not in _MEANING:
        raise InputError(f"kind: no kind of fault {kind!r}; choose one of {', '.join(_MEANING)}")


@attrs.frozen(kw_only=True)
class Fault:
    """One planned failure; faults.schema.json describes the fields."""

    operation: str
    """Operation whose calls it matches, or * for all."""
    kind: str = attrs.field(default="answer", validator=_known)
    when: When = "before"
    """before: the call has no effect; during: half of it has; after: it took effect, and its true answer
    is lost."""
    nth: int | None = None
    """Only the call of that number, counted from 1 among those that match."""
    first: int | None = None
    """Only so many calls, from the first that matches, without those that an earlier fault strikes; neither this nor
    nth: every call."""
    rate: float | None = None
    """Only this share of the calls, drawn by the plan's random seed."""
    client_id: str | None = None
    """Only calls of that client."""
    status: int = 503
    retry_after: str | int | None = None
    """The Retry-After header as text, or a number of seconds."""
    retry_after_form: Literal["seconds", "date"] = "seconds"
    body: Any = ""
    """Text, or JSON to be written as text."""
    content_type: str | None = None
    """None: JSON; for a wrong type, HTML."""
    delay: float = 0.0
    """Seconds by the server's clock that pass first."""
    seconds: float = 1.0
    """How long a dripping body takes, or connections are refused."""
    pieces: int = 10
    entries: int = 1
    """How many entries leave a listing that shrinks."""

    def as_dict(self) -> dict[str, Any]:
        """The fields that mean something, as a plan has them."""
        values = ((name, getattr(self, name)) for name in _ORDER[self.kind])
        return {name: value for name, value in values if value is not None}

    def shown(self) -> dict[str, Any]:
        """What tells this fault from others: its own fields, and those of all that are not as usual; no body."""
        fields, own = self.as_dict(), _MEANING[self.kind]
        if self.retry_after is None:
            fields.pop("retry_after_form", None)
        return {
            name: value
            for name, value in fields.items()
            if name != "body" and (name in own or name == "kind" or value != _USUAL.get(name))
        }


_USUAL: Final = {field.name: field.default for field in attrs.fields(Fault)}
_ORDER: Final = {
    kind: tuple(field.name for field in attrs.fields(Fault) if field.name in (*_ALWAYS, *meaning))
    for kind, meaning in _MEANING.items()
}


@attrs.frozen(kw_only=True)
class Plan:
    """Faults that were read, with the number that decides what a rate strikes."""

    faults: tuple[Fault, ...] = ()
    random_seed: int = 0


_EFFECTS: Final[Mapping[When, str]] = {
    "before": "",
    "during": ", half of which took effect",
    "after": ", which took effect",
}


def _told(fault: Fault) -> str:
    """What a fault does, in words."""
    return str(fault.status) if fault.kind == "answer" else f"{fault.kind} ({FAULTS['kinds'][fault.kind]['meaning']})"


@attrs.frozen
class Strike:
    """A fault that struck a call, which was the one of that number among those that the fault matches."""

    fault: Fault
    number: int

    def __str__(self) -> str:
        fault = self.fault
        calls = "all" if fault.operation == "*" else fault.operation
        return f"{_told(fault)} on request {self.number} of {calls}{_EFFECTS[fault.when]}"


@attrs.define
class _Planned:
    """A fault in force."""

    fault: Fault
    draw: str
    """What the chance of each call is drawn from, with the call's number."""
    matched: int = 0
    struck: int = 0
    forestalled: bool = False
    """Whether an earlier fault struck a call that this one would have struck."""

    def strikes(self) -> bool:
        """Count a matching call; whether it is to fail."""
        self.matched += 1
        fault, number = self.fault, self.matched
        if fault.nth is not None:
            return number == fault.nth
        if number > (fault.first or number):
            return False
        # Drawn for each number by itself, so that no other call or fault changes what is struck.
        return fault.rate is None or random.Random(f"{self.draw} {number}").random() < fault.rate  # noqa: S311


def _came(planned: _Planned) -> str:
    """How many calls came that a fault matches, and of which kind, or that others struck them."""
    if planned.forestalled:
        return "another fault struck first"
    fault = planned.fault
    calls = "" if fault.operation == "*" else f" of {fault.operation}"
    whose = "" if fault.client_id is None else f" by the client {fault.client_id}"
    count = {0: "no call", 1: "only 1 call"}.get(planned.matched, f"only {planned.matched} calls")
    return f"{count}{calls}{whose} came"


class FaultPlan:
    """The faults in force, with the calls counted that each has matched."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._strikes: deque[Strike] = deque(maxlen=_STRIKES)

    def replace(self, faults: Iterable[Fault], random_seed: int = 0) -> None:
        """Put other faults in force; counting starts again."""
        before, self._planned = self._planned, []
        try:
            self.extend(faults, random_seed)
        except InputError:
            self._planned = before
            raise

    def extend(self, faults: Iterable[Fault], random_seed: int = 0) -> None:
        """Put more faults in force; raises InputError, and adds none, where they would be too many."""
        added = [_Planned(fault, f"{random_seed} {place}") for place, fault in enumerate(faults, len(self._planned))]
        if len(self._planned) + len(added) > MOST_FAULTS:
            there = f"{len(self._planned)} are in force" if self._planned else f"these are {len(added)}"
            raise InputError(f"faults: at most {MOST_FAULTS} can be in force, and {there}; remove some")
        self._planned += added

    def add(self, fault: Fault, random_seed: int = 0) -> None:
        """Put one more fault in force."""
        self.extend((fault,), random_seed)

    def remove(self, place: int) -> None:
        """End the fault at that place of the list, counted from 0; raises InputError if there is none."""
        if not 0 <= place < len(self._planned):
            raise InputError(f"fault: none is number {place}; there are {len(self._planned)}, counted from 0")
        del self._planned[place]

    def pick(self, operation: str, client_id: str | None) -> Fault | None:
        """Count a call; the first fault that strikes it, if any."""
        chosen: _Planned | None = None
        for planned in self._planned:
            fault = planned.fault
            if fault.operation not in ("*", operation):
                continue
            if fault.client_id is not None and fault.client_id != client_id:
                continue
            if chosen is not None and fault.first is not None:
                # It is not used up by what it does not strike; of nth, the number would be another.
                planned.forestalled = True
            elif planned.strikes():
                planned.forestalled = planned.forestalled or chosen is not None
                chosen = chosen or planned
        if chosen is None:
            return None
        chosen.struck += 1
        self._strikes.append(Strike(chosen.fault, chosen.matched))
        return chosen.fault

    def take_strikes(self) -> tuple[Strike, ...]:
        """The strikes since this was last asked, the last thousand at most; other threads may ask too."""
        # Popped one by one, for the thread of the server may add one meanwhile.
        return tuple(self._strikes.popleft() for _ in range(len(self._strikes)))

    def unused(self, *, chance: bool = True) -> tuple[str, ...]:
        """The faults that have struck no call, in words, each with its JSON pointer in the list.

        Without `chance`, those with a rate are left out, which may well strike nothing.
        """
        return tuple(
            f"planned fault /{place}, {_told(planned.fault)}, struck no request, for {_came(planned)}; "
            "correct or remove it"
            for place, planned in enumerate(self._planned)
            if not planned.struck and (chance or planned.fault.rate is None)
        )

    def as_list(self) -> list[dict[str, Any]]:
        """The faults as data, each with the number of calls it has matched and struck."""
        return [
            {**planned.fault.as_dict(), "matched": planned.matched, "struck": planned.struck}
            for planned in self._planned
        ]


def read_plan_file(path: Path, *, clients: Collection[str] | None = None) -> Plan:
    """Read a fault plan; raises InputError as `read_plan` does, and for a file that is no JSON."""
    plan = read_plan(read_document(path, "fault plan"), where=str(path), clients=clients)
    if not plan.faults:
        raise InputError(f"{path}: holds no fault; add one, or leave the plan out")
    return plan


def read_plan(document: Any, *, where: str = "faults", clients: Collection[str] | None = None) -> Plan:
    """The plan that a document gives: a plan, a list of faults, or one fault.

    Raises InputError with place and remedy for what does not fit the schema, and for a fault that can
    strike nothing; `clients` are those that can call, if that is known.
    """
    at: tuple[str, ...] = ()
    random_seed = 0
    entries: list[Any]
    if is_object(document) and "faults" in document:
        check(document, SCHEMA, where, definition="Plan")
        entries, at, random_seed = document["faults"], ("faults",), document.get("random_seed", 0)
    else:
        entries = document if is_array(document) else [document]
    if len(entries) > MOST_FAULTS:
        raise InputError(f"{where}: {pointer(at) or '/'}: {len(entries)} faults; give {MOST_FAULTS} or fewer")
    faults: list[Fault] = []
    endless = _Endless()
    for place, entry in enumerate(entries):
        check(entry, SCHEMA, where, definition="Fault", at=(*at, place))
        here = f"{where}: {pointer((*at, place))}"
        _check_meaning(entry, here, clients)
        fault = Fault(**entry)
        earlier = endless.covering(fault)
        if earlier is not None:
            raise InputError(
                f"{here}: strikes nothing, as {pointer((*at, earlier))} strikes every such call; put it before that, "
                "or remove one"
            )
        endless.note(place, fault)
        faults.append(fault)
    return Plan(faults=tuple(faults), random_seed=random_seed)


def _check_meaning(entry: dict[str, Any], here: str, clients: Collection[str] | None) -> None:
    """What a schema can say but clumsily: which fields go together."""
    kind, operation = entry.get("kind", "answer"), entry["operation"]
    for name in entry:
        if name not in (*_ALWAYS, *_MEANING[kind]):
            raise InputError(f"{here}/{name}: {_out_of_place(name, kind)}")
    for name in ("first", "rate"):
        if "nth" in entry and name in entry:
            raise InputError(f"{here}: nth and {name} exclude each other; remove one")
    if kind == "delay" and not entry.get("delay"):
        raise InputError(f"{here}: delay is missing; add the seconds to wait")
    if kind == "revoke" and operation in ("token", "status"):
        raise InputError(f"{here}/operation: {operation} is called without a token; choose another for revoke")
    if kind == "shrink" and operation not in LISTINGS:
        raise InputError(f"{here}/operation: {operation} has no pages; choose one of {', '.join(LISTINGS)}")
    if entry.get("when") == "during" and (operation not in ("action", "*") or kind == "delay"):
        raise InputError(f"{here}/when: only an action call can be done by half; choose before or after")
    client_id = entry.get("client_id")
    if client_id is not None and operation == "status":
        raise InputError(f"{here}/client_id: status is called without a client; remove it")
    if client_id is not None and clients is not None and client_id not in clients:
        raise InputError(f"{here}/client_id: no client {client_id}; known are {', '.join(clients)}")


def _out_of_place(name: str, kind: str) -> str:
    """What is wrong with a field that another kind of fault has, and what can be written instead."""
    kinds = ", ".join(other for other, fields in _MEANING.items() if name in fields)
    meant = FAULTS["mistaken"].get(name)
    advice = "remove it" if meant is None else f"give {meant} in its place"
    return f"means nothing for the kind {kind}, only for {kinds}; {advice}: {kind} has {', '.join(fields_of(kind))}"


class _Endless:
    """The faults of a plan that strike every call of an operation, and so leave later ones nothing to strike."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str | None], int] = {}

    def note(self, place: int, fault: Fault) -> None:
        """Remember a fault, if it is one of those."""
        if fault.nth is None and fault.first is None and (fault.rate or 1) >= 1:
            self._places.setdefault((fault.operation, fault.client_id), place)

    def covering(self, fault: Fault) -> int | None:
        """The place of the first fault that strikes every call that this one matches."""
        kinds = {(operation, client) for operation in ("*", fault.operation) for client in (None, fault.client_id)}
        return min((self._places[kind] for kind in kinds if kind in self._places), default=None)

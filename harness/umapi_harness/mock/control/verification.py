"""Verification: counts in the journal what was received, and explains what came close."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.answers import extent_of
from umapi_harness.mock.api.bodies import is_array, is_object
from umapi_harness.mock.schemas import check
from umapi_harness.mock.state.journal import Entry, Journal

SCHEMA: Final = "admin.schema.json"
_OF_REQUESTS: Final = ("operation", "org_id", "client_id", "status", "effect", "test_mode")
_OF_COMMANDS: Final = ("user", "usergroup", "step", "fields")
_BOUNDS: Final = ("exactly", "at_least", "at_most")
_SHOWN: Final = 5  # near misses that are explained
_NEAR: Final = 2  # differences with which something still is a near miss
_LISTED: Final = 100  # matches that are listed
_ABSENT: Final = object()
_FATES: Final = {
    "done": "the step took effect",
    "checked": "in test mode the step was only checked",
    "failed": "the step failed",
    "untried": "the step was not tried",
}


@attrs.frozen
class _Candidate:
    """A request, or a command or step in it, with what it can be matched by."""

    place: dict[str, Any]
    traits: dict[str, Any]


def verify(journal: Journal, document: Any, *, where: str = "body") -> dict[str, Any]:
    """Whether what `document` describes was received as often as it says, with the reasons.

    Raises InputError for what does not fit admin.schema.json's Verification.
    """
    check(document, SCHEMA, where, definition="Verification")
    _check_meaning(document, where)
    wanted = {name: document[name] for name in (*_OF_REQUESTS, *_OF_COMMANDS) if name in document}
    if any(name in wanted for name in _OF_COMMANDS):
        wanted.setdefault("operation", "action")
    counted = "steps" if "step" in wanted else "commands" if {"user", "usergroup"} & set(wanted) else "requests"
    matches: list[dict[str, Any]] = []
    misses: list[tuple[int, bool, int, dict[str, Any]]] = []
    for candidate in _candidates(journal, counted):
        differences = _differences(wanted, candidate.traits)
        if not differences:
            matches.append(candidate.place)
        elif len(differences) <= _NEAR and len(differences) < len(wanted):
            # To be sorted: the fewest differences first; of those what was received without effect, then the latest.
            took_effect = wanted.get("effect") in (None, candidate.traits["effect"])
            misses.append((len(differences), took_effect, -len(misses), {**candidate.place, "but": differences}))
    least, most = _bounds(document)
    passed = least <= len(matches) and (most is None or len(matches) <= most)
    nearest = sorted(misses, key=lambda miss: miss[:3]) if len(matches) < least else []
    result = {
        "passed": passed,
        "count": len(matches),
        "counted": counted,
        "expected": _expectation(document),
        "matches": matches[:_LISTED],
        "near_misses": [miss for *_, miss in nearest[:_SHOWN]],
        "forgotten": journal.forgotten,
    }
    return {"message": _message(result, wanted), **result}


def _check_meaning(document: dict[str, Any], where: str) -> None:
    bounds = [name for name in _BOUNDS if name in document]
    if "exactly" in bounds and len(bounds) > 1:
        raise InputError(f"{where}: exactly and {bounds[1]} exclude each other; remove one")
    if document.get("at_least", 0) > document.get("at_most", document.get("at_least", 0)):
        raise InputError(f"{where}: at_least is more than at_most; correct one of them")
    if "user" in document and "usergroup" in document:
        raise InputError(f"{where}: a command has user or usergroup, never both; remove one")
    if "fields" in document and "step" not in document:
        raise InputError(f"{where}: fields belong to a step; add step")
    for name in _OF_COMMANDS:
        if name in document and document.get("operation", "action") != "action":
            raise InputError(f"{where}: /{name}: only action calls have commands; remove it or operation")


def _bounds(document: Mapping[str, Any]) -> tuple[int, int | None]:
    if "exactly" in document:
        return document["exactly"], document["exactly"]
    return document.get("at_least", 0 if "at_most" in document else 1), document.get("at_most")


def _expectation(document: Mapping[str, Any]) -> str:
    given = [f"{name.replace('_', ' ')} {document[name]}" for name in _BOUNDS if name in document]
    return " and ".join(given) or "at least 1"


def _candidates(journal: Journal, counted: str) -> Iterator[_Candidate]:
    for entry in journal:
        place: dict[str, Any] = {"request": entry.number, "status": entry.status, "effect": entry.effect}
        traits: dict[str, Any] = {name: getattr(entry, name) for name in _OF_REQUESTS if name != "test_mode"}
        query = dict(parse_qsl(entry.query, keep_blank_values=True))
        traits["test_mode"] = query.get("testOnly", "").lower() == "true"
        if counted == "requests":
            yield _Candidate(place, traits)
        elif entry.operation == "action":
            yield from _commands(entry, place, traits, counted)


def _commands(entry: Entry, place: dict[str, Any], traits: dict[str, Any], counted: str) -> Iterator[_Candidate]:
    try:
        commands: Any = json.loads(entry.commands)
    except (ValueError, RecursionError):
        return
    for index, command in enumerate(commands if is_array(commands) else ()):
        if not is_object(command):
            continue
        root: dict[str, Any] = {name: command[name] for name in ("user", "usergroup") if name in command}
        do: Any = command.get("do")
        steps: list[Any] = do if is_array(do) else []
        fates = _fates(entry, index, len(steps))
        own = {"effect": extent_of([fates])}
        here, known = {**place, "command": index, **own}, {**traits, **root, **own}
        if counted == "commands":
            yield _Candidate(here, known)
            continue
        for number, (step, fate) in enumerate(zip(steps, fates, strict=True)):
            if not is_object(step):
                continue
            own = {"effect": extent_of([[fate]])}
            for name, fields in step.items():
                yield _Candidate(
                    {**here, "step": number, "fate": fate, **own}, {**known, "step": name, "fields": fields, **own}
                )


def _fates(entry: Entry, index: int, count: int) -> tuple[str, ...]:
    """What became of each of the `count` steps of a command; the journal tells nothing of those never looked at."""
    told = entry.steps[index] if index < len(entry.steps) else ()
    return (*told, *("untried",) * (count - len(told)))


def _differences(wanted: Mapping[str, Any], traits: Mapping[str, Any]) -> list[str]:
    """In words, where the traits are not those wanted."""
    found: list[str] = []
    for name, value in wanted.items():
        if name != "fields":
            found += _difference(name, value, traits.get(name, _ABSENT), fold=name in ("user", "usergroup"))
            continue
        fields = traits.get("fields")
        for field, expected in value.items():
            actual = fields.get(field, _ABSENT) if is_object(fields) else _ABSENT
            found += _difference(field, expected, actual, fold=field == "email")
    return found


def _difference(name: str, wanted: Any, actual: Any, *, fold: bool) -> list[str]:
    if actual is _ABSENT:
        return [f"{name} is absent, not {_shown(wanted)}"]
    return (
        []
        if _comparable(wanted, fold) == _comparable(actual, fold)
        else [f"{name} is {_shown(actual)}, not {_shown(wanted)}"]
    )


def _comparable(value: Any, fold: bool) -> Any:
    """A form in which equal values are equal: letter case is ignored in addresses, order in lists of names."""
    if fold and isinstance(value, str):
        return value.lower()
    if is_array(value):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    # JSON tells true from 1, Python does not.
    return (isinstance(value, bool), value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}..."


def _message(result: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The result in one line."""
    described = ", ".join(f"{name} {_shown(value)}" for name, value in wanted.items()) or "any"
    line = f"expected {result['expected']} of {result['counted']} with {described}: {result['count']} received"
    if result["near_misses"]:
        nearest = result["near_misses"][0]
        place = ", ".join(f"{name} {nearest[name]}" for name in ("request", "command", "step") if name in nearest)
        line += f"; nearest is {place}, but {' and '.join(nearest['but'])}"
        if "effect" in wanted and "fate" in nearest:
            line += f" ({_FATES[nearest['fate']]})"
    if result["forgotten"]:
        line += f"; the journal has forgotten {result['forgotten']} older requests"
    return line

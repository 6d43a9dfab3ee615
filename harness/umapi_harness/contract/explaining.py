"""Explaining: which settings of the mock server make it answer as recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from umapi_harness.common.departures import Departure
from umapi_harness.common.errors import InputError
from umapi_harness.contract.answers import body_object, is_array, is_object
from umapi_harness.contract.comparing import SIGNIFICANT_HEADERS
from umapi_harness.contract.playing import Stage
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.mock.breakdowns import BREAKDOWNS
from umapi_harness.mock.settings import Settings

_BEFORE: Final = "before"
_COMBINED: Final = 3  # settings that explain one difference together, at most
_LIMITS: Final = frozenset({"memberships_per_step", "commands_per_request", "steps_per_command", "body_limit"})
_LATE: Final = (
    "username_follows_email",
    "upper_case_enterprise_usernames",
    "adobe_id_answers_create",
    "use_adobe_id_falls_back",
    "steps_after_failure",
)
_MOST_LIMITS: Final = 4  # different ones named in one answer
_NAMED_LIMIT: Final = re.compile(r"\bmax(?:imum)?(?: (?:is|of|length))? ([0-9]{1,9})\b")


@attrs.frozen
class Explanation:
    """Settings under which the difference, or a part of it, goes away."""

    settings: Mapping[str, Any]
    left: tuple[Departure, ...]
    """What differs all the same."""


def explain(
    stage: Stage,
    exchange: Exchange,
    found: Sequence[Departure],
    compared: Callable[[RecordedResponse], Sequence[Departure]],
    decided: Mapping[str, Any],
) -> Explanation | None:
    """Look for one setting, or a few together, that make the mock server answer as recorded.

    `stage` is as it was before the exchange, and afterwards as it is after it, with the settings that explain it
    in force. `decided` settings are not tried. Returns None where no setting helps.
    """
    base = stage.world.settings
    stage.world.save(_BEFORE)
    plain = _told(_played(stage, exchange, base))

    def tried(settings: Settings) -> Sequence[Departure]:
        now = _played(stage, exchange, settings)
        return found if _told(now) == plain else compared(now)

    changes: dict[str, Any] = {}
    left: Sequence[Departure] = found
    while left and len(changes) < _COMBINED:
        best: tuple[int, str, Any, Sequence[Departure]] | None = None
        for name, value in _candidates(base, exchange):
            if name in changes or name in decided:
                continue
            try:
                settings = base.changed({**changes, name: value})
            except InputError:
                continue
            remaining = tried(settings)
            if len(remaining) < len(left) and (best is None or len(remaining) < best[0]):
                best = (len(remaining), name, value, remaining)
                if not remaining:
                    break
        if best is None:
            break
        changes[best[1]] = best[2]
        left = best[3]
    if not changes:
        return None
    _played(stage, exchange, base.changed(changes))
    return Explanation(changes, tuple(left))


def _played(stage: Stage, exchange: Exchange, settings: Settings) -> RecordedResponse:
    if exchange.request.method != "GET":
        stage.world.restore(_BEFORE)  # a question changes nothing
    stage.world.settings = settings
    return stage.play(exchange)


def _told(answer: RecordedResponse) -> object:
    """What is compared of an answer: most settings leave it as it is, and comparing a long listing takes long."""
    return answer.status, answer.body, tuple(answer.header(name) for name in SIGNIFICANT_HEADERS)


def late_candidates(base: Settings) -> Iterator[tuple[str, Any]]:
    """Each setting that an answer may show long after the action on which it acted, with its other value."""
    yield from ((name, not getattr(base, name)) for name in _LATE)


def _candidates(base: Settings, exchange: Exchange) -> Iterator[tuple[str, Any]]:
    """Each setting with each other value that it could have had when the exchange was recorded."""
    live = Settings.live()
    for name, kind in get_type_hints(Settings).items():
        now = getattr(base, name)
        values: list[Any] = [getattr(live, name)]
        if kind is bool:
            values = [not now]
        elif get_origin(kind) is Literal:
            values = [value for value in get_args(kind) if value != now]
        elif name == "breakdown":
            values = [code for code in _codes(exchange) if code in BREAKDOWNS]
        elif name == "token_seconds":
            values += _life(exchange)
        elif name in _LIMITS:
            values += _limits(exchange)
        yield from ((name, value) for value in dict.fromkeys(values) if value != now)


def _codes(exchange: Exchange) -> list[str]:
    errors = body_object(exchange.response).get("errors")
    return [str(one.get("errorCode")) for one in errors if is_object(one)] if is_array(errors) else []


def _limits(exchange: Exchange) -> list[int]:
    """The numbers that the messages of an answer name as the most that is allowed."""
    body = body_object(exchange.response)
    errors = body.get("errors")
    told = [body, *(one for one in (errors if is_array(errors) else ()) if is_object(one))]
    found = (_NAMED_LIMIT.findall(str(one.get("message", ""))) for one in told)
    return sorted({int(number) for numbers in found for number in numbers if int(number) > 0})[:_MOST_LIMITS]


def _life(exchange: Exchange) -> list[int]:
    life = body_object(exchange.response).get("expires_in")
    return [life, life // 1000] if isinstance(life, int) and life > 0 else []

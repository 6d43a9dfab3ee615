"""Effects: what a planned fault makes of a call, and how its answer then goes out."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Final

import attrs

from umapi_harness.mock.api.answers import Answer, Extent, fault_not_simulated
from umapi_harness.mock.api.bodies import is_array, is_object
from umapi_harness.mock.api.routes import Route
from umapi_harness.mock.api.tokens import TokenStore
from umapi_harness.mock.clock import Clock, wait
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.names import LISTINGS
from umapi_harness.mock.state.groups import USER_GROUP
from umapi_harness.mock.state.organization import Organization

_INSTEAD: Final = ("answer", "drop", "refuse")
_MANGLED: Final = ("truncate", "broken_json", "wrong_type", "drip")
_SIMULATED: Final = (*_INSTEAD, *_MANGLED, "delay", "revoke", "shrink")


@attrs.frozen(kw_only=True)
class Delivery:
    """What goes back to the client, and how."""

    answer: Answer | None
    """None: the connection is reset instead."""
    effect: Extent
    """How much of the call took effect."""
    true: Answer | None = None
    """What the service had to say of what it carried out, where the client gets something else or nothing."""
    cut: bool = False
    """True: the connection ends in the middle of the body, which is longer than a byte."""
    pieces: int = 1
    pause: float = 0.0
    """Seconds before each piece of the body."""
    outage: float | None = None
    """Seconds for which connections are refused."""

    def sent(self, body: bytes) -> bytes:
        """What of the answer's body goes out."""
        return body[: len(body) // 2] if self.cut else body


def deliver(answer: Answer) -> Delivery:
    """The delivery of an answer that no fault strikes."""
    return Delivery(answer=answer, effect=answer.effect)


async def strike(
    fault: Fault,
    *,
    clock: Clock,
    tokens: TokenStore,
    organization: Organization | None,
    route: Route | None,
    client_id: str | None,
    body: bytes,
    act: Callable[[bytes], Answer],
) -> Delivery:
    """Let the fault strike a call; `act` lets a body take effect and gives the true answer.

    `organization` is the one that the route names, if there is such a one.
    """
    if fault.kind not in _SIMULATED:
        return Delivery(answer=fault_not_simulated(fault.kind), effect="none")
    early = fault.kind != "delay" or fault.when == "before"
    if early:
        await wait(clock, fault.delay)
    if fault.kind in _INSTEAD:
        return _instead(clock, fault, body, act)
    if fault.kind == "revoke" and client_id is not None:
        tokens.revoke(client_id)
    elif fault.kind == "shrink" and route is not None and organization is not None:
        _shrink(organization, route, fault.entries)
    true = deliver(act(body))
    if not early:
        await wait(clock, fault.delay)
    return _mangled(fault, true)


def _instead(clock: Clock, fault: Fault, body: bytes, act: Callable[[bytes], Answer]) -> Delivery:
    """The delivery of a fault that keeps the true answer to itself."""
    effect: Extent = "none"
    true: Answer | None = None
    if fault.when == "after":
        true = act(body)
        effect = true.effect
    elif fault.when == "during":
        half = _half(body)
        true = _with_untried(act(half), body) if half is not None else None
        if true is not None and true.effect != "none":
            effect = "part"  # the other half was left out
    if fault.kind == "answer":
        return Delivery(answer=_planned(fault, clock.now()), effect=effect, true=true)
    outage = fault.seconds if fault.kind == "refuse" else None
    return Delivery(answer=None, effect=effect, true=true, outage=outage)


def _planned(fault: Fault, now: float) -> Answer:
    body: str = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    headers: list[tuple[str, str]] = []
    if body:
        headers.append(("Content-Type", fault.content_type or "application/json"))
    if isinstance(fault.retry_after, int) and fault.retry_after_form == "date":
        # Rounded up, so that whoever comes back then is not early.
        headers.append(("Retry-After", formatdate(math.ceil(now + fault.retry_after), usegmt=True)))
    elif fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    return Answer(fault.status, tuple(headers), body.encode("utf-8"))


def _mangled(fault: Fault, true: Delivery) -> Delivery:
    answer = true.answer
    if answer is None:
        return true
    if fault.kind == "truncate":
        return attrs.evolve(true, true=answer, cut=True) if len(answer.body) > 1 else true
    if fault.kind == "broken_json":
        half = attrs.evolve(answer, body=answer.body[: len(answer.body) // 2] or b"{")
        return attrs.evolve(true, answer=half, true=answer)
    if fault.kind == "wrong_type":
        others = tuple(header for header in answer.headers if header[0].lower() != "content-type")
        headers = (*others, ("Content-Type", fault.content_type or "text/html"))
        return attrs.evolve(true, answer=attrs.evolve(answer, headers=headers), true=answer)
    if fault.kind == "drip":
        return attrs.evolve(true, pieces=fault.pieces, pause=fault.seconds / fault.pieces)
    return true


def _half(body: bytes) -> bytes | None:
    """The first half of the commands, or of the steps of a single one; None if that leaves nothing."""
    try:
        commands: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not is_array(commands) or not commands:
        return None
    if len(commands) > 1:
        return json.dumps(commands[: len(commands) // 2]).encode("utf-8")
    command: Any = commands[0]
    steps: Any = command.get("do") if is_object(command) else None
    if not is_array(steps) or len(steps) < 2:
        return None
    return json.dumps([{**command, "do": steps[: len(steps) // 2]}]).encode("utf-8")


def _with_untried(answer: Answer, body: bytes) -> Answer:
    """The answer to the half of a request, with those steps that were left out."""
    if not answer.steps:
        return answer
    steps: list[tuple[str, ...]] = []
    for command, told in itertools.zip_longest(json.loads(body), answer.steps, fillvalue=()):
        does: Any = command.get("do") if is_object(command) else None
        left = len(does) - len(told) if is_array(does) else 0
        steps.append((*told, *("untried",) * left))
    return attrs.evolve(answer, steps=tuple(steps))


def _shrink(organization: Organization, route: Route, entries: int) -> None:
    """Take the oldest entries out of a listing: whoever reads page after page misses as many others."""
    listed = LISTINGS[route.operation]
    group = organization.catalog.find(route.name) if route.name else None
    if listed == "users" and group is not None:
        for user in group.members[:entries]:
            organization.leave(user, group)
    elif listed == "users" and not route.name:
        for user in organization.listed_users[:entries]:
            organization.remove_user(user)
    elif listed == "groups":
        for group in [group for group in organization.catalog.groups if group.kind == USER_GROUP][:entries]:
            organization.remove_group(group)

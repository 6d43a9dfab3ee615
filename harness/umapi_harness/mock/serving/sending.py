"""Sending: an answer on its way to the client, whole or as a planned failure has it."""

from __future__ import annotations

import re
import secrets
from email.utils import formatdate
from typing import Final

import attrs
from starlette.types import Message, Receive, Scope, Send

from umapi_harness.mock.api.answers import Answer
from umapi_harness.mock.clock import Clock, outlast, wait
from umapi_harness.mock.faults.effects import Delivery
from umapi_harness.mock.serving.endings import CLOSE, drop, end

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # read from a sloppy sender, but not to be sent


def identified(answer: Answer, request_id: str | None, now: float) -> Answer:
    """The answer with the headers that every answer has."""
    identifier = request_id if request_id and not _CONTROLS.search(request_id) else secrets.token_hex(16)
    length = () if answer.status in (204, 304) else (("Content-Length", str(len(answer.body))),)
    # The date is that of the mock's own clock: a client may count a Retry-After date from it.
    own = (("Date", formatdate(now, usegmt=True)), ("X-Request-Id", identifier))
    return attrs.evolve(answer, headers=(*answer.headers, *own, *length))


async def send_delivery(
    delivery: Delivery, answer: Answer | None, clock: Clock, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the answer of a delivery whole, in pieces with pauses, only the first half of it, or none."""
    if answer is None:
        seconds = delivery.outage
        await drop(scope, receive, outlast(clock, seconds) if seconds is not None else None)
        return
    await send(_start(answer))
    if delivery.cut:
        await send({"type": "http.response.body", "body": delivery.sent(answer.body), "more_body": True})
        await end(scope, receive, CLOSE)
        return
    if delivery.pieces == 1 and not delivery.pause:
        await send({"type": "http.response.body", "body": answer.body})
        return
    size = -(-len(answer.body) // delivery.pieces)
    for place in range(delivery.pieces):
        await wait(clock, delivery.pause)
        piece = answer.body[place * size : (place + 1) * size]
        await send({"type": "http.response.body", "body": piece, "more_body": place < delivery.pieces - 1})


def _start(answer: Answer) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}

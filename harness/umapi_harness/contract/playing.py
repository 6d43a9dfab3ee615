"""Playing: recorded requests put to a mock server in this process, one after the other, at the recorded times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import unquote

import attrs
from starlette.types import ASGIApp, Message

from umapi_harness.contract.answers import count_header, time_of
from umapi_harness.contract.impersonation import NO_ORG, Impersonation, Sent
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.mock import Settings, VirtualClock, World, build_seed, create_app
from umapi_harness.mock.api.throttles import LIMITS
from umapi_harness.mock.serving.loops import process_loop

_START: Final = 1_000_000_000.0  # for recordings without a time
_TOO_MANY: Final = 429
_LIMITED: Final = {"groupUsers": "group_users"}


@attrs.define
class Stage:
    """A mock server in the state of a recording, on which its exchanges are played in order."""

    seeds: Sequence[Mapping[str, Any]]
    clients: Impersonation
    settings: Settings
    where: str
    world: World = attrs.field(init=False)
    _clock: VirtualClock = attrs.field(init=False)
    _app: ASGIApp = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Build the world. Raises InputError for a state that no seed can describe."""
        self._clock = VirtualClock(_START, frozen=True)
        seeds: list[dict[str, Any]] = [dict(seed) for seed in self.seeds]
        known = {str(seed["org_id"]) for seed in seeds}
        seeds += [{"org_id": org_id} for org_id in self.clients.organizations if org_id not in known]
        for seed in seeds:
            seed["credentials"] = self.clients.credentials(str(seed["org_id"]))
        built = [build_seed(seed, where=self.where) for seed in seeds or [{"org_id": NO_ORG}]]
        self.world = World(built, settings=self.settings, clock=self._clock)
        self._app = create_app(self.world, admin=False)

    def play(self, exchange: Exchange) -> RecordedResponse:
        """Return the mock server's answer to the recorded request."""
        time = time_of(exchange)
        if time is not None:
            self._clock.set(time)
        if exchange.response.status == _TOO_MANY:
            return self._play_throttled(exchange)
        return self._send(self.clients.request(exchange, self.world))

    def _play_throttled(self, exchange: Exchange) -> RecordedResponse:
        """Lock the caller out for as long as was recorded, and let him call."""
        operation = operation_of(exchange)
        name = operation.name if operation is not None else ""
        asked = count_header(exchange.response, "Retry-After")
        form = "seconds" if asked is not None or not exchange.response.header("Retry-After") else "date"
        wait = asked if asked is not None else self._seconds_until(exchange)
        before = self.world.settings
        changes = {"throttle": True, "lockout_seconds": max(wait, 1), "retry_after_form": form}
        self.world.settings = before.changed(changes)
        sent = self.clients.request(exchange, self.world)
        client_id = dict(sent.headers).get("x-api-key", "")
        limited = _LIMITED.get(name, name)
        for _ in range(LIMITS[limited].per_client if limited in LIMITS else 0):
            self.world.throttles.wait(limited, client_id, self.world.settings)
        try:
            return self._send(sent)
        finally:
            self.world.settings = before
            self.world.throttles.clear()

    def _seconds_until(self, exchange: Exchange) -> int:
        try:
            until = parsedate_to_datetime(exchange.response.header("Retry-After") or "").timestamp()
        except (ValueError, OverflowError):
            return 1
        return round(until - self._clock.now())

    def _send(self, sent: Sent) -> RecordedResponse:
        return process_loop().run(_ask(self._app, sent))


async def _ask(app: ASGIApp, sent: Sent) -> RecordedResponse:
    messages: list[Message] = []
    unread = [sent.body]

    async def receive() -> Message:
        return {"type": "http.request", "body": unread.pop() if unread else b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "https",
        "path": unquote(sent.path),
        "raw_path": sent.path.encode("utf-8"),
        "root_path": "",
        "query_string": sent.query.encode("utf-8"),
        "headers": [
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in sent.headers
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 443),
    }
    await app(scope, receive, send)
    start = messages[0]
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return RecordedResponse(status=start["status"], headers=headers, body=body)

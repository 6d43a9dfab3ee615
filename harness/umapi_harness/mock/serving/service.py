"""The service: takes a request through token, limits and faults to its operation, and sends the answer."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import attrs
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api import answers, queries
from umapi_harness.mock.api.actions import run_commands
from umapi_harness.mock.api.answers import Answer, json_answer
from umapi_harness.mock.api.bodies import is_array, read_json, receive_body
from umapi_harness.mock.api.deprecated import deprecated_answer
from umapi_harness.mock.api.queries import BadQueryError
from umapi_harness.mock.api.routes import Route, find_route
from umapi_harness.mock.api.tokens import IMS_HOST, Grant, TokenRefusedError, check_client_credentials, check_jwt
from umapi_harness.mock.clock import outlast, wait
from umapi_harness.mock.faults.effects import Delivery, deliver, strike
from umapi_harness.mock.serving.addresses import Names
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.world import World

ABORT: Final = "umapi_mock.abort"
"""Scope extension: a function that closes the connection without an answer."""
CLOSE: Final = "umapi_mock.close"
"""Scope extension: a function that closes the connection after what was sent so far."""
KEEP: Final = "umapi_mock.keep"
"""Scope extension: a function that takes the seconds for which the connection stays open once it is idle."""
REFUSE: Final = "umapi_mock.refuse"
"""Scope extension: a function that has connections refused until a coroutine is done."""

_STATUS: Final = {
    "build": "d1d82f1e94503d7ba93872c34deda5037aa4a73d",
    "version": "2.7.42",
    "side": "A",
    "environment": "jil-mock",
    "state": "LIVE",
}
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # read from a sloppy sender, but not to be sent
_NO_PAGES: Final = "this mock server answers no page of another site; start it with --allow-host NAME for your own"
_BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


class ConnectionDroppedError(Exception):
    """A planned fault closed the connection; raised where the transport is the caller's own process."""


@attrs.frozen(kw_only=True)
class Call:
    """One request, read to its end."""

    method: str
    path: str
    query_string: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    too_large: bool
    scope: Scope
    """The same as it came, for Starlette, which can read forms."""


class Service:
    """The API and the token host as one ASGI application."""

    def __init__(self, world: World, names: Names) -> None:
        self._world = world
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        call = await _read(scope, receive, self._world.settings.body_limit)
        if call is None:
            return
        keep = scope.get("extensions", {}).get(KEEP)
        if keep is not None:
            keep(self._world.settings.keep_alive_seconds)
        route = find_route(call.path)
        operation = route.operation if route is not None else "none"
        # Read once: of a form that turns out malformed, the second reading would find the body gone.
        form = _credentials(call) | await _form(call) if operation == "token" else {}
        client_id = form.get("client_id") if operation == "token" else call.headers.get("x-api-key")
        came = self._world.clock.now()
        fault = self._world.faults.pick(operation, client_id)
        if fault is None:
            delivery = deliver(self._answer(call, route, form))
        else:
            delivery = await strike(
                fault,
                clock=self._world.clock,
                tokens=self._world.tokens,
                organization=self._world.organizations.get(route.org_id) if route is not None else None,
                route=route,
                client_id=client_id,
                body=call.body,
                act=lambda body: self._answer(attrs.evolve(call, body=body), route, form),
            )
        answer = delivery.answer
        if answer is not None:
            answer = _identified(answer, call.headers.get("x-request-id"), self._world.clock.now())
        self._world.journal.record(
            time=came,
            operation=operation,
            method=call.method,
            path=call.path,
            query=call.query_string,
            client_id=client_id,
            request_headers=call.headers,
            request_body=call.body,
            status=answer.status if answer is not None else None,
            response_headers=dict(answer.headers) if answer is not None else {},
            response_body=answer.body if answer is not None else b"",
            fault=fault.kind if fault is not None else None,
            effect=delivery.effect,
            org_id=route.org_id if route is not None else "",
        )
        if answer is None:
            seconds = delivery.outage
            await _drop(scope, receive, outlast(self._world.clock, seconds) if seconds is not None else None)
        elif fault is None:
            await _send(answer, send)
        else:
            await self._send_struck(answer, delivery, scope, receive, send)

    async def _send_struck(
        self, answer: Answer, delivery: Delivery, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an answer whole, in pieces with pauses, or only the first half of it."""
        await send(_start(answer))
        if delivery.cut and len(answer.body) > 1:
            await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
            await _end(scope, receive, CLOSE)
            return
        size = -(-len(answer.body) // delivery.pieces)
        for place in range(delivery.pieces):
            await wait(self._world.clock, delivery.pause)
            piece = answer.body[place * size : (place + 1) * size]
            await send({"type": "http.response.body", "body": piece, "more_body": place < delivery.pieces - 1})

    def _answer(self, call: Call, route: Route | None, form: dict[str, str]) -> Answer:
        origin = call.headers.get("origin")
        # A browser names the page that a POST comes from; without one, which brings the token, there is no reading.
        if origin is not None and not self._names.include_origin(origin):
            return json_answer(403, {"error": _NO_PAGES})
        return self._answer_here(call, route, form)

    def _answer_here(self, call: Call, route: Route | None, form: dict[str, str]) -> Answer:
        settings = self._world.settings
        if route is None:
            return answers.no_such_path()
        if call.method not in route.methods:
            return answers.wrong_method(", ".join(route.methods))
        if call.too_large:
            return answers.too_large(settings.body_limit)
        if route.operation == "status":
            return json_answer(200, _STATUS)
        if route.operation == "token":
            return self._token(call, route, form)
        return self._api(call, route)

    # Tokens

    def _token(self, call: Call, route: Route, form: dict[str, str]) -> Answer:
        world, host = self._world, call.headers.get("host", "")
        try:
            if route.call == "oauth":
                credential = check_client_credentials(
                    form,
                    world.credentials,
                    scope_needed=world.settings.scope_needed,
                    unknown_scope_fails=world.settings.unknown_scope_fails,
                )
            else:
                credential = check_jwt(
                    form,
                    world.credentials,
                    now=world.clock.now(),
                    hosts={IMS_HOST, host.lower(), _without_port(host.lower())},
                    own_key=lambda: world.keys.public_pem,
                )
        except TokenRefusedError as refusal:
            description = f"{refusal.description}{_unread(call)}"
            return json_answer(400, {"error": refusal.error, "error_description": description})
        seconds = world.settings.token_seconds
        body = {
            "access_token": world.tokens.issue(credential, seconds),
            "token_type": "bearer",
            "expires_in": seconds if route.call == "oauth" else seconds * 1000,
        }
        return json_answer(200, body, (("Cache-Control", "no-store"),))

    # The API

    def _api(self, call: Call, route: Route) -> Answer:
        refusal = self._refusal(call, route)
        if refusal is not None:
            return refusal
        organization = self._world.organizations[route.org_id]
        if organization.migrating and call.method == "POST":
            return answers.migrating()
        settings = self._world.settings
        try:
            if settings.odd_flags_fail:
                queries.check_flags(call.query)
            if route.operation == "deprecated":
                answer = deprecated_answer(organization, settings, route, call.method, call.query, call.body)
            else:
                answer = _CALLS[route.call](self._world, organization, call, route)
        except BadQueryError as bad:
            answer = bad.answer
        return answers.canonical(answer, route.call)

    def _refusal(self, call: Call, route: Route) -> Answer | None:
        """The answer to a call that may not be made, or not now; None if it may."""
        world, settings = self._world, self._world.settings
        client_id = call.headers.get("x-api-key", "")
        bearer = _BEARER.fullmatch(call.headers.get("authorization", ""))
        grant = world.tokens.grant(bearer[1]) if bearer is not None else None
        refusal = self._gateway_refusal(call, client_id, grant)
        if refusal is not None or grant is None:
            return refusal or answers.unauthorized(settings)
        wait = self._wait(call, route, client_id)
        if wait is not None:
            return answers.too_many_requests(settings, wait, world.clock.now())
        if route.org_id not in world.organizations:
            return answers.bad_organization()
        return None if route.org_id == grant.org_id else answers.unauthorized(settings)

    def _gateway_refusal(self, call: Call, client_id: str, grant: Grant | None) -> Answer | None:
        """What the gateway sees by itself: an API key missing, unknown or not the token's; no token at all."""
        settings = self._world.settings
        if not client_id:
            return answers.gateway_refusal(settings, 403, "403000", "Api Key is required")
        # That the gateway compares the two is not published [G key-and-token].
        strange = settings.key_must_match_token and grant is not None and grant.client_id != client_id
        if client_id not in self._world.credentials or strange:
            return answers.gateway_refusal(settings, 403, "403003", "Api Key is invalid")
        if settings.forbidden_body and not call.headers.get("authorization"):
            return answers.gateway_refusal(settings, 403, "403010", "Oauth token is missing.")
        return None

    def _wait(self, call: Call, route: Route, client_id: str) -> int | None:
        world = self._world
        operation = route.call if route.operation == "deprecated" else route.operation
        if call.method == "POST" and operation == "old_profile":
            operation = "old_profile_update"
        wait = world.throttles.wait(operation, client_id, world.settings)
        if wait is not None:
            return wait
        if route.call == "users" and queries.is_first_page(route.page):
            starts = call.headers.get("pragma", "").lower() == "umapi-sync-start"
            return world.throttles.wait_for_first_page(client_id, world.settings, sync_starts=starts)
        return None


def _act(world: World, organization: Organization, call: Call, _route: Route) -> Answer:
    test_mode = queries.flag(call.query, "testOnly", False)
    try:
        body = read_json(call.body)
    except InputError:
        return answers.malformed("Expected a valid JSON payload")
    if not is_array(body.value):
        return answers.malformed("Expected a JSON array of commands")
    commands: list[Any] = body.value
    if not commands:
        return answers.malformed("Expected at least one command")
    most = world.settings.commands_per_request
    if len(commands) > most:
        # In which form the limit is told is not published [G too-many-commands].
        return answers.malformed(f"Too many commands, max {most}")
    result = run_commands(
        organization, world.settings, world.checks, commands, doubled=body.doubled, test_mode=test_mode
    )
    return json_answer(200, result)


def _users(world: World, organization: Organization, call: Call, route: Route) -> Answer:
    return queries.users_page(organization, world.settings, queries.page_number(route.page), call.query)


def _group_users(world: World, organization: Organization, call: Call, route: Route) -> Answer:
    page = queries.page_number(route.page)
    return queries.group_users_page(organization, world.settings, page, route.name, call.query)


def _user(world: World, organization: Organization, call: Call, route: Route) -> Answer:
    return queries.one_user(organization, world.settings, route.name, call.query)


def _groups(world: World, organization: Organization, _call: Call, route: Route) -> Answer:
    return queries.groups_page(organization, world.settings, queries.page_number(route.page))


_CALLS: Final[dict[str, Callable[[World, Organization, Call, Route], Answer]]] = {
    "action": _act,
    "users": _users,
    "group_users": _group_users,
    "user": _user,
    "groups": _groups,
}


async def _read(scope: Scope, receive: Receive, limit: int) -> Call | None:
    """The request; None if the client went away, or sent what is no HTTP, before its end: it then has no effect."""
    received = await receive_body(receive, limit)
    if received is None:
        return None
    query_string = scope["query_string"].decode("latin-1")
    return Call(
        method=scope["method"],
        path=_raw_path(scope),
        query_string=query_string,
        query=dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {},
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=received.content,
        too_large=received.too_large,
        scope=scope,
    )


def _raw_path(scope: Scope) -> str:
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1") if raw is not None else quote(scope["path"])
    # A proxy may be asked, and ask on, with the whole address.
    if path.startswith("/"):
        return path
    try:
        return urlsplit(path).path
    except ValueError:
        return path


def _credentials(call: Call) -> dict[str, str]:
    """Client id and secret where they come as RFC 6749 has them first (2.3.1): by HTTP Basic authentication
    [G basic-authentication]."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)} if colon else {}


async def _form(call: Call) -> dict[str, str]:
    """The fields of a form, or of the query where the form has none; malformed forms have no fields."""

    async def whole() -> Message:
        return {"type": "http.request", "body": call.body, "more_body": False}

    try:
        form = await Request(call.scope, whole).form(max_files=0)
    except (MultiPartException, ValueError):  # a ValueError of the parser's own: not every Starlette takes it in
        return call.query
    return call.query | {name: value for name, value in form.items() if isinstance(value, str)}


def _unread(call: Call) -> str:
    """What to add to a refusal if the body was not read, being no form [G token-body]."""
    given = call.headers.get("content-type", "")
    if not call.body or given.partition(";")[0].strip().lower() in _FORMS:
        return ""
    named = f"is {given[:60]}" if given else "is missing"
    return f"; the body was not read: its Content-Type {named}, not {' or '.join(_FORMS)}"


def _without_port(host: str) -> str:
    return host.rpartition(":")[0] if re.search(r":\d+$", host) else host


def _identified(answer: Answer, request_id: str | None, now: float) -> Answer:
    identifier = request_id if request_id and not _CONTROLS.search(request_id) else secrets.token_hex(16)
    length = () if answer.status in (204, 304) else (("Content-Length", str(len(answer.body))),)
    # The date is that of the mock's own clock: a client may count a Retry-After date from it.
    own = (("Date", formatdate(now, usegmt=True)), ("X-Request-Id", identifier))
    return Answer(answer.status, (*answer.headers, *own, *length), answer.body)


def _start(answer: Answer) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(answer: Answer, send: Send) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


async def _drop(scope: Scope, receive: Receive, outage: Coroutine[Any, Any, None] | None) -> None:
    refuse: Callable[[Coroutine[Any, Any, None]], None] | None = scope.get("extensions", {}).get(REFUSE)
    if outage is not None and refuse is not None:
        refuse(outage)
    elif outage is not None:
        outage.close()
    await _end(scope, receive, ABORT)


async def _end(scope: Scope, receive: Receive, extension: str) -> None:
    """End the connection by one of the means that the server adds to the scope."""
    end: Callable[[], None] | None = scope.get("extensions", {}).get(extension)
    if end is None:
        raise ConnectionDroppedError("the connection was dropped, as planned")
    end()
    while (await receive())["type"] != "http.disconnect":
        pass

"""Handling: what happens to one request, in the order in which it happens."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs
from starlette.types import Receive, Scope, Send

from umapi_harness.mock.api.answers import Answer, json_answer
from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.service import answer_to
from umapi_harness.mock.faults.effects import Delivery, deliver, strike
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.addresses import Names
from umapi_harness.mock.serving.endings import keep_open
from umapi_harness.mock.serving.receiving import receive_call
from umapi_harness.mock.serving.sending import identified, send_delivery
from umapi_harness.mock.world import World

_NO_PAGES: Final = "this mock server answers no page of another site; start it with --allow-host NAME for your own"


class Handler:
    """The API and the token host of one world as an ASGI application."""

    def __init__(self, world: World, names: Names, *, page: str = "") -> None:
        """Answer for `world`; who calls the root of the server is told of its `page`, if it has one."""
        self._world = world
        self._names = names
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        world = self._world
        call = await receive_call(scope, receive, world.settings.body_limit)
        if call is None:
            return
        keep_open(scope, world.settings.keep_alive_seconds)
        came = world.clock.now()
        fault = world.faults.pick(call.operation, call.client_id)
        delivery = deliver(self._answer(call)) if fault is None else await self._struck(call, fault)
        answer = delivery.answer
        if answer is not None:
            answer = identified(answer, call.headers.get("x-request-id"), world.clock.now())
        self._note(call, came, fault, delivery, answer)
        await send_delivery(delivery, answer, world.clock, scope, receive, send)

    def _answer(self, call: Call) -> Answer:
        origin = call.headers.get("origin")
        # A browser names the page that a POST comes from; without one, which brings the token, there is no reading.
        if origin is not None and not self._names.include_origin(origin):
            return json_answer(403, {"error": _NO_PAGES})
        answer = answer_to(self._world, call)
        return _with_page(answer, self._page) if self._page and call.path == "/" else answer

    async def _struck(self, call: Call, fault: Fault) -> Delivery:
        world = self._world
        return await strike(
            fault,
            clock=world.clock,
            tokens=world.tokens,
            organization=world.organizations.get(call.route.org_id) if call.route is not None else None,
            route=call.route,
            client_id=call.client_id,
            body=call.body,
            act=lambda body: self._answer(attrs.evolve(call, body=body)),
        )

    def _note(self, call: Call, came: float, fault: Fault | None, delivery: Delivery, answer: Answer | None) -> None:
        self._world.journal.record(
            time=came,
            operation=call.operation,
            method=call.method,
            path=call.path,
            query=call.query_string,
            client_id=call.client_id,
            request_headers=call.headers,
            request_body=call.body,
            status=answer.status if answer is not None else None,
            response_headers=dict(answer.headers) if answer is not None else {},
            response_body=delivery.sent(answer.body) if answer is not None else b"",
            fault=fault.kind if fault is not None else None,
            planned=fault.shown() if fault is not None else None,
            effect=delivery.effect,
            true_answer=(delivery.true.status, delivery.true.body) if delivery.true is not None else None,
            steps=_steps(delivery),
            cause=attrs.asdict(answer.cause) if answer is not None and answer.cause is not None else None,
            org_id=call.route.org_id if call.route is not None else "",
        )


def _with_page(answer: Answer, page: str) -> Answer:
    """The service's refusal of a path that it does not have, with where a person looks who calls a mock server."""
    body: dict[str, Any] = json.loads(answer.body)
    told = f"this is a mock server: its page for browsers is {page}, its interface {page}openapi.json"
    return attrs.evolve(answer, body=json_answer(answer.status, {**body, "mock": told}).body)


def _steps(delivery: Delivery) -> tuple[tuple[str, ...], ...]:
    """What became of each step, whatever the client was told of it."""
    told = delivery.true if delivery.true is not None else delivery.answer
    return told.steps if told is not None else ()

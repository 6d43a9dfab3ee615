"""Admission: whether a call of the API may be made now, as gateway, throttles and service see it in this order."""

from __future__ import annotations

import re
from typing import Final

from umapi_harness.mock.api import answers, queries
from umapi_harness.mock.api.answers import Answer
from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.ground import Ground
from umapi_harness.mock.api.routes import Route
from umapi_harness.mock.api.tokens import Grant
from umapi_models.operations import SYNC_HEADER, SYNC_START

_BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


def refusal(ground: Ground, call: Call, route: Route) -> Answer | None:
    """The answer to a call that may not be made, or not now; None if it may."""
    settings = ground.settings
    client_id = call.headers.get("x-api-key", "")
    bearer = _BEARER.fullmatch(call.headers.get("authorization", ""))
    grant = ground.tokens.grant(bearer[1]) if bearer is not None else None
    by_gateway = _gateway_refusal(ground, call, client_id, grant)
    if by_gateway is not None or grant is None:
        return by_gateway or answers.unauthorized(settings)
    seconds = _seconds_to_wait(ground, call, route, client_id)
    if seconds is not None:
        return answers.too_many_requests(settings, seconds, ground.clock.now())
    if route.org_id not in ground.organizations:
        return answers.bad_organization()
    return None if route.org_id == grant.org_id else answers.unauthorized(settings)


def _gateway_refusal(ground: Ground, call: Call, client_id: str, grant: Grant | None) -> Answer | None:
    """What the gateway sees by itself: an API key missing, unknown or not the token's; no token at all."""
    settings = ground.settings
    if not client_id:
        return answers.gateway_refusal(settings, 403, "403000")
    # That the gateway compares the two is not published [G key-and-token].
    strange = settings.key_must_match_token and grant is not None and grant.client_id != client_id
    if client_id not in ground.credentials or strange:
        return answers.gateway_refusal(settings, 403, "403003")
    if settings.forbidden_body and not call.headers.get("authorization"):
        return answers.gateway_refusal(settings, 403, "403010")
    return None


def _seconds_to_wait(ground: Ground, call: Call, route: Route, client_id: str) -> int | None:
    """For how long the call has to wait; None if it need not."""
    throttles, settings = ground.throttles, ground.settings
    operation = route.call if route.operation == "deprecated" else route.operation
    if call.method == "POST" and operation == "old_profile":
        operation = "old_profile_update"
    seconds = throttles.wait(operation, client_id, settings)
    if seconds is not None:
        return seconds
    if route.call == "users" and queries.is_first_page(route.page):
        starts = call.headers.get(SYNC_HEADER.lower(), "").lower() == SYNC_START
        return throttles.wait_for_first_page(client_id, settings, sync_starts=starts)
    return None

"""Admission: whether a call of the API may be made now, as gateway, throttles and service see it in this order."""

from __future__ import annotations

import re
from typing import Final

from umapi_harness.mock.api import answers, causes, queries
from umapi_harness.mock.api.answers import Answer
from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.causes import Cause
from umapi_harness.mock.api.ground import Ground
from umapi_harness.mock.api.routes import Route
from umapi_harness.mock.api.throttles import Wait
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
        return by_gateway or answers.unauthorized(settings, _token_fault(ground, call))
    wait = _wait(ground, call, route, client_id)
    if wait is not None:
        return answers.too_many_requests(settings, wait.seconds, ground.clock.now(), wait.cause)
    if route.org_id not in ground.organizations:
        return answers.bad_organization()
    if route.org_id == grant.org_id:
        return None
    return answers.unauthorized(settings, causes.foreign_token(grant.org_id, route.org_id))


def _token_fault(ground: Ground, call: Call) -> Cause:
    """Why the call has no token that is good."""
    given = call.headers.get("authorization", "")
    if not given.strip():
        return causes.NO_TOKEN
    bearer = _BEARER.fullmatch(given)
    if bearer is not None:
        return ground.tokens.fault(bearer[1])
    return causes.bad_authorization(given, is_token=ground.tokens.grant(given.strip()) is not None)


def _gateway_refusal(ground: Ground, call: Call, client_id: str, grant: Grant | None) -> Answer | None:
    """What the gateway sees by itself: an API key missing, unknown or not the token's; no token at all."""
    settings = ground.settings
    if not client_id:
        return answers.gateway_refusal(settings, 403, "403000", causes.NO_KEY)
    if client_id not in ground.credentials:
        return answers.gateway_refusal(settings, 403, "403003", causes.UNKNOWN_KEY)
    # That the gateway compares the two is not published [G key-and-token].
    if settings.key_must_match_token and grant is not None and grant.client_id != client_id:
        return answers.gateway_refusal(settings, 403, "403003", causes.foreign_key(grant.client_id, client_id))
    if settings.forbidden_body and not call.headers.get("authorization"):
        return answers.gateway_refusal(settings, 403, "403010", causes.NO_TOKEN)
    return None


def _wait(ground: Ground, call: Call, route: Route, client_id: str) -> Wait | None:
    """For how long the call has to wait; None if it need not."""
    throttles, settings = ground.throttles, ground.settings
    operation = route.call if route.operation == "deprecated" else route.operation
    if call.method == "POST" and operation == "old_profile":
        operation = "old_profile_update"
    wait = throttles.wait(operation, client_id, settings)
    if wait is not None:
        return wait
    if route.call == "users" and queries.is_first_page(route.page):
        starts = call.headers.get(SYNC_HEADER.lower(), "").lower() == SYNC_START
        return throttles.wait_for_first_page(client_id, settings, sync_starts=starts)
    return None

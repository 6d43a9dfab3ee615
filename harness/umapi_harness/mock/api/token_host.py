"""The token host: what it answers to a request for a token."""

from __future__ import annotations

import re
from typing import Final

from umapi_harness.mock.api.answers import Answer, json_answer
from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.ground import Ground
from umapi_harness.mock.api.refusals import words_for
from umapi_harness.mock.api.tokens import TokenRefusedError, check_client_credentials, check_jwt
from umapi_models.operations import IMS_HOST

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def token_answer(ground: Ground, call: Call, flow: str) -> Answer:
    """Check what a client proves itself with, by the flow `oauth` or `jwt`, and give it a token."""
    settings, host = ground.settings, call.headers.get("host", "").lower()
    try:
        if flow == "oauth":
            credential = check_client_credentials(
                call.form,
                ground.credentials,
                scope_needed=settings.scope_needed,
                unknown_scope_fails=settings.unknown_scope_fails,
            )
        else:
            credential = check_jwt(
                call.form,
                ground.credentials,
                now=ground.clock.now(),
                hosts={IMS_HOST, host, _without_port(host)},
                own_key=lambda: ground.keys.public_pem,
            )
    except TokenRefusedError as refusal:
        description = f"{refusal.description}{_unread(call)}"
        return json_answer(400, {"error": refusal.error, "error_description": description})
    seconds = settings.token_seconds
    body = {
        "access_token": ground.tokens.issue(credential, seconds),
        "token_type": "bearer",
        "expires_in": seconds if flow == "oauth" else seconds * 1000,
    }
    return json_answer(200, body, (("Cache-Control", "no-store"),))


def _unread(call: Call) -> str:
    """What to add to a refusal if the body was not read, being no form [G token-body]."""
    given = call.headers.get("content-type", "")
    if not call.body or given.partition(";")[0].strip().lower() in _FORMS:
        return ""
    named = f"is {given[:60]}" if given else "is missing"
    _, words = words_for("token.body_unread", given=named, forms=" or ".join(_FORMS))
    return f"; {words}"


def _without_port(host: str) -> str:
    return host.rpartition(":")[0] if re.search(r":\d+$", host) else host

"""Tokens: recorded answers of the token host, read by the SDK's two kinds of credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from umapi_harness.contract.answers import body_object, time_of
from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.findings import Finding
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.mock.state.keys import process_keys
from umapi_harness.reading.expectations import life_of, refusal_of
from umapi_harness.reading.reports import refusal_differences, report, told
from umapi_harness.reading.standin import StandIn, connect
from umapi_sdk import AuthenticationError, JWTAuth, OAuthS2S, UmapiError, UserQuery
from umapi_sdk.auth import Auth

_ORG: Final = "0@AdobeOrg"
_NOBODY: Final = RecordedResponse(
    status=404,
    headers=(("Content-Type", "application/json"),),
    body=b'{"result": "error.user.not_found", "message": "User not found nobody@example.com"}',
)


def read_token(exchange: Exchange) -> Iterator[Finding]:
    """Yield where the SDK's token, or its error, is not what the token host said."""
    auth = _credentials(exchange)
    error: UmapiError | None = None
    with connect(exchange, _ORG, StandIn(lambda _request: _NOBODY, exchange.response), auth=auth) as connection:
        try:
            UserQuery(connection, "nobody@example.com").result()
        except UmapiError as raised:
            error = raised
    refusal, answer = refusal_of(exchange), body_object(exchange.response)
    if exchange.response.status == 400:
        if not isinstance(error, AuthenticationError) or error.code != refusal.code:
            got = told(error) if error is not None else "a token"
            yield report(exchange, "body /error", f"the refusal {refusal.code} became {got}", refusal.code, got)
        elif refusal.words and refusal.words not in str(error):
            yield report(exchange, "body /error_description", f"the words are lost: {told(error)}", refusal.words)
        return
    if exchange.response.status != 200:
        yield from refusal_differences(exchange, refusal, error, "a token")
        return
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        if error is None:
            yield report(exchange, "body /access_token", "there is no token, and the SDK found one", "an error")
        return
    if error is not None or auth.token is None:
        got = told(error) if error is not None else "no token"
        yield report(exchange, "body /access_token", f"the token is not read: {got}", "a token", got)
        return
    if auth.token.value != value:
        yield report(exchange, "body /access_token", "the SDK holds another token")
    life, now = life_of(exchange), time_of(exchange) or 0.0
    if life is not None and abs(auth.token.expires_at - now - life) > 1:
        read = f"{auth.token.expires_at - now:.0f} s"
        yield report(exchange, "body /expires_in", f"a life of {life:.0f} s is read as {read}", f"{life:.0f} s", read)


def _credentials(exchange: Exchange) -> Auth:
    path = api_path(exchange.request.url)
    if path.rstrip("/").endswith("/jwt"):
        return JWTAuth(
            _ORG,
            client_id="stand-in",
            client_secret="stand-in",  # noqa: S106
            tech_acct_id="stand-in@techacct.adobe.com",
            priv_key_data=process_keys().private_pem,
        )
    return OAuthS2S("stand-in", "stand-in", auth_endpoint=path)

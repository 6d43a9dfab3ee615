"""Access tokens: the two flows of the token host (IMS), what it refuses, and who holds which token."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from umapi_harness.mock.api import causes
from umapi_harness.mock.api.bodies import is_array
from umapi_harness.mock.api.causes import Cause
from umapi_harness.mock.api.refusals import words_for
from umapi_harness.mock.clock import Clock
from umapi_harness.mock.state.seeds import Credential
from umapi_models.operations import IMS_HOST, METASCOPE, SCOPE, SCOPES

KNOWN_SCOPES: Final = frozenset({*SCOPES, METASCOPE})
"""Scopes that any client may ask for."""

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3
_SWEEP: Final = 1000  # tokens after which those that ran out are forgotten
_ENDED: Final = 1000  # tokens of which it is remembered why they are good no more


class TokenRefusedError(Exception):
    """The token host refuses; answered as HTTP 400 with the error and its description [G token-words]."""

    def __init__(self, occasion: str, **values: object) -> None:
        """Refuse for a reason that `schema/words.json` has under `token.`; `values` fill its placeholders."""
        self.error, self.description = words_for(f"token.{occasion}", **values)
        super().__init__(f"{self.error}: {self.description}")


@attrs.frozen
class Grant:
    """What a token allows: calls by one client on one organisation, until it runs out."""

    client_id: str
    org_id: str
    expires: float
    """Epoch seconds."""


class TokenStore:
    """The tokens given out; several of one client may be valid at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: dict[str, Grant] = {}
        self._ended: dict[str, Cause] = {}
        self._sweep_at = _SWEEP

    def issue(self, credential: Credential, seconds: int) -> str:
        """A new token that lives for `seconds`."""
        if len(self._grants) >= self._sweep_at:
            now = self._clock.now()
            self._end({token: grant for token, grant in self._grants.items() if grant.expires <= now}, None)
            # What is left then may double, so that each token costs the same however many are good.
            self._sweep_at = max(_SWEEP, 2 * len(self._grants))
        token = secrets.token_urlsafe(48)
        self._grants[token] = Grant(credential.client_id, credential.org_id, self._clock.now() + seconds)
        return token

    def grant(self, token: str) -> Grant | None:
        """What `token` allows; None if it is unknown, revoked or has run out."""
        grant = self._grants.get(token)
        return grant if grant is not None and grant.expires > self._clock.now() else None

    def fault(self, token: str) -> Cause:
        """Why `grant` has nothing for a token; of those that ended long ago, it is no longer known."""
        grant = self._grants.get(token)
        return causes.expired_token(grant.expires) if grant else self._ended.get(token, causes.UNKNOWN_TOKEN)

    def revoke(self, client_id: str | None = None) -> int:
        """Make all tokens bad, or those of one client; returns how many."""
        gone = {token: grant for token, grant in self._grants.items() if client_id in (None, grant.client_id)}
        self._end(gone, causes.REVOKED_TOKEN)
        return len(gone)

    def _end(self, gone: Mapping[str, Grant], cause: Cause | None) -> None:
        """Take tokens out and remember why; without a cause, they expired."""
        self._grants = {token: grant for token, grant in self._grants.items() if token not in gone}
        now = self._clock.now()
        for token, grant in gone.items():
            if cause is None or grant.expires <= now:
                self._ended[token] = causes.expired_token(grant.expires)
            else:
                self._ended[token] = cause
        self._ended = dict(list(self._ended.items())[-_ENDED:])


def check_client_credentials(
    fields: Mapping[str, str],
    credentials: Mapping[str, Credential],
    *,
    scope_needed: bool,
    unknown_scope_fails: bool,
) -> Credential:
    """The credential that an OAuth server-to-server request proves.

    `scope_needed`: the scope of this API must be among those asked for. `unknown_scope_fails`: those of other
    APIs must be among the credential's own. Raises TokenRefusedError.
    """
    if fields.get("grant_type") != "client_credentials":
        raise TokenRefusedError("grant_type")
    credential = _check_client(fields, credentials)
    scopes = {scope for scope in re.split(r"[,\s]+", fields.get("scope", "")) if scope}
    # Which scopes a credential has, is decided in Adobe's console by the APIs added to it [G other-scopes].
    for scope in sorted(scopes - KNOWN_SCOPES - set(credential.scopes)):
        if not _SCOPE.fullmatch(scope):
            raise TokenRefusedError("scope_invalid", scope=scope[:100])
        if unknown_scope_fails:
            raise TokenRefusedError("scope_unknown", scope=scope[:100])
    # What happens without the scope of this API is not published [G needed-scope].
    if scope_needed and scopes.isdisjoint((SCOPE, METASCOPE)):
        raise TokenRefusedError("scope_missing", scope=SCOPE)
    return credential


def check_jwt(
    fields: Mapping[str, str],
    credentials: Mapping[str, Credential],
    *,
    now: float,
    hosts: Collection[str],
    own_key: Callable[[], str],
) -> Credential:
    """The credential that a JWT exchange proves.

    `hosts` are the names under which the token host is known; `own_key` gives the PEM to check
    signatures with where none is registered. Raises TokenRefusedError, with a description for each cause.
    What public clients sign is good: how far ahead the expiry lies, for one, no page limits [G jwt-claims].
    """
    credential = _check_client(fields, credentials)
    token = fields.get("jwt_token", "")
    if not token:
        raise TokenRefusedError("jwt_missing")
    claims = _signed_claims(token, credential.public_key or own_key())
    _check_expiry(claims.get("exp"), now)
    if claims.get("iss") != credential.org_id:
        raise TokenRefusedError("jwt_iss")
    if claims.get("sub") != credential.tech_account_id:
        raise TokenRefusedError("jwt_sub")
    host = _check_audience(claims.get("aud"), credential.client_id, hosts)
    granted = [name for name, value in claims.items() if value and _is_metascope(name, {*hosts, host})]
    if not granted:
        raise TokenRefusedError("jwt_metascope", host=IMS_HOST, metascope=METASCOPE)
    return credential


def _check_client(fields: Mapping[str, str], credentials: Mapping[str, Credential]) -> Credential:
    credential = credentials.get(fields.get("client_id", ""))
    if credential is None:
        raise TokenRefusedError("client_id")
    given = fields.get("client_secret", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, credential.client_secret.encode("utf-8")):
        raise TokenRefusedError("client_secret")
    return credential


def _signed_claims(token: str, public_key: str) -> dict[str, Any]:
    # Imported here: neither is needed before the first exchange, and both take their time.
    import jwt  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    key: Any = public_key
    if "BEGIN CERTIFICATE" in public_key:
        key = load_pem_x509_certificate(public_key.encode("ascii")).public_key()
    unchecked = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        # The claims are checked by us: against our own clock, and each with its own description.
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=unchecked)  # type: ignore[arg-type]
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise TokenRefusedError("jwt_signature") from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefusedError("jwt_unreadable") from error
    return claims


def _check_expiry(expiry: object, now: float) -> None:
    if expiry is None:
        raise TokenRefusedError("jwt_without_exp")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise TokenRefusedError("jwt_unreadable")
    if not expiry > now:  # which NaN is not either
        raise TokenRefusedError("jwt_expired")


def _check_audience(audience: object, client_id: str, hosts: Collection[str]) -> str:
    """The host that the audience names."""
    given: list[object] = audience if is_array(audience) else [audience]
    named = [parts for each in given if isinstance(each, str) and (parts := _split(each)) and parts[0] in hosts]
    if not named:
        raise TokenRefusedError("jwt_aud_host")
    for host, path in named:
        if path.rstrip("/") == f"/c/{client_id}":
            return host
    raise TokenRefusedError("jwt_aud_client")


def _is_metascope(name: str, hosts: Collection[str]) -> bool:
    parts = _split(name)
    return parts is not None and parts[0] in hosts and parts[1].rstrip("/") == f"/s/{METASCOPE}"


def _split(url: str) -> tuple[str, str] | None:
    """Host (with its port, if any) and path of a web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        return None
    return parts.netloc.lower(), parts.path

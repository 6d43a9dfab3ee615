"""Impersonation: recorded requests made ready for a mock server, with live credentials where the recorded ones were.

Recordings have no secrets that still work, and often none at all. Which credentials a request must have had, its
answer tells: a token that was good, one that was refused, a key that nobody knew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import jwt

from umapi_harness.contract.answers import JsonObject, body_object, places_of
from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.matching import form_fields
from umapi_harness.contract.recordings import Exchange
from umapi_harness.contract.redaction import REDACTED
from umapi_harness.mock.api.tokens import KNOWN_SCOPES
from umapi_harness.mock.state.keys import KeyPair, process_keys
from umapi_harness.mock.world import World
from umapi_models.operations import IMS_HOST, METASCOPE

TOKEN_OPERATIONS: Final = frozenset({"oauthTokenV2", "oauthTokenV3", "exchangeJwt"})
NO_ORG: Final = "UNKNOWN@AdobeOrg"
"""The organisation of tokens that no recorded call was made with."""

_SECRET: Final = "a-secret-that-only-the-mock-server-knows"  # noqa: S105
_OK: Final = 200
_FORBIDDEN: Final = 403
_LIFE: Final = 3600  # seconds; of tokens and of JWTs
_BOUNDARY: Final = "recorded-form-boundary"
_OMITTED: Final = frozenset({"authorization", "x-api-key", "content-length", "host", "content-type", "expect"})


@attrs.frozen(kw_only=True)
class Sent:
    """A request as the mock server gets it."""

    method: str
    path: str
    """Percent-encoded, as recorded."""
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@attrs.frozen
class Client:
    """A client of the service, as far as a recording knows it."""

    name: str
    """The id in the recording."""
    client_id: str
    """The id that the mock server knows it by."""
    org_id: str
    scopes: tuple[str, ...] = ()

    def credential(self) -> dict[str, Any]:
        """Return the credential for a seed."""
        return {
            "client_id": self.client_id,
            "client_secret": _SECRET,
            "tech_account_id": f"{self.client_id[:200]}@techacct.adobe.com",
            "scopes": list(self.scopes),
        }


class Impersonation:
    """The clients of a recording."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        orgs: dict[str, str] = {}
        scopes: dict[str, set[str]] = {}
        self._any_org = NO_ORG
        for exchange in exchanges:
            operation = operation_of(exchange)
            if operation is None:
                continue
            org_id = places_of(exchange, operation).get("orgId")
            if org_id is not None and not _is_of_no_organization(exchange):
                self._any_org = org_id if self._any_org == NO_ORG else self._any_org
                name = exchange.request.header("X-Api-Key")
                if name and name != REDACTED and exchange.response.status not in (401, 403):
                    orgs.setdefault(name, org_id)
            elif operation.name in TOKEN_OPERATIONS and exchange.response.status == 200:
                fields = _fields(exchange)
                scope = fields.get("scope", "").replace(",", " ").split()
                scopes.setdefault(fields.get("client_id", ""), set()).update(scope)
        self._clients: dict[tuple[str, str], Client] = {}
        self._by_name: dict[str, Client] = {}
        """The first of each name."""
        self._taken: set[str] = set()
        for name, org_id in orgs.items():
            self._add(name, org_id, scopes.get(name, set()))
        self._scopes = scopes

    def _add(self, name: str, org_id: str, scopes: set[str]) -> Client:
        client_id = name if name and name not in self._taken else f"client-{len(self._clients) + 1}"
        extra = tuple(sorted(scopes - KNOWN_SCOPES))
        self._taken.add(client_id)
        client = self._clients.setdefault((org_id, name), Client(name, client_id, org_id, extra))
        self._by_name.setdefault(name, client)
        return client

    def client(self, name: str, org_id: str | None) -> Client:
        """Return the client of that recorded id, in an organisation; it is made up on the first call."""
        if org_id is None:
            known = self._by_name.get(name)
            if known is not None:
                return known
        org = org_id or self._any_org
        return self._clients.get((org, name)) or self._add(name, org, self._scopes.get(name, set()))

    def prepare(self, exchange: Exchange) -> None:
        """Make up the client of an exchange, so that `credentials` has it."""
        operation = operation_of(exchange)
        if operation is not None and operation.name in TOKEN_OPERATIONS:
            self.client(_fields(exchange).get("client_id", ""), None)
        elif operation is not None and "orgId" in places_of(exchange, operation):
            self._caller(exchange, places_of(exchange, operation)["orgId"])

    def credentials(self, org_id: str) -> list[dict[str, Any]]:
        """Return the credentials of an organisation for its seed."""
        return [client.credential() for client in self._clients.values() if client.org_id == org_id]

    @property
    def organizations(self) -> tuple[str, ...]:
        """The organisations that clients belong to."""
        return tuple(dict.fromkeys(client.org_id for client in self._clients.values()))

    def request(self, exchange: Exchange, world: World) -> Sent:
        """Return the recorded request with credentials that `world` takes, or refuses as recorded."""
        operation = operation_of(exchange)
        if operation is not None and operation.name in TOKEN_OPERATIONS:
            return self._token_request(exchange, world)
        parts = urlsplit(exchange.request.url)
        headers = [pair for pair in exchange.request.headers if pair[0].lower() not in _OMITTED]
        headers.append(("host", parts.netloc))
        kind = exchange.request.header("Content-Type")
        if kind is not None:
            headers.append(("content-type", kind))
        places: Mapping[str, str] = places_of(exchange, operation) if operation is not None else {}
        if "orgId" in places:
            headers += self._access(exchange, places["orgId"], world)
        return Sent(
            method=exchange.request.method,
            path=api_path(exchange.request.url),
            query=parts.query,
            headers=tuple(headers),
            body=exchange.request.body,
        )

    def _caller(self, exchange: Exchange, org_id: str) -> Client:
        name = exchange.request.header("X-Api-Key") or ""
        bad = _is_of_no_organization(exchange)
        return self.client("" if name == REDACTED else name, None if bad else org_id)

    def _access(self, exchange: Exchange, org_id: str, world: World) -> list[tuple[str, str]]:
        status = exchange.response.status
        answer = _refusal(exchange)
        number = answer.get("error_code")
        client = self._caller(exchange, org_id)
        key = [("x-api-key", client.client_id)]
        if status == 401:
            return [*key, ("authorization", "Bearer unknown")]
        token = ("authorization", f"Bearer {world.tokens.issue(world.credentials[client.client_id], _LIFE)}")
        if status == _FORBIDDEN and number == "403010":
            return key
        if status == _FORBIDDEN and "result" not in answer:
            unknown = number == "403003" or (number is None and exchange.request.header("X-Api-Key") is not None)
            return [("x-api-key", "unknown"), token] if unknown else [token]
        return [*key, token]

    def _token_request(self, exchange: Exchange, world: World) -> Sent:
        request = exchange.request
        parts = urlsplit(request.url)
        form = form_fields(request)
        fields = dict(form if form is not None else parse_qsl(parts.query, keep_blank_values=True))
        answer = body_object(exchange.response)
        said = f"{answer.get('error')} {answer.get('error_description')}" if exchange.response.status != 200 else ""
        client = self.client(_fields(exchange).get("client_id", ""), None)
        for name in fields.keys() & {"client_id", "client_secret", "jwt_token"}:
            fields[name] = self._credential_field(name, said, client, world)
        headers = [pair for pair in request.headers if pair[0].lower() not in _OMITTED]
        headers.append(("host", parts.netloc))
        kind = request.header("Content-Type") or ""
        body, query = b"", parts.query
        if form is None:
            query = urlencode(fields)
        elif kind.lower().strip().startswith("multipart/"):
            body, kind = _multipart(fields), f"multipart/form-data; boundary={_BOUNDARY}"
        else:
            body = urlencode(fields).encode()
        if kind:
            headers.append(("content-type", kind))
        return Sent(
            method=request.method, path=api_path(exchange.request.url), query=query, headers=tuple(headers), body=body
        )

    def _credential_field(self, name: str, said: str, client: Client, world: World) -> str:
        if name == "client_id":
            return "unknown" if "client_id" in said and "invalid_client" in said else client.client_id
        if name == "client_secret":
            return "another secret" if "client_secret" in said else _SECRET
        if "incorrectly formatted" in said:
            return "no.jwt"
        keys = KeyPair() if "signature" in said.lower() else process_keys()
        now = int(world.clock.now())
        claims: dict[str, Any] = {
            "exp": now - _LIFE if "expired" in said else now + _LIFE,
            "iss": client.org_id,
            "sub": world.credentials[client.client_id].tech_account_id,
            "aud": f"https://{IMS_HOST}/c/{client.client_id}",
        }
        if "invalid_scope" not in said:
            claims[f"https://{IMS_HOST}/s/{METASCOPE}"] = True
        return jwt.encode(claims, keys.private_pem, algorithm="RS256")


def _is_of_no_organization(exchange: Exchange) -> bool:
    return _refusal(exchange).get("result") == "error.organization.invalid_id"


def _refusal(exchange: Exchange) -> JsonObject:
    """The body of a refusal; nothing of a success, which may be long and tells nothing of the caller."""
    if exchange.response.status == _OK:
        return {}
    return body_object(exchange.response)


def _fields(exchange: Exchange) -> Mapping[str, str]:
    form = form_fields(exchange.request)
    query = dict(parse_qsl(urlsplit(exchange.request.url).query, keep_blank_values=True))
    return {**query, **(form or {})}


def _multipart(fields: Mapping[str, str]) -> bytes:
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()

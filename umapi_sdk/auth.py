"""Credentials, and the access tokens they give: OAuth server-to-server and the older JWT exchange."""

from __future__ import annotations

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from umapi_models.defaults import JWT_LIFE
from umapi_models.models import JWTToken, OAuthToken, TokenError
from umapi_models.operations import EXCHANGE_JWT, IMS_HOST, METASCOPE, OAUTH_TOKEN_V2, SCOPES
from umapi_runtime.constraints import ContractError
from umapi_runtime.converter import read_response
from umapi_sdk.addresses import check_service, guarded
from umapi_sdk.errors import AuthenticationError, ConfigurationError, ServiceError, UmapiError, UnavailableError
from umapi_sdk.keys import load_private_key
from umapi_sdk.masking import Secret, SecretBytes, hidden, masked
from umapi_sdk.messages import Request, Response
from umapi_sdk.strangers import AUTH_HOST, advice_for, is_page
from umapi_sdk.tokens import Claim, Token, completed, is_bearer, new_token

DEFAULT_SCOPE = ",".join(SCOPES)

_JWT_CAUSES = (
    (
        ("signature", "bindings"),
        "the private key does not belong to a certificate of this integration, or that has expired",
    ),
    (("certificate",), "look at the integration's certificates: one may have expired or been taken away"),
    (
        ("expir", "exp ", "issued", "future"),
        "check this machine's clock: the JWT was made for a time that the token host does not accept",
    ),
    (("scope",), "the integration has no User Management API"),
)
"""What a JWT is refused for, by words of the token host's description."""
_FIT_FOR_HEADER = re.compile(r"[!-~]+", re.ASCII)


class Auth(ABC):
    """Credentials of an integration, as the Adobe Developer Console shows them.

    One object can serve several connections and threads: they share its token.
    """

    def __init__(
        self, client_id: str, client_secret: str, auth_host: str, auth_endpoint: str, ssl_verify: bool
    ) -> None:
        client_secret, auth_host = hidden(client_secret), guarded(auth_host)
        self.client_id = _given("client_id", client_id)
        if not _FIT_FOR_HEADER.fullmatch(client_id):
            raise ConfigurationError(
                "client_id must be ASCII without spaces or line breaks: is it still a placeholder?"
            )
        self._client_secret = Secret(_given("client_secret", client_secret))
        self.auth_host = _given("auth_host", auth_host)
        self.auth_endpoint = _given("auth_endpoint", auth_endpoint)
        check_service("auth_host", self.url.removesuffix(self.auth_endpoint.lstrip("/")), auth_host)
        self.ssl_verify = ssl_verify
        self.token: Token | None = None
        """The token in use; None before the first call."""
        self._lock = threading.Lock()
        self._fetching: Claim | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={getattr(self, 'client_id', None)!r}>"

    @property
    def url(self) -> str:
        """URL of the token endpoint. `auth_host` can be a host, or for a mock server a whole root URL."""
        whole = self.auth_host.lower().startswith(("http:", "https:")) or "://" in self.auth_host
        root = self.auth_host if whole else f"https://{self.auth_host}"
        return f"{root.rstrip('/')}/{self.auth_endpoint.lstrip('/')}"

    @property
    def host(self) -> str:
        """Name of the token host."""
        return urlsplit(self.url).netloc

    def headers(self, token: Token) -> Mapping[str, str]:
        """Return the headers that authorise a request."""
        return {"Authorization": Secret(f"Bearer {token.value}"), "x-api-key": self.client_id}

    def claim(self, now: float, refused: str | None, *, blocking: bool) -> Mapping[str, str] | Claim:
        """Return the headers of the token in use, or where a new one is needed a part in the request for it.

        `refused` is the `Authorization` header that the service has just refused, if any. Threads and event loops share
        one request: who is first makes it. `blocking` says that waiting would hold up the caller's whole thread.
        """
        with self._lock:
            headers = self.headers(self.token) if self.token is not None and self.token.fresh(now) else None
            if headers is not None and headers["Authorization"] != refused:
                return headers
            under_way = self._fetching
            if under_way is None:
                self._fetching = Claim(mine=True)
                return self._fetching
            if blocking and under_way.thread == threading.get_ident():
                return Claim(mine=True)  # a coroutine of this very thread makes the request, and could not go on
            return Claim(mine=False, done=under_way.done)

    def settle(self, claim: Claim, token: Token | None, error: UmapiError | None) -> None:
        """End the token request of a claim: with a token, an error, or neither if it was interrupted."""
        with self._lock:
            if token is not None:
                self.token = token
            if self._fetching is claim:
                self._fetching = None
        claim.done.set_result(error)

    def token_request(self, now: float) -> Request:
        """Return the request for a token.

        Raises:
            ConfigurationError: the private key cannot be used.
        """
        return Request(
            method="POST",
            url=self.url,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                "Cache-Control": "no-cache",
            },
            body=SecretBytes(urlencode(self._form(now)).encode("ascii")),
            for_token=True,
        )

    def read_token(self, response: Response, now: float) -> Token:
        """Return the token in an answer.

        Raises:
            AuthenticationError: the answer is a refusal, with its likely cause, or is not understood.
            UnavailableError: the token host is in trouble (5xx).
        """
        if response.status != 200:
            raise self._refusal(response)
        token = self._understood(response, now)
        if not isinstance(token, Token):
            if self._told(response) is not None:
                raise self._refusal(response)
            raise self._error(f"the token answer is not understood: {token}", response)
        if not _FIT_FOR_HEADER.fullmatch(token.value):
            raise self._error("the token answer is not understood: its token cannot be a header", response)
        return token

    def _understood(self, response: Response, now: float) -> Token | str:
        """Return the token of an answer, or what is wrong with it: where the token is a local, nothing is raised."""
        try:
            data = completed(json.loads(response.body))
            token = self._token(data, now)
        except ContractError as error:
            return str(error)
        except (ValueError, RecursionError):
            advice = advice_for(response, AUTH_HOST)
            return f"it is not JSON{f': {advice}' if advice else ''}"
        return token if is_bearer(data) else "its token_type is not bearer"

    @abstractmethod
    def _form(self, now: float) -> dict[str, str]: ...

    @abstractmethod
    def _token(self, data: object, now: float) -> Token: ...

    def _refusal(self, response: Response) -> ServiceError:
        if response.status >= 500 and response.status != 511:
            message = f"no access token: the token host answered {response.status}, which is its own trouble: try later"
            return self._error(message, response, cls=UnavailableError)
        refusal = self._told(response)
        if refusal is None:
            known = response.status not in (401, 403) or is_page(response)
            advice = advice_for(response, AUTH_HOST) if known else None
            return self._error(f"the token host answered {response.status}{f': {advice}' if advice else ''}", response)
        said = refusal.error_description or "no description"
        cause = self._cause(refusal.error, said)
        return self._error(f"no access token: {said}{f' - {cause}' if cause else ''}", response, refusal.error)

    def _told(self, response: Response) -> TokenError | None:
        """Return a refusal in the token host's words, without the secret that it may echo; None when there is none."""
        text = masked(response.body.decode("utf-8", "replace"), [self._client_secret])
        try:
            return read_response(TokenError, json.loads(text))
        except (ContractError, ValueError, RecursionError):
            return None

    def _cause(self, error: str, description: str) -> str | None:
        """Return what the caller can check, for a refusal of the token host."""
        said = description.lower()
        causes = {
            "invalid_scope": "the scope is not one of this integration: it needs the User Management API",
            "unauthorized_client": "this integration may not use this flow: is it OAuth server-to-server, or JWT?",
        }
        if error in causes:
            return causes[error]
        if "secret" in said:
            return "check the client secret: it is not the one of this client id, or not valid any more"
        if "client_id" in said or error == "invalid_client":
            return "check the client id and secret"
        return None

    def _error(
        self,
        message: str,
        response: Response,
        code: str | None = None,
        cls: type[ServiceError] = AuthenticationError,
    ) -> ServiceError:
        secrets = [self._client_secret]
        return cls(
            masked(message, secrets),
            method="POST",
            url=self.url,
            status=response.status,
            request_id=None if response.request_id is None else masked(response.request_id, secrets),
            code=None if code is None else masked(code, secrets),
        )


class ServicePrincipalAuth(Auth):
    """OAuth server-to-server credentials, the current way; `OAuthS2S` is another name for it.

    `scope` is what the token is for. `auth_host` and `auth_endpoint` name the token endpoint, and `ssl_verify=False`
    turns off the check of its certificate: both should stay as they are, but for a mock server.

    Raises:
        ConfigurationError: an argument is empty or not a string.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        auth_host: str = IMS_HOST,
        auth_endpoint: str = OAUTH_TOKEN_V2.path,
        ssl_verify: bool = True,
        *,
        scope: str = DEFAULT_SCOPE,
    ) -> None:
        client_secret, auth_host = hidden(client_secret), guarded(auth_host)
        super().__init__(client_id, client_secret, auth_host, auth_endpoint, ssl_verify)
        self.scope = _given("scope", scope)

    def _form(self, now: float) -> dict[str, str]:  # noqa: ARG002 - only a JWT needs the time
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self._client_secret,
            "scope": self.scope,
        }

    def _token(self, data: object, now: float) -> Token:
        answer = read_response(OAuthToken, data)
        return new_token(answer.access_token, answer.expires_in, 1, now)


OAuthS2S = ServicePrincipalAuth


class JWTAuth(Auth):
    """Service Account (JWT) credentials, deprecated by Adobe on 2025-01-01 and ended at its hosts since.

    `priv_key_data` is the text of the private key, see `keys.load_private_key`; `passphrase` opens an encrypted one.
    `tech_acct_id` is the technical account's id, not its e-mail. The others are as in `ServicePrincipalAuth`.

    Raises:
        ConfigurationError: an argument is empty, or the private key cannot be read.
    """

    def __init__(
        self,
        org_id: str,
        client_id: str,
        client_secret: str,
        tech_acct_id: str,
        priv_key_data: str,
        ssl_verify: bool = True,
        auth_host: str = IMS_HOST,
        auth_endpoint: str = EXCHANGE_JWT.path + "/",
        *,
        passphrase: str | None = None,
    ) -> None:
        client_secret, auth_host = hidden(client_secret), guarded(auth_host)
        priv_key_data, passphrase = hidden(priv_key_data), hidden(passphrase)
        super().__init__(client_id, client_secret, auth_host, auth_endpoint, ssl_verify)
        self.org_id = _given("org_id", org_id)
        self.tech_acct_id = _given("tech_acct_id", tech_acct_id)
        self._key = load_private_key(_given("priv_key_data", priv_key_data), passphrase)

    def _form(self, now: float) -> dict[str, str]:
        claims = {
            "exp": int(now) + JWT_LIFE,
            "iss": self.org_id,
            "sub": self.tech_acct_id,
            "aud": f"https://{self.host}/c/{self.client_id}",
            f"https://{self.host}/s/{METASCOPE}": True,
        }
        import jwt  # noqa: PLC0415 - loaded when it is needed

        return {
            "client_id": self.client_id,
            "client_secret": self._client_secret,
            "jwt_token": Secret(jwt.encode(claims, self._key, algorithm="RS256")),
        }

    def _token(self, data: object, now: float) -> Token:
        answer = read_response(JWTToken, data)
        return new_token(answer.access_token, answer.expires_in, 0.001, now)

    def _cause(self, error: str, description: str) -> str | None:
        said = description.lower()
        if "secret" not in said:
            for words, cause in _JWT_CAUSES:
                if any(word in said for word in words):
                    return cause
            if error == "invalid_token":
                ids = "org_id, tech_acct_id (the id, not the e-mail) and client_id"
                return f"check {ids}: they must be of one integration"
        return super()._cause(error, description)


def _given(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} must be a string that is not empty")
    return value

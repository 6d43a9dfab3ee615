"""AWS Signature, version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html)."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, unquote, unquote_plus

import attrs
from msgspec.structs import replace

from umapi_harness.postman.addresses import with_parameter, without_parameters
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings, Unsigned, one_line
from umapi_harness.postman.sending.messages import Headers, HttpRequest

_ALGORITHM = "AWS4-HMAC-SHA256"
_CONTENT_HASH = "X-Amz-Content-Sha256"
_EMPTY = hashlib.sha256(b"").hexdigest()
_OUR_HEADERS = frozenset({"authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"})
_OUR_PARAMETERS = ("Security-Token", "Date", "Algorithm", "Credential", "SignedHeaders", "Signature")
_UNSIGNED_HEADERS = frozenset(
    {"authorization", "connection", "x-amzn-trace-id", "user-agent", "expect", "presigned-expires", "range"}
)
_S3_EXPIRES = "86400"
"""Seconds that a signed address of S3 is good for unless it says otherwise."""
_PLAIN_PATH = re.compile(r"[0-9A-Za-z;,/?:@&=+$\-_.!~*'()#%]*")
_RESERVED = ";/?:@&=+$,#"


def aws(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The signature in headers, or in the query; raises AuthorisationError without the two keys."""
    if not (settings.text("accessKey") and settings.text("secretKey")):
        raise AuthorisationError("awsv4 needs accessKey and secretKey; set both")
    headers = tuple(pair for pair in unsigned.http.headers if pair[0].lower() not in _OUR_HEADERS)
    service = settings.text("service", "execute-api")
    service = "ses" if service == "email" else service
    in_query = settings.flag("addAuthDataToQuery")
    own = dict(parse_qsl(unsigned.parts.query)).get("X-Amz-Date") if in_query else None
    date = own or _date(unsigned.http, unsigned.now)
    signature = _Signature(settings=settings, unsigned=unsigned, service=service, date=date)
    if in_query:
        return signature.in_query(headers)
    return signature.in_headers(headers)


@attrs.frozen(kw_only=True)
class _Signature:
    settings: Settings
    unsigned: Unsigned
    service: str
    date: str
    """As in 20200101T000000Z."""

    def in_headers(self, headers: Headers) -> HttpRequest:
        """The request with date, token, hash and signature among its headers."""
        hash_ = self.unsigned.hashed("sha256")
        if hash_ is not None:
            headers = (*headers, (_CONTENT_HASH, hash_.hex()))
        headers = self._with_host(headers)
        if token := self.settings.text("sessionToken"):
            headers = (*headers, ("X-Amz-Security-Token", token))
        if self.service == "s3" and hash_ is None:
            headers = (*headers, (_CONTENT_HASH, _EMPTY))
        headers = (*headers, ("X-Amz-Date", self.date))
        path, query = self._path_and_query()
        signature = self._signed(headers, path, query, _EMPTY if hash_ is None else hash_.hex())
        value = (
            f"{_ALGORITHM} Credential={self._credential()}, SignedHeaders={_signed_names(headers)}, "
            f"Signature={signature}"
        )
        url = without_parameters(self.unsigned.http.url, {f"X-Amz-{name}" for name in _OUR_PARAMETERS})
        return replace(self.unsigned.http, url=url, headers=(*headers, ("Authorization", value)))

    def in_query(self, headers: Headers) -> HttpRequest:
        """The request with date, token and signature in its query; its body is not signed."""
        headers = self._with_host(headers)
        path, query = self._path_and_query()
        added = {"X-Amz-Security-Token": self.settings.text("sessionToken")}
        if self.service == "s3" and not any(key == "X-Amz-Expires" for key, _ in query):
            added["X-Amz-Expires"] = _S3_EXPIRES
        added |= {
            "X-Amz-Date": self.date,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": self._credential(),
            "X-Amz-SignedHeaders": _signed_names(headers),
        }
        added = {key: value for key, value in added.items() if value}
        query = [pair for pair in query if pair[0] not in added]
        body = "UNSIGNED-PAYLOAD" if self.service == "s3" else _EMPTY
        added["X-Amz-Signature"] = self._signed(headers, path, [*query, *added.items()], body)
        url = without_parameters(self.unsigned.http.url, {f"X-Amz-{name}" for name in _OUR_PARAMETERS})
        for key, value in added.items():
            url = with_parameter(url, key, _escaped(value))
        return replace(self.unsigned.http, url=url, headers=headers)

    def _with_host(self, headers: Headers) -> Headers:
        named = any(key.lower() == "host" for key, _ in headers)
        return headers if named else (*headers, ("Host", self.unsigned.host))

    def _path_and_query(self) -> tuple[str, list[tuple[str, str]]]:
        target = self.unsigned.target
        if not _PLAIN_PATH.fullmatch(target):
            target = quote(_decoded(target), safe=f"{_RESERVED}-_.!~*'()")
        path, _, query = target.partition("?")
        return path, [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0]]

    def _scope(self) -> str:
        return f"{self.date[:8]}/{self.settings.text('region', 'us-east-1')}/{self.service}/aws4_request"

    def _credential(self) -> str:
        return f"{self.settings.text('accessKey')}/{self._scope()}"

    def _signed(self, headers: Headers, path: str, query: list[tuple[str, str]], body: str) -> str:
        canonical = "\n".join(
            [
                self.unsigned.http.method,
                self._canonical_path(path),
                self._canonical_query(query),
                *(f"{name}:{one_line(value)}" for name, value in _signed_headers(headers)),
                "",
                _signed_names(headers),
                body,
            ]
        )
        hashed = hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()
        text = f"{_ALGORITHM}\n{self.date}\n{self._scope()}\n{hashed}"
        key = f"AWS4{self.settings.text('secretKey')}".encode("utf-8", "replace")
        for step in (*self._scope().split("/"), text):
            key = hmac.digest(key, step.encode("utf-8", "replace"), "sha256")
        return key.hex()

    def _canonical_path(self, path: str) -> str:
        if path == "/":
            return path
        if self.service == "s3":
            return "/".join(_escaped(unquote_plus(piece)) for piece in path.split("/")).replace("%2F", "/")
        pieces: list[str] = []
        for piece in re.sub(r"/{2,}", "/", path).split("/"):
            if piece == "..":
                del pieces[-1:]
            elif piece != ".":
                pieces.append(_escaped(piece))
        joined = "/".join(pieces)
        return joined if joined.startswith("/") else f"/{joined}"

    def _canonical_query(self, query: list[tuple[str, str]]) -> str:
        values: dict[str, list[str]] = {}
        for key, value in query:
            values.setdefault(_escaped(key), []).append(_escaped(value))
        if self.service == "s3":
            values = {key: of_key[:1] for key, of_key in values.items()}
        return "&".join(f"{key}={value}" for key in sorted(values) for value in sorted(values[key]))


def _date(request: HttpRequest, now: float) -> str:
    """The date that a header gives, or the time of day."""
    given = request.header("date")
    moment = datetime.fromtimestamp(now, UTC)
    if given is not None:
        try:
            moment = parsedate_to_datetime(given)
        except ValueError:
            raise AuthorisationError(f"awsv4: the header Date holds no date: {given}") from None
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _signed_headers(headers: Headers) -> list[tuple[str, str]]:
    by_name = {name.lower(): value for name, value in headers if name.lower() not in _UNSIGNED_HEADERS}
    return sorted(by_name.items())


def _signed_names(headers: Headers) -> str:
    return ";".join(name for name, _ in _signed_headers(headers))


def _escaped(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="-_.~")


def _decoded(text: str) -> str:
    """Text without its escapes, those of reserved characters left, as JavaScript's decodeURI does it."""
    kept = "|".join(f"%{ord(one):02X}" for one in _RESERVED)
    pieces = re.split(f"({kept})", text, flags=re.IGNORECASE)
    return "".join(piece if place % 2 else unquote(piece) for place, piece in enumerate(pieces))

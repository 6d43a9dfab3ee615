"""What an authorisation works with: its settings, and the request as it will go out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol, cast
from urllib.parse import SplitResult, urlsplit

import attrs
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.addresses import with_parameter, without_parameters
from umapi_harness.postman.sending.messages import HttpBody, HttpRequest, SendError
from umapi_harness.postman.variables import value_text


class AuthorisationError(Exception):
    """A request cannot be authorised; the message says why, and what to do."""


@attrs.frozen
class Settings:
    """The settings of an authorisation, their variables resolved, by the names that Postman gives them."""

    values: Mapping[str, JsonValue] = attrs.field(repr=False)

    def text(self, name: str, default: str = "") -> str:
        """A setting as text; `default` when it is absent, null or empty."""
        return value_text(self.values.get(name)) or default

    def flag(self, name: str) -> bool:
        """Whether a setting is on. As in Postman, any text but an empty one is."""
        return bool(self.values.get(name))

    def entries(self, name: str) -> list[str]:
        """A list of texts, or one text with commas between them."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [entry for entry in cast("list[JsonValue]", value) if isinstance(entry, str)]
        return value.split(",") if isinstance(value, str) else []


@attrs.frozen(kw_only=True)
class Unsigned:
    """A request before it is authorised: its own headers, and its body in the bytes of the wire.

    `mode` is Postman's word for the kind of body, `now` seconds since 1970. `as_it_stands` means that the address is
    not to be encoded anew.
    """

    http: HttpRequest
    mode: str = ""
    now: float
    as_it_stands: bool = False

    @property
    def parts(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.http.url)

    @property
    def host(self) -> str:
        """Host and port, as the address has them."""
        return self.parts.netloc.rpartition("@")[2]

    @property
    def target(self) -> str:
        """Path and query."""
        return "/" + self.http.url.partition("://")[2].partition("/")[2]

    def hashed(self, algorithm: str, most: int | None = None) -> bytes | None:
        """The hash of the body, or of its first `most` bytes; None when there is none. Raises AuthorisationError."""
        return None if self.http.body is None else body_hash(self.http.body, algorithm, most=most)


class Hash(Protocol):
    """A hash that grows with what it is given."""

    def update(self, data: bytes, /) -> None:
        """Takes more bytes."""
        ...

    def digest(self) -> bytes:
        """The hash of all bytes so far."""
        ...

    def hexdigest(self) -> str:
        """The hash in hexadecimal digits."""
        ...


Signer = Callable[[Settings, Unsigned], HttpRequest]
"""Makes of a request one that is authorised; raises AuthorisationError."""


def body_hash(
    body: HttpBody | None, algorithm: str, *, most: int | None = None, before: bytes = b"", after: bytes = b""
) -> bytes:
    """The hash of a body, between what stands before and after it; raises AuthorisationError for an unreadable file."""
    digest = new_hash(algorithm)
    digest.update(before)
    left = most
    try:
        for piece in () if body is None else body.pieces():
            taken = piece if left is None else piece[:left]
            digest.update(taken)
            left = None if left is None else left - len(taken)
            if left == 0:
                break
    except SendError as error:
        raise AuthorisationError(str(error)) from None
    digest.update(after)
    return digest.digest()


def new_hash(algorithm: str) -> Hash:
    """A hash by the name that hashlib has for it; raises AuthorisationError for one that this Python lacks."""
    try:
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError:
        raise AuthorisationError(f"this Python has no {algorithm}; choose another algorithm") from None


def in_header(request: HttpRequest, key: str, value: str) -> HttpRequest:
    """The request with a header in the place of all of its name; one without a name is left out."""
    if not key:
        return request
    others = without_header(request, key).headers
    return replace(request, headers=(*others, (key, value)))


def without_header(request: HttpRequest, key: str) -> HttpRequest:
    """The request without the headers of a name."""
    return replace(request, headers=tuple(pair for pair in request.headers if pair[0].lower() != key.lower()))


def in_query(request: HttpRequest, key: str, value: str) -> HttpRequest:
    """The request with a parameter of the query in the place of all of its name."""
    return replace(request, url=with_parameter(without_parameters(request.url, {key}), key, value))


def one_line(value: str) -> str:
    """The value of a header as signatures take it: without blanks around it, and with one for several in it."""
    return " ".join(value.split())

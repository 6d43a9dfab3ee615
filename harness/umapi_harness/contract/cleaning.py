"""Cleaning: exchanges without secrets and, if wanted, with pseudonyms, before anything of them touches the disk."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import attrs

from umapi_harness.common.payloads import holds_no_text, text_of
from umapi_harness.common.secrets import Masker
from umapi_harness.contract.attachments import detached
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedRequest, RecordedResponse
from umapi_harness.contract.personal import PersonalData
from umapi_harness.contract.pseudonym_notes import NOTE, digest, is_digests
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.strangers import without_strangers

_LEFT_OUT: Final = re.compile(rb"left out: [0-9]+ bytes of [a-z0-9.+/-]+ could not be inspected")
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,80}")


@attrs.frozen
class Opened:
    """An exchange whose bodies are UTF-8, as far as they are text; those that are none are empty."""

    exchange: Exchange
    request: bytes | None
    """What stands in place of the request's body that could not be inspected; None where it is text."""
    response: bytes | None

    def marked(self, cleaned: Exchange) -> Exchange:
        """Return an exchange with the marks in place of the bodies that are left out."""
        if self.request is None and self.response is None:
            return cleaned
        request, response = cleaned.request, cleaned.response
        return attrs.evolve(
            cleaned,
            request=request if self.request is None else attrs.evolve(request, body=self.request),
            response=response if self.response is None else attrs.evolve(response, body=self.response),
        )

    @property
    def left_out(self) -> int:
        """How many bodies could not be inspected."""
        return (self.request is not None) + (self.response is not None)


def opened(exchange: Exchange) -> Opened:
    """Take compressions and character sets off the bodies of an exchange, whatever its headers say of them."""
    (sent, no_sent), (answered, no_answered) = _opened(exchange.request), _opened(exchange.response)
    plain = attrs.evolve(
        exchange,
        request=attrs.evolve(exchange.request, body=sent),
        response=attrs.evolve(exchange.response, body=answered),
    )
    return Opened(plain, no_sent, no_answered)


def is_mark(body: bytes) -> bool:
    """Whether a body is the mark of one that was left out."""
    return _LEFT_OUT.fullmatch(body) is not None


def _opened(message: RecordedRequest | RecordedResponse) -> tuple[bytes, bytes | None]:
    body = message.body
    if not body:
        return b"", None
    if is_mark(body):
        return b"", body
    kind = message.header("Content-Type") or ""
    text = None if holds_no_text(kind) else text_of(body, kind)
    if text is not None:
        return text.encode("utf-8", "replace"), None
    essence = kind.partition(";")[0].strip().lower()
    shown = essence if _MEDIA_TYPE.fullmatch(essence) else "no/type"
    return b"", b"left out: %d bytes of %s could not be inspected" % (len(body), shown.encode())


class Cleaner:
    """Takes secrets out of exchanges and puts pseudonyms in.

    An exchange is learnt before it is cleaned, and all those of a file before the first of them: what one place names
    is then found in all others.

    Bodies that cannot be read as text are left out, for nobody can tell what is in them.

    Args:
        pseudonyms: None leaves personal data as it is.
        accepted: words that stay where nothing tells that they are personal, in any letter case.
    """

    def __init__(self, pseudonyms: Pseudonyms | None, accepted: frozenset[str] = frozenset()) -> None:
        self.left_out = 0
        """How many bodies of cleaned exchanges have been left out, in whole or in part."""
        self._masker = Masker(learning=True)
        self._pseudonyms = pseudonyms
        self._accepted = accepted
        self._personal = PersonalData(pseudonyms) if pseudonyms is not None else None

    def learn(self, exchange: Exchange) -> None:
        """Remember the secrets and names of an exchange."""
        masked = detached(without_secrets(opened(exchange).exchange, self._masker)).exchange
        if self._personal is not None:
            self._personal.learn(masked)

    def cleaned(self, exchange: Exchange) -> Exchange:
        """Return an exchange as it may be written: nothing secret in it, its sizes those of its bodies."""
        plain = opened(exchange)
        rest = detached(without_secrets(plain.exchange, self._masker))
        self.left_out += plain.left_out + rest.request + rest.response
        if self._personal is None or self._pseudonyms is None:
            return sized(exchange, plain.marked(rest.exchange))
        self._pseudonyms.made.clear()
        done = plain.marked(self._personal.exchange(rest.exchange))
        done = without_strangers(done, self._pseudonyms, self._accepted)
        note = " ".join(sorted({digest(word) for word in self._pseudonyms.made}))
        return sized(exchange, attrs.evolve(done, notes={**done.notes, NOTE: note}))


def without_secrets(exchange: Exchange, masker: Masker) -> Exchange:
    """Return an exchange with its secrets masked; the masker learns them."""
    known = len(masker)
    masker.short.clear()
    masked = _masked(exchange, masker)
    # What an answer teaches, such as a token, may stand in the request too.
    if len(masker) > known:
        masked = _masked(exchange, masker)
    return _without_short(masked, masker)


def _without_short(exchange: Exchange, masker: Masker) -> Exchange:
    """Mask secrets that are too short to be sought everywhere: in their own exchange they are what they are."""
    if not masker.short:
        return exchange
    request, response = exchange.request, exchange.response
    words = "|".join(re.escape(form) for secret in sorted(masker.short) for form in {secret, quote(secret, safe="")})
    pattern = re.compile(f"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])")
    changed = partial(pattern.sub, masker.mask)
    return attrs.evolve(
        exchange,
        request=attrs.evolve(
            request,
            url=changed(request.url),
            headers=tuple((name, changed(value)) for name, value in request.headers),
            body=changed(request.body.decode()).encode(),
        ),
        response=attrs.evolve(
            response,
            reason=changed(response.reason),
            headers=tuple((name, changed(value)) for name, value in response.headers),
            body=changed(response.body.decode()).encode(),
        ),
    )


def _masked(exchange: Exchange, masker: Masker) -> Exchange:
    request, response = exchange.request, exchange.response
    return attrs.evolve(
        exchange,
        name=exchange.name if exchange.name == exchange.where else masker.text(exchange.name),
        request=attrs.evolve(
            request,
            url=masker.url(request.url),
            headers=_headers(request.headers, masker),
            body=masker.body(request.body),
        ),
        response=attrs.evolve(
            response,
            reason=masker.text(response.reason),
            headers=_headers(response.headers, masker),
            body=masker.body(response.body),
        ),
        source=masker.text(exchange.source),
        notes={name: _note(name, value, masker) for name, value in exchange.notes.items()},
    )


def _headers(headers: Headers, masker: Masker) -> Headers:
    return tuple((masker.text(name), masker.header(name, value)) for name, value in headers)


def _note(name: str, value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return value if name == NOTE and is_digests(value) else masker.text(value)
    return masker.data({name: value})[name]


def sized(before: Exchange, after: Exchange) -> Exchange:
    """Set Content-Length anew where it was the length of the body."""
    request, response = after.request, after.response
    return attrs.evolve(
        after,
        request=attrs.evolve(request, headers=_lengths(request.headers, len(before.request.body), len(request.body))),
        response=attrs.evolve(
            response, headers=_lengths(response.headers, len(before.response.body), len(response.body))
        ),
    )


def _lengths(headers: Headers, before: int, after: int) -> Headers:
    return tuple(
        (name, str(after)) if name.lower() == "content-length" and value.strip() == str(before) else (name, value)
        for name, value in headers
    )

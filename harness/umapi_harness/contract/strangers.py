"""Strangers: what nobody vouches for in an exchange, replaced by pseudonyms or listed with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

import attrs

from umapi_harness.common import json_text
from umapi_harness.common.pointers import escaped
from umapi_harness.common.secret_names import snake_case
from umapi_harness.contract.accounting import Accounts
from umapi_harness.contract.exchanges import Exchange, Headers
from umapi_harness.contract.paths import path_kinds
from umapi_harness.contract.personal_fields import Kind, kind_of_header
from umapi_harness.contract.pseudonym_notes import NOTE, digest, is_digests
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.schema import operations
from umapi_harness.contract.vouching import WORD, is_resource

_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}
_COUNT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, [0-9]{2}[ -][A-Z][a-z]{2}[ -][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_VERSION: Final = re.compile(r"(?<=[/ ])v?[0-9]{1,4}(?:[._-][0-9]{1,5}){0,5}(?![^\W_])")
_LANGUAGE: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2}(?:-[A-Za-z]{2,4})?(?![^\W_])")
_NUMBER: Final = re.compile(r"(?<![^\W_])[0-9]{1,12}(?:\.[0-9]{1,9})?(?![^\W_])")
_OF_HEADERS: Final = {
    "cache_control": _NUMBER,
    "content_range": _NUMBER,
    "keep_alive": _NUMBER,
    "range": _NUMBER,
    "strict_transport_security": _NUMBER,
    "user_agent": _VERSION,
    "server": _VERSION,
    "via": _VERSION,
    "x_powered_by": _VERSION,
    "accept_language": _LANGUAGE,
    "content_language": _LANGUAGE,
}
"""What is vouched for in a header of this name, and nowhere else."""
_SIGNS: Final = {2: "\u00b7", 3: "\u2022", 4: "\U0001f532"}
"""What stands for a sign, by how many bytes of UTF-8 it has."""
_SHOWN: Final = 40
_LEAST_OF_A_SECRET: Final = 16
UNVOUCHED: Final = "that nobody vouches for"
_MOST_TOLD: Final = 20
"""Words that are shown of one place."""
_ROUNDS: Final = 20
"""A pseudonym behind a backslash may read as an escape, which the next round replaces; mostly there is none."""
_MOST_WORDS: Final = 100_000
_MOST_STEPS: Final = 100
"""Of a pointer: what is deeper is told by its last ones."""
_MOST_PLACES: Final = 1000
"""Places within bodies that are looked for; of more the body is told."""


def without_strangers(exchange: Exchange, pseudonyms: Pseudonyms, accepted: frozenset[str]) -> Exchange:
    """Return an exchange with pseudonyms for the words that nobody vouches for, but for those it has given already."""

    def replaced(token: str) -> str:
        if len(token) == 1 and not token.isalnum():
            return _SIGNS[len(token.encode("utf-8", "surrogatepass"))]
        if len(token) == 1 and token.isascii() and token.isalpha():
            # Any other letter might read as the name of a key's part, such as k, and says no more.
            return "x" if token.islower() else "X"
        made = pseudonyms.address(token)
        return pseudonyms.phrase(token) if made == token else made

    parts = _Parts(Accounts(lambda word: word.lower() in pseudonyms.made, replaced, _small(accepted)))
    for _ in range(_ROUNDS):
        before, exchange = exchange, parts.exchange(exchange)
        if (before.request, before.response, before.source, before.notes) == (
            exchange.request,
            exchange.response,
            exchange.source,
            exchange.notes,
        ):
            break
    return exchange


@attrs.define
class _Parts:
    """The parts of an exchange, each accounted for by what stands there."""

    _accounts: Accounts
    _told: Callable[[str], object] = lambda _place: None
    """Told of each part, by its place, before it is looked through."""

    def exchange(self, exchange: Exchange) -> Exchange:
        request, response = exchange.request, exchange.response
        self._told("/request/method")
        method = self._accounts.text(request.method)
        self._told("/request/url")
        url = self._url(request.url)
        sent_headers = self._headers("/request/headers", request.headers)
        self._told("/request/postData/text")
        sent = self._body(request.body)
        self._told("/response/statusText")
        reason = self._reason(response.status, response.reason)
        headers = self._headers("/response/headers", response.headers)
        self._told("/response/content/text")
        answered = self._body(response.body)
        self._told("/comment")
        source = self._accounts.text(exchange.source)
        self._told("/_umapi")
        return attrs.evolve(
            exchange,
            request=attrs.evolve(request, method=method, url=url, headers=sent_headers, body=sent),
            response=attrs.evolve(response, reason=reason, headers=headers, body=answered),
            source=source,
            notes={self._accounts.text(name): self._note(name, value) for name, value in exchange.notes.items()},
        )

    def _url(self, url: str) -> str:
        """Account for a URL; pages are numbered by the API's paths."""
        path, mark, query = url.partition("?")
        scheme, slashes, rest = path.rpartition("://")
        place, *segments = rest.split("/")
        kinds = path_kinds(["", *segments]) if segments else ()
        parts = [
            segment if kind is Kind.FIXED and segment.isdigit() else self._accounts.text(segment)
            for kind, segment in list(kinds)[1:]
        ]
        front = self._accounts.text(f"{scheme}{slashes}{place}/")[:-1] if segments else self._accounts.text(path)
        return f"{'/'.join((front, *parts))}{self._accounts.text(mark + query)}"

    def _headers(self, place: str, headers: Headers) -> Headers:
        changed: list[tuple[str, str]] = []
        for number, (name, value) in enumerate(headers):
            self._told(f"{place}/{number}")
            changed.append((self._accounts.name(name), self._header(name, value)))
        return tuple(changed)

    def _header(self, name: str, value: str) -> str:
        counts = kind_of_header(name) is Kind.FIXED
        if is_resource(value) or (counts and (_COUNT.fullmatch(value) or _DATE.fullmatch(value))):
            return value
        kept = _OF_HEADERS.get(snake_case(name[:200]))
        if kept is None:
            return self._accounts.text(value)
        parts: list[str] = []
        done = 0
        for found in kept.finditer(value):
            parts += (self._accounts.text(value[done : found.start()]), found[0])
            done = found.end()
        return "".join((*parts, self._accounts.text(value[done:])))

    def _reason(self, status: int, reason: str) -> str:
        return reason if reason.lower() == _PHRASES.get(status, "").lower() else self._accounts.text(reason)

    def _body(self, body: bytes) -> bytes:
        text = body.decode("utf-8", "replace")
        changed = self._accounts.text(text)
        return body if changed == text else changed.encode("utf-8", "replace")

    def _note(self, name: str, value: Any) -> Any:
        if (name == "operation" and value in operations()) or (name == NOTE and is_digests(value)):
            return value
        if isinstance(value, str):
            return self._accounts.text(value)
        return json_text.data(self._accounts.text(json_text.quoted_data(value)))


class Strangers:
    """Lists what nobody vouches for in exchanges.

    Args:
        accepted: words that the owner of the recording vouches for, in any letter case.
        shown: whether a line tells which words they are, and not only how many; of what may be a secret, the beginning.
    """

    def __init__(self, accepted: frozenset[str] = frozenset(), *, shown: bool = False) -> None:
        self._shown = shown
        self.words: set[str] = set()
        """The words that have been found, in small letters; no more than a hundred thousand."""
        self._digests: frozenset[str] = frozenset()
        self._place = ""
        self._found: dict[str, dict[str, None]] = {}
        self._accounts = Accounts(self._is_pseudonym, self._note, _small(accepted))
        self._places = 0

    def _is_pseudonym(self, word: str) -> bool:
        return bool(self._digests) and digest(word) in self._digests

    def _note(self, token: str) -> str:
        self._found.setdefault(self._place, {})[token] = None
        if len(self.words) < _MOST_WORDS:
            self.words.add(token.lower())
        return token

    def _at(self, place: str) -> None:
        self._place = place

    def of_exchange(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        """Yield the places in an exchange where strangers are, and a line on them."""
        self._digests = frozenset(str(exchange.notes.get(NOTE, "")).split())
        self._found.clear()
        _Parts(self._accounts, self._at).exchange(exchange)
        bodies = {
            "/request/postData/text": exchange.request.body,
            "/response/content/text": exchange.response.body,
        }
        for place, tokens in list(self._found.items()):
            if place in bodies:
                yield from self._in_body(place, bodies[place].decode("utf-8", "replace"), tokens)
            else:
                yield place, self._line(tokens)

    def of_text(self, text: str) -> str:
        """Return a line on the strangers in a text that belongs to no exchange; empty without any."""
        self._digests = frozenset()
        self._found.clear()
        self._place = ""
        self._accounts.text(text)
        return self._line(self._found[""]) if self._found else ""

    def _pointer(self, values: list[json_text.Value], value: json_text.Value) -> str:
        """Return where a value is; of members whose names are strangers themselves nothing is told unless words are."""
        steps: list[str] = []
        name = value.kind == "key"
        value = values[value.parent] if name and value.parent >= 0 else value
        while value.parent >= 0 and len(steps) < _MOST_STEPS:
            outer = values[value.parent]
            step = escaped(value.name or "") if outer.kind == "object" else str(value.place)
            steps.append(step if self._shown or not self._strangers_in(f'"{step}":') else "*")
            value = outer
        return ("".join(f"/{step}" for step in reversed(steps)) or "/") + (" (a member's name)" if name else "")

    def _line(self, tokens: dict[str, None]) -> str:
        count = "1 word" if len(tokens) == 1 else f"{len(tokens)} words"
        if not self._shown:
            return f"{count} {UNVOUCHED}"
        words = ", ".join(map(_shown, list(tokens)[:_MOST_TOLD]))
        more = " and more" if len(tokens) > _MOST_TOLD else ""
        return f"{count} {UNVOUCHED}: {words}{more}"

    def _strangers_in(self, text: str) -> dict[str, None]:
        self._found.clear()
        self._accounts.text(text)
        return self._found.get(self._place, {})

    def _in_body(self, place: str, text: str, tokens: dict[str, None]) -> Iterator[tuple[str, str]]:
        """Yield the members of JSON in which strangers are, or else the body."""
        found: list[tuple[str, str]] = []
        if json_text.is_json_like(text) and self._places < _MOST_PLACES:
            values = json_text.scan(text).values
            name: dict[str, None] = {}
            for number, value in enumerate(values):
                before = values[number - 1] if number and values[number - 1].kind == "key" else None
                if value.kind == "key":
                    name = self._strangers_in(text[value.start : value.end] + ":")
                    words = name
                elif value.kind in ("object", "array"):
                    continue
                else:
                    words = self._strangers_in(text[before.start if before else value.start : value.end])
                    words = {word: None for word in words if before is None or word not in name}
                if words:
                    words = dict(words)
                    found.append((f"{place} at {self._pointer(values, value)}", self._line(words)))
            self._places += len(found)
        yield from found or [(place, self._line(tokens))]


def _shown(token: str) -> str:
    secret = len(token) >= _LEAST_OF_A_SECRET and not token.isalpha()
    if secret or len(token) > _SHOWN:
        return f'"{token[:3]}..." ({len(token)} characters)'
    return json_text.quoted(token, ascii_only=len(token) == 1 and not token.isalnum())


def _small(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for entry in words for word in WORD.findall(entry.lower()))

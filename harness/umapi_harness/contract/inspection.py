"""Inspection: whether a recording is clean, that is, holds no secret and no name but pseudonyms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeGuard

import attrs

from umapi_harness.common import json_text
from umapi_harness.common.pointers import escaped
from umapi_harness.common.secrets import REDACTED, SHORTEST_SOUGHT, Masker
from umapi_harness.contract import redaction
from umapi_harness.contract.archives import is_creator
from umapi_harness.contract.attachments import detached
from umapi_harness.contract.cleaning import is_mark, opened, without_secrets
from umapi_harness.contract.exchanges import Exchange, Headers
from umapi_harness.contract.formats.leftovers import has_text
from umapi_harness.contract.personal import PersonalData
from umapi_harness.contract.pseudonym_notes import NOTE, digest
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.strangers import Strangers

LEFT: Final = "a secret"
NAME: Final = "personal data that is no pseudonym"
UNREAD: Final = "text that is no part of an exchange, and may name anybody; redact leaves it out"
UNOPENED: Final = (
    "not inspected: neither text nor a compression or character set that can be read; redact leaves it out"
)
_SENT: Final = "/request/postData/text"
_ANSWERED: Final = "/response/content/text"
_LONGEST_LINE: Final = 1 << 20
_MOST_MEMBERS: Final = 10_000
_MARK: Final = "\u00a4"


@attrs.frozen
class Leftover:
    """One place in which something is left."""

    place: str
    """With the file."""
    what: tuple[str, ...]
    """What is left there, never the thing itself."""

    @property
    def is_secret(self) -> bool:
        """Whether a secret is left there."""
        return LEFT in self.what

    def __str__(self) -> str:
        return f"{self.place}: {'; '.join(self.what)}"


class Inspector:
    """Finds what is left in exchanges.

    Args:
        digests: of the pseudonyms that the file tells of; None looks for secrets alone.
        accepted: words that whoever owns the file vouches for.
        shown: whether findings tell the words that nobody vouches for.
    """

    def __init__(
        self, digests: frozenset[str] | None, accepted: frozenset[str] = frozenset(), *, shown: bool = False
    ) -> None:
        self._strangers = Strangers(accepted, shown=shown)
        self._shown = shown
        self._masker = Masker(learning=True)
        self._clean: set[tuple[str, str]] = set()
        """Members outside of exchanges, by name and JSON, in which nothing was found."""
        self._personal = PersonalData(_Known(digests)) if digests is not None else None

    @property
    def unvouched(self) -> int:
        """How many different words have been found that nobody vouches for."""
        return len(self._strangers.words)

    def findings(self, exchange: Exchange) -> Iterator[Leftover]:
        """Yield each place where something is left, once."""
        found: dict[str, list[str]] = {}
        for place, what in self._found(exchange):
            found.setdefault(place, []).append(what)
        yield from (Leftover(exchange.where + place, tuple(dict.fromkeys(what))) for place, what in found.items())

    def _found(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        plain = opened(exchange)
        for place, mark, body in (
            (_SENT, plain.request, exchange.request.body),
            (_ANSWERED, plain.response, exchange.response.body),
        ):
            if mark is not None and not is_mark(body):
                yield place, UNOPENED
        exchange = plain.exchange
        masked = without_secrets(exchange, self._masker)
        yield from ((place, LEFT) for place in _changed(exchange, masked))
        rest = detached(masked)
        for place, is_left_out in ((_SENT, rest.request), (_ANSWERED, rest.response)):
            if is_left_out:
                yield place, UNOPENED
        masked = rest.exchange
        if self._personal is not None:
            changed = list(_changed(masked, self._personal.exchange(masked)))
            if changed:
                # Something was learnt, which may stand elsewhere in the exchange too; without it, nothing was.
                changed = list(_changed(masked, self._personal.exchange(masked)))
            yield from ((place, NAME) for place in changed)
            yield from self._strangers.of_exchange(plain.marked(masked))

    def leftovers(self, place: str, value: object) -> Iterator[Leftover]:
        """Yield each secret in what is no part of an exchange, and the whole if there is other text in it.

        `redact` leaves all that out, hence has no pseudonyms in it.
        """
        if place.endswith("#/log/creator") and is_creator(value):
            return
        written = json.dumps(value, default=str)
        member = (place.rpartition("/")[2], written)
        if member in self._clean:
            return
        lines = list(self._left(place, json.loads(written)))
        # What is shorter than any secret that has been learnt stays clean whatever else is read.
        if not lines and len(written) < SHORTEST_SOUGHT and len(self._clean) < _MOST_MEMBERS:
            self._clean.add(member)
        yield from lines

    def _left(self, place: str, plain: object) -> Iterator[Leftover]:
        above, slash, name = place.rpartition("/")
        if self._strangers.of_text(f'"{name}":') and not self._shown:
            place = f"{above}{slash}*"
        found: list[str] = []
        for masked in (self._masker.data({name: plain})[name], redaction.member(name, plain, self._masker)):
            found += _changed_data("", plain, masked)
        yield from (Leftover(f"{place}{pointer}", (LEFT,)) for pointer in dict.fromkeys(found))
        if not found and self._personal is not None:
            words = self._strangers.of_text(json_text.quoted_data({name: plain}))
            if has_text(plain):
                yield Leftover(place, (UNREAD,))
            elif words:
                yield Leftover(place, (words,))

    def comments(self, path: Path) -> Iterator[Leftover]:
        """Yield each line of a file that may be a comment of YAML, which no reader of YAML sees."""
        if self._personal is None:
            return
        with path.open("rb") as stream:
            for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE), b""), 1):
                text = line.decode("utf-8", "replace").partition("#")[2]
                words = self._strangers.of_text(text) if text else ""
                if words:
                    yield Leftover(f"{path}: line {number}, which may be a comment", (words,))


def pseudonym_digests(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Return the digests of all pseudonyms that exchanges tell of."""
    notes = (str(exchange.notes.get(NOTE, "")) for exchange in exchanges)
    return frozenset(word for note in notes for word in note.split())


class _Known(Pseudonyms):
    """Leaves pseudonyms as they are and marks every other word."""

    def __init__(self, digests: frozenset[str]) -> None:
        super().__init__("")
        self._digests = digests

    def word(self, word: str) -> str:
        if word == REDACTED or digest(word) in self._digests:
            return word
        # A number stays one, so that JSON stays JSON.
        return ("1" if word[0] != "1" else "2") * len(word) if word.isdigit() else _MARK * len(word)

    def address(self, text: str) -> str:
        changed = super().address(text)
        return text if changed == text or digest(text) in self._digests else _MARK * len(text)


def _changed(before: Exchange, after: Exchange) -> Iterator[str]:
    for side, content, old, new in (
        ("request", _SENT, before.request, after.request),
        ("response", _ANSWERED, before.response, after.response),
    ):
        yield from _changed_headers(f"/{side}/headers", old.headers, new.headers)
        if old.body != new.body:
            yield from _changed_text(content, old.body.decode("latin-1"), new.body.decode("latin-1"))
    if before.request.url != after.request.url:
        yield "/request/url"
    if before.response.reason != after.response.reason:
        yield "/response/statusText"
    if before.source != after.source:
        yield "/comment"
    yield from _changed_data("/_umapi", dict(before.notes), dict(after.notes))


def _changed_headers(place: str, old: Headers, new: Headers) -> Iterator[str]:
    for number, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            yield f"{place}/{number} ({after[0]})"


def _changed_text(place: str, old: str, new: str) -> Iterator[str]:
    try:
        before, after = json.loads(old), json.loads(new)
        found = [f"{place} at {pointer or '/'}" for pointer in _changed_data("", before, after)]
    except (ValueError, RecursionError):
        found = []
    yield from found or [place]


def _changed_data(place: str, old: object, new: object) -> Iterator[str]:
    if _is_object(old) and _is_object(new):
        if list(old) != list(new):
            yield f"{place or '/'} (a member's name)"
            return
        for name, value in old.items():
            yield from _changed_data(f"{place}/{escaped(name)}", value, new[name])
    elif _is_array(old) and _is_array(new):
        for number, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _changed_data(f"{place}/{number}", one, other)
    elif old != new:
        yield place


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)

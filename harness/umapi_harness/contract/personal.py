"""Personal data in exchanges: found wherever it stands, and put into pseudonyms in the form in which it stood."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Final

import attrs

from umapi_harness.common import json_text, notations, statements
from umapi_harness.common.markup import markup_fields, multipart_parts, tags
from umapi_harness.common.secret_names import is_secret, snake_case
from umapi_harness.common.secrets import REDACTED
from umapi_harness.common.shapes import base64_text, hexadecimal_text, packed_text
from umapi_harness.contract.attachments import is_attachment_mark
from umapi_harness.contract.encodings import entities_changed, json_changed, percent_changed
from umapi_harness.contract.escapes import escapes_changed, has_escapes
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedResponse
from umapi_harness.contract.known_names import KEPT, KnownNames
from umapi_harness.contract.mentions import mentions
from umapi_harness.contract.paths import path_kinds
from umapi_harness.contract.personal_fields import Kind, is_id, kind_of, kind_of_header, messages
from umapi_harness.contract.personal_pairs import IDENTIFIER, is_label, told_kinds
from umapi_harness.contract.personal_shapes import CONTROL, is_account, shapes
from umapi_harness.contract.pseudonyms import NOTE, Pseudonyms, is_digests
from umapi_harness.contract.schema import operations

_DIVED: Final = frozenset({Kind.TEXT, Kind.FIXED, Kind.MESSAGE})
_ROLES: Final = frozenset({"org", "deployment", "support"})
_IPV4: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
# What a field in a text could begin with.
_FIELD_MARK: Final = re.compile(
    r"[=:<\n,]|\binsert\s|(?:\s|%20|\+)(?:eq|ne|co|sw|ew|i?like)(?:\s|%20|\+)", re.IGNORECASE
)
# Those to whom no home belongs, but a machine or everybody.
_NOBODY: Final = frozenset({"public", "default", "shared", "all users", "runner", "ubuntu", "user", "node", "app"})
_MARKUP: Final = re.compile(r"&(?:lt|quot|apos|#0*3[49]|#0*60);", re.IGNORECASE)
_ISLAND: Final = re.compile(r"[\[{]\s*+(?:\"|[\[{]\s*+\")")
_FILE: Final = re.compile(
    r"(?<![\w-])(?P<name>filename|name)\*?=(?:\"(?P<quoted>[^\"\r\n]*+)|(?P<bare>[^\s;\"]++))", re.I
)
_FORM: Final = re.compile(r"[\w.%+*~\[\]-]++=[^\s\"'<>{}]*+")
# One that begins no letter as HTML writes it.
_AMPERSAND: Final = re.compile(
    r"&(?!(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|(?!amp;)[A-Za-z][A-Za-z0-9]{1,30});)"
)
_ENCODED: Final = re.compile(r"(?<![\w.%~+-])[\w.%~+-]++")
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,}+={0,2}+")
_PUBLIC: Final = ("adobe.io", "adobelogin.com", "adobe.com", "localhost", "testserver")
_DEEPEST: Final = 6
"""How many encodings within each other are looked into."""
_STATUSES: Final = frozenset(map(int, HTTPStatus))
_STATES: Final = frozenset({"active", "inactive", "enabled", "disabled", "yes", "no", "enterprise", "federated"})
_ASKED: Final = frozenset({Kind.PHRASE, Kind.PERSON, Kind.DOMAIN, Kind.ROLE, Kind.HOST})
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-F]{2}|[0-9a-f]{2})++")
_WORD: Final = re.compile(r"[^\W_]++")


@attrs.define
class PersonalData:
    """Puts pseudonyms in the place of personal data.

    Names that stand in fields of their own are remembered, so that they are found in messages and notes too; what a
    later exchange teaches is not known to an earlier one, hence `learn` goes through all of a file first.
    """

    _pseudonyms: Pseudonyms
    _known: KnownNames = attrs.field(factory=KnownNames, init=False)

    def learn(self, exchange: Exchange) -> None:
        """Remember the names of an exchange."""
        self.exchange(exchange)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange with pseudonyms in URL, headers, bodies and notes."""
        request, response = exchange.request, exchange.response
        # Bodies first, for they say whose names the messages and ids elsewhere are.
        sent = self.body(request.body, request.header("Content-Type") or "")
        url = self.url(request.url)
        answered = self.body(response.body, response.header("Content-Type") or "")
        return attrs.evolve(
            exchange,
            request=attrs.evolve(request, url=url, headers=self.headers(request.headers), body=sent),
            response=attrs.evolve(
                response, reason=self._reason(response), headers=self.headers(response.headers), body=answered
            ),
            source=self.text(exchange.source),
            notes={name: self._note(name, value) for name, value in exchange.notes.items()},
        )

    def headers(self, headers: Headers) -> Headers:
        """Return headers with pseudonyms."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name.lower() == "content-disposition":
            value = json_text.edited(value, self._files(value))
        kind = kind_of_header(name)
        return self.host(value) if kind is Kind.HOST else self.value(kind, value)

    def _reason(self, response: RecordedResponse) -> str:
        phrase = HTTPStatus(response.status).phrase if response.status in _STATUSES else ""
        return response.reason if response.reason.lower() == phrase.lower() else self._message(response.reason)

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return a body with pseudonyms, as many bytes long as before."""
        return self._content(body.decode("utf-8", "replace"), content_type, 0).encode("utf-8", "replace")

    def url(self, url: str) -> str:
        """Return a URL with pseudonyms in host, path and query."""
        head, hash_mark, fragment = url.partition("#")
        head, question, query = head.partition("?")
        scheme, slashes, rest = head.rpartition("://")
        place, slash, path = rest.partition("/") if slashes else ("", "", head)
        user, at, host = place.rpartition("@")
        path = "/".join(
            percent_changed(segment, partial(self.value, kind)) for kind, segment in path_kinds(path.split("/"))
        )
        front = f"{scheme}{slashes}{user}{at}{self.host(host)}{slash}{path}"
        return f"{front}{question}{self._form(query)}{hash_mark}{self._form(fragment)}"

    def host(self, place: str) -> str:
        """Return host and port; Adobe's hosts, this machine and names without a dot stay."""
        host, colon, port = place.rpartition(":") if re.search(r":[0-9]*$", place) else (place, "", "")
        if host.startswith("["):
            return f"[{self._pseudonyms.address(host[1:-1])}]{colon}{port}"
        lowered = host.lower()
        if "." not in host or any(lowered == name or lowered.endswith(f".{name}") for name in _PUBLIC):
            return place
        is_address = _IPV4.fullmatch(host) is not None
        return f"{(self._pseudonyms.address if is_address else self._domain)(host)}{colon}{port}"

    def _machine(self, name: str) -> str:
        """Change what a field calls a machine; without a dot it is often called after somebody."""
        is_plain = IDENTIFIER.fullmatch(name) is not None and name.lower() not in _PUBLIC
        return self._phrase(name) if is_plain else self.host(name)

    def text(self, text: str) -> str:
        """Return any text with pseudonyms for addresses, ids, and names that are known."""
        return self._text(text, 0)

    def value(self, kind: Kind, text: str, depth: int = 0) -> str:
        """Return the value of a field of a kind with pseudonyms."""
        if kind is Kind.ROLE:
            kind = Kind.FIXED if text.lower() in _ROLES else Kind.PHRASE
        if not text or text == REDACTED or is_attachment_mark(text):
            return text
        if kind is Kind.PERSON:
            # Somebody is called Null, or None.
            if "@" not in text and "://" not in text:
                self._known.add_words(text)
            kind = Kind.PHRASE
        elif text.lower() in KEPT:
            return text
        if kind is Kind.FIXED:
            # The vocabulary holds nobody's name; where something else stands, its shape tells it.
            return self._unnamed(text, depth)
        if kind is Kind.PHRASE and "://" not in text:
            return self._phrase(text)
        if kind is Kind.TEXT:
            return self._text(text, depth)
        change: dict[Kind, Callable[[str], str]] = {
            Kind.DOMAIN: self._domain,
            Kind.HOST: self._machine,
            Kind.URL: self._link,
            Kind.MESSAGE: self._message,
        }
        return change[kind](text) if kind in change else self._text(text, depth)

    def _phrase(self, text: str) -> str:
        return escapes_changed(text, self._name) if has_escapes(text) else self._name(text)

    def _name(self, text: str) -> str:
        if text.lower() in self._known.domains:
            return self._domain(text)
        self._known.add(text)
        return self._pseudonyms.phrase(text)

    def _unnamed(self, text: str, depth: int = 0) -> str:
        """Replace what is told by its shape, a field or a sentence, but no names that are known."""
        if _FIELD_MARK.search(text):
            return self._fields(text, self._nameless, depth)
        return self._nameless(text, depth)

    def _nameless(self, text: str, depth: int) -> str:
        parts: list[str] = []
        done = 0
        for start, end in mentions(text):
            parts += (self._formed(text[done:start], depth), self._mention(text[start:end]))
            done = end
        return "".join((*parts, self._formed(text[done:], depth)))

    def _formed(self, text: str, depth: int) -> str:
        """Replace what is known by its shape alone, in whatever encoding."""
        if depth >= _DEEPEST:
            return self._shaped(text)
        below = partial(self._formed, depth=depth + 1)

        def between(part: str) -> str:
            if "%" in part:
                part = _ENCODED.sub(lambda run: percent_changed(run[0], below), part)
            return _RUN.sub(lambda found: self._encoded(found[0], depth), part)

        return self._shaped(text, between)

    def _note(self, name: str, value: Any) -> Any:
        # Ours, where they hold what we write there.
        if (name == "operation" and value in operations()) or (name == NOTE and is_digests(value)):
            return value
        if isinstance(value, str):
            return self.text(value)
        written = json_text.quoted_data(value)
        return json_text.data(self._json(written, 0, name))

    def _domain(self, text: str) -> str:
        self._known.add_domain(text)
        return self._pseudonyms.domain(text)

    def _link(self, text: str) -> str:
        return self.url(text) if "://" in text else self._text(text, 0)

    def _message(self, text: str) -> str:
        known = messages()
        if text in known.fixed:
            return text
        for template in known.templates:
            spans = template.spans(text)
            if spans is not None:
                filled = zip(template.gaps, spans, template.around[1:], strict=True)
                parts = (f"{self._gap(gap, text, *span)}{behind}" for gap, span, behind in filled)
                return "".join((template.around[0], *parts))
        head, between, tail = text.partition("] to product group ")
        group, failed, code = tail.partition(" failed: ")
        if head.startswith("remove [") and between and failed:
            return f"{self._text(head, 0)}{between}{self.value(Kind.PHRASE, group)}{failed}{code}"
        return self._text(text, 0)

    def _gap(self, gap: str, text: str, start: int, end: int) -> str:
        """Change what fills a gap of a message; the words before it may tell a name where the gap's own does not."""
        filling = text[start:end]
        if gap in ("group", "user"):
            return self.value(Kind.PHRASE, filling)
        if gap == "domain":
            return self.value(Kind.DOMAIN, filling)
        told = any(start <= begin and stop <= end for begin, stop in mentions(text))
        return self._mention(filling) if told else self.value(Kind.TEXT, filling)

    def _files(self, text: str) -> Iterator[json_text.Edit]:
        """Find the names of files in Content-Disposition; what stands behind their last dot stays."""
        for found in _FILE.finditer(text):
            group = "quoted" if found["quoted"] is not None else "bare"
            if found["name"].lower() == "filename" and found[group]:
                start, end = found.span(group)
                yield start, end, percent_changed(text[start:end], self._file)

    def _file(self, name: str) -> str:
        head, dot, kind = name.rpartition(".")
        return f"{self.value(Kind.PERSON, head)}{dot}{kind}" if head else self.value(Kind.PERSON, name)

    def _content(self, text: str, content_type: str, depth: int) -> str:
        if json_text.is_json_like(text):
            return self._json(text, depth, None)
        if "content-disposition:" in text.lower():
            return self._multipart(text, depth)
        if "x-www-form-urlencoded" in content_type.lower() or (_FORM.fullmatch(text) and not _RUN.fullmatch(text)):
            return self._form(text, depth)
        return self._text(text, depth)

    def _json(self, text: str, depth: int, name: str | None) -> str:
        found = json_text.scan(text)
        edits: list[json_text.Edit] = []
        told = told_kinds(text, found.values)
        for value in found.values:
            raw = text[value.start : value.end]
            if value.kind == "string":
                kind = (told and told(value)) or self._kind(text, found.values, value, name)
                changed = json_changed(raw[1:-1], partial(self._inside, kind, depth=depth))
                if changed != raw[1:-1]:
                    edits.append((value.start + 1, value.end - 1, changed))
            elif value.kind == "key" and _is_own(raw):
                changed = json_changed(raw[1:-1], partial(self._key, _holder(found.values, value)))
                if changed != raw[1:-1]:
                    edits.append((value.start, value.end, f'"{changed}"'))
            elif value.kind == "number" and value.name and raw.isdigit() and is_id(value.name):
                edits.append((value.start, value.end, self._pseudonyms.word(raw)))
        rest = text[found.end :]
        return json_text.edited(text[: found.end], edits) + (self._text(rest, depth) if rest else "")

    def _key(self, holder: str, key: str) -> str:
        """Change the name of a member, where it is no field but what people and groups are listed by."""
        if kind_of(key) is Kind.TEXT and kind_of(holder) in _ASKED and snake_case(holder).endswith("s"):
            return self.value(Kind.PHRASE, key)
        shaped = self._shaped(key)
        return self._replaced(key) if shaped == key else shaped

    def _kind(self, text: str, values: list[json_text.Value], value: json_text.Value, name: str | None) -> Kind:
        own = value.name if value.name is not None else name
        kind = kind_of(own) if own is not None else Kind.TEXT
        around = values[value.parent] if value.parent >= 0 else None
        if around is None or own not in ("name", "key"):
            return kind
        if around.name in ("domain", "domains"):
            return Kind.DOMAIN
        # The name of a field, in a pair of a name and a value.
        return Kind.TEXT if is_secret(text[value.start + 1 : value.end - 1]) else kind

    def _inside(self, kind: Kind, text: str, depth: int) -> str:
        if kind in _DIVED and depth < _DEEPEST and json_text.is_json_like(text):
            return self._json(text, depth + 1, None)
        return self.value(kind, text, depth)

    def _multipart(self, text: str, depth: int) -> str:
        edits = list(self._files(text))
        for name, start, end in multipart_parts(text):
            part = text[start:end]
            kind = kind_of(name)
            edits.append(
                (
                    start,
                    end,
                    self._inside(kind, part, depth) if kind is not Kind.TEXT else self._content(part, "", depth),
                )
            )
        return json_text.edited(text, edits)

    def _form(self, form: str, depth: int = 0) -> str:
        if "=" not in form:
            return percent_changed(form, partial(self._text, depth=depth)) if form else form
        pairs: list[str] = _AMPERSAND.split(form)
        return "&".join(self._field(*pair.partition("="), depth) for pair in pairs)

    def _field(self, name: str, equals: str, value: str, depth: int) -> str:
        kind = kind_of(name)
        name = percent_changed(name, self._unnamed, plus=True)
        return f"{name}{equals}{percent_changed(value, lambda text: self._inside(kind, text, depth), plus=True)}"

    def _text(self, text: str, depth: int) -> str:
        if depth < _DEEPEST and _MARKUP.search(text):
            return entities_changed(text, partial(self._text, depth=depth + 1))
        if _FIELD_MARK.search(text):
            return self._notations(text, depth) if depth < _DEEPEST else self._fields(text, self._prose, depth)
        return self._prose(text, depth)

    def _notations(self, text: str, depth: int) -> str:
        """Change the fields of a text, in whatever notation, and what stands between them."""
        parts: list[str] = []
        done = 0
        while (island := _ISLAND.search(text, done)) is not None:
            end = json_text.scan(text, island.start()).end
            if end - island.start() < 5:
                end = island.end()
                parts.append(self._fields(text[done:end], self._prose, depth))
            else:
                parts += (
                    self._fields(text[done : island.start()], self._prose, depth),
                    self._json(text[island.start() : end], depth + 1, None),
                )
            done = end
        return "".join((*parts, self._fields(text[done:], self._prose, depth)))

    def _fields(self, text: str, prose: Callable[..., str], depth: int) -> str:
        parts: list[str] = []
        done = 0
        for start, end, made in sorted(self._edits(text)):
            if start >= done and end > start:
                parts += (prose(text[done:start], depth), made)
                done = end
        return "".join((*parts, prose(text[done:], depth)))

    def _edits(self, text: str) -> Iterator[json_text.Edit]:
        """Yield the fields of a text whose names say that they are personal, with their pseudonyms."""
        position = 0
        if "<" in text:
            for name, start, end in markup_fields(text):
                if _is_asked(name) and not is_label(name, text[start:end]):
                    yield start, end, entities_changed(text[start:end], partial(self.value, kind_of(name)))
            for start, end in tags(text):
                yield from self._guessed(text[position:start], position)
                position = end
        yield from self._guessed(text[position:], position)

    def _guessed(self, text: str, offset: int) -> Iterator[json_text.Edit]:
        """Yield the fields of a text without tags."""
        for field in self._found(text):
            value = text[field.start : field.end]
            if not value or not _is_asked(field.name) or is_label(field.name, value):
                continue
            change = partial(self.value, kind_of(field.name)) if field.quoted else self._mention
            made = escapes_changed(value, change)
            yield offset + field.start, offset + field.end, made

    def _found(self, text: str) -> Iterator[notations.Field]:
        yield from notations.cells(text, _is_asked)
        yield from notations.fields(text, _is_asked)
        yield from notations.comparisons(text, _is_asked)
        yield from statements.inserted(text, _is_asked)
        yield from statements.serialized(text, _is_asked)
        yield from statements.cards(text)
        for field in statements.unheaded(text):
            words = _WORD.findall(text[field.start : field.end].lower())
            if not all(word in messages().words or word in KEPT or word in _STATES for word in words):
                yield field

    def _prose(self, text: str, depth: int) -> str:
        """Change what is known by its shape, and what sentences say."""
        return self._shaped(text, partial(self._sentences, depth=depth)) if text else text

    def _sentences(self, text: str, depth: int) -> str:
        parts: list[str] = []
        done = 0
        for start, end in mentions(text):
            parts += (self._sentence(text[done:start], depth), self._mention(text[start:end]))
            done = end
        return "".join((*parts, self._sentence(text[done:], depth)))

    def _mention(self, text: str) -> str:
        """Change what a sentence, or the line behind a name, calls somebody or something; its own words stay."""
        words = _WORD.findall(text)
        if all(word.lower() in messages().words for word in words) or text == REDACTED:
            return text
        particular = any(word[0].isupper() or not word.isalpha() or not word.isascii() for word in words)
        if particular and len(text) > 3 and len(words) < 8:
            return self.value(Kind.PHRASE, text)
        return self._pseudonyms.phrase(text)

    def _sentence(self, text: str, depth: int) -> str:
        if "%" in text and depth < _DEEPEST:
            text = _ENCODED.sub(lambda found: self._decoded(found[0], depth), text)
        if depth < _DEEPEST:
            text = _RUN.sub(lambda found: self._encoded(found[0], depth), text)
        return escapes_changed(text, self._replaced)

    def _replaced(self, text: str) -> str:
        return self._known.replaced(text, self._pseudonyms.phrase, self._pseudonyms.domain)

    def _shaped(self, text: str, between: Callable[[str], str] = str) -> str:
        """Replace what is known by its shape, and change what stands between."""
        if not CONTROL.search(text):
            return between(text)
        parts: list[str] = []
        done = 0
        for start, end, kind in shapes(text):
            made = self._made(kind, text[start:end])
            if made is not None:
                parts += (between(text[done:start]), made)
                done = end
        return "".join((*parts, between(text[done:])))

    def _made(self, kind: str, shaped: str) -> str | None:
        """Return what stands in place of a thing that is known by its shape; None where it is none after all."""
        if (kind == "six" and shaped.count(":") < 2) or (kind == "account" and not is_account(shaped)):
            return None
        if kind == "id" and not (shaped.isupper() or shaped.islower()):
            return None
        if kind == "url":
            return self.url(shaped)
        if kind in ("quoted", "home"):
            return self._quoted_address(shaped) if kind == "quoted" else self._home(shaped)
        if kind == "phone":
            return self._pseudonyms.phrase(shaped)
        named = kind in ("address", "account", "id")
        return self.value(Kind.PHRASE, shaped) if named else self._pseudonyms.address(shaped)

    def _quoted_address(self, text: str) -> str:
        local, _, domain = text.rpartition("@")
        return f"{self.value(Kind.PERSON, local)}@{self._domain(domain)}"

    def _home(self, text: str) -> str:
        """Change whose home a path begins with."""
        start = max(text.rfind("/"), text.rfind("\\")) + 1
        return text if text[start:].lower() in _NOBODY else f"{text[:start]}{self.value(Kind.PHRASE, text[start:])}"

    def _decoded(self, run: str, depth: int) -> str:
        return percent_changed(run, partial(self._text, depth=depth + 1)) if "%" in run else run

    def _encoded(self, run: str, depth: int) -> str:
        decoded = base64_text(run) or packed_text(run) or hexadecimal_text(run)
        made = None if decoded is None else self._content(decoded, "", depth + 1)
        if made is None or made == decoded:
            return run
        changed = made.encode("utf-8", "replace")
        if _HEXADECIMAL.fullmatch(run):
            return changed.hex().upper() if run.isupper() else changed.hex()
        encode = base64.urlsafe_b64encode if "-" in run or "_" in run else base64.b64encode
        written = encode(changed).decode()
        return written if run.endswith("=") else written.rstrip("=")


def _holder(values: list[json_text.Value], key: json_text.Value) -> str:
    """Return the name of the object in which a member stands."""
    return (values[key.parent].name or "") if key.parent >= 0 else ""


@lru_cache(maxsize=4096)
def _is_own(key: str) -> bool:
    """Whether the name of a member, in quotes, may be somebody's own words, and not a field's in small letters."""
    return (
        key[1:2].isupper()
        or not key[1:-1].replace("_", "").isalnum()
        or not key.isascii()
        or any(map(str.isdigit, key))
    )


def _is_asked(name: str) -> bool:
    return kind_of(name) in _ASKED

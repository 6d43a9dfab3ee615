"""Texts with personal data in them: bodies, URLs and values of whatever notation, with pseudonyms in their place."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from html import unescape
from typing import Final
from urllib.parse import unquote_plus

import attrs

from umapi_harness.common import json_text, notations, statements, tables
from umapi_harness.common.markup import markup_fields, multipart_parts, tags
from umapi_harness.common.secret_names import is_secret, snake_case
from umapi_harness.common.secrets import REDACTED
from umapi_harness.common.shapes import BASE64_RUN, base64_text, hexadecimal_text, packed_text
from umapi_harness.contract.attachments import is_attachment_mark
from umapi_harness.contract.encodings import entities_changed, json_changed, percent_changed
from umapi_harness.contract.escapes import escapes_changed
from umapi_harness.contract.known_names import KEPT
from umapi_harness.contract.mentions import mentions
from umapi_harness.contract.paths import CALL, is_listing, path_kinds
from umapi_harness.contract.personal_fields import Kind, field_names, is_id, kind_of, messages, part_of
from umapi_harness.contract.personal_names import Names, is_public
from umapi_harness.contract.personal_pairs import is_label, told_kinds
from umapi_harness.contract.personal_shapes import CONTROL, is_account, shapes

_DIVED: Final = frozenset({Kind.TEXT, Kind.FIXED, Kind.MESSAGE})
_ROLES: Final = frozenset({"org", "deployment", "support"})
# What a field in a text could begin with.
_FIELD_MARK: Final = re.compile(
    r"[=:<\n,;\t|]|(?:^|\s)--?[a-z]|\binsert\s|(?:\s|%20|\+)(?:eq|ne|co|sw|ew|i?like)(?:\s|%20|\+)", re.IGNORECASE
)
_MARKUP: Final = re.compile(r"&(?:lt|quot|apos|#0*3[49]|#0*60);", re.IGNORECASE)
_ISLAND: Final = re.compile(r"[\[{]\s*+(?:\"|[\[{]\s*+\")")
_FILE: Final = re.compile(
    r"(?<![\w-])(?P<name>filename|name)\*?=(?:\"(?P<quoted>[^\"\r\n]*+)|(?:[\w-]{1,20}+'[\w-]{0,10}+')?+(?P<bare>[^\s;\"]++))",
    re.I,
)
_FORM: Final = re.compile(r"[\w.%+*~\[\]-]++=[^\s\"'<>{}]*+")
# One that begins no letter as HTML writes it.
_AMPERSAND: Final = re.compile(
    r"&(?!(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|(?!amp;)[A-Za-z][A-Za-z0-9]{1,30});)"
)
_ENCODED: Final = re.compile(r"(?<![\w.%~+-])[\w.%~+-]++")
_DEEPEST: Final = 6
"""How many encodings within each other are looked into."""
_STATES: Final = frozenset({"active", "inactive", "enabled", "disabled", "yes", "no", "enterprise", "federated"})
_ASKED: Final = frozenset({Kind.PHRASE, Kind.PERSON, Kind.DOMAIN, Kind.ROLE, Kind.HOST, Kind.TITLE})
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-F]{2}|[0-9a-f]{2})++")
_NAME_BEFORE: Final = re.compile(r"(?<![\w.-])(?P<name>[\w.-]{1,60}+)[\"']?\s{0,4}(?:=>|[=:])\s{0,4}\Z")
_GROUP: Final = re.compile(r"[0-9A-Fa-f]{1,4}")
_WORD: Final = re.compile(r"[^\W_]++")
# Parameters of a URL and a form that hold what somebody looks for, which is often a name.
_SEARCHED: Final = frozenset({"q", "query", "term", "search", "search_term", "keyword", "keywords"})
# Members that have no more to say than the name of what they stand in: {"manager": {"value": "..."}}.
_PLAIN_MEMBERS: Final = frozenset(
    {
        "value",
        "display",
        "values",
        "text",
        "label",
        "content",
        "$",
        "#text",
        "_",
        "@value",
        "s",
        "ss",
        "stringvalue",
        "$set",
        "$eq",
    }
    | {"$in", "$regex", "display_value", "displayvalue", "descriptor", "string"}
)


@attrs.define
class Texts:
    """Puts pseudonyms in the place of personal data in texts."""

    _names: Names

    def url(self, url: str, *, whose: bool = False) -> str:
        """Return a URL with pseudonyms in host, path and query; `whose`: it is somebody's, such as a photo."""
        head, hash_mark, fragment = url.partition("#")
        head, question, query = head.partition("?")
        scheme, slashes, rest = head.rpartition("://")
        place, slash, path = rest.partition("/") if slashes else ("", "", head)
        user, at, host = place.rpartition("@")
        is_own = whose and not is_public(host)
        path = "/".join(
            percent_changed(segment, partial(self._segment, Kind.PHRASE if is_own else kind))
            for kind, segment in path_kinds(path.split("/"))
        )
        front = f"{scheme}{slashes}{user}{at}{self._names.host(host)}{slash}{path}"
        return f"{front}{question}{self._form(query)}{hash_mark}{self._fragment(fragment)}"

    def _segment(self, kind: Kind, segment: str) -> str:
        """Change a segment of a path; of a call as OData writes it, users('X'), what stands in the quotes."""
        called = CALL.fullmatch(segment)
        if called is None:
            return self.value(kind, segment)
        kind = Kind.PHRASE if is_listing(called["list"]) else Kind.TEXT
        return f"{called['before']}{self.value(kind, called['entry'])}{called['behind']}"

    def _fragment(self, fragment: str) -> str:
        """Change a fragment; applications in a browser keep a path of their own there, and perhaps a query."""
        path, question, query = fragment.partition("?")
        if "/" not in path or "=" in path:
            return self._form(fragment)
        changed = (
            percent_changed(segment, partial(self._segment, kind)) for kind, segment in path_kinds(path.split("/"))
        )
        return f"{'/'.join(changed)}{question}{self._form(query)}"

    def text(self, text: str) -> str:
        """Return any text with pseudonyms for addresses, ids, and names that are known."""
        return self._text(text, 0)

    def value(self, kind: Kind, text: str, depth: int = 0) -> str:
        """Return the value of a field of a kind with pseudonyms."""
        if kind is Kind.ROLE:
            kind = Kind.FIXED if text.lower() in _ROLES else Kind.PHRASE
        if not text or text == REDACTED or is_attachment_mark(text):
            return text
        # Somebody is called Null, or None.
        if kind is not Kind.PERSON and text.lower() in KEPT:
            return text
        if kind is Kind.FIXED:
            # The vocabulary holds nobody's name; where something else stands, its shape tells it.
            return self._unnamed(text, depth)
        if kind in (Kind.PHRASE, Kind.PERSON) and "://" in text:
            return self.url(text, whose=True)
        change: dict[Kind, Callable[[str], str]] = {
            Kind.PHRASE: self._names.phrase,
            Kind.PERSON: self._names.person,
            Kind.DOMAIN: self._names.domain,
            Kind.HOST: self._names.machine,
            Kind.URL: self._link,
            Kind.MESSAGE: self._message,
            Kind.TITLE: self._titled,
        }
        return change[kind](text) if kind in change else self._text(text, depth)

    def part(self, name: str, text: str, whose: object = None) -> None:
        """Remember which part of a person's name stands in a field, for those who have the other one."""
        part = part_of(name)
        if part is not None and text and text != REDACTED:
            self._names.half(whose, part, text)

    def _unnamed(self, text: str, depth: int = 0) -> str:
        """Replace what is told by its shape, a field or a sentence, but no names that are known."""
        if _FIELD_MARK.search(text):
            return self._fields(text, self._nameless, depth)
        return self._nameless(text, depth)

    def _nameless(self, text: str, depth: int) -> str:
        parts: list[str] = []
        done = 0
        for start, end in mentions(text):
            parts += (self._formed(text[done:start], depth), self._names.mention(text[start:end]))
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
            return BASE64_RUN.sub(lambda found: self._encoded(found[0], depth), part)

        return self._shaped(text, between)

    def _link(self, text: str) -> str:
        if "://" in text:
            return self.url(text)
        # Where somebody is, if it is no address: "Paris Office" stands under location.
        return self._text(text, 0) if "/" in text or "=" in text else self._titled(text)

    def _titled(self, text: str) -> str:
        changed = self._names.title(text)
        return self._text(text, 0) if changed == text else changed

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
        return self._names.mention(filling) if told else self.value(Kind.TEXT, filling)

    def files(self, text: str) -> str:
        """Return a Content-Disposition with pseudonyms for the names of files."""
        return json_text.edited(text, self._files(text))

    def _files(self, text: str) -> Iterator[json_text.Edit]:
        """Find the names of files in Content-Disposition; what stands behind their last dot stays."""
        for found in _FILE.finditer(text):
            group = "quoted" if found["quoted"] is not None else "bare"
            if found["name"].lower() == "filename" and found[group]:
                start, end = found.span(group)
                yield start, end, percent_changed(text[start:end], self._names.file)

    def content(self, text: str, content_type: str, depth: int = 0) -> str:
        """Return a body with pseudonyms; `depth` is how many encodings it stands in."""
        if json_text.is_json_like(text):
            return self.json(text, depth)
        if "content-disposition:" in text.lower():
            return self._multipart(text, depth)
        if "x-www-form-urlencoded" in content_type.lower() or (
            _FORM.fullmatch(text) and not BASE64_RUN.fullmatch(text)
        ):
            return self._form(text, depth)
        return self._text(text, depth)

    def json(self, text: str, depth: int = 0, name: str | None = None) -> str:
        """Return JSON with pseudonyms; `name` is what the whole of it is called."""
        found = json_text.scan(text)
        edits: list[json_text.Edit] = []
        told = told_kinds(text, found.values)
        columns = json_text.columns(text, found.values, _is_asked)
        for value in found.values:
            raw = text[value.start : value.end]
            if value.kind == "string":
                field = self._field_of(found.values, value, columns, name)
                kind = (told and told(value)) or self._kind(text, found.values, value, field)
                self.part(field or "", json_text.inner(raw), (depth, value.parent))
                changed = json_changed(raw[1:-1], partial(self._inside, kind, depth=depth))
                if changed != raw[1:-1]:
                    edits.append((value.start + 1, value.end - 1, changed))
            elif value.kind == "key" and (_is_own(raw) or self._names.is_known(raw[1:-1])):
                changed = json_changed(raw[1:-1], partial(self._key, _holder(found.values, value)))
                if changed != raw[1:-1]:
                    edits.append((value.start, value.end, f'"{changed}"'))
            elif value.kind == "number" and value.name and raw.isdigit() and is_id(value.name):
                edits.append((value.start, value.end, self._names.number(raw)))
        rest = text[found.end :]
        return json_text.edited(text[: found.end], edits) + (self._text(rest, depth) if rest else "")

    def _key(self, holder: str, key: str) -> str:
        """Change the name of a member, where it is no field but what people and groups are listed by."""
        if kind_of(key) is Kind.TEXT and kind_of(holder) in _ASKED and snake_case(holder).endswith("s"):
            return self.value(Kind.PHRASE, key)
        if key.lower() in field_names():
            return key
        shaped = self._shaped(key)
        return self._names.replaced(key) if shaped == key else shaped

    def _field_of(
        self, values: list[json_text.Value], value: json_text.Value, columns: json_text.Columns, name: str | None
    ) -> str | None:
        """Return the name of the field in which a value stands; None where nothing names it."""
        if columns.names:
            if value.start in columns.labels:
                return None
            column = columns.name(values, value)
            if column is not None:
                return column
        if value.name is None:
            return name
        around = values[value.parent] if value.parent >= 0 else None
        if around is not None and around.kind == "object" and around.name is not None:
            # As of manager in {"manager": {"value": "X"}}, and of lastname in {"lastname": {"0": "X"}}.
            plain = value.name.lower() in _PLAIN_MEMBERS or value.name.isdigit()
            if plain and _is_asked(around.name):
                return around.name
        return value.name

    def _kind(self, text: str, values: list[json_text.Value], value: json_text.Value, field: str | None) -> Kind:
        kind = kind_of(field) if field is not None else Kind.TEXT
        around = values[value.parent] if value.parent >= 0 else None
        if around is None or field not in ("name", "key"):
            return kind
        if around.name in ("domain", "domains"):
            return Kind.DOMAIN
        # The name of a field, in a pair of a name and a value.
        return Kind.TEXT if is_secret(text[value.start + 1 : value.end - 1]) else kind

    def _inside(self, kind: Kind, text: str, depth: int) -> str:
        if kind in _DIVED and depth < _DEEPEST and json_text.is_json_like(text):
            return self.json(text, depth + 1)
        return self.value(kind, text, depth)

    def _multipart(self, text: str, depth: int) -> str:
        edits = list(self._files(text))
        for name, start, end in multipart_parts(text):
            part = text[start:end]
            kind = kind_of(name)
            self.part(name, part)
            edits.append(
                (
                    start,
                    end,
                    self._inside(kind, part, depth) if kind is not Kind.TEXT else self.content(part, "", depth),
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
        if kind is Kind.TEXT and snake_case(name) in _SEARCHED:
            kind = Kind.TITLE
        if value and part_of(name) is not None:
            self.part(name, unquote_plus(value))
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
                    self.json(text[island.start() : end], depth + 1, _name_before(text, done, island.start())),
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
                    self.part(name, unescape(text[start:end]))
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
            if not field.quoted and value in KEPT:
                continue
            if _GROUP.fullmatch(field.name) and _is_address(text, field):
                continue
            self.part(field.name, value)
            change = partial(self.value, kind_of(field.name)) if field.quoted else self._names.mention
            made = escapes_changed(value, change)
            yield offset + field.start, offset + field.end, made

    def _found(self, text: str) -> Iterator[notations.Field]:
        yield from notations.cells(text, _is_asked)
        yield from notations.fields(text, _is_asked)
        yield from notations.comparisons(text, _is_asked)
        yield from notations.flags(text, _is_asked)
        yield from tables.ruled(text, _is_asked)
        yield from tables.listed(text, _is_asked)
        yield from statements.inserted(text, _is_asked)
        yield from statements.serialized(text, _is_asked)
        yield from statements.keys(text, _is_asked)
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
            parts += (self._sentence(text[done:start], depth), self._names.mention(text[start:end]))
            done = end
        return "".join((*parts, self._sentence(text[done:], depth)))

    def _sentence(self, text: str, depth: int) -> str:
        if "%" in text and depth < _DEEPEST:
            text = _ENCODED.sub(lambda found: self._decoded(found[0], depth), text)
        if depth < _DEEPEST:
            text = BASE64_RUN.sub(lambda found: self._encoded(found[0], depth), text)
        return escapes_changed(text, self._names.replaced)

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
        return self.url(shaped) if kind == "url" else self._names.shaped(kind, shaped)

    def _decoded(self, run: str, depth: int) -> str:
        return percent_changed(run, partial(self._text, depth=depth + 1)) if "%" in run else run

    def _encoded(self, run: str, depth: int) -> str:
        decoded = base64_text(run) or packed_text(run) or hexadecimal_text(run)
        made = None if decoded is None else self.content(decoded, "", depth + 1)
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


def _name_before(text: str, start: int, end: int) -> str | None:
    """Return the name of a field that stands just before a place, as in members = [...]; None where there is none."""
    found = _NAME_BEFORE.search(text, max(start, end - 80), end)
    return found["name"] if found is not None and _is_asked(found["name"]) else None


def _is_address(text: str, field: notations.Field) -> bool:
    """Whether a field is but two groups of an IPv6 address, such as 8:cc:5."""
    name = text.rfind(field.name, 0, field.start)
    return text[field.start] == ":" or text[name - 1 : name] == ":"


def _is_asked(name: str) -> bool:
    return kind_of(name) in _ASKED

"""Personal data in exchanges: found wherever it stands, and put into pseudonyms in the form in which it stood."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import attrs

from umapi_harness.common import json_text
from umapi_harness.common.markup import multipart_parts
from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.secrets import REDACTED
from umapi_harness.common.shapes import base64_text
from umapi_harness.contract.encodings import json_changed, percent_changed
from umapi_harness.contract.exchanges import Exchange, Headers
from umapi_harness.contract.known_names import KnownNames
from umapi_harness.contract.paths import path_kinds
from umapi_harness.contract.personal_fields import Kind, is_id, kind_of, kind_of_header, messages
from umapi_harness.contract.pseudonyms import Pseudonyms

_KEPT: Final = frozenset({"", REDACTED, "all", "none", "null", "unknown"})
_ROLES: Final = frozenset({"org", "deployment", "support"})
# What is known by its shape: URLs, e-mail addresses and ids with a realm, IP addresses.
_SHAPES: Final = re.compile(
    r"(?P<url>https?://[^\s\"'<>]++)"
    r"|(?<![\w.+'!#$&*~^-])(?P<address>[\w.+'!#$&*~^-]+(?:@|&#0*64;|&#x0*40;|&commat;|\\++u0040)"
    r"[\w-]++(?:\.[\w-]++)*+)"
    r"|(?<![\w./])(?P<four>(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?!\.?\w)"
    r"|(?<![\w:.])(?P<six>[0-9A-Fa-f:.]{3,45}+)(?![\w:.])",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"&#0*64;|&#x0*40;|&commat;|\\++u0040", re.IGNORECASE)
_IPV4: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_CONTROLS: Final = ("://", "@", ".", ":", "u0040", "&")
_FORM: Final = re.compile(r"[\w.%+*~\[\]-]++=[^\s\"'<>{}]*+")
_ENCODED: Final = re.compile(r"(?<![\w.%~+-])[\w.%~+-]++")
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,}+={0,2}+")
_PUBLIC: Final = ("adobe.io", "adobelogin.com", "adobe.com", "localhost", "testserver")
_DEEPEST: Final = 4
# Members of a pair that names a field in one and gives its value in the other.
_NAMING: Final = frozenset({"name", "key", "field", "attribute", "property", "label", "title", "parameter", "type"})
_VALUED: Final = frozenset({"value", "values", "val", "content", "data", "text"})


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
            response=attrs.evolve(response, headers=self.headers(response.headers), body=answered),
            source=self.text(exchange.source),
            notes={name: self._note(name, value) for name, value in exchange.notes.items()},
        )

    def headers(self, headers: Headers) -> Headers:
        """Return headers with pseudonyms."""
        return tuple((name, self.value(kind_of_header(name), value)) for name, value in headers)

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return a body with pseudonyms, as many bytes long as before."""
        try:
            return self._content(body.decode(), content_type, 0).encode()
        except UnicodeError:
            return self._content(body.decode("latin-1"), content_type, 0).encode("latin-1", "replace")

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

    def text(self, text: str) -> str:
        """Return any text with pseudonyms for addresses, ids, and names that are known."""
        return self._text(text, 0)

    def value(self, kind: Kind, text: str, depth: int = 0) -> str:
        """Return the value of a field of a kind with pseudonyms."""
        if kind is Kind.ROLE:
            kind = Kind.FIXED if text.lower() in _ROLES else Kind.PHRASE
        if text.lower() in _KEPT or text == REDACTED:
            return text
        if kind is Kind.FIXED:
            # The vocabulary holds nobody's name; where something else stands, its shape tells it.
            return self._unnamed(text, depth)
        if kind is Kind.PHRASE and "%40" in text:
            return percent_changed(text, partial(self.value, kind))
        if kind is Kind.PHRASE and "://" not in text:
            if text.lower() in self._known.domains:
                return self._domain(text)
            self._known.add(text)
            return self._pseudonyms.phrase(text)
        change: dict[Kind, Callable[[str], str]] = {
            Kind.DOMAIN: self._domain,
            Kind.HOST: self.host,
            Kind.URL: self._link,
            Kind.MESSAGE: self._message,
        }
        return change[kind](text) if kind in change else self._text(text, depth)

    def _unnamed(self, text: str, depth: int = 0) -> str:
        """Replace what is known by its shape alone, in whatever encoding."""
        if depth >= _DEEPEST:
            return self._shaped(text)
        below = partial(self._unnamed, depth=depth + 1)

        def between(part: str) -> str:
            if "%" in part:
                part = _ENCODED.sub(lambda run: percent_changed(run[0], below), part)
            return _RUN.sub(lambda found: self._encoded(found[0], depth), part)

        return self._shaped(text, between)

    def _note(self, name: str, value: Any) -> Any:
        # Names of exchanges and operations are ours.
        if name in ("operation", "settings", "pseudonyms"):
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
        fixed, gaps, _ = messages()
        if text in fixed:
            return text
        for before, gap, behind in gaps:
            end = len(text) - len(behind)
            if len(before) < end and text.startswith(before) and text.endswith(behind):
                kind = Kind.PHRASE if gap in ("group", "user") else Kind.TEXT
                return f"{before}{self.value(kind, text[len(before) : end])}{behind}"
        head, between, tail = text.partition("] to product group ")
        group, failed, code = tail.partition(" failed: ")
        if head.startswith("remove [") and between and failed:
            return f"{self._text(head, 0)}{between}{self.value(Kind.PHRASE, group)}{failed}{code}"
        return self._text(text, 0)

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
        told = _told(text, found.values)
        for value in found.values:
            raw = text[value.start : value.end]
            if value.kind == "string":
                kind = told(value) or self._kind(text, found.values, value, name)
                changed = json_changed(raw[1:-1], partial(self._inside, kind, depth=depth))
                if changed != raw[1:-1]:
                    edits.append((value.start, value.end, f'"{changed}"'))
            elif value.kind == "key" and ("@" in raw or "." in raw or ":" in raw):
                changed = json_changed(raw[1:-1], self._shaped)
                if changed != raw[1:-1]:
                    edits.append((value.start, value.end, f'"{changed}"'))
            elif value.kind == "number" and value.name and raw.isdigit() and is_id(value.name):
                edits.append((value.start, value.end, self._pseudonyms.word(raw)))
        rest = text[found.end :]
        return json_text.edited(text[: found.end], edits) + (self._text(rest, depth) if rest else "")

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
        if kind is Kind.TEXT and depth < _DEEPEST and json_text.is_json_like(text):
            return self._json(text, depth + 1, None)
        return self.value(kind, text, depth)

    def _multipart(self, text: str, depth: int) -> str:
        edits: list[json_text.Edit] = []
        for name, start, end in multipart_parts(text):
            kind = kind_of(name)
            edits.append((start, end, self._inside(kind, text[start:end], depth)))
        return json_text.edited(text, edits)

    def _form(self, form: str, depth: int = 0) -> str:
        if "=" not in form:
            return percent_changed(form, partial(self._text, depth=depth)) if form else form
        return "&".join(self._field(*pair.partition("="), depth) for pair in form.split("&"))

    def _field(self, name: str, equals: str, value: str, depth: int) -> str:
        kind = kind_of(name)
        name = percent_changed(name, self._unnamed, plus=True)
        return f"{name}{equals}{percent_changed(value, lambda text: self._inside(kind, text, depth), plus=True)}"

    def _text(self, text: str, depth: int) -> str:
        return self._shaped(text, lambda between: self._sentence(between, depth))

    def _sentence(self, text: str, depth: int) -> str:
        if "%" in text and depth < _DEEPEST:
            text = _ENCODED.sub(lambda found: self._decoded(found[0], depth), text)
        if depth < _DEEPEST:
            text = _RUN.sub(lambda found: self._encoded(found[0], depth), text)
        return self._known.replaced(text, self._pseudonyms.phrase, self._pseudonyms.domain)

    def _shaped(self, text: str, between: Callable[[str], str] = str) -> str:
        """Replace what is known by its shape, and change what stands between."""
        if not any(control in text for control in _CONTROLS):
            return between(text)
        parts: list[str] = []
        done = 0
        for found in _SHAPES.finditer(text):
            kind, shaped = found.lastgroup, found[0]
            if kind == "six" and shaped.count(":") < 2:
                continue
            made = (
                self.url(shaped)
                if kind == "url"
                else self._address(shaped)
                if kind == "address"
                else self._pseudonyms.address(shaped)
            )
            parts += (between(text[done : found.start()]), made)
            done = found.end()
        return "".join((*parts, between(text[done:])))

    def _address(self, text: str) -> str:
        """Replace an address whose @ may be written as markup or JSON escape it."""
        spelled = _AT.search(text)
        if spelled is None:
            return self.value(Kind.PHRASE, text)
        plain = f"{text[: spelled.start()]}@{text[spelled.end() :]}"
        return self.value(Kind.PHRASE, plain).replace("@", spelled[0], 1)

    def _decoded(self, run: str, depth: int) -> str:
        return percent_changed(run, partial(self._text, depth=depth + 1)) if "%" in run else run

    def _encoded(self, run: str, depth: int) -> str:
        decoded = base64_text(run)
        made = None if decoded is None else self._content(decoded, "", depth + 1)
        if made is None or made == decoded:
            return run
        changed = made.encode()
        encode = base64.urlsafe_b64encode if "-" in run or "_" in run else base64.b64encode
        written = encode(changed).decode()
        return written if run.endswith("=") else written.rstrip("=")


def _told(text: str, values: list[json_text.Value]) -> Callable[[json_text.Value], Kind | None]:
    """Return what tells the kinds in pairs such as `{"name": "firstname", "value": "Ada"}`; None for no pair."""
    named = {
        value.parent: (value.start, kind_of(json_text.inner(text[value.start : value.end])))
        for value in values
        if value.kind == "string" and value.name in _NAMING and value.parent >= 0 and value.end - value.start < 100
    }
    named = {
        place: pair for place, pair in named.items() if pair[1] is not Kind.TEXT and values[place].kind == "object"
    }
    pairs = {value.parent for value in values if value.parent in named and value.name in _VALUED}

    def told(value: json_text.Value) -> Kind | None:
        if value.parent in pairs and value.name in _VALUED:
            return named[value.parent][1]
        if value.parent in pairs and value.start == named[value.parent][0] and " " not in text[value.start : value.end]:
            return Kind.FIXED  # with a blank in it, it might be somebody's own words after all
        around = values[value.parent] if value.parent >= 0 else None
        listed = around is not None and around.kind == "array" and around.name in _VALUED and around.parent in pairs
        return named[around.parent][1] if around is not None and listed else None

    return told

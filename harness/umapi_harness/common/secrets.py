"""The masker: takes secrets out of text, JSON, forms, URLs and headers; the only one of the harness.

A secret is known by the name beside it (`secret_names`), by its shape (`shapes`), or because it has been learnt.
Time grows with the length of the text alone.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from hashlib import blake2b
from html import escape
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from umapi_harness.common import json_text
from umapi_harness.common.address_queries import is_query_secret, query_secrets
from umapi_harness.common.finder import Finder
from umapi_harness.common.markup import markup_secrets, multipart_secrets
from umapi_harness.common.notations import cells
from umapi_harness.common.prose import is_prose
from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.shapes import (
    BASE64_RUN,
    base64_text,
    basic_credentials,
    hexadecimal_text,
    is_private_key,
    json_web_tokens,
    known_credentials,
    packed_text,
    private_keys,
    scheme_credentials,
    url_users,
)

__all__ = ["Masker", "is_secret"]

REDACTED: Final = "REDACTED"
_DEPTH: Final = 6
"""How many encodings within each other are looked into."""
_ROUNDS: Final = 4
"""Masking one thing can lay open the form of another; after this often it is enough."""
_WORTH_KEEPING: Final = 1024
"""Characters from which on a text is remembered as one without a secret: each costs sixteen bytes."""
_LEFT_IN_ADDRESSES: Final = "/:@!$&'()*+,;=~?"

_GO_ESCAPES: Final = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}
_GSON_ESCAPES: Final = {**_GO_ESCAPES, "=": "\\u003d", "'": "\\u0027"}

# Text without any of these holds nothing that could be known by shape or by name.
_TRIGGER: Final = re.compile(
    r"[=:<%]|--|eyJ|[A-Za-z0-9+/_-]{12}|bearer|basic|ssws|pass|pwd|secret|token|api.key|-u ", re.IGNORECASE
)
# Names and what is around them: each is read once, for no name begins inside another.
_NAME: Final = re.compile(
    r"(?<![\w.%+\[\]-])(?P<name>[\w.%+\[\]-]++)(?P<quote>(?:\\*+[\"'])?+)\s*+(?P<mark>=>|[:=,])[ \t]*+"
)
_FLAG: Final = re.compile(r"(?<![\w-])--(?P<name>[\w-]++)(?:=|[ \t]++)(?=[^\s-])")
# "the password is ...", "Api Key ... is not valid": only what looks made up is taken for one.
_SAID: Final = re.compile(
    r"(?<![\w-])(?:(?:password|passwd|pwd|passcode|passphrase|secret|client[_ ]secret)[\s\uff1a]++(?:(?:is|was)\s++)?+"
    r"[\"'(\[]?+(?P<value>[^\s\"'<>,;&=]{4,}+)|(?:token|api[_ ]key)\s++[\"'(\[]?+(?P<long>[^\s\"'<>,;&=:]{8,}+))",
    re.IGNORECASE,
)
# curl -u user:password
_USER_OPTION: Final = re.compile(r"(?<!\S)(?:-u|--user|--proxy-user)[ =]++[\"']?+[^\s\"':]++:(?P<value>[^\s\"']++)")
_MADE_UP: Final = {"value": re.compile(r"[0-9]|[a-z][A-Z]|[!#$%^*?~|]"), "long": re.compile(r"[0-9]")}
# With a digit before a letter, or a character that is neither: no word, version or number.
_SHORT: Final = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9].*[A-Za-z]|.*[!#$%^*?~|@&])(?![0-9.]+[eE][0-9]+$)[!-~]{4,7}")
_OPENING: Final = re.compile(r"(?P<slashes>\\*+)(?P<mark>[\"'])")
_PLUSES: Final = re.compile(r"\++")
_QUOTES: Final = ("'", '"', "\\")
_BARE: Final = re.compile(r"[^&\s\"'<>]++")
# A list of quoted values behind a name without quotes, as Python and JavaScript show one; perhaps cut off.
_LISTED: Final = re.compile(r"[\[({](?:\s*+\\*+(?:\"[^\"]*+(?:\"|$)|'[^']*+(?:'|$))\s*+,?+)++[\])}]?+")
_LINE: Final = re.compile(r"[^\r\n\"]++")
_ENCODED: Final = re.compile(r"(?<![\w.%~+-])[\w.%~+-]++")
_WORD_BEFORE: Final = re.compile(r"[\w-]+ $")
# Words that say something of a secret, in messages and settings.
_NO_SECRETS: Final = frozenset(
    {"null", "none", "true", "false", "undefined", "required", "missing", "invalid", "expired", "bearer", "basic"}
)
_WHOLE_LINE: Final = frozenset({"cookie", "set-cookie"})
_AUTHORIZATION: Final = frozenset({"authorization", "proxy-authorization"})
# What a mail sends to prove whose it is: /reset-password/X, /verify-email/X.
_LINK_TOKEN: Final = re.compile(
    r"/(?:(?:re)?set|forgot|change|activate|confirm|verify|unsubscribe|magic|invitation)(?:[-_](?:password|e?mail|account|link"
    r"|user))?/(?P<token>(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[\w.~-]{16,}+)(?![\w.~%-])",
    re.IGNORECASE,
)
# Who somebody is in a directory, as behind `auth:`, is no secret.
_DISTINGUISHED: Final = re.compile(r"(?:cn|uid|ou)=[^,=\r\n]{1,100}+,(?:cn|uid|ou|o|dc)=", re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_UUID_LENGTH: Final = 36
# What of a JSON Web Key is private (RFC 7518, 6.2.2, 6.3.2 and 6.4.1).
_KEY_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
SHORTEST_SOUGHT: Final = 8
"""Characters of the shortest secret that is sought elsewhere than beside its name and in its own exchange."""
_NAMING: Final = frozenset(
    {"name", "key", "field", "parameter", "param", "header", "id", "title", "label", "property", "type", "variable"}
)
_VALUED: Final = frozenset(
    {"value", "val", "content", "data", "default", "text", "src", "initialvalue", "currentvalue", "defaultvalue"}
)


class Masker:
    """Replaces secrets by a mask, and what it has learnt by the same mask wherever it stands.

    Args:
        mask: what stands in place of a secret.
        learning: whether a secret that is known by its name is learnt, so that it is found elsewhere too.
    """

    def __init__(self, mask: str = REDACTED, *, learning: bool = False) -> None:
        self.mask = mask
        self._learning = learning
        self.short: set[str] = set()
        """Secrets that are too short to be learnt, for those who know where else to seek them; they clear it."""
        self._finder = Finder()
        self._clean: set[bytes] = set()  # digests of long texts without a secret

    def __repr__(self) -> str:
        return f"<Masker that has learnt {len(self._finder)} forms>"

    def __len__(self) -> int:
        return len(self._finder)

    def learn(self, secret: str) -> None:
        """Remember a secret, in all the forms in which it may turn up."""
        encoded = secret.encode("utf-8", "replace")
        escaped = json.dumps(secret)[1:-1]
        self._finder.add(
            {
                secret,
                quote(secret, safe="", errors="replace"),
                quote(secret, safe=_LEFT_IN_ADDRESSES, errors="replace"),
                quote_plus(secret, errors="replace"),
                escaped,
                json.dumps(secret, ensure_ascii=False)[1:-1],
                escaped.replace("/", "\\/"),  # PHP, Jackson
                "".join(_GO_ESCAPES.get(char, char) for char in escaped),
                "".join(_GSON_ESCAPES.get(char, char) for char in escaped),
                "".join(f"\\u{ord(char):04x}" for char in secret),
                escape(secret),
                escape(secret, quote=False),
                base64.b64encode(encoded).decode(),
                base64.urlsafe_b64encode(encoded).decode(),
            }
        )

    def text(self, value: str) -> str:
        """Return any text - a body, a message - without its secrets."""
        return self.known(self._looked_through(value) if len(value) >= _WORTH_KEEPING else self._text(value, 0))

    def _looked_through(self, value: str) -> str:
        """Mask a long text; one without a secret is looked through once, however often it comes."""
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._clean:
            return value
        masked = self._text(value, 0)
        if masked == value:
            # Nothing was masked, so nothing was learnt.
            self._clean.add(digest)
        return masked

    def known(self, value: str) -> str:
        """Return a text without the secrets that have been learnt; no others are looked for."""
        return self._finder.replace(value, self.mask)

    def body(self, value: bytes) -> bytes:
        """Return a body without its secrets, whatever its encoding."""
        try:
            return self.text(value.decode()).encode()
        except UnicodeError:
            return self.text(value.decode("latin-1")).encode("latin-1")

    def data(self, value: Any) -> Any:
        """Return JSON data without its secrets."""
        return json.loads(self.text(json.dumps(value, default=dict)))

    def url(self, value: str) -> str:
        """Return a URL without the secrets in its query, its fragment, its path and its user part."""
        head, hash_mark, fragment = value.partition("#")
        path, question, query = head.partition("?")
        parts = (self._path(path), question, self._query(query), hash_mark, self._query(fragment))
        return self.known("".join(parts))

    def addresses(self, value: str) -> str:
        """Return a text without the secrets in the queries of the addresses in it; no others are looked for."""
        found = [span for span in query_secrets(value) if value[slice(*span)] != self.mask]
        for start, end in found:
            self._note(unquote_plus(value[start:end]))
        return json_text.edited(value, ((start, end, self.mask) for start, end in found))

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without its secrets."""
        lowered = name.strip().lower()
        if lowered in _AUTHORIZATION:
            scheme, blank, credentials = value.strip().partition(" ")
            self._note(credentials or scheme)
            return f"{scheme} {self.mask}" if blank and credentials else self.mask
        if lowered == "sec-websocket-protocol":
            value = self._protocols(value)
        if lowered not in _WHOLE_LINE and not is_secret(name):
            return self.url(value) if "://" in value else self.text(self.addresses(value))
        self._note(value)
        return self.mask

    def _protocols(self, value: str) -> str:
        """Mask the token among the protocols of a web socket, where a browser has no other place for it."""
        before, *others = value.split(",")
        masked = [before]
        for other in others:
            told = is_secret(before.strip()) and other.strip() not in ("", self.mask)
            if told:
                self._note(other.strip())
            masked.append(f" {self.mask}" if told else other)
            before = other
        return ",".join(masked)

    def value(self, name: str, value: str) -> str:
        """Return the value of a field, parameter or variable of this name without its secrets."""
        if not is_secret(name) or not value:
            return self.text(value)
        self._note(value)
        return self.mask

    def _note(self, secret: str) -> None:
        """Learn what was masked for its name, unless it might be an ordinary word."""
        if not self._learning or secret == self.mask or " " in secret.strip():
            return
        if len(secret) < SHORTEST_SOUGHT:
            if _SHORT.fullmatch(secret):
                self.short.add(secret)
            return
        if not (secret.isalpha() and len(secret) < 16):
            self.learn(secret)

    def _path(self, path: str) -> str:
        """A path without the secrets among its matrix parameters, as in `/list;jsessionid=...`."""
        segments = (self._segment(segment) if ";" in segment else segment for segment in path.split("/"))
        return self._shapes("/".join(segments), 0)

    def _segment(self, segment: str) -> str:
        name, *parameters = segment.split(";")
        return ";".join((name, *(self._parameter(*parameter.partition("=")) for parameter in parameters)))

    def _query(self, query: str) -> str:
        if "=" not in query:
            return self._text(query, 0)
        return "&".join(self._parameter(*pair.partition("=")) for pair in query.split("&"))

    def _parameter(self, name: str, equals: str, value: str) -> str:
        if value and is_query_secret(name):
            self._note(unquote_plus(value))
            return f"{name}={self.mask}"
        return f"{self._shapes(name, 0)}{equals}{self._plain(value, 0)}"

    def _text(self, value: str, depth: int) -> str:
        return self._json(value, depth) if json_text.is_json_like(value) else self._plain(value, depth)

    # JSON

    def _json(self, text: str, depth: int) -> str:
        found = json_text.scan(text)
        values = found.values
        told = self._told(text, values)
        secret = {name for name in {value.name for value in values} if name is not None and is_secret(name)}
        edits: list[json_text.Edit] = []
        skipped = 0
        for value in values:
            if value.start < skipped:
                continue
            named = value.kind != "key" and value.name in secret
            if (named or (told is not None and told(value))) and self._hides(text, value):
                if value.kind == "string":
                    self._note(json_text.inner(text[value.start : value.end]))
                end = value.end if value.kind in ("object", "array") else min(value.end, found.end)
                edits.append((value.start, end, json_text.quoted(self.mask)))
                skipped = end
            elif value.kind in ("string", "key"):
                raw = text[value.start : value.end]
                if "\\" in raw or _TRIGGER.search(raw, 1, len(raw) - 1):
                    decoded = json_text.inner(raw)
                    is_text = value.kind == "string" or "=" in decoded
                    masked = self._text(decoded, depth + 1) if is_text else self._shapes(decoded, depth)
                    if masked != decoded:
                        edits.append((value.start, value.end, json_text.quoted(masked)))
        result = json_text.edited(text[: found.end], (edit for edit in edits if edit[1] <= found.end))
        if found.end == len(text):
            return result
        # An object that is not closed, under the name of a secret, is masked to the end.
        cut = next((edit for edit in edits if edit[1] > found.end), None)
        if cut is not None:
            return json_text.edited(text, [edit for edit in edits if edit[0] <= cut[0]])
        return result + self._plain(text[found.end :], depth)

    def _hides(self, text: str, value: json_text.Value) -> bool:
        """Whether there is anything to hide: not null, true, false, an empty text, object or array."""
        if value.kind in ("object", "array"):
            return value.size > 0
        raw = text[value.start : value.end]
        return value.kind in ("string", "number") and raw != '""' and raw != json_text.quoted(self.mask)

    def _told(self, text: str, values: list[json_text.Value]) -> Callable[[json_text.Value], bool] | None:
        """Return what tells secrets by what stands around them; None where there are none.

        They are the values of pairs such as `{"name": "client_secret", "value": "..."}`, the cells of tables, and the
        private members of JSON Web Keys.
        """
        pairs: set[int] = set()
        keys = {value.parent for value in values if value.name == "kty" and value.kind == "string"}
        columns = json_text.columns(text, values, is_secret)
        for value in values:
            if value.kind == "string" and value.parent >= 0 and len(value_text := text[value.start : value.end]) < 100:
                around = values[value.parent]
                naming = value.name is not None and value.name.lower() in _NAMING and around.kind == "object"
                # A pair in a list of pairs; two groups in a list of groups are none.
                listed = around.kind == "array" and around.size == 2 and value.place == 0 and around.parent >= 0
                listed = listed and values[around.parent].kind == "array" and " " not in value_text
                if (naming or listed) and is_secret(json_text.inner(value_text)):
                    pairs.add(value.parent)

        if not (pairs or keys or columns.names):
            return None

        def told(value: json_text.Value) -> bool:
            if value.kind == "key":
                return False
            if columns.names and value.start not in columns.labels:
                column = columns.name(values, value)
                if column is not None and is_secret(column):
                    return True
            if value.parent in keys and value.name in _KEY_MEMBERS:
                return True
            if value.parent not in pairs:
                return False
            if values[value.parent].kind == "array":
                return value.place == 1
            return value.name is not None and value.name.lower() in _VALUED

        return told

    # Plain text

    def _plain(self, text: str, depth: int) -> str:
        for _ in range(1 if depth else _ROUNDS):
            masked = self._once(text, depth)
            if masked == text:
                break
            text = masked
        return text

    def _once(self, text: str, depth: int) -> str:
        if not _TRIGGER.search(text):
            return text
        text = json_text.edited(text, private_keys(text, self.mask))
        if "name=" in text:
            text = json_text.edited(text, multipart_secrets(text, self.mask))
        if "<" in text:
            text = json_text.edited(text, markup_secrets(text, self.mask))
        if "\n" in text:
            text = json_text.edited(text, self._cells(text))
        text = json_text.edited(text, self._fields(text))
        text = json_text.edited(text, scheme_credentials(text, self.mask))
        return self._shapes(text, depth)

    def _shapes(self, text: str, depth: int) -> str:
        """Mask what is known by its shape alone."""
        if "/" in text:
            text = json_text.edited(text, ((*found.span("token"), self.mask) for found in _LINK_TOKEN.finditer(text)))
        if "//" in text or "\\/" in text:
            text = json_text.edited(text, url_users(text, self.mask))
        if "eyJ" in text:
            text = json_text.edited(text, json_web_tokens(text, self.mask))
        if "%" in text and depth < _DEPTH:
            text = _ENCODED.sub(lambda found: self._decoded(found[0], depth), text)
        text = json_text.edited(text, known_credentials(text, self.mask))
        return BASE64_RUN.sub(lambda found: self._opaque(found[0], depth), text)

    def _decoded(self, run: str, depth: int) -> str:
        if "%" not in run:
            return run
        # In a form a plus is a blank; elsewhere, as in base64, it is a plus.
        for decode in (unquote_plus, unquote) if "+" in run else (unquote,):
            decoded = decode(run)
            masked = decoded if decoded == run else self._text(decoded, depth + 1)
            if masked != decoded:
                return quote(masked, safe="*•", errors="replace")
        return run

    def _opaque(self, run: str, depth: int) -> str:
        """A run in base64 without the secret in it; a slash can part two of them, as in a path."""
        if depth >= _DEPTH or run == self.mask:
            return self.mask if is_private_key(run) else run
        if len(run) == _UUID_LENGTH and _UUID.fullmatch(run):
            return run  # its hyphens make it the base64 of nothing that is text
        if self._is_opaque(run, depth):
            return self.mask
        if "/" not in run:
            return run
        return "/".join(self.mask if self._is_opaque(part, depth) else part for part in run.split("/"))

    def _is_opaque(self, run: str, depth: int) -> bool:
        """Whether base64 holds a secret."""
        if is_private_key(run):
            return True
        decoded = base64_text(run) or packed_text(run) or hexadecimal_text(run) or ""
        return decoded != "" and (basic_credentials(decoded) or self._text(decoded, depth + 1) != decoded)

    def _cells(self, text: str) -> Iterable[json_text.Edit]:
        """Find secrets in tables, by the names of their columns."""
        for cell in cells(text, is_secret):
            value = text[cell.start : cell.end]
            if is_secret(cell.name) and not self._is_said(value):
                self._note(value)
                yield cell.start, cell.end, self.mask

    def _fields(self, text: str) -> Iterable[json_text.Edit]:
        """Find `name=value`, `name: value` and `--name value`, quoted or not."""
        position = 0
        while (found := _NAME.search(text, position)) is not None:
            position = found.end()
            if not self._names_secret(text, found) or _DISTINGUISHED.match(text, position):
                continue
            start, end = self._field_value(text, found)
            if end > start and not (self._is_said(text[start:end]) or is_prose(text, found, start, end)):
                self._note(text[start:end])
                yield start, end, self.mask
                position = end
        for flag in _FLAG.finditer(text) if "--" in text else ():
            value = _BARE.match(text, flag.end())
            if value is not None and is_secret(flag["name"]) and not self._is_said(value[0]):
                yield value.start(), value.end(), self.mask

        for said in (*_SAID.finditer(text), *_USER_OPTION.finditer(text)):
            group = said.lastgroup or "value"
            word = said[group].rstrip(".")
            if not self._is_said(word) and (said.re is _USER_OPTION or _MADE_UP[group].search(word)):
                yield said.start(group), said.start(group) + len(word), self.mask

    def _names_secret(self, text: str, found: re.Match[str]) -> bool:
        name = found["name"].rpartition(".")[2]
        if found["mark"] == ",":
            # ('client_secret', '...') as Python shows a pair; items of a list are none.
            pair = found["quote"] and text[max(0, found.start() - 2) : found.start() - 1] == "("
            return bool(pair) and is_secret(name)
        if is_secret(name):
            return not text.startswith("//", found.end())
        if found["mark"] != ":" or found["quote"]:
            return False
        # "Access key: ..." in prose.
        before = _WORD_BEFORE.search(text[max(0, found.start() - 24) : found.start()])
        return before is not None and is_secret(f"{before[0].strip()}_{name}")

    def _is_said(self, value: str) -> bool:
        plain = value.strip(".,;:)}]>=").lower()
        return value == self.mask or plain == self.mask.lower() or plain in _NO_SECRETS or not plain

    def _field_value(self, text: str, found: re.Match[str]) -> tuple[int, int]:
        start = found.end()
        if found["quote"]:
            while start < len(text) and text[start] in "\r\n \t":
                start += 1
            # JSON in a form that was not encoded whole: its blanks are pluses.
            pluses = _PLUSES.match(text, start)
            if pluses is not None and text[pluses.end() : pluses.end() + 1] in _QUOTES:
                start = pluses.end()
        opening = _OPENING.match(text, start)
        if opening is not None:
            return opening.end(), json_text.closing(text, opening["slashes"], opening["mark"], opening.end())
        if text[start : start + 1] in ("[", "{") and found["quote"]:
            end = text.find("]" if text[start] == "[" else "}", start)
            return start, len(text) if end < 0 else end + 1
        listed = _LISTED.match(text, start)
        if listed is not None:
            return start, listed.end()
        return self._unquoted(text, start, found["name"].lower(), found["mark"])

    def _unquoted(self, text: str, start: int, name: str, mark: str) -> tuple[int, int]:
        """Return where a value without quotes begins and ends: a whole line for some headers, else up to a blank."""
        if mark == ":" and (name in _WHOLE_LINE or name in _AUTHORIZATION):
            line = _LINE.match(text, start)
            if line is None:
                return start, start
            scheme, blank, rest = line[0].partition(" ")
            if name in _AUTHORIZATION and blank and rest.strip() and scheme.isalpha():
                start += len(scheme) + 1
            return start, line.end()
        bare = _BARE.match(text, start)
        if bare is None:
            return start, start
        return start, bare.start() + (len(bare[0].rstrip(".,;)}]")) if mark == ":" else len(bare[0]))

"""Masking: taking secrets out of everything that a run shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import attrs

from umapi_harness.postman.documents import JsonValue
from umapi_harness.postman.variables import Values, value_text

MASK = "•••"
MIN_LENGTH = 4
"""Shorter values are not looked for: masking every "a" would hide the report and protect nothing."""

_LEFT_IN_ADDRESSES = "/:@!$&'()*+,;=~?"

_SECRET_NAME = re.compile(r"secret|token|password|passphrase|private_?key|jwt|credential", re.IGNORECASE)
_OPEN_NAME = re.compile(r"(path|file|filename|url|uri|type|expires?(_?in)?|expiry|header)$", re.IGNORECASE)
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_HIDDEN_FIELD = r"[\w.-]*(?:secret|password|passphrase|access_?token|refresh_?token|jwt_?token|private_?key)"
_PATTERNS = (
    re.compile(rf'("{_HIDDEN_FIELD}"\s*:\s*")(?:[^"\\]|\\.)*(")', re.IGNORECASE),
    re.compile(rf'((?:^|[?&\s]){_HIDDEN_FIELD}=)[^&\s"]*()', re.IGNORECASE),
    re.compile(rf'(name="{_HIDDEN_FIELD}"\s*\r?\n\r?\n).*?(\r?\n--)', re.IGNORECASE | re.DOTALL),
    re.compile(r"(\b(?:Bearer|Basic)\s+)[\w.~+/=-]{4,}()", re.IGNORECASE),
    re.compile(r"()\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*()"),
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret: a token, a secret, a private key, a password."""
    return bool(_SECRET_NAME.search(name)) and not _OPEN_NAME.search(name)


@attrs.define
class Masker:
    """Knows the secrets of a run, and replaces them in any text by three dots."""

    _values: set[str] = attrs.field(factory=set[str], init=False, repr=False)
    _finder: re.Pattern[str] | None = attrs.field(default=None, init=False, repr=False)

    def learn(self, value: JsonValue) -> None:
        """Remembers a secret value, in all the forms in which it may turn up on the wire."""
        text = value_text(value)
        if len(text) < MIN_LENGTH or text in self._values:
            return
        encoded = text.encode("utf-8", "replace")
        self._values |= {
            text,
            quote(text, safe="", errors="replace"),
            quote(text, safe=_LEFT_IN_ADDRESSES, errors="replace"),
            quote_plus(text, errors="replace"),
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            base64.b64encode(encoded).decode(),
        }
        longest_first = sorted(self._values, key=len, reverse=True)
        self._finder = re.compile("|".join(re.escape(form) for form in longest_first))

    def learn_scopes(self, scopes: Iterable[Values], secret: Iterable[str] = ()) -> None:
        """Remembers the values of all variables that are declared secret or bear the name of one."""
        declared = frozenset(secret)
        for scope in scopes:
            for name, value in scope.items():
                if name in declared or is_secret_name(name):
                    self.learn(value)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._finder is not None:
            text = self._finder.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{MASK}\2", text)
        return text

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets: authorisation and cookies lose their value altogether."""
        return tuple((name, MASK if name.lower() in _SECRET_HEADERS else self.text(value)) for name, value in pairs)

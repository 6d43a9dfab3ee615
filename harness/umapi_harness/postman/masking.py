"""Masking: taking secrets out of everything that a run shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from umapi_harness.common.cut_secrets import CutSecrets
from umapi_harness.common.documents import JsonValue
from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.secrets import Masker as CommonMasker
from umapi_harness.postman.variables import Values, value_text

MASK = "•••"
MIN_LENGTH = 4
"""Shorter values are not looked for: masking every "a" would hide the report and protect nothing."""
_REMEMBERED: Final = 4096
_REMEMBERED_LENGTH: Final = 2048
"""Names, headers and answers come again with each request of a run: texts up to this length are read once."""

_OF_ADDRESSES: Final = frozenset({"location", "content-location", "referer", "refresh"})
"""Headers whose values are addresses, also where these begin with a path."""


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret: a token, a secret, a private key, a password."""
    return is_secret(name)


@attrs.define
class Masker:
    """Knows the secrets of a run, and replaces them in any text by three dots."""

    _known: set[str] = attrs.field(factory=set[str], init=False, repr=False)
    _masker: CommonMasker = attrs.field(factory=lambda: CommonMasker(MASK), init=False, repr=False)
    _cut: CutSecrets = attrs.field(factory=CutSecrets, init=False, repr=False)

    _masked: dict[str, str] = attrs.field(factory=dict[str, str], init=False, repr=False)
    """Texts as they are shown, by what is known so far; no text teaches this masker a secret."""

    def learn(self, value: JsonValue) -> None:
        """Remembers a secret value, in all the forms in which it may turn up on the wire."""
        text = value_text(value)
        if len(text) >= MIN_LENGTH and text not in self._known:
            self._known.add(text)
            self._masker.learn(text)
            self._cut.add(text)
            self._masked.clear()

    def learn_scopes(self, scopes: Iterable[Values], secret: Iterable[str] = ()) -> None:
        """Remembers the values of all variables that are declared secret or bear the name of one."""
        declared = frozenset(secret)
        for scope in scopes:
            for name, value in scope.items():
                if name in declared or is_secret_name(name):
                    self.learn(value)

    def text(self, text: str) -> str:
        """`text` without secrets."""
        known = self._masked.get(text)
        if known is not None:
            return known
        # Assertions show values within forty characters, and scripts hand out no more than that.
        masked = self._cut.replace(self._masker.text(self._masker.addresses(text)), MASK)
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self._masked) >= _REMEMBERED:
                self._masked.clear()
            self._masked[text] = masked
        return masked

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets: authorisation, cookies and the like lose their value altogether."""
        return tuple((name, MASK if is_secret(name) else self._value(name, value)) for name, value in pairs)

    def _value(self, name: str, value: str) -> str:
        is_address = name.lower() in _OF_ADDRESSES and ("?" in value or "#" in value)
        return self.text(self._masker.url(value) if is_address else value)

"""Attachments: binary data that a text carries in base64, in which nobody can look for names."""

from __future__ import annotations

import re
from typing import Final

import attrs

from umapi_harness.common.shapes import base64_bytes, base64_text, hexadecimal_text, packed_text
from umapi_harness.contract.exchanges import Exchange

# Of one line, also with the slashes of PHP, or of lines that are as long as those of MIME and PEM.
_LONG: Final = re.compile(
    r"(?<![A-Za-z0-9+/_\\-])"
    r"(?:[A-Za-z0-9+/_-]|\\++/|(?<=[A-Za-z0-9+/]{60})(?:\r?\n|(?:\\++r)?\\++n)(?=[A-Za-z0-9+/=])){256,}+={0,2}+"
)
_BETWEEN: Final = re.compile(r"\\++[rn]|\s|\\")
# Words, rules and paths that happen to be long lack one or the other.
_MIXED: Final = re.compile(r"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[^0-9]*[0-9]")
_MARK: Final = re.compile(r"left out: [0-9]+ bytes of base64 could not be inspected\s*")


@attrs.frozen
class Detached:
    """An exchange without the binary data in its bodies."""

    exchange: Exchange
    request: bool
    """Whether any was left out of the request's body."""
    response: bool


def detached(exchange: Exchange) -> Detached:
    """Leave binary data in base64 out of the bodies of an exchange, which are UTF-8; a mark with its size is there."""
    sent, answered = _without(exchange.request.body), _without(exchange.response.body)
    changed = Detached(
        attrs.evolve(
            exchange,
            request=attrs.evolve(exchange.request, body=sent),
            response=attrs.evolve(exchange.response, body=answered),
        ),
        request=sent != exchange.request.body,
        response=answered != exchange.response.body,
    )
    return changed if changed.request or changed.response else Detached(exchange, request=False, response=False)


def _without(body: bytes) -> bytes:
    return _LONG.sub(_marked, body.decode("utf-8", "replace")).encode() if len(body) >= 256 else body


def _marked(found: re.Match[str]) -> str:
    run = _BETWEEN.sub("", found[0])
    if not _MIXED.match(run) or hexadecimal_text(run) or base64_text(run) or packed_text(run):
        return found[0]
    data = base64_bytes(run)
    if data is None:
        return found[0]
    return f"left out: {len(data)} bytes of base64 could not be inspected"


def is_attachment_mark(text: str) -> bool:
    """Whether a text is the mark of data that was left out, and nobody's name."""
    return _MARK.fullmatch(text) is not None

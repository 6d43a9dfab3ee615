"""JSON documents: a cursor over JSON that holds no more than one value of it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final

import ijson  # pyright: ignore[reportMissingTypeStubs]

from umapi_harness.contract.exchanges import RecordingError
from umapi_harness.contract.formats.cursors import Kind, is_list, is_map
from umapi_harness.contract.formats.sources import MEMBERS, Source

_KINDS: Final[dict[str, Kind]] = {"start_map": "map", "start_array": "list", "end_map": "end", "end_array": "end"}
_OPENING: Final = frozenset({"start_map", "start_array"})
_CLOSING: Final = frozenset({"end_map", "end_array"})


class NotJsonError(RecordingError):
    """The text is no JSON, from some place on."""

    def __init__(self, path: str, place: str, reason: str) -> None:
        super().__init__(f"{path}{place}: {reason}; a recording is a JSON file (HAR 1.2)")
        self.place = path + place
        """File and pointer."""


class _Paired:
    """A text in which the escape of half a surrogate pair, which stands for no character, is that of U+FFFD.

    Programs in JavaScript write such; the parser would end at it.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; empty at the end."""
        if size == 0:
            return b""
        while True:
            chunk = self._source.read(size)
            data = self._held + chunk
            cut = _cut(data) if chunk else len(data)
            data, self._held = data[:cut], data[cut:]
            if data or not chunk:
                return _ESCAPE.sub(_whole, data) if _HALF.search(data) else data


_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HIGH: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_LONGEST: Final = 12  # bytes of a surrogate pair as escapes


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _cut(data: bytes) -> int:
    """Return where a text can be cut without cutting an escape, or a pair of them, that may go on behind its end."""
    place = data.find(b"\\", max(len(data) - _LONGEST, 0))
    if place < 0:
        return len(data)
    place = _start(data, place)
    return _start(data, place - 6) if _HIGH.fullmatch(data, place - 6, place) else place


def _start(data: bytes, place: int) -> int:
    """Return the start of the escape whose first or second character is the backslash at a place."""
    return place - (place - len(data[:place].rstrip(b"\\"))) % 2


class JsonCursor:
    """Walks through a JSON text."""

    line: int | None = None

    def __init__(self, source: Source) -> None:
        self.source = source
        # As floats and machine integers: ijson cannot bear the exception of a conversion to Python's own integers.
        self._events: Iterator[tuple[str, object]] = ijson.basic_parse(_Paired(source), use_float=True)
        self._next: tuple[str, object] | None = None

    @property
    def _event(self) -> tuple[str, object]:
        # Not read before it is asked for: where the text breaks off behind a value, that value is whole.
        if self._next is None:
            self._next = self._read()
        return self._next

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self._event[0], "scalar")

    def members(self) -> Iterator[str]:
        self._advance()
        known: set[str] = set()
        while self._event[0] != "end_map":
            name = str(self._event[1])
            self._check_name(known, name)
            known.add(name)
            if len(known) > MEMBERS:
                raise self.source.too_many()
            self._advance()
            yield name
        self._advance()

    def items(self) -> Iterator[int]:
        self._advance()
        number = 0
        while self._event[0] != "end_array":
            yield number
            number += 1
        self._advance()

    def skip(self) -> None:
        depth = 0
        while True:
            name = self._event[0]
            depth += (name in _OPENING) - (name in _CLOSING)
            # Each part may be as large as an entry: their sum is of no interest, for nothing of it is kept.
            self.source.at(self.source.place)
            self._advance()
            if depth == 0:
                return

    def value(self) -> object:
        name, scalar = self._event
        if name not in _OPENING:
            self._advance()
            return scalar
        # Not by recursion, for which a hostile file would have the depth.
        whole: dict[str, object] | list[object] = {} if name == "start_map" else []
        stack: list[tuple[dict[str, object] | list[object], str]] = [(whole, "")]
        while stack:
            self._advance()
            name, scalar = self._event
            if name in _CLOSING:
                stack.pop()
                continue
            if name == "map_key":
                self._check_name(stack[-1][0], str(scalar))
                stack[-1] = (stack[-1][0], str(scalar))
                continue
            item: object = scalar
            if name in _OPENING:
                item = {} if name == "start_map" else []
            holder, key = stack[-1]
            if isinstance(holder, dict):
                holder[key] = item
            else:
                holder.append(item)
            if is_map(item) or is_list(item):
                stack.append((item, ""))
                if len(stack) > self.source.limits.depth:
                    raise self.source.too_deep()
        self._advance()
        return whole

    def finish(self) -> None:
        """Make sure that nothing follows the value."""
        if self._event[0] != "":
            raise self._no_json("more follows the end of the document")

    def _check_name(self, known: Container[object], name: str) -> None:
        if name in known:
            raise self.source.twice(name)

    def _advance(self) -> None:
        self._next = None

    def _read(self) -> tuple[str, object]:
        try:
            return next(self._events, ("", None))
        except RecordingError:
            raise
        except ijson.JSONError as error:
            reason = _reason(error)
            if "overflow" in reason or "too large" in reason:
                remedy = "no recorder writes such a number; correct the file"
                raise self.source.error("a number has more digits than can be read", remedy) from None
            if reason == _CUT_OFF:
                raise self.source.cut_off() from None
            raise self._no_json(reason) from None

    def _no_json(self, reason: str) -> NotJsonError:
        return NotJsonError(self.source.path, self.source.place, reason)


_CUT_OFF: Final = "the file ends in the middle"


def _reason(error: ijson.JSONError) -> str:
    text = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
    reason = text.strip().partition("\n")[0].strip()
    if "premature EOF" in reason or "Incomplete" in reason:
        return _CUT_OFF
    return reason.removeprefix("parse error: ").removeprefix("lexical error: ")[:120]

"""Sources: the bytes of a recording as UTF-8, whatever encoding it was saved in, and how many at a time."""

from __future__ import annotations

import codecs
import json
import re
import shlex
from typing import BinaryIO, Final

from umapi_harness.common.mistaken import WORKBOOK, binary_kind
from umapi_harness.common.payloads import MARKS
from umapi_harness.contract.exchanges import CutOffError, Limits, RecordingError

_CHUNK: Final = 64 * 1024
KNOWN: Final = "give a HAR 1.2 file, a vcrpy cassette or a Postman collection with saved examples"
_USUAL: Final = "utf-8"
_BINARY: Final = re.compile(rb"\A[^{\[\n]*?[\x00-\x08\x0e-\x1f]")
"""Control bytes on a first line that is no JSON, as text of no kind has them."""
MEMBERS: Final = 1000
"""How many members a map may have that is not taken into memory, such as the whole file: names are remembered."""

_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class Source:
    """A file object for parsers, which read on until they have a value whole: it ends that at a limit."""

    def __init__(self, stream: BinaryIO, path: str, limits: Limits) -> None:
        self.path = path
        self.place = ""
        """What is being read, for messages: a JSON pointer with its mark, or nothing."""
        self.whole = ""
        """The last entry that was read whole, by its pointer."""
        self._stream = stream
        self._unreadable: tuple[str, str] | None = None
        self._nothing = 0
        first = self._raw()
        found = binary_kind(first)
        packer = next((name for beginning, name in _PACKED.items() if first.startswith(beginning)), "")
        if packer and found != WORKBOOK:
            raise RecordingError(f"{path}: is packed with {packer}; unpack it first")
        if found:
            raise RecordingError(f"{path}: is {found}, and no recording; {KNOWN}")
        encoding, mark = _encoding(first)
        if encoding == _USUAL and _BINARY.search(first):
            raise RecordingError(f"{path}: is a binary file, and no recording; {KNOWN}")
        self.encoding = encoding
        self._position = mark
        self.limits = limits
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = self._decoded(first[mark:])
        self._delivered = self._marked = 0
        self._ended = not first

    @property
    def head(self) -> bytes:
        """The beginning of the text, without reading it."""
        return self._ready

    def at(self, place: str) -> None:
        """Say where the parser is: what is read from now on counts anew."""
        self.place = place
        self._marked = self._delivered

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; empty at the end.

        Raises:
            RecordingError: one value is too large, the file has another encoding, or it cannot be read.
        """
        if size == 0:
            return b""
        while not self._ready and not self._ended:
            if self._unreadable is not None:
                # Only now: what stands before it has been read, so that the place is that of the entry.
                raise self.error(*self._unreadable)
            chunk = self._raw()
            self._ended = not chunk
            self._ready = self._decoded(chunk)
        # A negative size asks for everything, which no parser here does; it gets what there is.
        given, self._ready = (self._ready, b"") if size < 0 else (self._ready[:size], self._ready[size:])
        self._delivered += len(given)
        if self._delivered - self._marked > self.limits.entry_bytes + 2 * _CHUNK:
            raise self.too_large()
        return given

    def error(self, problem: str, remedy: str, *, line: int | None = None) -> RecordingError:
        """Return the exception that names the file, the place, the problem and the remedy."""
        number = f": line {line}" if line is not None else ""
        return RecordingError(f"{self.path}{self.place}{number}: {problem}; {remedy}")

    def cut_off(self) -> CutOffError:
        """Return the exception for a file that ends before its document does."""
        command = f"umapi-harness redact --salvage {shlex.quote(self.path)} NEW.har"
        return CutOffError(f"{self.path}{self.place}", self.whole, f"{command} keeps all up to it")

    def too_large(self) -> RecordingError:
        """Return the exception for an entry past the limit."""
        size = self.limits.body_bytes
        return self.error(
            f"holds more than bodies of {size:,} bytes need", "raise the limit (--max-body), or remove the entry"
        )

    def twice(self, name: str, line: int | None = None) -> RecordingError:
        """Return the exception for two members of one name: one would be hidden from whoever looks for secrets."""
        return self.error(f"the member {name[:40]!r} is there twice", "leave one of them", line=line)

    def too_many(self, line: int | None = None) -> RecordingError:
        """Return the exception for more members than are remembered."""
        remedy = "a recording has few; give a HAR, cassette or collection"
        return self.error(f"holds more than {MEMBERS} members", remedy, line=line)

    def too_deep(self, line: int | None = None) -> RecordingError:
        """Return the exception for a value that is nested past the limit."""
        problem = f"is nested more than {self.limits.depth} deep"
        return self.error(problem, "a recording is not; give a HAR, cassette or collection", line=line)

    def _raw(self) -> bytes:
        try:
            return self._stream.read(_CHUNK)
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror}", "check its name and permissions") from None

    def _decoded(self, chunk: bytes) -> bytes:
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            # What the decoder kept of the chunk before counts in its positions, but not in ours.
            kept = len(error.object) - len(chunk)
            place = self._position - kept + error.start
            if not chunk and self.whole:
                raise self.cut_off() from None  # in the middle of a character
            self._unreadable = (f"byte {place} is not {self.encoding.upper()}", "save the recording as UTF-8")
            self._ended = False
            text = error.object[: error.start].decode(self.encoding)
        self._position += len(chunk)
        return self._without_end(text.encode("utf-8", "replace"))

    def _without_end(self, data: bytes) -> bytes:
        """Leave out the NUL bytes that end a file, as after a loss of power: it is cut off where they begin."""
        text = data.rstrip(b"\0")
        held, self._nothing = self._nothing, len(data) - len(text) + (0 if text else self._nothing)
        if self._nothing > self.limits.entry_bytes:
            raise self.error(f"holds more than {self._nothing:,} NUL bytes", "it is no recording")
        return b"\0" * bool(held) + text if text else b""


def json_position(stream: BinaryIO) -> str:
    """Return where the first error of a small JSON text is; empty if it is a large one, or has no error."""
    data = stream.read(_SMALL + 1)
    if len(data) > _SMALL:
        return ""
    encoding, mark = _encoding(data)
    try:
        json.loads(data[mark:].decode(encoding))
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError):
        return ""
    return ""


_SMALL: Final = 1024 * 1024


def _encoding(first: bytes) -> tuple[str, int]:
    """The encoding of a text by its first bytes, and the length of the mark that says so."""
    for mark, name in MARKS:
        if first.startswith(mark):
            return name, len(mark)
    # Without a mark: every format here begins with an ASCII character.
    if first[1:2] == b"\0" and first[:1] != b"\0":
        return "utf-16-le", 0
    if first[:1] == b"\0" and first[1:2] != b"\0":
        return "utf-16-be", 0
    return _USUAL, 0

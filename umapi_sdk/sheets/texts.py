"""The bytes of a file as text: encodings, byte-order marks and lines, read in pieces, each line within a bound."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Generator, Iterator
from typing import BinaryIO, Final

from umapi_runtime.constraints import show
from umapi_sdk.sheets.rows import Problem, SheetError

LONGEST: Final = 1024 * 1024
"""The most characters of one row or entry. A row of real data has a few hundred."""

_CHUNK: Final = 64 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHERS: Final = (
    (b"PK\x03\x04", "is an Excel or OpenDocument workbook: save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook: save it as CSV UTF-8"),
    (b"SQLite format 3\0", "is a database: the journal of a run is gone on with by `umapi apply --resume`"),
    (b"\x1f\x8b", "is compressed by gzip: unpack it"),
    (b"%PDF", "is a PDF document: give CSV or JSON"),
)
_FOR_NAMES: Final = {"idna", "punycode"}
"""Codecs for names of hosts alone."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class Text:
    """The text of a file, and what its bytes were."""

    def __init__(self, stream: BinaryIO, encoding: str | None, *, fixed: bool = False) -> None:
        """Begin to read; `fixed` is whether nobody can name another encoding, so that no message advises it.

        Raises:
            SheetError: the encoding is none, or the file is no text.
        """
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0
        """Bytes read so far."""
        first = self._read()
        for beginning, message in _OTHERS:
            if first.startswith(beginning):
                raise SheetError(Problem(message=message))
        mark, marked = next(((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", ""))
        self.encoding = marked or _known("utf-8" if encoding is None else encoding)
        self.named = bool(encoding or marked)
        self._fixed = fixed
        if not self.named and b"\0" in first[:2]:
            remedy = "save it as UTF-8" if fixed else "name it, --encoding utf-16-le or utf-16-be"
            message = f"looks like UTF-16 without a byte-order mark: {remedy}"
            raise SheetError(Problem(message=message))
        self._first = first[len(mark) :]
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        self._line = 1
        self._ends_with_return = False

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes read so far, in hexadecimal digits."""
        return self._hash.hexdigest()

    @property
    def first_letter(self) -> str:
        """The first letter that is no blank; empty where the text seems to have none."""
        return self._first.decode(self.encoding, "ignore").lstrip()[:1]

    def chunks(self) -> Iterator[str]:
        """Read the text in pieces, as they come.

        Raises:
            SheetError: bytes that are no text in the encoding; it names the line and the first such byte.
        """
        data = self._first
        while data:
            yield self._decoded(data, final=False)
            data = self._read()
        yield self._decoded(b"", final=True)

    def lines(self) -> Generator[str]:
        """Read the text line by line, each with its end: a line feed, a carriage return, or both.

        Raises:
            SheetError: as for `chunks`, or a line that is too long.
        """
        pending, number = "", 0
        for text in self.chunks():
            pending += text
            # A return at the end may be half of a line end.
            held = pending[-1:] if pending.endswith("\r") else ""
            lines = list(io.StringIO(pending[: len(pending) - len(held)], newline=""))
            pending = (lines.pop() if lines and lines[-1][-1] not in "\r\n" else "") + held
            for line in lines:
                number += 1
                _check_length(line, number)
                yield line
            _check_length(pending, number + 1)
        if pending:
            yield pending

    def _read(self) -> bytes:
        try:
            data = self._stream.read(_CHUNK)
        except OSError as error:
            raise SheetError(Problem(message=f"cannot be read: {error.strerror}")) from None
        self._hash.update(data)
        self.size += len(data)
        return data

    def _decoded(self, data: bytes, *, final: bool) -> str:
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            self._pass(error.object[: error.start].decode(self.encoding, "replace"))
            raise SheetError(Problem(line=self._line, message=self._advice(error))) from None
        except UnicodeError:
            raise SheetError(Problem(line=self._line, message=f"is no text in {self.encoding}")) from None
        before, nul, _ = text.partition("\0")
        self._pass(before)
        if nul:
            raise SheetError(Problem(line=self._line, message="holds a NUL character: is it a text file?"))
        return text

    def _pass(self, text: str) -> None:
        """Count the lines that end in a text; a line end may be cut in two."""
        self._line += sum(1 for _ in _LINE_END.finditer(text)) - (self._ends_with_return and text.startswith("\n"))
        self._ends_with_return = text.endswith("\r")

    def _advice(self, error: UnicodeDecodeError) -> str:
        byte = f"the byte 0x{error.object[error.start]:02X}"
        if self._fixed:
            return f"{byte} is no text in {self.encoding}: save the file as UTF-8"
        if self.named:
            return f"{byte} is no text in {self.encoding}: name the right encoding with --encoding"
        return f"{byte} is not UTF-8: save the file as CSV UTF-8, or name its encoding, such as --encoding cp1252"


def _known(encoding: str) -> str:
    known = _codec(encoding)
    if known is None:
        message = f"{encoding or show(encoding)} is no encoding: give one such as utf-8, utf-16 or cp1252"
        raise SheetError(Problem(message=message))
    return known


def _codec(encoding: str) -> str | None:
    """The name of the codec, if there is one that makes text of the bytes of files."""
    try:
        known = io.TextIOWrapper(io.BytesIO(), encoding=encoding).encoding  # codecs that make no text are refused
        b"\xff".decode(known, "replace")  # and one that refuses whatever comes
        return None if codecs.lookup(known).name in _FOR_NAMES else known
    except (LookupError, ValueError):
        return None


def _check_length(line: str, number: int) -> None:
    if len(line) > LONGEST:
        raise SheetError(Problem(line=number, message=f"is longer than {LONGEST:,} characters"))

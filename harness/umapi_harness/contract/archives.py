"""Archives: exchanges written as HAR 1.2, one by one, into a file that is there whole or not at all."""

from __future__ import annotations

import base64
import errno
import itertools
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import attrs

from umapi_harness.common.outputs import is_stream
from umapi_harness.contract import redaction
from umapi_harness.contract.exchanges import Exchange, RecordingError

_CREATOR: Final = {"name": "umapi-harness", "version": "1"}
_INDENT: Final = "      "  # of an entry in an archive that json.dumps indents by two


class UnwritableError(RecordingError):
    """A recording that cannot be written."""

    def __init__(self, path: Path, error: OSError, left: str) -> None:
        self.place = f"{path}: cannot be written: {error.strerror or error}"
        """The file, and why."""
        super().__init__(f"{self.place}; choose another place ({left})")


def write(exchanges: Iterable[Exchange]) -> str:
    """Return the text of a file that holds the exchanges, with every secret masked."""
    return "".join(_texts(exchanges))


def save(exchanges: Iterable[Exchange], path: Path) -> int:
    """Write the exchanges to a file, with every secret masked; returns how many there were.

    They are taken one by one, so that they may come from a file of any size, even from the one that is replaced.

    Raises:
        RecordingError: the file cannot be written, or an exchange cannot be had; what was there before is untouched.
    """
    number = 0
    with Archive.writing(path) as archive:
        for exchange in exchanges:
            archive.add(exchange)
            number += 1
    return number


def numbered(path: Path) -> Iterator[Path]:
    """The names for a recording that replaces none, in their order: that of `path`, name-2, name-3 and so on."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


class Archive:
    """A file in the making: hidden beside its place and readable by its owner only, until all of it is written.

    After each exchange the hidden file is a whole recording, which whoever finds it can read. A pipe or device is
    written to as it is, without a file beside it.
    """

    def __init__(self, path: Path) -> None:
        """Create the hidden file.

        Raises:
            UnwritableError: it cannot be created.
            RecordingError: there is a directory.
        """
        self._shown = path
        self._begun = False
        self._streams = is_stream(path)
        # A link goes on pointing at what it pointed at.
        self._path = path if self._streams else Path(os.path.realpath(path))
        if self._path.is_dir():
            raise RecordingError(f"{path}: is a directory; give the name of a file in it, such as {path / 'one.har'}")
        try:
            handle, name = self._opened()
        except OSError as error:
            raise self._unwritable(error) from None
        self._part = Path(name)
        # Nothing waits in memory, for a disk that is full or a process that is forked off.
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._whole = 0  # bytes up to the end of the last exchange

    def _opened(self) -> tuple[int, str]:
        if self._streams:
            return os.open(self._path, os.O_WRONLY), str(self._path)
        return tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".part", dir=self._path.parent)

    @classmethod
    @contextmanager
    def writing(cls, path: Path, *, replacing: bool = True) -> Generator[Archive]:
        """Give an archive that takes its name at the end of the context, and is removed if that ends by an exception.

        Raises:
            RecordingError: the file cannot be written, or without `replacing` is there already; what was there before
                is untouched.
        """
        archive = cls(path)
        try:
            yield archive
            archive.finish(replacing=replacing)
        except BaseException:
            archive.discard()
            raise

    @property
    def whole(self) -> Path | None:
        """The hidden file, which is a recording of the exchanges so far; None where a pipe is written to."""
        return None if self._streams else self._part

    def add(self, exchange: Exchange, *, cleaned: bool = False) -> None:
        """Write an exchange, with every secret masked; one that a `Cleaner` gave, `cleaned`, has none in its bodies.

        Raises:
            UnwritableError: it could not be written; the file holds those before it, unless it is a pipe.
        """
        text = _encoded((",\n" if self._begun else f"{_HEAD}\n") + _entry_text(exchange, cleaned))
        before = self._begun
        self._begun = True
        try:
            self._put(text if self._streams else text + _encoded(_TAIL))
        except BaseException:
            self._begun = before or self._streams
            self._mend()
            raise
        self._whole += len(text)

    def _mend(self) -> None:
        """Take back what was written of an exchange; its place is free again for the end of the file."""
        if not self._streams:
            with suppress(OSError):
                self._file.truncate(self._whole)
                if self._begun:
                    self._put(_encoded(_TAIL))

    def finish(self, *, numbered: bool = False, replacing: bool = True) -> Path:
        """Complete the file, give it its name and return that.

        With `numbered`, no file is replaced: the first free one of name, name-2, name-3 and so on is taken.

        Raises:
            UnwritableError: the file cannot be written; discard it.
            RecordingError: without `replacing`, one is there already, perhaps made meanwhile; discard it.
        """
        self._put(_encoded(_TAIL if self._begun else _HEAD + _EMPTY_TAIL))
        try:
            if not self._streams:
                os.fsync(self._file.fileno())
            self._file.close()
            if self._streams:
                return self._shown
            if numbered:
                return self._numbered()
            if replacing:
                self._part.replace(self._path)
            else:
                self._take(self._path)
        except FileExistsError:
            raise _occupied(self._shown) from None
        except OSError as error:
            raise self._unwritable(error) from None
        return self._path

    def _numbered(self) -> Path:
        for place in numbered(self._path):
            try:
                self._take(place)
            except FileExistsError:
                continue
            return place
        raise AssertionError("numbers do not end")

    def _take(self, place: Path) -> None:
        """Move the file to a place; raises FileExistsError where there is one, whoever made it and just when."""
        try:
            place.hardlink_to(self._part)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links: the place is taken by an empty file first.
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self._part.replace(place)
        else:
            self._part.unlink()

    def discard(self) -> None:
        """Remove what has been written; does nothing to a finished file, and cannot take back what a pipe has got."""
        with suppress(OSError):
            self._file.close()
        if not self._streams:
            with suppress(OSError):
                self._part.unlink()

    def _put(self, text: bytes) -> None:
        """Write behind the last exchange."""
        rest = memoryview(text)
        try:
            if not self._streams:
                self._file.seek(self._whole)
            while rest:
                written = self._file.write(rest)
                if not written:
                    raise BlockingIOError(errno.EAGAIN, "nobody reads from it")
                rest = rest[written:]
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UnwritableError:
        left = "what was written to it is not whole" if self._streams and self._begun else "nothing has been kept"
        return UnwritableError(self._shown, error, left)


def check_free(path: Path) -> None:
    """Raise RecordingError if there is a file already, before `Archive.finish` would without `replacing`."""
    if path.is_file():
        raise _occupied(path)


def _occupied(path: Path) -> RecordingError:
    return RecordingError(f"{path}: is there already and stays; give another name (--overwrite replaces it)")


def is_creator(value: object) -> bool:
    """Whether a `log.creator` is the one that archives of ours have."""
    return value == _CREATOR


def _texts(exchanges: Iterable[Exchange]) -> Generator[str]:
    yield _HEAD
    separator = "\n"
    for exchange in exchanges:
        yield separator + _entry_text(exchange)
        separator = ",\n"
    yield _TAIL if separator != "\n" else _EMPTY_TAIL


_HEAD: Final = json.dumps({"log": {"version": "1.2", "creator": _CREATOR, "entries": []}}, indent=2).partition("]")[0]
_TAIL: Final = "\n    ]\n  }\n}\n"
_BODIES: Final = (("request", "postData"), ("response", "content"))
_EMPTY_TAIL: Final = _TAIL.replace("\n    ]", "]")


def _encoded(text: str) -> bytes:
    # Half a surrogate pair cannot be encoded; as an escape it can stand in a JSON text.
    return text.encode("utf-8", "backslashreplace")


def _entry_text(exchange: Exchange, cleaned: bool = False) -> str:
    entry = _entry(exchange if cleaned else _without_secrets(exchange))
    bodies = [_taken(entry[side].get(name, {})) for side, name in _BODIES] if cleaned else []
    masked = redaction.document(entry)
    for (side, name), body in zip(_BODIES, bodies, strict=False):
        if body is not None:
            masked[side][name]["text"] = body
    text = json.dumps(masked, indent=2, ensure_ascii=False)
    return _INDENT + text.replace("\n", f"\n{_INDENT}")  # JSON has no line break inside a string


def _taken(content: dict[str, Any]) -> object:
    """Take the text out of a body, that it is not looked through once more."""
    text = content.get("text")
    if text is not None:
        content["text"] = ""
    return text


def _without_secrets(exchange: Exchange) -> Exchange:
    """Mask what goes into the file while it is still in the form of the wire, so that sizes are those of the file."""
    request, response = exchange.request, exchange.response
    return attrs.evolve(
        exchange,
        request=attrs.evolve(request, url=redaction.url(request.url), body=redaction.body(request.body)),
        response=attrs.evolve(response, body=redaction.body(response.body)),
    )


def _entry(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    sent: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in request.headers],
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        text = request.body.decode("utf-8", "replace")  # HAR has no place for another encoding here
        sent["postData"] = {"mimeType": request.header("Content-Type") or "", "text": text}
    content: dict[str, Any] = {"size": len(response.body), "mimeType": response.header("Content-Type") or ""}
    try:
        content["text"] = response.body.decode()
    except UnicodeDecodeError:
        content |= {"text": base64.b64encode(response.body).decode("ascii"), "encoding": "base64"}
    answered: dict[str, Any] = {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in response.headers],
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(response.body),
    }
    if not response.status:
        # As browsers write a request that was aborted, with the reason.
        answered |= {"statusText": "", "_error": response.reason}
    entry: dict[str, Any] = {
        "startedDateTime": exchange.started,
        "time": exchange.milliseconds,
        "request": sent,
        "response": answered,
        "cache": {},
        "timings": {"send": 0, "wait": exchange.milliseconds, "receive": 0},
    }
    if exchange.source:
        entry["comment"] = exchange.source
    if exchange.notes:
        entry["_umapi"] = dict(exchange.notes)
    return entry

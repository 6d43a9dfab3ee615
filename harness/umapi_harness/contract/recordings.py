"""Recordings: exchanges with the service, read from files of every known format, written as HTTP Archives."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from umapi_harness.common.outputs import is_stream
from umapi_harness.contract.archives import Archive, save, write
from umapi_harness.contract.exchanges import (
    CutOffError,
    Exchange,
    Headers,
    Limits,
    RecordedRequest,
    RecordedResponse,
    Recording,
    RecordingError,
)
from umapi_harness.contract.formats import reading
from umapi_harness.contract.formats.json_documents import NotJsonError
from umapi_harness.contract.formats.sources import json_position

__all__ = [
    "Archive",
    "CutOffError",
    "Exchange",
    "Headers",
    "Limits",
    "RecordedRequest",
    "RecordedResponse",
    "Recording",
    "RecordingError",
    "check_rereadable",
    "load",
    "load_folder",
    "no_exchange",
    "open_everything",
    "open_filled",
    "open_recording",
    "read",
    "save",
    "write",
]

_LIMITS = Limits()
_HEAD = 64


def open_recording(
    path: Path,
    *,
    limits: Limits = _LIMITS,
    skip: Callable[[str], None] | None = None,
    leave: Callable[[str, object], None] | None = None,
    unanswered: Callable[[Exchange], object] | None = None,
) -> Iterator[Exchange]:
    """Return the exchanges of a file of any size, one by one, so that only one is in memory.

    Its format - HAR 1.2, vcrpy cassette in YAML or JSON, Postman collection with saved examples - is told by what
    is in it. `skip` receives a line for each entry that is no exchange with a service, such as an aborted request;
    `leave` receives place and value of all that becomes no part of an exchange, `unanswered` each request among
    those entries, with status 0.

    Raises:
        RecordingError: the file cannot be read, or is no recording; when it is broken from some place on, after
            the exchanges before that.
    """
    if is_stream(path) and not _is_piped(path):
        raise RecordingError(f"{path}: is a pipe or device; save the recording as a file first")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}; check its name and permissions") from None
    with stream:
        try:
            yield from reading.exchanges(stream, str(path), limits, skip or _ignore, leave, unanswered)
        except NotJsonError as error:
            if not stream.seekable():
                raise
            stream.seek(0)
            raise _placed(error, json_position(stream)) from None


def open_everything(
    path: Path,
    *,
    limits: Limits = _LIMITS,
    skip: Callable[[str], None] | None = None,
    leave: Callable[[str, object], None] | None = None,
) -> Iterator[Exchange]:
    """Return the exchanges of a file one by one and, at their places among them, the requests without an answer.

    These have status 0; of what they told besides, `leave` is told.

    Raises:
        RecordingError: as `open_recording`.
    """
    waiting: list[Exchange] = []
    try:
        for exchange in open_recording(path, limits=limits, skip=skip, leave=leave, unanswered=waiting.append):
            yield from waiting
            waiting.clear()
            yield exchange
    except CutOffError:
        yield from waiting
        raise
    yield from waiting


def open_filled(
    path: Path, *, limits: Limits = _LIMITS, skip: Callable[[str], None] | None = None
) -> Iterator[Exchange]:
    """Return the exchanges of a file one by one, as `open_recording` does, if there is at least one.

    Raises:
        RecordingError: there is none, so that whatever is asked of the recording would be true; or as there.
    """
    number = -1
    for number, exchange in enumerate(open_recording(path, limits=limits, skip=skip)):  # noqa: B007 - counts
        yield exchange
    if number < 0:
        raise no_exchange(str(path))


def no_exchange(path: str, left_out: str = "") -> RecordingError:
    """Return the exception for a recording in which nothing is of use; `left_out` says what there is instead."""
    there = f"holds no exchange of the API; left out: {left_out}" if left_out else "holds no exchange"
    return RecordingError(f"{path}: {there}; give a recording with a request and its answer")


def is_yaml(path: Path) -> bool:
    """Whether a recording is written in YAML, which may hold comments that are no part of it."""
    with path.open("rb") as stream:
        return not reading.is_json(stream.read(_HEAD))


def check_rereadable(path: Path) -> None:
    """Make sure that a file can be read a second time.

    Raises:
        RecordingError: it is a pipe or device.
    """
    if is_stream(path):
        raise RecordingError(f"{path}: is a pipe or device, and must be read twice; save it as a file first")


def load(path: Path, *, limits: Limits = _LIMITS) -> Recording:
    """Read one file whole.

    Raises:
        RecordingError: the file cannot be read, or is no recording.
    """
    kept = _Kept()
    kept.take(open_recording(path, limits=limits, skip=kept.skipped.append, unanswered=kept.note))
    return kept.recording(str(path))


def load_folder(folder: Path) -> tuple[Recording, ...]:
    """Read all `*.har` files of a folder, by name.

    Raises:
        RecordingError: there is none, one cannot be used, or two exchanges have the same name.
    """
    recordings = tuple(load(path) for path in sorted(folder.glob("*.har")))
    if not recordings:
        raise RecordingError(f"{folder}: has no *.har file; give the folder of the recordings")
    places: dict[str, str] = {}
    for exchange in (exchange for recording in recordings for exchange in recording.exchanges):
        first = places.setdefault(exchange.name, exchange.where)
        if first is not exchange.where:
            raise RecordingError(f"{exchange.where}: {exchange.name!r} is also the name of {first}; rename one")
    return recordings


def read(text: str | bytes, path: str, *, limits: Limits = _LIMITS) -> Recording:
    """Read the content of a file; `path` stands in messages.

    Raises:
        RecordingError: it is no recording.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    kept = _Kept()
    try:
        kept.take(reading.exchanges(io.BytesIO(data), path, limits, kept.skipped.append, unanswered=kept.note))
    except NotJsonError as error:
        raise _placed(error, json_position(io.BytesIO(data))) from None
    return kept.recording(path)


@attrs.define
class _Kept:
    """What has been read of one file."""

    exchanges: list[Exchange] = attrs.field(factory=list[Exchange])
    skipped: list[str] = attrs.field(factory=list[str])
    unanswered: list[tuple[int, Exchange]] = attrs.field(factory=list[tuple[int, Exchange]])

    def take(self, exchanges: Iterator[Exchange]) -> None:
        for exchange in exchanges:
            self.exchanges.append(exchange)

    def note(self, exchange: Exchange) -> None:
        self.unanswered.append((len(self.exchanges), exchange))

    def recording(self, path: str) -> Recording:
        return Recording(
            path=path,
            exchanges=tuple(self.exchanges),
            skipped=tuple(self.skipped),
            unanswered=tuple(self.unanswered),
        )


def _is_piped(path: Path) -> bool:
    """Whether a path is a pipe that another program writes to, as a shell makes it: one with a name may have none."""
    return path.is_fifo() and not os.path.exists(os.path.realpath(path))


def _ignore(_line: str) -> None:
    return None


def _placed(error: NotJsonError, position: str) -> RecordingError:
    """The error with line and column, which the reader of large files does not know."""
    return RecordingError(f"{error.place}: {position}; a recording is a JSON file (HAR 1.2)") if position else error

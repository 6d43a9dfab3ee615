"""The recorder: cleans exchanges and writes them to an archive, from however many threads they come."""

from __future__ import annotations

import atexit
import os
import secrets
import sys
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from umapi_harness.common.outputs import is_stream
from umapi_harness.contract.archives import Archive, UnwritableError
from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import (
    Exchange,
    Headers,
    Limits,
    RecordedRequest,
    RecordedResponse,
    RecordingError,
)
from umapi_harness.contract.pseudonyms import Pseudonyms

KEY_VARIABLE: Final = "UMAPI_PSEUDONYM_KEY"
ACCEPT_VARIABLE: Final = "UMAPI_RECORD_ACCEPT"
_LIMITS: Final = Limits()
_WINDOWS: Final = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class Recorder:
    """Writes one file, which is there whole at the end or not at all; without an exchange there is none.

    Args:
        path: where the file is to be.
        pseudonyms: None leaves personal data as it is.
        accepted: words that get no pseudonym where nothing tells that they are personal, in any letter case.
        numbered: whether a file that is there already stays, and this one is called `name-2`, `name-3` and so on.

    Raises:
        RecordingError: nothing can be written there.
    """

    def __init__(
        self,
        path: Path,
        pseudonyms: Pseudonyms | None,
        *,
        accepted: frozenset[str] = frozenset(),
        numbered: bool = False,
    ) -> None:
        self._path = path
        self._cleaner = Cleaner(pseudonyms, accepted)
        self._numbered = numbered
        self._begin()
        self.count = 0
        """How many exchanges have been written."""
        self.unanswered = 0
        """How many requests have been written whose answer is not there."""

    def _begin(self) -> None:
        self._archive = Archive(self._path)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._open = True

    def add(self, exchange: Exchange) -> None:
        """Clean an exchange and write it; does nothing once the recording has ended.

        Raises:
            RecordingError: it cannot be written; the recording has ended, with the exchanges before this one.
        """
        if self._process != os.getpid():
            # A process that was forked off must not write into the file of the one it came from.
            self._begin()
            self.count = self.unanswered = 0
        with self._lock:
            if not self._open:
                return
            self._cleaner.learn(exchange)
            cleaned = self._cleaner.cleaned(exchange)
            try:
                self._archive.add(cleaned, cleaned=True)
            except UnwritableError as error:
                self._open = False
                raise self._ended(error) from None
            if cleaned.response.status:
                self.count += 1
            else:
                self.unanswered += 1

    @property
    def is_begun(self) -> bool:
        """Whether anything has been written."""
        return self.count + self.unanswered > 0

    @property
    def left_out(self) -> int:
        """How many bodies could not be inspected, and are not in the file."""
        return self._cleaner.left_out

    def _ended(self, error: UnwritableError) -> RecordingError:
        """End a recording to which nothing more can be written, and return what says how much of it there is."""
        if self._archive.whole is None or not self.is_begun:
            self._archive.discard()
            return error
        try:
            kept = self._archive.finish(numbered=self._numbered)
        except UnwritableError as second:
            return self._unnamed(second)
        return RecordingError(f"{error.place}; the recording ends with {self.count} exchanges, whole in {kept}")

    def _unnamed(self, error: UnwritableError) -> RecordingError:
        """Return the exception for a recording that cannot be completed: never is thrown away what there is of it."""
        part = self._archive.whole
        if part is None or not part.exists():
            return error
        return RecordingError(f"{error.place}; the {self.count} exchanges are in {part}: give that another name")

    def finish(self) -> Path | None:
        """Complete the file and return its path; None where nothing was recorded, or the recording had ended.

        Raises:
            RecordingError: it cannot be completed; the text says where what there is of it can be found.
        """
        if self._process != os.getpid():
            return None
        with self._lock:
            if not self._open:
                return None
            self._open = False
            if not self.is_begun:
                self._archive.discard()
                return None
            try:
                return self._archive.finish(numbered=self._numbered)
            except UnwritableError as error:
                raise self._unnamed(error) from None


class ConnectionRecorder:
    """What a connection of the SDK hands its exchanges to (`UMAPI_RECORD`).

    Each connection has a file of its own: the first to end takes the name that was given, the next ones numbers.
    A connection that is never closed ends with the process.
    """

    def __init__(self, path: str) -> None:
        if is_stream(Path(path)):
            raise RecordingError(f"{path}: is a pipe or device, and each connection writes a file; give a file's name")
        accepted = frozenset(os.environ.get(ACCEPT_VARIABLE, "").split())
        self._recorder = Recorder(Path(path), _shared_pseudonyms(), accepted=accepted, numbered=True)
        atexit.register(self._end)

    def record(
        self,
        *,
        method: str,
        url: str,
        sent_headers: Mapping[str, str],
        sent: bytes,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        seconds: float,
    ) -> None:
        """Record an exchange; the body is without compression.

        Raises:
            ValueError: it cannot be written; the text is one line that says so.
        """
        self._recorder.add(
            exchange(
                method=method,
                url=url,
                sent_headers=sent_headers.items(),
                sent=sent,
                status=status,
                headers=headers.items(),
                body=body,
                seconds=seconds,
            )
        )

    def finish(self) -> str | None:
        """Complete the file and return its path; None where there is none.

        Raises:
            ValueError: it cannot be written; the text is one line that says so.
        """
        atexit.unregister(self._end)
        path = self._recorder.finish()
        return str(path) if path is not None else None

    def _end(self) -> None:
        """Complete the file of a connection that nobody closed."""
        try:
            self._recorder.finish()
        except RecordingError as error:
            sys.stderr.write(f"UMAPI_RECORD: {error}\n")


@cache
def _shared_pseudonyms_key() -> str:
    return secrets.token_hex(32)


def _shared_pseudonyms() -> Pseudonyms:
    """Pseudonyms that all connections of the process have in common."""
    return Pseudonyms(os.environ.get(KEY_VARIABLE) or _shared_pseudonyms_key())


def exchange(
    *,
    method: str,
    url: str,
    sent_headers: Iterable[tuple[str, str]],
    sent: bytes,
    status: int,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    seconds: float,
    reason: str = "",
) -> Exchange:
    """Return what went over the wire as an exchange that has just ended; `seconds` is how long it took."""
    began = datetime.fromtimestamp(time.time() - seconds, UTC)
    answered = tuple((name, value) for name, value in headers if name.lower() != "transfer-encoding")
    return Exchange(
        name="",
        where="",
        request=RecordedRequest(method=method, url=url, headers=tuple(sent_headers), body=sent),
        response=RecordedResponse(status=status, reason=reason, headers=_plain(answered, len(body)), body=body),
        started=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        milliseconds=round(seconds * 1000, 1),
    )


def _plain(headers: Headers, length: int) -> Headers:
    """Return the headers of a body that had been compressed and is so no more."""
    if not any(name.lower() == "content-encoding" for name, _ in headers):
        return headers
    return tuple(
        (name, str(length)) if name.lower() == "content-length" else (name, value)
        for name, value in headers
        if name.lower() != "content-encoding"
    )


def uncompressed(body: bytes, coding: str, limit: int = _LIMITS.body_bytes) -> bytes:
    """Return a body without its Content-Encoding; one that is damaged stays as it came.

    Raises:
        RecordingError: it is, or grows to, more than `limit` bytes.
    """
    window = _WINDOWS.get(coding.strip().lower())
    if window is not None and body:
        decoder = zlib.decompressobj(window)
        try:
            plain = decoder.decompress(body, limit + 1)
        except zlib.error:
            plain = body
        body = plain
    if len(body) > limit:
        raise RecordingError(f"a body is larger than {limit} bytes; raise --max-body")
    return body

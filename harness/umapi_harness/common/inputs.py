"""Inputs: the bytes of what a user names, be it a file, a pipe or a device, within bounds of size and time."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

from umapi_harness.common.outputs import is_stream

FILE_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of a file that are read at most."""
STREAM_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a pipe or a device, whose size nothing tells before."""
PATIENCE: Final = 30.0
"""Seconds for which a pipe or a device may be silent."""

_OPENED_WITHIN: Final = 1.0
"""Seconds within which somebody must open a pipe to write to it; a program that was started just now needs less."""
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PIECE: Final = 1024 * 1024
_MEBIBYTE: Final = 1024 * 1024


def read_bytes(path: Path, *, limit: int | None = None, patience: float = PATIENCE) -> bytes:
    """The bytes at a path; raises OSError, also for what is too large, stays silent, or is a terminal.

    Args:
        path: a file, a pipe or a device.
        limit: how many bytes it may have; FILE_LIMIT, or STREAM_LIMIT of a pipe or a device, where nothing is said.
        patience: seconds for which a pipe or a device may be silent.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        whole = stat.S_ISREG(mode)
        if limit is None:
            limit = FILE_LIMIT if whole else STREAM_LIMIT
        if not whole:
            _check_source(path, descriptor, patience)
        pieces: list[bytes] = []
        size = 0
        while True:
            if not whole and not _is_ready(descriptor, patience):
                raise TimeoutError(errno.ETIMEDOUT, f"nobody has written to it for {patience:g} seconds")
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return b"".join(pieces)
            size += len(piece)
            if size > limit:
                raise OSError(errno.EFBIG, f"larger than {limit // _MEBIBYTE} MiB", str(path))
            pieces.append(piece)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def attended(path: Path) -> Generator[None]:
    """Lets a library open a path that may be a pipe: it then does not wait for ever for somebody who writes.

    Raises OSError for a terminal, and for a pipe that nobody writes to.
    """
    if not is_stream(path):
        yield
        return
    descriptor = os.open(path, _FLAGS)
    try:
        _check_source(path, descriptor, PATIENCE)
        # Open until the library is done: a writer whose only reader goes away is ended.
        yield
    finally:
        os.close(descriptor)


def _check_source(path: Path, descriptor: int, patience: float) -> None:
    """Raises OSError for a terminal, and for a pipe that nobody opens to write to."""
    if os.isatty(descriptor):
        raise OSError(errno.EINVAL, "it is a terminal, no file")
    if not _is_ready(descriptor, min(_OPENED_WITHIN, patience)) and not _is_written_to(path, descriptor):
        raise TimeoutError(errno.ETIMEDOUT, "nobody writes to this pipe")


def _is_written_to(path: Path, descriptor: int) -> bool:
    """Whether somebody has a silent pipe open to write to it, or nobody can tell."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return True
    try:
        # A reader hears that the last writer has gone, but not that there was none.
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return True
    poll = select.poll()
    poll.register(descriptor, 0)
    return not poll.poll(0)


def _is_ready(descriptor: int, seconds: float) -> bool:
    """Waits until there is something to read, or nobody left to write; False where neither comes."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    until = time.monotonic() + seconds
    while not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        if time.monotonic() >= until:
            return False
    return True

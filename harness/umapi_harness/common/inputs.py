"""Inputs: the bytes of what a user names, be it a file, a pipe or a device, within bounds of size and time."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

FILE_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of a file that are read at most."""
STREAM_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a pipe or a device, whose size nothing tells before."""
PATIENCE: Final = 30.0
"""Seconds for which a pipe or a device may be silent."""

_PIECE: Final = 1024 * 1024
_MEBIBYTE: Final = 1024 * 1024


def read_bytes(path: Path, *, patience: float = PATIENCE) -> bytes:
    """The bytes at a path; raises OSError, also for what is too large or stays silent."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        whole = stat.S_ISREG(mode)
        limit = FILE_LIMIT if whole else STREAM_LIMIT
        pieces: list[bytes] = []
        size = 0
        while True:
            if not whole:
                _await(descriptor, patience)
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return b"".join(pieces)
            size += len(piece)
            if size > limit:
                raise OSError(errno.EFBIG, f"larger than {limit // _MEBIBYTE} MiB", str(path))
            pieces.append(piece)
    finally:
        os.close(descriptor)


def _await(descriptor: int, patience: float) -> None:
    """Waits until there is something to read, or nobody left to write."""
    if not hasattr(select, "poll"):
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    until = time.monotonic() + patience
    while not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        if time.monotonic() >= until:
            raise TimeoutError(errno.ETIMEDOUT, f"nobody has written to it for {patience:g} seconds")

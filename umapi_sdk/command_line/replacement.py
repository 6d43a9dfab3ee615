"""Files that take a place when they are whole, and what no file may replace: devices, pipes, streams of the process."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

_STREAM: Final = re.compile(r"/dev/(?:fd/(?P<number>\d{1,9})|std(?P<name>in|out|err))")
_LONGEST_HEAD: Final = 4096
"""So many bytes of a file tell what it holds."""
WORKBOOKS: Final = (".xls", ".xlsx", ".xlsm", ".ods", ".numbers")
"""The ends of names of files that nothing here writes."""

_NUMBERS: Final = {"in": 0, "out": 1, "err": 2}


def is_special(path: Path) -> bool:
    """Whether a path leads to a pipe, a device, a stream of this process or what else a file must not replace."""
    if _stream(path) is not None:
        return True
    with suppress(OSError):
        return not stat.S_ISREG(path.stat().st_mode)
    return False


def check_place(path: Path) -> None:
    """Find out whether a file can be written to a path.

    Raises:
        OSError: it cannot.
    """
    stream = _stream(path)
    if stream is not None:
        os.fstat(stream)
    elif not is_special(path):
        descriptor, part, _ = _begun(path)
        os.close(descriptor)
        part.unlink()
    elif not os.access(path, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def beginning(path: Path) -> str | None:
    """Return how a file begins that would be replaced; None where nothing stands that could be lost.

    Raises:
        OSError: it cannot be read.
    """
    if is_special(path) or not path.exists() or not path.stat().st_size:
        return None
    with path.open("rb") as file:
        return file.read(_LONGEST_HEAD).decode("utf-8-sig", "replace")


@contextmanager
def whole_file(path: Path) -> Generator[TextIO]:
    """Give a file to write to, which takes its place only when all is written; it goes away if something fails.

    What is special is written to as it comes.

    Raises:
        OSError: it cannot be written; a file that stood there stays.
    """
    if is_special(path):
        # A stream goes on where it is: opened anew, a file behind it would be written from its beginning.
        stream = _stream(path)
        with open(path if stream is None else os.dup(stream), "w", encoding="utf-8", newline="") as file:
            yield file
        return
    descriptor, part, place = _begun(path)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _begun(path: Path) -> tuple[int, Path, Path]:
    """Return the descriptor and the name of a new file, and the place that it is for: where links lead, if they do."""
    place = Path(os.path.realpath(path))
    with suppress(FileNotFoundError):
        place.stat()  # fails for what can never be the name of a file
    # Not by the name, which may be as long as a name can be.
    descriptor, name = tempfile.mkstemp(prefix=".umapi-", suffix=".part", dir=place.parent)
    return descriptor, Path(name), place


def _stream(path: Path) -> int | None:
    """Return the descriptor of this process that a path names; None if it names none."""
    found = _STREAM.fullmatch(os.path.abspath(path))
    if found is None:
        return None
    return int(found["number"]) if found["number"] else _NUMBERS[found["name"]]

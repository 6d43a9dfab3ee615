"""Files of reports: hidden beside their place until they are whole; pipes and devices are written to as they are."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from umapi_harness.common.outputs import is_stream

_NAME: Final = 64
"""Bytes of a report's name that the file in the making bears: systems bound the length of names."""


class ReportFile:
    """A file in the making. Nothing is made before the first write, so that a run that cannot begin leaves nothing."""

    def __init__(self, path: Path) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._streams = is_stream(path)
        # A link goes on pointing at what it pointed at.
        self._path = path if self._streams else Path(os.path.realpath(path))
        self._part: Path | None = None
        self._file: BinaryIO | None = None
        if self._streams:
            self._file = path.open("wb")

    def write(self, text: str) -> None:
        """Write on; raises OSError, and takes back what was written."""
        # Half a surrogate pair cannot be encoded; as an escape it can stand in a JSON text.
        self._write(text.encode("utf-8", "backslashreplace"))

    def write_through(self, data: bytes) -> None:
        """Write on, so that a run that is killed leaves what was written; raises OSError, as `write` does."""
        self._write(data, through=True)

    def _write(self, data: bytes, *, through: bool = False) -> None:
        try:
            if self._file is None:
                self._file = self._opened()
            self._file.write(data)
            if through:
                self._file.flush()
        except OSError:
            self.discard()
            raise

    def _opened(self) -> BinaryIO:
        part = self._path.with_name(_part_name(self._path.name, secrets.token_hex(8)))
        try:
            file = part.open("xb")
        except PermissionError:
            if not self._path.is_file():
                raise
            # A folder in which nothing can be made: the file that is there is written to.
            return self._path.open("wb")
        self._part = part
        return file

    def __del__(self) -> None:
        """Leave what was written to its reader: a reporter that fails is neither finished nor discarded."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()

    def finish(self) -> None:
        """Complete the file and give it its name; raises OSError, and then what was there before is untouched."""
        if self._file is None:
            return
        try:
            self._file.close()
            if self._part is not None:
                if self._path.exists():
                    shutil.copymode(self._path, self._part)
                self._part.replace(self._path)
        except OSError:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove what was written, as far as it can be taken back."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            if self._part is not None:
                self._part.unlink()


def unfinished(path: Path) -> list[Path]:
    """The files beside `path` that are reports in the making: of runs that were killed, or are under way."""
    place = Path(os.path.realpath(path))
    return sorted(place.parent.glob(_part_name(place.name, "*", glob.escape)))


def _part_name(name: str, mark: str, written: Callable[[str], str] = str) -> str:
    kept = os.fsencode(name)[:_NAME].decode("utf-8", "ignore")
    return f".{written(kept)}.{mark}.part"

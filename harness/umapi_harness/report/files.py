"""Files of reports: hidden beside their place until they are whole; pipes and devices are written to as they are."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from umapi_harness.common.outputs import is_stream


class ReportFile:
    """A file in the making. Nothing is made before the first write, so that a run that cannot begin leaves nothing."""

    def __init__(self, path: Path) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._streams = is_stream(path)
        # A link goes on pointing at what it pointed at.
        self._path = path if self._streams else Path(os.path.realpath(path))
        self._part: Path | None = None
        self._file: BinaryIO | None = path.open("wb") if self._streams else None

    def write(self, text: str) -> None:
        """Write on; raises OSError, and takes back what was written."""
        try:
            if self._file is None:
                self._file = self._opened()
            # Half a surrogate pair cannot be encoded; as an escape it can stand in a JSON text.
            self._file.write(text.encode("utf-8", "backslashreplace"))
        except OSError:
            self.discard()
            raise

    def _opened(self) -> BinaryIO:
        part = self._path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            file = part.open("xb")
        except PermissionError:
            if not self._path.is_file():
                raise
            # A folder in which nothing can be made: the file that is there is written to.
            return self._path.open("wb")
        self._part = part
        return file

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

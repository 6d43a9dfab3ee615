"""Files that a collection names: which of them may be read, and how large they may be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from umapi_harness.postman.sending.messages import FileContent

_MEBIBYTE = 1024 * 1024


class FileRefusedError(Exception):
    """A file that cannot or may not be sent; the message says why."""


@attrs.frozen(kw_only=True)
class FileAccess:
    """Files are looked for in `folder`, and lie below it unless `anywhere`; each has at most `size` bytes.

    Links are followed to where they lead. Devices, pipes and what the system makes up are never read.
    """

    folder: Path = Path()
    anywhere: bool = False
    size: int = 1024 * _MEBIBYTE

    def find(self, name: str) -> FileContent:
        """The file of a name; raises FileRefusedError."""
        try:
            root = self.folder.resolve()
            path = (root / name).resolve(strict=True)
            known = path.stat()
        except OSError as error:
            raise FileRefusedError(
                f"the file {name} cannot be sent: {(error.strerror or 'unreadable').lower()}"
            ) from None
        except (ValueError, RuntimeError):
            raise FileRefusedError(f"the file {name[:200]!r} cannot be sent: that is no name of a file") from None
        if not self.anywhere and not path.is_relative_to(root):
            where = f"it lies outside of {root}"
            remedy = "move it there, name its folder with --working-dir, or allow it with --insecure-file-read"
            raise FileRefusedError(f"the file {name} is not sent: {where}; {remedy}")
        if not stat.S_ISREG(known.st_mode) or _is_made_up(path):
            raise FileRefusedError(f"the file {name} cannot be sent: it is no ordinary file")
        if known.st_size > self.size:
            raise FileRefusedError(f"the file {name} cannot be sent: it is larger than {self.size / _MEBIBYTE:g} MiB")
        if not os.access(path, os.R_OK):
            raise FileRefusedError(f"the file {name} cannot be sent: permission denied")
        return FileContent(path=path, size=known.st_size)


def _is_made_up(path: Path) -> bool:
    """Whether the system makes up what is read there: such files tell no size, and hold secrets of processes."""
    return path.parts[:2] in (("/", "proc"), ("/", "sys"), ("/", "dev"))

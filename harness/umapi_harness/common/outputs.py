"""Outputs: where a program may put a whole new file, and where it can only write on."""

from __future__ import annotations

import stat
from pathlib import Path


def is_stream(path: Path) -> bool:
    """Whether a path leads to a pipe, a terminal or a device: such is written to, and never replaced by a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same regular file, by whatever name or link."""
    try:
        return not is_stream(one) and one.samefile(other)
    except OSError:
        return False

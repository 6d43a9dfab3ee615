"""How deep JSON values are nested: Python's reader takes values that are too deep to be walked through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

_DEEPEST: Final = 100


def is_shallow(value: object) -> bool:
    """Whether a JSON value is nested no deeper than can be compared."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [below for one in level for below in _below(one)]
        if not level:
            return True
    return False


def _below(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()

"""What the core holds and hands on: structs of msgspec, which cannot change and need not show all that they hold."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Record(msgspec.Struct, frozen=True):
    """A value with fields of which some are shown to nobody, or are too long to show."""

    unshown: ClassVar[frozenset[str]] = frozenset()
    """Names of those fields."""

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.unshown)
        return f"{type(self).__name__}({', '.join(shown)})"

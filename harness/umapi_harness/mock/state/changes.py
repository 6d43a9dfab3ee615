"""Changes: how often a state was changed, and the lists that follow from it, kept until it is changed again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final

from umapi_harness.mock.state.users import User

_DERIVED_LISTS: Final = 16  # lists kept that follow from the state; each may be as long as the organisation


class Changes:
    """The changes of one organisation."""

    def __init__(self) -> None:
        self.count = 0
        self._derived: dict[object, tuple[int, list[User]]] = {}

    def add(self) -> None:
        """Count a change."""
        self.count += 1

    def derived(self, name: object, make: Callable[[], list[User]]) -> list[User]:
        """The list that `make` gives, kept under `name` until something changes."""
        kept = self._derived.get(name)
        if kept is None or kept[0] != self.count:
            if len(self._derived) >= _DERIVED_LISTS:
                self._derived.clear()
            kept = (self.count, make())
            self._derived[name] = kept
        return kept[1]

    def copied(self) -> Changes:
        """The count as it is now, without the lists."""
        twin = copy.copy(self)
        twin._derived = {}
        return twin

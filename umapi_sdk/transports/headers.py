"""The headers of an answer, each name with one text."""

from __future__ import annotations

from collections.abc import Iterable


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the values by lower-case name. Values that differ stand in a list with commas (RFC 9110, section 5.2).

    Equal values are one: a gateway that adds a header which is there already changes nothing.
    """
    found: dict[str, dict[str, None]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), {})[value] = None
    return {name: ", ".join(values) for name, values in found.items()}

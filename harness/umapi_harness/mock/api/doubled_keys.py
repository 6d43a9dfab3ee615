"""Doubled keys: what the service says of objects in which a key stands twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from umapi_harness.common.departures import Departure, Path
from umapi_harness.mock.api.bodies import Doubled, is_array, is_object
from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.api.violations import SHOWN, Finding
from umapi_models.names import ADD, REMOVE

_ILLEGAL: Final = "error.command.illegal_entry"
_DOUBLED: Final = {
    "group": "error.command.add_remove.duplicate.group_list",
    "product": "error.command.add_remove.duplicate.product_list",
    "productConfiguration": "error.command.add_remove.duplicate.product_list",
    "user": "error.command.add_remove.duplicate.user_list",
}
_DEEPEST: Final = 4  # parts of a path beyond the last that makes a difference


def doubled_keys(command: Any, doubled: Collection[Doubled], *, all_keys: bool) -> list[Finding]:
    """What the service says of the objects with doubled keys that are part of `command`.

    Codes are published for the lists of an add or remove step [G repeated-keys].
    """
    paths = _paths_to(command, {id(entry.holder) for entry in doubled})
    if any(entry.holder is command for entry in doubled):
        paths[id(command)] = ()
    return [
        finding
        for entry in doubled
        if (path := paths.get(id(entry.holder))) is not None
        for finding in _doubled_key(entry.keys, path, all_keys=all_keys)
    ]


def _doubled_key(names: Collection[str], path: Path, *, all_keys: bool) -> list[Finding]:
    in_list = len(path) == 3 and path[2] in (ADD, REMOVE)
    codes = {name: _DOUBLED.get(name, _ILLEGAL) if in_list else _ILLEGAL for name in names}
    name = next((name for name in names if all_keys or codes[name] != _ILLEGAL), None)
    if name is None:
        return []
    code = codes[name]
    refusal = RefusedError(code, field=name[:SHOWN])
    return [Finding(Departure(path, refusal.message, code=refusal.code), -2)]


def _paths_to(value: Any, wanted: set[int]) -> dict[int, Path]:
    """The ways from `value` down to the very objects whose ids are `wanted`, of each the first parts."""
    found: dict[int, Path] = {}
    waiting: list[tuple[Any, Path]] = [(value, ())]
    while waiting:
        node, path = waiting.pop()
        deep = len(path) >= _DEEPEST
        if is_object(node):
            if id(node) in wanted:
                found[id(node)] = path
            waiting += [(child, path if deep else (*path, name)) for name, child in node.items()]
        elif is_array(node):
            waiting += [(child, path if deep else (*path, place)) for place, child in enumerate(node)]
    return found

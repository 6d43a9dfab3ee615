"""Differences: what has changed in an organisation since it was last looked at, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from umapi_harness.mock.state.exports import export_seed
from umapi_harness.mock.state.organization import Organization

_COMPARED: Final = 20_000
"""Users up to which an organisation is compared; of larger ones only the number of changes is told."""
_KINDS: Final = {"users": "user", "user_groups": "user group", "profiles": "profile", "directory": "directory account"}
_NAMING: Final = frozenset({"name", "email", "type"})

_State = dict[tuple[str, str], Mapping[str, Any]]


class Watch:
    """Looks at the organisations of a server, and tells what became different."""

    def __init__(self, organizations: Mapping[str, Organization]) -> None:
        """Begin with the organisations as they are now."""
        self._organizations = organizations
        self._seen = {name: (one.changes.count, _state(one)) for name, one in organizations.items()}

    def changes(self) -> tuple[str, ...]:
        """What has changed since this was last asked."""
        return tuple(line for name, one in self._organizations.items() for line in self._of(name, one))

    def _of(self, name: str, organization: Organization) -> Iterator[str]:
        count, before = self._seen.get(name, (0, {}))
        if organization.changes.count == count:
            return
        after = _state(organization)
        self._seen[name] = (organization.changes.count, after)
        if before is None or after is None:
            times = organization.changes.count - count
            yield f"the organisation {name} changed {times} times; it is too large to compare"
            return
        for key in (*before, *(key for key in after if key not in before)):
            if before.get(key) != after.get(key):
                yield f"{key[0]} {key[1]}: {_difference(before.get(key), after.get(key))}"


def _state(organization: Organization) -> _State | None:
    """Everything that has a name in the organisation; None for one that is too large."""
    if len(organization.users) > _COMPARED:
        return None
    document = export_seed(organization)
    return {(kind, _name(entry)): entry for member, kind in _KINDS.items() for entry in document.get(member, ())}


def _name(entry: Mapping[str, Any]) -> str:
    """What tells an entry from others: of users more than one thing."""
    if "name" in entry:
        return str(entry["name"])
    name = str(entry.get("email") or entry.get("username") or "")
    return f"{name} ({entry['type']})" if "type" in entry else name


def _difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    if after is None:
        return "removed"
    if before is None:
        shown = ", ".join(f"{field} {_text(value)}" for field, value in after.items() if field not in _NAMING)
        return f"added ({shown})" if shown else "added"
    parts: list[str] = []
    for field in dict.fromkeys((*before, *after)):
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        if isinstance(old or new, list):
            gone = [one for one in old or () if one not in (new or ())]
            come = [one for one in new or () if one not in (old or ())]
            parts += [f"out of {_text(gone)}"] * bool(gone) + [f"into {_text(come)}"] * bool(come)
        else:
            parts.append(f"{field} {_text(old)} → {_text(new)}")
    return ", ".join(parts)


def _text(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(str(one) for one in cast("list[object]", value))
    return str(value)

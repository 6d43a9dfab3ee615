"""Snapshots: states of a world that are kept by name, to be put back as often as wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import Credential

_MOST: Final = 100  # snapshots; each is as large as its organisations
_LONGEST: Final = 100  # characters of a name


class NoSuchSnapshotError(InputError):
    """No snapshot has that name."""


@attrs.frozen(kw_only=True)
class Snapshot:
    """What a world was like."""

    name: str
    time: float
    """When it was taken, in epoch seconds by the server's clock."""
    organizations: Mapping[str, Organization] = attrs.field(repr=False)
    credentials: Mapping[str, Credential] = attrs.field(repr=False)
    settings: Settings

    def as_dict(self) -> dict[str, Any]:
        """The snapshot in outline, as data."""
        sizes = [
            {"org_id": org_id, "users": len(organization.users), "groups": len(organization.catalog.groups)}
            for org_id, organization in self.organizations.items()
        ]
        return {"name": self.name, "time": self.time, "organizations": sizes}


class Snapshots:
    """The snapshots by name, oldest first."""

    def __init__(self) -> None:
        self._kept: dict[str, Snapshot] = {}

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._kept.values())

    def keep(self, snapshot: Snapshot) -> Snapshot:
        """Keep a snapshot; raises InputError for a name that nobody could read, and when there are too many."""
        name = snapshot.name
        if not name.isprintable() or not name.strip() or len(name) > _LONGEST:
            raise InputError(f"snapshot: no good name; give up to {_LONGEST} printable characters")
        if name not in self._kept and len(self._kept) >= _MOST:
            raise InputError(f"snapshot: there are {_MOST} already; delete one first")
        self._kept.pop(name, None)
        self._kept[name] = snapshot
        return snapshot

    def find(self, name: str) -> Snapshot:
        """The snapshot of that name; raises NoSuchSnapshotError."""
        if name not in self._kept:
            known = ", ".join(self._kept) or "none"
            raise NoSuchSnapshotError(f"snapshot: none is called {name[:_LONGEST]!r}; known are {known}")
        return self._kept[name]

    def forget(self, name: str) -> None:
        """Delete a snapshot; raises NoSuchSnapshotError."""
        self.find(name)
        del self._kept[name]

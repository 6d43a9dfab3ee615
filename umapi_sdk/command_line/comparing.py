"""The command `umapi diff`: what differs between two exports."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import click

from umapi_sdk.command_line.conventions import DONE, FAILED, StrictCommand, examples
from umapi_sdk.command_line.exports import GROUP, USER, Export, Exported
from umapi_sdk.command_line.records import CSV, TABLE, View, check_format, format_options, show
from umapi_sdk.errors import UsageError

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"
JOINED: Final = "joined"
LEFT: Final = "left"


@attrs.frozen(kw_only=True)
class Difference:
    """One thing that differs."""

    change: str
    kind: str
    name: str
    field: str | None = None
    old: str | None = None
    new: str | None = None

    def record(self) -> Mapping[str, Any]:
        """Return what there is to say."""
        return attrs.asdict(self, filter=lambda _, value: value is not None)


_COLUMNS: Final = ("change", "kind", "name", "field", "old", "new")
_VIEW: Final = View[Difference](
    table=_COLUMNS, csv=_COLUMNS, cells=lambda one: dict(one.record()), record=lambda one: one.record()
)


@click.command(
    cls=StrictCommand,
    epilog=examples("umapi diff old.jsonl organisation.jsonl", "umapi diff old.csv organisation.jsonl --format json"),
)
@click.argument("old", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False))
@format_options
def diff(old: Path, new: Path, form: str, raw: bool) -> int:
    """Show what differs between two exports, OLD and NEW, offline.

    People and groups that were added or removed, fields that changed, and groups that people joined or left. A user is
    told by type, domain and user name. Of two exports in different forms, what CSV has is compared. The exit status is
    0 if nothing differs, 1 if something does, 2 if a file cannot be compared.
    """
    check_format(form, raw=raw)
    differences = compare(Export(old), Export(new))
    first = next(differences, None)
    if first is None:
        if form != TABLE:
            show((), _VIEW, form)
        return DONE
    show(itertools.chain([first], differences), _VIEW, form, raw=raw)
    return FAILED


def compare(old: Export, new: Export) -> Iterator[Difference]:
    """Give what differs: first what was added or changed, as the new export has it in order, then what is gone.

    The old export is held in memory, packed; the new one is read entry by entry.

    Raises:
        UsageError: a file is no export, or has one user or group twice.
    """
    form = CSV if CSV in (old.form, new.form) else old.form
    known: dict[str, bytes] = {}
    for entry in old.entries(form):
        if entry.key in known:
            raise _twice(old, entry)
        known[entry.key] = _packed(entry)
    seen: set[str] = set()
    for entry in new.entries(form):
        if entry.key in seen:
            raise _twice(new, entry)
        seen.add(entry.key)
        before = known.pop(entry.key, None)
        if before is None:
            yield Difference(change=ADDED, kind=entry.kind, name=entry.name)
            yield from _memberships(entry, (), entry.groups)
        elif before != _packed(entry):
            yield from _changes(_unpacked(entry.key, before), entry)
    for key, packed in known.items():
        entry = _unpacked(key, packed)
        yield Difference(change=REMOVED, kind=entry.kind, name=entry.name)
        yield from _memberships(entry, entry.groups, ())


def _twice(export: Export, entry: Exported) -> UsageError:
    return UsageError(f"{export.name}: {entry.kind} {entry.name} stands twice: it is not as it was written")


def _changes(old: Exported, new: Exported) -> Iterator[Difference]:
    for field in dict.fromkeys((*old.fields, *new.fields)):
        before, after = old.fields.get(field), new.fields.get(field)
        if before != after:
            yield Difference(change=CHANGED, kind=new.kind, name=new.name, field=field, old=before, new=after)
    yield from _memberships(new, old.groups, new.groups)


def _memberships(entry: Exported, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Difference]:
    old, new = set(before), set(after)
    for group in dict.fromkeys(after):
        if group not in old:
            yield Difference(change=JOINED, kind=entry.kind, name=entry.name, field="groups", new=group)
    for group in dict.fromkeys(before):
        if group not in new:
            yield Difference(change=LEFT, kind=entry.kind, name=entry.name, field="groups", old=group)


def _packed(entry: Exported) -> bytes:
    """Return all of an entry but its key in as little memory as is easily had; the same for whatever order."""
    return json.dumps([entry.name, dict(sorted(entry.fields.items())), sorted(entry.groups)]).encode("ascii")


def _unpacked(key: str, packed: bytes) -> Exported:
    name, fields, groups = json.loads(packed)
    return Exported(GROUP if key.startswith(f"{GROUP}\0") else USER, name, key, fields, tuple(groups))

"""The files of `umapi export`: how people and groups stand in them, as CSV and as JSON Lines, and how they are read."""

from __future__ import annotations

import csv
import itertools
import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs

from umapi_models.names import USER_GROUP
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS
from umapi_sdk.characters import harmless
from umapi_sdk.command_line.records import CSV, JSON_LINES, json_text
from umapi_sdk.errors import UsageError
from umapi_sdk.sheets.cells import cell_of, cleaned, names_in
from umapi_sdk.sheets.rows import SheetError
from umapi_sdk.sheets.tables import RowLines, delimiter_of
from umapi_sdk.sheets.texts import Text

USER: Final = "user"
GROUP: Final = "group"

_IDENTITY: Final = ("username", "domain", "type")
_FIELDS: Final = ("email", *_IDENTITY, "firstname", "lastname", "country", "status")
_GROUPS: Final = "groups"
_OTHERS: Final = "other_groups"  # groups that the API neither gives nor takes
COLUMNS: Final = ("action", "group", *_FIELDS, _GROUPS, _OTHERS)
"""The header of the CSV: columns that `umapi apply` takes, of which it does not read `status` and `other_groups`."""

_CREATE_GROUP: Final = "create_group"


@attrs.frozen
class Exported:
    """A person or a group, as two exports are compared by it."""

    kind: str
    name: str
    """How people call it: the e-mail address of a user, the name of a group."""
    key: str
    """What tells it from all others of an export."""
    fields: Mapping[str, str]
    groups: tuple[str, ...]


def json_line(kind: str, record: Mapping[str, Any]) -> str:
    """Return the line of JSON Lines for a user or group."""
    return json_text({kind: record})


def csv_row(kind: str, record: Mapping[str, Any]) -> list[str] | None:
    """Return the row of CSV for a user or group; None for a group that the API cannot make."""
    if kind == GROUP:
        if record.get("type") != USER_GROUP:
            return None
        cells = {"action": _CREATE_GROUP, "group": str(record.get("groupName", ""))}
    else:
        cells = {name: _text(record[name]) for name in _FIELDS if record.get(name) is not None}
        names = [str(each) for each in record.get("groups") or ()]
        cells[_GROUPS] = cell_of([name for name in names if name.casefold() not in UNTOUCHABLE_GROUPS])
        cells[_OTHERS] = cell_of([name for name in names if name.casefold() in UNTOUCHABLE_GROUPS])
    return [harmless(cells.get(column, "")) for column in COLUMNS]


def form_of(path: Path) -> str:
    """Return the form that the name of a file asks for."""
    return CSV if path.suffix.lower() == ".csv" else JSON_LINES


class Export:
    """An export that is read: entry by entry, each time from its beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        """The file, as messages call it."""
        with self._reading():
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(f"{path}: is no file that can be read twice: write the export to one, and name that")
            with path.open("rb") as stream:
                lines = Text(stream, None, fixed=True).lines()
                first = next((line for line in lines if line.strip()), "")
        if not first:
            raise UsageError(f"{path}: is empty: it is no export")
        self.form = JSON_LINES if first.lstrip().startswith("{") else CSV
        """Its form, by its first letter."""

    def entries(self, form: str) -> Iterator[Exported]:
        """Give the entries; with `form`, as they would be read from an export of that form.

        Raises:
            UsageError: the file cannot be read, or is no export; the message names the line.
        """
        with self._reading(), self._path.open("rb") as stream:
            lines = Text(stream, None, fixed=True).lines()
            if self.form == CSV:
                yield from self._rows(RowLines(lines))
                return
            for number, line in enumerate(lines, 1):
                if line.strip():
                    kind, record = self._record(line, number)
                    entry = self._entry_of(kind, record, form, number)
                    if entry is not None:
                        yield entry

    def _reading(self) -> _Reading:
        return _Reading(self._path)

    def _record(self, line: str, number: int) -> tuple[str, Mapping[str, Any]]:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            raise UsageError(f"{self._path}: line {number}: is no JSON") from None
        entry = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        for kind in (USER, GROUP):
            if isinstance(entry.get(kind), dict):
                record: dict[str, Any] = entry[kind]
                if not isinstance(record.get(_GROUPS) or [], list):
                    raise UsageError(f"{self._path}: line {number}: {kind}: groups is no list: is it an export?")
                return kind, record
        problem = 'has neither "user" nor "group" with its fields: is it an export?'
        raise UsageError(f"{self._path}: line {number}: {problem}")

    def _entry_of(self, kind: str, record: Mapping[str, Any], form: str, number: int) -> Exported | None:
        if form == CSV:
            row = csv_row(kind, record)
            return None if row is None else self._entry(dict(zip(COLUMNS, row, strict=True)), number)
        fields = {name: _text(value) for name, value in record.items() if value is not None and name != "groups"}
        groups = tuple(str(each) for each in record.get("groups") or ())
        if kind == GROUP:
            return self._named(GROUP, fields.get("groupName", ""), (), fields, (), number)
        who = [fields.get(name, "") for name in _IDENTITY]
        return self._named(USER, fields.get("email") or who[0], who, fields, groups, number)

    def _rows(self, lines: RowLines) -> Iterator[Exported]:
        heading = lines.first() or ""
        # Spreadsheets that write the file anew may divide its cells by another mark.
        reader = csv.reader(itertools.chain([heading], lines), strict=True, delimiter=delimiter_of(heading))
        start = lines.line
        try:
            names = [name.strip() for name in next(reader)]
            missing = [name for name in (*_IDENTITY, "groups") if name not in names]
            if missing:
                raise UsageError(f"{self._path}: has no column {', '.join(missing)}: is it an export?")
            start = lines.begin()
            for cells in reader:
                if any(cells):
                    yield self._entry(dict(zip(names, cells, strict=False)), start)
                start = lines.begin()
        except csv.Error as error:
            raise UsageError(f"{self._path}: line {start}: {error}") from None

    def _entry(self, row: Mapping[str, str], number: int) -> Exported:
        cells = {name: cleaned(cell) for name, cell in row.items()}
        if cells.get("action") == _CREATE_GROUP:
            return self._named(GROUP, cells.get("group", ""), (), {}, (), number)
        groups: list[str] = []
        for column in (_GROUPS, _OTHERS):
            names = names_in(cells.get(column, ""))
            if names is None:
                raise UsageError(f"{self._path}: line {number}: column {column}: a quote is out of place")
            groups += names
        fields = {name: cells[name] for name in _FIELDS if cells.get(name)}
        who = [fields.get(name, "") for name in _IDENTITY]
        return self._named(USER, fields.get("email") or who[0], who, fields, tuple(groups), number)

    def _named(
        self,
        kind: str,
        name: str,
        who: Iterable[str],
        fields: Mapping[str, str],
        groups: tuple[str, ...],
        number: int,
    ) -> Exported:
        if not name:
            raise UsageError(f"{self._path}: line {number}: says of no {kind} who or what it is: is it an export?")
        key = "\0".join((kind, *(part.casefold() for part in who or (name,))))
        return Exported(kind, name, key, fields, groups)


class _Reading:
    """Tells what keeps a file from being read, by the name of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise UsageError(f"{self._path}: cannot be read: {error.strerror or error}") from None
        if isinstance(error, SheetError):
            raise UsageError(f"{self._path}: {error}") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)

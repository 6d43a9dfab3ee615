"""CSV files of accounts and user groups: as spreadsheets, `umapi users --format csv` and `umapi export` write them.

A file has a row for each account, below a row that names the columns. In `groups` there are commas between names; one
that holds a comma, a semicolon or a quote stands in double quotes. Empty cells count as absent. Rows whose status is
`directory`, `invited` or `elsewhere`, or whose type is `technicalAccount`, are no users: they are what a JSON seed
has under `directory`, `outsiders` and `technical_accounts`. Rows whose action is `create_group` are user groups.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.documents import read_text
from umapi_harness.common.errors import InputError
from umapi_harness.common.meant import other_name
from umapi_harness.mock.schemas import packaged
from umapi_harness.mock.state.accounts import ELSEWHERE, INVITED
from umapi_harness.mock.state.seed_lists import (
    DIRECTORY_ACCOUNT,
    OUTSIDER,
    TECHNICAL_ACCOUNT,
    USER,
    USER_GROUP,
    SeedEntry,
    SeedList,
)
from umapi_harness.mock.state.seeds import SCHEMA
from umapi_models.names import FEDERATED_ID

COLUMNS: Final = (
    *("email", "type", "firstname", "lastname", "country", "username", "domain", "status", "groups", "id"),
)
"""The columns that are written; only the first is needed. Without a type, users are Federated IDs."""
_ACTION: Final = "action"
_GROUP: Final = "group"
_GROUPS: Final = "groups"
_OTHER_GROUPS: Final = "other_groups"
_STATUS: Final = "status"
KNOWN_COLUMNS: Final = (*COLUMNS, _ACTION, _GROUP, _OTHER_GROUPS)
"""The columns that are read: those that are written, and those that exports of `umapi` have besides."""

TECHNICAL_ACCOUNT_TYPE: Final = "technicalAccount"
"""The type of a row that is a technical account; its email cell may be empty."""
IN_DIRECTORY: Final = "directory"
"""The status of a row that is an account of the directory only."""
_CREATE_GROUP: Final = "create_group"
_USER_ACTIONS: Final = ("", "create")

# How cells are written is as in `umapi_sdk.sheets.cells`, which the mock server does not import.
_DELIMITERS: Final = (",", ";", "\t")
_MARKS: Final = frozenset(',;"\r\n')
# What the CSV of `umapi` has before the beginnings of formulas.
_GUARD: Final = re.compile(r"(^[\s\"]*|;[\s\"]*)'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NAME: Final = re.compile(r'\s*+(?:"((?:[^"]|"")*+)"\s*+|([^",]*+))(?:,|\Z)')


@attrs.frozen
class _Place:
    """Where a row stands, in the words of `umapi check`."""

    row: int
    line: int

    def __call__(self, *path: str | int) -> str:
        column = _STATUS if path[:1] == ("state",) else next(iter(path), "")
        return f"row {self.row} (line {self.line})" + (f", column {column}" if column else "")


def read_table(path: Path) -> SeedList:
    """Read accounts and groups from a CSV file; raises InputError with file, row, line, column and remedy."""
    text = read_text(path, "CSV file")
    found = SeedList(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str] = []
    row, before = 0, 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, f"{path}: line {line}")
                continue
            row += 1
            _add_row(found, columns, cells, _Place(row, line))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not CSV ({error}); correct the file") from error
    if not columns:
        raise InputError(f"{path}: is empty; name the columns in the first line: {', '.join(COLUMNS)}")
    return found


def _delimiter(text: str) -> str:
    """What divides the first line into most names of columns: spreadsheets write semicolons in some countries."""
    first = text.lstrip().partition("\n")[0]

    def known(delimiter: str) -> int:
        return sum(_plain(cell) in _BY_NAME for cell in first.replace('"', "").split(delimiter))

    return max(_DELIMITERS, key=known)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_BY_NAME: Final = {_plain(name): name for name in KNOWN_COLUMNS}


def _columns(cells: Sequence[str], where: str) -> list[str]:
    columns: list[str] = []
    for cell in cells:
        name = cell.strip()
        column = _BY_NAME.get(_plain(name))
        if column is None:
            raise InputError(f'{where}: no such column "{name[:60]}": {other_name(name[:60], KNOWN_COLUMNS)}')
        if column in columns:
            raise InputError(f'{where}: column "{column}" stands twice; remove one')
        columns.append(column)
    if "email" not in columns:
        raise InputError(f"{where}: no column email; name the columns in the first line: {', '.join(COLUMNS)}")
    return columns


def _add_row(found: SeedList, columns: Sequence[str], cells: Sequence[str], place: _Place) -> None:
    where = f"{found.path}: {place()}"
    if len(cells) != len(columns):
        raise InputError(f"{where}: has {len(cells)} cells for {len(columns)} columns; quote cells with commas")
    filled = {name: text for name, cell in zip(columns, cells, strict=True) if (text := _cleaned(cell))}
    action = filled.pop(_ACTION, "")
    if _plain(action) == _plain(_CREATE_GROUP):
        definition, kind, data = USER_GROUP, f"{_ACTION} {_CREATE_GROUP}", filled
        allowed, needed = frozenset({_GROUP}), (_GROUP,)
    elif _plain(action) in _USER_ACTIONS:
        definition, kind, data = _account(filled, where)
        allowed, needed = _members(definition), tuple(_definition(definition).get("required", ()))
    else:
        raise InputError(
            f'{where}, column {_ACTION}: "{action[:60]}" makes nothing that is there at first; '
            f"leave it blank for a user, write {_CREATE_GROUP}, or remove the row"
        )
    for name in data:
        if name not in allowed:
            raise InputError(f"{found.path}: {place(name)}: a row of {kind} has no such cell; leave it blank")
    for name in needed:
        if name not in data:
            raise InputError(f"{found.path}: {place(name)}: is blank; give the {name}")
    if definition == USER_GROUP:
        data = {"name": data[_GROUP]}
    found.add(definition, SeedEntry(data, place))


def _account(cells: Mapping[str, str], where: str) -> tuple[str, str, dict[str, Any]]:
    """The definition that a row is to fit, how messages call such a row, and the row as a seed writes it."""
    account: dict[str, Any] = dict(cells)
    groups = [name for column in (_GROUPS, _OTHER_GROUPS) for name in _names(account.pop(column, ""), where, column)]
    if groups:
        account[_GROUPS] = list(dict.fromkeys(groups))
    status = account.get(_STATUS)
    if account.get("type") == TECHNICAL_ACCOUNT_TYPE:
        del account["type"]
        return TECHNICAL_ACCOUNT, f"type {TECHNICAL_ACCOUNT_TYPE}", account
    if status in (INVITED, ELSEWHERE):
        account["state"] = account.pop(_STATUS)
        return OUTSIDER, f"status {status}", account
    account.setdefault("type", FEDERATED_ID)
    if status == IN_DIRECTORY:
        del account[_STATUS]
        return DIRECTORY_ACCOUNT, f"status {status}", account
    return USER, "a user", account


def _definition(name: str) -> dict[str, Any]:
    definition: dict[str, Any] = _DEFINITIONS[name]
    return definition


_DEFINITIONS: Final = packaged(SCHEMA)["$defs"]


def _members(definition: str) -> frozenset[str]:
    return frozenset(_definition(definition)["properties"])


def _cleaned(cell: str) -> str:
    text = cell.strip()
    return _GUARD.sub(r"\1", text) if "'" in text else text


def _names(cell: str, where: str, column: str) -> Iterator[str]:
    """The names in a cell; raises InputError for one that may be meant for several."""
    position = 0
    while position < len(cell):
        found = _NAME.match(cell, position)
        if found is None:
            raise InputError(
                f"{where}, column {column}: has a quote out of place; "
                "write names with commas between them, and double a quote"
            )
        quoted, bare = found.groups()
        if bare and ";" in bare:
            name = bare.strip()[:60]
            raise InputError(
                f'{where}, column {column}: "{name}" has a semicolon; write commas between names, '
                "or double quotes around a name that has one"
            )
        name = bare.strip() if quoted is None else quoted.replace('""', '"')
        if name:
            yield name
        position = found.end()


def write_table(seed: Mapping[str, Any]) -> str:
    """The accounts of a seed as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for account in _table_rows(seed):
        writer.writerow({**account, _GROUPS: _cell(account.get(_GROUPS, ()))})
    return text.getvalue()


def _cell(names: Iterable[str]) -> str:
    return ",".join('"' + name.replace('"', '""') + '"' if _MARKS & set(name) else name for name in names)


def _table_rows(seed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from seed.get("users", ())
    for account in seed.get("directory", ()):
        yield {**account, _STATUS: IN_DIRECTORY}
    technical: int | list[dict[str, Any]] = seed.get("technical_accounts", 0)
    for account in [{} for _ in range(technical)] if isinstance(technical, int) else technical:
        yield {**account, "type": TECHNICAL_ACCOUNT_TYPE}
    for outsider in seed.get("outsiders", ()):
        yield {"email": outsider["email"], _STATUS: outsider["state"]}

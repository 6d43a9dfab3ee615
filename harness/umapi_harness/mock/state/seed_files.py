"""Seed files: organisations as JSON, and their users as CSV, which spreadsheets read and write.

A CSV file has a row for each user, below a row that names the columns. In `groups`, names are separated by
semicolons; one that holds a semicolon stands in double quotes. Empty cells count as absent. Rows whose status is
`directory`, `invited` or `elsewhere`, or whose type is `technicalAccount`, are no users: they are what a JSON seed
has under `directory`, `outsiders` and `technical_accounts`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.documents import read_text
from umapi_harness.common.errors import InputError
from umapi_harness.mock.schemas import check
from umapi_harness.mock.state.accounts import ELSEWHERE, INVITED
from umapi_harness.mock.state.groups import key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import (
    SCHEMA,
    Seed,
    add_directory_accounts,
    add_outsiders,
    add_technical_accounts,
    add_users,
    build_seed,
    default_seed,
    read_seed,
)
from umapi_harness.mock.state.users import email_domain
from umapi_models.names import ADOBE_ID, FEDERATED_ID, UNKNOWN

COLUMNS: Final = (
    *("email", "type", "firstname", "lastname", "country", "username", "domain", "status", "groups", "id"),
)
"""The columns of a CSV file; only the first is needed. Without a type, users are Federated IDs."""

TECHNICAL_ACCOUNT: Final = "technicalAccount"
"""The type of a row that is a technical account; its email cell may be empty."""
IN_DIRECTORY: Final = "directory"
"""The status of a row that is an account of the directory only."""


def read_seeds(paths: Sequence[Path]) -> list[Seed]:
    """Read seed files: each JSON file is an organisation, and a CSV file adds users to the one before it.

    A CSV file that comes first is an organisation of its own, with the id and credentials of the default
    one, in which the domains and user groups are there that its rows name. Raises InputError with file,
    row or JSON pointer, and remedy.
    """
    made: list[tuple[Path, Seed]] = []
    for path in paths:
        if path.suffix.lower() != ".csv":
            made.append((path, read_seed(path)))
            continue
        table = read_table(path)
        before = made.pop()[1] if made else table.frame()
        made.append((path, _joined(before, table)))
    for place, (path, seed) in enumerate(made):
        org_id = seed.organization.org_id
        for _, earlier in made[:place]:
            if earlier.organization.org_id == org_id:
                raise InputError(f"{path}: /org_id: {org_id} is another seed's already; give it another id")
            if {one.client_id for one in earlier.credentials} & {one.client_id for one in seed.credentials}:
                raise InputError(f"{path}: /credentials: a client_id is another seed's already; choose another")
    return [seed for _, seed in made]


def _joined(seed: Seed, table: Table) -> Seed:
    def build() -> Organization:
        organization = seed.rebuild()
        table.add_to(organization)
        return organization

    return Seed(organization=build(), credentials=seed.credentials, rebuild=build)


@attrs.frozen
class _Row:
    number: int
    entry: dict[str, Any]
    """As a seed writes it."""


_ADD: Final = {
    "User": add_users,
    "DirectoryAccount": add_directory_accounts,
    "TechnicalAccount": add_technical_accounts,
    "Outsider": add_outsiders,
}
"""What adds the entries that a definition of the schema describes."""


@attrs.frozen
class Table:
    """The rows of a CSV file by the definition of the seed's schema that each fits."""

    path: Path
    rows: dict[str, list[_Row]]

    def add_to(self, organization: Organization) -> None:
        """Add what the rows describe; raises InputError naming the row."""
        for kind, rows in self.rows.items():
            _add_rows(organization, kind, rows, str(self.path))

    def frame(self) -> Seed:
        """An organisation with the domains and user groups that the rows name, still without the users."""
        domains: dict[str, str] = {}
        groups: dict[str, str] = {}
        for row in sorted((row for rows in self.rows.values() for row in rows), key=lambda row: row.number):
            user = row.entry
            if user.get("type", UNKNOWN) not in (ADOBE_ID, UNKNOWN):
                domain = key(user.get("domain") or email_domain(user["email"]))
                if domains.setdefault(domain, user["type"]) != user["type"]:
                    raise InputError(
                        f'{self.path}: row {row.number}: domain "{domain}" is one for {domains[domain]} '
                        "in an earlier row; use one type for a domain, or put a JSON seed before this file"
                    )
            for name in user.get("groups", ()):
                if not name.startswith("_"):
                    groups.setdefault(key(name), name)
        default = default_seed()
        return build_seed(
            {
                "org_id": default["org_id"],
                "credentials": default["credentials"],
                "domains": [{"name": name, "type": kind} for name, kind in domains.items()],
                "user_groups": [{"name": name} for name in groups.values()],
            },
            where=str(self.path),
        )


def read_table(path: Path) -> Table:
    """Read users from a CSV file; raises InputError with file, row and remedy."""
    text = read_text(path, "CSV file")
    rows: dict[str, list[_Row]] = {kind: [] for kind in _ADD}
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = list(reader)
        columns = _columns(lines[0] if lines else [], path)
        for number, cells in enumerate(lines[1:], start=2):
            if not any(cells):
                continue
            where = f"{path}: row {number}"
            if len(cells) != len(columns):
                raise InputError(f"{where}: has {len(cells)} cells for {len(columns)} columns; quote cells with commas")
            kind, entry = _entry(dict(zip(columns, cells, strict=False)))
            check(entry, SCHEMA, where, definition=kind)
            rows[kind].append(_Row(number, entry))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not CSV ({error}); correct the file") from error
    return Table(path, rows)


def _add_rows(organization: Organization, kind: str, rows: Sequence[_Row], where: str) -> None:
    entries = (row.entry for row in rows)
    _ADD[kind](organization, entries, where=where, place_of=lambda place: f"row {rows[place].number}")


def _columns(cells: list[str], path: Path) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    known = ", ".join(COLUMNS)
    for number, name in enumerate(columns):
        if name not in COLUMNS:
            raise InputError(f'{path}: row 1: no such column "{name[:60]}"; known are {known}, separated by commas')
        if name in columns[:number]:
            raise InputError(f'{path}: row 1: column "{name}" stands twice; remove one')
    if "email" not in columns:
        raise InputError(f"{path}: row 1: no column email; name the columns in the first row: {known}")
    return columns


def _entry(cells: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The definition that a row is to fit, and the row as a seed writes it."""
    user: dict[str, Any] = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    user.setdefault("type", FEDERATED_ID)
    if "groups" in user:
        names = next(csv.reader([user["groups"]], delimiter=";", skipinitialspace=True))
        user["groups"] = [name.strip() for name in names if name.strip()]
    if user["type"] == TECHNICAL_ACCOUNT:
        del user["type"]
        return "TechnicalAccount", user
    if user.get("status") in (INVITED, ELSEWHERE):
        user["state"] = user.pop("status")
        if "type" not in cells or not cells["type"].strip():
            del user["type"]
        return "Outsider", user
    if user.get("status") == IN_DIRECTORY:
        del user["status"]
        return "DirectoryAccount", user
    return "User", user


def _table_rows(seed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from seed.get("users", ())
    for account in seed.get("directory", ()):
        yield {**account, "status": IN_DIRECTORY}
    technical: int | list[dict[str, Any]] = seed.get("technical_accounts", 0)
    for account in [{} for _ in range(technical)] if isinstance(technical, int) else technical:
        yield {**account, "type": TECHNICAL_ACCOUNT}
    for outsider in seed.get("outsiders", ()):
        yield {"email": outsider["email"], "status": outsider["state"]}


def write_table(seed: Mapping[str, Any]) -> str:
    """The accounts of a seed as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for user in _table_rows(seed):
        names = io.StringIO(newline="")
        csv.writer(names, delimiter=";", lineterminator="").writerow(user.get("groups", ()))
        writer.writerow({**user, "groups": names.getvalue()})
    return text.getvalue()

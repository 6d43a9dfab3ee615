"""Seed files: organisations as JSON, and their users as CSV, which spreadsheets read and write.

A CSV file has a row for each user, below a row that names the columns. In `groups`, names are separated by
semicolons; one that holds a semicolon stands in double quotes. Empty cells count as absent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.mock.documents import check, read_text
from umapi_harness.mock.errors import InputError
from umapi_harness.mock.groups import key
from umapi_harness.mock.organization import Organization
from umapi_harness.mock.seeds import SCHEMA, Seed, add_users, build_seed, default_seed, read_seed
from umapi_harness.mock.users import ADOBE_ID, FEDERATED_ID, email_domain

COLUMNS: Final = (
    *("email", "type", "firstname", "lastname", "country", "username", "domain", "status", "groups", "id"),
)
"""The columns of a CSV file; only the first is needed. Without a type, users are Federated IDs."""


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
class Table:
    """The users of a CSV file, as a seed writes them, with the rows in which they stand."""

    path: Path
    users: tuple[dict[str, Any], ...]
    rows: tuple[int, ...]

    def add_to(self, organization: Organization) -> None:
        """Add the users; raises InputError naming the row."""
        add_users(organization, self.users, where=str(self.path), place_of=lambda place: f"row {self.rows[place]}")

    def frame(self) -> Seed:
        """An organisation with the domains and user groups that the rows name, still without the users."""
        domains: dict[str, str] = {}
        groups: dict[str, str] = {}
        for row, user in zip(self.rows, self.users, strict=True):
            if user["type"] not in (ADOBE_ID, "unknown"):
                domain = key(user.get("domain") or email_domain(user["email"]))
                if domains.setdefault(domain, user["type"]) != user["type"]:
                    raise InputError(
                        f'{self.path}: row {row}: domain "{domain}" is one for {domains[domain]} in an earlier row; '
                        "use one type for a domain, or put a JSON seed before this file"
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
    users: list[dict[str, Any]] = []
    rows: list[int] = []
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
            user = _user(dict(zip(columns, cells, strict=False)))
            check(user, SCHEMA, where, definition="User")
            users.append(user)
            rows.append(number)
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not CSV ({error}); correct the file") from error
    return Table(path, tuple(users), tuple(rows))


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


def _user(cells: Mapping[str, str]) -> dict[str, Any]:
    user: dict[str, Any] = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    user.setdefault("type", FEDERATED_ID)
    if "groups" in user:
        names = next(csv.reader([user["groups"]], delimiter=";", skipinitialspace=True))
        user["groups"] = [name.strip() for name in names if name.strip()]
    return user


def write_table(users: Iterable[Mapping[str, Any]]) -> str:
    """Users, as a seed writes them, as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for user in users:
        names = io.StringIO(newline="")
        csv.writer(names, delimiter=";", lineterminator="").writerow(user.get("groups", ()))
        writer.writerow({**user, "groups": names.getvalue()})
    return text.getvalue()

"""The command `umapi export`: the whole organisation in one file, or no file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

import click

from umapi_models.models import Group, User
from umapi_sdk.command_line.conventions import DONE, FAILED, Access, StrictCommand, examples
from umapi_sdk.command_line.exports import COLUMNS, GROUP, USER, csv_row, form_of, json_line
from umapi_sdk.command_line.listing import ANNOUNCED, UNLISTED, record_of, tell_doubts
from umapi_sdk.command_line.output import complain, count, say
from umapi_sdk.command_line.records import CSV, JSON_LINES
from umapi_sdk.command_line.replacement import WORKBOOKS, is_special, whole_file
from umapi_sdk.command_line.results import Written, check_replaced
from umapi_sdk.errors import ListingError
from umapi_sdk.lookups import GroupsQuery, ListQuery, UsersQuery
from umapi_sdk.wholeness import ListingRules

T = TypeVar("T", bound=User | Group)

EXPORTED: Final = Written("export", re.compile(rf'"(?:{USER}|{GROUP})"\s*:\s*\{{'), ",".join(COLUMNS))

_MARK: Final = "\ufeff"  # without it, spreadsheets take UTF-8 for another encoding


@click.command(
    cls=StrictCommand,
    epilog=examples("umapi export organisation.jsonl", "umapi export organisation.csv --all-memberships"),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice((CSV, JSON_LINES)),
    help="csv for a FILE that ends in .csv, otherwise jsonl, if not given.",
)
@click.option("--all-memberships", is_flag=True, help="Also write product profiles held through a user group.")
@UNLISTED
@ANNOUNCED
@click.pass_obj
def export(
    access: Access, file: Path, form: str | None, all_memberships: bool, unlisted: int | None, announce: bool
) -> int:
    """Write all groups and all users with their groups to FILE, whole or not at all.

    JSON Lines have all that the service says: {"group": {...}} or {"user": {...}} on each line. CSV is what
    `umapi apply` takes: a row for each user, and one for each user group, since the API makes no other groups.

    FILE is written under another name first, and can be read by its owner only. A listing that is not whole is read
    again twice; then the exit status is 1, and FILE is as it was.
    """
    if str(file) == "-":
        raise click.UsageError("-: an export is whole or not there at all: name a file")
    if file.suffix.lower() in WORKBOOKS and form is None:
        raise click.UsageError(f"{file}: no workbook is written: name a .csv, which spreadsheets open")
    if is_special(file):
        raise click.UsageError(f"{file} is no file that can be replaced: name another")
    check_replaced(file, EXPORTED)
    try:
        with access.connection() as connection, whole_file(file) as stream:
            writer = _Writer(stream, form or form_of(file))
            groups = GroupsQuery(connection)
            found = writer.write_all(groups, GROUP)
            users = UsersQuery(connection, direct_only=not all_memberships, rules=ListingRules(unlisted=unlisted))
            if announce:
                connection.start_sync()
            people = writer.write_all(users, USER)
    except OSError as error:
        complain(f"{file}: cannot be written: {error.strerror or error}")
        return FAILED
    tell_doubts(groups.complete, users.complete)
    say(f"{file}: {count(people, 'user')}, {count(found, 'group')}{writer.remark}")
    return DONE


class _Writer:
    """Writes entries in one form."""

    def __init__(self, stream: TextIO, form: str) -> None:
        self._stream = stream
        self._left_out = 0
        self._put: Callable[[str, Mapping[str, Any]], bool] = self._put_row if form == CSV else self._put_line
        if form == CSV:
            stream.write(_MARK)
            self._table = csv.writer(stream, lineterminator="\n")
            self._table.writerow(COLUMNS)

    @property
    def remark(self) -> str:
        """What is not in the file."""
        if not self._left_out:
            return ""
        others = f"{count(self._left_out, 'other')} (product profiles, admin groups)"
        return f"; {others} left out, as CSV has only what the API can make"

    def write_all(self, query: ListQuery[T], kind: str) -> int:
        """Write what a query lists, from the first page again where that is not whole; return how many were written."""
        start, before = self._stream.tell(), self._left_out
        left = ListingRules().restarts
        while True:
            try:
                return sum(self._put(kind, record_of(entry)) for entry in query)
            except ListingError as error:
                if not left:
                    raise
                left -= 1
                complain(f"reading from page 0 again: {error}")
                self._stream.seek(start)
                self._stream.truncate()
                self._left_out = before

    def _put_line(self, kind: str, record: Mapping[str, Any]) -> bool:
        self._stream.write(json_line(kind, record) + "\n")
        return True

    def _put_row(self, kind: str, record: Mapping[str, Any]) -> bool:
        row = csv_row(kind, record)
        if row is None:
            self._left_out += 1
            return False
        self._table.writerow(row)
        return True

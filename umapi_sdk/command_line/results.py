"""Files that tell what became of a run: a row for each row of the input, and the commands that are left to do."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import attrs
import click

from umapi_sdk.actions import Action
from umapi_sdk.batches import commands_of, write_command
from umapi_sdk.bulk import RowResult
from umapi_sdk.characters import harmless
from umapi_sdk.command_line.records import escaped, json_text
from umapi_sdk.command_line.replacement import beginning, check_place, is_special, whole_file
from umapi_sdk.sheets.columns import PROBLEM
from umapi_sdk.sheets.tables import SEPARATOR_LINE

COLUMNS: Final = (
    "row",
    "line",
    "user",
    "outcome",
    "code",
    "message",
    "remedy",
    "steps",
    "request_ids",
    "reconciled",
)
"""Those of a result file: the keys of an object in JSON Lines, the header line in CSV."""

_JSON_LINES: Final = (".jsonl", ".ndjson", ".json")


@attrs.frozen
class Written:
    """What a file that is written holds, by which one of an earlier time is known again."""

    noun: str
    members: re.Pattern[str]
    """What stands in each object of JSON."""
    heading: str = ""
    """What a header line of CSV begins with; empty where none is written."""

    def begins(self, head: str) -> bool:
        """Whether a file that begins so is one of these."""
        line = SEPARATOR_LINE.sub("", head, count=1)
        if line.lstrip().startswith(("{", "[")):
            return self.members.search(line) is not None
        after = line[len(self.heading) :]
        return bool(self.heading) and line.startswith(self.heading) and not after[:1].isalnum()


RESULTS: Final = Written("results", re.compile(r'"outcome"\s*:\s*"'), ",".join(COLUMNS))
COMMANDS: Final = Written("commands", re.compile(r'"do"\s*:\s*\['))
BAD_ROWS: Final = Written("bad rows", re.compile(r'"user(?:group)?"\s*:\s*"'), PROBLEM)


def check_output(path: Path | None) -> None:
    """Find out whether a file can be written, before hours have passed.

    Raises:
        click.ClickException: it cannot.
    """
    if path is None:
        return
    if str(path) == "-":
        raise click.UsageError("-: the summary goes to standard output: name a file")
    try:
        check_place(path)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None


def check_replaced(path: Path | None, written: Written) -> None:
    """Refuse to replace a file that holds something else: it may be the only one.

    Raises:
        click.ClickException: it does, or cannot be read.
    """
    try:
        head = None if path is None else beginning(path)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read: {error.strerror}") from None
    if head is not None and not written.begins(head):
        problem = f"{path}: is there already, and holds no {written.noun} of `umapi`: it is not replaced"
        raise click.ClickException(f"{problem}, so name another file")


def check_apart(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse an output that would take the place of an input or of another output: what stands there would be lost.

    Args:
        outputs: files that are written, by their options.
        inputs: files that must stay, by what they are.

    Raises:
        click.UsageError: two of them are one file.
    """
    kept = {name: path for name, path in inputs.items() if path is not None}
    for option, path in outputs.items():
        if path is None or is_special(path):
            continue
        for name, other in kept.items():
            if _same(path, other):
                raise click.UsageError(f"{option} {path}: is {name} too, which would be lost: name another file")
        kept[f"the file of {option}"] = path


def write_results(path: Path, results: Iterable[RowResult]) -> None:
    """Write what became of each row: JSON Lines if the name ends so, CSV otherwise.

    Raises:
        OSError: the file cannot be written; what stood there stays.
    """
    with whole_file(path) as file:
        if path.suffix.lower() in _JSON_LINES:
            for result in results:
                file.write(json_text(_cells(result)) + "\n")
            return
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for result in results:
            cells = _cells(result)
            cells["request_ids"] = " ".join(result.request_ids)
            cells["reconciled"] = "true" if result.reconciled else None
            writer.writerow(["" if cells[name] is None else harmless(str(cells[name])) for name in COLUMNS])


def write_commands(path: Path, actions: Iterable[Action]) -> int:
    """Write actions as JSON Lines, a command on each; return how many there are.

    Raises:
        OSError: the file cannot be written; what stood there stays.
    """
    written = 0
    with whole_file(path) as file:
        for action in actions:
            for command, _ in commands_of(action):
                file.write(escaped(write_command(command).decode()) + "\n")
                written += 1
    return written


def describe(result: RowResult) -> str:
    """Return what became of a row, as one line with the remedy."""
    line = f" (line {result.line})" if result.line is not None else ""
    said = None if result.message is None else result.message.rstrip(".")
    facts = [f"{said} ({result.code})" if result.code else said, result.steps, result.remedy]
    return f"row {result.row}{line}, {result.target}: {result.outcome}: {'; '.join(fact for fact in facts if fact)}"


def _cells(result: RowResult) -> dict[str, Any]:
    values = (
        result.row,
        result.line,
        result.target,
        result.outcome.value,
        result.code,
        result.message,
        result.remedy,
        result.steps,
        list(result.request_ids),
        result.reconciled,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by whatever name."""
    with suppress(OSError):
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)

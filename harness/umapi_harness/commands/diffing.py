"""The command `diff`: what has drifted between two recordings of one scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import click

from umapi_harness.commands.conventions import FAILED, FILE, say, write_whole
from umapi_harness.commands.recording_limits import BODY_LIMIT, limits_of
from umapi_harness.commands.run_outputs import check_reports
from umapi_harness.common.errors import InputError
from umapi_harness.contract.drift import Comparison, Drift, drift
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.pairing import Opener
from umapi_harness.contract.recordings import Exchange, Limits, check_rereadable, open_filled
from umapi_harness.report.drift_junit import write_drift_junit

_FORMAT = 1  # goes up when a member of the report changes its meaning or goes away


@click.command()
@click.argument("before", metavar="BEFORE", type=FILE)
@click.argument("after", metavar="AFTER", type=FILE)
@click.option(
    "--grade",
    "least",
    type=click.Choice([grade.value for grade in Grade]),
    default=Grade.MAY.value,
    show_default=True,
    help="Show drifts of this grade and graver ones, and let only those make the exit status 1.",
)
@click.option("--junit", type=FILE, help="Write a JUnit XML report.")
@click.option("--json", "json_file", type=FILE, help="Write a JSON report.")
@BODY_LIMIT
def diff(before: Path, after: Path, least: str, junit: Path | None, json_file: Path | None, max_body: int) -> int:
    """Show what has drifted between two recordings of one scenario.

    Exchanges are paired by their requests, then by operation. Order is compared where the service promises one;
    times, ids and tokens are not compared. Drifts are graded: MUST breaks programs, SHOULD can matter to them, MAY is
    what they need not see, or what the client sends. Exit status 0 when nothing has drifted, 1 when something of the
    --grade or graver has, 2 when a file cannot be read or holds no exchange.
    """
    limits = limits_of(max_body)
    for path in (before, after):
        check_rereadable(path)
    check_reports({"--junit": junit, "--json": json_file}, (before, after))
    comparison = drift(_opener(before, limits), _opener(after, limits))
    wanted = comparison.of_grade(Grade(least))
    _tell(comparison, wanted)
    if junit is not None:
        _write_junit(comparison, Grade(least), before, after, junit)
    if json_file is not None:
        text = json.dumps(_document(comparison, before, after), ensure_ascii=False, indent=2)
        write_whole(f"{text}\n", json_file)
    return FAILED if wanted else 0


def _opener(path: Path, limits: Limits) -> Opener:
    told: set[str] = set()

    def skip(line: str) -> None:
        if line not in told:  # the file is read twice
            told.add(line)
            say(line)

    def read() -> Iterator[Exchange]:
        return open_filled(path, limits=limits, skip=skip)

    return read


def _write_junit(comparison: Comparison, least: Grade, before: Path, after: Path, path: Path) -> None:
    try:
        write_drift_junit(comparison, least, f"{before} - {after}", path)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(f"{path}: {reason}; give a path that can be written") from None


def _tell(comparison: Comparison, wanted: Sequence[Drift]) -> None:
    operation = ""
    for one in wanted:
        if one.operation != operation:
            operation = one.operation
            click.echo(operation)
        click.echo(f"  {str(one).replace(f' {operation}', '', 1)}")
    counts = ", ".join(f"{comparison.count(grade)} {grade}" for grade in Grade)
    noun = "exchange" if comparison.compared == 1 else "exchanges"
    click.echo(f"{comparison.compared} {noun} compared: {counts if comparison.drifts else 'nothing has drifted'}")


def _document(comparison: Comparison, before: Path, after: Path) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "before": str(before),
        "after": str(after),
        "compared": comparison.compared,
        "summary": {str(grade): comparison.count(grade) for grade in Grade},
        "drifts": [attrs.asdict(one) for one in comparison.drifts],
    }

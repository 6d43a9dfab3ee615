"""The command `umapi check`: files are read as `umapi apply` would, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import click

from umapi_sdk.bulk import summarize
from umapi_sdk.command_line.conventions import BAD_INPUT, DONE, StrictCommand, examples
from umapi_sdk.command_line.output import say
from umapi_sdk.command_line.reading import BAD_HELP, Reading, Screening, reads_file, source_of, write_bad
from umapi_sdk.command_line.results import BAD_ROWS, check_apart, check_output, check_replaced
from umapi_sdk.sheets import SheetError


@click.command(
    cls=StrictCommand,
    epilog=examples(
        "umapi check joiners.csv",
        "umapi check joiners.csv movers.csv",
        "umapi check joiners.csv --bad bad.csv",
        "umapi check --action remove_from_org leavers.csv",
        'umapi check --encoding cp1252 --ignore-column "Cost Centre" people.csv',
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--by-group", is_flag=True, help="Plan as `umapi apply --by-group` does.")
@click.option("--bad", type=click.Path(path_type=Path, dir_okay=False), help=BAD_HELP)
@reads_file
def check(files: tuple[str, ...], by_group: bool, bad: Path | None, reading: Reading) -> int:
    """Check files of people or commands without a connection, and tell what `umapi apply` would need for each.

    Each problem is a line with row, line and column. The exit status is 0 only if there is none in any file.
    """
    if bad is not None:
        if len(files) > 1:
            raise click.UsageError("--bad takes the bad rows of one file: check the files one by one")
        check_apart({"--bad": bad}, {"the file of the rows": source_of(next(iter(files)))})
        check_output(bad)
        check_replaced(bad, BAD_ROWS)
    verdicts = [_verdict(file, by_group, reading, f"{file}: " if len(files) > 1 else "", bad) for file in files]
    return max(verdicts)


def _verdict(file: str, by_group: bool, reading: Reading, mark: str, bad: Path | None) -> int:
    """Tell the problems of one file, then what became of it behind a mark; gives the exit status."""
    screening = Screening(reading.open(file), say, every=reading.all_problems)
    if bad is not None:
        screening.find_disputed()
        screening.keep_bad()
    try:
        summary = summarize((row.action for row in screening if row.action is not None), by_group=by_group)
    except SheetError as error:
        summary = None
        screening.note(error.problems)
    if bad is not None and summary is not None:
        write_bad(screening, bad)
    if screening.problems:
        say(f"{mark}{screening.summary}")
        return BAD_INPUT
    if not screening.rows:
        say(f"{mark}No rows: there is nothing to do")
        return DONE
    say(f"{mark}No problem: {summary}")
    for remark in screening.remarks:
        say(f"{mark}{remark}")
    return DONE

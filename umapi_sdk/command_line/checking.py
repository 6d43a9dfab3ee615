"""The command `umapi check`: files are read as `umapi apply` would, and nothing is sent."""

from __future__ import annotations

import click

from umapi_sdk.bulk import summarize
from umapi_sdk.command_line.conventions import BAD_INPUT, DONE, examples
from umapi_sdk.command_line.output import say
from umapi_sdk.command_line.reading import Reading, Screening, reads_file
from umapi_sdk.sheets import SheetError


@click.command(
    epilog=examples(
        "umapi check joiners.csv",
        "umapi check joiners.csv movers.csv",
        "umapi check --action remove_from_org leavers.csv",
        'umapi check --encoding cp1252 --ignore-column "Cost Centre" people.csv',
    )
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--by-group", is_flag=True, help="Plan as `umapi apply --by-group` does.")
@reads_file
def check(files: tuple[str, ...], by_group: bool, reading: Reading) -> int:
    """Check files of people or commands without a connection, and tell what `umapi apply` would need for each.

    Each problem is a line with row, line and column. The exit status is 0 only if there is none in any file.
    """
    verdicts = [_verdict(file, by_group, reading, f"{file}: " if len(files) > 1 else "") for file in files]
    return max(verdicts)


def _verdict(file: str, by_group: bool, reading: Reading, mark: str) -> int:
    """Tell the problems of one file, then what became of it behind a mark; gives the exit status."""
    screening = Screening(reading.open(file), say, every=reading.all_problems)
    try:
        summary = summarize((row.action for row in screening if row.action is not None), by_group=by_group)
    except SheetError as error:
        summary = None
        screening.note(error.problems)
    if screening.problems:
        say(f"{mark}{screening.summary}")
        return BAD_INPUT
    say(f"{mark}No problem: {summary}")
    if screening.short:
        # Excel writes such rows, and a file that was cut off or pasted together has them too.
        rows = "1 row ends" if screening.short == 1 else f"{screening.short:,} rows end"
        say(f"{mark}{rows} early: cells that are missing at the end are taken for blank")
    return DONE

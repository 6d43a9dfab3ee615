"""The command `umapi apply`: a file of people or commands, carried out whole, whatever comes between."""

from __future__ import annotations

import math
import shlex
import signal
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Final

import attrs
import click
from click.core import ParameterSource

from umapi_sdk.bulk import BadRowsError, BulkResult, BulkRun, Ending, RowOutcome
from umapi_sdk.bulk.database import is_journal
from umapi_sdk.bulk.running import SETTLING
from umapi_sdk.command_line.advice import Advice, free_name, told_of_present
from umapi_sdk.command_line.conventions import BAD_INPUT, DONE, FAILED, UNFINISHED, Access, StrictCommand, examples
from umapi_sdk.command_line.output import Output, complain, count
from umapi_sdk.command_line.progress import ProgressLine
from umapi_sdk.command_line.reading import BAD_HELP, Reading, Screening, digest_of, reads_file, source_of
from umapi_sdk.command_line.removals import RemovalCount, RemovalLimit, read_limit
from umapi_sdk.command_line.replacement import WORKBOOKS
from umapi_sdk.command_line.results import (
    BAD_ROWS,
    COMMANDS,
    RESULTS,
    check_apart,
    check_output,
    check_replaced,
    describe,
    write_commands,
    write_results,
)
from umapi_sdk.connection import Connection
from umapi_sdk.errors import JournalError
from umapi_sdk.planning import duration
from umapi_sdk.sheets import SheetError
from umapi_sdk.sheets.opening import STANDARD_INPUT

_STOPPING: Final = ("SIGINT", "SIGTERM", "SIGHUP")
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_JOURNAL: Final = ".journal"
_DRY: Final = ".dry-run.journal"
_TABLES: Final = (".csv", ".tsv", *WORKBOOKS)
_SHOWN: Final = 20
"""Rows that were not completed, so many of which have a line of their own."""

_IN_JOURNAL: Final = (
    "journal",
    "by_group",
    "skip_bad",
    "bad",
    "max_removals",
    *(field.name for field in attrs.fields(Reading)),
)
"""What a run that is resumed knows already: parameters that then mean nothing."""
_IN_RUN: Final = ("journal", "result", "left", "bad", "settling")
"""What only a run needs: parameters that mean nothing for a mere plan."""


def _finite(_: click.Context, __: click.Parameter, seconds: float) -> float:
    """Refuse a wait that never ends, and what is no number: a range lets both pass."""
    if not math.isfinite(seconds):
        raise click.BadParameter(f"{seconds} is no number of seconds.")
    return seconds


@attrs.frozen(kw_only=True)
class _Wishes:
    """What was asked for on the command line."""

    journal: Path | None
    result: Path | None
    left: Path | None
    bad: Path | None
    plan_only: bool
    dry_run: bool
    skip_bad: bool
    by_group: bool
    max_removals: RemovalLimit | None
    settling: float
    reading: Reading

    def check_files(self, journal: Path, *sources: str | None) -> None:
        """Refuse to write what was asked for over the journal, the file of the rows, or what is no such file."""
        outputs = {"--result": self.result, "--left": self.left, "--bad": self.bad}
        for source in sources or (None,):
            check_apart(outputs, {"the file of the rows": source_of(source), "the journal": journal})
        for path, written in ((self.result, RESULTS), (self.left, COMMANDS), (self.bad, BAD_ROWS)):
            check_replaced(path, written)
        if self.left is not None and self.left.suffix.lower() in _TABLES:
            raise click.UsageError(f"--left {self.left}: what is left is written as JSON Lines: name a .jsonl")


@click.command(
    cls=StrictCommand,
    epilog=examples(
        "umapi apply --plan joiners.csv",
        "umapi apply joiners.csv --result result.csv --left left.jsonl",
        "umapi apply --resume joiners.csv.journal --result result.csv",
        "umapi apply --action remove_from_org --max-removals 200 leavers.csv",
    ),
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--journal", type=_FILE, help="Where the run is journalled; FILE.journal otherwise. Never replaced.")
@click.option("--resume", type=_FILE, metavar="JOURNAL", help="Go on with the run of a journal.")
@click.option("--result", type=_FILE, help="Write what became of each row: CSV, or JSON Lines if it ends in .jsonl.")
@click.option(
    "--left",
    type=_FILE,
    help="Write what is left of rows that failed, for `umapi apply`; --resume sends what was not sent.",
)
@click.option("--bad", type=_FILE, help=BAD_HELP)
@click.option(
    "--plan",
    "plan_only",
    is_flag=True,
    help="Show what would be sent, and end; it needs settings, unlike `umapi check`.",
)
@click.option("--dry-run", is_flag=True, help="Have the service check the commands (testOnly), and change nothing.")
@click.option("--skip-bad-rows", "skip_bad", is_flag=True, help="Leave out rows that cannot be used.")
@click.option("--by-group", is_flag=True, help="Turn memberships around where that makes fewer commands.")
@click.option(
    "--max-removals",
    callback=read_limit,
    metavar="COUNT|PERCENT%",
    help="Send nothing if FILE removes more people: so many, or so many percent of all users, from the organisation or "
    "from all groups.",
)
@click.option(
    "--settling",
    type=click.FloatRange(min=0),
    callback=_finite,
    default=SETTLING,
    show_default=True,
    metavar="SECONDS",
    help="After a request without a clear answer, wait so long before looking what became of it.",
)
@reads_file
@click.pass_obj
def apply(
    access: Access,
    file: str | None,
    resume: Path | None,
    journal: Path | None,
    result: Path | None,
    left: Path | None,
    bad: Path | None,
    plan_only: bool,
    dry_run: bool,
    skip_bad: bool,
    by_group: bool,
    max_removals: RemovalLimit | None,
    settling: float,
    reading: Reading,
) -> int:
    """Carry out FILE: CSV of people, a JSON array or JSON Lines of commands, of any length.

    All rows are checked before anything is sent, and nothing is sent if there is a problem. What is sent is
    journalled before, and what became of it after. Whatever ends the run - Ctrl-C, a lost connection, a wait that is
    too long - `umapi apply --resume JOURNAL` goes on, and does nothing twice.

    The exit status is 0 if every row is completed, 1 if some failed, 2 for bad input, 3 if some are left or unknown.
    """
    wishes = _Wishes(
        journal=journal,
        result=result,
        left=left,
        bad=bad,
        plan_only=plan_only,
        dry_run=dry_run,
        skip_bad=skip_bad,
        by_group=by_group,
        max_removals=max_removals,
        settling=settling,
        reading=reading,
    )
    if resume is not None:
        _refuse(_IN_JOURNAL, "does not go with --resume: the journal has the rows, and knows how they are planned")
    if plan_only:
        _refuse(_IN_RUN, "does not go with --plan, which sends nothing")
    if bad is not None and not skip_bad:
        raise click.UsageError("--bad needs --skip-bad-rows: otherwise nothing is sent if a row is bad")
    for path in (result, left, bad):
        check_output(path)
    if resume is not None:
        return _resume(access, resume, file, wishes)
    if file is None:
        raise click.UsageError("name a FILE, or a journal to go on with: --resume JOURNAL")
    return _begin(access, file, wishes)


def _refuse(names: Sequence[str], reason: str) -> None:
    """Refuse options that would change nothing."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name in names and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} {reason}")


def _begin(access: Access, file: str, wishes: _Wishes) -> int:
    r"""Check a file, make its journal, and carry it out."""
    sheet = wishes.reading.open(file)
    with (
        access.connection(test_mode=wishes.dry_run or None) as connection,
        _place(file, wishes, test_mode=connection.test_mode) as place,
    ):
        wishes.check_files(place, file)
        screening = Screening(sheet, complain, every=wishes.reading.all_problems)
        if wishes.skip_bad:
            screening.find_disputed()
        if wishes.bad is not None:
            screening.keep_bad()
        counted = RemovalCount(screening)
        try:
            run = BulkRun.create(
                place,
                counted,
                org_id=connection.org_id,
                endpoint=connection.endpoint,
                test_mode=connection.test_mode,
                by_group=wishes.by_group,
                skip_bad=wishes.skip_bad,
                source=sheet.name,
                digest=lambda: sheet.digest,
            )
        except (BadRowsError, SheetError) as error:
            screening.note(error.problems if isinstance(error, SheetError) else ())
            complain(f"{screening.summary}: nothing was sent{_remedy(error, wishes, file)}")
            return BAD_INPUT
        except JournalError as error:
            told = (
                told_of_present(place, sheet.name, test_mode=connection.test_mode) if is_journal(place) else str(error)
            )
            raise click.ClickException(told) from None
        if wishes.max_removals is not None:
            with _forgotten_unless_allowed(run, place) as allow:
                problem = wishes.max_removals.problem(counted.removals, connection)
                if problem is not None:
                    complain(f"{sheet.name}: {problem}")
                    return BAD_INPUT
                allow()
        if wishes.bad is not None:
            with _forgotten_unless_allowed(run, place) as allow:
                try:
                    screening.write_bad(wishes.bad)
                except OSError as error:
                    complain(f"{wishes.bad}: cannot be written: {error.strerror or error}: nothing was sent")
                    return BAD_INPUT
                allow()
        status = _carry_out(run, place, connection, wishes, access, remarks=tuple(screening.remarks))
        if not screening.rows:
            # Nothing is to be learnt from it, and the file of the next day may have rows.
            _forget(place)
        return status


def _remedy(error: BadRowsError | SheetError, wishes: _Wishes, file: str) -> str:
    """Return how to go on without the rows that are bad, where there are others and nobody has asked for it."""
    if isinstance(error, SheetError) or wishes.plan_only:
        return ""
    bad = shlex.quote(free_name(Path("bad").with_suffix(Path(file).suffix)))
    return f"; correct the rows, or add --skip-bad-rows --bad {bad} to send the others"


@contextmanager
def _forgotten_unless_allowed(run: BulkRun, place: Path) -> Generator[Callable[[], object]]:
    """Delete the journal of a run of which nothing was sent, unless the function that is given is called."""
    allowed: list[bool] = []
    try:
        yield lambda: allowed.append(True)
    finally:
        if not allowed:
            run.close()
            _forget(place)


def _forget(place: Path) -> None:
    """Delete a journal of which nothing is needed any more."""
    with suppress(OSError):
        place.unlink()


@contextmanager
def _place(file: str, wishes: _Wishes, *, test_mode: bool) -> Generator[Path]:
    """Give the place where the journal is to be; that of a mere plan is in a folder that goes."""
    if wishes.plan_only:
        with _temporary_folder() as folder:
            yield Path(folder) / "plan"
    elif wishes.journal is not None:
        yield wishes.journal
    elif file == STANDARD_INPUT:
        raise click.UsageError("standard input has no name for a journal to go by: give --journal")
    else:
        yield Path(f"{file}{_DRY if test_mode else _JOURNAL}")


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory()
    except OSError as error:
        problem = f"there is no temporary folder to plan in: {error.strerror or error}: set TMPDIR to one"
        raise click.ClickException(problem) from None


def _resume(access: Access, journal: Path, file: str | None, wishes: _Wishes) -> int:
    """Go on with the run of a journal."""
    try:
        run = BulkRun.open(journal)
    except JournalError as error:
        usual = Path(f"{journal}{_JOURNAL}")
        meant = f": is {usual} meant?" if is_journal(usual) and not is_journal(journal) else ""
        raise click.ClickException(f"{error}{meant}") from None
    test_mode = True if wishes.dry_run or run.purpose.test_mode else None
    with run, access.connection(test_mode=test_mode) as connection:
        wishes.check_files(journal, file, run.purpose.source)
        try:
            digest = None if file is None else digest_of(file)
            run.check_target(connection.org_id, connection.endpoint, connection.test_mode, digest)
        except JournalError as error:
            raise click.ClickException(str(error)) from None
        return _carry_out(run, journal, connection, wishes, access)


def _carry_out(
    run: BulkRun,
    place: Path,
    connection: Connection,
    wishes: _Wishes,
    access: Access,
    *,
    remarks: Sequence[str] | None = None,
) -> int:
    """Send what is left of a run, and tell what became of it; `remarks` on the rows of one that begins."""
    output, resumed = Output(), remarks is None
    advice = Advice(
        access=access,
        journal=place,
        source=run.purpose.source,
        result=wishes.result,
        left=wishes.left,
        bad=wishes.bad,
        test_mode=connection.test_mode,
        own_journal=wishes.journal,
        resumed=resumed,
    )
    with run:
        counts = run.counts
        if counts.bad:
            output.say(f"{count(counts.bad, 'bad row')} of {counts.total:,} left out")
        summary = run.plan_summary()
        paced = connection.service.pacer is not None
        if summary.actions or wishes.plan_only:
            mode = ". Test mode: the service checks, and changes nothing" if connection.test_mode else ""
            output.say(f"{summary if paced else summary.size}{mode}")
        for remark in remarks or ():
            output.say(remark)
        if wishes.plan_only:
            if resumed:
                output.say(f"So far, of {count(counts.total, 'row')}: {counts}")
            output.say("Nothing was sent." if not resumed else "Nothing more was sent.")
            return DONE
        progress = ProgressLine(counts, summary.least_seconds if paced else 0.0)
        ended: BulkResult | None = None
        with _stopping(run, progress):
            try:
                ended = run.run(connection, on_event=progress, settling=wishes.settling)
            except KeyboardInterrupt:
                progress.note("ended at once: what was under way is looked at when the run is resumed")
            except JournalError as error:
                progress.end()
                output.complain(str(error))
                output.say(f"Next: remove the cause, then: {advice.going_on()}")
                return UNFINISHED
            progress.end()
            _tell_rows(run, output)
            written = _write_files(run, wishes, output, advice)
            status = _conclude(run, ended, output, advice, written=written)
    if written and wishes.journal is None and place.name.endswith(_DRY):
        _drop_dry_run(run, ended, place)
    return status


def _drop_dry_run(run: BulkRun, ended: BulkResult | None, place: Path) -> None:
    """Delete the journal of a dry run from which nothing is to be learnt any more."""
    finished = ended is not None and ended.ended.why is Ending.FINISHED and not ended.counts.unknown
    if finished and run.purpose.test_mode:
        _forget(place)


def _conclude(run: BulkRun, ended: BulkResult | None, output: Output, advice: Advice, *, written: bool) -> int:
    """Tell the summary, and return the exit status; `written` is whether all files are."""
    counts = run.counts
    if not counts.total:
        output.say(f"{run.purpose.source or 'The file'} has no rows: there was nothing to do.")
        return DONE if written else FAILED
    mode = " in test mode, so that nothing was changed" if run.purpose.test_mode else ""
    output.say(f"{count(counts.total, 'row')}{mode}: {counts}")
    if ended is not None:
        output.say(f"{count(ended.requests, 'request')}, and waits of {duration(ended.waited)} in all")
        if ended.ended.error is not None:
            output.complain(f"{ended.ended.error}")
    output.say(advice.after(counts, None if ended is None else ended.ended))
    if counts.left or counts.unknown:
        return UNFINISHED
    return FAILED if counts.failed or counts.bad or not written else DONE


def _tell_rows(run: BulkRun, output: Output) -> None:
    """Tell of the first rows that were not completed, a line for each."""
    counts = run.counts
    several = counts.failed + counts.unknown
    if several:
        results = (each for each in run.results() if each.outcome in (RowOutcome.FAILED, RowOutcome.UNKNOWN))
        for result in islice(results, min(several, _SHOWN)):
            output.say(describe(result))
    if several > _SHOWN:
        output.say(f"... and {several - _SHOWN:,} more, all of them with --result")


def _write_files(run: BulkRun, wishes: _Wishes, output: Output, advice: Advice) -> bool:
    """Write the files that were asked for; return whether all went well."""
    failed = run.rest(unsent=False)
    written = _write(wishes.result, lambda path: write_results(path, run.results()), output, advice, "--result")
    return _write(wishes.left, lambda path: write_commands(path, failed), output, advice, "--left") and written


def _write(path: Path | None, write: Callable[[Path], object], output: Output, advice: Advice, option: str) -> bool:
    """Write a file, if it is asked for; return whether all went well."""
    if path is None:
        return True
    try:
        write(path)
    except OSError as error:
        again = advice.resuming(option, str(path))
        output.complain(f"{path}: cannot be written: {error.strerror or error}; {again} writes it again")
        return False
    return True


@contextmanager
def _stopping(run: BulkRun, progress: ProgressLine) -> Generator[None]:
    """Let the first request to end wait for the present request; a second one ends at once."""
    asked: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        # A terminal that goes sends its signal twice.
        if asked and number != getattr(signal, "SIGHUP", None):
            raise KeyboardInterrupt
        # Noted before it is told: whoever reads that may ask once more while this is still under way.
        asked.append(number)
        if len(asked) == 1:
            run.stop()
            progress.interject("ending after the present request; once more ends at once")

    # One that whoever started the program has chosen to ignore is ignored.
    caught = {
        number: earlier
        for name in _STOPPING
        if (number := getattr(signal, name, None)) and (earlier := signal.getsignal(number)) is not signal.SIG_IGN
    }
    for number in caught:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, earlier in caught.items():
            signal.signal(number, earlier)

"""What to do after a run, with the exact command: the last line of `umapi apply`."""

from __future__ import annotations

import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
import click

from umapi_sdk.bulk import BulkRun, Counts, Ended, Ending
from umapi_sdk.command_line.conventions import Access, words_given
from umapi_sdk.command_line.output import count
from umapi_sdk.errors import JournalError
from umapi_sdk.sheets.opening import STANDARD_INPUT

_NOT_CHECKED: Final = (
    "journal",
    "result",
    "left",
    "plan_only",
    "dry_run",
    "skip_bad",
    "by_group",
    "max_removals",
    "settling",
)
"""Parameters of `umapi apply` that `umapi check` does not have, or that have nothing to do with bad rows."""


@attrs.frozen(kw_only=True)
class Advice:
    """What the advice depends on, beside what became of the run."""

    access: Access
    journal: Path
    source: str | None
    """The file of the rows."""
    result: Path | None
    left: Path | None
    bad: Path | None
    """The file to which the bad rows were written."""
    test_mode: bool
    own_journal: Path | None
    """The journal that `--journal` has named."""
    resumed: bool
    """Whether the run was begun by an earlier command, of which nothing more is known."""

    def after(self, counts: Counts, ended: Ended | None) -> str:
        """Return what to do next; `ended` is None for a run that was cut off."""
        if counts.left or ended is None or ended.why is not Ending.FINISHED:
            return f"Next: {self._going_on(ended, counts)}"
        if counts.unknown:
            where = (
                f"see {self.result}"
                if self.result
                else f"{self.resuming('--result', free_name('result.csv'))} lists them"
            )
            return f"Next: look what became of the unknown rows ({where}) before you send them again."
        if counts.failed or counts.bad:
            return f"Next: {self._correcting(counts)}"
        if self.test_mode:
            return f"Next: {self._carrying_out()}"
        return "Next: nothing, every row is completed."

    def resuming(self, *options: str) -> str:
        """Return the command that goes on with the run."""
        return self._umapi("apply", "--resume", str(self.journal), *options)

    def going_on(self) -> str:
        """Return the command that goes on with the run, and writes the files that were asked for."""
        files = (("--result", self.result), ("--left", self.left))
        return self.resuming(*(part for name, path in files if path for part in (name, str(path))))

    def _carrying_out(self) -> str:
        """Return what carries out a run that was one in test mode; its journal cannot."""
        if self.resumed:
            changes = f"nothing was changed, for {self.journal} is the journal of a run in test mode"
            return f"{changes}; apply {self.source or 'the file'} itself, with --journal NAME if there is one already."
        place = self.access.test_mode_place
        setting = f", for test_mode is set in {place}; take it out there, then" if place else "; what carries it out"
        journal = free_name(self.own_journal) if self.own_journal else None
        command = self._umapi(*words_given(click.get_current_context(), dry_run=None, journal=journal))
        return f"nothing was changed{setting}: {command}"

    def _correcting(self, counts: Counts) -> str:
        if self.test_mode:
            again = f" with --journal {shlex.quote(free_name(self.own_journal))}" if self.own_journal else ""
            return f"correct the rows that failed in {self.source or 'the file'}, and try again{again}."
        if not counts.failed:
            return self._correcting_bad(counts)
        if self.left:
            command = self._umapi("apply", str(self.left))
            advice = f"correct what failed in {self.left}, then: {command}"
        else:
            command = self.resuming("--left", free_name("left.jsonl"))
            advice = f"{command} writes what is left of the rows that failed."
        return f"{advice.rstrip('.')}; and {self._correcting_bad(counts)}" if counts.bad else advice

    def _correcting_bad(self, counts: Counts) -> str:
        rows = count(counts.bad, "bad row")
        if self.bad is None:
            context = click.get_current_context()
            file = context.params.get("file")
            if self.resumed or file == STANDARD_INPUT:
                return f"correct the {rows} of {self.source or 'the file'}, and apply them in a file of their own."
            bad = free_name(Path("bad").with_suffix(Path(str(file)).suffix))
            words = words_given(context, bad=bad, **dict.fromkeys(_NOT_CHECKED))
            return f"{self._umapi('check', *words[1:])} writes the {rows} to a file, to be corrected."
        # That file is in UTF-8 whatever its rows come from, and the rows that were sent are not to be sent again.
        changes = dict.fromkeys(("journal", "result", "left", "bad", "skip_bad", "encoding", "max_removals"))
        words = words_given(click.get_current_context(), file=self.bad, **changes)
        return f"correct the {rows} in {self.bad}, then: {self._umapi(*words)}"

    def _going_on(self, ended: Ended | None, counts: Counts) -> str:
        command = self.going_on()
        if ended is not None and ended.why is Ending.FAILED:
            # The journal is of a run for one organisation; what never reached the right one can begin anew.
            name = shlex.quote(free_name(self.journal))
            wrong = f"; if the organisation or server was the wrong one, begin anew with --journal {name}"
            none_done = not (counts.completed or counts.failed or counts.unknown)
            return f"remove the cause, then: {command}{wrong if none_done else ''}"
        if ended is not None and ended.until is not None:
            at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(ended.until))
            return f"after {at}: {command}"
        return command

    def _umapi(self, *arguments: str) -> str:
        words = ["umapi"]
        for name, value in (("--config", self.access.config), ("--profile", self.access.profile)):
            words += [name, str(value)] if value else []
        return shlex.join([*words, *arguments])


def free_name(name: str | Path) -> str:
    """Return a name like this one that no file has: the advice must not lead to the loss of one."""
    path, number = Path(name), 2
    while path.exists():
        path, number = Path(name).with_stem(f"{Path(name).stem}-{number}"), number + 1
    return str(path)


def told_of_present(place: Path, file: str, *, test_mode: bool) -> str:
    """Return what stands where a journal was to be made, and what to do about it."""
    name = shlex.quote(free_name(place))
    with suppress(JournalError), BulkRun.open(place) as run:
        counts = run.counts
        if run.purpose.test_mode and not test_mode:
            state = "is of a run in test mode, which changed nothing"
            return f"journal {place}: {state}: --journal {name} begins the real one"
        if not counts.left:
            again = f"--journal {name} carries out {file} once more"
            return f"journal {place}: its run is over ({counts}), and nothing is left to go on with: {again}"
    resume = f"umapi apply --resume {shlex.quote(str(place))}"
    other = f"if {file} has changed since, --journal {name} begins another"
    return f"journal {place}: exists already: {resume} goes on with it; {other}"

"""What to do after a run, with the exact command: the last line of `umapi apply`."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import attrs

from umapi_sdk.bulk import Counts, Ended, Ending
from umapi_sdk.command_line.conventions import Access


@attrs.frozen(kw_only=True)
class Advice:
    """What the advice depends on, beside what became of the run."""

    access: Access
    journal: Path
    source: str | None
    """The file of the rows."""
    result: Path | None
    left: Path | None
    test_mode: bool

    def after(self, counts: Counts, ended: Ended | None) -> str:
        """Return what to do next; `ended` is None for a run that was cut off."""
        if counts.left or ended is None or ended.why is not Ending.FINISHED:
            return f"Next: {self._going_on(ended)}"
        if counts.unknown:
            where = (
                f"see {self.result}" if self.result else f"{self.resuming('--result', _free('result.csv'))} lists them"
            )
            return f"Next: look what became of the unknown rows ({where}) before you send them again."
        if counts.failed or counts.bad:
            return f"Next: {self._correcting(counts)}"
        if self.test_mode:
            return "Next: nothing was changed; without --dry-run the same command carries it out."
        return "Next: nothing, every row is completed."

    def resuming(self, *options: str) -> str:
        """Return the command that goes on with the run."""
        return self._umapi("apply", "--resume", str(self.journal), *options)

    def _correcting(self, counts: Counts) -> str:
        if self.test_mode:
            return f"correct the rows that failed in {self.source or 'the file'}, and try again."
        if not counts.failed:
            return "correct the bad rows, and apply them in a file of their own."
        if self.left:
            return f"correct what failed in {self.left}, then: {self._umapi('apply', str(self.left))}"
        return f"{self.resuming('--left', _free('left.jsonl'))} writes what is left of the rows that failed."

    def _going_on(self, ended: Ended | None) -> str:
        files = (("--result", self.result), ("--left", self.left))
        command = self.resuming(*(part for name, path in files if path for part in (name, str(path))))
        if ended is not None and ended.why is Ending.FAILED:
            return f"remove the cause, then: {command}"
        if ended is not None and ended.until is not None:
            at = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(ended.until))
            return f"after {at}: {command}"
        return command

    def _umapi(self, *arguments: str) -> str:
        words = ["umapi"]
        for name, value in (("--config", self.access.config), ("--profile", self.access.profile)):
            words += [name, str(value)] if value else []
        return shlex.join([*words, *arguments])


def _free(name: str) -> str:
    """Return a name like this one that no file has: the advice must not lead to the loss of one."""
    path, number = Path(name), 2
    while path.exists():
        path, number = Path(name).with_stem(f"{Path(name).stem}{number}"), number + 1
    return str(path)

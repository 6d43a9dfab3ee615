"""The command `umapi send`: each command of a JSON file, and what became of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from umapi_models.limits import MAX_COMMANDS
from umapi_sdk.actions import Action
from umapi_sdk.characters import shown
from umapi_sdk.command_line.conventions import DONE, FAILED, Access, StrictCommand, examples
from umapi_sdk.command_line.output import complain, count, silence_output
from umapi_sdk.command_line.reading import FEW
from umapi_sdk.commands import read_actions
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ActionError, NetworkError, ServiceError, UsageError
from umapi_sdk.outcomes import RUN_ENDED, ActionOutcome, OutcomeStatus, StepError
from umapi_sdk.sheets.documents import parse


@click.command(
    cls=StrictCommand, epilog=examples("umapi send commands.json --test-mode", "umapi send - < commands.json")
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--test-mode", is_flag=True, help="Have the service check the commands, and change nothing.")
@click.pass_obj
def send(access: Access, file: Path, test_mode: bool) -> int:
    """Send the commands of FILE, a JSON list in the form of an action request, of any length.

    All commands are checked before the first is sent. Each gets one line with what became of it: completed, failed,
    unknown (sent, and no answer came), or not sent; of a failed one also which steps took effect and what to do. The
    exit status is 0 only if all completed.
    """
    text = _read(file)
    try:
        data = parse(text)
        actions = read_actions(data)
    except ActionError as error:
        raise click.ClickException(f"{file}: {_told(file, error)}") from None
    except UsageError as error:
        raise click.ClickException(f"{file}: {error}") from None
    except ValueError as error:
        raise click.ClickException(f"{file}: is not JSON: {error}") from None
    with access.connection(test_mode=test_mode or None) as connection:
        return _Sending(connection, data, actions).run()


class _Sending:
    """Sends actions and tells of each what became of it."""

    def __init__(self, connection: Connection, data: Any, actions: Sequence[Action]) -> None:
        self._connection = connection
        self._data = data
        self._actions = actions
        self._suffix = " in test mode" if connection.test_mode else ""
        self._output_failed = False

    def run(self) -> int:
        """Send everything, request by request, and return the exit status."""
        told = 0
        reason = RUN_ENDED
        try:
            for start in range(0, len(self._actions), MAX_COMMANDS):
                self._connection.execute_multiple(self._actions[start : start + MAX_COMMANDS], immediate=True)
                self._tell(range(told, min(start + MAX_COMMANDS, len(self._actions))), reason)
                told = min(start + MAX_COMMANDS, len(self._actions))
        except (ServiceError, NetworkError) as error:
            reason = error.message
            raise
        finally:
            self._tell(range(told, len(self._actions)), reason)
            counts = Counter(self._status(action) for action in self._actions)
            summary = ", ".join(f"{number:,} {status}" for status, number in counts.items())
            self._say(f"{count(len(self._actions), 'command')}{self._suffix}{': ' if summary else ''}{summary}")
        return DONE if counts.keys() <= {OutcomeStatus.COMPLETED} and not self._output_failed else FAILED

    @staticmethod
    def _status(action: Action) -> OutcomeStatus:
        return OutcomeStatus.NOT_SENT if action.outcome is None else action.outcome.status

    def _tell(self, places: range, reason: str) -> None:
        for place in places:
            action = self._actions[place]
            outcome = action.outcome or ActionOutcome(action=action, status=OutcomeStatus.NOT_SENT, reason=reason)
            completed = outcome.status is OutcomeStatus.COMPLETED
            details = [outcome.progress] if outcome.progress else []
            details += [self._detail(place, error) for error in outcome.errors]
            details += [outcome.reason] if outcome.reason else []
            details += [f"warning: {self._detail(place, warning)}" for warning in outcome.warnings]
            details += ["an earlier attempt may have taken effect too"] if outcome.maybe_repeated else []
            line = f"/{place} {action.target}: {outcome.status}{self._suffix if completed else ''}"
            # What is queued is so in this process alone: what was not sent is in the file.
            told = outcome.status in (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN)
            line += f": {'; '.join(details)}" if details else ""
            self._say(f"{line} - {outcome.remedy}" if told else line)

    def _say(self, line: str) -> None:
        """Write a line; once the output fails, to standard error, so that no outcome goes untold."""
        try:
            if not self._output_failed:
                click.echo(shown(line))
                sys.stdout.flush()
        except OSError as error:
            self._output_failed = True
            silence_output()
            click.echo(f"umapi: the output cannot be written ({error.strerror}): the rest follows here", err=True)
        if self._output_failed:
            click.echo(shown(line), err=True)

    def _detail(self, place: int, error: StepError) -> str:
        pointer = f"/{place}"
        steps = self._data[place]["do"]
        if error.step is not None and 0 <= error.step < len(steps):
            pointer += f"/do/{error.step}/{next(iter(steps[error.step]))}"
        return f"{pointer}: {error.message} ({error.code})"


def _told(file: Path, error: ActionError) -> str:
    """What is wrong with a file, in a line; of several problems, the first ones are told before, a line each."""
    problems = error.violations
    if len(problems) == 1:
        return str(error)
    for problem in problems[:FEW]:
        complain(f"{file}: {problem}")
    untold = f", {len(problems) - FEW:,} of them not shown" if len(problems) > FEW else ""
    return f"{count(len(problems), 'problem')}{untold}: nothing was sent"


def _read(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: is not UTF-8 text") from None
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None

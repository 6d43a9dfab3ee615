"""The commands of `umapi`, for administrators: look at users and groups, and send commands from a file."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import attrs
import click

from umapi_models.limits import MAX_COMMANDS
from umapi_models.models import User
from umapi_sdk.actions import Action
from umapi_sdk.characters import encodable, shown
from umapi_sdk.commands import read_actions
from umapi_sdk.config import load_settings
from umapi_sdk.connection import Connection
from umapi_sdk.errors import NetworkError, ServiceError, UmapiError, UsageError
from umapi_sdk.listings import Completeness, ListingRules
from umapi_sdk.lookups import GroupsQuery, UserQuery, UsersQuery
from umapi_sdk.outcomes import RUN_ENDED, ActionOutcome, OutcomeStatus, StepError
from umapi_sdk.queries import NOT_GIVEN
from umapi_sdk.session import UnsentActionsWarning
from umapi_sdk.version import __version__

LIVE = "LIVE"
"""The state of a service that works."""
DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

# The beginnings of formulas; where commas divide the numbers, spreadsheets also cut a cell at its semicolons.
_FORMULA = re.compile(r"(^[\s\"]*|;[\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

CSV_COLUMNS = ("email", "username", "domain", "type", "status", "firstname", "lastname", "country", "groups")


def run(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit status; whatever goes wrong becomes one line on standard error."""
    # A supervisor's request to end is told as Ctrl-C is: with what became of every command.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for letters that its encoding lacks
    try:
        status = group.main(arguments, prog_name="umapi", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        message, status = error.format_message(), BAD_INPUT
    except UsageError as error:
        message, status = str(error), BAD_INPUT
    except UmapiError as error:
        message, status = str(error), FAILED
    except (click.Abort, KeyboardInterrupt):
        message, status = "interrupted", INTERRUPTED
    except OSError as error:
        _silence_output()
        message, status = f"the output cannot be written: {error.strerror or error}", FAILED
    else:
        return status if isinstance(status, int) else DONE
    _complain(message)
    return status


@attrs.frozen
class _Access:
    """Where the settings of a connection come from."""

    config: Path | None
    profile: str | None

    @contextmanager
    def connection(self, *, test_mode: bool | None = None) -> Generator[Connection]:
        """A connection for the length of a command."""
        connection = load_settings(self.config, self.profile, test_mode=test_mode).connect()
        try:
            yield connection
        finally:
            # What was not sent is told command by command.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnsentActionsWarning)
                connection.close()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="File of settings; or UMAPI_CONFIG.")
@click.option("--profile", metavar="NAME", help="Table of a TOML file of settings; or UMAPI_PROFILE.")
@click.version_option(__version__, prog_name="umapi")
@click.pass_context
def group(context: click.Context, config: Path | None, profile: str | None) -> None:
    """Look after the users of an organisation through Adobe's User Management API.

    The connection comes from UMAPI_ environment variables or from a file of settings.
    """
    context.obj = _Access(config, profile)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@group.command()
@click.pass_obj
def status(access: _Access) -> int:
    """Ask whether the service is live; the exit status is 0 only if it is. Credentials are not tried."""
    with access.connection() as connection:
        _, remote = connection.status(remote=True)
    _say(f"endpoint: {remote['endpoint']}")
    answer = remote["status"]
    if not isinstance(answer, dict):
        _say(f"status: {answer}")
        _complain(f"the service cannot be asked: {answer}")
        return FAILED
    told = cast("dict[str, Any]", answer)
    for name, value in told.items():
        _say(f"{name}: {value}")
    if told.get("state") != LIVE:
        _complain(f"the service is not live: its state is {told.get('state')}")
        return FAILED
    return DONE


@group.command()
@click.option("--group", "in_group", metavar="NAME", help="Only members of this group or profile.")
@click.option("--domain", "in_domain", metavar="NAME", help="Only users of this domain.")
@click.option("--all-memberships", is_flag=True, help="Also show product profiles held through a user group.")
@click.option(
    "--unlisted",
    type=click.IntRange(min=0),
    metavar="N",
    help="Most technical accounts, which are counted and not listed; 10 and 1 % of the total by default.",
)
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Write CSV with a header; groups share a cell, with commas. What a spreadsheet would take for a formula gets "
    "an apostrophe before it, and control characters become blanks.",
)
@click.option("--raw", is_flag=True, help="With --csv: every cell as the service has it, for programs.")
@click.pass_obj
def users(
    access: _Access,
    in_group: str | None,
    in_domain: str | None,
    all_memberships: bool,
    unlisted: int | None,
    as_csv: bool,
    raw: bool,
) -> None:
    """List users. Nothing is printed unless the listing is whole."""
    for option, value in (("--group", in_group), ("--domain", in_domain)):
        if value is not None and not value.strip():
            raise click.UsageError(f"{option} is empty: name one, or leave the option out")
    if raw and not as_csv:
        raise click.UsageError("--raw goes with --csv: add --csv, or leave --raw out")
    with access.connection() as connection:
        query = UsersQuery(
            connection,
            NOT_GIVEN if in_group is None else in_group,
            NOT_GIVEN if in_domain is None else in_domain,
            not all_memberships,
            rules=ListingRules(unlisted=unlisted),
        )
        found = query.all_results()
    _tell_doubts(query.complete)
    if as_csv:
        click.echo(_as_csv(found, raw=raw), nl=False)
        return
    for user in found:
        name = " ".join(part for part in (user.first_name, user.last_name) if part)
        _say("  ".join(part for part in (user.email, user.type, user.status, name) if part))


@group.command("user")
@click.argument("name")
@click.option("--domain", metavar="NAME", help="Domain of a user name; AdobeID picks an Adobe ID.")
@click.pass_obj
def one_user(access: _Access, name: str, domain: str | None) -> int:
    """Show one user, by e-mail address or user name."""
    with access.connection() as connection:
        user = UserQuery(connection, name, domain).result()
    if user is None:
        _complain(f"no user {name} in the organisation")
        return FAILED
    for field, value in _fields(user).items():
        for line in value if isinstance(value, tuple) else (value,):
            _say(f"{field}: {line}")
    return DONE


@group.command()
@click.pass_obj
def groups(access: _Access) -> None:
    """List user groups, product profiles and admin groups, with the number of their members."""
    with access.connection() as connection:
        query = GroupsQuery(connection)
        found = query.all_results()
    _tell_doubts(query.complete)
    for entry in found:
        members = "" if entry.member_count is None else _count(entry.member_count, "member")
        _say("  ".join(part for part in (entry.group_name, entry.type, members) if part))


@group.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--test-mode", is_flag=True, help="Have the service check the commands, and change nothing.")
@click.pass_obj
def send(access: _Access, file: Path, test_mode: bool) -> int:
    """Send the commands of FILE, a JSON list in the form of an action request, of any length.

    All commands are checked before the first is sent. Each gets one line with what became of it: completed, failed,
    unknown (sent, and no answer came), or not sent. The exit status is 0 only if all completed.
    """
    text = _read(file)
    try:
        data = json.loads(text, object_pairs_hook=_object)
        actions = read_actions(data)
    except UsageError as error:
        raise click.ClickException(f"{file}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file}: is not JSON: {_reason(error)}") from None
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
            summary = ", ".join(f"{count} {status}" for status, count in counts.items())
            self._say(f"{_count(len(self._actions), 'command')}{self._suffix}{': ' if summary else ''}{summary}")
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
            self._say(f"{line}: {'; '.join(details)}" if details else line)

    def _say(self, line: str) -> None:
        """Write a line; once the output fails, to standard error, so that no outcome goes untold."""
        try:
            if not self._output_failed:
                click.echo(shown(line))
                sys.stdout.flush()
        except OSError as error:
            self._output_failed = True
            _silence_output()
            click.echo(f"umapi: the output cannot be written ({error.strerror}): the rest follows here", err=True)
        if self._output_failed:
            click.echo(shown(line), err=True)

    def _detail(self, place: int, error: StepError) -> str:
        pointer = f"/{place}"
        steps = self._data[place]["do"]
        if error.step is not None and 0 <= error.step < len(steps):
            pointer += f"/do/{error.step}/{next(iter(steps[error.step]))}"
        return f"{pointer}: {error.message} ({error.code})"


def _read(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: is not UTF-8 text") from None
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    # Python's own words for a number of thousands of digits speak of its settings.
    return "a number is too long" if "sys.set_int_max_str_digits" in str(error) else str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a file; a key that stands twice would drop a step in silence."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'the key "{name}" stands twice in one object')
        found[name] = value
    return found


def _fields(user: User) -> dict[str, str | tuple[str, ...]]:
    """Return what is known of a user, by the service's names."""
    known: dict[str, str | tuple[str, ...] | None] = {
        "email": user.email,
        "username": user.username,
        "domain": user.domain,
        "type": user.type,
        "status": user.status,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "country": user.country,
        "groups": user.groups,
    }
    return {name: value for name, value in known.items() if value is not None}


def _tell_doubts(complete: Completeness) -> None:
    """Say what could not be checked of a listing, on standard error."""
    if complete.skipped:
        doubts = ", ".join(complete.skipped)
        _complain(f"the listing could not be checked in every way: the service sent {doubts}")


def _as_csv(users: Sequence[User], *, raw: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for user in users:
        fields = {**_fields(user), "groups": _cell(user.groups or ())}
        cells = [str(fields.get(column, "")) for column in CSV_COLUMNS]
        writer.writerow([encodable(cell) if raw else _harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that neither a spreadsheet nor a terminal takes for an instruction."""
    return _FORMULA.sub(r"\1'", shown(cell))


def _cell(names: Sequence[str]) -> str:
    """Return names for one cell; one that holds a comma is quoted within it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue() if names else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _silence_output() -> None:
    """Keep Python from failing once more when it flushes a broken output at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(line: str) -> None:
    click.echo(shown(line))


def _complain(problem: str) -> None:
    click.echo(f"umapi: {shown(problem)}", err=True)

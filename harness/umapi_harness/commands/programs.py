"""Programs that a command runs beside a server of its own: found, led to that server, and waited for."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from umapi_harness.common.errors import InputError
from umapi_harness.mock.serving.details import ServerDetails

_KEPT = frozenset(
    f"UMAPI_{name}"
    for name in (
        *("RECORD", "PSEUDONYM_KEY"),
        *("TIMEOUT", "MAX_RETRIES", "MAX_WAIT", "PACING", "USER_AGENT", "MAX_RESPONSE_SIZE"),
    )
)
"""UMAPI_ variables that the command inherits: none of them says whom to call, as whom, or to what effect."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_SEPARATOR = "--"
_KILLED = 128  # what shells add to the number of the signal that ended a command


class Accompanied(click.Command):
    """A command that serves until Ctrl-C, or for as long as the program runs that follows `--`; its `words`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what follows the first `--` for the program and its words."""
        place = args.index(_SEPARATOR) if _SEPARATOR in args else len(args)
        try:
            rest = super().parse_args(ctx, args[:place])
        except click.UsageError as error:
            if place == len(args) and "extra argument" in error.message:
                raise click.UsageError(f"{error.message}; a program to run comes after {_SEPARATOR}", ctx) from None
            raise
        for path in ctx.params.get("paths") or ():
            if place == len(args) and not path.exists() and shutil.which(path) and not ctx.resilient_parsing:
                raise click.UsageError(f"{path}: no such file; a program to run comes after {_SEPARATOR}", ctx)
        ctx.params["words"] = tuple(args[place + 1 :])
        if place < len(args) and not ctx.params["words"] and not ctx.resilient_parsing:
            raise click.UsageError("nothing follows --; give the program to run, or leave -- out", ctx)
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The parts of the line of usage."""
        return [*super().collect_usage_pieces(ctx), f"[{_SEPARATOR} COMMAND...]"]


def program_of(words: Sequence[str]) -> list[str]:
    """The words with which a program starts, the first as a path; raises InputError where there is no such program."""
    found = shutil.which(words[0])
    if found is None:
        raise InputError(f"{words[0]}: no such command; correct its name, or give its path")
    return [found, *words[1:]]


def led_to(details: ServerDetails, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program: nothing inherited leads it past the server that was started for it."""
    values = details.variables()
    # On Windows the names of variables have no case.
    environment = {
        name: value
        for name, value in inherited.items()
        if not name.upper().startswith("UMAPI_") or (name.upper() in _KEPT and name.upper() not in values)
    }
    return led_by(details.ims_url, values, environment)


def led_by(url: str, values: Mapping[str, str | None], inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program: those inherited and those given, with no proxy before the server at `url`."""
    environment = dict(inherited) | {name: value for name, value in values.items() if value is not None}
    if any(environment.get(name) or environment.get(name.lower()) for name in _PROXIES):
        host = url.partition("://")[2].rpartition(":")[0].strip("[]")
        known = environment.get("NO_PROXY") or environment.get("no_proxy")
        environment["NO_PROXY"] = environment["no_proxy"] = f"{known},{host}" if known else host
    return environment


def status_of(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end and return its exit status, as shells have it; signals are its own affair.

    Raises InputError if it cannot be started.
    """
    with _passing_on() as begun:
        try:
            process = subprocess.Popen(words, env=environment)  # noqa: S603 - the command is the user's own
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise InputError(f"{words[0]}: cannot be started ({reason}); give a program") from error
        begun(process)
        with process:
            status = process.wait()
    return status if status >= 0 else _KILLED - status


@contextmanager
def _passing_on() -> Generator[Callable[[subprocess.Popen[bytes]], None]]:
    """Leaves the end to the command: Ctrl-C reaches it by the terminal, and SIGTERM and SIGHUP are passed on.

    Gives a function to call with the command once it has begun; what comes before that moment waits for it.
    """
    commands: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if commands:
            commands[0].send_signal(number)
        else:
            early.append(number)

    def begun(process: subprocess.Popen[bytes]) -> None:
        commands.append(process)
        if early:
            process.send_signal(early[0])

    if threading.current_thread() is not threading.main_thread():
        yield begun
        return
    passed = {signal.SIGTERM}
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        passed.add(signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in passed}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, _wait_on)
    try:
        yield begun
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_on(_number: int, _frame: FrameType | None) -> None:
    return None

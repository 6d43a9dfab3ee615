"""Reports of a run: their places, looked at before the first request, and their writing, whatever ends the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import click

from umapi_harness.commands.conventions import say
from umapi_harness.commands.run_options import EXPORT, RunArguments, is_flag
from umapi_harness.commands.run_outputs import check_outputs, unwritable
from umapi_harness.common.errors import InputError
from umapi_harness.common.meant import nearest
from umapi_harness.postman import events
from umapi_harness.report.files import unfinished
from umapi_harness.report.reporters import (
    DEFAULT_FOLDER,
    OF_THE_CONSOLE,
    STAND_INS,
    WITHOUT_FILE,
    Reporter,
    ReporterSettings,
    default_export,
    factory_of,
    is_own,
    is_reporter,
)


class Reports:
    """All reporters of a run: one that fails keeps neither the run nor the others from going on."""

    def __init__(self, arguments: RunArguments) -> None:
        """Make the reporters; raises InputError for one that is not there, and for a path that cannot be written."""
        self.problems: list[str] = []
        """Why reports are not what they should be."""
        self.is_unread = False
        """Whether the reader of the console's report went away, as `head` does; the others are written all the same."""
        self._reporters: list[tuple[str, Reporter]] = []
        self._pipes: list[int] = []
        self._parts: dict[str, list[Path]] = {}
        """Files in the making that were there before, by the names of the reports that they are of."""
        self._had_folder = DEFAULT_FOLDER.exists()
        try:
            self._make(arguments)
        except BaseException:
            self._leave_no_empty_folder()
            raise

    def _make(self, arguments: RunArguments) -> None:
        exports = _exports(arguments)
        check_outputs(arguments, {option: path for option, name, path in exports if name not in WITHOUT_FILE})
        for _, name, path in exports:
            options = {key: value for key, value in arguments.options_of(name).items() if key != EXPORT}
            settings = ReporterSettings(
                name=name,
                export=path,
                options=options,
                verbose=arguments.verbose,
                color=arguments.color,
                ascii_only=arguments.disable_unicode,
            )
            label = name if name in WITHOUT_FILE else str(path)
            if name not in WITHOUT_FILE:
                self._parts[label] = unfinished(path)
            for part in self._parts.get(label, ()):
                say(f"{part}: the unfinished report of a run that was killed, or is under way; read it or remove it")
            try:
                if name not in WITHOUT_FILE:
                    self._pipes += _held_pipe(path)
                self._reporters.append((label, factory_of(name)(settings)))
            except OSError as error:
                raise unwritable(path, error) from None

    def __call__(self, event: events.Event) -> None:
        """Hand an event to all reporters."""
        for entry in tuple(self._reporters):
            name, reporter = entry
            try:
                reporter(event)
            except Exception as error:  # noqa: BLE001 - a reporter may be of anybody
                self._reporters.remove(entry)
                self._give_up(name, error)

    def close(self) -> None:
        """Write what is left to write."""
        for name, reporter in self._reporters:
            try:
                reporter.close()
            except Exception as error:  # noqa: BLE001 - as above
                self._give_up(name, error)
        self._reporters.clear()
        while self._pipes:
            os.close(self._pipes.pop())
        self._leave_no_empty_folder()

    def _leave_no_empty_folder(self) -> None:
        """Remove the folder of reports without a path of their own, if it was made and none came to stand there."""
        if not self._had_folder:
            with contextlib.suppress(OSError):
                DEFAULT_FOLDER.rmdir()

    def _give_up(self, name: str, error: Exception) -> None:
        if isinstance(error, BrokenPipeError) and name in WITHOUT_FILE:
            self.is_unread = True
        elif isinstance(error, InputError):
            self.problems.append(str(error))
        elif isinstance(error, OSError):
            reason = (error.strerror or "cannot be written").lower()
            told = f"the output cannot be written: {reason}"
            self.problems.append(told if name in WITHOUT_FILE else f"{name}: {reason}; give a path that can be written")
        else:
            before = self._parts.get(name)
            left = [] if before is None else [part for part in unfinished(Path(name)) if part not in before]
            kept = f"; what was written of it is in {left[0]}" if left else ""
            self.problems.append(f"{name}: the report failed ({type(error).__name__}: {error}){kept}")


def asked_reporters(arguments: RunArguments) -> list[str]:
    """The names of the reporters that the arguments ask for, or of those that take their place."""
    names = [name.strip() for text in arguments.reporters or ("cli",) for name in text.split(",")]
    return [STAND_INS.get(name, name) for name in names if name]


def tell_of_reporters(arguments: RunArguments) -> None:
    """Tell which reporters others stand in for, and of options that none reads.

    Raises:
        UsageError: an option is a slip of one that is read.
    """
    asked = tuple(dict.fromkeys((*asked_reporters(arguments), "cli")))
    if console := [name for name in asked if name in OF_THE_CONSOLE]:
        say(f"-r {','.join(console)}: the last line of cli shows what goes on, and cli reports")
    unread: list[str] = []
    for option in arguments.reporter_options:
        reporter = _reporter_of(option, (*asked, *STAND_INS))
        place, name = STAND_INS.get(reporter, reporter), option.removeprefix(f"{reporter}-")
        if option == EXPORT:
            if WITHOUT_FILE.issuperset(asked):
                say(f"--reporter-{EXPORT}: no reporter that writes a file is asked for; add -r NAME")
        elif not is_reporter(place):
            if is_flag(option):
                unread.append(f"--reporter-{option}")
            else:
                say(f"--reporter-{option}: there is no reporter {place}; write --reporter-NAME-{EXPORT} FILE")
        elif place not in asked:
            say(f"--reporter-{option}: nobody asks for the reporter {place}; add -r {place}")
        elif name == EXPORT or not (is_own(place) or place in OF_THE_CONSOLE):
            continue
        elif place not in WITHOUT_FILE and (near := nearest(name, [EXPORT])):
            raise click.UsageError(
                f"--reporter-{option}: there is no such option; is --reporter-{reporter}-{near} meant?"
            )
        else:
            unread.append(f"--reporter-{option}")
    if unread:
        say(f"{', '.join(unread)}: means nothing here")


def _reporter_of(option: str, known: Iterable[str]) -> str:
    """The reporter that an option `NAME-OPTION` is for: the longest of those known, or else the first word."""
    fitting = [name for name in known if option.startswith(f"{name}-")]
    return max(fitting, key=len, default=option.partition("-")[0])


def _exports(arguments: RunArguments) -> list[tuple[str, str, Path]]:
    """The options that ask for a report, each with the reporter's name and the path."""
    names = ["cli" if name in OF_THE_CONSOLE else name for name in asked_reporters(arguments)]
    if arguments.silent:
        names = [name for name in names if name != "cli"]
    for name in names:
        factory_of(name)  # before anything is said of its file
    own = {
        "junit": ("--junit", arguments.junit),
        "umapi-json": ("--json", arguments.json_file),
        "html": ("--html", arguments.html_file),
    }
    given = [(option, name, path) for name, (option, path) in own.items() if path is not None]
    found: list[tuple[str, str, Path]] = []
    for name in dict.fromkeys(names):
        place = arguments.options_of(name).get(EXPORT)
        if not place and any(name == other for _, other, _ in given):
            continue  # whoever asks for it twice gets it where the one option says
        path = Path(place) if place else default_export(name)
        if not place and name not in WITHOUT_FILE:
            other = " (--json writes umapi-json)" if name == "json" and arguments.json_file else ""
            say(f"the report of {name} goes to {path}{other}; --reporter-{name}-{EXPORT} FILE chooses another place")
            path.parent.mkdir(parents=True, exist_ok=True)
        found.append((f"--reporter-{name}-{EXPORT}", name, path))
    return [*found, *given]


def _held_pipe(path: Path) -> list[int]:
    """A descriptor that keeps the reader of a named pipe until the report is written; none for any other file.

    Raises OSError for a pipe that nobody reads, where whoever opened it would wait for ever.
    """
    if not path.is_fifo():
        return []
    try:
        return [os.open(path, os.O_WRONLY | os.O_NONBLOCK)]
    except OSError as error:
        raise OSError(error.errno, "nobody reads from the pipe", str(path)) from None

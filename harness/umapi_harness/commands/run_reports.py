"""Reports of a run: their places, looked at before the first request, and their writing, whatever ends the run."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from umapi_harness.commands.conventions import check_output, say
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.common.outputs import is_stream
from umapi_harness.postman import events
from umapi_harness.report.reporters import WITHOUT_FILE, Reporter, ReporterSettings, default_export, factory_of

_KNOWN_OPTIONS = frozenset({"export"})


class Reports:
    """All reporters of a run: one that fails keeps neither the run nor the others from going on."""

    def __init__(self, arguments: RunArguments) -> None:
        """Make the reporters; raises InputError for one that is not there, and for a path that cannot be written."""
        self.problems: list[str] = []
        """Why reports are not what they should be."""
        self._reporters: list[tuple[str, Reporter]] = []
        self._pipes: list[int] = []
        exports = _exports(arguments)
        _check_paths(arguments, exports)
        for name, path in exports:
            options = {key: value for key, value in arguments.options_of(name).items() if key not in _KNOWN_OPTIONS}
            settings = ReporterSettings(
                name=name,
                export=path,
                options=options,
                verbose=arguments.verbose,
                color=arguments.color,
                ascii_only=arguments.disable_unicode,
            )
            label = name if name in WITHOUT_FILE else str(path)
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

    def _give_up(self, name: str, error: Exception) -> None:
        if isinstance(error, InputError):
            self.problems.append(str(error))
        elif isinstance(error, OSError):
            reason = (error.strerror or "cannot be written").lower()
            told = f"the output cannot be written: {reason}"
            self.problems.append(told if name in WITHOUT_FILE else f"{name}: {reason}; give a path that can be written")
        else:
            self.problems.append(f"{name}: the report failed ({type(error).__name__}: {error})")


def reporter_names(arguments: RunArguments) -> list[str]:
    """The names of the reporters that the arguments ask for."""
    return [name.strip() for text in arguments.reporters or ("cli",) for name in text.split(",") if name.strip()]


def _exports(arguments: RunArguments) -> list[tuple[str, Path]]:
    """The reporters by name, each with its path."""
    names = reporter_names(arguments)
    if arguments.silent:
        names = [name for name in names if name != "cli"]
    found: list[tuple[str, Path]] = []
    for name in dict.fromkeys(names):
        given = arguments.options_of(name).get("export")
        path = Path(given) if given else default_export(name)
        if not given and name not in WITHOUT_FILE:
            say(f"the report of {name} goes to {path}; --reporter-{name}-export FILE chooses another place")
            path.parent.mkdir(parents=True, exist_ok=True)
        found.append((name, path))
    own = {"junit": arguments.junit, "umapi-json": arguments.json_file, "html": arguments.html_file}
    return [*found, *((name, path) for name, path in own.items() if path is not None)]


def _check_paths(arguments: RunArguments, exports: list[tuple[str, Path]]) -> None:
    written: Mapping[str, Path | None] = {
        "--export-environment": arguments.export_environment,
        "--export-globals": arguments.export_globals,
        "--export-collection": arguments.export_collection,
        "--export-cookie-jar": arguments.export_cookie_jar,
    }
    paths = [path for name, path in exports if name not in WITHOUT_FILE]
    paths += [path for path in written.values() if path is not None]
    for place, path in enumerate(paths):
        check_output(path)
        check_writable(path)
        if not is_stream(path) and path.absolute() in [one.absolute() for one in paths[:place]]:
            raise InputError(f"{path}: two files of the run would be written there; give each a path of its own")


def check_writable(path: Path) -> None:
    """Raise DocumentError for a path at which no file can be written; nothing is left there."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise unwritable(path, error) from None
        try:
            path.open("xb").close()
            path.unlink()
        except OSError as refused:
            raise unwritable(path, refused) from None
        return
    if stat.S_ISDIR(mode):
        raise unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if stat.S_ISREG(mode) and not os.access(path, os.W_OK):
        raise unwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


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


def unwritable(path: Path, error: OSError) -> DocumentError:
    """The error of a path that cannot be written."""
    reason = (error.strerror or "cannot be written").lower()
    return DocumentError(str(path), "", reason, "give a path that can be written")

"""Reporters: who listens to a run and reports of it, by name; those of other packages join by an entry point.

A package names its factory under the entry point group `umapi_harness.reporters`: a function of ReporterSettings that
returns a Reporter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.postman import events

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "umapi_harness.reporters"
DEFAULT_FOLDER: Final = Path("newman")
"""Where reports go whose path nobody gives, as in Newman."""


@attrs.frozen(kw_only=True)
class ReporterSettings:
    """What a reporter is told when it is made."""

    name: str
    export: Path
    """Where a reporter that writes a file writes it."""
    options: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """The options `--reporter-NAME-OPTION VALUE` of the command line, without that of the path."""
    verbose: bool = False
    color: str = "auto"
    """auto, on or off."""
    ascii_only: bool = False


class Reporter(Protocol):
    """Hears of every event of a run, in order; the last is RunFinished, whatever ends the run."""

    def __call__(self, event: events.Event) -> None:
        """Take in one event."""
        ...

    def close(self) -> None:
        """Write what is not written yet; raises OSError. Called once, also after a run that broke off."""
        ...


ReporterFactory = Callable[[ReporterSettings], Reporter]


def _class(module: str, name: str) -> Any:
    """A class of the reports, loaded when a report of it is asked for."""
    return getattr(import_module(f"umapi_harness.report.{module}"), name)


def _console(settings: ReporterSettings) -> Reporter:
    console = _class("terminal", "new_console")(color=settings.color)
    live = _class("terminal", "is_watched")(console)
    made: Reporter = _class("console", "ConsoleReport")(
        console, verbose=settings.verbose, ascii_only=settings.ascii_only, live=live
    )
    return made


def _file(module: str, name: str) -> ReporterFactory:
    """The factory of a report that is one file."""

    def make(settings: ReporterSettings) -> Reporter:
        made: Reporter = _class(module, name)(settings.export)
        return made

    return make


_OWN: Final[Mapping[str, ReporterFactory]] = {
    "cli": _console,
    "json": _file("newman_json", "NewmanJsonReport"),
    "umapi-json": _file("json_report", "JsonReport"),
    "junit": _file("junit", "JunitReport"),
    "har": _file("har_report", "HarReport"),
    "html": _file("html_report", "HtmlReport"),
}
_ENDINGS: Final = {"junit": "xml", "umapi-json": "json"}
WITHOUT_FILE: Final = frozenset({"cli"})
OF_THE_CONSOLE: Final = frozenset({"progress", "emojitrain"})
"""Reporters of Newman that show a run while it goes on, which the last line of `cli` does."""
STAND_INS: Final = {"htmlextra": "html"}
"""Reporters that people add to Newman and name in their lines, each with the one that takes its place and options."""
_NEAREST: Final = {
    "junitfull": "junit",
    "teamcity": "junit, which TeamCity reads",
}
"""Reporters that people add to Newman, with what does their work here."""


def is_own(name: str) -> bool:
    """Whether a reporter is of this package."""
    return name in _OWN


def is_reporter(name: str) -> bool:
    """Whether a reporter is there by that name, or one that does its work."""
    return name in _OWN or name in _NEAREST or name in STAND_INS or name in OF_THE_CONSOLE or name in _others()


def _others() -> dict[str, EntryPoint]:
    """The reporters of other packages, by name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - loaded for reporters of other packages

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def factory_of(name: str) -> ReporterFactory:
    """The factory of a reporter; raises InputError for a name that nobody has."""
    own = _OWN.get(name)
    if own is not None:
        return own
    found = _others()
    if name not in found:
        if name in _NEAREST:
            raise InputError(f"--reporters: there is no reporter {name!r}; use {_NEAREST[name]}")
        known = ", ".join((*_OWN, *found))
        raise InputError(f"--reporters: there is no reporter {name!r}; there are {known}")
    try:
        return cast("ReporterFactory", found[name].load())
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InputError(f"--reporters: {name!r} cannot be loaded: {reason}; mend or uninstall its package") from error


def default_export(name: str, now: float | None = None) -> Path:
    """Where a report goes whose path nobody gives: a file named after the time."""
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    stamp = moment.strftime("%Y-%m-%d-%H-%M-%S-") + f"{moment.microsecond // 1000:03d}-0"
    return DEFAULT_FOLDER / f"newman-run-report-{stamp}.{_ENDINGS.get(name, name)}"

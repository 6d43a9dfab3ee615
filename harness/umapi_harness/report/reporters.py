"""Reporters: who listens to a run and reports of it, by name; those of other packages join by an entry point.

A package names its factory under the entry point group `umapi_harness.reporters`: a function of ReporterSettings that
returns a Reporter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, Protocol, cast

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.postman import events
from umapi_harness.report.console import ConsoleReport
from umapi_harness.report.har_report import HarReport
from umapi_harness.report.html_report import HtmlReport
from umapi_harness.report.json_report import JsonReport
from umapi_harness.report.junit import JunitReport
from umapi_harness.report.newman_json import NewmanJsonReport
from umapi_harness.report.terminal import is_watched, new_console

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


def _console(settings: ReporterSettings) -> Reporter:
    console = new_console(color=settings.color)
    live = is_watched(console)
    return ConsoleReport(console, verbose=settings.verbose, ascii_only=settings.ascii_only, live=live)


_OWN: Final[Mapping[str, ReporterFactory]] = {
    "cli": _console,
    "json": lambda settings: NewmanJsonReport(settings.export),
    "umapi-json": lambda settings: JsonReport(settings.export),
    "junit": lambda settings: JunitReport(settings.export),
    "har": lambda settings: HarReport(settings.export),
    "html": lambda settings: HtmlReport(settings.export),
}
_ENDINGS: Final = {"junit": "xml", "umapi-json": "json"}
WITHOUT_FILE: Final = frozenset({"cli"})


def factory_of(name: str) -> ReporterFactory:
    """The factory of a reporter; raises InputError for a name that nobody has."""
    own = _OWN.get(name)
    if own is not None:
        return own
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
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

"""Options of the command `run`: Newman's by their own names, and those that Newman does not have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click

from umapi_harness.commands.conventions import FILE
from umapi_harness.commands.server_options import FAULTS, PROFILE, SEEDS, THROTTLE
from umapi_harness.common.documents import parse, read_text
from umapi_harness.common.errors import DocumentError
from umapi_harness.common.mistaken import COLLECTION, document_kind, use_of
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.scripts import Limits
from umapi_harness.report.reporters import STAND_INS

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Milliseconds(click.IntRange):
    name = "number of milliseconds, such as 1000"


_MILLISECONDS: Final = _Milliseconds(0)
EXPORT: Final = "export"
"""The option of reporters that this package knows."""
MEBIBYTE: Final = 1024 * 1024
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


@attrs.frozen(kw_only=True)
class RunArguments:
    """What the command line of a run says."""

    collection: str | None
    environment: str | None
    globals: str | None
    iteration_data: str | None
    iteration_count: int | None
    folders: tuple[str, ...]
    env_vars: tuple[str, ...] = attrs.field(repr=False)
    global_vars: tuple[str, ...] = attrs.field(repr=False)
    csv_strings: bool
    bail: str | None
    delay_request: int
    timeout: int
    timeout_request: int
    timeout_script: int
    max_answer: int
    max_steps: int
    script_memory: int
    max_file: int
    ignore_redirects: bool
    working_dir: Path | None
    insecure_file_read: bool
    insecure: bool
    ca_bundle: Path | None
    ssl_extra_ca_certs: Path | None
    ssl_client_cert: Path | None
    ssl_client_key: Path | None
    ssl_client_passphrase: str = attrs.field(repr=False)
    ssl_client_cert_list: Path | None
    cookie_jar: Path | None
    export_cookie_jar: Path | None
    export_environment: Path | None
    export_globals: Path | None
    export_collection: Path | None
    reporters: tuple[str, ...]
    junit: Path | None
    json_file: Path | None
    html_file: Path | None
    silent: bool
    verbose: bool
    color: str
    disable_unicode: bool
    suppress_exit_code: bool
    postman_api_key: str | None = attrs.field(repr=False)
    allowed: tuple[str, ...]
    denied: tuple[str, ...]
    target: str | None
    mock: bool
    no_fill: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    allow_writes: bool
    seed_paths: tuple[Path, ...]
    profile: str
    throttle: bool
    faults_path: Path | None
    reporter_options: dict[str, str] = attrs.field(factory=dict[str, str])
    """The options `--reporter-NAME-OPTION VALUE`, and `--reporter-export FILE`, by what comes after `--reporter-`."""

    def options_of(self, reporter: str) -> dict[str, str]:
        """The options of one reporter, by their own names, and those of reporters whose place it takes.

        As with Newman, `--reporter-export` is for all that are not told another place.
        """
        names = (*(name for name, place in STAND_INS.items() if place == reporter), reporter)
        common = {EXPORT: self.reporter_options[EXPORT]} if EXPORT in self.reporter_options else {}
        return common | {
            option.removeprefix(f"{name}-"): value
            for name in names
            for option, value in self.reporter_options.items()
            if option.startswith(f"{name}-")
        }


_OPTIONS: Final = (
    click.argument("collection", required=False),
    # What is run, and with what
    click.option("--environment", "-e", metavar="FILE|URL", help="Postman environment (JSON)."),
    click.option("--globals", "-g", metavar="FILE|URL", help="Postman globals (JSON)."),
    click.option(
        "--iteration-data", "-d", metavar="FILE|URL", help="Iteration data, one row per iteration: CSV or JSON."
    ),
    click.option(
        "--iteration-count",
        "-n",
        type=click.IntRange(1, 1_000_000),
        help="How often to run; default: once per row of data.",
    ),
    click.option("--folder", "folders", multiple=True, metavar="NAME", help="Run only this; may be repeated."),
    click.option(
        "--env-var",
        "env_vars",
        multiple=True,
        metavar="KEY[=VALUE]",
        help="Set a variable, KEY alone to the environment variable KEY; may be repeated.",
    ),
    click.option(
        "--global-var",
        "global_vars",
        multiple=True,
        metavar="KEY[=VALUE]",
        help="Set a global likewise; may be repeated.",
    ),
    click.option("--csv-strings", is_flag=True, help="Every cell of CSV data is text, as in Postman's app."),
    # Its course
    click.option(
        "--bail",
        is_flag=False,
        flag_value="failure",
        default=None,
        metavar="[folder|failure]",
        help="Stop after the first request with a failure.",
    ),
    click.option("--delay-request", type=_MILLISECONDS, default=0, metavar="MS", help="Wait between requests."),
    click.option("--timeout", type=_MILLISECONDS, default=0, metavar="MS", help="Budget of the whole run; 0 for none."),
    click.option(
        "--timeout-request",
        type=_MILLISECONDS,
        default=120_000,
        show_default=True,
        metavar="MS",
        help="Budget of a request; 0 for none.",
    ),
    click.option(
        "--timeout-script",
        type=_MILLISECONDS,
        default=10_000,
        show_default=True,
        metavar="MS",
        help="Processor time of the scripts of an event; 0 for no bound.",
    ),
    click.option(
        "--max-answer", type=click.IntRange(1), default=128, show_default=True, metavar="MIB", help="Largest answer."
    ),
    click.option(
        "--max-steps",
        type=click.IntRange(1),
        default=10_000,
        show_default=True,
        metavar="N",
        help="Requests in an iteration, where setNextRequest goes back.",
    ),
    click.option(
        "--script-memory",
        type=click.IntRange(16),
        default=Limits().memory_bytes // MEBIBYTE,
        show_default=True,
        metavar="MIB",
        help="Memory of all scripts together.",
    ),
    click.option("--ignore-redirects", is_flag=True, help="Show redirections, and follow none."),
    # Files
    click.option("--working-dir", type=_FOLDER, help="Where names of files begin; default: the collection's folder."),
    click.option(
        "--insecure-file-read/--no-insecure-file-read",
        default=False,
        help="Let collections read files outside of that folder; default: no.",
    ),
    click.option(
        "--max-file",
        type=click.IntRange(1),
        default=FileAccess().size // MEBIBYTE,
        show_default=True,
        metavar="MIB",
        help="Largest file that a request may send.",
    ),
    # TLS and cookies
    click.option("--insecure", "-k", is_flag=True, help="Do not check the server's certificate."),
    click.option("--ca-bundle", type=FILE, help="PEM file with the authorities to trust, and no others."),
    click.option("--ssl-extra-ca-certs", type=FILE, help="PEM file with authorities to trust beside the usual ones."),
    click.option("--ssl-client-cert", type=FILE, help="Certificate of the client (PEM)."),
    click.option("--ssl-client-key", type=FILE, help="Its private key (PEM)."),
    click.option("--ssl-client-passphrase", default="", metavar="TEXT", help="The passphrase of the key."),
    click.option("--ssl-client-cert-list", type=FILE, help="Certificates of the client by host (JSON, as for Newman)."),
    click.option("--cookie-jar", type=FILE, help="Cookies to begin with (JSON of tough-cookie)."),
    click.option("--export-cookie-jar", type=FILE, help="Write the cookies of the end."),
    # What is written
    click.option("--export-environment", type=FILE, help="Write the environment of the end: it may hold secrets."),
    click.option("--export-globals", type=FILE, help="Write the globals of the end: they may hold secrets."),
    click.option(
        "--export-collection", type=FILE, help="Write the collection with its variables as they are at the end."
    ),
    click.option(
        "--reporters",
        "-r",
        "reporters",
        multiple=True,
        metavar="NAME,...",
        help="Who reports: cli (the default), json (as Newman's), umapi-json, junit, har, html, and those installed; "
        "--reporter-NAME-export FILE says where.",
    ),
    click.option("--junit", type=FILE, help="Write a JUnit XML report."),
    click.option("--json", "json_file", type=FILE, help="Write a JSON report (umapi-json)."),
    click.option("--html", "html_file", type=FILE, help="Write an HTML report: one file, for people."),
    click.option("--silent", is_flag=True, help="Print no report."),
    click.option("--verbose", "-v", is_flag=True, help="Name every check and exchange, and show all that scripts log."),
    click.option("--color", type=click.Choice(["auto", "on", "off"]), default="auto", help="Colours of the report."),
    click.option("--disable-unicode", is_flag=True, help="Print ASCII only."),
    click.option("--suppress-exit-code", "-x", is_flag=True, help="Exit with 0 though the run failed."),
    click.option("--postman-api-key", metavar="KEY", hidden=True),
    # Rules
    click.option(
        "--allow",
        "allowed",
        multiple=True,
        metavar="RULE",
        help="Let a breach of this rule pass: it is told, and fails nothing; `newman` for all that Newman lets pass.",
    ),
    click.option("--deny", "denied", multiple=True, metavar="RULE", help="Let a breach of this rule fail the run."),
    # Where it goes
    click.option("--mock", is_flag=True, help="Run against a mock server that is started for the run."),
    click.option(
        "--no-fill",
        multiple=True,
        metavar="NAME",
        help="With --mock: a variable that stays empty until a script sets it; may be repeated.",
    ),
    click.option("--target", metavar="URL", help="Send what is for the API to this scheme, host and port."),
    click.option(
        "--allow-host",
        "allow_hosts",
        multiple=True,
        metavar="HOST",
        help="With --mock or --target: a host that is none of the API's, and is called as it is; may be repeated.",
    ),
    click.option(
        "--allow-writes", is_flag=True, help="Change organisations elsewhere than on this machine, not as a test only."
    ),
    SEEDS,
    PROFILE,
    THROTTLE,
    FAULTS,
)


def takes_run_options(command: _Command) -> _Command:
    """Adds the options of a run to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_WITHOUT_VALUE: Final = ("-no-", "-silent", "-show-timestamps")


def is_flag(option: str) -> bool:
    """Whether an option of a reporter, by what comes after `--reporter-`, is one of Newman's that take no value."""
    return any(flag in f"-{option}" for flag in _WITHOUT_VALUE)


REPORTER_OPTIONS: Final = "umapi_harness.reporter_options"


def _option(word: str) -> str:
    """A word of the command line; raises UsageError where an option and its value have become one word.

    Also for `--reporter`, where click would name options that are spelt like it and mean something else.
    """
    if word.partition("=")[0] == "--reporter":
        raise click.UsageError("--reporter: there is no such option; is -r (--reporters) meant?")
    option, blank, _ = word.partition(" ")
    if blank and option.startswith("--") and "=" not in option:
        # Without the value, which may be a secret.
        raise click.UsageError(f"{option} and its value are one word: make it two, in a list of arguments two lines")
    return word


class RunCommand(click.Command):
    """A command that takes `--reporter-NAME-OPTION`, whose names depend on the reporters that are installed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the options of reporters out before click sees the rest."""
        kept: list[str] = []
        options: dict[str, str] = {}
        waiting = list(reversed(args))
        while waiting:
            word = waiting.pop()
            if word == "--":
                kept += [word, *reversed(waiting)]
                break
            if not word.startswith("--reporter-"):
                kept.append(_option(word))
                continue
            name, equals, value = word.removeprefix("--reporter-").partition("=")
            if not equals and not is_flag(name) and waiting and not waiting[-1].startswith("-"):
                value = waiting.pop()
            options[name] = value
        ctx.meta[REPORTER_OPTIONS] = options
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, kept)
        if rest and not ctx.resilient_parsing:
            raise click.UsageError(_stray(rest[0]))
        return rest


_PLACES: Final = "an environment goes with -e, data with -d, globals with -g, and a value with blanks into quotes"


def _stray(word: str) -> str:
    """What is wrong with a word behind the collection, and what to do, by what the file holds that it may name."""
    if word.lower().endswith((".csv", ".xlsx")):
        return f"{word}: run takes one collection; give data with -d"
    kind = ""
    with contextlib.suppress(DocumentError, ValueError):
        kind = document_kind(parse(read_text(Path(word), "file"), surrogates=True))
    if kind and kind != COLLECTION:
        return f"{word}: is a {kind}, and run takes one collection; {use_of(kind)}"
    return f"{word}: run takes one collection; {_PLACES}"

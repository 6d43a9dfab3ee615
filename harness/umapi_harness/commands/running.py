"""The command `run`: executes a collection against the mock server of its own, or elsewhere."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path

import attrs
import click

from umapi_harness import walkthrough
from umapi_harness.commands.conventions import FAILED, FILE, package_version
from umapi_harness.common.documents import JsonValue
from umapi_harness.common.errors import DocumentError
from umapi_harness.contract.judges.runs import judge_answer
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.mock.state.seeds import read_seed
from umapi_harness.postman import events
from umapi_harness.postman.addresses import Target, read_target
from umapi_harness.postman.data import read_data
from umapi_harness.postman.environment import Environment, read_environment
from umapi_harness.postman.formats import read_collection
from umapi_harness.postman.rules import allowed_rules
from umapi_harness.postman.runner import Runner
from umapi_harness.postman.sending.certificates import TlsOptions, check_files
from umapi_harness.postman.sending.proxies import Proxies, proxies_of_environment
from umapi_harness.postman.sending.sender import Bounds, Sender
from umapi_harness.postman.session import Options
from umapi_harness.postman.signing import jwt_provider
from umapi_harness.report.console import ConsoleReport, new_console
from umapi_harness.report.html_report import HtmlReport
from umapi_harness.report.json_report import write_json
from umapi_harness.report.junit import write_junit
from umapi_harness.report.outcomes import Outcomes
from umapi_models.names import ENTERPRISE_ID
from umapi_models.operations import API_PATH


@attrs.frozen(kw_only=True)
class _Place:
    """Where a run goes: the server's variables, and how to reach it."""

    values: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue])
    target: Target | None = None
    on_loopback: bool = False

    def notes(self) -> tuple[str, ...]:
        """What reports say of it."""
        return () if self.target is None else (f"all requests go to {self.target.origin}",)


@click.command()
@click.argument("collection", required=False, type=FILE)
@click.option("--environment", "-e", type=FILE, help="Postman environment (JSON).")
@click.option("--globals", "-g", "globals_file", type=FILE, help="Postman globals (JSON).")
@click.option("--data", "-d", type=FILE, help="Iteration data, one row per iteration: CSV or JSON.")
@click.option("--target", metavar="URL", help="Send every request to this scheme, host and port.")
@click.option("--folder", "folders", multiple=True, metavar="NAME", help="Run only this; may be repeated.")
@click.option("--iterations", "-n", type=click.IntRange(1), help="How often to run; default: once per row of data.")
@click.option("--bail", is_flag=True, help="Stop after the first request with a failure.")
@click.option("--delay", type=click.FloatRange(0), default=0.0, help="Seconds between requests.")
@click.option("--junit", type=FILE, help="Write a JUnit XML report.")
@click.option("--json", "json_file", type=FILE, help="Write a JSON report.")
@click.option(
    "--html", "--reporter-html-export", "html_file", type=FILE, help="Write an HTML report: one file, for people."
)
@click.option("--seed", type=FILE, help="The organisation of the mock server that is started for the run.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=120.0, show_default=True, help="Seconds.")
@click.option("--ca-bundle", type=FILE, help="PEM file with the authorities to trust.")
@click.option("--insecure", is_flag=True, help="Do not check the server's certificate.")
@click.option("--env-var", "env_vars", multiple=True, metavar="KEY=VALUE", help="Set a variable; may be repeated.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="RULE",
    help="Let a breach of this rule pass: it is told, and fails nothing; `newman` for all that Newman lets pass.",
)
@click.option("--deny", "denied", multiple=True, metavar="RULE", help="Let a breach of this rule fail the run.")
@click.option("--verbose", "-v", is_flag=True, help="Show what scripts write to the console.")
def run(
    collection: Path | None,
    environment: Path | None,
    globals_file: Path | None,
    data: Path | None,
    target: str | None,
    folders: tuple[str, ...],
    iterations: int | None,
    bail: bool,
    delay: float,
    junit: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    seed: Path | None,
    timeout: float,
    ca_bundle: Path | None,
    insecure: bool,
    env_vars: tuple[str, ...],
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
    verbose: bool,
) -> int:
    """Run a Postman collection and report on its checks.

    Without COLLECTION, the walkthrough collection runs; without --target and --environment as well, it runs
    against a mock server that is started for it.
    """
    own = collection is None
    if own and data is None and not folders:
        data = walkthrough.DATA
    read = read_collection(collection or walkthrough.COLLECTION)
    given = _environment(environment, own=own)
    overrides = dict(_pair(text) for text in env_vars)
    starts_mock = own and target is None and environment is None
    if seed is not None and not starts_mock:
        raise click.UsageError(
            "--seed needs the mock server of the run: leave out COLLECTION, --target and --environment"
        )
    outcomes = Outcomes()
    with contextlib.ExitStack() as stack:
        listeners: list[events.Listener] = [ConsoleReport(new_console(), verbose), outcomes]
        if html_file is not None:
            listeners.append(stack.enter_context(_html(html_file)))
        place = stack.enter_context(_mock(seed)) if starts_mock else _elsewhere(target, own=own, known=given.values)
        options = Options(
            environment=given.overlaid(place.values, "the server of the run").overlaid(overrides, "--env-var"),
            globals=Environment() if globals_file is None else read_environment(globals_file),
            data=() if data is None else read_data(data),
            data_source="" if data is None else str(data),
            iterations=iterations,
            folders=folders,
            bail=bail,
            delay=delay,
            target=place.target,
            notes=place.notes(),
            providers=jwt_provider(time.time),
            allowed=allowed_rules(allowed, denied),
            judges=(judge_answer,),
            user_agent=f"umapi-harness/{package_version()}",
        )
        bundle = ca_bundle or _bundle_of_environment(own and not starts_mock)
        sender = stack.enter_context(_sender(timeout, bundle, insecure=insecure, direct=place.on_loopback))
        try:
            summary = Runner(collection=read, sender=sender, options=options, listeners=listeners).run()
        except KeyboardInterrupt:
            _write(outcomes, junit, json_file)
            raise
    _write(outcomes, junit, json_file)
    return 0 if summary.passed else FAILED


def _environment(path: Path | None, *, own: bool) -> Environment:
    if path is not None:
        return read_environment(path)
    return read_environment(walkthrough.ENVIRONMENT) if own else Environment()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        # The text itself stays out of the message: it may be a secret without its name.
        raise click.BadParameter("write it as KEY=VALUE", param_hint="--env-var")
    return name, value


@contextlib.contextmanager
def _mock(seed: Path | None) -> Generator[_Place, None, None]:
    """A mock server for the length of the run, and what the walkthrough must know of it."""
    seeds = [] if seed is None else [read_seed(seed)]
    with running_server(seeds=seeds) as server:
        yield _Place(values=_values_of(server), on_loopback=True)


def _values_of(server: RunningServer) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {
        name: value for name, value in server.details.as_dict().items() if value is not None
    }
    domains = server.world.organization().domains.values()
    enterprise = [one.name for one in domains if one.type == ENTERPRISE_ID and not one.trusted]
    if enterprise:
        values["enterprise_domain"] = enterprise[0]
    return {**values, "mock_admin_url": f"{server.url}/_mock"}


def _elsewhere(target: str | None, *, own: bool, known: Mapping[str, JsonValue]) -> _Place:
    """A server that is there already. The walkthrough also takes what `serve` prints as UMAPI_ variables."""
    values = _exported(known) if own else {}
    if target is None:
        return _Place(values=values)
    try:
        read = read_target(target)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--target") from None
    for name, address in (("api_url", read.origin + API_PATH), ("ims_url", read.origin)):
        # The walkthrough's environment names the live service, where no request of this run goes.
        if own or not known.get(name):
            values[name] = address
    return _Place(values=values, target=read)


def _exported(known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Values of the environment file's empty variables from the process's UMAPI_ variables."""
    found: dict[str, JsonValue] = {}
    for name, value in known.items():
        exported = os.environ.get("UMAPI_ENDPOINT" if name == "api_url" else f"UMAPI_{name.upper()}")
        if exported and (not value or name in ("api_url", "ims_url")):
            found[name] = exported
    return found


def _bundle_of_environment(wanted: bool) -> Path | None:
    exported = os.environ.get("UMAPI_CA_BUNDLE") if wanted else None
    return Path(exported) if exported else None


def _sender(timeout: float, bundle: Path | None, *, insecure: bool, direct: bool) -> Sender:
    """What sends the requests of the run; `direct` goes past any proxy, for the server inside this process."""
    if insecure and bundle is not None:
        raise click.UsageError("--insecure and --ca-bundle exclude each other: leave one out")
    tls = TlsOptions(bundle=bundle, insecure=insecure)
    check_files(tls)
    try:
        proxies = Proxies() if direct else proxies_of_environment()
    except ValueError as error:
        raise click.UsageError(f"the proxy settings of the environment cannot be used: {error}") from None
    return Sender(tls=tls, proxies=proxies, bounds=Bounds(connect=timeout, idle=timeout, total=timeout))


@contextlib.contextmanager
def _html(path: Path) -> Generator[HtmlReport, None, None]:
    """The HTML report, which is written while the run goes on; raises DocumentError."""
    try:
        report = HtmlReport(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        yield report
    except BaseException:
        # What ended the run is told, and not what went wrong in telling of it.
        with contextlib.suppress(OSError):
            report.close()
        raise
    try:
        report.close()
    except OSError as error:
        raise _unwritable(path, error) from None


def _write(outcomes: Outcomes, junit: Path | None, json_file: Path | None) -> None:
    for path, write in ((junit, write_junit), (json_file, write_json)):
        if path is None:
            continue
        try:
            write(outcomes, path)
        except OSError as error:
            raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> DocumentError:
    reason = (error.strerror or "cannot be written").lower()
    return DocumentError(str(path), "", reason, "give a path that can be written")

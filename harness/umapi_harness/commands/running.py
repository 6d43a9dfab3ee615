"""The command `run`: executes a collection against a mock server of its own, or elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from umapi_harness.commands.conventions import BAD_INPUT, FAILED, PIPE_CLOSED, PROGRAM, package_version, say
from umapi_harness.commands.run_documents import RunDocuments, export, read_documents
from umapi_harness.commands.run_network import sender_of
from umapi_harness.commands.run_options import MEBIBYTE, REPORTER_OPTIONS, RunArguments, RunCommand, takes_run_options
from umapi_harness.commands.run_places import Place, advice_on_values, elsewhere, mock_place, starts_mock
from umapi_harness.commands.run_reports import Reports, tell_of_reporters
from umapi_harness.commands.run_signals import SignalExit, ended_by_signals
from umapi_harness.postman.cookie_files import read_cookies
from umapi_harness.postman.environment import Environment
from umapi_harness.postman.events import Event, Listener, Summary
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.oversight import Answered, Breach
from umapi_harness.postman.rules import allowed_rules
from umapi_harness.postman.runner import Runner
from umapi_harness.postman.scripts import Limits
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.session import Options, Session
from umapi_harness.postman.signing import jwt_provider
from umapi_harness.postman.targets import is_api_path

_NO_BOUND = 7 * 24 * 60 * 60.0
_BAIL = ("folder", "failure")


@click.command(cls=RunCommand)
@takes_run_options
@click.pass_context
def run(context: click.Context, /, **_options: Any) -> int:
    """Run a Postman collection and report on its checks.

    The options of Newman mean what they mean there. Without COLLECTION, the walkthrough collection runs; without
    --target and --environment as well, it runs against a mock server that is started for it.

    The exit status is 0 if every check passed and no rule was broken, 1 if not, 2 if the run could not begin or a
    file could not be written, and 128 and the number of a signal that ended it.
    """
    return execute(_arguments(context))


def read_arguments(words: Sequence[str]) -> RunArguments:
    """What a command line of a run says; raises UsageError."""
    return _arguments(run.make_context(PROGRAM, list(words)))


def _arguments(context: click.Context) -> RunArguments:
    return RunArguments(**context.params, reporter_options=context.meta.get(REPORTER_OPTIONS, {}))


def execute(arguments: RunArguments, listeners: Sequence[Listener] = ()) -> int:
    """Runs, with listeners beside the reporters; returns the exit status. Raises InputError and UsageError."""
    _tell_of_unsupported(arguments)
    allowed = allowed_rules(arguments.allowed, arguments.denied)
    with_mock = starts_mock(arguments)
    documents = read_documents(arguments, allowed)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(mock_place(arguments, documents)) if with_mock else elsewhere(arguments, documents)
        options_of_run = attrs.evolve(_options(arguments, documents, place), allowed=allowed)
        sender = stack.enter_context(sender_of(arguments, place))
        reports = Reports(arguments)
        status = _run(
            arguments, documents, options_of_run, sender, reports, place=place, listeners=listeners, close=stack.close
        )
    if reports.problems:
        return BAD_INPUT
    if arguments.suppress_exit_code and status == FAILED:
        status = 0
    return PIPE_CLOSED if reports.is_unread and not status else status


def _run(
    arguments: RunArguments,
    documents: RunDocuments,
    options: Options,
    sender: Sender,
    reports: Reports,
    *,
    place: Place,
    listeners: Sequence[Listener],
    close: Callable[[], None],
) -> int:
    """Runs, and has the reports written whatever ends it; returns the exit status.

    `close` closes what the run goes to, where no more than the process is left to end.
    """
    kept: list[Session] = []
    filled = _filled(place, "collection")

    def finish() -> None:
        reports.close()
        if kept:
            reports.problems += export(documents, arguments, kept[0], _lent(place))
        for problem in reports.problems:
            say(problem)

    with ended_by_signals() as ending:

        def begun(abandon: Callable[[str], None]) -> None:
            def give_up() -> None:
                abandon(ending.reason())
                finish()
                close()

            ending.give_up = give_up

        runner = Runner(
            collection=attrs.evolve(documents.collection, variables={**documents.collection.variables, **filled}),
            sender=sender,
            options=options,
            # As one: a signal that ends the run comes when all of them have heard of an event.
            listeners=(ending.undisturbed(_together(reports, *listeners)),),
            on_begin=begun,
            on_end=kept.append,
        )
        try:
            summary: Summary = runner.run()
        except SignalExit:
            return ending.status()
        finally:
            ending.waits = True
            finish()
    advised = not summary.passed and kept and not ending.status()
    if advised and (advice := advice_on_values(arguments, documents, place, kept[0])):
        say(advice)
    return ending.status() or (0 if summary.passed else FAILED)


def _together(*listeners: Listener) -> Listener:
    """Listeners that hear of each event in turn, as one."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell


def _judged(answer: Answered) -> Iterable[Breach]:
    """What the contract finds wrong with an answer of the API; it is loaded for the first of them."""
    if not is_api_path(answer.url):
        return ()
    from umapi_harness.contract.judges.runs import judge_answer  # noqa: PLC0415

    return judge_answer(answer)


def _options(arguments: RunArguments, documents: RunDocuments, place: Place) -> Options:
    filled = {scope: _filled(place, scope) for scope in ("environment", "globals")}
    secret = frozenset(one.name for one in place.fillings if one.is_secret)
    given = _over(documents.environment, place.values)
    return Options(
        environment=attrs.evolve(given, secret=given.secret | secret).overlaid(
            filled["environment"], "the mock server"
        ),
        globals=documents.globals.overlaid(filled["globals"], "the mock server"),
        data=documents.data,
        data_source=documents.data_source,
        iterations=arguments.iteration_count,
        folders=arguments.folders,
        bail=arguments.bail is not None,
        delay=arguments.delay_request / 1000,
        seconds=arguments.timeout / 1000 or None,
        max_requests=arguments.max_steps,
        follow_redirects=not arguments.ignore_redirects,
        files=FileAccess(
            folder=arguments.working_dir or Path(documents.collection.source).parent,
            anywhere=arguments.insecure_file_read,
            size=arguments.max_file * MEBIBYTE,
        ),
        cookies=() if arguments.cookie_jar is None else read_cookies(arguments.cookie_jar),
        user_agent=f"umapi-harness/{package_version()}",
        allow_writes=arguments.allow_writes,
        target=place.target,
        notes=place.notes,
        watch=place.watch,
        faults=place.faults,
        unused_faults=place.unused_faults,
        providers=jwt_provider(time.time),
        limits=Limits(
            cpu_seconds=arguments.timeout_script / 1000 or _NO_BOUND,
            memory_bytes=arguments.script_memory * MEBIBYTE,
        ),
        judges=(_judged,),
    )


def _over(environment: Environment, values: Any) -> Environment:
    """The environment with the server's values, save what --env-var has set."""
    kept = {name: value for name, value in values.items() if environment.origins.get(name) != "--env-var"}
    return environment.overlaid(kept, "the server of the run")


def _filled(place: Place, scope: str) -> dict[str, str]:
    return {one.name: one.value for one in place.fillings if one.scope == scope}


def _lent(place: Place) -> dict[str, dict[str, Any]]:
    """What the run has put into variables, by scope: no file holds it, and none shall when the run is over."""
    filled = {scope: _filled(place, scope) for scope in ("environment", "globals", "collection")}
    return {**filled, "environment": {**place.values, **filled["environment"]}}


def _tell_of_unsupported(arguments: RunArguments) -> None:
    if arguments.bail is not None and arguments.bail not in _BAIL:
        raise click.BadParameter(f"{arguments.bail!r} is none of {', '.join(_BAIL)}", param_hint="--bail")
    if arguments.postman_api_key is not None:
        say("--postman-api-key is not supported: nothing is fetched from Postman's cloud")
    tell_of_reporters(arguments)

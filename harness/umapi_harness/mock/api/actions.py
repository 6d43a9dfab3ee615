"""Action requests: reads one, runs its commands, and reports what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.answers import Answer, json_answer, malformed
from umapi_harness.mock.api.bodies import Doubled, is_array, is_object, read_json
from umapi_harness.mock.api.causes import no_list, unreadable_body
from umapi_harness.mock.api.checks import CommandChecks
from umapi_harness.mock.api.queries import flag
from umapi_harness.mock.api.refusals import RefusedError, message_of
from umapi_harness.mock.api.step_warnings import warnings_of
from umapi_harness.mock.api.user_steps import UserCommand
from umapi_harness.mock.api.usergroup_steps import UserGroupCommand
from umapi_harness.mock.api.violations import step_of
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.organization import Organization
from umapi_models import schemas
from umapi_models.names import REMOVE_FROM_ORG

_REQUEST: Final = schemas.read("action-request.json")


@attrs.frozen
class Run:
    """What became of the commands of a request."""

    body: dict[str, Any]
    """The body of the answer."""
    steps: tuple[tuple[str, ...], ...]
    """Of each command, what became of each step, in the words of `Answer.steps`."""


def action_answer(
    organization: Organization, settings: Settings, checks: CommandChecks, query: Mapping[str, str], body: bytes
) -> Answer:
    """Do what a request for actions asks for, unless it is malformed as a whole."""
    try:
        request = read_json(body)
    except InputError:
        return malformed(message_of("error.command.malformed"), unreadable_body(body))
    # In which form the limit is told is not published [G too-many-commands].
    refusal = _refusal_of_list(request.value, settings.commands_per_request)
    if refusal is not None:
        return malformed(refusal, no_list(request.value, settings.commands_per_request))
    test_mode = flag(query, "testOnly", False)
    run = run_commands(organization, settings, checks, request.value, doubled=request.doubled, test_mode=test_mode)
    return attrs.evolve(json_answer(200, run.body), steps=run.steps)


def run_commands(
    organization: Organization,
    settings: Settings,
    checks: CommandChecks,
    commands: Iterable[Any],
    *,
    doubled: tuple[Doubled, ...] = (),
    test_mode: bool = False,
) -> Run:
    """Run the commands in order.

    Of a command that the checks refuse no step runs, and the other commands run all the same
    [G checked-first]. An entry that is no object at all counts as a malformed command.
    """
    errors: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []
    steps: list[tuple[str, ...]] = []
    good = bad = 0
    for index, command in enumerate(commands):
        if settings.null_is_absent:
            _drop_nulls(command)
        if settings.text_booleans:
            _read_booleans(command)
        failures = [(step_of(one) or 0, one.code, one.problem) for one in checks.departures(command, doubled)]
        warned: list[tuple[int, str, str]] = []
        tried = 0
        if not failures:
            tried, failures = _run(organization, settings, command, test_mode=test_mode)
            warned = warnings_of(command) if settings.deprecated_warnings else []
        steps.append(_told(command, tried, {step for step, _, _ in failures}, test_mode=test_mode))
        if failures or warned:
            known = _known_about(command)
            warnings += [
                {"index": index, "step": step, "message": message, "warningCode": code, **known}
                for step, code, message in warned
            ]
            errors += [
                {"index": index, "step": step, "message": message, "errorCode": code, **known}
                for step, code, message in failures
            ]
        if failures:
            bad += 1
        else:
            good += 1
    answer: dict[str, Any] = {
        "completed": 0 if test_mode else good,
        "notCompleted": bad,
        "completedInTestMode": good if test_mode else 0,
    }
    if errors:
        answer["errors"] = errors
    answer["result"] = "success" if not bad else "partial" if good else "error"
    if warnings:
        answer["warnings"] = warnings
    return Run(answer, tuple(steps))


def _refusal_of_list(commands: Any, most: int) -> str | None:
    """What the service says of the body of an action request as a whole; None if it is a list of 1 to `most`."""
    keyword = (
        "type"
        if not is_array(commands)
        else "minItems"
        if len(commands) < _REQUEST["minItems"]
        else "maxItems"
        if len(commands) > most
        else None
    )
    if keyword is None:
        return None
    message: str = _REQUEST["x-umapi-errors"][keyword]["message"]
    return message.format_map({"limit": most})


def _drop_nulls(command: Any) -> None:
    """Take away the keys with the value null, in the command, its steps and their parameters [G null-values]."""
    steps = command.get("do") if is_object(command) else None
    parts = [command, *(steps if is_array(steps) else [])]
    parts += [fields for step in parts[1:] if is_object(step) for fields in step.values()]
    for part in parts:
        if is_object(part):
            for name in [name for name, value in part.items() if value is None]:
                del part[name]


def _read_booleans(command: Any) -> None:
    """Put booleans in place of those that came as text; the checks refuse what else there is [G text-booleans]."""
    if not is_object(command):
        return
    steps = command.get("do")
    removals = [step.get(REMOVE_FROM_ORG) for step in steps if is_object(step)] if is_array(steps) else []
    for holder, name in ((command, "useAdobeID"), *((removal, "deleteAccount") for removal in removals)):
        if is_object(holder) and isinstance(text := holder.get(name), str):
            holder[name] = {"true": True, "false": False}.get(text.lower(), text)


def _run(
    organization: Organization, settings: Settings, command: dict[str, Any], *, test_mode: bool
) -> tuple[int, list[tuple[int, str, str]]]:
    """Take the steps of a command; returns how many were tried, and step, code and message of each that failed."""
    kind = UserCommand if "user" in command else UserGroupCommand
    runner = kind(organization, settings, command, test_mode=test_mode)
    failures: list[tuple[int, str, str]] = []
    tried = 0
    for place, step in enumerate(command["do"]):
        tried += 1
        ((name, fields),) = step.items()
        try:
            runner.run(name, fields)
        except RefusedError as refusal:
            failures.append((place, refusal.code, refusal.message))
        # Whether later steps are tried after one that failed is not published [G steps-after-failure].
        if runner.finished or (failures and not settings.steps_after_failure):
            break
    return tried, failures


def _told(command: Any, tried: int, failed: set[int], *, test_mode: bool) -> tuple[str, ...]:
    """What became of each step of a command; nothing of one whose steps are no list."""
    steps = command.get("do") if is_object(command) else None
    good = "checked" if test_mode else "done"
    return tuple(
        "failed" if place in failed else good if place < tried else "untried"
        for place in range(len(steps) if is_array(steps) else 0)
    )


def _known_about(command: Any) -> dict[str, str]:
    """What errors and warnings repeat of a command: its request id and its root."""
    if not is_object(command):
        return {}
    known: dict[str, str] = {}
    root = command.get("user", command.get("usergroup"))
    for name, value in (("requestID", command.get("requestID")), ("user", root)):
        if isinstance(value, str):
            known[name] = value
    return known

"""Generated requests and answers: valid is what the schema says, and schema, converter and mock say it alike."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from umapi_harness import strategies
from umapi_harness.mock import Settings
from umapi_harness.mock.api.bodies import is_array, is_object
from umapi_harness.mock.api.checks import CommandChecks
from umapi_harness.mock.api.command_schemas import CommandRules
from umapi_models import models, schemas
from umapi_models.limits import MAX_COMMANDS, MAX_GROUPS, MAX_USER_STEPS
from umapi_models.requests import read_action_request
from umapi_runtime import converter
from umapi_runtime.constraints import ContractError
from umapi_samples import Judge

Json = Any
STEADY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
# The documented rules, every lenience of the mock's settings turned off.
STRICT = CommandChecks(
    attrs.evolve(
        CommandRules.of(Settings(memberships_per_step=MAX_GROUPS, steps_per_command=MAX_USER_STEPS)),
        **{rule: True for rule in attrs.fields_dict(CommandRules) if rule.endswith("_fails")},
    )
)
LENIENT = CommandChecks(CommandRules.of(Settings()))
VALID = {
    "UserCommand": strategies.user_commands(),
    "UserGroupCommand": strategies.group_commands(),
    "ActionRequest": strategies.action_requests(),
    "UsersPage": strategies.users_pages(),
    "GroupsPage": strategies.groups_pages(),
    "UserAnswer": strategies.user_answers(),
    "ActionResponse": strategies.action_responses(),
}
ANSWERS: dict[str, Any] = {
    name: getattr(models, name) for name in ("UsersPage", "GroupsPage", "UserAnswer", "ActionResponse")
}


def converter_takes(request: Json) -> bool:
    """Whether the strict converter reads an action request."""
    try:
        read_action_request(request)
    except ContractError:
        return False
    return True


def mock_takes(checks: CommandChecks, request: Json) -> bool:
    """Whether the mock, in process, finds nothing wrong with any command of a list."""
    return not any(checks.departures(command) for command in request)


@pytest.mark.parametrize("title", VALID)
def test_valid_is_what_the_schema_says(judge: Judge, title: str) -> None:
    """Whatever a strategy for valid documents gives, the schema accepts."""

    @STEADY
    @given(VALID[title])
    def check(document: Json) -> None:
        assert judge.violations(title, document) == []

    check()


@settings(STEADY, max_examples=150)
@given(strategies.nearly_valid_commands() | strategies.commands())
def test_schema_converter_and_mock_agree_on_commands(judge: Judge, command: Json) -> None:
    """A command is valid for the schema, for the converter and for the mock, or for none of them."""
    valid = judge.accepts("ActionRequest", [command])
    assert (converter_takes([command]), mock_takes(STRICT, [command])) == (valid, valid)
    # With its usual settings the mock is more lenient than the pages, and never stricter.
    assert mock_takes(LENIENT, [command]) or not valid


@settings(STEADY, max_examples=25)
@given(strategies.nearly_valid_action_requests())
def test_schema_converter_and_mock_agree_on_requests(judge: Judge, request: Json) -> None:
    """So it is with requests as a whole, whatever they are."""
    valid = judge.accepts("ActionRequest", request)
    fits = is_array(request) and 1 <= len(request) <= MAX_COMMANDS
    assert (converter_takes(request), fits and mock_takes(STRICT, request)) == (valid, valid)


@pytest.mark.parametrize("name", ANSWERS)
def test_any_answer_is_read(name: str) -> None:
    """The tolerant converter reads every valid answer and loses no field of it."""

    @STEADY
    @given(VALID[name])
    def check(answer: Json) -> None:
        shown = converter.write(converter.read_response(ANSWERS[name], answer))
        assert _steps_as_numbers(answer) == shown

    check()


def _steps_as_numbers(document: Json) -> Json:
    """A document in which steps that came as strings of digits are the numbers that the converter makes of them."""
    if is_object(document):
        return {
            name: int(value) if name == "step" and isinstance(value, str) else _steps_as_numbers(value)
            for name, value in document.items()
        }
    return [_steps_as_numbers(value) for value in document] if is_array(document) else document


@STEADY
@given(st.data(), st.integers(0, MAX_COMMANDS), st.booleans())
def test_action_responses_contradict_themselves_nowhere(data: st.DataObject, commands: int, test_mode: bool) -> None:
    """Counts, result and errors of an answer fit each other and the number of commands."""
    answer = data.draw(strategies.action_responses(commands=commands, test_mode=test_mode))
    assert answer["completed"] + answer["completedInTestMode"] + answer["notCompleted"] == commands
    failed = {error["index"] for error in answer.get("errors", ())}
    assert len(failed) == answer["notCompleted"]
    assert answer["completed" if test_mode else "completedInTestMode"] == 0
    assert all(0 <= index < commands for index in failed)


STEPS = [
    *((strategies.user_commands, name) for name in schemas.read("user-steps.json")["$defs"]["UserStep"]["properties"]),
    *(
        (strategies.group_commands, name)
        for name in schemas.read("usergroup-steps.json")["$defs"]["UserGroupStep"]["properties"]
    ),
]
QUICK = settings(max_examples=1500, derandomize=True, database=None, phases=[Phase.generate], deadline=None)


@pytest.mark.parametrize(("strategy", "name"), STEPS, ids=[f"{one.__name__}-{name}" for one, name in STEPS])
def test_every_step_is_drawn(strategy: Any, name: str) -> None:
    """Each kind of step of the schema comes up, beside others."""
    found = find(strategy(), lambda command: any(name in step for step in command["do"]), settings=QUICK)
    assert found["do"]


@pytest.mark.parametrize("valid", [True, False])
def test_both_verdicts_are_drawn(judge: Judge, valid: bool) -> None:
    """Nearly valid requests are valid or not: both come up."""
    strategy = strategies.nearly_valid_commands()
    found = find(strategy, lambda one: judge.accepts("ActionRequest", [one]) is valid, settings=QUICK)
    assert judge.accepts("ActionRequest", [found]) is valid


def test_the_page_names_every_strategy() -> None:
    """docs/how-to/strategies.md has each public strategy."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "strategies.md").read_text("utf-8")
    public = [
        name
        for name, value in vars(strategies).items()
        if callable(value) and getattr(value, "__module__", "").startswith(f"{strategies.__name__}.")
    ]
    assert len(public) == 11
    assert sorted(public) == strategies.__all__
    assert [name for name in public if f"`{name}(" not in page] == []


def test_the_worked_example_passes(pytester: pytest.Pytester) -> None:
    """The program of docs/how-to/strategies.md runs as it stands."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "strategies.md").read_text("utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    pytester.makepyfile(program)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


def test_hypothesis_is_not_needed_elsewhere() -> None:
    """Neither the mock nor the plugin loads hypothesis."""
    code = "import sys, umapi_harness.mock, umapi_harness.testing, umapi_sdk; assert 'hypothesis' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

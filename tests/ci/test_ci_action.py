"""The GitHub Action: its form, and its steps, run as a runner would."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
import yaml

from tests.ci.conftest import ROOT, clean, judged

ACTION = ROOT / "action.yml"
TOLD: dict[str, Any] = yaml.safe_load(ACTION.read_text("utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in TOLD["runs"]["steps"]}
SCRIPTS = {name: step["run"] for name, step in STEPS.items() if "run" in step}


@attrs.frozen
class Step:
    """What a step of a composite action left."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str


Run = Callable[..., Step]
PROMISED = {re.sub(r".*outputs\.([\w-]+) .*", r"\1", one["value"]) for one in TOLD["outputs"].values()}


@pytest.fixture
def run(place: Path, programs: Path, tmp_path: Path) -> Run:
    """Runs the script of a step with inputs, in a folder with collections."""

    def execute(name: str, **inputs: str) -> Step:
        given = {key: one.get("default", "") for key, one in TOLD["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        files = {variable: tmp_path / variable for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", "utf-8")
        variables = {key: filled(value, given) for key, value in STEPS[name]["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[name]],
            cwd=place,
            env=clean(
                **variables,
                **{key: str(file) for key, file in files.items()},
                GITHUB_ACTION_PATH=str(ROOT),
                RUNNER_TEMP=str(programs.parents[1]),
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines())
        return Step(
            done.returncode, done.stdout + done.stderr, outputs, files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        )

    return execute


def filled(value: str, inputs: dict[str, str]) -> str:
    """The value of a variable, with inputs in the place of expressions; no step before had an output."""
    value = re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], value)
    return re.sub(r"\$\{\{ steps\.[^}]* \}\}", "", value)


def test_it_has_the_form_of_an_action() -> None:
    """GitHub's schema of actions takes it, and zizmor finds nothing that is dangerous in it."""
    assert judged("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION) == ""
    assert judged("zizmor", "--offline", "--quiet", "--persona", "pedantic", ACTION) == ""


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_sound(name: str) -> None:
    """shellcheck finds nothing in a step, and no input is written into its text."""
    assert judged("shellcheck", "--shell", "bash", "-", text=SCRIPTS[name]) == ""
    assert "${{" not in SCRIPTS[name]


def test_actions_of_others_are_pinned() -> None:
    """Each is named by the commit, with its release in a comment."""
    lines = [line for line in ACTION.read_text("utf-8").splitlines() if " uses: " in line]
    assert len(lines) == 2
    assert [line for line in lines if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_a_green_run(run: Run, place: Path) -> None:
    """A collection that passes: status 0, outputs and summary that say so, and all reports."""
    step = run("Run the collection", collection="green.json")
    assert step.status == 0, step.log
    outputs = {"passed": "true", "exit-status": "0", "requests": "1", "failures": "0"}
    outputs |= {"junit": "umapi-reports/junit.xml", "html": "umapi-reports/report.html"}
    assert step.outputs == outputs
    assert step.outputs.keys() == PROMISED == TOLD["outputs"].keys()
    assert step.summary.startswith("### C: passed\n")
    suite = ET.parse(place / "umapi-reports" / "junit.xml").getroot()
    assert [case.get("name") for case in suite.iter("testcase")] == ["st|ate"]
    assert "<html" in (place / "umapi-reports" / "report.html").read_text("utf-8")


def test_a_red_run(run: Run, place: Path) -> None:
    """A collection that fails: its exit status, what failed in the summary, and all reports."""
    step = run("Run the collection", collection="red.json", reports="my reports")
    assert step.status == 1
    assert (step.outputs["passed"], step.outputs["failures"]) == ("false", "1")
    row = "| status | st&#124;ate | expected response to have status code 418 but got 200 |"
    assert row in step.summary.splitlines()
    assert sorted(path.name for path in (place / "my reports").iterdir()) == ["junit.xml", "report.html", "report.json"]


def test_a_run_that_does_not_begin(run: Run, place: Path) -> None:
    """Bad input keeps its exit status; reports of an earlier run are gone, and the summary does not speak of them."""
    run("Run the collection", collection="green.json")
    step = run("Run the collection", collection="missing.json")
    assert (step.status, step.outputs["exit-status"], step.outputs["passed"]) == (2, "2", "false")
    assert "missing.json" in step.log
    assert step.outputs.keys() == PROMISED
    assert (step.outputs["junit"], step.outputs["html"]) == ("", "")
    assert step.summary.startswith("### UMAPI collection: no run\n")
    (annotation,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    (said,) = [line for line in step.log.splitlines() if line.startswith("umapi-harness: ")]
    assert annotation == f"::error title=umapi::{said}"
    assert "missing.json" in step.summary


@pytest.mark.parametrize("collection", ["red.json", "green.json"])
def test_a_run_with_a_verdict_has_no_annotation(run: Run, collection: str) -> None:
    """What failed in it is in the summary; notes on standard error are no errors."""
    step = run("Run the collection", collection=collection, args="--postman-api-key=x")
    assert "--postman-api-key is not supported" in step.log
    assert "::error" not in step.log


def test_no_collection_commands_the_runner(run: Run) -> None:
    """All that the run prints stands between a stop of commands and its end, by a token that nobody knows before."""
    logs = [run("Run the collection", collection="green.json").log.splitlines() for _ in range(2)]
    tokens = {line.removeprefix("::stop-commands::") for log in logs for line in log if line.startswith("::stop-")}
    assert len(tokens) == 2
    for log in logs:
        assert log[0].startswith("::stop-commands::")
        token = log[0].removeprefix("::stop-commands::")
        assert any(line.startswith("passed: ") for line in log[1 : log.index(f"::{token}::")])


def test_a_report_that_cannot_be_written_is_annotated(run: Run, place: Path) -> None:
    """The status is that of bad input, whatever the verdict; percent signs are written as the runner reads them."""
    step = run(
        "Run the collection", collection="green.json", args="--export-environment\ngreen.json/no%20folder/e.json"
    )
    assert step.status == 2
    (annotation,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert "no%2520folder" in annotation


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"collection": ""}, "::error title=umapi::The input collection is empty"),
        ({"collection": "green.json", "mock": "yes"}, "::error title=umapi::The input mock is neither true nor false"),
    ],
)
def test_bad_inputs(run: Run, inputs: dict[str, str], told: str) -> None:
    """An input that means nothing is an annotation that names it."""
    step = run("Run the collection", **inputs)
    assert step.status == 2
    assert told in step.log


def test_arguments_reach_the_program_as_they_are(run: Run, place: Path) -> None:
    """Each line of `args` is one argument, also with blanks; no shell reads any input."""
    trap = "$(touch pwned)`touch pwned`;touch pwned"
    args = f"--env-var\nword=a b  {trap}\n--export-environment\n{place / 'out.json'}\n\n-n\n3"
    step = run("Run the collection", collection="green.json", args=args)
    assert step.status == 0, step.log
    assert step.outputs["requests"] == "3"
    values = {one["key"]: one["value"] for one in json.loads((place / "out.json").read_text("utf-8"))["values"]}
    assert values["word"] == f"a b  {trap}"
    for name in ("collection", "environment", "data", "reports"):
        given = {"collection": "green.json"} | {name: trap}
        run("Run the collection", **given)
    assert not list(place.rglob("pwned"))


def test_the_arguments_of_the_page_are_read_as_they_are_meant(run: Run, place: Path) -> None:
    """Names and values with blanks come whole, without quotes."""
    match = re.search(r"```yaml\n( +args: .*?)```", (ROOT / "docs/how-to/ci.md").read_text("utf-8"), re.DOTALL)
    assert match is not None
    args = yaml.safe_load(textwrap.dedent(match[1]))["args"]
    document = json.loads((place / "green.json").read_text("utf-8"))
    document["item"].append({"name": "Users and groups", "item": list(document["item"])})
    (place / "two.json").write_text(json.dumps(document), "utf-8")
    step = run("Run the collection", collection="two.json", args=f"{args}--export-environment\n{place / 'out.json'}")
    assert (step.status, step.outputs["requests"]) == (0, "1")
    assert '"value": "Good morning"' in (place / "out.json").read_text("utf-8")


def test_environment_and_data_are_used(run: Run, place: Path) -> None:
    """An environment and a file of data come to the run: one iteration for each row."""
    (place / "e.json").write_text(json.dumps({"name": "E", "values": []}), "utf-8")
    (place / "d.csv").write_text("a\n1\n2\n", "utf-8")
    step = run("Run the collection", collection="green.json", environment="e.json", data="d.csv")
    assert (step.status, step.outputs["requests"]) == (0, "2")


@pytest.mark.parametrize(
    ("version", "requirement"),
    [
        ("", f"{ROOT}[harness]"),
        ("1.2.3", "umapi-sdk[harness]==1.2.3"),
        ("1; touch x", "umapi-sdk[harness]==1; touch x"),
    ],
)
def test_what_is_installed(run: Run, programs: Path, place: Path, version: str, requirement: str) -> None:
    """The project that the action belongs to, or the release that is named; one word, whatever stands in it."""
    (programs / "python3").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > called\n', "utf-8")
    (programs / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > installed\n', "utf-8")
    (programs / "python3").chmod(0o755)
    script = f'PATH="{programs}:$PATH"\n{SCRIPTS["Install"]}'
    environment = clean(VERSION=version, GITHUB_ACTION_PATH=str(ROOT), RUNNER_TEMP=str(programs.parents[1]))
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=place, env=environment, check=True)
    assert (place / "called").read_text("utf-8").splitlines() == ["-m", "venv", str(programs.parent)]
    assert (place / "installed").read_text("utf-8").splitlines()[-1] == requirement


@pytest.fixture
def summary() -> ModuleType:
    """The program that writes the summary."""
    spec = importlib.util.spec_from_file_location("ci_summary", ROOT / "ci" / "summary.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_are_no_markup(summary: ModuleType) -> None:
    """What a collection calls its requests mentions nobody, links nowhere and ends no cell."""
    shown = summary.plain("a|b\n<img src=x> [x](http://y) @team #1 **b** `c` \\")
    assert not set(shown) & set("|<>[]()@*`\\\n")


def test_many_failures_are_cut(summary: ModuleType) -> None:
    """Of many failures fifty are listed, long messages are cut, and the rest is told."""
    check = {"name": "c" * 10_000, "state": "failed", "message": "m", "follows_from": ""}
    request = {"folders": ["f"], "name": "r", "iteration": 1, "checks": [check] * 70, "errors": [], "exchanges": []}
    counts = dict.fromkeys(("requests", "sent", "checks_passed", "checks_failed", "errors", "allowed", "seconds"), 1)
    report = {"collection": "C", "passed": False, "stopped": "the budget is spent", "errors": []}
    report |= {"requests": [request], "summary": counts}
    told = summary.told(report, "1")
    assert "The run ended early: the budget is spent" in told
    assert "| f / r &#40;iteration 2&#41; |" in told
    assert told.endswith("20 more are in the reports.\n")
    assert len(told) < 40_000


def test_the_summary_reads_the_present_form(summary: ModuleType, run: Run, place: Path) -> None:
    """The form that the program reads is the one that reports have, and a report of another form is none."""
    run("Run the collection", collection="green.json")
    path = place / "umapi-reports" / "report.json"
    report = json.loads(path.read_text("utf-8"))
    assert summary.read(path) == report
    path.write_text(json.dumps(report | {"format": report["format"] + 1}), "utf-8")
    assert summary.read(path) is None


def test_the_summary_needs_the_standard_library_alone() -> None:
    """The program runs without site-packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "ci" / "summary.py", "nowhere", "2", "nowhere/log"],
        env=clean(),
        check=False,
    )
    assert done.returncode == 0


def test_the_summary_says_what_to_do(summary: ModuleType, run: Run, place: Path) -> None:
    """Where the answer of a failed request has error codes, their meaning and remedy stand below what failed."""
    url = "https://usermanagement.adobe.io/v2/usermanagement/users/{{UMAPI_ORG_ID}}/0/Desingers"
    script = "pm.test('found', () => pm.response.to.have.status(200));"
    header = [
        {"key": "x-api-key", "value": "{{UMAPI_CLIENT_ID}}"},
        {"key": "Authorization", "value": "Bearer {{TOKEN}}"},
    ]
    item = {
        "name": "members",
        "request": {"url": url, "header": header},
        "event": [{"listen": "test", "script": {"exec": [script]}}],
    }
    (place / "lost.json").write_text(json.dumps({"info": {"name": "C"}, "item": [item]}), "utf-8")
    step = run("Run the collection", collection="lost.json")
    assert step.status == 1, step.log
    told = [line for line in step.summary.splitlines() if line.startswith("| members | what the answer says |")]
    assert len(told) == 1
    assert "error.group.not" in told[0]
    assert "Check the name against the list of groups" in told[0]

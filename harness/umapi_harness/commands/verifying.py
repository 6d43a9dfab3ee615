"""The command `verify`: recordings put before the judges."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from umapi_harness.commands.conventions import FAILED, FILE, OVERWRITE, check_vacant, say, write_whole
from umapi_harness.commands.recording_limits import BODY_LIMIT, limits_of
from umapi_harness.commands.run_outputs import check_reports
from umapi_harness.common.documents import read_document
from umapi_harness.common.errors import InputError
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.judges.requests import RequestJudge
from umapi_harness.contract.judges.responses import ResponseJudge
from umapi_harness.contract.judges.simulation import MockJudge
from umapi_harness.contract.judging import Judge, Verification, Verified, judge
from umapi_harness.contract.recordings import Recording
from umapi_harness.contract.verification import api_exchanges
from umapi_harness.mock.schemas import check
from umapi_harness.mock.settings import PROFILES, Settings
from umapi_harness.mock.state.seeds import SCHEMA
from umapi_harness.reading import SdkJudge
from umapi_harness.report.styled_console import new_styled_console
from umapi_harness.report.verification_console import print_verification
from umapi_harness.report.verification_json import write_verification_json
from umapi_harness.report.verification_junit import write_verification_junit

_NAMES: Final = ("request", "response", "sdk", "mock")


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option(
    "--judge", "names", multiple=True, type=click.Choice(_NAMES), help="Ask only this judge; may be repeated."
)
@click.option(
    "--grade",
    type=click.Choice([grade.value for grade in Grade]),
    default=Grade.MAY.value,
    show_default=True,
    help="Show findings of this grade and graver ones.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="documented",
    show_default=True,
    help="Settings with which the mock server begins.",
)
@click.option(
    "--setting", "pairs", multiple=True, metavar="NAME=VALUE", help="A setting of the mock server; may be repeated."
)
@click.option("--seed", "seeds", multiple=True, type=FILE, help="An organisation, in place of what is inferred of it.")
@click.option("--write-seed", type=FILE, help="Write the organisation that was inferred, as a seed.")
@OVERWRITE
@click.option("--junit", type=FILE, help="Write a JUnit XML report.")
@click.option("--json", "json_file", type=FILE, help="Write a JSON report.")
@BODY_LIMIT
def verify(
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    grade: str,
    profile: str,
    pairs: tuple[str, ...],
    seeds: tuple[Path, ...],
    write_seed: Path | None,
    overwrite: bool,
    junit: Path | None,
    json_file: Path | None,
    max_body: int,
) -> int:
    """Judge recordings: our schemas, the SDK's reading and the mock server against what the service said.

    Each FILE is a HAR, a vcrpy cassette or a Postman collection with saved examples; requests for others than the API
    and its token host are left out. Findings are graded: MUST, the contract is broken or a wrong outcome reached;
    SHOULD, a departure that tolerant programs work with; MAY, drift, or what a recording does not tell. Exit status 1
    if there is a MUST, 2 if a file holds nothing of the API.
    """
    changes = _settings(pairs)
    check_reports({"--write-seed": write_seed, "--junit": junit, "--json": json_file}, paths)
    check_vacant(write_seed, overwrite=overwrite)
    given = [_seed(path) for path in seeds]
    recordings = [api_exchanges(path, limits_of(max_body)) for path in paths]
    simulation = MockJudge(settings=PROFILES[profile](), seeds=tuple(given), changes=changes)
    _check_seeds(simulation, given, seeds, [recording for recording, _ in recordings])
    if write_seed is not None:
        _write_seeds(simulation, [recording for recording, _ in recordings], write_seed, overwrite=overwrite)
    known: Mapping[str, Judge] = {one.name: one for one in (RequestJudge(), ResponseJudge(), SdkJudge(), simulation)}
    asked = [known[name] for name in _NAMES if not names or name in names]
    files: list[Verified] = [judge(recording, asked, foreign) for recording, foreign in recordings]
    verification = Verification(files=tuple(files))
    print_verification(verification, new_styled_console(), Grade(grade))
    _report(verification, junit, write_verification_junit)
    _report(verification, json_file, write_verification_json)
    return 0 if verification.passed else FAILED


def _settings(pairs: Sequence[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for text in pairs:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r}: write it as NAME=VALUE", param_hint="--setting")
        try:
            changes[name] = json.loads(value)
        except (ValueError, RecursionError):
            changes[name] = value
    Settings().changed(changes, where="--setting")
    return changes


def _seed(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = read_document(path, "seed file")
    check(document, SCHEMA, str(path))
    return document


def _check_seeds(
    simulation: MockJudge, seeds: Sequence[Mapping[str, Any]], paths: Sequence[Path], recordings: Sequence[Recording]
) -> None:
    if not seeds:
        return
    plain = MockJudge(settings=simulation.settings)
    known = {
        str(seed["org_id"])
        for recording in recordings
        for implied in plain.implied(recording)
        for seed in implied.seeds
    }
    for seed, path in zip(seeds, paths, strict=True):
        if seed["org_id"] not in known:
            told = ", ".join(sorted(known)) or "no organisation"
            raise InputError(f"{path}: /org_id: the recordings are of {told}; give the seed that id")


def _write_seeds(simulation: MockJudge, recordings: Sequence[Recording], path: Path, *, overwrite: bool) -> None:
    """Write each state that is played; from the second on, with a number in the name."""
    states = [seed for recording in recordings for implied in simulation.implied(recording) for seed in implied.seeds]
    if not states:
        raise InputError(f"--write-seed {path}: the recordings tell of no organisation; leave the option out")
    for number, state in enumerate(states, 1):
        file = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        check_vacant(file, overwrite=overwrite)
        write_whole(json.dumps(state, indent=2, ensure_ascii=False) + "\n", file)
        say(f"{file}: the organisation {state['org_id']} as inferred")


def _report(verification: Verification, path: Path | None, write: Callable[[Verification, Path], None]) -> None:
    if path is None:
        return
    try:
        write(verification, path)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(f"{path}: {reason}; give a path that can be written") from None

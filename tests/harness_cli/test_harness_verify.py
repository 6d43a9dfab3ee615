"""`umapi-harness verify`: reports, options, exit statuses, and what it says of input that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import attrs
import jsonschema_rs
import pytest

from umapi_harness.contract.recordings import save
from umapi_harness.report import verification_json

if TYPE_CHECKING:
    from tests.harness_cli.conftest import Run


from umapi_harness.mock import Settings
from umapi_sessions import ORG, SEED, lively_session

CORPUS = Path(__file__).resolve().parents[1] / "contract" / "recordings"
SCHEMA = Path(verification_json.__file__).with_name("verification.schema.json")


@pytest.fixture(scope="module")
def har(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session, recorded."""
    path = tmp_path_factory.mktemp("har") / "session.har"
    save(lively_session(Settings(remove_absent_user_fails=True)).exchanges, path)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A recording in which the service miscounts."""
    document = json.loads((CORPUS / "action-results.har").read_text("utf-8"))
    content = document["log"]["entries"][0]["response"]["content"]
    content["text"] = content["text"].replace('"completed": 1', '"completed": "one"')
    path = tmp_path / "broken.har"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_agreement_is_exit_status_0(run: Run, har: Path) -> None:
    """Recordings without a MUST pass; each judge says how much it compared."""
    ran = run("verify", har, CORPUS / "users.har")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-1].startswith("agreed: 2 files, ")
    for judge in ("request", "response", "sdk", "mock"):
        assert sum(line.split()[:2] == ["✓", judge] for line in ran.out.splitlines()) == 2


def test_a_must_is_exit_status_1(run: Run, broken: Path) -> None:
    """A MUST fails, and is shown with its entry and place."""
    ran = run("verify", broken)
    assert ran.status == 1
    assert "MUST   response #/log/entries/0 result.success" in ran.out
    assert "body /completed: " in ran.out
    assert ran.out.splitlines()[-1].startswith("DIFFERENT: 1 file, ")


def test_judges_and_grades_are_chosen(run: Run, broken: Path) -> None:
    """Only the judges that are asked speak, and only of what is grave enough."""
    assert run("verify", broken, "--judge", "request").status == 0
    shown = run("verify", CORPUS / "users.har", "--judge", "response", "--judge", "mock", "--grade", "SHOULD")
    assert " request " not in shown.out
    assert "MAY    " not in shown.out
    assert "MAY    " in run("verify", CORPUS / "users.har").out


def test_the_json_report_keeps_to_its_schema(run: Run, har: Path, broken: Path, tmp_path: Path) -> None:
    """Whatever was found, the report fits the schema that is shipped, and counts what it lists."""
    path = tmp_path / "report.json"
    assert run("verify", har, broken, "--json", path).status == 1
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    schema = json.loads(SCHEMA.read_text("utf-8"))
    assert [str(error) for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(report)] == []
    assert report["passed"] is False
    findings = [finding for file in report["files"] for finding in file["findings"]]
    assert {grade: sum(one["grade"] == grade for one in findings) for grade in report["counts"]} == report["counts"]
    (first,) = [one for one in findings if one["judge"] == "response" and one["grade"] == "MUST"]
    assert (first["entry"], first["operation"], first["place"]) == ("/log/entries/0", "action", "body /completed")


def test_the_junit_report_counts_failures(run: Run, broken: Path, tmp_path: Path) -> None:
    """Each MUST is a failing case, and each judge a case of its own."""
    path = tmp_path / "report.xml"
    run("verify", broken, CORPUS / "users.har", "--junit", path)
    root = ET.parse(path).getroot()
    cases = root.findall("testsuite/testcase")
    failures = [case for case in cases if case.find("failure") is not None]
    assert (root.get("tests"), root.get("failures")) == (str(len(cases)), str(len(failures)))
    assert failures
    assert all("result.success" in str(case.get("name")) for case in failures)
    assert len(cases) - len(failures) == 8


def test_what_was_inferred_is_written_and_given_again(run: Run, har: Path, tmp_path: Path) -> None:
    """`--write-seed` writes a seed that `--seed` takes, with the same result and nothing left to infer."""
    seed = tmp_path / "seed.json"
    written = run("verify", har, "--write-seed", seed)
    assert written.status == 0
    assert written.err == f"umapi-harness: {seed}: the organisation {ORG} as inferred\n"
    document = json.loads(seed.read_text("utf-8"))
    assert (document["technical_accounts"], document["foreign_domains"]) == (3, ["other.example"])
    assert run("verify", har, "--seed", seed).status == 0
    seed.write_text("corrected", "utf-8")
    again = run("verify", har, "--write-seed", seed)
    assert (again.status, again.out) == (2, "")
    assert (
        again.err == f"umapi-harness: {seed}: is there already and stays; give another name (--overwrite replaces it)\n"
    )
    assert seed.read_text("utf-8") == "corrected"
    assert run("verify", har, "--write-seed", seed, "--overwrite").status == 0
    assert json.loads(seed.read_text("utf-8")) == document


def test_a_seed_replaces_what_is_inferred(run: Run, har: Path, tmp_path: Path) -> None:
    """With another organisation than the recorded one, the mock server's answers differ."""
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"org_id": ORG, **SEED, "technical_accounts": 0}), "utf-8")
    ran = run("verify", har, "--seed", seed, "--judge", "mock")
    assert ran.status == 1
    assert "header X-Total-Count" in ran.out


def test_settings_are_given(run: Run, tmp_path: Path) -> None:
    """A setting that explains a difference can be given, and is then no finding any more."""
    session = lively_session(Settings(deprecated_warnings=False))
    session.act([{"user": "rob@f.example", "do": [{"remove": {"product": ["Paint"]}}]}])
    path = tmp_path / "session.har"
    save(session.exchanges, path)
    assert "--setting deprecated_warnings=false" in run("verify", path).out
    assert "SHOULD" not in run("verify", path, "--setting", "deprecated_warnings=false").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--setting", "nonsense"), "'nonsense': write it as NAME=VALUE"),
        (("--setting", "no_such=1"), "no such setting"),
        (("--setting", "throttle=5"), "must be true or false, not 5"),
        (("--judge", "jury"), "'jury' is not one of"),
        (("--grade", "must"), "'must' is not one of"),
        (("--seed", "missing.json"), "missing.json"),
        (("--json", "/proc/no/such/place.json"), "give a path that can be written"),
    ],
)
def test_input_that_cannot_be_used(run: Run, har: Path, words: tuple[str, ...], told: str) -> None:
    """A mistake of the user is one line that says what to do, and exit status 2."""
    ran = run("verify", har, *words)
    assert ran.status == 2
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("umapi-harness: ")


def test_a_seed_of_another_organisation(run: Run, har: Path, tmp_path: Path) -> None:
    """A seed of an organisation that the recording does not know is refused with the ids that it does."""
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"org_id": "0@AdobeOrg"}), "utf-8")
    ran = run("verify", har, "--seed", seed)
    assert (ran.status, ran.err) == (
        2,
        f"umapi-harness: {seed}: /org_id: the recordings are of {ORG}; give the seed that id\n",
    )


def test_recordings_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    """A missing, broken or foreign file is one line with its name, and nothing is judged."""
    for name, text in (("missing.har", None), ("broken.har", '{"log": {"entries": ['), ("other.yml", "- a\n- b\n")):
        path = tmp_path / name
        if text is not None:
            path.write_text(text, "utf-8")
        ran = run("verify", CORPUS / "users.har", path)
        assert (ran.status, ran.out) == (2, "")
        assert str(path) in ran.err
        assert ran.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--junit", "--json", "--write-seed"])
def test_a_report_that_cannot_be_written_is_told_before_anything_is_judged(
    run: Run, har: Path, tmp_path: Path, option: str
) -> None:
    """Neither is the recording itself overwritten."""
    ran = run("verify", har, option, tmp_path / "none" / "x")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("no such file or directory; give a path that can be written\n")
    before = har.read_bytes()
    ran = run("verify", har, option, har)
    assert (ran.status, ran.out) == (2, "")
    assert f"{option} would overwrite a recording; give it a path of its own" in ran.err
    assert har.read_bytes() == before


def test_a_recording_of_other_services(run: Run, har: Path, tmp_path: Path) -> None:
    """A recording without a call of the API, of which all would be true, is refused with what was left out."""
    (one, *_) = lively_session().exchanges
    other = attrs.evolve(one, request=attrs.evolve(one.request, url="https://fonts.example/a?b=c"))
    path = tmp_path / "browser.har"
    save([other], path)
    empty = tmp_path / "empty.har"
    save([], empty)
    report = tmp_path / "report.json"
    ran = run("verify", har, path, "--json", report)
    told = "holds no exchange of the API; left out: 1, not the API's: fonts.example"
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"umapi-harness: {path}: {told}; give a recording with a request and its answer\n"
    ran = run("verify", empty)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"umapi-harness: {empty}: holds no exchange; give a recording with a request and its answer\n"
    assert not report.exists()

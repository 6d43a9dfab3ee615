"""Newman as the judge of what Postman does: `tox -e newman` installs it and runs each probe with both."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

import umapi_equivalence as equivalence
from umapi_harness.cli import main

HERE = Path(__file__).parent
MODULES = os.environ.get("NODE_PATH", "")
pytestmark = pytest.mark.skipif(
    not (MODULES and shutil.which("node") and (Path(MODULES) / "newman").is_dir()),
    reason="needs node, and newman in NODE_PATH: tox -e newman",
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[equivalence.Verdict]:
    """All probes, run by both."""
    jobs = equivalence.read_jobs(HERE / "probes")
    folder = tmp_path_factory.mktemp("equivalence")
    return equivalence.compare(jobs, *equivalence.run_both(jobs, folder, HERE / "judge.js", os.environ, main))


def test_nothing_differs_in_silence(verdicts: list[equivalence.Verdict]) -> None:
    """Each probe that ends otherwise than with Newman says how and why."""
    silent = [one for one in verdicts if one.state == "differs"]
    assert [f"{one.probe.area}: {one.probe.name}\n  {one.newman}\n  {one.ours}" for one in silent] == []


def test_what_is_said_to_differ_does(verdicts: list[equivalence.Verdict]) -> None:
    """No probe claims a difference that is not there any more."""
    same = [one.probe for one in verdicts if one.state == "same" and one.probe.differs]
    assert [f"{probe.area}: {probe.name}" for probe in same] == []


def test_there_are_many_and_nearly_all_are_the_same(verdicts: list[equivalence.Verdict]) -> None:
    """At least 250 probes, of which at least 97 in 100 end as with Newman, or stricter or better on purpose."""
    states = Counter(one.state for one in verdicts)
    assert len(verdicts) >= 250
    assert states["same"] + states["stricter"] + states["better"] >= 0.97 * len(verdicts)

"""The plugin in whole runs of pytest: what it loads, what it says of mistakes, and how its tests share a server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = """
    import sys

    def pytest_sessionfinish():
        loaded = {"starlette", "uvicorn", "httpx", "attrs", "umapi_models", "umapi_sdk", "umapi_harness.testing"}
        sys.stdout.write(f"heavy: {sorted(loaded & set(sys.modules))}\\n")
"""


def problems(finished: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of a run's output that stand for a failed setup, without the headings."""
    lines = finished.stdout.split("= ERRORS =")[-1].split("short test summary")[0].splitlines()
    return [line for line in lines if line and not line.startswith(("=", "_"))]


def test_nothing_heavy_is_loaded_by_a_project_without_the_fixtures(run_pytest: Run) -> None:
    """Collecting an empty project, or running one that uses no fixture, imports no part of server or client."""
    assert "heavy: []" in run_pytest({"conftest.py": HEAVY}, "--collect-only", "-q").stdout
    finished = run_pytest({"conftest.py": HEAVY, "test_plain.py": "def test_plain(): pass"}, "-q")
    assert "heavy: []" in finished.stdout
    assert "1 passed" in finished.stdout


def test_the_example_passes(run_pytest: Run) -> None:
    """The example that users copy passes as it is."""
    example = Path(__file__).parents[2] / "examples" / "test_onboarding.py"
    assert "1 passed" in run_pytest({example.name: example.read_text("utf-8")}, "-q").stdout


def test_what_the_documentation_shows_passes(run_pytest: Run) -> None:
    """The programs of docs/how-to/pytest.md pass, one after the other in one file."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "pytest.md").read_text("utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    finished = run_pytest({"test_page.py": "\n".join(programs)}, "-q")
    assert "4 passed" in finished.stdout, finished.stdout


UNUSED = """
    import pytest

    @pytest.mark.umapi(faults=[{"operation": "users", "status": 503, "nth": 7}])
    def test_never(umapi_org): pass

    @pytest.mark.umapi(faults=[{"operation": "users", "rate": 0.5}, {"operation": "status", "nth": 1}])
    def test_struck(umapi_server):
        with umapi_server.client() as client:
            assert client.get("/status").status_code == 503
"""
STRUCK_NOTHING = "planned fault /0, 503, struck no request, for no call of users came; correct or remove it"


def test_a_planned_fault_that_struck_nothing_is_told(run_pytest: Run) -> None:
    """A fault that strikes no call, and none by chance, is a warning at the end of its test; all others are not."""
    finished = run_pytest({"test_faults.py": UNUSED}, "-q")
    assert "2 passed, 1 warning" in finished.stdout, finished.stdout
    assert "test_faults.py::test_never" in finished.stdout
    assert f"UnusedFaultWarning: {STRUCK_NOTHING}" in finished.stdout


def test_a_project_can_have_such_tests_fail(run_pytest: Run) -> None:
    """With the filter that docs/how-to/pytest.md shows, the warning is an error of the test."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "pytest.md").read_text("utf-8")
    filters = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    finished = run_pytest({"test_faults.py": UNUSED, "filters.ini": filters[0]}, "-q", "-c", "filters.ini")
    assert "1 error in" in finished.stdout, finished.stdout
    assert STRUCK_NOTHING in finished.stdout


def test_the_fixtures_and_the_marker_are_listed(run_pytest: Run) -> None:
    """`pytest --fixtures` and `--markers` tell what there is."""
    fixtures = run_pytest({}, "--fixtures", "-q").stdout
    names = ("umapi_org", "umapi_server", "umapi_tls_server", "umapi_new_org", "umapi_replay")
    assert all(name in fixtures for name in names)
    assert "@pytest.mark.umapi(profile='documented'" in run_pytest({}, "--markers").stdout


def test_without_the_extra_one_line_names_it(run_pytest: Run) -> None:
    """A fixture that is asked for where the extra is not installed fails with the command to install it."""
    finished = run_pytest(
        {
            "conftest.py": """
                import sys

                sys.modules["starlette"] = None
            """,
            "test_it.py": "def test_it(umapi_server): pass\ndef test_other(umapi_org): pass",
        },
        "-q",
    )
    line = (
        "the umapi fixtures need the extra harness (starlette is not installed): "
        "python -m pip install 'umapi-sdk[harness]'"
    )
    assert problems(finished) == [line, line]
    assert "2 errors" in finished.stdout


def test_a_mistake_in_the_marker_is_one_line(run_pytest: Run) -> None:
    """Wrong arguments of the marker fail the test with one line that names test, argument and remedy."""
    mistakes = {
        "profile='lively'": "profile: 'lively' is none of documented, live; choose one",
        "'live'": "'live' has no name; give profile=, settings=, faults= or seed=",
        "profil='live'": "no argument profil; known are profile, settings, faults and seed",
        "settings={'throttel': True}": "settings: /throttel: no such setting; is throttle meant?",
        "settings=['throttle']": "settings: ['throttle'] is not a dictionary; give the settings to change",
        "settings={'throttle': 1}": "settings: /throttle: must be true or false, not 1",
        "faults=[{'operation': 'axtion'}]": "faults: /0/operation: ",
        "seed='none.json'": "none.json: cannot be read (No such file or directory); give ",
        "seed='broken.json'": "broken.json: not JSON (",
        "seed=7": "seed: 7 is no seed; give default, empty, a path or a dictionary",
        "seed={'usres': []}": "seed: /: Additional properties are not allowed",
    }
    tests = [
        f"@pytest.mark.umapi({arguments})\ndef test_{number}(umapi_org): pass\n"
        for number, arguments in enumerate(mistakes)
    ]
    finished = run_pytest({"test_it.py": "import pytest\n" + "".join(tests), "broken.json": "{"}, "-q")
    lines = problems(finished)
    assert len(lines) == len(mistakes), finished.stdout
    for number, (line, problem) in enumerate(zip(lines, mistakes.values(), strict=True)):
        assert line.startswith(f"test_it.py::test_{number}: @pytest.mark.umapi: ")
        assert problem in line


def test_workers_of_xdist_do_not_meet(run_pytest: Run) -> None:
    """Tests that change equal users and groups at the same time, in several workers, never see each other."""
    finished = run_pytest(
        {
            "test_many.py": """
                import pytest

                @pytest.mark.umapi(seed="empty")
                @pytest.mark.parametrize("number", range(40))
                def test_one(umapi_server, umapi_org, number):
                    umapi_org.claim_domain("example.com")
                    umapi_org.add_group("Team")
                    person = {"email": "a@example.com", "firstname": "A", "lastname": "B", "country": "DE"}
                    steps = [{"createFederatedID": person}, {"add": {"group": ["Team"]}}]
                    command = {"user": "a@example.com", "do": steps}
                    with umapi_server.client() as client:
                        answer = client.post(f"/v2/usermanagement/action/{umapi_org.org_id}", json=[command])
                    assert answer.json()["completed"] == 1, answer.text
                    assert umapi_org.group("Team").members == ("a@example.com",)
                    assert len(umapi_org.users) == len(umapi_org.requests()) == 1
            """
        },
        *("-q", "-p", "xdist", "-n", "2"),
    )
    assert "40 passed" in finished.stdout, finished.stdout

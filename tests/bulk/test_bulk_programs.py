"""Programs that are asked to end, and programs whose disk is full: the run can be resumed, and nothing more is sent."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from bulk_kit import Site, people, rows_of_every_kind
from judging_kit import assert_true
from program_kit import serving_people, start

from umapi_harness.mock.serving.server import RunningServer
from umapi_harness.mock.state.exports import export_seed
from umapi_sdk import BulkRun

NEW, OLD = 60, 40


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """What the rows leave if nothing happens."""
    site = Site(tmp_path_factory.mktemp("quiet") / "run", people(OLD))
    site.run(rows_of_every_kind(NEW, OLD))
    site.close()
    return site


def create(server: RunningServer, journal: Path) -> None:
    """Make the run."""
    details = server.details
    rows = rows_of_every_kind(NEW, OLD)
    BulkRun.create(journal, rows, org_id=details.org_id, endpoint=details.api_url).close()


def finish(server: RunningServer, journal: Path, folder: Path, quiet: Site) -> None:
    """Let another program go on, and hold what it leaves against the quiet run."""
    program = start(server, journal, folder)
    output, complaints = program.communicate()
    assert (program.returncode, complaints) == (0, ""), output
    assert export_seed(server.world.organization()) == quiet.state()
    with BulkRun.open(journal) as run, BulkRun.open(quiet.journal) as other:
        assert_true(list(run.results()), list(other.results()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_a_run_so_that_it_can_be_resumed(
    quiet: Site, tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C, a supervisor and a dropped terminal end the run after the request under way; another goes on."""
    with serving_people(OLD) as server:
        create(server, tmp_path / "run")
        began = threading.Event()
        organization = server.world.organization()
        add_user = organization.add_user

        def add_and_signal(**fields: Any) -> Any:
            monkeypatch.undo()
            began.wait()
            program.send_signal(number)
            return add_user(**fields)

        monkeypatch.setattr(organization, "add_user", add_and_signal)
        program = start(server, tmp_path / "run", tmp_path)
        began.set()
        output, complaints = program.communicate()
        assert (program.returncode, complaints) == (75, ""), output
        assert output == "Resume the run: it goes on where it ended.\n"
        finish(server, tmp_path / "run", tmp_path, quiet)


@pytest.mark.parametrize("room", [0, 5000])
def test_a_full_disk_ends_a_run_before_the_next_request(quiet: Site, tmp_path: Path, room: int) -> None:
    """Where the journal cannot grow the program says so in one line, sends nothing more, and another goes on."""
    with serving_people(OLD) as server:
        create(server, tmp_path / "run")
        size = (tmp_path / "run").stat().st_size
        program = start(server, tmp_path / "run", tmp_path, size + room)
        output, complaints = program.communicate()
        assert (program.returncode, complaints) == (75, ""), output
        said = f"journal {tmp_path / 'run'}: cannot be written, and nothing more is sent: "
        assert output.startswith(said)
        assert output.count("\n") == 1
        finish(server, tmp_path / "run", tmp_path, quiet)

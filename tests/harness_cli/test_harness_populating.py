"""`umapi-harness seed` and `export`: seeds made up, and seeds taken from a server that runs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import export_seed
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.mock.state.seed_files import read_seeds

if TYPE_CHECKING:
    from tests.harness_cli.conftest import Run


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server with the default organisation and one more."""
    with running_server() as running:
        yield running


def test_made_up_people_are_the_same_each_time(run: Run) -> None:
    """The random seed alone decides who is there."""
    words = ("seed", "--users", "30", "--groups", "4", "--random-seed")
    first = run(*words, "1")
    assert first.status == 0
    assert first.out == run(*words, "1").out != run(*words, "2").out
    document = json.loads(first.out)
    assert (len(document["users"]), len(document["user_groups"])) == (30, 4)


def test_what_is_made_up_can_be_served(run: Run, tmp_path: Path) -> None:
    """JSON and CSV, by option or by the file's name, are seeds."""
    for name, options in (("a.json", ()), ("b.csv", ()), ("c.csv", ("--format", "csv")), ("d.json", ())):
        path = tmp_path / name
        assert run("seed", "--users", "20", "--groups", "3", *options, "-o", path).status == 0
        (seed,) = read_seeds([path])
        assert len(seed.organization.users) == 20
    text = run("seed", "--users", "20", "--groups", "3", "--format", "csv").out
    assert text == (tmp_path / "b.csv").read_text(encoding="utf-8")
    assert len(list(csv.DictReader(text.splitlines()))) == 20
    assert json.loads(run("seed", "--users", "0", "--groups", "0").out)["users"] == []


def test_export_is_the_present_state(run: Run, server: RunningServer, tmp_path: Path) -> None:
    """What a server holds is written as a seed, whole as JSON, its accounts as CSV."""
    state = export_seed(server.world.organization())
    assert json.loads(run("export", "--url", server.url).out) == state
    path = tmp_path / "state.json"
    path.write_text("old", encoding="utf-8")
    assert run("export", "--url", server.url, "--ids", "-o", path).status == 2
    assert path.read_text(encoding="utf-8") == "old"
    assert run("export", "--url", server.url, "--ids", "--overwrite", "-o", path).status == 0
    assert json.loads(path.read_text(encoding="utf-8")) == export_seed(server.world.organization(), ids=True)
    (seed,) = read_seeds([path])
    assert export_seed(seed.organization) == state
    rows = list(csv.DictReader(run("export", "--url", server.url, "--format", "csv").out.splitlines()))
    accounts = [*state["users"], *state["technical_accounts"]]
    assert [row["email"] for row in rows] == [account["email"] for account in accounts]
    assert list(tmp_path.iterdir()) == [path]


def test_export_finds_the_server_of_the_environment(
    run: Run, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that serve and exec set are enough, over TLS too."""
    monkeypatch.setenv("UMAPI_IMS_URL", server.url)
    assert json.loads(run("export").out)["org_id"] == server.details.org_id
    with running_server(tls=True) as secure:
        monkeypatch.setenv("UMAPI_IMS_URL", secure.url)
        monkeypatch.setenv("UMAPI_CA_BUNDLE", str(secure.details.ca_cert))
        assert json.loads(run("export").out)["org_id"] == secure.details.org_id


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seed", "--users", "-1"], "-1 is not in the range"),
        (["seed", "--format", "xml"], "'xml' is not one of 'json', 'csv'"),
        (
            ["seed", "-o", "{tmp}/no/such/folder.json"],
            "folder.json: no such file or directory; give a path",
        ),
        (["export"], "Missing option '--url'"),
        (["export", "--url", "nowhere"], "--url: 'nowhere' is no address: give http://"),
        (["export", "--url", "http://127.0.0.1:9"], "http://127.0.0.1:9: cannot be reached ("),
        (["export", "--url", "{url}", "--org-id", "1@AdobeOrg"], "org_id: no organisation 1@AdobeOrg; known are"),
        (["export", "--url", "{bare}"], "no mock server with an admin interface; correct --url, or serve --admin"),
        (["export", "--url", "https://127.0.0.1:9", "--ca-bundle", "{tmp}/none.pem"], "none.pem: no such file"),
    ],
)
def test_bad_input_is_one_line(run: Run, server: RunningServer, tmp_path: Path, words: list[str], message: str) -> None:
    """What cannot be made, reached or written is one line with status 2, and no file is left."""
    with running_server(admin=False) as bare:
        values: dict[str, Any] = {"tmp": tmp_path, "url": server.url, "bare": bare.url}
        ran = run(*(word.format(**values) for word in words))
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []

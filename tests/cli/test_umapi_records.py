"""Tables, JSON and JSON Lines of `umapi`: what fits a terminal, and what programs get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_command import Result
from umapi_harness.mock import build_seed, default_seed
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.command_line.records import json_text, table_lines

Umapi = Callable[..., Result]

EVIL = "\x1b]0;owned\x07\x9b2J\u202eevil\u2028\x7f\U000e0001\ud800"


def is_text(letter: str) -> bool:
    """Whether a letter is shown, and does nothing else."""
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def columns(line: str) -> int:
    """How many columns of a terminal a line of the letters below takes."""
    return sum(2 if letter == "花" else letter not in "\u0301\u200d" for letter in line)


def rename(server: RunningServer, name: str) -> None:
    """Give a user of the organisation a first name."""
    organization = server.world.organization()
    user = organization.find_user("jdoe@example.com")
    assert user is not None
    organization.name_user(user, firstname=name)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_has_every_field(umapi: Umapi, server: RunningServer, form: str) -> None:
    """JSON has all fields, those too that the schema does not know, in one array or one object on each line."""
    page = {
        "result": "success",
        "lastPage": True,
        "users": [
            {
                "email": f"a{number}@example.com",
                "username": f"a{number}@example.com",
                "status": "active",
                "domain": "example.com",
                "type": "federatedID",
                "groups": ["DevOps"],
                "shoeSize": {"eu": 42.5},
            }
            for number in range(2)
        ],
    }
    server.world.faults.add(Fault(operation="users", status=200, body=json.dumps(page)))
    result = umapi("users", "--format", form)
    assert result.status == 0
    entries = json.loads(result.out) if form == "json" else [json.loads(line) for line in result.lines]
    assert entries == page["users"]


def test_json_of_one_user_and_of_nobody(umapi: Umapi, server: RunningServer) -> None:
    """`user --format json` is one object, and an organisation without users an empty array."""
    assert json.loads(umapi("user", "jdoe@example.com", "--format", "json").out)["username"] == "jdoe@example.com"
    nobody = json.dumps({"result": "success", "lastPage": True, "users": []})
    server.world.faults.add(Fault(operation="users", status=200, body=nobody))
    assert json.loads(umapi("users", "--format", "json").out) == []
    server.world.faults.add(Fault(operation="users", status=200, body=nobody))
    assert umapi("users").out == "EMAIL  TYPE  STATUS  NAME\n"


@pytest.mark.parametrize(
    "command",
    ["users", "user jdoe@example.com", *(f"users --format {form}" for form in ("json", "jsonl", "csv"))],
)
def test_nothing_moves_the_cursor(umapi: Umapi, server: RunningServer, command: str) -> None:
    """What the service sends is text and nothing else, whatever the format."""
    rename(server, EVIL)
    result = umapi(*command.split())
    assert result.status == 0
    assert [
        letter for letter in result.out if letter != "\n" and not (letter.isprintable() or letter in EVIL[-1:])
    ] == []


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_loses_nothing(data: Any) -> None:
    """However JSON is escaped for terminals, it is the same data, and no letter of it is an instruction."""
    text = json_text(data)
    assert json.loads(text) == data
    assert all(map(is_text, text))


WORDS = st.text("ab花ß\u0301\u200d\x1b", max_size=90)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=8), st.integers(24, 120))
def test_tables_fit(rows: list[tuple[str, str, str]], width: int) -> None:
    """No line of a table is longer than the terminal is wide, whatever letters are in it."""
    lines = list(table_lines(["one", "two", "three"], rows, width))
    assert len(lines) == len(rows) + 1
    assert all(columns(line) <= width and all(map(is_text, line)) for line in lines)


def test_columns_give_way_alike() -> None:
    """Where a table is too wide, only the widest columns are cut, all to the same width, with a mark at the end."""
    rows = [("a" * 40, "b" * 40, "c" * 5)]
    assert list(table_lines(["x", "y", "z"], rows, 29)) == [
        "x           y           z",
        f"{'a' * 9}~  {'b' * 9}~  ccccc",
    ]
    assert list(table_lines(["x", "y", "z"], rows, None))[1] == "  ".join(rows[0])


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
@pytest.mark.usefixtures("server")
def test_on_a_terminal() -> None:
    """On a terminal, a table takes no more columns than it has."""
    import pty  # noqa: PLC0415 - not on Windows

    controller, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "umapi_sdk", "users"],
        env=environment,
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    written = b""
    with suppress(OSError):
        while part := os.read(controller, 65536):
            written += part
    os.close(controller)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = written.decode().splitlines()
    assert len(lines) == 14
    assert max(map(len, lines)) <= 40
    assert any("~" in line for line in lines)


def test_an_output_that_nobody_reads(server: RunningServer) -> None:
    """Where whoever reads ends first, as in `umapi users | head -1`, nothing is said of it."""
    user = {"type": "federatedID", "firstname": "A" * 200, "lastname": "B", "country": "US"}
    seed = default_seed()
    seed["users"] += [{**user, "email": f"u{number}@example.com"} for number in range(1200)]
    server.world.put(build_seed(seed))
    for form in ("table", "json", "csv"):
        process = subprocess.Popen(
            [sys.executable, "-m", "umapi_sdk", "users", "--format", form],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(30) == 141


def test_json_where_the_output_lacks_letters(server: RunningServer) -> None:
    """Whatever the encoding of the output, JSON is JSON."""
    rename(server, "Jos\u00e9 \u5c71 \U0001f600")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "umapi_sdk", "user", "jdoe@example.com", "--format", "json"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout)["firstname"] == "Jos\u00e9 \u5c71 \U0001f600"

"""What is no whole recording, put before each command that reads one: one line, status 2, nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, load, save

Run = Callable[..., Any]

COMMANDS = {
    "verify": "verify {file} --json {out}",
    "replay": "replay {file} --ready-file {out}",
    "redact": "redact {file} {out}",
    "redact --salvage": "redact --salvage {file} {out}",
    "redact --check": "redact --check {file}",
    "diff before": "diff {file} {good} --json {out}",
    "diff after": "diff {good} {file} --json {out}",
}


def _exchange(number: int) -> Exchange:
    url = f"https://usermanagement.adobe.io/v2/usermanagement/users/7@AdobeOrg/{number}"
    request = RecordedRequest(method="GET", url=url)
    response = RecordedResponse(status=200, body=b'{"lastPage": true, "result": "success", "users": []}')
    return Exchange(name=str(number), where="", request=request, response=response)


def _cut(data: bytes) -> bytes:
    return data[: data.index(b"AdobeOrg/17")]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (_cut, "#/log/entries/17: the file ends in the middle"),
    "cp1252": (lambda data: data.replace(b"AdobeOrg/17", b"\xfc"), "#/log/entries/17: byte "),
    "NUL": (lambda data: data.replace(b"AdobeOrg/17", b"\0"), "#/log/entries/17: line "),
    "twice": (
        lambda data: data.replace(b'"time"', b'"request": {}, "time"', 1),
        "#/log/entries/0: the member 'request'",
    ),
    "an open entry": (lambda _: b'{"log": {"entries": [{}', '#/log/entries/0: "request" is a required property'),
    "an object": (lambda _: b'{"log": {"entries": {}}}', "#/log/entries: is no array"),
    "nesting": (
        lambda _: b'{"log": {"entries": [' + b'{"a":' * 50_000,
        "#/log/entries/0: is nested more than 100 deep",
    ),
    "an infinite number": (
        lambda data: data.replace(b'"time": 0', b'"time": 1e999', 1),
        "#/log/entries/0: a number has more digits",
    ),
    "an object of YAML": (
        lambda _: b"interactions:\n- !!python/object/apply:os.abort []\n",
        "#/interactions/0: line 2: the tag",
    ),
    "packed": (lambda _: b"\x1f\x8b\x08\x00", ": is packed with gzip"),
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A recording of twenty exchanges."""
    path = tmp_path / "good.har"
    save((_exchange(number) for number in range(20)), path)
    return path


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_command_refuses_what_is_broken(run: Run, good: Path, damage: str) -> None:
    """A broken recording ends each command with one line that names file and entry, and leaves no file."""
    change, message = DAMAGES[damage]
    file, out = good.with_name("broken.har"), good.with_name("out")
    file.write_bytes(change(good.read_bytes()))
    for name, words in COMMANDS.items():
        if (damage, name) == ("cut off", "redact --salvage"):
            continue
        ran = run(*words.format(file=file, good=good, out=out).split())
        lines = [line for line in ran.err.splitlines() if "is whole" not in line]
        assert (ran.status, ran.out, len(lines)) == (2, "", 1), (name, ran)
        assert lines[0].startswith(f"umapi-harness: {file}{message}"), name
        assert sorted(one.name for one in good.parent.iterdir()) == ["broken.har", "good.har"], name


def test_what_is_cut_off_is_salvaged_as_the_message_says(run: Run, good: Path) -> None:
    """The command that a refusal names keeps each entry before the cut, and says where it is and what is lost."""
    file, out = good.with_name("cut off.har"), good.with_name("NEW.har")
    file.write_bytes(_cut(good.read_bytes()))
    refused = run("verify", file)
    assert f"umapi-harness redact --salvage '{file}' NEW.har keeps all up to it" in refused.err
    ran = run("redact", "--salvage", "--no-pseudonyms", file, out)
    assert (ran.status, ran.err.splitlines()) == (
        0,
        [
            f"umapi-harness: 17 exchanges written to {out}",
            f"umapi-harness: {file}#/log/entries/17: the file ends in the middle: all up to #/log/entries/16 is kept, "
            "the rest is lost",
        ],
    )
    assert [one.request.url for one in load(out).exchanges] == [_exchange(number).request.url for number in range(17)]
    whole = run("redact", "--salvage", "--overwrite", good, out)
    assert (whole.status, "is whole, so nothing is lost" in whole.err) == (0, True)


def test_without_one_whole_exchange_there_is_nothing_to_salvage(run: Run, good: Path) -> None:
    """A file that is cut off in its first entry, or behind entries without an answer, gives no recording."""
    file, out = good.with_name("broken.har"), good.with_name("out")
    request = '"request": {"method": "GET", "url": "http://h/"}'
    for text in (f'{{"log": {{"entries": [{{{request}', f'{{"log": {{"entries": [{{{request}}}'):
        file.write_text(text, encoding="utf-8")
        ran = run("redact", "--salvage", file, out)
        assert (ran.status, out.exists()) == (2, False)
        assert ran.err.splitlines()[-1].startswith(f"umapi-harness: {file}")
    assert run("redact", "--salvage", "--check", good).status == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_waits_for_a_pipe_or_device(name: str, good: Path) -> None:
    """A named pipe, which nobody may ever write to, a device and a directory are refused and not waited for."""
    pipe, out = good.with_name("pipe"), good.with_name("out")
    os.mkfifo(pipe)
    for file, message in ((pipe, "is a pipe or device"), (Path("/dev/zero"), "is a pipe or device"), (good.parent, "")):
        words = COMMANDS[name].format(file=file, good=good, out=out).split()
        command = [sys.executable, "-m", "umapi_harness", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert str(file) in done.stderr
        assert message in done.stderr
        assert not out.exists()


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="no /dev/stdin on this system")
@pytest.mark.parametrize("name", ["verify", "redact", "redact --check", "diff before"])
def test_a_pipe_of_the_shell(name: str, good: Path) -> None:
    """What another program writes is read by a command that reads once; the others say that they read twice."""
    words = COMMANDS[name].format(file="/dev/stdin", good=good, out=good.with_name("out")).split()
    command = [sys.executable, "-m", "umapi_harness", *words]
    done = subprocess.run(command, input=good.read_bytes(), capture_output=True, timeout=60, check=False)
    if name == "verify":
        assert (b"20 exchanges of the API" in done.stdout, done.stderr) == (True, b"")
    else:
        assert done.returncode == 2
        assert done.stderr.startswith(b"umapi-harness: /dev/stdin: is a pipe or device, and must be read twice; save")

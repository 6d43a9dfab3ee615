"""Limits: files of any size are read in little memory, hostile ones are refused, and none is left half-written."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from umapi_harness.contract.recordings import Exchange, Limits, RecordingError, load, open_recording, read, save

SMALL = Limits(body_bytes=1000)
MEBIBYTE = 1024 * 1024


def _har(content: str, *, more: str = "") -> str:
    request = '{"method": "GET", "url": "https://h/"}'
    entry = f'{{"request": {request}, "response": {{"status": 200, "content": {content}{more}}}}}'
    return f'{{"log": {{"version": "1.2", "entries": [{entry}]}}}}'


def _refusal(text: str, limits: Limits = SMALL) -> str:
    with pytest.raises(RecordingError) as caught:
        read(text, "f", limits=limits)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_body_past_the_limit_is_refused_with_its_place() -> None:
    """The limit is of one body, and the message says which one and what to do."""
    place = "f#/log/entries/0/response/content/text"
    assert read(_har(json.dumps({"text": "x" * 1000})), "f", limits=SMALL).exchanges
    refusal = _refusal(_har(json.dumps({"text": "x" * 1001})))
    assert refusal.startswith(f"{place}: holds more than bodies of 1,000 bytes need; raise the limit (--max-body)")


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_in_a_body_is_refused_before_it_goes_off(layers: int) -> None:
    """A few kilobytes of gzip that stand for a gigabyte are never unpacked past the limit."""
    bomb = gzip.compress(b"\0" * (64 * MEBIBYTE))
    if layers == 2:
        bomb = gzip.compress(bomb)
    text = base64.b64encode(bomb).decode()
    headers = json.dumps([{"name": "Content-Encoding", "value": ", ".join(["gzip"] * layers)}])
    har = _har(json.dumps({"text": text, "encoding": "base64"}), more=f', "headers": {headers}')
    limits = Limits(body_bytes=MEBIBYTE)
    assert _refusal(har, limits).startswith("f#/log/entries/0/response/content/text: holds more than bodies of")
    cassette = (
        "interactions:\n- request: {method: GET, uri: 'http://h/'}\n  response: {status: 200, headers: "
        f"{{content-encoding: '{', '.join(['gzip'] * layers)}'}}, body: {{string: !!binary {text}}}}}\n"
    )
    assert _refusal(cassette, limits).startswith("f#/interactions/0: holds more than bodies of")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_past_the_limit_is_refused(opening: str) -> None:
    """Depth costs no stack, in either notation."""
    assert "is nested more than 100 deep" in _refusal(_har(opening * 10_000))
    yaml = "interactions:\n- request: " + opening.replace('"', "").replace(":", ": ") * 3_000
    assert "is nested more than 100 deep" in _refusal(yaml)


@pytest.mark.parametrize("digits", [5_000, 1_000_000])
def test_a_number_of_many_digits_is_refused(digits: int) -> None:
    """Python converts no such number, and the message says that it is one."""
    number = "9" * digits
    har = _har('{"text": "x"}', more=f', "bodySize": {number}')
    assert _refusal(har, Limits()).startswith("f#/log/entries/0: a number has more digits than can be read")
    yaml = f"interactions:\n- request: {{method: GET, uri: 'http://h/'}}\n  response: {{status: {number}}}\n"
    assert _refusal(yaml, Limits()).startswith("f#/interactions/0: line 3: a number has more digits than can be read")


def test_a_number_of_many_digits_in_a_body_is_the_bodys_affair() -> None:
    """A body is text to the reader; that it cannot be used as JSON is said by whoever asks for that."""
    (exchange,) = read(_har(json.dumps({"text": "9" * 5_000})), "f").exchanges
    with pytest.raises(ValueError, match="Exceeds the limit"):
        exchange.response.json()


class _Endless(io.RawIOBase):
    """A file without end that begins as a recording."""

    def __init__(self, head: bytes, rest: bytes) -> None:
        self._head, self._rest = head, rest
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = (self._head + self._rest * (len(buffer) // len(self._rest) + 1))[: len(buffer)]
        self._head = b""
        buffer[: len(data)] = data
        self.given += len(data)
        return len(data)


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b'{"log": {"entries": [{"a": "', b"x"),
        (b'{"log": {"entries": [{"a": ', b"9"),
        (b'{"log": {"entries": [{"a": [', b"[],"),
        (b'{"log": {"entries": [{"a": ', b" "),
        (b'{"log": {"comment": "', b"x"),
        (b"interactions:\n- a: '", b"x"),
        (b"interactions:\n- a: [", b"b, "),
        (b"interactions:\n- a: ", b"&a [b, "),
        (b"# ", b"x"),
    ],
)
def test_one_value_without_end_is_given_up_at_the_limit(head: bytes, rest: bytes) -> None:
    """Whatever a file goes on with, no more of it is read than an entry may be long."""
    from umapi_harness.contract.formats import reading  # noqa: PLC0415

    endless = _Endless(head, rest)
    with pytest.raises(RecordingError, match=r"^f\S*:.* (holds more than bodies of|is nested more than 100 deep)"):
        list(reading.exchanges(io.BufferedReader(endless), "f", SMALL, lambda _: None))
    assert endless.given < MEBIBYTE


_MEASURE = """
    import itertools, resource, sys
    from pathlib import Path
    from umapi_harness.contract.recordings import open_recording, save

    path, copy = Path(sys.argv[1]), Path(sys.argv[1] + ".copy")
    save(itertools.islice(open_recording(path), 1), copy)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    number = sum(1 for _ in open_recording(path))
    save(itertools.islice(open_recording(path), 40), copy)  # eight megabytes
    print(number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts in kibibytes on Linux only")
@pytest.mark.parametrize("kind", ["har", "json", "yaml"])
def test_a_large_file_is_read_and_written_in_little_memory(kind: str, tmp_path: Path) -> None:
    """One exchange is held at a time: neither sixty megabytes read nor eight written need as much as that."""
    body = json.dumps({"users": [{"email": f"user{n}@example.com", "firstname": "é"} for n in range(3_000)]})
    path = tmp_path / f"large.{kind}"
    count = 60 * MEBIBYTE // len(body)
    with path.open("w", encoding="utf-8") as file:
        if kind == "har":
            entry = json.dumps(json.loads(_har(json.dumps({"text": body})))["log"]["entries"][0])
            file.write('{"log": {"version": "1.2", "entries": [' + ",".join([entry] * count) + "]}}")
        else:
            response = {"status": {"code": 200}, "body": {"string": body}}
            item = json.dumps({"request": {"method": "GET", "uri": "https://h/"}, "response": response})
            start, end = ('{"interactions": [', "]}") if kind == "json" else ("interactions:\n- ", "\n")
            file.write(start + ("," if kind == "json" else "\n- ").join([item] * count) + end)
    words = [sys.executable, "-c", textwrap.dedent(_MEASURE), str(path)]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    number, kibibytes = map(int, ran.stdout.split())
    assert number == count
    assert kibibytes < 6 * 1024


def _some(count: int) -> Iterator[Exchange]:
    (one,) = read(_har(json.dumps({"text": "x" * 900})), "f").exchanges
    return (attrs.evolve(one, name=str(number)) for number in range(count))


_FULL = """
    import resource, sys
    from pathlib import Path
    from umapi_harness.contract.recordings import RecordingError, open_recording, save

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # a write past this fails as on a full disk
    try:
        save(open_recording(Path(sys.argv[1])), Path(sys.argv[2]))
    except RecordingError as error:
        sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_what_was_there_and_says_so(tmp_path: Path) -> None:
    """A file that cannot be completed is not begun: the old one stays, and no part lies beside it."""
    source, target = tmp_path / "source.har", tmp_path / "target.har"
    save(_some(100), source)
    save(_some(1), target)
    old = target.read_bytes()
    words = [sys.executable, "-c", textwrap.dedent(_FULL), str(source), str(target)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.stderr.startswith(f"{target}: cannot be written: File too large; choose another place")
    assert ran.returncode == 1
    assert target.read_bytes() == old
    assert sorted(one.name for one in tmp_path.iterdir()) == ["source.har", "target.har"]


def test_a_source_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    """When the exchanges end in an error, nothing of those before it is kept."""
    broken = tmp_path / "broken.har"
    broken.write_text(_har('{"text": "x"}').removesuffix("]}}") + ", {", encoding="utf-8")
    with pytest.raises(RecordingError, match=r"broken\.har#/log/entries/1: the file ends in the middle; "):
        save(open_recording(broken), tmp_path / "target.har")
    assert [one.name for one in tmp_path.iterdir()] == ["broken.har"]


def test_a_recording_can_replace_itself(tmp_path: Path) -> None:
    """A file is read while it is written anew, and has its name only afterwards."""
    path = tmp_path / "f.har"
    save(_some(50), path)
    before = path.read_bytes()
    assert save(open_recording(path), path) == 50
    assert len(load(path).exchanges) == 50
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_recording_is_for_its_owner(tmp_path: Path) -> None:
    """What a live organisation said is personal data: others cannot read the file."""
    save(_some(1), tmp_path / "f.har")
    assert (tmp_path / "f.har").stat().st_mode & 0o077 == 0

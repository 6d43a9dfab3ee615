"""Broken recordings: what is cut off, damaged or ambiguous is refused with the file and the entry where it begins."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract.recordings import CutOffError, Exchange, RecordingError, open_recording, read

ENTRY = {
    "request": {"method": "GET", "url": "https://h/"},
    "response": {"status": 200, "content": {"text": "Zürich 中文"}},
}
COUNT = 20


def _har(count: int = COUNT) -> str:
    entries = [{**ENTRY, "comment": str(number)} for number in range(count)]
    return json.dumps({"log": {"version": "1.2", "entries": entries}}, ensure_ascii=False)


def _refusal(data: str | bytes) -> str:
    with pytest.raises(RecordingError) as caught:
        read(data, "f.har")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _before(path: Path) -> tuple[list[Exchange], CutOffError]:
    found: list[Exchange] = []
    with pytest.raises(CutOffError) as caught:
        found.extend(open_recording(path))
    return found, caught.value


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a file."""
    return tmp_path_factory.mktemp("broken") / "f.har"


ENDS = [len(_har(number)) - len("]}}") for number in range(1, COUNT + 1)]
"""Where each entry ends, in characters."""


@given(st.integers(ENDS[0], ENDS[-1]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.integers(0, 5))
def test_whatever_the_cut_each_entry_before_it_is_read(path: Path, cut: int, encoding: str, inside: int) -> None:
    """A file that is cut off gives every entry that is whole, also where half a character is left, and says so."""
    path.write_bytes(_har()[:cut].encode(encoding) + "中".encode(encoding.removesuffix("-sig"))[-3:][: inside % 3])
    whole = sum(end <= cut for end in ENDS)
    with pytest.raises(RecordingError) as caught:
        read(path.read_bytes(), str(path))
    if inside % 3 == 0:
        found, error = _before(path)
        assert [one.source for one in found] == [str(number) for number in range(whole)]
        assert str(error) == str(caught.value)
        assert str(error) == (
            f"{path}#/log/entries/{whole}: the file ends in the middle; #/log/entries/{whole - 1} is the last whole "
            f"entry: umapi-harness redact --salvage {path} NEW.har keeps all up to it"
        )


def test_half_a_character_is_a_cut() -> None:
    """A file that is cut off inside a character is cut off, and not one of another encoding."""
    for data in (_har().encode(), _har().encode("utf-16"), _har().encode("utf-16-le")):
        place = data.rindex("中".encode("utf-8" if b"\0" not in data else "utf-16-le"))
        assert _refusal(data[: place + 1]).startswith("f.har#/log/entries/19: the file ends in the middle; #/log")


def test_a_file_that_power_loss_left_with_nothing_behind_is_cut_off() -> None:
    """NUL bytes up to the end, as file systems leave them, are no part of the file; elsewhere they are refused."""
    data = _har().encode()
    place = data.index(b'"comment": "17"')
    assert "f.har#/log/entries/17: the file ends in the middle" in _refusal(data[:place] + b"\0" * 200_000)
    assert _refusal(data[:place] + b"\0" + data[place:]).startswith("f.har#/log/entries/17: line 1, column ")
    assert len(read(data + b"\0" * 200_000, "f.har").exchanges) == COUNT


def test_a_byte_that_the_encoding_has_not_is_placed() -> None:
    """Bytes of cp1252 are refused with the entry they stand in and their offset, not with where reading had got to."""
    data = _har().replace("中文", "").encode()
    place = data.index("ü".encode(), data.index(b'"comment": "16"'))
    damaged = data[:place] + "ü".encode("cp1252") + data[place + 2 :]
    assert _refusal(damaged) == f"f.har#/log/entries/17: byte {place} is not UTF-8; save the recording as UTF-8"


def test_damage_in_the_middle_is_placed() -> None:
    """Text that is no JSON is named by its entry as well as by line and column."""
    damaged = _har().replace('"comment": "7"', '"comment": 7x')
    assert _refusal(damaged).startswith("f.har#/log/entries/7: line 1, column ")


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"{}", mtime=0), bz2.compress(b"{}"), b"PK\x03\x04rest"], ids=["gzip", "bzip2", "zip"]
)
def test_a_packed_file_is_told(packed: bytes) -> None:
    """A file that is packed is no matter of encodings: the remedy is to unpack it."""
    assert _refusal(packed).endswith("; unpack it first")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            _har(1).replace('"method"', '"method": "PUT", "method"'),
            "f.har#/log/entries/0: the member 'method' is there",
        ),
        (_har(1).replace('"entries"', '"entries": [], "entries"'), "f.har#/log/entries: the member 'entries' is there"),
        (_har(1).replace('"log"', '"log": {"entries": []}, "log"'), "f.har: the member 'log' is there twice; leave"),
        (
            "interactions:\n- request: {method: GET, method: PUT, uri: 'http://h/'}\n",
            "f.har#/interactions/0: line 2: the member 'method' is there twice; leave one of them",
        ),
        (
            "interactions: []\nb: 5\ninteractions: []\n",
            "f.har: line 3: the member 'interactions' is there twice; leave",
        ),
        ("{" + ", ".join(f'"{number}": 0' for number in range(2000)) + "}", "f.har: holds more than 1000 members"),
    ],
)
def test_a_name_that_comes_twice_is_refused(text: str, message: str) -> None:
    """Of two members of one name, one would be hidden from whoever looks for secrets."""
    assert _refusal(text).startswith(message)

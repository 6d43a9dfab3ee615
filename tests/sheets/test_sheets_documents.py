"""JSON arrays and JSON Lines of commands, read entry by entry, and what is told of those that are no commands."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umapi_samples import all_samples
from umapi_sdk.batches import commands_of, write_command
from umapi_sdk.sheets import SheetError, open_sheet
from umapi_sdk.sheets.documents import read_array
from umapi_sdk.sheets.texts import Text

SAMPLES = [sample for sample in all_samples() if sample.file == "command.json"]
READ = [sample for sample in SAMPLES if sample.valid and sample.client != "refuses"]
GOOD = '{"user": "a@x.com", "do": [{"remove": "all"}]}'


def read(path: Path, **options: Any) -> list[Any]:
    """The command of each entry, or what is wrong with it."""
    found: list[Any] = []
    for row in open_sheet(path, **options):
        if row.action is None:
            found.append([str(problem) for problem in row.problems])
        else:
            found += [json.loads(write_command(command)) for command, _ in commands_of(row.action)]
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_both_forms(tmp_path: Path, encoding: str) -> None:
    """All samples of commands are read as they were written, from an array and from lines, whatever the encoding."""
    wanted = [sample.data if sample.written is None else sample.written for sample in READ]
    path = tmp_path / "commands"
    for text in (
        json.dumps([sample.data for sample in READ], indent=1),
        "\r\n\r\n".join(json.dumps(sample.data, ensure_ascii=False) for sample in READ),
    ):
        path.write_bytes(text.encode(encoding))
        good = 0
        for found, command in zip(read(path), wanted, strict=True):
            if found != command:
                # Several samples create the same user.
                assert found[0].endswith("take one of the two out")
            else:
                good += 1
        assert good > len(wanted) / 2


@given(
    st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), max_size=8),
    st.sampled_from([None, 0, 3]),
)
@settings(max_examples=60)
def test_entries_are_found_in_any_text(entries: list[Any], indent: int | None) -> None:
    """An array is divided into its entries whatever they hold: as many rows, with the lines in which they begin."""
    text = json.dumps(entries, indent=indent)
    rows = list(read_array(Text(io.BytesIO(text.encode()), None)))
    assert len(rows) == len(entries)
    lines = [text[: text.index("[") + 1].count("\n") + 1]
    decoder = json.JSONDecoder()
    place = 1
    for row in rows:
        while text[place] in " \n,":
            place += 1
        lines.append(text.count("\n", 0, place) + 1)
        assert row.line == lines[-1]
        _, place = decoder.raw_decode(text, place)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[{GOOD} {GOOD}]", 'row 1 (line 1): is not JSON: neither "," nor "]" follows it'),
        (f"[{GOOD},\n]", "row 2 (line 2): is not JSON: Expecting value"),
        (f"[{GOOD},\n", "row 2 (line 2): is not JSON: the text ends within the array"),
        (f"[{GOOD}", 'row 1 (line 1): is not JSON: neither "," nor "]" follows it'),
        (f'[{GOOD},{{"user": "b', "row 2 (line 1): is not JSON: Unterminated string"),
        (f"[{GOOD}] x", "line 1: is not JSON: something follows the array"),
        ('[{"user": "a", "user": "b"}]', 'row 1 (line 1): is not JSON: the key "user" stands twice in one object'),
        ("[" * 100_000, "row 1 (line 1): is not JSON: nested too deeply"),
        ("[" + "9" * 5000 + "]", "row 1 (line 1): is not JSON: a number is too long"),
        ('["' + "x" * 1_200_000, "or it is longer than 1,048,576 characters"),
    ],
)
def test_arrays_that_break_off(text: str, said: str, tmp_path: Path) -> None:
    """From what is no JSON on nothing can be read; the row before it, and its line, are named."""
    path = tmp_path / "commands.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SheetError) as caught:
        read(path)
    assert said in str(caught.value)
    assert not str(caught.value).endswith((" at", ": "))


def test_entries_that_are_no_commands(tmp_path: Path) -> None:
    """Each is told with its pointer, and the others are read; half of a surrogate pair is refused, not replaced."""
    entries = [
        GOOD,
        '{"user": "b@x.com", "do": [{"update": {"country": "DE"}}]}',
        '{"user": "b@x.com", "do": null}',
        '{"user": "b@x.com", "do": [{"add": {"group": ["\\ud800"]}}]}',
        "1.5",
        GOOD,
    ]
    wanted = [
        "row 2 (line 2), /do/0/update/country: Country cannot be updated (error.update.country.no_update)",
        "row 3 (line 3), /do: null is not allowed (error.command.steps.malformed)",
        "row 4 (line 4), /do/0/add/group/0: ",
        "row 5 (line 5): Object expected for command (error.command.malformed)",
        "row 6 (line 6): asks for the same as row 1: take one of the two out",
    ]
    path = tmp_path / "commands"
    for text in ("[" + ",\n".join(entries) + "]", "\n".join(entries)):
        path.write_text(text, "utf-8")
        found = read(path)
        assert found[0]["user"] == "a@x.com"
        for line, words in zip(found[1:], wanted, strict=True):
            assert line[0].startswith(words)


def test_lines_that_are_no_json(tmp_path: Path) -> None:
    """A broken line is told with its number, and the next is read."""
    path = tmp_path / "commands.jsonl"
    path.write_text(f'{GOOD}\n\n{{"user":\n{{"user": 1, "user": 2}}\n{GOOD.replace("a@", "b@")}\n', "utf-8")
    first, broken, twice, last = read(path)
    assert (first["user"], last["user"]) == ("a@x.com", "b@x.com")
    assert broken == ["row 2 (line 3): is not JSON: Expecting value; in JSON Lines each line is one command"]
    assert twice == [
        'row 3 (line 4): is not JSON: the key "user" stands twice in one object; in JSON Lines each line is one command'
    ]


def test_a_command_of_several_lines_is_one_problem(tmp_path: Path) -> None:
    """A command that an editor has laid out is answered once, by what makes the file one, and not line for line."""
    path = tmp_path / "commands.json"
    path.write_text(json.dumps(json.loads(GOOD), indent=2), "utf-8")
    with pytest.raises(SheetError, match=r"^row 1 \(line 1\): is no JSON Lines, for .*: make it a JSON array, with "):
        read(path)


def test_forms_can_be_named(tmp_path: Path) -> None:
    """A form that is named is the one that is read; names of none are refused."""
    path = tmp_path / "commands"
    path.write_text(GOOD, "utf-8")
    with pytest.raises(SheetError, match="is no JSON array"):
        read(path, form="json")
    path.write_text("[]", "utf-8")
    with pytest.raises(SheetError, match="is no header line"):
        read(path, form="csv")
    with pytest.raises(SheetError, match="xml is no form of a file: give one of csv, json, jsonl"):
        read(path, form="xml")
    with pytest.raises(SheetError, match="dance is no action: give one of create, "):
        read(path, action="dance")


def test_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet knows its bytes and their digest; standard input is read like a file."""
    data = f"{GOOD}\n".encode()
    path = tmp_path / "commands"
    path.write_bytes(data)
    sheet = open_sheet(path)
    assert len(list(sheet)) == 1
    assert (sheet.name, sheet.size, sheet.digest) == (str(path), len(data), hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    sheet = open_sheet("-")
    assert len(list(sheet)) == 1
    assert (sheet.name, sheet.digest) == ("standard input", hashlib.sha256(data).hexdigest())


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    """A file that was written to before its last row was taken is refused."""
    path = tmp_path / "commands"
    path.write_text(f"{GOOD}\n{GOOD.replace('a@', 'b@')}\n", "utf-8")
    rows = iter(open_sheet(path))
    next(rows)
    os.utime(path, (1, 1))
    with pytest.raises(SheetError, match="has changed while it was read"):
        list(rows)


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        (b"[\n\xff", None, "line 2: the byte 0xFF is not UTF-8: save the file as CSV UTF-8, or name its encoding"),
        (b"[\r\n\r\x81", "cp1252", "line 3: the byte 0x81 is no text in cp1252: name the right encoding"),
        (b"\xff\xfe[\0\n\0\0\xd8a\0", None, "line 2: the byte 0x00 is no text in utf-16-le"),
        (b"[\0]\0", None, "looks like UTF-16 without a byte-order mark: name it, --encoding utf-16-le or utf-16-be"),
        (b"[]", "hex", "hex is no encoding: give one such as utf-8, utf-16 or cp1252"),
        (b"[]", "no\0thing", "is no encoding"),
        (b"[]", "", '"" is no encoding'),
        *((b"[]", name, f"{name} is no encoding") for name in ("idna", "punycode", "undefined")),
        (b"\xff\xfe\0\0[\0\0\0]\0\0\0", None, None),
    ],
)
def test_encodings(data: bytes, encoding: str | None, said: str | None, tmp_path: Path) -> None:
    """Bytes that are no text are told with their line; marks for the byte order are known, UTF-32 among them."""
    path = tmp_path / "commands"
    path.write_bytes(data)
    if said is None:
        assert read(path, encoding=encoding) == []
        return
    with pytest.raises(SheetError) as caught:
        read(path, encoding=encoding)
    assert said in str(caught.value)


@pytest.mark.parametrize("place", [65_535, 65_536, 65_537])
@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_between_pieces(place: int, end: str) -> None:
    """Files are read in pieces of 64 KiB; a line end that is cut in two is one line end, in counts and in lines."""
    data = b"x" * (place - len(end)) + end.encode() + b"second" + end.encode() + b"\xff"
    text = Text(io.BytesIO(data), None)
    lines: list[str] = []
    with pytest.raises(SheetError, match=r"^line 3: the byte 0xFF"):
        lines.extend(text.lines())
    text = Text(io.BytesIO(data[:-1]), None)
    assert [line.strip() for line in text.lines()] == ["x" * (place - len(end)), "second"]

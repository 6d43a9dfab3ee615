"""`umapi diff`: what differs between two exports."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from umapi_command import Result
from umapi_harness.mock.serving.server import RunningServer

Umapi = Callable[..., Result]


def user(name: str, *groups: str, **fields: Any) -> dict[str, Any]:
    """A line of an export for a user."""
    email = f"{name}@example.com"
    record = {"email": email, "username": email, "domain": "example.com", "type": "federatedID", "status": "active"}
    return {"user": {**record, **({"groups": list(groups)} if groups else {}), **fields}}


def group(name: str, **fields: Any) -> dict[str, Any]:
    """A line of an export for a user group."""
    return {"group": {"groupName": name, "type": "USER_GROUP", **fields}}


def write(path: Path, *lines: dict[str, Any]) -> str:
    """Write an export as JSON Lines."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return str(path)


OLD = (
    *(group("A"), group("B", memberCount=2)),
    *(user("stays", "A", firstname="Jo"), user("goes", "A"), user("moves", "A", "B", firstname="Old", shoe=1)),
)
NEW = (
    *(group("B", memberCount=1), group("C")),
    *(user("comes", "C"), user("moves", "C", "B", firstname="New", shoe=2), user("stays", "A", firstname="Jo")),
)
DIFFERENCES = [
    {"change": "changed", "kind": "group", "name": "B", "field": "memberCount", "old": "2", "new": "1"},
    {"change": "added", "kind": "group", "name": "C"},
    {"change": "added", "kind": "user", "name": "comes@example.com"},
    {"change": "joined", "kind": "user", "name": "comes@example.com", "field": "groups", "new": "C"},
    *(
        {"change": "changed", "kind": "user", "name": "moves@example.com", "field": field, "old": old, "new": new}
        for field, old, new in (("firstname", "Old", "New"), ("shoe", "1", "2"))
    ),
    {"change": "joined", "kind": "user", "name": "moves@example.com", "field": "groups", "new": "C"},
    {"change": "left", "kind": "user", "name": "moves@example.com", "field": "groups", "old": "A"},
    {"change": "removed", "kind": "group", "name": "A"},
    {"change": "removed", "kind": "user", "name": "goes@example.com"},
    {"change": "left", "kind": "user", "name": "goes@example.com", "field": "groups", "old": "A"},
]


def test_differences(umapi: Umapi, tmp_path: Path) -> None:
    """People, groups, fields and memberships that differ are told, and the exit status is 1."""
    arguments = ("diff", write(tmp_path / "old", *OLD), write(tmp_path / "new", *NEW))
    result = umapi(*arguments, "--format", "json")
    assert (result.status, json.loads(result.out)) == (1, DIFFERENCES)
    table = umapi(*arguments)
    assert table.status == 1
    assert [line.split()[:3] for line in table.lines[1:]] == [
        [one["change"], one["kind"], one["name"]] for one in DIFFERENCES
    ]


def test_no_difference(umapi: Umapi, tmp_path: Path) -> None:
    """Two exports that say the same in another order are equal: exit status 0, and no output."""
    result = umapi("diff", write(tmp_path / "old", *OLD), write(tmp_path / "new", *reversed(OLD)))
    assert (result.status, result.out, result.err) == (0, "", "")


def test_what_was_exported(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """Exports of either form, of one organisation before and after a change, tell that change and nothing else."""
    organization = server.world.organization()
    found = organization.find_user("jdoe@example.com")
    assert found is not None
    organization.name_user(found, firstname="=old")
    for form in ("csv", "jsonl"):
        assert umapi("export", str(tmp_path / f"old.{form}")).status == 0
    organization.name_user(found, firstname="'+new")
    for form in ("csv", "jsonl"):
        assert umapi("export", str(tmp_path / f"new.{form}")).status == 0
    for before in ("csv", "jsonl"):
        assert umapi("diff", str(tmp_path / f"old.{before}"), str(tmp_path / "old.csv")).status == 0
        for after in ("csv", "jsonl"):
            result = umapi("diff", str(tmp_path / f"old.{before}"), str(tmp_path / f"new.{after}"), "--format", "jsonl")
            assert result.status == 1
            (told,) = [json.loads(line) for line in result.lines]
            assert (told["change"], told["field"], told["old"]) == ("changed", "firstname", "=old")


def test_a_file_that_a_spreadsheet_has_written(umapi: Umapi, tmp_path: Path) -> None:
    """Semicolons and a byte-order mark, as spreadsheets write them, are read."""
    old = tmp_path / "old.csv"
    old.write_text('username;domain;type;groups\na@b.c;b.c;adobeID;"X,Y"\n', "utf-8-sig")
    new = tmp_path / "new.csv"
    new.write_text('username,domain,type,groups\na@b.c,b.c,adobeID,"Y,Z"\n', "utf-8")
    result = umapi("diff", str(old), str(new), "--format", "csv")
    assert result.lines[1:] == ["joined,user,a@b.c,groups,,Z", "left,user,a@b.c,groups,X,"]


def test_a_header_in_which_another_mark_is_frequent(umapi: Umapi, tmp_path: Path) -> None:
    """The mark between the cells is the one that divides the names of columns, however many others there are."""
    old = tmp_path / "old.csv"
    old.write_text("username;domain;type;groups;Nr,of,the,old,list\na@b.c;b.c;adobeID;X;\n", "utf-8")
    new = tmp_path / "new.csv"
    new.write_text("username,domain,type,groups\na@b.c,b.c,adobeID,X\n", "utf-8")
    result = umapi("diff", str(old), str(new))
    assert (result.status, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: it is no export"),
        ("{}\n", 'line 1: has neither "user" nor "group" with its fields: is it an export?'),
        ('{"user": {"type": "adobeID"}}\n', "line 1: says of no user who or what it is: is it an export?"),
        ("{\n", "line 1: is no JSON"),
        ("email,name\n", "has no column username, domain, type, groups: is it an export?"),
        ('username,domain,type,groups\na,b,c,"x" y\n', "line 2: "),
        ('username,domain,type,groups\na,b,c,"""x"" y"\n', "line 2: column groups: a quote is out of place"),
        (
            json.dumps(user("a")) + "\n" + json.dumps({"user": {**user("b")["user"], "groups": 5}}),
            "line 2: user: groups is no",
        ),
        (json.dumps({"user": {**user("b")["user"], "groups": "Sales"}}), "line 1: user: groups is no list"),
        ("\nusername,domain,type,groups\na,b,c,\n,,,x\n", "line 4: says of no user who or what it is"),
        ('username,domain,type,groups\na,b,c,"x\ny"\n,,,x\n', "line 4: says of no user who or what it is"),
        (
            "username,domain,type,groups\n" + '"\n",' * 300_000,
            "line 2: is the beginning of a row of more than 1,048,576",
        ),
        (json.dumps(user("a")) + "\n" + json.dumps(user("A")), "user A@example.com stands twice: it is not as it was"),
    ],
)
def test_files_that_are_no_exports(umapi: Umapi, tmp_path: Path, text: str, said: str) -> None:
    """What is wrong with a file, old or new, is one line with its name and the line; exit status 2."""
    good = write(tmp_path / "good", *OLD)
    bad = tmp_path / "bad"
    bad.write_text(text, "utf-8")
    for arguments in ((str(bad), good), (good, str(bad))):
        result = umapi("diff", *arguments)
        assert result.status == 2
        assert result.err.startswith(f"umapi: {bad}: {said}")
    result = umapi("diff", good, os.devnull)
    assert result.status == 2
    assert result.err.startswith(f"umapi: {os.devnull}: is no file that can be read twice")
    result = umapi("diff", good, str(tmp_path / "missing"))
    assert (result.status, result.err) == (2, f"umapi: {tmp_path}/missing: cannot be read: No such file or directory\n")
    result = umapi("diff", good, "a" * 300)
    assert (result.status, result.err) == (2, f"umapi: {'a' * 300}: cannot be read: File name too long\n")
    bad.write_bytes(b"username,domain,type,groups\na,b,c,\xe9\n")
    result = umapi("diff", good, str(bad))
    said = "line 2: the byte 0xE9 is no text in utf-8: save the file as UTF-8"
    assert (result.status, result.err) == (2, f"umapi: {bad}: {said}\n")

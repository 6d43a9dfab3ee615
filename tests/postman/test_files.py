"""Files that a collection names: those below its folder are sent, all others are the request's error."""

from __future__ import annotations

import os

import pytest

from umapi_harness.postman.files import FileAccess, FileRefusedError


@pytest.fixture
def folder(tmp_path):
    """A folder with files of all kinds, beside one that is none of the collection's business."""
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub" / "a.txt").write_bytes(b"abc")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (inside / "out").symlink_to(tmp_path / "secret.txt")
    (inside / "link").symlink_to(inside / "sub" / "a.txt")
    (inside / "loop").symlink_to(inside / "loop")
    os.mkfifo(inside / "pipe")
    return inside


@pytest.mark.parametrize("name", ["sub/a.txt", "./sub/../sub/a.txt", "link"])
def test_files_below_the_folder_are_sent(folder, name):
    """By any way that leads there, links included."""
    found = FileAccess(folder=folder).find(name)
    assert (b"".join(found.pieces()), found.size) == (b"abc", 3)


@pytest.mark.parametrize("name", ["../secret.txt", "{outside}", "out", "sub/../../secret.txt", "/etc/passwd"])
def test_files_elsewhere_are_refused_unless_allowed(folder, tmp_path, name):
    """Neither by a path nor by a link; the message names the ways to allow it."""
    name = name.replace("{outside}", str(tmp_path / "secret.txt"))
    with pytest.raises(
        FileRefusedError, match=r"lies outside of .*; move it there, name its folder with --working-dir"
    ):
        FileAccess(folder=folder).find(name)
    assert FileAccess(folder=folder, anywhere=True).find(name).size > 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "no such file or directory"),
        ("pipe", "it is no ordinary file"),
        ("sub", "it is no ordinary file"),
        ("/dev/zero", "it is no ordinary file"),
        ("/proc/self/environ", "it is no ordinary file"),
        ("loop", "no name of a file|too many levels of symbolic links"),
        ("a\0b", "no name of a file"),
        ("x" * 5000, "file name too long"),
        ("sub/a.txt", "larger than 1.90735e-06 MiB"),
    ],
)
def test_what_is_no_file_is_refused_even_where_all_are_allowed(folder, name, message):
    """Devices, pipes and what the system makes up are never read, and nothing waits for them."""
    with pytest.raises(FileRefusedError, match=message):
        FileAccess(folder=folder, anywhere=True, size=2).find(name)


def test_scripts_get_at_no_other_files(folder, web, run_collection, collection_of, item):
    """What a script sends, and what it puts into the request, is refused as well; the run goes on."""
    body = "{mode: 'file', file: {src: '../secret.txt'}}"
    before = f"pm.request.body = {body};"
    test = f"pm.sendRequest({{url: 'http://h/s', method: 'POST', body: {body}}}, e => console.log(String(e)));"
    collection = collection_of(
        item("a", {"method": "POST", "url": "http://h/a"}, before=before),
        item("b", "http://h/b", test=test),
        source=str(folder / "c.json"),
    )
    ran = run_collection(collection)
    assert web.urls == ["http://h/b"]
    assert any("the file ../secret.txt is not sent" in problem for problem in ran.problems)

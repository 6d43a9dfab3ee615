"""Documents that users give: strict JSON, and pointers to the place of whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.common.documents import Node, read_document, read_node
from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.common.pointers import pointer, unescaped


@given(st.lists(st.text(alphabet="~/01: ab")))
def test_a_pointer_gives_back_the_keys_it_was_made_of(keys: list[str]) -> None:
    """Whatever the keys hold, `/`, `~` and `: ` included, a pointer can be taken apart into them again."""
    assert [unescaped(part) for part in pointer(keys).split("/")[1:]] == keys


def test_a_node_names_the_place_of_odd_keys() -> None:
    """The error of a value far down names its place as a JSON pointer."""
    inner = Node({}, "f.json").child("a: b", {}).child("c/d~e", []).child(0, 7)
    with pytest.raises(DocumentError, match=r"^f\.json#/a: b/c~1d~0e/0: a name must be a string, not a number; put"):
        inner.text("a name")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 3}', 'the key "a" stands twice in one object'),
        ("[NaN]", "NaN is no number"),
        ("[1e999]", "1e999 is too large a number"),
        (f"[{'9' * 5000}]", f"{'9' * 20}... has more than 1000 digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["key twice", "NaN", "infinite", "digits", "depth"],
)
def test_what_is_no_strict_json_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    """Collections, seeds and plans are read by one reader, which takes nothing that JSON does not have."""
    path = tmp_path / "f.json"
    path.write_text(text, encoding="utf-8")
    for read in (read_document, read_node):
        with pytest.raises(InputError) as caught:
            read(path, "seed")
        assert str(caught.value) == f"{path}: not JSON ({reason}); correct the file, or name a seed"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": {\n  "b": "}"\n', 'it ends at line 2 column 11, and the "{" of line 1 column 7 is not closed'),
        ('{"a": "\\"]",\n "b": [1, [2]', 'it ends at line 2 column 14, and the "[" of line 2 column 7 is not closed'),
        ("{", 'it ends at line 1 column 2, and the "{" of line 1 column 1 is not closed'),
        ("nothing", "Expecting value: line 1 column 1 (char 0)"),
    ],
    ids=["brace", "bracket", "nothing else", "no JSON"],
)
def test_a_bracket_that_is_not_closed_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    """Where a file breaks off, the place to mend is the open bracket; brackets within strings do not count."""
    path = tmp_path / "f.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_document(path, "seed")
    assert str(caught.value) == f"{path}: not JSON ({reason}); correct the file, or name a seed"


@pytest.mark.parametrize("text", ["", " \n\t\n"], ids=["empty", "blank"])
def test_an_empty_file_is_told_as_empty(tmp_path: Path, text: str) -> None:
    """An export that did not happen leaves a file without a character, which is no mistake in JSON."""
    path = tmp_path / "f.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_node(path, "collection")
    assert str(caught.value) == f"{path}: is empty; export it again, or name a collection"


def test_half_a_surrogate_pair_is_for_files_of_postman_alone(tmp_path: Path) -> None:
    """A string of JavaScript may hold one; in a seed or plan it would reach answers, which cannot."""
    path = tmp_path / "f.json"
    path.write_text('["\\ud800"]', encoding="utf-8")
    assert read_node(path, "collection").value == ["\ud800"]
    with pytest.raises(InputError, match=r"not JSON \(an unpaired surrogate is no character\); correct the file"):
        read_document(path, "seed")

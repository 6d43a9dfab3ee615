"""Iteration data: rows of CSV as Newman and as Postman's app read them, rows of JSON, and mistakes in either."""

from __future__ import annotations

import pytest

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.data import read_data


def test_rows_come_from_csv_with_quotes_and_from_json(tmp_path, write_json):
    """CSV cells may hold commas, quotes and line ends; JSON rows keep their types."""
    csv_file = tmp_path / "d.csv"
    csv_file.write_bytes('\ufeffname, groups\r\n"Doe, J","a,b"\r\n\r\nx,"say ""hi""\nagain"\r\n'.encode())
    assert read_data(csv_file) == (
        {"name": "Doe, J", "groups": "a,b"},
        {"name": "x", "groups": 'say "hi"\nagain'},
    )
    assert read_data(write_json("d.json", [{"n": 1}, {"n": 2}])) == ({"n": 1}, {"n": 2})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.csv", "a,b\n1\n", "line 2 has 1 cells, the heading 2"),
        ("d.csv", "a,a\n1,2\n", "the heading names 'a' twice"),
        ("d.csv", "a,\n1,2\n", "the heading has an empty name"),
        ("d.csv", 'a\n"1\n', "not CSV: a quote that is not closed at line 2"),
        ("d.csv", 'a\n"1"x\n', "not CSV: a quote that is not closed at line 2"),
        ("d.csv", "a;b\n1;2\n", "the heading is one cell with semicolons in it; save the file with commas"),
        ("d.csv", "a\tb\n1\t2\n", "the heading is one cell with tabs in it"),
        (
            "d.csv",
            "a,b\0c\n1,2\n",
            "the heading of column 2 has a control character in it: 'b\\x00c'; save the file as",
        ),
        ("d.csv", 'a,"b\x1b"\n1,2\n', "the heading of column 2 has a control character in it: 'b\\x1b'"),
        ("d.csv", "a,b\n", "no row of data"),
        ("d.json", "[]", "no row of data"),
        ("d.json", "[1]", "#/0: a row must be an object"),
        ("d.json", "{}", "iteration data must be an array"),
    ],
)
def test_a_mistake_in_the_data_is_told_with_its_place(name, text, message, tmp_path):
    """Data that is neither rows in CSV nor objects in JSON is refused with file and place."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_data(path)
    assert message in str(caught.value)


def test_cells_without_quotes_are_typed_as_newman_types_them(tmp_path):
    """Numbers are numbers, all else is trimmed text; quotes keep a cell text. Hexadecimal digits are not lost."""
    path = tmp_path / "d.csv"
    path.write_text(
        'a,b,c,d,e,f,g,h\n1e3,007, -0.5 ,1.50,true,"2"," x ",\n5.,.5,+5,1.2.3,0x10,1e400,a"b,null\n', "utf-8"
    )
    first, second = read_data(path)
    assert first == {"a": 1000, "b": 7, "c": -0.5, "d": 1.5, "e": "true", "f": "2", "g": " x ", "h": ""}
    assert second == {
        "a": 5, "b": 0.5, "c": 5, "d": "1.2.3", "e": "0x10", "f": "1e400", "g": 'a"b', "h": "null",
    }  # fmt: skip
    assert type(first["a"]) is int


def test_cells_may_all_be_strings_as_in_the_app(tmp_path):
    """Nothing is trimmed, and no number loses its zeros."""
    path = tmp_path / "d.csv"
    path.write_text("a,b\n007, x\n", "utf-8")
    assert read_data(path, strings=True) == ({"a": "007", "b": " x"},)


def test_lenient_reading_takes_what_newman_takes(tmp_path):
    """Cells too few are absent, cells too many dropped, of a doubled name the last counts; no row is no row."""
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1\n1,2,3\n", "utf-8")
    assert read_data(path, lenient=True) == ({"a": 1}, {"a": 1, "b": 2})
    path.write_text("a,a\n1,2\n", "utf-8")
    assert read_data(path, lenient=True) == ({"a": 2},)
    path.write_text("a,b\n", "utf-8")
    assert read_data(path, lenient=True) == ()

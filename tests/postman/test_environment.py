"""Reading environments, globals and iteration data."""

from __future__ import annotations

import pytest

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.environment import read_data, read_environment


def test_an_environment_keeps_enabled_values_and_knows_its_secrets(write_json):
    """Disabled values do not exist, null is empty, and values of type secret are marked."""
    values = [
        {"key": "a", "value": "1", "enabled": True},
        {"key": "b", "value": "2", "enabled": False},
        {"key": "c", "value": None},
        {"key": "d", "value": "hush", "type": "secret"},
    ]
    environment = read_environment(write_json("e.json", {"name": "E", "values": values}))
    assert environment.name == "E"
    assert environment.values == {"a": "1", "c": "", "d": "hush"}
    assert environment.secret == {"d"}
    assert environment.overlaid({"a": "9"}).values["a"] == "9"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"info": {}}, 'no "values": this is not a Postman environment; export'),
        ({"values": {}}, "#/values: values must be an array"),
        ({"values": [{"value": "1"}]}, '#/values/0: an entry without "key"'),
        ({"values": [{"key": {}}]}, "#/values/0/key: a string is expected, not an object"),
    ],
)
def test_a_mistake_in_an_environment_is_told_with_its_place(document, message, write_json):
    """What is no environment is refused with file, pointer and remedy."""
    path = write_json("e.json", document)
    with pytest.raises(DocumentError) as caught:
        read_environment(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


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
        ("d.csv", 'a\n"1\n', "not CSV"),
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

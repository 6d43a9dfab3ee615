"""Reading environments and globals, and writing them."""

from __future__ import annotations

import json

import pytest

from umapi_harness.common.documents import Node
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.environment import Environment, exported_environment, parse_environment, read_environment


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


def test_an_environment_is_exported_so_that_it_can_be_read_again(tmp_path):
    """What Postman exports has scope, time and values with their types."""
    path = tmp_path / "e.json"
    values = {"a": "1", "n": 2, "o": {"x": None}}
    given = Environment(name="E", secret=frozenset({"a"}))
    path.write_text(exported_environment(given, values, "environment", 0.5), encoding="utf-8")
    assert read_environment(path).values == values
    assert read_environment(path).secret == given.secret
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["_postman_variable_scope"] == "environment"
    assert document["_postman_exported_at"] == "1970-01-01T00:00:00.500Z"


def test_globals_may_be_a_list_alone_and_what_is_disabled_is_not_there():
    """As old exports have them; of several values of one name the last enabled one counts."""
    entries = [
        {"key": "a", "value": "1"},
        {"key": "a", "value": "2", "disabled": True},
        {"key": "b", "value": "1"},
        {"key": "b", "value": "2"},
        {"key": "c", "value": "1", "enabled": False},
    ]
    assert parse_environment(Node(entries, "globals.json", "")).values == {"a": "1", "b": "2"}


def test_an_export_keeps_what_the_file_has_beside_its_values():
    """Its id, members that nobody here knows, descriptions, types, and what is disabled; as long as the values fit."""
    entries = [
        {"key": "same", "value": 1, "type": "number", "description": "d"},
        {"key": "off", "value": "x", "enabled": False},
        {"key": "other", "value": "1", "type": "string", "note": {"a": 1}},
        {"key": "hidden", "value": "x", "type": "secret", "enabled": True},
        {"key": "gone", "value": "x"},
        {"key": "nothing", "value": None},
    ]
    head = {"id": "e1", "owner": {"x": 1}, "color": None, "_postman_exported_using": "Postman/11"}
    document = {"environment": {**head, "name": "E", "values": entries}}
    given = parse_environment(Node(document, "e.json", "")).overlaid({"off": "on"}, "--env-var")
    values = {**given.values, "other": 5, "hidden": 7, "new": True}
    del values["gone"]
    written = json.loads(exported_environment(given, values, "environment", 0))
    assert (written["id"], written["name"], written["owner"], written["color"]) == ("e1", "E", {"x": 1}, None)
    assert "_postman_exported_using" not in written
    assert written["values"] == [
        {"key": "same", "value": 1, "type": "number", "description": "d", "enabled": True},
        {"key": "off", "value": "x", "enabled": False},
        {"key": "other", "value": 5, "type": "any", "note": {"a": 1}, "enabled": True},
        {"key": "hidden", "value": 7, "type": "secret", "enabled": True},
        {"key": "nothing", "value": "", "type": "any", "enabled": True},
        {"key": "off", "value": "on", "type": "any", "enabled": True},
        {"key": "new", "value": True, "type": "any", "enabled": True},
    ]
    again = parse_environment(Node(written, "e.json", ""))
    assert again.values == values
    assert json.loads(exported_environment(again, values, "environment", 0)) == written

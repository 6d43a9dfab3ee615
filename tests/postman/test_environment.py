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

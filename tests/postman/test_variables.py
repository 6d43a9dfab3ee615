"""Variables: the order of scopes, nested values, dynamic variables, and what has no value."""

from __future__ import annotations

import contextlib
import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.postman.dynamic import DynamicVariables
from umapi_harness.postman.variables import PLACEHOLDER, Scopes, UnresolvedError


def test_the_narrowest_scope_wins():
    """Global, collection, environment, data, local: the later in this list, the stronger."""
    names = ("globals", "collection", "environment", "data", "local")
    values: dict[str, Any] = {
        scope: {f"v{weaker}": scope for weaker in range(place + 1)} for place, scope in enumerate(reversed(names))
    }
    scopes = Scopes(**{scope: values[scope] for scope in names})
    assert scopes.find("v0") == "local"
    scopes.local = {}
    assert scopes.find("v0") == "data"
    scopes.data = {}
    assert scopes.find("v0") == "environment"
    scopes.environment = {}
    assert scopes.find("v0") == "collection"
    scopes.collection = {}
    assert scopes.find("v0") == "globals"
    assert scopes.find("nothing") is None


def test_values_may_hold_placeholders_themselves_even_inside_names():
    """Placeholders are followed through values, and a name may be built from a variable."""
    scopes = Scopes(environment={"a": "<{{b}}>", "b": "{{c}}", "c": 7, "which": "c", "o": {"x": [1]}, "n": None})
    assert scopes.resolve("{{a}} {{ b }} {{{{which}}}} {{o}} [{{n}}]") == '<7> 7 7 {"x":[1]} []'


def test_what_has_no_value_is_named():
    """All variables without a value are named in one error, each once."""
    with pytest.raises(UnresolvedError) as caught:
        Scopes(environment={"a": "{{y}}"}).resolve("{{x}} {{x}} {{z}}")
    assert caught.value.names == ("x", "z")
    assert str(caught.value) == "no value for {{x}}, {{z}}"


def test_variables_that_hold_each_other_end_in_an_error():
    """A circle of values ends, and the error names the variable."""
    with pytest.raises(UnresolvedError, match="hold each other"):
        Scopes(globals={"a": "{{b}}", "b": "{{a}}"}).resolve("{{a}}")


def test_a_provider_stands_behind_all_scopes():
    """The runner's own values come last, and also where a scope holds the name with nothing in it."""
    scopes = Scopes(providers={"made": lambda found: f"made for {found.find('who')}"}, globals={"who": "x"})
    assert scopes.resolve("{{made}}") == "made for x"
    scopes.environment["made"] = ""
    assert scopes.resolve("{{made}}") == "made for x"
    scopes.environment["made"] = "own"
    assert scopes.resolve("{{made}}") == "own"
    assert Scopes(providers={"made": lambda _found: None}, environment={"made": ""}).resolve("[{{made}}]") == "[]"


def test_every_dynamic_variable_makes_a_value_and_repeats_with_its_source_of_chance():
    """Dynamic values depend on chance and clock alone, so that a run can be repeated."""

    def values() -> dict[str, list[str]]:
        made = DynamicVariables(random.Random(3), lambda: 1_700_000_000.5)
        names = "$guid $randomUUID $timestamp $isoTimestamp $randomInt $randomEmail $randomDatePast $randomPrice"
        return made.pool(names, 2)

    first = values()
    assert first == values()
    assert uuid.UUID(first["$guid"][0]).version == 4
    assert first["$guid"][0] != first["$guid"][1]
    assert first["$timestamp"] == ["1700000000"] * 2
    assert first["$isoTimestamp"][0] == "2023-11-14T22:13:20.500Z"
    made = DynamicVariables(random.Random(3), lambda: 0.0)
    assert made.value("$nothing") is None
    assert Scopes(dynamic=made.value).resolve("{{$randomInt}}").isdigit()
    with pytest.raises(UnresolvedError):
        Scopes(dynamic=made.value).resolve("{{$nothing}}")


@given(st.text())
def test_text_without_placeholders_stays_as_it_is(text):
    """Only what stands in double braces is replaced."""
    plain = text.replace("{{", "{")
    assert Scopes().resolve(plain) == plain


@given(st.dictionaries(st.text("abc", min_size=1), st.text("abc{} ", max_size=12), max_size=5), st.text("abc{} "))
def test_resolving_always_ends(values, text):
    """Whatever values hold, resolving ends with text or with an error that names variables."""
    with contextlib.suppress(UnresolvedError):
        assert PLACEHOLDER.search(Scopes(environment=dict(values)).resolve(text)) is None

"""Variables: the order of scopes, nested values, dynamic variables, and what has no value."""

from __future__ import annotations

import random
import tracemalloc
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.postman.dynamic import DynamicVariables
from umapi_harness.postman.variables import PLACEHOLDER, ScopeChanges, Scopes, TooLongError


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
    assert scopes.resolve("{{a}} {{ b }} {{{{which}}}} {{o}} [{{n}}]") == '<7> 7 7 {"x":[1]} [null]'


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
    assert Scopes(dynamic=made.value).resolve("{{$nothing}}") == "{{$nothing}}"


@given(st.text())
def test_text_without_placeholders_stays_as_it_is(text):
    """Only what stands in double braces is replaced."""
    plain = text.replace("{{", "{")
    assert Scopes().resolve(plain) == plain


@given(st.dictionaries(st.text("abc", min_size=1), st.text("abc{} ", max_size=12), max_size=5), st.text("abc{} "))
def test_resolving_always_ends(values, text):
    """Whatever values hold, resolving ends, and names the placeholders that stay."""
    scopes = Scopes(environment=dict(values))
    left = PLACEHOLDER.findall(scopes.resolve(text))
    assert {name.strip() for name in left} == set(scopes.take_unresolved())


def test_a_text_that_grows_without_measure_is_refused_before_it_takes_memory():
    """Ten references at a depth of eight would be a hundred million; few are filled, and one line says why."""
    values: dict[str, Any] = {f"v{depth}": f"{{{{v{depth + 1}}}}}" * 10 for depth in range(8)}
    tracemalloc.start()
    with pytest.raises(TooLongError, match=r"grows past 100,000 placeholders or 64 Mi characters .*\{\{v"):
        Scopes(environment={**values, "v8": "x"}).resolve("{{v0}}")
    with pytest.raises(TooLongError):
        Scopes(environment={"a": "{{b}}" * 1000, "b": "x" * 1_000_000}).resolve("{{a}}")
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_what_has_no_value_stays_and_is_named():
    """As in Postman the placeholder is sent as it stands; which ones that were is asked for afterwards, once."""
    scopes = Scopes(environment={"a": "{{y}}", "b": "{{c}}", "c": "{{b}}"})
    assert scopes.resolve("{{a}} {{x}} {{x}} {{n}}") == "{{y}} {{x}} {{x}} {{n}}"
    assert scopes.take_unresolved() == ("y", "x", "n")
    assert scopes.take_unresolved() == ()
    assert scopes.resolve("{{b}}") in ("{{b}}", "{{c}}")


def test_what_was_put_into_a_text_is_known_with_its_origin():
    """Each variable tells its value, its scope and what set it last: a file, a row, a script."""
    scopes = Scopes(
        environment={"a": "1{{row}}"},
        origins={"environment": {"a": "env.json"}},
        dynamic=lambda name: f"made for {name}",
        providers={"made": lambda _scopes: "p"},
    )
    scopes.begin_iteration({"row": 5}, "users.csv, row 1")
    changes = {"globals": ScopeChanges(set={"g": 2}, unset=()), "environment": ScopeChanges(set={"new": 3}, unset=())}
    scopes.take(changes, "script of x")
    assert scopes.resolve("{{a}} {{g}} {{new}} {{made}} {{$guid}} {{g}}") == "15 2 3 p made for $guid 2"
    assert [(one.name, one.value, one.scope, one.origin) for one in scopes.take_used()] == [
        ("a", "1{{row}}", "environment", "env.json"),
        ("g", "2", "globals", "script of x"),
        ("new", "3", "environment", "script of x"),
        ("made", "p", "provided", ""),
        ("$guid", "made for $guid", "dynamic", ""),
        ("row", "5", "data", "users.csv, row 1"),
    ]
    assert scopes.take_used() == ()


def test_scopes_know_whether_anything_changed():
    """A script that leaves all as it was changes nothing; one that removes a variable does."""
    scopes = Scopes(globals={"a": 1, "b": 2})
    before = scopes.version
    scopes.take({}, "x")
    assert scopes.version == before
    scopes.take({"globals": ScopeChanges(set={}, unset=("b",))}, "x")
    assert scopes.version > before
    assert scopes.globals == {"a": 1}

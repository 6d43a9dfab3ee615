"""Requests changed in a few places, so that most of them are not valid any more."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeGuard

from hypothesis import strategies as st

from umapi_harness.strategies.requests import action_requests, commands
from umapi_harness.strategies.values import CHARACTERS, LONGEST, Json, Strategy, document, left_out

_REQUEST_FILES: Final = ("command.json", "user-steps.json", "usergroup-steps.json")


@st.composite
def nearly_valid(draw: st.DrawFn, strategy: Strategy) -> Json:
    """What `strategy` gives, changed in one to three places: replaced, taken out, doubled, added to, or made too long.

    Some of it is still valid: let a schema, not the strategy, be the judge.
    """
    holder: list[Json] = [copy.deepcopy(draw(strategy))]
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(holder))
        if not places:
            break
        parent, key = draw(st.sampled_from(places))
        value: Json = parent[key]
        changes = ["replace", *(["remove", "double"] if parent is not holder else [])]
        changes += ["add"] if _is_object(value) or _is_list(value) else ["stretch"] if isinstance(value, str) else []
        change = draw(st.sampled_from(changes))
        if change == "replace":
            parent[key] = draw(_junk())
        elif change == "stretch":
            length = draw(st.sampled_from(_lengths())) + draw(st.integers(-1, 1))
            text = str(value) or "x"
            parent[key] = (text * (length // len(text) + 1))[:length]
        elif change == "add" and _is_object(value):
            value[draw(st.sampled_from(_names()))] = draw(_junk())
        elif change == "add" and _is_list(value):
            value.append(draw(_junk()))
        elif change == "double" and _is_list(parent):
            parent.append(copy.deepcopy(value))
        elif change == "double":
            parent[draw(st.sampled_from(_names()))] = copy.deepcopy(value)
        else:
            del parent[key]
    return holder[0]


def nearly_valid_commands() -> Strategy:
    """Commands that the schema allows, or nearly."""
    return nearly_valid(commands())


def nearly_valid_action_requests() -> Strategy:
    """Bodies of action requests that the schema allows, or nearly."""
    return nearly_valid(st.lists(commands(), min_size=1, max_size=2) | action_requests())


def _is_object(value: object) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _places(holder: Json) -> Iterator[tuple[Json, Any]]:
    """Every place in a document: what holds it, and its key there."""
    keys: list[Any] = list(holder) if _is_object(holder) else list(range(len(holder)))
    for key in keys:
        yield holder, key
        if _is_object(holder[key]) or _is_list(holder[key]):
            yield from _places(holder[key])


def _nodes(schema: Json) -> Iterator[dict[str, Any]]:
    if _is_object(schema):
        yield schema
    inside: list[Json] = list(schema.values()) if _is_object(schema) else schema if _is_list(schema) else []
    for value in inside:
        yield from _nodes(value)


@cache
def _names() -> list[str]:
    """Names of fields of requests, and one that none has; those for old clients are left out."""
    nodes = [node for file in _REQUEST_FILES for node in _nodes(document(file))]
    parts = [(name, part) for node in nodes for name, part in node.get("properties", {}).items()]
    names = {name for name, _ in parts}
    old = {name for name, part in parts if _is_object(part) and left_out({**part, "not": None})}
    return [*sorted(names - old), "a/b~c"]


@cache
def _lengths() -> list[int]:
    """The lengths at which some text of a request becomes too long."""
    nodes = [node for file in _REQUEST_FILES for node in _nodes(document(file))]
    return sorted({node["maxLength"] for node in nodes if isinstance(node.get("maxLength"), int)})


def _junk() -> Strategy:
    words = ["", "all", "us", "UK", "XX", "_admin", "jdoe@a.b", "jdoe"]
    plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(CHARACTERS, max_size=LONGEST)
    return st.recursive(
        plain | st.sampled_from(words),
        lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.sampled_from(_names()), inner, max_size=3),
        max_leaves=12,
    )

"""The text of an answer, which msgspec reads, means what its data mean to the hooks, which have the last word."""

from __future__ import annotations

import copy
import gc
import inspect
import json
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umapi_models import models
from umapi_runtime.constraints import ContractError, contract_of
from umapi_runtime.converter import read_response, read_response_text, write, write_json

ANSWERS = [
    cls
    for _, cls in inspect.getmembers(models, attrs.has)
    if cls.__module__ == models.__name__ and not contract_of(cls).strict
]

USER: dict[str, Any] = {
    "email": "psmith@example.com",
    "status": "active",
    "username": "psmith",
    "domain": "example.com",
    "type": "federatedID",
    "country": "DE",
    "groups": ["Designers", "Photoshop"],
}
PAGE: dict[str, Any] = {"lastPage": True, "result": "success", "users": [USER, {**USER, "username": "second"}]}


def outcome(read: Callable[[type[Any], bytes], Any], cls: type[Any], text: bytes) -> object:
    """Return the model with what it does not know, or the error."""
    try:
        model = read(cls, text)
    except (ContractError, json.JSONDecodeError, UnicodeDecodeError) as error:
        return type(error), str(error)
    return model, [dict(found.unknown_fields) for found in inside(model)]


def inside(model: Any) -> list[Any]:
    """Return a model and those in it."""
    held = [getattr(model, name) for name in contract_of(type(model)).names]
    lists: list[Any] = [value for value in held if isinstance(value, tuple)]
    below = [item for item in [*held, *(item for items in lists for item in items)] if hasattr(item, "unknown_fields")]
    return [model, *(found for item in below for found in inside(item))]


def read_data(cls: type[Any], text: bytes) -> Any:
    """Read a text by way of its data."""
    return read_response(cls, json.loads(text))


def same(cls: type[Any], text: bytes) -> bool:
    """Tell whether both ways of reading have the same outcome."""
    return outcome(read_response_text, cls, text) == outcome(read_data, cls, text)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(), max_size=5),
        st.sampled_from(["active", "federatedID", "success", "USER_GROUP", "12", "\ud800", "1" * 30]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["", "tags"]), inner)),
    max_leaves=6,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[type, object]:
    """A class of answers, and data that have some of its fields, and others."""
    cls = draw(st.sampled_from(ANSWERS))
    names = [*contract_of(cls).names.values(), "tags", "unknown_fields", ""]
    fields: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from(names), st.one_of(VALUES, st.just("text")), max_size=9)
    )
    if draw(st.booleans()):
        fields |= {name: draw(st.just("text")) for name in contract_of(cls).names.values() if name not in fields}
    return cls, fields


@settings(deadline=None)
@given(answers(), st.booleans())
def test_text_is_read_as_its_data(answer: tuple[type, object], ascii_only: bool) -> None:
    """Whatever the answer, text and data give the same model, the same unknown fields, or the same error."""
    cls, data = answer
    text = json.dumps(data, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert same(cls, text)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"status": "dormant"},
        {"tags": ["edu"]},
        {"unknown_fields": {}},
        {"country": None},
        {"email": None},
        {"groups": "Designers"},
        {"groups": ["Designers", 1]},
        {"email": "half \ud800"},
    ],
    ids=str,
)
def test_page_is_read_as_its_data(change: dict[str, Any]) -> None:
    """One user of a page with something out of the ordinary changes nothing about the others."""
    page = copy.deepcopy(PAGE)
    page["users"][1] |= change
    assert same(models.UsersPage, json.dumps(page).encode())


@pytest.mark.parametrize(
    "text",
    [
        b'{"result": "success", "result": "other", "lastPage": 1, "lastPage": true}',
        b'{"lastPage": true, "result": "a\tb"}',
        b'{"lastPage": true, "result": "success"} {}',
        b'{"lastPage": true, "result": "\xff"}',
        '{"lastPage": true, "result": "success"}'.encode("utf-8-sig"),
        '{"lastPage": true, "result": "success"}'.encode("utf-16"),
        b'{"lastPage": true, "result": NaN}',
        b"",
        b"null",
    ],
    ids=repr,
)
def test_odd_text_is_read_as_json_reads_it(text: bytes) -> None:
    """Doubled names, control characters, byte order marks and junk are taken as the json module takes them."""
    assert same(models.UsersPage, text)


def test_what_users_of_a_page_have_in_common_is_held_once() -> None:
    """A page holds one tuple for all users of the same groups, and one string for their domain and country."""
    page = read_response_text(models.UsersPage, json.dumps(PAGE).encode())
    assert page.users is not None
    first, second = page.users
    assert first.groups is second.groups
    assert (first.domain, first.country) == ("example.com", "DE")
    assert first.domain is second.domain
    assert first.country is second.country


def test_models_can_be_copied_pickled_and_referred_to_weakly() -> None:
    """A model goes through pickle and copy with what it does not know, and can be collected."""
    user = read_response(models.User, {**USER, "tags": ["edu"]})
    for other in (pickle.loads(pickle.dumps(user)), copy.copy(user), copy.deepcopy(user), attrs.evolve(user)):
        assert (other, dict(other.unknown_fields), hash(other)) == (user, {"tags": ["edu"]}, hash(user))
    assert attrs.asdict(user)["first_name"] is None
    reference = weakref.ref(user)
    del user, other
    gc.collect()
    assert reference() is None


def test_request_is_written_as_its_data() -> None:
    """The text of a command is the JSON of its data."""
    step = models.UserStep(add=models.AddToGroups(group=("Größe", "\u2028")))
    command = models.UserCommand(user="jdoe@example.com", use_adobe_id=False, do=(step,))
    assert json.loads(write_json(command)) == write(command)

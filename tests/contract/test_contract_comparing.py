"""Comparing: what makes two answers different, and what does not."""

from __future__ import annotations

import json

import attrs
import pytest

from umapi_harness.contract.comparing import compare
from umapi_harness.contract.recordings import RecordedResponse


def _answer(body: object, *headers: tuple[str, str], status: int = 200) -> RecordedResponse:
    return RecordedResponse(status=status, headers=headers, body=json.dumps(body).encode())


def test_made_up_and_changing_values_are_not_compared() -> None:
    """Ids, tokens, dates and request ids may differ, and a step may be a string of its number."""
    before = {"access_token": "a", "groups": [{"groupId": 1}], "errors": [{"step": "0"}]}
    after = {"access_token": "b", "groups": [{"groupId": 2}], "errors": [{"step": 0}]}
    recorded = _answer(before, ("Date", "x"), ("X-Request-Id", "1"))
    now = _answer(after, ("Date", "y"), ("x-request-id", "2"))
    assert compare(recorded, now) == ()


@pytest.mark.parametrize("depth", [150, 3000])
def test_what_is_too_deep_is_no_json(depth: int) -> None:
    """A body that cannot be walked through is refused when it is read, however deep Python's reader goes."""
    answer = RecordedResponse(status=200, body=b"[" * depth + b"]" * depth)
    with pytest.raises(ValueError, match="nested too deeply"):
        answer.json()
    assert compare(answer, answer) == ()


@pytest.mark.parametrize(
    ("recorded", "now", "places"),
    [
        (_answer({}), _answer({}, status=201), ["status"]),
        (_answer({"a": 1, "b": [1, 2]}), _answer({"a": 2, "b": [1, 3]}), ["/a", "/b/1"]),
        (_answer({"access_token": "a"}), _answer({}), ["/access_token"]),
        (_answer({"access_token": "a"}), _answer({"access_token": 5}), ["/access_token"]),
        (_answer({"step": "0"}), _answer({"step": 1}), ["/step"]),
        (_answer({}, ("Retry-After", "38")), _answer({}, ("Retry-After", "39")), ["headers/Retry-After"]),
        (_answer({}), _answer({}, ("X-Total-Count", "1")), ["headers/X-Total-Count"]),
        (_answer({}, ("X-Request-Id", "1")), _answer({}), ["headers/X-Request-Id"]),
        (_answer({}, ("Content-Type", "a/b")), _answer({}, ("Content-Type", "a/c")), ["headers/Content-Type"]),
        (RecordedResponse(status=401), _answer({}, status=401), ["body"]),
    ],
)
def test_differences_are_named_by_place(recorded: RecordedResponse, now: RecordedResponse, places: list[str]) -> None:
    """Status, significant headers and every place in the body are compared."""
    assert [one.place for one in compare(recorded, now)] == places


def test_media_types_are_compared_without_parameters() -> None:
    """A charset makes no difference, nor does the type of an empty body."""
    recorded = _answer({}, ("Content-Type", "application/json;charset=utf-8"))
    assert compare(recorded, _answer({}, ("Content-Type", "application/json"))) == ()
    empty = RecordedResponse(status=401, headers=(("Content-Type", "*/*"),))
    assert compare(empty, attrs.evolve(empty, headers=())) == ()


def test_excuses_cover_what_is_below_them() -> None:
    """An excused place excuses everything below it, and nothing beside it."""
    recorded, now = _answer({"a": {"b": 1}, "ab": 1}), _answer({"a": {"b": 2}, "ab": 2})
    assert [one.place for one in compare(recorded, now, excused={"/a": "for a reason"})] == ["/ab"]


def _errors(*codes: str) -> RecordedResponse:
    return _answer({"errors": [{"index": place, "step": 0, "errorCode": code} for place, code in enumerate(codes)]})


@pytest.mark.parametrize(
    ("recorded", "now", "places"),
    [
        (_errors("a", "b"), _errors("a", "c"), ["/errors/1/errorCode"]),
        (_errors("a", "b"), _errors("a"), ["/errors"]),
        (_answer({"users": [{"email": "a"}, {"email": "b"}]}), _answer({"users": [{"email": "b"}]}), ["/users"]),
        (_answer({"groups": ["A", "B", "C"]}), _answer({"groups": ["B", "C", "D"]}), ["/groups/0"]),
        (
            _answer({"users": [{"email": "a", "type": "x"}, {"email": "b", "type": "x"}]}),
            _answer({"users": [{"email": "b", "type": "x"}, {"email": "a", "type": "y"}]}),
            ["/users/0/type"],
        ),
        (
            _answer({"users": [{"email": "a"}]}, ("X-Total-Count", "4"), ("X-Page-Size", "4")),
            _answer({"users": []}, ("X-Total-Count", "3"), ("X-Page-Size", "2")),
            ["headers/X-Page-Size", "/users"],
        ),
    ],
)
def test_entries_are_compared_with_their_partners(
    recorded: RecordedResponse, now: RecordedResponse, places: list[str]
) -> None:
    """One difference is one finding: entries are paired by what tells them apart, and headers follow the list."""
    assert [one.place for one in compare(recorded, now)] == places

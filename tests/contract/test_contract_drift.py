"""Drift: what two recordings of one scenario are told apart by, and what they are not."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.drift import Comparison, drift
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import Exchange, Headers, RecordedRequest, RecordedResponse, Recording
from umapi_harness.contract.shapes import changes
from umapi_harness.mock.settings import Settings
from umapi_plants import plants
from umapi_sessions import elsewhere, lively_session

API = "https://usermanagement.adobe.io/v2/usermanagement"
PAGE: dict[str, Any] = {
    "lastPage": True,
    "result": "success",
    "users": [
        {"email": "ada@x.org", "type": "federatedID", "country": "GB", "groups": ["A", "B"], "id": "1"},
        {"email": "bob@x.org", "type": "federatedID", "country": "GB", "groups": ["A"], "id": "2", "firstname": "Bob"},
    ],
}
DONE: dict[str, Any] = {"result": "success", "completed": 1, "notCompleted": 0, "completedInTestMode": 0}
HEADERS: Headers = (
    ("Content-Type", "application/json;charset=utf-8"),
    ("Date", "Mon, 12 Jun 2017 23:00:15 GMT"),
    ("X-Request-Id", "camf87EbTSVdjMQ1Akm22nBBTHM8zkuz"),
    ("X-Total-Count", "4"),
)


def _listing(
    answer: Any = None, *, org: str = "1", number: int = 0, status: int = 200, headers: Headers = HEADERS
) -> Exchange:
    body = answer if isinstance(answer, bytes) else json.dumps(PAGE if answer is None else answer).encode()
    return Exchange(
        name=str(number),
        where=f"f#/log/entries/{number}",
        request=RecordedRequest(method="GET", url=f"{API}/users/{org}@AdobeOrg/0?directOnly=true"),
        response=RecordedResponse(status=status, headers=headers, body=body),
    )


def _action(user: str, answer: Any = None, *, step: str = "removeFromOrg", number: int = 0) -> Exchange:
    sent = json.dumps([{"user": user, "do": [{step: {}}]}]).encode()
    return Exchange(
        name=str(number),
        where=f"f#/log/entries/{number}",
        request=RecordedRequest(method="POST", url=f"{API}/action/1@AdobeOrg", body=sent),
        response=RecordedResponse(status=200, headers=HEADERS, body=json.dumps(answer or DONE).encode()),
    )


def _compared(before: list[Exchange], after: list[Exchange]) -> Comparison:
    return drift(lambda: before, lambda: after)


def _told(before: list[Exchange], after: list[Exchange]) -> list[str]:
    return [f"{one.grade} {one.side} {one.place} {one.kind}" for one in _compared(before, after).drifts]


def _changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    page = copy.deepcopy(PAGE)
    change(page)
    return page


def test_what_is_different_every_time_is_no_drift() -> None:
    """Times, ids, the order of users and groups, letter case of header names and another organisation do not count."""
    page = copy.deepcopy(PAGE)
    page["users"][0]["groups"] = ["B", "A"]
    page["users"][1]["id"] = "77"
    page["users"].reverse()
    headers = (
        ("content-type", "application/json"),
        ("date", "Tue, 13 Jun 2017 01:00:15 GMT"),
        ("x-request-id", "another"),
        ("x-total-count", "4"),
        ("Set-Cookie", "a=b"),
    )
    comparison = _compared([_listing()], [_listing(page, org="2", headers=headers)])
    assert (comparison.compared, comparison.drifts) == (1, ())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda page: page.pop("lastPage"), "MUST response body /lastPage vanished"),
        (lambda page: page.update(result="error"), "MUST response body /result value"),
        (lambda page: page.update(total=2), "MAY response body /total appeared"),
        (lambda page: page.update(users={}), "MUST response body /users type"),
        (lambda page: [user.pop("country") for user in page["users"]], "MUST response body /users/*/country vanished"),
        (lambda page: [user.update(x=1) for user in page["users"]], "MAY response body /users/*/x appeared"),
        (lambda page: [user.update(groups="A") for user in page["users"]], "MUST response body /users/*/groups type"),
        (lambda page: page["users"][0].pop("country"), "SHOULD response body /users/*/country value"),
        (lambda page: page["users"][1].pop("email"), "MUST response body /users/*/email value"),
        (lambda page: page["users"][1].pop("type"), "MUST response body /users/*/type value"),
        (lambda page: page["users"][0].update(country="FR"), "SHOULD response body /users/*/country value"),
        (lambda page: page["users"][0].update(id=1), "MUST response body /users/*/id type"),
        (lambda page: page["users"][0]["groups"].append("C"), "SHOULD response body /users/*/groups/* gained"),
        (lambda page: page["users"][0]["groups"].pop(), "SHOULD response body /users/*/groups/* lost"),
        (
            lambda page: page["users"].append({**PAGE["users"][0], "email": "c@d"}),
            "SHOULD response body /users/* gained",
        ),
        (lambda page: page["users"][0].update({"a: b/c": 1}), "MAY response body /users/*/a: b~1c appeared"),
    ],
)
def test_a_field_that_changes_is_told_once_with_its_place(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    """Fields that come, go or change their type or value are named by pointer, with * for every entry of a list."""
    assert _told([_listing()], [_listing(_changed(change))]) == [told]


def test_entries_that_differ_alike_are_counted() -> None:
    """What has changed in many entries of many exchanges is one drift, with how often and the first place."""
    page = _changed(lambda page: [user.update(country="FR") for user in page["users"]])
    before = [_listing(number=number) for number in range(3)]
    (one,) = _compared(before, [_listing(page) for _ in range(3)]).drifts
    assert (one.times, one.first) == (6, "f#/log/entries/0")
    assert (one.before, one.after) == ('"GB"', '"FR"')
    assert str(one) == ('SHOULD users response body /users/*/country: was "GB", is "FR" (6 times); f#/log/entries/0')


def test_a_field_is_missed_even_when_all_entries_are_others() -> None:
    """Other people in the organisation do not hide that a field has gone."""
    page = {**PAGE, "users": [{"email": "new@x.org", "type": "adobeID", "groups": []}]}
    told = _told([_listing()], [_listing(page)])
    assert "MUST response body /users/*/country vanished" in told
    assert "SHOULD response body /users/* lost" in told


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        (HEADERS, 429, ["MUST response status value"]),
        (HEADERS[:-1], 200, ["SHOULD response header x-total-count vanished"]),
        ((*HEADERS[:-1], ("X-Total-Count", "5")), 200, ["MAY response header x-total-count value"]),
        ((*HEADERS[:2], HEADERS[3]), 200, ["SHOULD response header x-request-id vanished"]),
        ((("Content-Type", "text/html"), *HEADERS[1:]), 200, ["SHOULD response header content-type value"]),
        ((*HEADERS, ("X-New", "1")), 200, ["MAY response header x-new appeared"]),
    ],
)
def test_status_and_headers_are_compared(headers: Headers, status: int, told: list[str]) -> None:
    """Another status outweighs all else; headers count by what programs do with them."""
    assert _told([_listing()], [_listing(headers=headers, status=status)]) == told


def test_how_long_to_wait_is_no_drift_but_its_notation_is() -> None:
    """Retry-After tells the moment's affair; seconds that become a date break readers."""
    first, second = (*HEADERS, ("Retry-After", "38")), (*HEADERS, ("Retry-After", "1800"))
    dated = (*HEADERS, ("Retry-After", "Tue, 13 Jun 2017 01:00:15 GMT"))
    assert _told([_listing(headers=first)], [_listing(headers=second)]) == []
    assert _told([_listing(headers=first)], [_listing(headers=dated)]) == ["SHOULD response header retry-after value"]


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 5_000, b'{"a":' * 500 + b"1" + b"}" * 500])
def test_bodies_that_are_no_usable_json_are_compared_as_text(body: bytes) -> None:
    """A page of a gateway, an empty body or nesting without end in the place of JSON is another type, not a crash."""
    assert _told([_listing()], [_listing(body)]) == ["MUST response body type"]
    assert _told([_listing(body)], [_listing(body)]) == []


def test_exchanges_belong_together_by_their_requests_then_by_operation() -> None:
    """A request that comes later than it did is found; one that is new under an old operation takes what is left."""
    before = [_listing(), _action("ada@x.org", number=1), _action("bob@x.org", number=2)]
    after = [_action("bob@x.org"), _listing(), _action("eve@x.org")]
    comparison = _compared(before, after)
    assert comparison.compared == 3
    assert comparison.drifts == ()


def test_exchanges_that_one_side_lacks_are_told() -> None:
    """A step of the scenario that is gone or new is a drift of its own."""
    told = _told([_listing(), _action("ada@x.org")], [_listing(), _listing()])
    assert sorted(told) == ["SHOULD exchange  gained", "SHOULD exchange  lost"]


def test_new_names_under_old_steps_are_no_drift_of_the_answer() -> None:
    """When a scenario is recorded with other people, the message that names them is the same message."""

    def answer(user: str, code: str) -> dict[str, Any]:
        error = {"index": 0, "step": 0, "errorCode": code, "message": f"User Id does not exist: {user}", "user": user}
        return {**DONE, "result": "error", "completed": 0, "notCompleted": 1, "errors": [error]}

    old, new = "error.user.nonexistent", "error.user.not_found"
    before = [_action("ada@x.org", answer("ada@x.org", old))]
    assert all(
        one.side == "request" for one in _compared(before, [_action("eve@x.org", answer("eve@x.org", old))]).drifts
    )
    told = _told(before, [_action("eve@x.org", answer("eve@x.org", new))])
    assert "MUST response body /errors/*/errorCode value" in told


@pytest.mark.parametrize("form", ["Team {}", "Équipe/{}", "50%{}"])
def test_new_names_in_the_path_are_those_in_the_answer(form: str) -> None:
    """Another group, or the same one, is no drift of the answer, however its name is encoded in the path."""

    def group(name: str, encoded: str) -> Exchange:
        answer = {"result": "success", "groupName": name, "message": f"{name} was found"}
        request = RecordedRequest(method="GET", url=f"{API}/groups/1@AdobeOrg/{encoded}")
        response = RecordedResponse(status=200, headers=HEADERS, body=json.dumps(answer).encode())
        return Exchange(name="group", where="f#/log/entries/0", request=request, response=response)

    first, second = form.format(1), form.format(2)
    before = [group(first, quote(first, safe=""))]
    assert _told(before, [group(second, quote(second, safe=""))]) == []
    loud = "".join(f"%{byte:02x}" for byte in first.encode())
    assert _told(before, [group(first, loud)]) == []


def _session() -> Recording:
    return lively_session(Settings(users_page_size=3)).recording()


def test_each_planted_difference_is_one_drift() -> None:
    """Whatever changes, goes, comes or has another type in one answer is told once; ids are others every time."""
    recording = _session()
    told = {str(one): _told([*recording.exchanges], [*one.recording.exchanges]) for one in plants(recording)}
    ids = {one for one in told if one.endswith(("/id changed", "/groupId changed"))}
    assert {one: drifts for one, drifts in told.items() if len(drifts) != (one not in ids)} == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"step": 1}, "SHOULD response body /errors/*/step value"),
        ({"index": 1}, "SHOULD response body /errors/*/index value"),
        ({"errorCode": "error.user.not_found"}, "MUST response body /errors/*/errorCode value"),
        ({"user": "eve@x.org"}, "SHOULD response body /errors/*/user value"),
    ],
)
def test_what_names_an_entry_may_be_what_has_changed(change: dict[str, Any], told: str) -> None:
    """An error at another step is the same error, and not one that is gone beside one that is new."""
    error = {"index": 0, "step": 0, "errorCode": "error.user.nonexistent", "message": "No", "user": "ada@x.org"}
    before, after = ({**DONE, "errors": [one]} for one in (error, {**error, **change}))
    assert _told([_action("ada@x.org", before)], [_action("ada@x.org", after)]) == [told]


def test_pseudonyms_of_another_key_are_no_drift() -> None:
    """One scenario with other people in the place of the same ones, all through, has not drifted."""
    session = _session().exchanges
    sides: list[list[Exchange]] = [[*session]]
    for key in ("one", "two"):
        cleaner = Cleaner(Pseudonyms(key))
        for exchange in session:
            cleaner.learn(exchange)
        sides.append([cleaner.cleaned(exchange) for exchange in session])
    for before, after in itertools.pairwise(sides):
        comparison = _compared(before, after)
        assert (comparison.compared, list(map(str, comparison.drifts))) == (len(session), [])


def test_other_people_hide_no_other_drift() -> None:
    """Of people in the place of others, what is no name is compared all the same."""
    others = [{**one, "email": f"x{one['email']}", "id": f"7{one['id']}", "country": "FR"} for one in PAGE["users"]]
    page = {**PAGE, "users": others}
    assert _told([_listing()], [_listing(page)]) == ["SHOULD response body /users/*/country value"]


def test_one_person_in_the_place_of_two_is_told() -> None:
    """Who stands for somebody else in one request does so in all, and for nobody besides."""
    told = _told([_action("ada@x.org"), _action("bob@x.org")], [_action("eve@x.org"), _action("eve@x.org")])
    assert told == ["MAY request body /* lost", "MAY request body /* gained"]


def test_hostile_texts_cost_time_that_grows_with_their_length() -> None:
    """Half a megabyte without a blank, that begins like an id a hundred thousand times, is compared in a moment."""
    before = [_listing({"a": "x" * 500_000, "b": "x@" * 100_000, "c": "2017-06-12T" * 40_000})]
    after = [_listing({"a": "y" * 500_000, "b": "y@" * 100_000, "c": "2017-06-13T" * 40_000})]
    start = time.perf_counter()
    assert len(_told(before, after)) == 3
    assert time.perf_counter() - start < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "id", "email", "type", "a/b"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    """Whatever the data, it has not drifted from a copy of itself."""
    assert list(changes(value, copy.deepcopy(value))) == []


@given(JSON, JSON)
def test_a_change_has_its_opposite(before: Any, after: Any) -> None:
    """What has vanished one way has appeared the other way, and what was lost was gained."""
    opposite = {"vanished": "appeared", "appeared": "vanished", "lost": "gained", "gained": "lost"}
    there = sorted((opposite.get(one.kind, one.kind), one.place) for one in changes(before, after))
    back = sorted((str(one.kind), one.place) for one in changes(after, before))
    assert there == back


def test_a_proxy_in_front_of_the_api_is_no_drift() -> None:
    """Exchanges belong together wherever one of the recordings has the API's paths, and then do not differ."""
    plain = lively_session().recording()
    behind = elsewhere(plain, "https://gateway.example/adobe/people")
    assert _told(list(plain.exchanges), list(behind.exchanges)) == []


@pytest.mark.parametrize("place", [1, 2])
def test_each_of_several_headers_of_one_name_counts(place: int) -> None:
    """Where a header comes several times, a change in the second or third of them is told, as one in the first."""
    lines = [("WWW-Authenticate", scheme) for scheme in ("Basic", "Bearer", "Digest")]
    changed = [*lines[:place], ("WWW-Authenticate", "Negotiate"), *lines[place + 1 :]]
    told = _told([_listing(headers=(*HEADERS, *lines))], [_listing(headers=(*HEADERS, *changed))])
    assert told == ["SHOULD response header www-authenticate value"]


def test_one_header_with_two_values_is_two_headers() -> None:
    """Two headers of one name say what one does that has both values, so nothing has drifted."""
    two = (*HEADERS, ("X-Extra", "a"), ("X-Extra", "b"))
    assert _told([_listing(headers=two)], [_listing(headers=(*HEADERS, ("X-Extra", "a, b")))]) == []


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        (frozenset[str](), True),
        (frozenset({"badgeHue"}), False),
    ],
)
def test_a_new_field_whose_name_is_a_pseudonym_is_told_as_such(accepted: frozenset[str], told: bool) -> None:
    """What the API has named anew is a pseudonym in a clean recording, and the line says how to keep the name."""

    def cleaned(page: dict[str, Any]) -> list[Exchange]:
        cleaner = Cleaner(Pseudonyms("a key"), accepted)
        cleaner.learn(_listing(page))
        return [cleaner.cleaned(_listing(page))]

    new = _changed(lambda page: page["users"][0].update(badgeHue=7))
    [one] = _compared(cleaned(PAGE), cleaned(new)).drifts
    assert (one.kind, one.is_pseudonym) == ("appeared", told)
    assert ("badgeHue" in one.place, "--accept NAME" in str(one)) == (not told, told)


def test_a_field_of_the_api_is_no_pseudonym() -> None:
    """A field that is gone is called by its own name, though names are pseudonyms in the recording."""
    cleaner = Cleaner(Pseudonyms("a key"))
    was, now = (cleaner.cleaned(_listing(page)) for page in (PAGE, _changed(lambda page: page.pop("lastPage"))))
    [one] = _compared([was], [now]).drifts
    assert (one.place, one.is_pseudonym) == ("body /lastPage", False)

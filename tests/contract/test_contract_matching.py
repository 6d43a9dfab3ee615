"""Matching: what counts as the same request, and what is said when none is."""

from __future__ import annotations

import json

import pytest

from umapi_harness.contract.matching import NoMatchError, fingerprint, match, mismatches
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse

ROOT = "https://usermanagement.adobe.io/v2/usermanagement"
JSON_TYPE = (("Content-Type", "application/json"),)
FORM_TYPE = (("Content-Type", "application/x-www-form-urlencoded"),)


def _get(path: str) -> RecordedRequest:
    return RecordedRequest(method="GET", url=ROOT + path)


def _post(body: object, path: str = "/action/12345@AdobeOrg") -> RecordedRequest:
    return RecordedRequest(method="POST", url=ROOT + path, headers=JSON_TYPE, body=json.dumps(body).encode())


def _exchange(name: str, request: RecordedRequest) -> Exchange:
    return Exchange(name=name, where=f"file.har#/{name}", request=request, response=RecordedResponse(status=200))


@pytest.mark.parametrize(
    ("recorded", "sent"),
    [
        ("/users/12345@AdobeOrg/0", "/users/12345%40AdobeOrg/0"),
        ("/users/12345@AdobeOrg/0", "/users/12345@AdobeOrg/0/"),
        ("/users/12345@AdobeOrg/0", "/users/12345@AdobeOrg/0?directOnly=true"),
        ("/users/12345@AdobeOrg/0?directOnly=false", "/users/12345@AdobeOrg/0?directOnly=FALSE"),
        ("/users/1@AdobeOrg/0?domain=a&directOnly=false", "/users/1@AdobeOrg/0?directOnly=false&domain=a"),
        ("/users/1@AdobeOrg/0/a%20b", "/users/1@AdobeOrg/0/a%20b?excludeGroups=False"),
        ("/users/1@AdobeOrg/0/%e3%83%87", "/users/1@AdobeOrg/0/%E3%83%87"),
    ],
)
def test_paths_and_queries_are_normalised(recorded: str, sent: str) -> None:
    """Encoding, order, letter case of booleans and values that are the default make no difference."""
    assert mismatches(_get(recorded), _get(sent)) == ()


@pytest.mark.parametrize(
    ("recorded", "sent", "matcher"),
    [
        ("/users/1@AdobeOrg/0", "/users/1@AdobeOrg/1", "path"),
        ("/users/1@AdobeOrg/0/a%2Fb", "/users/1@AdobeOrg/0/a/b", "path"),
        ("/users/1@AdobeOrg/0/A", "/users/1@AdobeOrg/0/a", "path"),
        ("/users/1@AdobeOrg/0", "/users/1@AdobeOrg/0?directOnly=false", "query"),
        ("/users/1@AdobeOrg/0?domain=a", "/users/1@AdobeOrg/0?domain=A", "query"),
        ("/users/1@AdobeOrg/0?domain=a", "/users/1@AdobeOrg/0?domain=a&domain=a", "query"),
    ],
)
def test_different_requests_are_told_apart(recorded: str, sent: str, matcher: str) -> None:
    """Another page, group, filter or a slash inside a name is another request."""
    assert [one.part for one in mismatches(_get(recorded), _get(sent))] == [matcher]


def test_json_bodies_are_compared_as_json() -> None:
    """Blanks and the order of members make no difference; values, types and the order of lists do."""
    body = [{"user": "a@example.com", "do": [{"add": {"group": ["x", "y"]}}]}]
    assert mismatches(_post(body), _post([dict(reversed(body[0].items()))])) == ()
    other = [{"user": "a@example.com", "do": [{"add": {"group": ["y", "x"]}}]}]
    (found,) = mismatches(_post(body), _post(other))
    assert str(found) == 'body/0/do/0/add/group/0: recorded "x", now "y"'
    (found,) = mismatches(_post([{"useAdobeID": True}]), _post([{"useAdobeID": 1}]))
    assert str(found) == "body/0/useAdobeID: recorded true, now 1"


def test_labels_of_commands_do_not_matter() -> None:
    """A requestID that another client, or none, has put on a command asks for nothing else."""
    body = [{"user": "a@example.com", "requestID": "action_11", "do": [{"add": {"group": ["x"]}}]}]
    for label in ({}, {"requestID": "action_1"}):
        other = [{"user": "a@example.com", **label, "do": [{"add": {"group": ["x"]}}]}]
        assert mismatches(_post(body), _post(other)) == mismatches(_post(other), _post(body)) == ()
        assert fingerprint(_post(body)) == fingerprint(_post(other))


@pytest.mark.parametrize(
    ("recorded", "sent", "problem"),
    [
        ([1], [1, 2], "body: recorded 1 items, now 2"),
        ([{"a/b": 1, "c": 2}], [{"c": 2}], "body/0/a~1b: recorded 1, absent now"),
        ([{"c": 2}], [{"a": 1, "c": 2}], "body/0/a: not in the recording, now 1"),
        ([{"a": None}], [{"a": "x" * 100}], f'body/0/a: recorded null, now "{"x" * 78}…'),
    ],
)
def test_the_first_difference_is_shown(recorded: object, sent: object, problem: str) -> None:
    """A difference in a body comes with its JSON pointer and both sides."""
    (found,) = mismatches(_post(recorded), _post(sent))
    assert str(found) == problem


def test_forms_are_compared_by_field_and_without_secrets() -> None:
    """Order, encoding and the value of a secret make no difference in a form, and multipart is a form too."""
    url = "https://ims-na1.adobelogin.com/ims/token/v2"
    recorded = RecordedRequest(
        method="POST", url=url, headers=FORM_TYPE, body=b"client_id=a&client_secret=REDACTED&scope=openid,AdobeID"
    )
    sent = RecordedRequest(
        method="POST", url=url, headers=FORM_TYPE, body=b"scope=openid%2CAdobeID&client_secret=other&client_id=a"
    )
    multipart = RecordedRequest(
        method="POST",
        url=url,
        headers=(("Content-Type", "multipart/form-data; boundary=b"),),
        body=b"".join(
            b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
            for pair in ((b"client_id", b"a"), (b"client_secret", b"c"), (b"scope", b"openid,AdobeID"))
        )
        + b"--b--\r\n",
    )
    assert mismatches(recorded, sent) == ()
    assert mismatches(recorded, multipart) == ()
    without = RecordedRequest(method="POST", url=url, headers=FORM_TYPE, body=b"client_id=a&scope=openid,AdobeID")
    (found,) = mismatches(recorded, without)
    assert str(found) == 'body/client_secret: recorded "REDACTED", absent now'


def test_bodies_that_are_no_json_are_compared_as_they_are() -> None:
    """Malformed bodies match when they are the same."""
    broken = RecordedRequest(method="POST", url=f"{ROOT}/action/1@AdobeOrg", headers=JSON_TYPE, body=b"[{")
    assert mismatches(broken, broken) == ()
    assert [str(one) for one in mismatches(broken, _post([], "/action/1@AdobeOrg"))] == ["body: recorded [{, now []"]


def test_all_fitting_exchanges_are_found_in_order() -> None:
    """Exchanges for one request come in the order in which they were recorded."""
    exchanges = [
        _exchange("a", _get("/groups/1@AdobeOrg/0")),
        _exchange("b", _get("/groups/1@AdobeOrg/1")),
        _exchange("c", _get("/groups/1@AdobeOrg/0")),
    ]
    assert [one.name for one in match(exchanges, _get("/groups/1%40AdobeOrg/0"))] == ["a", "c"]


def test_the_nearest_exchange_is_named_with_what_failed() -> None:
    """When nothing matches, the message has the request, the nearest exchange, its place and the failed matchers."""
    exchanges = [
        _exchange("groups", _get("/groups/1@AdobeOrg/0")),
        _exchange("create", _post([{"user": "a@example.com"}], "/action/1@AdobeOrg")),
    ]
    with pytest.raises(NoMatchError) as caught:
        match(exchanges, _post([{"user": "b@example.com"}], "/action/1@AdobeOrg?testOnly=true"))
    assert str(caught.value) == (
        f"no recorded exchange fits POST {ROOT}/action/1@AdobeOrg?testOnly=true; nearest is create "
        "(file.har#/create), but query/testOnly: not in the recording, now true; "
        'body/0/user: recorded "a@example.com", now "b@example.com"'
    )


def test_a_token_is_not_the_nearest_to_an_action() -> None:
    """Where no action is recorded, the message says that, and what is, instead of how a token request differs."""
    host = "https://ims-na1.adobelogin.com"
    token = RecordedRequest(method="POST", url=f"{host}/ims/token/v3", headers=FORM_TYPE, body=b"grant_type=x")
    users = _exchange("users", _get("/users/1@AdobeOrg/0"))
    with pytest.raises(NoMatchError) as caught:
        match([_exchange("token", token), users], _post([{"user": "a@example.com"}], "/action/1@AdobeOrg"))
    assert caught.value.nearest is None
    assert str(caught.value) == (
        f"no recorded exchange fits POST {ROOT}/action/1@AdobeOrg: "
        "the recording has no request of the operation action, only oauthTokenV3, users"
    )


def test_the_nearest_is_of_the_operation_that_is_asked_for() -> None:
    """A listing of groups with another page is nearer than a listing of users, however much else differs."""
    exchanges = [
        _exchange("users", _get("/users/1@AdobeOrg/0")),
        _exchange("groups", _get("/groups/1@AdobeOrg/0?a=1")),
    ]
    with pytest.raises(NoMatchError) as caught:
        match(exchanges, _get("/groups/1@AdobeOrg/5"))
    assert caught.value.nearest is exchanges[1]


def test_messages_show_no_secrets() -> None:
    """Secrets in a request that nothing fits are masked in the message."""
    sent = RecordedRequest(
        method="POST", url=f"{ROOT}/ims/token/v2?client_secret=hush", headers=FORM_TYPE, body=b"client_secret=hush"
    )
    for exchanges in ([], [_exchange("groups", _get("/groups/1@AdobeOrg/0"))]):
        with pytest.raises(NoMatchError) as caught:
            match(exchanges, sent)
        assert "hush" not in str(caught.value)
        assert "client_secret=REDACTED" in str(caught.value)


def test_an_empty_recording_says_so() -> None:
    """Where there is no nearest exchange, the message says that the recording is empty."""
    with pytest.raises(NoMatchError, match="the recording is empty"):
        match([], _get("/groups/1@AdobeOrg/0"))

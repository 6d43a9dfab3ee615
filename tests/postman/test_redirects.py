"""Redirects: which request follows from which answer, and what another host does not get."""

from __future__ import annotations

import pytest

from umapi_harness.postman import events
from umapi_harness.postman.targets import Target
from umapi_web import reply


@pytest.fixture
def hop(web, run_collection, collection_of, item):
    """Sends a request that is answered by a redirect, and returns the two calls."""

    def run(status=302, location="/to", *, method="POST", headers=(), **behaviour):
        pages = {"http://h/from": reply(status, Location=location)}
        web.answer = lambda call: pages.get(call.url, reply())
        body = {"mode": "raw", "raw": "sent"}
        request = {
            "method": method,
            "url": "http://h/from",
            "header": [{"key": key, "value": value} for key, value in headers],
            "body": body,
        }
        run_collection(collection_of(item("a", request, protocolProfileBehavior=behaviour)))
        return web.calls

    return run


@pytest.mark.parametrize(
    ("status", "method", "followed"),
    [
        (301, "POST", ("GET", b"")),
        (302, "PUT", ("GET", b"")),
        (303, "POST", ("GET", b"")),
        (300, "POST", ("GET", b"")),
        (303, "HEAD", ("HEAD", b"")),
        (307, "POST", ("POST", b"sent")),
        (308, "DELETE", ("DELETE", b"sent")),
    ],
)
def test_the_method_that_follows_is_postman_s(hop, status, method, followed):
    """GET without a body, but for 307 and 308, which repeat the request; HEAD stays HEAD."""
    _, after = hop(status, method=method)
    assert (after.method, after.body) == followed
    assert after.header("referer") == "http://h/from"
    assert (after.header("content-type") is None) is not after.body


def test_the_original_method_is_kept_where_the_request_says_so(hop):
    """followOriginalHttpMethod repeats the request whatever the status."""
    _, after = hop(301, followOriginalHttpMethod=True, removeRefererHeaderOnRedirect=True)
    assert (after.method, after.body, after.header("referer")) == ("POST", b"sent", None)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/a b?c=d", "http://h/a%20b?c=d"),
        ("to?x", "http://h/to?x"),
        ("?x", "http://h/from?x"),
        ("//other/x", "http://other/x"),
        ("http://other:81/x#y", "http://other:81/x"),
        ("/\xc3\xa9", "http://h/%C3%A9"),
    ],
)
def test_locations_are_read_in_all_their_forms(hop, location, url):
    """Relative ones begin at the address that answered."""
    assert [call.url for call in hop(location=location)] == ["http://h/from", url]


SECRETS = (
    ("Authorization", "Bearer t"),
    ("X-Api-Key", "k"),
    ("Cookie", "a=b"),
    ("X-Auth-Token", "t"),
    ("X-Other", "o"),
)


@pytest.mark.parametrize("location", ["http://other/x", "http://h:81/x", "http://h.example/x"])
def test_another_host_gets_no_secrets(hop, location):
    """Another name and another port are another host; what is no secret goes along."""
    _, after = hop(location=location, headers=SECRETS)
    assert [after.header(name) for name, _ in SECRETS] == [None, None, None, None, "o"]
    assert after.header("host") == location.split("/")[2]


def test_the_same_host_gets_everything_again(hop):
    """Nothing is lost on the way."""
    _, after = hop(location="http://h/x", headers=SECRETS)
    assert [after.header(name) for name, _ in SECRETS] == [value for _, value in SECRETS]


def test_another_host_gets_the_authorisation_where_the_request_says_so(hop):
    """followAuthorizationHeader is about that header alone."""
    _, after = hop(location="http://other/x", headers=SECRETS, followAuthorizationHeader=True)
    assert [after.header(name) for name in ("authorization", "x-api-key")] == ["Bearer t", None]


def test_circles_end_after_ten_redirects_or_as_many_as_the_request_says(web, run_collection, collection_of, item):
    """maxRedirects; each hop is told with a number of its own."""
    web.always(reply(302, Location="/again"))
    request = {"url": "http://h/"}
    ran = run_collection(
        collection_of(item("a", request), item("b", request, protocolProfileBehavior={"maxRedirects": 2}))
    )
    problems = [problem for problem in ran.problems if "redirects" in problem]
    assert problems == ["GET http://h/again: more than 10 redirects", "GET http://h/again: more than 2 redirects"]
    assert len(web.calls) == 14
    assert [event.exchange for event in ran.of(events.ResponseReceived)] == list(range(1, 15))


@pytest.mark.parametrize("location", ["ftp://h/x", "http://h:port/"])
def test_a_redirect_that_leads_nowhere_is_an_error(hop, web, run_collection, collection_of, item, location):
    """It is told with the request that led there."""
    web.always(reply(302, Location=location))
    ran = run_collection(collection_of(item("a", "http://h/")))
    assert "GET http://h/: a redirect leads to no address" in ran.problems[0]


def test_redirects_stay_inside_the_target(web, run_collection, collection_of, item):
    """A target's redirect to another host is not followed; one to itself is."""
    pages = {"http://t/a": reply(302, Location="/b"), "http://t/c": reply(302, Location="http://other/d")}
    web.answer = lambda call: pages.get(call.url, reply())
    collection = collection_of(item("a", "http://live/a"), item("c", "http://live/c"))
    ran = run_collection(collection, target=Target(origin="http://t", hosts=frozenset({"live"})))
    assert web.urls == ["http://t/a", "http://t/b", "http://t/c"]
    (error,) = [event for event in ran.of(events.ErrorRaised) if event.kind == "third-host"]
    assert error.message == (
        "GET http://t/c redirects to http://other/d: other is no host of the API, so "
        "nothing is sent there; --allow-host other lets it through"
    )


def test_a_redirect_of_a_script_s_request_is_told_as_the_script_s(web, run_collection, collection_of, item):
    """All hops of pm.sendRequest are the script's."""
    pages = {"http://h/from": reply(302, Location="/to")}
    web.answer = lambda call: pages.get(call.url, reply())
    test = "pm.sendRequest('http://h/from', (e, r) => pm.test('200', () => pm.expect(r.code).to.equal(200)));"
    ran = run_collection(collection_of(item("a", "http://h/x", test=test)))
    assert [event.cause.value for event in ran.of(events.RequestSent)] == ["collection", "script", "script"]
    assert ran.problems == []


def test_another_host_does_not_see_the_query_of_the_request_that_led_there(web, run_collection, collection_of, item):
    """Keys and tokens stand in queries; the host itself sees it as Newman has it."""
    pages = {
        "http://h/a?apikey=k": reply(302, Location="http://h/b?apikey=k"),
        "http://h/b?apikey=k": reply(302, Location="http://other/"),
    }
    web.answer = lambda call: pages.get(call.url, reply())
    run_collection(collection_of(item("a", "http://h/a?apikey=k")))
    assert [call.header("referer") for call in web.calls] == [None, "http://h/a?apikey=k", "http://h/b"]

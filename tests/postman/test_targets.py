"""Targets and writes: whose requests go to the mock server, who is called at all, and what changes nothing."""

from __future__ import annotations

import pytest

from umapi_harness.postman import events
from umapi_harness.postman.targets import Target, ThirdHostError, is_local
from umapi_harness.postman.writes import UntestableError, as_test
from umapi_web import reply

TARGET = Target(
    origin="http://127.0.0.1:1",
    hosts=frozenset({"gw.example"}),
    let_through=frozenset({"cdn.example", "other.adobe.io"}),
)
ACTION = "http://usermanagement.adobe.io/v2/usermanagement/action/1@AdobeOrg"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://usermanagement.adobe.io/v2/usermanagement/users/o/0?x=1", "http://127.0.0.1:1/v2/usermanagement/users/o/0?x=1"),
        ("https://ims-na1.adobelogin.com/ims/token/v3", "http://127.0.0.1:1/ims/token/v3"),
        ("https://gw.example/any", "http://127.0.0.1:1/any"),
        ("https://any.example/umapi/v2/usermanagement/users/o/0", "http://127.0.0.1:1/v2/usermanagement/users/o/0"),
        ("http://127.0.0.1:1/_mock/x", "http://127.0.0.1:1/_mock/x"),
        ("https://cdn.example/lib.js", "https://cdn.example/lib.js"),
        ("https://other.adobe.io/x", "https://other.adobe.io/x"),
    ],
)  # fmt: skip
def test_what_is_the_api_s_goes_to_the_target(url, expected):
    """Adobe's hosts, those of the collection's variables and paths of the API do, also behind a gateway's own path."""
    assert TARGET.redirect(url) == expected


@pytest.mark.parametrize("url", ["https://kjur.github.io/lib.js", "http://127.0.0.1:2/x", "https://adobe.io.example/x"])
def test_a_third_host_is_refused_by_name(url):
    """The message names the host and the option."""
    with pytest.raises(ThirdHostError, match=r"is no host of the API, so nothing is sent there; --allow-host "):
        TARGET.redirect(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://127.0.0.3:1", True), ("http://[::1]/", True), ("http://a.localhost", True), ("http://10.0.0.1", False),
     ("http://localhost.example", False), ("x", False)],
)  # fmt: skip
def test_loopback_is_told_by_the_address(url, local):
    """Names below localhost count, names that begin with it do not."""
    assert is_local(url) is local


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (ACTION, f"{ACTION}?testOnly=true"),
        (f"{ACTION}/?a=1#f", f"{ACTION}/?a=1&testOnly=true#f"),
        (f"{ACTION}?testOnly=true", None),
        (f"{ACTION}?testOnly=false&a", f"{ACTION}?a&testOnly=true"),
        (ACTION.replace("action", "users"), None),
        ("https://h/other", None),
    ],
)
def test_actions_are_made_a_test(url, expected):
    """A test that the collection asks for stays, one that it switches off does not."""
    assert as_test("POST", url) == expected
    assert as_test("GET", url) is None


def test_what_has_no_test_mode_is_not_sent():
    """The deprecated update of a profile cannot be tried."""
    with pytest.raises(UntestableError, match="no test mode"):
        as_test("POST", "https://h/v2/usermanagement/1@AdobeOrg/products/5/configurations/6")


def test_changes_go_elsewhere_as_a_test_only(web, run_collection, collection_of, item):
    """A note says so, for requests of scripts too; to this machine and with the option they go as they are."""
    script = f"pm.sendRequest({{url: '{ACTION}', method: 'POST'}}, () => {{}});"
    collection = collection_of(item("a", {"url": ACTION, "method": "POST"}, test=script))
    web.always(reply(200, json_={}))
    ran = run_collection(collection)
    assert [event.url for event in ran.of(events.RequestSent)] == [f"{ACTION}?testOnly=true"] * 2
    told = "sent with testOnly=true, so that nothing changes; --allow-writes sends it as it is"
    assert [(note.step.name, note.text) for note in ran.of(events.NoteTaken)] == [("a", told)] * 2
    written = run_collection(collection, allow_writes=True)
    assert [event.url for event in written.of(events.RequestSent)] == [ACTION] * 2
    local = run_collection(collection, target=Target(origin="http://127.0.0.1:9"))
    assert "testOnly" not in "".join(event.url for event in local.of(events.RequestSent))


def test_a_third_host_breaks_a_rule_also_when_a_script_calls_it(web, run_collection, collection_of, item):
    """The script gets an error, and the run fails whatever it makes of that."""
    test = "pm.sendRequest('https://third.example/x', (error) => pm.test(String(error), () => {}));"
    web.always(reply(200, json_={}))
    collection = collection_of(item("a", ACTION.replace("action", "x"), test=test))
    ran = run_collection(collection, target=Target(origin="http://127.0.0.1:9"))
    assert [event.kind for event in ran.of(events.ErrorRaised)] == ["third-host"]
    assert "third.example is no host of the API" in ran.of(events.CheckPassed)[0].name


def test_a_redirect_to_a_third_host_is_not_followed(web, run_collection, collection_of, item):
    """One to a host of Adobe goes to the target, one to another breaks the rule."""
    web.always(
        reply(302, location="https://ims-na1.adobelogin.com/ims/x"), reply(302, location="https://third.example/")
    )
    ran = run_collection(collection_of(item("a", ACTION)), target=Target(origin="http://127.0.0.1:9"))
    assert web.urls == ["http://127.0.0.1:9/v2/usermanagement/action/1@AdobeOrg", "http://127.0.0.1:9/ims/x"]
    assert ran.of(events.ErrorRaised)[0].kind == "third-host"


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        (ACTION, [f"{ACTION}?testOnly=true"]),
        ("http://h/v2/usermanagement/1@AdobeOrg/products/5/configurations/6", []),
    ],
)
def test_a_redirect_changes_an_organisation_no_more_than_a_request_does(
    location, followed, web, run_collection, collection_of, item
):
    """A server on this machine that leads a POST to the live service makes it a test there, or it is not sent."""
    web.answer = lambda call: reply(307, location=location) if call.url.endswith("/begin") else reply(json_={})
    ran = run_collection(collection_of(item("a", {"url": "http://localhost/begin", "method": "POST"})))
    assert [event.url for event in ran.of(events.RequestSent)][1:] == followed
    assert ("writes" in [event.kind for event in ran.of(events.ErrorRaised)]) == (not followed)


def test_a_script_s_request_that_may_not_change_anything_breaks_the_rule_of_writes(
    web, run_collection, collection_of, item
):
    """What Newman lets pass of failed requests does not cover it."""
    url = "https://h/v2/usermanagement/1@AdobeOrg/products/5/configurations/6"
    test = f"pm.sendRequest({{url: '{url}', method: 'POST'}}, (error) => pm.test(String(error), () => {{}}));"
    ran = run_collection(collection_of(item("a", "http://h/x", test=test)))
    assert [event.kind for event in ran.of(events.ErrorRaised)] == ["writes"]

"""Cookies: what a jar takes, keeps and sends."""

from __future__ import annotations

import json

import pytest

from umapi_harness.postman import events
from umapi_harness.postman.cookie_files import read_cookies, written_cookies
from umapi_harness.postman.cookies import MAX_COOKIES, CookieJar, cookie_header
from umapi_harness.postman.script_calls import ScriptCalls
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.session import Options, Session
from umapi_web import reply

NOW = 1_700_000_000.0


@pytest.fixture
def jar():
    """An empty jar."""
    return CookieJar(lambda: NOW)


def sent(jar, url):
    """What a request to an address carries."""
    return cookie_header(jar.matching(url))


@pytest.mark.parametrize(
    ("line", "goes", "stays"),
    [
        ("a=1", "http://www.example.com/x/z", "http://example.com/x/y"),
        ("a=1", "http://www.example.com:81/x/", "http://www.example.com/"),
        ("a=1; Path=/", "https://www.example.com/", "http://sub.www.example.com/"),
        ("a=1; Path=/; Domain=.EXAMPLE.com", "http://example.com/", "http://badexample.com/"),
        ("a=1; Path=/x", "http://www.example.com/x", "http://www.example.com/xy"),
        ("a=1; Path=/; Secure", "https://www.example.com/", "http://www.example.com/"),
        ("a=1; Path=/; Secure", "https://www.example.com/", "http://127.0.0.1/"),
        ("a=1; Path=y", "http://www.example.com/x/", "http://www.example.com/y"),
        ("a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://www.example.com/x/", "http://h/"),
        ("a=1; Expires=Wed, 09-Jun-2094 10:18:14 GMT", "http://www.example.com/x/", "http://h/"),
    ],
)
def test_a_cookie_goes_where_it_may(jar, line, goes, stays):
    """Host, domain, path and TLS decide."""
    jar.take("http://www.example.com/x/y?z", [line])
    assert sent(jar, goes) == "a=1"
    assert sent(jar, stays) == ""


@pytest.mark.parametrize(
    "line",
    ["", "=", ";", "a=1; Domain=other.com", "a=1; Domain=com", "a=1; Domain=sub.example.com", "a=1; Max-Age=0",
     "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
)  # fmt: skip
def test_a_cookie_that_may_not_be_set_is_passed_over(jar, line):
    """Other people's domains, whole top-level domains, and what has expired."""
    jar.take("http://example.com/", [line])
    assert jar.all() == []


def test_the_rules_of_sending(jar):
    """Longer paths first, then older ones; a new value takes the place of the old; expiry takes out."""
    jar.take("http://h/a/b", ["x=1; Path=/", "y=2; Path=/", "z=3; Path=/a", "x=4; Path=/", "=bare; Path=/a"])
    assert sent(jar, "http://h/a/b") == "z=3; bare; x=4; y=2"
    jar.take("http://h/a/b", ["y=; Path=/; Max-Age=-1"])
    assert sent(jar, "http://h/") == "x=4"


def test_an_address_has_no_domain_above_it(jar):
    """127.0.0.1 sets cookies for itself alone."""
    jar.take("http://127.0.0.1/", ["a=1; Domain=0.0.1", "b=2; Domain=127.0.0.1", "c=3"])
    assert sent(jar, "http://127.0.0.1:99/") == "b=2; c=3"
    assert sent(jar, "http://1.127.0.0.1/") == ""


def test_a_jar_is_bounded(jar):
    """The oldest cookie makes room."""
    jar.take("http://h/", [f"c{number}=1" for number in range(MAX_COOKIES + 1)])
    assert len(jar.all()) == MAX_COOKIES
    assert jar.all()[0].name == "c1"


def test_a_run_keeps_its_cookies(web, run_collection, collection_of, item):
    """They go along with later requests, with redirects and with an own Cookie header, unless they are turned off."""
    pages = {"http://h/set": reply(302, Location="/hop", Set_Cookie="a=1; Path=/")}
    web.answer = lambda call: pages.get(call.url, reply())
    own = {"url": "http://h/own", "header": [{"key": "Cookie", "value": "own=2"}]}
    off = {"protocolProfileBehavior": {"disableCookies": True}}
    collection = collection_of(
        item("s", "http://h/set"), item("o", own), item("p", own, **off), item("e", "http://other/")
    )
    run_collection(collection, iterations=2)
    cookies = [call.header("cookie") for call in web.calls]
    assert cookies == [None, "a=1", "own=2; a=1", "own=2", None, "a=1", "a=1", "own=2; a=1", "own=2", None]


def test_what_goes_to_this_machine_is_secure_enough(jar):
    """Secure cookies of loopback addresses go without TLS, as in Postman."""
    for host in ("127.0.0.1", "localhost", "a.localhost", "[::1]"):
        jar.take(f"http://{host}/", ["a=1; Secure"])
        assert sent(jar, f"http://{host}/") == "a=1"


@pytest.fixture
def calls(web):
    """Calls the jar of a session as a script does."""
    step = events.Step(number=1, iteration=0, name="a", folders=(), pointer="/item/0")
    with Sender(proxies=web.proxies) as sender:
        session = Session(sender=sender, options=Options(), listeners=[], now=lambda: NOW)
        answers = ScriptCalls(session, step)
        yield lambda call, url="http://h/x", **more: answers.answer(
            {"kind": "cookies", "call": call, "url": url, **more}
        )


def test_scripts_use_the_jar(calls):
    """Set by text or by object, read one or all, taken out one or all: each by address."""
    made = {"name": "b", "value": "2", "httpOnly": True, "path": "/x", "maxAge": 60}
    calls("set", cookie="a=1; Path=/; Secure")
    (cookie,) = calls("set", cookie=made)["cookies"]
    assert {
        key: value for key, value in cookie.items() if key in ("name", "path", "httpOnly", "session", "expires")
    } == {
        "name": "b",
        "path": "/x",
        "httpOnly": True,
        "session": False,
        "expires": "2023-11-14T22:14:20.000Z",
    }
    calls("set", cookie={"key": "c", "value": 3, "expires": "Wed, 09 Jun 2094 10:18:14 GMT"})
    assert [one["name"] for one in calls("getAll")["cookies"]] == ["b", "c"]
    assert [one["name"] for one in calls("getAll", url="https://h/x")["cookies"]] == ["b", "a", "c"]
    assert [one["value"] for one in calls("get", name="c")["cookies"]] == ["3"]
    assert calls("get", name="none") == {"cookies": []}
    calls("unset", name="c")
    assert [one["name"] for one in calls("getAll")["cookies"]] == ["b"]
    calls("clear")
    assert [one["name"] for one in calls("getAll", url="https://h/x")["cookies"]] == ["a"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"call": "set", "url": "http://h/", "cookie": {"name": "a", "domain": "other.com"}},
            "domain other.com",
        ),
        ({"call": "set", "url": "http://h/", "cookie": "a=1; Domain=other.com"}, "no cookie that the address may set"),
        ({"call": "get", "url": "ftp://h/"}, "cannot be used"),
        ({"call": "get", "url": ""}, "cannot be used"),
    ],
)
def test_what_the_jar_refuses_is_told_to_the_script(calls, given, message):
    """Nothing is raised, and nothing is kept."""
    assert message in calls(**given)["error"]
    assert calls("getAll", url="http://h/") == {"cookies": []}


def test_newman_s_jars_are_read_and_far_dates_are_written(jar, tmp_path):
    """maxAge counts from creation; a cookie without a name is one; a date past all calendars is the last."""
    path = tmp_path / "jar.json"
    kept = {"value": "v", "domain": "h", "path": "/", "hostOnly": True, "maxAge": 10}
    newman = [{**kept, "key": "n", "creation": "2023-11-14T22:13:00.000Z"}, {**kept, "maxAge": None}]
    path.write_text(json.dumps({"cookies": newman}), encoding="utf-8")
    named, bare = read_cookies(path)
    assert (named.expires, bare.name, bare.expires) == (1_699_999_990.0, "", None)
    jar.take("http://h/", ["a=1; Max-Age=999999999999; HttpOnly"])
    path.write_text(written_cookies(jar.all()), encoding="utf-8")
    (far,) = read_cookies(path)
    assert (far.name, far.http_only, far.host_only) == ("a", True, True)
    assert far.expires is not None
    assert far.expires > NOW

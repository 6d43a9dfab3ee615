"""Cookies: what a jar takes, keeps and sends."""

from __future__ import annotations

import pytest

from umapi_harness.postman.cookies import MAX_COOKIES, CookieJar, cookie_header
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

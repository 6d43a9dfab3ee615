"""Outgoing requests: addresses, bodies and authorisation as they go over the wire."""

from __future__ import annotations

import json
import random

import attrs
import pytest

from umapi_harness.common.documents import Node
from umapi_harness.postman.behaviour import behaviour_of
from umapi_harness.postman.collection import parse_request
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.outgoing import Maker, RequestError, resolved
from umapi_harness.postman.targets import Target, read_target
from umapi_harness.postman.variables import Scopes


@pytest.fixture
def wire(tmp_path):
    """Makes a request as it would be sent, from a request as the collection writes it."""

    def make(request, target=None, behaviour=None, **values):
        ready = resolved(parse_request(Node(request, "c.json")), Scopes(environment=values))
        maker = Maker(
            files=FileAccess(folder=tmp_path), chance=random.Random(1), user_agent="umapi-harness", target=target
        )
        return maker.make(ready, behaviour_of(behaviour or {}))

    return make


def content(sent):
    """The bytes of a body."""
    return b"" if sent.body is None else b"".join(sent.body.pieces())


@pytest.mark.parametrize(
    ("url", "raw_path"),
    [
        ("http://h/a b/é?q=x y&r=é", "/a%20b/%C3%A9?q=x%20y&r=%C3%A9"),
        ("http://h/a%2Fb?x=%26", "/a%2Fb?x=%26"),
        ("http://h/100%/x?a|b['c']", "/100%/x?a|b[%27c%27]"),
        ("http://h/o@AdobeOrg/0#frag", "/o@AdobeOrg/0"),
        ("HTTP://H/a{b}^`/x?{}`", "/a%7Bb%7D^%60/x?{}`"),
        ("h/x", "/x"),
        ("http://h", "/"),
        ("http://h/デザイン部", "/%E3%83%87%E3%82%B6%E3%82%A4%E3%83%B3%E9%83%A8"),
        ("http://h/?q={{v}}", "/?q=1+%22"),
    ],
)
def test_addresses_are_encoded_where_they_must_be_and_only_there(wire, url, raw_path):
    """What may not stand in an address is encoded; what is encoded already, and what may stand, is left."""
    sent = wire(url, v='1+"')
    assert sent.url == f"http://h{raw_path}"


def test_a_path_variable_is_part_of_the_path_whatever_it_holds(wire):
    """Question marks, hashes and spaces of a value do not end the path; slashes part it, as in Postman."""
    url = {"host": ["{{base}}"], "path": ["users", ":group", "x"], "variable": [{"key": "group", "value": "{{g}}"}]}
    sent = wire({"url": url}, base="http://h:8080", g="a/b?c#d e")
    assert sent.url == "http://h:8080/users/a/b%3Fc%23d%20e/x"


def test_path_variables_fill_segments_with_suffixes_and_leave_those_without_value(wire):
    """`:name.json` is the name with a suffix; what has no value stays as it is written."""
    names = [{"key": "a", "value": "1"}, {"id": "b", "value": "2"}, {"key": "c", "value": ""}]
    url = {"raw": "http://h/:a.json/:b/:c/:d/x:a", "variable": names}
    assert wire({"url": url}).url == "http://h/1.json/2/:c/:d/x:a"


@pytest.mark.parametrize("url", ["", "http://", "ftp://h/x", "http://h:port/", "http://[::1/"])
def test_an_address_that_leads_nowhere_is_refused(wire, url):
    """An address without host, with another scheme or a wrong port is an error that shows it."""
    with pytest.raises(RequestError, match="cannot be used"):
        wire({"url": url})


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"type": "bearer", "bearer": [{"key": "token", "value": "{{t}}"}]}, "Bearer tok"),
        ({"type": "bearer", "bearer": {"token": "{{t}}"}}, "Bearer tok"),
        ({"type": "basic", "basic": {"username": "ü", "password": "p"}}, "Basic w7w6cA=="),
        ({"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "{{t}}"}]}, "Bearer tok"),
        ({"type": "oauth2", "oauth2": {"accessToken": "{{t}}", "headerPrefix": "Token "}}, "Token tok"),
        ({"type": "apikey", "apikey": [{"key": "key", "value": "Authorization"}, {"key": "value", "value": "k"}]}, "k"),
        ({"type": "noauth"}, None),
    ],
)  # fmt: skip
def test_authorisation_becomes_a_header(wire, auth, header):
    """Each type of authorisation writes the header it stands for, over one that was there."""
    sent = wire({"url": "http://h", "auth": auth, "header": [{"key": "authorization", "value": "old"}]}, t="tok")
    assert sent.header("authorization") == (header or "old")


def test_authorisation_may_go_into_the_query(wire):
    """API keys and OAuth tokens can be query parameters."""
    key = [{"key": "key", "value": "k y"}, {"key": "value", "value": "a&b"}, {"key": "in", "value": "query"}]
    assert wire({"url": "http://h/x", "auth": {"type": "apikey", "apikey": key}}).url == "http://h/x?k%20y=a%26b"
    token = [{"key": "accessToken", "value": "t"}, {"key": "addTokenTo", "value": "queryParams"}]
    sent = wire({"url": "http://h/?a=1", "auth": {"type": "oauth2", "oauth2": token}})
    assert sent.url == "http://h/?a=1&access_token=t"


def test_files_are_sent_from_the_collection_s_folder(wire, tmp_path):
    """Names of files start at the folder of the collection; a missing one is an error that names it."""
    (tmp_path / "up.txt").write_bytes(b"content \xff")
    field = [{"key": "f", "type": "file", "src": "up.txt"}, {"key": "n", "value": "1"}]
    sent = wire({"method": "POST", "url": "http://h", "body": {"mode": "formdata", "formdata": field}})
    assert b'name="f"; filename="up.txt"' in content(sent)
    assert b"content \xff" in content(sent)
    sent = wire({"method": "POST", "url": "http://h", "body": {"mode": "file", "file": {"src": "up.txt"}}})
    assert content(sent) == b"content \xff"
    with pytest.raises(RequestError, match=r"none\.txt cannot be sent: no such file"):
        wire({"method": "POST", "url": "http://h", "body": {"mode": "file", "file": {"src": "none.txt"}}})


def test_headers_may_repeat_and_hold_any_text(wire):
    """A header given twice is sent twice; values beyond Latin-1 go out as UTF-8; own headers replace defaults."""
    names = [("X", "1"), ("X", "é"), ("X", "デ"), ("User-Agent", "mine")]
    sent = wire({"url": "http://h", "header": [{"key": key, "value": value} for key, value in names]})
    assert [value for key, value in sent.headers if key == "X"] == ["1", "é", "デ".encode().decode("latin-1")]
    assert [value for key, value in sent.headers if key == "User-Agent"] == ["mine"]


def test_the_type_of_a_raw_body_follows_its_language_unless_a_header_says_it(wire):
    """JSON is announced as JSON, other text as text, and an own Content-Type wins."""

    def type_of(language, header=()):
        body = {"mode": "raw", "raw": "x", "options": {"raw": {"language": language}}}
        sent = wire({"method": "POST", "url": "http://h", "body": body, "header": list(header)})
        return [value for key, value in sent.headers if key.lower() == "content-type"]

    assert type_of("json") == ["application/json"]
    assert type_of("text") == ["text/plain"]
    assert type_of("json", [{"key": "content-type", "value": "application/x"}]) == ["application/x"]


def test_a_graphql_body_is_json(wire):
    """Query and variables go out as one JSON object."""

    def body(variables):
        return {
            "method": "POST",
            "url": "http://h",
            "body": {"mode": "graphql", "graphql": {"query": "q", "variables": variables}},
        }

    assert json.loads(content(wire(body('{"a": {{n}}}'), n="1"))) == {"query": "q", "variables": {"a": 1}}
    assert json.loads(content(wire(body("")))) == {"query": "q"}


def test_a_target_takes_the_place_of_the_api_s_servers(wire):
    """Scheme, host and port are the target's; path and query stay."""
    target = read_target("https://127.0.0.1:8443/")
    assert target == Target(origin="https://127.0.0.1:8443")
    target = attrs.evolve(target, hosts=frozenset({"h"}))
    assert wire("http://h:1/a/b?c=d", target).url == "https://127.0.0.1:8443/a/b?c=d"
    assert wire("http://h", target).url == "https://127.0.0.1:8443/"


@pytest.mark.parametrize("text", ["", "h:80", "ftp://h", "http://h/path", "http://h?x=1", "http://"])
def test_a_target_that_is_more_or_less_than_a_server_is_refused(text):
    """A target is scheme, host and port, nothing else."""
    with pytest.raises(ValueError, match="give"):
        read_target(text)


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(wire):
    """JSON can hold what UTF-8 cannot; it does not end the run."""
    half = "\ud800"
    request = {
        "method": "POST",
        "url": f"http://h/{half}?a={half}",
        "header": [{"key": "X", "value": half}],
        "auth": {"type": "basic", "basic": {"username": half, "password": "p"}},
        "body": {"mode": "urlencoded", "urlencoded": [{"key": half, "value": half}]},
    }
    sent = wire(request)
    assert (sent.url, content(sent), sent.header("x")) == ("http://h/%3F?a=?", b"%3F=%3F", "?")
    assert content(wire({**request, "body": {"mode": "raw", "raw": half}})) == b"?"

"""Formats: collections of v1, and how exports wrap what they hold."""

from __future__ import annotations

import json

import pytest

from umapi_harness.common.documents import Node
from umapi_harness.postman.formats import parse_collection, read_collection
from umapi_web import reply

TEST = "pm.test('x', () => {});"


def v1(*requests, **more):
    """A collection v1 whose requests have the ids r0, r1, …, in order."""
    listed = [{"id": f"r{place}", "name": f"r{place}", **request} for place, request in enumerate(requests)]
    document = {"id": "c", "name": "Old", "order": [one["id"] for one in listed], "requests": listed, **more}
    return parse_collection(Node(document, "c.json"))


@pytest.fixture
def sent(web, run_collection):
    """Runs a collection v1 of one request, and returns what arrived."""

    def send(**request):
        ran = run_collection(v1({"url": "http://h/x", "tests": TEST, **request}))
        assert ran.problems == []
        return web.calls[-1]

    return send


@pytest.mark.parametrize(
    ("request_", "type_", "body"),
    [
        ({"dataMode": "raw", "rawModeData": "raw", "data": []}, "text/plain", "raw"),
        ({"dataMode": "raw", "rawModeData": ["{}"], "dataOptions": {"raw": {"language": "json"}}}, "application/json",
         "{}"),
        ({"data": "older"}, "text/plain", "older"),
        ({"dataMode": "urlencoded", "data": [{"key": "a", "value": "1"}, {"key": "b", "value": "2", "enabled": False}]},
         "application/x-www-form-urlencoded", "a=1"),
        ({"dataMode": "graphql", "graphqlModeData": {"query": "q"}}, "application/json", '{"query":"q"}'),
        ({"dataMode": "raw", "rawModeData": "x", "dataDisabled": True}, None, ""),
        ({"dataMode": None, "data": "x"}, None, ""),
    ],
)  # fmt: skip
def test_bodies_of_v1_are_sent(sent, request_, type_, body):
    """Each mode by its name of then."""
    call = sent(method="POST", **request_)
    assert (call.header("content-type"), call.body.decode()) == (type_, body)


def test_forms_of_v1_are_multipart(tmp_path):
    """params is the name of then; a file stands in value."""
    (tmp_path / "a.txt").write_text("AAA", encoding="utf-8")
    data = [{"key": "a", "value": "1"}, {"key": "f", "type": "file", "value": str(tmp_path / "a.txt")}]
    item = v1({"url": "http://h", "method": "POST", "dataMode": "params", "data": data}).items[0]
    assert item.request.body is not None
    assert [(one.key, one.value, one.files) for one in item.request.body.fields] == [
        ("a", "1", ()),
        ("f", "", (str(tmp_path / "a.txt"),)),
    ]


def test_headers_of_v1_are_text_or_data(sent):
    """Lines that begin with two slashes are switched off; data goes before text."""
    call = sent(headers="A: 1\n//B: 2\nC:3\n")
    assert [call.header(name) for name in "ABC"] == ["1", None, "3"]
    call = sent(headerData=[{"key": "A", "value": "4"}, {"key": "B", "value": "5", "enabled": False}])
    assert [call.header(name) for name in "AB"] == ["4", None]


@pytest.mark.parametrize(
    ("request_", "header"),
    [
        ({"currentHelper": "basicAuth", "helperAttributes": {"username": "u", "password": "p"}}, "Basic dTpw"),
        ({"currentHelper": "bearerAuth", "helperAttributes": '{"token": "t"}'}, "Bearer t"),
        ({"currentHelper": "normal", "helperAttributes": {}}, None),
        ({"currentHelper": "basicAuth", "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "n"}]}},
         "Bearer n"),
    ],
)  # fmt: skip
def test_authorisation_of_v1_is_a_helper(sent, request_, header):
    """Newer files have it as of today, which goes first."""
    assert sent(**request_).header("authorization") == header


def test_attributes_of_helpers_are_settings_under_other_names(sent):
    """Hawk's, and what OAuth 1 puts where; the values are what Newman sends of them."""
    hawk = {"hawk_id": "i", "hawk_key": "k", "algorithm": "sha256", "ext": "e", "timestamp": "1", "nonce": "n"}
    header = sent(currentHelper="hawkAuth", helperAttributes=hawk).header("authorization")
    assert header.startswith('Hawk id="i", ts="1", nonce="n", ext="e", mac="')
    oauth = {"consumerKey": "c", "consumerSecret": "s", "timestamp": "1", "nonce": "n", "header": True}
    header = sent(currentHelper="oAuth1", helperAttributes=oauth).header("authorization")
    assert header.startswith('OAuth oauth_consumer_key="c",')


def test_path_variables_and_scripts_of_v1(web, run_collection):
    """Both kinds of path variables, and scripts as texts or as events."""
    event = {"listen": "test", "script": {"exec": [TEST]}}
    collection = v1(
        {"url": "http://h/:a", "pathVariables": {"a": "1"}, "preRequestScript": "pm.variables.set('b', 2);"},
        {"url": "http://h/:a/{{v}}", "pathVariableData": [{"key": "a", "value": "{{v}}"}], "events": [event]},
        variables=[{"key": "v", "value": "w"}],
    )
    ran = run_collection(collection)
    assert web.urls == ["http://h/1", "http://h/w/w"]
    assert ran.problems == []


def test_folders_of_v1_go_first_and_what_no_list_names_does_not_run():
    """As Postman shows them; folders hand down what they have."""
    request = {"url": "http://h"}
    folders = [
        {"id": "f", "name": "F", "order": ["r1"], "folders_order": ["g"]},
        {"id": "g", "name": "G", "order": ["r2"], "currentHelper": "basicAuth", "helperAttributes": {"username": "u"}},
        {"id": "lost", "name": "Lost", "order": ["r3"]},
    ]
    collection = v1(*[request] * 5, order=["r0", "none"], folders=folders, folders_order=["f"])
    assert [(one.name, one.folders) for one in collection.items] == [("r2", ("F", "G")), ("r1", ("F",)), ("r0", ())]
    assert collection.items[0].auth is not None
    assert collection.items[0].auth.type == "basic"
    assert [one.name for one in v1(request, request, order=None).items] == ["r0", "r1"]
    circle = [{"id": "f", "name": "F", "folders_order": ["f"]}]
    assert len(v1(request, folders=circle, folders_order=["f"]).items) == 1


def test_a_broken_request_of_v1_is_an_error_of_its_own():
    """Its place is that of the old file."""
    broken, whole = v1({"url": 1, "headers": {"a": []}}, {"url": "http://h"}).items
    assert "c.json#/requests/0" in str(broken.problem)
    assert whole.problem is None


def test_collections_come_wrapped_and_in_utf_16(tmp_path, web, run_collection):
    """As Postman's API gives them, and as some editors save them."""
    web.always(reply())
    inner = {"info": {"name": "Wrapped"}, "item": [{"name": "é", "request": "http://h/é"}]}
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.json"
        path.write_text(json.dumps({"collection": inner}, ensure_ascii=False), encoding=encoding)
        run_collection(read_collection(path))
    assert web.urls == ["http://h/%C3%A9"] * 2


def test_a_collection_that_says_nothing_of_itself_is_run_all_the_same():
    """Newman runs what has items, with or without info."""
    read = parse_collection(Node({"item": [{"name": "a", "request": "http://h/"}]}, "c.json", ""))
    assert (read.name, [item.name for item in read.items]) == ("collection", ["a"])


def test_an_event_alone_needs_no_list():
    """Newman takes an object for the one event that there is."""
    event = {"listen": "test", "script": {"exec": "pm.test('x', () => {});"}}
    read = parse_collection(Node({"item": [{"name": "a", "request": "http://h/", "event": event}]}, "c.json", ""))
    assert [script.source for script in read.items[0].tests] == ["pm.test('x', () => {});"]
    assert read.unheard == ()

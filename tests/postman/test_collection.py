"""Reading collections: what is understood, and how mistakes are told."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.common.documents import Node
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman import events
from umapi_harness.postman.collection import Auth, parse_request
from umapi_harness.postman.formats import parse_collection, read_collection

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def parse(document: object):
    return parse_collection(Node(document, "c.json"))


def one(request: object, **more: object):
    return parse({"info": {"name": "C"}, "item": [{"name": "r", "request": request, **more}]}).items[0]


def test_folders_scripts_and_authorisation_are_inherited_from_the_outside_in():
    """A request knows its folders, all scripts around it in order, and the nearest authorisation."""

    def event(listen: str, *lines: str) -> dict[str, object]:
        return {"listen": listen, "script": {"exec": list(lines)}}

    document = {
        "info": {"name": "C", "schema": V21},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{t}}"}]},
        "event": [event("test", "outer()"), event("prerequest", "")],
        "item": [
            {
                "name": "F",
                "id": "f1",
                "event": [event("test", "middle()"), {**event("test", "off()"), "disabled": True}],
                "item": [
                    {"name": "G", "auth": {"type": "noauth"}, "item": [{"name": "a", "request": "http://h/a"}]},
                    {"name": "b", "id": "b1", "request": "http://h/b", "event": [event("test", "inner()", "more()")]},
                ],
            }
        ],
    }
    collection = parse(document)
    first, second = collection.items
    assert (first.folders, first.pointer) == (("F", "G"), "/item/0/item/0/item/0")
    assert first.auth == Auth(type="noauth")
    assert second.auth == Auth(type="bearer", settings={"token": "{{t}}"})
    assert [script.source for script in second.tests] == ["outer()", "middle()", "inner()\nmore()"]
    assert second.tests[2].pointer == "/item/0/item/1/event/0/script/exec"
    assert second.prerequest == ()
    assert [first.is_in(name) for name in ("F", "G", "f1", "a", "b")] == [True, True, True, True, False]
    assert collection.folder_names() == ("F", "G")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://h/x?a=1", "http://h/x?a=1"),
        ({"raw": "http://h/x"}, "http://h/x"),
        ({"raw": "ignored", "protocol": "https", "host": ["h", "example"], "port": "8443", "path": ["a", "b"]},
         "https://h.example:8443/a/b"),
        ({"host": "{{base}}", "path": "/a/b", "query": [{"key": "x", "value": "1"}, {"key": "y", "value": ""}]},
         "{{base}}/a/b?x=1&y="),
        ({"host": ["{{base}}"], "query": [{"key": "flag", "value": None}]}, "{{base}}?flag"),
        ({"host": ["h"], "query": [{"key": "z", "value": "1", "disabled": True}]}, "h"),
        ({"host": ["h"], "path": [{"type": "string", "value": "p"}, ""]}, "h/p/"),
    ],
)  # fmt: skip
def test_an_address_is_read_from_a_string_or_from_its_parts(url, text):
    """Addresses come as strings or in parts; parts win over raw, disabled parameters are left out."""
    assert one({"method": "get", "url": url}).request.url == text


def test_bodies_of_every_mode_are_read():
    """Raw, url-encoded, multipart, GraphQL and file bodies keep what belongs to them."""

    def body(**given: object):
        found = one({"method": "POST", "url": "http://h", "body": given}).request.body
        assert found is not None
        return found

    raw = body(mode="raw", raw="{}", options={"raw": {"language": "json"}})
    assert (raw.raw, raw.language) == ("{}", "json")
    form = body(mode="urlencoded", urlencoded=[{"key": "a", "value": "1"}, {"key": "b", "disabled": True}])
    assert [(field.key, field.value) for field in form.fields] == [("a", "1")]
    assert [f.value for f in body(mode="urlencoded", urlencoded="a=1%202&b=3").fields] == ["1 2", "3"]
    parts = body(mode="formdata", formdata=[{"key": "f", "type": "file", "src": ["x.txt"]}, {"key": "n", "value": 1}])
    assert [(part.key, part.files, part.value) for part in parts.fields] == [("f", ("x.txt",), ""), ("n", (), "1")]
    graph = body(mode="graphql", graphql={"query": "{a}", "variables": {"x": 1}})
    assert (graph.raw, json.loads(graph.variables)) == ("{a}", {"x": 1})
    assert body(mode="file", file={"src": "x.bin"}).fields[0].files == ("x.bin",)
    assert one({"method": "POST", "url": "http://h", "body": {"mode": "raw", "disabled": True}}).request.body is None


def test_headers_are_read_in_all_their_forms():
    """Headers come as a list, an object, or text; disabled ones are left out."""
    forms = [
        [{"key": "A", "value": "1"}, {"key": "B", "value": "2", "disabled": True}],
        {"A": "1"},
        "A: 1\n",
        ["A: 1"],
    ]
    for form in forms:
        headers = parse_request(Node({"url": "http://h", "header": form}, "x")).headers
        assert [(header.key, header.value) for header in headers] == [("A", "1")]


def test_variables_of_the_collection_keep_their_types_and_leave_out_disabled_ones():
    """Collection variables are read by key or id; disabled ones do not exist."""
    variables = [
        {"key": "a", "value": "1"},
        {"id": "b", "value": {"x": 1}},
        {"key": "c", "value": None},
        {"key": "d", "value": "x", "disabled": True},
    ]
    collection = parse({"info": {"name": "C"}, "item": [], "variable": variables})
    assert collection.variables == {"a": "1", "b": {"x": 1}, "c": ""}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "c.json: the collection must be an object, not an array; correct the file"),
        ({}, 'no "info": this is not a Postman collection; export the collection'),
        ({"values": []}, "this is a Postman environment, not a collection"),
        ({"requests": {}}, "c.json#/requests: requests must be an array, not an object"),
        ({"info": {"schema": "https://x/v1.0.0/"}, "item": []}, "c.json#/info/schema: unknown collection format"),
        ({"info": {}}, 'c.json: no "item"'),
        ({"info": {}, "item": {}}, "c.json#/item: item must be an array, not an object"),
        ({"info": {}, "item": [], "variable": [{"value": "1"}]}, '#/variable/0: a variable without "key"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line_with_its_place_and_a_remedy(document, message):
    """What cannot be a collection is refused with file, JSON pointer, problem and remedy, in one line."""
    with pytest.raises(DocumentError) as caught:
        parse(document)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (1, "c.json#/item/0: an item must be an object, not a number"),
        ({"name": "a"}, '#/item/0: an item needs either "request" or "item"'),
        ({"item": {}}, "#/item/0/item: item must be an array"),
        ({"item": [], "event": 5}, "#/item/0/event: event must be an array"),
        ({"request": 1}, "#/item/0/request: a request must be an object"),
        ({"request": {"url": {}}}, "#/item/0/request/url: a URL needs either raw or host"),
        ({"request": {"url": "x", "body": {"mode": "xml"}}},
         "#/item/0/request/body: unknown body mode xml; use one of raw, urlencoded"),
        ({"request": "x", "event": [{"listen": "test", "script": {"src": "a.js"}}]},
         "#/item/0/event/0/script: scripts in files of their own"),
        ({"request": "x", "event": [{"listen": "test", "script": {"exec": [{}]}}]},
         "#/item/0/event/0/script/exec/0: a string is expected"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_item_is_the_problem_of_that_item(item, message):
    """The others are read; the problem has file, pointer and remedy."""
    broken, whole = parse({"info": {}, "item": [item, {"name": "b", "request": "http://h"}]}).items
    assert message in str(broken.problem)
    assert (whole.name, whole.problem) == ("b", None)


def test_a_broken_item_is_an_error_of_its_own(web, run_collection, collection_of, item):
    """It is told with its place, nothing of it is sent, and the run goes on; so is an unknown authorisation."""
    strange = {"url": "http://h/s", "auth": {"type": "kerberos", "kerberos": []}}
    ran = run_collection(collection_of({"name": "x"}, item("s", strange), item("b", "http://h/b")))
    errors = [(one.kind, one.step.name, one.pointer) for one in ran.of(events.ErrorRaised) if one.step is not None]
    assert errors == [("request", "x", "/item/0"), ("request", "s", "/item/1/request")]
    assert "authorisation of type kerberos is not supported; use one of apikey" in ran.problems[1]
    assert web.urls == ["http://h/b"]


def test_folders_nested_without_end_are_refused():
    """A collection nested deeper than anyone could mean is refused, not a crash."""
    nested: dict[str, object] = {"name": "r", "request": "http://h"}
    for _ in range(150):
        nested = {"name": "F", "item": [nested]}
    with pytest.raises(DocumentError, match="nested deeper than"):
        parse({"info": {}, "item": [nested]})


def test_files_that_cannot_be_read_are_told_in_one_line(tmp_path):
    """A missing file, a folder, bytes that are no text and text that is no JSON are each named."""
    (tmp_path / "bytes.json").write_bytes(b"{\xff}")
    (tmp_path / "odd.json").write_bytes(b"\xff\xfe{\0}")
    (tmp_path / "broken.json").write_text("{\n  x", encoding="utf-8")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    messages = {
        "none.json": "cannot be read (No such file or directory); give the path of a Postman collection",
        ".": "cannot be read (Is a directory)",
        "bytes.json": "byte 1 is not UTF-8",
        "odd.json": "byte 4 is not UTF-16",
        "broken.json": "not JSON (Expecting property name enclosed in double quotes: line 2 column 3 (char 4))",
        "deep.json": "nested too deeply",
    }
    for name, message in messages.items():
        with pytest.raises(DocumentError) as caught:
            read_collection(tmp_path / name)
        assert message in str(caught.value)
        assert str(tmp_path) in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["info", "item", "request", "url", "body", "mode", "raw", "event", "listen", "script", "exec", "auth"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_either_a_collection_or_refused_properly(document):
    """Whatever JSON stands in the file, reading it ends in a collection or a DocumentError."""
    with contextlib.suppress(DocumentError):
        parse({"info": {"name": "C"}, "item": [{"name": "r", "request": document}]})
    with contextlib.suppress(DocumentError):
        parse(document)

"""Postman's API in scripts: lists, addresses, requests, responses, cookies, older names, and what depends on a locale.

What each expression gives was read from Newman 6.2.2.
"""

from __future__ import annotations

import msgspec
import pytest

from umapi_harness.postman import events
from umapi_harness.postman.scripts import ConsoleLine, ScriptError
from umapi_web import HANG_UP

HEADERS = [
    {"key": "Content-Type", "value": "application/json; charset=utf-8"},
    {"key": "X-Two", "value": "1"},
    {"key": "x-two", "value": "2"},
]
COOKIES = [{"name": "a", "value": "1", "path": "/", "httpOnly": True}]
REQUEST = {
    "method": "POST",
    "url": {"raw": "http://u:p@a.b:80/p/:id/x?q=1&q=2&z&e=#top", "variable": [{"key": "id", "value": "5"}]},
    "header": [{"key": "X-One", "value": "1"}],
    "body": {"mode": "urlencoded", "urlencoded": [{"key": "k", "value": "v w"}]},
    "auth": {"type": "basic", "basic": [{"key": "username", "value": "u"}]},
}


@pytest.fixture
def shown(engine, script_input):
    """The value of an expression in a test script, as JSON, or the error that it throws."""

    def show(expression, **changes):
        told = "catch (error) { console.log(error.name + ': ' + error.message); }"
        source = f"try {{ console.log(JSON.stringify({expression})); }} {told}"
        response = {"headers": HEADERS, "cookies": COOKIES, **changes.pop("response", {})}
        given = script_input(source, response=response, request=REQUEST, **changes)
        (line,) = engine.run(given, lambda _message: {"error": "no"}).records
        assert isinstance(line, ConsoleLine)
        return line.text

    return show


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("pm.response.headers.get('content-type')", '"application/json; charset=utf-8"'),
        ("pm.response.headers.one('X-TWO')", '{"key":"x-two","value":"2"}'),
        ("pm.response.headers.toObject()", '{"content-type":"application/json; charset=utf-8","x-two":["1","2"]}'),
        ("pm.response.headers.map((h) => h.key)", '["Content-Type","X-Two","x-two"]'),
        (
            "[pm.response.headers.count(), pm.response.headers.indexOf('x-two'), pm.response.headers.idx(1).key]",
            '[3,2,"X-Two"]',
        ),
        ("[pm.response.headers.has('x-two', '1'), pm.response.headers.has('x-two', '3')]", "[true,false]"),
        ("pm.response.headers.filter((h) => h.value === '2').length", "1"),
        ("pm.response.headers.reduce((sum, h) => sum + h.value.length, 0)", "33"),
        ("String(pm.request.headers)", '"X-One: 1\\n"'),
        ("responseHeaders['Content-Type']", '"application/json; charset=utf-8"'),
        ("pm.request.url.path", '["p",":id","x"]'),
        ("[pm.request.url.getPath(), pm.request.url.getPath({unresolved: true})]", '["/p/5/x","/p/:id/x"]'),
        ("[pm.request.url.getHost(), pm.request.url.getRemote(), pm.request.url.port]", '["a.b","a.b:80","80"]'),
        ("pm.request.url.getQueryString()", '"q=1&q=2&z&e="'),
        ("pm.request.url.query.toObject()", '{"q":["1","2"],"z":"","e":""}'),
        ("String(pm.request.url)", '"http://u:p@a.b:80/p/5/x?q=1&q=2&z&e=#top"'),
        ("Object.keys(pm.request.toJSON()).sort()", '["auth","body","header","method","url"]'),
        ("pm.request.clone().body.urlencoded.get('k')", '"v w"'),
        ("[pm.request.auth.type, pm.request.auth.basic.get('username')]", '["basic","u"]'),
        ("[request.method, request.headers['x-one'], request.data]", '["POST","1",{"k":"v w"}]'),
        ("pm.response.contentInfo().mimeFormat", '"json"'),
        ("pm.response.dataURI()", '"data:application/json;base64, e30="'),
        ("[...pm.response.stream]", "[123,125]"),
        ("[pm.response.reason(), pm.response.details().code, responseCode.name]", '["OK",200,"OK"]'),
        (
            "[pm.cookies.get('a'), pm.cookies.has('b'), pm.cookies.toObject(), responseCookies.count()]",
            '["1",false,{"a":"1"},1]',
        ),
        ("postman.getResponseCookie('a').httpOnly", "true"),
        ("postman.getResponseHeader('CONTENT-TYPE')", '"application/json; charset=utf-8"'),
        ("[responseBody.has('{'), responseBody.has('x')]", "[true,false]"),
        ("[pm.info.eventName, pm.info.iterationCount, Object.keys(pm.info)]", '["test",1,[]]'),
        ("(pm.environment.set('o', {a: 1}), pm.variables.replaceIn({x: ['{{o}}', 5]}))", '{"x":["{\\"a\\":1}",5]}'),
        ("Buffer.from('grüß').toString('base64')", '"Z3LDvMOf"'),
        ("Buffer.from('Z3LDvMOf', 'base64').toString()", '"grüß"'),
        (
            "pm.vault.get('x')",
            "Error: pm.vault is not there outside of the Postman app; "
            "keep secrets in the environment, or give them with --env-var",
        ),
        ("(1234567.891).toLocaleString()", '"1,234,567.891"'),
        ("(0.256).toLocaleString('en-US', {style: 'percent'})", '"26%"'),
        ("(5).toLocaleString('en-US', {style: 'currency', currency: 'USD'})", '"$5.00"'),
        ("new Date(0).toLocaleDateString('en-US', {timeZone: 'UTC'})", '"1/1/1970"'),
        ("new Date(0).toLocaleString('en-US', {timeZone: 'UTC'})", '"1/1/1970, 12:00:00 AM"'),
        (
            "new Date(0).toLocaleDateString('en-US', {timeZone: 'UTC', month: 'long', year: 'numeric'})",
            '"January 1970"',
        ),
        ("['b', 'ä', 'z', 'A', 'a'].sort((a, b) => a.localeCompare(b))", '["a","A","ä","b","z"]'),
        ("['a10', 'a2'].sort((a, b) => a.localeCompare(b, undefined, {numeric: true}))", '["a2","a10"]'),
        (
            "(5).toLocaleString('de-DE')",
            "RangeError: this runner writes numbers, dates and lists in en-US alone, not in de-DE",
        ),
    ],
)
def test_what_scripts_read(shown, expression, value):
    """Each expression gives what it gives in Newman, or an error that says what is not there."""
    assert shown(expression) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{a:1}", "Unexpected token 'a' at 1:2\n{a:1}\n ^"),
        ('{"a":1,}', 'Trailing comma in object at 1:8\n{"a":1,}\n       ^'),
        ("[1,2", "Unexpected end of input at 1:5\n[1,2\n    ^"),
        ("", "No data, empty input at 1:1\n\n^"),
        ("plain words", "Unexpected token 'p' at 1:1\nplain words\n^"),
        ('{"a":\n "b" x}', "Unexpected token 'x' at 2:6\n \"b\" x}\n     ^"),
    ],
)
def test_what_is_wrong_with_json_is_told_with_its_place(shown, text, problem):
    """The words are Newman's: what, line and column, and the line itself."""
    assert shown("pm.response.json()", response={"text": text}) == f"JSONError: {problem}"


def test_marks_and_wrappings_around_json_are_taken_off(shown):
    """A byte-order mark is no part of the text; jsonp takes the call away."""
    assert shown("pm.response.json()", response={"text": '\ufeff{"a":1}'}) == '{"a":1}'
    assert shown("pm.response.text().length", response={"text": "\ufeffab"}) == "2"
    assert shown("pm.response.jsonp()", response={"text": 'call({"a":1});'}) == '{"a":1}'


def test_bytes_that_are_no_text_are_given_as_they_came(shown):
    """The host gives bytes where the text does not say them."""
    assert shown("[...pm.response.stream]", response={"text": "\ufffd", "bytes": "\xff"}) == "[255]"


@pytest.fixture
def changed(engine, script_input):
    """The request as a pre-request script leaves it; None when it changed nothing."""

    def change(source):
        given = script_input(source, event="prerequest", request=REQUEST)
        result = engine.run(msgspec.structs.replace(given, response=None), lambda _message: {"error": "no"})
        assert not [record for record in result.records if isinstance(record, ScriptError)]
        return result.request

    return change


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("pm.request.url = 'http://other/y';", "http://other/y"),
        ("pm.request.url.path = ['n', 'm'];", "http://u:p@a.b:80/n/m?q=1&q=2&z&e=#top"),
        ("pm.request.url.path.push('more');", "http://u:p@a.b:80/p/:id/x/more?q=1&q=2&z&e=#top"),
        (
            "pm.request.url.host = ['{{host}}']; pm.request.url.port = undefined;",
            "http://u:p@{{host}}/p/:id/x?q=1&q=2&z&e=#top",
        ),
        (
            "pm.request.removeQueryParams(['q', 'z', 'e']); pm.request.addQueryParams('n={{v}}');",
            "http://u:p@a.b:80/p/:id/x?n={{v}}#top",
        ),
        ("pm.request.headers.add({key: 'N', value: 1});", "http://u:p@a.b:80/p/:id/x?q=1&q=2&z&e=#top"),
    ],
)
def test_addresses_that_scripts_change(changed, source, url):
    """What a script assigns to a part of the address is what is sent; what it leaves alone stays as written."""
    assert changed(source)["url"]["raw"] == url


def test_requests_that_scripts_change(changed):
    """Headers, body and authorisation can be changed in all of Postman's ways; reading changes nothing."""
    assert changed("String(pm.request.url); pm.request.headers.toObject(); pm.request.body.toString();") is None
    request = changed("""
        pm.request.upsertHeader({key: "X-One", value: "2"}); pm.request.addHeader("B: 3");
        pm.request.headers.prepend({key: "First", value: "f"}); pm.request.removeHeader("b", {ignoreCase: true});
        pm.request.body.update("text"); pm.request.authorizeUsing("bearer", [{key: "token", value: "t"}]);
    """)
    assert request["header"] == [{"key": "First", "value": "f"}, {"key": "X-One", "value": "2"}]
    assert request["body"] == {"mode": "raw", "raw": "text"}
    assert (request["auth"]["type"], request["auth"]["bearer"][0]["value"]) == ("bearer", "t")


def test_the_cookie_jar_is_asked_of_the_host(engine, script_input):
    """Each call of the jar is a message; the answer goes to the callback, or to a promise."""
    asked = []

    def answer(message):
        asked.append(message)
        return {"cookies": [{"name": "a", "value": "1"}]}

    result = engine.run(
        script_input("""
            const jar = pm.cookies.jar();
            jar.set("http://h", "a", "1", (error, cookie) => console.log(error, cookie.value));
            console.log(await jar.get("http://h", "a"));
            jar.getAll("http://h", (error, cookies) => console.log(cookies.length));
            jar.clear("http://h", (error) => console.log(error));
        """),
        answer,
    )
    assert [record.text for record in result.records if isinstance(record, ConsoleLine)] == ["null 1", "1", "1", "null"]
    assert asked[0] == {"kind": "cookies", "call": "set", "url": "http://h", "cookie": {"name": "a", "value": "1"}}
    assert [message["call"] for message in asked] == ["set", "get", "getAll", "clear"]


def test_requests_that_scripts_send_are_described_as_postman_takes_them(engine, script_input):
    """Text, objects with raw bodies, and requests of the event; the callback gets the cookies too."""
    sent = []

    def answer(message):
        sent.append(message)
        body = {"id": "x", "code": 200, "status": "OK", "time": 1, "size": 2, "headers": [], "text": "{}"}
        return {"response": {**body, "cookies": [{"name": "a", "value": "1"}]}}

    result = engine.run(
        script_input("""
            pm.sendRequest("http://h/1", (error, response, {cookies}) => console.log(response.code, cookies.get("a")));
            pm.sendRequest({url: "http://h/2", method: "POST", body: {mode: "raw", raw: {a: 1}}}, () => {});
            pm.sendRequest(pm.request, () => {});
        """),
        answer,
    )
    assert [record.text for record in result.records if isinstance(record, ConsoleLine)] == ["200 1"]
    assert sent[0] == "http://h/1"
    assert sent[1]["body"] == {"mode": "raw", "raw": '{"a":1}'}
    assert sent[2]["url"]["raw"] == "http://h/x?q=1"


def test_tests_of_a_request_without_an_answer_see_an_empty_response(run_collection, collection_of, item, web):
    """As with Newman, so that each check fails by itself and the script goes on."""
    web.answer = lambda _: HANG_UP
    test = """
        pm.test("status", () => pm.response.to.have.status(200));
        pm.test("code " + pm.response.code + responseCode.code, () => {});
    """
    ran = run_collection(collection_of(item("a", "http://h/", test=test)))
    assert [event.name for event in ran.of(events.CheckFailed)] == ["status"]
    assert [event.name for event in ran.of(events.CheckPassed)] == ["code undefinedundefined"]


def test_older_names_set_texts_and_know_the_description(run_collection, collection_of, item, web):
    """setEnvironmentVariable makes texts of what counts as true; request.description is there."""
    request = {"url": "http://h/", "description": "what for"}
    test = """
        postman.setEnvironmentVariable("n", 1);
        postman.setGlobalVariable("z", 0);
        const kinds = [postman.getEnvironmentVariable("n"), postman.getGlobalVariable("z")].map((one) => typeof one);
        pm.test([...kinds, request.description].join(), () => {});
    """
    ran = run_collection(collection_of(item("a", request, test=test)))
    assert [event.name for event in ran.of(events.CheckPassed)] == ["string,number,what for"]

"""Formats: recordings as other programs write them, judged by those programs or by what their makers document."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
import yaml
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract.recordings import Exchange, Recording, RecordingError, load, read, save, write
from umapi_harness.mock.serving.server import running_server

ENTRY: dict[str, Any] = {
    "request": {"method": "GET", "url": "https://usermanagement.adobe.io/v2/usermanagement/users/1@AdobeOrg/0"},
    "response": {"status": 200},
}


def _har(*entries: dict[str, Any], **log: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries, **log}})


def _only(text: str | bytes) -> Exchange:
    (exchange,) = read(text, "capture.har").exchanges
    return exchange


def _entry(**changes: Any) -> dict[str, Any]:
    entry = copy.deepcopy(ENTRY)
    for place, value in changes.items():
        side, _, name = place.partition("__")
        if name:
            entry[side][name] = value
        else:
            entry[side] = value
    return entry


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_is_read_in_the_encoding_it_was_saved_in(encoding: str) -> None:
    """PowerShell and Fiddler save with a byte-order mark or as UTF-16; the text is the same."""
    text = _har(_entry(response__content={"text": "Zürich 中文"})).replace("\\u", "\\u")
    plain = json.dumps(json.loads(text), ensure_ascii=False)
    assert _only(plain.encode(encoding)).response.body.decode() == "Zürich 中文"


def test_members_that_programs_leave_out_are_not_needed() -> None:
    """A request needs a method and a URL, a response a status; null stands for what is missing."""
    nothing = dict.fromkeys(("startedDateTime", "time", "comment", "timings", "cache"))
    response = {"status": 204, "statusText": None, "headers": None, "content": None}
    request = {**ENTRY["request"], "headers": None, "queryString": None, "postData": None}
    exchange = _only(_har({"request": request, "response": response, **nothing}))
    assert (exchange.request.headers, exchange.request.body, exchange.response.body) == ((), b"", b"")
    assert exchange.milliseconds == 0


def test_what_programs_add_is_left_out() -> None:
    """Pseudo-headers of HTTP/2 and an empty encoding are no part of the exchange."""
    headers = [{"name": ":authority", "value": "h"}, {"name": "X-N", "value": 5}]
    entry = _entry(request__headers=headers, response__content={"text": "{}", "encoding": ""})
    exchange = _only(_har(entry, pages=[{"id": "p"}], browser=None))
    assert exchange.request.headers == (("X-N", "5"),)
    assert exchange.response.body == b"{}"


def test_the_url_has_the_last_word_over_the_list_of_its_query() -> None:
    """A list that is undecoded, differs or is missing changes nothing."""
    url = f"{ENTRY['request']['url']}?domain=a%2Bb"
    entry = _entry(request__url=url, request__queryString=[{"name": "domain", "value": "a%2Bb"}])
    assert _only(_har(entry)).request.url == url


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (_entry(response={"status": 0, "_error": "net::ERR_ABORTED"}), "has no answer (net::ERR_ABORTED)"),
        (_entry(response=None), "has no answer (it was aborted)"),
        ({"request": ENTRY["request"]}, "has no answer (it was aborted)"),
        (_entry(response__status=-1), "has no answer (it was aborted)"),
        (_entry(request__method="CONNECT"), "opens a tunnel"),
        (_entry(request__url="data:text/plain,x"), "is not HTTP"),
    ],
)
def test_entries_that_are_no_exchange_are_skipped_and_said(entry: dict[str, Any], reason: str) -> None:
    """One aborted request costs itself, not the file, and the reader is told where and why."""
    recording = read(_har(entry, ENTRY), "capture.har")
    assert [one.where for one in recording.exchanges] == ["capture.har#/log/entries/1"]
    (line,) = recording.skipped
    assert line.startswith("capture.har#/log/entries/0: skipped: ")
    assert line.endswith(reason)


@pytest.mark.parametrize(
    ("kept", "coding"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (gzip.compress(zlib.compress(b"hello"), mtime=0), "deflate, gzip"),
        (b"hello", "gzip"),
        (b"hello", "br"),
    ],
)
def test_bodies_are_read_with_and_without_their_compression(kept: bytes, coding: str) -> None:
    """Fiddler keeps a body as it was on the wire, browsers after decoding; both keep the header."""
    content = {"text": base64.b64encode(kept).decode(), "encoding": "base64"}
    headers = [{"name": "Content-Encoding", "value": coding}]
    assert _only(_har(_entry(response__content=content, response__headers=headers))).response.body == b"hello"


@pytest.mark.parametrize("damaged", [gzip.compress(b"hello", mtime=0)[:-4], b"\x1f\x8bnot gzip"])
def test_a_damaged_body_stays_as_it_came(damaged: bytes) -> None:
    """That a body cannot be decoded is what the recording has to tell, and no reason to refuse the file."""
    content = {"text": base64.b64encode(damaged).decode(), "encoding": "base64"}
    headers = [{"name": "Content-Encoding", "value": "gzip"}]
    assert _only(_har(_entry(response__content=content, response__headers=headers))).response.body == damaged


WORLD: dict[str, tuple[dict[str, Any], str]] = {
    "a websocket of Chrome and Playwright": (
        _entry(request__url="wss://h/x", response__status=101, _webSocketMessages=[{"type": "send", "data": "hi"}]),
        "skipped: GET wss://h/x is not HTTP",
    ),
    "from the cache, in Chrome": (_entry(_fromCache="disk", response__content={"text": "{}", "size": 2}), ""),
    "from the cache, in Firefox": (_entry(response__status=304, response__content={"text": "{}"}), ""),
    "blocked, in Chrome": (
        _entry(response={"status": 0, "content": {"size": 0, "mimeType": "x-unknown"}, "_error": "net::ERR_BLOCKED"}),
        "has no answer (net::ERR_BLOCKED)",
    ),
    "sizes that Safari does not know": (
        _entry(response__content={"size": -1, "compression": -20, "text": "{}"}, response__bodySize=-1, time=-1),
        "",
    ),
    "numbers of Fiddler as text": (_entry(response__content={"size": "2", "text": "{}"}, connection="Port:1;2"), ""),
    "a status of Charles": (_entry(request___charlesStatus="COMPLETE", response__content={"text": "{}"}), ""),
    "nothing from mitmproxy": (
        _entry(request__postData={"text": "", "params": []}, response__content={"text": "{}"}, timings={"send": None}),
        "",
    ),
    "base64 in capitals": (_entry(response__content={"text": "e3\n0=", "encoding": "BASE64"}), ""),
    "a whole number with a point": (_entry(response={"status": 200.0, "content": {"text": "{}"}}), ""),
    "a body of Playwright in another file": (
        _entry(response__content={"size": 9, "_file": "5.json"}),
        "/0 has its body in another file; record with bodies embedded (Playwright: content 'embed')",
    ),
    "a body that Chrome let go of": (
        _entry(response__content={"size": 4711, "mimeType": "application/json"}),
        "/0 has an answer whose body was not recorded (4711 bytes); export again from a fresh capture, with bodies",
    ),
    "bodies that Firefox was told to leave out": (
        _entry(response__content={"size": "12", "text": "", "comment": "Response bodies are not included."}),
        "/0 has an answer whose body was not recorded (12 bytes); export again from a fresh capture, with bodies",
    ),
    "a size beside no content": (
        _entry(response__bodySize=12),
        "/0 has an answer whose body was not recorded (12 bytes); export again from a fresh capture, with bodies",
    ),
    "commands that were left out": (
        _entry(request__method="POST", request__bodySize=90, request__postData={"mimeType": "application/json"}),
        "/0 has a request whose body was not recorded (90 bytes); export again from a fresh capture, with bodies",
    ),
}
NO_BODY: dict[str, dict[str, Any]] = {
    "HEAD": _entry(request__method="HEAD", response__content={"size": 122}),
    "not modified": _entry(response__status=304, response__content={"size": 122}),
    "empty, with the size of the wire": _entry(response__content={"size": 0}, response__bodySize=20),
    "unknown size": _entry(response__content={"size": -1}, response__bodySize=-1),
    "GET with a size": _entry(request__bodySize=12),
}


@pytest.mark.parametrize("what", NO_BODY)
def test_an_answer_without_a_body_is_an_exchange(what: str) -> None:
    """Where HTTP has no body, or the recording says that it was empty, nothing was lost."""
    assert _only(_har(NO_BODY[what])).response.body == b""


@pytest.mark.parametrize("what", WORLD)
def test_what_programs_write_is_read_or_said(what: str) -> None:
    """Entries as browsers and proxies write them give their exchange, or a line that says why there is none."""
    entry, skipped = WORLD[what]
    recording = read(_har(entry), "capture.har")
    if skipped:
        (line,) = recording.skipped
        assert (recording.exchanges, line.endswith(skipped)) == ((), True)
    else:
        (exchange,) = recording.exchanges
        assert exchange.response.body == b"{}"
        assert isinstance(exchange.response.status, int)
        assert exchange.milliseconds >= 0


def test_a_form_that_is_a_list_is_a_body() -> None:
    """Browsers give a form as `params` in place of text, decoded; it is encoded anew."""
    params = [{"name": "a", "value": "b c"}, {"name": "ü", "value": "%20"}, {"name": "f", "fileName": "x"}]
    entry = _entry(request__method="POST", request__postData={"params": params})
    assert _only(_har(entry)).request.body == b"a=b+c&%C3%BC=%2520&f="


@pytest.mark.parametrize(
    ("escapes", "text"),
    [
        (r"a\ud800b", "a\ufffdb"),
        (r"\udc00", "\ufffd"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud800", r"\ud800"),
    ],
)
def test_half_a_surrogate_pair_costs_a_character(escapes: str, text: str) -> None:
    """JavaScript writes half a pair as an escape: it is read as U+FFFD, and the recording is read whole."""
    har = _har(_entry(response__content={"text": "TEXT"}, response__statusText="TEXT"), ENTRY)
    first, second = read(har.replace("TEXT", escapes), "capture.har").exchanges
    assert first.response.body.decode() == first.response.reason == text
    assert second.response.status == 200


@given(st.lists(st.sampled_from([r"\\", r"\"", "a", r"\ud83d", r"\ude00", r"\u0041", "u", "d83d"])), st.integers(0, 20))
def test_escapes_are_read_wherever_a_read_ends(parts: list[str], place: int) -> None:
    """Files are read piece by piece: an escape that lies across two of them is read as one."""
    text = "".join(parts)
    before = "x" * (64 * 1024 - 300 + place)
    entry = _har(_entry(response__content={"text": "TEXT"})).replace("TEXT", f"{before}{text}")
    start = entry.index(before) + len(before)
    padded = entry[:1] + " " * (64 * 1024 - start - min(place, len(text))) + entry[1:]
    expected = json.loads(f'"{text}"').encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    found = _only(padded).response.body.decode().removeprefix(before)
    assert found.replace("\ufffd", "") == expected.replace("\ufffd", "")


def _recorded_by_vcrpy(folder: Path, serializer: str) -> tuple[Path, list[requests.Response]]:
    path = folder / f"cassette.{serializer}"
    answers: list[requests.Response] = []
    with running_server() as server, requests.Session() as session:
        session.trust_env = False
        details = server.details
        with vcr.VCR(serializer=serializer).use_cassette(str(path)):
            form = {"grant_type": "client_credentials", "scope": "openid,AdobeID,user_management_sdk"}
            secrets = {"client_id": details.client_id, "client_secret": details.client_secret}
            answers.append(session.post(f"{details.ims_url}/ims/token/v3", data=form | secrets))
            token = answers[0].json()["access_token"]
            session.headers.update({"Authorization": f"Bearer {token}", "x-api-key": details.client_id})
            answers.append(session.get(f"{details.api_url}/users/{details.org_id}/0"))
            commands: Any = [{"user": "zoë@example.com", "do": [{"removeFromOrg": {}}]}]
            answers.append(session.post(f"{details.api_url}/action/{details.org_id}", json=commands))
    return path, answers


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_cassettes_that_vcrpy_writes_are_read(tmp_path: Path, serializer: str) -> None:
    """What vcrpy recorded of a real client is read as that client saw it, from either notation."""
    path, answers = _recorded_by_vcrpy(tmp_path, serializer)
    exchanges = load(path).exchanges
    for exchange, answer in zip(exchanges, answers, strict=True):
        assert (exchange.request.method, exchange.request.url) == (answer.request.method, answer.request.url)
        sent: Any = answer.request.body or b""
        assert exchange.request.body == (sent if isinstance(sent, bytes) else sent.encode())
        assert (exchange.response.status, exchange.response.reason) == (answer.status_code, answer.reason)
        assert exchange.response.body == answer.content
        assert exchange.response.header("X-Request-Id") == answer.headers.get("X-Request-Id")


def _first(exchanges: Recording) -> Exchange:
    return exchanges.exchanges[0]


VERSION_0 = """\
- request: !!python/object:vcr.request.Request
    body: null
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [Accept, '*/*']
      - !!python/tuple [X-Key, k]
    host: h.example
    method: GET
    path: /status?a=1
    port: 8443
    protocol: https
  response:
    body: {string: !!python/unicode '{"state": "LIVE"}'}
    headers: ["Content-Type: application/json\\r\\n", !!python/str "X-Two: a: b\\r\\n"]
    status: {code: 200, message: OK}
"""


def test_the_first_version_of_cassettes_is_read_as_data() -> None:
    """vcrpy before 1.0 wrote a list, URLs in parts and Python's own tags: plain data, of which nothing is built."""
    exchange = _first(read(VERSION_0, "old.yaml"))
    assert exchange.request.url == "https://h.example:8443/status?a=1"
    assert exchange.request.headers == (("Accept", "*/*"), ("X-Key", "k"))
    assert exchange.response.headers == (("Content-Type", "application/json"), ("X-Two", "a: b"))
    assert exchange.response.json() == {"state": "LIVE"}


def test_the_first_version_is_read_as_json_too() -> None:
    """The JSON form of the first version is a list likewise."""
    request = {"body": None, "headers": {"A": "b"}, "host": "h", "method": "GET", "path": "/", "port": 443}
    response = {"body": {"string": "x"}, "headers": ["A: b\r\n"], "status": {"code": 404, "message": "Not Found"}}
    exchange = _first(read(json.dumps([{"request": {**request, "protocol": "https"}, "response": response}]), "o.json"))
    assert (exchange.request.url, exchange.response.status, exchange.response.body) == ("https://h/", 404, b"x")


def _cassette(response: str, request: str = "") -> str:
    return (
        f"interactions:\n- request: {{method: GET, uri: 'http://h/', headers: {{}}, body: null{request}}}\n"
        f"  response:\n    headers: {{Content-Encoding: [gzip]}}\n    status: {{code: 200, message: OK}}\n"
        f"    {response}\nversion: 1\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        f"body: {{string: !!binary {base64.b64encode(gzip.compress(b'ok', mtime=0)).decode()}}}",
        f"body: {{base64_string: {base64.b64encode(gzip.compress(b'ok', mtime=0)).decode()}}}",
        "body: {string: ok}",
        "body: !!python/unicode ok",
        "body: !!python/str ok",
        "content: !!binary b2s=",
        f"body: {{string: {json.dumps(gzip.compress(b'ok', mtime=0).decode('latin-1'))}}}",
    ],
)
def test_each_way_of_writing_a_body_is_read(body: str) -> None:
    """Text, bytes in YAML, base64, gzip, and the members that other versions of vcrpy used."""
    assert _first(read(_cassette(body), "c.yaml")).response.body == b"ok"


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ("!!python/object/apply:os.system ['touch PWNED']", 6),
        ("!!python/object/new:os.system ['touch PWNED']", 6),
        ("!!python/name:os.system ''", 6),
        ("!!python/module:os ''", 6),
        ("!!python/object:collections.Counter {a: 1}", 6),
        ("!!set {a}", 6),
        ("!ruby/object:Gem::Requirement {}", 6),
    ],
)
def test_yaml_that_asks_for_objects_is_refused(
    tag: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No tag makes anything but data: the file is refused with the line of the tag, and nothing has run."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordingError) as caught:
        read(_cassette(f"body: {{string: {tag}}}"), "c.yaml")
    assert str(caught.value).startswith(f"c.yaml#/interactions/0: line {line}: the tag ")
    assert "asks for an object" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_alias_repeats_what_was_named() -> None:
    """PyYAML writes equal lists once; and a name that holds itself is refused."""
    text = _cassette("body: {string: x}", ", extra: &kept [a]") + "more: *kept\n"
    assert _first(read(text, "c.yaml")).response.body == b"x"
    with pytest.raises(RecordingError, match=r"^c\.yaml#/more: line 8: the alias \*self names nothing that is whole"):
        read(_cassette("body: {string: x}") + "more: &self [*self]\n", "c.yaml")


def test_aliases_of_aliases_cost_nothing() -> None:
    """The billion laughs: a file whose aliases stand for 10 to the 30 entries is read, or refused, at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    bomb = "\n".join(lines) + "\n" + _cassette("body: {string: x}")
    assert _first(read(bomb, "c.yaml")).response.body == b"x"
    with pytest.raises(RecordingError, match="is no text"):
        read("\n".join(lines) + "\n" + _cassette("body: {string: *a29}"), "c.yaml")


COLLECTION: dict[str, Any] = {
    "info": {"name": "UMAPI", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item": [
        {
            "name": "Users",
            "item": [
                {
                    "name": "Page",
                    "request": {"method": "GET", "url": "{{base}}/users/{{org}}/0"},
                    "response": [
                        {
                            "name": "First",
                            "originalRequest": {
                                "method": "POST",
                                "header": [{"key": "X-Api-Key", "value": "{{key}}"}],
                                "body": {"mode": "raw", "raw": '[{"user": "{{who}}"}]'},
                                "url": {
                                    "raw": "{{base}}/action/:org?testOnly=true",
                                    "host": ["{{base}}"],
                                    "path": ["action", ":org"],
                                    "query": [{"key": "testOnly", "value": "true"}],
                                    "variable": [{"key": "org", "value": "1@AdobeOrg"}],
                                },
                            },
                            "status": "OK",
                            "code": 200,
                            "header": [{"key": "Content-Type", "value": "application/json"}],
                            "body": '{"result": "success"}',
                        },
                        {"name": "Second", "code": 429, "header": "Retry-After: 38\nA: b", "body": None},
                        {"name": "Draft", "originalRequest": {}, "body": "x"},
                    ],
                }
            ],
        },
        {"name": "Never sent", "request": "https://h/"},
    ],
    "variable": [{"key": "base", "value": "https://h.example/v2/usermanagement"}, {"key": "who", "value": "a@b.c"}],
}


def test_saved_examples_of_postman_are_read() -> None:
    """Each example gives an exchange; variables that the collection knows are replaced, others stay."""
    recording = read(json.dumps(COLLECTION), "c.json")
    first, second = recording.exchanges
    assert (first.name, second.name) == ("Users / Page / First", "Users / Page / Second")
    assert first.request.url == "https://h.example/v2/usermanagement/action/1@AdobeOrg?testOnly=true"
    assert first.request.headers == (("X-Api-Key", "{{key}}"),)
    assert first.request.body == b'[{"user": "a@b.c"}]'
    assert (first.response.status, first.response.reason, first.response.json()) == (200, "OK", {"result": "success"})
    assert second.request.url == "https://h.example/v2/usermanagement/users/{{org}}/0"
    assert second.response.header("Retry-After") == "38"
    where = "c.json#/item/0/item/0/response/2"
    assert recording.skipped == (f"{where}: skipped: the example has no status code",)


def test_a_collection_in_the_wrapper_of_postmans_interface_is_read() -> None:
    """What Postman's own interface gives holds the collection one level deeper."""
    assert len(read(json.dumps({"collection": COLLECTION}), "c.json").exchanges) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: is no recording; give a HAR 1.2 file"),
        ("<html></html>", "f: is no recording; give a HAR 1.2 file"),
        ("null", "f: is no recording; give a HAR 1.2 file"),
        ("{}", "f: is no recording; give a HAR 1.2 file"),
        ("a: b", "f: is no recording; give a HAR 1.2 file"),
        ("a: [b", "f#/a: line 2: did not find expected ',' or ']'; a vcrpy cassette"),
        ("a: b\nc\n", "f#/a: line 3: could not find expected ':'; a vcrpy cassette"),
        ("interactions: {}", "f#/interactions: line 1: is no list; correct it to a vcrpy cassette"),
        ("interactions: [5]", "f#/interactions/0: line 1: the interaction is no map; correct"),
        ("interactions:\n- request: {}", "f#/interactions/0: line 2: request has no method and uri; correct"),
        ("interactions:\n- {request: {method: G, uri: 'http://[/'}}", "f#/interactions/0: line 2: request/uri: Inv"),
        ("\x00\x01", "f: unacceptable character"),
        ('{"log": {"entries": [{}', 'f#/log/entries/0: "request" is a required property; correct'),
        ('{"log": {"entries": []}} x', "f: line 1, column 26: Extra data; a recording is a JSON file"),
        ('{"item": 5}', "f#/item: is no array; export the collection from Postman"),
    ],
)
def test_broken_files_are_refused_in_one_line(text: str, message: str) -> None:
    """A broken file is named with the place in its own notation - line, JSON pointer - and what it should be."""
    with pytest.raises(RecordingError) as caught:
        read(text, "f")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


BROKEN = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda cut: _har(ENTRY, ENTRY).encode()[:cut], st.integers(0, 300)),
    st.builds(lambda cut: VERSION_0.encode()[:cut], st.integers(0, 500)),
    st.builds(
        lambda place, byte: VERSION_0.encode()[:place] + bytes([byte]) + VERSION_0.encode()[place + 1 :],
        st.integers(0, 500),
        st.integers(0, 255),
    ),
)


@given(BROKEN)
def test_whatever_the_bytes_they_are_read_or_refused_in_one_line(data: bytes) -> None:
    """Truncated, changed or random files give exchanges or one line, never another exception."""
    refusal = ""
    try:
        write(read(data, "f").exchanges)
    except RecordingError as error:
        refusal = str(error)
    assert not refusal or (refusal.startswith("f") and "\n" not in refusal)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["request", "response", "headers", "body", "status", "uri", "method", "string", "code"])
CASSETTES = st.recursive(JSON_VALUES, lambda inner: st.dictionaries(NAMES, inner, max_size=5), max_leaves=12)


@given(st.lists(CASSETTES, max_size=2), st.sampled_from([json.dumps, yaml.safe_dump]))
def test_any_data_in_a_cassette_is_read_or_refused(items: list[Any], dump: Callable[[Any], str]) -> None:
    """Whatever stands where interactions should, the reader answers with exchanges or with one line."""
    refusal = ""
    try:
        read(dump({"interactions": items, "version": 1}), "f")
    except RecordingError as error:
        refusal = str(error)
    assert not refusal or (refusal.startswith("f#/interactions") and "\n" not in refusal)


def test_what_is_read_from_any_format_is_written_as_har(tmp_path: Path) -> None:
    """A cassette saved as HAR gives the same exchanges again."""
    (before,) = read(VERSION_0, "old.yaml").exchanges
    save([before], tmp_path / "new.har")
    (after,) = load(tmp_path / "new.har").exchanges
    assert (after.request, after.response) == (before.request, before.response)

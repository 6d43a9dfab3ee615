"""Recordings: what can be read, and the one line that is said of what cannot."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from umapi_harness.contract.recordings import Exchange, RecordingError, load, load_folder, read, save, write

ENTRY: dict[str, Any] = {
    "startedDateTime": "2017-06-22T09:47:04.000Z",
    "time": 12,
    "request": {
        "method": "GET",
        "url": "https://h/status?a=1",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "queryString": [{"name": "a", "value": "1"}],
        "headersSize": -1,
        "bodySize": 0,
    },
    "response": {
        "status": 200,
        "statusText": "OK",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": 2,
    },
    "cache": {},
    "timings": {"send": 0, "wait": 12, "receive": 0},
}
HAR: dict[str, Any] = {"log": {"version": "1.2", "creator": {"name": "Browser", "version": "1"}, "entries": [ENTRY]}}


def _changed(change: Callable[[dict[str, Any]], object]) -> str:
    document = copy.deepcopy(HAR)
    change(document["log"])
    return json.dumps(document)


def test_a_foreign_har_is_read() -> None:
    """A HAR of another program, without the corpus's notes, gives exchanges named by their place."""
    (exchange,) = read(json.dumps(HAR), "capture.har").exchanges
    assert exchange.name == exchange.where == "capture.har#/log/entries/0"
    assert (exchange.request.method, exchange.request.url) == ("GET", "https://h/status?a=1")
    assert (exchange.response.status, exchange.response.json()) == (200, {})
    assert exchange.operation is None


def test_params_and_base64_are_read() -> None:
    """A form given as params and a body given in base64 come as the bytes that were on the wire."""

    def change(log: dict[str, Any]) -> None:
        params = [{"name": "a b", "value": "ü"}, {"name": "c"}]
        log["entries"][0]["request"]["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": params}
        content = {"size": 1, "mimeType": "x/y", "encoding": "base64", "text": base64.b64encode(b"\xff").decode()}
        log["entries"][0]["response"]["content"] = content

    (exchange,) = read(_changed(change), "capture.har").exchanges
    assert exchange.request.body == b"a+b=%C3%BC&c="
    assert exchange.response.body == b"\xff"
    (again,) = read(write([exchange]), "again.har").exchanges
    assert again.response.body == b"\xff"


def _at(path: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(log: dict[str, Any]) -> None:
        *above, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        target: Any = log
        for part in above:
            target = target[part]
        target[last] = value

    return change


def _without_request(log: dict[str, Any]) -> None:
    del log["entries"][0]["request"]


def _without_entries(log: dict[str, Any]) -> None:
    del log["entries"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_at("version", "2"), '#/log/version: "2": "1.2" was expected'),
        (_at("entries", {}), "#/log/entries: is no array; correct it to HAR 1.2"),
        (_at("entries/0/request/method", 5), '#/log/entries/0/request/method: the value is not of type "string"'),
        (_at("entries/0/request/method", "GE T"), "#/log/entries/0/request/method: the value does not match"),
        (
            _at("entries/0/response/status", 1000),
            "#/log/entries/0/response/status: the value is greater than the maximum",
        ),
        (_without_request, '#/log/entries/0: "request" is a required property'),
        (_without_entries, '#/log: "entries" is a required property'),
        (_at("entries/0/_umapi", {"name": "x"}), '#/log/entries/0/_umapi: "operation" is a required property'),
        (_at("entries/0/request/url", "https://[h/"), "#/log/entries/0/request/url: Invalid IPv6 URL; correct the URL"),
        (
            _at("entries/0/response/content", {"size": 1, "mimeType": "", "encoding": "base64", "text": "ü"}),
            "#/log/entries/0/response/content/text: ",
        ),
    ],
)
def test_what_is_no_har_is_one_line(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """What does not fit HAR 1.2 is named by file and JSON pointer, in one line."""
    with pytest.raises(RecordingError) as caught:
        read(_changed(change), "capture.har")
    assert str(caught.value).startswith(f"capture.har{message}")
    assert "\n" not in str(caught.value)


def test_what_is_no_json_is_one_line() -> None:
    """Text that is no JSON is named by file, line and column."""
    with pytest.raises(RecordingError, match=r"^capture\.har: line 1, column 2: .*; a recording is a JSON file"):
        read("{]", "capture.har")


def test_nesting_without_end_is_one_line() -> None:
    """A file nested too deeply for any reader is refused like any other that is no recording."""
    with pytest.raises(
        RecordingError, match=r"^capture\.har#/log/entries/0: is nested more than 100 deep; a recording is not"
    ):
        read('{"log": {"entries": [' + '{"a":' * 100_000, "capture.har")


PLACES = st.sampled_from(
    [
        "version",
        "creator",
        "entries",
        "entries/0",
        "entries/0/request",
        "entries/0/request/url",
        "entries/0/request/queryString",
        "entries/0/request/headers",
        "entries/0/request/postData",
        "entries/0/response",
        "entries/0/response/content",
        "entries/0/response/content/text",
        "entries/0/_umapi",
    ]
)
TEXTS = st.text(st.characters(categories=("L", "N", "P", "S", "Z", "Cs")), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=6,
)


@given(place=PLACES, value=VALUES)
@example(place="entries/0/response/content/text", value="\ud800")
@example(place="version", value={"\ud800": 1})
def test_any_change_is_read_or_refused_in_one_line(place: str, value: Any) -> None:
    """Whatever stands in a HAR, it is read and can be written again, or is refused in one line."""
    try:
        recording = read(_changed(_at(place, value)), "capture.har")
    except RecordingError as error:
        refusal: str | None = str(error)
    else:
        refusal = None
        text = write(recording.exchanges)
        assert write(read(text, "again.har").exchanges) == text
    assert refusal is None or (refusal.startswith("capture.har") and "\n" not in refusal)


def test_files_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    """A file that is missing or no UTF-8, and a folder without recordings, are named with the remedy."""
    with pytest.raises(RecordingError, match=r"none\.har: cannot be read: No such file or directory; check"):
        load(tmp_path / "none.har")
    with pytest.raises(RecordingError, match=r"has no \*\.har file; give the folder"):
        load_folder(tmp_path)
    (tmp_path / "latin.har").write_bytes(b"\xe4")
    with pytest.raises(RecordingError, match=r"latin\.har: byte 0 is not UTF-8; save"):
        load(tmp_path / "latin.har")


def test_two_exchanges_of_one_name_are_refused(tmp_path: Path, by_name: dict[str, Exchange]) -> None:
    """Names are unique over all files of a folder."""
    for name in ("a.har", "b.har"):
        save([by_name["status.live"]], tmp_path / name)
    with pytest.raises(RecordingError) as caught:
        load_folder(tmp_path)
    first, second = tmp_path / "a.har", tmp_path / "b.har"
    place = "#/log/entries/0"
    assert str(caught.value) == f"{second}{place}: 'status.live' is also the name of {first}{place}; rename one"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A recording that cannot be saved says where, why and what to do."""
    with pytest.raises(RecordingError, match=r"cannot be written: No such file or directory; choose another place"):
        save([], tmp_path / "no" / "file.har")


def test_the_corpus_is_valid_har_for_others(corpus: tuple[Exchange, ...]) -> None:
    """Sizes and query lists in the corpus agree with its bodies and URLs, as strict readers of HAR expect."""
    document = json.loads(write(corpus))
    for entry in document["log"]["entries"]:
        content = entry["response"]["content"]
        assert content["size"] == entry["response"]["bodySize"] == len(content["text"].encode())
        assert entry["request"]["bodySize"] == len(entry["request"].get("postData", {}).get("text", "").encode())

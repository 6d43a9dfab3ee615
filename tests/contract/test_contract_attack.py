"""An attack on redaction: names, ids and tokens planted wherever a recording has room for one, in many disguises.

None may be left in a file that `redact --check` calls clean, and no file with one in it may be called so.
"""

from __future__ import annotations

import base64
import codecs
import gzip
import json
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from umapi_harness.cli import main
from umapi_harness.contract.vouching import vocabulary
from umapi_models import operations

ROOT: Final = "https://usermanagement.adobe.io/v2/usermanagement"
FIRST: Final = "Wilhelmina"
LAST: Final = "Snodgrass"
NAME: Final = f"{FIRST} {LAST}"
MAIL: Final = "wilhelmina.snodgrass@tiddlypom.example"
GROUP: Final = "Flibbertigibbet Squad"
LOGIN: Final = "wsnodgrass"
ID: Final = "7C1F4A5E55F3A2B00A494147"
GUID: Final = "5f3a2b7c-1f4a-4e55-9b00-a494147c0ffe"
TOKEN: Final = "Zq7xK2mPw9Rt4LcV8nB1"
NUMBER: Final = "48151623"

STYLES: Final = {
    "small": NAME.lower(),
    "capitals": NAME.upper(),
    "reversed": NAME[::-1],
    "run together": FIRST + LAST,
    "in snake case": f"{FIRST}_{LAST}",
    "with a hyphen": f"{FIRST}-{LAST}",
    "full width": "".join(chr(ord(char) + 0xFEE0) if char != " " else "\u3000" for char in NAME),
    "zero-width": "\u200b".join(NAME),
    "soft hyphens": "\u00ad".join(NAME),
    "letter by letter": " ".join(NAME),
    "with dots": ".".join(FIRST),
    "circled": "".join(chr(0x24D0 + ord(char) - 97) for char in FIRST.lower()),
    "mathematical": "".join(chr(0x1D41A + ord(char) - 97) for char in FIRST.lower()),
    "regional": "".join(chr(0x1F1E6 + ord(char) - 97) for char in FIRST.lower()),
    "tags": "".join(chr(0xE0000 + ord(char)) for char in FIRST.lower()),
    "braille": "\u283a\u280a\u2807\u2813\u2811\u2807\u280d\u280a\u281d\u2801",
    "rot13": codecs.encode(NAME, "rot13"),
    "base64": base64.b64encode(NAME.encode()).decode(),
    "base64 twice": base64.b64encode(base64.b64encode(NAME.encode())).decode(),
    "base64 of one word": base64.b64encode(b"Snod").decode(),
    "base64 of gzip": base64.b64encode(gzip.compress(NAME.encode())).decode(),
    "base32": base64.b32encode(NAME.encode()).decode(),
    "base85": base64.b85encode(FIRST.encode()).decode(),
    "hexadecimal": NAME.encode().hex(),
    "hexadecimal with blanks": NAME.encode().hex(" "),
    "hexadecimal with colons": NAME.encode().hex(":"),
    "numbers of letters": ", ".join(str(ord(char)) for char in NAME),
    "binary": " ".join(f"{ord(char):08b}" for char in FIRST),
    "quoted-printable": "".join(f"={ord(char):02X}" for char in FIRST),
    "RFC 2047": f"=?utf-8?Q?{FIRST}_{LAST}?=",
    "percent": quote(NAME).replace("W", "%57"),
    "all in percent": "".join(f"%{ord(char):02X}" for char in NAME),
    "percent twice": "".join(f"%25{ord(char):02X}" for char in NAME),
    "entities": "".join(f"&#{ord(char)};" for char in NAME),
    "entities twice": "".join(f"&amp;#{ord(char)};" for char in NAME),
    "escapes": "".join(f"\\u{ord(char):04x}" for char in NAME),
    "octal": "".join(f"\\{ord(char):03o}" for char in NAME),
    "accents apart": "Snodgra\u0301ss Wilhe\u0308lmina",
    "Cyrillic": "\u0412\u0438\u043b\u044c\u0433\u0435\u043b\u044c\u043c\u0438\u043d\u0430",
    "Greek": "\u0392\u03b9\u03bb\u03b5\u03bb\u03bc\u03af\u03bd\u03b1",
    "Japanese": "\u30f4\u30a3\u30eb\u30d8\u30eb\u30df\u30fc\u30ca",
    "Chinese": "\u738b\u5c0f\u660e",
    "Arabic": "\u0648\u064a\u0644\u0647\u064a\u0644\u0645\u064a\u0646\u0627",
    "nickname": "Minnie",
    "a mail": MAIL,
    "a mail spelt": "wilhelmina snodgrass at tiddlypom dot example",
    "a login": LOGIN,
    "a group": GROUP,
    "a group with a year": "Flibbertigibbet 2019",
    "an id": ID,
    "a GUID": GUID,
    "a token": TOKEN,
    "a number": NUMBER,
    "a telephone number": "030 4815162",
    "a telephone number in pairs": "06 48 15 16 23",
    "a birthday": "1984-03-12",
    "an account": f"CORP\\{LOGIN}",
    "a short account": "CORP\\ron",
    "a home": f"C:\\Users\\{LOGIN}",
    "a host": "minnies-laptop",
    "an address": "10.48.15.16",
    "GECOS": f"{LOGIN}:x:1001:1001:{NAME},,,:/root:/bin/sh",
    "the output of id": f"uid=1001({LOGIN}) gid=1001({LOGIN})",
    "a chat's mention": "<@U07WILHE|minnie>",
    "Clojure": f'{{:first "{FIRST}" :last "{LAST}"}}',
    "an exception": f"KeyError: '{FIRST}'",
    "a work note": f"2026-01-05 10:00:00 - {NAME} (Work notes)",
    "a number with letters": "EMP-48-WS",
}
"""One way after the other to write who somebody is."""


def _entry() -> dict[str, Any]:
    return {
        "startedDateTime": "2026-01-05T10:00:00.000Z",
        "time": 1,
        "request": {"method": "GET", "url": f"{ROOT}/status", "httpVersion": "HTTP/1.1", "headers": []},
        "response": {"status": 200, "statusText": "OK", "headers": [], "content": {"size": 2, "text": "{}"}},
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def _json(value: Any) -> dict[str, Any]:
    return {"response/content": {"mimeType": "application/json", "text": json.dumps(value)}}


def _text(value: str, kind: str = "text/plain") -> dict[str, Any]:
    return {"response/content": {"mimeType": kind, "text": value}}


def _sent(value: str, kind: str = "text/plain") -> dict[str, Any]:
    return {
        "request/method": "POST",
        "request/postData": {"mimeType": kind, "text": value},
        "request/headers": [{"name": "Content-Type", "value": kind}],
    }


def _header(name: str, value: str = NAME, side: str = "response") -> dict[str, Any]:
    return {f"{side}/headers": [{"name": name, "value": value}]}


def _url(rest: str) -> dict[str, Any]:
    return {"request/url": f"{ROOT}{rest}"}


def _inner(value: Any) -> str:
    return json.dumps(json.dumps(json.dumps(value)))


PLACES: Final[dict[str, dict[str, Any]]] = {
    **{
        f"field {name}": _json({name: NAME})
        for name in ("firstname", "nick", "note", "data", "x", "status", "country", "type", "message", "error_code")
    },
    **{f"field {name}, a list": _json({name: [{"k": [NAME]}]}) for name in ("groups", "tags", "custom", "rows")},
    **{f"a number under {name}": _json({name: int(NUMBER)}) for name in ("id", "badge", "x", "costCenter", "value")},
    "a member's name": _json({NAME: 1}),
    "a member's name within": _json({"managers": {"a": {MAIL: {}}}}),
    "a nested member's name": _json({"counts": {FIRST: 3}}),
    "JSON in JSON in JSON": _text(_inner({"a": [NAME]})),
    "a table of JSON": _json({"f": [{"v": FIRST}, {"v": LAST}]}),
    "behind JSON": _text(f'{{"result": "success"}} {NAME}'),
    "cut off JSON": _text(f'{{"result": "success", "a": "{FIRST}'),
    "JSONP": _text(f'callback({{"a": "{NAME}"}});', "application/javascript"),
    "the bytes of a buffer": _json({"type": "Buffer", "data": list(NAME.encode())}),
    "prose": _text(f"yesterday {NAME} was here, and so was {FIRST.lower()}"),
    "lower-case prose": _text(f"ask {FIRST.lower()} about it"),
    "known message": _json({"message": f"Group {GROUP} not found"}),
    "near a known message": _json({"message": f"Not found: {GROUP} by {LOGIN}"}),
    "HTML": _text(f"<p class='{LAST}'>seen by <b>{FIRST}</b></p>", "text/html"),
    "a comment of HTML": _text(f"<!-- {NAME} --><p>Not Found</p>", "text/html"),
    "a tag": _text(f"<{FIRST}>Not Found</{FIRST}>", "text/xml"),
    "an attribute": _text(f"<a {FIRST}='1' href='#{LAST}'>Not Found</a>", "text/html"),
    "a script": _text(f"<script>var {FIRST.lower()} = 1; // {LAST}</script>", "text/html"),
    "a style": _text(f"<style>.{LOGIN} {{color: red}}</style>", "text/html"),
    "CDATA": _text(f"<a><![CDATA[{NAME}]]></a>", "text/xml"),
    "a namespace": _text(f"<a xmlns:{LOGIN}='urn:{LAST}'/>", "text/xml"),
    "CSV": _text(f"id;val\n1;{FIRST}\n2;x\n", "text/csv"),
    "CSV without header": _text(f"{FIRST},{LAST},active\n", "text/csv"),
    "a column of CSV": _text(f"{LAST},status\n1,active\n", "text/csv"),
    "TSV": _text(f"1\t{LOGIN}\tactive", "text/tab-separated-values"),
    "SQL": _text(f"SELECT * FROM t WHERE c1 = '{NAME}' -- {LOGIN}"),
    "a table's name": _text(f"select * from {LOGIN}_backup"),
    "YAML": _text(f"a:\n  - {FIRST}\n# {LAST}\n"),
    "TOML": _text(f'[{LOGIN}]\nx = "{FIRST}"'),
    "INI": _text(f"; {NAME}\n[a]\nb={LOGIN}"),
    "a log": _text(f"10:00:00 INFO [{LOGIN}] done"),
    "a traceback": _text(f'File "/srv/{LOGIN}/app.py", line 3, in {FIRST.lower()}'),
    "Markdown": _text(f"# {NAME}\n\n*{LOGIN}*"),
    "LDAP": _text(f"CN={NAME},OU={GROUP},DC=tiddlypom,DC=example"),
    "an address of Exchange": _text(f"SMTP:{MAIL}"),
    "a vCard": _text(f"BEGIN:VCARD\nN:{LAST};{FIRST};;;\nEND:VCARD"),
    "a form": _sent(f"a={quote(NAME)}&b=1", "application/x-www-form-urlencoded"),
    "a form's name": _sent(f"{FIRST}=1", "application/x-www-form-urlencoded"),
    "multipart": _sent(
        f'--B{LOGIN}\r\nContent-Disposition: form-data; name="x"; filename="{LAST}.csv"\r\n\r\n{FIRST}\r\n--B{LOGIN}--',
        f"multipart/form-data; boundary=B{LOGIN}",
    ),
    "multipart's name": _sent(
        f'--b\r\nContent-Disposition: form-data; name="{FIRST}"\r\n\r\n1\r\n--b--', "multipart/form-data; boundary=b"
    ),
    "a command's requestID": _sent(json.dumps([{"requestID": LOGIN, "do": []}]), "application/json"),
    "a step nobody knows": _sent(json.dumps([{"user": MAIL, "do": [{LOGIN: {}}]}]), "application/json"),
    "a media type": _text("{}", f"application/vnd.{LOGIN}+json"),
    "a parameter of a media type": _text("{}", f"application/json; profile={LOGIN}"),
    "a query": _url(f"/status?q={quote(NAME)}"),
    "a query's name": _url(f"/status?{FIRST}=1"),
    "a query of one word": _url(f"/status?{LOGIN}"),
    "a path": _url(f"/status/{quote(NAME)}"),
    "a matrix parameter": _url(f"/status;v={LOGIN}"),
    "a fragment": _url(f"/status#{LOGIN}"),
    "a file's name": _url(f"/files/{LAST}-contract.pdf"),
    "a group's path": _url(f"/users/{ID}@AdobeOrg/0/{quote(GROUP)}"),
    "a host's name": {"request/url": f"https://{LOGIN}.adobe.io/status"},
    "a host of one word": {"request/url": f"http://{LOGIN}:8080/status"},
    "a host elsewhere": {"request/url": f"https://www.{LOGIN}.dev/status"},
    "the last label of a host": {"request/url": f"https://www.x.{LOGIN}/status"},
    "the user of a URL": {"request/url": f"https://{LOGIN}@x.example/status"},
    "a method": {"request/method": LOGIN.upper()},
    "a reason": {"response/statusText": f"Not {FIRST}"},
    "a comment of the entry": {"comment": f"as {NAME} saw it"},
    "a note of ours": {"_umapi": {"source": f"by {LOGIN}"}},
    "a note's name": {"_umapi": {"settings": {LOGIN: 1}}},
    "a note's value": {"_umapi": {"settings": {"a": [FIRST]}}},
    "the note of pseudonyms": {"_umapi": {"pseudonyms": FIRST}},
    "a custom member": {"_custom": NAME},
    "a custom member's name": {f"_{LOGIN}": 1},
    "a custom number": {"_custom": int(NUMBER)},
    "a page": {"pageref": f"page of {FIRST}"},
    "a cookie": {"request/cookies": [{"name": LOGIN, "value": "1"}]},
    "the cookie's header": _header("Cookie", f"{LOGIN}=1", "request"),
    "a redirect": {"response/redirectURL": f"/home/{LOGIN}"},
    "a date": {"startedDateTime": f"by {FIRST}"},
    "a birthday as date": {"startedDateTime": "0049 48 15 16 23 42"},
    "a protocol": {"request/httpVersion": f"HTTP/{LOGIN}"},
    "an address of the server": {"serverIPAddress": LOGIN},
    "a connection": {"connection": NUMBER},
    "a timing's name": {"timings": {LOGIN: 1}},
    "the cache": {"cache": {"comment": FIRST}},
    "a header's comment": {"request/headers": [{"name": "Accept", "value": "*/*", "comment": FIRST}]},
    "a pseudo-header": {"request/headers": [{"name": ":authority", "value": f"{LOGIN}.example"}]},
    "a body's comment": {"response/content": {"text": "{}", "comment": FIRST}},
    "a body's encoding": {"response/content": {"text": "{}", "encoding": LOGIN}},
    "an initiator": {"_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": LOGIN}]}}},
    "a message of a web socket": {"_webSocketMessages": [{"type": "send", "data": NAME}]},
    "a header's name": _header(f"X-{LAST}", "1"),
    **{
        f"header {name}": _header(name)
        for name in (
            "X-Request-Id",
            "ETag",
            "Link",
            "Warning",
            "Set-Cookie",
            "Vary",
            "Allow",
            "Content-Language",
            "X-Powered-By",
            "X-Amzn-Trace-Id",
            "Last-Event-ID",
            "Upload-Metadata",
            "WWW-Authenticate",
            "Content-Disposition",
            "Server-Timing",
            "Expires",
            "Retry-After",
            "X-Total-Count",
            "Access-Control-Allow-Origin",
        )
    },
    **{
        f"request header {name}": _header(name, value, "request")
        for name, value in (
            ("User-Agent", f"{LOGIN}/1.0 ({NAME})"),
            ("User-Agent", f"python-requests/2.31 {FIRST}"),
            ("Accept", f"application/json; v={LOGIN}"),
            ("Accept-Language", f"en, {LOGIN}"),
            ("Referer", f"https://x.example/{LOGIN}?a={FIRST}"),
            ("Cache-Control", f"no-cache, {LOGIN}"),
            ("If-None-Match", f'"{LOGIN}"'),
            ("X-Forwarded-For", f"10.0.0.1, {LOGIN}"),
            ("Via", f"1.1 {LOGIN}"),
            ("Traceparent", f"00-{NAME.encode().hex()}-01"),
        )
    },
}
"""One place after the other in which who somebody is can stand."""
NEEDLES: Final = (FIRST, LAST, LOGIN, GROUP.split()[0], "tiddlypom", ID, GUID, TOKEN, NUMBER, "minnie")
LOGS: Final[dict[str, dict[str, Any]]] = {
    "pages": {"pages": [{"id": "page_1", "title": NAME, "startedDateTime": "", "pageTimings": {}}]},
    "a name among pages": {"pages": [{LOGIN: 1}]},
    "a comment": {"comment": NAME},
    "a browser": {"browser": {"name": FIRST, "version": "1"}},
    "a creator": {"creator": {"name": LOGIN, "version": "1"}},
    "a member": {"_custom": {LOGIN: int(NUMBER)}},
    "a member's name": {f"_{LOGIN}": []},
}


def _har(change: dict[str, Any], log: dict[str, Any] | None = None) -> str:
    entry = _entry()
    for pointer, value in change.items():
        *above, name = pointer.split("/")
        target = entry
        for part in above:
            target = target.setdefault(part, {})
        target[name] = value
    creator = {"name": "umapi-harness", "version": "1"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": [entry], **(log or {})}})


def _left(text: str, planted: tuple[str, ...], tmp_path: Path) -> list[str]:
    """Redact a recording; return what of the planted is left in one that is called clean."""
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(text, "utf-8")
    assert main(["redact", "--check", str(source)]) == 1
    assert main(["redact", "--key", "of nobody", str(source), str(out)]) == 0
    assert main(["redact", "--check", str(out)]) == 0
    written = out.read_text("utf-8").lower()
    return [one for one in planted if one.lower() in written]


@pytest.mark.parametrize("place", PLACES)
def test_a_name_is_left_in_no_place(place: str, tmp_path: Path) -> None:
    """Before it is redacted the file is not clean; afterwards it is, and the name is gone."""
    assert _left(_har(PLACES[place]), NEEDLES, tmp_path) == []


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("where", ["value", "prose", "header"])
def test_a_name_is_left_in_no_disguise(style: str, where: str, tmp_path: Path) -> None:
    """In a field of which nobody knows what it holds, in a sentence and in a header, however it is written."""
    plant = STYLES[style]
    change = {
        "value": _json({"data": {"x": plant}}),
        "prose": _text(f"the value {plant} was not accepted"),
        "header": _header("X-Data", plant),
    }[where]
    written = json.dumps(plant)[1:-1]
    assert _left(_har(change), (written, plant, escape(plant)), tmp_path) == []


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_name_is_left_nowhere_around_the_entries(log: dict[str, Any], tmp_path: Path) -> None:
    """What an archive holds besides its entries is not clean until `redact` has left it out."""
    assert _left(_har({}, log), NEEDLES, tmp_path) == []


def test_a_comment_of_a_cassette_is_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment in YAML is part of no exchange, and told with its line."""
    cassette = tmp_path / "cassette.yaml"
    lines = [
        "interactions:",
        "- request: {method: GET, uri: 'https://usermanagement.adobe.io/v2/usermanagement/status'}",
        "  response: {status: {code: 200, message: OK}, body: {string: '{}'}}",
        "version: 1",
    ]
    cassette.write_text("\n".join([*lines, "# a comment"]))
    assert main(["redact", "--check", str(cassette)]) == 0
    cassette.write_text("\n".join([*lines, f"# as {NAME} saw it"]))
    capsys.readouterr()
    assert main(["redact", "--check", str(cassette)]) == 1
    told = f"{cassette}: line 5, which may be a comment: 2 words that nobody vouches for\n"
    assert capsys.readouterr().out == told


def test_words_are_shown_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--words` shows them with their place, and of what may be a secret only the beginning."""
    path = tmp_path / "one.har"
    path.write_text(_har(_json({"data": {"x": f"{FIRST} {TOKEN}"}})), "utf-8")
    assert main(["redact", "--check", str(path)]) == 1
    shown = capsys.readouterr()
    place = f"{path}#/log/entries/0/response/content/text at /data/x: 2 words that nobody vouches for"
    assert shown.out == f"{place}\n"
    assert "not proved clean: 2 words that nobody vouches for (--words shows them" in shown.err
    assert main(["redact", "--check", "--words", str(path)]) == 1
    assert capsys.readouterr().out == f'{place}: "{FIRST}", "Zq7..." (20 characters)\n'
    assert main(["redact", "--words", str(path), str(tmp_path / "out.har")]) == 2


def test_accepted_words_stay_and_are_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Words of the options and of a file are vouched for by who gives them, also where they are many in a line."""
    source, out, words = tmp_path / "in.har", tmp_path / "out.har", tmp_path / "words.txt"
    source.write_text(_har(_json({"data": f"{FIRST} met {LAST}"})), "utf-8")
    words.write_text(f"# of ours\n{FIRST}\n")
    vouched = ["--accept", f"met {LAST}", "--accept-file", str(words)]
    assert main(["redact", "--check", *vouched, str(source)]) == 0
    assert main(["redact", *vouched, str(source), str(out)]) == 0
    assert f"{FIRST} met {LAST}" in out.read_text("utf-8")
    assert main(["redact", "--check", str(out)]) == 1
    capsys.readouterr()
    missing = tmp_path / "missing.txt"
    assert main(["redact", "--check", "--accept-file", str(missing), str(source)]) == 2
    assert f"--accept-file: {missing}: cannot be read" in capsys.readouterr().err


def test_where_the_package_is_installed_is_not_vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home is named after somebody, and the package may be installed below it."""
    monkeypatch.setattr(operations, "__file__", "/home/quackenbush/umapi_models/operations.py")
    assert not vocabulary.__wrapped__().holds("quackenbush")

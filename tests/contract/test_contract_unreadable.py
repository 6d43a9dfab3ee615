"""Unreadable bodies: whatever compression and character set they are in, they are read, or left out and said."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.cli import main
from umapi_harness.common.secrets import Masker
from umapi_harness.contract.recordings import load

NAME = "Quackenbush"
SECRET = "pl4nted-Xk9-secret"
TEXT = json.dumps({"users": [{"lastname": NAME, "note": "x" * 400}], "client_secret": SECRET, "more": list(range(500))})
DATA = TEXT.encode()
JSON = "application/json"


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _har(path: Path, body: bytes, headers: dict[str, str], *, sent: bool = False) -> Path:
    """A recording with a body, in the request or the answer, as a program writes it that takes no compression off."""
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    content = {"size": len(body), "mimeType": "", "text": base64.b64encode(body).decode(), "encoding": "base64"}
    request: dict[str, Any] = {"method": "POST", "url": "https://h.test/x", "headers": listed if sent else []}
    if sent:
        request["postData"] = content
    response = {
        "status": 200,
        "headers": [] if sent else listed,
        "content": {"text": "{}"} if sent else content,
    }
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [{"request": request, "response": response}]}}))
    return path


READ = {
    "gzip cut short": (gzip.compress(DATA)[:-200], {"Content-Encoding": "gzip"}),
    "gzip damaged": (gzip.compress(DATA)[:-40] + b"\xff" * 40, {"Content-Encoding": "gzip"}),
    "gzip called identity": (gzip.compress(DATA), {"Content-Encoding": "identity"}),
    "gzip called zstd": (gzip.compress(DATA), {"Content-Encoding": "zstd"}),
    "gzip called nothing": (gzip.compress(DATA), {}),
    "gzip called octets": (gzip.compress(DATA), {"Content-Type": "application/octet-stream"}),
    "gzip twice": (gzip.compress(gzip.compress(DATA)), {"Content-Encoding": "gzip, gzip"}),
    "gzip twice, once said": (gzip.compress(gzip.compress(DATA)), {"Content-Encoding": "gzip"}),
    "gzip in two members": (gzip.compress(DATA[:300]) + gzip.compress(DATA[300:]), {}),
    "gzip as characters": (gzip.compress(DATA).decode("latin-1").encode(), {}),
    "deflate": (zlib.compress(DATA), {"Content-Encoding": "deflate"}),
    "deflate called nothing": (zlib.compress(DATA), {}),
    "deflate without a header": (_raw_deflate(DATA), {"Content-Encoding": "deflate"}),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "UTF-16 little": (TEXT.encode("utf-16-le"), {}),
    "UTF-16 big": (TEXT.encode("utf-16-be"), {}),
    "UTF-32": (TEXT.encode("utf-32"), {}),
    "UTF-32 big": (TEXT.encode("utf-32-be"), {}),
    "UTF-7": (TEXT.encode("utf-7"), {"Content-Type": "application/json; charset=utf-7"}),
    "gzip of UTF-16": (gzip.compress(TEXT.encode("utf-16")), {"Content-Encoding": "gzip"}),
    "Latin-1": (TEXT.replace("xxx", "xäx").encode("latin-1"), {"Content-Type": JSON}),
    "Shift JIS": (TEXT.replace("xxx", "山田").encode("shift-jis"), {"Content-Type": "text/json; charset=Shift_JIS"}),
}
LEFT_OUT = {
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00" + DATA, {"Content-Encoding": "zstd", "Content-Type": JSON}, JSON),
    "brotli": (b"\x1b\xff\x07\x00" + DATA, {"Content-Encoding": "br"}, "no/type"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0" + DATA, {"Content-Type": "image/png"}, "image/png"),
    "picture of text": (DATA, {"Content-Type": "image/x-custom; a=b"}, "image/x-custom"),
    "font": (DATA, {"Content-Type": "font/woff2"}, "font/woff2"),
    "MessagePack": (b"\x81\xa8lastname\xabQuackenbush", {"Content-Type": "application/msgpack"}, "application/msgpack"),
    "protobuf as octets": (b"\x0a\x0bQuackenbush\x12\x04\x01", {"Content-Type": "application/octet-stream"}, None),
    "gzip of a picture": (gzip.compress(b"\x89PNG\r\n\x1a\n\0\0" + DATA), {"Content-Encoding": "gzip"}, "no/type"),
    "a bomb": (gzip.compress(gzip.compress(b" " * (64 << 20) + DATA)), {}, "no/type"),
}


@pytest.mark.parametrize("sent", [False, True], ids=["answer", "request"])
@pytest.mark.parametrize(("body", "headers"), READ.values(), ids=READ)
def test_a_body_is_read_whatever_its_headers_say(
    body: bytes, headers: dict[str, str], sent: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compressed and in other character sets, a body is written as text, without its names and secrets."""
    source, out = _har(tmp_path / "in.har", body, headers, sent=sent), tmp_path / "out.har"
    assert main(["redact", "--check", str(source)]) == 1
    assert main(["redact", str(source), str(out)]) == 0
    assert "left out" not in capsys.readouterr().err
    assert main(["redact", "--check", str(out)]) == 0
    exchange = load(out).exchanges[0]
    written = (exchange.request if sent else exchange.response).body.decode()
    assert written.startswith('{"users": [{"lastname": "')
    assert NAME not in written
    assert SECRET not in written


@pytest.mark.parametrize("sent", [False, True], ids=["answer", "request"])
@pytest.mark.parametrize(("body", "headers", "kind"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_body_that_cannot_be_read_is_left_out_and_said(
    body: bytes,
    headers: dict[str, str],
    kind: str | None,
    sent: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mark with size and media type stands in its place, the summary counts it, and `--check` tells of it before."""
    source, out = _har(tmp_path / "in.har", body, headers, sent=sent), tmp_path / "out.har"
    assert main(["redact", "--check", str(source)]) == 1
    place = f"{source}#/log/entries/0/{'request/postData' if sent else 'response/content'}/text: not inspected"
    assert place in capsys.readouterr().out
    assert main(["redact", str(source), str(out)]) == 0
    assert "1 exchange written" in (said := capsys.readouterr().err)
    assert "; 1 body left out in whole or in part, which could not be inspected" in said
    exchange = load(out).exchanges[0]
    written = (exchange.request if sent else exchange.response).body.decode()
    size = len(gzip.decompress(body)) if headers.get("Content-Encoding") == "gzip" else len(body)
    kind = kind or headers["Content-Type"]
    assert written == f"left out: {size} bytes of {kind} could not be inspected"
    assert main(["redact", "--check", str(out)]) == 0


def test_what_is_no_mark_is_not_taken_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A body that begins like a mark is looked through like any other."""
    body = f"left out: 1 bytes of a/b could not be inspected\nclient_secret={SECRET}".encode()
    assert main(["redact", "--check", str(_har(tmp_path / "in.har", body, {}))]) == 1
    assert "a secret" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["request", "response"])
def test_a_media_type_without_a_header_is_kept(name: str, tmp_path: Path) -> None:
    """What only `mimeType` says of a body is its Content-Type, and stays in the file."""
    source = _har(tmp_path / "in.har", b"a=b", {}, sent=name == "request")
    document = json.loads(source.read_text())
    member = "postData" if name == "request" else "content"
    document["log"]["entries"][0][name][member]["mimeType"] = "application/x-www-form-urlencoded"
    source.write_text(json.dumps(document))
    out = tmp_path / "out.har"
    assert main(["redact", str(source), str(out)]) == 0
    written = json.loads(out.read_text())["log"]["entries"][0][name]
    assert written[member]["mimeType"] == "application/x-www-form-urlencoded"
    assert {"name": "Content-Type", "value": "application/x-www-form-urlencoded"} in written["headers"]
    assert main(["redact", "--check", str(out)]) == 0


@pytest.mark.parametrize(
    "text",
    ["tokens=['{}']", 'tokens = ["{}", "b"]', "x=1&tokens=['{}'", "password: ('{}',)", "log: secrets=[\\'{}\\']"],
)
def test_a_list_of_secrets_is_masked_whole(text: str) -> None:
    """The mask stands in the place of the list, not before the secret that is in it."""
    masked = Masker().text(text.format(SECRET))
    assert SECRET not in masked
    assert masked.rstrip("&x=1 b").endswith("REDACTED")


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rtEXtAuthor\0Quackenbush" + bytes(range(256))
_BASE64 = base64.b64encode(PICTURE).decode()
_WRAPPED = base64.encodebytes(PICTURE).decode()
_MARK = f"left out: {len(PICTURE)} bytes of base64 could not be inspected"
ATTACHED = {
    "JSON": (json.dumps({"photo": _BASE64, "x": 1}), json.dumps({"photo": _MARK, "x": 1})),
    "JSON of PHP": (json.dumps({"photo": _BASE64}).replace("/", "\\/"), json.dumps({"photo": _MARK})),
    "URL-safe": (
        json.dumps({"photo": base64.urlsafe_b64encode(PICTURE).decode()}),
        json.dumps({"photo": _MARK}),
    ),
    "data URL": (f'<img src="data:image/png;base64,{_BASE64}">', f'<img src="data:image/png;base64,{_MARK}">'),
    "lines": (json.dumps({"photo": _WRAPPED}), json.dumps({"photo": f"{_MARK}\n"})),
}


@pytest.mark.parametrize(("text", "made"), ATTACHED.values(), ids=ATTACHED)
def test_binary_data_within_a_text_is_left_out_and_said(
    text: str, made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long base64 that stands for no text is left out of a body, and `--check` tells it."""
    source, out = _har(tmp_path / "in.har", text.encode(), {}), tmp_path / "out.har"
    assert main(["redact", "--check", str(source)]) == 1
    assert capsys.readouterr().out.startswith(f"{source}#/log/entries/0/response/content/text: not inspected")
    assert main(["redact", str(source), str(out)]) == 0
    assert "; 1 body left out in whole or in part, which could not be inspected" in capsys.readouterr().err
    assert load(out).exchanges[0].response.body.decode() == made
    assert main(["redact", "--check", str(out)]) == 0


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"note": base64.b64encode(("nothing but words, " * 40).encode()).decode()}),
        json.dumps({"note": base64.b64encode(gzip.compress(json.dumps(list(range(900))).encode())).decode()}),
        json.dumps({"digest": "0123456789abcdef" * 40}),
        json.dumps({"line": "-" * 400, "word": "Donaudampfschiff" * 30}),
        "\n".join(f"Group{number}" for number in range(200)),
    ],
)
def test_what_holds_no_binary_data_stays(text: str, tmp_path: Path) -> None:
    """Base64 of text, hexadecimal digits, rules, long words and lists of words are left where they are."""
    source = _har(tmp_path / "in.har", text.encode(), {})
    assert main(["redact", "--no-pseudonyms", str(source), str(tmp_path / "out.har")]) == 0
    assert load(tmp_path / "out.har").exchanges[0].response.body.decode() == text

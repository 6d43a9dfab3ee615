"""The libraries that scripts can have: what asks for them, how they come into the cache, and how scripts reach them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from umapi_harness.cli import main
from umapi_harness.common.errors import InputError
from umapi_harness.postman import libraries
from umapi_harness.postman.collection import Script
from umapi_harness.postman.library_needs import needed_libraries

MODULES = """require=function e(t,n,r){function a(o){return n[o]||(n[o]={exports:{}},t[o][0].call(n[o].exports,
function(e){return a(t[o][1][e]||e)},n[o],n[o].exports)),n[o].exports}for(var o=0;o<r.length;o++)a(r[o]);return a}({
1:[function(e,t,n){throw new Error("the sandbox of Postman is not what is wanted")},{}],
2:[function(e,t,n){t.exports={VERSION:"3.10.2"}},{}],
3:[function(e,t,n){t.exports=function(x){return {xml:x}}},{lodash3:2,"./xml2Json":3}],
lodash:[function(e,t,n){n.loaded=(n.loaded||0)+1;n.VERSION="4";global.count=(global.count||0)+1},{}],
buffer:[function(e,t,n){t.exports={Buffer:function Buffer(){}}},{}]},{},[1]);"""
BUNDLE = f"module.exports=c=>c(null,{json.dumps(MODULES)})"


def archive_of(**files: str) -> bytes:
    """An npm archive with the files, `/` written as `__`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name.replace('__', '/')}")
            content = text.encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


ARCHIVE = archive_of(**{".cache__bootcode.browser.js": BUNDLE, "LICENSE.md": "free", "..__..__evil": "x"})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the archive of these tests counts as the real one."""
    monkeypatch.setenv("UMAPI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(libraries, "_ARCHIVE_SHA512", base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode())
    monkeypatch.setattr(libraries, "_BUNDLE_SHA256", hashlib.sha256(BUNDLE.encode()).hexdigest())
    return tmp_path / "cache"


@pytest.fixture
def installed(cache: Path) -> Path:
    """The cache with the libraries in it."""
    libraries.install(ARCHIVE, "the archive")
    return cache


@attrs.define
class Registry:
    """An npm registry of one package."""

    url: str
    content: bytes = ARCHIVE
    status: int = 200
    asked: list[str] = attrs.field(factory=list[str])


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry on the loopback interface."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Registry(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


NEEDS = {
    "const _ = require('lodash');": ["lodash"],
    'require("crypto-js/sha256")': [],
    "require('uuid').v4() + require('atob')('')": [],
    "require('csv-parse/lib/sync')": ["csv-parse/lib/sync"],
    "_.map([1], x => x)": ["_"],
    "[1].map((_, i) => i)": [],
    "[1].map(_ => _.a)": [],
    "CryptoJS.MD5('x')": ["CryptoJS"],
    "pm.CryptoJS.MD5('x')": [],
    "// CryptoJS.MD5('x')\n/* require('lodash') */": [],
    "const text = 'CryptoJS.MD5(1)';": [],
    "Buffer.from('x')": [],
    "utils = {}; tv4.validate(1, {}); cheerio.load('')": ["cheerio", "tv4"],
    "var CryptoJS = eval(pm.globals.get('code')); CryptoJS.MD5('x')": [],
    "xml2Json(responseBody)": ["xml2Json"],
}


@pytest.mark.parametrize("source", NEEDS)
def test_what_a_script_asks_for_is_read_from_its_text(source):
    """Names in comments and texts, of members, and those that the script gives a meaning of its own are none."""
    needs = needed_libraries([Script(source=source, pointer="/x", owner="test")])
    assert sorted(need.name for need in needs) == NEEDS[source]


def test_a_run_that_needs_libraries_sends_nothing_without_them(cache, tmp_path, capsys, item, write_json, registry):
    """The first script is named with its place, and the command that brings them; exit status 2."""
    items = [item("one", f"{registry.url}/a"), item("two", f"{registry.url}/b", test="pm.test(CryptoJS.MD5('x'))")]
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    path = write_json("c.json", {"info": {"name": "C", "schema": schema}, "item": items})
    assert main(["run", str(path)]) == 2
    line = capsys.readouterr().err
    assert "c.json#/item/1/event/0" in line
    assert 'needs CryptoJS, which is not installed; "umapi-harness libraries install" brings' in line
    assert registry.asked == []


def run(engine, script_input, *sources):
    """The names of the checks that scripts made, and their errors."""
    records = [
        record
        for source in sources
        for record in engine.run(script_input(source), lambda _message: {"error": "no network here"}).records
    ]
    return [record.name if hasattr(record, "name") else record.message for record in records]


def test_scripts_reach_installed_libraries(installed, engine, script_input):
    """By require and by name; the bundle is read once in a run, and begins nothing of its own."""
    source = "pm.test(require('lodash').VERSION + _.VERSION + typeof Buffer + xml2Json('a').xml + count, () => {});"
    assert run(engine, script_input, source, source) == ["43.10.2functiona1"] * 2


def test_a_library_is_found_by_scripts_that_make_code(installed, engine, script_input):
    """Names that only appear when the script runs are found too."""
    assert run(engine, script_input, 'eval(\'pm.test(require("lod" + "ash").VERSION, () => {})\');') == ["4"]


def test_what_needs_no_library_works_without(cache, engine, script_input):
    """atob, btoa and uuid are there at once; of others the script hears which command brings them."""
    source = "pm.test(require('atob')(require('btoa')('hi')) + require('uuid').v4().length, () => {});"
    assert run(engine, script_input, source) == ["hi36"]
    (message,) = run(engine, script_input, "require('lod' + 'ash')")
    assert 'the library lodash is not installed; "umapi-harness libraries install" brings' in message
    (message,) = run(engine, script_input, "require('nothing')")
    assert "Cannot find module 'nothing'" in message


def test_the_libraries_come_from_a_registry_and_can_be_removed(cache, registry, capsys, monkeypatch):
    """npm's variable names the registry; the file and its licence are all that is kept."""
    monkeypatch.setenv("npm_config_registry", f"{registry.url}/npm/")
    assert main(["libraries", "install"]) == 0
    assert registry.asked == [f"/npm/postman-sandbox/-/postman-sandbox-{libraries.VERSION}.tgz"]
    kept = sorted(path.name for path in cache.rglob("*") if path.is_file())
    assert kept == ["LICENSE.md", "bootcode.browser.js"]
    assert main(["libraries", "list"]) == 0
    out, err = capsys.readouterr()
    assert "lodash" in out.split()
    assert "installed in" in err
    assert main(["libraries", "remove"]) == 0
    assert libraries.installed_file() is None


def test_another_file_is_not_installed(cache, registry, tmp_path, capsys):
    """What has another digest, what is too large, and what does not come are one line, without credentials."""
    other = tmp_path / "other.tgz"
    other.write_bytes(archive_of(**{"LICENSE.md": "x"}))
    large = tmp_path / "large.tgz"
    large.write_bytes(bytes(libraries.MAX_BYTES + 1))
    with_secret = registry.url.replace("//", "//me:hidden@")
    registry.status = 404
    cases = {
        ("--from", str(other)): "this is not postman-sandbox",
        ("--from", str(large)): "larger than postman-sandbox",
        ("--from", str(tmp_path / "none.tgz")): "cannot be read",
        ("--registry", with_secret): "answered with 404",
        ("--registry", "file:///x"): "no address of an npm registry",
    }
    for arguments, expected in cases.items():
        assert main(["libraries", "install", *arguments]) == 2
        line = capsys.readouterr().err
        assert expected in line
        assert "hidden" not in line
    assert libraries.installed_file() is None


def test_damaged_libraries_are_not_run(installed):
    """A file in the cache that is not as it was brought is refused."""
    (path,) = installed.rglob("bootcode.browser.js")
    path.write_text(BUNDLE + " ")
    with pytest.raises(InputError, match="are damaged"):
        libraries.source_of_libraries()

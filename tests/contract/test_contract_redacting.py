"""Redacting: a recording with secrets and names planted in every place and encoding comes out clean."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

import pytest

from umapi_harness.cli import main
from umapi_harness.contract.archives import Archive
from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import Exchange, RecordedRequest, RecordedResponse, RecordingError
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import load

ROOT = "https://usermanagement.adobe.io/v2/usermanagement"
ORG = "9A1BC2D3E4F5061728394A5B@AdobeOrg"
CLIENT = "aa11bb22cc33dd44ee55ff6677889900"
PEOPLE = {
    "email": "Zebulon.Quackenbush@mail.quagmire-works.com",
    "username": "ZEBULON.QUACKENBUSH@MAIL.QUAGMIRE-WORKS.COM",
    "domain": "mail.quagmire-works.com",
    "firstname": "Zebulon",
    "lastname": "Quäckenbüsh",
    "id": "F00DFACE00112233445566AA@AdobeID",
}
GROUP = "Vexillology Büro / Nord"
PROFILE = "Default Snorkelmeister profile"
SECRETS = [f"pl4nted-{number:02}-Xk9" for number in range(40)]
# What must be found nowhere in the file, in no letter case.
NAMES = [
    *("zebulon", "quackenbush", "quäckenbüsh", "quagmire-works", "F00DFACE00112233445566AA", ORG.partition("@")[0]),
    *("vexillology", "büro", "snorkelmeister", CLIENT, "hortensia", "plumbottom", "10.77.66.55", "2001:db8:77::66"),
    *("kunigunde", "wigglesworth", "flapjack", "proxy.gobbledygook.net", "archibald", "tiddlywinks", "79011105"),
]


def _entry(method: str, url: str, *, sent: Any = b"", answer: Any = b"", status: int = 200, **more: Any) -> Exchange:
    def body(content: Any) -> bytes:
        return content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()

    kind = more.get("kind", "application/json")
    return Exchange(
        name=f"entry {url}",
        where="here",
        request=RecordedRequest(
            method=method,
            url=url,
            headers=(("Content-Type", kind), ("Content-Length", str(len(body(sent)))), *more.get("headers", ())),
            body=body(sent),
        ),
        response=RecordedResponse(
            status=status,
            headers=(
                ("Content-Type", more.get("answer_kind", "application/json")),
                ("Content-Length", str(len(body(answer)))),
                *more.get("answer_headers", ()),
            ),
            body=body(answer),
        ),
        notes=more.get("notes", {}),
        source=more.get("source", ""),
    )


def _planted() -> list[Exchange]:
    s = iter(SECRETS)
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "archibald@tiddlywinks.org"}).encode()).decode().rstrip("=")
    jwt = f"eyJhbGciOiJSUzI1NiJ9.{claims}.{next(s)}"
    form = f"client_id={CLIENT}&client_secret={next(s)}&jwt_token={jwt}&scope=openid&user={quote_plus(PEOPLE['email'])}"
    multipart = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"client_id": CLIENT, "client_secret": next(s), "username": "Hortensia"}.items()
    )
    token = next(s)
    user = {**PEOPLE, "groups": [GROUP, f"_admin_{GROUP}", "_org_admin"], "country": "US", "type": "federatedID"}
    command = {
        "user": PEOPLE["email"].lower(),
        "requestID": "zebulon-1",
        "do": [{"add": {"group": [GROUP], "productConfiguration": [PROFILE]}}],
    }
    error = {
        "index": 0,
        "step": 0,
        "requestID": "zebulon-1",
        "message": f"Group {GROUP} was not found",
        "errorCode": "error.group.not_found",
        "user": PEOPLE["email"].upper(),
    }
    answer = {"completed": 0, "notCompleted": 1, "completedInTestMode": 0, "result": "error", "errors": [error]}
    page = f'<form><input type="hidden" name="x" value="{next(s)}"><input value="{next(s)}" type=password></form>'
    xml = f"<r><clientSecret>{next(s)}</clientSecret><a password='{next(s)}'/><m>to {PEOPLE['email']}</m></r>"
    authorization = (("Authorization", f"Bearer {token}"), ("X-Api-Key", CLIENT))
    odd_headers = [
        ("Cookie", f"a={next(s)}; b=1"),
        ("X-Auth-Token", next(s)),
        ("X-Session-Id", next(s)),
        ("Ocp-Apim-Subscription-Key", next(s)),
        ("Proxy-Authorization", f"Basic {base64.b64encode(f'kunigunde:{next(s)}'.encode()).decode()}"),
        ("X-Forwarded-For", "10.77.66.55, 2001:db8:77::66"),
        ("X-Forwarded-Host", "proxy.gobbledygook.net"),
        ("X-User-Name", "Kunigunde Wigglesworth"),
        ("From", "kunigunde@wigglesworth.example"),
        ("Referer", f"https://kunigunde:{next(s)}@proxy.gobbledygook.net/?user=Plumbottom&access_token={next(s)}"),
        ("X-Debug", f"basic={base64.b64encode(f'user:{next(s)}'.encode()).decode()}"),
    ]
    odd_body = {
        "clientSecret": next(s),
        "passwd": next(s),
        "pin": 123454321,
        "otp": next(s),
        "pairs": [{"name": "client_secret", "value": next(s)}, {"value": next(s), "key": "password"}],
        "credentials": {"inner": [next(s)]},
        "note": f"the password: {next(s)}, ask Zebulon Quäckenbüsh",
        "proxy": f"http://kunigunde:{next(s)}@proxy.gobbledygook.net:8080/",
        "packed": base64.b64encode(json.dumps({"client_secret": next(s)}).encode()).decode(),
        "packed_name": base64.b64encode(json.dumps({"firstname": "Hortensia", "x": 1}).encode()).decode(),
        "json": json.dumps({"auth_code": next(s), "lastname": "Plumbottom"}),
        "manager": "Hortensia Plumbottom",
        "echo": f"you sent {token}",
        "description": "Flapjack department",
        "members": ["kunigunde@wigglesworth.example"],
        "archibald@tiddlywinks.org": 1,
        "groupId": 79011105,
        "audience": f"https://ims-na1.adobelogin.com/c/{CLIENT}",
        "key": f"-----BEGIN PRIVATE KEY-----\n{next(s)}\n-----END PRIVATE KEY-----",
    }
    return [
        _entry("POST", f"https://ims-na1.adobelogin.com/ims/token/v3?client_secret={next(s)}", sent=form.encode(),
               kind="application/x-www-form-urlencoded",
               answer={"access_token": token, "token_type": "bearer", "expires_in": 86399}),
        _entry("POST", "https://ims-na1.adobelogin.com/ims/token/v3", sent=f"{multipart}--b--\r\n".encode(),
               kind="multipart/form-data; boundary=b", status=400,
               answer={"error": "invalid_client", "error_description": "invalid client_secret parameter"}),
        _entry("POST", f"{ROOT}/action/{quote(ORG, safe='')}?testOnly=true", sent=[command], answer=answer,
               headers=authorization),
        _entry("GET", f"{ROOT}/users/{ORG}/0/{quote(GROUP, safe='')}?domain={PEOPLE['domain']}", headers=authorization,
               answer={"lastPage": True, "result": "success", "groupName": GROUP, "users": [user]},
               answer_headers=(("X-Total-Count", "81"), ("X-Page-Size", "81"))),
        _entry("GET", f"{ROOT}/organizations/{ORG}/users/{quote(PEOPLE['email'])}", status=404,
               answer=f'{{"result":"error.user.not_found","message":"User not found {PEOPLE["email"]}"}}'.encode()),
        _entry("GET", f"{ROOT}/groups/{ORG}/0", answer=(
            b'{"groups":[{"groupName":"Vexillology B\\u00FCro \\/ Nord","groupId":79011105,"type":"USER_GROUP",'
            b'"adminGroupName":"_admin_Vexillology B\\u00fcro / Nord","memberCount":12}],"lastPage":true}')),
        _entry("POST", f"https://proxy.gobbledygook.net/v2/usermanagement/action/{ORG}", sent=odd_body,
               headers=odd_headers, answer=page.encode(), answer_kind="text/html",
               answer_headers=(("Set-Cookie", f"sid={next(s)}"),
                               ("Location", f"https://h.test/cb#access_token={next(s)}&state=1"))),
        _entry("GET", f"{ROOT}/users/{ORG}/0?state=%7B%22token%22%3A%22{next(s)}%22%7D", answer=xml.encode(),
               answer_kind="text/xml", source="as Hortensia showed",
               notes={"name": "about zebulon", "operation": "users", "source": "as Hortensia showed",
                      "state": {"users": [PEOPLE], "domains": [{"name": PEOPLE["domain"]}]}}),
        _entry("GET", f"{ROOT}/users/{ORG}/1", answer=b"\xff\xfe" + f"client_secret={next(s)}&user=Kunigunde".encode(),
               answer_kind="application/octet-stream"),
    ]  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A recording in which forty secrets and more than twenty names are planted, as a careless program writes it."""
    entries = []
    for one in _planted():
        request: dict[str, Any] = {
            "method": one.request.method,
            "url": one.request.url,
            "headers": [{"name": name, "value": value} for name, value in one.request.headers],
        }
        if one.request.body:
            request["postData"] = {"mimeType": "", "text": one.request.body.decode()}
        response = {
            "status": one.response.status,
            "statusText": "",
            "headers": [{"name": name, "value": value} for name, value in one.response.headers],
            "content": {"encoding": "base64", "text": base64.b64encode(one.response.body).decode(), "mimeType": ""},
        }
        entry = {"request": request, "response": response, "comment": one.source}
        entries.append(entry | ({"_umapi": one.notes} if one.notes else {}))
    path = tmp_path / "planted.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def _everything(path: Path) -> str:
    """All that a file holds, its encodings taken off, in small letters."""
    return path.read_text("utf-8").lower() + _texts(load(path).exchanges)


def _texts(exchanges: Iterable[Exchange]) -> str:
    parts: list[str] = []
    for exchange in exchanges:
        for text in (exchange.request.url, exchange.request.body.decode("latin-1"), str(exchange.request.headers)):
            parts += [text, unquote(text), unquote(text.replace("+", " "))]
            parts += [
                base64.b64decode(run + "==").decode("utf-8", "replace")
                for run in re.findall(r"[\w+/]{16,}", text)
                if len(run) % 4 != 1
            ]
        parts += [exchange.source, str(exchange.notes)]
        for body in (exchange.request.body, exchange.response.body):
            parts.append(body.decode("utf-8", "replace"))
            try:
                data: Any = json.loads(body)
            except ValueError:
                continue
            parts.append(json.dumps(data, ensure_ascii=False))
            for value in data.values() if isinstance(data, dict) else ():
                if isinstance(value, str) and len(value) > 15 and value.isalnum():
                    parts.append(base64.b64decode(value + "==").decode("utf-8", "replace"))
    return "\n".join(parts).lower()


def test_more_than_sixty_are_planted() -> None:
    """More than sixty secrets and names are in the exchanges from which the recording is made, all of the names."""
    text = _texts(_planted())
    used = {secret for secret in SECRETS if secret.lower() in text}
    assert [name for name in NAMES if name.lower() not in text] == []
    assert len(used) + len(NAMES) > 50


def test_planted_secrets_and_names_are_gone(planted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`redact` writes a file without any of them, which `redact --check` finds clean; the one before it does not."""
    out = tmp_path / "out.har"
    assert main(["redact", str(planted), str(out)]) == 0
    text = _everything(out)
    assert [secret for secret in SECRETS if secret.lower() in text] == []
    assert [name for name in NAMES if name.lower() in text] == []
    assert "123454321" not in text
    capsys.readouterr()
    assert main(["redact", "--check", str(out)]) == 0, capsys.readouterr().out
    assert main(["redact", "--check", "--all", str(planted)]) == 1
    found = capsys.readouterr().out
    assert len(found.splitlines()) > 60
    assert f"{planted}#/log/entries/3/response/content/text at /users/0/email: personal data" in found
    assert f"{planted}#/log/entries/0/request/url: a secret" in found
    assert [one for one in [*SECRETS, *NAMES] if one.lower() in found.lower()] == []


def test_relations_stay(planted: Path, tmp_path: Path) -> None:
    """What was equal is equal in URL, headers, bodies and messages; the API's own words, counts and sizes stay."""
    out = tmp_path / "out.har"
    assert main(["redact", str(planted), str(out), "--key", "k"]) == 0
    before, after = load(planted).exchanges, load(out).exchanges
    listing = json.loads(after[3].response.body)
    user = listing["users"][0]
    assert user["username"] == user["email"].upper()
    assert user["domain"] == user["email"].rpartition("@")[2]
    assert user["groups"] == [listing["groupName"], f"_admin_{listing['groupName']}", "_org_admin"]
    assert (user["country"], user["type"], listing["result"]) == ("US", "federatedID", "success")
    assert unquote(urlsplit(after[3].request.url).path).endswith(f"/0/{listing['groupName']}")
    assert urlsplit(after[3].request.url).query == f"domain={user['domain']}"
    answer = json.loads(after[2].response.body)
    assert answer["errors"][0]["message"] == f"Group {listing['groupName']} was not found"
    assert answer["errors"][0]["user"] == user["email"].upper()
    command = json.loads(after[2].request.body)[0]
    assert command["user"] == user["email"].lower()
    assert command["requestID"] == answer["errors"][0]["requestID"]
    assert json.loads(after[4].response.body)["message"] == f"User not found {user['email']}"
    organizations = {one.request.url.replace("%40", "@").partition("@AdobeOrg")[0][-24:] for one in after[2:]}
    assert len(organizations) == 1
    assert json.loads(after[1].response.body) == json.loads(before[1].response.body)
    assert after[5].response.body.count(b"\\u00") == 2
    assert after[5].response.body.count(b"\\/") == 1
    for old, new in zip(before[2:6], after[2:6], strict=True):
        assert len(old.request.url) == len(new.request.url)
        assert len(old.response.body) == len(new.response.body)
    for one in after:
        assert one.request.header("Content-Length") == str(len(one.request.body))
        assert one.response.header("Content-Length") == str(len(one.response.body))
    assert after[3].response.header("X-Total-Count") == "81"


def test_one_key_is_one_mapping(planted: Path, tmp_path: Path) -> None:
    """Two files made with one key agree, and with none given they do not."""
    texts = []
    for number, arguments in enumerate((["--key", "k"], ["--key", "k"], [], [])):
        out = tmp_path / f"{number}.har"
        assert main(["redact", str(planted), str(out), *arguments]) == 0
        texts.append(out.read_text("utf-8"))
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3


def test_without_pseudonyms_names_stay(planted: Path, tmp_path: Path) -> None:
    """With --no-pseudonyms secrets go and names stay, which --check tells apart."""
    out = tmp_path / "out.har"
    assert main(["redact", str(planted), str(out), "--no-pseudonyms"]) == 0
    text = _everything(out)
    assert [secret for secret in SECRETS if secret.lower() in text] == []
    assert "zebulon" in text
    assert main(["redact", "--check", "--no-pseudonyms", str(out)]) == 0
    assert main(["redact", "--check", str(out)]) == 1


def test_a_name_that_slips_in_later_is_found(planted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is put into a redacted file by hand is told by its place."""
    out = tmp_path / "out.har"
    assert main(["redact", str(planted), str(out)]) == 0
    document = json.loads(out.read_text("utf-8"))
    content = document["log"]["entries"][3]["response"]["content"]
    content["text"] = content["text"].replace('"users": [', '"users": [{"lastname": "Featherstonehaugh"}, ')
    out.write_text(json.dumps(document), "utf-8")
    capsys.readouterr()
    assert main(["redact", "--check", str(out)]) == 1
    assert "/log/entries/3/response/content/text at /users/0/lastname: personal data" in capsys.readouterr().out


def _crowded(path: Path, count: int) -> Path:
    """A raw recording of a listing of so many people, whose last exchange has a secret."""
    users = [{"email": f"zebulon{number}@quagmire{number}.example"} for number in range(count)]
    url = "https://usermanagement.adobe.io/v2/usermanagement/users/1@AdobeOrg/0"
    entries = [
        {
            "request": {"method": "GET", "url": url, "headers": headers},
            "response": {"status": 200, "headers": [], "content": {"text": json.dumps({"users": listed})}},
        }
        for listed, headers in ((users, []), ([], [{"name": "Authorization", "value": "Bearer abcdefghijklmnop"}]))
    ]
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def test_what_is_left_is_told_once_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a raw recording, no place comes twice, 50 places are told with their number, and no secret is held back."""
    path = _crowded(tmp_path / "raw.har", 80)
    assert main(["redact", "--check", str(path)]) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert len({line.rpartition(": ")[0] for line in lines}) == len(lines) == 51
    assert [line for line in lines if "a secret" in line] == [lines[-1]]
    assert main(["redact", "--check", "--all", str(path)]) == 1
    every = capsys.readouterr()
    places = [line.partition(": ")[0] for line in every.out.splitlines()]
    assert len(set(places)) == len(places) > 80
    assert f"{path}: {len(places)} findings, of which 51 are shown (--all shows every one)" in told.err
    assert f"{path}: {len(places)} findings" in every.err
    assert "--all" not in every.err
    assert main(["redact", "--all", str(path), str(tmp_path / "out.har")]) == 2
    assert "--all shows what --check finds; give both" in capsys.readouterr().err


def test_files_that_cannot_be_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or broken file is one line and status 2, and nothing is written."""
    out = tmp_path / "out.har"
    assert main(["redact", str(tmp_path / "none.har"), str(out)]) == 2
    (tmp_path / "broken.har").write_text('{"log": {"version": "1.2", "entries": [{"request"')
    assert main(["redact", str(tmp_path / "broken.har"), str(out)]) == 2
    assert main(["redact", str(out)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["broken.har"]
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_no_file_is_lost_without_a_word(planted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there is replaced with --overwrite alone, and IN never, also where OUT is a link to it."""
    out, link = tmp_path / "out.har", tmp_path / "link.har"
    before = planted.read_bytes()
    link.symlink_to(planted)
    out.write_text("precious")

    assert main(["redact", str(planted), str(out)]) == 2
    assert out.read_text() == "precious"
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith("out.har: is there already and stays; give another name (--overwrite replaces it)")
    )
    for same in (planted, link):
        assert main(["redact", "--overwrite", str(planted), str(same)]) == 2
        assert "is IN too" in capsys.readouterr().err
    assert planted.read_bytes() == before
    assert main(["redact", "--overwrite", str(planted), str(out)]) == 0
    assert load(out).exchanges
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({planted.name, "link.har", "out.har"})


def test_a_file_that_is_made_meanwhile_stays(planted: Path, tmp_path: Path) -> None:
    """A file that comes to be while a recording is written is not replaced."""
    out = tmp_path / "out.har"
    archive = Archive(out)
    archive.add(load(planted).exchanges[0])
    out.write_text("precious")
    with pytest.raises(RecordingError, match="is there already"):
        archive.finish(replacing=False)
    archive.discard()
    assert out.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({planted.name, "out.har"})


@pytest.mark.parametrize("command", [["redact", "in.har", "-"], ["record", "--upstream", "http://h", "--out", "-"]])
def test_a_hyphen_is_no_output(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hyphen for standard output is refused, with what to give instead; no file of that name is made."""
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert "give /dev/stdout for standard output" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_one_finding_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single finding is told as one."""
    path = tmp_path / "one.har"
    path.write_text(json.dumps(_raw_har({"request/url": f"{ROOT}/groups/?client_secret=QQ11aa22bb"})))
    assert main(["redact", "--check", "--no-pseudonyms", str(path)]) == 1
    assert "1 finding\n" in capsys.readouterr().err


def test_many_users_take_time_in_proportion() -> None:
    """Eight times as many users take about eight times as long."""

    def seconds(count: int) -> float:
        users = [
            {
                "email": f"u{n}.last{n}@d{n % 50}.example.com",
                "username": f"u{n}",
                "firstname": f"U{n}",
                "lastname": f"Last{n}",
                "groups": [f"G{n % 97}"],
            }
            for n in range(count)
        ]
        exchange = _entry("GET", f"{ROOT}/users/{ORG}/0", answer={"users": users, "lastPage": True})
        cleaner = Cleaner(Pseudonyms("k"))
        begin = time.thread_time()
        cleaner.learn(exchange)
        cleaned = cleaner.cleaned(exchange)
        assert len(cleaned.response.body) == len(exchange.response.body)
        return time.thread_time() - begin

    assert seconds(2000) < 24 * seconds(250) + 0.1


def _seconds(text: str) -> float:
    """The processor time that it takes to clean a text: the least of three, for a machine has other work too."""
    exchange = _entry("POST", f"{ROOT}/action/{ORG}", sent=text.encode(), kind="text/plain")
    best = float("inf")
    for _ in range(3):
        cleaner = Cleaner(Pseudonyms("k"))
        begin = time.thread_time()
        cleaner.cleaned(exchange)
        best = min(best, time.thread_time() - begin)
    return best


@pytest.mark.parametrize(
    "piece",
    [
        *("name: ", "user=", 'name: ["a", ', "name:'", "%25", "%2525", "&#37;", "&lt;", "a@", "\\u0040", "User X "),
        *('"x@', "name eq ", 'name eq "a', "Ab,b@c.de\n", 'name,"\n', 's:4:"name";s:4:"', "/home/", "C:\\Users\\"),
        *("insert into t(name) values ('a'),(", "N:a;VCARD\n"),
    ],
)
def test_texts_of_one_kind_take_time_in_proportion(piece: str) -> None:
    """A text made of names, escapes or the like alone takes about four times as long when it is four times as long."""

    assert _seconds(piece * 4000) < 8 * _seconds(piece * 1000) + 0.1


@pytest.mark.parametrize(
    ("start", "piece", "end"),
    [
        *(("user 's ", "A.", ""), ("user x ", "A'", ""), ("user x ", "12.3.", ""), ("", "A&", "")),
        *(("members:\n- a", " ", "b\n"), ("name,mail\nx,a@", ".", "@\n")),
    ],
)
def test_a_long_run_takes_time_in_proportion(start: str, piece: str, end: str) -> None:
    """A run that might be a name, an item or an address is read once, not anew from each of its signs."""

    long, short = (f"{start}{piece * count}{end}" for count in (8000, 2000))
    assert _seconds(long) < 8 * _seconds(short) + 0.1


def test_a_file_is_the_owners_alone(planted: Path, tmp_path: Path) -> None:
    """What `redact` writes can be read by its owner only."""
    out = tmp_path / "out.har"
    assert main(["redact", str(planted), str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600


def test_names_in_messages_and_links() -> None:
    """A name that only a message, a link or a percent-encoded text holds is replaced, the sentence stays."""
    body = {
        "message": "remove [zebulon@quagmire.example] to product group Snorkel failed: error.group.remove_failed",
        "profile": "https://quagmire.example/people",
        "note": "mail=zebulon%40quagmire.example&x=1",
        "display": "Zebulon Q",
    }
    exchange = _entry("GET", f"{ROOT}/users/{ORG}/0", answer=body)
    cleaner = Cleaner(Pseudonyms("k"))
    cleaner.learn(exchange)
    cleaned = cleaner.cleaned(exchange).response.body.decode()
    assert [name for name in ("zebulon", "quagmire", "snorkel") if name in cleaned.lower()] == []
    message = json.loads(cleaned)["message"]
    assert message.startswith("remove [")
    assert message.endswith(" failed: error.group.remove_failed")
    assert json.loads(cleaned)["profile"].startswith("https://")


def _raw_har(change: dict[str, Any], *, log: dict[str, Any] | None = None) -> dict[str, Any]:
    """A HAR of one entry as a browser saves it, without a secret but in what is changed, member by member."""
    entry: dict[str, Any] = {
        "startedDateTime": "2026-01-05T10:00:00.000Z",
        "time": 1,
        "request": {"method": "GET", "url": f"{ROOT}/status?x=1", "httpVersion": "h2", "headers": []},
        "response": {"status": 200, "statusText": "", "headers": [], "content": {"size": 2, "text": "{}"}},
        "cache": {},
        "timings": {"wait": 1},
    }
    for pointer, value in change.items():
        *above, name = pointer.split("/")
        target = entry
        for part in above:
            target = target.setdefault(part, {})
        target[name] = value
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "umapi-harness", "version": "1"},
            "entries": [entry],
            **(log or {}),
        }
    }


_JSON_SECRET = json.dumps({"access_token": "pl4nted-left-Xk9"})
LEFTOVERS: dict[str, dict[str, Any]] = {
    "cookie of the request": {"request/cookies": [{"name": "a", "value": "pl4nted-left-Xk9"}]},
    "cookie of the answer": {"response/cookies": [{"name": "a", "value": "pl4nted-left-Xk9"}]},
    "query": {"request/queryString": [{"name": "access_token", "value": "pl4nted-left-Xk9"}]},
    "redirect": {"response/redirectURL": "https://x.example/?code=pl4nted-left-Xk9"},
    "initiator": {"_initiator": {"url": "https://x.example/?access_token=pl4nted-left-Xk9"}},
    "socket": {"_webSocketMessages": [{"type": "send", "data": _JSON_SECRET}]},
    "comment of a body": {"request/postData": {"text": "{}", "comment": "password=pl4nted-left-Xk9"}},
    "media type": {"response/content": {"text": "{}", "mimeType": "text/plain; token=pl4nted-left-Xk9"}},
    "pseudo-header": {"request/headers": [{"name": ":path", "value": "/?access_token=pl4nted-left-Xk9"}]},
    "cache": {"cache": {"afterRequest": {"eTag": "token=pl4nted-left-Xk9"}}},
    "date": {"startedDateTime": "token=pl4nted-left-Xk9"},
    "encoding of a body": {"response/content": {"text": "{}", "encoding": "token=pl4nted-left-Xk9"}},
    "aborted": {
        "request/headers": [{"name": "Authorization", "value": "Bearer pl4nted-left-Xk9"}],
        "response/status": 0,
    },
}


@pytest.mark.parametrize("change", LEFTOVERS.values(), ids=LEFTOVERS)
def test_check_finds_secrets_that_are_in_no_exchange(
    change: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `redact` leaves out of a browser's HAR is looked through, and so are aborted entries."""
    path = tmp_path / "raw.har"
    path.write_text(json.dumps(_raw_har(change)), "utf-8")
    assert main(["redact", "--check", "--no-pseudonyms", str(path)]) == 1
    assert "a secret" in capsys.readouterr().out
    path.write_text(json.dumps(_raw_har({})), "utf-8")
    assert main(["redact", "--check", str(path)]) == 0


@pytest.mark.parametrize(
    "log",
    [
        {"pages": [{"id": "page_1", "title": "Hortensia Plumbottom"}]},
        {"comment": "as Hortensia saw it"},
        {"browser": {"name": "Hortensia's"}},
        {"creator": {"name": "umapi-harness", "version": "1", "comment": "Hortensia"}},
    ],
)
def test_check_takes_no_text_for_clean_that_redact_leaves_out(
    log: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text around the exchanges may name anybody: it is told, until `redact` has left it out."""
    path, out = tmp_path / "raw.har", tmp_path / "out.har"
    path.write_text(json.dumps(_raw_har({}, log=log)), "utf-8")
    assert main(["redact", "--check", str(path)]) == 1
    assert f"#/log/{next(iter(log))}: text that is no part of an exchange" in capsys.readouterr().out
    assert main(["redact", str(path), str(out)]) == 0
    assert main(["redact", "--check", str(out)]) == 0


def test_check_looks_through_the_rest_of_a_collection_and_a_cassette(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Authorisations of a collection and notes of a cassette are looked through for secrets."""
    collection: dict[str, Any] = {
        "info": {"name": "c"},
        "item": [{"name": "r", "request": {"method": "GET", "url": f"{ROOT}/x"}, "response": []}],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "pl4nted-left-Xk9"}]},
    }
    cassette = {"interactions": [], "recorded_with": "password=pl4nted-left-Xk9"}
    for number, document in enumerate((collection, {"collection": collection}, cassette)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(document), "utf-8")
        assert main(["redact", "--check", "--no-pseudonyms", str(path)]) == 1, number
        assert "pl4nted" not in capsys.readouterr().out


UNREAD = ", and may name anybody; redact leaves it out"


@pytest.mark.parametrize(
    "place",
    ["request/note", "request/path", "response/url", "response/protocol", "response/status/note", "response/body/note"],
)
def test_check_looks_through_members_of_a_cassette_that_are_not_read(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in an interaction besides what is read of it is told as a secret, or as text that names anybody."""
    *above, name = place.split("/")
    path = tmp_path / "cassette.yaml"
    for text, told in (("token=pl4nted-left-Xk9", "a secret"), ("Hortensia", "text that is no part of an exchange")):
        interaction: dict[str, Any] = {
            "request": {"method": "GET", "uri": f"{ROOT}/status", "body": None, "headers": {}},
            "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}},
        }
        path.write_text(json.dumps({"version": 1, "interactions": [interaction]}), "utf-8")
        assert main(["redact", "--check", str(path)]) == 0
        target = interaction
        for part in above:
            target = target[part]
        target[name] = text
        path.write_text(json.dumps({"version": 1, "interactions": [interaction]}), "utf-8")
        capsys.readouterr()
        assert main(["redact", "--check", str(path)]) == 1
        assert capsys.readouterr().out == f"{path}#/interactions/0/{place}: {told}{UNREAD if told[0] == 't' else ''}\n"


def test_a_short_secret_is_gone_from_its_whole_exchange(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret of less than eight characters is masked where its own exchange says it again, and in no other."""
    answer = {"message": "the value hQ7x2 was refused", "xhQ7x2": "hQ7x2y"}
    document = _raw_har(
        {
            "request/url": f"{ROOT}/x/hQ7x2?q=hQ7x2",
            "request/postData": {"mimeType": "", "text": json.dumps({"client_secret": "hQ7x2", "pin": "v2.0"})},
            "response/content/text": json.dumps(answer),
        }
    )
    other = _raw_har({"response/content/text": json.dumps({"note": "a thing called hQ7x2, v2.0"})})
    document["log"]["entries"] += other["log"]["entries"]
    path, out = tmp_path / "in.har", tmp_path / "out.har"
    path.write_text(json.dumps(document), "utf-8")
    assert main(["redact", "--check", "--no-pseudonyms", str(path)]) == 1
    assert f"{path}#/log/entries/0/response/content/text at /message: a secret" in capsys.readouterr().out
    assert main(["redact", "--no-pseudonyms", str(path), str(out)]) == 0
    first, second = load(out).exchanges
    assert first.request.url.endswith("/x/REDACTED?q=REDACTED")
    assert json.loads(first.response.body) == {"message": "the value REDACTED was refused", "xhQ7x2": "hQ7x2y"}
    assert json.loads(second.response.body) == {"note": "a thing called hQ7x2, v2.0"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--accept", "Zebra"], "--accept keeps words from getting a pseudonym, and --no-pseudonyms gives none"),
        (["--accept-file", "words.txt"], "--accept-file keeps words from getting a pseudonym"),
    ],
)
@pytest.mark.parametrize("command", ["redact in.har out.har", "record --upstream http://127.0.0.1:9 --out out.har"])
def test_options_of_pseudonyms_are_refused_where_there_are_none(
    command: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is begun that would leave them out in silence."""
    assert main([*command.split(), "--no-pseudonyms", *options]) == 2
    assert message in capsys.readouterr().err

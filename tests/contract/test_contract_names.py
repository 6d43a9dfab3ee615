"""Names in odd places: told by the pairs and spellings that hold them, and by their shape anywhere."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest

from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedRequest, RecordedResponse
from umapi_harness.contract.pseudonyms import Pseudonyms

URL = "https://usermanagement.adobe.io/v2/usermanagement/status"
ACCEPTED = frozenset("abqx")
"""Letters that stand in the texts around names."""
ADDRESS = "jane.x@zapf.de"
ORG = "7F4E21A95B2C3D4E0A494133@AdobeOrg"


def _cleaned(body: Any, headers: Headers = ()) -> tuple[str, dict[str, str]]:
    """The body and the headers of an answer as they are written."""
    text = body if isinstance(body, str) else json.dumps(body)
    response = RecordedResponse(status=200, headers=headers, body=text.encode())
    exchange = Exchange(name="e", where="e", request=RecordedRequest(method="GET", url=URL), response=response)
    cleaner = Cleaner(Pseudonyms("k"), ACCEPTED)
    cleaner.learn(exchange)
    done = cleaner.cleaned(exchange).response
    return done.body.decode(), dict(done.headers)


@pytest.mark.parametrize("name", ["Isabelle", "Idris", "Oferwin", "Wasserburg", "Forsmann", "Namelin"])
def test_a_name_that_begins_like_a_word_is_taken_whole(name: str) -> None:
    """User Idris is no user with the id ris."""
    made = json.loads(_cleaned({"message": f"User {name} has been deleted"})[0])["message"]
    assert made == f"User {Pseudonyms('k').phrase(name)} has been deleted"


def test_what_the_service_calls_a_resource_stays() -> None:
    """The gaps of Canonical-Resource are no names, though somebody is called Page; anything else there is."""
    header = ("Canonical-Resource", "/v2/usermanagement/users/{orgId}/{page}")
    data = {"users": [{"firstname": "Maria", "lastname": "Page"}]}
    assert _cleaned(data, (header,))[1] == dict([header])
    assert "Page" not in _cleaned(data, ((header[0], "/v2/usermanagement/Page"),))[1][header[0]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "text/plain; charset=windows-1252; format=flowed; delsp=yes"),
        ("Content-Disposition", "inline; modification-date=x"),
        ("Cache-Control", "must-understand, max-stale=1, min-fresh=2"),
        ("WWW-Authenticate", 'Digest qop="auth-int", algorithm=MD5, userhash=false'),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Prefer", "handling=lenient"),
        ("Server-Timing", "edge; dur=1"),
        ("CF-RAY", "1"),
        ("max-forwards", "1"),
    ],
)
def test_parameters_of_headers_stay(name: str, value: str) -> None:
    """What RFCs call the parameters of headers is vouched for: without `boundary` nobody could read a form."""
    assert _cleaned({}, ((name, value),))[1] == {name: value}


@pytest.mark.parametrize("naming", ["name", "key", "field", "attribute", "label", "type"])
@pytest.mark.parametrize("valued", ["value", "content", "text", "values"])
def test_a_pair_gives_its_value_the_kind_that_it_names(naming: str, valued: str) -> None:
    """In `{"name": "firstname", "value": ...}` the value is the name and the label is none, in whatever order."""
    value: Any = ["Balthasar"] if valued == "values" else "Balthasar"
    data = [{naming: "firstname", valued: value}, {valued: value, naming: "last_name"}, "firstname is missing"]
    made = json.loads(_cleaned(data)[0])
    assert [one[naming] for one in made[:2]] == ["firstname", "last_name"]
    assert made[2] == "firstname is missing"
    assert "balthasar" not in json.dumps(made).lower()


def test_what_a_group_is_called_is_no_label() -> None:
    """A group's name beside a field called value stays a name."""
    made, _ = _cleaned({"groups": [{"name": "Snorkel Team", "value": "x"}, {"name": "Flapjack", "value": 1}]})
    assert "Snorkel" not in made
    assert "Flapjack" not in made


PROTOCOL: Headers = (
    ("X-Total-Count", "10000"),
    ("X-Page-Size", "10000"),
    ("X-Current-Page", "10000"),
    ("X-RateLimit-Limit", "10000"),
    ("RateLimit-Reset", "10000"),
    ("Cache-Control", "max-age=10000, private"),
    ("WWW-Authenticate", 'Bearer realm="private", error="invalid_token"'),
    ("Expires", "Mon, 01 Jun 2026 10:00:00 GMT"),
    ("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT"),
    ("Allow", "GET"),
    ("Content-Range", "bytes 0-1/10000"),
    ("Access-Control-Max-Age", "10000"),
)


def test_known_names_leave_the_protocol_alone() -> None:
    """A group called 10000, gzip or Jun changes no count, no date and no directive of a header, nor a page's number."""
    body, headers = _cleaned(
        {"groups": ["10000", "private", "invalid_token", "Jun", "GET", "bytes"], "page": "10000"}, PROTOCOL
    )
    assert headers == dict(PROTOCOL)
    assert json.loads(body)["page"] == "10000"
    assert json.loads(body)["groups"][0] != "10000"


FIELDS = (
    "error",
    "country",
    "status",
    "scope",
    "state",
    "type",
    "locale",
    "result",
    "role",
    "version",
    "errorCode",
    "page",
)
HEADERS = (
    "Content-Type",
    "Server",
    "Accept",
    "Vary",
    "WWW-Authenticate",
    "Cache-Control",
    "X-Page-Size",
    "X-Powered-By",
)


def test_a_shape_is_known_in_fields_that_hold_no_names() -> None:
    """An address, an id with a realm, and an IP address are replaced in every field and header, percent-encoded too."""
    told = f"{ADDRESS} {ORG} 10.77.66.55 {quote('ann.y@zapf.de')}"
    body, headers = _cleaned(dict.fromkeys(FIELDS, told), tuple((name, told) for name in HEADERS))
    for text in (*json.loads(body).values(), *headers.values()):
        assert "zapf" not in text
        assert "7F4E21A9" not in text
        assert "10.77.66.55" not in text


@pytest.mark.parametrize("address", ["aafa:532:cc::33", "cc::1", "2001:db8:cc:7::66", "2001:db8:77:dc::5"])
def test_groups_of_an_address_are_no_fields(address: str) -> None:
    """In an IPv6 address `cc:` and `dc:` name nothing: the pseudonym is that of the whole, and the address is one."""
    made, headers = _cleaned(f"from {address} here", (("X-Forwarded-For", address),))
    assert made == f"from {Pseudonyms('k').address(address)} here"
    assert headers == {"X-Forwarded-For": Pseudonyms("k").address(address)}


UMLAUT = "J\u00f6rg.Schmidtmann@zapf.de"
# The same address as URLs, markup and programs write it.
ESCAPED = {
    "plain": UMLAUT,
    "decimal": "".join(f"&#{ord(char)};" for char in UMLAUT),
    "hexadecimal": "".join(f"&#x{ord(char):X};" for char in UMLAUT),
    "entity by name": UMLAUT.replace("\u00f6", "&ouml;"),
    "entity and at by name": UMLAUT.replace("\u00f6", "&ouml;").replace("@", "&commat;"),
    "escaped entity": UMLAUT.replace("\u00f6", "&amp;ouml;"),
    "percent": UMLAUT.replace("\u00f6", "%C3%B6"),
    "percent twice": UMLAUT.replace("\u00f6", "%25C3%25B6"),
    "percent, Latin-1": UMLAUT.replace("\u00f6", "%f6"),
    "percent and u": UMLAUT.replace("\u00f6", "%u00F6"),
    "percent and u, at": UMLAUT.replace("\u00f6", "%u00F6").replace("@", "%40"),
    "u": UMLAUT.replace("\u00f6", "\\u00f6"),
    "u, all": "".join(f"\\u{ord(char):04x}" for char in UMLAUT),
    "u twice": "".join(f"\\\\u{ord(char):04x}" for char in UMLAUT),
    "u, four": UMLAUT.replace("\u00f6", "\\\\\\\\u00f6"),
    "u and braces": UMLAUT.replace("\u00f6", "\\u{f6}").replace("@", "\\u{40}"),
    "long u": UMLAUT.replace("\u00f6", "\\U000000f6"),
    "x": "".join(f"\\x{ord(char):02x}" for char in UMLAUT),
    "x, bytes": UMLAUT.replace("\u00f6", "\\xc3\\xb6"),
    "octal": "".join(f"\\{ord(char):03o}" for char in UMLAUT),
    "octal, bytes": UMLAUT.replace("\u00f6", "\\303\\266"),
}
FRAMES = ["<td>{}</td>", "see {} there", "email: {}", "x=1&user={}", 'say("{}");']


def _read(text: str) -> str:
    """What a text with escapes stands for."""
    text = text.replace("&amp;", "&").replace("\\n", "\n").replace("%25", "%")
    text = unescape(re.sub(r"\\{2,}", r"\\", text))
    text = re.sub(
        r"%u(....)|\\u\{(\w+)\}|\\U(.{8})|\\u(....)", lambda at: chr(int("".join(filter(None, at.groups())), 16)), text
    )
    text = re.sub(r"\\x(..)", r"%\1", re.sub(r"\\([0-3][0-7]{2})", lambda at: f"%{int(at[1], 8):02x}", text))
    raw = unquote_to_bytes(text)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@pytest.mark.parametrize("spelling", ESCAPED.values(), ids=ESCAPED)
@pytest.mark.parametrize("frame", FRAMES)
def test_an_address_with_escapes_is_replaced_whole(frame: str, spelling: str) -> None:
    """However letters of an address are escaped, its pseudonym is that of the plain one, and no escape is broken."""
    body = frame.format(spelling)
    for text in (_cleaned(body)[0], json.loads(_cleaned({"note": body})[0])["note"]):
        assert _read(text) == _read(body).replace(UMLAUT, Pseudonyms("k").phrase(UMLAUT))


@pytest.mark.parametrize(
    "umlaut", ["%FC", "%C3%BC", "%u00fc", "\\u00fc", "\\\\u00FC", "\\xfc", "\\374", "&uuml;", "&#xfc;"]
)
@pytest.mark.parametrize("frame", ["see {} here", "User {} was removed", 'a quote " and {}', "?q={}&a=b"])
def test_a_known_name_is_found_with_escapes(frame: str, umlaut: str) -> None:
    """A name that a field tells is replaced in prose also where its letters are escaped, by its own pseudonym."""
    note = frame.format(f"M{umlaut}ller")
    body = _cleaned({"lastname": "M\u00fcller", "note": note})[0]
    assert _read(json.loads(body)["note"]) == _read(note).replace("M\u00fcller", Pseudonyms("k").phrase("M\u00fcller"))


@pytest.mark.parametrize("before", ["\\n", "\\\\t", "%22", "&quot;", "\\u003c", "\\x20"])
def test_an_escape_before_an_address_is_no_part_of_it(before: str) -> None:
    """An address has its pseudonym also where the escape of a sign stands before it, and the escape stays."""
    body = f"see {before}{ADDRESS} there"
    made = Pseudonyms("k").phrase(ADDRESS)
    assert unescape(_cleaned(body)[0]) == unescape(f"see {before}{made} there")


@pytest.mark.parametrize("name", ["api_key", "apikey", "ApIkEy", "LaStNaMe", "uSeRnAmE"])
def test_the_letter_case_of_a_field_does_not_matter(name: str) -> None:
    """A client id or a name has its pseudonym also where capitals and small letters of the field's name take turns."""
    assert json.loads(_cleaned({name: "Quackenbush"})[0]) == {name: Pseudonyms("k").phrase("Quackenbush")}


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS = {
    "percent": f"/v2/x/{quote(ORG)}/users/{quote(ADDRESS)}",
    "percent twice": quote(quote(ADDRESS)),
    "percent-encoded JSON": quote(json.dumps({"email": ADDRESS})),
    "HTML, decimal": f"<p>{ADDRESS.replace('@', '&#64;')}</p>",
    "HTML, hexadecimal": f"<p>{ADDRESS.replace('@', '&#x40;')}</p>",
    "HTML, by name": f"<p>{ADDRESS.replace('@', '&commat;')}</p>",
    "cut-off JSON": '{"users": [{"email": "' + ADDRESS.replace("@", "\\u0040"),
    "base64": _packed(ADDRESS),
    "base64 of prose": f"see {_packed(f'the user {ADDRESS} is gone')}",
    "base64 of a form": _packed(f"a=b&email={quote(ADDRESS)}"),
    "base64 of base64": _packed(_packed(json.dumps({"email": ADDRESS}))),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_an_address_is_known_in_every_spelling(spelling: str) -> None:
    """However an address is encoded, it is replaced by one of the same length, in body, message and header."""
    plain, _ = _cleaned(spelling)
    message, headers = _cleaned(
        {"message": spelling, "error": spelling}, (("Location", spelling), ("X-Note", spelling))
    )
    shown = [plain, *json.loads(message).values(), *headers.values()]
    for text in shown:
        assert text != spelling
        assert len(text) == len(spelling)
        assert "zapf" not in text
        assert _packed("x@zapf.de")[4:8] not in text


@pytest.mark.parametrize(
    ("message", "kept", "gone"),
    [
        ("An Adobe ID cannot be updated: adobe.walker@zapf.de", "An Adobe ID cannot be updated: ", "walker"),
        ("No user adobe.walker@zapf.de in domain zapf.de", "No user ", "zapf"),
        ("Unknown key in command update: walker", "Unknown key in command update: ", "walker"),
        ("Invalid group name: Snorkel", "Invalid group name: ", "Snorkel"),
        ("Invalid country code: XX", "Invalid country code: XX", "walker"),
        (
            "JWT issuer (iss) is not the organization of the client.",
            "JWT issuer (iss) is not the organization of",
            "x.y",
        ),
    ],
)
def test_the_words_of_known_messages_stay(message: str, kept: str, gone: str) -> None:
    """Somebody called as a word of a message does not change the message: only what fills its gaps is replaced."""
    names = ("adobe.walker@zapf.de", "unknown.command@zapf.de", "client.issuer@zapf.de", "group.country@zapf.de")
    body = {"users": [{"email": name} for name in names], "errors": [{"message": message}]}
    said = json.loads(_cleaned(body)[0])["errors"][0]["message"]
    assert said.startswith(kept)
    assert len(said) == len(message)
    assert gone not in said

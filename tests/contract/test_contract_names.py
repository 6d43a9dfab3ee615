"""Names in odd places: told by the pairs and spellings that hold them, and by their shape anywhere."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedRequest, RecordedResponse
from umapi_harness.contract.pseudonyms import Pseudonyms

URL = "https://usermanagement.adobe.io/v2/usermanagement/status"
ADDRESS = "jane.x@zapf.de"
ORG = "7F4E21A95B2C3D4E0A494133@AdobeOrg"


def _cleaned(body: Any, headers: Headers = ()) -> tuple[str, dict[str, str]]:
    """The body and the headers of an answer as they are written."""
    text = body if isinstance(body, str) else json.dumps(body)
    response = RecordedResponse(status=200, headers=headers, body=text.encode())
    exchange = Exchange(name="e", where="e", request=RecordedRequest(method="GET", url=URL), response=response)
    cleaner = Cleaner(Pseudonyms("k"))
    cleaner.learn(exchange)
    done = cleaner.cleaned(exchange).response
    return done.body.decode(), dict(done.headers)


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

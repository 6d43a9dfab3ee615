"""Why a call was refused: the server tells its tester more than it tells the client."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from umapi_models.operations import SYNC_HEADER, SYNC_START

if TYPE_CHECKING:
    import httpx

    from tests.mock.conftest import Mock

CREDENTIAL = {"client_id": "other", "client_secret": "s", "tech_account_id": "t"}
OTHER = {"org_id": "777@AdobeOrg", "users": [], "credentials": [CREDENTIAL]}
DAY = 90_000


def cause(mock: Mock) -> dict[str, str]:
    """Why the last request was refused."""
    found: dict[str, str] = mock.client.get("/_mock/requests", params={"limit": 1}).json()[0]["cause"]
    return found


def asked(mock: Mock, org_id: str = "", **headers: str) -> httpx.Response:
    """The answer to a query for groups, with other headers."""
    return mock.client.get(f"/v2/usermanagement/groups/{org_id or mock.org_id}/0", headers=headers)


def token(mock: Mock, client_id: str, seconds: int = 60) -> str:
    """A new token of a client."""
    return mock.world.tokens.issue(mock.world.credentials[client_id], seconds)


@pytest.mark.parametrize(
    ("value", "short", "meaning"),
    [
        ("", "no token", "carried no Authorization header"),
        ("TOKEN", "Bearer is missing", "Bearer is missing: the Authorization header holds the token alone"),
        ("Bearer", "unreadable token", "has Bearer and no token"),
        ("Bearer one two", "unreadable token", "has text after the token"),
        ("Basic TOKEN", "Bearer is missing", "begins with Basic, not Bearer"),
        ("nonsense", "Bearer is missing", "holds something else"),
        ("Bearer nonsense", "unknown token", "has given out no such token"),
    ],
)
def test_what_is_wrong_with_an_authorization_header(mock: Mock, value: str, short: str, meaning: str) -> None:
    """Each mistake is told by itself, and the client hears the same of all."""
    given = value.replace("TOKEN", token(mock, mock.server.details.client_id))
    answer = asked(mock, Authorization=given)
    expected = asked(mock, Authorization="Bearer old")
    assert (answer.status_code, answer.content) == (401, expected.content)
    mock.world.journal.clear()
    asked(mock, Authorization=given)
    assert cause(mock)["short"] == short
    assert meaning in cause(mock)["meaning"]


def test_which_token_was_not_accepted(mock: Mock) -> None:
    """A token that expired, was revoked, or is for another organisation is told from one that is unknown."""
    own = mock.server.details.client_id
    ended = f"Bearer {token(mock, own)}"
    mock.clock.advance(DAY)
    assert asked(mock, Authorization=ended).status_code == 401
    assert cause(mock)["short"] == "token expired"
    good = token(mock, own)
    mock.client.delete("/_mock/tokens")
    for known in (ended, f"Bearer {good}"):
        asked(mock, Authorization=known)
        assert cause(mock)["short"] == ("token expired" if known == ended else "token revoked")
    mock.client.put("/_mock/state", json=OTHER)
    answer = asked(mock, **{"Authorization": f"Bearer {token(mock, 'other')}", "x-api-key": "other"})
    assert answer.status_code == 401
    assert cause(mock)["meaning"] == (
        f"The token was given out for the organisation {OTHER['org_id']}, and the path names {mock.org_id}."
    )


def test_expired_tokens_are_known_after_many_others(mock: Mock) -> None:
    """A token that was swept out to make room is still told as expired."""
    own = mock.server.details.client_id
    mock.client.delete("/_mock/tokens")
    ended = token(mock, own)
    for _ in range(998):
        token(mock, own, DAY * 2)
    mock.clock.advance(DAY)
    for _ in range(3):
        token(mock, own)
    asked(mock, Authorization=f"Bearer {ended}")
    assert cause(mock)["short"] == "token expired"


def test_which_key_was_not_accepted(mock: Mock) -> None:
    """No key, an unknown one and that of another client are three causes."""
    for key, short in (("", "no API key"), ("nobody", "unknown API key")):
        assert asked(mock, **{"x-api-key": key}).status_code == 403
        assert cause(mock)["short"] == short
    mock.client.put("/_mock/state", json=OTHER)
    assert asked(mock, **{"x-api-key": "other"}).status_code == 403
    own = mock.server.details.client_id
    assert cause(mock)["meaning"] == f"The token was given to the client {own}, and x-api-key names other."


def test_which_limit_was_passed(mock: Mock) -> None:
    """The lockout from the first page is told from the limits of calls, and says what lifts it."""
    mock.client.patch("/_mock/settings", json={"throttle": True, "first_page_lockout_seconds": 1800})
    assert mock.users().status_code == 200
    assert mock.users().status_code == 429
    told = cause(mock)
    assert told["short"] == "first-page lockout"
    assert told["remedy"].startswith(f"Wait 1800 s, or send {SYNC_HEADER}: {SYNC_START}")
    for place in range(6):
        assert asked(mock).status_code == (200 if place < 5 else 429)
    assert "made the 5 calls of groups that are let through in 60 s" in cause(mock)["meaning"]


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (b"", "The body is empty."),
        (gzip.compress(b"[]", mtime=0), "The body is compressed with gzip"),
        ('[\n {"user": "Jörg"}]'.encode("latin-1"), "The body is not UTF-8: byte 0xF6 in line 2, column 13."),
        (b'[{"user": NaN}]', "The body is no JSON: NaN in line 1, column 11."),
        (b'[{"user": "NaN", "a": -Infinity}]', "The body is no JSON: -Infinity in line 1, column 23."),
        (b'[\n{"user": "a",}]', "The body is no JSON: "),
        (b'[{"user": "jo', "The body ends before its JSON does: "),
        (b'[{"user": "jo"}', "The body ends before its JSON does: "),
        (b'["\\ud800"]', "The body has half of a surrogate pair"),
        (b'{"user": 1}', "The body is an object, not an array."),
        (b"true", "The body is true, not an array."),
        (b"[]", "The array has no command in it."),
        (json.dumps([{}] * 11).encode(), "The array has 11 commands, and 10 are let through"),
    ],
)
def test_what_is_wrong_with_a_body(mock: Mock, body: bytes, meaning: str) -> None:
    """The cause says what the body is, with line and column where it breaks off being JSON."""
    assert mock.post(body).status_code == 400
    assert cause(mock)["meaning"].startswith(meaning)
    if "\n" in body.decode("latin-1"):
        assert "line 2, column" in cause(mock)["meaning"]


def test_a_path_without_its_end(mock: Mock) -> None:
    """A path that lacks its page number says so; one that is like nothing served has no cause."""
    assert mock.api(f"users/{mock.org_id}").status_code == 404
    assert "before the page number" in cause(mock)["meaning"]
    assert mock.api("nowhere").status_code == 404
    assert cause(mock) is None


def test_calls_that_are_let_through_have_no_cause(mock: Mock) -> None:
    """Nor has a refusal of single commands, whose answer says all."""
    answers: list[Any] = [asked(mock), mock.post(b"[5]")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [entry["cause"] for entry in mock.world.journal.as_list()][-2:] == [None, None]

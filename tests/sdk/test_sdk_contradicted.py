"""Answers about somebody or something else than was asked: an error, never a result."""

from __future__ import annotations

from typing import Any

import pytest
from kinds_kit import KINDS, calling
from sdk_kit import Reply, ScriptedServer, Time

from umapi_sdk import ListingError, ResponseError

kinds = pytest.mark.parametrize("kind", KINDS)
JANE = {"email": "Jane@Example.com", "username": "jdoe", "domain": "example.com", "type": "federatedID", "id": "7@x"}


def of_user(**changes: Any) -> Reply:
    """The answer about one user."""
    user = {"status": "active", **JANE, **changes}
    return Reply(body={"result": "success", "user": {name: value for name, value in user.items() if value is not None}})


@kinds
@pytest.mark.parametrize(
    ("name", "domain", "changes"),
    [
        ("jane@example.com", None, {}),
        ("jane@example.com", None, {"id": None}),
        ("JDOE", "example.com", {}),
        ("jdoe", None, {}),
        ("jdoe@example.com", None, {}),
        ("7@X", None, {}),
        ("jane@example.com", "sister.example", {}),
        ("jane@example.com", "AdobeID", {"type": "adobeID"}),
        ("jane@example.com", "AdobeID", {"type": "new kind"}),
        ("jane@m\u00fcnchen.example", None, {"email": "jane@xn--mnchen-3ya.example"}),
        ("jane@xn--mnchen-3ya.example", None, {"email": "jane@M\u00fcnchen.example"}),
        ("jose\u0301@example.com", None, {"email": "jos\u00e9@example.com"}),
        ("a@\u2026..example", None, {"email": "A@\u2026..example"}),
    ],
)
def test_user_who_was_asked_for_is_known_in_every_form(
    kind: str, name: str, domain: str | None, changes: dict[str, Any], wire: ScriptedServer, time: Time
) -> None:
    """E-mail address, user name, either with a domain, letter case, accents and spellings of a domain all fit."""
    wire.replies.append(of_user(**changes))
    with calling(kind, wire, time) as caller:
        user = caller.user(name, domain)
    assert user is not None
    assert user.username == "jdoe"


@kinds
@pytest.mark.parametrize(
    ("name", "domain", "changes"),
    [
        ("john@example.com", None, {}),
        ("jdoe@other.example", None, {}),
        ("john", "example.com", {}),
        ("jane@example.com", "AdobeID", {}),
        ("jane@example.com", None, {"email": "jane@evil.example"}),
    ],
)
def test_answer_about_another_user_is_an_error(
    kind: str, name: str, domain: str | None, changes: dict[str, Any], wire: ScriptedServer, time: Time
) -> None:
    """Somebody else in the answer is told, with who was asked for, and not given out."""
    wire.replies.append(of_user(**changes))
    with calling(kind, wire, time) as caller, pytest.raises(ResponseError, match="is about another") as caught:
        caller.user(name, domain)
    assert name in str(caught.value)


def listed(group: str | None = None, **user: Any) -> Reply:
    """A listing of one user."""
    body: dict[str, Any] = {"lastPage": True, "result": "success", "users": [{"status": "active", **JANE, **user}]}
    headers = {"X-Total-Count": "1", "X-Page-Count": "1", "X-Current-Page": "0", "X-Page-Size": "1"}
    return Reply(headers=headers, body=body | ({} if group is None else {"groupName": group}))


@kinds
@pytest.mark.parametrize(
    ("filters", "reply"),
    [
        ({"in_group": "Design"}, listed("DESIGN")),
        ({"in_group": "Design"}, listed()),
        ({"in_domain": "Example.COM"}, listed()),
        ({"in_domain": "example.com"}, listed(domain="sister.example")),
        ({"in_domain": "sister.example"}, listed(domain="sister.example")),
        ({"in_domain": "AdobeID"}, listed(type="adobeID")),
    ],
)
def test_listing_of_what_was_asked_for(
    kind: str, filters: dict[str, str], reply: Reply, wire: ScriptedServer, time: Time
) -> None:
    """A group's name in other letter case, and a domain by field or by address, are those that were asked for."""
    wire.replies.append(reply)
    with calling(kind, wire, time) as caller:
        assert len(caller.users(**filters)) == 1


@kinds
@pytest.mark.parametrize(
    ("filters", "reply"),
    [
        ({"in_group": "Design"}, listed("Marketing")),
        ({"in_domain": "other.example"}, listed()),
        ({"in_group": "Design", "in_domain": "other.example"}, listed("Design")),
        ({"in_domain": "AdobeID"}, listed()),
    ],
)
def test_listing_of_something_else_is_an_error(
    kind: str, filters: dict[str, str], reply: Reply, wire: ScriptedServer, time: Time
) -> None:
    """The members of another group, or people of another domain, are no listing of the one asked for."""
    wire.answer = lambda _: reply
    with calling(kind, wire, time) as caller, pytest.raises(ListingError, match="was asked for"):
        caller.users(**filters)

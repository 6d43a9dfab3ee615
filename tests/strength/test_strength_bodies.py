"""Action bodies and queries by chance: commands that are nearly right, and bytes that are nothing at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from umapi_models import schemas

if TYPE_CHECKING:
    from tests.strength.conftest import Target

ATTACK = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

STEPS = (
    *("addAdobeID", "createEnterpriseID", "createFederatedID", "update", "add", "remove", "removeFromOrg"),
    *("createUserGroup", "updateUserGroup", "deleteUserGroup"),
)
NAMES = (
    *("email", "firstname", "lastname", "country", "username", "option", "group", "product", "user"),
    *("productConfiguration", "name", "description", "deleteAccount", "domain", "useAdobeID", "do", "requestID"),
)
# What the default organisation knows, what it cannot know, and what breaks careless string handling.
WORDS = st.one_of(
    st.sampled_from(
        (
            *("jdoe@example.com", "JDOE@EXAMPLE.COM", "a@example.com", "a@enterprise.example.com", "jdoe"),
            *("DevOps", "devops", "_org_admin", "_admin_DevOps", "_product_admin_x", "example.com", "AdobeID"),
            *(
                "",
                " ",
                "\0",
                "@",
                "a@",
                "@b",
                "\u0131@example.com",
                "ß@EXAMPLE.com",
                "\u0130",
                "\u202e",
                "\ud7ff",
                "\U0010ffff",
            ),
            *("ignoreIfAlreadyExists", "updateIfAlreadyExists", "all", "US", "UD", "x" * 300, "%", "{user}", "{}"),
        )
    ),
    st.text(max_size=12),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(NAMES), WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
LISTS = st.lists(st.one_of(WORDS, VALUES), max_size=12)
FIELDS = st.dictionaries(
    st.one_of(st.sampled_from(NAMES), st.text(max_size=3)), st.one_of(WORDS, LISTS, VALUES), max_size=5
)
STEP = st.one_of(
    st.dictionaries(st.sampled_from(STEPS), st.one_of(FIELDS, st.just("all"), VALUES), min_size=1, max_size=2), VALUES
)
COMMAND = st.fixed_dictionaries(
    {"do": st.one_of(st.lists(STEP, max_size=11), VALUES)},
    optional={
        "user": st.one_of(WORDS, VALUES),
        "usergroup": st.one_of(WORDS, VALUES),
        "domain": st.one_of(WORDS, VALUES),
        "useAdobeID": VALUES,
        "requestID": st.one_of(WORDS, VALUES),
        "unknown": VALUES,
    },
)


CODES = frozenset(entry["code"] for entry in schemas.read("error_codes.json")["codes"])


@ATTACK
@given(commands=st.lists(COMMAND, min_size=1, max_size=4), test_only=st.booleans())
def test_commands_that_are_nearly_right(target: Target, commands: list[Any], test_only: bool) -> None:
    """Each command is counted once, as done or not, and each refusal has its place and a published code."""
    answer = target.client.post(
        f"/v2/usermanagement/action/{target.org_id}",
        content=json.dumps(commands).encode("utf-8"),
        params={"testOnly": str(test_only).lower()},
        headers=target.headers(),
    )
    if answer.status_code == 400:
        assert answer.json()["result"] == "error.command.malformed"
        return
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["completed"] + body["notCompleted"] + body["completedInTestMode"] == len(commands)
    for error in body.get("errors", ()):
        assert 0 <= error["index"] < len(commands)
        assert error["step"] >= 0
        assert error["errorCode"] in CODES
        assert error["message"]


@ATTACK
@given(body=st.one_of(st.binary(max_size=200), st.text(alphabet='[]{}",:0e-+\\u \t\ntfn', max_size=60).map(str.encode)))
def test_bytes_that_are_no_json(target: Target, body: bytes) -> None:
    """Any bytes as a body are answered with 200 or 400."""
    answer = target.post(body)
    assert answer.status_code in (200, 400), answer.text


DEEP = 100_000
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t ",
    "byte order mark": b"\xef\xbb\xbf[]",
    "utf-16": '[{"user":"a@example.com"}]'.encode("utf-16"),
    "invalid utf-8": b'[{"user":"\xff\xfe@example.com","do":[{"add":{"group":["DevOps"]}}]}]',
    "overlong utf-8": b'[{"user":"\xc0\xaf@example.com","do":[]}]',
    "surrogate in utf-8": b'[{"user":"\xed\xa0\x80@example.com","do":[]}]',
    "lone surrogate": b'[{"user":"\\ud800@example.com","do":[{"removeFromOrg":{}}]}]',
    "lone surrogate in a key": b'[{"\\udfff":1,"user":"a@example.com","do":[]}]',
    "lone surrogate in a request id": b'[{"requestID":"\\ud800","user":"a@example.com","do":[]}]',
    "NaN": b'[{"user":NaN,"do":[]}]',
    "Infinity": b'[{"user":"a@example.com","do":-Infinity}]',
    "large number": b"[" + b"9" * 100_000 + b"]",
    "large exponent": b'[{"user":1e999999999,"do":[-1e999]}]',
    "small exponent": b"[1e-999999999]",
    "deep array": b"[" * DEEP + b"]" * DEEP,
    "deep object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep below a command": b'[{"user":"a@example.com","do":' + b"[" * 500 + b"]" * 500 + b"}]",
    "deep in a list": b'[{"user":"a@example.com","do":[{"add":{"group":[' + b"[" * 130 + b"]" * 130 + b"]}}]}]",
    "unfinished": b"[" * DEEP,
    "doubled keys": b'[{"user":"a@example.com","user":"b@example.com","do":[{"removeFromOrg":{}}]}]',
    "doubled keys in a step": b'[{"user":"a@example.com","do":[{"add":{"group":["A"],"group":["B"]}}]}]',
    "many doubled keys": b"[{" + b",".join(b'"user":"a@example.com"' for _ in range(5000)) + b"}]",
    "doubled keys below a user": b'[{"user":{"abc":{"a":1,"a":2}},"do":[{"removeFromOrg":{}}]}]',
    "doubled keys below another key": b'[{"user":"a@example.com","do":{"k":{"a":1,"a":2}},"x":[{"a":1,"a":2}]}]',
    "doubled keys without end": b'[{"user":"a@example.com","do":[' + b",".join([b'{"a":1,"a":2}'] * 60_000) + b"]}]",
    "doubled keys in all commands": b"["
    + b",".join([b'{"user":"a@example.com","do":[' + b",".join([b'{"a":1,"a":2}'] * 7_000) + b"]}"] * 10)
    + b"]",
    "doubled objects": b"[{" + b",".join(b'"do":{"a":1,"a":2}' for _ in range(3000)) + b"}]",
    "null bytes": b'[{"user":"a\\u0000@example.com","do":[{"add":{"group":["\\u0000"]}}]}]',
    "a bare null byte": b'[{"user":"a\0@example.com","do":[]}]',
    "control characters": b'[{"user":"a\x01@example.com","do":[]}]',
    "two documents": b"[][]",
    "comment": b"[] // none",
    "trailing comma": b'[{"user":"a@example.com","do":[],}]',
    "ten thousand commands": b"[" + b",".join([b'{"user":"a@example.com","do":[]}'] * 10_000) + b"]",
    "long strings": b'[{"user":"' + b"a" * 900_000 + b'@example.com","do":[{"removeFromOrg":{}}]}]',
    "long key": b'[{"' + b"a" * 900_000 + b'":1,"user":"a@example.com","do":[]}]',
    "wide object": b"[{" + b",".join(b'"%d":0' % number for number in range(50_000)) + b"}]",
    "many names": b'[{"user":"a@example.com","do":[{"add":{"group":["' + b'","'.join([b"x"] * 50_000) + b'"]}}]}]',
    "many steps": b'[{"user":"a@example.com","do":[' + b",".join([b'{"removeFromOrg":{}}'] * 40_000) + b"]}]",
    "many broken steps": b'[{"user":"a@example.com","do":[' + b",".join([b'{"x":{}}'] * 20_000) + b"]}]",
    "format fields": b'[{"user":"{0.__class__}{value}%s@example.com","do":[{"{x}":{}},{"add":{"{y}":["{z"]}}]}]',
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_break_careless_readers(target: Target, name: str) -> None:
    """Each is refused or understood, within seconds."""
    answer = target.post(BODIES[name])
    assert answer.status_code in (200, 400), answer.text[:500]
    assert len(answer.content) < 8_000_000
    answer.json()


PATHS = st.one_of(
    WORDS, st.text(max_size=20), st.sampled_from(("0", "-1", "1e9", "99999999999999999999", "..", "/", "%"))
)
TEXTS = st.one_of(WORDS, st.sampled_from(("true", "FALSE", "0", "active", "INACTIVE", "AdobeID")))


@ATTACK
@given(
    call=st.sampled_from(("users", "groups", "organizations", "action", "product", "user-groups", "")),
    parts=st.lists(PATHS, max_size=4),
    query=st.dictionaries(
        st.one_of(st.sampled_from(("directOnly", "domain", "status", "excludeGroups", "testOnly", "page")), WORDS),
        TEXTS,
        max_size=3,
    ),
    own=st.booleans(),
    method=st.sampled_from(("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW")),
)
def test_queries_by_chance(
    target: Target, call: str, parts: list[str], query: dict[str, str], own: bool, method: str
) -> None:
    """No path, query or method makes a 5xx."""
    names = [call, *([target.org_id] if own else []), *parts]
    path = "/".join(quote(part, safe="", errors="replace") for part in names)
    answer = target.client.request(
        method, f"/v2/usermanagement/{path}", params=query, headers=target.headers(), content=b""
    )
    assert 200 <= answer.status_code < 500, answer.text


@ATTACK
@given(
    path=st.sampled_from(("/ims/token/v2", "/ims/token/v3", "/ims/exchange/jwt")),
    fields=st.dictionaries(
        st.sampled_from(("grant_type", "client_id", "client_secret", "scope", "jwt_token", "x")),
        st.one_of(WORDS, st.sampled_from(("client_credentials", "a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."))),
    ),
    known=st.booleans(),
    as_query=st.booleans(),
)
def test_token_requests_by_chance(
    target: Target, path: str, fields: dict[str, str], known: bool, as_query: bool
) -> None:
    """No token request makes a 5xx, and what proves nothing gets no token."""
    if known:
        fields = fields | {
            "client_id": target.server.details.client_id,
            "client_secret": target.server.details.client_secret,
        }
    answer = target.client.post(path, params=fields) if as_query else target.client.post(path, data=fields)
    assert answer.status_code in (200, 400, 413), answer.text
    if answer.status_code == 200:
        assert known
        assert not path.endswith("jwt")
    else:
        assert "access_token" not in answer.text

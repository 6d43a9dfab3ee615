"""Malformed action bodies: each gets the service's code at the right command and step, never a 5xx."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from umapi_models import schemas

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

GOOD = {"user": "jdoe@example.com", "do": [{"add": {"group": ["DevOps"]}}]}
FEDERATED = {"email": "a@example.com", "firstname": "A", "lastname": "B", "country": "DE"}
ENTERPRISE = {"email": "a@enterprise.example.com", "firstname": "A", "lastname": "B"}


def user(*steps: Any, **root: Any) -> dict[str, Any]:
    """A command on a user with these steps."""
    return {"user": "a@example.com", "do": list(steps), **root}


def group(*steps: Any, **root: Any) -> dict[str, Any]:
    """A command on a user group with these steps."""
    return {"usergroup": "DevOps", "do": list(steps), **root}


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The fields but one."""
    return {key: value for key, value in fields.items() if key != name}


NO_OBJECTS: tuple[Any, ...] = (None, [], 1)
ADD = {"add": {"group": ["DevOps"]}}

# Command, step at fault, code (without "error.").
COMMANDS: list[tuple[Any, int, str]] = [
    # The command as a whole
    ("text", 0, "command.malformed"),
    (5, 0, "command.malformed"),
    (None, 0, "command.malformed"),
    (True, 0, "command.malformed"),
    ([], 0, "command.malformed"),
    ([GOOD], 0, "command.malformed"),
    ({}, 0, "command.user_usergroup.missing"),
    ({"do": [ADD]}, 0, "command.user_usergroup.missing"),
    ({"requestID": "x", "do": [ADD]}, 0, "command.user_usergroup.missing"),
    ({"User": "a@example.com", "do": [ADD]}, 0, "command.user_usergroup.missing"),
    ({"user": "a@example.com", "usergroup": "DevOps", "do": [ADD]}, 0, "command.illegal_entry"),
    (user(ADD, unknown=1), 0, "command.illegal_entry"),
    (group(domain="example.com"), 0, "command.illegal_entry"),
    (group(useAdobeID=True), 0, "command.illegal_entry"),
    ({"user": None, "do": [ADD]}, 0, "command.string_expected"),
    ({"user": 5, "do": [ADD]}, 0, "command.string_expected"),
    ({"user": ["a@example.com"], "do": [ADD]}, 0, "command.string_expected"),
    ({"user": "", "do": [ADD]}, 0, "command.user.missing"),
    ({"user": "a@" + "x" * 250, "do": [ADD]}, 0, "command.string.too_long"),
    ({"usergroup": 5, "do": [{"deleteUserGroup": {}}]}, 0, "command.string_expected"),
    ({"usergroup": "", "do": [{"deleteUserGroup": {}}]}, 0, "command.user_usergroup.missing"),
    ({"usergroup": "x" * 256, "do": [{"deleteUserGroup": {}}]}, 0, "command.string.too_long"),
    ({"usergroup": "_x", "do": [{"createUserGroup": {}}]}, 0, "group.invalid_name"),
    (user(ADD, requestID=5), 0, "command.string_expected"),
    (user(ADD, requestID="x" * 251), 0, "command.string.too_long"),
    (user(ADD, useAdobeID="yes"), 0, "command.boolean_expected"),
    (user(ADD, useAdobeID=1), 0, "command.boolean_expected"),
    (user(ADD, user="jdoe"), 0, "command.domain.missing"),
    (user(ADD, user="jdoe", domain=5), 0, "command.domain.string_expected"),
    (user(ADD, user="jdoe", domain=""), 0, "command.domain.missing"),
    (user(ADD, user="jdoe", domain="x" * 251), 0, "command.string.too_long"),
    # The list of steps
    ({"user": "a@example.com"}, 0, "command.steps.malformed"),
    (user(do=None), 0, "command.steps.malformed"),
    (user(do={}), 0, "command.steps.malformed"),
    (user(do=ADD), 0, "command.steps.malformed"),
    (user(do="add"), 0, "command.steps.malformed"),
    (user(do=[]), 0, "command.steps.malformed"),
    (group(do=5), 0, "command.steps.malformed"),
    (group(), 0, "command.steps.malformed"),
    (user(*[ADD] * 11), 10, "command.add_remove.list_too_long"),
    (user("add"), 0, "command.steps.malformed"),
    (user(ADD, None), 1, "command.steps.malformed"),
    (user(ADD, [ADD]), 1, "command.steps.malformed"),
    (user({}), 0, "command.step.unknown"),
    (user(ADD, {"resetPassword": {}}), 1, "command.step.unknown"),
    (user({"Add": {"group": ["DevOps"]}}), 0, "command.step.unknown"),
    (user({"createUserGroup": {}}), 0, "command.step.unknown"),
    (group({"update": {"lastname": "x"}}), 0, "command.step.unknown"),
    (user({"add": {"group": ["DevOps"]}, "remove": "all"}), 0, "command.illegal_entry"),
    (user(ADD, {"createFederatedID": FEDERATED}), 1, "command.create.not_first"),
    (
        user({"createFederatedID": FEDERATED}, ADD, {"addAdobeID": {"email": "a@example.com"}}),
        2,
        "command.create.more_than_one",
    ),
    (group({"updateUserGroup": {"name": "x"}}, {"createUserGroup": {}}), 1, "command.create.not_first"),
    (group({"createUserGroup": {}}, {"createUserGroup": {}}), 1, "command.create.more_than_one"),
    (user({"removeFromOrg": {}}, ADD), 0, "command.removefromorg.not_last"),
    (user(ADD, {"removeFromOrg": {}}, ADD, ADD), 1, "command.removefromorg.not_last"),
    (user({"removeFromOrg": {}}, {"removeFromOrg": {}}), 0, "command.removefromorg.not_last"),
    # Create steps
    (user({"createFederatedID": None}), 0, "command.create.object_expected"),
    (user({"createFederatedID": []}), 0, "command.create.object_expected"),
    (user({"createEnterpriseID": "a@example.com"}), 0, "command.create.object_expected"),
    (user({"addAdobeID": 1}), 0, "command.create.object_expected"),
    (group({"createUserGroup": "x"}), 0, "command.create.object_expected"),
    (user({"addAdobeID": {}}), 0, "user.email.invalid"),
    (user({"addAdobeID": {"email": None}}), 0, "command.create.string_expected"),
    (user({"addAdobeID": {"email": "a.example.com"}}), 0, "user.email.invalid"),
    (user({"addAdobeID": {"email": "a b@example.com"}}), 0, "user.email.invalid"),
    (user({"addAdobeID": {"email": "a@" + "x" * 59}}), 0, "user.email.invalid"),
    (user({"addAdobeID": {"email": "a@example.com", "phone": "1"}}), 0, "command.create.key.unknown"),
    (user({"addAdobeID": {"email": "a@example.com", "option": "x"}}), 0, "option.illegal"),
    (user({"addAdobeID": {"email": "a@example.com", "option": True}}), 0, "command.create.string_expected"),
    *[(user({"createFederatedID": {**FEDERATED, name: 5}}), 0, "command.create.string_expected") for name in FEDERATED],
    *[
        (user({"createFederatedID": {**FEDERATED, name: None}}), 0, "command.create.string_expected")
        for name in FEDERATED
    ],
    (user({"createFederatedID": without(FEDERATED, "email")}), 0, "user.email.invalid"),
    (user({"createFederatedID": without(FEDERATED, "firstname")}), 0, "user.firstname_missing"),
    (user({"createFederatedID": without(FEDERATED, "lastname")}), 0, "user.lastname_missing"),
    (user({"createFederatedID": without(FEDERATED, "country")}), 0, "country.invalid"),
    (user({"createEnterpriseID": without(ENTERPRISE, "firstname")}), 0, "user.firstname_missing"),
    (user({"createEnterpriseID": without(ENTERPRISE, "lastname")}), 0, "user.lastname_missing"),
    (user({"createFederatedID": {**FEDERATED, "firstname": "x" * 251}}), 0, "command.string.too_long"),
    (user({"createFederatedID": {**FEDERATED, "lastname": "x" * 251}}), 0, "command.string.too_long"),
    (user({"createFederatedID": {**FEDERATED, "country": "USA"}}), 0, "command.string.too_long"),
    (user({"createFederatedID": {**FEDERATED, "country": "us"}}), 0, "country.invalid"),
    (user({"createFederatedID": {**FEDERATED, "country": ""}}), 0, "country.invalid"),
    (user({"createFederatedID": {**FEDERATED, "country": "XX"}}), 0, "country.invalid"),
    (group({"createUserGroup": {"name": ""}}), 0, "group.invalid_name"),
    (group({"createUserGroup": {"name": "_x"}}), 0, "group.invalid_name"),
    (group({"createUserGroup": {"name": 1}}), 0, "command.create.string_expected"),
    (group({"createUserGroup": {"name": "x" * 256}}), 0, "command.string.too_long"),
    (group({"createUserGroup": {"description": 1}}), 0, "command.create.string_expected"),
    (group({"createUserGroup": {"members": []}}), 0, "command.create.key.unknown"),
    (group({"createUserGroup": {"option": "x"}}), 0, "option.illegal"),
    # Updates
    (user({"update": None}), 0, "command.illegal_entry"),
    (user({"update": {"phone": "1"}}), 0, "command.illegal_entry"),
    (user({"update": {"country": "DE"}}), 0, "update.country.no_update"),
    (user({"update": {"option": "ignoreIfAlreadyExists"}}), 0, "command.update.option.no"),
    (user({"update": {"email": "x"}}), 0, "user.email.invalid"),
    (user({"update": {"username": ""}}), 0, "user.name.invalid"),
    (user({"update": {"username": 5}}), 0, "command.string_expected"),
    (user({"update": {"username": "x" * 251}}), 0, "command.string.too_long"),
    (group({"updateUserGroup": []}), 0, "command.illegal_entry"),
    (group({"updateUserGroup": {"label": "x"}}), 0, "command.illegal_entry"),
    (group({"deleteUserGroup": None}), 0, "command.object_not_empty"),
    (group({"deleteUserGroup": {"x": 1}}), 0, "command.object_not_empty"),
    (user({"removeFromOrg": None}), 0, "command.illegal_entry"),
    (user({"removeFromOrg": {"deleteAccount": "no"}}), 0, "command.boolean_expected"),
    (user({"removeFromOrg": {"force": True}}), 0, "command.object_not_empty"),
    # Lists
    *[(user({"add": value}), 0, "command.add_remove.list") for value in NO_OBJECTS],
    *[(user({"remove": value}), 0, "command.add_remove.list") for value in NO_OBJECTS],
    (user({"add": "all"}), 0, "command.add_remove.list"),
    (user({"remove": "everything"}), 0, "command.add_remove.list"),
    (user({"add": {}}), 0, "command.add_remove.missing_list"),
    (user({"add": {"user": ["a@example.com"]}}), 0, "command.add_remove.key.unknown"),
    (user({"add": {"group": ["DevOps"], "x": []}}), 0, "command.add_remove.key.unknown"),
    (user({"add": {"group": "DevOps"}}), 0, "command.add_remove.list_not_array"),
    (user({"add": {"group": {"DevOps": 1}}}), 0, "command.add_remove.list_not_array"),
    (user({"add": {"group": []}}), 0, "group.invalid_list"),
    (user({"add": {"group": [1]}}), 0, "group.invalid_list"),
    (user({"remove": {"group": [None]}}), 0, "group.invalid_list"),
    (user({"remove": {"product": ["x"] * 11}}), 0, "command.add_remove.list_too_long"),
    (group({"add": {}}), 0, "usergroup.command.missing.arguments"),
    (group({"add": None}), 0, "command.add_remove.list"),
    (group({"remove": "all"}), 0, "command.add_remove.list"),
    (group({"add": {"user": ["a@example.com"] * 11}}), 0, "command.add_remove.list_too_long"),
    (group({"add": {"user": ["a@example.com", "a@example.com"]}}), 0, "command.add_remove.duplicate.user_list"),
    (group({"add": {"user": [""]}}), 0, "user.user_list.invalid"),
    (group({"add": {"user": [5]}}), 0, "user.user_list.invalid"),
    (group({"add": {"productConfiguration": "x"}}), 0, "command.add_remove.list_not_array"),
    (group({"add": {"productConfiguration": [1]}}), 0, "group.invalid_list"),
    # Numbers at the edge of what JSON can hold
    (user({"update": {"email": 10**400}}), 0, "command.create.string_expected"),
    (user({"update": {"email": 1e308}}), 0, "command.create.string_expected"),
]


@pytest.mark.parametrize(("command", "step", "code"), COMMANDS, ids=range(len(COMMANDS)))
def test_malformed_command(mock: Mock, command: Any, step: int, code: str) -> None:
    """The command at fault is told by index, step and code; its neighbours run."""
    before = mock.world.organization().changes.count
    answer = mock.act(GOOD, command)
    assert [(error["index"], error["step"], error["errorCode"]) for error in answer["errors"]] == [
        (1, step, f"error.{code}")
    ]
    assert (answer["result"], answer["completed"], answer["notCompleted"]) == ("partial", 1, 1)
    assert mock.world.organization().changes.count == before


def test_the_codes_are_known() -> None:
    """Every code expected above stands in the catalogue of codes."""
    known = {entry["code"] for entry in schemas.read("error_codes.json")["codes"]}
    assert {f"error.{code}" for _, _, code in COMMANDS} <= known


def test_each_failing_step_has_one_error(mock: Mock) -> None:
    """Two steps at fault in one command give two errors, and the good step between does not run."""
    command = user({"update": {"country": "X", "email": 5}}, ADD, {"remove": {}}, user="sato@example.org")
    errors = mock.act(command)["errors"]
    assert [(error["step"], error["errorCode"]) for error in errors] == [
        (0, "error.command.create.string_expected"),
        (2, "error.command.add_remove.missing_list"),
    ]
    assert "sato@example.org" not in mock.members("DevOps")


def test_messages_are_filled_in(mock: Mock) -> None:
    """A message names field, limit and value."""
    commands = [
        user({"createFederatedID": {**FEDERATED, "country": "USA"}}),
        user({"addAdobeID": {"email": "nope"}}),
        user({"addAdobeID": {"email": "a@example.com", "phone": ""}}),
        user({"add": {"group": [None]}}),
    ]
    assert [error["message"] for error in mock.act(*commands)["errors"]] == [
        "String too long in command for field: country, max length 2",
        "Invalid email: nope",
        "Unknown key in command addAdobeID: phone",
        "Invalid entry in list: group",
    ]


WHOLE_BODIES = [
    b"",
    b" ",
    b"null",
    b"{}",
    b'"text"',
    b"5",
    b"[]",
    b"[",
    b"[,]",
    b"[{]",
    b'[{"user": "a@example.com",}]',
    b"{'user': 'a'}",
    b"[NaN]",
    b'[{"user": NaN}]',
    b"[Infinity]",
    b'[{"user": "\xff\xfe"}]',
    b'[{"user": "\\ud800@example.com"}]',
    b'[{"user": "\\uDFFF", "do": []}]',
    b"\xef\xbb\xbf[]",
    "[]".encode("utf-16"),
    b"\x00",
    b"[" * 100_000,
    b'[{"a":' * 50_000,
    b"[" + b"9" * 10_000 + b"]",
    b"user=a%40example.com",
    json.dumps([GOOD] * 11).encode(),
]


@pytest.mark.parametrize("body", WHOLE_BODIES, ids=range(len(WHOLE_BODIES)))
def test_malformed_body(mock: Mock, body: bytes) -> None:
    """What is no list of 1 to 10 commands in JSON is refused as a whole, with HTTP 400."""
    answer = mock.post(body)
    assert answer.status_code == 400
    assert answer.json()["result"] == "error.command.malformed"
    assert answer.json()["message"]
    assert len(answer.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("body", "step", "code"),
    [
        (
            '{"user":"a@example.com","do":[{"add":{"group":["DevOps"],"group":["Marketing"]}}]}',
            0,
            "add_remove.duplicate.group_list",
        ),
        (
            '{"user":"a@example.com","do":[{"remove":"all"},{"remove":{"product":["DevOps"],"product":[]}}]}',
            1,
            "add_remove.duplicate.product_list",
        ),
        (
            '{"usergroup":"DevOps","do":[{"add":{"user":["a@example.com"],"user":["b@example.com"]}}]}',
            0,
            "add_remove.duplicate.user_list",
        ),
        (
            '{"usergroup":"DevOps","do":[{"add":{"productConfiguration":["x"],"productConfiguration":["y"]}}]}',
            0,
            "add_remove.duplicate.product_list",
        ),
        (
            '{"user":"a@example.com","do":[{"add":{"group":["DevOps"]},"add":{"group":["Marketing"]}}]}',
            0,
            "illegal_entry",
        ),
        ('{"user":"a@example.com","user":"b@example.com","do":[{"remove":"all"}]}', 0, "illegal_entry"),
        ('{"user":"a@example.com","do":[{"removeFromOrg":{}}],"do":[{"remove":"all"}]}', 0, "illegal_entry"),
        ('{"user":"a@example.com","do":[{"update":{"lastname":"A","lastname":"B"}}]}', 0, "illegal_entry"),
    ],
)
def test_keys_given_twice(mock: Mock, body: str, step: int, code: str) -> None:
    """With the setting, a key that stands twice is an error of its step, never one of the two taken in silence."""
    mock.set(repeated_key_fails=True)
    answer = mock.post(f"[{json.dumps(GOOD)},{body}]".encode())
    assert answer.status_code == 200
    assert [(error["index"], error["step"], error["errorCode"]) for error in answer.json()["errors"]] == [
        (1, step, f"error.command.{code}")
    ]


def test_only_lists_may_not_be_given_twice(mock: Mock) -> None:
    """Of a key that stands twice elsewhere, the last value counts, as in the parsers of other languages."""
    body = b'[{"user":"x@y.z","user":"jdoe@example.com","do":[{"update":{"lastname":"A","lastname":"B"}}]}]'
    assert mock.post(body).json()["result"] == "success"
    assert (mock.user("jdoe@example.com") or {})["lastname"] == "B"
    lists = b'[{"user":"jdoe@example.com","do":[{"add":{"group":["Alumni"],"group":["Marketing"]}}]}]'
    assert mock.post(lists).json()["errors"][0]["errorCode"] == "error.command.add_remove.duplicate.group_list"


def test_a_byte_order_mark_is_no_part_of_the_body(mock: Mock) -> None:
    """Programs of the Windows world write one before JSON."""
    assert mock.post(b"\xef\xbb\xbf" + json.dumps([GOOD]).encode()).json()["result"] == "success"


def test_null_counts_as_absent_by_setting(mock: Mock) -> None:
    """Serialisers that write null for what is not set are understood, with the setting, and only there."""
    create = {**FEDERATED, "email": "null@example.com", "option": None}
    command = {
        "user": "null@example.com",
        "requestID": None,
        "domain": None,
        "useAdobeID": None,
        "do": [{"createFederatedID": create, "remove": None}, {"add": {"group": ["DevOps"], "product": None}}],
    }
    assert mock.act(command)["notCompleted"] == 1
    mock.set(null_is_absent=True)
    answer = mock.act(command)
    assert (answer["completed"], answer.get("errors")) == (1, None)
    created = mock.user("null@example.com")
    assert created is not None
    assert created["groups"] == ["DevOps"]
    for nothing in ({"user": None, "do": [ADD]}, user(do=None), user({"createFederatedID": None})):
        assert mock.act(nothing)["notCompleted"] == 1


@pytest.mark.parametrize("kind", ["charset", "gzip"])
def test_bodies_in_other_encodings(mock: Mock, kind: str) -> None:
    """Whatever the headers say, only plain UTF-8 is read, and nothing of the rest runs."""
    text = '[{"user": "jdoe@example.com", "do": [{"update": {"lastname": "M\u00fcller"}}]}]'
    body = gzip.compress(text.encode()) if kind == "gzip" else text.encode("latin-1")
    headers = {"Content-Type": "application/json; charset=ISO-8859-1"}
    if kind == "gzip":
        headers["Content-Encoding"] = "gzip"
    answer = mock.client.post(f"/v2/usermanagement/action/{mock.org_id}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["result"]) == (400, "error.command.malformed")


@pytest.mark.parametrize("step", ["addRoles", "removeRoles", "removeFromDomain"])
def test_former_steps_are_unknown(mock: Mock, step: str) -> None:
    """Steps of former pages are refused as any unknown step is."""
    answer = mock.act(user({step: {}}))
    assert [error["errorCode"] for error in answer["errors"]] == ["error.command.step.unknown"]


def test_more_steps_than_ten_by_setting(mock: Mock) -> None:
    """How many steps a command may have is a setting."""
    mock.set(steps_per_command=300)
    assert mock.act(user(*[ADD] * 300, user="jdoe@example.com"))["result"] == "success"
    assert mock.act(user(*[ADD] * 301))["errors"][0]["errorCode"] == "error.command.add_remove.list_too_long"


def test_deep_nesting_inside_a_command(mock: Mock) -> None:
    """A value nested deeper than can be checked makes its command malformed, and no other."""
    nested = "[" * 500 + "]" * 500
    answer = mock.post(f'[{json.dumps(GOOD)},{{"user":"a@example.com","do":{nested}}}]'.encode())
    assert answer.status_code == 200
    assert [(error["index"], error["errorCode"]) for error in answer.json()["errors"]] == [
        (1, "error.command.malformed")
    ]


def test_a_number_too_large_for_a_float_is_still_a_number(mock: Mock) -> None:
    """1e999 is JSON, and not a string."""
    answer = mock.post(b'[{"user":"a@example.com","do":[{"update":{"email":1e999}}]}]')
    assert answer.json()["errors"][0]["errorCode"] == "error.command.create.string_expected"


def test_a_body_past_the_limit_is_refused(mock: Mock) -> None:
    """A body longer than the setting allows is 413, however it is sent."""
    mock.set(body_limit=1000)
    answer = mock.post(b'["' + b"x" * 2_000_000 + b'"]')
    assert (answer.status_code, answer.json()["error_code"]) == (413, "413000")
    chunks = (b"x" * 10_000 for _ in range(50))
    answer = mock.client.post(f"/v2/usermanagement/action/{mock.org_id}", content=chunks)
    assert answer.status_code == 413
    assert mock.act(GOOD)["result"] == "success"


def test_long_values_are_cut_in_messages(mock: Mock) -> None:
    """A message repeats the beginning of a long value only."""
    answer = mock.act(user({"update": {"email": "x" * 100_000}}))
    assert len(answer["errors"][0]["message"]) < 300


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
def test_test_only_in_any_letter_case(mock: Mock, flag: str) -> None:
    """The flag of test mode is understood as clients of several languages write it."""
    answer = mock.post(json.dumps([GOOD]).encode(), testOnly=flag)
    assert answer.json()["completedInTestMode"] == 1


@pytest.mark.parametrize("flag", ["yes", "1", "", "undefined"])
def test_test_only_that_is_neither_true_nor_false(mock: Mock, flag: str) -> None:
    """A flag of another word counts as false, or with the setting is refused."""
    assert mock.post(json.dumps([GOOD]).encode(), testOnly=flag).json()["completed"] == 1
    mock.set(odd_flags_fail=True)
    assert mock.post(json.dumps([GOOD]).encode(), testOnly=flag).status_code == 400


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8"])
def test_a_body_that_is_said_to_be_no_json(mock: Mock, kind: str) -> None:
    """What a body is said to be does not count, or with the setting anything but JSON is refused."""

    def answer() -> httpx.Response:
        path = f"/v2/usermanagement/action/{mock.org_id}"
        return mock.client.post(path, content=json.dumps([GOOD]), headers={"Content-Type": kind})

    assert answer().json()["completed"] == 1
    mock.set(json_type_needed=True)
    assert answer().status_code == (200 if "json" in kind else 415)


WORDS = st.sampled_from(
    [
        *("user", "usergroup", "do", "domain", "requestID", "useAdobeID", "group", "product", "email", "option"),
        *("addAdobeID", "createEnterpriseID", "createFederatedID", "update", "add", "remove", "removeFromOrg"),
        *("createUserGroup", "updateUserGroup", "deleteUserGroup", "productConfiguration", "name", "description"),
        *("firstname", "lastname", "country", "username", "deleteAccount"),
        *("jdoe@example.com", "new@example.com", "DevOps", "all", "example.com", "DE", "ignoreIfAlreadyExists"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
STEPS = st.dictionaries(WORDS, VALUES, max_size=2)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "user": WORDS,
        "usergroup": WORDS,
        "domain": WORDS,
        "do": st.lists(STEPS, max_size=4),
        "requestID": VALUES,
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=st.lists(LIKELY | VALUES, min_size=1, max_size=10))
def test_no_body_makes_the_server_fail(mock: Mock, commands: list[Any]) -> None:
    """Whatever is sent, the answer is 200 or 400; counts and errors agree with each other."""
    answer = mock.post(json.dumps(commands).encode())
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        body = answer.json()
        assert body["completed"] + body["notCompleted"] == len(commands)
        assert len({error["index"] for error in body.get("errors", [])}) == body["notCompleted"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_make_the_server_fail(mock: Mock, body: bytes) -> None:
    """Bytes that are no JSON at all are refused in an orderly way."""
    assert mock.post(body).status_code in (200, 400)

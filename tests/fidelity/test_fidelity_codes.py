"""Every error code is provoked by a request, or said to be one that no request can provoke (reference section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from umapi_error_page import PAGE, render, unprovoked
from umapi_harness.mock.breakdowns import BREAKDOWNS
from umapi_harness.mock.state.groups import Product
from umapi_models import schemas
from umapi_provocations import PROVOCATIONS, Provocation

if TYPE_CHECKING:
    from tests.fidelity.conftest import Desk

KNOWN = {entry["code"]: entry for entry in schemas.read("error_codes.json")["codes"]}


def send(desk: Desk, case: Provocation) -> httpx.Response:
    """Send the request of a provocation."""
    kept = {name: value for name, value in desk.client.headers.items() if name not in case.headers}
    headers = {**kept, **{name: value for name, value in case.headers.items() if value is not None}}
    request: dict[str, Any] = {"headers": headers}
    path = f"action/{desk.org_id}"
    if case.path is not None:
        path = case.path
    elif case.profile is not None:
        path, request["json"] = case.profile_path or profile_path(desk, "Document Cloud 1"), case.profile
    elif case.body is not None:
        request["content"] = case.body
    else:
        request["json"] = case.commands
    path = path.replace("{org}", desk.org_id).replace("{product}", product_of(desk, "Document Cloud 1").id)
    path = path.replace("{unused}", profile_path(desk, "Photoshop - 2Gb"))
    url = f"{desk.server.url}/v2/usermanagement/{path}"
    with httpx.Client(trust_env=False) as client:
        return client.request("GET" if case.path is not None else "POST", url, **request)


def product_of(desk: Desk, profile: str) -> Product:
    """The product of a profile."""
    found = desk.world.organization().catalog.find(profile)
    assert found is not None
    assert found.product is not None
    return found.product


def profile_path(desk: Desk, profile: str) -> str:
    """Where the deprecated calls find a profile."""
    found = desk.world.organization().catalog.find(profile)
    assert found is not None
    return f"{desk.org_id}/products/{product_of(desk, profile).id}/configurations/RGRP-{found.id}"


@pytest.mark.parametrize("case", PROVOCATIONS, ids=lambda case: case.code)
def test_the_request_provokes_the_code(desk: Desk, case: Provocation) -> None:
    """The answer has the status, and names the code at the place where it belongs, and no other code."""
    desk.seed(case.seed)
    desk.set(**case.settings)
    for _ in range(case.repeat):
        answer = send(desk, case)
    assert answer.status_code == case.status, answer.text
    body = answer.json()
    if case.status != 200:
        named = [body[name] for name in ("error_code", "errorCode", "result") if name in body]
        assert named == [case.code]
        assert any(isinstance(body.get(name), str) and body[name] for name in ("message", "errorMessage"))
        return
    if case.code.startswith("warning."):
        (entry,) = body["warnings"]
        assert entry["warningCode"] == case.code
        assert "errors" not in body
    else:
        (entry,) = body["errors"]
        assert entry["errorCode"] == case.code
    assert (entry["index"], entry["step"]) == case.at
    assert entry["message"]
    assert "{" not in entry["message"]


def test_every_code_is_provoked_or_has_a_reason() -> None:
    """The codes provoked and those that cannot be are together all that are known, and no code is both."""
    provoked = {case.code for case in PROVOCATIONS}
    reasons = unprovoked()
    assert provoked | set(reasons) == set(KNOWN)
    assert provoked & set(reasons) == set()
    assert all(reason.endswith(".") for reason in reasons.values())


ALL_REFUSED = [case for case in PROVOCATIONS if case.at == (0, 0) and not case.code.startswith("warning.")]


@pytest.mark.parametrize("case", ALL_REFUSED, ids=lambda case: case.code)
def test_a_refused_step_changes_nothing(desk: Desk, case: Provocation) -> None:
    """What the mock server refuses leaves the organisation as it was."""
    desk.seed(case.seed)
    desk.set(**case.settings)
    before = desk.world.organization().changes.count
    send(desk, case)
    assert desk.world.organization().changes.count == before


def test_the_published_words_are_used(desk: Desk) -> None:
    """Where Adobe has published the message of a code, the answer has it, with the names filled in."""
    published = {
        "error.user.nonexistent": "User Id does not exist: nobody@example.com",
        "error.group.not_found": "Group Nowhere was not found",
        "error.usergroup.readonly.update_not_allowed": "Usergroup is owned by another org and readonly: "
        "Parent Org Designers",
    }
    commands = [
        {"user": "nobody@example.com", "do": [{"add": {"group": ["Alumni"]}}]},
        {"user": "jdoe@example.com", "do": [{"add": {"group": ["Nowhere"]}}]},
        {"usergroup": "Parent Org Designers", "do": [{"updateUserGroup": {"name": "Ours"}}]},
    ]
    errors = desk.act(*commands)["errors"]
    assert {error["errorCode"]: error["message"] for error in errors} == published


@pytest.mark.parametrize("code", sorted(BREAKDOWNS))
def test_a_breakdown_strikes_only_the_steps_that_need_it(desk: Desk, code: str) -> None:
    """Of one request, the steps that do not need the system that fails complete, and test mode notices nothing."""
    desk.set(breakdown=code)
    commands = [
        {"user": "jdoe@example.com", "do": [{"update": {"firstname": "J"}}]},
        {"user": "jdoe@example.com", "do": [{"add": {"group": ["Marketing"]}}]},
        {"user": "jdoe@example.com", "do": [{"remove": {"group": ["DevOps"]}}]},
        {"user": "sato@example.org", "do": [{"removeFromOrg": {}}]},
        {"usergroup": "Alumni", "do": [{"add": {"user": ["jane@example.com"]}}]},
    ]
    steps = ("update", "add", "remove", "removeFromOrg", "usergroup add")
    assert desk.codes(*commands, test_mode=True) == []
    struck = {index for index, step in enumerate(steps) if step in BREAKDOWNS[code]}
    assert {(index, name) for index, _, name in desk.codes(*commands)} == {(index, code) for index in struck}


def test_a_breakdown_must_be_a_code_that_is_known(desk: Desk) -> None:
    """Another word is refused in one line that lists what can be given."""
    answer = desk.client.patch("/_mock/settings", json={"breakdown": "error.everything"})
    assert answer.status_code == 400
    assert "error.internal.exceptionflys" in answer.json()["error"]


def test_the_page_of_error_codes_is_fresh() -> None:
    """docs/reference/error-codes.md is what its program writes."""
    assert PAGE.read_text("utf-8") == render(), "run python tests/support/umapi_error_page.py"

"""Requests made from the OpenAPI documents, good ones and bad ones: answers as documented, and never a 5xx."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

if TYPE_CHECKING:
    from tests.strength.conftest import Target

ADMIN_DOCUMENT = Path(str(files("umapi_harness.mock").joinpath("schemas/admin_openapi.json")))
DOCUMENT = Path(__file__).parents[2] / "schema" / "openapi.json"


def operations(document: Path) -> dict[str, Any]:
    """The operations of an OpenAPI document, by method and path."""
    found: dict[str, Any] = {}
    for result in schemathesis.openapi.from_path(document).get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found[operation.label] = operation
    return found


def modes_of(operation: Any) -> tuple[GenerationMode, ...]:
    """Good requests, and bad ones where there is something in a request that can be bad."""
    return MODES if operation.body or operation.query or operation.headers else MODES[:1]


PROFILE_UPDATE = "POST /{orgId}/products/{productId}/configurations/{profileId}"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
OPERATIONS = operations(DOCUMENT)
ADMIN_OPERATIONS = operations(ADMIN_DOCUMENT)
CASES = [(label, mode) for label, operation in OPERATIONS.items() for mode in modes_of(operation)]
ADMIN_CASES = [(label, mode) for label, operation in ADMIN_OPERATIONS.items() for mode in modes_of(operation)]
ATTACK = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def real_names(target: Target) -> dict[str, list[str]]:
    """What may stand in a path, by parameter: the ids and names of the organisation, profiles those of one product."""
    organization = target.server.world.organization()
    product = max(organization.catalog.products.values(), key=lambda one: len(one.profiles))
    return {
        "orgId": [target.org_id],
        "groupName": [group.name for group in organization.catalog.groups],
        "groupId": [str(group.id) for group in organization.catalog.user_groups()],
        "userString": [user.email for user in organization.listed_users],
        "productId": [product.id],
        "profileId": [f"RGRP-{profile.id}" for profile in product.profiles],
    }


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_those_of_the_document(target: Target, label: str) -> None:
    """With a token and real ids, each good request gets a status and a body that the document describes."""
    calls = OPERATIONS[label].as_strategy(generation_mode=GenerationMode.POSITIVE)
    names = real_names(target)
    statuses: set[int] = set()

    @ATTACK
    @given(case=calls, data=st.data())
    def ask(case: Any, data: st.DataObject) -> None:
        for name in case.path_parameters:
            if name in names and data.draw(st.integers(0, 5), name):
                case.path_parameters[name] = data.draw(st.sampled_from(names[name]), name)
        if label == PROFILE_UPDATE and data.draw(st.booleans(), "users"):
            case.body = {"addUsers": data.draw(st.lists(st.sampled_from(names["userString"]), min_size=1, max_size=1))}
        root = "" if label.startswith("POST /ims/") or label.endswith("/status") else "/v2/usermanagement"
        answer = case.call(base_url=f"{target.server.url}{root}", headers=target.headers(), timeout=20)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])

    ask()
    if "/ims/" not in label:  # those need secrets that no document makes up
        assert 200 in statuses


@pytest.mark.parametrize(("label", "mode"), CASES, ids=[f"{label}-{mode.value}" for label, mode in CASES])
def test_requests_made_from_the_document(target: Target, label: str, mode: GenerationMode) -> None:
    """Whatever the document allows or forbids, with credentials and without, is answered below 500."""
    calls = OPERATIONS[label].as_strategy(generation_mode=mode)

    @ATTACK
    @given(case=calls, authorized=st.booleans(), own=st.booleans())
    def attack(case: Any, authorized: bool, own: bool) -> None:
        if own and "orgId" in case.path_parameters:
            case.path_parameters["orgId"] = target.org_id
        root = "" if label.startswith("POST /ims/") else "/v2/usermanagement"
        answer = case.call(
            base_url=f"{target.server.url}{root}", headers=target.headers() if authorized else None, timeout=20
        )
        assert 200 <= answer.status_code < 500, answer.text

    attack()


@pytest.mark.parametrize(("label", "mode"), ADMIN_CASES, ids=[f"{label}-{mode.value}" for label, mode in ADMIN_CASES])
def test_requests_to_the_interface(target: Target, label: str, mode: GenerationMode) -> None:
    """Nor does the admin interface fail; whatever it was told, the service answers on, with the faults it was told."""
    world = target.server.world
    calls = ADMIN_OPERATIONS[label].as_strategy(generation_mode=mode)

    @ATTACK
    @given(case=calls)
    def attack(case: Any) -> None:
        answer = case.call(base_url=f"{target.server.url}/_mock", timeout=20)
        assert 200 <= answer.status_code < 500, answer.text
        world.faults.replace([])
        users = target.client.get(f"/v2/usermanagement/users/{target.org_id}/0", headers=target.headers())
        assert 200 <= users.status_code < 500, users.text
        assert target.client.get("/_mock/state").status_code < 500
        world.reset()

    attack()


def test_origins_that_are_none(target: Target) -> None:
    """A browser's Origin that cannot be read is another site's."""
    for origin in ("null", "http://[", "http://[::1", "\u00ff"):
        answer = target.client.get("/_mock/state", headers={b"Origin": origin.encode("latin-1")})
        assert answer.status_code == 403

"""The OpenAPI document of the admin interface, and answers as it says."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

import httpx
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from umapi_harness.mock import World
from umapi_harness.mock.control.admin import ROOT, admin_routes
from umapi_harness.mock.schemas import packaged

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

DOCUMENT: dict[str, Any] = packaged("admin_openapi.json")
PATH = files("umapi_harness.mock").joinpath("schemas/admin_openapi.json")


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Method and path of each documented operation."""
    return {
        (method.upper(), path): operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_document_is_sound() -> None:
    """It is OpenAPI 3.1, with every reference at its place."""
    OpenAPIV31SpecValidator(DOCUMENT, base_uri=f"file://{PATH}").validate()


def test_every_route_is_documented() -> None:
    """Routes and documented operations are the same."""
    routes = {
        (method, route.path.removeprefix(ROOT))
        for route in admin_routes(World())
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == set(operations())


def test_operations_have_names_of_their_own() -> None:
    """Generators of clients need an id for each operation, and readers a summary."""
    ids = [operation["operationId"] for operation in operations().values()]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"].endswith(".") for operation in operations().values())


def test_it_is_served_with_what_it_refers_to(mock: Mock) -> None:
    """The served document is the stored one, and its references lead to documents beside it."""
    assert mock.client.get("/_mock/openapi.json").json() == DOCUMENT
    names = {reference.partition("#")[0] for reference in references(DOCUMENT)} - {""}
    assert names == {"admin.schema.json", "faults.schema.json", "seed.schema.json"}
    for name in names:
        assert mock.client.get(f"/_mock/{name}").json() == packaged(name)


def references(node: object) -> list[str]:
    """All references in a document."""
    if isinstance(node, dict):
        members = cast("dict[str, object]", node)
        own = members.get("$ref")
        below = [found for value in members.values() for found in references(value)]
        return [own, *below] if isinstance(own, str) else below
    items = cast("list[object]", node) if isinstance(node, list) else []
    return [found for value in items for found in references(value)]


def test_answers_are_as_documented(mock: Mock) -> None:
    """Each operation's answer has a documented status and fits the schema given for it."""
    mock.users()
    bodies: dict[str, Any] = {
        "putState": {"org_id": "777@AdobeOrg"},
        "addOrganization": {},
        "changeSettings": {"throttle": False},
        "replaceSettings": {"profile": "live", "throttle": False},
        "addFaults": {"operation": "status"},
        "replaceFaults": {"random_seed": 1, "faults": [{"operation": "status", "rate": 0.5}]},
        "verify": {"operation": "users"},
        "changeClock": {"advance": 1},
    }
    values = {"org_id": "777@AdobeOrg", "name": "documented"}
    # Saving before restoring before deleting; tokens last.
    order = ["putState", "saveSnapshot", "restoreSnapshot", "reset", "putState"]
    known = {operation["operationId"]: key for key, operation in operations().items()}
    rest = sorted(set(known) - set(order) - {"deleteSnapshot", "revokeTokens", "endFaults", "clearRequests"})
    for name in [*order, *rest, "deleteSnapshot", "endFaults", "clearRequests", "revokeTokens"]:
        method, path = known[name]
        answer = mock.client.request(method, f"/_mock{path.format(**values)}", json=bodies.get(name))
        documented = operations()[method, path]["responses"]
        assert str(answer.status_code) in documented, (name, answer.text)
        assert answer.is_success, (name, answer.text)
        content = documented[str(answer.status_code)].get("content")
        assert bool(content) == bool(answer.content), name
        if content:
            check(content["application/json"]["schema"], answer.json())


def check(schema: dict[str, Any], instance: Any) -> None:
    """Whether an instance fits a schema of the document."""
    reference = schema.get("$ref") or schema.get("items", {}).get("$ref", "")
    name, _, place = reference.partition("#/$defs/")
    if name:
        whole = packaged(name)
        if place:
            whole = {"$schema": whole["$schema"], "$defs": whole["$defs"], "$ref": f"#/$defs/{place}"}
        validator = jsonschema_rs.validator_for(whole)
    else:
        validator = jsonschema_rs.validator_for(schema)
    for one in instance if schema.get("type") == "array" else [instance]:
        validator.validate(one)


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/_mock/nothing", 404, "/_mock/nothing: no such path; /_mock/openapi.json lists them"),
        ("GET", "/_mock/snapshots/a/b/c", 404, "/_mock/snapshots/a/b/c: no such path; the name of a snapshot has no"),
        ("PUT", "/_mock/snapshots/a/b", 404, "/_mock/snapshots/a/b: no such path; the name of a snapshot has no slash"),
        ("DELETE", "/_mock/state", 405, "DELETE: not possible here; use GET, HEAD, PUT"),
        ("GET", "/_mock/reset", 405, "GET: not possible here; use POST"),
        ("GET", f"/_mock/requests?after={'9' * 5000}", 400, "after: '9999"),
        ("GET", "/_mock/requests?limit=-1", 400, "limit: '-1' is not a number; give one"),
    ],
)
def test_paths_and_methods_that_are_not_there(mock: Mock, method: str, path: str, status: int, message: str) -> None:
    """What is not there is the admin interface's own JSON answer, not the service's."""
    answer = mock.client.request(method, path)
    assert (answer.status_code, answer.json()["error"].startswith(message)) == (status, True), answer.text


BODIES = (
    *(
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"[[[",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
    ),
    b"[" * 100_000,
    b"1" * 5000,
    b'{"org_id": "1@AdobeOrg", "users": [{"email": "\\ud800@x.example", "type": "adobeID"}]}',
    b'{"operation": "status", "body": {"x": NaN}}',
    b'{"operation": ["status"], "nth": {}}',
    b'{"operation": "status", "retry_after": 1e30}',
    b'{"profile": ["live"]}',
    b'{"breakdown": []}',
    b'{"retry_after_form": {}}',
    b'{"profile": {}, "throttle": null}',
    b'{"users_page_size": 1000000000000000000000000000000}',
    b'{"token_seconds": 10000000000000000000}',
    b'{"advance": 1e308, "frozen": "yes"}',
    b'{"set": {}, "advance": []}',
    b'{"user": 5, "fields": []}',
    b'{"faults": {}}',
    b'{"faults": [null]}',
)


@pytest.mark.parametrize("path", ["state", "organizations", "settings", "faults", "verify", "clock", "snapshots/x"])
def test_no_body_makes_a_5xx(mock: Mock, path: str) -> None:
    """Whatever is sent, the answer is JSON of one line below 500, and the server can still show everything."""
    for method in ("POST", "PUT", "PATCH"):
        for body in BODIES:
            answer = mock.client.request(method, f"/_mock/{path}", content=body)
            assert answer.status_code < 500, (method, body[:60])
            if answer.is_error:
                assert "\n" not in answer.json()["error"]
                assert len(answer.json()["error"]) < 1000
    for shown in ("state", "organizations", "settings", "faults", "requests", "clock", "snapshots"):
        assert mock.client.get(f"/_mock/{shown}").status_code == 200


def test_pages_of_other_sites_are_kept_out(mock: Mock) -> None:
    """A browser that shows another site's page cannot change the server for it; the own page can."""
    own = {"Origin": mock.server.url}
    assert mock.client.post("/_mock/reset", headers=own).status_code == 204
    for origin in ("https://elsewhere.example", "null", "http://127.0.0.1:1"):
        answer = mock.client.post("/_mock/reset", headers={"Origin": origin})
        assert (answer.status_code, "another site" in answer.json()["error"]) == (403, True)


def test_settings_from_a_profile(mock: Mock) -> None:
    """PUT starts from a profile, by default the documented one, and changes what is given beside it."""
    live = mock.client.put("/_mock/settings", json={"profile": "live", "users_page_size": 7}).json()
    assert (live["lockout_seconds"], live["users_page_size"]) == (1800, 7)
    assert mock.client.put("/_mock/settings", json={}).json()["lockout_seconds"] == 0
    answer = mock.client.put("/_mock/settings", json={"profile": "wild"})
    assert answer.json()["error"] == "body: /profile: 'wild' is no profile; choose one of documented, live"


def test_the_journal_can_be_searched(mock: Mock) -> None:
    """Operation, client, organisation, status and number narrow the journal down."""
    mock.users()
    mock.api(f"groups/{mock.org_id}/0")
    mock.api("groups/1@AdobeOrg/0")

    def found(**query: Any) -> list[str]:
        entries: list[dict[str, Any]] = mock.client.get("/_mock/requests", params=query).json()
        return [f"{entry['operation']} {entry['status']}" for entry in entries]

    assert found() == ["users 200", "groups 200", "groups 400"]
    assert found(operation="groups") == ["groups 200", "groups 400"]
    assert found(status=400) == found(org_id="1@AdobeOrg") == found(limit=1) == ["groups 400"]
    assert found(client_id="another") == found(limit=0) == []


def test_secrets_sent_to_the_wrong_place_are_masked(mock: Mock) -> None:
    """A secret in a path, query, header or body that has no business there is masked as well."""
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
    secret = mock.server.details.client_secret
    token = mock.client.headers["Authorization"].partition(" ")[2]
    fields = {"client_secret": secret, "jwt_token": jwt}
    multipart: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
    for path in ("/ims/token/v4", f"/v2/usermanagement/action/{mock.org_id}"):
        mock.client.post(path, data=fields)
        mock.client.post(path, json=fields)
        mock.client.post(path, files=multipart)
        mock.client.post(path, params=fields | {"access_token": token})
    mock.client.get(f"/{jwt}")
    mock.client.get("/status", headers={"X-Debug": f"Bearer {token}"})
    text = json.dumps(mock.client.get("/_mock/requests").json()) + repr(list(mock.world.journal))
    for hidden in (jwt, secret, token):
        assert hidden not in text


def test_the_interface_is_reached_by_its_url(mock: Mock) -> None:
    """The address in the answer to a new organisation is the one that was asked."""
    access = mock.client.post("/_mock/organizations").json()
    assert access["ims_url"] == mock.server.url
    assert httpx.get(f"{access['ims_url']}/status").status_code == 200

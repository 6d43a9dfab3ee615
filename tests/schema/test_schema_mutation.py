"""One source: with another value in a copy of schema/ alone, the client, the mock server and the pages follow."""

from __future__ import annotations

import ast
import copy
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import umapi_models.names as names_of_the_schema
from umapi_limit_page import limited
from umapi_samples import REQUEST_SCHEMAS, ROOT

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("datamodel_code_generator", "ruff")),
    reason="the generator needs datamodel-code-generator and ruff",
)

Json = Any
PROBE: Final = ROOT / "tests" / "support" / "umapi_mutation_probe.py"
USER: Final = "jdoe@example.com"
FULLER: Final = 3  # by how much a limit is raised


def user(step: Json, **fields: str) -> list[Json]:
    """Return the body of a request with one step on a user."""
    return [{"user": USER, **fields, "do": [step]}]


def group(step: Json) -> list[Json]:
    """Return the body of a request with one step on a user group."""
    return [{"usergroup": "Marketing", "do": [step]}]


def names(count: int) -> list[str]:
    """Return so many different names, each of which may be a user, a group or a profile."""
    return [f"name{number}@example.com" for number in range(count)]


UPDATE: Final = {"update": {"firstname": "J"}}
DESCRIBE: Final = {"updateUserGroup": {"description": "J"}}
BODIES: Final[dict[str, Callable[[int], list[Json]]]] = {
    "the request": lambda size: user(UPDATE) * size,
    "UserCommand.user": lambda size: user(UPDATE, user="x" * (size - 12) + "@example.com"),
    "UserCommand.domain": lambda size: user(UPDATE, user="jdoe", domain="d" * size),
    "UserCommand.do": lambda size: [{"user": USER, "do": [UPDATE] * size}],
    "UserGroupCommand.usergroup": lambda size: [{"usergroup": "g" * size, "do": [DESCRIBE]}],
    "UserGroupCommand.do": lambda size: [{"usergroup": "Marketing", "do": [DESCRIBE] * size}],
    "RequestID": lambda size: user(UPDATE, requestID="r" * size),
    "Email": lambda size: user({"addAdobeID": {"email": "x" * (size - 12) + "@example.com"}}),
    "PersonName": lambda size: user({"update": {"firstname": "f" * size}}),
    "UpdateUser.username": lambda size: user({"update": {"username": "n" * size}}),
    "GroupName": lambda size: user({"add": {"group": ["g" * size]}}),
    "GroupNames": lambda size: user({"add": {"group": names(size)}}),
    "NewGroupName": lambda size: group({"updateUserGroup": {"name": "g" * size}}),
    "UserNames": lambda size: group({"add": {"user": names(size)}}),
    "UserNames (each)": lambda size: group({"add": {"user": ["x" * (size - 12) + "@example.com"]}}),
    "ProfileNames": lambda size: group({"add": {"productConfiguration": names(size)}}),
}
"""By the place of a limit: a request of so many items or characters there."""
LEAST: Final = 3
"""To what a lower limit is raised: two are then too few, and yet not none."""
SHORT_BODIES: Final[dict[str, Callable[[int], list[Json]]]] = {
    **{place: BODIES[place] for place in BODIES if not place.startswith(("RequestID", "Email", "PersonName"))},
    "UserCommand.user": lambda size: user(UPDATE, user="x" * size, domain="example.com"),
    "UserNames (each)": lambda size: group({"add": {"user": ["x" * size]}}),
}
"""By the place of a lower limit: a request of so many items or characters there."""


def places(*keywords: str) -> dict[str, tuple[str, str]]:
    """Return the file and the keyword of each such limit in the request schemas, by its place.

    The list of countries makes its own limit: none has three letters.
    """
    return {
        place: (file, keyword)
        for file in REQUEST_SCHEMAS
        for place, node in limited(read(file), "")
        for keyword in keywords
        if keyword in node and place != "Country"
    }


def upper() -> dict[str, tuple[str, str]]:
    """Return the upper limits."""
    return places("maxItems", "maxLength")


def lower() -> dict[str, tuple[str, str]]:
    """Return the lower limits."""
    return places("minItems", "minLength")


def read(file: str) -> Json:
    """Return a file of schema/."""
    return json.loads((ROOT / "schema" / file).read_text("utf-8"))


def probe(folder: Path, changed: dict[str, Json], **task: Json) -> Json:
    """Return what the probe finds with the package that is made of schema/ with these files changed."""
    done = ran(folder, changed, [str(PROBE)], json.dumps(task))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ran(
    folder: Path, changed: dict[str, Json], arguments: list[str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Return how Python ended with these arguments, beside the package made of schema/ with these files changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(ROOT)])  # the generator is in no wheel
        from schema.codegen.package import write_package  # noqa: PLC0415 - it needs what `pytestmark` looks for

    schema = folder / "schema"
    schema.mkdir()
    for path in (ROOT / "schema").glob("*.json"):
        document = changed.get(path.name)
        (schema / path.name).write_text(json.dumps(document) if document else path.read_text("utf-8"), "utf-8")
    for name, text in write_package(schema).items():
        target = folder / "umapi_models" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    others = {key: value for key, value in os.environ.items() if not key.upper().startswith(("UMAPI_", "PYTHON"))}
    environment = {**others, "PYTHONPATH": str(folder), "no_proxy": "*"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, input=given, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_every_limit_is_tried() -> None:
    """There is a request for each limit of the request schemas."""
    assert upper().keys() == BODIES.keys()
    assert lower().keys() == SHORT_BODIES.keys()


@pytest.mark.parametrize("place", BODIES)
def test_limit_is_said_once(place: str, tmp_path: Path) -> None:
    """With another value of one limit, the builders split and refuse, the mock refuses, and the pages tell, by it."""
    file, keyword = upper()[place]
    document = read(file)
    node = next(node for found, node in limited(document, "") if found == place)
    value = node[keyword] = node[keyword] + FULLER
    line = node["x-umapi-errors"][keyword]
    code, words = line["code"], line.get("own_words") or message_of(line["code"])
    body = BODIES[place]
    found = probe(
        tmp_path, {file: document}, kind="size", place=place, value=value, fits=body(value), exceeds=body(value + 1)
    )
    assert code not in found["fits"]
    assert code in found["exceeds"]
    assert code not in [told for told, _ in found["mock_fits"]]
    messages = [message for told, message in found["mock_exceeds"] if told == code]
    assert messages
    assert "{limit}" not in words or all(str(value) in message for message in messages)
    assert f"{place} | {keyword} | {value} | `{code}` |" in found["docs"]
    if place == "the request":
        assert found["requests"] == 2
        assert found["settings"]["commands_per_request"] == value
        assert found["remedy"] == f"Send an array of 1 to {value} commands in valid JSON."
    if "split_fits" in found:
        assert (found["split_fits"][0], found["split_exceeds"][0]) == ((1, 2) if place.endswith(".do") else (1, 1))
        assert found["split_exceeds"][1] - found["split_fits"][1] == 1


@pytest.mark.parametrize("place", SHORT_BODIES)
def test_lower_limit_is_said_once(place: str, tmp_path: Path) -> None:
    """With another value of one lower limit, client and mock refuse what has too little, and the page tells it."""
    file, keyword = lower()[place]
    document = read(file)
    node = next(node for found, node in limited(document, "") if found == place)
    node[keyword] = LEAST
    code, body = node["x-umapi-errors"][keyword]["code"], SHORT_BODIES[place]
    found = probe(tmp_path, {file: document}, kind="least", fits=body(LEAST), lacks=body(LEAST - 1))
    assert code not in found["fits"]
    assert code in found["lacks"]
    assert code not in [told for told, _ in found["mock_fits"]]
    assert code in [told for told, _ in found["mock_lacks"]]
    assert f"{place} | {keyword} | {LEAST} | `{code}` |" in found["docs"]


def message_of(code: str) -> str:
    """Return the words of a code."""
    entry = next(entry for entry in read("error_codes.json")["codes"] if entry["code"] == code)
    return str(entry["message"] or entry["own_words"])


def test_operations_are_said_once(tmp_path: Path) -> None:
    """With another page size and another throttle limit, the mock pages and refuses, and the client waits, by them."""
    document = read("openapi.json")
    document["paths"]["/users/{orgId}/{page}"]["get"]["x-umapi-page-size"] = 5
    document["paths"]["/action/{orgId}"]["post"]["x-umapi-throttle"] |= {"perClient": 2, "periodSeconds": 50}
    found = probe(tmp_path, {"openapi.json": document}, kind="operation")
    assert found["page"] == ["5", False]
    assert found["users"] > 5
    assert found["settings"]["users_page_size"] == 5
    assert found["statuses"] == [200, 200, 429]
    assert len(found["waits"]) == 1
    assert 40 < found["waits"][0] <= 51
    assert "| action | `POST /action/{orgId}` | 2 | 100 | 50 |  |" in found["docs"]
    assert "| users | `GET /users/{orgId}/{page}` | 25 | 100 | 60 | 5 |" in found["docs"]


def test_defaults_are_said_once(tmp_path: Path) -> None:
    """With other defaults, the options of connections, the settings and the retries have them."""
    document = read("client.json")
    values = {"TIMEOUT": 7.0, "MAX_RETRIES": 6, "FIRST_DELAY": 2.5, "RANDOM_DELAY": 1.5, "MAX_WAIT": 77.0}
    for name, value in values.items():
        document["defaults"][name]["value"] = value
    found = probe(tmp_path, {"client.json": document}, kind="defaults")
    options = {"timeout": 7.0, "max_retries": 6, "max_wait": 77.0}
    assert [found[name] for name in ("Options", "Settings")] == [options] * 2
    assert found["RetryPolicy"] == [6, 2.5, 1.5, 77.0]
    assert all(f"| {name} | {value:g} " in found["docs"] for name, value in values.items())


def test_words_and_names_are_said_once(tmp_path: Path) -> None:
    """With other words, scopes and statuses, the mock server says them, and its page and the document tell them."""
    files = {name: read(name) for name in ("words.json", "openapi.json", "user.json")}
    occasions = files["words.json"]["occasions"]
    occasions["token.client_secret"]["message"] = "another secret, please"
    occasions["query.group_unknown"]["message"] = "No trace of {group}"
    occasions["action.nested"]["own_words"] = "How deep!"
    files["user.json"]["$defs"]["UserStatus"]["enum"].append("dormant")
    flow = files["openapi.json"]["components"]["securitySchemes"]["oauth"]
    flow["flows"]["clientCredentials"]["scopes"]["more"] = "More."
    flow["x-umapi-metascope"] = "ent_other_sdk"
    members = files["openapi.json"]["paths"]["/users/{orgId}/{page}/{groupName}"]["get"]
    members["x-umapi-canonical-resource"] = "/members/{groupName}"
    found = probe(tmp_path, files, kind="words")
    assert found["token"] == {"error": "invalid_client", "error_description": "another secret, please"}
    assert found["group"] == "No trace of Nowhere"
    assert found["nested"] == [["error.command.malformed", "How deep!"]]
    assert found["resource"].endswith("/v2/usermanagement/members/{groupName}")
    assert "dormant" in found["names"]["user_statuses"]
    assert found["page"]["invalid_scope"] == (
        "Ask for the scopes openid, AdobeID, user_management_sdk, more; in a JWT set the claim …/s/ent_other_sdk."
    )
    assert "| token.client_secret | `invalid_client` | another secret, please |" in found["docs"]


def test_names_of_groups_and_types_are_said_once(tmp_path: Path) -> None:
    """With other names of admin groups and one identity type more, client and mock server know them."""
    files = {name: read(name) for name in ("group.json", "user-steps.json")}
    files["group.json"]["$defs"]["GroupType"]["x-umapi-group-names"] |= {
        "PROFILE_ADMIN_GROUP": "_keepers_{name}",
        "SUPPORT_ADMIN_GROUP": "_helpers",
    }
    definitions = files["user-steps.json"]["$defs"]
    definitions["IdentityType"]["enum"].insert(0, "partnerID")
    definitions["AddPartnerID"] = definitions["AddAdobeID"] | {
        "title": "AddPartnerID",
        "x-umapi-identity-type": "partnerID",
    }
    definitions["UserStep"]["properties"]["addPartnerID"] = {"$ref": "#/$defs/AddPartnerID"}
    seed = {
        "org_id": "1@AdobeOrg",
        "products": [{"name": "Ink"}],
        "profiles": [{"name": "Ink (all)", "product": "Ink"}],
        "domains": [{"name": "example.org", "type": "partnerID"}],
        "users": [{"email": "jo@example.org", "type": "partnerID", "username": "jo", "domain": "example.org"}],
    }
    found = probe(tmp_path, files, kind="wire", seed=seed, group="_keepers_Ink (all)")
    assert found["put"] == [204, ""]
    assert {"_helpers", "_keepers_Ink (all)"} <= set(found["groups"])
    assert "_admin_Ink (all)" not in found["groups"]
    assert found["touched"] == ["group _keepers_ink (all)", "group ink (all)", "user jo@example.org"]


def test_a_kind_of_fault_that_the_schema_alone_has_is_answered(tmp_path: Path) -> None:
    """A kind of fault that is added to the schema is offered, put in force, and answered as not simulated."""
    document = read("faults.json")
    document["kinds"]["stall"] = {"meaning": "the answer stops", "fields": ["seconds"]}
    found = probe(tmp_path, {"faults.json": document}, kind="fault", name="stall")
    assert found["put"] == 201
    words = "The mock server does not simulate faults of the kind stall"
    assert found["answer"] == [501, {"error_code": "501000", "message": words}]
    assert found["document"]["enum"][-1] == "stall"
    assert found["document"]["description"].endswith("stall: the answer stops.")
    assert found["choices"][-1] == "stall"
    assert found["fields"] == [*document["fields"], "seconds"]


@pytest.mark.parametrize(
    ("place", "old", "module"),
    [
        ("UserGroupStep", "deleteUserGroup", "umapi_harness.reading.actions"),
        ("UserGroupStep", "deleteUserGroup", "umapi_harness.mock.serving.server"),
        ("CreateOption", "updateIfAlreadyExists", "umapi_harness.mock.serving.server"),
        ("IdentityType", "unknown", "umapi_harness.mock.serving.server"),
        ("UserStatus", "active", "umapi_harness.mock.serving.server"),
    ],
)
def test_a_renamed_word_is_no_key_error(place: str, old: str, module: str, tmp_path: Path) -> None:
    """With another name of a word, what knows it by its old one is not loaded, and says which name is missing."""
    files = ("user-steps.json", "usergroup-steps.json", "user.json")
    file = next(name for name in files if place in read(name)["$defs"])
    document = read(file)
    node = document["$defs"][place]
    if "enum" in node:
        node["enum"][node["enum"].index(old)] = "another"
    else:
        node["properties"]["another"] = node["properties"].pop(old)
    done = ran(tmp_path, {file: document}, ["-c", f"import {module}"])
    assert done.returncode != 0
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", old).upper()
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: cannot import name '{name}'")


def test_a_new_listing_shrinks_by_what_its_pages_hold(tmp_path: Path) -> None:
    """A listing that is added to the schema loses users or groups where its pages hold them, and else nothing."""
    files = {name: read(name) for name in ("openapi.json", "pages.json")}
    pages = files["pages.json"]["$defs"]
    teams = dict(pages["GroupsPage"]["properties"])
    teams["teams"] = teams.pop("groups")
    pages["TeamsPage"] = {"title": "TeamsPage", "description": "Teams.", "type": "object", "properties": teams}
    paths = files["openapi.json"]["paths"]
    for name, page in (("teams", "TeamsPage"), ("circles", "GroupsPage"), ("people", "UsersPage")):
        listing = copy.deepcopy(paths["/groups/{orgId}/{page}"]["get"]) | {"operationId": name}
        listing["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] = f"pages.json#/$defs/{page}"
        paths[f"/{name}/{{orgId}}/{{page}}"] = {"get": listing}
    found = probe(tmp_path, files, kind="shrinking", names=["teams", "circles", "people"])
    assert found == [[501, 0, 0], [501, 0, 1], [501, 1, 0]]


def test_no_module_writes_a_word_of_the_wire() -> None:
    """Client and harness import each name that the schemas give to steps, types, options, groups and operations."""
    found = [value for name, value in vars(names_of_the_schema).items() if name.isupper()]
    words = {str(word) for value in found for word in ([value] if isinstance(value, str) else [*value])}
    unmistakable = {word for word in words if re.fullmatch("[a-z]+[A-Z][A-Za-z]+|[A-Z]+_[A-Z_]+|_[a-z_]+", word)}
    assert {"addAdobeID", "federatedID", "USER_GROUP", "updateIfAlreadyExists", "_admin_", "_org_admin"} <= unmistakable
    written = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for folder in ("umapi_sdk", "umapi_runtime", "harness/umapi_harness")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in unmistakable
    ]
    assert written == []


NEW_CODE: Final = {
    "code": "error.user.on_leave",
    "meaning": "The user is on leave.",
    "remedy": "Wait.",
    "calls": ["action"],
    "retry": "later",
    "source": "live",
    "message": None,
    "severity": "error",
    "own_words": "On leave: {field}",
}
NEW_STEP: Final = {
    "title": "SuspendUser",
    "description": "Suspends a user.",
    "type": "object",
    "properties": {
        "reason": {
            "description": "Why, at most {maxLength} characters.",
            "type": "string",
            "maxLength": 9,
            "x-umapi-errors": {
                "type": {"code": "error.command.string_expected", "own_words": "String expected"},
                "maxLength": {"code": "error.user.on_leave"},
            },
        }
    },
    "additionalProperties": False,
    "x-umapi-errors": {
        "type": {"code": "error.command.illegal_entry"},
        "additionalProperties": {"code": "error.command.illegal_entry"},
    },
}


def test_what_the_schema_alone_has_is_answered(tmp_path: Path) -> None:
    """A step, an operation and a code that are added to the schema are sent, refused, answered and explained."""
    files = {
        name: read(name) for name in ("user-steps.json", "usergroup-steps.json", "openapi.json", "error_codes.json")
    }
    for file, steps in (("user-steps.json", "UserStep"), ("usergroup-steps.json", "UserGroupStep")):
        definitions = files[file]["$defs"]
        title = f"Suspend{steps}"
        definitions[title] = NEW_STEP | {"title": title}
        definitions[steps]["properties"]["suspend"] = {"$ref": f"#/$defs/{title}"}
    operation = files["openapi.json"]["paths"]["/groups/{orgId}/{page}"]
    files["openapi.json"]["paths"]["/teams/{orgId}/{page}"] = {"get": operation["get"] | {"operationId": "teams"}}
    files["error_codes.json"]["codes"].append(NEW_CODE)
    commands: list[Json] = [
        {"user": USER, "do": [{"suspend": {"reason": "gone"}}]},
        {"usergroup": "Marketing", "do": [{"suspend": {}}]},
    ]
    wrong = {"user": USER, "do": [{"suspend": {"reason": "for no good"}}]}
    found = probe(
        tmp_path, files, kind="addition", commands=commands, wrong=wrong, path="teams/{orgId}/0", code=NEW_CODE["code"]
    )
    words = "The mock server does not know what the step does: suspend"
    for answer in found["answers"]:
        assert [(error["errorCode"], error["message"]) for error in answer["errors"]] == [
            ("error.api.not_available", words)
        ]
    assert [status for status, _ in found["outcomes"]] == ["failed", "failed"]
    assert all(words in errors[0] for _, errors in found["outcomes"])
    assert found["refused"] == [NEW_CODE["code"]]
    assert found["call"] == [
        501,
        {"error_code": "501000", "message": "The mock server does not simulate the call teams"},
    ]
    assert found["code"]["remedy"] == "Wait."
    assert [one["meaning"] for one in found["page"]] == [NEW_CODE["meaning"]]
    assert f"| `{NEW_CODE['code']}` |" in found["docs"]
    assert "| teams | `GET /teams/{orgId}/{page}` |" in found["docs"]

"""What SDK, mock server, documentation and page make of a changed schema: told as JSON by a process of its own.

The process is given another `umapi_models` by its import path, made from that schema.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Final

import httpx
import msgspec

import umapi_limit_page
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_models.error_codes import ERROR_CODES
from umapi_models.requests import read_action_request
from umapi_runtime.constraints import ContractError
from umapi_sdk import Action, Connection, GroupAction, ServicePrincipalAuth, UserAction, UsersQuery
from umapi_sdk.batches import split_action
from umapi_sdk.config import Settings
from umapi_sdk.options import Options
from umapi_sdk.retries import RetryPolicy

Json = Any
USER: Final = "jdoe@example.com"
GROUP: Final = "Marketing"


def _names(count: int) -> list[str]:
    return [f"name{number}@example.com" for number in range(count)]


def _updates(count: int) -> Action:
    action = UserAction(USER).update(first_name="J")
    for _ in range(count - 1):
        action.update(first_name="J")
    return action


def _group_updates(count: int) -> Action:
    action = GroupAction(GROUP).update(description="J")
    for _ in range(count - 1):
        action.update(description="J")
    return action


_OPTIONS: Final = ("timeout", "max_retries", "max_wait")
BUILDERS: Final[dict[str, Callable[[int], Action]]] = {
    "UserCommand.do": _updates,
    "UserGroupCommand.do": _group_updates,
    "GroupNames": lambda count: UserAction(USER).add_to_groups(_names(count)),
    "UserNames": lambda count: GroupAction(GROUP).add_users(_names(count)),
    "ProfileNames": lambda count: GroupAction(GROUP).add_to_products(_names(count)),
}
"""By the place of a limit: an action that goes up to it, or past it."""


def size_limit(task: Json) -> Json:
    """What becomes of a request that keeps to a limit, and of one that goes past it by one."""
    place, value = task["place"], task["value"]
    told: Json = {name: _refused_by_client(task[name]) for name in ("fits", "exceeds")}
    if place in BUILDERS:
        for name, count in (("fits", value), ("exceeds", value + 1)):
            commands = split_action(BUILDERS[place](count))
            told[f"split_{name}"] = [len(commands), sum(len(command.steps) for command in commands)]
    with running_server() as server:
        told |= {f"mock_{name}": _refused_by_mock(server, task[name]) for name in ("fits", "exceeds")}
        told["settings"] = _fields(server)
        if place == "the request":
            before = _calls(server)
            connection(server).execute_multiple(
                [UserAction(one).update(first_name="J") for one in _names(value + 1)], immediate=True
            )
            told["requests"] = _calls(server) - before
    told["docs"] = umapi_limit_page.render()
    told["remedy"] = ERROR_CODES["error.command.malformed"].remedy
    return told


def least(task: Json) -> Json:
    """What becomes of a request that has as much as a lower limit wants, and of one that has too little by one."""
    told: Json = {name: _refused_by_client(task[name]) for name in ("fits", "lacks")}
    with running_server() as server:
        told |= {f"mock_{name}": _refused_by_mock(server, task[name]) for name in ("fits", "lacks")}
    return told | {"docs": umapi_limit_page.render()}


def operation(_task: Json) -> Json:
    """How many users a page has, and the waits of three action calls under the limits of the schema."""
    now = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    with running_server() as server:
        details = server.details
        answer = httpx.get(f"{details.api_url}/users/{details.org_id}/0", headers=_headers(server))
        users = len(UsersQuery(connection(server)).all_results())
        settings = _fields(server)
        paced = connection(server, pacing=True, sleep=sleep, clock=lambda: now[0])
        for one in _names(3):
            paced.execute_single(UserAction(one).update(first_name="J"), immediate=True)
        httpx.patch(f"{_root(server)}/_mock/settings", json={"throttle": True}).raise_for_status()
        statuses = [_post(server, [_update(USER)]).status_code for _ in range(3)]
    page = answer.json()
    return {
        "page": [answer.headers["X-Page-Size"], page["lastPage"]],
        "users": users,
        "waits": [seconds for seconds in waits if seconds > 1],
        "statuses": statuses,
        "settings": settings,
        "docs": umapi_limit_page.render(),
    }


def defaults(_task: Json) -> Json:
    """The defaults of the options that both connections take, of settings and of retries."""
    told: Json = {
        cls.__name__: {one.name: one.default for one in msgspec.structs.fields(cls) if one.name in _OPTIONS}
        for cls in (Options, Settings)
    }
    policy = RetryPolicy()
    told["RetryPolicy"] = [policy.attempts, policy.first_delay, policy.random_delay, policy.max_wait]
    told["docs"] = umapi_limit_page.render()
    return told


def words(_task: Json) -> Json:
    """What the mock server says on occasions without a code, and what its page is told."""
    import umapi_error_page  # noqa: PLC0415 - only here

    nested: Json = []
    for _ in range(500):
        nested = [nested]
    with running_server() as server:
        details = server.details
        form = {"grant_type": "client_credentials", "client_id": details.client_id, "client_secret": "wrong"}
        token = httpx.post(f"{details.ims_url}/ims/token/v3", data=form)
        group = httpx.get(f"{details.api_url}/users/{details.org_id}/0/Nowhere", headers=_headers(server))
        return {
            "token": token.json(),
            "group": group.json()["message"],
            "nested": _refused_by_mock(server, [{"user": USER, "do": nested}]),
            "resource": group.headers["Canonical-Resource"],
            "names": httpx.get(f"{_root(server)}/_mock/names").json(),
            "page": {one["code"]: one["remedy"] for one in httpx.get(f"{_root(server)}/_mock/codes").json()},
            "docs": umapi_error_page.render(),
        }


def fault(task: Json) -> Json:
    """What becomes of a call that a kind of fault strikes which the schema alone has, and how the page tells of it."""
    with running_server() as server:
        admin = f"{_root(server)}/_mock"
        put = httpx.post(f"{admin}/faults", json={"operation": "action", "kind": task["name"]})
        answer = _post(server, [_update(USER)])
        document = httpx.get(f"{admin}/faults.schema.json").json()["$defs"]["Fault"]["properties"]["kind"]
        fields = {one["name"]: one for one in httpx.get(f"{admin}/faults/fields").json()}
    return {
        "put": put.status_code,
        "answer": [answer.status_code, answer.json()],
        "document": document,
        "choices": fields["kind"]["choices"],
        "fields": [name for name, one in fields.items() if task["name"] in one["kinds"]],
    }


def shrinking(task: Json) -> Json:
    """For each listing, the status of a call that is to shrink it, and how many users and groups are gone by it."""
    told: Json = []
    for name in task["names"]:
        with running_server() as server:
            details, admin = server.details, f"{_root(server)}/_mock"
            before = _population(server)
            fault = {"operation": name, "kind": "shrink"}
            httpx.post(f"{admin}/faults", json=fault).raise_for_status()
            call = httpx.get(f"{details.api_url}/{name}/{details.org_id}/0", headers=_headers(server))
            gone = [count - left for count, left in zip(before, _population(server), strict=True)]
        told.append([call.status_code, *gone])
    return told


def wire(task: Json) -> Json:
    """What the mock server makes of a seed, what its groups are called, and what a membership in one touches."""
    from umapi_harness.mock.state.seeds import build_seed  # noqa: PLC0415 - only here
    from umapi_sdk.resources import touched  # noqa: PLC0415 - only here

    with running_server(seeds=[build_seed({"org_id": "2@AdobeOrg"})]) as server:
        put = httpx.put(f"{_root(server)}/_mock/state", json=task["seed"])
        groups = httpx.get(f"{_root(server)}/_mock/groups", params={"org_id": task["seed"]["org_id"]}).json()
    (command,) = read_action_request([{"user": "jo@example.org", "do": [{"add": {"group": [task["group"]]}}]}])
    return {
        "put": [put.status_code, put.text],
        "groups": [group["name"] for group in groups["groups"]],
        "touched": sorted(touched(command)),
    }


def addition(task: Json) -> Json:
    """What becomes of a step, an operation and a code that the schema alone has."""
    import umapi_error_page  # noqa: PLC0415 - only here
    from umapi_sdk.commands import read_actions  # noqa: PLC0415 - only here

    with running_server() as server:
        answers = [_post(server, [command]).json() for command in task["commands"]]
        actions = [action for command in task["commands"] for action in read_actions([command])]
        connection(server).execute_multiple(actions, immediate=True)
        outcomes = [[str(action.outcome and action.outcome.status), action.execution_errors()] for action in actions]
        details = server.details
        call = httpx.get(
            f"{details.api_url}/{task['path']}".replace("{orgId}", details.org_id), headers=_headers(server)
        )
        codes = httpx.get(f"{_root(server)}/_mock/codes").json()
    return {
        "answers": answers,
        "outcomes": outcomes,
        "refused": _refused_by_client([task["wrong"]]),
        "call": [call.status_code, call.json()],
        "code": msgspec.structs.asdict(ERROR_CODES[task["code"]]),
        "page": [one for one in codes if one["code"] == task["code"]],
        "docs": umapi_error_page.render() + umapi_limit_page.render(),
    }


def connection(server: RunningServer, **options: Any) -> Connection:
    details = server.details
    auth = ServicePrincipalAuth(details.client_id, details.client_secret, auth_host=details.ims_url)
    return Connection(details.org_id, auth, endpoint=details.api_url, **options)


def _refused_by_client(body: Json) -> list[str | None]:
    try:
        read_action_request(body)
    except ContractError as error:
        return [violation.code for violation in error.violations]
    return []


def _refused_by_mock(server: RunningServer, body: Json) -> list[list[str]]:
    answer = _post(server, body).json()
    if "errors" in answer:
        return [[error["errorCode"], error["message"]] for error in answer["errors"]]
    return [] if "completed" in answer else [[answer["result"], answer["message"]]]


def _post(server: RunningServer, body: Json) -> httpx.Response:
    details = server.details
    return httpx.post(f"{details.api_url}/action/{details.org_id}", json=body, headers=_headers(server))


def _headers(server: RunningServer) -> dict[str, str]:
    details = server.details
    form = {
        "grant_type": "client_credentials",
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
    }
    token = httpx.post(f"{details.ims_url}/ims/token/v3", data=form).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "x-api-key": details.client_id}


def _update(user: str) -> Json:
    return {"user": user, "do": [{"update": {"firstname": "J"}}]}


def _fields(server: RunningServer) -> Json:
    fields = httpx.get(f"{_root(server)}/_mock/settings/fields").json()
    return {field["name"]: field["default"] for field in fields}


def _calls(server: RunningServer) -> int:
    entries = httpx.get(f"{_root(server)}/_mock/requests").json()
    return sum(entry["operation"] == "action" for entry in entries)


def _population(server: RunningServer) -> tuple[int, int]:
    state = httpx.get(f"{_root(server)}/_mock/state").json()
    return len(state["users"]), len(state["user_groups"])


def _root(server: RunningServer) -> str:
    return server.details.ims_url


def main() -> int:
    """Read the task and write what was found."""
    task = json.load(sys.stdin)
    tasks = {
        "size": size_limit,
        "least": least,
        "operation": operation,
        "defaults": defaults,
        "addition": addition,
        "words": words,
        "fault": fault,
        "shrinking": shrinking,
        "wire": wire,
    }
    json.dump(tasks[task["kind"]](task), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())

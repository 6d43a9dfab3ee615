"""The page at /_mock/: what it asks for beside the admin interface."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.control.explanations import (
    codes_explained,
    faults_explained,
    names_explained,
    settings_explained,
)
from umapi_harness.mock.control.inputs import guarded
from umapi_harness.mock.control.listings import group_details, list_domains, list_groups, list_users, user_details
from umapi_harness.mock.control.page_files import DATA_HEADERS, file_routes
from umapi_harness.mock.names import FAULTS
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.world import World


def page_routes(world: World) -> list[Route]:
    """The routes of the page for `world`."""
    page = _Page(world)
    table: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("/pulse", page.pulse),
        ("/users", page.users),
        ("/user", page.user),
        ("/groups", page.groups),
        ("/group", page.group),
        ("/domains", page.domains),
        ("/codes", page.codes),
        ("/names", page.names),
        ("/settings/fields", page.setting_fields),
        ("/faults/fields", page.fault_fields),
        ("/faults/ready", page.ready_faults),
    ]
    return [
        *file_routes(),
        *(Route(f"/_mock{path}", _data(handle), methods=["GET"]) for path, handle in table),
        Route("/_mock/faults/{place:int}", _data(page.delete_fault), methods=["DELETE"]),
    ]


def _data(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What the admin interface does for its calls, and the headers of data."""
    inner = guarded(answer)

    async def handle(request: Request) -> Response:
        response = await inner(request)
        for name, value in DATA_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return handle


class _Json(JSONResponse):
    """JSON that also holds what is no character in UTF-8, as an escape."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


class _Page:
    def __init__(self, world: World) -> None:
        self._world = world
        self._name = secrets.token_hex(8)

    async def pulse(self, request: Request) -> Response:
        """Small enough to be asked for every second: what has changed, for the page to read anew.

        `server` is another for each start; `users` counts those of all organizations; `organization` is null if there
        is none of the id asked for; `requests` has the number of the last entry, and of the last before the journal was
        emptied.
        """
        world = self._world
        wanted = request.query_params.get("org_id")
        organization = world.organizations.get(wanted) if wanted else next(iter(world.organizations.values()), None)
        numbers = world.journal.numbers
        clock = world.clock
        return _Json(
            {
                "server": self._name,
                "organizations": len(world.organizations),
                "users": sum(len(one.users) for one in world.organizations.values()),
                "organization": _outline(world, organization) if organization is not None else None,
                "requests": {"last": numbers.stop - 1, "emptied": numbers.start - 1 - world.journal.forgotten},
                "clock": {
                    "now": clock.now(),
                    "frozen": isinstance(clock, VirtualClock) and clock.frozen,
                    "movable": isinstance(clock, VirtualClock),
                },
                "faults": sum(not _spent(fault) for fault in world.faults.as_list()),
            }
        )

    async def users(self, request: Request) -> Response:
        """A part of the users that fit a search."""
        return _Json(list_users(self._organization(request), request.query_params))

    async def user(self, request: Request) -> Response:
        """One user, by email and type."""
        query = request.query_params
        return _Json(user_details(self._organization(request), query.get("email", ""), query.get("type", "")))

    async def groups(self, request: Request) -> Response:
        """A part of the groups that fit a search."""
        return _Json(list_groups(self._organization(request), request.query_params))

    async def group(self, request: Request) -> Response:
        """One group, by name."""
        return _Json(group_details(self._organization(request), request.query_params.get("name", "")))

    async def domains(self, request: Request) -> Response:
        """The claimed domains and the products."""
        return _Json(list_domains(self._organization(request)))

    async def codes(self, _request: Request) -> Response:
        """What each error code means and what to do about it, those of the token host included."""
        return _Json(codes_explained())

    async def names(self, _request: Request) -> Response:
        """Identity types and statuses that a user can have; faults that spoil or delay an answer, or leave a task."""
        return _Json(names_explained())

    async def setting_fields(self, _request: Request) -> Response:
        """Every setting: type, default, value in the live profile, choices, meaning."""
        return _Json(settings_explained())

    async def fault_fields(self, _request: Request) -> Response:
        """Every field of a fault: type, default, choices, meaning, and the kinds that it means something for."""
        return _Json(faults_explained())

    async def ready_faults(self, _request: Request) -> Response:
        """Faults that are put in force with one click, each with its title."""
        return _Json(FAULTS["ready"])

    async def delete_fault(self, request: Request) -> Response:
        """End one fault, by its place in the list."""
        self._world.faults.remove(request.path_params["place"])
        return Response(status_code=204)

    def _organization(self, request: Request) -> Organization:
        return self._world.organization(request.query_params.get("org_id") or None)


def _outline(world: World, organization: Organization) -> dict[str, Any]:
    return {
        "org_id": organization.org_id,
        "users": len(organization.users),
        "groups": len(organization.catalog.groups),
        "changes": organization.changes.count,
        "client_ids": [entry.client_id for entry in world.credentials.values() if entry.org_id == organization.org_id],
    }


def _spent(fault: dict[str, Any]) -> bool:
    """Whether a fault has struck all that it can."""
    last = fault.get("nth") or fault.get("first")
    return last is not None and fault["matched"] >= last

"""The admin interface under /_mock/: its routes, and what is answered where there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from umapi_harness.mock.control.behaviour import Behaviour
from umapi_harness.mock.control.inputs import guarded, refused
from umapi_harness.mock.control.organizations import Organizations
from umapi_harness.mock.control.records import Records
from umapi_harness.mock.control.timing import Timing
from umapi_harness.mock.schemas import packaged
from umapi_harness.mock.world import World

ROOT: Final = "/_mock"
_SNAPSHOTS: Final = f"{ROOT}/snapshots/"

_DOCUMENTS: Final = {
    "/openapi.json": "admin_openapi.json",
    "/admin.schema.json": "admin.schema.json",
    "/faults.schema.json": "faults.schema.json",
    "/seed.schema.json": "seed.schema.json",
}


def admin_routes(world: World) -> list[Route]:
    """The routes of the admin interface on `world`."""
    organizations, behaviour, records, timing = Organizations(world), Behaviour(world), Records(world), Timing(world)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/reset", organizations.reset),
        ("GET", "/state", organizations.get_state),
        ("PUT", "/state", organizations.put_state),
        ("GET", "/organizations", organizations.get_organizations),
        ("POST", "/organizations", organizations.post_organizations),
        ("DELETE", "/organizations/{org_id}", organizations.delete_organization),
        ("GET", "/snapshots", organizations.get_snapshots),
        ("PUT", "/snapshots/{name}", organizations.put_snapshot),
        ("DELETE", "/snapshots/{name}", organizations.delete_snapshot),
        ("POST", "/snapshots/{name}/restore", organizations.restore_snapshot),
        ("GET", "/settings", behaviour.get_settings),
        ("PATCH", "/settings", behaviour.patch_settings),
        ("PUT", "/settings", behaviour.put_settings),
        ("GET", "/faults", behaviour.get_faults),
        ("POST", "/faults", behaviour.post_faults),
        ("PUT", "/faults", behaviour.put_faults),
        ("DELETE", "/faults", behaviour.delete_faults),
        ("GET", "/requests", records.get_requests),
        ("DELETE", "/requests", records.delete_requests),
        ("POST", "/verify", records.post_verify),
        ("GET", "/clock", timing.get_clock),
        ("POST", "/clock", timing.post_clock),
        ("DELETE", "/tokens", timing.delete_tokens),
    ]
    return [
        *(Route(f"{ROOT}{path}", guarded(handle), methods=[method]) for method, path, handle in table),
        *(Route(f"{ROOT}{path}", _document(name), methods=["GET"]) for path, name in _DOCUMENTS.items()),
    ]


def unknown_route(known: Sequence[BaseRoute]) -> BaseRoute:
    """The route for whatever else begins like the admin interface: it is not the service's to answer."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        allowed = {
            name
            for route in known
            if isinstance(route, Route) and route.matches(scope)[0] is Match.PARTIAL
            for name in route.methods or ()
        }
        if allowed:
            names = ", ".join(sorted(allowed))
            response = refused(405, f"{method}: not possible here; use {names}", {"Allow": names})
        else:
            in_name = path.startswith(_SNAPSHOTS) and "/" in path.removeprefix(_SNAPSHOTS)
            remedy = "the name of a snapshot has no slash" if in_name else f"{ROOT}/openapi.json lists them"
            response = refused(404, f"{path}: no such path; {remedy}")
        await response(scope, receive, send)

    return _Unknown(answer)


class _Unknown(BaseRoute):
    """A route for all that begins like the admin interface, whatever the method."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        wanted = scope["type"] == "http" and scope["path"].startswith(f"{ROOT}/")
        return (Match.FULL if wanted else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


def _document(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return JSONResponse(packaged(name))

    return answer

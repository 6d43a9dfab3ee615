"""The admin interface under /_mock/: what a tester sets, breaks, reads and puts back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from umapi_harness.mock.bodies import is_object
from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.errors import InputError
from umapi_harness.mock.faults import read_faults
from umapi_harness.mock.seeds import build_seed, export_seed
from umapi_harness.mock.world import World

_LONGEST_JUMP = 10 * 365 * 86_400  # seconds


def admin_routes(world: World) -> list[Route]:
    """The routes of the admin interface on `world`."""
    admin = _Admin(world)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/reset", admin.reset),
        ("GET", "/state", admin.get_state),
        ("PUT", "/state", admin.put_state),
        ("GET", "/organizations", admin.get_organizations),
        ("GET", "/settings", admin.get_settings),
        ("PATCH", "/settings", admin.patch_settings),
        ("GET", "/faults", admin.get_faults),
        ("POST", "/faults", admin.post_faults),
        ("DELETE", "/faults", admin.delete_faults),
        ("GET", "/requests", admin.get_requests),
        ("DELETE", "/requests", admin.delete_requests),
        ("GET", "/clock", admin.get_clock),
        ("POST", "/clock", admin.post_clock),
        ("DELETE", "/tokens", admin.delete_tokens),
    ]
    return [Route(f"/_mock{path}", _guarded(handle), methods=[method]) for method, path, handle in table]


def _guarded(
    handle: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Turns bad input into a 400 with the one line that names it."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except InputError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError(f"body: not JSON ({error}); send a JSON document") from error


class _Admin:
    def __init__(self, world: World) -> None:
        self._world = world

    async def reset(self, _request: Request) -> Response:
        """Put everything back as it was at the start, except the clock and the tokens."""
        self._world.reset()
        return Response(status_code=204)

    # State

    async def get_state(self, request: Request) -> Response:
        """One organisation as a seed document."""
        organization = self._world.organization(request.query_params.get("org_id"))
        ids = request.query_params.get("ids", "").lower() == "true"
        return JSONResponse(export_seed(organization, ids=ids))

    async def put_state(self, request: Request) -> Response:
        """Add an organisation, or replace the one of the same id."""
        self._world.put(build_seed(await _json(request), where="body"))
        return Response(status_code=204)

    async def get_organizations(self, _request: Request) -> Response:
        """The organisations with their sizes."""
        return JSONResponse(
            [
                {"org_id": org_id, "users": len(organization.users), "groups": len(organization.groups)}
                for org_id, organization in self._world.organizations.items()
            ]
        )

    # Settings, faults, journal

    async def get_settings(self, _request: Request) -> Response:
        """All settings."""
        return JSONResponse(self._world.settings.as_dict())

    async def patch_settings(self, request: Request) -> Response:
        """Change some settings."""
        changes = await _json(request)
        if not is_object(changes):
            raise InputError("body: not an object; send the settings to change")
        self._world.settings = self._world.settings.changed(changes, where="body")
        return await self.get_settings(request)

    async def get_faults(self, _request: Request) -> Response:
        """The faults in force."""
        return JSONResponse(self._world.faults.as_list())

    async def post_faults(self, request: Request) -> Response:
        """Put one fault, or several, in force."""
        for fault in read_faults(await _json(request), where="body"):
            self._world.faults.add(fault)
        return JSONResponse(self._world.faults.as_list(), status_code=201)

    async def delete_faults(self, _request: Request) -> Response:
        """End all faults."""
        self._world.faults.replace([])
        return Response(status_code=204)

    async def get_requests(self, request: Request) -> Response:
        """The journal, or what came into it after the entry of a given number."""
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise InputError(f"after: {after!r} is not a number; give that of the last entry seen")
        return JSONResponse(self._world.journal.as_list(after=int(after)))

    async def delete_requests(self, _request: Request) -> Response:
        """Forget the journal."""
        self._world.journal.clear()
        return Response(status_code=204)

    # Time and tokens

    async def get_clock(self, _request: Request) -> Response:
        """The server's time."""
        clock = self._world.clock
        frozen = isinstance(clock, VirtualClock) and clock.frozen
        return JSONResponse({"now": clock.now(), "frozen": frozen})

    async def post_clock(self, request: Request) -> Response:
        """Freeze the clock, let it run, or move it ahead."""
        clock = self._world.clock
        if not isinstance(clock, VirtualClock):
            raise InputError("clock: the server runs on the system's clock; start it with a virtual one")
        wanted = await _json(request)
        if not is_object(wanted) or not wanted or set(wanted) - {"advance", "frozen"}:
            raise InputError("body: not understood; send advance (seconds), frozen (true or false) or both")
        advance, frozen = wanted.get("advance", 0), wanted.get("frozen", clock.frozen)
        if isinstance(advance, bool) or not isinstance(advance, int | float) or not abs(advance) < _LONGEST_JUMP:
            raise InputError(f"body: /advance: {advance!r} is not a number of seconds; give one")
        if not isinstance(frozen, bool):
            raise InputError(f"body: /frozen: {frozen!r} is not true or false; give one of them")
        clock.advance(advance)
        if frozen and not clock.frozen:
            clock.freeze()
        elif not frozen:
            clock.resume()
        return await self.get_clock(request)

    async def delete_tokens(self, request: Request) -> Response:
        """Revoke all tokens, or those of one client."""
        revoked = self._world.tokens.revoke(request.query_params.get("client_id"))
        return JSONResponse({"revoked": revoked})

"""The admin interface under /_mock/: what a tester sets, breaks, reads and puts back."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from umapi_harness.common.documents import parse
from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.bodies import is_object
from umapi_harness.mock.clock import LATEST, VirtualClock, read_time
from umapi_harness.mock.control.verification import verify
from umapi_harness.mock.documents import packaged
from umapi_harness.mock.faults.plans import Plan, read_plan
from umapi_harness.mock.settings import PROFILES
from umapi_harness.mock.state.exports import export_seed
from umapi_harness.mock.state.seeds import build_seed
from umapi_harness.mock.state.snapshots import NoSuchSnapshotError
from umapi_harness.mock.world import World
from umapi_models.operations import API_PATH

ROOT: Final = "/_mock"

_LONGEST_JUMP: Final = 10 * 365 * 86_400  # seconds
_DOCUMENTS: Final = {
    "/openapi.json": "admin_openapi.json",
    "/admin.schema.json": "admin.schema.json",
    "/faults.schema.json": "faults.schema.json",
    "/seed.schema.json": "seed.schema.json",
}
_FILTERS: Final = ("operation", "client_id", "org_id", "effect")


def admin_routes(world: World) -> list[Route]:
    """The routes of the admin interface on `world`."""
    admin = _Admin(world)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/reset", admin.reset),
        ("GET", "/state", admin.get_state),
        ("PUT", "/state", admin.put_state),
        ("GET", "/organizations", admin.get_organizations),
        ("POST", "/organizations", admin.post_organizations),
        ("DELETE", "/organizations/{org_id}", admin.delete_organization),
        ("GET", "/snapshots", admin.get_snapshots),
        ("PUT", "/snapshots/{name}", admin.put_snapshot),
        ("DELETE", "/snapshots/{name}", admin.delete_snapshot),
        ("POST", "/snapshots/{name}/restore", admin.restore_snapshot),
        ("GET", "/settings", admin.get_settings),
        ("PATCH", "/settings", admin.patch_settings),
        ("PUT", "/settings", admin.put_settings),
        ("GET", "/faults", admin.get_faults),
        ("POST", "/faults", admin.post_faults),
        ("PUT", "/faults", admin.put_faults),
        ("DELETE", "/faults", admin.delete_faults),
        ("GET", "/requests", admin.get_requests),
        ("DELETE", "/requests", admin.delete_requests),
        ("POST", "/verify", admin.post_verify),
        ("GET", "/clock", admin.get_clock),
        ("POST", "/clock", admin.post_clock),
        ("DELETE", "/tokens", admin.delete_tokens),
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
            response = _error(405, f"{method}: not possible here; use {names}", {"Allow": names})
        else:
            response = _error(404, f"{path}: no such path; {ROOT}/openapi.json lists them")
        await response(scope, receive, send)

    return _Unknown(answer)


def guarded(
    handle: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Turns bad input into a 4xx with the one line that names it."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except NoSuchSnapshotError as error:
            return _error(404, str(error))
        except _ConflictError as error:
            return _error(409, str(error))
        except InputError as error:
            return _error(400, str(error))

    return answer


class _Unknown(BaseRoute):
    """A route for all that begins like the admin interface, whatever the method."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        wanted = scope["type"] == "http" and scope["path"].startswith(f"{ROOT}/")
        return (Match.FULL if wanted else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


class _ConflictError(InputError):
    """What was asked for is there already."""


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status_code=status, headers=headers)


def _document(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return JSONResponse(packaged(name))

    return answer


async def _json(request: Request) -> Any:
    try:
        return parse((await request.body()).decode("utf-8"))
    except ValueError as error:
        reason = "bytes that are not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise InputError(f"body: not JSON ({reason}); send a JSON document") from error


async def _object(request: Request, noun: str) -> dict[str, Any]:
    document = await _json(request)
    if not is_object(document):
        raise InputError(f"body: not an object; send {noun}")
    return document


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 15:
        raise InputError(f"{name}: {text[:40]!r} is not a number; give one")
    return int(text)


class _Admin:
    def __init__(self, world: World) -> None:
        self._world = world

    async def reset(self, _request: Request) -> Response:
        """Put everything back as it was at the start, except the clock, the tokens and the snapshots."""
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

    # Organisations

    async def get_organizations(self, _request: Request) -> Response:
        """The organisations with their sizes."""
        return JSONResponse(
            [
                {"org_id": org_id, "users": len(organization.users), "groups": len(organization.catalog.groups)}
                for org_id, organization in self._world.organizations.items()
            ]
        )

    async def post_organizations(self, request: Request) -> Response:
        """Add an organisation, and tell how to call on its behalf."""
        document = await _object(request, "a seed, or {} for an empty organisation") if await request.body() else {}
        document.setdefault("org_id", f"{secrets.token_hex(12).upper()}@AdobeOrg")
        seed = build_seed(document, where="body")
        org_id = seed.organization.org_id
        if org_id in self._world.organizations:
            raise _ConflictError(f"body: /org_id: {org_id} is there already; choose another, or PUT {ROOT}/state")
        self._world.put(seed)
        credential = self._world.credential(org_id)
        url = f"{request.url.scheme}://{request.url.netloc}"
        access = {name: getattr(credential, name) for name in ("client_id", "client_secret", "tech_account_id")}
        return JSONResponse(
            {"org_id": org_id, **access, "api_url": f"{url}{API_PATH}", "ims_url": url}, status_code=201
        )

    async def delete_organization(self, request: Request) -> Response:
        """Take an organisation out, with its credentials and tokens."""
        self._world.remove(request.path_params["org_id"])
        return Response(status_code=204)

    # Snapshots

    async def get_snapshots(self, _request: Request) -> Response:
        """The snapshots, oldest first."""
        return JSONResponse([snapshot.as_dict() for snapshot in self._world.snapshots])

    async def put_snapshot(self, request: Request) -> Response:
        """Keep the present state under a name."""
        return JSONResponse(self._world.save(request.path_params["name"]).as_dict())

    async def restore_snapshot(self, request: Request) -> Response:
        """Put back what was kept under a name."""
        self._world.restore(request.path_params["name"])
        return Response(status_code=204)

    async def delete_snapshot(self, request: Request) -> Response:
        """Forget what was kept under a name."""
        self._world.snapshots.forget(request.path_params["name"])
        return Response(status_code=204)

    # Settings, faults, journal

    async def get_settings(self, _request: Request) -> Response:
        """All settings."""
        return JSONResponse(self._world.settings.as_dict())

    async def patch_settings(self, request: Request) -> Response:
        """Change some settings."""
        changes = await _object(request, "the settings to change")
        self._world.settings = self._world.settings.changed(changes, where="body")
        return await self.get_settings(request)

    async def put_settings(self, request: Request) -> Response:
        """Begin with a profile, and change some settings of it."""
        changes = await _object(request, "a profile, settings or both")
        profile = changes.pop("profile", "documented")
        if not isinstance(profile, str) or profile not in PROFILES:
            raise InputError(f"body: /profile: {profile!r} is no profile; choose one of {', '.join(PROFILES)}")
        self._world.settings = PROFILES[profile]().changed(changes, where="body")
        return await self.get_settings(request)

    async def get_faults(self, _request: Request) -> Response:
        """The faults in force."""
        return JSONResponse(self._world.faults.as_list())

    async def post_faults(self, request: Request) -> Response:
        """Put one fault, or several, in force."""
        plan = await self._plan(request)
        self._world.faults.extend(plan.faults, plan.random_seed)
        return JSONResponse(self._world.faults.as_list(), status_code=201)

    async def put_faults(self, request: Request) -> Response:
        """Put a plan in force in the place of all faults."""
        plan = await self._plan(request)
        self._world.faults.replace(plan.faults, plan.random_seed)
        return await self.get_faults(request)

    async def _plan(self, request: Request) -> Plan:
        return read_plan(await _json(request), where="body", clients=self._world.credentials)

    async def delete_faults(self, _request: Request) -> Response:
        """End all faults."""
        self._world.faults.replace([])
        return Response(status_code=204)

    async def get_requests(self, request: Request) -> Response:
        """The journal: what came after the entry of a given number, or the last so many, of some kind."""
        wanted: dict[str, Any] = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}
        if "status" in request.query_params:
            wanted["status"] = _number(request, "status", 0)
        found = self._world.journal.as_list(after=_number(request, "after", 0), **wanted)
        limit = _number(request, "limit", len(found))
        return JSONResponse(found[len(found) - min(limit, len(found)) :])

    async def delete_requests(self, _request: Request) -> Response:
        """Forget the journal."""
        self._world.journal.clear()
        return Response(status_code=204)

    async def post_verify(self, request: Request) -> Response:
        """Whether something was received as often as wanted."""
        return JSONResponse(verify(self._world.journal, await _json(request)))

    # Time and tokens

    async def get_clock(self, _request: Request) -> Response:
        """The server's time."""
        clock = self._world.clock
        frozen = isinstance(clock, VirtualClock) and clock.frozen
        now = clock.now()
        return JSONResponse({"now": now, "time": datetime.fromtimestamp(now, UTC).isoformat(), "frozen": frozen})

    async def post_clock(self, request: Request) -> Response:
        """Freeze the clock, let it run, or set or move it."""
        clock = self._world.clock
        if not isinstance(clock, VirtualClock):
            raise InputError("clock: the server runs on the system's clock; start it with a virtual one")
        wanted = await _json(request)
        if not is_object(wanted) or not wanted or set(wanted) - {"set", "advance", "frozen"}:
            raise InputError("body: not understood; send set (a time), advance (seconds) or frozen (true or false)")
        advance, frozen = wanted.get("advance", 0), wanted.get("frozen", clock.frozen)
        if isinstance(advance, bool) or not isinstance(advance, int | float) or not abs(advance) < _LONGEST_JUMP:
            raise InputError(f"body: /advance: {repr(advance)[:40]} is not a number of seconds; give one")
        if not isinstance(frozen, bool):
            raise InputError(f"body: /frozen: {frozen!r} is not true or false; give one of them")
        start = read_time(wanted["set"], where="body: /set") if "set" in wanted else clock.now()
        if not 0 <= start + advance <= LATEST:
            raise InputError("body: /advance: leads out of the years that have a date; give less")
        if "set" in wanted:
            clock.set(start)
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

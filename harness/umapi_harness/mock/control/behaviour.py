"""How the server behaves: the settings, and the faults in force."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.common.errors import InputError
from umapi_harness.mock.control.inputs import json_of, object_of
from umapi_harness.mock.faults.plans import Plan, read_plan
from umapi_harness.mock.settings import PROFILES
from umapi_harness.mock.world import World


class Behaviour:
    """The calls about settings and faults."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def get_settings(self, _request: Request) -> Response:
        """All settings."""
        return JSONResponse(self._world.settings.as_dict())

    async def patch_settings(self, request: Request) -> Response:
        """Change some settings."""
        changes = await object_of(request, "the settings to change")
        self._world.settings = self._world.settings.changed(changes, where="body")
        return await self.get_settings(request)

    async def put_settings(self, request: Request) -> Response:
        """Begin with a profile, and change some settings of it."""
        changes = await object_of(request, "a profile, settings or both")
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
        return read_plan(await json_of(request), where="body", clients=self._world.credentials)

    async def delete_faults(self, _request: Request) -> Response:
        """End all faults."""
        self._world.faults.replace([])
        return Response(status_code=204)

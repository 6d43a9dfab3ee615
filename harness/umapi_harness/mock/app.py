"""The ASGI application: the service for every path, the admin interface under /_mock/ if wanted."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from umapi_harness.mock.admin import admin_routes
from umapi_harness.mock.service import Service
from umapi_harness.mock.world import World


def create_app(world: World, *, admin: bool = True) -> Starlette:
    """The mock server for `world` as an ASGI application; `admin` adds the interface under /_mock/."""
    routes: list[BaseRoute] = []
    if admin:
        routes += admin_routes(world)
    routes.append(_Everything(Service(world)))
    return Starlette(routes=routes)


class _Everything(BaseRoute):
    """A route for every path: the service looks at the path as it came, not as Starlette decodes it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL, {}) if scope["type"] == "http" else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service(scope, receive, send)

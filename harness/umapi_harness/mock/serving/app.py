"""The ASGI application: the service for every path, the admin interface and page under /_mock/ if wanted."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from umapi_harness.mock.control.admin import admin_routes, unknown_route
from umapi_harness.mock.control.page import page_routes
from umapi_harness.mock.control.page_files import PAGE_PATH
from umapi_harness.mock.serving.addresses import Names
from umapi_harness.mock.serving.gate import Gate
from umapi_harness.mock.serving.handling import Handler
from umapi_harness.mock.world import World


def create_app(world: World, *, admin: bool = True, names: Names | None = None) -> Starlette:
    """The mock server for `world` as an ASGI application; `admin` adds interface and page under /_mock/.

    `names` are those by which it may be called, beside addresses and names of this machine and network.
    """
    names = names if names is not None else Names()
    handler = Handler(world, names, page=PAGE_PATH if admin else "")
    routes: list[BaseRoute] = []
    if admin:
        routes += admin_routes(world)
        routes += page_routes(world)
        routes.append(unknown_route(tuple(routes)))
    routes.append(_Everything(handler))
    return _Application(world, handler, routes, names, has_page=admin)


class _Application(Starlette):
    """Takes the service's own calls past Starlette, whose search for a route takes longer than most of them."""

    def __init__(
        self, world: World, handler: Handler, routes: list[BaseRoute], names: Names, *, has_page: bool
    ) -> None:
        super().__init__(routes=routes)
        self._has_page = has_page
        self._handler = handler
        self._gate = Gate(super().__call__, world, names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # At / the API answers programs; a browser is led to the page.
        to_page = self._has_page and scope["path"] == "/" and _looks_for_a_page(scope)
        if scope["type"] == "http" and not to_page and not scope["path"].startswith("/_mock"):
            await self._handler(scope, receive, send)
        else:
            await self._gate(scope, receive, send)


def _looks_for_a_page(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD") and "text/html" in Headers(scope=scope).get("accept", "")


class _Everything(BaseRoute):
    """A route for every path: the service looks at the path as it came, not as Starlette decodes it."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL, {}) if scope["type"] == "http" else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handler(scope, receive, send)

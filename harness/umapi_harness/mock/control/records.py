"""What the server was asked: the journal, and whether something was received as often as wanted."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.mock.control.inputs import json_of, number_of
from umapi_harness.mock.control.verification import verify
from umapi_harness.mock.world import World

_FILTERS: Final = ("operation", "client_id", "org_id", "effect")


class Records:
    """The calls about the journal."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def get_requests(self, request: Request) -> Response:
        """The journal: what came after the entry of a given number, or the last so many, of some kind."""
        wanted: dict[str, Any] = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}
        if "status" in request.query_params:
            wanted["status"] = number_of(request, "status", 0)
        found = self._world.journal.as_list(after=number_of(request, "after", 0), **wanted)
        limit = number_of(request, "limit", len(found))
        return JSONResponse(found[len(found) - min(limit, len(found)) :])

    async def delete_requests(self, _request: Request) -> Response:
        """Forget the journal."""
        self._world.journal.clear()
        return Response(status_code=204)

    async def post_verify(self, request: Request) -> Response:
        """Whether something was received as often as wanted."""
        return JSONResponse(verify(self._world.journal, await json_of(request)))

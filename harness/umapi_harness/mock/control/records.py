"""What the server was asked: the journal, and whether something was received as often as wanted."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.common.errors import InputError
from umapi_harness.common.meant import other_name
from umapi_harness.mock.api.calls import NO_OPERATION
from umapi_harness.mock.control.inputs import json_of, number_of
from umapi_harness.mock.control.verification import verify
from umapi_harness.mock.names import LISTS
from umapi_harness.mock.world import World

_FILTERS: Final = ("operation", "client_id", "org_id", "effect")
_OPERATIONS: Final = (*LISTS["operations"], NO_OPERATION)


def check_operation(operation: str, *, where: str) -> None:
    """Raise InputError for an operation that no entry of the journal can have: a list of those is always empty."""
    if operation not in _OPERATIONS:
        raise InputError(f"{where}: {operation!r} is no operation; {other_name(operation, _OPERATIONS)}")


class Records:
    """The calls about the journal."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def get_requests(self, request: Request) -> Response:
        """The journal: what came after the entry of a given number, or the last so many, of some kind."""
        wanted: dict[str, Any] = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}
        if "operation" in wanted:
            check_operation(wanted["operation"], where="operation")
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

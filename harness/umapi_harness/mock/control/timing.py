"""Time: the server's clock, and tokens, which end with it or before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.bodies import is_object
from umapi_harness.mock.clock import LATEST, VirtualClock, read_time
from umapi_harness.mock.control.inputs import json_of
from umapi_harness.mock.world import World

_LONGEST_JUMP: Final = 10 * 365 * 86_400  # seconds


class Timing:
    """The calls about the clock and the tokens."""

    def __init__(self, world: World) -> None:
        self._world = world

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
        wanted = await json_of(request)
        if not is_object(wanted) or not wanted or set(wanted) - {"set", "advance", "frozen"}:
            raise InputError("body: not understood; send set (a time), advance (seconds) or frozen (true or false)")
        advance, frozen = wanted.get("advance", 0), wanted.get("frozen", clock.frozen)
        if isinstance(advance, bool) or not isinstance(advance, int | float):
            raise InputError(f"body: /advance: {repr(advance)[:40]} is not a number of seconds; give one")
        if not isinstance(frozen, bool):
            raise InputError(f"body: /frozen: {frozen!r} is not true or false; give one of them")
        start = read_time(wanted["set"], where="body: /set") if "set" in wanted else clock.now()
        if not abs(advance) < _LONGEST_JUMP:
            raise InputError("body: /advance: is ten years or more; give less, or set, a time from 1970 to 9892")
        if not 0 <= start + advance <= LATEST:
            raise InputError("body: /advance: leads out of the years that the clock has, 1970 to 9892; give less")
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

"""Input of the admin interface: what a tester's request holds, and the one line that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.common.documents import parse
from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.bodies import is_object
from umapi_harness.mock.state.snapshots import NoSuchSnapshotError


class ConflictError(InputError):
    """What was asked for is there already."""


def guarded(
    handle: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Turns bad input into a 4xx with the one line that names it."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except NoSuchSnapshotError as error:
            return refused(404, str(error))
        except ConflictError as error:
            return refused(409, str(error))
        except InputError as error:
            return refused(400, str(error))

    return answer


def refused(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The answer with which the admin interface refuses a call."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)


async def json_of(request: Request) -> Any:
    """The body as data; raises InputError for what is no JSON."""
    try:
        return parse((await request.body()).decode("utf-8"))
    except ValueError as error:
        reason = "bytes that are not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise InputError(f"body: not JSON ({reason}); send a JSON document") from error


async def object_of(request: Request, noun: str) -> dict[str, Any]:
    """The body, which is to be the object that `noun` calls it; raises InputError for anything else."""
    document = await json_of(request)
    if not is_object(document):
        raise InputError(f"body: not an object; send {noun}")
    return document


def number_of(request: Request, name: str, default: int) -> int:
    """A number of the query, or else `default`; raises InputError for what is no whole number."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 15:
        raise InputError(f"{name}: {text[:40]!r} is not a number; give one")
    return int(text)

"""The files of the page at /_mock/, and the headers that they are sent with."""

from __future__ import annotations

import functools
from hashlib import sha256
from importlib.resources import files
from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

_FOLDERS: Final = (
    files("umapi_harness.mock.control").joinpath("page"),
    files("umapi_harness.common").joinpath("page"),  # what the report of a run has too
)
PAGE_PATH: Final = "/_mock/"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
DATA_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def file_routes() -> list[Route]:
    """The routes of the files, and those that lead a browser to the page."""
    return [
        Route("/", _lead_to_page, methods=["GET"]),
        Route(PAGE_PATH.rstrip("/"), _to_page, methods=["GET"]),
        Route(PAGE_PATH, _asset, methods=["GET"]),
        Route("/_mock/page/{name}", _asset, methods=["GET"]),
    ]


@attrs.frozen
class _File:
    content: bytes
    media_type: str
    tag: str


@functools.cache
def _assets() -> dict[str, _File]:
    """The page's files by name, read once."""
    found: dict[str, _File] = {}
    for entry in (entry for folder in _FOLDERS for entry in folder.iterdir()):
        media_type = _TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            found[entry.name] = _File(content, media_type, f'"{sha256(content).hexdigest()[:20]}"')
    return found


async def _to_page(_request: Request) -> Response:
    return RedirectResponse(PAGE_PATH, status_code=308)


async def _lead_to_page(_request: Request) -> Response:
    # Not for good, since browsers remember that: the port may be another server's tomorrow.
    return RedirectResponse(PAGE_PATH, status_code=307, headers={"Cache-Control": "no-store"})


async def _asset(request: Request) -> Response:
    file = _assets().get(request.path_params.get("name", "index.html"))
    if file is None:
        return JSONResponse({"error": "page: no such file"}, status_code=404, headers=DATA_HEADERS)
    headers = _HEADERS | {"ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)

"""A Starlette application that answers at once, served as the mock server is: the yardstick of throughput.py.

Usage: `python benchmarks/bare_starlette.py PORT QUERY_BYTES ACTION_BYTES`.
"""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from umapi_harness.mock.serving.listening import server_config


def main() -> int:
    """Serve until ended: GET /query and POST /action, each with JSON of the length asked for."""
    port, *lengths = (int(argument) for argument in sys.argv[1:])
    query, action = (b'"' + b"x" * (number - 2) + b'"' for number in lengths)

    async def get(_request: Request) -> Response:
        return Response(query, media_type="application/json")

    async def post(request: Request) -> Response:
        await request.body()
        return Response(action, media_type="application/json")

    app = Starlette(routes=[Route("/query", get), Route("/action", post, methods=["POST"])])
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
        uvicorn.Server(server_config(app, None)).run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())

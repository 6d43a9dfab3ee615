"""Replay: recordings as a server, as an application in the process, and as respx routes."""

from __future__ import annotations

import anyio
import attrs
import httpx
import pytest
import respx
from starlette.types import Receive, Scope, Send

from umapi_harness.contract.comparing import compare
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.replay import Replay, serve, wire_headers
from umapi_harness.contract.routes import respx_routes


def _send(client: httpx.Client, exchange: Exchange, root: str | None = None) -> httpx.Response:
    request = exchange.request
    url = request.url if root is None else root + httpx.URL(request.url).raw_path.decode()
    return client.request(request.method, url, headers=list(request.headers), content=request.body or None)


def _came(response: httpx.Response) -> RecordedResponse:
    return RecordedResponse(
        status=response.status_code, headers=tuple(response.headers.multi_items()), body=response.content
    )


def test_a_server_replays_status_headers_and_body(corpus: tuple[Exchange, ...]) -> None:
    """Over a real connection, each exchange of the corpus is answered as recorded, to the byte."""
    replays: list[Replay] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await replays[-1](scope, receive, send)

    with serve(app) as root, httpx.Client(trust_env=False) as client:
        for exchange in corpus:
            replays.append(Replay([exchange]))
            response = _send(client, exchange, root)
            assert (response.status_code, response.content) == (exchange.response.status, exchange.response.body)
            sent = [(name.lower(), value) for name, value in response.headers.raw if name.lower() != b"content-length"]
            assert sent == wire_headers(exchange.response)
    assert [one.unmatched for one in replays] == [[]] * len(corpus)
    assert [one.played for one in replays] == [[exchange] for exchange in corpus]


def test_the_application_answers_in_process(by_name: dict[str, Exchange]) -> None:
    """The same application serves httpx without a socket."""
    exchange = by_name["groups.every-type"]

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=Replay([exchange]))) as client:
            return await client.get(exchange.request.url)

    assert anyio.run(ask).json() == exchange.response.json()


def test_answers_to_one_request_come_in_order(by_name: dict[str, Exchange]) -> None:
    """Several exchanges for one request are given in turn, and the last one from then on."""
    first = by_name["users.throttled"]
    second = attrs.evolve(first, response=RecordedResponse(status=200, body=b"{}"))
    app = Replay([first, second])
    assert [app.answer(first.request).status for _ in range(3)] == [429, 200, 200]


def test_a_request_that_fits_nothing_is_explained(by_name: dict[str, Exchange]) -> None:
    """A request that was not recorded is answered with 501 and the reason, which the server keeps."""
    app = Replay([by_name["user.unknown"]])
    with serve(app) as root, httpx.Client(trust_env=False) as client:
        response = client.get(f"{root}/v2/usermanagement/organizations/12345@AdobeOrg/users/other@email.com")
    assert response.status_code == 501
    assert app.unmatched == [response.json()["message"]]
    assert "nearest is user.unknown" in app.unmatched[0]
    assert app.unmatched[0].endswith("now /v2/usermanagement/organizations/12345@AdobeOrg/users/other@email.com")


def test_a_recording_serves_httpx_as_respx_routes(by_name: dict[str, Exchange]) -> None:
    """Loaded as routes, a recording answers httpx, and each route knows whether it was called."""
    names = ("oauth-v2.form", "users.first-page", "users.last-page", "mix.create-and-add")
    exchanges = [by_name[name] for name in names]
    with respx.mock(assert_all_called=False) as router, httpx.Client(trust_env=False) as client:
        routes = respx_routes(exchanges, router)
        for exchange in exchanges[:-1]:
            assert compare(exchange.response, _came(_send(client, exchange))) == ()
    assert [route.name for route in routes] == [exchange.name for exchange in exchanges]
    assert [route.called for route in routes] == [True, True, True, False]


def test_routes_give_answers_in_order(by_name: dict[str, Exchange]) -> None:
    """Exchanges for one request share a route, which gives them in turn and then repeats the last."""
    first = by_name["users.throttled"]
    second = attrs.evolve(first, name="second", response=RecordedResponse(status=200, body=b"{}"))
    with respx.mock() as router, httpx.Client(trust_env=False) as client:
        (route,) = respx_routes([first, second], router)
        assert [_send(client, first).status_code for _ in range(3)] == [429, 200, 200]
    assert route.call_count == 3


def test_requests_that_fit_no_route_are_left_to_the_router(by_name: dict[str, Exchange]) -> None:
    """Another body is another request: respx says that it is not mocked."""
    exchange = by_name["mix.create-and-add"]
    with respx.mock(assert_all_called=False) as router, httpx.Client(trust_env=False) as client:
        respx_routes([exchange], router)
        with pytest.raises(respx.models.AllMockedAssertionError):
            client.post(exchange.request.url, json=[])

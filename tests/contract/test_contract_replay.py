"""Replay: recordings as a server, as an application in the process, and as respx routes."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urlsplit

import anyio
import attrs
import httpx
import pytest
import respx
from starlette.types import Receive, Scope, Send

from umapi_harness.contract.comparing import compare
from umapi_harness.contract.matching import NoMatchError, mismatches
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.replay import Replay, wire_headers
from umapi_harness.contract.routes import respx_routes
from umapi_serving import serve
from umapi_sessions import elsewhere, lively_session


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


def test_an_unanswered_request_is_explained_part_by_part(by_name: dict[str, Exchange]) -> None:
    """The answer 501 is JSON with the nearest exchange and each thing that tells it from the request."""
    exchange = by_name["mix.create-and-add"]
    with serve(Replay([exchange])) as root, httpx.Client(trust_env=False) as client:
        path = httpx.URL(exchange.request.url).path
        answer = client.post(f"{root}{path}?testOnly=true", json=[]).json()
    assert answer["nearest"] == {"name": exchange.name, "where": exchange.where}
    assert [one["matcher"] for one in answer["mismatches"]] == ["query", "body"]


def test_an_ordered_replay_demands_the_order(by_name: dict[str, Exchange]) -> None:
    """A request that comes too early is not answered, and the right one still is; tokens may be asked for any time."""
    token, first, last = (by_name[name] for name in ("oauth-v2.form", "users.first-page", "users.last-page"))
    replay = Replay([token, first, last], ordered=True)
    with pytest.raises(NoMatchError, match=r"is out of order; recorded next is users\.first-page"):
        replay.answer(last.request)
    for exchange in (first, token, token, last):
        assert replay.answer(exchange.request) is exchange.response
    with pytest.raises(NoMatchError, match="comes after the last of 2 recorded exchanges"):
        replay.answer(last.request)
    assert replay.left == ()


def test_a_token_is_given_where_none_was_recorded(by_name: dict[str, Exchange]) -> None:
    """A recording that begins after the token request serves a client that needs one; one with tokens is exact."""
    jwt, oauth = by_name["jwt.form"], by_name["oauth-v2.form"]
    replay = Replay([by_name["users.first-page"]])
    assert replay.answer(oauth.request).json()["expires_in"] == 86_399
    assert replay.answer(jwt.request).json()["expires_in"] == 86_399_000
    with pytest.raises(NoMatchError):
        Replay([oauth]).answer(jwt.request)


def test_the_version_in_a_token_path_does_not_count(by_name: dict[str, Exchange]) -> None:
    """What a client of /ims/token/v3 was answered serves one that asks v2, from a port and as a route of respx."""
    oauth = by_name["oauth-v2.form"]
    assert urlsplit(oauth.request.url).path == "/ims/token/v2"
    third = attrs.evolve(oauth, request=attrs.evolve(oauth.request, url="https://ims-na1.adobelogin.com/ims/token/v3"))
    with serve(Replay([third])) as root, httpx.Client(trust_env=False) as client:
        assert compare(third.response, _came(_send(client, oauth, root))) == ()
    with respx.mock() as router, httpx.Client(trust_env=False) as client:
        respx_routes([third], router)
        assert _send(client, oauth).status_code == 200


def test_headers_that_cannot_be_sent_are_mended_or_left_out() -> None:
    """Browsers join headers by line breaks, and a hostile file has others: no answer is split by them."""
    headers = (("Set-Cookie", "a=1\nb=2"), ("X-A", "1\r\nX-B: 2"), ("Bad Name", "x"), ("X-Null", "a\0b\x1b\x7f"))
    sent = wire_headers(RecordedResponse(status=200, headers=headers))
    assert sent == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"x-a", b"1"),
        (b"x-a", b"X-B: 2"),
        (b"x-null", b"ab"),
    ]


def test_what_is_redacted_fits_any_value(by_name: dict[str, Exchange]) -> None:
    """A field that was masked in the recording does not tell requests apart."""
    exchange = by_name["mix.create-and-add"]
    masked = exchange.request.body.replace(b"john@example.com", b"REDACTED")
    replay = Replay([attrs.evolve(exchange, request=attrs.evolve(exchange.request, body=masked))])
    assert replay.answer(exchange.request) is exchange.response


def test_a_thousand_exchanges_of_one_path_are_found_at_once(by_name: dict[str, Exchange]) -> None:
    """The cost of an answer does not grow with the recording: matching compares with one exchange, not with all."""
    exchange = by_name["mix.create-and-add"]
    requests = [
        attrs.evolve(
            exchange.request, body=json.dumps([{"user": f"{n}@x.org", "do": [{"removeFromOrg": {}}]}]).encode()
        )
        for n in range(1000)
    ]
    replay = Replay(attrs.evolve(exchange, request=request) for request in requests)
    compared = 0

    def count(*_arguments: object) -> None:
        nonlocal compared
        compared += 1

    sys.setprofile(lambda frame, event, _: count() if frame.f_code is mismatches.__code__ and event == "call" else None)
    try:
        for request in reversed(requests):
            replay.answer(request)
    finally:
        sys.setprofile(None)
    assert compared == 0
    assert len({id(one) for one in replay.played}) == 1000


def test_without_respx_one_line_names_the_extra() -> None:
    """Routes need a library that the extra harness does not bring: the error says which and how to get it."""
    code = "import sys; sys.modules['respx'] = None; import umapi_harness.contract.routes"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: respx is not installed, which recordings as routes need; "
        "run: pip install 'umapi-sdk[respx]'"
    )


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


@pytest.mark.parametrize(
    "root", ["https://proxy.corp.example/umapi/v2/usermanagement", "https://gateway.example/people"]
)
def test_a_recording_from_behind_a_proxy_is_replayed_at_the_root(root: str) -> None:
    """Clients ask a replay under the API's own paths, wherever the recording has them."""
    session = lively_session()
    app = Replay(elsewhere(session.recording(), root).exchanges, ordered=True)
    for exchange in session.exchanges:
        assert app.answer(exchange.request) is exchange.response

"""Bounds of what a tester or a stranger can ask: admin bodies, faults, the cost of text, and names of the server."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from umapi_harness.mock import VirtualClock
from umapi_harness.mock.faults.plans import MOST_FAULTS, read_plan
from umapi_harness.mock.serving.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mock.conftest import Mock
    from umapi_harness.mock.serving.server import RunningServer

OAUTH = {"grant_type": "client_credentials", "scope": "openid,AdobeID,user_management_sdk"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/state"), ("POST", "/organizations"), ("PATCH", "/settings"), ("POST", "/verify"), ("GET", "/nowhere")],
)
@pytest.mark.parametrize("announced", [True, False])
def test_admin_bodies_have_a_limit(mock: Mock, method: str, path: str, announced: bool) -> None:
    """A body beyond the setting is refused with 413 and a remedy, whether its length was announced or not."""
    mock.set(admin_body_limit=1000)
    content = b" " * 1001
    answer = mock.client.request(method, f"/_mock{path}", content=content if announced else iter([content]))
    assert answer.status_code == 413
    assert "larger than 1000 bytes; send less, or raise the setting admin_body_limit" in answer.json()["error"]
    assert mock.client.put("/_mock/faults", content=b"[]" + b" " * 998).status_code == 200


def faults(count: int) -> list[dict[str, object]]:
    """Faults of which none leaves another nothing to strike."""
    return [{"operation": "users", "nth": place + 1} for place in range(count)]


def test_reading_a_plan_costs_no_more_per_fault() -> None:
    """Eight times as many faults take about eight times as long."""

    def seconds(count: int) -> float:
        best = 1e9
        for _ in range(3):
            begin = time.thread_time()
            read_plan(faults(count))
            best = min(best, time.thread_time() - begin)
        return best

    assert seconds(8000) < 30 * seconds(1000) + 0.05


def test_too_many_faults(mock: Mock) -> None:
    """More faults than each call can be held against are refused, in one request or in several, and none is added."""
    answer = mock.client.post("/_mock/faults", json=faults(20_000))
    assert (answer.status_code, answer.json()["error"]) == (400, "body: /: 20000 faults; give 10000 or fewer")
    assert mock.client.put("/_mock/faults", json=faults(MOST_FAULTS)).status_code == 200
    answer = mock.client.post("/_mock/faults", json=faults(1))
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "faults: at most 10000 can be in force, and 10000 are in force; remove some",
    )
    assert len(mock.world.faults.as_list()) == MOST_FAULTS


def test_faults_that_another_covers_are_named_by_place() -> None:
    """The first fault that strikes every such call is named, whether for all operations, all clients or just these."""
    every = {"operation": "*", "status": 500}
    for earlier in (every, {"operation": "users"}, {"operation": "users", "client_id": "a"}):
        plan = [{"operation": "groups", "nth": 1}, earlier, {"operation": "users", "client_id": "a", "nth": 2}]
        with pytest.raises(ValueError, match="/2: strikes nothing, as /1 strikes every such call"):
            read_plan(plan)
    assert len(read_plan([{"operation": "users", "client_id": "a"}, {"operation": "users"}]).faults) == 2


HOSTILE = ["-eyJ", "name=password&", "content-disposition:name=a%20", "%25", "a=", "://a:b", "%7B%22", "bearer+"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_text_of_a_request_holds_the_others_up(unit: str) -> None:
    """Eight times as long a path, header, query, form or body costs about eight times as much."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    parts = {"Content-Type": "multipart/form-data; boundary=x"}
    with running_server(clock=VirtualClock()) as server, httpx.Client(base_url=server.url, timeout=60) as client:

        def ask(text: str) -> None:
            query = text.encode()
            client.get(f"/{text}")
            client.get("/status", headers={"X-Other": text})
            client.get(httpx.URL("/status", query=query))
            client.post(httpx.URL("/ims/token/v3", query=query))
            client.post("/ims/token/v3", content=text, headers=form)
            part = f'--x\r\nContent-Disposition: form-data; name="a"; {text}\r\n\r\n{text}\r\n--x--\r\n'
            client.post("/ims/token/v3", content=part, headers=parts)
            client.post("/v2/usermanagement/action/12345@AdobeOrg", content=text)
            assert len(client.get("/_mock/requests?limit=7").json()) == 7

        def seconds(length: int) -> float:
            best = 1e9
            for _ in range(3):
                begin = time.perf_counter()
                ask(unit * (length // len(unit)))
                best = min(best, time.perf_counter() - begin)
                server.world.journal.clear()
            return best

        assert seconds(40_000) < 40 * seconds(5000) + 0.5


@pytest.fixture(scope="module")
def open_server() -> Iterator[RunningServer]:
    """A server on every interface, with the admin interface and a name of its own."""
    with running_server(host="0.0.0.0", admin=True, allow_hosts=("Mock.Example.com",)) as server:
        yield server


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example.com:80", 403),
        ("evil.example.com.", 403),
        ("localhost.example.com", 403),
        ("127.0.0.1.example.com", 403),
        ("", 403),
        ("[::1", 403),
        ("127.0.0.1:8080", 200),
        ("192.168.1.7", 200),
        ("[::1]:8080", 200),
        ("LOCALHOST:8080", 200),
        ("umapi-mock:8080", 200),
        ("host.docker.internal", 200),
        ("mock.default.svc.cluster.local", 200),
        ("mock.example.COM:8080", 200),
        (socket.gethostname(), 200),
    ],
)
def test_names_under_which_the_interface_answers(open_server: RunningServer, host: str, status: int) -> None:
    """Only an address, or a name that no stranger can register, reaches /_mock/, on every interface as on loopback."""
    for path in ("/_mock/settings", "/_mock/", "/_mock/pulse", "/_mock/nowhere"):
        answer = httpx.get(f"{open_server.url}{path}", headers={"Host": host})
        assert answer.status_code in ({403} if status == 403 else {200, 404}), path
        assert (status == 403) is ("start with --allow-host NAME" in answer.text)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:5173", 200),
        ("http://127.0.0.1", 200),
        ("https://mock.example.com", 200),
        ("http://evil.example.com", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_pages_that_get_a_token(open_server: RunningServer, origin: str | None, status: int) -> None:
    """A page of a site that was led here gets no token, whatever Host it came by; clients, which are no pages, do."""
    details = open_server.details
    form = {**OAUTH, "client_id": details.client_id, "client_secret": details.client_secret}
    headers = {"Host": "usermanagement.adobe.io"} | ({"Origin": origin} if origin is not None else {})
    answer = httpx.post(f"{open_server.url}/ims/token/v3", data=form, headers=headers)
    assert answer.status_code == status
    assert ("access_token" in answer.json()) is (status == 200)


@pytest.mark.parametrize("path", ["/_mock/settings", "/_mock/", "/_mock", "/_mock/page/nothing", "/_mock/nowhere"])
def test_answers_of_the_interface_have_a_date(mock: Mock, path: str) -> None:
    """Every answer under /_mock/ has the date of the mock's own clock, as the service's have (RFC 9110, 6.6.1)."""
    assert mock.client.get(path).headers["date"] == mock.client.get("/status").headers["date"]
    assert mock.client.post(path).headers["date"] == mock.client.get("/status").headers["date"]


@pytest.mark.parametrize("page", ["0", "%2B0", "00", "-0", "-1", "000000"])
def test_the_first_page_is_locked_however_it_is_written(mock: Mock, page: str) -> None:
    """What the service reads as page 0 counts as page 0 for its lockout."""
    mock.set(throttle=True, first_page_lockout_seconds=1800)
    assert mock.users().status_code == 200
    answer = mock.api(f"users/{mock.org_id}/{page}")
    assert answer.status_code == 429, answer.text
    assert mock.api(f"users/{mock.org_id}/1").status_code != 429

"""Faults of the network: each row of the one table, by each route, with FIN and RST, on new and kept connections."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest
from fault_kit import ROUTES, TABLE, Fault, How, Plan, Route, as_markdown
from sdk_kit import Time, closed_port
from wire_kit import Send, Way, sending

from umapi_sdk.messages import Request, TransportError
from umapi_sdk.transports.settings import NetworkSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "transport-faults.md"

CASES = [
    pytest.param(fault, route, how, id=f"{fault.where}-{route}-{how}")
    for fault in TABLE
    for route in ROUTES
    if route in fault.routes
    for how in (("FIN", "RST") if fault.answer != b"closed" else ("FIN",))
]


# Some versions of Python leave the socket of a broken handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("kind", ["blocking", "async"])
@pytest.mark.parametrize(("fault", "route", "how"), CASES)
def test_fault(
    kind: str, fault: Fault, route: Route, how: How, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """What was written and read decides, as the table says, on a new connection and on one kept from before."""
    way = Way(route, context, ca_file)
    nobody = fault.answer == b"closed"
    if nobody:
        way.settings = NetworkSettings(proxy=f"http://127.0.0.1:{closed_port()}") if way.proxy else way.settings
    with contextlib.closing(way):
        for method in ("POST", "GET"):
            for kept in (False, True) if fault.sent else (False,):
                way.host.requests.clear()
                with sending(kind, way.settings, time) as send:
                    if kept:
                        assert send(way.request("GET")).status == 200
                    way.host.plans.append(None if nobody else Plan(fault, how))
                    request = way.request(method, closed_port() if nobody else None)
                    once_more = kept and fault.again and method == "GET"
                    expect(fault, send, request, once_more=once_more)
                way.host.plans.clear()
                assert len(way.host.requests) == kept + fault.sent + once_more


def expect(fault: Fault, send: Send, request: Request, *, once_more: bool) -> None:
    """Send a request that meets a fault."""
    if once_more:
        assert send(request).body == b"[]"
        return
    if fault.status is not None:
        answer = send(request)
        assert (answer.status, answer.body) == (fault.status, b"")
        assert dict.fromkeys(fault.headers, "38").items() <= answer.headers.items()
        return
    with pytest.raises(TransportError) as caught:
        send(request)
    assert (caught.value.sent, caught.value.permanent) == (fault.sent, fault.permanent)
    reason = caught.value.reason
    assert "\n" not in reason
    assert "0x" not in reason
    assert "Connection(" not in reason


def test_page_shows_the_table() -> None:
    """The page in docs has the table that the transports are tested by."""
    assert as_markdown() in PAGE.read_text("utf-8")

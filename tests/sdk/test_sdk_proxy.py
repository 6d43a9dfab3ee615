"""Proxies: given or from the environment, with credentials, and those that drop connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from fault_kit import TABLE, Plan
from sdk_kit import Behaviour, Time, TunnelProxy, serving
from wire_kit import Way, sending

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    ConfigurationError,
    Connection,
    NotSentError,
    OutcomeStatus,
    ServicePrincipalAuth,
    UmapiError,
    UserAction,
    UserQuery,
)
from umapi_sdk.messages import TransportError
from umapi_sdk.transports.settings import NetworkSettings

Connect = Callable[..., Connection]
API = "https://usermanagement.adobe.io/v2/usermanagement"
API_HOST, IMS_HOST = "CONNECT usermanagement.adobe.io:443", "CONNECT ims-na1.adobelogin.com:443"


@pytest.fixture
def proxy(secure: RunningServer) -> Iterator[TunnelProxy]:
    """A proxy that leads to the mock server, whatever host it is asked for."""
    server = TunnelProxy(int(secure.url.rpartition(":")[2]))
    with serving(server):
        yield server


@pytest.fixture
def dial(secure: RunningServer, connect: Connect) -> Callable[..., Connection]:
    """Opens connections to Adobe's hosts, which only a proxy can reach."""
    details = secure.details

    def dial_one(**options: Any) -> Connection:
        auth = ServicePrincipalAuth(details.client_id, details.client_secret)
        defaults = {"auth": auth, "endpoint": API, "ca_bundle": details.ca_cert, "pacing": False}
        return connect(secure, **{**defaults, **options})

    return dial_one


def work(connection: Connection) -> None:
    """Make calls that need token and API."""
    done = connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert done.completed == 1
    assert UserQuery(connection, "new@example.com").result() is not None


@pytest.mark.parametrize("form", ["http://127.0.0.1:{port}", "127.0.0.1:{port}", "http://127.0.0.1:{port}/"])
def test_proxy_that_is_given(proxy: TunnelProxy, dial: Connect, form: str) -> None:
    """With `proxy`, API and token host are reached through it, one tunnel each."""
    work(dial(proxy=form.format(port=proxy.server_address[1])))
    assert proxy.asked == [IMS_HOST, API_HOST]
    assert proxy.credentials == ["", ""]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_proxy_of_the_environment(
    proxy: TunnelProxy, dial: Connect, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """HTTPS_PROXY counts, in either case, with or without its scheme."""
    monkeypatch.setenv(name, proxy.url.removeprefix("http://"))
    work(dial())
    assert proxy.asked == [IMS_HOST, API_HOST]


def test_given_proxy_comes_before_the_environment(
    proxy: TunnelProxy, dial: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument wins over HTTPS_PROXY, and over NO_PROXY."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    work(dial(proxy=proxy.url))
    assert len(proxy.asked) == 2


def test_proxy_of_the_environment_that_cannot_be_used_is_named(dial: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy in the environment is refused with the variable that names it, and without its password."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:s3cret@127.0.0.1:1080")
    reason = r"^the proxy of the environment \(HTTPS_PROXY\) must be an http:// or https:// URL$"
    with pytest.raises(ConfigurationError, match=reason):
        work(dial())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://jo:x@s3cret#y@127.0.0.1:1", "has a /, ? or # in its user or password: write it as %2F, %3F or %23"),
        ("jo:s3cret/y@127.0.0.1:1", "has a /, ? or # in its user or password: write it as %2F, %3F or %23"),
        ("http://jo:s3cret?y@127.0.0.1", "has a /, ? or # in its user or password: write it as %2F, %3F or %23"),
        ("http://jo:s3cret@127.0.0.1:99999", "must be an http:// or https:// URL, with a port from 1 to 65535"),
        ("http://127.0.0.1:port", "must be an http:// or https:// URL, with a port from 1 to 65535"),
    ],
)
def test_proxy_url_that_is_none_is_told_by_its_flaw(dial: Connect, url: str, said: str) -> None:
    """A password that should be percent-encoded is never taken for a host, which a message would show."""
    with pytest.raises(ConfigurationError) as caught:
        dial(proxy=url)
    assert str(caught.value) == f"the proxy {said}"


@pytest.mark.parametrize("excluded", ["127.0.0.1", "*", "example.com, 127.0.0.1"])
def test_no_proxy_is_respected(
    secure: RunningServer, connect: Connect, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch, excluded: str
) -> None:
    """A host that NO_PROXY names is reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", excluded)
    work(connect(secure, ca_bundle=secure.details.ca_cert))
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("excluded", "direct"),
    [("adobe.io", True), (".adobe.io", True), ("usermanagement.adobe.io:443", False), ("dobe.io", False), ("", False)],
)
def test_no_proxy_by_domain(monkeypatch: pytest.MonkeyPatch, excluded: str, direct: bool) -> None:
    """NO_PROXY names domains with their hosts below, and nothing else."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", excluded)
    assert (NetworkSettings().proxy_for(API) is None) == direct


def test_proxy_credentials(proxy: TunnelProxy, dial: Connect) -> None:
    """User and password of the URL, percent-encoded there, reach the proxy as they are."""
    work(dial(proxy=f"http://j%40o:p%3A%2F%20%C3%BC@127.0.0.1:{proxy.server_address[1]}"))
    assert proxy.credentials == ["j@o:p:/ ü"] * 2


@pytest.mark.parametrize("behaviour", ["drop before", "drop after", "busy"])
def test_proxy_that_fails_now_and_then(proxy: TunnelProxy, dial: Connect, time: Time, behaviour: Behaviour) -> None:
    """A proxy that drops or refuses a connection before TLS stands costs a wait; the action is sent once."""
    connection = dial(proxy=proxy.url)
    UserQuery(connection, "jdoe@example.com").result()
    proxy.hang_up()
    proxy.behaviours += [behaviour, behaviour]
    done = connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert (done.completed, done.outcomes[0].maybe_repeated) == (1, False)
    assert time.slept == [3.0, 6.0]


@pytest.mark.parametrize("behaviour", ["drop before", "drop after", "busy"])
def test_proxy_that_always_fails(proxy: TunnelProxy, dial: Connect, time: Time, behaviour: Behaviour) -> None:
    """When the proxy fails to the end, the error says that nothing was sent; the action stays queued."""
    connection = dial(proxy=proxy.url)
    UserQuery(connection, "jdoe@example.com").result()
    proxy.hang_up()
    proxy.behaviours += [behaviour] * 4
    with pytest.raises(NotSentError, match="in 4 attempts") as caught:
        connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]
    assert "\n" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)
    if behaviour == "busy":
        assert "503" in str(caught.value)
    assert connection.execute_queued().completed == 1


@pytest.mark.parametrize(("user", "advice"), [("", "give them in the proxy's URL"), ("jo:pw@", "is wrong")])
def test_proxy_that_wants_credentials(proxy: TunnelProxy, dial: Connect, time: Time, user: str, advice: str) -> None:
    """A 407 is not asked for again, which could lock the account; the remedy depends on what was given."""
    proxy.behaviours.append("refuse")
    with pytest.raises(NotSentError, match=f"status 407: .*{advice}") as caught:
        UserQuery(dial(proxy=f"http://{user}127.0.0.1:{proxy.server_address[1]}"), "a@b.c").result()
    assert (time.slept, len(proxy.asked)) == ([], 1)
    assert "jo" not in str(caught.value)


NO_PROXIES = {
    b"100 Continue": "which is no final answer: is its URL right?",
    b"302 Found": "it sends elsewhere, as login pages do: does this network want a login first, or is its URL wrong?",
    b"401 Unauthorized": "it wants a login as web servers do, not as proxies do: is its URL right?",
    b"404 Not Found": "it takes no such requests: is it a proxy, and its URL right?",
}


@pytest.mark.parametrize("kind", ["blocking", "async"])
@pytest.mark.parametrize("status", NO_PROXIES)
def test_what_is_no_proxy_is_told_by_its_answer(kind: str, status: bytes, context: Any, ca_file: str) -> None:
    """Whatever else answers in place of a proxy gets the remedy that fits its status."""
    answer = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status
    refused = next(row for row in TABLE if row.where == "the proxy answers 502")
    way = Way("https by a proxy", context, ca_file)
    with contextlib.closing(way), sending(kind, way.settings, None) as send:
        way.host.plans.append(Plan(attrs.evolve(refused, answer=answer), "FIN"))
        with pytest.raises(TransportError) as caught:
            send(way.request("POST"))
    assert caught.value.reason.endswith(f"with status {int(status[:3])}: {NO_PROXIES[status]}")
    assert not caught.value.sent


def test_proxy_that_is_not_there(dial: Connect, time: Time) -> None:
    """A proxy that cannot be reached is said to be the cause."""
    with pytest.raises(NotSentError, match=r"the proxy 127\.0\.0\.1:1 refuses connections"):
        UserQuery(dial(proxy="http://127.0.0.1:1"), "a@b.c").result()
    assert time.slept == [3.0, 6.0, 12.0]


def test_proxy_that_opens_tls_with_its_own_authority(proxy: TunnelProxy, dial: Connect, time: Time) -> None:
    """A proxy that inspects TLS with an authority not trusted gives one error at once that says what to trust."""
    with pytest.raises(NotSentError, match=r"is not trusted.*of the proxy or firewall where one inspects TLS"):
        UserQuery(dial(proxy=proxy.url, ca_bundle=None), "a@b.c").result()
    assert time.slept == []


def test_plain_http_goes_through_the_proxy_too(
    mock: RunningServer, connect: Connect, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY counts for http hosts, HTTPS_PROXY does not."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    work(connect(mock))
    monkeypatch.setenv("http_proxy", proxy.url)
    proxy.behaviours.append("refuse")
    with pytest.raises(UmapiError, match="407"):
        UserQuery(connect(mock), "a@b.c").result()
    assert proxy.asked == [f"POST {mock.url}/ims/token/v2"]

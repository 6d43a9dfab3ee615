"""The blocking transport: TLS and whom it trusts, time limits, odd answers, and connections used again."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from sdk_kit import Reply, ScriptedServer, Time, all_good, credentials_for, open_connection, serving
from urllib3.exceptions import InsecureRequestWarning

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    ConfigurationError,
    Connection,
    NotSentError,
    OutcomeStatus,
    OutcomeUnknownError,
    ServicePrincipalAuth,
    UmapiError,
    UserAction,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.transports.settings import NetworkSettings

Connect = Callable[..., Connection]


def new_user() -> Any:
    """An action that adds a user."""
    return UserAction("new@example.com").add_adobe_id()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts by itself."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def tls_server(authority: trustme.CA, *, ask_client: bool = False, name: str = "127.0.0.1") -> ScriptedServer:
    """A server with a certificate of the authority; with `ask_client` it wants one of its clients too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if ask_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    server = ScriptedServer(context)
    server.answer = all_good
    return server


def test_ca_bundle_is_trusted(secure: RunningServer, connect: Connect) -> None:
    """With the authority's file, API and token host are reached over TLS."""
    connection = connect(secure, ca_bundle=secure.details.ca_cert)
    assert connection.execute_single(new_user(), immediate=True).completed == 1
    assert UserQuery(connection, "new@example.com").result() is not None


def test_untrusted_authority_is_one_clear_permanent_error(secure: RunningServer, connect: Connect, time: Time) -> None:
    """A certificate that is not trusted is not tried again; the error says so and what to do, the action waits."""
    connection = connect(secure)
    with pytest.raises(NotSentError, match=r"certificate of 127\.0\.0\.1:\d+ is not trusted.*authority") as caught:
        connection.execute_single(new_user(), immediate=True)
    assert time.slept == []
    assert "\n" not in str(caught.value)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]


def test_certificate_of_another_host_is_not_trusted(authority: trustme.CA, ca_file: str, connect: Connect) -> None:
    """A trusted authority is not enough: the certificate must be the host's."""
    server = tls_server(authority, name="elsewhere.example")
    with serving(server):
        connection = connect(server, ca_bundle=ca_file)
        with pytest.raises(NotSentError, match="belongs to another name"):
            UserQuery(connection, "a@b.c").result()


@pytest.mark.parametrize(("api", "tokens"), [(True, False), (False, True), (False, False)])
def test_unchecked_tls_warns_for_each_host_apart(
    secure: RunningServer, time: Time, connect: Connect, api: bool, tokens: bool
) -> None:
    """ssl_verify=False of the connection turns off all checks, of the credentials that of the token host; all warn."""
    details = secure.details
    auth = credentials_for(details, ssl_verify=tokens)
    connection = connect(secure, auth=auth, ssl_verify=api, ca_bundle=details.ca_cert)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        UserQuery(connection, "jdoe@example.com").result()
        UserQuery(connection, "jdoe@example.com").result()
    assert {warning.category for warning in caught} == {InsecureRequestWarning}
    assert len(caught) == (not tokens or not api) + 2 * (not api)
    assert all("Unverified HTTPS request is being made to host '127.0.0.1'" in str(each.message) for each in caught)


def test_checked_tls_does_not_warn(secure: RunningServer, connect: Connect) -> None:
    """With all checks on there is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        UserQuery(connect(secure, ca_bundle=secure.details.ca_cert), "jdoe@example.com").result()


@pytest.mark.parametrize("form", ["one file", "two files"])
def test_client_certificate_is_shown(
    authority: trustme.CA, ca_file: str, connect: Connect, tmp_path: Path, form: str
) -> None:
    """A server that wants a client certificate gets it, from one file or two."""
    issued = authority.issue_cert("client@example.com")
    both, chain, key = tmp_path / "both.pem", tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    server = tls_server(authority, ask_client=True)
    with serving(server):
        certificate = str(both) if form == "one file" else (str(chain), str(key))
        connection = connect(server, ca_bundle=ca_file, client_cert=certificate)
        assert connection.execute_single(new_user(), immediate=True).completed == 1
        connection.close()


def test_missing_client_certificate_is_an_error(authority: trustme.CA, ca_file: str, connect: Connect) -> None:
    """Without the certificate that the server wants, the call fails, and the action is not lost."""
    server = tls_server(authority, ask_client=True)
    with serving(server):
        connection = connect(server, ca_bundle=ca_file, max_retries=1)
        with pytest.raises(NotSentError):
            connection.execute_single(new_user(), immediate=True)
    assert connection.status()[0]["actions-queued"] == 1


def test_certificate_files_are_checked_at_once(wire: ScriptedServer, connect: Connect, tmp_path: Path) -> None:
    """A file that is missing, empty or of the wrong kind is named when the connection is made."""
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    text = tmp_path / "text.pem"
    text.write_text("hello")
    for options in (
        {"ca_bundle": str(tmp_path / "none.pem")},
        {"ca_bundle": str(text)},
        {"ca_bundle": str(tmp_path)},
        {"client_cert": str(tmp_path / "none.pem")},
        {"client_cert": str(empty)},
        {"client_cert": (str(text), str(text))},
    ):
        ((name, value),) = options.items()
        path = value if isinstance(value, str) else value[0]
        with pytest.raises(ConfigurationError, match="cannot be used") as caught:
            connect(wire, **options)
        assert str(caught.value).startswith(f"{name} {path}: ")
        assert "\n" not in str(caught.value)


def test_certificate_files_tell_what_they_lack(
    authority: trustme.CA, wire: ScriptedServer, connect: Connect, tmp_path: Path
) -> None:
    """A certificate without its key, and a key in place of certificates, are told as what they are."""
    issued = authority.issue_cert("client@example.com")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    advice = "put it there, or give the certificate's file and the key's"
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"client_cert": str(chain)},
            f"client_cert {chain}: cannot be used: {chain} holds no private key in PEM form: {advice}",
        ),
        (
            {"client_cert": (str(key), str(key))},
            f"client_cert {key}: cannot be used: it holds no certificate in PEM form",
        ),
        ({"ca_bundle": str(key)}, f"ca_bundle {key}: cannot be used: it holds no certificate in PEM form"),
    ]
    for options, said in cases:
        with pytest.raises(ConfigurationError) as caught:
            connect(wire, **options)
        assert str(caught.value) == said


def test_encrypted_client_key_does_not_ask_on_the_terminal(
    authority: trustme.CA, wire: ScriptedServer, connect: Connect, tmp_path: Path
) -> None:
    """A client key with a passphrase is refused, in place of a prompt that nobody answers."""
    issued = authority.issue_cert("client@example.com")
    key: Any = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    path = tmp_path / "both.pem"
    path.write_bytes(secret + issued.cert_chain_pems[0].bytes())
    with pytest.raises(
        ConfigurationError, match=r"^client_cert .*: the private key in .* is encrypted: take its passphrase"
    ):
        connect(wire, client_cert=str(path))


class Silent:
    """A listener that accepts connections and then does as told."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._peers: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._peers.append(peer)
            self._behave(peer)

    def close(self) -> None:
        """Close the listener and all connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for peer in self._peers:
            peer.close()


@pytest.fixture
def silent() -> Iterator[Callable[[Callable[[socket.socket], None]], Silent]]:
    """Makes listeners that behave oddly."""
    made: list[Silent] = []

    def make(behave: Callable[[socket.socket], None]) -> Silent:
        made.append(Silent(behave))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_time_limit_for_an_answer(
    wire: ScriptedServer, connect: Connect, time: Time, silent: Callable[..., Silent]
) -> None:
    """A service that takes the request and says nothing: the action's outcome is unknown, a query is asked again."""
    port = silent(lambda peer: None).port
    connection = connect(wire, endpoint=f"http://127.0.0.1:{port}/v2", timeout=0.4)
    with pytest.raises(OutcomeUnknownError, match=f"time-out while waiting for an answer of 127.0.0.1:{port}"):
        connection.execute_single(new_user(), immediate=True)
    assert time.slept == []
    with pytest.raises(OutcomeUnknownError, match="in 4 attempts"):
        UserQuery(connection, "a@b.c").result()
    assert time.slept == [3.0, 6.0, 12.0]


@pytest.mark.parametrize(
    ("behave", "slept"),
    [
        (lambda peer: None, [3.0, 6.0, 12.0]),
        (lambda peer: peer.close(), [3.0, 6.0, 12.0]),
        (lambda peer: peer.sendall(b"HTTP/1.1 400 no TLS here\r\n\r\n"), []),
    ],
    ids=["silence", "close", "no TLS"],
)
def test_failed_handshake_was_not_sent(
    wire: ScriptedServer,
    connect: Connect,
    time: Time,
    silent: Callable[..., Silent],
    behave: Any,
    slept: list[float],
) -> None:
    """What fails before TLS stands was not sent: the action stays queued, and is tried again if that can help."""
    port = silent(behave).port
    connection = connect(wire, endpoint=f"https://127.0.0.1:{port}/v2", timeout=0.4)
    with pytest.raises(NotSentError) as caught:
        connection.execute_single(new_user(), immediate=True)
    assert time.slept == slept
    assert "object at 0x" not in str(caught.value)
    assert connection.status()[0]["actions-queued"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
    ids=lambda answer: repr(answer[:60]),
)
def test_answer_that_is_no_http_leaves_the_action_unknown(
    wire: ScriptedServer, connect: Connect, silent: Callable[..., Silent], answer: bytes
) -> None:
    """Garbage, broken framing and false encodings after a POST are OutcomeUnknownError, on one line."""

    def behave(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_WR)

    connection = connect(wire, endpoint=f"http://127.0.0.1:{silent(behave).port}/v2", timeout=5)
    with pytest.raises(OutcomeUnknownError) as caught:
        connection.execute_single(new_user(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]
    assert "\n" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)


def test_host_that_does_not_exist(wire: ScriptedServer, connect: Connect) -> None:
    """A name that cannot be resolved is said to be the cause."""
    connection = connect(wire, endpoint="http://no-such-host.invalid/v2", max_retries=1)
    with pytest.raises(NotSentError, match=r"the name no-such-host\.invalid cannot be resolved"):
        UserQuery(connection, "a@b.c").result()


def test_one_connection_serves_many_calls(wire: ScriptedServer, connect: Connect) -> None:
    """Token, queries and actions to one host go over one TCP connection."""
    wire.answer = all_good
    connection = connect(wire)
    for _ in range(20):
        connection.execute_single(new_user(), immediate=True)
    assert (wire.connections, len(wire.seen)) == (1, 20)


def test_connection_that_the_server_closed_is_replaced(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """An idle connection that the server has closed does not cost an attempt."""
    replies = [Reply(body={"result": "error.user.not_found"}, status=404, headers={"Connection": "close"})] * 3
    wire.replies += replies
    connection = connect(wire)
    for _ in replies:
        assert UserQuery(connection, "a@b.c").result() is None
    assert (len(wire.seen), time.slept) == (3, [])


def test_closed_connection_opens_again(wire: ScriptedServer, connect: Connect) -> None:
    """After close, the next call opens a network connection anew."""
    wire.answer = all_good
    with connect(wire) as connection:
        connection.execute_single(new_user(), immediate=True)
    connection.execute_single(new_user(), immediate=True)
    assert wire.connections == 2


def test_redirects_are_not_followed(wire: ScriptedServer, connect: Connect) -> None:
    """A redirect, as of a captive portal, is an error: nothing is sent where it points."""
    wire.replies.append(Reply(status=302, headers={"Location": f"{wire.url}/elsewhere"}))
    with pytest.raises(UmapiError, match="302"):
        UsersQuery(connect(wire)).all_results()
    assert len(wire.seen) == 1


@pytest.mark.parametrize(
    ("given", "start"), [(None, "umapi-sdk/"), ("my-tool/1.0", "my-tool/1.0 umapi-sdk/"), ("  ", "umapi-sdk/")]
)
def test_user_agent_names_the_caller(wire: ScriptedServer, connect: Connect, given: str | None, start: str) -> None:
    """The caller's name stands before the SDK's own, on API and token requests."""
    wire.answer = all_good
    connect(wire, user_agent=given).execute_single(new_user(), immediate=True)
    for request in (*wire.seen, *wire.token_requests):
        assert request.headers["user-agent"].startswith(start)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": -1},
        {"timeout": "120"},
        {"timeout": True},
        {"timeout": float("nan")},
        {"max_retries": 0},
        {"max_retries": "4"},
        {"max_wait": -1},
        {"user_agent": "a\nb"},
        {"user_agent": "ü"},
        {"endpoint": ""},
        {"endpoint": 5},
        {"endpoint": "usermanagement.adobe.io"},
        {"endpoint": "ftp://host/"},
        {"endpoint": "http://"},
        {"endpoint": "http://[::1"},
        {"endpoint": "http://host:port/"},
        {"endpoint": "http://host:99999/"},
        {"endpoint": "http://ho st/"},
        {"endpoint": "http://host/?a=b"},
        {"proxy": "socks5://h:1"},
        {"proxy": "http://"},
        {"proxy": "http://jo:secret@:1"},
        {"proxy": "http://h:port"},
        {"auth": "token"},
        {"auth": None},
    ],
    ids=str,
)
def test_arguments_that_cannot_be_used(wire: ScriptedServer, time: Time, options: dict[str, Any]) -> None:
    """A wrong argument is a ConfigurationError on one line that names it, when the connection is made."""
    (name,) = options
    auth = credentials_for(wire.details)
    arguments = {"auth": auth, "endpoint": wire.details.api_url, **options}
    with pytest.raises(ConfigurationError, match=name) as caught:
        Connection("12345@AdobeOrg", **arguments)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("org_id", ["", "12345", None, 5, b"1@AdobeOrg"], ids=repr)
def test_org_id_must_look_like_one(wire: ScriptedServer, org_id: Any) -> None:
    """An organisation id without its @ is refused."""
    with pytest.raises(ConfigurationError, match="org_id must look like 12345@AdobeOrg"):
        Connection(org_id, credentials_for(wire.details))


@pytest.mark.parametrize("timeout", [None, 0])
def test_no_time_limit(mock: RunningServer, connect: Connect, timeout: Any) -> None:
    """None and 0 wait for ever."""
    assert UserQuery(connect(mock, timeout=timeout), "jdoe@example.com").result() is not None


def test_arguments_as_on_the_page(wire: ScriptedServer) -> None:
    """Organisation and credentials may be given by place or by name; the defaults are those of the page."""
    auth = ServicePrincipalAuth("id", "secret")
    for connection in (Connection("1@AdobeOrg", auth), Connection(org_id="1@AdobeOrg", auth=auth)):
        assert connection.endpoint == "https://usermanagement.adobe.io/v2/usermanagement"
        assert (connection.org_id, connection.test_mode) == ("1@AdobeOrg", False)
        assert "1@AdobeOrg" in repr(connection)
        connection.close()
    assert NetworkSettings().timeout == 120.0
    assert auth.url == "https://ims-na1.adobelogin.com/ims/token/v2"


def test_endpoint_may_end_in_a_slash(mock: RunningServer, time: Time) -> None:
    """A slash at the end of the endpoint changes nothing."""
    connection = open_connection(mock.details, time, endpoint=mock.details.api_url + "/")
    assert UserQuery(connection, "jdoe@example.com").result() is not None
    connection.close()

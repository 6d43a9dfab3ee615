"""Sending: bytes on the wire, answers as they came, time and size kept, connections used again."""

from __future__ import annotations

import functools
import gzip
import threading
import zlib
from typing import Any

import attrs
import pytest

from umapi_harness.postman.sending import sender as sender_module
from umapi_harness.postman.sending.certificates import ClientCertificate, TlsOptions, check_files
from umapi_harness.postman.sending.connections import PlainConnection
from umapi_harness.postman.sending.messages import FileContent, HttpBody, HttpRequest, SendError
from umapi_harness.postman.sending.proxies import Proxies, proxies_of_environment
from umapi_harness.postman.sending.sender import Bounds, Sender
from umapi_web import HANG_UP, Reply, closed_port, reply


@pytest.fixture
def send(web):
    """Sends a request to the web."""
    senders: list[Sender] = []

    def send_one(path="/x", *, bounds=None, meanwhile=None, **given):
        if not senders or bounds is not None:
            senders.append(Sender(bounds=bounds or Bounds()))
        request = HttpRequest(**{"method": "GET", "url": web.url + path, **given})
        return senders[-1].send(request, meanwhile=meanwhile)

    yield send_one
    for sender in senders:
        sender.close()


def test_what_is_given_goes_out_and_nothing_else(send, web):
    """Order and spelling of headers, the address and the body are those of the request."""
    headers = (("x-B", "1"), ("Host", "h"), ("A", "\xe9"), ("x-B", "2"), ("Content-Length", "3"))
    send("/a%2fb|c?d[]='", method="ODD", headers=headers, body=HttpBody((b"a", b"bc")))
    (call,) = web.calls
    assert (call.method, call.target, call.body) == ("ODD", "/a%2fb|c?d[]='", b"abc")
    # HTTP knows no order between headers of different names; those of one name go together.
    assert call.headers == (("x-B", "1"), ("x-B", "2"), ("Host", "h"), ("A", "\xe9"), ("Content-Length", "3"))


def test_a_body_without_a_length_goes_out_in_chunks(send, web, tmp_path):
    """Files are read while they are sent; one that became shorter is told."""
    (tmp_path / "f").write_bytes(b"f" * 200_000)
    body = HttpBody((b"<", FileContent(path=tmp_path / "f", size=200_000), b">"))
    send(method="POST", headers=(("Host", "h"),), body=body)
    assert web.calls[0].body == b"<" + b"f" * 200_000 + b">"
    assert web.calls[0].header("transfer-encoding") == "chunked"
    (tmp_path / "f").write_bytes(b"f")
    with pytest.raises(SendError, match="became shorter while it was sent"):
        send(method="POST", headers=(("Host", "h"),), body=body)


def test_an_answer_is_kept_as_it_came(send, web):
    """Headers in order and spelling, repeated ones too; reason in UTF-8; version and times."""
    web.always(Reply(raw="HTTP/1.0 299 Schön\r\nB: 1\r\na:  2\r\nB: 3\r\n\r\nbody".encode()))
    answer = send()
    assert (answer.status, answer.reason, answer.version, answer.body) == (299, "Schön", "HTTP/1.0", b"body")
    assert answer.headers == (("B", "1"), ("a", "2"), ("B", "3"))
    assert answer.values("b") == ["1", "3"]
    assert (answer.header("A"), answer.header("c")) == ("2", None)
    assert 0 < answer.timings.total < 10


@pytest.mark.parametrize("more", ["", "Transfer-Encoding: identity\r\n", "Content-Length: 2\r\n"])
def test_an_answer_is_the_same_by_either_way(send, web, more):
    """What has a length and no encoding is read at once, all else by http.client; nobody sees a difference."""
    head = f"HTTP/1.1 200 Sch\xf6n \r\nB: \t1 \r\nEmpty:\r\na: \xe9\r\nContent-Length: 2\r\n{more}\r\n"
    web.always(Reply(raw=head.encode("latin-1") + b"ok"))
    answer = send()
    assert (answer.status, answer.reason, answer.version, answer.body) == (200, "Sch\xf6n", "HTTP/1.1", b"ok")
    assert answer.headers[:4] == (("B", "1 "), ("Empty", ""), ("a", "\xe9"), ("Content-Length", "2"))


def test_an_answer_can_be_closed_after_its_connection(web):
    """Python 3.13 complains of each that cannot, when it is thrown away."""
    web.always(Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok"))
    connection = PlainConnection("127.0.0.1", web.port)
    connection.ask("GET", "/", (("Host", "h"),), (), chunked=False)
    answer: Any = connection.hear("GET", "/")
    connection.close()
    answer.wire.close()
    assert answer.wire.closed


def test_an_answer_that_breaks_off_is_told(send, web):
    """A body shorter than its length is none."""
    web.always(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"))
    with pytest.raises(SendError, match="the answer broke off"):
        send()


def test_no_header_holds_the_end_of_a_line(send, web):
    """What would make two headers of one is not sent."""
    with pytest.raises(SendError, match="holds a character that none can hold"):
        send(headers=(("Host", "h"), ("A", "1\r\nB: 2")))
    assert not web.calls


def test_interim_answers_are_no_answers(send, web):
    """103 and the like come before the answer, which counts."""
    web.always(Reply(raw=b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    answer = send()
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.parametrize(
    ("content", "type_", "text"),
    [
        (b"\xe9", "text/plain; charset=ISO-8859-1", "é"),
        ("é".encode("utf-16"), "text/plain; charset=utf-16", "é"),
        ("é".encode(), "text/plain; charset=nonsense", "é"),
        ("é".encode(), "text/plain; charset=hex", "é"),
        (b"\\u0041", "text/plain; charset=unicode_escape", "\\u0041"),
        (b"\xff", "", "\ufffd"),
    ],
)
def test_text_is_read_by_its_charset(send, web, content, type_, text):
    """What is no charset is UTF-8; what is no text becomes a replacement character."""
    web.always(reply(text=content, Content_Type=type_))
    assert send().text == text


def test_compressed_answers_are_read_within_their_bound(send, web):
    """gzip and deflate are undone; what grows past the bound is not read on, and what lies is told."""
    web.always(reply(text=gzip.compress(b"a" * 1000), Content_Encoding="gzip"))
    assert send().body == b"a" * 1000
    web.always(reply(text=zlib.compress(b"b"), Content_Encoding="deflate"))
    assert send().body == b"b"
    bomb = gzip.compress(b"0" * 50_000_000)
    web.always(reply(text=bomb, Content_Encoding="gzip"))
    with pytest.raises(SendError, match="larger than 1 MiB, and was not read on"):
        send(bounds=Bounds(body_bytes=2**20))
    assert len(send(bounds=Bounds()).body) == 50_000_000
    web.always(reply(text=b"no gzip", Content_Encoding="gzip"))
    with pytest.raises(SendError, match="not encoded as its Content-Encoding says"):
        send()


def test_connections_are_used_again_and_a_closed_one_is_not(send, web):
    """A server that hangs up between two requests costs nothing; one that does so instead of an answer, a request."""
    send()
    send()
    assert web.connections == 1
    web.always(reply(Connection="close"), reply(), HANG_UP)
    send()
    send()
    assert web.connections == 2
    with pytest.raises(SendError, match="closed the connection without an answer"):
        send()
    assert len(web.calls) == 5  # nothing was sent twice


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (Bounds(idle=0.1), "the server was silent for 0.1 seconds; --timeout-request MS gives it more"),
        (Bounds(total=0.1), "no whole answer within 0.1 seconds; --timeout-request MS gives it more"),
    ],
)
def test_silence_ends(send, web, bounds, message):
    """Who answers nothing is not waited for."""
    silence = threading.Event()
    web.answer = lambda _: (silence.wait(10), reply())[1]
    with pytest.raises(SendError, match=message):
        send(bounds=bounds)
    silence.set()


def test_a_server_that_trickles_does_not_outlast_the_time_of_a_request(web):
    """One byte at a time keeps the silence short, and ends with the time for all."""
    done = threading.Event()
    web.trickle = (b"HTTP/1.1 200 OK\r\n" + b"A" * 1000, 0.02, done)
    with Sender(bounds=Bounds(idle=5, total=0.3)) as sender, pytest.raises(SendError, match=r"within 0\.3 seconds"):
        sender.send(HttpRequest(method="GET", url=web.url))
    done.set()


def test_nobody_at_the_other_end_is_told():
    """No listener, no such host, no HTTP: each in one clause."""
    with Sender() as sender:
        with pytest.raises(SendError, match="connection refused"):
            sender.send(HttpRequest(method="GET", url=f"http://127.0.0.1:{closed_port()}/"))
        with pytest.raises(SendError, match="the name of the host is not known"):
            sender.send(HttpRequest(method="GET", url="http://no-such-host.invalid/"))


def test_what_is_no_http_is_told(send, web):
    """An answer that speaks another protocol, and one that breaks off."""
    web.always(Reply(raw=b"SSH-2.0-x\r\n"))
    with pytest.raises(SendError, match="the answer is not HTTP"):
        send()
    web.always(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"))
    with pytest.raises(SendError, match="the answer broke off"):
        send()


def test_names_below_localhost_are_this_machine(web):
    """No name server is asked for them."""
    with Sender() as sender:
        assert sender.send(HttpRequest(method="GET", url=f"http://a.localhost:{web.port}/")).status == 200


def test_the_proxy_of_the_environment_is_used(web, monkeypatch):
    """Its user is told to it alone; hosts of NO_PROXY are reached without."""
    for name in ("https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", web.url.replace("//", "//me:p%40ss@"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Sender(proxies=proxies_of_environment()) as sender:
        sender.send(HttpRequest(method="GET", url="http://h.example/x?y"))
        sender.send(HttpRequest(method="GET", url=f"{web.url}/direct"))
    proxied, direct = web.calls
    assert (proxied.target, proxied.header("proxy-authorization")) == ("http://h.example/x?y", "Basic bWU6cEBzcw==")
    assert (direct.target, direct.header("proxy-authorization")) == ("/direct", None)
    assert "p@ss" not in repr(proxies_of_environment())
    for wrong in ("socks5://h:1", "http://"):
        monkeypatch.setenv("http_proxy", wrong)
        with pytest.raises(ValueError, match="a proxy"):
            proxies_of_environment()


def test_a_server_is_trusted_by_its_authority(tls_site):
    """Without the authority nothing is sent; with it, or when all are trusted, the answer comes."""
    request = HttpRequest(method="GET", url=tls_site.url)
    with (
        Sender() as sender,
        pytest.raises(
            SendError,
            match=r"certificate of the server is not trusted \(.*\); .* --ssl-extra-ca-certs FILE, or .* -k$",
        ),
    ):
        sender.send(request)
    for tls in (TlsOptions(bundle=tls_site.bundle), TlsOptions(extra=tls_site.bundle), TlsOptions(insecure=True)):
        with Sender(tls=tls) as sender:
            assert sender.send(request).body == b"nobody"


def test_a_certificate_of_the_client_is_shown_to_its_hosts(tls_site):
    """Other hosts do not see it."""
    request = HttpRequest(method="GET", url=tls_site.url)
    for hosts, seen in (((), b"somebody"), (("127.0.0.*",), b"somebody"), (("other",), b"nobody")):
        clients = (attrs.evolve(tls_site.client, hosts=hosts),)
        with Sender(tls=TlsOptions(bundle=tls_site.bundle, clients=clients)) as sender:
            assert sender.send(request).body == seen


def test_files_of_certificates_that_cannot_be_used_are_bad_input(tls_site, tmp_path):
    """One line says which, and no passphrase stands in it."""
    (tmp_path / "x.pem").write_text("x", encoding="utf-8")
    wrong = ClientCertificate(certificate=tls_site.client.certificate, key=tmp_path / "x.pem", passphrase="s3cret")
    for tls, message in (
        (TlsOptions(bundle=tmp_path / "x.pem"), "holds no certificate in PEM form"),
        (TlsOptions(extra=tmp_path / "none.pem"), "no such file"),
        (TlsOptions(clients=(wrong,)), "do not belong together"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            check_files(tls)
        assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(wrong)
    assert Proxies().proxy_for("http", "h", 80) is None


def test_a_connection_that_was_idle_for_long_is_not_used_again(web, monkeypatch):
    """The server may be about to close it, and would then have a request that nobody may send twice."""
    web.always(reply(200))
    with Sender() as sender:
        for _ in range(2):
            sender.send(HttpRequest(method="GET", url=web.url))
        assert web.connections == 1
        monkeypatch.setattr(sender_module, "_KEPT_SECONDS", 0.0)
        sender.send(HttpRequest(method="GET", url=web.url))
    assert (web.connections, len(web.calls)) == (2, 3)


def test_the_meantime_is_once_and_while_the_answer_is_awaited(send, web):
    """On a kept connection the request is with the server by then; else nobody knows how long that takes."""
    arrived = threading.Event()

    def answer(_call):
        arrived.set()
        return reply(text="ok")

    web.answer = answer
    seen: list[bool] = []
    for body, waits in ((b"short", 0.0), (b"short", 5.0), (b"x" * 100_000, 0.0), (b"short", 5.0)):
        arrived.clear()
        send(
            method="POST",
            headers=(("Content-Length", str(len(body))),),
            body=HttpBody((body,)),
            meanwhile=lambda seconds=waits: seen.append(arrived.wait(seconds)),
        )
    assert seen == [False, True, False, True]


def test_the_meantime_comes_also_where_there_is_no_answer(web):
    """Whether nobody listens, or the connection breaks off."""
    told: list[str] = []
    with Sender() as sender:
        for name, url in (("nobody", f"http://127.0.0.1:{closed_port()}"), ("breaks off", web.url)):
            web.always(HANG_UP)
            with pytest.raises(SendError):
                sender.send(HttpRequest(method="GET", url=url), meanwhile=functools.partial(told.append, name))
    assert told == ["nobody", "breaks off"]


def test_what_fails_in_the_meantime_is_no_failure_of_the_network(send, web):
    """The error of whoever was called leaves as it is, and the connection is not used again."""
    send()

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match=r"^disk full$"):
        send(meanwhile=fail)
    send()
    assert web.connections == 2

"""What is said when there is no answer: each cause has words and a remedy of its own, the same in both transports."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import itertools
import re
import socket
import ssl
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from fault_kit import ROUTES, TABLE, Host, How, Listener, Plan, Route
from sdk_kit import TunnelProxy, closed_port, serving
from wire_kit import Way, sending

from umapi_sdk import ConfigurationError
from umapi_sdk.messages import Request, TransportError
from umapi_sdk.transports.settings import NetworkSettings

KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])
HOW: tuple[How, ...] = ("FIN", "RST")
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
ISSUER = "Example Authority"


def named(name: str) -> x509.Name:
    """A name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """An authority, as a company's own is: its certificates have no key identifiers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        base = self._builder(ISSUER, self.key, NOW - DAY, NOW + DAY)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        base = base.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = base.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    @staticmethod
    def _builder(
        name: str,
        key: ec.EllipticCurvePrivateKey,
        begin: datetime.datetime,
        end: datetime.datetime,
        issuer: str = ISSUER,
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(begin).not_valid_after(end)

    def context(
        self,
        *,
        host: str = "127.0.0.1",
        begin: float = -1,
        end: float = 1,
        by_itself: bool = False,
        forged: bool = False,
        purpose: x509.ObjectIdentifier | None = None,
    ) -> ssl.SSLContext:
        """What a host needs for TLS, with a certificate that is valid for days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = "host" if by_itself else ISSUER
        builder = self._builder("host", key, NOW + begin * DAY, NOW + end * DAY, issuer)
        place: Any = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([place]), critical=False)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        certificate = builder.sign(key if by_itself or forged else self.key, hashes.SHA256())
        file = self.folder / "host.pem"
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)
        file.write_bytes(text + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def company(tmp_path: Path) -> Authority:
    """A company's authority."""
    return Authority(tmp_path)


def reason(kind: str, settings: NetworkSettings, url: str) -> TransportError:
    """The error of a request that gets no answer."""
    with sending(kind, settings, None) as send, pytest.raises(TransportError) as caught:
        send(Request(method="POST", url=url, headers={}, body=b"[]"))
    assert "\n" not in caught.value.reason
    return caught.value


def tls_reason(kind: str, context: ssl.SSLContext, **options: Any) -> TransportError:
    """The error of a request to a host with that certificate."""
    host = Host(context)
    with contextlib.closing(host):
        return reason(kind, NetworkSettings(timeout=5.0, **options), f"https://127.0.0.1:{host.port}/")


CERTIFICATES = {
    "another name": ({"host": "elsewhere.example"}, r"belongs to another name: write the name that it was made for"),
    "another address": ({"host": "127.0.0.2"}, r"belongs to another name"),
    "expired": ({"begin": -3, "end": -2}, r"has expired: check this machine's clock, else it must be renewed there"),
    "not yet": ({"begin": 2, "end": 3}, r"is not valid yet: check this machine's clock"),
    "of another kind": (
        {"purpose": ExtendedKeyUsageOID.CLIENT_AUTH},
        r"is not made for hosts: it must be replaced there by one for TLS servers",
    ),
    "forged": (
        {"forged": True},
        r"is not accepted \(certificate signature failure\): who runs that, or the proxy .* must replace it",
    ),
    "by itself": ({"by_itself": True}, r"signed by itself and not trusted .*add the certificate .* to ca_bundle .*pem"),
}


@KINDS
@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificates(kind: str, case: str, company: Authority) -> None:
    """Name, dates and issuer: each fault of a certificate is told apart, and not tried again."""
    changes, expected = CERTIFICATES[case]
    error = tls_reason(kind, company.context(**changes), ca_bundle=str(company.file), ssl_strict=False)  # type: ignore[arg-type]
    assert_says(error, expected)
    assert (error.permanent, error.sent) == (True, False)


@KINDS
def test_what_two_sides_never_agree_on_is_not_tried_again(kind: str, company: Authority) -> None:
    """Where host and client have no cipher in common, the next attempt would fail as the first one did."""
    context = company.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # which the host's own key does not fit
    error = tls_reason(kind, context, ca_bundle=str(company.file), ssl_strict=False)
    assert_says(error, r"broke the TLS handshake off \(.*handshake failure\): give client_cert, if it wants one")
    assert (error.permanent, error.sent) == (True, False)


def assert_says(error: TransportError, expected: str) -> None:
    """The reason is as expected."""
    with pytest.raises(TransportError, match=expected):
        raise error


@KINDS
@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (None, r"authority is unknown .*give ca_bundle, a PEM file with the certificate of that authority"),
        ("REQUESTS_CA_BUNDLE", r"add the certificate of that authority.* to REQUESTS_CA_BUNDLE .*other\.pem"),
        ("SSL_CERT_FILE", r"add the certificate of that authority.* to SSL_CERT_FILE .*other\.pem"),
        ("ca_bundle", r"add the certificate of that authority.* to ca_bundle .*other\.pem, which does not have it"),
    ],
)
def test_unknown_authority(
    kind: str,
    variable: str | None,
    expected: str,
    company: Authority,
    authority: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The remedy names the file of authorities that is in use already, where there is one."""
    other = tmp_path / "other.pem"
    authority.cert_pem.write_to_path(other)
    monkeypatch.delenv("SSL_CERT_FILE")
    options = {"ca_bundle": str(other)} if variable == "ca_bundle" else {}
    if variable and not options:
        monkeypatch.setenv(variable, str(other))
    assert_says(tls_reason(kind, company.context(), ssl_strict=False, **options), expected)


@KINDS
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_bundles_of_other_programs_are_trusted(
    kind: str, variable: str, context: ssl.SSLContext, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each variable by which other programs are told of an authority is heeded; a file that is not there is named."""
    monkeypatch.setenv(variable, ca_file)
    way = Way("https", context, ca_file, ca_bundle=None)
    with contextlib.closing(way), sending(kind, way.settings, None) as send:
        assert send(way.request("GET")).status == 200
    monkeypatch.setenv("CURL_CA_BUNDLE", "/none.pem")
    with pytest.raises(ConfigurationError, match=r"^CURL_CA_BUNDLE /none\.pem: cannot be used: no such file"):
        NetworkSettings().ssl_context()


def test_bundle_that_several_variables_name_is_read_once(ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all variables name one file, as they often do, it is read once: a system's has hundreds of certificates."""
    read: list[str] = []
    usual = ssl.SSLContext.load_verify_locations

    def noted(context: ssl.SSLContext, cafile: str, *others: Any) -> None:
        read.append(cafile)
        usual(context, cafile, *others)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noted)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, ca_file)
    assert len(NetworkSettings().ssl_context().get_ca_certs()) == 1
    assert read == [ca_file]


@KINDS
def test_strict_rules_have_a_name_and_a_switch(kind: str, company: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that Python refuses from 3.13 on is not called unknown, and can be let pass without letting all."""
    usual = ssl.create_default_context

    def as_python_313(**options: Any) -> ssl.SSLContext:
        context = usual(**options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_python_313)
    host = company.context()
    error = tls_reason(kind, host, ca_bundle=str(company.file))
    assert_says(error, r"breaks a rule that Python checks from 3\.13 on \(Missing .*\): .*set ssl_strict=False")
    way = Way("https", host, str(company.file), ssl_strict=False)
    with contextlib.closing(way), sending(kind, way.settings, None) as send:
        assert send(way.request("GET")).status == 200
    assert_says(tls_reason(kind, company.context(by_itself=True), ca_bundle=str(company.file)), "signed by itself|rule")


class Talker(Listener):
    """Says one thing to whoever connects."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        super().__init__()

    def serve(self, sock: Any) -> None:
        """Say it, and end."""
        sock.recv(5)
        sock.sendall(self._words)


@KINDS
def test_host_without_tls(kind: str) -> None:
    """A host that answers a TLS handshake in plain HTTP is no host whose certificate is wrong."""
    host = Talker(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with contextlib.closing(host):
        error = reason(kind, NetworkSettings(timeout=5.0), f"https://127.0.0.1:{host.port}/")
    assert_says(error, r"does not speak TLS: is the port right, and should the URL begin with http://")
    assert error.permanent


@KINDS
def test_time_out_behind_a_proxy(kind: str) -> None:
    """Where a tunnel stands and no TLS comes, a proxy is there already: none is advised, and it is named."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = TunnelProxy(silent.getsockname()[1])
        host = f"127.0.0.1:{proxy.server_address[1]}"
        with serving(proxy):
            error = reason(kind, NetworkSettings(proxy=f"http://{host}", timeout=0.3), "https://api.example/v2")
    assert error.reason == f"time-out while connecting to api.example through the proxy {host}, after 0.3 s"
    assert not error.sent


@KINDS
def test_places_that_cannot_be_reached(kind: str) -> None:
    """Refused, unknown name: of the host, and of the proxy, which is then the one that is named."""
    port = closed_port()
    nobody, nowhere = f"http://127.0.0.1:{port}", "http://no-such-host.invalid"
    direct, proxied = NetworkSettings(), NetworkSettings(proxy=nobody)
    lost = NetworkSettings(proxy="http://jo:secret@no-such-proxy.invalid:1")
    assert_says(
        reason(kind, direct, nobody),
        rf"127\.0\.0\.1:{port} refuses connections: does it run, and is the port of the URL right",
    )
    assert_says(reason(kind, proxied, nowhere), rf"the proxy 127\.0\.0\.1:{port} refuses .*is its port right")
    assert_says(reason(kind, direct, nowhere), r"the name no-such-host\.invalid cannot be resolved: .*set `proxy`")
    error = reason(kind, lost, nowhere)
    assert_says(error, r"the name of the proxy no-such-proxy\.invalid:1 cannot be resolved: check the proxy's URL")
    assert "secret" not in str(error)


CUTS = {
    "in the TLS handshake": r"was cut before TLS stood: a proxy or firewall that inspects",
    "when the proxy is asked for a tunnel": r"the proxy 127.* closed the connection when it was asked for a way",
    "the proxy answers 502": r"refused a way to 127.* with status 502: it cannot reach the host",
    "after the request": r"was closed by 127.*, or by the proxy 127.*, before an answer came$",
    "in a body with its length, of a 200": r"the answer of 127.* broke off: it ended too early",
    "no HTTP": r"the answer of 127.* is no HTTP",
}


@KINDS
@pytest.mark.parametrize("where", CUTS)
def test_cuts(kind: str, where: str, context: ssl.SSLContext, ca_file: str) -> None:
    """Where a connection was cut is said, and by whom it can have been."""
    fault = next(row for row in TABLE if row.where == where)
    way = Way("https by a proxy", context, ca_file)
    with contextlib.closing(way):
        way.host.plans.append(Plan(fault, "FIN"))
        assert_says(reason(kind, way.settings, way.request("POST").url), CUTS[where])


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHERE_CHUNKS_END = (b"", b"5\r\nhello", b"5\r\nhello\r\n", b"5\r\nhello\r\n1", b"5\r\nhello\r\n0\r\n")


# Some versions of Python leave the socket of a broken handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("route", ROUTES)
def test_ends_are_told_alike(route: Route, context: ssl.SSLContext, ca_file: str) -> None:
    """Wherever a connection ends, by FIN or by RST, both transports say the same of it, and in no library's words."""
    in_chunks = next(row for row in TABLE if row.where == "in a body in chunks, of a 200")
    rows = [row for row in TABLE if route in row.routes and row.status is None and row.reads != "nothing"]
    rows += [attrs.evolve(in_chunks, where=str(end), answer=CHUNKED + end) for end in WHERE_CHUNKS_END]
    for row in rows:
        said: set[str] = set()
        for kind, how in itertools.product(("blocking", "async"), HOW):
            way = Way(route, context, ca_file)
            with contextlib.closing(way):
                way.host.plans.append(Plan(row, how))
                error = reason(kind, way.settings, way.request("POST").url)
            said.add(re.sub(r":\d+", "", error.reason))
        assert len(said) == 1, (row.where, said)
        if row.answer.startswith(CHUNKED):
            assert said == {"the answer of 127.0.0.1 broke off: it ended too early"}

"""Certificates: which authorities are trusted, and which certificate is shown to which server."""

from __future__ import annotations

import fnmatch
import functools
import ssl
from pathlib import Path

import attrs
import msgspec

from umapi_harness.common.errors import DocumentError
from umapi_harness.common.inputs import attended


@attrs.frozen(kw_only=True)
class ClientCertificate:
    """A certificate of the client, its key and passphrase, and the hosts that see it (`*` for any part; none: all)."""

    certificate: Path
    key: Path | None = None
    passphrase: str = attrs.field(default="", repr=False)
    hosts: tuple[str, ...] = ()

    def is_for(self, host: str, port: int) -> bool:
        """Whether the server of that host and port is shown this certificate."""
        names = (host.lower(), f"{host.lower()}:{port}")
        return not self.hosts or any(fnmatch.fnmatchcase(name, one.lower()) for one in self.hosts for name in names)


@attrs.frozen(kw_only=True)
class TlsOptions:
    """Whom to trust and how to be known.

    Args:
        bundle: a PEM file of the only authorities that are trusted.
        extra: a PEM file of authorities that are trusted beside those of the system.
        insecure: no certificate of a server is looked at.
        clients: certificates of the client; the first that is for a server is shown to it.
    """

    bundle: Path | None = None
    extra: Path | None = None
    insecure: bool = False
    clients: tuple[ClientCertificate, ...] = ()

    def client_for(self, host: str, port: int) -> ClientCertificate | None:
        """The certificate that a server is shown."""
        return next((one for one in self.clients if one.is_for(host, port)), None)


class TlsProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What one request asks of TLS: the protocolProfileBehavior's words on it. `strict` of None: as the run does."""

    strict: bool | None = None
    disabled_protocols: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()


def check_files(options: TlsOptions) -> None:
    """Raises DocumentError for a file of authorities or of a certificate that cannot be used."""
    if options.bundle is not None or options.extra is not None:
        context_for(options, None, TlsProfile())
    for client in options.clients:
        context_for(options, client, TlsProfile())


@functools.lru_cache(maxsize=64)
def context_for(options: TlsOptions, client: ClientCertificate | None, profile: TlsProfile) -> ssl.SSLContext:
    """The TLS context of a connection; raises DocumentError for a file, ValueError for ciphers that cannot be used."""
    insecure = options.insecure if profile.strict is None else not profile.strict
    # The authorities of the system take longer to read than all else, so only who looks at them reads them.
    trusts_system = options.bundle is None and not insecure
    context = ssl.create_default_context() if trusts_system else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for bundle in (options.bundle, options.extra):
        if bundle is not None:
            _load(context, bundle)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if client is not None:
        _show(context, client)
    for name in profile.disabled_protocols:
        context.options |= getattr(ssl, f"OP_NO_{name}", 0)
    if profile.ciphers:
        try:
            context.set_ciphers(":".join(profile.ciphers))
        except ssl.SSLError:
            raise ValueError("tlsCipherSelection names no cipher that can be used") from None
    return context


def _load(context: ssl.SSLContext, bundle: Path) -> None:
    try:
        with attended(bundle):
            context.load_verify_locations(cafile=str(bundle))
    except ssl.SSLError:
        raise DocumentError(
            str(bundle), "", "holds no certificate in PEM form", "give the authority's PEM file"
        ) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise DocumentError(str(bundle), "", reason, "give the path of a PEM file") from None


def _show(context: ssl.SSLContext, client: ClientCertificate) -> None:
    key = None if client.key is None else str(client.key)
    try:
        with attended(client.certificate), attended(client.key or client.certificate):
            context.load_cert_chain(str(client.certificate), key, password=lambda: client.passphrase)
    except ssl.SSLError:
        problem = "certificate, key and passphrase do not belong together, or are not in PEM form"
        raise DocumentError(str(client.certificate), "", problem, "check the three options") from None
    except OSError as error:
        reason = (error.strerror or "certificate or key cannot be read").lower()
        raise DocumentError(str(client.certificate), "", reason, "give the paths of PEM files") from None

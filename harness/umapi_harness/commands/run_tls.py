"""TLS of a run, from its options: whom it trusts, and how it is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from umapi_harness.commands.run_options import RunArguments
from umapi_harness.common.documents import Node, read_node
from umapi_harness.postman.sending.certificates import ClientCertificate, TlsOptions, check_files


def tls_of(arguments: RunArguments, bundle: Path | None = None) -> TlsOptions:
    """What the options say, with the authorities of `bundle` where they name none; raises UsageError, DocumentError."""
    if arguments.insecure and arguments.ca_bundle is not None:
        raise click.UsageError("--insecure and --ca-bundle exclude each other: leave one out")
    tls = TlsOptions(
        bundle=arguments.ca_bundle or bundle,
        extra=arguments.ssl_extra_ca_certs,
        insecure=arguments.insecure,
        clients=tuple(_certificates(arguments)),
    )
    check_files(tls)
    return tls


def _certificates(arguments: RunArguments) -> Iterator[ClientCertificate]:
    """The certificates of the list by their hosts, then the one that is for all others."""
    if arguments.ssl_client_cert_list is not None:
        document = read_node(arguments.ssl_client_cert_list, "list of client certificates")
        for entry in document.items("the list of client certificates"):
            yield _listed(entry, arguments.ssl_client_cert_list.parent)
    if arguments.ssl_client_cert is not None:
        yield ClientCertificate(
            certificate=arguments.ssl_client_cert,
            key=arguments.ssl_client_key,
            passphrase=arguments.ssl_client_passphrase,
        )
    elif arguments.ssl_client_key is not None:
        raise click.UsageError("--ssl-client-key needs --ssl-client-cert: give both")


def _listed(entry: Node, folder: Path) -> ClientCertificate:
    entry.mapping("a certificate")
    certificate, key, matches = _source(entry, "cert"), _source(entry, "key"), entry.get("matches")
    if certificate is None:
        remedy = 'write {"matches": [PATTERN], "cert": {"src": FILE}, "key": {"src": FILE}}'
        raise entry.fail("a certificate without cert", remedy)
    return ClientCertificate(
        certificate=folder / certificate,
        key=None if key is None else folder / key,
        passphrase=entry.text_of("passphrase"),
        hosts=() if matches is None else tuple(_host(one) for one in matches.items("matches")),
    )


def _source(entry: Node, name: str) -> str | None:
    found = entry.get(name)
    source = None if found is None or not isinstance(found.value, dict) else found.get("src")
    return None if source is None else source.text("src")


def _host(node: Node) -> str:
    """The host of a pattern such as https://*.example.com/*."""
    return node.text("a pattern").partition("://")[2].partition("/")[0] or "*"

"""Certificates: an authority of the server's own, and a certificate for the names it is reached by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import attrs

from umapi_models.operations import API_HOST, IMS_HOST

_NAMES: Final = ("localhost", "127.0.0.1", "::1", API_HOST, IMS_HOST)


@attrs.frozen
class Certificates:
    """Files of a TLS server; only the authority's certificate is for others."""

    authority: Path
    chain: Path
    key: Path = attrs.field(repr=False)


def make_certificates(folder: Path, host: str) -> Certificates:
    """Make an authority and a certificate in `folder`, good for the usual names and for `host`."""
    # Imported here: a server without TLS need not wait for it.
    import trustme  # noqa: PLC0415

    authority = trustme.CA(organization_name="umapi-harness mock server")
    names = _NAMES if host in (*_NAMES, "", "0.0.0.0", "::") else (*_NAMES, host)  # noqa: S104
    issued = authority.issue_cert(*names)
    files = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    write_private(files.authority, authority.cert_pem.bytes())
    write_private(files.chain, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    write_private(files.key, issued.private_key_pem.bytes())
    return files


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, whatever was there before."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)

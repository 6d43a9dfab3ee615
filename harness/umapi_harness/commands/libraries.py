"""The command `libraries`: brings the libraries that Postman has for scripts, lists and removes them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from umapi_harness.commands.conventions import FILE, say
from umapi_harness.commands.fetching import answer_of, proxies_of_process
from umapi_harness.common.errors import InputError
from umapi_harness.common.inputs import read_bytes
from umapi_harness.postman import libraries as library
from umapi_harness.postman.outgoing import RequestError
from umapi_harness.postman.redirects import RedirectError
from umapi_harness.postman.sending.certificates import TlsOptions, check_files
from umapi_harness.postman.sending.messages import SendError
from umapi_harness.postman.sending.sender import Bounds, Sender
from umapi_sdk.command_line.late_commands import WholeGroup

_REGISTRY: Final = "https://registry.npmjs.org/"
_REGISTRY_VARIABLES: Final = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
_SECONDS: Final = 60.0


@click.group(cls=WholeGroup)
def libraries() -> None:
    """Bring the libraries that Postman has for scripts, list or remove them.

    Scripts ask for them with require("lodash") and the like, or by names as _ and CryptoJS. They are one file of npm's
    package postman-sandbox, kept in the user's cache, or below UMAPI_CACHE_DIR. A run needs no network for them.
    """


@libraries.command()
@click.option("--from", "archive", type=FILE, help="Read the package from a file, as `npm pack` writes it.")
@click.option("--registry", help="npm registry [default: npm_config_registry, or registry.npmjs.org].")
@click.option("--ca-bundle", envvar="UMAPI_CA_BUNDLE", type=FILE, help="PEM file with the authority to trust.")
def install(archive: Path | None, registry: str | None, ca_bundle: Path | None) -> int:
    """Bring the libraries into the cache, from npm's registry or from a file."""
    if archive is not None and registry is not None:
        raise click.UsageError("--from needs no --registry")
    if archive is not None:
        content, source = _read(archive), str(archive)
    else:
        content, source = _download(registry or _registry(os.environ), ca_bundle)
    say(f"libraries of postman-sandbox {library.VERSION} installed in {library.install(content, source)}")
    return 0


@libraries.command("list")
def list_() -> int:
    """List the libraries that scripts can have, and where they are installed."""
    path = library.installed_file()
    say("not installed; umapi-harness libraries install brings them" if path is None else f"installed in {path.parent}")
    for name in library.BUNDLED:
        click.echo(name)
    return 0


@libraries.command()
def remove() -> int:
    """Take the libraries out of the cache."""
    home = library.remove()
    say("no libraries are installed" if home is None else f"removed {home}")
    return 0


def _download(registry: str, ca_bundle: Path | None) -> tuple[bytes, str]:
    """The package's archive from an npm registry, and its URL without credentials; raises InputError."""
    address = f"{registry.rstrip('/')}/{library.PACKAGE}/-/{library.PACKAGE}-{library.VERSION}.tgz"
    parts = urlsplit(address)
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{url}: no address of an npm registry; give one that begins with https://")
    tls = TlsOptions(bundle=ca_bundle if parts.scheme == "https" else None)
    check_files(tls)
    bounds = Bounds(connect=_SECONDS, idle=_SECONDS, total=None, body_bytes=library.MAX_BYTES)
    try:
        with Sender(tls=tls, proxies=proxies_of_process(), bounds=bounds) as sender:
            answer = answer_of(address, sender)
    except SendError as error:
        raise InputError(f"{url}: cannot be fetched ({error}); correct the registry, or use --from FILE") from error
    except (RequestError, RedirectError):
        # What these say holds the whole address.
        raise InputError(f"{url}: this, or where it redirects to, is no address; correct the registry") from None
    if not 200 <= answer.status < 300:
        raise InputError(f"{url}: answered with {answer.status}; correct the registry, or use --from FILE")
    return answer.body, url


def _read(path: Path) -> bytes:
    """The package's archive from a file; raises InputError."""
    try:
        return read_bytes(path, limit=library.MAX_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise InputError(f"{path}: larger than {library.PACKAGE} {library.VERSION} is; correct --from") from None
        raise InputError(f"{path}: cannot be read ({error.strerror}); correct --from") from error


def _registry(environ: Mapping[str, str]) -> str:
    """The registry that npm's own variables name, or npm's."""
    return next((environ[name] for name in _REGISTRY_VARIABLES if environ.get(name)), _REGISTRY)

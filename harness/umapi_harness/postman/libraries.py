"""The libraries that Postman has for scripts: brought once from npm's registry into the user's cache, and read there.

They are one file of npm's package `postman-sandbox` (Apache-2.0), in the versions that Postman offers. What is brought
is held against digests that stand here; a run itself needs no network.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from umapi_harness.common.errors import InputError

COMMAND: Final = "umapi-harness libraries install"
PACKAGE: Final = "postman-sandbox"
VERSION: Final = "6.7.4"
"""The version of the package."""
BUNDLED: Final = (
    "ajv",
    "assert",
    "backbone",
    "buffer",
    "chai",
    "cheerio",
    "crypto-js",
    "csv-parse/lib/sync",
    "events",
    "fs",
    "lodash",
    "moment",
    "os",
    "path",
    "postman-collection",
    "punycode",
    "querystring",
    "stream",
    "string_decoder",
    "timers",
    "tv4",
    "url",
    "util",
    "xml2js",
)
"""What `require` brings from them; atob, btoa and uuid need none."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""More than the package has, packed or unpacked."""
CACHE_VARIABLE: Final = "UMAPI_CACHE_DIR"

_ARCHIVE_SHA512: Final = "gJqcrdbsSVpfCHvwindV5IUbZt9ThV77ChUVdhMvdtBLydxFhmvdnqiE3tTIPgLEqjAYVRHw8h7iobLNMVUMlQ=="
_BUNDLE_SHA256: Final = "c932ff5398b84324e4838cdac1513878a54253c387bf4025d0dd5f7e030bc5c9"
_BUNDLE: Final = "bootcode.browser.js"
_MEMBERS: Final = {f"package/.cache/{_BUNDLE}": _BUNDLE, "package/LICENSE.md": "LICENSE.md"}


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the libraries are kept: below UMAPI_CACHE_DIR, or below the user's cache directory of the platform."""
    variables = os.environ if environ is None else environ
    own = variables.get(CACHE_VARIABLE)
    if own:
        return Path(own) / "libraries"
    if sys.platform == "win32":
        base = Path(variables.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "umapi-sdk" / "libraries"


def installed_file() -> Path | None:
    """The file of the libraries; None when they are not installed."""
    path = _home() / _BUNDLE
    return path if path.is_file() else None


def source_of_libraries() -> str:
    """The JavaScript of the libraries, empty when they are not installed; raises InputError for a damaged file."""
    path = installed_file()
    if path is None:
        return ""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the libraries cannot be read ({error.strerror}); correct that") from error
    if hashlib.sha256(content).hexdigest() != _BUNDLE_SHA256:
        raise InputError(f"{path}: the libraries are damaged; {COMMAND} brings them anew")
    return content.decode("utf-8")


def install(archive: bytes, source: str) -> Path:
    """Puts the libraries of an npm archive into the cache, whole or not at all; returns their folder.

    Args:
        archive: the package as the registry has it.
        source: where it is from, for messages.

    Raises:
        InputError: it is another package or damaged, or the cache cannot be written.
    """
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if digest != _ARCHIVE_SHA512:
        raise InputError(f"{source}: this is not {PACKAGE} {VERSION} as npm has it (sha512-{digest}); bring it anew")
    members = _members(archive, source)
    home = _home()
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))
        try:
            for name, content in members.items():
                (folder / name).write_bytes(content)
            shutil.rmtree(home, ignore_errors=True)
            folder.rename(home)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"{home}: cannot be written ({error.strerror}); set {CACHE_VARIABLE} to another place"
        ) from error
    return home


def remove() -> Path | None:
    """Takes the libraries out of the cache; None when there are none."""
    home = _home()
    if not home.is_dir():
        return None
    try:
        shutil.rmtree(home)
    except OSError as error:
        raise InputError(f"{home}: cannot be removed ({error.strerror}); remove it yourself") from error
    return home


def _home() -> Path:
    return cache_folder() / f"{PACKAGE}-{VERSION}"


def _members(archive: bytes, source: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        for member in opened:
            if member.name not in _MEMBERS or not member.isreg() or member.size > MAX_BYTES:
                continue
            stream = opened.extractfile(member)
            if stream is not None:
                found[_MEMBERS[member.name]] = stream.read(MAX_BYTES)
    if len(found) != len(_MEMBERS):
        raise InputError(f"{source}: {PACKAGE} without its files; bring it anew")
    return found

"""Where the path of the API begins in an address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from umapi_models.operations import API_PATH

_BEGINNING: Final = re.compile(rf"{API_PATH}/|/ims/(?:token(?:/v[0-9]+)?|exchange/jwt)/?$")
_ROOTLESS: Final = re.compile(
    r"(?:/(?:action|users|groups|organizations))?/[^/]+(?:@|%40)AdobeOrg(?:/|$)", re.IGNORECASE
)
_ADOBE: Final = (".adobe.io", ".adobe.com", ".adobelogin.com")


def api_path(url: str) -> str:
    """Return the path of an address as the API documents it, percent-encoded as it came.

    A proxy can have something before it, or in place of `/v2/usermanagement`. The latter is not believed of Adobe's
    own hosts, where other services have paths that look alike.
    """
    parts = urlsplit(url)
    known = _BEGINNING.search(parts.path)
    if known is not None:
        return parts.path[known.start() :]
    found = _ROOTLESS.search(parts.path)
    if found is None or f".{parts.hostname or ''}".endswith(_ADOBE):
        return parts.path
    return API_PATH + parts.path[found.start() :]

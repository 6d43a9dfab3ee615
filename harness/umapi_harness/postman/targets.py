"""Targets: where requests go instead of the hosts that a collection names, and which hosts are none of its API's."""

from __future__ import annotations

from urllib.parse import urlsplit

import attrs

from umapi_harness.postman.addresses import is_this_machine
from umapi_models.operations import API_PATH

_ADOBE = ("adobe.io", "adobe.com", "adobelogin.com")
_BEGINNINGS = (f"{API_PATH}/", "/ims/")


class ThirdHostError(Exception):
    """A request goes to a host that nobody let through; the message names it and the option that does."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is no host of the API, so nothing is sent there; --allow-host {host} lets it through")


@attrs.frozen(kw_only=True)
class Target:
    """Where requests go instead of the server that the collection names: scheme, host and port.

    `hosts` are the API's beside Adobe's own, `let_through` those that are called as they are; to all others nothing
    is sent.
    """

    origin: str
    hosts: frozenset[str] = frozenset()
    let_through: frozenset[str] = frozenset()

    def redirect(self, url: str) -> str:
        """`url` with this origin, if it is the API's; raises ThirdHostError for one that goes elsewhere."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if host in self.let_through:
            return url
        begin = _beginning(parts.path)
        if host and begin is None and not is_adobe(host) and host not in self.hosts and not self._is_own(url):
            raise ThirdHostError(host)
        rest = parts._replace(scheme="", netloc="", path=parts.path[begin or 0 :]).geturl()
        return self.origin + ("" if rest.startswith(("/", "?")) or not rest else "/") + rest

    def _is_own(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self.origin).netloc


def is_api_path(url: str) -> bool:
    """Whether the path of an address is the API's or the token host's, perhaps behind that of a gateway."""
    return _beginning(urlsplit(url).path) is not None


def is_adobe(host: str) -> bool:
    """Whether a host is Adobe's."""
    return any(host == name or host.endswith(f".{name}") for name in _ADOBE)


def is_local(url: str) -> bool:
    """Whether an address leads to this machine."""
    return is_this_machine((urlsplit(url).hostname or "").lower())


def _beginning(path: str) -> int | None:
    """Where the API's own path begins, behind what a gateway has before it; None for other paths."""
    places = [place for beginning in _BEGINNINGS if (place := path.find(beginning)) >= 0]
    return min(places) if places else None


def read_target(text: str) -> Target:
    """A target from `scheme://host[:port]`; raises ValueError with the reason for anything else."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is no address: give http:// or https://, a host and perhaps a port")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} has a path: give scheme, host and port only; the collection holds the paths")
    return Target(origin=f"{parts.scheme}://{parts.netloc}")

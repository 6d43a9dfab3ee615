"""Routes: which operation a request means, read from the path as it came over the wire.

One rule for all paths: slashes that are doubled, or stand at the end, mean nothing [G slashes]. Group names and user
strings may hold any character, `/` and `%` included, so the path is cut apart before it is decoded, and a name at the
end takes all that is left of it, doubled slashes as well; only slashes at its end must be encoded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import attrs

API_ROOT: Final = "/v2/usermanagement"
_TOKENS: Final = {
    "ims/token/v2": "oauth",
    "ims/token/v3": "oauth",
    "ims/exchange/jwt": "jwt",
    "ims/exchange/v1/jwt": "jwt",
}
_ROOT: Final = API_ROOT.strip("/").split("/")
_KEPT_LENGTH: Final = 300  # of longer paths, the routes are not kept: they would fill the memory


@attrs.frozen(kw_only=True)
class Route:
    """What a path means."""

    operation: str
    """Name for faults, throttles and the journal."""
    call: str
    """Which of the operation's calls, where it has several; otherwise its name."""
    methods: tuple[str, ...] = ("GET", "HEAD")
    org_id: str = ""
    page: str = ""
    name: str = ""
    """Group name, user string or id, decoded."""
    parts: tuple[str, ...] = ()
    """For deprecated operations, the ids in the path."""


def find_route(raw_path: str) -> Route | None:
    """The route of a path, still percent-encoded; None if nothing is served there."""
    return _find_often(raw_path) if len(raw_path) <= _KEPT_LENGTH else _find(raw_path)


def _find(raw_path: str) -> Route | None:
    parts = _Parts(raw_path)
    whole = [unquote(part) for part in parts.all()]
    token = _TOKENS.get("/".join(whole))
    if token is not None:
        return Route(operation="token", call=token, methods=("POST",))
    if whole == ["status"]:
        return Route(operation="status", call="status")
    if [parts.take() for _ in _ROOT] != _ROOT or len(whole) == len(_ROOT):
        return None
    reader = _READERS.get(whole[len(_ROOT)])
    if reader is not None:
        parts.take()
        return reader(parts)
    return _deprecated(whole[len(_ROOT) :])


# Clients ask for the same paths again and again, and to take one apart is a good part of a short answer's time.
_find_often = functools.lru_cache(maxsize=2048)(_find)


class _Parts:
    """The parts of a path, taken from its front."""

    def __init__(self, raw_path: str) -> None:
        self._rest = raw_path.rstrip("/")

    def all(self) -> list[str]:
        """What is left, part by part, still encoded."""
        return [part for part in self._rest.split("/") if part]

    def take(self) -> str:
        """The next part, decoded; empty at the end."""
        part, _, self._rest = self._rest.lstrip("/").partition("/")
        return unquote(part)

    def rest(self) -> str:
        """What is left as a name, decoded."""
        return unquote(self._rest.lstrip("/"))


def _action(parts: _Parts) -> Route | None:
    org_id = parts.take()
    if not org_id or parts.all():
        return None
    return Route(operation="action", call="action", methods=("POST",), org_id=org_id)


def _users(parts: _Parts) -> Route | None:
    org_id, page, name = parts.take(), parts.take(), parts.rest()
    if not page:
        return None
    call = "group_users" if name else "users"
    return Route(operation=call, call=call, org_id=org_id, page=page, name=name)


def _user(parts: _Parts) -> Route | None:
    org_id, users, name = parts.take(), parts.take(), parts.rest()
    return Route(operation="user", call="user", org_id=org_id, name=name) if users == "users" else None


def _groups(parts: _Parts) -> Route | None:
    org_id, page = parts.take(), parts.take()
    return Route(operation="groups", call="groups", org_id=org_id, page=page) if page and not parts.all() else None


_READERS: Final[dict[str, Callable[[_Parts], Route | None]]] = {
    "action": _action,
    "users": _users,
    "organizations": _user,
    "groups": _groups,
}


_DEPRECATED: Final = {
    ("users", 0): "old_users",
    ("user-groups", 0): "old_user_groups",
    ("user-groups", 1): "old_user_group",
    ("user-groups/users", 1): "old_group_users",
    ("products", 0): "old_products",
    ("products/configurations", 1): "old_profiles",
    ("products/configurations", 2): "old_profile",
    ("products/configurations/users", 2): "old_profile_users",
}


def _deprecated(parts: list[str]) -> Route | None:
    """The operations of DeprecatedApis.md, whose paths begin with the organisation."""
    org_id, *rest = parts
    ids = tuple(rest[1::2])
    call = _DEPRECATED.get(("/".join(rest[::2]), len(ids)))
    if call is None:
        return None
    methods = ("GET", "HEAD", "POST") if call == "old_profile" else ("GET", "HEAD")
    return Route(operation="deprecated", call=call, methods=methods, org_id=org_id, parts=ids)

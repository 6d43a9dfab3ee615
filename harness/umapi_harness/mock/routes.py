"""Routes: which operation a request means, read from the path as it came over the wire.

Group names and user strings may hold any character, `/` and `%` included, so the path is cut apart before
it is decoded, and a name at the end takes all that is left of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import attrs

API_ROOT: Final = "/v2/usermanagement"
_OAUTH: Final = {"/ims/token/v2": ",", "/ims/token/v3": ", "}
_JWT: Final = "/ims/exchange/jwt"
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
    separators: str = ""
    """For tokens, the characters that may stand between scopes."""


def find_route(raw_path: str) -> Route | None:
    """The route of a path, still percent-encoded; None if nothing is served there."""
    return _find_often(raw_path) if len(raw_path) <= _KEPT_LENGTH else _find(raw_path)


def _find(raw_path: str) -> Route | None:
    bare = raw_path.rstrip("/")
    if bare in _OAUTH:
        return Route(operation="token", call="oauth", methods=("POST",), separators=_OAUTH[bare])
    if bare == _JWT:
        return Route(operation="token", call="jwt", methods=("POST",))
    if bare == "/status":
        return Route(operation="status", call="status")
    if not raw_path.startswith(f"{API_ROOT}/"):
        return None
    parts = raw_path.removeprefix(f"{API_ROOT}/").split("/")
    reader = _READERS.get(parts[0])
    if reader is not None:
        return reader(parts[1:])
    return _deprecated(parts)


# Clients ask for the same paths again and again, and to take one apart is a good part of a short answer's time.
_find_often = functools.lru_cache(maxsize=2048)(_find)


def _action(parts: list[str]) -> Route | None:
    if len(_closed(parts)) != 1:
        return None
    return Route(operation="action", call="action", methods=("POST",), org_id=unquote(parts[0]))


def _users(parts: list[str]) -> Route | None:
    if len(parts) == 2:
        return Route(operation="users", call="users", org_id=unquote(parts[0]), page=unquote(parts[1]))
    if len(parts) < 3:
        return None
    return Route(
        operation="group_users",
        call="group_users",
        org_id=unquote(parts[0]),
        page=unquote(parts[1]),
        name=unquote("/".join(parts[2:])),
    )


def _user(parts: list[str]) -> Route | None:
    if len(parts) < 3 or parts[1] != "users":
        return None
    return Route(operation="user", call="user", org_id=unquote(parts[0]), name=unquote("/".join(parts[2:])))


def _groups(parts: list[str]) -> Route | None:
    if len(_closed(parts)) != 2:
        return None
    return Route(operation="groups", call="groups", org_id=unquote(parts[0]), page=unquote(parts[1]))


_READERS: Final[dict[str, Callable[[list[str]], Route | None]]] = {
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
    org_id, *rest = [unquote(part) for part in _closed(parts)] or [""]
    ids = tuple(rest[1::2])
    call = _DEPRECATED.get(("/".join(rest[::2]), len(ids)))
    if call is None:
        return None
    methods = ("GET", "HEAD", "POST") if call == "old_profile" else ("GET", "HEAD")
    return Route(operation="deprecated", call=call, methods=methods, org_id=org_id, parts=ids)


def _closed(parts: list[str]) -> list[str]:
    """The parts without the empty one that a slash at the end leaves."""
    return parts[:-1] if parts and not parts[-1] else parts

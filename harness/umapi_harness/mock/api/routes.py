"""Routes: which operation a request means, read from the path as it came over the wire.

One rule for all paths: slashes that are doubled, or stand at the end, mean nothing [G slashes]. Group names and user
strings may hold any character, `/` and `%` included, so the path is cut apart before it is decoded, and a name at the
end takes all that is left of it, doubled slashes as well; only slashes at its end must be encoded.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

import attrs

from umapi_harness.mock.names import call_name
from umapi_models import operations

_ROOT: Final = operations.API_PATH.strip("/").split("/")
_NAMES: Final = ("{groupName}", "{userString}")
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
    page_size: int = 0
    """Most entries on a page as documented; 0 where there are no pages."""


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
    rest = parts.rest_of_path()
    for template in _TEMPLATES.get(whole[len(_ROOT)], _OF_ORGANISATIONS):
        values = template.values(_Parts(rest))
        if values is not None:
            return template.route(values)
    return None


# Clients ask for the same paths again and again, and to take one apart is a good part of a short answer's time.
_find_often = functools.lru_cache(maxsize=2048)(_find)


def longer_path(raw_path: str) -> tuple[str, str] | None:
    """The shortest path that is served of those that begin with this one, and its first segment that is missing."""
    given = [unquote(part) for part in raw_path.split("/") if part]
    rest = given[len(_ROOT) :]
    if given[: len(_ROOT)] != _ROOT or not rest:
        return None
    # Not those of an organisation: a name mistaken for another would be taken for its id.
    longer = [one.segments for one in _TEMPLATES.get(rest[0], ()) if one.begins_with(rest)]
    if not longer:
        return None
    segments = min(longer, key=len)
    return f"{operations.API_PATH}/{'/'.join(segments)}", segments[len(rest)]


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

    def rest_of_path(self) -> str:
        """What is left, still encoded."""
        return self._rest

    def rest(self) -> str:
        """What is left as a name, decoded."""
        return unquote(self._rest.lstrip("/"))


@attrs.frozen
class _Template:
    """A path of the schema, with the operations that are served there, by method."""

    segments: tuple[str, ...]
    served: tuple[operations.Operation, ...]

    def values(self, parts: _Parts) -> dict[str, str] | None:
        """What stands in a path in the place of each `{name}`; None if the path is another."""
        found: dict[str, str] = {}
        for segment in self.segments:
            if segment in _NAMES:
                found[segment] = parts.rest()
                return found if found[segment] or segment == "{userString}" else None
            part = parts.take()
            if not part or (part != segment and not segment.startswith("{")):
                return None
            if segment.startswith("{"):
                found[segment] = part
        return None if parts.all() else found

    def begins_with(self, parts: Sequence[str]) -> bool:
        """Whether parts of a path, decoded, fit the first segments, and segments are left."""
        pairs = zip(parts, self.segments, strict=False)
        return len(parts) < len(self.segments) and all(
            segment.startswith("{") or segment == part for part, segment in pairs
        )

    def route(self, values: dict[str, str]) -> Route:
        """The route of a path that fits."""
        first = self.served[0]
        call = call_name(first)
        methods = [name for one in self.served for name in (("GET", "HEAD") if one.method == "GET" else (one.method,))]
        beside = ("{orgId}", "{page}", *_NAMES)
        return Route(
            operation="deprecated" if first.deprecated else call,
            call=call,
            methods=tuple(methods),
            org_id=values.get("{orgId}", ""),
            page=values.get("{page}", ""),
            name="".join(values.get(name, "") for name in _NAMES),
            parts=tuple(value for name, value in values.items() if name not in beside),
            page_size=first.page_size or 0,
        )


def _templates() -> dict[str, list[_Template]]:
    """The templates below the API's root by their first segment, of two that fit the longer one first."""
    served: dict[str, list[operations.Operation]] = {}
    for operation in operations.OPERATIONS:
        if operation.security:
            served.setdefault(operation.path, []).append(operation)
    found: dict[str, list[_Template]] = {}
    for path in sorted(served, key=len, reverse=True):
        segments = tuple(path.strip("/").split("/"))
        found.setdefault(segments[0], []).append(_Template(segments, tuple(served[path])))
    return found


_TEMPLATES: Final = _templates()
_OF_ORGANISATIONS: Final = _TEMPLATES.pop("{orgId}", [])  # the operations of DeprecatedApis.md begin with it
_TOKENS: Final = {
    path.strip("/"): "jwt" if operation is operations.EXCHANGE_JWT else "oauth"
    for operation in (operations.OAUTH_TOKEN_V2, operations.OAUTH_TOKEN_V3, operations.EXCHANGE_JWT)
    for path in (operation.path, *operation.older_paths)
}

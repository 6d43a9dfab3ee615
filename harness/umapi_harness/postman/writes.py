"""Writes: requests that change an organisation, which go elsewhere than to this machine as a test only."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from umapi_models.operations import ACTION, API_PATH, OPERATIONS

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TEST: Final = "testOnly"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(API_PATH + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?$")


_ACTION: Final = _pattern(ACTION.path)
_CHANGES: Final = tuple(_pattern(one.path) for one in OPERATIONS if one.security and one.method not in _READS)


class UntestableError(Exception):
    """A request changes an organisation and cannot be sent as a test."""

    def __init__(self) -> None:
        super().__init__("changes the organisation, and the API has no test mode for it; --allow-writes sends it")


def changes_organization(method: str, url: str) -> bool:
    """Whether a request is one of the API's that change an organisation."""
    path = urlsplit(url.partition("#")[0]).path
    return method not in _READS and any(pattern.search(path) for pattern in _CHANGES)


def takes_effect(method: str, url: str) -> bool:
    """Whether a request is one of the API's that change an organisation, and is not sent as a test."""
    try:
        return as_test(method, url) is not None
    except UntestableError:
        return True


def as_test(method: str, url: str) -> str | None:
    """The address with which a request changes nothing; None where it changes nothing as it is.

    Raises UntestableError for an operation without a test mode.
    """
    if not changes_organization(method, url):
        return None
    head, mark, fragment = url.partition("#")
    if not _ACTION.search(urlsplit(head).path):
        raise UntestableError
    before, _, query = head.partition("?")
    pairs = [pair for pair in query.split("&") if pair]
    kept = [pair for pair in pairs if pair.partition("=")[0] != _TEST]
    given = [pair.partition("=")[2].lower() for pair in pairs if pair.partition("=")[0] == _TEST]
    if given and all(value == "true" for value in given):
        return None
    return f"{before}?{'&'.join([*kept, f'{_TEST}=true'])}{mark}{fragment}"

"""Blanks: parts of the path of an address that variables without a character leave empty."""

from __future__ import annotations

import re
from typing import Final

import attrs

from umapi_harness.postman.collection import Request
from umapi_harness.postman.outgoing import resolved_address
from umapi_harness.postman.variables import Scopes, Used

_MARK: Final = re.compile("\ue000([0-9]+)\ue001")
"""Stands for an empty value: characters for private use, which no address has."""


@attrs.frozen(kw_only=True)
class Blanks:
    """The variables that leave parts of a path empty, and the address as it would be with something there."""

    variables: tuple[Used, ...]
    filled: str


def blanks_of(request: Request, scopes: Scopes) -> Blanks | None:
    """What is empty in the path of a request whose variables are not resolved yet; None where nothing is.

    Only what is empty from one slash to the next counts: with `{{suffix}}` in `users{{suffix}}` the path is whole.
    """
    found: list[Used] = []

    def mark(used: Used) -> str:
        found.append(used)
        return f"\ue000{len(found) - 1}\ue001"

    # Of a copy, so that the variables of the request are remembered once.
    marked = resolved_address(request, attrs.evolve(scopes, blank=mark))
    path = re.split("[?#]", marked.partition("://")[2] or marked, maxsplit=1)[0].partition("/")[2]
    empty = [part for part in path.split("/") if "\ue000" in part and not _MARK.sub("", part)]
    variables = {used.name: used for part in empty for used in (found[int(n)] for n in _MARK.findall(part))}
    return Blanks(variables=tuple(variables.values()), filled=_MARK.sub("-", marked)) if variables else None

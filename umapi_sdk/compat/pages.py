"""Pages of listings as umapi-client gives them: the dicts of an answer, and the numbers of its headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import attrs

from umapi_models.models import Group, User
from umapi_models.operations import GROUP_USERS, USERS
from umapi_sdk.compat.failures import ArgumentError, ClientResult
from umapi_sdk.listings import ListingReader
from umapi_sdk.queries import Listing, Page, groups_listing
from umapi_sdk.wholeness import ListingRules

Entry: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, Any]

USER_OBJECT = "user"
GROUP_OBJECT = "group"
OLD_GROUP_OBJECT = "user-group"
"""The kinds of listings by their names in the client; the last is that of a deprecated operation."""


@attrs.frozen(kw_only=True)
class ClientPage:
    """One page of a listing."""

    entries: list[Entry]
    last: bool
    total: int = 0
    """X-Total-Count."""
    count: int = 0
    """X-Page-Count."""
    number: int = 0
    """X-Current-Page."""
    size: int = 0
    """X-Page-Size."""


NO_PAGE = ClientPage(entries=[], last=True)
"""What is told of a group that there is not."""


@attrs.define(kw_only=True)
class ClientReading:
    """One reading of a listing: by the SDK, or where it does not know the listing, page by page as it comes."""

    reader: ListingReader[User] | ListingReader[Group] | None
    kind: str
    places: Sequence[str]
    filters: Params
    pages: int = 0
    """Pages read so far."""
    page: Page[User] | Page[Group] | None = None
    """The page that the SDK has read last."""

    def note(self, page: Page[User] | Page[Group]) -> None:
        """Note the page that the SDK has read."""
        self.page = page


def reading_of(kind: str, places: Sequence[str], filters: Params, rules: ListingRules) -> ClientReading:
    """Return a reading that has not begun.

    Raises:
        ArgumentError: there is no such listing.
    """
    reader: ListingReader[User] | ListingReader[Group] | None = None
    if kind == USER_OBJECT:
        reader = ListingReader(users_of(places, filters), rules, keep=False)
    elif kind == GROUP_OBJECT:
        reader = ListingReader(groups_listing(), rules, keep=False)
    elif kind != OLD_GROUP_OBJECT:
        raise unknown_kind(kind)
    reading = ClientReading(reader=reader, kind=kind, places=places, filters=filters)
    if reader is not None:
        reader.on_page = reading.note
    return reading


def unknown_kind(kind: str) -> ArgumentError:
    """Return the error for a kind of listing that there is not."""
    return ArgumentError(f"there is no listing of {kind!r}: user and group have one")


def users_of(places: Sequence[str], filters: Params) -> Listing[User]:
    """Return the listing of users that a place in the path and filters name."""
    group = places[0] if places else None
    texts = {name: as_text(value) for name, value in filters.items()}
    return Listing(operation=USERS if group is None else GROUP_USERS, model=User, group=group, filters=texts)


def as_text(value: object) -> str:
    """Return the value of a filter as it stands in a URL."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def page_of(page: Page[User] | Page[Group], kind: str, kept: Sequence[object]) -> ClientPage:
    """Return a page as the client gives it; of its entries those that the SDK has kept."""
    raw = cast("list[Entry]", ClientResult("", page.response).json()[f"{kind}s"])
    # The entries of the page and of the answer are the same, in the same order.
    wanted = {id(entry) for entry in kept}
    entries = [each for each, entry in zip(raw, page.entries, strict=True) if id(entry) in wanted]
    return ClientPage(
        entries=entries,
        last=page.last,
        total=page.total or 0,
        count=page.page_count or 0,
        number=1 if page.current is None else page.current,
        size=page.size or 0,
    )


def old_page_of(result: ClientResult) -> ClientPage:
    """Return a page of the deprecated listing of user groups: a list, with the numbers of pages from 1."""

    def number(header: str, otherwise: int) -> int:
        told = result.headers.get(header, "")
        return int(told) if told.isascii() and told.isdigit() else otherwise

    current, count = number("x-current-page", 1), number("x-page-count", 0)
    entries = cast("list[Entry]", result.json())
    return ClientPage(
        entries=entries,
        last=current >= count,
        total=number("x-total-count", 0),
        count=count,
        number=current,
        size=number("x-page-size", 0),
    )

"""Answers as data: what recorded requests and answers say, read leniently, for those who reason about recordings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeGuard
from urllib.parse import parse_qsl, urlsplit

import attrs

from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.exchanges import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.contract.schema import Operation

JsonObject = Mapping[str, Any]

_LONGEST_COUNT: Final = 18  # digits; a longer number is junk
_LISTS: Final = {"users": "users", "groupUsers": "users", "groups": "groups"}


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """True for a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """True for a JSON array."""
    return isinstance(value, list)


def body_object(response: RecordedResponse) -> JsonObject:
    """Return the body of an answer; empty when it is no JSON object."""
    try:
        data: object = response.json()
    except (ValueError, RecursionError):
        return {}
    return data if is_object(data) else {}


def count_header(response: RecordedResponse, name: str) -> int | None:
    """Return a header that is a number, None without one."""
    text = (response.header(name) or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT else None


def query_of(request: RecordedRequest) -> dict[str, str]:
    """Return the query; of a parameter that is given twice, the last value."""
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def flag(query: Mapping[str, str], name: str, default: bool) -> bool:
    """Return a boolean of the query, in any letter case."""
    return {"true": True, "false": False}.get(query.get(name, "").lower(), default)


def places_of(exchange: Exchange, operation: Operation) -> Mapping[str, str]:
    """Return the values in the path, decoded; empty when the path is not the operation's."""
    return operation.path_values(api_path(exchange.request.url)) or {}


def time_of(exchange: Exchange) -> float | None:
    """Return when the service answered, in seconds since the epoch; None where the recording does not say."""
    date = exchange.response.header("Date")
    if date:
        try:
            return parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            pass
    try:
        moment = datetime.fromisoformat(exchange.started)
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds or None


# Actions


@attrs.frozen(kw_only=True)
class CommandResult:
    """One command of an action request, and what the answer says of it."""

    index: int
    command: JsonObject
    errors: tuple[JsonObject, ...]
    warnings: tuple[JsonObject, ...]

    def code_at(self, step: int) -> str | None:
        """Return the error code of a step; None where no error is reported for it."""
        codes = (one.get("errorCode") for one in self.errors if number(one.get("step")) == step)
        return next((code for code in codes if isinstance(code, str)), None)

    def message_at(self, step: int) -> str:
        """Return the words of the error of a step; empty without."""
        words = (one.get("message") for one in self.errors if number(one.get("step")) == step)
        return next((text for text in words if isinstance(text, str)), "")


def commands_of(exchange: Exchange) -> list[Any] | None:
    """Return the commands of an action request; None when its body is no array."""
    try:
        data: object = json.loads(exchange.request.body)
    except (ValueError, RecursionError):
        return None
    return data if is_array(data) else None


def results_of(exchange: Exchange) -> tuple[CommandResult, ...]:
    """Return each command that is an object, with what the answer says of it."""
    answer = body_object(exchange.response)
    return tuple(
        CommandResult(
            index=index,
            command=command,
            errors=tuple(_entries(answer.get("errors"), index)),
            warnings=tuple(_entries(answer.get("warnings"), index)),
        )
        for index, command in enumerate(commands_of(exchange) or ())
        if is_object(command)
    )


def steps_of(command: JsonObject) -> Iterator[tuple[int, str, Any]]:
    """Yield place, name and fields of each step that is an object with one name."""
    steps = command.get("do")
    for place, step in enumerate(steps if is_array(steps) else ()):
        if is_object(step) and len(step) == 1:
            ((name, fields),) = step.items()
            yield place, name, fields


def number(value: object) -> int | None:
    """Return a number, or a string of digits, as a number; None for anything else."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _entries(value: object, index: int) -> Iterator[JsonObject]:
    for one in value if is_array(value) else ():
        if is_object(one) and number(one.get("index")) == index:
            yield one


# Listings


@attrs.frozen(kw_only=True)
class ListingPage:
    """One page of a listing, as recorded."""

    exchange: Exchange
    position: int
    """Place of the exchange in its recording, from 0."""
    operation: str
    org_id: str
    number: int
    """The page that was asked for, from 0."""
    group: str | None
    query: Mapping[str, str]
    """The filters."""
    body: JsonObject = attrs.field(repr=False)

    @property
    def field(self) -> str:
        """The member of the body that holds the entries."""
        return _LISTS[self.operation]

    @property
    def entries(self) -> list[Any] | None:
        """The entries; None where the answer has no list."""
        found = self.body.get(self.field)
        return found if is_array(found) else None

    @property
    def last(self) -> bool:
        """True when the page says that it is the last."""
        return self.body.get("lastPage") is True

    @property
    def subject(self) -> tuple[object, ...]:
        """What is listed: the same for all pages of a listing."""
        filters = {name: text.lower() for name, text in self.query.items()}
        return self.operation, self.org_id, (self.group or "").lower(), tuple(sorted(filters.items()))


@attrs.frozen
class RecordedListing:
    """Successive pages of one listing."""

    pages: tuple[ListingPage, ...]

    @property
    def complete(self) -> bool:
        """True when every page from the first to the last is there, each with its list."""
        return (
            [page.number for page in self.pages] == list(range(len(self.pages)))
            and all(page.entries is not None for page in self.pages)
            and [page.last for page in self.pages] == [False] * (len(self.pages) - 1) + [True]
        )

    @property
    def total(self) -> int | None:
        """Entries on all pages, as the service counts them."""
        return count_header(self.pages[0].exchange.response, "X-Total-Count")


def page_of(exchange: Exchange, position: int, operation: Operation | None) -> ListingPage | None:
    """Return a page that was answered with success; None for any other exchange."""
    if operation is None or operation.name not in _LISTS or exchange.response.status != 200:
        return None
    places = places_of(exchange, operation)
    page, body = number(places.get("page")), body_object(exchange.response)
    if page is None or (body.get("result") != "success" and not is_array(body.get(_LISTS[operation.name]))):
        return None
    return ListingPage(
        exchange=exchange,
        position=position,
        operation=operation.name,
        org_id=places.get("orgId", ""),
        number=page,
        group=places.get("groupName"),
        query=query_of(exchange.request),
        body=body,
    )


def listings_of(pages: list[ListingPage]) -> list[RecordedListing]:
    """Return the pages as listings: one begins with its first page, or where the page before is not recorded."""
    open_: dict[tuple[object, ...], list[ListingPage]] = {}
    found: list[list[ListingPage]] = []
    for page in pages:
        known = open_.get(page.subject)
        if known is not None and page.number == known[-1].number + 1:
            known.append(page)
            continue
        open_[page.subject] = [page]
        found.append(open_[page.subject])
    return [RecordedListing(tuple(pages)) for pages in found]

"""Expectations: what a client has to make of an answer, told from the answer alone and without the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import (
    JsonObject,
    ListingPage,
    RecordedListing,
    body_object,
    commands_of,
    count_header,
    is_array,
    is_object,
    number,
    time_of,
)
from umapi_harness.contract.recordings import Exchange

COMPLETED: Final = "completed"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
NOT_SENT: Final = "not sent"

StepReport = tuple[int | None, str, str]
"""Step, code and words of an error or a warning."""

_REFUSED_WHOLE: Final = frozenset({400, 404, 405, 409, 410, 411, 413, 414, 415, 422})
_OF_AN_ADDRESS: Final = frozenset({404, 405, 410})
_NOT_SERVED: Final = ("error.organization.", "error.apikey.", "error.unauthorized", "error.api.not_available")
"""Beginnings of codes that speak of the client, and not of what it sent."""
_NEVER_LOOKED_AT: Final = frozenset({401, 403, 407, 429})
_SAFE_LIFE: Final = range(301, 48 * 3600)
"""Lives of tokens in seconds whose unit nobody doubts."""


@attrs.frozen(kw_only=True)
class Fate:
    """What may be said of one command."""

    statuses: frozenset[str]
    """Each of these is right."""
    errors: tuple[StepReport, ...] = ()
    warnings: tuple[StepReport, ...] = ()


def fates_of(exchange: Exchange) -> tuple[Fate, ...]:
    """Return what may be said of each command of an action request."""
    size = len(commands_of(exchange) or ())
    status = exchange.response.status
    if status != 200:
        code = refusal_of(exchange).code or ""
        page = exchange.response.body.lstrip().startswith(b"<")
        return (Fate(statuses=_after_refusal(status, code, page=page)),) * size
    answer = body_object(exchange.response)
    if not answer:
        return (Fate(statuses=frozenset({UNKNOWN})),) * size
    errors, warnings = _reports(answer, "errors", "errorCode"), _reports(answer, "warnings", "warningCode")
    clear = _is_clear(answer, size)
    fates: list[Fate] = []
    for index in range(size):
        if index in errors:
            statuses = {FAILED} if clear else {FAILED, UNKNOWN}
        else:
            statuses = {COMPLETED} if clear else {UNKNOWN}
        told = {"errors": tuple(errors.get(index, ())), "warnings": tuple(warnings.get(index, ()))}
        fates.append(Fate(statuses=frozenset(statuses), **told))
    return tuple(fates)


def _after_refusal(status: int, code: str, *, page: bool) -> frozenset[str]:
    foreign = not code.startswith("error.") and (status in _OF_AN_ADDRESS or (page and status in (400, 501)))
    if foreign or (status < 500 and code.startswith(_NOT_SERVED)):
        return frozenset({NOT_SENT})
    if status in _REFUSED_WHOLE:
        return frozenset({FAILED})
    if status in _NEVER_LOOKED_AT:
        return frozenset({NOT_SENT})
    if status == 503:
        return frozenset({NOT_SENT, UNKNOWN})
    return frozenset({UNKNOWN, NOT_SENT, FAILED}) if status < 500 else frozenset({UNKNOWN})


def _reports(answer: JsonObject, member: str, code: str) -> Mapping[int, list[StepReport]]:
    found: dict[int, list[StepReport]] = {}
    entries = answer.get(member)
    for entry in entries if is_array(entries) else ():
        if is_object(entry) and (index := number(entry.get("index"))) is not None:
            report = (number(entry.get("step")), str(entry.get(code, "")), str(entry.get("message", "")))
            found.setdefault(index, []).append(report)
    return found


def _is_clear(answer: JsonObject, size: int) -> bool:
    """True when counts, errors and result agree, so that each command has one fate."""
    entries = answer.get("errors", [])
    if not is_array(entries):
        return False
    named: set[int] = set()
    for entry in entries:
        index = number(entry.get("index")) if is_object(entry) else None
        if index is None or index >= size or not isinstance(entry.get("errorCode"), str):
            return False
        named.add(index)
    counts = [number(answer.get(name, 0)) for name in ("completed", "completedInTestMode", "notCompleted")]
    good = sum(count or 0 for count in counts[:2])
    agreed = None not in counts and good == size - len(named) and counts[2] == len(named)
    return agreed and (answer.get("result") == "success") == (not named)


# Refusals


@attrs.frozen(kw_only=True)
class Refusal:
    """What an error has to say of an answer that is no success."""

    status: int
    kinds: frozenset[str]
    """Names of the exceptions that fit."""
    code: str | None
    words: str | None
    request_id: str | None
    retry_after: float | None
    """Seconds, where the answer says when to come back."""


_KINDS: Final[Mapping[int, frozenset[str]]] = {
    400: frozenset({"RequestRefusedError"}),
    401: frozenset({"AuthenticationError"}),
    403: frozenset({"ForbiddenError"}),
    404: frozenset({"NotFoundError"}),
    429: frozenset({"ThrottledError"}),
    502: frozenset({"UnavailableError"}),
    503: frozenset({"UnavailableError"}),
    504: frozenset({"UnavailableError"}),
}


def refusal_of(exchange: Exchange) -> Refusal:
    """Return what an error has to say of a refused call."""
    response, answer = exchange.response, body_object(exchange.response)
    code = answer.get("result", answer.get("error_code", answer.get("error", answer.get("errorCode"))))
    words = answer.get("message", answer.get("errorMessage", answer.get("error_description")))
    return Refusal(
        status=response.status,
        kinds=_KINDS.get(response.status, frozenset()),
        code=code if isinstance(code, str) else None,
        words=words if isinstance(words, str) else None,
        request_id=response.header("X-Request-Id"),
        retry_after=_retry_after(exchange),
    )


def _retry_after(exchange: Exchange) -> float | None:
    text = exchange.response.header("Retry-After")
    seconds = count_header(exchange.response, "Retry-After")
    now = time_of(exchange)
    if seconds is not None or text is None or now is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def life_of(exchange: Exchange) -> float | None:
    """Return the life of a token in seconds; None where its unit could be doubted."""
    told = body_object(exchange.response).get("expires_in")
    if not isinstance(told, int | float) or isinstance(told, bool):
        return None
    seconds = told / 1000 if exchange.request.url.partition("?")[0].rstrip("/").endswith("/jwt") else told
    return seconds if int(seconds) in _SAFE_LIFE else None


# Listings

WHOLE: Final = "whole"
BROKEN: Final = "broken"
UNSURE: Final = "unsure"
CUT: Final = "cut off by the recording"


def wholeness(listing: RecordedListing) -> tuple[str, str]:
    """Return whether the pages are a whole listing, and why not.

    What the service promises: each page has its list and the number that was asked for, the last one alone says
    that it is the last, the count of pages and the total stay, nobody is on two pages, and the page sizes, which
    count technical accounts too, add up to the total (getUsersWithPage.md, paged headers).
    """
    problem = next((text for text in map(_page_problem, listing.pages) if text), None)
    if problem is not None:
        return BROKEN, problem
    if not listing.complete:
        return CUT, "not every page was recorded"
    totals = {count_header(page.exchange.response, "X-Total-Count") for page in listing.pages}
    if len(totals) > 1:
        # Whether people may come and go meanwhile is for the client to decide.
        return UNSURE, "the total changed while the listing was read"
    return (BROKEN, "an entry stands on two pages") if _doubled(listing) else _by_total(listing, totals.pop())


def _page_problem(page: ListingPage) -> str | None:
    """Return what shows that a page is not what was asked for, or not whole."""
    response, place = page.exchange.response, f"page {page.number}"
    size, current = count_header(response, "X-Page-Size"), count_header(response, "X-Current-Page")
    pages = count_header(response, "X-Page-Count")
    if page.entries is None:
        return f"{place} has no list of {page.field}"
    if current is not None and current != page.number:
        return f"{place} was asked for and page {current} came"
    if size is not None and len(page.entries) > size:
        return f"{place} has {len(page.entries)} entries where {size} are announced"
    if pages is not None and page.last != (page.number + 1 >= pages):
        return f"{place} of {pages} is{'' if page.last else ' not'} marked as the last"
    return None


def _doubled(listing: RecordedListing) -> bool:
    seen: dict[Any, int] = {}
    names = ("email", "type", "username", "domain") if listing.pages[0].field == "users" else ("groupName",)
    for page in listing.pages:
        for entry in page.entries or ():
            key = tuple(str(entry.get(name)).lower() for name in names) if is_object(entry) else None
            if seen.setdefault(key, page.number) != page.number:
                return True
    return False


def _by_total(listing: RecordedListing, total: int | None) -> tuple[str, str]:
    sizes = [count_header(page.exchange.response, "X-Page-Size") for page in listing.pages]
    if total is None or None in sizes:
        return (WHOLE, "") if total is None and not any(sizes) else (UNSURE, "some of the counts are missing")
    announced = sum(size or 0 for size in sizes)
    listed = sum(len(page.entries or ()) for page in listing.pages)
    if announced != total:
        return BROKEN, f"the pages announce {announced} entries of {total}"
    if listed == total:
        return WHOLE, ""
    if listing.pages[0].field == "groups":
        return BROKEN, f"{listed} groups of {total} are listed"
    missing = total - listed
    # Of technical accounts there are few beside users; how few is not documented.
    return (WHOLE, "") if listed and missing <= 10 else (UNSURE, f"{missing} of {total} accounts are not listed")

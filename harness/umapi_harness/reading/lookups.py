"""Look-ups: recorded listings, single users and states of the service, read by the SDK's queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from umapi_harness.contract.answers import RecordedListing, body_object, flag, is_object, number, places_of, query_of
from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.findings import Finding
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.schema import find_operation
from umapi_harness.reading.expectations import BROKEN, CUT, UNSURE, WHOLE, refusal_of, wholeness
from umapi_harness.reading.reports import UnjudgedError, model_differences, refusal_differences, report, told
from umapi_harness.reading.standin import StandIn, connect
from umapi_sdk import Connection, GroupsQuery, NetworkError, UmapiError, UsageError, UserQuery, UsersQuery
from umapi_sdk.messages import Request

_NO_USER: Final = "error.user.not_found"


def read_listing(listing: RecordedListing) -> Iterator[Finding]:
    """Yield where the SDK's listing is not what the pages say.

    Raises UnjudgedError for pages from the middle of a listing, and for filters that the SDK does not have.
    """
    first = listing.pages[0]
    if first.number:
        raise UnjudgedError("the listing begins before the recording does")
    state, reason = wholeness(listing)
    found, error = _entries(first.exchange, lambda asked: _page(listing, asked))
    end = listing.pages[-1].exchange
    if state == BROKEN and error is None:
        yield report(end, "body", f"{reason}, and the SDK returned {len(found)} entries as the whole listing")
        return
    if state == WHOLE and error is not None:
        yield report(end, "body", f"a whole listing is refused: {told(error)}", "a whole listing", told(error))
        return
    if state == CUT and not isinstance(error, NetworkError):
        got = told(error) if error is not None else f"{len(found)} entries as the whole listing"
        yield report(end, "body", f"the recording breaks off before the last page, and the SDK says {got}")
        return
    if error is not None and state in (UNSURE, BROKEN):
        return
    yield from _compared(listing, found)


def _compared(listing: RecordedListing, found: list[Any]) -> Iterator[Finding]:
    recorded = [(page, place, entry) for page in listing.pages for place, entry in enumerate(page.entries or ())]
    if len(found) != len(recorded):
        problem = f"{len(recorded)} entries were recorded, and the SDK returned {len(found)}"
        yield report(
            listing.pages[-1].exchange, f"body /{listing.pages[0].field}", problem, str(len(recorded)), str(len(found))
        )
        return
    for (page, place, entry), model in zip(recorded, found, strict=True):
        if is_object(entry):
            yield from model_differences(page.exchange, entry, model, (page.field, place))


def read_refused_listing(exchange: Exchange) -> Iterator[Finding]:
    """Yield where the SDK's error is not what a page that is no page says. Raises UnjudgedError."""
    found, error = _entries(exchange, lambda _asked: exchange.response)
    if exchange.response.status == 200:
        if error is None:
            result = body_object(exchange.response).get("result")
            problem = f"the result is {result!r}, and the SDK returned {len(found)} entries"
            yield report(exchange, "body /result", problem, "an error")
        return
    yield from refusal_differences(exchange, refusal_of(exchange), error, f"{len(found)} entries")


def read_user(exchange: Exchange) -> Iterator[Finding]:
    """Yield where the SDK's user is not the recorded one. Raises UnjudgedError."""
    org_id, places = _places(exchange)
    domain = query_of(exchange.request).get("domain")
    with connect(exchange, org_id, StandIn(lambda _request: exchange.response)) as connection:
        try:
            user = UserQuery(connection, places["userString"], domain).result()
            error = None
        except UsageError as refused:
            raise UnjudgedError(f"the SDK does not ask this: {refused}") from None
        except UmapiError as raised:
            user, error = None, raised
    answer, response = body_object(exchange.response), exchange.response
    entry = answer.get("user")
    if response.status == 404 and answer.get("result") == _NO_USER:
        if error is not None or user is not None:
            got = told(error) if error is not None else "a user"
            yield report(exchange, "status", f"nobody of that name is there, and the SDK says {got}", "None", got)
    elif response.status != 200:
        yield from refusal_differences(exchange, refusal_of(exchange), error, "a user" if user else "None")
    elif not is_object(entry) or answer.get("result") != "success":
        if error is None:
            yield report(exchange, "body", f"the answer has no user, and the SDK returned {user!r}", "an error")
    elif error is not None or user is None:
        got = told(error) if error is not None else "None"
        yield report(exchange, "body /user", f"the user is not read: {got}", "the user", got)
    else:
        yield from model_differences(exchange, entry, user, ("user",))


def read_status(exchange: Exchange) -> Iterator[Finding]:
    """Yield where the SDK's state of the service is not the recorded one."""
    with connect(exchange, "0@AdobeOrg", StandIn(lambda _request: exchange.response)) as connection:
        _, remote = connection.status(remote=True)
    state: object = remote.get("status")
    if exchange.response.status != 200:
        if is_object(state):
            problem = f"{exchange.response.status} is no success, and the SDK says {state!r}"
            yield report(exchange, "status", problem, "a failure", str(state))
        return
    for name, value in body_object(exchange.response).items():
        read = state.get(name) if is_object(state) else state
        if read != value:
            yield report(exchange, f"body /{name}", f"recorded {value!r}, read as {read!r}", str(value), str(read))


def _entries(
    exchange: Exchange, answer: Callable[[Request], RecordedResponse | None]
) -> tuple[list[Any], UmapiError | None]:
    """The entries that the SDK gave before its error, if there was one."""
    org_id, places = _places(exchange)
    found: list[Any] = []
    with connect(exchange, org_id, StandIn(answer)) as connection:
        try:
            # A list would hide what came before an error.
            for entry in _query(connection, exchange, places.get("groupName")):
                found.append(entry)
        except UsageError as refused:
            raise UnjudgedError(f"the SDK does not ask this: {refused}") from None
        except UmapiError as error:
            return found, error
    return found, None


def _query(connection: Connection, exchange: Exchange, group: str | None) -> UsersQuery | GroupsQuery:
    operation = operation_of(exchange)
    if operation is not None and operation.name == "groups":
        return GroupsQuery(connection)
    query = query_of(exchange.request)
    filters: dict[str, Any] = {"direct_only": flag(query, "directOnly", True)}
    if query.get("domain"):
        filters["in_domain"] = query["domain"]
    if group is not None:
        filters["in_group"] = group
        filters["exclude_groups"] = flag(query, "excludeGroups", False)
        if query.get("status"):
            filters["status"] = query["status"].lower()
    return UsersQuery(connection, **filters)


def _page(listing: RecordedListing, asked: Request) -> RecordedResponse | None:
    operation = find_operation(asked.method, asked.url)
    places = operation.path_values(api_path(asked.url)) if operation is not None else None
    page = number((places or {}).get("page"))
    pages = listing.pages
    return pages[page].exchange.response if page is not None and page < len(pages) else None


def _places(exchange: Exchange) -> tuple[str, dict[str, str]]:
    operation = operation_of(exchange)
    places = dict(places_of(exchange, operation)) if operation is not None else {}
    if "orgId" not in places:
        raise UnjudgedError("the path is not that of the operation")
    return places["orgId"], places

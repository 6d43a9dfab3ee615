"""What a whole listing is, for all four ways of reading one: pages as the live service sends them, and others."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Reply, ScriptedServer, Seen, Time, credentials_for, steady_policy, users_page

from umapi_harness.mock import Settings, build_seed, default_seed
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    Completeness,
    Connection,
    GroupsQuery,
    ListingError,
    ListingRules,
    ResponseError,
    UmapiError,
    UsageError,
    User,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.calls import Service
from umapi_sdk.listings import ListingReader
from umapi_sdk.messages import Authorize, Request, Response
from umapi_sdk.queries import users_listing

Connect = Callable[..., Connection]
READERS = ["all at once", "one by one", "all at once, async", "one by one, async"]
HEADERS = ("x_total_count", "x_page_count", "x_current_page", "x_page_size")
NONE: dict[str, str | None] = dict.fromkeys(HEADERS)


@attrs.frozen
class Reading:
    """What came of reading a listing."""

    emails: list[str]
    complete: Completeness
    total: int | None
    page_count: int | None
    pages_read: int


class Reader:
    """Reads the users of a server in one of the four ways."""

    def __init__(self, way: str, connect: Connect, time: Time) -> None:
        self.eager = way.startswith("all")
        self.asynchronous = way.endswith("async")
        self._connect = connect
        self._time = time

    def __call__(self, server: ScriptedServer | RunningServer, **filters: Any) -> Reading:
        """Read the listing to its end."""
        if self.asynchronous:
            return asyncio.run(self._read(server, filters))
        query = UsersQuery(self._connect(server), **filters)
        users = query.all_results() if self.eager else list(query)
        return _reading(users, query)

    async def _read(self, server: ScriptedServer | RunningServer, filters: Any) -> Reading:
        details = server.details
        connection = AsyncConnection(
            details.org_id,
            credentials_for(details),
            endpoint=details.api_url,
            sleep=self._time.sleep_async,
            clock=self._time.clock,
            retry=steady_policy(),
        )
        async with connection:
            query = connection.users(**filters)
            users = await query.all_results() if self.eager else [user async for user in query]
            return _reading(users, query)


def _reading(users: list[User], query: Any) -> Reading:
    emails = [user.email for user in users]
    return Reading(emails, query.complete, query.total, query.page_count, query.pages_read)


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest, connect: Connect, time: Time) -> Reader:
    """Each of the ways to read a listing."""
    return Reader(request.param, connect, time)


@pytest.fixture(params=READERS[::2])
def read_all(request: pytest.FixtureRequest, connect: Connect, time: Time) -> Reader:
    """Both ways to read a listing all at once."""
    return Reader(request.param, connect, time)


def emails(*names: int | str) -> list[str]:
    """E-mail addresses."""
    return [f"u{name}@example.com" for name in names]


def page(names: Sequence[int | str], number: int = 0, pages: int = 1, total: int = 0, **headers: str | None) -> Reply:
    """A page of these users."""
    return users_page(emails(*names), number, pages, total, **headers)


def lay_down(server: ScriptedServer, *pages: Reply) -> None:
    """Serve these pages by number, as often as they are asked for."""

    def answer(request: Seen) -> Reply:
        return pages[int(request.path.split("?")[0].split("/")[5])]

    server.answer = answer


# Whole


LIVE = Path(__file__).parents[1] / "contract" / "live"
_FRAMING = {"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"}


def live_listings() -> Iterator[Reply]:
    """The recorded listings of the live service, as it sent them."""
    for file in sorted(LIVE.glob("*.har")):
        for entry in json.loads(file.read_text("utf-8"))["log"]["entries"]:
            if "/usermanagement/users/" in entry["request"]["url"]:
                sent = {header["name"]: header["value"] for header in entry["response"]["headers"]}
                headers = {name: value for name, value in sent.items() if name.lower() not in _FRAMING}
                yield Reply(headers=headers, body=entry["response"]["content"]["text"].encode("utf-8"))


def test_every_listing_of_the_live_service_is_read(wire: ScriptedServer, read: Reader) -> None:
    """27 of 27, over HTTP: every user that the body has, in its order, and nothing left to doubt."""
    replies = list(live_listings())
    for reply in replies:
        lay_down(wire, reply)
        reading = read(wire)
        assert reading.emails == [user["email"] for user in json.loads(reply.content)["users"]]
        assert (reading.complete.unlisted, bool(reading.complete)) == (3, True)
    assert len(replies) == 27


@pytest.mark.parametrize(("listed", "counted"), [(78, 81), (72, 75)])
def test_pages_of_the_recorded_organisation_are_whole(
    wire: ScriptedServer, read: Reader, listed: int, counted: int
) -> None:
    """Three technical accounts are counted in total and size, and not listed: the headers of all 27 recordings."""
    count = str(counted)
    lay_down(wire, page(range(listed), x_total_count=count, x_page_size=count))
    reading = read(wire)
    assert reading.emails == emails(*range(listed))
    assert (reading.complete.unlisted, bool(reading.complete)) == (3, True)
    assert (reading.total, reading.page_count, reading.pages_read) == (counted, 1, 1)


def test_technical_accounts_may_be_on_any_page(wire: ScriptedServer, read: Reader) -> None:
    """Pages before the last that list fewer than they announce are whole, up to the usual number of such accounts."""
    lay_down(
        wire,
        page(range(7), 0, 3, 25, x_page_size="10"),
        page(range(10, 17), 1, 3, 25, x_page_size="10"),
        page(range(20, 25), 2, 3, 25),
    )
    reading = read(wire)
    assert (len(reading.emails), reading.complete.unlisted, bool(reading.complete)) == (19, 6, True)


def test_mock_with_technical_accounts_is_read(mock: RunningServer, read: Reader) -> None:
    """The mock lists technical accounts first and leaves them out: with small pages, its first ones are empty."""
    mock.world.put(build_seed({**default_seed(), "technical_accounts": 8}))
    expected = len(mock.world.organization().listed_users)
    mock.world.settings = Settings(users_page_size=3)
    reading = read(mock)
    assert (len(reading.emails), reading.complete.unlisted) == (expected, 8)
    assert reading.complete


def test_organisation_of_technical_accounts_alone(wire: ScriptedServer, read: Reader) -> None:
    """A new organisation may have nobody but the programs that use it."""
    lay_down(wire, page([], total=2, x_page_size="2"))
    assert (read(wire).emails, bool(read(wire).complete)) == ([], True)


def test_more_technical_accounts_than_usual_can_be_allowed_for(wire: ScriptedServer, read: Reader) -> None:
    """Sixty unlisted accounts are refused with the setting that allows them, and then read."""
    lay_down(wire, page(range(40), total=100, x_page_size="100"))
    with pytest.raises(ListingError, match=r"60 are missing, more than 11 .* ListingRules\(unlisted=\.\.\.\)"):
        read(wire)
    assert len(read(wire, rules=ListingRules(unlisted=60)).emails) == 40


def test_size_of_a_full_page_on_the_last(wire: ScriptedServer, read: Reader) -> None:
    """Should X-Page-Size of the last page be that of a full one, the total tells that nobody is missing."""
    lay_down(wire, page(range(50), 0, 2, 53), page([90, 91, 92], 1, 2, 53, x_page_size="50"))
    assert bool(read(wire).complete)


def test_what_was_not_checked_is_said(wire: ScriptedServer, read: Reader) -> None:
    """Without its headers a listing is read by its marks, and is not called complete."""
    lay_down(wire, page([1, 2], 0, 2, 0, **NONE), page([3], 1, 2, 0, **NONE))
    complete = read(wire).complete
    assert complete.finished
    assert not complete
    assert complete.checked == ("lastPage", "duplicates")
    assert complete.skipped == ("no X-Current-Page", "no X-Page-Count", "no X-Page-Size", "no X-Total-Count")


def test_accounts_of_one_name_are_not_one_user(wire: ScriptedServer, read: Reader) -> None:
    """Two types of account with one e-mail address, and one user name in two domains, are different users."""
    reply = page([1, 1, 1, 1], total=4)
    users: Any = reply.body
    users["users"][1]["type"] = "adobeID"
    users["users"][2]["domain"] = "example.org"
    users["users"][3]["username"] = "other"
    lay_down(wire, reply)
    assert len(read(wire).emails) == 4


# Not whole


BROKEN = {
    "one page of five": [page(range(10), total=6010, x_page_size="10")],
    "one page of five, its size that of all": [page(range(10), total=6010, x_page_size="6010")],
    "middle page short": [page(range(10), 0, 3, 25), page(range(10, 17), 1, 3, 25), page(range(20, 25), 2, 3, 25)],
    "middle page short, no sizes": [
        page(range(10), 0, 3, 25, x_page_size=None),
        page(range(10, 17), 1, 3, 25, x_page_size=None),
        page(range(20, 25), 2, 3, 25, x_page_size=None),
    ],
    "middle page short, no headers": [
        page(range(10), 0, 3, 0, **NONE),
        page(range(10, 17), 1, 3, 0, **NONE),
        page(range(20, 25), 2, 3, 0, **NONE),
    ],
    "first page shorter than the last": [page(range(7), 0, 2, 0, **NONE), page(range(10, 20), 1, 2, 0, **NONE)],
    "middle page short where the total leaves nobody": [
        page(range(10), 0, 3, 24, x_page_size="10"),
        page(range(10, 19), 1, 3, 24, x_page_size="10"),
        page(range(20, 25), 2, 3, 24),
    ],
    "fewer than announced": [page(range(300), 0, 2, 350, x_page_size="340"), page([400], 1, 2, 350)],
    "more than announced": [page(range(10), total=10, x_page_size="9")],
    "more than the total": [page(range(10), total=9)],
    "doubled in a page": [page([1, 2, 3, 2], total=4)],
    "doubled between pages": [page(range(10), 0, 2, 20), page([9, *range(11, 20)], 1, 2, 20)],
    "wrong page": [page([1], total=1, x_current_page="1")],
    "last and not the last": [page([1], 0, 2, 1), page([1], 0, 1, 1)],
    "not last and the last": [page([1], 0, 2, 1, x_page_count="1")],
    "page without users, not the last": [page([], 0, 2, 1, x_page_size="1"), page([1], 1, 2, 1)],
    "total gone": [page(range(10), 0, 2, 12), page([11, 12], 1, 2, 12, x_total_count=None)],
    "total grown": [page(range(10), 0, 2, 12), page([11, 12, 13], 1, 2, 13)],
}
BROKEN["last and not the last"][0].body["lastPage"] = True  # type: ignore[index]


@pytest.mark.parametrize("pages", BROKEN.values(), ids=BROKEN)
def test_listing_that_is_not_whole(wire: ScriptedServer, read: Reader, pages: list[Reply]) -> None:
    """Whatever shows that users are missing or doubled raises ListingError, which says so."""
    lay_down(wire, *pages)
    with pytest.raises(ListingError, match="the listing is not whole") as caught:
        read(wire)
    assert caught.value.url.partition("?")[0].rpartition("/")[2].isdigit()


@pytest.mark.parametrize("header", ["X-Total-Count", "X-Page-Count", "X-Current-Page", "X-Page-Size"])
@pytest.mark.parametrize("values", ["30, 1", "1, 30", "1, one"])
def test_count_that_contradicts_itself_makes_no_whole(
    wire: ScriptedServer, read: Reader, header: str, values: str
) -> None:
    """A number that a gateway adds to the service's own is an error, never a listing that looks complete."""
    reply = page([1], total=1)
    lay_down(wire, attrs.evolve(reply, headers={**reply.headers, header: values}))
    with pytest.raises(ListingError, match=f"its header {header} came several times, and not with one number"):
        read(wire)


def test_count_that_came_twice_alike_is_one(wire: ScriptedServer, read: Reader) -> None:
    """A header that came twice with the same number is checked as one that came once."""
    reply = page([1], total=1)
    doubled = {name: f"{value}, {value}" for name, value in reply.headers.items() if name.startswith("X-")}
    lay_down(wire, attrs.evolve(reply, headers={**reply.headers, **doubled}))
    assert read(wire).complete


def test_shrunken_listing_gives_its_last_page_again(wire: ScriptedServer, read: Reader) -> None:
    """A users page past the end is the last page again, as documented: the number in its header tells."""
    lay_down(wire, page(range(10), 0, 2, 12), page(range(2, 10), 0, 1, 8))
    with pytest.raises(ListingError, match="page 1 was asked for and page 0 came"):
        read(wire)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"lastPage": True, "result": "success"}, 'no list "users"'),
        ({"lastPage": True, "result": "success", "users": None}, 'no list "users"|/users'),
        ({"lastPage": True, "result": "success", "Users": []}, 'no list "users": it has Users instead'),
        ({"lastPage": True, "result": "success", "groups": []}, 'no list "users": it has groups instead'),
        ({"lastPage": True, "result": "success", "users": [{"groupName": "A", "type": "USER_GROUP"}]}, "/users/0"),
        ({"lastPage": True, "result": "success", "users": {}}, "/users"),
    ],
    ids=str,
)
@pytest.mark.parametrize("total", ["5000", "0", None])
def test_page_without_its_list_is_no_empty_organisation(
    wire: ScriptedServer, read: Reader, body: dict[str, Any], problem: str, total: str | None
) -> None:
    """A success without a list of users breaks the contract, whatever its headers say."""
    headers = {} if total is None else {"X-Total-Count": total}
    lay_down(wire, Reply(headers=headers, body=body))
    with pytest.raises(ResponseError, match=problem):
        read(wire)


def groups(names: Sequence[str], number: int = 0, pages: int = 1, total: int = 0, **changes: Any) -> Reply:
    """A page of groups."""
    reply = users_page([], number, pages, total)
    shown = [{"type": "USER_GROUP", "groupName": name, **changes} for name in names]
    body = {"lastPage": number == pages - 1, "result": "success", "groups": shown}
    return Reply(headers={**reply.headers, "X-Page-Size": str(len(names))}, body=body)


def test_groups_are_counted_exactly(wire: ScriptedServer, connect: Connect) -> None:
    """There are no technical accounts among groups: one fewer than the total is an error."""
    lay_down(wire, groups(["A", "B"], total=3))
    with pytest.raises(ListingError, match="2 groups came where 3 were announced in all"):
        GroupsQuery(connect(wire)).all_results()
    assert len(GroupsQuery(connect(wire), rules=ListingRules(unlisted=1)).all_results()) == 2


def test_pages_of_groups_may_differ_in_length(wire: ScriptedServer, connect: Connect) -> None:
    """The documentation promises no size of a page of groups: where the total is right, the listing is whole."""
    lay_down(
        wire, groups(list("ABCDEFGHIJ"), 0, 3, 19), groups(list("KLMNOPQ"), 1, 3, 19), groups(["R", "S"], 2, 3, 19)
    )
    query = GroupsQuery(connect(wire))
    assert len(query.all_results()) == 19
    assert query.complete


@pytest.mark.parametrize("field", ["groupId", "groupName"])
def test_doubled_group(wire: ScriptedServer, connect: Connect, field: str) -> None:
    """A group that comes twice, by id or by name where it has none, is an error."""
    lay_down(wire, groups(["A", "A"], total=2, **({"groupId": 5} if field == "groupId" else {})))
    with pytest.raises(ListingError, match='group "A" came twice'):
        GroupsQuery(connect(wire)).all_results()


# Starting again, and accepting


def changing(server: ScriptedServer, changes: int) -> None:
    """Serve 12 users on two pages; while each of the first readings is under way, one comes or goes."""
    left = changes

    def answer(request: Seen) -> Reply:
        nonlocal left
        number = int(request.path.split("?")[0].split("/")[5])
        if number and left:
            left -= 1
            return page([10, 11, 12], 1, 2, 13)
        return page([10, 11], 1, 2, 12) if number else page(range(10), 0, 2, 12)

    server.answer = answer


def test_listing_that_changed_is_started_again(
    wire: ScriptedServer, read_all: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    """Read at once, a listing that changes starts again from page 0, which the log and `complete` tell."""
    changing(wire, 2)
    with caplog.at_level(logging.WARNING, "umapi_sdk"):
        reading = read_all(wire)
    assert reading.emails == emails(*range(12))
    assert [why.split(" while")[0] for why in reading.complete.restarts] == ["the total changed from 12 to 13"] * 2
    assert reading.complete
    assert [record.message.split(":")[0] for record in caplog.records] == [
        f"reading from page 0 again, restart {number}" for number in (1, 2)
    ]
    assert [request.path.split("?")[0][-1] for request in wire.seen] == ["0", "1"] * 3


@pytest.mark.parametrize(("restarts", "requests"), [(0, 2), (1, 4), (2, 6)])
def test_restarts_have_an_end(wire: ScriptedServer, read_all: Reader, restarts: int, requests: int) -> None:
    """A listing that changes each time is given up after the restarts that the rules allow."""
    changing(wire, 10)
    with pytest.raises(ListingError):
        read_all(wire, rules=ListingRules(restarts=restarts))
    assert len(wire.seen) == requests


def test_listing_that_is_wrong_each_time_is_no_matter_of_starting_again(wire: ScriptedServer, read_all: Reader) -> None:
    """Where another start found the same, the advice is another; one that found a change is advised to start again."""
    wire.answer = lambda _: users_page(["a@b.c", "d@e.f"], 0, 1, 1, x_page_size="1")
    with pytest.raises(ListingError, match=r"another start found the same: does a proxy or cache .* ask Adobe"):
        read_all(wire)
    with pytest.raises(ListingError, match=r"not whole: start again"):
        read_all(wire, rules=ListingRules(restarts=0))


def test_iteration_never_starts_again(wire: ScriptedServer, connect: Connect) -> None:
    """What an iteration gave out cannot be taken back: a change ends it."""
    changing(wire, 1)
    seen: list[str] = []
    with pytest.raises(ListingError):
        seen.extend(user.email for user in UsersQuery(connect(wire)))
    assert len(wire.seen) == 2


def test_change_can_be_accepted(wire: ScriptedServer, read: Reader) -> None:
    """A drift that is allowed for does not end the listing, and `complete` says what was accepted."""
    lay_down(wire, page(range(10), 0, 2, 12), page([9, 10, 11, 12], 1, 2, 13))
    reading = read(wire, rules=ListingRules(drift=2))
    assert reading.emails == emails(*range(13))
    assert not reading.complete
    assert reading.complete.accepted == (
        "the total changed from 12 to 13 while page 1 was read",
        "u9@example.com came twice, the second time on page 1",
    )


@pytest.mark.parametrize(("totals", "last"), [((12, 15), 5), ((12, 12), 2)])
def test_drift_has_an_end(wire: ScriptedServer, read: Reader, totals: tuple[int, int], last: int) -> None:
    """Changes and doubles beyond the drift are errors all the same."""
    names = range(10, 15) if last == 5 else [7, 8, 9]
    lay_down(wire, page(range(10), 0, 2, totals[0]), page(list(names), 1, 2, totals[1]))
    with pytest.raises(ListingError):
        read(wire, rules=ListingRules(drift=2))


@pytest.mark.parametrize("rules", [{"unlisted": -1}, {"drift": 1.5}, {"restarts": None}, {"drift": True}], ids=str)
def test_rules_that_make_no_sense(rules: dict[str, Any]) -> None:
    """Each rule is a whole number, 0 or more."""
    with pytest.raises(UsageError, match=next(iter(rules))):
        ListingRules(**rules)


def test_failure_in_the_middle_is_read_on_from(wire: ScriptedServer, connect: Connect) -> None:
    """After a failure of the network, all_results goes on with the page that failed."""
    wire.replies += [page(range(10), 0, 2, 12), Reply(status=400), page([10, 11], 1, 2, 12)]
    query = UsersQuery(connect(wire))
    with pytest.raises(UmapiError):
        query.all_results()
    assert not query.complete.finished
    assert len(query.all_results()) == 12
    assert len(wire.seen) == 3


# Memory


def test_iteration_holds_no_entries(wire: ScriptedServer, connect: Connect) -> None:
    """Users that the program has let go of are gone with the next page, and all of them in the end."""
    lay_down(wire, page(range(10), 0, 2, 20), page(range(10, 20), 1, 2, 20))
    query = UsersQuery(connect(wire))
    entries = iter(query)
    held = [weakref.ref(next(entries)) for _ in range(15)]
    gc.collect()
    assert [user() for user in held[:10]] == [None] * 10
    held += [weakref.ref(user) for user in entries]
    gc.collect()
    assert [user() for user in held] == [None] * 20
    assert query.complete


# Names


BLANK: list[Any] = ["", " ", "\t\n", "\u00a0", None]


@pytest.mark.parametrize("blank", BLANK, ids=repr)
@pytest.mark.parametrize("name", ["in_group", "in_domain"])
def test_blank_name_is_not_everybody(wire: ScriptedServer, read: Reader, name: str, blank: Any) -> None:
    """A group or domain from an empty cell is a mistake, told before anything is sent."""
    with pytest.raises(UsageError, match=f"{name} (is blank|must be a string, not None): leave it out"):
        read(wire, **{name: blank})
    assert wire.token_requests == wire.seen == []


@pytest.mark.parametrize("blank", BLANK[:-1], ids=repr)
def test_blank_user_or_domain_is_refused(wire: ScriptedServer, connect: Connect, blank: str) -> None:
    """So is a blank user string, and a blank domain beside a user."""
    with pytest.raises(UsageError, match="user_string is blank"):
        UserQuery(connect(wire), blank).result()
    with pytest.raises(UsageError, match="domain is blank"):
        UserQuery(connect(wire), "jdoe", blank).result()
    assert wire.token_requests == wire.seen == []


# Services that nobody wrote down


@attrs.frozen
class Listed:
    """What a service that keeps the promises has, and how it sends it."""

    accounts: tuple[str | None, ...]
    """In the order of the listing; None for a technical account."""
    size: int
    headers: frozenset[str]
    """Which it sends."""

    def pages(self) -> list[dict[str, Any]]:
        """The pages: body and headers."""
        count = max(1, -(-len(self.accounts) // self.size))
        found: list[dict[str, Any]] = []
        for number in range(count):
            part = self.accounts[number * self.size : (number + 1) * self.size]
            names = [name for name in part if name is not None]
            reply = users_page(names, number, count, len(self.accounts), x_page_size=str(len(part)))
            headers = {name: value for name, value in reply.headers.items() if name in self.headers}
            found.append({"headers": headers, "body": reply.body})
        return found


@st.composite
def services(draw: st.DrawFn, *, all_headers: bool = False) -> Listed:
    """Organisations of up to 120 users with up to ten technical accounts anywhere, on pages of 5 to 60."""
    users = [f"u{number}@example.com" for number in range(draw(st.integers(1, 120)))]
    accounts: list[str | None] = list(users)
    size = draw(st.integers(12, 60))
    for _ in range(draw(st.integers(0, 10))):
        accounts.insert(draw(st.integers(0, len(accounts))), None)
    names = ["X-Total-Count", "X-Page-Count", "X-Current-Page", "X-Page-Size"]
    headers = names if all_headers else draw(st.sets(st.sampled_from(names)).map(lambda some: {*some, "X-Page-Size"}))
    return Listed(tuple(accounts), size, frozenset(headers))


def read_pages(pages: Sequence[dict[str, Any]], rules: ListingRules) -> Iterator[User]:
    """Read pages given as bodies and headers, without a network."""
    service = Service(
        endpoint="https://example.com", org_id="1@AdobeOrg", retry=steady_policy(), pacer=None, headers={}
    )
    reader = ListingReader(users_listing(), rules, keep=True)
    while not reader.finished:
        call = reader.next_page(service)
        message = next(call)
        try:
            while True:
                if isinstance(message, Authorize):
                    message = call.send({"Authorization": "Bearer t", "x-api-key": "k"})
                    continue
                assert isinstance(message, Request)
                sent = pages[int(message.url.partition("?")[0].rpartition("/")[2])]
                reply = Reply(body=sent["body"])
                headers = {name.lower(): value for name, value in sent["headers"].items()}
                message = call.send(Response(status=200, headers=headers, body=reply.content))
        except StopIteration:
            pass
    return iter(reader.entries)


@STEADY
@given(services())
def test_any_service_that_keeps_its_promises_is_read(service: Listed) -> None:
    """Wherever the technical accounts stand, and whichever headers come beside the size, everybody is read once."""
    found = [user.email for user in read_pages(service.pages(), ListingRules())]
    assert found == [name for name in service.accounts if name is not None]


@STEADY
@given(services(all_headers=True), st.data())
def test_any_loss_of_a_page_or_more_is_seen(service: Listed, data: st.DataObject) -> None:
    """Pages left out, shown twice, shown in another's place, and users of one shown on another: each is an error."""
    pages = service.pages()
    place = data.draw(st.integers(0, len(pages) - 1))
    kind = data.draw(st.sampled_from(["stop", "repeat", "double", "more"]))
    users = pages[place]["body"]["users"]
    if kind == "stop" and place < len(pages) - 1:
        pages[place]["body"]["lastPage"] = True
    elif kind == "repeat" and place:
        pages[place] = pages[place - 1]
    elif kind == "double" and len(users) > 1:
        users[-1] = users[0]
    else:
        users.append({**(pages[0]["body"]["users"] or [{}])[0], **_somebody()})
        pages[place]["headers"]["X-Page-Size"] = str(len(users) - 1)
    with pytest.raises(ListingError):
        list(read_pages(pages, ListingRules()))


def _somebody() -> dict[str, str]:
    name = "nobody@example.com"
    return {"email": name, "username": name, "status": "active", "domain": "example.com", "type": "federatedID"}

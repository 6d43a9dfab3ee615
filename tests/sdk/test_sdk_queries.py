"""Queries: whole listings or an error, lazily or at once, and names that reach the server as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sdk_kit import STEADY, Reply, ScriptedServer, Time, credentials_for, users_page

from umapi_harness.mock import Settings, build_seed, default_seed, generate_organization
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import (
    Connection,
    GroupsQuery,
    ListingError,
    ListingRules,
    NotFoundError,
    RequestRefusedError,
    ResponseError,
    ServiceError,
    UsageError,
    UserAction,
    UserQuery,
    UsersQuery,
)

Connect = Callable[..., Connection]
ODD_NAMES = [
    "a/b",
    "a?b",
    "a#b",
    "50%",
    "%2F",
    "%2e%2e",
    "a+b",
    ".",
    "..",
    "...",
    "a.b.",
    "two words",
    " padded ",
    "a&b=c;d",
    "Жанна",
    "Équipe Zürich",
    "E\u0301quipe",
    "デザイン部",
    "😀 team",
    'quo"te',
    "back\\slash",
    "a//b",
    "a@b",
    "[x]{y}|z^`~",
    "null\u200bwidth",
]


def emails(start: int, count: int) -> list[str]:
    """E-mail addresses by number."""
    return [f"u{number}@example.com" for number in range(start, start + count)]


def three_pages(number: int, **changes: str | None) -> Reply:
    """A page of a listing of 25 users in three pages."""
    return users_page(emails(number * 10, 5 if number == 2 else 10), number, 3, 25, **changes)


@pytest.mark.parametrize("page_size", [2000, 400, 1])
@pytest.mark.parametrize("eager", [True, False])
def test_large_organisation_arrives_whole(connect: Connect, page_size: int, eager: bool) -> None:
    """An organisation is read to its last user, all at once or one by one, whatever the size of a page."""
    count = 2500 if page_size > 1 else 40
    seed = generate_organization(count, 5)
    with running_server(seeds=[seed], settings=Settings(users_page_size=page_size)) as server:
        query = UsersQuery(connect(server))
        users = query.all_results() if eager else list(query)
        assert Counter(user.email for user in users) == Counter(f"user{n}@example.com" for n in range(1, count + 1))
        assert (query.total, query.pages_read, query.page_count) == (count, *[-(-count // page_size)] * 2)


def test_pages_are_fetched_as_they_are_needed(wire: ScriptedServer, connect: Connect) -> None:
    """Taking the first entries of a listing asks for its first page only."""
    wire.replies += [three_pages(0), three_pages(1), three_pages(2)]
    query = UsersQuery(connect(wire))
    assert (query.total, query.page_count, query.pages_read) == (None, None, 0)
    entries = iter(query)
    assert wire.seen == []
    assert [next(entries).email for _ in range(10)] == emails(0, 10)
    assert (len(wire.seen), query.total, query.page_count, query.pages_read) == (1, 25, 3, 1)
    assert [user.email for user in entries] == emails(10, 15)
    assert [request.path.split("?")[0].rpartition("/")[2] for request in wire.seen] == ["0", "1", "2"]


def test_results_are_kept_until_reloaded(wire: ScriptedServer, connect: Connect) -> None:
    """all_results asks once; after reload, and for each iteration, the service is asked anew."""
    wire.answer = lambda request: three_pages(int(request.path.split("?")[0].rpartition("/")[2]))
    query = UsersQuery(connect(wire))
    assert query.all_results() == query.all_results()
    assert len(wire.seen) == 3
    query.reload()
    assert len(query.all_results()) == 25
    assert len(wire.seen) == 6
    assert len(list(query)) == 25
    assert len(wire.seen) == 9


def test_all_results_is_a_reading_of_its_own(wire: ScriptedServer, connect: Connect) -> None:
    """An iteration holds no users, so that all_results after it asks for all pages."""
    wire.answer = lambda request: three_pages(int(request.path.split("?")[0].rpartition("/")[2]))
    query = UsersQuery(connect(wire))
    next(iter(query))
    assert [user.email for user in query.all_results()] == emails(0, 25)
    assert len(wire.seen) == 4


def test_two_iterations_do_not_disturb_each_other(wire: ScriptedServer, connect: Connect) -> None:
    """A second iteration begun in the middle of a first leaves the first whole."""
    wire.answer = lambda request: three_pages(int(request.path.split("?")[0].rpartition("/")[2]))
    query = UsersQuery(connect(wire))
    first = iter(query)
    next(first)
    assert len(list(query)) == 25
    assert len(list(first)) == 24


def without_users() -> Reply:
    """An empty page that is not the last."""
    return users_page([], 1, 3, 25)


BROKEN: dict[str, Reply] = {
    "404": Reply(status=404, body={"lastPage": False, "result": "error.group.not_found", "message": "gone"}),
    "404 of a gateway": Reply(status=404, body=b"<html>"),
    "short page": three_pages(1, x_page_size="22"),
    "long page": three_pages(1, x_page_size="9"),
    "page emptied": users_page([], 1, 3, 25, x_page_size="10"),
    "changed total": three_pages(1, x_total_count="24"),
    "grown total": three_pages(1, x_total_count="26"),
    "lost total": three_pages(1, x_total_count=None),
    "wrong page": three_pages(1, x_current_page="2"),
    "same page again": three_pages(0),
    "fewer pages": three_pages(1, x_page_count="2"),
    "empty and not last": without_users(),
    "empty and not last, without headers": users_page(
        [], 1, 3, 25, x_page_size=None, x_page_count=None, x_current_page=None
    ),
    "past the end": Reply(body={"lastPage": True, "result": "Not found"}),
    "last too early": Reply(
        body={"lastPage": True, "result": "success", "users": []},
        headers={"X-Total-Count": "25", "X-Page-Count": "3", "X-Current-Page": "1", "X-Page-Size": "0"},
    ),
}


@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_listing_that_breaks_off_is_an_error(wire: ScriptedServer, connect: Connect, reply: Reply, eager: bool) -> None:
    """Whatever shows in the middle of a listing that users are missing raises ListingError, with its facts."""
    wire.replies += [three_pages(0), reply]
    wire.answer = lambda _: three_pages(2)
    query = UsersQuery(connect(wire), rules=ListingRules(restarts=0))
    with pytest.raises(ListingError) as caught:
        query.all_results() if eager else list(query)
    assert "start again" in str(caught.value)
    assert (caught.value.status, caught.value.request_id) == (reply.status, "kit-request-id")
    assert "/users/12345@AdobeOrg/1" in caught.value.url


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"not JSON"),
        Reply(body={"result": "success", "users": []}),
        Reply(body={"lastPage": False, "result": "success", "users": [{"email": 5}]}),
        Reply(body={"lastPage": False, "result": "success", "users": [{}]}),
        Reply(body={"lastPage": False, "result": "success", "users": "many"}),
        Reply(body={"lastPage": True, "result": "error.internal.add", "message": "m"}),
        Reply(status=500),
        Reply(status=400, body={"errorMessage": 'For input string: "x"'}),
    ],
    ids=str,
)
def test_page_that_cannot_be_read_is_an_error(wire: ScriptedServer, connect: Connect, reply: Reply) -> None:
    """A page that breaks the contract is an error too, first or later."""
    for replies in ([reply], [three_pages(0), reply]):
        wire.replies.extend(replies)
        with pytest.raises((ResponseError, RequestRefusedError)):
            UsersQuery(connect(wire)).all_results()


def test_connection_lost_in_the_middle_is_an_error(mock: RunningServer, connect: Connect) -> None:
    """A service that is gone after the first page leaves no shorter list."""
    mock.world.settings = Settings(users_page_size=5)
    mock.world.faults.replace([Fault(operation="users", nth=2, status=500)])
    with pytest.raises(ServiceError):
        UsersQuery(connect(mock)).all_results()


def test_transient_failures_do_not_break_a_listing(mock: RunningServer, connect: Connect, time: Time) -> None:
    """Throttling, cut connections and an expired token in the middle of a listing cost waits, not users."""
    mock.world.settings = Settings(users_page_size=2)
    count = len(UsersQuery(connect(mock)).all_results())
    faults = [
        Fault(operation="users", nth=2, status=429, retry_after="20"),
        Fault(operation="users", nth=4, kind="drop"),
        Fault(operation="users", nth=9, status=503),
    ]
    mock.world.faults.replace(faults)
    connection = connect(mock)
    seen = []
    for number, user in enumerate(UsersQuery(connection)):
        seen.append(user)
        if number == 2:
            mock.world.tokens.revoke()
    assert len(seen) == count
    assert time.slept == [20.0, 3.0]  # the drop of a kept connection costs no wait


def test_listing_starts_again_after_an_error(wire: ScriptedServer, connect: Connect) -> None:
    """After a listing broke off, the next use reads it from its first page: no page of before is used."""
    wire.replies += [three_pages(0), three_pages(1, x_total_count="24")]
    query = UsersQuery(connect(wire), rules=ListingRules(restarts=0))
    with pytest.raises(ListingError):
        query.all_results()
    wire.answer = lambda request: three_pages(int(request.path.split("?")[0].rpartition("/")[2]))
    assert [user.email for user in query.all_results()] == emails(0, 25)
    assert len(wire.seen) == 5


@pytest.mark.parametrize("value", ["", "many", "-1", "1e1", "9" * 5000, "²"])
def test_header_that_is_no_number_is_ignored(wire: ScriptedServer, connect: Connect, value: str) -> None:
    """Junk in a page header is no reason to fail."""
    header = value.encode("utf-8").decode("latin-1")
    page = users_page(emails(0, 2), 0, 1, 2, x_total_count=header, x_page_count=header, x_page_size=header)
    wire.replies.append(page)
    assert len(UsersQuery(connect(wire)).all_results()) == 2


def test_listing_without_page_headers_is_read_by_its_marks(wire: ScriptedServer, connect: Connect) -> None:
    """Where the headers are missing, the mark of the last page ends the listing."""
    none: dict[str, str | None] = dict.fromkeys(("x_total_count", "x_page_count", "x_page_size", "x_current_page"))
    wire.replies += [three_pages(number, **none) for number in range(3)]
    assert len(UsersQuery(connect(wire)).all_results()) == 25


def test_empty_listing(wire: ScriptedServer, connect: Connect) -> None:
    """A group without members gives an empty list."""
    wire.replies.append(users_page([], 0, 1, 0))
    assert UsersQuery(connect(wire), in_group="empty").all_results() == []


def test_unknown_group_is_not_an_empty_one(mock: RunningServer, connect: Connect) -> None:
    """Asking for the members of a group that does not exist raises NotFoundError."""
    with pytest.raises(NotFoundError, match="Not found: Group nowhere") as caught:
        UsersQuery(connect(mock), in_group="nowhere").all_results()
    assert (caught.value.code, caught.value.status) == ("error.group.not_found", 404)


@pytest.mark.parametrize("group", ODD_NAMES, ids=ascii)
def test_group_names_reach_the_server_intact(mock: RunningServer, connect: Connect, group: str) -> None:
    """The members of a group of any name are found by that name, and those of no other."""
    document = default_seed()
    present = {entry["name"] for entry in document["user_groups"]}
    document["user_groups"] += [{"name": name} for name in ODD_NAMES if name not in present]
    mock.world.put(build_seed(document))
    connection = connect(mock)
    connection.execute_single(UserAction("jdoe@example.com").add_to_groups([group]), immediate=True)
    members = {user.email: user for user in UsersQuery(connection, in_group=group)}
    assert "jdoe@example.com" in members
    assert group in (members["jdoe@example.com"].groups or ())
    assert group in {entry.group_name for entry in GroupsQuery(connection)}


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_user_names_reach_the_server_intact(mock: RunningServer, connect: Connect, name: str) -> None:
    """A user of any name is found by name and domain, and the service sees just that name."""
    mock.world.organization().add_user(
        email="odd@example.com", type="federatedID", username=name, domain="example.com", firstname="Odd"
    )
    user = UserQuery(connect(mock), name, domain="example.com").result()
    assert user is not None
    assert (user.username, user.email) == (name, "odd@example.com")


@settings(STEADY, max_examples=30)
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_user_string_reaches_the_server_intact(mock: RunningServer, connect: Connect, name: str) -> None:
    """Whatever a user string holds, the service says of exactly that string that there is no such user."""
    assert UserQuery(connect(mock), name).result() is None
    body = mock.world.journal.as_list()[-1]["response_body"]
    assert f"User not found {name}" in body or "\\" in body


def test_absent_user_is_none(mock: RunningServer, connect: Connect) -> None:
    """A user who is not there is None, and the service is asked once until reloaded."""
    query = UserQuery(connect(mock), "nobody@example.com")
    assert query.result() is None
    assert query.result() is None
    assert sum(entry["operation"] == "user" for entry in mock.world.journal.as_list()) == 1
    mock.world.organization().add_user(email="nobody@example.com", type="adobeID")
    query.reload()
    assert query.result() is not None


@pytest.mark.parametrize(
    "body", [b"", b"<html>no such page</html>", {"result": "error.group.not_found"}, {"error_code": "404000"}, b"[]"]
)
def test_other_404_is_no_absent_user(wire: ScriptedServer, connect: Connect, body: object) -> None:
    """A 404 that does not speak of the user, as of a wrong address, raises."""
    wire.answer = lambda _: Reply(status=404, body=body)
    with pytest.raises(NotFoundError):
        UserQuery(connect(wire), "a@example.com").result()


@pytest.mark.parametrize("body", [{"result": "success"}, {"result": "error.internal.add"}, {}, b"null", b"x"])
def test_answer_without_user_is_no_absent_user(wire: ScriptedServer, connect: Connect, body: object) -> None:
    """An answer that is 200 and has no user breaks the contract: it is not None."""
    wire.answer = lambda _: Reply(body=body)
    with pytest.raises(ResponseError):
        UserQuery(connect(wire), "a@example.com").result()


def test_domain_picks_the_account(mock: RunningServer, connect: Connect) -> None:
    """Of two accounts with one e-mail, the domain says which is meant."""
    connection = connect(mock)
    own = UserQuery(connection, "jane@example.com", "example.com").result()
    adobe = UserQuery(connection, "jane@example.com", "AdobeID").result()
    assert own is not None
    assert adobe is not None
    assert (own.type, adobe.type) == ("federatedID", "adobeID")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "/users/12345@AdobeOrg/0?directOnly=true"),
        ({"direct_only": False}, "/users/12345@AdobeOrg/0?directOnly=false"),
        ({"in_domain": "a&b.com"}, "/users/12345@AdobeOrg/0?directOnly=true&domain=a%26b.com"),
        ({"in_group": "G"}, "/users/12345@AdobeOrg/0/G?directOnly=true"),
        ({"in_group": "G", "in_domain": "d"}, "/users/12345@AdobeOrg/0/G?directOnly=true&domain=d"),
        ({"in_group": "G", "status": "inactive"}, "/users/12345@AdobeOrg/0/G?directOnly=true&status=inactive"),
        ({"in_group": "G", "exclude_groups": True}, "/users/12345@AdobeOrg/0/G?directOnly=true&excludeGroups=true"),
    ],
)
def test_filters_are_sent(wire: ScriptedServer, connect: Connect, arguments: dict[str, Any], path: str) -> None:
    """Each filter stands in the query as the service names it."""
    wire.replies.append(users_page([], 0, 1, 0))
    UsersQuery(connect(wire), **arguments).all_results()
    assert wire.seen[0].path.removeprefix("/v2/usermanagement") == path


def test_filters_work(mock: RunningServer, connect: Connect) -> None:
    """By group, by domain, with indirect profiles, inactive members and without groups: the service's own lists."""
    connection = connect(mock)
    assert {user.email for user in UsersQuery(connection, in_group="Marketing")} == {
        "jane@example.com",
        "guest@partner.example.net",
        "Hélène.Müller@example.com",
    }
    assert all(user.domain == "example.org" for user in UsersQuery(connection, in_domain="example.org"))
    profile = "Photoshop - 2Gb"
    (direct,) = [user for user in UsersQuery(connection) if user.username == "Hélène.Müller@example.com"]
    (indirect,) = [user for user in UsersQuery(connection, direct_only=False) if user.username == direct.username]
    assert (profile in (direct.groups or ()), profile in (indirect.groups or ())) == (False, True)
    assert [user.groups for user in UsersQuery(connection, in_group="Marketing", exclude_groups=True)] == [None] * 3
    assert len(UsersQuery(connection, in_group="Document Cloud 1", status="inactive").all_results()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"status": "active"},
        {"exclude_groups": True},
        {"in_group": "G", "status": "locked"},
        {"in_group": 5},
        {"in_group": b"G"},
        {"in_group": ["G"]},
        {"in_domain": 5},
        {"in_group": "\ud800"},
        {"direct_only": "false"},
        {"in_group": "G", "exclude_groups": "no"},
    ],
    ids=ascii,
)
def test_filters_that_make_no_sense_are_refused(
    wire: ScriptedServer, connect: Connect, arguments: dict[str, Any]
) -> None:
    """Filters that the service does not have, or of the wrong type, raise UsageError before anything is sent."""
    with pytest.raises(UsageError):
        UsersQuery(connect(wire), **arguments)
    assert wire.token_requests == []


@pytest.mark.parametrize("user", ["", None, 5, b"a@b.c", "\udfff"], ids=ascii)
def test_user_that_is_no_name_is_refused(wire: ScriptedServer, connect: Connect, user: Any) -> None:
    """A query for no user, or for something that is no string, does not ask the service."""
    with pytest.raises(UsageError):
        UserQuery(connect(wire), user).result()
    assert wire.token_requests == []


@pytest.mark.parametrize("domain", [5, b"d", "\udfff"], ids=ascii)
def test_domain_that_is_no_name_is_refused(wire: ScriptedServer, connect: Connect, domain: Any) -> None:
    """A domain that is no string does not reach the service."""
    with pytest.raises(UsageError):
        UserQuery(connect(wire), "a@b.c", domain).result()


def test_groups_are_listed_over_pages(mock: RunningServer, connect: Connect) -> None:
    """Groups come whole, whatever the size of a page, with type and count of members."""
    mock.world.settings = Settings(groups_page_size=7)
    query = GroupsQuery(connect(mock))
    groups = {group.group_name: group for group in query}
    assert len(groups) == query.total
    assert query.page_count == query.pages_read == -(-len(groups) // 7)
    assert groups["Marketing"].type == "USER_GROUP"
    assert groups["Marketing"].member_count == 3


def test_bad_organisation_is_refused(mock: RunningServer) -> None:
    """An organisation that the credentials are not of is an error that names it so."""
    auth = credentials_for(mock.details)
    connection = Connection("99@AdobeOrg", auth, endpoint=mock.details.api_url, sleep=lambda _: None)
    with pytest.raises(ServiceError):
        UsersQuery(connection).all_results()
    connection.close()

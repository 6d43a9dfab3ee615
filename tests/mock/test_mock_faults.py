"""Planned failures: what each kind does to a call, which calls are struck, and plans that are refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from umapi_harness.mock import InputError, VirtualClock
from umapi_harness.mock.clock import wait
from umapi_harness.mock.control.explanations import faults_explained
from umapi_harness.mock.faults.plans import Fault, FaultPlan, read_plan, read_plan_file
from umapi_harness.mock.serving.server import running_server

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

BROKEN = (httpx.ReadError, httpx.RemoteProtocolError)


def adding(user: str) -> dict[str, Any]:
    """A command that puts a user into DevOps."""
    return {"user": user, "do": [{"add": {"group": ["DevOps"]}}]}


ADD = adding("sato@example.org")


def plan(mock: Mock, *faults: Any) -> None:
    """Put faults in force, as a document gives them."""
    mock.world.faults.replace(read_plan(list(faults)).faults)


# What a fault does


@pytest.mark.parametrize(("when", "applied"), [("before", False), ("after", True)])
def test_not_applied_and_answer_lost_are_different(mock: Mock, when: str, applied: bool) -> None:
    """A reset before the effect leaves nothing behind; one after it leaves all of it, and the journal tells."""
    plan(mock, {"operation": "action", "kind": "drop", "when": when, "first": 1})
    with pytest.raises(BROKEN):
        mock.post(json.dumps([ADD]).encode())
    assert mock.world.journal.as_list()[-1]["effect"] == ("all" if applied else "none")
    assert ("sato@example.org" in mock.members("DevOps")) is applied


def test_half_of_the_commands_take_effect(mock: Mock) -> None:
    """A failure during the effect leaves the first half of the commands done, or of a single one's steps."""
    plan(mock, {"operation": "action", "kind": "drop", "when": "during"})
    commands = [
        {"usergroup": "One", "do": [{"createUserGroup": {}}]},
        {"usergroup": "Two", "do": [{"createUserGroup": {}}]},
    ]
    with pytest.raises(BROKEN):
        mock.post(json.dumps(commands).encode())
    assert mock.world.journal.as_list()[-1]["effect"] == "part"
    assert "One" in mock.groups()
    assert "Two" not in mock.groups()
    steps = [{"createUserGroup": {}}, {"add": {"user": ["jdoe@example.com"]}}]
    with pytest.raises(BROKEN):
        mock.post(json.dumps([{"usergroup": "Three", "do": steps}]).encode())
    assert "Three" in mock.groups()
    assert mock.members("Three") == []
    for nothing in (b"{", b"[]", b"[1]", json.dumps([ADD]).encode()):
        with pytest.raises(BROKEN):
            mock.post(nothing)
        assert mock.world.journal.as_list()[-1]["effect"] == "none"


def test_the_journal_has_the_answer_that_a_fault_kept(mock: Mock) -> None:
    """A lost, replaced or broken answer is there as it was made, with the fate of each step; others have no second."""
    steps = [{"add": {"group": ["DevOps"]}}, {"add": {"group": ["Nobody's"]}}]
    body = json.dumps([{"user": "sato@example.org", "do": steps}]).encode()
    lost: tuple[dict[str, Any], ...] = ({"kind": "drop", "when": "after"}, {"when": "after", "status": 502})
    spoiled = [{"kind": kind} for kind in ("broken_json", "truncate", "wrong_type")]
    for fault in (*lost, *spoiled):
        plan(mock, {"operation": "action", "first": 1, **fault})
        with contextlib.suppress(*BROKEN):
            mock.post(body)
        entry = mock.world.journal.as_list()[-1]
        assert entry["true_answer"]["status"] == 200
        assert json.loads(entry["true_answer"]["body"])["notCompleted"] == 1
        assert entry["steps"] == [["done", "failed"]]
    plan(mock, {"operation": "action", "kind": "drop", "when": "during", "first": 1})
    with contextlib.suppress(*BROKEN):
        mock.post(body)
    assert mock.world.journal.as_list()[-1]["steps"] == [["done", "untried"]]
    plan(mock, {"operation": "action", "kind": "drop", "first": 1})
    with contextlib.suppress(*BROKEN):
        mock.post(body)
    assert mock.world.journal.as_list()[-1]["true_answer"] is None
    mock.post(body)
    assert mock.world.journal.as_list()[-1]["true_answer"] is None


def test_the_journal_has_what_was_sent_of_a_body(mock: Mock) -> None:
    """Of an answer that was cut short there is as much as went out, and the whole as the true answer."""
    plan(mock, {"operation": "action", "first": 1, "kind": "truncate"})
    with pytest.raises(BROKEN):
        mock.post(json.dumps([ADD]).encode())
    entry = mock.world.journal.as_list()[-1]
    whole = entry["true_answer"]["body"]
    assert entry["response_body"] == whole[: len(whole) // 2]
    assert json.loads(whole)["completed"] == 1


def test_the_journal_tells_of_commands_that_were_not_reached(mock: Mock) -> None:
    """The commands that a fault left out stand there with untried steps, those without steps with none."""
    plan(mock, {"operation": "action", "first": 1, "kind": "drop", "when": "during"})
    commands = [ADD, {"usergroup": "Two", "do": [{"createUserGroup": {}}, {"add": {"user": ["a@example.com"]}}]}, 5]
    with pytest.raises(BROKEN):
        mock.post(json.dumps([ADD, *commands]).encode())
    entry = mock.world.journal.as_list()[-1]
    assert (entry["effect"], entry["steps"]) == ("part", [["done"], ["done"], ["untried", "untried"], []])


@pytest.mark.parametrize(
    ("fault", "own"),
    [
        (
            {"status": 502, "body": "x", "delay": 0.001},
            {"kind": "answer", "when": "before", "status": 502, "delay": 0.001},
        ),
        ({"kind": "drip", "seconds": 0.001}, {"kind": "drip", "seconds": 0.001, "pieces": 10}),
        ({"kind": "revoke"}, {"kind": "revoke"}),
    ],
)
def test_the_journal_has_the_fault_that_struck(mock: Mock, fault: dict[str, Any], own: dict[str, Any]) -> None:
    """Which of several faults it was can be seen: its fields are there, but not those that are as usual."""
    plan(mock, {"operation": "groups", "first": 1, **fault})
    mock.groups() if fault.get("kind") == "drip" else mock.api(f"groups/{mock.org_id}/0")
    assert mock.world.journal.as_list()[-1]["planned"] == {"operation": "groups", "first": 1, **own}
    mock.users()
    assert mock.world.journal.as_list()[-1]["planned"] is None


def test_a_fault_is_not_used_up_by_what_others_strike(mock: Mock) -> None:
    """The first calls of a fault are those that no earlier one strikes; the n-th is the n-th of all."""
    for fault in (
        {"operation": "users", "first": 2, "status": 500},
        {"operation": "users", "first": 1, "status": 501},
        {"operation": "users", "nth": 2, "status": 502},
    ):
        mock.client.post("/_mock/faults", json=fault)
    assert [mock.users().status_code for _ in range(4)] == [500, 500, 501, 200]
    (untouched,) = mock.world.faults.unused()
    assert "502, struck no request, for another fault struck first" in untouched


@pytest.mark.parametrize(
    ("steps_after_failure", "query", "fates"),
    [
        (True, {}, ["failed", "done"]),
        (False, {}, ["failed", "untried"]),
        (True, {"testOnly": "true"}, ["failed", "checked"]),
    ],
)
def test_the_journal_tells_the_fate_of_each_step(
    mock: Mock, steps_after_failure: bool, query: dict[str, str], fates: list[str]
) -> None:
    """What became of the steps after a failed one is told, as the setting and test mode have it."""
    mock.world.settings = mock.world.settings.changed({"steps_after_failure": steps_after_failure})
    steps = [{"add": {"group": ["Nobody's"]}}, {"add": {"group": ["DevOps"]}}]
    mock.post(json.dumps([{"user": "sato@example.org", "do": steps}]).encode(), **query)
    assert mock.world.journal.as_list()[-1]["steps"] == [fates]


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({}, None),
        ({"retry_after": 38}, "38"),
        ({"retry_after": "38"}, "38"),
        ({"retry_after": "soon"}, "soon"),
    ],
)
def test_status_with_and_without_retry_after(mock: Mock, fields: dict[str, Any], header: str | None) -> None:
    """The planned status comes with the Retry-After that the plan gives, if any."""
    plan(mock, {"operation": "users", "status": 429, **fields})
    answer = mock.users()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)


def test_retry_after_as_a_date_and_a_json_body(mock: Mock) -> None:
    """Seconds can be sent as an HTTP date by the server's clock; a body can be written as JSON."""
    body = {"error_code": "429050"}
    plan(mock, {"operation": "users", "retry_after": 60, "retry_after_form": "date", "body": body})
    answer = mock.users()
    ahead = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() - mock.clock.now()
    assert 60 <= ahead <= 61
    assert (answer.json(), answer.headers["Content-Type"]) == (body, "application/json")


def test_a_frozen_clock_jumps_instead_of_waiting(mock: Mock) -> None:
    """An hour's delay passes at once by a frozen clock, before or after the effect."""
    for when in ("before", "after"):
        plan(mock, {"operation": "user", "kind": "delay", "delay": 3600, "when": when})
        before, began = mock.clock.now(), time.monotonic()
        assert mock.user("jdoe@example.com") is not None
        assert mock.clock.now() == before + 3600
        assert time.monotonic() - began < 10


def test_a_running_clock_is_waited_for() -> None:
    """A clock that runs is waited for, and a wait ends when somebody moves the clock past its end."""
    clock = VirtualClock()

    async def both() -> None:
        waiting = asyncio.ensure_future(wait(clock, 3600))
        await asyncio.sleep(0)
        assert not waiting.done()
        clock.advance(3600)
        await asyncio.wait_for(waiting, 10)
        before = clock.now()
        await wait(clock, 0.05)
        assert clock.now() >= before + 0.05

    asyncio.run(both())


def test_truncated_body(mock: Mock) -> None:
    """The announced length does not come: half of the body, then the end of the connection."""
    plan(mock, {"operation": "users", "kind": "truncate", "nth": 1})
    port = int(mock.server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(10)
        headers = "".join(f"{name}: {mock.client.headers[name]}\r\n" for name in ("x-api-key", "Authorization"))
        path = f"/v2/usermanagement/users/{mock.org_id}/0"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        raw = b""
        while received := connection.recv(65_536):
            raw += received
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    assert len(body) == length // 2 > 0
    plan(mock, {"operation": "users", "kind": "truncate"})
    with pytest.raises(httpx.RemoteProtocolError):
        mock.users()


def test_broken_json_and_wrong_content_type(mock: Mock) -> None:
    """A complete answer can hold half of its JSON, or come under another type."""
    plan(mock, {"operation": "users", "kind": "broken_json"})
    answer = mock.users()
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    plan(mock, {"operation": "users", "kind": "wrong_type"})
    answer = mock.users()
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.json()["result"] == "success"


def test_slow_drip(mock: Mock) -> None:
    """The body comes whole, in pieces, over the planned time."""
    true = mock.users().content
    plan(mock, {"operation": "users", "kind": "drip", "seconds": 600, "pieces": 7})
    before = mock.clock.now()
    assert mock.users().content == true
    assert mock.clock.now() == pytest.approx(before + 600)


def test_token_revoked_in_mid_run(mock: Mock) -> None:
    """The n-th call finds the client's token gone, and a new token works."""
    plan(mock, {"operation": "users", "kind": "revoke", "nth": 2})
    assert [mock.users().status_code for _ in range(3)] == [200, 401, 401]
    token = mock.world.tokens.issue(mock.world.credential(mock.org_id), 60)
    mock.client.headers["Authorization"] = f"Bearer {token}"
    assert mock.users().status_code == 200


def test_listing_that_shrinks_while_it_is_read(mock: Mock) -> None:
    """Users who go between two pages move others to a page that was read already."""
    mock.set(users_page_size=4)
    everybody = [user["email"] for page in range(2) for user in mock.users(page).json()["users"]]
    plan(mock, {"operation": "users", "kind": "shrink", "entries": 2, "nth": 2})
    first, second = mock.users(0), mock.users(1)
    assert int(second.headers["X-Total-Count"]) == int(first.headers["X-Total-Count"]) - 2
    # The first page has three users, beside a technical account.
    assert second.json()["users"][0]["email"] == everybody[3 + 2]


def test_groups_and_members_that_shrink(mock: Mock) -> None:
    """A group's members leave it and stay in the organisation; of the groups, user groups are deleted."""
    members = mock.members("DevOps")
    plan(mock, {"operation": "group_users", "kind": "shrink", "nth": 1})
    assert mock.members("DevOps") == members[1:]
    assert mock.user(members[0]) is not None
    before = [name for name, group in mock.groups().items() if group["type"] == "USER_GROUP"]
    plan(mock, {"operation": "groups", "kind": "shrink", "entries": 2, "nth": 1})
    after = [name for name, group in mock.groups().items() if group["type"] == "USER_GROUP"]
    assert len(after) == len(before) - 2
    assert mock.api("groups/1@AdobeOrg/0").status_code == 400


def test_refused_connections() -> None:
    """For some time nobody can connect; then the server is there again under the same address."""
    clock = VirtualClock()
    with running_server(clock=clock) as server:
        server.world.faults.replace(
            read_plan({"operation": "status", "kind": "refuse", "seconds": 3600, "first": 1}).faults
        )
        with pytest.raises(BROKEN):
            httpx.get(f"{server.url}/status")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/status")
        clock.advance(3600)
        end = time.monotonic() + 30
        reached = False
        while not reached and time.monotonic() < end:
            with contextlib.suppress(httpx.ConnectError):
                reached = httpx.get(f"{server.url}/status").status_code == 200
        assert reached


# Which calls are struck


def struck(random_seed: int, *, rate: float = 0.3, others: int = 0) -> list[int]:
    """The numbers of the calls that a rate strikes among 200, with calls of another operation between."""
    faults = FaultPlan()
    document = {"random_seed": random_seed, "faults": [{"operation": "users", "rate": rate}]}
    read = read_plan(document)
    faults.replace(read.faults, read.random_seed)
    found: list[int] = []
    for number in range(200):
        for _ in range(others):
            faults.pick("groups", None)
        if faults.pick("users", None) is not None:
            found.append(number)
    return found


def test_a_rate_is_repeatable() -> None:
    """The same random seed strikes the same calls, whatever else is called; another one strikes others."""
    assert struck(7) == struck(7, others=3)
    assert struck(7) != struck(8)
    assert 30 < len(struck(7)) < 90
    assert len(struck(7, rate=1)) == 200


def test_client_and_count(mock: Mock) -> None:
    """Faults of another client do not strike; matched and struck calls are counted."""
    plan(
        mock,
        {"operation": "users", "client_id": "another"},
        {"operation": "users", "client_id": mock.server.details.client_id, "nth": 2, "status": 502},
    )
    assert [mock.users().status_code for _ in range(3)] == [200, 502, 200]
    assert [(fault["matched"], fault["struck"]) for fault in mock.world.faults.as_list()] == [(0, 0), (3, 1)]


# Plans


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (5, "faults: /0: 5 is not of type"),
        ({}, 'faults: /0: "operation" is a required property; add it'),
        ([{"operation": "users"}, {"operation": "x"}], 'faults: /1/operation: "x" is not one of "action", "users"'),
        (
            {"operation": "users", "stat": 1},
            "faults: /0: Additional properties are not allowed ('stat' was unexpected)",
        ),
        ({"operation": "users", "status": 99}, "faults: /0/status: 99 is less than the minimum of 200; correct it"),
        ({"operation": "users", "nth": 0}, "faults: /0/nth: 0 is less than the minimum of 1; correct it"),
        ({"operation": "users", "nth": True}, "faults: /0/nth: true is not of type"),
        ({"operation": "users", "rate": 0}, "faults: /0/rate: 0 is less than or equal to the minimum of 0"),
        ({"operation": "users", "rate": 1.5}, "faults: /0/rate: 1.5 is greater than the maximum of 1"),
        ({"operation": "users", "first": 1, "nth": 1}, "faults: /0: nth and first exclude each other; remove one"),
        ({"operation": "users", "rate": 1, "nth": 1}, "faults: /0: nth and rate exclude each other; remove one"),
        ({"operation": "users", "body": 1}, "faults: /0/body: 1 is not of type"),
        ({"operation": "users", "retry_after": "1\r\n"}, 'faults: /0/retry_after: "1\\r\\n" does not match'),
        ({"operation": "users", "when": "now"}, 'faults: /0/when: "now" is not one of "before", "during"'),
        ({"operation": "users", "when": "during"}, "faults: /0/when: only an action call can be done by half"),
        ({"operation": "users", "kind": "drop", "status": 500}, "faults: /0/status: means nothing for the kind drop"),
        (
            {"operation": "users", "kind": "delay", "seconds": 3},
            "faults: /0/seconds: means nothing for the kind delay, only for refuse, drip; give delay in its place: "
            "delay has operation, kind, nth, first, rate, client_id, delay, when",
        ),
        (
            {"operation": "users", "kind": "drop", "status": 500},
            "faults: /0/status: means nothing for the kind drop, only for answer; remove it: drop has operation, kind,",
        ),
        (
            {"operation": "users", "kind": "slow"},
            'faults: /0/kind: "slow" is not one of "answer", "drop", "refuse", "delay", "truncate", "broken_json", ',
        ),
        (
            {"operation": "users", "retry-after": 1},
            "faults: /0: Additional properties are not allowed ('retry-after' was unexpected); is retry_after meant?",
        ),
        (
            {"operation": "users", "xyzzy": 1},
            "faults: /0: Additional properties are not allowed ('xyzzy' was unexpected); remove it or correct its "
            "name: there can be operation, kind, when, nth,",
        ),
        ({"operation": "users", "kind": "delay"}, "faults: /0: delay is missing; add the seconds to wait"),
        ({"operation": "token", "kind": "revoke"}, "faults: /0/operation: token is called without a token"),
        ({"operation": "user", "kind": "shrink"}, "faults: /0/operation: user has no pages; choose one of users"),
        ({"operation": "status", "client_id": "c"}, "faults: /0/client_id: status is called without a client"),
        ({"operation": "users", "client_id": "d"}, "faults: /0/client_id: no client d; known are c"),
        ({"faults": [{"operation": "x"}]}, 'faults: /faults/0/operation: "x" is not one of'),
        ({"faults": [], "seed": 1}, "faults: /: Additional properties are not allowed ('seed' was unexpected)"),
        (
            {"faults": [{"operation": "*"}, {"operation": "users", "nth": 3}]},
            "faults: /faults/1: strikes nothing, as /faults/0 strikes every such call; "
            "put it before that, or remove one",
        ),
    ],
)
def test_bad_fault_plans(document: Any, message: str) -> None:
    """A mistake in a plan, and a fault that can strike nothing, is one line with place and remedy."""
    with pytest.raises(InputError) as caught:
        read_plan(document, clients=["c"])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_bad_plan_files(tmp_path: Path) -> None:
    """A plan that cannot be read, is no JSON or is empty, is named by its path."""
    path = tmp_path / "plan.json"
    with pytest.raises(InputError, match=r"plan\.json: cannot be read \(No such file or directory\); give the path"):
        read_plan_file(path)
    for text, message in (("{", "not JSON"), ("[]", "holds no fault"), ('{"faults": []}', "holds no fault")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_plan_file(path)
        assert str(caught.value).startswith(f"{path}: {message}")


def test_a_plan_is_in_force_again_after_a_reset(tmp_path: Path) -> None:
    """A server that starts with a plan starts with it again at each reset, counting from the first call."""
    path = tmp_path / "plan.json"
    path.write_text(json.dumps([{"operation": "status", "status": 504, "nth": 1}]), encoding="utf-8")
    with running_server(faults_path=path) as server, httpx.Client(base_url=server.url) as client:
        for _ in range(2):
            assert [client.get("/status").status_code for _ in range(2)] == [504, 200]
            assert client.post("/_mock/reset").status_code == 204


def test_a_fault_of_no_kind_is_refused() -> None:
    """A fault made in Python names the kinds that there are when its own is none of them, as a document's does."""
    with pytest.raises(InputError, match=r"^kind: no kind of fault 'stall'; choose one of answer, drop, .*, shrink$"):
        Fault(operation="users", kind="stall")


def test_what_a_fault_is_by_default_is_told() -> None:
    """The table of fields, on the server's page and in the documentation, has what a fault without the field is."""
    plain = Fault(operation="users").as_dict()
    told = {field["name"]: field["default"] for field in faults_explained()}
    assert [name for name in plain if plain[name] and name != "operation" and told[name] != plain[name]] == []

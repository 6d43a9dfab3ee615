"""What a run does and tells: requests as planned, waits, ends, answers that refuse, and both kinds of connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from bulk_kit import ENDPOINT, MakeSite, Site, outcomes, people, rows_of_every_kind, told
from judging_kit import assert_true
from plan_kit import ORG

from umapi_harness.testing.transports import AsyncWorldTransport
from umapi_sdk import BulkRun, CreateOption, GroupAction, OAuthS2S, RowOutcome, UserAction
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.bulk import Ending, Event, Finished, Reconciling, Sending, Settled, Waiting
from umapi_sdk.errors import ForbiddenError, JournalError, NotSentError, RequestRefusedError, ThrottledError, UsageError
from umapi_sdk.messages import Request, Response, TransportError
from umapi_sdk.waits import Wait

OLD = [f"old{number}@example.com" for number in range(120)]


def joining(count: int, group: str = "Designers") -> list[Any]:
    """So many people are to join a group."""
    return [UserAction(email).add_to_groups([group]) for email in OLD[:count]]


def creating(count: int) -> list[Any]:
    """So many people are to be created."""
    return [
        UserAction(f"new{number}@example.com").create_federated_id(first_name="F", last_name="L", country="DE")
        for number in range(count)
    ]


@pytest.mark.parametrize("by_group", [False, True], ids=["by user", "by group"])
def test_a_run_without_faults_makes_the_requests_of_its_plan(site: Site, by_group: bool) -> None:
    """What the summary says is what the service sees, and the lists of the windows are as full as can be."""
    with site.create(joining(120), by_group=by_group) as run:
        summary = run.plan_summary()
        result = run.run(site.connection)
    assert len(site.requests) == result.requests == summary.requests == (1 if by_group else 12)
    assert site.queries == 0
    assert result.counts.completed == 120
    assert site.members("Designers") == set(OLD)


def test_windows_cost_next_to_no_requests(site: Site) -> None:
    """A run in small windows keeps the order of rows and ends the same, with at most one request more for each."""
    rows = rows_of_every_kind(100, 80)
    with site.create(rows) as run:
        result = run.run(site.connection, window=50)
        results = list(run.results())
    whole = Site(site.journal.with_name("whole"))
    _, expected = whole.run(rows)
    assert site.state() == whole.state()
    assert outcomes(results) == outcomes(expected)
    assert result.requests <= len(whole.requests) * 1.6
    assert max(site.changes.values()) == 1


def test_events_tell_what_goes_on(make_site: MakeSite) -> None:
    """Requests are counted, waits told before they begin and with their reason, and the end with the counts."""
    site = make_site(pacing=True)
    site.fault(operation="action", kind="drop", when="after", nth=2)
    events: list[Event] = []
    with site.create(creating(120)) as run:
        result = run.run(site.connection, on_event=events.append)
    assert [event.requests for event in told(events, Sending)] == list(range(1, 13))
    assert [event.rows for event in told(events, Sending)] == [10] * 12
    assert [event.rows for event in told(events, Reconciling)] == [10]
    waits = list(told(events, Waiting))
    assert {wait.reason for wait in waits} == {
        "the service may still be at what was under way",
        "the limit for action is 10 requests in 60 s",
    }
    assert sum(wait.seconds for wait in waits) == pytest.approx(result.waited) == pytest.approx(60)
    settled = [event.counts.completed for event in told(events, Settled)]
    assert settled == sorted(settled)
    assert settled[-1] == 120
    assert events[-1] == Finished(result.ended, result.counts)
    assert result.ended.why is Ending.FINISHED


def test_a_long_lockout_pauses_the_run_until_it_ends(site: Site) -> None:
    """A 429 that asks for more than the allowed wait ends the session with the time to come back."""
    site.fault(operation="action", status=429, retry_after=1800, nth=3)
    with site.create(creating(60)) as run:
        result = run.run(site.connection)
        assert result.ended.why is Ending.PAUSED
        assert isinstance(result.ended.error, ThrottledError)
        assert result.ended.until == site.clock.now() + 1800
        assert str(result.counts) == "20 completed, 40 left"
        assert result.next_step == "The service asks for a wait: resume the run at Fri, 15 Jan 2027 08:30:00 GMT."
        assert {row.message for row in run.results() if row.outcome is RowOutcome.LEFT} == {
            "nothing of it has been done"
        }
        site.clock.advance(1800)
        assert run.run(site.connection).counts.completed == 60
    assert site.queries == 0
    assert max(site.changes.values()) == 1


def test_short_waits_are_sat_out_however_many_there_are(site: Site) -> None:
    """A service that answers 429 to each attempt of a request, with a short wait, does not pause the run."""
    site.fault(operation="action", status=429, retry_after=7, first=6)
    with site.create(creating(10)) as run:
        result = run.run(site.connection)
    assert result.ended.why is Ending.FINISHED
    assert result.requests == 7
    assert site.queries == 0


def test_a_503_with_a_long_wait_pauses_the_run_too(site: Site) -> None:
    """A service that will be back in an hour is not tried ten times before."""
    site.fault(operation="action", status=503, retry_after=3600, nth=1)
    with site.create(creating(10)) as run:
        result = run.run(site.connection)
    assert result.ended.why is Ending.PAUSED
    assert result.ended.until == site.clock.now() + 3600
    assert len(site.requests) == 1


def test_a_wrong_organisation_ends_the_run_at_once(site: Site) -> None:
    """What another attempt meets again ends the session, fails no row, and leaves all to be sent."""
    site.fault(operation="action", status=403, body={"error_code": "403003", "message": "Api Key is invalid"})
    with site.create(creating(30)) as run:
        result = run.run(site.connection)
        assert result.ended.why is Ending.FAILED
        assert isinstance(result.ended.error, ForbiddenError)
        assert len(site.requests) == 1
        assert str(result.counts) == "30 left"
        assert result.next_step.startswith("The run cannot go on: Api Key is invalid")
        site.world.faults.replace([])
        assert run.run(site.connection).counts.completed == 30
    assert site.queries == 0


def test_a_service_that_is_away_ends_the_run_after_some_minutes(site: Site) -> None:
    """Failures in succession end the session after a bounded number of attempts with growing waits."""
    site.fault(operation="action", status=503)
    with site.create(creating(30)) as run:
        result = run.run(site.connection)
    assert result.ended.why is Ending.FAILED
    assert len(site.requests) == 10
    assert 500 < result.waited < 1500
    assert str(result.counts) == "30 left"


def test_a_service_that_cannot_be_reached_is_told_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the very first request does not leave, as with a wrong address, the session ends after its attempts."""

    def unreachable(request: Request) -> Response:
        raise TransportError("connection refused", sent=False)

    monkeypatch.setattr(site, "send", unreachable)
    with site.create(creating(30)) as run:
        result = run.run(site.connection)
    assert isinstance(result.ended.error, NotSentError)
    assert result.waited < 60


def test_stopping_ends_a_wait_and_the_next_session_goes_on(make_site: MakeSite) -> None:
    """`stop` out of an event, a thread or a signal handler ends the run before the next request, out of a wait too."""
    site = make_site(pacing=True)
    with site.create(creating(150)) as run:

        def stop_in_wait(event: Event) -> None:
            if isinstance(event, Waiting):
                run.stop()

        result = run.run(site.connection, on_event=stop_in_wait)
        assert result.ended.why is Ending.STOPPED
        assert result.waited == 0
        assert str(result.counts) == "100 completed, 50 left"
        run.stop()
        assert run.run(site.connection).requests == 0
        assert run.run(site.connection).counts.completed == 150
    assert site.queries == 0


def test_an_interrupt_in_a_wait_leaves_nothing_in_doubt(make_site: MakeSite) -> None:
    """Ctrl-C while a 429 is sat out: the request is known not to have been carried out, and is not asked for."""
    site = make_site()
    site.fault(operation="action", status=429, retry_after=20, nth=2)
    with site.create(creating(30)) as run:

        def interrupt(event: Event) -> None:
            if isinstance(event, Waiting):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run.run(site.connection, on_event=interrupt)
        assert str(run.counts) == "10 completed, 20 left"
        assert run.run(site.connection).counts.completed == 30
    assert site.queries == 0


def test_a_request_that_is_refused_as_a_whole_is_sent_apart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that refuses a request for one command in it fails that row alone; the others are done."""
    send = site.send

    def refusing(request: Request) -> Response:
        if b"new7@" in (request.body or b""):
            return Response(status=422, headers={"x-request-id": "r-1"}, body=b'{"result": "error.x", "message": "no"}')
        return send(request)

    monkeypatch.setattr(site, "send", refusing)
    with site.create(creating(12)) as run:
        result = run.run(site.connection)
        results = list(run.results())
    assert str(result.counts) == "11 completed, 1 failed"
    assert outcomes(results)[7] == (8, "failed", "error.x")
    assert results[7].message == "no"
    assert results[7].request_ids == ("r-1",)
    assert max(site.changes.values()) == 1


def test_a_client_that_is_refused_whatever_it_sends_fails_few_rows(site: Site) -> None:
    """If one command after the other is refused as a whole, it is not the commands: the session ends."""
    site.fault(operation="action", status=422, body={"result": "error.x", "message": "no"})
    with site.create(creating(60)) as run:
        result = run.run(site.connection)
    assert isinstance(result.ended.error, RequestRefusedError)
    assert str(result.counts) == "4 failed, 56 left"


def test_test_mode_changes_nothing_and_sends_again_what_was_lost(make_site: MakeSite) -> None:
    """In test mode nothing has to be found out: what got no answer is sent again, and says what it would do."""
    site = make_site(test_mode=True)
    before = site.state()
    site.fault(operation="action", kind="drop", when="after", rate=0.4)
    rows = [*creating(40), *(UserAction(old).update(last_name="X").add_to_groups(["None"]) for old in OLD[:3])]
    with site.create(rows, test_mode=True) as run:
        result = run.run(site.connection)
        results = list(run.results())
    assert site.state() == before
    assert site.queries == 0
    assert str(result.counts) == "40 completed, 3 failed"
    assert results[-1].steps == "step 0 (update) would succeed; step 1 (add) failed"


def test_who_is_there_otherwise_than_asked_for_is_unknown(site: Site) -> None:
    """A lost creation of somebody who is there with another name: nobody can tell, and the row says what differs."""
    site.fault(operation="action", kind="drop", when="before", nth=1)
    action = UserAction(OLD[0]).create_federated_id(first_name="Else", last_name="L", country="DE")
    with site.create([action.add_to_groups(["Designers"]), *joining(2, "Writers")]) as run:
        run.run(site.connection)
        first, second, third = run.results()
    assert first.outcome is RowOutcome.UNKNOWN
    assert first.message == (
        "the user is in the organisation otherwise than asked for: firstname O, where Else is asked for"
    )
    assert first.steps == "step 0 (createFederatedID) unknown; step 1 (add) unknown"
    assert first.remedy == "Look whether it has been done before sending it again."
    assert second.outcome is third.outcome is RowOutcome.COMPLETED
    assert site.members("Designers") == set()


def test_an_error_after_a_lost_answer_can_be_the_echo_of_a_success(site: Site) -> None:
    """A query that lags behind lets a creation be sent again: the error that it meets is looked at, not told."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    not_there = {"result": "error.user.not_found", "message": "User not found"}
    site.fault(operation="user", status=404, body=not_there, first=1)
    _, (result,) = site.run(creating(1))
    assert (result.outcome, result.reconciled) == (RowOutcome.COMPLETED, True)
    assert len(site.requests) == 2
    assert max(site.changes.values()) == 1


def test_queries_that_make_no_sense_leave_a_row_unknown(site: Site) -> None:
    """Technical trouble of the query is no answer: after some attempts the row is unknown, and others go on."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    site.fault(operation="user", kind="broken_json")
    result, (first, second) = site.run([*creating(1), *joining(1)])
    assert result.ended.why is Ending.FINISHED
    assert first.outcome is RowOutcome.UNKNOWN
    assert (first.message or "").startswith("the service could not be asked: ")
    assert second.outcome is RowOutcome.COMPLETED


def test_a_service_that_answers_no_query_leaves_the_rows_for_later(site: Site) -> None:
    """If the queries get no answer at all, the session ends, and what was under way stays in doubt until the next."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    site.fault(operation="user", status=503)
    with site.create(creating(10)) as run:
        result = run.run(site.connection)
        assert result.ended.why is Ending.FAILED
        assert str(result.counts) == "10 unknown"
        assert {row.message for row in run.results()} == {"it was under way when the run ended"}
        site.world.faults.replace([])
        assert str(run.run(site.connection).counts) == "10 completed"
    assert max(site.changes.values()) == 1


def user(email: str, **options: Any) -> UserAction:
    """An action on a user."""
    return UserAction(email, **options)


LOST: dict[str, Callable[[], list[Any]]] = {
    "a later row undoes an earlier one": lambda: [
        user(OLD[0]).add_to_groups(["Designers"]),
        user(OLD[0]).remove_from_groups(["Designers"]),
        user(OLD[1]).add_to_groups(["Writers"]).remove_from_groups(["Designers"]).add_to_groups(["Testers"]),
        user(OLD[2]).add_to_groups(["Designers"]).remove_from_groups(all_groups=True).add_to_groups(["Writers"]),
    ],
    "a new person with groups": lambda: [
        creating(1)[0].add_to_groups(["Designers", "Writers"]).remove_from_groups(["Testers"]),
        user("new0@example.com").update(last_name="M"),
        user("new0@example.com").add_to_groups(["All Apps"]),
    ],
    "a person who leaves all groups and the organisation": lambda: [
        user(OLD[0]).remove_from_groups(all_groups=True).remove_from_organization()
    ],
    "removed and made anew": lambda: [
        user(OLD[0]).remove_from_organization(delete_account=True),
        user(OLD[0]).create_federated_id(first_name="N", last_name="L", country="FR"),
    ],
    "new address, then more": lambda: [
        user(OLD[0]).add_to_groups(["Testers"]).update(email="moved@example.com").add_to_groups(["Designers"]),
        user("moved@example.com").add_to_groups(["Writers"]),
        user("moved@example.com").update(email="Moved@example.com"),
    ],
    "new user name": lambda: [
        user("jd", domain="example.com").create_federated_id(
            email="jd@example.com", first_name="J", last_name="D", country="DE"
        ),
        user("jd", domain="example.com").update(username="john"),
        user("john", domain="example.com").add_to_groups(["Designers"]),
        user("john", domain="example.com").update(email="john@example.com"),
    ],
    "people by their group": lambda: [
        GroupAction("Designers").add_users(OLD[:30]),
        GroupAction("Designers").remove_users(OLD[:5]),
        GroupAction("Writers").add_users(OLD[:3]),
        GroupAction("Writers").remove_users(OLD[:1]),
    ],
    "groups made, renamed, deleted": lambda: [
        GroupAction("Readers").create(description="d").add_users(OLD[:3]).add_to_products(["All Apps"]),
        GroupAction("Readers").update(name="Readership", description="e"),
        GroupAction("Writers").delete(),
        GroupAction("Testers").update(description="who test").remove_from_products(["All Apps"]),
    ],
    "an Adobe ID": lambda: [
        user("a@adobe.example", use_adobe_id=True).add_adobe_id(first_name="A").add_to_groups(["Designers"]),
        user("a@adobe.example", use_adobe_id=True).add_to_groups(["Writers"]),
    ],
    "people who may be there": lambda: [
        user(OLD[0])
        .create_federated_id(first_name="X", last_name="L", country="DE", option=CreateOption.UPDATE_IF_ALREADY_EXISTS)
        .add_to_groups(["Designers"]),
        user("new0@example.com").create_federated_id(
            first_name="X", last_name="L", country="DE", option=CreateOption.IGNORE_IF_ALREADY_EXISTS
        ),
        user("new0@example.com").update(email="new1@example.com"),
    ],
    "longer than a command": lambda: [
        user(OLD[0]).add_to_groups([f"G{number}" for number in range(130)]),
        user(OLD[0]).remove_from_groups([f"G{number}" for number in range(5)]),
    ],
}


@pytest.mark.parametrize("when", ["before", "during", "after"])
@pytest.mark.parametrize("rows", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("lost", ["each", "first", "second"])
def test_whatever_an_answer_is_lost_of_the_end_is_the_same(
    make_site: MakeSite, rows: Callable[[], list[Any]], when: str, lost: str
) -> None:
    """Each kind of row, its answer lost before, half-way through or after its effect: done once, told truly."""
    document = people(40)
    document["user_groups"] += [{"name": f"G{number}"} for number in range(130)]
    site, quiet = make_site(document=document), make_site(document=document)
    _, expected = quiet.run(rows())
    strikes: dict[str, Any] = {"each": {"rate": 0.7}, "first": {"nth": 1}, "second": {"nth": 2}}
    site.fault(operation="action", kind="drop", when=when, **strikes[lost])
    _, results = site.run(rows())
    assert site.state() == quiet.state()
    assert [change for change, times in site.changes.items() if times > 1] == []
    assert outcomes(results) == outcomes(expected)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_came_before_a_removal_cannot_be_seen(site: Site, when: str) -> None:
    """Of a person who was to be created and removed again, and is not there, nobody can tell whether he ever was."""
    site.fault(operation="action", kind="drop", when=when, nth=1)
    rows = [*creating(1), UserAction("new0@example.com").remove_from_organization(), GroupAction("Writers").delete()]
    _, (created, removed, deleted) = site.run(rows)
    assert (created.outcome, removed.outcome, removed.reconciled) == (RowOutcome.UNKNOWN, RowOutcome.COMPLETED, True)
    assert (created.message or "").startswith("a later row has removed the user or group")
    assert (deleted.outcome, deleted.reconciled) == (RowOutcome.COMPLETED, when == "after")
    assert [change for change, times in site.changes.items() if times > 1] == []


def test_what_failed_before_a_new_name_is_not_taken_for_done(site: Site) -> None:
    """A step that failed before a new address took effect is sent again under that address, and told as failed."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    action = UserAction(OLD[0]).add_to_groups(["No such group"]).update(email="moved@example.com")
    _, (result,) = site.run([action])
    assert (result.outcome, result.code) == (RowOutcome.FAILED, "error.group.not_found")
    assert result.steps == "step 0 (add) failed; step 1 (update) took effect, as a query showed"
    assert max(site.changes.values()) == 1


def test_what_is_left_goes_to_the_account_that_was_created(site: Site) -> None:
    """Of two accounts with one address, the rest of a row whose answer was lost half-way goes to the new one."""
    site.fault(operation="action", kind="drop", when="during", nth=1)
    _, (result,) = site.run([UserAction(OLD[0]).add_adobe_id(first_name="A").add_to_groups(["Designers"])])
    assert (result.outcome, result.reconciled) == (RowOutcome.COMPLETED, True)
    group = site.world.organization().catalog.find("Designers")
    assert group is not None
    assert [user.type for user in group.members] == ["adobeID"]


def test_the_rest_of_a_row_is_not_sent_to_nobody_knows_whom(site: Site) -> None:
    """After a new user name nobody knows in which domain the user is: the rest is not sent, and the row is unknown."""
    created = UserAction("jd", domain="example.com").create_federated_id(
        email="jd@example.com", first_name="J", last_name="D", country="DE"
    )
    site.fault(operation="action", kind="drop", when="during", nth=2)
    moved = UserAction("jd", domain="example.com").update(username="john").add_to_groups(["Designers"])
    _, (_, result) = site.run([created, moved])
    assert result.outcome is RowOutcome.UNKNOWN
    assert result.steps == "step 0 (update) took effect, as a query showed; step 1 (add) unknown"
    assert (result.message or "").startswith("a part of it took effect")
    assert site.members("Designers") == set()


def test_waits_are_told_once(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    """Without a listener to events the connection warns of each wait once, with its whole length; else it does not."""
    waits: list[Wait] = []
    site = make_site(pacing=True, on_wait=waits.append)
    with site.create(creating(150)) as run:
        run.run(site.connection)
    told_of = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told_of == ["waiting 60 s: the limit for action is 10 requests in 60 s"]
    assert [(wait.seconds, wait.operation) for wait in waits] == [(60.0, "action")]


async def _run_async(site: Site, run: BulkRun) -> Any:
    async def sleep(seconds: float) -> None:
        site.clock.advance(seconds)

    auth = OAuthS2S("plan-client", "s3cret")
    connection = AsyncConnection(
        ORG, auth, endpoint=ENDPOINT, transport=AsyncWorldTransport(site.world), sleep=sleep, clock=site.clock.now
    )
    async with connection:
        return await run.run_async(connection)


def test_an_async_connection_carries_out_the_same(make_site: MakeSite) -> None:
    """The run of an AsyncConnection, under lost answers, ends as that of a Connection without."""
    site, quiet = make_site(), make_site()
    _, expected = quiet.run(rows_of_every_kind(30, 24))
    site.fault(operation="action", kind="drop", when="after", rate=0.3)
    with site.create(rows_of_every_kind(30, 24)) as run:
        result = asyncio.run(_run_async(site, run))
        results = list(run.results())
    assert result.ended.why is Ending.FINISHED
    assert site.state() == quiet.state()
    assert_true(results, expected)


def test_a_run_goes_on_once_at_a_time(site: Site) -> None:
    """A second call while the first goes on is a mistake, and does no harm."""
    with site.create(creating(20)) as run:

        def again(event: Event) -> None:
            if isinstance(event, Sending):
                with pytest.raises(UsageError, match="is going on already"):
                    run.run(site.connection)

        assert run.run(site.connection, on_event=again).counts.completed == 20


LATER_IN_DOUBT: dict[str, Callable[[], list[Any]]] = {
    "found in the listing of another row": lambda: [GroupAction("g1").create(), GroupAction("g2").create()],
    "unknown by the listing of another row": lambda: [
        GroupAction("g1").create(),
        GroupAction("g2").create(),
        GroupAction("g2").delete(),
    ],
}


@pytest.mark.parametrize("rows", LATER_IN_DOUBT.values(), ids=LATER_IN_DOUBT.keys())
def test_what_was_found_out_is_kept_if_a_later_query_has_no_answer(site: Site, rows: Callable[[], list[Any]]) -> None:
    """Rows that were judged without a query of their own are settled, though the query for the next row is lost."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    site.fault(operation="user", kind="drop", when="before", first=8)
    result, results = site.run([*rows(), user(OLD[0]).update(email="moved@example.com")])
    assert result.ended.why is Ending.FINISHED
    assert results[0].outcome is results[-1].outcome is RowOutcome.COMPLETED
    assert max(site.changes.values()) == 1


def test_what_is_sent_apart_is_waited_for_after_a_kill(site: Site) -> None:
    """A command that is sent again because of an error is as fresh, when the program dies, as any other."""
    site.fault(operation="action", status=429, retry_after=40, nth=2)
    site.create([user(OLD[0]).add_to_groups(["Designers"]), user(OLD[0]).add_to_groups(["No such group"])]).close()
    with BulkRun.open(site.journal) as run:
        assert site.killed(run, 3, "after")
    events: list[Event] = []
    with BulkRun.open(site.journal) as run:
        result = run.run(site.connection, on_event=events.append)
    assert [(wait.seconds, wait.reason) for wait in told(events, Waiting)] == [
        (30, "the service may still be at what was under way")
    ]
    assert str(result.counts) == "1 completed, 1 failed"


REFUSED = Response(status=400, headers={}, body=b'{"result": "error.x", "message": "no"}')


def refuse(monkeypatch: pytest.MonkeyPatch, site: Site, after: int) -> None:
    """Let a gateway refuse each request with actions after the first ones."""
    send, seen = site.send, list[Request]()

    def refusing(request: Request) -> Response:
        if "/action/" not in request.url:
            return send(request)
        seen.append(request)
        return send(request) if len(seen) <= after else REFUSED

    monkeypatch.setattr(site, "send", refusing)


@pytest.mark.parametrize(("when", "outcome"), [("after", RowOutcome.COMPLETED), ("before", RowOutcome.UNKNOWN)])
def test_a_refusal_after_a_lost_answer_does_not_fail_a_row(
    site: Site, monkeypatch: pytest.MonkeyPatch, when: str, outcome: RowOutcome
) -> None:
    """What may have taken effect the first time is looked at, and not called failed because the second is refused."""
    site.fault(operation="action", kind="drop", when=when, nth=1)
    refuse(monkeypatch, site, after=1)
    result, (row,) = site.run(joining(1))
    assert result.ended.why is Ending.FINISHED
    assert (row.outcome, row.reconciled) == (outcome, outcome is RowOutcome.COMPLETED)


def test_a_refusal_in_test_mode_fails_a_row_though_an_answer_was_lost(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was changed by what got no answer: an error after it, an echo or a refusal, is told as it is."""
    site = make_site(test_mode=True, retry={"attempts": 1})
    site.fault(operation="action", kind="drop", when="after", nth=1)
    there = user(OLD[0]).create_federated_id(first_name="F", last_name="L", country="DE")
    result, (row,) = site.run([there], test_mode=True)
    assert (row.outcome, row.code, result.requests) == (RowOutcome.FAILED, "error.user.already_in_org", 2)
    other = make_site(test_mode=True, retry={"attempts": 1})
    other.fault(operation="action", kind="drop", when="after", nth=1)
    refuse(monkeypatch, other, after=1)
    result, (row,) = other.run(joining(1), test_mode=True)
    assert (row.outcome, row.code, result.requests) == (RowOutcome.FAILED, "error.x", 2)


def test_a_list_of_which_a_part_was_sent_is_told_so(site: Site) -> None:
    """Of a list of 130 names the last were not sent when the run pauses: the step did not just take effect."""
    document = people(1)
    document["user_groups"] += [{"name": f"G{number}"} for number in range(130)]
    long = Site(site.journal.with_name("long"), document)
    long.fault(operation="action", status=429, retry_after=4000, nth=2)
    with long.create([user(OLD[0]).add_to_groups([f"G{number}" for number in range(130)])]) as run:
        run.run(long.connection)
        (row,) = run.results()
    long.close()
    assert (row.outcome, row.message) == (RowOutcome.LEFT, "a part has been sent")
    assert row.steps == "step 0 (add) partly not sent"


def test_what_was_sent_without_an_answer_is_not_called_untouched(site: Site) -> None:
    """A row that was sent, and is to be sent again, may have taken effect: nothing says that it was not begun."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    site.fault(operation="action", status=429, retry_after=4000, nth=2)
    with site.create(joining(1)) as run:
        with pytest.raises(JournalError, match="it may also be deleted"):
            run.check_target("OTHER@AdobeOrg", ENDPOINT, test_mode=False)
        run.run(site.connection)
        (row,) = run.results()
        with pytest.raises(JournalError) as caught:
            run.check_target("OTHER@AdobeOrg", ENDPOINT, test_mode=False)
    assert row.outcome is RowOutcome.LEFT
    assert row.message == "it was sent without a clear answer, and is to be sent again"
    assert "deleted" not in str(caught.value)


def test_what_is_left_in_test_mode_goes_to_the_name_that_is_still_valid(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In test mode nobody gets a new name: the second command of a row, sent again, is on the old one."""
    site = make_site(test_mode=True, retry={"attempts": 1})
    site.fault(operation="action", kind="drop", when="after", nth=2)
    action = user(OLD[0]).update(email="moved@example.com")
    for number in range(12):
        action = action.update(first_name=f"F{number}")
    send, sent = site.send, list[Request]()

    def noting(request: Request) -> Response:
        if "/action/" in request.url:
            sent.append(request)
        return send(request)

    monkeypatch.setattr(site, "send", noting)
    _, (row,) = site.run([action], test_mode=True)
    assert row.outcome is RowOutcome.COMPLETED
    assert [command["user"] for request in sent for command in json.loads(request.body or b"")] == [OLD[0]] * 3


def test_a_row_is_sent_ten_times_at_most_in_a_session(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that contradict themselves ten times leave the row unknown, as docs/how-to/bulk.md says."""
    answer = Response(status=200, headers={}, body=b'{"result": "error", "completed": 0, "notCompleted": 1}')
    send = site.send
    monkeypatch.setattr(site, "send", lambda request: answer if "/action/" in request.url else send(request))
    with site.create(joining(1)) as run:
        result = run.run(site.connection)
    assert (str(result.counts), result.requests) == ("1 unknown", 10)


def test_a_long_row_is_not_given_up_for_one_lost_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that tells nothing of a row of ten steps counts once, and not once for each of them."""
    answer = Response(status=200, headers={}, body=b'{"result": "success", "completed": 0, "notCompleted": 0}')
    send, answers = site.send, [answer]
    monkeypatch.setattr(
        site, "send", lambda request: answers.pop() if "/action/" in request.url and answers else send(request)
    )
    action = UserAction(OLD[0])
    for number in range(10):
        action.update(first_name=f"F{number}")
    _, (row,) = site.run([action])
    assert row.outcome is RowOutcome.COMPLETED


def test_what_may_be_an_echo_among_other_errors_is_not_told_as_failed(site: Site) -> None:
    """A gateway loses the service half-way (503): of two errors of the second attempt, one comes of the first."""
    site.fault(operation="action", status=503, when="after", nth=1)
    created = user("new@example.com").create_federated_id(first_name="F", last_name="L", country="DE")
    _, (row,) = site.run([created.add_to_groups(["No such group"])])
    assert (row.outcome, row.code) == (RowOutcome.FAILED, "error.group.not_found")
    assert row.steps == "step 0 (createFederatedID) unknown; step 1 (add) failed"
    look = " Look what the steps that are unknown have done, as by `umapi user`, before sending what is left."
    assert (row.remedy or "").endswith(look)


def test_a_run_that_is_stopped_with_rows_under_way_is_to_be_resumed(site: Site) -> None:
    """What is under way when a session ends is found out by the next, and nobody has to look."""
    site.fault(operation="action", kind="drop", when="after", nth=1)
    with site.create(creating(1)) as run:

        def stop(event: Event) -> None:
            if isinstance(event, Waiting):
                run.stop()

        result = run.run(site.connection, on_event=stop)
    assert (str(result.counts), result.ended.why) == ("1 unknown", Ending.STOPPED)
    assert result.next_step == "Resume the run: it goes on where it ended."


def test_what_a_row_meets_after_another_was_carried_out_is_no_failure(site: Site) -> None:
    """Two rows were carried out behind a 503, and the second time finds nobody: neither has failed."""
    site.fault(operation="action", status=503, when="after", nth=1)
    _, (joined, removed) = site.run(
        [user(OLD[0]).add_to_groups(["Designers"]), user(OLD[0]).remove_from_organization()]
    )
    assert (joined.outcome, removed.outcome) == (RowOutcome.UNKNOWN, RowOutcome.COMPLETED)
    assert (joined.message or "").startswith("a later row has removed the user or group")


def test_what_is_sent_under_a_new_name_is_looked_at_under_it(site: Site) -> None:
    """The rest of a row goes to the new name with the rows on that: what becomes of both is found out together."""
    site.fault(operation="action", kind="truncate", nth=1)
    site.fault(operation="action", kind="drop", when="after", nth=2)
    shown = GroupAction("Testers").add_users([OLD[0]]).update(name="Tried").remove_users([OLD[0]])
    _, (moved, deleted) = site.run([shown, GroupAction("Tried").delete()])
    assert (moved.outcome, deleted.outcome) == (RowOutcome.UNKNOWN, RowOutcome.COMPLETED)
    assert (moved.message or "").startswith("a later row has removed the user or group")


def test_who_is_not_found_by_a_user_name_is_not_taken_for_gone(make_site: MakeSite) -> None:
    """A user name that two domains have finds nobody: the removal from a group, which was lost, is sent again."""
    document = people(1)
    document["domains"].append({"name": "example.org", "type": "federatedID"})
    named = {"username": "jd", "type": "federatedID", "firstname": "J", "lastname": "D", "country": "DE"}
    document["users"] += [
        {**named, "email": f"jd@{domain}", "domain": domain, "groups": ["Designers"]}
        for domain in ("example.com", "example.org")
    ]
    site = make_site(document=document)
    site.fault(operation="action", kind="drop", when="before", nth=1)
    _, (row,) = site.run([GroupAction("Designers").remove_users(["jd"])])
    assert (row.outcome, row.code) == (RowOutcome.FAILED, "error.user.nonexistent")


def test_why_a_row_was_refused_is_told_whatever_is_lost_after_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request with a long row loses its answer: the message is that of the first, which was refused."""
    send, refusals = site.send, [REFUSED]
    monkeypatch.setattr(
        site, "send", lambda request: refusals.pop() if "/action/" in request.url and refusals else send(request)
    )
    site.fault(operation="action", kind="drop", when="after", nth=1)
    action = UserAction(OLD[0])
    for number in range(12):
        action.update(first_name=f"F{number}")
    _, (row,) = site.run([action])
    assert (row.outcome, row.code, row.message) == (RowOutcome.FAILED, "error.x", "no")

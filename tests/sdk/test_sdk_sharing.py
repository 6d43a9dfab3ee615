"""Threads and tasks on one connection: each call ends with its own actions, and with its own failures."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Reply, ScriptedServer, Seen, Time, action_answer, all_good, credentials_for, steady_policy

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Connection, ForbiddenError, OutcomeStatus, OutcomeUnknownError, UmapiError, UserAction
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.calls import Service
from umapi_sdk.execution import Execution, run
from umapi_sdk.messages import Authorize, Call, Message, Now, Request, Response, Sleep, TransportError, Turn
from umapi_sdk.queueing import ActionQueue

Connect = Callable[..., Connection]
COMPLETED, FAILED, UNKNOWN, NOT_SENT, PARTLY_SENT = OutcomeStatus
DONE = (COMPLETED, FAILED, UNKNOWN)


def numbered(steps: int, user: str = "jdoe@example.com") -> UserAction:
    """An action with that many steps."""
    action = UserAction(user)
    for number in range(steps):
        action.update(first_name=f"{number}")
    return action


def check_alone(action: UserAction, done: Execution) -> None:
    """A call with one action ended with that action completed, and with no other."""
    assert (done.sent, done.completed, done.outcomes) == (1, 1, (action.outcome,))
    assert action.outcome is not None
    assert action.outcome.status is COMPLETED
    assert {part.status for part in action.outcome.parts} <= {COMPLETED}


def sent_in(mock: RunningServer) -> list[list[dict[str, Any]]]:
    """The action requests that the mock server received."""
    return [
        json.loads(entry["request_body"]) for entry in mock.world.journal.as_list() if entry["operation"] == "action"
    ]


@pytest.mark.parametrize("same_user", [True, False])
def test_threads_get_the_outcome_of_their_own_action(mock: RunningServer, connect: Connect, same_user: bool) -> None:
    """Sixteen threads, each with actions of three parts at once: every call returns with its own completed."""
    connection = connect(mock)
    users = [f"u{number}@example.com" for number in range(16)]
    connection.execute_multiple(
        [UserAction(u).create_federated_id(first_name="a", last_name="b", country="DE") for u in users], immediate=True
    )
    start = threading.Barrier(16)

    def work(number: int) -> None:
        start.wait()
        for _ in range(4):
            action = numbered(25, users[0 if same_user else number])
            check_alone(action, connection.execute_single(action, immediate=True))

    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(work, number) for number in range(16)]:
            future.result()
    assert connection.queued == ()
    sent = [command for request in sent_in(mock)[2:] for command in request]
    assert len(sent) == 16 * 4 * 3
    if same_user:
        names = [step["update"]["firstname"] for command in sent for step in command["do"]]
        assert names == [str(number) for number in range(25)] * 64


@pytest.mark.parametrize("same_user", [True, False])
def test_tasks_get_the_outcome_of_their_own_action(mock: RunningServer, time: Time, same_user: bool) -> None:
    """Tasks of an event loop are held apart as threads are."""
    users = [f"u{number}@example.com" for number in range(16)]

    async def work(connection: AsyncConnection, number: int) -> None:
        for _ in range(4):
            action = numbered(25, users[0 if same_user else number])
            check_alone(action, await connection.execute_single(action, immediate=True))

    async def main() -> None:
        details = mock.details
        async with AsyncConnection(
            details.org_id, credentials_for(details), endpoint=details.api_url, clock=time.clock
        ) as connection:
            new = [UserAction(u).create_federated_id(first_name="a", last_name="b", country="DE") for u in users]
            await connection.execute_multiple(new, immediate=True)
            await asyncio.gather(*(work(connection, number) for number in range(16)))
            assert connection.queued == ()

    asyncio.run(main())


def test_a_failure_reaches_only_the_call_whose_action_it_is(wire: ScriptedServer, connect: Connect) -> None:
    """Of twelve threads, those whose user the service lets down raise, with their own outcome alone."""

    def answer(request: Seen) -> Reply:
        users = [command["user"] for command in request.json]
        return Reply(cut=True) if "bad" in users[0] else all_good(request)

    wire.answer = answer
    connection = connect(wire)
    start = threading.Barrier(12)

    def work(number: int) -> None:
        start.wait()
        for turn in range(3):
            action = numbered(15, f"{'bad' if number % 3 == 0 else 'good'}{number}x{turn}@example.com")
            if number % 3:
                check_alone(action, connection.execute_single(action, immediate=True))
                continue
            with pytest.raises(OutcomeUnknownError) as caught:
                connection.execute_single(action, immediate=True)
            assert caught.value.outcomes == (action.outcome,)
            assert action.outcome is not None
            assert action.outcome.status is UNKNOWN

    with ThreadPoolExecutor(12) as pool:
        for future in [pool.submit(work, number) for number in range(12)]:
            future.result()
    assert connection.queued == ()


def test_who_waits_takes_over_from_a_caller_that_was_interrupted(
    wire: ScriptedServer, connect: Connect, time: Time
) -> None:
    """Ctrl-C in the thread that sends the first action on a user: the one that waits behind it sends both."""
    wire.replies.append(Reply(status=429, headers={"Retry-After": "5"}))
    wire.answer = all_good
    connection = connect(wire)
    first, second = numbered(1), numbered(2)
    done: list[Execution] = []
    waiting = threading.Thread(target=lambda: done.append(connection.execute_single(second, immediate=True)))

    def interrupt() -> None:
        time.during = None
        waiting.start()
        raise KeyboardInterrupt

    time.during = interrupt
    with pytest.raises(KeyboardInterrupt):
        connection.execute_single(first, immediate=True)
    waiting.join(60)
    assert not waiting.is_alive()
    assert [outcome.action for outcome in done[0].outcomes] == [first, second]
    assert [len(request.json[0]["do"]) for request in wire.seen] == [1, 1, 2]
    assert (first.outcome and first.outcome.status, connection.queued) == (COMPLETED, ())


def test_a_cancelled_task_lets_the_next_one_on(wire: ScriptedServer, time: Time) -> None:
    """A task is cancelled while its request is under way: the one that waits for the same user goes on."""

    async def main() -> None:
        arrived, seen = asyncio.Event(), 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line.split()[1] for line in head.splitlines() if line.lower().startswith(b"content-length"))
            body = await reader.readexactly(int(length))
            token = {"access_token": "t", "token_type": "bearer", "expires_in": 86399}
            seen += b"/action/" in head
            if b"/action/" in head and seen == 1:
                arrived.set()
                await reader.read()
            else:
                answer = json.dumps(action_answer(len(json.loads(body))) if b"/action/" in head else token).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer))
                writer.write(answer)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1") as server:
            root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            details = attrs.evolve(wire.details, ims_url=root)
            connection = AsyncConnection("12345@AdobeOrg", credentials_for(details), endpoint=root, clock=time.clock)
            first, second = numbered(1), numbered(2)
            cancelled = asyncio.create_task(connection.execute_single(first, immediate=True))
            await arrived.wait()
            waiting = asyncio.create_task(connection.execute_single(second, immediate=True))
            await asyncio.sleep(0)
            cancelled.cancel()
            check_alone(second, await waiting)
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            assert first.outcome is not None
            assert first.outcome.status is UNKNOWN
            await connection.close()

    asyncio.run(main())


def test_full_requests_of_a_call_leave_what_another_call_sends(wire: ScriptedServer, connect: Connect) -> None:
    """A call that does not send at once takes nothing that a call in another thread is about to send."""
    connection = connect(wire)
    others = [numbered(1, f"u{number}@example.com") for number in range(12)]
    mine = [numbered(1, f"v{number}@example.com") for number in range(3)]
    during: list[tuple[int, ...]] = []

    def answer(request: Seen) -> Reply:
        if not during:
            during.append(tuple(connection.execute_multiple(mine)))
            assert connection.queued == tuple(mine)
        return all_good(request)

    wire.answer = answer
    done = connection.execute_multiple(others, immediate=True)
    assert (during, tuple(done)) == ([(3, 0, 0)], (3, 12, 12))
    assert connection.take_queued() == mine


SERVICE = Service(endpoint="https://a.b", org_id="1@AdobeOrg", retry=steady_policy(), pacer=None, headers={})


@attrs.define
class Caller:
    """One call, moved on by hand."""

    call: Call[Execution]
    actions: Sequence[UserAction]
    immediate: bool
    message: Message | None = None
    woken: bool = True
    sent: list[list[str]] = attrs.field(factory=list[list[str]])

    def wake(self) -> None:
        """What a turn calls."""
        self.woken = True


class Scheduler:
    """Moves calls on one queue in any order, and holds what happens against what was promised."""

    def __init__(self) -> None:
        self.queue = ActionQueue()
        self.open: list[Caller] = []
        self.under_way: dict[int, list[str]] = {}
        self.arrived: dict[str, list[str]] = {}

    def begin(self, actions: Sequence[UserAction], *, immediate: bool) -> None:
        """Begin a call."""
        call = run(self.queue, SERVICE, actions, immediate=immediate, test_mode=False)
        caller = Caller(call, actions, immediate)
        self.open.append(caller)
        self._move(caller, lambda: next(call))

    def runnable(self) -> list[Caller]:
        """The calls that do not wait for another one."""
        return [caller for caller in self.open if caller.woken]

    def go_on(self, caller: Caller, how: str) -> None:
        """Answer the message of a call, or end it."""
        message, call = caller.message, caller.call
        users = self.under_way.pop(id(caller), None)
        if how == "interrupt":
            call.close()
            self._ended(caller, None)
        elif isinstance(message, Request):
            assert users is not None
            if how == "cut":
                self._move(caller, lambda: call.throw(TransportError("cut", sent=True)))
            elif how == "not sent":
                self._move(caller, lambda: call.throw(TransportError("no way", sent=False, permanent=True)))
            else:
                for command in json.loads(message.body or b""):
                    names = [step["update"]["firstname"] for step in command["do"]]
                    self.arrived.setdefault(command["user"], []).extend(names)
                body = json.dumps(action_answer(len(users))).encode()
                self._move(caller, lambda: call.send(Response(status=200, headers={}, body=body)))
        elif isinstance(message, Authorize):
            self._move(caller, lambda: call.send({"Authorization": "Bearer x"}))
        else:
            self._move(caller, lambda: call.send(0.0 if isinstance(message, Now) else None))

    def _move(self, caller: Caller, step: Callable[[], Message]) -> None:
        try:
            caller.message = step()
        except StopIteration as stop:
            self._ended(caller, stop.value)
        except UmapiError as error:
            self._ended(caller, error)
        else:
            if isinstance(caller.message, Turn):
                caller.woken = False
                caller.message.subscribe(caller.wake)
            elif isinstance(caller.message, Request):
                users = [command["user"] for command in json.loads(caller.message.body or b"")]
                flying = [user for batch in self.under_way.values() for user in batch]
                assert len(set(users + flying)) == len(users + flying)
                self.under_way[id(caller)] = users
            else:
                assert isinstance(caller.message, Authorize | Now | Sleep)

    def _ended(self, caller: Caller, how: Execution | UmapiError | None) -> None:
        self.open.remove(caller)
        statuses = [action.outcome.status if action.outcome else None for action in caller.actions]
        if isinstance(how, UmapiError):
            told = [outcome.action for outcome in how.outcomes]
            assert any(outcome.status is not COMPLETED for outcome in how.outcomes)
            if caller.immediate:
                assert [action for action in caller.actions if action not in told] == []
        elif isinstance(how, Execution):
            assert how.sent == len(how.outcomes)
            assert all(outcome.status in DONE for outcome in how.outcomes)
            if caller.immediate:
                assert all(status in DONE for status in statuses)
        elif caller.immediate:
            assert None not in statuses


@STEADY
@given(st.data())
def test_calls_in_any_order_never_wait_for_ever(data: st.DataObject) -> None:
    """Calls that begin, go on, fail and are interrupted in any order: none is stuck, and none tells what is not so."""
    scheduler = Scheduler()
    actions: list[UserAction] = []
    how = st.sampled_from(["good", "good", "good", "cut", "not sent", "interrupt"])
    calls = data.draw(st.integers(1, 6))
    while calls or scheduler.open:
        runnable = scheduler.runnable()
        assert calls or runnable, "every call waits for another"
        if calls and (not runnable or data.draw(st.booleans())):
            calls -= 1
            sizes = data.draw(st.lists(st.integers(1, 25), max_size=4))
            new = [numbered(size, f"u{data.draw(st.integers(0, 2))}@b.c") for size in sizes]
            actions += new
            scheduler.begin(new, immediate=data.draw(st.booleans()))
        else:
            scheduler.go_on(data.draw(st.sampled_from(runnable)), data.draw(how))
    left = scheduler.queue.waiting
    for action in actions:
        status = action.outcome.status if action.outcome else None
        assert (action in left) == (status in (None, NOT_SENT, PARTLY_SENT))
    for user, names in scheduler.arrived.items():
        # What arrived of each action is its beginning, each step once, and the actions are not mixed.
        own = [action for action in actions if action.target == user]
        assert names.count("0") <= len(own)
        assert all(later in ("0", str(int(earlier) + 1)) for earlier, later in pairwise(names))


def test_refusal_of_one_call_is_not_told_by_another(wire: ScriptedServer, connect: Connect) -> None:
    """While one call is refused, actions that another one queued stay out of its outcomes, and queued."""
    connection = connect(wire)
    mine, other = numbered(1, "mine@example.com"), numbered(1, "other@example.com")

    def refuse(_: Seen) -> Reply:
        connection.execute_single(other)
        return Reply(status=403)

    wire.answer = refuse
    with pytest.raises(ForbiddenError) as caught:
        connection.execute_single(mine, immediate=True)
    assert [outcome.action for outcome in caught.value.outcomes] == [mine]
    assert connection.queued == (mine, other)

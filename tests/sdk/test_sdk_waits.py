"""Waits are told before they begin: in the log, to the hook of the connection, and where no logging is set up."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from kinds_kit import KINDS, calling
from sdk_kit import START, Reply, ScriptedServer, Time, all_good

from umapi_sdk import OutcomeStatus, UserAction, Wait

kinds = pytest.mark.parametrize("kind", KINDS)


def member() -> UserAction:
    """An action."""
    action = UserAction("jo@example.com")
    action.add_to_groups(["A"])
    return action


@kinds
def test_a_wait_is_told_before_it_begins(
    kind: str, wire: ScriptedServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """After a 429, log and hook have length, reason, operation and end, and no time has passed yet."""
    wire.replies.append(Reply(status=429, headers={"Retry-After": "120"}))
    wire.answer = all_good
    told: list[tuple[Wait, int]] = []
    with (
        caplog.at_level(logging.WARNING, "umapi_sdk"),
        calling(kind, wire, time, on_wait=lambda wait: told.append((wait, len(time.slept)))) as caller,
    ):
        assert caller.execute(member()).completed == 1
    assert told == [(Wait(120.0, "the service answered 429", "action", START + 120.0), 0)]
    assert caplog.messages == ["waiting 120 s: the service answered 429"]
    assert time.slept == [120.0]


@kinds
def test_a_short_wait_is_no_warning(
    kind: str, wire: ScriptedServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """A wait of three seconds is logged as information alone."""
    wire.replies.append(Reply(status=503))
    wire.answer = all_good
    with caplog.at_level(logging.INFO, "umapi_sdk"), calling(kind, wire, time) as caller:
        caller.execute(member())
    told = [(record.levelno, record.getMessage()) for record in caplog.records if record.name == "umapi_sdk.waits"]
    assert told == [(logging.INFO, "waiting 3 s: the service answered 503")]


@kinds
def test_what_a_hook_raises_ends_the_call(kind: str, wire: ScriptedServer, time: Time) -> None:
    """A program that will not wait says so in the hook: the action was put off, and is still queued."""
    wire.replies.append(Reply(status=429, headers={"Retry-After": "120"}))
    wire.answer = all_good

    def refuse(wait: Wait) -> None:
        raise InterruptedError(str(wait))

    action = member()
    with calling(kind, wire, time, on_wait=refuse) as caller:
        with pytest.raises(InterruptedError, match="waiting 120 s"):
            caller.execute(action)
        assert action.outcome is not None
        assert action.outcome.status is OutcomeStatus.NOT_SENT
        assert caller.queued == (action,)
    assert time.slept == []


def test_a_long_wait_is_seen_where_no_logging_is_set_up() -> None:
    """A program that knows nothing of logging shows the wait on standard error."""
    program = "from umapi_sdk.waits import Wait, announce; announce(Wait(300.0, 'a limit', 'action', 0.0), None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "waiting 300 s: a limit\n"

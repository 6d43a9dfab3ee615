"""What outcomes say after faults of the network, against what the organisation's own state says."""

from __future__ import annotations

import os
import random
from typing import Any, get_args

import pytest
from breaking_kit import Break, Deeds, Direction, Kind, Line, Path, lies, open_line
from sdk_kit import Time

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import OutcomeStatus
from umapi_sdk.transports.exchange import MAX_IDLE

WAYS = [
    pytest.param(secure, path, kind, kept, id=f"{'https' if secure else 'http'}-{path}-{kind}-{kept}")
    for secure in (False, True)
    for path in get_args(Path)
    for kind in get_args(Kind)
    for kept in ("kept", "new")
]
# As in test_sdk_faults: Python itself leaves the socket of a handshake to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.mark.parametrize(("secure_way", "path", "kind", "kept"), WAYS)
def test_outcomes_tell_the_truth(
    secure_way: bool, path: Path, kind: Kind, kept: str, mock: RunningServer, secure: RunningServer, time: Time
) -> None:
    """Wherever a connection breaks, an action that was not applied is not completed, nor one that was, not sent."""
    server = secure if secure_way else mock
    deeds = Deeds(server)
    with open_line(server, kind, path, time) as line:
        line.execute([deeds.make(0)])  # gets the token
        for kind_of_deed in range(2):
            size = measure(line, deeds, kind_of_deed, time, kept)
            for planned in points(size, secure=secure_way, kept=kept):
                prepare(line, deeds, time, kept)
                server.world.journal.clear()
                line.breaker.arm([planned])
                deed = deeds.make(kind_of_deed)
                broken = line.breaker.broken
                outcomes = line.execute([deed])
                assert line.breaker.broken > broken, (planned, size)
                assert not lies(server, [deed], outcomes), planned
                expect(
                    planned,
                    outcomes[id(deed.action)].status,
                    done=deed.done(server.world.organization()),
                    secure=secure_way,
                    kept=kept,
                )


def prepare(line: Line, deeds: Deeds, time: Time, kept: str) -> None:
    """See to it that the next exchange finds a connection kept from before, or none."""
    if kept == "new":
        time.sleep(MAX_IDLE + 1)
    else:
        line.execute([deeds.make(0)])


def measure(line: Line, deeds: Deeds, number: int, time: Time, kept: str) -> dict[str, int]:
    """Bytes that go each way in an exchange that does not break."""
    prepare(line, deeds, time, kept)
    line.breaker.arm([])
    line.execute([deeds.make(number)])
    return dict(line.breaker.passed)


def points(size: dict[str, int], *, secure: bool, kept: str) -> list[Break]:
    """Where to break, with FIN and RST."""
    # Handshakes differ by some bytes, for the length of a signature.
    last = 12 if secure and kept == "new" else 1
    up, down = size["to the server"] - last, size["to the client"] - last
    places: list[tuple[Direction, int]] = [
        *(("to the server", after) for after in (0, 1, up // 3, up // 2, up)),
        *(("to the client", after) for after in (0, 1, down // 3, down)),
    ]
    if kept == "new":
        places.append(("to the server", -1))
    ends: list[Break] = [Break(direction, after, how) for direction, after in places for how in ("FIN", "RST")]
    return ends if secure else [*ends, Break("to the client", 0, "502")]


def expect(planned: Break, status: OutcomeStatus, *, done: bool, secure: bool, kept: str) -> None:
    """Hold an outcome against what must come of a break, where the number of bytes tells."""
    if planned.how == "502":  # tried again, and told for a creation by an error that can be an echo
        assert done
        assert status in (OutcomeStatus.COMPLETED, OutcomeStatus.UNKNOWN)
    elif kept == "kept" or (not secure and planned.after >= 0):
        assert (status, done) == (OutcomeStatus.UNKNOWN, planned.direction == "to the client")
    elif secure and planned.after <= 1:  # in TLS, or before it
        assert (status, done) == (OutcomeStatus.COMPLETED, True)


# About 730 actions each; a long soak is TEST_UMAPI_SOAK_SEEDS=50 pytest tests/sdk/test_sdk_truth.py -k long_runs
SEEDS = int(os.environ.get("TEST_UMAPI_SOAK_SEEDS", "1"))
CALLS = 20
LARGEST = 6_000  # bytes of the largest exchange here, with TLS


def random_breaks(chance: random.Random, *, secure: bool) -> list[Break]:
    """What happens to the connections that are used next, one after the other."""
    breaks: list[Break] = []
    while chance.random() < 0.7:
        direction: Direction = chance.choice(("to the server", "to the client"))
        after = chance.choice((-1, 0, chance.randrange(800), chance.randrange(LARGEST)))
        how: Any = chance.choices(("FIN", "RST", "502", "stall"), (10, 10, 0 if secure else 6, 1))[0]
        breaks.append(Break(direction, after, how))
    return breaks


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("secure_way", [False, True], ids=["http", "https"])
def test_long_runs_tell_the_truth(
    seed: int, secure_way: bool, mock: RunningServer, secure: RunningServer, time: Time
) -> None:
    """Many actions over connections that break again and again, at random bytes in both directions: no outcome lies."""
    server = secure if secure_way else mock
    chance = random.Random(seed)
    deeds = Deeds(server)
    for path in get_args(Path):
        for kind in get_args(Kind):
            with open_line(server, kind, path, time) as line:
                for _ in range(CALLS):
                    if chance.random() < 0.3:
                        time.sleep(MAX_IDLE + 1)
                    elif chance.random() < 0.2:
                        line.breaker.cut_idle()
                    server.world.journal.clear()
                    now = [deeds.make(chance.randrange(4)) for _ in range(chance.choice((1, 2, 12)))]
                    line.breaker.arm(random_breaks(chance, secure=secure_way))
                    assert not lies(server, now, line.execute(now))

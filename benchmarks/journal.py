"""Time, memory and requests of bulk runs of 20,000 and 200,000 rows, and what the journal adds to a request.

Usage: `python benchmarks/journal.py [--rows 200000] [--folder FOLDER]`, where the journal's disk is that of FOLDER.
Each run is a process of its own, whose service answers at once that all is done. Targets: 200,000 rows under 200 MB,
all of it in at most 15 times the processor time of a tenth of the rows, and as many requests as planned, within 1 %.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from umapi_sdk import Action, BulkRun, Connection, OAuthS2S, UserAction, plan
from umapi_sdk.messages import Request, Response

ORG = "BULK@AdobeOrg"
ENDPOINT = "https://usermanagement.adobe.io/v2/usermanagement"
MOST_MEMORY = 200
"""MB."""


class Service:
    """A service that answers at once, and carries everything out."""

    def __init__(self) -> None:
        self.requests = 0
        self._time = 1_800_000_000.0

    def send(self, request: Request) -> Response:
        """Answer a request for a token or with actions."""
        if request.for_token:
            answer: dict[str, Any] = {"access_token": "t", "token_type": "bearer", "expires_in": 86_399}
        else:
            self.requests += 1
            answer = {"completed": (request.body or b"").count(b'"do":'), "notCompleted": 0, "result": "success"}
        return Response(status=200, headers={}, body=json.dumps(answer).encode())

    def close(self) -> None:
        """Close nothing."""

    def connect(self) -> Connection:
        """A connection whose waits take no time."""
        auth = OAuthS2S("bulk-client", "s3cret")
        return Connection(
            ORG, auth, endpoint=ENDPOINT, transport=self, sleep=self.wait, clock=lambda: self._time, pacing=False
        )

    def wait(self, seconds: float) -> None:
        """Let the time pass."""
        self._time += seconds


def onboardings(count: int) -> Iterator[Action]:
    """Actions that create so many people with three groups each."""
    for number in range(count):
        created = UserAction(f"user{number}@example.com").create_federated_id(
            first_name="F", last_name="L", country="DE"
        )
        yield created.add_to_groups(["Designers", "Writers", "Testers"])


def timed(what: str, done: float) -> float:
    """Print the processor time since `done`; return the present one."""
    now = time.process_time()
    print(f"  {what:32} {now - done:7.1f} s")
    return now


def measure(rows: int, folder: Path) -> int:
    """Make, plan and carry out a run in this process; print what it took as JSON, and in words before."""
    print(f"{rows:,} rows")
    service, done = Service(), time.process_time()
    journal = folder / "benchmark.journal"
    with BulkRun.create(journal, onboardings(rows), org_id=ORG, endpoint=ENDPOINT) as run:
        done = timed("check and write to the journal", done)
        summary = run.plan_summary()
        done = timed("plan", done)
        began = time.perf_counter()
        with service.connect() as connection:
            result = run.run(connection)
        took = time.perf_counter() - began
        done = timed("carry out", done)
        told = sum(row.outcome == "completed" for row in run.results())
        timed("tell the results", done)
    size = journal.stat().st_size
    journal.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if not rows == told == result.counts.completed:
        raise SystemExit(f"{result.counts}, and {told} are told to be completed")
    print(
        f"  {service.requests:,} requests, {summary.requests:,} planned; {peak:.0f} MB at the peak; "
        f"journal of {size / 1e6:.0f} MB; {took / service.requests * 1000:.1f} ms for a request"
    )
    print(json.dumps([time.process_time(), peak, service.requests, summary.requests]))
    return 0


def without_journal(actions: Iterable[Action]) -> float:
    """Return the milliseconds for a request of a plan, which has no journal."""
    service, made = Service(), plan(actions)
    began = time.perf_counter()
    with service.connect() as connection:
        connection.execute_plan(made)
    return (time.perf_counter() - began) / service.requests * 1000


def in_a_process(rows: int, folder: str) -> list[float]:
    """Measure in a process of its own; print what it prints; return processor time, peak, requests and plan."""
    command = [sys.executable, __file__, "--only", str(rows), "--folder", folder]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print("\n".join(lines[:-1]), flush=True)
    figures: list[float] = json.loads(lines[-1])
    return figures


def main() -> int:
    """Measure both sizes, and hold them against the targets."""
    parser = argparse.ArgumentParser(description="Time, memory and requests of bulk runs.")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    given = parser.parse_args()
    if given.only:
        return measure(given.only, Path(given.folder))
    print(f"a request without a journal: {without_journal(onboardings(10_000)):.1f} ms")
    few, *_ = in_a_process(given.rows // 10, given.folder)
    many, peak, requests, planned = in_a_process(given.rows, given.folder)
    missed = many > 15 * few or peak > MOST_MEMORY or abs(requests - planned) > planned / 100
    print("a target is missed" if missed else "all targets are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

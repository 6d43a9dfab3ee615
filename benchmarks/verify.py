"""Recordings of whole listings before the judge of the mock server: what each doubling of the directory costs.

Usage: `python benchmarks/verify.py [--users 10000 20000 40000]`. Each recording is judged in a process of its own:
users and groups, a hundred changes, users and groups again; and once more with an entry that nothing explains, for
which every setting of the mock server is tried. Target: twice the users take no more than 2.4 times the time and 2.2
times the memory. Times are processor time, memory is what judging adds to the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import attrs
import httpx

from umapi_harness.contract.findings import Grade
from umapi_harness.contract.judges.simulation import MockJudge
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, Recording
from umapi_harness.mock import VirtualClock, World, generate_organization
from umapi_harness.testing.transports import WorldTransport

TIME_RATIO, MEMORY_RATIO = 2.4, 2.2
GROUPS, REQUESTS, COMMANDS = 50, 10, 10
START = 1_700_000_000.0


@attrs.frozen
class Figures:
    """What judging a recording takes."""

    agreed_seconds: float
    odd_seconds: float
    memory_mb: float


class Recorder:
    """A client of a generated organisation that keeps what it asks and what comes back."""

    def __init__(self, users: int) -> None:
        self._clock = VirtualClock(START, frozen=True)
        world = World([generate_organization(users, GROUPS)], clock=self._clock)
        self._org_id = world.organization().org_id
        credential = world.credential(self._org_id)
        token = world.tokens.issue(credential, 80_000)
        self._headers = {"Authorization": f"Bearer {token}", "X-Api-Key": credential.client_id}
        self._client = httpx.Client(transport=WorldTransport(world, admin=False))
        self.exchanges: list[Exchange] = []

    def pages(self, kind: str) -> None:
        """Read every page of the users or of the groups."""
        page, last = 0, False
        while not last:
            last = self._call("GET", f"{kind}/{self._org_id}/{page}")["lastPage"]
            page += 1

    def change(self, number: int) -> None:
        """Send one request of changes to people whom no other request changes."""
        steps = [{"update": {"lastname": f"L{number}"}}, {"add": {"group": ["Team 1"]}}]
        first = number * COMMANDS + 1
        commands = [{"user": f"user{first + place}@example.com", "do": steps} for place in range(COMMANDS)]
        answer = self._call("POST", f"action/{self._org_id}", commands)
        assert answer["completed"] == COMMANDS, answer

    def _call(self, method: str, path: str, commands: Sequence[Any] | None = None) -> Mapping[str, Any]:
        self._clock.advance(1)
        url = f"https://usermanagement.adobe.io/v2/usermanagement/{path}"
        body = b"" if commands is None else json.dumps(commands).encode()
        kind = {"Content-Type": "application/json"} if body else {}
        answer = self._client.request(method, url, headers={**kind, **self._headers}, content=body)
        where = f"benchmark#/{len(self.exchanges)}"
        sent = [(name, text) for name, text in self._headers.items() if name != "Authorization"]
        date = ("Date", formatdate(self._clock.now(), usegmt=True))
        self.exchanges.append(
            Exchange(
                name=where,
                where=where,
                request=RecordedRequest(method=method, url=url, headers=(*kind.items(), *sent), body=body),
                response=RecordedResponse(
                    status=answer.status_code, headers=(*answer.headers.multi_items(), date), body=answer.content
                ),
            )
        )
        found: Mapping[str, Any] = answer.json()
        return found


def recorded(users: int) -> list[Exchange]:
    """The exchanges that are judged."""
    recorder = Recorder(users)
    for turn in range(2):
        recorder.pages("users")
        recorder.pages("groups")
        for number in range(REQUESTS if turn == 0 else 0):
            recorder.change(number)
    return recorder.exchanges


def with_an_oddity(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges with one entry of the second listing of users as the mock server does not have it."""
    changed = list(exchanges)
    place = max(place for place, one in enumerate(changed) if "/users/" in one.request.url)
    one = changed[place]
    body = one.response.json()
    body["users"][0]["firstname"] = "Odd"
    changed[place] = attrs.evolve(one, response=attrs.evolve(one.response, body=json.dumps(body).encode()))
    return changed


def measure(users: int) -> Figures:
    """Judge both recordings of a directory."""
    exchanges = recorded(users)
    before = peak_mb()
    agreed, musts = judged(exchanges)
    memory = peak_mb() - before
    assert musts == 0
    odd, musts = judged(with_an_oddity(exchanges))
    assert musts == 1
    return Figures(agreed, odd, memory)


def judged(exchanges: Sequence[Exchange]) -> tuple[float, int]:
    """Seconds of processor time, and how many MUST were found."""
    recording = Recording(path="benchmark", exchanges=tuple(exchanges))
    began = time.process_time()
    verdict = MockJudge().judge(recording)
    return time.process_time() - began, sum(one.grade is Grade.MUST for one in verdict.findings)


def peak_mb() -> float:
    """Megabytes of memory that the process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def in_own_process(users: int) -> Figures:
    """The figures of a directory in a fresh process."""
    command = [sys.executable, __file__, "--measure", str(users)]
    return Figures(*json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> int:
    """Measure directories of several sizes; print what each takes, and times what for each doubling."""
    parser = argparse.ArgumentParser(description="The judge of the mock server, by the size of the directory.")
    parser.add_argument("--users", type=int, nargs="+", default=[10_000, 20_000, 40_000])
    parser.add_argument("--measure", type=int, metavar="USERS", help="one directory, as JSON")
    given = parser.parse_args()
    if given.measure:
        json.dump(list(attrs.asdict(measure(given.measure)).values()), sys.stdout)
        return 0
    figures = {users: in_own_process(users) for users in sorted(given.users)}
    print(f"{'users':>10}{'agreed, s':>12}{'odd, s':>12}{'memory, MB':>12}")
    for users, one in figures.items():
        print(f"{users:10,}{one.agreed_seconds:12.2f}{one.odd_seconds:12.2f}{one.memory_mb:12.0f}")
    missed = False
    for fewer, more in pairwise(figures):
        growth = more / fewer
        for name, target in (("agreed_seconds", TIME_RATIO), ("odd_seconds", TIME_RATIO), ("memory_mb", MEMORY_RATIO)):
            ratio = getattr(figures[more], name) / getattr(figures[fewer], name)
            bound = growth * target / 2
            missed = missed or ratio > bound
            print(f"{fewer:,} → {more:,} users, {name}: {ratio:.2f} times, target {bound:.2f}")
    print("a target is missed" if missed else "all targets are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""An organisation of a million users in 500 groups, beside one of ten thousand in the same run.

Usage: `python benchmarks/scale.py [--users 1000000] [--groups 500]`. Each organisation lives in a process of its own.
Targets: seeded in under 60 s, under 1 GB resident; any page of 2000 users within 3 times the same page of the small
organisation; one user's change no slower than there (within 1.25, for the measurement's own noise). Times are processor
time, and of pages and changes the median of many rounds: other work of the machine disturbs those least.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx

from umapi_harness.mock import World, create_app, generate_organization

SMALL = 10_000
SEED_SECONDS, RESIDENT_MB, PAGE_RATIO, CHANGE_RATIO = 60.0, 1000.0, 3.0, 1.25
PAGE = 2000
PAGE_ROUNDS, CHANGE_ROUNDS = 30, 500


@attrs.frozen
class Figures:
    """What one organisation takes; milliseconds but for the first two."""

    seed_seconds: float
    resident_mb: float
    times: dict[str, float]


def measure(users: int, groups: int) -> Figures:
    """Make an organisation and time pages and changes, through the application as a request goes."""
    began = time.process_time()
    world = World([generate_organization(users, groups)])
    seeded = time.process_time() - began
    gc.freeze()  # as `umapi-harness serve` does
    return asyncio.run(_measure(world, seeded, users))


async def _measure(world: World, seeded: float, users: int) -> Figures:
    org_id = world.organization().org_id
    credential = world.credential(org_id)
    token = world.tokens.issue(credential, 86_399)
    headers = {"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=create_app(world))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://mock/v2/usermanagement", headers=headers
    ) as client:

        async def page(path: str) -> None:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text

        async def change(*steps: dict[str, Any]) -> None:
            commands = [{"user": f"user{users // 2}@example.com", "do": list(steps)}]
            answer = await client.post(f"/action/{org_id}", json=commands)
            assert answer.json()["completed"] == 1, answer.text

        async def replace() -> None:
            await change({"removeFromOrg": {}})
            fields = {"email": f"user{users // 2}@example.com", "firstname": "A", "lastname": "B", "country": "DE"}
            await change({"createFederatedID": fields})

        last = (users - 1) // PAGE
        middle = f"/users/{org_id}/{last // 2}"
        times = {
            "first page": await median(PAGE_ROUNDS, lambda _: page(f"/users/{org_id}/0")),
            "middle page": await median(PAGE_ROUNDS, lambda _: page(middle)),
            "last page": await median(PAGE_ROUNDS, lambda _: page(f"/users/{org_id}/{last}")),
            "page after a removal": 0.0,
            "page of a domain": await median(PAGE_ROUNDS, lambda _: page(f"{middle}?domain=example.com")),
            "page of a profile": await median(PAGE_ROUNDS, lambda _: page(f"/users/{org_id}/0/All%20Apps")),
            "update": await median(CHANGE_ROUNDS, lambda turn: change({"update": {"lastname": f"L{turn}"}})),
            "rename": await median(
                CHANGE_ROUNDS, lambda turn: change({"update": {"username": f"n{turn}@example.com"}})
            ),
            "join and leave": await median(
                CHANGE_ROUNDS, lambda _: change({"add": {"group": ["Team 1"]}}, {"remove": {"group": ["Team 1"]}})
            ),
            "remove and create": await median(CHANGE_ROUNDS, lambda _: replace()),
        }
        times["page after a removal"] = await median(PAGE_ROUNDS, lambda _: page(middle))
    return Figures(seeded, resident_mb(), times)


async def median(rounds: int, call: Callable[[int], Any]) -> float:
    """Milliseconds of processor time that a call takes."""
    taken: list[float] = []
    for turn in range(rounds):
        began = time.process_time()
        await call(turn)
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1000


def resident_mb() -> float:
    """Megabytes of memory that the process holds; nan where /proc does not tell."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS"))


def in_own_process(users: int, groups: int) -> Figures:
    """The figures of an organisation in a fresh process."""
    output = subprocess.run(
        [sys.executable, __file__, "--measure", str(users), str(groups)], check=True, capture_output=True, text=True
    ).stdout
    return Figures(*json.loads(output))


def main() -> int:
    """Measure both organisations and print times and ratios."""
    parser = argparse.ArgumentParser(description="A large organisation beside a small one.")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--measure", type=int, nargs=2, metavar=("USERS", "GROUPS"), help="one organisation, as JSON")
    given = parser.parse_args()
    if given.measure:
        json.dump(list(attrs.asdict(measure(*given.measure)).values()), sys.stdout)
        return 0
    small, large = in_own_process(SMALL, given.groups), in_own_process(given.users, given.groups)
    missed = large.seed_seconds >= SEED_SECONDS or large.resident_mb >= RESIDENT_MB
    print(f"{'':22}{SMALL:>12,}{given.users:>12,}   ratio  target")
    print(f"{'seeded, s':22}{small.seed_seconds:12.2f}{large.seed_seconds:12.2f}{'':8}{SEED_SECONDS:8.0f}")
    print(f"{'resident, MB':22}{small.resident_mb:12.0f}{large.resident_mb:12.0f}{'':8}{RESIDENT_MB:8.0f}")
    for name, theirs in small.times.items():
        ratio, target = large.times[name] / theirs, PAGE_RATIO if "page" in name else CHANGE_RATIO
        missed = missed or ratio > target
        print(f"{name + ', ms':22}{theirs:12.2f}{large.times[name]:12.2f}{ratio:8.2f}{target:8.2f}")
    print("a target is missed" if missed else "all targets are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs of collections beside Newman: wall time and memory, reports included.

Usage: `python benchmarks/newman.py [--newman PATH] [--rounds 3] [CASE…]`; Newman 6.2.2 comes with
`npm install newman@6.2.2`. Both ask one server, written for Node, in a process of its own.

Targets: 25 requests in a third of Newman's time; 2,400 requests with two scripts each in a tenth; half of its memory;
rows of data with secrets at a cost that grows with their number (30,000 rows in at most 3.6 times the time of 10,000).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

# An installed package has its bytecode; one in a checkout keeps that of its first run, unless told not to.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SERVER = """
const body = JSON.stringify({completed: 1, notCompleted: 0, completedInTestMode: 0, result: "success"});
const server = require("http").createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""
BEFORE = """
const count = Number(pm.variables.get("count") || 0) + 1;
pm.variables.set("count", count);
pm.environment.set("last", "request " + count);
"""
AFTER = """
pm.test("answers", () => pm.response.to.have.status(200));
pm.test("is completed", () => {
  const body = pm.response.json();
  pm.expect(body).to.be.an("object").that.has.all.keys("completed", "notCompleted", "completedInTestMode", "result");
  pm.expect(body.result).to.equal("success");
  pm.expect(body.notCompleted).to.equal(0);
});
"""


class Cost(NamedTuple):
    """What a run cost: seconds by the clock, mebibytes at the peak."""

    seconds: float
    memory: float


class Case(NamedTuple):
    """A collection, its data, and the shares of Newman's time and memory that are aimed at."""

    requests: int
    scripts: bool
    rows: int = 0
    time: float = 1.0
    memory: float = 0.5


CASES = {
    "small": Case(requests=25, scripts=True, time=1 / 3),
    "scripts": Case(requests=2400, scripts=True, time=1 / 10),
    "plain": Case(requests=2400, scripts=False),
}
ROWS = (10_000, 30_000)
GROWTH = 3.6


def collection(case: Case) -> dict[str, Any]:
    """A collection of a case, each request with the scripts that it asks for."""
    events = [
        {"listen": listen, "script": {"exec": text.strip().split("\n")}}
        for listen, text in (("prerequest", BEFORE), ("test", AFTER))
    ]
    items = [
        {
            "name": f"request {number}",
            "request": {
                "method": "POST",
                "url": "{{base}}/v2/usermanagement/action/{{org}}?number=" + str(number),
                "header": [
                    {"key": "Authorization", "value": "Bearer {{access_token}}"},
                    {"key": "Content-Type", "value": "application/json"},
                ],
                "body": {"mode": "raw", "raw": '[{"user": "{{user}}", "do": [{"add": {"group": ["x"]}}]}]'},
            },
            **({"event": events} if case.scripts else {}),
        }
        for number in range(case.requests)
    ]
    return {"info": {"name": "benchmark", "schema": V21}, "item": items}


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The server's address, for the length of a block."""
    with subprocess.Popen(["node", "-e", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def measured(command: list[str]) -> Cost:
    """What a command costs; it must succeed."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"ended with {process.returncode}: {' '.join(command)}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def write(folder: Path, case: Case, base: str) -> list[str]:
    """The files of a case, and the arguments that name them: the same for both."""
    values = {"base": base, "org": "ABC@AdobeOrg", "access_token": "tok-" + "x" * 40, "user": "a@example.com"}
    environment = {"name": "benchmark", "values": [{"key": key, "value": value} for key, value in values.items()]}
    (folder / "collection.json").write_text(json.dumps(collection(case)), "utf-8")
    (folder / "environment.json").write_text(json.dumps(environment), "utf-8")
    arguments = [str(folder / "collection.json"), "-e", str(folder / "environment.json")]
    if case.rows:
        rows = [{"user": f"u{row}@example.com", "password": f"secret-{row}-{'s' * 20}"} for row in range(case.rows)]
        (folder / "rows.json").write_text(json.dumps(rows), "utf-8")
        arguments += ["-d", str(folder / "rows.json")]
    reports = [("json", folder / "report.json"), ("junit", folder / "report.xml")]
    arguments += ["-r", "cli,json,junit"]
    for name, path in reports:
        arguments += [f"--reporter-{name}-export", str(path)]
    return arguments


def beside(key: str, ours: list[str], newman: str, arguments: list[str], rounds: int) -> bool:
    """Run a case with both in turn and print the ratios; whether the targets are met."""
    case = CASES[key]
    pairs = [(measured([*ours, *arguments]), measured([newman, "run", *arguments])) for _ in range(rounds)]
    mine, theirs = (Cost(*map(min, zip(*costs, strict=True))) for costs in zip(*pairs, strict=True))
    time_share, memory_share = mine.seconds / theirs.seconds, mine.memory / theirs.memory
    print(
        f"{key}: {case.requests} requests: {mine.seconds:.2f} s beside {theirs.seconds:.2f} s,"
        f" ratio {time_share:.2f} (target {case.time:.2f});"
        f" {mine.memory:.0f} MiB beside {theirs.memory:.0f} MiB, ratio {memory_share:.2f} (target {case.memory:.2f})"
    )
    return time_share <= case.time and memory_share <= case.memory


def growing(ours: list[str], folder: Path, base: str) -> bool:
    """Run rows of data with secrets and print how the time grows; whether the target is met."""
    costs = [measured([*ours, *write(folder, Case(requests=1, scripts=True, rows=rows), base)]) for rows in ROWS]
    growth = costs[1].seconds / costs[0].seconds
    told = [f"{rows} rows {cost.seconds:.1f} s, {cost.memory:.0f} MiB" for rows, cost in zip(ROWS, costs, strict=True)]
    print(f"rows: {', '.join(told)}: growth {growth:.2f} (target {GROWTH:.2f})")
    return growth <= GROWTH


def main() -> int:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(description="Runs of collections beside Newman.")
    parser.add_argument("--newman", default=shutil.which("newman"), help="its command; default: the one in the path")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join([*CASES, 'rows'])}; default: all")
    given = parser.parse_args()
    chosen = given.cases or [*CASES, "rows"]
    if given.newman is None and set(chosen) - {"rows"}:
        raise SystemExit("Newman is missing: npm install newman@6.2.2, and name its command with --newman")
    # Without scripts there are no checks, which Newman does not mind.
    ours = [sys.executable, "-m", "umapi_harness", "run", "--allow", "no-checks"]
    with serving() as base, tempfile.TemporaryDirectory(prefix="umapi-benchmark-") as name:
        folder = Path(name)
        # Not measured: it writes the bytecode.
        measured([*ours, *write(folder, CASES["small"], base)])
        met = [
            beside(key, ours, given.newman, write(folder, CASES[key], base), given.rounds)
            for key in CASES
            if key in chosen
        ]
        if "rows" in chosen:
            met.append(growing(ours, folder, base))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`umapi apply` on files of many rows: seconds and the most memory of its process, from the file to the result.

Usage: `python benchmarks/bulk.py` [--rows 200000]. The command runs in a process of its own, against a mock server,
and without the waits of the throttle, as it does not keep limits of hosts that are not Adobe's. Targets: at most 200 MB
for all rows, and at most 15 times the processor time of a tenth of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from umapi_harness.mock.serving.server import running_server

MOST_MEGABYTES = 200
MOST_TIMES = 15


def measure(rows: int, environment: Mapping[str, str], command: Sequence[str]) -> float:
    """Run a command on a file of so many rows; print what it took, hold its memory, return its processor time."""
    with tempfile.TemporaryDirectory() as folder:
        people = Path(folder, "people.csv")
        with people.open("w", encoding="utf-8") as file:
            file.write("upn,mail,firstname,lastname,country_code,groups\n")
            for number in range(rows):
                email = f"user{number}@example.com"
                file.write(f"{email},{email},First{number},Last{number},DE,DevOps\n")
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "umapi_sdk", *command, str(people)],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status:
            raise SystemExit(f"umapi {' '.join(command)} failed:\n{told}")
        megabytes = usage.ru_maxrss / 1024
        processor = usage.ru_utime + usage.ru_stime
        sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:.0f} MB" for path in sorted(Path(folder).iterdir()))
        print(
            f"{rows:9,} rows, {command[0]:5}  {seconds:7.1f} s ({processor:.1f} s of processor time), "
            f"{megabytes:4.0f} MB at the peak; {sizes}",
            flush=True,
        )
        if megabytes > MOST_MEGABYTES:
            raise SystemExit(f"more than {MOST_MEGABYTES} MB")
        return processor


def main() -> int:
    """Measure a tenth of the rows and all of them, or let a mock server run the program that does."""
    parser = argparse.ArgumentParser(description="Time and memory of `umapi apply` on many rows.")
    parser.add_argument("--rows", type=int, default=200_000)
    rows: int = parser.parse_args().rows
    missed = False
    with running_server() as server:
        details = server.details
        environment = {
            "UMAPI_ORG_ID": details.org_id,
            "UMAPI_CLIENT_ID": details.client_id,
            "UMAPI_CLIENT_SECRET": details.client_secret,
            "UMAPI_ENDPOINT": details.api_url,
            "UMAPI_IMS_URL": details.ims_url,
            "NO_PROXY": "127.0.0.1",
        }
        for command in (("check",), ("apply", "--result", "result.csv")):
            few, many = (measure(count, environment, command) for count in (rows // 10, rows))
            missed = missed or many > MOST_TIMES * few
    print("a target is missed" if missed else "all targets are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

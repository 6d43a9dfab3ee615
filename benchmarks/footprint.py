"""Import time, and memory of 100,000 users, beside Adobe's umapi-client 3.0.1 in the same run.

Usage: `python benchmarks/footprint.py`, with umapi-client installed as for `codec.py`.
Each measure is taken in a process of its own. Import is processor time above that of bare Python, the best of some
rounds, with compiled files that both sides may keep; memory is what the entries of fifty pages of 2000 users hold.
umapi-client keeps users as the dictionaries that json.loads makes. Targets: a ratio of 0.5 for both.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile

ROUNDS = 12
MEMORY = """
import gc, json, sys, tracemalloc
NAMES = [(f"First{n}", f"Last{n % 400}") for n in range(2000)]
def page(number):
    users = [
        {"id": f"{number * 2000 + n:08X}@AdobeID", "email": f"user{number * 2000 + n}@example.com", "status": "active",
         "groups": [f"Group {n % 50}", f"Team {n % 20}"], "username": f"user{number * 2000 + n}@example.com",
         "domain": "example.com", "firstname": NAMES[n][0], "lastname": NAMES[n][1], "country": "DE",
         "type": "federatedID"}
        for n in range(2000)
    ]
    return json.dumps({"lastPage": False, "result": "success", "users": users}).encode()
if sys.argv[1] == "ours":
    from umapi_runtime.converter import read_response_text
    from umapi_models.models import UsersPage
    read = lambda text: read_response_text(UsersPage, text).users
else:
    read = lambda text: json.loads(text)["users"]
read(page(0))
gc.collect()
tracemalloc.start()
held = []
for number in range(50):
    held += read(page(number))
gc.collect()
print(tracemalloc.get_traced_memory()[0])
"""


def main() -> int:
    """Measure both sides and print figures and ratios."""
    with tempfile.TemporaryDirectory(prefix="umapi-benchmark-") as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        bare, peer = (import_time(code, environment) for code in ("pass", "import umapi_client"))
        for code in ("import umapi_sdk", "from umapi_sdk import Connection, UserAction, ServicePrincipalAuth"):
            mine = import_time(code, environment) - bare
            print(f"{code}: {mine:.0f} ms, umapi_client {peer - bare:.0f} ms, ratio {mine / (peer - bare):.2f}")
    mine, peer = (memory(side) for side in ("ours", "theirs"))
    print(f"100,000 users: umapi-sdk {mine:.1f} MB, umapi-client {peer:.1f} MB, ratio {mine / peer:.2f}")
    return 0


def import_time(code: str, environment: dict[str, str]) -> float:
    """Return the milliseconds of processor time that a fresh Python takes for the code."""
    times: list[float] = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times) * 1000


def memory(side: str) -> float:
    """Return the megabytes that the users hold."""
    command = [sys.executable, "-c", MEMORY, side]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1e6


if __name__ == "__main__":
    sys.exit(main())

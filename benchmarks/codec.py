"""Building, checking and writing requests, and reading pages, beside Adobe's umapi-client 3.0.1 in the same run.

Usage: `python benchmarks/codec.py` with umapi-client installed (`pip install --no-deps umapi-client==3.0.1 requests`).
umapi-client checks nothing and leaves users as dictionaries. Times are processor time. Targets: 0.7 for building,
checking and writing ten commands, which is not met: it stands at 1.8. To make and check the models of a command takes
0.5 by itself, to look for doubtful texts 0.15, to tell what it touches and to write it 0.15. The rest are the calls
between, for each step is checked where it is given. The other target, for reading a page of 2000 users, is 0.75.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

from umapi_models.models import UsersPage
from umapi_runtime.converter import read_response_text
from umapi_sdk import UserAction
from umapi_sdk.batches import encode, split_action

ROUNDS = 15


def main() -> int:
    """Measure both sides in turn and print medians and ratios."""
    try:
        import umapi_client  # noqa: PLC0415
    except ImportError:
        sys.stderr.write("umapi-client is not installed: pip install --no-deps umapi-client==3.0.1 requests\n")
        return 2

    def ours() -> bytes:
        actions = [
            UserAction(f"user{n}@example.com")
            .create_federated_id(first_name="Jane", last_name="Doe", country="DE")
            .add_to_groups(["Designers", "Photoshop"])
            for n in range(10)
        ]
        return encode([command for action in actions for command in split_action(action)])

    def theirs() -> bytes:
        actions = [
            umapi_client.UserAction(f"user{n}@example.com")
            .create(f"user{n}@example.com", "Jane", "Doe", "DE")
            .add_to_groups(["Designers", "Photoshop"])
            for n in range(10)
        ]
        return json.dumps([action.wire_dict() for action in actions]).encode()

    user = {"email": "user@example.com", "status": "active", "username": "user@example.com", "domain": "example.com"}
    user |= {"firstname": "Jane", "lastname": "Doe", "country": "DE", "type": "federatedID"}
    users = [{**user, "id": str(n), "groups": ["Designers", f"Group {n % 50}"]} for n in range(2000)]
    page = json.dumps({"lastPage": True, "result": "success", "users": users}).encode()
    compare("build, check and write 10 commands", ours, theirs, 200)

    def our_page() -> object:
        return read_response_text(UsersPage, page)

    compare("read a page of 2000 users", our_page, lambda: json.loads(page), 5)
    return 0


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], number: int) -> None:
    """Print the medians of both sides, measured in turn, and their ratio."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, run in zip(times, (ours, theirs), strict=True):
            start = time.process_time()
            for _ in range(number):
                run()
            side.append((time.process_time() - start) / number)
    mine, peer = (statistics.median(side) * 1000 for side in times)
    print(f"{name}: umapi-sdk {mine:.3f} ms, umapi-client {peer:.3f} ms, ratio {mine / peer:.2f}")


if __name__ == "__main__":
    sys.exit(main())

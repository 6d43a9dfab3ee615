"""A program that goes on with a run until nothing is left; a test kills it. Its waits pass at once."""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from pathlib import Path

from umapi_sdk import BulkRun, Connection, JournalError, OAuthS2S
from umapi_sdk.bulk import Event


class FastTime:
    """The time, in which waits are over as soon as they begin."""

    def __init__(self) -> None:
        self._waited = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self._waited += seconds

    def clock(self) -> float:
        """Seconds since the epoch, and those that were waited."""
        return time.time() + self._waited


def main(details: Path, journal: Path) -> int:
    """Work until nothing is left; 75 if a signal or the journal ends it before."""
    given = json.loads(details.read_text(encoding="utf-8"))
    auth = OAuthS2S(given["client_id"], given["client_secret"], given["ims_url"])
    fast = FastTime()
    try:
        run = BulkRun.open(journal)
    except JournalError as error:
        print(error, flush=True)
        return 75

    ready = False

    def told(_event: Event) -> None:
        """Say once that it begins: all is planned, and a request, a query or a wait comes next."""
        nonlocal ready
        if not ready:
            print("ready", flush=True)
        ready = True

    def stop(_number: int, _frame: object) -> None:
        run.stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with Connection(given["org_id"], auth, endpoint=given["api_url"], sleep=fast.sleep, clock=fast.clock) as connection:
        while True:
            try:
                result = run.run(connection, on_event=told)
            except JournalError as error:
                print(error, flush=True)
                return 75
            if result.ended.why in ("finished", "stopped"):
                print(result.next_step, flush=True)
                return 0 if result.ended.why == "finished" else 75
            fast.sleep(4000)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""Derives the recordings beside this file from the public cassettes of user-sync.py; README.md tells what it changes.

    python tests/contract/live/derive.py CLONE

CLONE is a clone of github.com/adobe-apiplatform/user-sync.py, bare or not. The key of the pseudonyms is made up and
thrown away, so that other pseudonyms come out each time.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.judging import operation_name
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import Exchange, read, save

COMMIT = "997d156ff4bc1eb75008b900b552de8a4db280cc"
FOLDER = "test_framework/tests"
CASSETTE = re.compile(rf"{FOLDER}/\d+ - (?P<suite>\w+)/(?P<number>\d+) - (?P<title>[^/]+)/live/cassette\.yml")


def main(clone: Path, target: Path) -> None:
    """Write one HAR for each cassette."""
    # One key for all: whoever is the same person in two cassettes stays it.
    cleaner = Cleaner(Pseudonyms(secrets.token_hex(32)))
    cassettes = dict(_cassettes(clone))
    for exchanges in cassettes.values():
        for exchange in exchanges:
            cleaner.learn(exchange)
    for path, exchanges in cassettes.items():
        found = CASSETTE.fullmatch(path)
        if found is None:
            raise SystemExit(f"{path}: has another name than the cassettes had; adapt CASSETTE")
        title = re.sub(r"\W+", "-", found["title"]).strip("-").lower()
        name = f"{found['suite']}-{found['number']}-{title}"
        save(_derived(exchanges, cleaner, name, path), target / f"{name}.har")


def _derived(exchanges: Iterable[Exchange], cleaner: Cleaner, name: str, path: str) -> Iterator[Exchange]:
    for number, exchange in enumerate(exchanges):
        one = cleaner.cleaned(exchange)
        if b"REDACTED" in one.request.body + one.response.body:
            raise SystemExit(f"{name}, exchange {number}: a body holds a secret, or what looks like one; look at it")
        operation = operation_name(exchange) or ""
        source = f"github.com/adobe-apiplatform/user-sync.py, commit {COMMIT[:8]}, {path}"
        notes = {**one.notes, "name": f"live.{name}.{number}", "operation": operation, "source": source}
        yield attrs.evolve(one, name=notes["name"], operation=operation, source=source, notes=notes)


def _cassettes(clone: Path) -> Iterator[tuple[str, tuple[Exchange, ...]]]:
    names = _git(clone, "ls-tree", "-r", "-z", "--name-only", COMMIT, f"{FOLDER}/").decode().split("\0")
    for path in names:
        if path.endswith("/live/cassette.yml"):
            yield path, read(_git(clone, "show", f"{COMMIT}:{path}"), path).exchanges


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)

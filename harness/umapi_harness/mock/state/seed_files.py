"""Seed files: organisations as JSON, and people with their groups as CSV or as exports of the command `umapi`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from umapi_harness.common.documents import document_of, read_text
from umapi_harness.common.errors import InputError
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seed_lines import is_lines, read_lines
from umapi_harness.mock.state.seed_lists import SeedList
from umapi_harness.mock.state.seed_tables import read_table
from umapi_harness.mock.state.seeds import Seed, build_seed

_NOUN: Final = "seed file"


def read_seeds(paths: Sequence[Path]) -> list[Seed]:
    """Read seed files: a JSON file is an organisation, and a file of people adds them to the one before it.

    Files of people are CSV, by their name, and JSON Lines, by what they hold. One that comes first is an organisation
    of its own, with the id and credentials of the default one, in which the domains and groups are there that it
    names. Raises InputError with file, place and remedy.
    """
    made: list[tuple[Path, Seed]] = []
    for path in paths:
        found = _read(path)
        if isinstance(found, SeedList):
            before = made.pop()[1] if made else found.frame()
            found = _joined(before, found)
        made.append((path, found))
    for place, (path, seed) in enumerate(made):
        org_id = seed.organization.org_id
        for _, earlier in made[:place]:
            if earlier.organization.org_id == org_id:
                raise InputError(f"{path}: /org_id: {org_id} is another seed's already; give it another id")
            if {one.client_id for one in earlier.credentials} & {one.client_id for one in seed.credentials}:
                raise InputError(f"{path}: /credentials: a client_id is another seed's already; choose another")
    return [seed for _, seed in made]


def _read(path: Path) -> Seed | SeedList:
    if path.suffix.lower() == ".csv":
        return read_table(path)
    text = read_text(path, _NOUN)
    if is_lines(text):
        return read_lines(text, path)
    document = document_of(text, path, _NOUN)
    if isinstance(document, list):
        raise InputError(
            f"{path}: is an array, and an organisation is an object; list people as JSON Lines (--format jsonl) or CSV"
        )
    return build_seed(document, where=str(path))


def _joined(seed: Seed, people: SeedList) -> Seed:
    def build() -> Organization:
        organization = seed.rebuild()
        people.add_to(organization)
        return organization

    return Seed(organization=build(), credentials=seed.credentials, rebuild=build)

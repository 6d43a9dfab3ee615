"""One difference at a time in what the service answered: found where it is, and told once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from umapi_harness.contract import Finding, Grade, own_judges, verify
from umapi_harness.contract.recordings import Recording
from umapi_plants import Plant, plants
from umapi_sessions import SEED, Session

MADE_UP = ("/id", "/groupId", "/adminGroupId")
"""Fields whose values the service makes up: only their types are judged."""
PARTS = 12
"""Parts of the differences that are judged apart, so that processes share them."""
CONTRADICTIONS = {
    *(f"session#/5 header {name} changed" for name in ("X-Total-Count", "X-Page-Size")),
    "session#/5 body /users removed",
}
"""What contradicts something else that the same recording says, so that either may be what is wrong: the two headers
of a listing that is there once, and the members of a group who say themselves that they are in it."""


def _session() -> Recording:
    """Everybody and every group, an action with two errors and a warning, and everybody again."""
    session = Session(SEED)
    session.users()
    session.groups()
    session.act(
        [
            {"user": "bob@f.example", "do": [{"add": {"group": ["Nowhere"]}}]},
            {"user": "ann@e.example", "do": [{"add": {"product": ["Nothing"]}}]},
        ]
    )
    session.users()
    session.groups()
    session.users("Artists")
    session.user("bob@f.example")
    return session.recording()


def _found(recording: Recording) -> list[Finding]:
    return [one for one in verify([recording], own_judges()).findings if one.entry]


def _of_known_state(session: Recording) -> Iterator[Plant]:
    """The differences in answers about what earlier answers have told."""
    return (one for one in plants(session) if one.exchange not in ("session#/0", "session#/1"))


@pytest.fixture(scope="module")
def session() -> Recording:
    """The session without a difference, of which no judge says MUST."""
    recording = _session()
    assert [str(one) for one in _found(recording) if one.grade is Grade.MUST] == []
    return recording


@pytest.mark.parametrize("part", range(PARTS))
def test_each_difference_is_found_once_in_its_place(part: int, session: Recording) -> None:
    """Of fields and headers, changed, removed, added or of another type, each is one finding of the mock's judge."""
    missed: list[str] = []
    misplaced: list[str] = []
    several: list[str] = []
    planted = list(islice(_of_known_state(session), part, None, PARTS))
    assert planted
    for plant in planted:
        found = _found(plant.recording)
        here = [one for one in found if one.where == plant.exchange and plant.place.startswith(one.place.rstrip("/"))]
        musts = [one for one in found if one.grade is Grade.MUST and one.judge == "mock"]
        if not found:
            missed.append(str(plant))
        elif not here:
            misplaced.append(f"{plant}: {[str(one) for one in found]}")
        if len(musts) > 1 and str(plant) not in CONTRADICTIONS:
            several.append(f"{plant}: {[str(one) for one in musts]}")
    assert [one for one in missed if not one.rpartition(" ")[0].endswith(MADE_UP)] == []
    assert misplaced == []
    assert several == []

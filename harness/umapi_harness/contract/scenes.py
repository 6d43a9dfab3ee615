"""Scenes: the exchanges of a recording that share one state of the organisation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from umapi_harness.contract.recordings import Exchange


def scenes(exchanges: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    """Yield the exchanges that share one state: those that state it themselves, session by session, and the rest."""
    rest: list[Exchange] = []
    stated: list[list[Exchange]] = []
    for exchange in exchanges:
        if "state" not in exchange.notes:
            rest.append(exchange)
        elif stated and _continues(stated[-1][-1], exchange):
            stated[-1].append(exchange)
        else:
            stated.append([exchange])
    yield from stated
    if rest:
        yield rest


def _continues(before: Exchange, exchange: Exchange) -> bool:
    session = exchange.notes.get("session")
    return session is not None and all(
        before.notes.get(name) == exchange.notes.get(name) for name in ("session", "state")
    )

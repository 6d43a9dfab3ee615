"""The guard against files that remove too many people: how many they remove, and how many may go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Final

import attrs
import click

from umapi_models.models import UserStep
from umapi_sdk.actions import Action
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ThrottledError
from umapi_sdk.kinds import Step, ends, steps_of
from umapi_sdk.lookups import UsersQuery
from umapi_sdk.sheets import Row

_LIMIT: Final = re.compile(r"(?P<count>[0-9]{1,9})|(?P<percent>[0-9]{1,3}(\.[0-9]{1,6})?)%", re.ASCII)


@attrs.frozen
class RemovalLimit:
    """How many people may be removed: so many, or so many percent of the users of the organisation."""

    number: Decimal
    percent: bool

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.percent else ''}"

    def problem(self, removals: int, connection: Connection) -> str | None:
        """Return what is wrong with so many removals, None if they may be; for a percentage, the service is asked.

        Raises:
            ServiceError, NetworkError: it does not say how many users there are, and not for being asked too often.
        """
        if not self.percent:
            return _problem(removals, int(self.number), f"{self.number}")
        if not removals:
            return None
        try:
            total = _users(connection)
        except ThrottledError as error:  # as soon after a listing, which locks the page that says it
            return f"how many users there are cannot be asked now: give --max-removals a number ({error})"
        if total is None:
            return "the service does not say how many users there are: give --max-removals a number"
        most = int(total * self.number / 100)
        return _problem(removals, most, f"{self.number}% of {total:,} users, which is {most:,}")


def _problem(removals: int, most: int, allowed: str) -> str | None:
    if removals <= most:
        return None
    rows = "1 row removes people" if removals == 1 else f"{removals:,} rows remove people"
    advice = "Is the file whole? If it is right, raise the limit"
    return f"{rows}, and --max-removals allows {allowed}: nothing was sent. {advice}"


def _users(connection: Connection) -> int | None:
    """Return how many users there are, as the first page of their listing says."""
    query = UsersQuery(connection)
    with suppress(StopIteration):
        next(iter(query))
    return query.total


def read_limit(_: click.Context, __: click.Parameter, written: str | None) -> RemovalLimit | None:
    """Return the limit that is written on the command line, None if there is none."""
    if written is None:
        return None
    found = _LIMIT.fullmatch(written)
    if found is None or (found["percent"] and Decimal(found["percent"]) > 100):
        raise click.BadParameter(f"{written!r} is no number of people, as 200, and no percentage, as 5%.")
    return RemovalLimit(Decimal(found["count"] or found["percent"]), found["percent"] is not None)


class RemovalCount:
    """Rows as they come, of which those are counted that remove people."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.removals = 0
        """Rows that remove somebody from the organisation, or from all groups."""

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            if row.action is not None and _removes(row.action):
                self.removals += 1
            yield row


def _removes(action: Action) -> bool:
    return any(_takes_all(step) for command, _ in action.commands for step in steps_of(command))


def _takes_all(step: Step) -> bool:
    """Return whether a step removes somebody from the organisation, or from all groups."""
    return isinstance(step, UserStep) and (ends(step) or isinstance(step.remove, str))

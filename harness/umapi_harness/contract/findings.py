"""Findings: where something departs from what is expected of it, how much that matters, and what would explain it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import attrs

from umapi_harness.contract.exchanges import Exchange


class Grade(StrEnum):
    """How much a finding matters."""

    MUST = "MUST"
    """The contract is broken, or a wrong outcome was reached."""
    SHOULD = "SHOULD"
    """A departure that tolerant programs work with."""
    MAY = "MAY"
    """Drift, such as a field that is not documented; or something that the recording does not tell."""


@attrs.frozen(kw_only=True)
class Finding:
    """What a judge found in one exchange, or in the recording as a whole."""

    grade: Grade
    judge: str
    """Name of the judge."""
    file: str
    entry: str
    """Place of the exchange in the file, as the format counts; empty for the recording as a whole."""
    exchange: str
    """Name of the exchange, where the recording gives one; otherwise method and path."""
    operation: str | None
    """operationId; None where the exchange is of no documented operation."""
    place: str
    """URL, path <name>, query <name>, header <name>, status, body, or body <JSON pointer>; with request or response
    before it where both have one."""
    problem: str
    """What is wrong, in one line."""
    expected: str | None = None
    actual: str | None = None
    remedy: str = ""
    """What to do about it, where something can be done."""
    settings: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Settings of the mock server that explain the difference."""
    more: int = 0
    """Further places of the exchange where the same is found, for what is no MUST."""

    @property
    def where(self) -> str:
        """File and entry, as one text."""
        return f"{self.file}#{self.entry}" if self.entry else self.file

    def __str__(self) -> str:
        return f"{self.grade} {self.judge}: {self.where} {self.exchange}: {self.place}: {self.problem}"


def finding(
    judge: str,
    exchange: Exchange,
    operation: str | None,
    grade: Grade,
    place: str,
    problem: str,
    *,
    expected: str | None = None,
    actual: str | None = None,
    remedy: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Finding:
    """Return a finding about an exchange."""
    file, _, entry = exchange.where.partition("#")
    return Finding(
        grade=grade,
        judge=judge,
        file=file,
        entry=entry,
        exchange=title(exchange),
        operation=operation,
        place=place,
        problem=problem,
        expected=expected,
        actual=actual,
        remedy=remedy,
        settings=settings or {},
    )


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with those in one that say the same of many entries of one list."""
    found: dict[object, Finding] = {}
    for number, one in enumerate(findings):
        like = (one.judge, one.entry, one.grade, re.sub(r"/\d+(?=/)", "/*", one.place), one.remedy)
        key: object = number if one.grade is Grade.MUST or not one.entry or "/" not in one.place else like
        first = found.get(key)
        found[key] = one if first is None else attrs.evolve(first, more=first.more + 1)
    return tuple(found.values())


def title(exchange: Exchange) -> str:
    """Return what people call an exchange: its own name, or what was asked for."""
    if exchange.name != exchange.where:
        return exchange.name
    return f"{exchange.request.method} {urlsplit(exchange.request.url).path}"

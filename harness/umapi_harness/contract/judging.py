"""Judging: what a judge of recordings is, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import attrs

from umapi_harness.contract.exchanges import Exchange, Recording
from umapi_harness.contract.findings import Finding, Grade, gathered
from umapi_harness.contract.schema import Operation, find_operation, operations

CHANGES: Final = frozenset({"action", "oldProfileUpdate"})
"""Operations that change an organisation."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What one judge says of one recording."""

    judge: str
    judged: int
    """Exchanges that were compared."""
    unjudged: Mapping[str, int] = attrs.field(factory=dict[str, int])
    """Reasons why others were not, with the number of exchanges each."""
    findings: tuple[Finding, ...] = ()


class Judge(Protocol):
    """Compares recordings with one thing that should agree with them."""

    @property
    def name(self) -> str:
        """What options and reports call it."""
        ...

    def judge(self, recording: Recording) -> Verdict:
        """Return what it makes of the exchanges of one file, which are all requests for the API or the token host."""
        ...


@attrs.frozen(kw_only=True)
class Verified:
    """One recording, with what every judge says of it."""

    recording: Recording
    """The recording without the exchanges that are not the API's."""
    foreign: Mapping[str, int]
    """Why exchanges were left out, with the number of each."""
    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all judges."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)


@attrs.frozen(kw_only=True)
class Verification:
    """What came of verifying recordings."""

    files: tuple[Verified, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in all files."""
        return tuple(finding for file in self.files for finding in file.findings)

    def count(self, grade: Grade) -> int:
        """Return the number of findings of one grade."""
        return sum(finding.grade is grade for finding in self.findings)

    @property
    def passed(self) -> bool:
        """True when nothing that must hold is broken."""
        return self.count(Grade.MUST) == 0


def judge(recording: Recording, judges: Sequence[Judge], foreign: Mapping[str, int]) -> Verified:
    """Put a recording before each judge; `foreign` says what was left out of it."""
    verdicts = (one.judge(recording) for one in judges)
    return Verified(
        recording=recording,
        foreign=foreign,
        verdicts=tuple(attrs.evolve(one, findings=gathered(one.findings)) for one in verdicts),
    )


def operation_of(exchange: Exchange) -> Operation | None:
    """Return the operation that the recording names, else the one that its method and path are of."""
    if exchange.operation is not None:
        return operations().get(exchange.operation)
    return find_operation(exchange.request.method, exchange.request.url)


def operation_name(exchange: Exchange) -> str | None:
    """Return the operationId of an exchange; None where it is of no documented operation."""
    operation = operation_of(exchange)
    return None if operation is None else operation.name

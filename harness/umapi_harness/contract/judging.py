"""Judging: what a judge of recordings is, which exchanges it sees, and the verification that asks them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs

from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.recordings import Exchange, Recording
from umapi_harness.contract.schema import Operation, find_operation, operations
from umapi_models.operations import API_ROOT

_ROOT: Final = urlsplit(API_ROOT)
_STATUS: Final = "/status"
_PREFLIGHT: Final = "OPTIONS"


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


def verify_with(recordings: Iterable[Recording], judges: Sequence[Judge]) -> Verification:
    """Put each recording before each judge."""
    return Verification(files=tuple(_verified(recording, judges) for recording in recordings))


def operation_of(exchange: Exchange) -> Operation | None:
    """Return the operation that the recording names, else the one that its method and path are of."""
    if exchange.operation is not None:
        return operations().get(exchange.operation)
    return find_operation(exchange.request.method, exchange.request.url)


def operation_name(exchange: Exchange) -> str | None:
    """Return the operationId of an exchange; None where it is of no documented operation."""
    operation = operation_of(exchange)
    return None if operation is None else operation.name


def _verified(recording: Recording, judges: Sequence[Judge]) -> Verified:
    hosts = {_host(one) for one in recording.exchanges if _is_rooted(one)} | {_ROOT.netloc}
    kept: list[Exchange] = []
    foreign: Counter[str] = Counter()
    for exchange in recording.exchanges:
        reason = _why_foreign(exchange, hosts)
        if reason is None:
            kept.append(exchange)
        else:
            foreign[reason] += 1
    own = attrs.evolve(recording, exchanges=tuple(kept))
    return Verified(recording=own, foreign=dict(foreign), verdicts=tuple(judge.judge(own) for judge in judges))


def _why_foreign(exchange: Exchange, hosts: set[str]) -> str | None:
    """Return why an exchange is none of the API's; None when it is one."""
    if exchange.operation is not None and exchange.operation in operations():
        return None
    path = urlsplit(exchange.request.url).path
    if exchange.request.method == _PREFLIGHT:
        return "a browser's question before the request (OPTIONS)"
    if not exchange.response.status:
        return "no answer was recorded"
    if _is_rooted(exchange) or (path.rstrip("/") == _STATUS and _host(exchange) in hosts):
        return None
    operation = find_operation(exchange.request.method, exchange.request.url)
    if operation is not None and path.rstrip("/") != _STATUS:
        return None
    return f"not the API's: {_host(exchange) or 'no host'}"


def _is_rooted(exchange: Exchange) -> bool:
    return urlsplit(exchange.request.url).path.startswith(f"{_ROOT.path}/")


def _host(exchange: Exchange) -> str:
    return urlsplit(exchange.request.url).netloc.rpartition("@")[2].lower()

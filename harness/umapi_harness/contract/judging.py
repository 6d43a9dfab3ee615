"""Judging: what a judge of recordings is, which exchanges it sees, and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs

from umapi_harness.common.secrets import Masker
from umapi_harness.contract.cleaning import sized, without_secrets
from umapi_harness.contract.findings import Finding, Grade, gathered
from umapi_harness.contract.recordings import Exchange, Recording
from umapi_harness.contract.schema import Operation, find_operation, operations
from umapi_models.operations import API_ROOT

_ROOT: Final = urlsplit(API_ROOT)
_STATUS: Final = "/status"
_PREFLIGHT: Final = "OPTIONS"
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


class Sieve:
    """Keeps the exchanges that are the API's, without secrets, and counts the reasons why others are not.

    What judges do not see stands in no finding: a raw recording is judged as a redacted one is.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.size = 0
        """Bytes of all bodies that were kept, uncompressed."""
        self._kept: list[Exchange] = []
        self._masker = Masker(learning=True)
        self._hosts = {_ROOT.netloc}
        self._foreign: Counter[str] = Counter()

    def add(self, exchange: Exchange) -> bool:
        """Take one exchange; False when it is nobody's business here, and nothing of it is kept."""
        reason = _why_foreign(exchange)
        if reason is not None:
            self._foreign[reason] += 1
            return not exchange.response.status and self.note(exchange)
        if _is_rooted(exchange):
            self._hosts.add(_host(exchange))
        self._keep(exchange)
        return True

    def note(self, exchange: Exchange) -> bool:
        """Take a request without an answer, for what it may have changed; False when it changes nothing of the API."""
        if operation_name(exchange) not in CHANGES:
            return False
        self._keep(exchange)
        return True

    def _keep(self, exchange: Exchange) -> None:
        self.size += len(exchange.request.body) + len(exchange.response.body)
        self._kept.append(sized(exchange, without_secrets(exchange, self._masker)))

    def recording(self, path: str, skipped: tuple[str, ...] = ()) -> tuple[Recording, Mapping[str, int]]:
        """Return what was kept, and the reasons with their numbers."""
        kept: list[Exchange] = []
        unanswered: list[tuple[int, Exchange]] = []
        foreign = Counter(self._foreign)
        for exchange in self._kept:
            if not exchange.response.status:
                unanswered.append((len(kept), exchange))
                continue
            # Every service can have a page called /status: it is the API's where the API is.
            if exchange.operation is not None or not _asks_status(exchange) or _host(exchange) in self._hosts:
                kept.append(exchange)
            else:
                foreign[_other(exchange)] += 1
        recording = Recording(path=path, exchanges=tuple(kept), skipped=skipped, unanswered=tuple(unanswered))
        return recording, dict(foreign)


def _why_foreign(exchange: Exchange) -> str | None:
    """Return why an exchange is none of the API's; None when it is one, or may be."""
    if exchange.operation is not None and exchange.operation in operations():
        return None
    if exchange.request.method == _PREFLIGHT:
        return "a browser's question before the request (OPTIONS)"
    if not exchange.response.status:
        return "no answer was recorded"
    if _is_rooted(exchange) or _asks_status(exchange):
        return None
    return None if find_operation(exchange.request.method, exchange.request.url) is not None else _other(exchange)


def _other(exchange: Exchange) -> str:
    return f"not the API's: {_host(exchange) or 'no host'}"


def _asks_status(exchange: Exchange) -> bool:
    return urlsplit(exchange.request.url).path.rstrip("/") == _STATUS


def _is_rooted(exchange: Exchange) -> bool:
    return f"{_ROOT.path}/" in urlsplit(exchange.request.url).path


def _host(exchange: Exchange) -> str:
    return urlsplit(exchange.request.url).netloc.rpartition("@")[2].lower()

"""Verification: recordings put before judges that should agree with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from umapi_harness.contract.judges.requests import RequestJudge
from umapi_harness.contract.judges.responses import ResponseJudge
from umapi_harness.contract.judges.simulation import MockJudge
from umapi_harness.contract.judging import Judge, Verification, Verified, judge
from umapi_harness.contract.recordings import Exchange, Limits, Recording, RecordingError, no_exchange, open_recording
from umapi_harness.contract.sieving import Sieve
from umapi_harness.mock.settings import Settings

MOST_BYTES: Final = 512 * 1024 * 1024
"""Of all bodies of the API in one file together, uncompressed: they are in memory at once."""

_DEFAULT: Final = Limits()


def own_judges(
    *,
    settings: Settings | None = None,
    changes: Mapping[str, Any] | None = None,
    seeds: Iterable[Mapping[str, Any]] = (),
) -> tuple[Judge, ...]:
    """Return the judges that need no client: request schema, response schema and mock server.

    The mock server begins with `settings` (default: as documented) and what the recording tells. `changes` are
    settings that are decided, so that no other value is inferred or tried; `seeds` are seed documents of
    organisations whose state is not to be inferred.
    """
    start = settings if settings is not None else Settings()
    return RequestJudge(), ResponseJudge(), MockJudge(settings=start, seeds=tuple(seeds), changes=changes or {})


def verify(
    recordings: Iterable[Recording | Path | str],
    judges: Sequence[Judge] | None = None,
    *,
    limits: Limits = _DEFAULT,
) -> Verification:
    """Put recordings, or the files that hold them, before judges; by default those of `own_judges`.

    `umapi_harness.reading.SdkJudge` is one more, for the SDK's reading. Exchanges that are not the API's are left
    out, and `Verified.foreign` says so.

    Raises:
        RecordingError: a file cannot be read, is no recording, or holds no exchange of the API.
    """
    asked = own_judges() if judges is None else judges
    return Verification(files=tuple(_verified(one, asked, limits) for one in recordings))


def api_exchanges(source: Recording | Path | str, limits: Limits = _DEFAULT) -> tuple[Recording, Mapping[str, int]]:
    """Return what a recording has of the API, and why anything else was left out, with the number of each.

    Raises:
        RecordingError: as `verify`; or nothing is left, of which every judge would be content.
    """
    recording, foreign = _sieved(source, limits)
    if not recording.exchanges:
        reasons = [*(f"{count}, {reason}" for reason, count in foreign.items()), *recording.skipped]
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        raise no_exchange(recording.path, f"{reasons[0]}{more}" if reasons else "")
    return recording, foreign


def _sieved(source: Recording | Path | str, limits: Limits) -> tuple[Recording, Mapping[str, int]]:
    sieve = Sieve()
    if isinstance(source, Recording):
        left_out = {id(exchange) for _, exchange in source.unanswered}
        for exchange in source.everything():
            (sieve.note if id(exchange) in left_out else sieve.add)(exchange)
        return sieve.recording(source.path, source.skipped)
    skipped: list[str] = []

    def bounded(exchange: Exchange, take: Callable[[Exchange], object]) -> None:
        take(exchange)
        if sieve.size > MOST_BYTES:
            most = MOST_BYTES // 2**20
            raise RecordingError(f"{exchange.where}: the bodies up to here have more than {most} MiB; split the file")

    unanswered = partial(bounded, take=sieve.note)
    for exchange in open_recording(Path(source), limits=limits, skip=skipped.append, unanswered=unanswered):
        bounded(exchange, sieve.add)
    return sieve.recording(str(source), tuple(skipped))


def _verified(source: Recording | Path | str, judges: Sequence[Judge], limits: Limits) -> Verified:
    recording, foreign = api_exchanges(source, limits)
    return judge(recording, judges, foreign)

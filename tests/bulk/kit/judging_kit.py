"""What a run under faults is held against: the organisation and the results of the same run without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from bulk_kit import Site, outcomes, rows_of_every_kind

from umapi_sdk.bulk import RowOutcome, RowResult


@attrs.frozen
class Undisturbed:
    """What a run without faults leaves and tells."""

    state: object
    results: Sequence[RowResult]


Truth = Mapping[bool, Undisturbed]
"""By whether memberships are turned around."""


def truth(folder: Path, new: int, old: int) -> Truth:
    """Carry out the rows without faults, by users and by groups."""
    found: dict[bool, Undisturbed] = {}
    for by_group in (False, True):
        site = Site(folder / f"{by_group}")
        _, results = site.run(rows_of_every_kind(new, old), by_group=by_group)
        found[by_group] = Undisturbed(site.state(), results)
        site.close()
    return found


def assert_true(results: Sequence[RowResult], expected: Sequence[RowResult]) -> None:
    """Hold what was told against what a run without faults told: nothing but doubt may differ."""
    for mine, true in zip(results, expected, strict=True):
        if mine.outcome is RowOutcome.UNKNOWN:
            # Who is there otherwise than asked for may have been there before, and the row may have failed.
            assert mine.message is not None
            assert "otherwise than asked for" in mine.message, mine
            assert true.code == "error.user.already_in_org", true
        else:
            assert outcomes([mine]) == outcomes([true]), mine

"""The page that says how runs differ from Newman's."""

from __future__ import annotations

from umapi_equivalence import read_jobs
from umapi_equivalence_page import KINDS, PAGE, PROBES, render


def test_the_page_holds_what_the_probes_say() -> None:
    """`python tests/support/umapi_equivalence_page.py` would change nothing."""
    assert render() == PAGE.read_text("utf-8")


def test_each_difference_has_a_kind_and_a_reason() -> None:
    """A probe differs in a known way, says why, and names its switch where it is stricter by a rule."""
    differences = [probe.differs for job in read_jobs(PROBES) for probe in job.probes if probe.differs]
    assert differences
    assert all(one.kind in KINDS and one.why for one in differences)

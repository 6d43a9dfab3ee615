"""Contract: recordings of the service, and whether requests, answers, SDK and mock server agree with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umapi_harness.common.lazy import lazily

if TYPE_CHECKING:
    from umapi_harness.contract.findings import Finding, Grade
    from umapi_harness.contract.judging import Judge, Verdict, Verification, Verified
    from umapi_harness.contract.verification import own_judges, verify

__all__ = ["Finding", "Grade", "Judge", "Verdict", "Verification", "Verified", "own_judges", "verify"]
__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("Finding", "Grade"), "findings"),
        **dict.fromkeys(("Judge", "Verdict", "Verification", "Verified"), "judging"),
        **dict.fromkeys(("own_judges", "verify"), "verification"),
    },
)

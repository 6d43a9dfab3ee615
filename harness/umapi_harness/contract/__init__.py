"""Contract: recordings of the service, and whether requests, answers, SDK and mock server agree with them."""

from __future__ import annotations

from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.judging import Judge, Verdict, Verification, Verified
from umapi_harness.contract.verification import own_judges, verify

__all__ = ["Finding", "Grade", "Judge", "Verdict", "Verification", "Verified", "own_judges", "verify"]

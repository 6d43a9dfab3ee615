"""The JSON report of a verification, in the form of verification.schema.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.judging import Verdict, Verification, Verified

FORMAT: Final = 1
"""Goes up when a member of the report changes its meaning or goes away."""


def write_verification_json(verification: Verification, path: Path) -> None:
    """Write the report to `path`; raises OSError."""
    text = json.dumps(verification_document(verification), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", errors="replace")


def verification_document(verification: Verification) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "format": FORMAT,
        "passed": verification.passed,
        "counts": {grade.value: verification.count(grade) for grade in Grade},
        "files": [_file(file) for file in verification.files],
    }


def _file(file: Verified) -> dict[str, Any]:
    return {
        "file": file.recording.path,
        "exchanges": len(file.recording.exchanges),
        "left_out": [*_reasons(file.foreign), *({"reason": line, "count": 1} for line in file.recording.skipped)],
        "judges": [_verdict(verdict) for verdict in file.verdicts],
        "findings": [_finding(finding) for finding in file.findings],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "judge": verdict.judge,
        "judged": verdict.judged,
        "unjudged": _reasons(verdict.unjudged),
        "counts": {grade.value: sum(one.grade is grade for one in verdict.findings) for grade in Grade},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "grade": finding.grade.value,
        "judge": finding.judge,
        "entry": finding.entry,
        "exchange": finding.exchange,
        "operation": finding.operation,
        "place": finding.place,
        "problem": finding.problem,
        "expected": finding.expected,
        "actual": finding.actual,
        "remedy": finding.remedy,
        "settings": dict(finding.settings),
        "more": finding.more,
    }


def _reasons(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"reason": reason, "count": count} for reason, count in counts.items()]

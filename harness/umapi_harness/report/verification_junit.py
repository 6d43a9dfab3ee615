"""The JUnit XML report of a verification: one suite for each file, a case for each judge and for each MUST."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.judging import Verdict, Verification, Verified
from umapi_harness.report.junit import clean


def write_verification_junit(verification: Verification, path: Path) -> None:
    """Write the report to `path`; raises OSError."""
    tree = ET.ElementTree(verification_element(verification))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def verification_element(verification: Verification) -> ET.Element:
    """Return the report as an element tree."""
    suites = [_suite(file) for file in verification.files]
    root = ET.Element("testsuites", name="verify", errors="0")
    for count in ("tests", "failures", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.extend(suites)
    return root


def _suite(file: Verified) -> ET.Element:
    suite = ET.Element("testsuite", name=clean(file.recording.path), errors="0")
    cases = [case for verdict in file.verdicts for case in _cases(file, verdict)]
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    suite.extend(cases)
    left_out = [*(f"{count}, {reason}" for reason, count in file.foreign.items()), *file.recording.skipped]
    if left_out:
        ET.SubElement(suite, "system-out").text = clean("\n".join(f"left out: {line}" for line in left_out))
    return suite


def _cases(file: Verified, verdict: Verdict) -> list[ET.Element]:
    cases: list[ET.Element] = []
    for finding in verdict.findings:
        if finding.grade is Grade.MUST:
            case = _case(file, f"{verdict.judge}: {finding.entry} {finding.exchange}: {finding.place}")
            failure = ET.SubElement(case, "failure", message=clean(finding.problem), type=finding.grade.value)
            failure.text = clean(_details(finding))
            cases.append(case)
    whole = _case(file, f"{verdict.judge}: {verdict.judged} exchanges")
    if not verdict.judged:
        reasons = "; ".join(f"{count}, {reason}" for reason, count in verdict.unjudged.items())
        ET.SubElement(whole, "skipped", message=clean(reasons or "no exchange of the API"))
    lesser = [_details(finding) for finding in verdict.findings if finding.grade is not Grade.MUST]
    if lesser:
        ET.SubElement(whole, "system-out").text = clean("\n".join(lesser))
    return [*cases, whole]


def _case(file: Verified, name: str) -> ET.Element:
    return ET.Element("testcase", name=clean(name), classname=clean(file.recording.path), time="0")


def _details(finding: Finding) -> str:
    more = f" (and {finding.more} like it)" if finding.more else ""
    return f"{finding}{more}" + (f"\n{finding.remedy}" if finding.remedy else "")

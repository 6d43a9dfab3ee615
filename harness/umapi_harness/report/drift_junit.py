"""The JUnit XML report of two recordings compared: a case for each drift that counts, and one for the whole."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from umapi_harness.contract.drift import Comparison
from umapi_harness.contract.findings import Grade
from umapi_harness.report.junit import clean


def write_drift_junit(comparison: Comparison, least: Grade, name: str, path: Path) -> None:
    """Write the report to `path`: drifts of the grade `least` and graver ones fail, lesser ones are told.

    Raises OSError.
    """
    counted = comparison.of_grade(least)
    suite = ET.Element(
        "testsuite", name=clean(name), tests=str(len(counted) + 1), failures=str(len(counted)), errors="0", skipped="0"
    )
    for one in counted:
        case = _case(suite, name, f"{one.operation} {one.side} {one.place}")
        ET.SubElement(case, "failure", message=clean(str(one)), type=one.grade.value)
    noun = "exchange" if comparison.compared == 1 else "exchanges"
    whole = _case(suite, name, f"{comparison.compared} {noun} compared")
    lesser = [str(one) for one in comparison.drifts if one not in counted]
    if lesser:
        ET.SubElement(whole, "system-out").text = clean("\n".join(lesser))
    root = ET.Element("testsuites", name="diff", tests=suite.get("tests", ""), failures=suite.get("failures", ""))
    root.set("errors", "0")
    root.set("skipped", "0")
    root.append(suite)
    tree = ET.ElementTree(root)
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, name: str, told: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", name=clean(told), classname=clean(name), time="0")

"""The JUnit XML report: one test suite per request, one test case per check, for build servers."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from umapi_harness.report.outcomes import Failure, Outcome, Outcomes

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(outcomes: Outcomes, path: Path) -> None:
    """Writes the report to `path`; raises OSError."""
    tree = ET.ElementTree(junit_element(outcomes))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def junit_element(outcomes: Outcomes) -> ET.Element:
    """The report as an element tree."""
    suites = [_suite(outcome) for outcome in outcomes.steps]
    if outcomes.failures:
        suites.append(_suite_of_the_run(outcomes))
    name = outcomes.started.collection if outcomes.started else ""
    seconds = outcomes.finished.summary.seconds if outcomes.finished else 0.0
    root = ET.Element("testsuites", name=clean(name), time=f"{seconds:.3f}")
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.extend(suites)
    return root


def _suite(outcome: Outcome) -> ET.Element:
    step = outcome.step
    suite = ET.Element("testsuite", name=clean(step.path), id=str(step.number))
    cases = [_case(outcome, name) for name in outcome.passed]
    for name in outcome.skipped_checks:
        case = _case(outcome, name)
        ET.SubElement(case, "skipped")
        cases.append(case)
    for failure in outcome.failures:
        case = _case(outcome, failure.name)
        case.append(_failure(outcome, failure))
        cases.append(case)
    if outcome.skipped:
        case = _case(outcome, "request")
        ET.SubElement(case, "skipped", message="a script skipped the request")
        cases.append(case)
    if not cases:
        # A request without checks still shows up as one that went through.
        cases.append(_case(outcome, "request sent"))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(failure.kind == "check" for failure in outcome.failures)))
    suite.set("errors", str(sum(failure.kind != "check" for failure in outcome.failures)))
    suite.set("skipped", str(len(outcome.skipped_checks) + outcome.skipped))
    suite.set("time", f"{outcome.seconds:.3f}")
    suite.extend(cases)
    if outcome.console:
        text = "\n".join(f"[{line.level}] {line.text}" for line in outcome.console)
        ET.SubElement(suite, "system-out").text = clean(text)
    return suite


def _suite_of_the_run(outcomes: Outcomes) -> ET.Element:
    """The errors that belong to no request."""
    name = clean(outcomes.started.collection if outcomes.started else "")
    count = str(len(outcomes.failures))
    suite = ET.Element("testsuite", name=name, tests=count, failures="0", errors=count, skipped="0")
    for failure in outcomes.failures:
        case = ET.SubElement(suite, "testcase", name=failure.name, classname=name)
        ET.SubElement(case, "error", message=clean(failure.message), type=failure.kind)
    return suite


def _case(outcome: Outcome, name: str) -> ET.Element:
    step = outcome.step
    classname = step.path if step.iteration == 0 else f"{step.path} [{step.iteration + 1}]"
    return ET.Element("testcase", name=clean(name), classname=clean(classname), time=f"{outcome.seconds:.3f}")


def _failure(outcome: Outcome, failure: Failure) -> ET.Element:
    tag = "failure" if failure.kind == "check" else "error"
    element = ET.Element(tag, message=clean(failure.message), type=failure.kind)
    lines = [failure.message, f"at {failure.pointer}"]
    if outcome.request is not None:
        lines.append(f"{outcome.request.method} {outcome.request.url}")
        lines.append(outcome.request.body)
    if outcome.response is not None:
        lines.append(f"{outcome.response.status} {outcome.response.reason}")
        lines.append(outcome.response.body)
    element.text = clean("\n".join(line for line in lines if line))
    return element


def clean(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)

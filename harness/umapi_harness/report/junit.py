"""The JUnit XML report: one test suite for each executed request, one test case for each check, for build servers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from umapi_harness.common.lines import one_line
from umapi_harness.postman import events
from umapi_harness.report.files import ReportFile
from umapi_harness.report.hints import hints
from umapi_harness.report.outcomes import Ending, Failure, Gathering, Outcome, cut, planned, status_text

# What is in it takes a hundred times as long to compile.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\t\n\r]')
_IN_ATTRIBUTES: Final = {'"': "&quot;", "\t": "&#09;", "\n": "&#10;", "\r": "&#13;"}
_TEXT_LIMIT: Final = 65_536
"""Characters of the console of a request, and of a line of a failure, that are kept."""
_BODY_LIMIT: Final = 4_000
"""Characters of a body, which stands at each failure of its request; the other reports have more of it."""
_LINE_LIMIT: Final = 4_096
_EXCHANGES: Final = 5
"""Exchanges of pm.sendRequest that a failure tells of."""
_NOTES: Final = 5
"""Notes of its request that a failure tells of."""
_PROPERTIES: Final = 200
_IN_MEMORY: Final = 1024 * 1024
_COUNTS: Final = ("tests", "failures", "errors")


class JunitReport:
    """Listens to a run and writes its report to `path` at the end.

    The first line of the file has the counts, so suites wait in a file without a name.
    """

    def __init__(self, path: Path) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._file = ReportFile(path)
        self._suites = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="\n")  # noqa: SIM115
        self._gathering = Gathering(self._add)
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._iteration = 0
        self._names: dict[tuple[str, str], int] = {}
        """The cases of this iteration: how often each name was asked for."""

    def __call__(self, event: events.Event) -> None:
        """Take in one event; raises OSError."""
        self._gathering(event)

    def close(self) -> None:
        """Write the file; raises OSError."""
        gathering = self._gathering
        if gathering.errors or gathering.notes or _stopped(gathering):
            self._put(_suite_of_the_run(gathering))
        seconds = gathering.finished.summary.seconds if gathering.finished else 0.0
        root = ET.Element("testsuites", name=_title(_name(gathering)), time=f"{seconds:.3f}")
        for count, number in self._counts.items():
            root.set(count, str(number))
        head = ET.tostring(root, encoding="unicode").removesuffix(" />")
        self._file.write(f'<?xml version="1.0" encoding="utf-8"?>\n{head}>\n')
        self._suites.seek(0)
        while piece := self._suites.read(_IN_MEMORY):
            self._file.write(piece)
        self._suites.close()
        self._file.write("</testsuites>\n")
        self._file.finish()

    def _add(self, outcome: Outcome) -> None:
        suite = _suite(outcome, self._gathering.started)
        self._tell_apart(suite, outcome.step.iteration)
        self._put(suite)

    def _tell_apart(self, suite: ET.Element, iteration: int) -> None:
        """Number cases of a name that was there before, since build servers take class and name for one case."""
        if iteration != self._iteration:
            self._iteration = iteration
            self._names.clear()  # the class has the iteration
        for case in suite.iter("testcase"):
            place, name = case.get("classname", ""), case.get("name", "")
            number = self._names.get((place, name), 0) + 1
            told = name
            while number > 1 and (place, told := f"{name} ({number})") in self._names:
                number += 1
            self._names[place, name] = number
            if told != name:
                self._names[place, told] = 1
                case.set("name", told)

    def _put(self, suite: ET.Element) -> None:
        for count in _COUNTS:
            self._counts[count] += int(suite.get(count, "0"))
        self._suites.write("".join(_lines(suite, "  ")))


def _lines(element: ET.Element, indent: str) -> Iterator[str]:
    """An element as lines: as ElementTree writes it, which looks for names in namespaces with every element."""
    attributes = "".join(f' {name}="{_quoted(value)}"' for name, value in element.items())
    if len(element):
        yield f"{indent}<{element.tag}{attributes}>\n"
        for child in element:
            yield from _lines(child, f"{indent}  ")
        yield f"{indent}</{element.tag}>\n"
    elif element.text:
        yield f"{indent}<{element.tag}{attributes}>{escape(element.text)}</{element.tag}>\n"
    else:
        yield f"{indent}<{element.tag}{attributes} />\n"


def _quoted(value: str) -> str:
    """The value of an attribute as it stands between quotes."""
    return escape(value, _IN_ATTRIBUTES) if _SPECIAL.search(value) else value


def _name(gathering: Gathering) -> str:
    return gathering.started.collection if gathering.started else "A run that did not begin"


def _stopped(gathering: Gathering) -> str | None:
    return gathering.finished.stopped if gathering.finished else None


def _suite(outcome: Outcome, started: events.RunStarted | None) -> ET.Element:
    step = outcome.step
    suite = ET.Element("testsuite", name=_title(step.path), id=str(step.number))
    began = started.at + outcome.sent[0].at if started and outcome.sent else 0.0
    if began:
        suite.set("timestamp", datetime.fromtimestamp(int(began), UTC).isoformat()[:19])
    _add_properties(
        suite,
        [
            ("pointer", step.pointer),
            ("iteration", str(step.iteration + 1)),
            *((f"data.{name}", value) for name, value in outcome.data),
            *(("note", note) for note in outcome.notes),
            *(("allowed", f"{one.name}: {one.message}") for one in outcome.allowed),
            *(("changed", change) for change in outcome.changes),
            *(("fault", planned(one.fault)) for one in outcome.faults),
        ],
    )
    cases = _cases(outcome)
    # Programs add up the times of cases, so the first has the time of the request.
    cases[0].set("time", f"{outcome.seconds:.3f}")
    _finish(suite, cases, outcome.seconds)
    if outcome.console:
        text = "\n".join(f"[{line.level}] {cut(line.text, _LINE_LIMIT)}" for line in outcome.console)
        ET.SubElement(suite, "system-out").text = clean(cut(text, _TEXT_LIMIT))
    return suite


def _cases(outcome: Outcome) -> list[ET.Element]:
    step = outcome.step
    classname = step.path if step.iteration == 0 else f"{step.path} [{step.iteration + 1}]"
    cases: list[ET.Element] = []
    for check in outcome.checks:
        if isinstance(check, events.CheckFailed):
            continue
        case = _case(classname, check.name)
        if isinstance(check, events.CheckSkipped):
            ET.SubElement(case, "skipped")
        cases.append(case)
    for failure in outcome.failures:
        case = _case(classname, failure.name)
        if failure.follows_from:
            # One failure for one cause; of a check that had nothing to look at, no verdict is known.
            message = f"no answer came ({failure.follows_from}): {failure.message}"
            ET.SubElement(case, "skipped", message=_line(message))
        else:
            case.append(_failure(outcome, failure))
        cases.append(case)
    if outcome.skipped:
        case = _case(classname, "request")
        ET.SubElement(case, "skipped", message="a script skipped the request")
        cases.append(case)
    # A request without checks still shows up as one that went through.
    return cases or [_case(classname, "request sent")]


def _suite_of_the_run(gathering: Gathering) -> ET.Element:
    """What belongs to no request."""
    name = _title(_name(gathering))
    suite = ET.Element("testsuite", name=name)
    stopped = _stopped(gathering)
    _add_properties(
        suite,
        [
            *(("note", note) for note in gathering.notes),
            *(("allowed", f"{one.name}: {one.message}") for one in gathering.allowed),
            *((("stopped", stopped),) if stopped else ()),
        ],
    )
    cases: list[ET.Element] = []
    for failure in gathering.failures:
        case = _case(name, failure.name)
        element = ET.SubElement(case, "error", message=_line(failure.message), type=failure.kind)
        element.text = clean(failure.message)
        cases.append(case)
    _finish(suite, cases, 0.0)
    return suite


def _finish(suite: ET.Element, cases: list[ET.Element], seconds: float) -> None:
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(cases)))
    told = [child.tag for case in cases for child in case]
    for count, tag in counts.items():
        suite.set(count, str(told.count(tag)))
    suite.set("time", f"{seconds:.3f}")
    suite.extend(cases)


def _add_properties(suite: ET.Element, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        properties = ET.SubElement(suite, "properties")
        for name, value in pairs[:_PROPERTIES]:
            ET.SubElement(properties, "property", name=_line(name), value=_line(value))


def _case(classname: str, name: str) -> ET.Element:
    return ET.Element("testcase", name=_title(name), classname=_title(classname), time="0.000")


def _failure(outcome: Outcome, failure: Failure) -> ET.Element:
    tag = "failure" if failure.kind == "check" else "error"
    element = ET.Element(tag, message=_line(failure.message) + _line(outcome.planned), type=failure.kind)
    place = f", {failure.place}" if failure.place else ""
    lines = [failure.message + outcome.planned, f"at {failure.pointer}{place}"]
    if failure.expected is not None and failure.actual is not None:
        lines += [f"expected: {failure.expected}", f"actual:   {failure.actual}"]
    about = outcome.about(failure)
    for sent, end in about[:_EXCHANGES]:
        lines += _exchange(sent, end, "pm.sendRequest: " if sent.cause is events.Cause.SCRIPT else "")
    if not about:
        lines += _exchange(outcome.request, outcome.response, "")
    lines += [f"note: {note}" for note in outcome.notes[:_NOTES]]
    element.text = clean("\n".join(cut(line, _TEXT_LIMIT) for line in lines if line))
    return element


def _exchange(sent: events.RequestSent | None, end: Ending | None, who: str) -> Iterator[str]:
    if sent is not None:
        yield f"{who}{sent.method} {sent.url}"
        yield cut(sent.body, _BODY_LIMIT)
    if isinstance(end, events.ResponseReceived):
        yield status_text(end)
        yield cut(end.body, _BODY_LIMIT)
        if sent is not None:
            yield from hints(sent, end, end.body)
    elif end is not None and who:
        yield f"no answer: {end.message}"


def _line(text: str) -> str:
    return clean(cut(text, _LINE_LIMIT))


def _title(text: str) -> str:
    return clean(one_line(cut(text, _LINE_LIMIT)))


def clean(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)

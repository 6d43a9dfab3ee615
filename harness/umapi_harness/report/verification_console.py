"""The console report of a verification: one line for each file and judge, then the findings, then the sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from umapi_harness.common.lines import counted, without_commands
from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.judging import Verdict, Verification, Verified
from umapi_harness.report.terminal import shown

_ORDER: Final = tuple(Grade)
_STYLES: Final = {Grade.MUST: "red", Grade.SHOULD: "yellow", Grade.MAY: "dim"}
_LONGEST: Final = 500  # characters of one line of a finding


def print_verification(verification: Verification, console: Console, least: Grade = Grade.MAY) -> None:
    """Print what came of a verification, with the findings of the grade `least` and graver ones."""
    for file in verification.files:
        _file(file, console, least)
    counts = Counter(finding.grade for finding in verification.findings)
    exchanges = sum(len(file.recording.exchanges) for file in verification.files)
    word, style = ("agreed", "bold green") if verification.passed else ("DIFFERENT", "bold red")
    files = len(verification.files)
    text = f": {counted(files, 'file')}, {counted(exchanges, 'exchange')}, {_counts(counts)}"
    _line(console, (word, style), text)


def _file(file: Verified, console: Console, least: Grade) -> None:
    exchanges = len(file.recording.exchanges)
    _line(console, (file.recording.path, "bold"), f": {counted(exchanges, 'exchange')} of the API")
    for reason, count in file.foreign.items():
        _line(console, (f"  left out: {count}, {reason}", "dim"))
    for line in file.recording.skipped:
        _line(console, (f"  left out: {line}", "dim"))
    for verdict in file.verdicts:
        _verdict(verdict, console)
    wanted = [finding for finding in file.findings if _ORDER.index(finding.grade) <= _ORDER.index(least)]
    for finding in sorted(wanted, key=lambda one: _ORDER.index(one.grade)):
        _finding(finding, console)


def _verdict(verdict: Verdict, console: Console) -> None:
    counts = Counter(finding.grade for finding in verdict.findings)
    mark, style = ("✗", "red") if counts[Grade.MUST] else ("✓", "green")
    if not verdict.judged:
        mark, style = "-", "yellow"
    _line(console, (f"  {mark} ", style), f"{verdict.judge:9}{verdict.judged:>6} judged, {_counts(counts)}")
    for reason, count in verdict.unjudged.items():
        _line(console, (f"             {count:>4} not: {reason}", "dim"))


def _finding(finding: Finding, console: Console) -> None:
    place = f"#{finding.entry} " if finding.entry else ""
    more = f" (and {finding.more} like it)" if finding.more else ""
    style = _STYLES[finding.grade]
    _line(console, (f"  {finding.grade:6} ", style), f"{finding.judge} {place}{finding.exchange}")
    _line(console, f"         {finding.place}: ", (f"{finding.problem}{more}", style))
    if finding.remedy:
        _line(console, (f"         {finding.remedy}", "dim"))


def _counts(counts: Mapping[Grade, int]) -> str:
    parts = [f"{counts[grade]} {grade}" for grade in _ORDER if counts.get(grade)]
    return ", ".join(parts) if parts else "no findings"


def _line(console: Console, *parts: str | tuple[str, str]) -> None:
    cut = [(_cut(part), "") if isinstance(part, str) else (_cut(part[0]), part[1]) for part in parts]
    whole = "".join(text for text, _ in cut)
    if (safe := without_commands(whole)) != whole:
        cut = [(safe, "")]
    console.print(Text.assemble(*cut), highlight=False, soft_wrap=True)


def _cut(text: str) -> str:
    line = shown(text).replace("\n", " ").replace("\r", " ")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

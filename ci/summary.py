"""What a step of GitHub Actions tells of a run: a summary in Markdown and outputs, from the JSON report.

Called by `action.yml` as `python summary.py FOLDER STATUS LOG`, where LOG holds what the run wrote on standard error.
It needs nothing but the standard library and the form of `report.json` that
`harness/umapi_harness/report/run.schema.json` describes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 4
"""The form of the report that is read here."""
BAD_INPUT: Final = "2"
"""The exit status of a run that could not begin, or could not write a report."""
MOST: Final = 50
"""So many failures are listed; the reports have all."""
LONGEST: Final = 500
"""Characters of a name or message."""


def main(arguments: list[str]) -> int:
    """Write the summary and the outputs, to the files that GitHub names in the environment.

    A run without a verdict is annotated with the last line that it wrote, which says what is wrong.
    """
    folder, status, log = Path(arguments[0]), arguments[1], Path(arguments[2])
    report = read(folder / "report.json")
    outputs = {"passed": str(status == "0").lower(), "exit-status": status, "requests": "0", "failures": "0"}
    for name, file in (("junit", folder / "junit.xml"), ("html", folder / "report.html")):
        outputs[name] = str(file) if file.is_file() else ""
    summary = (report or {}).get("summary")
    if summary is not None:
        outputs["requests"] = str(summary["requests"])
        outputs["failures"] = str(summary["checks_failed"] + summary["errors"])
    append("GITHUB_OUTPUT", "".join(f"{name}={one_line(value)}\n" for name, value in outputs.items()))
    reason = last_line(log) if status != "0" and (summary is None or status == BAD_INPUT) else ""
    append("GITHUB_STEP_SUMMARY", told(report, status, reason))
    if reason:
        sys.stdout.write(f"::error title=umapi::{reason.replace('%', '%25')}\n")
    return 0


def read(path: Path) -> dict[str, Any] | None:
    """The report, or None where the run did not begin or the form is another."""
    try:
        report: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = report["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if known else None


def last_line(log: Path) -> str:
    """The last line of a log that says anything; empty without one."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((one_line(line).strip() for line in reversed(lines) if line.strip()), "")


def told(report: dict[str, Any] | None, status: str, reason: str = "") -> str:
    """The summary as Markdown."""
    if report is None or report["summary"] is None:
        why = plain(reason) or "the log of the step says why."
        return f"### UMAPI collection: no run\n\nExit status {status}; {why}\n"
    summary = report["summary"]
    verdict = "passed" if report["passed"] else "failed"
    counts = (
        ("requests", summary["requests"]),
        ("not sent", summary["requests"] - summary["sent"]),
        ("checks passed", summary["checks_passed"]),
        ("checks failed", summary["checks_failed"]),
        ("rules broken", summary["errors"]),
        ("allowed", summary["allowed"]),
        ("seconds", f"{summary['seconds']:.2f}"),
    )
    lines = [f"### {plain(report['collection'])}: {verdict}", ""]
    lines += ["|" + "|".join(f" {name} " for name, _ in counts) + "|", "|" + "---:|" * len(counts)]
    lines += ["|" + "|".join(f" {value} " for _, value in counts) + "|"]
    if report["stopped"]:
        lines += ["", f"The run ended early: {plain(report['stopped'])}"]
    found = failures(report)
    if found:
        lines += ["", "| request | what failed | message |", "|---|---|---|"]
        lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in found[:MOST]]
    if len(found) > MOST:
        lines += ["", f"{len(found) - MOST} more are in the reports."]
    return "\n".join(lines) + "\n"


def failures(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Of each failed check and broken rule: the request, what it is called, and what it says."""
    found: list[tuple[str, str, str]] = []
    for request in report["requests"]:
        place = " / ".join([*request["folders"], request["name"]])
        if request["iteration"]:
            place += f" (iteration {request['iteration'] + 1})"
        failed = [("name", one) for one in request["checks"] if one["state"] == "failed"]
        failed += [("kind", one) for one in request["errors"] if not one["allowed"]]
        # What failed for want of an answer is told in one line, behind the reason why none came.
        found += [(place, one[name], one["message"]) for name, one in failed if not one["follows_from"]]
        followed = [(one["follows_from"], one[name]) for name, one in failed if one["follows_from"]]
        if followed:
            found.append((place, followed[0][0], f"failed because no answer came: {', '.join(n for _, n in followed)}"))
        hints = dict.fromkeys(hint for exchange in request["exchanges"] for hint in exchange.get("hints", ()))
        if failed:
            found += [(place, "what the answer says", hint) for hint in hints]
    found += [("the run", error["kind"], error["message"]) for error in report["errors"] if not error["allowed"]]
    return found


def plain(text: str) -> str:
    """Text as a cell of a table: on one line, cut, and nothing in it that Markdown or HTML would take for its own."""
    cut = one_line(text)
    if len(cut) > LONGEST:
        cut = cut[:LONGEST] + "…"
    return re.sub(r"[&<>|\\`*_{}\[\]()#~@!$:]", lambda sign: f"&#{ord(sign[0])};", cut)


def one_line(text: str) -> str:
    """Text without line breaks and other controls."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split(" "))


def append(variable: str, text: str) -> None:
    """Write to the end of the file that a variable names, if it names one."""
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The tables in docs/reference/equivalence.md, made from the probes that say how they differ from Newman.

Run as a program to write them anew. Whether the others are the same, `tox -e newman` tests.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from umapi_equivalence import Differs, Probe, read_jobs

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "reference" / "equivalence.md"
PROBES: Final = ROOT / "tests" / "postman" / "equivalence" / "probes"
KINDS: Final = ("stricter", "better", "unsupported")
_MARKED: Final = re.compile(r"(<!-- probes: [^\n]* -->\n).*?(<!-- end of probes -->)", re.DOTALL)


def render() -> str:
    """The page with its tables as they ought to be."""
    probes = [probe for job in read_jobs(PROBES) for probe in job.probes]
    text = "\n".join([*_counts(probes), "", *_differences(probes)])
    return _MARKED.sub(lambda found: f"{found[1]}{text}\n{found[2]}", PAGE.read_text("utf-8"))


def _counts(probes: list[Probe]) -> Iterable[str]:
    yield f"| area | probes | same | {' | '.join(KINDS)} |"
    yield "|---|--:|--:|" + "--:|" * len(KINDS)
    for area in dict.fromkeys(probe.area for probe in probes):
        yield _row(area, [probe for probe in probes if probe.area == area])
    yield _row("all", probes)


def _row(name: str, probes: list[Probe]) -> str:
    kinds = [probe.differs.kind if probe.differs else "same" for probe in probes]
    counts = [str(kinds.count(kind) or "") for kind in ("same", *KINDS)]
    return f"| {name} | {len(probes)} | {' | '.join(counts)} |"


def _differences(probes: list[Probe]) -> Iterable[str]:
    yield "| what | how | why | switch |"
    yield "|---|---|---|---|"
    for kind in KINDS:
        found: dict[tuple[str, Differs], list[str]] = {}
        for probe in probes:
            if probe.differs is not None and probe.differs.kind == kind:
                found.setdefault((probe.area, probe.differs), []).append(probe.name)
        for (area, differs), names in found.items():
            listed = "; ".join(_cell(name) for name in names)
            switch = f"`{differs.switch}`" if differs.switch else ""
            yield f"| {area}: {listed} | {kind} | {_cell(differs.why)} | {switch} |"


def _cell(text: str) -> str:
    """`text` in a cell of a table: on one line, its bars and braces as they are."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(render(), "utf-8")

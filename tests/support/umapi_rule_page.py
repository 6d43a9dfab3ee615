"""The table of rules in docs/reference/running.md, as the code has them.

Run as a program to write it anew.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from umapi_harness.postman.rules import FACTS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "running.md"
_MARKED: Final = re.compile(r"(<!-- rules: [^\n]* -->\n).*?(<!-- end of rules -->)", re.DOTALL)


def render() -> str:
    """The page with its table as it ought to be."""
    lines = ["| rule | is broken when | by default | in Newman |", "|---|---|---|---|"]
    lines += [
        f"| `{rule}` | {facts.meaning} | {'is noted' if facts.noted else 'fails the run'} | "
        f"{'passes' if facts.newman else 'fails'} |"
        for rule, facts in FACTS.items()
    ]
    table = "\n".join(lines)
    return _MARKED.sub(lambda found: f"{found[1]}{table}\n{found[2]}", PAGE.read_text("utf-8"))


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(render(), "utf-8")

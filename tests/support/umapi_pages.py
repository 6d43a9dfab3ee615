"""Pages in Markdown as tests read them: their fenced blocks, and a page played from its first block to its last.

A block of a page that is played is a file, if the fence names one after its language; blocks of `console` are commands
with what they print. There `…` stands for any text within a line, and alone on a line for any number of lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>[^\s`]*)(?: (?P<name>\S+))?[^\n]*\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_MARK = re.compile(r"<!--((?:(?!-->).)*)-->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its line in the page, language, the file that it is, text, and the comment right before it."""

    line: int
    language: str
    name: str
    text: str
    mark: str

    @property
    def not_executed(self) -> bool:
        """Whether the page says that the block is only to be read, and why."""
        return re.match(r"not executed: \S+ \S+", self.mark) is not None


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in their order."""
    found = []
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text, 0, match.start())
        line = text.count("\n", 0, match.start()) + 1
        said = " ".join(mark[1].split()) if mark else ""
        found.append(Block(line, match["language"], match["name"] or "", match["text"], said))
    return found


def play(page: Path, folder: Path, given: Mapping[str, str] | None = None) -> int:
    """Write the files of a page into a folder and run its commands there, in their order; return how many ran.

    Raises:
        AssertionError: a command printed something else than the page says.
    """
    environment = _clean_environment(folder) | dict(given or {})
    ran = 0
    for block in blocks(page.read_text("utf-8")):
        if block.not_executed:
            continue
        if block.name:
            (folder / block.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.name).write_text(block.text, "utf-8")
        elif block.language == "console":
            for command, printed in _commands(block.text):
                ran += 1
                shown = _run(command, folder, environment)
                where = f"{page.relative_to(ROOT)}, block in line {block.line}: $ {command}"
                assert fits(shown, printed), f"{where}\n--- the page says\n{printed}--- it printed\n{shown}"
    return ran


def fits(shown: str, printed: str) -> bool:
    """Return whether what a command printed is what a page says."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "…" else r"[^\n]*".join(map(re.escape, line.split("…")))
        for line in printed.splitlines(keepends=True)
    )
    return re.fullmatch(pattern, shown) is not None


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = step.partition("\n")
        yield command, printed


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout


def _clean_environment(folder: Path) -> dict[str, str]:
    """The process's own, without what would lead elsewhere, and with the commands of this Python first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UMAPI_", "PYTEST_")) and not name.lower().endswith("_proxy")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "HOME": str(folder), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}

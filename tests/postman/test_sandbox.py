"""The sandbox's own JavaScript: one function holds all its files, so that each name must be given once."""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources

_DECLARED = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def test_no_name_is_declared_twice():
    """A function of one file does not replace a function of another."""
    folder = resources.files("umapi_harness.postman") / "sandbox"
    names: Counter[str] = Counter()
    waiting = list(folder.iterdir())
    while waiting:
        entry = waiting.pop()
        if entry.is_dir():
            waiting.extend(entry.iterdir())
        elif entry.name.endswith(".js"):
            declared = re.findall(
                r"^(?:async )?(?:function\*?|class|const|let) (\w+)", entry.read_text("utf-8"), re.MULTILINE
            )
            names.update(declared)
    assert [name for name, count in names.items() if count > 1] == []

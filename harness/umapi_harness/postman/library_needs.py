"""Which libraries of Postman's sandbox a script asks for, as far as its text tells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

import attrs

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.collection import Item, Script
from umapi_harness.postman.libraries import BUNDLED, COMMAND, installed_file

_GLOBALS: Final = ("_", "Backbone", "Buffer", "CryptoJS", "cheerio", "tv4", "xml2Json")
_BUILT_IN: Final = frozenset(["Buffer"])
"""What the sandbox has in a short form of its own, where the library is not installed."""

_NO_CODE: Final = re.compile(
    r"//[^\n]*|/\*.*?\*/|(?P<quoted>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)", re.DOTALL
)
_REQUIRED: Final = re.compile(r"(?<![\w$.])require\s*\(\s*([\"'`])([^\"'`\n]+)\1\s*\)")
_NAMED: Final = {
    # A class may be handed on; the others are called, or a member is read: `_` alone is often a parameter.
    name: re.compile(rf"(?<![\w$.]){re.escape(name)}" + (r"\b" if name == "Buffer" else r"\s*[.(\[]"))
    for name in _GLOBALS
}
_MENTION: Final = re.compile(
    rf"(?<![\w$])(?:require|eval|Function|{'|'.join(re.escape(name) for name in _GLOBALS)})(?![\w$])"
)


@attrs.frozen
class Need:
    """A library that a script asks for, by the name that the script has for it."""

    name: str
    script: Script


def mentions_libraries(source: str) -> bool:
    """Whether a script may ask for a library, be it in text that it makes code of."""
    return _MENTION.search(source) is not None


def check_libraries(items: Iterable[Item], source: str) -> None:
    """Raises DocumentError when a script of the requests asks for libraries that are not installed."""
    if installed_file() is not None:
        return
    scripts = {
        script.pointer: script for item in items for script in (*item.prerequest, *item.tests) if item.problem is None
    }
    needs = needed_libraries(scripts.values())
    if not needs:
        return
    first = needs[0].script
    names = ", ".join(dict.fromkeys(need.name for need in needs if need.script is first))
    others = len({need.script.pointer for need in needs}) - 1
    also = f" (so do {others} other scripts)" if others > 1 else " (so does 1 other script)" if others else ""
    problem = f"the script needs {names}, which is not installed{also}"
    raise DocumentError(
        source, first.pointer, problem, f'"{COMMAND}" brings the libraries that Postman has for scripts'
    )


def needed_libraries(scripts: Collection[Script]) -> list[Need]:
    """What scripts ask for by `require` and by global names, unless one of them gives the name a meaning of its own."""
    # Scripts of folders, and those that were copied, come with many requests.
    codes = {source: _NO_CODE.sub(_kept, source) for source in dict.fromkeys(script.source for script in scripts)}
    bare = {code: _without_texts(code) for code in codes.values()}
    listed = [(script, codes[script.source]) for script in scripts]
    needs: list[Need] = []
    required = {code: [name for _, name in _REQUIRED.findall(code) if name in BUNDLED] for code in bare}
    for script, code in listed:
        needs += [Need(name, script) for name in required[code]]
    for name, pattern in _NAMED.items():
        if name in _BUILT_IN:
            continue
        users = {code for code in bare if pattern.search(bare[code])}
        if users and not any(_is_given(name, code) for code in bare):
            needs += [Need(name, script) for script, code in listed if code in users]
    order = {script.pointer: place for place, (script, _) in enumerate(listed)}
    return sorted(needs, key=lambda need: order[need.script.pointer])


def _kept(match: re.Match[str]) -> str:
    return match["quoted"] or " "


def _without_texts(code: str) -> str:
    return _NO_CODE.sub(lambda match: '""' if match["quoted"] else " ", code)


def _is_given(name: str, code: str) -> bool:
    """Whether a script declares the name, assigns to it, or has a parameter of it."""
    word = rf"(?<![\w$.]){re.escape(name)}(?![\w$])"
    declared = rf"(?:const|let|var|function|class)\s+{word}|{word}\s*=(?![=>])|{word}\s*=>"
    parameter = rf"\(\s*(?:[\w$]+\s*,\s*)*{word}(?:\s*,\s*[\w$]+)*\s*\)\s*(?:=>|\{{)"
    return re.search(f"{declared}|{parameter}", code) is not None

"""Async functions in scripts: marks them, so that the sandbox sees the promises that they return.

The engine tells nobody of a promise that fails while nobody handles it, and an async function makes its promise out
of sight. So `async () => …` becomes `$$watched(async () => …)`, on the same line. What is not understood stays as it
is: methods, generators, and text that is no JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

MARK = "$$watched"
"""The name under which a script is given what watches."""

_TOKEN = re.compile(
    r"""(?P<gap>\s+|//[^\n]*|/\*.*?\*/)
      |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |(?P<word>[\w$]+)
      |(?P<sign>=>|\?\.|[-+*/%&|^!=<>?]+=?|.)""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_TEMPLATE_PIECE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_BEFORE_OPERAND = frozenset(
    ["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "instanceof", "do", "else", "await"]
)
_INSERTED = re.compile(
    r"function ([\w$]+)\(\) \{ return \$\$watched\(\1\$async\)\.apply\(this, arguments\); \} "
    r"|\$\$watched\(|\$async\b"
)
PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(PAIRS.values())


@attrs.frozen
class Token:
    """A piece of a script that is no space and no comment."""

    kind: str
    text: str
    start: int
    end: int
    on_new_line: bool

    @property
    def opens(self) -> bool:
        """Whether it is a bracket with which something begins."""
        return self.kind == "template-open" or (self.kind == "sign" and self.text in PAIRS)

    @property
    def closes(self) -> bool:
        """Whether it is a bracket with which something ends."""
        return self.kind == "template-close" or (self.kind == "sign" and self.text in _CLOSING)


class UnreadableError(Exception):
    """The text is no JavaScript that can be read here."""


def watched(source: str) -> str:
    """`source` with its async functions marked."""
    if "async" not in source:
        return source
    try:
        tokens = tokens_of(source)
        insertions: list[tuple[int, str]] = []
        for place, token in enumerate(tokens):
            if token.kind == "word" and token.text == "async":
                insertions += _marks(tokens, place)
    except UnreadableError:
        return source
    for at, text in sorted(insertions, reverse=True):
        source = source[:at] + text + source[at:]
    return source


def original_column(line: str, column: int) -> int:
    """Where a column of a line in a watched script stands in the script as it was written."""
    return len(_INSERTED.sub("", line[: column - 1])) + 1


def tokens_of(source: str) -> list[Token]:
    """The tokens of a script; raises UnreadableError."""
    tokens: list[Token] = []
    templates: list[int] = []
    depth, at, new_line = 0, 0, False
    while at < len(source):
        start, kind = at, ""
        character = source[at]
        if character == "`" or (character == "}" and templates and templates[-1] == depth):
            if character == "}":
                templates.pop()
                depth -= 1
            piece = _TEMPLATE_PIECE.match(source, at + 1)
            at = at + 1 if piece is None else piece.end()
            if source.startswith("${", at):
                depth += 1
                templates.append(depth)
                at += 2
                # What stands in the braces is read like any code; for those who look at tokens it is in brackets.
                kind = "template" if character == "}" else "template-open"
            elif at < len(source):
                at += 1
                kind = "template-close" if character == "}" else "string"
            else:
                raise UnreadableError
        elif character == "/" and _operand_may_follow(tokens) and (found := _REGEX.match(source, at)):
            kind, at = "string", found.end()
        else:
            found = _TOKEN.match(source, at)
            if found is None:
                raise UnreadableError
            kind, at = found.lastgroup or "", found.end()
            if kind == "gap":
                new_line = new_line or "\n" in found[0]
                continue
            depth += (character == "{") - (character == "}")
        tokens.append(Token(kind, source[start:at], start, at, new_line))
        new_line = False
    return tokens


def _operand_may_follow(tokens: Sequence[Token]) -> bool:
    """Whether a slash begins a regular expression here, and divides nothing."""
    if not tokens:
        return True
    last = tokens[-1]
    if last.kind == "word":
        return last.text in _BEFORE_OPERAND
    if last.kind in ("string", "template-close"):
        return False
    return last.text not in (")", "]")


def _marks(tokens: Sequence[Token], place: int) -> list[tuple[int, str]]:
    """What to put in for the `async` at `place`; nothing where it begins no function that can be marked."""
    before = tokens[place - 1].text if place else ""
    after = _at(tokens, place + 1)
    if before in (".", "?.") or after.on_new_line:
        return []
    if after.text == "function":
        return _function_marks(tokens, place)
    if after.text == "(":
        arrow = _closing(tokens, place + 1) + 1
    elif after.kind == "word":
        arrow = place + 2
    else:
        return []
    if _at(tokens, arrow).text != "=>":
        return []
    return _around(tokens, place, _body_end(tokens, arrow + 1))


def _function_marks(tokens: Sequence[Token], place: int) -> list[tuple[int, str]]:
    name = _at(tokens, place + 2)
    if name.text == "*":
        return []
    parameters = place + 2 if name.text == "(" else place + 3
    if _at(tokens, parameters).text != "(":
        return []
    if name.text != "(" and _begins_statement(tokens, place):
        # Declarations are known before they stand, so both of them are declarations.
        own = f"{name.text}$async"
        wrapper = f"function {name.text}() {{ return {MARK}({own}).apply(this, arguments); }} "
        return [(tokens[place].start, wrapper), (name.end, "$async")]
    return _around(tokens, place, _closing(tokens, _closing(tokens, parameters) + 1))


def _begins_statement(tokens: Sequence[Token], place: int) -> bool:
    if place == 0:
        return True
    last = tokens[place - 1]
    if last.kind == "sign" and last.text in (";", "{", "}"):
        return True
    ended = last.kind != "sign" or last.text in (")", "]")
    return tokens[place].on_new_line and ended and last.text not in _BEFORE_OPERAND


def _around(tokens: Sequence[Token], first: int, last: int) -> list[tuple[int, str]]:
    return [(tokens[first].start, f"{MARK}("), (tokens[last].end, ")")]


def _body_end(tokens: Sequence[Token], place: int) -> int:
    """The last token of an arrow function's body: a block, or one expression."""
    if _at(tokens, place).text == "{":
        return _closing(tokens, place)
    at, choices = place, 0
    while at < len(tokens):
        token = tokens[at]
        ends = token.text in (",", ";") or token.text in _CLOSING or token.kind in ("template", "template-close")
        ends = ends or (token.text == ":" and choices == 0) or (token.on_new_line and _ends_here(tokens[at - 1], token))
        if at > place and ends:
            return at - 1
        choices += (token.text == "?") - (token.text == ":")
        at = _closing(tokens, at) + 1 if token.text in PAIRS or token.kind == "template-open" else at + 1
    return len(tokens) - 1


def _ends_here(last: Token, token: Token) -> bool:
    """Whether a line break between two tokens ends a statement."""
    if last.kind == "sign" and last.text not in (")", "]", "}"):
        return False
    return token.kind == "word" and token.text not in ("in", "instanceof") and last.text not in _BEFORE_OPERAND


def _closing(tokens: Sequence[Token], place: int) -> int:
    """The place of the bracket that closes the one at `place`."""
    depth = 0
    for at in range(place, len(tokens)):
        token = tokens[at]
        if token.opens:
            depth += 1
        elif token.closes:
            depth -= 1
            if depth == 0:
                return at
    raise UnreadableError


def _at(tokens: Sequence[Token], place: int) -> Token:
    if place >= len(tokens):
        raise UnreadableError
    return tokens[place]

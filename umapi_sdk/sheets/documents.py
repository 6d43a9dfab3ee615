"""Commands as JSON: an array, or JSON Lines with a command on each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

import attrs

from umapi_models.models import UserCommand, UserGroupCommand
from umapi_runtime.constraints import contract_of
from umapi_sdk.commands import read_action
from umapi_sdk.errors import ActionError
from umapi_sdk.sheets.rows import Problem, Row, SheetError
from umapi_sdk.sheets.texts import LONGEST, Text

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_TARGETS: Final = (contract_of(UserCommand).names["user"], contract_of(UserGroupCommand).names["user_group"])
"""The fields of a command that say whom it is about."""
_GOES_ON: Final = ("{", "[", ",")
_EXPORT: Final = "is an export in JSON Lines, and asks for nothing: an export in CSV can be applied"
_SEVERAL_LINES: Final = (
    "is no JSON Lines, for the command goes on in the next line: make it a JSON array, "
    'with "[" before the commands, "," between them and "]" at the end'
)


def parse(text: str) -> Any:
    """Return the data of a JSON text.

    Raises:
        ValueError: it is no JSON, or cannot be held; the message says why, in one line.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg}: line {error.lineno} column {error.colno}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(_reason(error)) from None


def read_lines(text: Text) -> Iterator[Row]:
    """Read JSON Lines: a command on each line that is not blank.

    Raises:
        SheetError: the first command takes several lines, so that each line would be a problem of its own.
    """
    number = 0
    for line, content in enumerate(text.lines(), 1):
        if not content or content.isspace():
            continue
        number += 1
        try:
            data = json.loads(content, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            if number == 1 and content.rstrip().endswith(_GOES_ON):
                raise SheetError(Problem(row=number, line=line, message=_SEVERAL_LINES)) from None
            message = f"is not JSON: {_reason(error)}; in JSON Lines each line is one command"
            problem = Problem(row=number, line=line, message=message)
            yield Row(number=number, line=line, problems=(problem,), original=content)
        else:
            if number == 1 and _is_export(data):
                raise SheetError(Problem(row=number, line=line, message=_EXPORT))
            yield attrs.evolve(_row(data, number, line), original=content)


def read_array(text: Text) -> Iterator[Row]:
    """Read a JSON array of commands, entry by entry.

    Raises:
        SheetError: it is no JSON from some entry on, an entry is too long, or something follows the array.
    """
    entries = _Entries(text.chunks())
    if not entries.take("["):
        raise SheetError(Problem(message='is no JSON array: it does not begin with "["'))
    number = 0
    while not entries.take("]"):
        if number and not entries.take(","):
            raise entries.error(number, 'neither "," nor "]" follows it')
        number += 1
        line, data, original = entries.entry(number)
        yield attrs.evolve(_row(data, number, line), original=original)
    if entries.is_more():
        raise entries.error(None, "something follows the array")


class _Entries:
    """The entries of an array in a text that comes in pieces, of which no more is held than one entry needs."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._held = ""
        self._place = 0
        self._line = 1
        self._decoder = json.JSONDecoder(object_pairs_hook=_object)

    def is_more(self) -> bool:
        """Pass over blanks; return whether anything follows them."""
        while True:
            blanks = _BLANKS.match(self._held, self._place)
            assert blanks is not None
            self._pass(blanks.end())
            if self._place < len(self._held):
                return True
            if not self._read():
                return False

    def take(self, mark: str) -> bool:
        """Pass over blanks, and over a mark if that follows; return whether it did."""
        if not self.is_more() or self._held[self._place] != mark:
            return False
        self._pass(self._place + 1)
        return True

    def entry(self, number: int) -> tuple[int, Any, str]:
        """Return the next entry: the line in which it begins, its data, and its text."""
        if not self.is_more():
            raise self.error(number, "the text ends within the array")
        while True:
            try:
                data, end = self._decoder.raw_decode(self._held, self._place)
            except (ValueError, RecursionError) as error:
                # What follows may make it whole.
                if len(self._held) - self._place > LONGEST:
                    raise self.error(number, f"{_reason(error)}, or it is longer than {LONGEST:,} characters") from None
                if not self._read():
                    raise self.error(number, _reason(error)) from None
            else:
                line, original = self._line, self._held[self._place : end]
                self._pass(end)
                return line, data, original

    def error(self, number: int | None, reason: str) -> SheetError:
        """Return what to raise for an entry that is no JSON."""
        return SheetError(Problem(row=number, line=self._line, message=f"is not JSON: {reason}"))

    def _pass(self, place: int) -> None:
        self._line += self._held.count("\n", self._place, place)
        self._place = place

    def _read(self) -> bool:
        """Read the next piece; return whether there was one."""
        for chunk in self._chunks:
            self._held, self._place = self._held[self._place :] + chunk, 0
            return True
        return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that stands twice would drop a step in silence."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'the key "{name}" stands twice in one object')
        found[name] = value
    return found


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        # Some of Python's messages end in the word before a place, which is told by row and line here.
        return error.msg.rstrip(": ").removesuffix(" at").removesuffix(" starting")
    # Python's own words for a number of thousands of digits speak of its settings.
    return "a number is too long" if "sys.set_int_max_str_digits" in str(error) else str(error)


def _is_export(data: object) -> bool:
    """Whether a line is one of `umapi export`, which has a user or a group whole."""
    if not isinstance(data, dict):
        return False
    fields = cast("dict[str, object]", data)
    return set(fields) in ({"user"}, {"group"}) and all(isinstance(each, dict) for each in fields.values())


def _row(data: Any, number: int, line: int) -> Row:
    try:
        action = read_action(data)
        return Row(number=number, line=line, action=action, target=action.target)
    except ActionError as error:
        problems = [
            Problem(
                row=number,
                line=line,
                pointer=violation.pointer or None,
                message=violation.problem,
                code=violation.code,
            )
            for violation in error.violations
        ]
        fields = cast("dict[str, object]", data) if isinstance(data, dict) else {}
        target = next((name for field in _TARGETS if isinstance(name := fields.get(field), str)), None)
        return Row(number=number, line=line, problems=tuple(problems), target=target)

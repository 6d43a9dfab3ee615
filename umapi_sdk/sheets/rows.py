"""What is read of a file, row by row: the action that a row asks for, or what is wrong with it."""

from __future__ import annotations

import attrs

from umapi_sdk.actions import Action
from umapi_sdk.characters import shown
from umapi_sdk.errors import UsageError


@attrs.frozen(kw_only=True, str=False)
class Problem:
    """One thing that is wrong, and where. As text it is one line."""

    message: str
    """What is wrong, and what to do about it."""
    row: int | None = None
    """The number of the row, from 1; None for what concerns the whole file."""
    line: int | None = None
    """The line of the file in which the row begins, from 1; None for what concerns the whole file."""
    column: str | None = None
    """The column, by its name in the file."""
    pointer: str | None = None
    """The place within a command, by JSON pointer."""
    code: str | None = None
    """The error code with which the service would refuse it, where one is known."""

    @property
    def place(self) -> str:
        """Where it is: row, line, and column or pointer."""
        line = f"line {self.line}" if self.line is not None else ""
        place = f"row {self.row}" if self.row is not None else line
        place += f" ({line})" if line and self.row is not None else ""
        return ", ".join(part for part in (place, self._exact) if part)

    @property
    def within(self) -> str:
        """What is wrong, with its column or pointer: for whoever knows the row."""
        return shown(f"{self._exact}: {self.message}" if self._exact else self.message)

    @property
    def _exact(self) -> str:
        return f"column {self.column}" if self.column is not None else self.pointer or ""

    def __str__(self) -> str:
        text = f"{self.message} ({self.code})" if self.code else self.message
        return shown(f"{self.place}: {text}" if self.place else text)


class SheetError(UsageError):
    """A file that cannot be read as a whole, or no further; `problems` says why, one by one."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))

    def __reduce__(self) -> tuple[type[SheetError], tuple[Problem, ...]]:
        return type(self), self.problems


@attrs.frozen(kw_only=True)
class Row:
    """One row of data, or one entry of a JSON file."""

    number: int
    """Its number among the rows that are not blank, from 1."""
    line: int | None = None
    """The line of the file in which it begins, from 1; None where it is not known."""
    action: Action | None = None
    """What the row asks for; None where there is a problem."""
    problems: tuple[Problem, ...] = ()
    """All that is wrong with the row."""
    target: str | None = None
    """The user or user group that it is about, also where there is a problem; None where that cannot be read."""
    ends_early: bool = False
    """Whether cells are missing at its end, under columns that are read; they count as blank."""
    overwrites: bool = False
    """Whether it gives a user who is there already its names, by default and not because an option says so."""
    has_unread_names: bool = False
    """Whether it has a first or last name, and asks for a change of groups alone."""
    undivided: str | None = None
    """A name of a group that may be meant for several, since a semicolon stands in it and no quotes around it."""
    original: str = attrs.field(default="", repr=False)
    """Its text in the file."""

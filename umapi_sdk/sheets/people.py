"""A row of a table as a command: who it is about, what it asks for, and every cell that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from umapi_models.models import CreateOption, UserStep
from umapi_models.names import ADOBE_ID, CREATES, FEDERATED_ID
from umapi_runtime.constraints import Violation, show
from umapi_sdk.actions import Action
from umapi_sdk.commands import read_action
from umapi_sdk.errors import ActionError
from umapi_sdk.mailboxes import mistyped
from umapi_sdk.options import nearest
from umapi_sdk.prudence import hidden_in
from umapi_sdk.sheets import columns
from umapi_sdk.sheets.cells import cleaned, names_in, spoilt, undivided
from umapi_sdk.sheets.columns import Header, plain
from umapi_sdk.sheets.operations import BY_NAME, CREATE, OPERATIONS, RowOperation, Step
from umapi_sdk.sheets.rows import Problem, Row

_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPES: Final = {plain(kind): kind for kind in CREATES.values()}
_NO_DOMAIN: Final = "error.command.domain.missing"
_NO_EMAIL: Final = "error.user.email.invalid"
_WISHES: Final = (
    columns.REMOVE_GROUPS,
    columns.OPTION,
    columns.NEW_EMAIL,
    columns.NEW_USERNAME,
    columns.DESCRIPTION,
    columns.NEW_NAME,
    columns.PROFILES,
)
"""Columns that say what is to be done: where nothing would be done about one, that is a problem.

The others also describe people: who takes an export to remove them need not empty those.
"""


class PersonRow:
    """One row of a table under a header."""

    def __init__(self, header: Header, cells: Sequence[str], number: int, line: int) -> None:
        self._header = header
        self._size = len(cells)
        self._number = number
        self._line = line
        self._texts: dict[str, str] = {}
        self._lists: dict[str, Sequence[str]] = {}
        self._undivided: str | None = None
        self._problems: dict[Problem, None] = {}  # one that is found by two ways is told once
        self._read(cells)

    def row(self, usual: RowOperation) -> Row:
        """Return what the row asks for; `usual` where it does not say what."""
        operation = None if self._problems else self.one_of(columns.ACTION, BY_NAME, usual)
        action = None if operation is None else self._action(operation)
        return Row(
            number=self._number,
            line=self._line,
            action=None if self._problems else action,
            problems=tuple(self._problems),
            target=self.text(self._who()) or self.text(columns.GROUP) or None,
            overwrites=action is not None and not self.text(columns.OPTION) and _updates(action),
            has_unread_names=operation is not None
            and operation.name in ("add", "remove")
            and bool(self.text(columns.FIRST_NAME) or self.text(columns.LAST_NAME)),
            undivided=self._undivided,
            ends_early=any(name not in (None, columns.NOT_READ) for name in self._header.columns[self._size :]),
        )

    def text(self, column: str) -> str:
        """Return what a cell says; empty for a blank one, and for a column that the file does not have."""
        return self._texts.get(column, "")

    def names(self, column: str) -> Sequence[str]:
        """Return the names in a cell, or in several of the same kind."""
        if column not in self._lists:
            text = self.text(column)
            found = names_in(text)
            if found is None:
                remedy = "write names with commas between them, and double a quote"
                self._note(column, f"{show(text)} has a quote out of place: {remedy}")
            for name in found or ():
                hidden = hidden_in(name)
                if hidden is not None:
                    self._note(column, hidden)
            self._undivided = self._undivided or (undivided(text) if ";" in text else None)
            self._lists[column] = found or ()
        return self._lists[column]

    def one_of(self, column: str, known: Mapping[str, Any], default: Any) -> Any:
        """Return what a cell means, by `known`, or the default for a blank one; None, and a problem, if not known."""
        text = self.text(column)
        if not text:
            return default
        if plain(text) not in known:
            # "move" is no slip for "remove".
            alike = [name for name in known if name[:1] == plain(text)[:1]]
            near = nearest(plain(text), alike).removeprefix(": ")
            self._note(column, f"{show(text)} is not known: {f'{near} ' if near else ''}give {_choices(column)}")
        return known.get(plain(text))

    def require(self, column: str, purpose: str) -> None:
        """Note a problem if a cell is blank."""
        if self.text(column):
            return
        if column not in self._header.columns:
            self._note(column, f"is not in the file, and {purpose}")
        elif self._header.columns.index(column) >= self._size:
            count = f"the row has {self._size} cells, the header {len(self._header.columns)}"
            self._note(column, f"has no cell, and {purpose}: {count}")
        else:
            self._note(column, f"is blank, and {purpose}")

    def complain(self, message: str) -> None:
        """Note a problem of the row as a whole."""
        self._note(None, message)

    def _note(self, column: str | None, message: str, code: str | None = None) -> None:
        name = None if column is None else self._header.name_of(column)
        problem = Problem(row=self._number, line=self._line, column=name, message=message, code=code)
        self._problems[problem] = None

    def _read(self, cells: Sequence[str]) -> None:
        """Put the cells under their columns."""
        header = self._header
        if any(cell.strip() for cell in cells[len(header.columns) :]):
            message = (
                f"has {len(cells)} cells, and the header {len(header.columns)}: quote a cell that holds a delimiter"
            )
            self.complain(message)
            return
        for place, (cell, column) in enumerate(zip(cells, header.columns, strict=False), 1):
            text = cleaned(cell)
            if not text or column == columns.NOT_READ:
                continue
            if column is None:
                if not header.names[place - 1]:
                    self.complain(f"cell {place}, {show(text)}, stands under no column name")
                continue
            damage = spoilt(text)
            if damage is not None:
                self._note(column, f"{show(text)} {damage}")
            # Columns of groups are one list.
            self._texts[column] = f"{self._texts[column]},{text}" if column in self._texts else text

    def _action(self, operation: RowOperation) -> Action | None:
        command = self._root(operation)
        steps = list(operation.steps(self))
        self._check_wishes(operation)
        if not (steps or self._problems):
            self.complain(f"{operation.name} has nothing to do: fill one of {', '.join(operation.reads)}")
        if not command or not steps:
            return None
        command["do"] = [{step.name: step.fields} for step in steps]
        try:
            action = read_action(command)
        except ActionError as error:
            told = bool(self._problems)
            for violation in error.violations:
                # What is missing has been told by its column.
                if not told or not (violation.problem.endswith(" is missing") or violation.code == _NO_DOMAIN):
                    self._tell(violation, steps)
            return None
        return action

    def _root(self, operation: RowOperation) -> dict[str, Any]:
        """Return the beginning of the command, which says whom it is about."""
        if operation.on_group:
            self.require(columns.GROUP, f"{operation.name} needs it")
            for column in (columns.USER, columns.EMAIL, columns.USERNAME):
                if self.text(column):
                    self._note(column, f"names a user, and {operation.name} is about a user group: empty the cell")
            return {"usergroup": self.text(columns.GROUP)} if self.text(columns.GROUP) else {}
        if self.text(columns.GROUP):
            self._note(columns.GROUP, f"names a user group, and {operation.name} is about a user: empty the cell")
        column = self._who()
        user, domain = self.text(column), self.text(columns.DOMAIN)
        if not user:
            self.complain("does not say who: fill one of user, email, username")
            return {}
        root: dict[str, Any] = {"user": user}
        if "@" not in user:
            mistyped = f"{show(user)} is no e-mail address"
            if column == columns.EMAIL and columns.DOMAIN not in self._header.columns:
                self._note(column, mistyped, _NO_EMAIL)
            else:
                self.require(columns.DOMAIN, mistyped)
            root |= {"domain": domain} if domain else {}
        # Another account may have the e-mail address too.
        adobe = ADOBE_ID in (CREATES.get(operation.name), _TYPES.get(plain(self.text(columns.TYPE))))
        if self.one_of(columns.USE_ADOBE_ID, _TRUTHS, default=adobe):
            root["useAdobeID"] = True
        return root

    def _who(self) -> str:
        """Return the column that says who: the user name only for a Federated ID of which the e-mail says another."""
        if self.text(columns.USER):
            return columns.USER
        email, username = self.text(columns.EMAIL), self.text(columns.USERNAME)
        federated = _TYPES.get(plain(self.text(columns.TYPE)), FEDERATED_ID) == FEDERATED_ID
        named = username and (not email or (federated and username.casefold() != email.casefold()))
        return columns.USERNAME if named else columns.EMAIL

    def _check_wishes(self, operation: RowOperation) -> None:
        for column in _WISHES:
            if column in self._texts and column not in operation.reads:
                self._note(column, f"means nothing for {operation.name}: empty the cell")
        if columns.ROLES in self._texts and columns.GROUPS in operation.reads:
            message = f"{show(self.text(columns.ROLES))} cannot be given here: name the admin group in groups"
            self._note(columns.ROLES, message)
        if columns.REMOVE_GROUPS in operation.reads and operation.name != "remove":
            leaving = {name.casefold() for name in self.names(columns.REMOVE_GROUPS)}
            for name in self.names(columns.GROUPS) if leaving else ():
                if name.casefold() in leaving:
                    message = f"{show(name)} stands in groups too: take it out of one of the two"
                    self._note(columns.REMOVE_GROUPS, message)

    def _tell(self, violation: Violation, steps: Sequence[Step]) -> None:
        """Note what is wrong with the command, by the column from which it comes."""
        message = violation.problem
        if violation.code == _NO_EMAIL:
            # The models do not say what may be meant.
            told = (mistyped(self.text(name)) or "" for name in (columns.EMAIL, columns.USER))
            message = next((each for each in told if each.startswith(message)), message)
        if violation.pointer == "/do":
            message += f": the row makes {len(steps):,} steps, so divide it among several"
        match violation.pointer.split("/"):
            case ["", "do", number, _, field, *_] if number.isdigit():
                source = steps[int(number)].sources.get(field)
            case ["", "user", *_]:
                source = self._who()
            case ["", "domain", *_]:
                source = columns.DOMAIN
            case ["", "usergroup", *_]:
                source = columns.GROUP
            case _:
                source = None
        self._note(source, message, violation.code)


def _updates(action: Action) -> bool:
    """Whether an action updates the user whom it would create."""
    command = action.commands[0][0]
    first = command.do[0]
    created = (first.create_enterprise_id or first.create_federated_id) if isinstance(first, UserStep) else None
    return created is not None and created.option is CreateOption.UPDATE_IF_ALREADY_EXISTS


def _choices(column: str) -> str:
    if column == columns.ACTION:
        return "one of " + ", ".join(operation.name for operation in OPERATIONS)
    if column == columns.TYPE:
        return ", ".join(_TYPES.values())
    if column == columns.USE_ADOBE_ID:
        return "true or false"
    return "updateIfAlreadyExists, ignoreIfAlreadyExists or fail"


def check_needs(header: Header, line: int, usual: RowOperation) -> tuple[Problem, ...]:
    """Return the problems of a file in which no row can be right, for want of a column."""
    if columns.ACTION in header.columns or (usual == CREATE and columns.TYPE in header.columns):
        return ()
    # Nobody has said it of a file of leavers, which is told by its want of names.
    unless = ", unless --action says what is asked, such as remove_from_org" if usual == CREATE else ""
    return tuple(
        Problem(line=line, column=column, message=f"is missing: {usual.name} needs it{unless}")
        for column in usual.needs
        if column not in header.columns
    )

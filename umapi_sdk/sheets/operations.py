"""What a row of a table can ask for, and the steps that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

import attrs

from umapi_models.limits import MAX_GROUPS, MAX_PROFILES
from umapi_models.models import CreateOption
from umapi_models.names import (
    ADD,
    ADD_ADOBE_ID,
    ADOBE_ID,
    CREATE_USER_GROUP,
    CREATES,
    DELETE_USER_GROUP,
    FEDERATED_ID,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    UPDATE_USER_GROUP,
)
from umapi_sdk.sheets import columns
from umapi_sdk.sheets.columns import plain

FAIL: Final = "fail"
"""In place of an option: what exists already is an error."""

_TYPES: Final = {plain(kind): step for step, kind in CREATES.items()}
_OPTIONS: Final = {plain(option): option.value for option in CreateOption} | {FAIL: None}


class Cells(Protocol):
    """The cells of a row."""

    def text(self, column: str) -> str:
        """Return what a cell says; empty for a blank one, and for a column that the file does not have."""
        ...

    def names(self, column: str) -> Sequence[str]:
        """Return the names in a cell, or in several of the same kind."""
        ...

    def one_of(self, column: str, known: Mapping[str, Any], default: Any) -> Any:
        """Return what a cell means, by `known`, or the default for a blank one; None, and a problem, if not known."""
        ...

    def require(self, column: str, purpose: str) -> None:
        """Note a problem if a cell is blank."""
        ...

    def complain(self, message: str) -> None:
        """Note a problem of the row as a whole."""
        ...


@attrs.frozen
class Step:
    """A step: its name, its fields, and the column from which each comes."""

    name: str
    fields: Mapping[str, Any] | str
    sources: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen
class RowOperation:
    """Something that a row can ask for."""

    name: str
    also: tuple[str, ...]
    summary: str
    """What it does, for the table in the documentation."""
    reads: tuple[str, ...]
    """The columns that it reads, beside those that say who."""
    steps: Callable[[Cells], Iterator[Step]]
    needs: tuple[str, ...] = ()
    """The columns without which no row can ask for it."""
    on_group: bool = False
    """Whether it is about a user group."""


def _create(cells: Cells, step: str | None = None) -> Iterator[Step]:
    name = step or cells.one_of(columns.TYPE, _TYPES, _TYPES[plain(FEDERATED_ID)])
    if name is None:
        return
    kind = CREATES[name]
    purpose = f"{'an' if kind[0] in 'ae' else 'a'} {kind} needs it"
    for column in () if kind == ADOBE_ID else (columns.FIRST_NAME, columns.LAST_NAME):
        cells.require(column, purpose)
    if kind == FEDERATED_ID:
        cells.require(columns.COUNTRY, purpose)
    who = next((column for column in (columns.EMAIL, columns.USER, columns.USERNAME) if cells.text(column)), "")
    if who and "@" not in cells.text(who):
        cells.require(columns.EMAIL, purpose)
    sources = {
        "email": who,
        "firstname": columns.FIRST_NAME,
        "lastname": columns.LAST_NAME,
        "country": columns.COUNTRY,
        "option": columns.OPTION,
    }
    usual = CreateOption.IGNORE_IF_ALREADY_EXISTS if name == ADD_ADOBE_ID else CreateOption.UPDATE_IF_ALREADY_EXISTS
    option = cells.one_of(columns.OPTION, _OPTIONS, usual.value)
    yield Step(name, _filled(cells, sources) | ({"option": option} if option else {}), sources)
    yield from _groups(cells)


def _update(cells: Cells) -> Iterator[Step]:
    sources = {
        "email": columns.NEW_EMAIL,
        "username": columns.NEW_USERNAME,
        "firstname": columns.FIRST_NAME,
        "lastname": columns.LAST_NAME,
    }
    fields = _filled(cells, sources)
    if fields:
        yield Step(UPDATE, fields, sources)
    yield from _groups(cells)


def _add(cells: Cells) -> Iterator[Step]:
    cells.require(columns.GROUPS, "it says which groups")
    yield from _groups(cells)


def _remove(cells: Cells) -> Iterator[Step]:
    named = [column for column in (columns.GROUPS, columns.REMOVE_GROUPS) if cells.text(column)]
    if len(named) == 2:
        cells.complain("fill groups or remove_groups, not both: the row is about leaving groups")
    elif not named:
        cells.require(columns.GROUPS, "it says which groups")
    for column in named[:1]:
        yield from _lists(cells, REMOVE, "group", column, MAX_GROUPS)


def _remove_all(_: Cells) -> Iterator[Step]:
    yield Step(REMOVE, "all")


def _leave(_: Cells) -> Iterator[Step]:
    yield Step(REMOVE_FROM_ORG, {})


def _delete(_: Cells) -> Iterator[Step]:
    yield Step(REMOVE_FROM_ORG, {"deleteAccount": True})


def _create_group(cells: Cells) -> Iterator[Step]:
    sources = {"description": columns.DESCRIPTION, "option": columns.OPTION}
    option = cells.one_of(columns.OPTION, _OPTIONS, CreateOption.UPDATE_IF_ALREADY_EXISTS.value)
    yield Step(CREATE_USER_GROUP, _filled(cells, sources) | ({"option": option} if option else {}), sources)
    yield from _lists(cells, ADD, "productConfiguration", columns.PROFILES, MAX_PROFILES)


def _update_group(cells: Cells) -> Iterator[Step]:
    sources = {"name": columns.NEW_NAME, "description": columns.DESCRIPTION}
    fields = _filled(cells, sources)
    # Profiles first: after the other step the group may have another name.
    yield from _lists(cells, ADD, "productConfiguration", columns.PROFILES, MAX_PROFILES)
    if fields:
        yield Step(UPDATE_USER_GROUP, fields, sources)


def _delete_group(_: Cells) -> Iterator[Step]:
    yield Step(DELETE_USER_GROUP, {})


def _add_profiles(cells: Cells) -> Iterator[Step]:
    cells.require(columns.PROFILES, "it says which profiles")
    yield from _lists(cells, ADD, "productConfiguration", columns.PROFILES, MAX_PROFILES)


def _remove_profiles(cells: Cells) -> Iterator[Step]:
    cells.require(columns.PROFILES, "it says which profiles")
    yield from _lists(cells, REMOVE, "productConfiguration", columns.PROFILES, MAX_PROFILES)


def _filled(cells: Cells, sources: Mapping[str, str]) -> dict[str, str]:
    """Return the fields whose cells are not blank."""
    return {
        field: text for field, column in sources.items() if column != columns.OPTION and (text := cells.text(column))
    }


def _groups(cells: Cells) -> Iterator[Step]:
    """Leave groups and join groups, in the order that Adobe advises: licences are free before they are needed."""
    yield from _lists(cells, REMOVE, "group", columns.REMOVE_GROUPS, MAX_GROUPS)
    yield from _lists(cells, ADD, "group", columns.GROUPS, MAX_GROUPS)


def _lists(cells: Cells, name: str, field: str, column: str, most: int) -> Iterator[Step]:
    names = cells.names(column)
    for start in range(0, len(names), most):
        yield Step(name, {field: list(names[start : start + most])}, {field: column})


_JOINS: Final = (columns.GROUPS, columns.REMOVE_GROUPS)

OPERATIONS: Final = (
    RowOperation(
        "create",
        (*CREATES, "add_user"),
        "Creates the user, or adds an Adobe ID, and puts it into `groups`.",
        (columns.TYPE, columns.FIRST_NAME, columns.LAST_NAME, columns.COUNTRY, columns.OPTION, *_JOINS),
        _create,
        (columns.FIRST_NAME, columns.LAST_NAME, columns.COUNTRY),
    ),
    RowOperation(
        "update",
        ("edit",),
        "Changes what is not blank of an Enterprise or Federated ID, and its groups.",
        (columns.NEW_EMAIL, columns.NEW_USERNAME, columns.FIRST_NAME, columns.LAST_NAME, *_JOINS),
        _update,
    ),
    RowOperation("add", ("add_to_groups",), "Puts the user into `groups`.", _JOINS, _add, (columns.GROUPS,)),
    RowOperation(
        "remove", ("remove_from_groups",), "Takes the user out of `groups`, or of `remove_groups`.", _JOINS, _remove
    ),
    RowOperation("remove_all", (), "Takes the user out of all groups but `_org_admin`.", (), _remove_all),
    RowOperation(
        "remove_from_org",
        ("remove_from_organization", "remove_from_organisation"),
        "Removes the user from the organisation; the account stays in the directory.",
        (),
        _leave,
    ),
    RowOperation(
        "delete_account",
        (),
        "Removes the user from the organisation, and deletes an account that the organisation owns, with its files.",
        (),
        _delete,
    ),
    RowOperation(
        "create_group",
        (CREATE_USER_GROUP,),
        "Creates the user group, and gives it `profiles`.",
        (columns.DESCRIPTION, columns.OPTION, columns.PROFILES),
        _create_group,
        (columns.GROUP,),
        on_group=True,
    ),
    RowOperation(
        "update_group",
        (UPDATE_USER_GROUP,),
        "Changes what is not blank of the user group, and gives it `profiles`.",
        (columns.NEW_NAME, columns.DESCRIPTION, columns.PROFILES),
        _update_group,
        (columns.GROUP,),
        on_group=True,
    ),
    RowOperation(
        "delete_group",
        (DELETE_USER_GROUP,),
        "Deletes the user group.",
        (),
        _delete_group,
        (columns.GROUP,),
        on_group=True,
    ),
    RowOperation(
        "add_profiles",
        (),
        "Gives the members of the user group `profiles`.",
        (columns.PROFILES,),
        _add_profiles,
        (columns.GROUP, columns.PROFILES),
        on_group=True,
    ),
    RowOperation(
        "remove_profiles",
        (),
        "Takes `profiles` from the members of the user group.",
        (columns.PROFILES,),
        _remove_profiles,
        (columns.GROUP, columns.PROFILES),
        on_group=True,
    ),
)

CREATE: Final = OPERATIONS[0]

BY_NAME: Final[Mapping[str, RowOperation]] = {
    plain(name): operation for operation in OPERATIONS for name in (operation.name, *operation.also)
} | {
    # Adobe's own names say the type too.
    plain(step): attrs.evolve(CREATE, name=step, reads=CREATE.reads[1:], steps=partial(_create, step=step))
    for step in CREATES
}

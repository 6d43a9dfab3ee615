"""The columns that a file of people can have, and the header line that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import attrs

from umapi_sdk.options import nearest
from umapi_sdk.sheets.rows import Problem, SheetError


@attrs.frozen
class Column:
    """A column: its name here, the names that others give it, and what its cells mean."""

    name: str
    also: tuple[str, ...]
    meaning: str
    many: bool = False
    """Whether several columns of a file may be this one."""


USER: Final = "user"
USERNAME: Final = "username"
EMAIL: Final = "email"
DOMAIN: Final = "domain"
TYPE: Final = "type"
FIRST_NAME: Final = "firstname"
LAST_NAME: Final = "lastname"
COUNTRY: Final = "country"
GROUPS: Final = "groups"
REMOVE_GROUPS: Final = "remove_groups"
ACTION: Final = "action"
OPTION: Final = "option"
NEW_EMAIL: Final = "new_email"
NEW_USERNAME: Final = "new_username"
USE_ADOBE_ID: Final = "use_adobe_id"
GROUP: Final = "group"
DESCRIPTION: Final = "description"
NEW_NAME: Final = "new_name"
PROFILES: Final = "profiles"
ROLES: Final = "Admin Roles"
NOT_READ: Final = "ID"
PROBLEM: Final = "problem"
"""The first column of a file of bad rows: what is wrong with the row."""

COLUMNS: Final = (
    Column(ACTION, ("operation",), "What the row asks for, from the table below; a blank cell creates a user."),
    Column(USER, ("upn", "user_id"), "Who: an e-mail address, or a user name with `domain`."),
    Column(
        EMAIL,
        ("mail", "e-mail", "email_address"),
        "The e-mail address; it says who where `user` and `username` do not.",
    ),
    Column(
        USERNAME,
        ("user_name",),
        "The user name; it says who, for Federated IDs, where it is not the e-mail address and there is no `user`.",
    ),
    Column(DOMAIN, (), "The domain of a user name that is no e-mail address; not read otherwise."),
    Column(TYPE, ("identity_type", "id_type"), "`adobeID`, `enterpriseID` or `federatedID`; blank for a Federated ID."),
    Column(FIRST_NAME, ("first_name", "given_name"), "The first name."),
    Column(LAST_NAME, ("last_name", "surname"), "The last name."),
    Column(COUNTRY, ("country_code",), "Two letters of ISO 3166-1. Nothing changes it later, not even `update`."),
    Column(
        GROUPS,
        ("user_groups", "product_configurations", "product_profiles"),
        "User groups, product profiles and admin groups, with commas between them; a name with a comma or semicolon is "
        "quoted within the cell. Several columns may be it.",
        many=True,
    ),
    Column(REMOVE_GROUPS, ("groups_to_remove",), "Groups that the user leaves before joining `groups`."),
    Column(
        OPTION,
        (),
        "If it exists already: `updateIfAlreadyExists`, `ignoreIfAlreadyExists`, or `fail`. A blank cell is the first, "
        "for Adobe IDs the second.",
    ),
    Column(NEW_EMAIL, (), "The e-mail address from now on."),
    Column(NEW_USERNAME, (), "The user name from now on, for Federated IDs."),
    Column(
        USE_ADOBE_ID,
        (),
        "`true` where an Adobe ID and another account share the e-mail address, and the Adobe ID is meant. A blank "
        "cell is `true` where `type` says Adobe ID.",
    ),
    Column(GROUP, ("user_group", "group_name", "user_group_name"), "The user group that the row is about."),
    Column(DESCRIPTION, (), "The description of the user group."),
    Column(NEW_NAME, ("new_group_name",), "The name of the user group from now on."),
    Column(PROFILES, ("assigned_product_profiles",), "Product profiles of the user group, written as `groups`."),
    Column(
        ROLES,
        (
            "Product Configurations Administered",
            "User Groups Administered",
            "Products Administered",
            "Developer Access",
        ),
        "Refused unless blank, where groups are given: name the admin group in `groups`, such as `_admin_NAME`.",
        many=True,
    ),
    Column(
        NOT_READ,
        (PROBLEM, "status", "other_groups", "Auto Assigned Products"),
        "Not read: exports have them, and files of bad rows `problem`.",
        many=True,
    ),
)  # fmt: skip

WHO: Final = (USER, EMAIL, USERNAME, GROUP)
"""The columns of which a file needs one."""


def plain(name: str) -> str:
    """Return a name as it is compared: without letter case, blanks and marks."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_BY_NAME: Final[Mapping[str, Column]] = {
    plain(name): column for column in COLUMNS for name in (column.name, *column.also)
}


def count_known(cells: Iterable[str]) -> int:
    """Return how many of the cells are names of columns."""
    return sum(plain(cell) in _BY_NAME for cell in cells)


@attrs.frozen
class Header:
    """The columns of a file."""

    names: Sequence[str]
    """As the file has them, one for each cell of the header line."""
    columns: Sequence[str | None]
    """What each is; None for one that is left out."""
    unknown: tuple[Problem, ...] = ()
    """The columns that are not known. One that is but misspelt stands in `columns` as what must be meant."""

    def name_of(self, column: str) -> str:
        """Return what the file calls a column; if it has none of the kind, its name here."""
        return self.names[self.columns.index(column)] if column in self.columns else column


def read_header(cells: Sequence[str], line: int, ignored: Collection[str]) -> Header:
    """Return the columns that a header line names; those in `ignored` are left out.

    Raises:
        SheetError: columns that stand twice or are missing, each named, with those that are unknown.
    """
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    left_out = {plain(name) for name in ignored}
    columns: list[str | None] = []
    problems: list[Problem] = []
    unknown: list[Problem] = []
    for place, name in enumerate(names, 1):
        column = None if plain(name) in left_out else _BY_NAME.get(plain(name))
        if column is None and name and plain(name) not in left_out:
            column, advice = _meant(name)
            known = "" if column is not None or any(_KNOWN in each.message for each in unknown) else f"; {_KNOWN}"
            unknown.append(Problem(line=line, column=name, message=f"is unknown: {advice}{known}"))
            column = None if column is not None and column.name in columns else column
        elif column is not None and column.name in columns and not column.many:
            first = names[columns.index(column.name)]
            problems.append(Problem(line=line, column=name, message=_twice(first, name, place)))
        columns.append(column.name if column else None)
    missing = left_out - {plain(name) for name in names}
    problems += [
        Problem(
            line=line, column=name, message=f"is to be left out, and the file has no such column{nearest(name, names)}"
        )
        for name in ignored
        if plain(name) in missing
    ]
    if not (problems or unknown) and not any(who in columns for who in WHO):
        message = f"names no column that says who a row is about: one of {', '.join(WHO)}"
        problems.append(Problem(line=line, message=message))
    if problems:
        raise SheetError(*unknown, *problems)
    return Header(names, columns, tuple(unknown))


_KNOWN: Final = f"known are {', '.join(column.name for column in COLUMNS[:-2])}"


def _meant(name: str) -> tuple[Column | None, str]:
    """Return the column that must be meant by an unknown name, if there is one, and what to do about it."""
    # "Vorname" is no slip for "surname".
    alike = [known for known in _BY_NAME if known[:1] == plain(name)[:1]]
    near = get_close_matches(plain(name), alike, n=1, cutoff=0.7)
    if near:
        column = _BY_NAME[near[0]]
        called = next(each for each in (column.name, *column.also) if plain(each) == near[0])
        return column, f"is {called} meant? --ignore-column leaves it out"
    return None, "--ignore-column leaves it out"


def _twice(first: str, name: str, place: int) -> str:
    if first == name:
        return f"stands twice, the second time in place {place}: take one out"
    return f"says the same as column {first}: take one out"

"""The commands that look: `umapi users`, `user` and `groups`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, cast

import click

from umapi_models.models import Group, GroupType, User
from umapi_runtime.converter import write
from umapi_sdk.characters import shown
from umapi_sdk.command_line.conventions import DONE, FAILED, Access, StrictCommand, examples
from umapi_sdk.command_line.output import complain, say
from umapi_sdk.command_line.records import (
    CSV,
    JSON,
    JSON_LINES,
    View,
    check_format,
    format_options,
    json_text,
    show,
)
from umapi_sdk.errors import NotFoundError, UmapiError
from umapi_sdk.listings import Completeness
from umapi_sdk.lookups import GroupsQuery, UserQuery, UsersQuery
from umapi_sdk.queries import NOT_GIVEN
from umapi_sdk.sheets.cells import cell_of
from umapi_sdk.wholeness import ListingRules

if TYPE_CHECKING:
    from umapi_sdk.connection import Connection


def record_of(entry: User | Group) -> Mapping[str, Any]:
    """Return all that the service says of an entry, by its names."""
    return {**write(entry), **entry.unknown_fields}


def user_cells(user: User) -> Mapping[str, str]:
    """Return what is known of a user as cells, by the service's names; `name` has both names together."""
    cells = {name: _cell(value) for name, value in record_of(user).items()}
    cells["name"] = " ".join(part for part in (user.first_name, user.last_name) if part)
    return cells


def _group_cells(group: Group) -> Mapping[str, str]:
    cells = {name: _cell(value) for name, value in record_of(group).items()}
    return {**cells, "name": group.group_name, "members": cells.get("memberCount", "")}


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return cell_of([str(each) for each in cast("Sequence[Any]", value)])
    return value if isinstance(value, str) else json_text(value)


USERS: Final = View[User](
    table=("email", "type", "status", "name"),
    csv=("email", "username", "domain", "type", "status", "firstname", "lastname", "country", "groups"),
    cells=user_cells,
    record=record_of,
)
GROUPS: Final = View[Group](
    table=("name", "type", "members"),
    csv=(
        *("groupName", "type", "memberCount", "groupId", "adminGroupName", "userGroupName", "productProfileName"),
        *("productName", "licenseQuota"),
    ),
    cells=_group_cells,
    record=record_of,
)


UNLISTED: Final = click.option(
    "--unlisted",
    type=click.IntRange(min=0),
    metavar="N",
    help="Most technical accounts, which are counted and not listed; 10 and 1 % of the total by default.",
)
ANNOUNCED: Final = click.option(
    "--announce",
    is_flag=True,
    help="Announce a run of requests: it opens the first page of the users where the service has locked it, as it does "
    "for half an hour after a listing.",
)


@click.command(
    cls=StrictCommand,
    epilog=examples(
        "umapi users",
        "umapi users --group DevOps",
        "umapi users --domain example.com --format csv > users.csv",
        "umapi users --format json --all-memberships",
    ),
)
@click.option("--group", "in_group", metavar="NAME", help="Only members of this group or profile.")
@click.option("--domain", "in_domain", metavar="NAME", help="Only users of this domain.")
@click.option("--all-memberships", is_flag=True, help="Also show product profiles held through a user group.")
@UNLISTED
@ANNOUNCED
@format_options
@click.pass_obj
def users(
    access: Access,
    in_group: str | None,
    in_domain: str | None,
    all_memberships: bool,
    unlisted: int | None,
    announce: bool,
    form: str,
    raw: bool,
) -> int:
    """List users. Nothing is printed unless the listing is whole.

    With --group, these are the members of a user group, product profile or admin group.
    """
    for option, value in (("--group", in_group), ("--domain", in_domain)):
        if value is not None and not value.strip():
            raise click.UsageError(f"{option} is empty: name one, or leave the option out")
    check_format(form, raw=raw)
    with access.connection() as connection:
        query = UsersQuery(
            connection,
            NOT_GIVEN if in_group is None else in_group,
            NOT_GIVEN if in_domain is None else in_domain,
            not all_memberships,
            rules=ListingRules(unlisted=unlisted),
        )
        if announce:
            connection.start_sync()
        try:
            found = query.all_results()
        except NotFoundError as error:
            if in_group is None:
                raise
            complain(f"{error}{_group_meant(connection, in_group)}")
            return FAILED
    tell_doubts(query.complete)
    show(found, USERS, form, raw=raw)
    return DONE


def _group_meant(connection: Connection, name: str) -> str:
    """Return the end of a message on a group that is not there: the group that is spelt much like it."""
    try:
        known = {group.group_name.casefold(): group.group_name for group in GroupsQuery(connection).all_results()}
    except UmapiError:
        return ""  # which group is meant is a help, and what went wrong is told
    near = get_close_matches(name.casefold(), known, n=1, cutoff=0.75)
    return f": is {shown(known[near[0]])} meant?" if near else ""


@click.command(
    "user",
    cls=StrictCommand,
    epilog=examples(
        "umapi user jdoe@example.com",
        "umapi user jsmith --domain example.com",
        "umapi user jane@example.com --domain AdobeID --format json",
    ),
)
@click.argument("name")
@click.option("--domain", metavar="NAME", help="Domain of a user name; AdobeID picks an Adobe ID.")
@format_options
@click.pass_obj
def one_user(access: Access, name: str, domain: str | None, form: str, raw: bool) -> int:
    """Show one user, by e-mail address or user name."""
    check_format(form, raw=raw)
    with access.connection() as connection:
        user = UserQuery(connection, name, domain).result()
    if user is None:
        complain(f"no user {name} in the organisation")
        return FAILED
    if form == JSON:
        click.echo(json_text(record_of(user), indent=2))
    elif form in (CSV, JSON_LINES):
        show([user], USERS, form, raw=raw)
    else:
        _tell(user)
    return DONE


class _GroupTypes(click.Choice[str]):
    """The types of groups; one that is written without its underscore, or misspelt, is asked after."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            near = get_close_matches(str(value).upper().replace("-", "_"), map(str, self.choices), n=1)
            meant = f": is {near[0]} meant?" if near else f"; types: {', '.join(self.choices)}"
            self.fail(f"{shown(str(value))} is no type of group{meant}", param, ctx)


@click.command(
    cls=StrictCommand,
    epilog=examples(
        "umapi groups", "umapi groups --type USER_GROUP", "umapi groups --type PRODUCT_PROFILE --format csv"
    ),
)
@click.option(
    "--type",
    "types",
    type=_GroupTypes([str(kind) for kind in GroupType], case_sensitive=False),
    multiple=True,
    help="Only groups of this type; can be given several times.",
)
@format_options
@click.pass_obj
def groups(access: Access, types: tuple[str, ...], form: str, raw: bool) -> None:
    """List user groups, product profiles and admin groups, with the number of their members."""
    check_format(form, raw=raw)
    with access.connection() as connection:
        query = GroupsQuery(connection)
        found = query.all_results()
    tell_doubts(query.complete)
    show([group for group in found if not types or group.type in types], GROUPS, form, raw=raw)


def _tell(user: User) -> None:
    """Write what is known of a user, a line for each field and each group."""
    known = record_of(user)
    for name in (*USERS.csv, *(name for name in known if name not in USERS.csv)):
        value: Any = known.get(name)
        several = cast("Sequence[Any]", value if isinstance(value, (list, tuple)) else (value,))
        for each in several:
            if each is not None:
                say(f"{name}: {each if isinstance(each, str) else json_text(each)}")


def tell_doubts(*listings: Completeness) -> None:
    """Say what could not be checked of listings, on standard error."""
    doubts = sorted({doubt for complete in listings for doubt in complete.skipped})
    if doubts:
        complain(f"the listing could not be checked in every way: the service sent {', '.join(doubts)}")

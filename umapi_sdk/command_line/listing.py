"""The commands that look: `umapi users`, `user` and `groups`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import click

from umapi_models.models import User
from umapi_sdk.characters import encodable
from umapi_sdk.command_line.conventions import DONE, FAILED, Access
from umapi_sdk.command_line.output import cell_of, complain, count, harmless, say
from umapi_sdk.listings import Completeness
from umapi_sdk.lookups import GroupsQuery, UserQuery, UsersQuery
from umapi_sdk.queries import NOT_GIVEN
from umapi_sdk.wholeness import ListingRules

CSV_COLUMNS: Final = ("email", "username", "domain", "type", "status", "firstname", "lastname", "country", "groups")


@click.command()
@click.option("--group", "in_group", metavar="NAME", help="Only members of this group or profile.")
@click.option("--domain", "in_domain", metavar="NAME", help="Only users of this domain.")
@click.option("--all-memberships", is_flag=True, help="Also show product profiles held through a user group.")
@click.option(
    "--unlisted",
    type=click.IntRange(min=0),
    metavar="N",
    help="Most technical accounts, which are counted and not listed; 10 and 1 % of the total by default.",
)
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Write CSV with a header; groups share a cell, with commas. What a spreadsheet would take for a formula gets "
    "an apostrophe before it, and control characters become blanks.",
)
@click.option("--raw", is_flag=True, help="With --csv: every cell as the service has it, for programs.")
@click.pass_obj
def users(
    access: Access,
    in_group: str | None,
    in_domain: str | None,
    all_memberships: bool,
    unlisted: int | None,
    as_csv: bool,
    raw: bool,
) -> None:
    """List users. Nothing is printed unless the listing is whole."""
    for option, value in (("--group", in_group), ("--domain", in_domain)):
        if value is not None and not value.strip():
            raise click.UsageError(f"{option} is empty: name one, or leave the option out")
    if raw and not as_csv:
        raise click.UsageError("--raw goes with --csv: add --csv, or leave --raw out")
    with access.connection() as connection:
        query = UsersQuery(
            connection,
            NOT_GIVEN if in_group is None else in_group,
            NOT_GIVEN if in_domain is None else in_domain,
            not all_memberships,
            rules=ListingRules(unlisted=unlisted),
        )
        found = query.all_results()
    _tell_doubts(query.complete)
    if as_csv:
        click.echo(_as_csv(found, raw=raw), nl=False)
        return
    for user in found:
        name = " ".join(part for part in (user.first_name, user.last_name) if part)
        say("  ".join(part for part in (user.email, user.type, user.status, name) if part))


@click.command("user")
@click.argument("name")
@click.option("--domain", metavar="NAME", help="Domain of a user name; AdobeID picks an Adobe ID.")
@click.pass_obj
def one_user(access: Access, name: str, domain: str | None) -> int:
    """Show one user, by e-mail address or user name."""
    with access.connection() as connection:
        user = UserQuery(connection, name, domain).result()
    if user is None:
        complain(f"no user {name} in the organisation")
        return FAILED
    for field, value in _fields(user).items():
        for line in value if isinstance(value, tuple) else (value,):
            say(f"{field}: {line}")
    return DONE


@click.command()
@click.pass_obj
def groups(access: Access) -> None:
    """List user groups, product profiles and admin groups, with the number of their members."""
    with access.connection() as connection:
        query = GroupsQuery(connection)
        found = query.all_results()
    _tell_doubts(query.complete)
    for entry in found:
        members = "" if entry.member_count is None else count(entry.member_count, "member")
        say("  ".join(part for part in (entry.group_name, entry.type, members) if part))


def _fields(user: User) -> dict[str, str | tuple[str, ...]]:
    """Return what is known of a user, by the service's names."""
    known: dict[str, str | tuple[str, ...] | None] = {
        "email": user.email,
        "username": user.username,
        "domain": user.domain,
        "type": user.type,
        "status": user.status,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "country": user.country,
        "groups": user.groups,
    }
    return {name: value for name, value in known.items() if value is not None}


def _tell_doubts(complete: Completeness) -> None:
    """Say what could not be checked of a listing, on standard error."""
    if complete.skipped:
        doubts = ", ".join(complete.skipped)
        complain(f"the listing could not be checked in every way: the service sent {doubts}")


def _as_csv(users: Sequence[User], *, raw: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for user in users:
        fields = {**_fields(user), "groups": cell_of(user.groups or ())}
        cells = [str(fields.get(column, "")) for column in CSV_COLUMNS]
        writer.writerow([encodable(cell) if raw else harmless(cell) for cell in cells])
    return text.getvalue()

"""Queries: users, users of a group, one user, groups; all read, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from umapi_harness.mock.api.answers import Answer, bad_number, json_answer
from umapi_harness.mock.api.refusals import message_of, words_for
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state import groups as g
from umapi_harness.mock.state.groups import Group
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import ADOBE_ID_DOMAIN, User, email_domain
from umapi_models import operations, schemas
from umapi_models.names import ADOBE_ID

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Query = Mapping[str, str]

_FLAGS: Final = ("testOnly", "directOnly", "excludeGroups")
_PAGE: Final = re.compile(r"[+-]?[0-9]{1,10}")
_LARGEST_PAGE: Final = 2**31 - 1
_GROUP_NAME: Final = schemas.read("user-steps.json")["$defs"]["GroupName"]
_LONGEST_NAME: Final = int(_GROUP_NAME["maxLength"]) + len(g.ADMIN_PREFIXES[g.PRODUCT_ADMINS])


class Listing(Protocol[T_co]):
    """Whatever has a length and can be cut: a list, or a roster."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Sequence[T_co]: ...


class BadQueryError(Exception):
    """The query cannot be read; carries the answer to give."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def flag(query: Query, name: str, default: bool) -> bool:
    """A boolean of the query, in any letter case; any other word counts as false [G odd-flags]."""
    text = query.get(name)
    return default if text is None else text.lower() == "true"


def check_flags(query: Query) -> None:
    """See that the booleans of the query are such. Raises BadQueryError for any other word."""
    for name in _FLAGS:
        text = query.get(name)
        if text is not None and text.lower() not in ("true", "false"):
            raise BadQueryError(bad_number(text))


def page_number(text: str) -> int:
    """A page's number, counted from 0. Raises BadQueryError for what Java does not read as an int.

    One below 0 is the first page [G negative-pages].
    """
    if not _PAGE.fullmatch(text) or not -_LARGEST_PAGE <= int(text) <= _LARGEST_PAGE:
        raise BadQueryError(bad_number(text))
    return max(0, int(text))


def is_first_page(text: str) -> bool:
    """Whether a page's number, however it is written, means the first page."""
    try:
        return page_number(text) == 0
    except BadQueryError:
        return False


def users_page(organization: Organization, settings: Settings, page: int, query: Query) -> Answer:
    """A page of the organisation's users (getUsersWithPage.md)."""
    direct_only = flag(query, "directOnly", True)
    domain = query.get("domain")
    listing: Listing[User] | None = organization.listed_users
    if domain:
        listing = _users_of_domain(organization, domain)
    if listing is None:
        return json_answer(404, _not_found("domain_unknown", domain=domain))
    unlisted = 0 if domain else len(organization.technical_accounts)
    entries, last, headers = cut(listing, page, settings.users_page_size, unlisted=unlisted)
    body = {
        "lastPage": last,
        "result": "success",
        "users": [show_user(organization, settings, user, direct_only=direct_only) for user in entries],
    }
    return json_answer(200, body, headers)


def group_users_page(organization: Organization, settings: Settings, page: int, name: str, query: Query) -> Answer:
    """A page of the members of a user group, profile or admin group (getUsersByGroup.md)."""
    direct_only = flag(query, "directOnly", True)
    without_groups = flag(query, "excludeGroups", False)
    status = query.get("status")
    if status is not None and status.lower() not in ("active", "inactive"):
        if settings.odd_flags_fail:
            raise BadQueryError(bad_number(status))
        status = None
    # What makes a name invalid is not published [G invalid-group-names].
    if not name or len(name) > _LONGEST_NAME:
        return json_answer(400, _not_found("group_invalid"))
    group = organization.catalog.find(name)
    unlisted = 0
    listing: Listing[User]
    if group is not None:
        listing = _members(organization, group, direct_only=direct_only, status=status)
        unlisted = technical_members(organization, group)
        name = group.name
    elif organization.catalog.admin_group_without_members(name):
        listing = ()
    else:
        return json_answer(404, _not_found("group_unknown", group=name))
    entries, last, headers = cut(listing, page, settings.users_page_size, unlisted=unlisted)
    users = [
        show_user(organization, settings, user, direct_only=direct_only, without_groups=without_groups)
        for user in entries
    ]
    body = {"lastPage": last, "result": "success", "groupName": name, "users": users}
    return json_answer(200, body, headers)


def one_user(organization: Organization, settings: Settings, user_string: str, query: Query) -> Answer:
    """One user, by e-mail address, or by user name and domain (getUser.md, which knows no `directOnly`)."""
    if not user_string:
        # No page says how the path answers without a user; the code is documented, the words are ours [G own-words].
        code, message = words_for("query.user_missing", path=operations.USERS.path.strip("/"))
        return json_answer(400, {"result": code, "message": message})
    user = _find_user(organization, user_string, query.get("domain") or None)
    if user is None or not user.active:
        code = "error.user.not_found"
        return json_answer(404, {"result": code, "message": message_of(code, user=user_string)})
    shown = show_user(organization, settings, user, direct_only=True)
    return json_answer(200, {"result": "success", "user": shown})


def groups_page(organization: Organization, settings: Settings, page: int) -> Answer:
    """A page of user groups, profiles and admin groups (group.md)."""
    listing: Listing[Group] = organization.catalog.groups
    if not settings.list_unused_admin_groups:
        listing = [group for group in organization.catalog.groups if group.ever_used or not group.is_admin_group]
    entries, last, headers = cut(listing, page, settings.groups_page_size)
    # group.md describes one answer past the end and shows another [G groups-past-the-end].
    if page and page * settings.groups_page_size >= len(listing) and not settings.last_groups_page_repeats:
        _, words = words_for("query.groups_past_the_end")
        return json_answer(200, {"lastPage": True, "result": words})
    body = {"lastPage": last, "result": "success", "groups": [show_group(organization, group) for group in entries]}
    return json_answer(200, body, headers)


def cut(
    listing: Listing[T], page: int, size: int, *, base: int = 0, unlisted: int = 0
) -> tuple[Sequence[T], bool, tuple[tuple[str, str], ...]]:
    """The entries of a page (past the end: of the last page), whether it is the last, and the headers.

    `page` counts from 0; `base` is the number that the header gives the first page. `unlisted` is the number
    of technical accounts: the headers count them, the page leaves them out, and they come first
    [G technical-accounts-first].
    """
    total = unlisted + len(listing)
    pages = max(1, -(-total // size))
    page = min(page, pages - 1)
    start, stop = page * size, min((page + 1) * size, total)
    entries = listing[max(0, start - unlisted) : max(0, stop - unlisted)]
    headers = (
        ("X-Total-Count", str(total)),
        ("X-Page-Count", str(pages)),
        ("X-Current-Page", str(page + base)),
        ("X-Page-Size", str(stop - start)),
    )
    return entries, page == pages - 1, headers


def show_user(
    organization: Organization, settings: Settings, user: User, *, direct_only: bool, without_groups: bool = False
) -> dict[str, Any]:
    """A user as the queries show it; fields without a value are absent."""
    shown: dict[str, Any] = {"email": user.email, "status": user.status}
    if not without_groups:
        groups = membership_names(user, direct_only=direct_only, without_admin_groups=settings.admin_roles)
        if groups:
            shown["groups"] = groups
    shown["username"] = user.username
    if settings.admin_roles and (roles := admin_roles(user)):
        shown["adminRoles"] = roles
    shown["domain"] = user.domain
    if user.firstname:
        shown["firstname"] = user.firstname
    if user.lastname:
        shown["lastname"] = user.lastname
    if user.country:
        shown["country"] = user.country
    shown["type"] = user.type
    if settings.user_ids:
        shown["id"] = user.id(organization.owner)
    return shown


def admin_roles(user: User) -> list[str]:
    """The user's roles in the form of the deprecated field: a word for a fixed one, otherwise what is administered."""
    fixed = {g.SYSTEM_ADMINS: "org", g.DEPLOYMENT_ADMINS: "deployment", g.SUPPORT_ADMINS: "support"}
    roles: list[str] = []
    for group in user.groups:
        if group.kind in fixed:
            roles.append(fixed[group.kind])
        elif group.kind in (g.USER_GROUP_ADMINS, g.PROFILE_ADMINS) and group.subject is not None:
            roles.append(group.subject.name)
    return roles


def membership_names(user: User, *, direct_only: bool, without_admin_groups: bool = False) -> list[str]:
    """Names of the user's groups; unless `direct_only`, with the profiles held through a user group."""
    names = [group.name for group in user.groups if not (without_admin_groups and group.is_admin_group)]
    if not direct_only:
        held = {profile.name: None for group in user.groups if group.kind == g.USER_GROUP for profile in group.profiles}
        names += [name for name in held if name not in names]
    return names


def show_group(organization: Organization, group: Group) -> dict[str, Any]:
    """A group as the queries show it; fields without a value are absent."""
    members = len(group.members) + technical_members(organization, group)
    shown: dict[str, Any] = {"type": group.kind, "groupName": group.name, "memberCount": members}
    if group.admins is not None and len(group.admins.members):
        shown["adminGroupName"] = group.admins.name
    if group.kind == g.USER_GROUP_ADMINS and group.subject is not None:
        shown["userGroupName"] = group.subject.name
    if group.kind in (g.PROFILE_ADMINS, g.DEVELOPERS) and group.subject is not None:
        shown["productProfileName"] = group.subject.name
    if group.product is not None and group.kind == g.PRODUCT_ADMINS:
        shown["productProfileName"] = group.product.name
    if group.product is not None and group.kind == g.PROFILE:
        shown["productName"] = group.product.name
    if group.kind == g.PROFILE:
        shown["licenseQuota"] = "UNLIMITED" if group.quota is None else str(group.quota)
    shown["groupId"] = group.id
    return shown


def technical_members(organization: Organization, group: Group) -> int:
    """How many technical accounts are direct members of a group [G technical-members]."""
    return sum(group in account.groups for account in organization.technical_accounts)


def _not_found(occasion: str, **values: object) -> dict[str, Any]:
    code, message = words_for(f"query.{occasion}", **values)
    return {"lastPage": False, "result": code, "message": message}


def _users_of_domain(organization: Organization, domain: str) -> list[User] | None:
    """The users that are shown with `domain` [G domain-filter]; None for one that is not the organisation's."""
    wanted = domain.lower()
    if wanted == ADOBE_ID_DOMAIN.lower():
        return organization.changes.derived(
            ("domain", wanted),
            lambda: [user for user in organization.listed_users if user.type == ADOBE_ID],
        )
    if wanted not in organization.domains:
        return None
    return organization.changes.derived(
        ("domain", wanted),
        lambda: [user for user in organization.listed_users if user.domain.lower() == wanted],
    )


def _members(organization: Organization, group: Group, *, direct_only: bool, status: str | None) -> Listing[User]:
    listing: Listing[User] = group.members
    if group.kind != g.PROFILE:
        return listing
    if not direct_only and len(group.user_groups):
        listing = organization.changes.derived(("profile", group.id), lambda: _holders(group))
    if status is None:
        return listing
    # Licences go to the members in the order in which they came; the rest have none that is active [G licences].
    licensed = len(listing) if group.quota is None else group.quota
    return listing[:licensed] if status.lower() == "active" else listing[licensed:]


def _holders(profile: Group) -> list[User]:
    """All who hold a profile: direct members first, then those of its user groups."""
    holders = dict.fromkeys(profile.members)
    for group in profile.user_groups:
        holders.update(dict.fromkeys(group.members))
    return list(holders)


def _find_user(organization: Organization, name: str, domain: str | None) -> User | None:
    if domain is None:
        user = organization.find_user(name)
        if user is not None:
            return user
        # A user name without its domain is found while only one domain has it [G user-name-alone].
        found = [organization.find_user(name, each) for each in organization.domains]
        matches = [match for match in found if match is not None]
        return matches[0] if len(matches) == 1 else None
    if domain.lower() == ADOBE_ID_DOMAIN.lower():
        return organization.adobe_id(name)
    user = organization.find_user(name, domain)
    if user is not None:
        return user
    user = organization.owned_account(name) or organization.adobe_id(name)
    if user is None or not _is_home(organization, user, domain.lower()):
        return None
    return user


def _is_home(organization: Organization, user: User, domain: str) -> bool:
    """True when `domain` is the user's own, or any other of the same directory (getUser.md)."""
    if domain in (user.domain.lower(), email_domain(user.email)):
        return True
    home, other = organization.domains.get(user.domain.lower()), organization.domains.get(domain)
    return home is not None and other is not None and home.directory == other.directory

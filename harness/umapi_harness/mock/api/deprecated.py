"""Deprecated operations, still served: users, user groups, products and profiles under the organisation.

Pages are counted from 1 here; page 0, which one of the documentation's examples asks for, is the first too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.answers import Answer, json_answer, not_simulated
from umapi_harness.mock.api.bodies import is_array, is_object, read_json
from umapi_harness.mock.api.causes import Cause, no_object, unreadable_body
from umapi_harness.mock.api.queries import admin_roles, cut, flag, membership_names, page_number, technical_members
from umapi_harness.mock.api.routes import Route
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state import groups as g
from umapi_harness.mock.state.groups import Group, Product
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import User

Query = Mapping[str, str]
Reader = Callable[[Organization, Route, Query], Answer]

_PROFILE_PREFIX: Final = "RGRP-"
_LISTS: Final = (
    *("addUsers", "removeUsers", "addUserGroups", "removeUserGroups"),
    *("addAdminUsers", "removeAdminUsers"),
)


class _CallRefusedError(Exception):
    """The call is refused, with an HTTP status and a code."""

    def __init__(self, status: int, code: str, cause: Cause | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.answer = json_answer(status, {"errorMessage": code, "errorCode": code}, cause=cause)


def deprecated_answer(
    organization: Organization, settings: Settings, route: Route, method: str, query: Query, body: bytes
) -> Answer:
    """The answer of a deprecated operation. Raises BadQueryError for a query that cannot be read."""
    try:
        if method == "POST":
            return _update_profile(organization, settings, route, body)
        read = _READERS.get(route.call)
        return read(organization, route, query) if read else not_simulated(route.call)
    except _CallRefusedError as refused:
        return refused.answer


# Users


def _users(organization: Organization, route: Route, query: Query) -> Answer:
    direct_only = flag(query, "directOnly", True)
    entries, _, headers = cut(
        organization.listed_users, _page(query), route.page_size, base=1, unlisted=len(organization.technical_accounts)
    )
    return json_answer(200, [_show(organization, user, direct_only) for user in entries], headers)


def _show(organization: Organization, user: User, direct_only: bool) -> dict[str, Any]:
    shown = {
        "id": user.id(organization.owner),
        "email": user.email,
        "status": user.status,
        "groups": membership_names(user, direct_only=direct_only),
        "adminRoles": admin_roles(user),
        "username": user.username,
        "domain": user.domain,
        "firstName": user.firstname,
        "lastName": user.lastname,
        "countryCode": user.country,
        "userType": user.type,
    }
    return {name: value for name, value in shown.items() if value}


# User groups


def _user_groups(organization: Organization, route: Route, query: Query) -> Answer:
    entries, _, headers = cut(list(organization.catalog.user_groups()), _page(query), route.page_size, base=1)
    return json_answer(200, [_show_user_group(group) for group in entries], headers)


def _user_group(organization: Organization, route: Route, _query: Query) -> Answer:
    return json_answer(200, _show_user_group(_find_user_group(organization, route)))


def _user_group_users(organization: Organization, route: Route, query: Query) -> Answer:
    group = _find_user_group(organization, route)
    entries, _, headers = cut(
        group.members, _page(query), route.page_size, base=1, unlisted=technical_members(organization, group)
    )
    shown = [_show(organization, user, direct_only=True) for user in entries]
    return json_answer(200, shown, headers)


def _find_user_group(organization: Organization, route: Route) -> Group:
    wanted = route.parts[0]
    for group in organization.catalog.user_groups():
        if wanted in (str(group.id), group.name):
            return group
    raise _CallRefusedError(404, "GROUP_NOT_FOUND")


def _show_user_group(group: Group) -> dict[str, Any]:
    shown: dict[str, Any] = {"groupId": group.id, "name": group.name, "type": group.kind}
    if group.admins is not None and len(group.admins.members):
        shown["adminGroupId"] = str(group.admins.id)
        shown["adminGroupName"] = group.admins.name
        shown["adminCount"] = str(len(group.admins.members))
    if len(group.members):
        shown["userCount"] = len(group.members)
    shown["isReadOnly"] = group.read_only
    return shown


# Products and profiles


def _products(organization: Organization, route: Route, query: Query) -> Answer:
    listing = list(organization.catalog.products.values())
    entries, _, headers = cut(listing, _page(query), route.page_size, base=1)
    return json_answer(200, [_show_product(product) for product in entries], headers)


def _profiles(organization: Organization, route: Route, _query: Query) -> Answer:
    product = _find_product(organization, route)
    profiles = [_show_profile(organization, profile) for profile in product.profiles]
    return json_answer(200, {**_show_product(product), "licenseConfigurations": profiles})


def _profile(organization: Organization, route: Route, _query: Query) -> Answer:
    return json_answer(200, _show_profile(organization, _find_profile(organization, route)))


def _profile_users(organization: Organization, route: Route, query: Query) -> Answer:
    profile = _find_profile(organization, route)
    entries, _, headers = cut(
        profile.members, _page(query), route.page_size, base=1, unlisted=technical_members(organization, profile)
    )
    shown = [_show(organization, user, direct_only=True) for user in entries]
    return json_answer(200, shown, headers)


def _find_product(organization: Organization, route: Route) -> Product:
    for product in organization.catalog.products.values():
        if product.id == route.parts[0]:
            return product
    raise _CallRefusedError(404, "error.command.product.not_found")


def _find_profile(organization: Organization, route: Route) -> Group:
    for profile in _find_product(organization, route).profiles:
        if route.parts[1] == f"{_PROFILE_PREFIX}{profile.id}":
            return profile
    raise _CallRefusedError(404, "PLC_NOT_FOUND")


def _show_product(product: Product) -> dict[str, Any]:
    users = {user for profile in product.profiles for user in profile.members}
    quotas = [profile.quota for profile in product.profiles]
    return {
        "id": product.id,
        "code": product.code,
        "name": product.name,
        "userCount": len(users),
        "configurationCount": len(product.profiles),
        "licenseQuota": None if None in quotas else sum(quota or 0 for quota in quotas),
    }


def _show_profile(organization: Organization, profile: Group) -> dict[str, Any]:
    admins = profile.admins
    return {
        "id": f"{_PROFILE_PREFIX}{profile.id}",
        "adminCount": len(admins.members) if admins is not None else 0,
        "userCount": len(profile.members),
        "licenseQuota": profile.quota,
        "licenseGroupId": profile.id,
        "adminGroupId": admins.id if admins is not None else None,
        "orgId": organization.org_id,
        "productId": profile.product.id if profile.product is not None else None,
    }


# Update of a profile


def _update_profile(organization: Organization, settings: Settings, route: Route, body: bytes) -> Answer:
    """Change who holds and who administers a profile (updateProductProfile.md): all of it or nothing.

    In which form a refusal comes, and on which occasion beyond the line that ErrorRef.md has for its code, is not
    published [G profile-refusals].
    """
    try:
        profile = _find_profile(organization, route)
    except _CallRefusedError as refused:
        if refused.code == "PLC_NOT_FOUND":
            raise _CallRefusedError(404, "plc.not_found") from None
        raise
    lists = _read_lists(body)
    users = {
        name: [_find_user(organization, name, entry) for entry in lists.get(name, ())]
        for name in ("addUsers", "removeUsers", "addAdminUsers", "removeAdminUsers")
    }
    groups = {name: _find_groups(organization, lists.get(name, [])) for name in ("addUserGroups", "removeUserGroups")}
    admins = profile.admins
    unused = admins is not None and not admins.ever_used and not settings.list_unused_admin_groups
    if admins is None or (unused and users["removeAdminUsers"]):
        raise _CallRefusedError(404, "plc.admin.group.not_found")
    if any(admins in user.groups for user in users["addAdminUsers"]):
        raise _CallRefusedError(400, "plc.admin.already_added")
    if any(admins not in user.groups for user in users["removeAdminUsers"]):
        raise _CallRefusedError(400, "plc.remove.admin.error")
    for change, name, group in (
        (organization.join, "addUsers", profile),
        (organization.leave, "removeUsers", profile),
        (organization.join, "addAdminUsers", admins),
        (organization.leave, "removeAdminUsers", admins),
    ):
        for user in users[name]:
            change(user, group)
    for group in groups["addUserGroups"]:
        organization.catalog.link(group, profile)
    for group in groups["removeUserGroups"]:
        organization.catalog.unlink(group, profile)
    return json_answer(200, _show_profile(organization, profile))


def _read_lists(body: bytes) -> dict[str, list[str]]:
    try:
        read = read_json(body)
    except InputError:
        raise _CallRefusedError(400, "error.command.malformed", unreadable_body(body)) from None
    if not is_object(read.value) or read.doubled:
        raise _CallRefusedError(400, "error.command.malformed", no_object(read.value))
    lists: dict[str, list[str]] = {}
    for name, value in read.value.items():
        if name not in _LISTS:
            raise _CallRefusedError(400, "error.command.add_remove.key.unknown")
        if not is_array(value) or not all(isinstance(entry, str) for entry in value):
            raise _CallRefusedError(400, "error.command.add_remove.list_not_array")
        entries = [str(entry) for entry in value]
        if "" in entries and "UserGroups" not in name:
            raise _CallRefusedError(400, "error.user.id_missing")
        if len({entry.lower() for entry in entries}) != len(entries):
            raise _CallRefusedError(400, _doubled_code(name))
        lists[name] = entries
    if not lists:
        raise _CallRefusedError(400, "error.command.add_remove.user_usergroup.missing")
    if not any(lists.values()):
        raise _CallRefusedError(400, "error.command.add_remove.missing_list")
    return lists


def _doubled_code(name: str) -> str:
    kind = "usergroup" if "UserGroups" in name else "productadmin" if "Admin" in name else "user"
    return f"error.command.add_remove.duplicate.{kind}_list"


def _find_user(organization: Organization, name: str, email: str) -> User:
    user = organization.find_user(email)
    if user is None:
        codes = {"addAdminUsers": "plc.add.admin.error", "removeAdminUsers": "plc.remove.admin.error"}
        raise _CallRefusedError(400, codes.get(name, "error.user.nonexistent"))
    return user


def _find_groups(organization: Organization, names: list[str]) -> list[Group]:
    groups = [group for name in names if (group := organization.catalog.find(name)) and group.kind == g.USER_GROUP]
    if names and not groups:
        raise _CallRefusedError(400, "error.command.add_remove.invalid.usergroup_list")
    if len(groups) != len(names):
        raise _CallRefusedError(400, "error.usergroup.not_found")
    return groups


def _page(query: Query) -> int:
    """The page asked for, counted from 0 like all listings are inside."""
    return max(0, page_number(query.get("page", "1")) - 1)


_READERS: Final[dict[str, Reader]] = {
    "old_users": _users,
    "old_user_groups": _user_groups,
    "old_user_group": _user_group,
    "old_group_users": _user_group_users,
    "old_products": _products,
    "old_profiles": _profiles,
    "old_profile": _profile,
    "old_profile_users": _profile_users,
}

"""Listings: what a person looks up in an organisation, found and cut on the server, however large it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from umapi_harness.common.errors import InputError
from umapi_harness.mock.state import groups as g
from umapi_harness.mock.state.groups import Group, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import User
from umapi_models.names import ADOBE_ID

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LARGEST_PART: Final = 500
_DEFAULT_PART: Final = 50

_KINDS: Final[Mapping[str, Callable[[Group], bool]]] = {
    "user_group": lambda group: group.kind == g.USER_GROUP,
    "profile": lambda group: group.kind == g.PROFILE,
    "admin": lambda group: group.is_admin_group,
}


class _Listing(Protocol[T_co]):
    """Whatever has a length and can be cut: a list, or a roster."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Sequence[T_co]: ...


def list_users(organization: Organization, query: Mapping[str, str]) -> dict[str, Any]:
    """A part of the users, in order of arrival, and how many there are.

    `query` may hold query (text in address, user name or name), group, type, status, offset and limit.
    Raises InputError for a group that does not exist and for numbers that are none.
    """
    text, kind, status = query.get("query", "").strip().lower(), query.get("type", ""), query.get("status", "")
    name = query.get("group", "")
    group = _group(organization, name) if name else None
    listing: _Listing[User] = organization.users
    if group is not None:
        listing = _members(organization, group)
    if text or kind or status:
        whole = listing
        listing = organization.changes.derived(
            ("listing", text, kind, status, key(name)),
            lambda: [user for user in _all(whole) if _fits(user, text, kind, status)],
        )
    entries, place = _part(listing, query)
    return place | {"users": [_row(user) for user in entries]}


def user_details(organization: Organization, email: str, kind: str) -> dict[str, Any]:
    """All that is known of one user; `kind` tells an Adobe ID from another account of the same address.

    Raises InputError if there is no such user.
    """
    user = organization.adobe_id(email) if kind == ADOBE_ID else organization.owned_account(email)
    if user is None:
        raise InputError(f"email: no user {email}; it may have been renamed or removed")
    held: dict[str, list[str]] = {}
    for group in user.groups:
        if group.kind == g.USER_GROUP:
            for profile in group.profiles:
                held.setdefault(profile.name, []).append(group.name)
    return _row(user) | {
        "id": user.id(organization.owner),
        "groups": [{"name": group.name, "kind": group.kind} for group in user.groups],
        "held_through": [{"profile": profile, "user_groups": names} for profile, names in held.items()],
    }


def list_groups(organization: Organization, query: Mapping[str, str]) -> dict[str, Any]:
    """A part of the groups, oldest first, and how many there are.

    `query` may hold query (text in the name), kind (user_group, profile, admin), offset and limit. Raises
    InputError for another kind and for numbers that are none.
    """
    text, kind = query.get("query", "").strip().lower(), query.get("kind", "")
    if kind and kind not in _KINDS:
        raise InputError(f"kind: {kind!r} is none of {', '.join(_KINDS)}; choose one")
    listing: _Listing[Group] = organization.catalog.groups
    if text or kind:
        listing = [
            group
            for group in organization.catalog.groups
            if text in group.name.lower() and (not kind or _KINDS[kind](group))
        ]
    entries, place = _part(listing, query)
    return place | {"groups": [_group_row(group) for group in entries]}


def group_details(organization: Organization, name: str) -> dict[str, Any]:
    """All that is known of one group but its members. Raises InputError if there is no such group."""
    group = _group(organization, name)
    return _group_row(group) | {
        "id": group.id,
        "description": group.description,
        "read_only": group.read_only,
        "licensed": group.kind == g.PROFILE,
        "quota": group.quota,
        "subject": group.subject.name if group.subject is not None else None,
        "admin_group": _named(group.admins),
        "developer_group": _named(group.developers),
        "profiles": [profile.name for profile in group.profiles],
        "user_groups": [{"name": giver.name, "members": len(giver.members)} for giver in group.user_groups],
    }


def list_domains(organization: Organization) -> dict[str, Any]:
    """The domains, the products with their profiles, and who is known beside the users."""
    known = organization.directory.users
    return {
        "foreign_domains": list(organization.foreign_domains),
        "technical_accounts": len(organization.technical_accounts),
        "directory": {"total": len(known), "accounts": [_row(user) for user in known[:_DEFAULT_PART]]},
        "outsiders": {
            "total": len(organization.outsiders),
            "accounts": [
                {"email": email, "state": state}
                for email, state in itertools.islice(organization.outsiders.items(), _DEFAULT_PART)
            ],
        },
        "domains": [
            {"name": domain.name, "type": domain.type, "directory": domain.directory, "trusted": domain.trusted}
            for domain in organization.domains.values()
        ],
        "products": [
            {
                "name": product.name,
                "id": product.id,
                "code": product.code,
                "admin_group": _named(product.admins),
                "profiles": [profile.name for profile in product.profiles],
            }
            for product in organization.catalog.products.values()
        ],
    }


def _group(organization: Organization, name: str) -> Group:
    group = organization.catalog.find(name)
    if group is None:
        raise InputError(f"group: no group {name!r}; it may have been renamed or removed")
    return group


def _members(organization: Organization, group: Group) -> _Listing[User]:
    """The direct members; those who are not active stand in no roster and come last."""
    if not organization.has_inactive:
        return group.members
    inactive = organization.changes.derived(
        ("inactive",), lambda: [user for user in organization.users if not user.active]
    )
    return [*group.members, *(user for user in inactive if group in user.groups)]


def _all(listing: _Listing[T]) -> Sequence[T]:
    return listing[0 : len(listing)]


def _fits(user: User, text: str, kind: str, status: str) -> bool:
    if (kind and user.type != kind) or (status and user.status != status):
        return False
    if not text or text in user.email.lower() or text in user.username.lower():
        return True
    return text in f"{user.firstname or ''} {user.lastname or ''}".lower()


def _part(listing: _Listing[T], query: Mapping[str, str]) -> tuple[Sequence[T], dict[str, Any]]:
    """The entries asked for, and where they lie; an offset past the end gives the last part."""
    limit = max(1, _number(query, "limit", _DEFAULT_PART, LARGEST_PART))
    last = (len(listing) - 1) // limit * limit if len(listing) else 0
    offset = min(_number(query, "offset", 0, 10**9), last)
    return listing[offset : offset + limit], {"total": len(listing), "offset": offset, "limit": limit}


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 12 or int(text) > most:
        raise InputError(f"{name}: {text[:40]!r} is not a number from 0 to {most}; give one")
    return int(text)


def _row(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "username": user.username,
        "domain": user.domain,
        "type": user.type,
        "status": user.status,
        "active": user.active,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "country": user.country,
        "memberships": len(user.groups),
    }


def _group_row(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "kind": group.kind,
        "members": len(group.members),
        "product": group.product.name if group.product is not None else None,
    }


def _named(group: Group | None) -> dict[str, Any] | None:
    return {"name": group.name, "members": len(group.members)} if group is not None else None

"""Exports: an organisation written as a seed, from which the same organisation can be made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from umapi_harness.mock.state.groups import Group
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import IDENTITY_TYPES, User


def export_seed(organization: Organization, *, ids: bool = False) -> dict[str, Any]:
    """The organisation as a seed document without credentials, in an order that tells nothing of its history.

    `ids` adds the ids of users and groups.
    """
    document: dict[str, Any] = {"org_id": organization.org_id, **_export_standing(organization)}
    document["domains"] = [
        _present(
            name=domain.name,
            type=domain.type,
            directory=domain.directory if domain.directory != domain.type else None,
            trusted=domain.trusted or None,
        )
        for _, domain in sorted(organization.domains.items())
    ]
    document["products"] = [
        _present(name=product.name, id=product.id, code=product.code)
        for product in organization.catalog.products.values()
    ]
    document["profiles"] = [
        _present(
            name=profile.name,
            product=profile.product.name if profile.product is not None else None,
            quota=profile.quota,
            id=profile.id if ids else None,
        )
        for profile in sorted(organization.catalog.profiles(), key=_name)
    ]
    document["user_groups"] = [
        _present(
            name=group.name,
            description=group.description,
            profiles=sorted(profile.name for profile in group.profiles) or None,
            read_only=group.read_only or None,
            id=group.id if ids else None,
        )
        for group in sorted(organization.catalog.user_groups(), key=_name)
    ]
    document["users"] = _export_users(organization, organization.users, ids=ids)
    if len(organization.directory):
        document["directory"] = _export_users(organization, organization.directory.users, ids=ids)
    if organization.technical_accounts:
        document["technical_accounts"] = _export_technical_accounts(organization)
    return document | organization.samples


def _export_users(organization: Organization, users: Iterable[User], *, ids: bool) -> list[dict[str, Any]]:
    return [
        _present(
            email=user.email,
            type=user.type,
            username=user.username if user.username != user.email else None,
            domain=user.domain,
            firstname=user.firstname,
            lastname=user.lastname,
            country=user.country,
            status=user.status if not user.active else None,
            groups=sorted(group.name for group in user.groups) or None,
            id=user.id(organization.owner) if ids else None,
        )
        for user in sorted(users, key=lambda user: (user.email.lower(), user.type))
    ]


def _export_technical_accounts(organization: Organization) -> int | list[dict[str, Any]]:
    """How many there are, where no more is known of them."""
    accounts = [
        _present(email=account.email, groups=sorted(group.name for group in account.groups) or None)
        for account in organization.technical_accounts
    ]
    if not any(accounts):
        return len(accounts)
    return sorted(accounts, key=lambda account: (account.get("email", ""), account.get("groups", [])))


def _export_standing(organization: Organization) -> dict[str, Any]:
    """What sets the organisation apart from others, where anything does."""
    types = list(organization.identity_types)
    return _present(
        migrating=organization.migrating or None,
        identity_types=types if types != list(IDENTITY_TYPES) else None,
        outsiders=[{"email": email, "state": state} for email, state in sorted(organization.outsiders.items())] or None,
        foreign_domains=sorted(organization.foreign_domains) or None,
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _name(group: Group) -> str:
    return group.name

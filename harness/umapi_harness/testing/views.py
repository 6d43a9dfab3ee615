"""Views: users and groups as a test looks at them, at one moment."""

from __future__ import annotations

import attrs

from umapi_harness.mock.state.groups import Group
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import User


@attrs.frozen(kw_only=True)
class UserInfo:
    """A user as found at one moment."""

    email: str
    username: str
    domain: str
    type: str
    firstname: str | None
    lastname: str | None
    country: str | None
    status: str
    groups: tuple[str, ...]
    """Names of the groups of every kind with the user as a direct member, in the order of joining."""
    id: str


@attrs.frozen(kw_only=True)
class GroupInfo:
    """A user group, product profile or admin group as found at one moment."""

    name: str
    kind: str
    """Such as USER_GROUP or PRODUCT_PROFILE, as the groups query has it."""
    id: int
    description: str | None
    members: tuple[str, ...]
    """E-mail addresses of the active users who are direct members."""
    profiles: tuple[str, ...]
    """Names of the profiles that the members of a user group hold through it."""
    product: str | None
    quota: int | None
    read_only: bool


def view_user(organization: Organization, user: User) -> UserInfo:
    """Return what a test is shown of a user."""
    return UserInfo(
        email=user.email,
        username=user.username,
        domain=user.domain,
        type=user.type,
        firstname=user.firstname,
        lastname=user.lastname,
        country=user.country,
        status=user.status,
        groups=tuple(group.name for group in user.groups),
        id=user.id(organization.owner),
    )


def view_group(group: Group) -> GroupInfo:
    """Return what a test is shown of a group."""
    return GroupInfo(
        name=group.name,
        kind=group.kind,
        id=group.id,
        description=group.description,
        members=tuple(user.email for user in group.members),
        profiles=tuple(profile.name for profile in group.profiles),
        product=group.product.name if group.product is not None else None,
        quota=group.quota,
        read_only=group.read_only,
    )

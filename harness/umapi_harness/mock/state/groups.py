"""Groups: user groups, product profiles and admin groups, and how admin groups are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from umapi_harness.mock.state.rosters import Roster
from umapi_models import names

if TYPE_CHECKING:
    from umapi_harness.mock.state.users import User

USER_GROUP: Final = names.USER_GROUP
PROFILE: Final = names.PRODUCT_PROFILE
SYSTEM_ADMINS: Final = names.SYSADMIN_GROUP
DEPLOYMENT_ADMINS: Final = names.DEPLOYMENT_ADMIN_GROUP
SUPPORT_ADMINS: Final = names.SUPPORT_ADMIN_GROUP
PRODUCT_ADMINS: Final = names.PRODUCT_ADMIN_GROUP
PROFILE_ADMINS: Final = names.PROFILE_ADMIN_GROUP
USER_GROUP_ADMINS: Final = names.USER_ADMIN_GROUP
DEVELOPERS: Final = names.DEVELOPER_GROUP

ADMIN_PREFIXES: Final = {
    PRODUCT_ADMINS: names.PRODUCT_ADMIN_PREFIX,
    PROFILE_ADMINS: names.PROFILE_ADMIN_PREFIX,
    USER_GROUP_ADMINS: names.USER_ADMIN_PREFIX,
    DEVELOPERS: names.DEVELOPER_PREFIX,
}
"""What the name of an admin group begins with, by its type."""


def key(name: str) -> str:
    """The form of a group's, product's or domain's name under which it is found: letter case is ignored."""
    return name.lower()


def _no_users() -> Roster[User]:
    return Roster()


def _no_groups() -> Roster[Group]:
    return Roster()


@attrs.define(eq=False, kw_only=True)
class Product:
    """A product that the organisation has bought."""

    name: str
    id: str
    code: str
    admins: Group
    profiles: Roster[Group] = attrs.field(factory=_no_groups)


@attrs.define(eq=False, kw_only=True)
class Group:
    """A group of any kind. Fields that mean nothing for its kind stay empty."""

    id: int
    name: str
    kind: str
    members: Roster[User] = attrs.field(factory=_no_users)
    """The active users who are direct members."""
    ever_used: bool = False
    """True once somebody was a member."""
    description: str | None = None
    read_only: bool = False
    """A user group shared by another organisation: its members, name and existence are not ours."""
    product: Product | None = None
    """The product of a profile, of its admins and developers, and of product admins."""
    quota: int | None = None
    """Licences of a profile; None: unlimited."""
    subject: Group | None = None
    """The user group or profile that an admin or developer group belongs to."""
    admins: Group | None = None
    """The admin group of a user group or profile."""
    developers: Group | None = None
    """The developer group of a profile."""
    profiles: Roster[Group] = attrs.field(factory=_no_groups)
    """The profiles that the members of a user group hold through it."""
    user_groups: Roster[Group] = attrs.field(factory=_no_groups)
    """The user groups whose members hold this profile through them."""

    @property
    def is_admin_group(self) -> bool:
        """True for admin and developer groups of every kind."""
        return self.kind not in (USER_GROUP, PROFILE)

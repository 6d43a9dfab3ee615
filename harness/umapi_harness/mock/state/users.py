"""Users: one small object for each, so that an organisation of a million fits into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from umapi_models.names import ACTIVE, ADOBE_ID, CREATES

if TYPE_CHECKING:
    from umapi_harness.mock.state.groups import Group

IDENTITY_TYPES: Final = tuple(CREATES.values())

ADOBE_ID_DOMAIN: Final = "AdobeID"
"""What a query gives as domain to mean an Adobe ID (getUser.md), and what stands behind the @ of its id."""

_SPREAD: Final = 0x9E3779B97F4A7C15F39CC060  # odd, so that distinct serials stay distinct below
_RANGE: Final = (1 << 96) - 1


@attrs.define(eq=False)
class User:
    """A member of the organisation."""

    serial: int
    """Number of the account, never used twice in an organisation."""
    email: str
    username: str
    domain: str
    type: str
    firstname: str | None
    lastname: str | None
    country: str | None
    status: str
    groups: tuple[Group, ...]
    """Direct memberships, in the order in which they were given."""
    given_id: str | None
    """The id that the seed gave; without one it follows from the serial."""

    def id(self, owner: str) -> str:
        """The account's unique identifier; `owner` is the organisation's, for accounts that it owns."""
        if self.given_id is not None:
            return self.given_id
        suffix = ADOBE_ID_DOMAIN if self.type == ADOBE_ID else owner
        return f"{(self.serial * _SPREAD) & _RANGE:024X}@{suffix}"

    @property
    def active(self) -> bool:
        """Queries show only active users."""
        return self.status == ACTIVE


def email_domain(address: str) -> str:
    """The part of an e-mail address after its last @, in lower case."""
    return address.rpartition("@")[2].lower()

"""What umapi-client has enums for: identity types, and what a creation does about somebody who is there already."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from umapi_models.names import (
    ADOBE_ID,
    ENTERPRISE_ID,
    FEDERATED_ID,
    IGNORE_IF_ALREADY_EXISTS,
    UPDATE_IF_ALREADY_EXISTS,
)
from umapi_sdk.compat.failures import ArgumentError
from umapi_sdk.compat.naming import public

E = TypeVar("E", bound=Enum)


@public("IdentityType")
class ClientIdentityType(Enum):
    """The identity type of a user; the name of a member is the one on the wire. `IdentityType` of the client."""

    adobeID = 1  # noqa: N815 - as programs have it
    enterpriseID = 2  # noqa: N815
    federatedID = 3  # noqa: N815

    @property
    def wire(self) -> str:
        """The name that the service has for it."""
        return _TYPES[self]


@public("IfAlreadyExistsOption")
class ClientCreateOption(Enum):
    """What to do about a user or group that is there already. `IfAlreadyExistsOption` of the client."""

    ignoreIfAlreadyExists = 1  # noqa: N815
    updateIfAlreadyExists = 2  # noqa: N815
    errorIfAlreadyExists = 3  # noqa: N815

    @property
    def wire(self) -> str | None:
        """The option of a step; None where the step has none, which makes it an error."""
        return _OPTIONS.get(self)


_TYPES = {
    ClientIdentityType.adobeID: ADOBE_ID,
    ClientIdentityType.enterpriseID: ENTERPRISE_ID,
    ClientIdentityType.federatedID: FEDERATED_ID,
}
_OPTIONS = {
    ClientCreateOption.ignoreIfAlreadyExists: IGNORE_IF_ALREADY_EXISTS,
    ClientCreateOption.updateIfAlreadyExists: UPDATE_IF_ALREADY_EXISTS,
}


def member(kind: type[E], given: E | str, what: str) -> E:
    """Return the member that is given, itself or by name.

    Raises:
        ArgumentError: there is none.
    """
    if isinstance(given, kind):
        return given
    if isinstance(given, str) and given in kind.__members__:
        return kind[given]
    raise ArgumentError(f"{what} must be one of {', '.join(kind.__members__)}, not {given!r}")

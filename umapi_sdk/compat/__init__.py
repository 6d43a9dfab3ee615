"""Programs for Adobe's umapi-client 3 on this SDK: what they import, under the names that it has there.

`import umapi_sdk.compat as umapi_client`, or `from umapi_sdk.compat import ...` in place of
`from umapi_client import ...`, is all that has to change; docs/how-to/from-umapi-client.md says what is different.
"""

import logging
from typing import NoReturn

from umapi_sdk.compat import api, auth, connection, error, functional
from umapi_sdk.compat.api import Action, QueryMultiple, QuerySingle
from umapi_sdk.compat.auth import JWTAuth, OAuthS2S
from umapi_sdk.compat.connection import Connection
from umapi_sdk.compat.error import (
    ArgumentError,
    BatchError,
    ClientError,
    RequestError,
    ServerError,
    UnavailableError,
)
from umapi_sdk.compat.functional import (
    GroupAction,
    GroupsQuery,
    IdentityType,
    IfAlreadyExistsOption,
    UserAction,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.version import __version__

__all__ = [
    "Action",
    "ArgumentError",
    "BatchError",
    "ClientError",
    "Connection",
    "GroupAction",
    "GroupsQuery",
    "IdentityType",
    "IfAlreadyExistsOption",
    "JWTAuth",
    "OAuthS2S",
    "QueryMultiple",
    "QuerySingle",
    "RequestError",
    "ServerError",
    "UnavailableError",
    "UserAction",
    "UserQuery",
    "UsersQuery",
    "__version__",
    "api",
    "auth",
    "connection",
    "error",
    "functional",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())

_FORMER = {
    "GroupTypes": "no types of groups",
    "IdentityTypes": "IdentityType",
    "IfAlreadyExistsOptions": "IfAlreadyExistsOption",
    "RoleTypes": "no roles, but admin groups,",
    "UserGroupAction": "GroupAction",
    "UserGroupsQuery": "GroupsQuery",
}
"""Names of releases 1 and 2 of umapi-client, and what release 3 has in their place."""


def __getattr__(name: str) -> NoReturn:
    """Say what release 3 of umapi-client has in place of a name of an earlier one."""
    if name in _FORMER:
        # No AttributeError, of which an import tells nothing but that the name is not there.
        raise ImportError(f"{name} is of umapi-client 2: release 3 and this module have {_FORMER[name]} in its place")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

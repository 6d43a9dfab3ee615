"""What umapi-client has in its module of this name: actions and queries on users and groups."""

from umapi_sdk.compat.commands import ClientGroupAction as GroupAction
from umapi_sdk.compat.commands import ClientUserAction as UserAction
from umapi_sdk.compat.kinds import ClientCreateOption as IfAlreadyExistsOption
from umapi_sdk.compat.kinds import ClientIdentityType as IdentityType
from umapi_sdk.compat.queries import ClientGroupsQuery as GroupsQuery
from umapi_sdk.compat.queries import ClientUserQuery as UserQuery
from umapi_sdk.compat.queries import ClientUsersQuery as UsersQuery

__all__ = [
    "GroupAction",
    "GroupsQuery",
    "IdentityType",
    "IfAlreadyExistsOption",
    "UserAction",
    "UserQuery",
    "UsersQuery",
]

"""What umapi-client has in its module of this name: actions and queries of any kind."""

from umapi_sdk.compat.commands import ClientAction as Action
from umapi_sdk.compat.queries import ClientListQuery as QueryMultiple
from umapi_sdk.compat.queries import ClientLookup as QuerySingle

__all__ = ["Action", "QueryMultiple", "QuerySingle"]

"""A typed client for Adobe's User Management API that never loses an action's outcome."""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from umapi_models.models import CreateOption, Group, GroupType, IdentityType, User, UserStatus

from .actions import Action, GroupAction, UserAction
from .auth import JWTAuth, OAuthS2S, ServicePrincipalAuth
from .config import connect, load_settings
from .connection import Connection
from .errors import (
    ActionError,
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
    ListingError,
    NetworkError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RequestRefusedError,
    ResponseError,
    ServiceError,
    ThrottledError,
    UmapiError,
    UnavailableError,
    UsageError,
)
from .execution import Execution
from .listings import Completeness, ListingRules
from .lookups import GroupsQuery, UserQuery, UsersQuery
from .outcomes import ActionOutcome, OutcomeStatus, StepError
from .retries import RetryPolicy
from .session import UnsentActionsWarning

if TYPE_CHECKING:
    from umapi_models.error_codes import ErrorCode

    from .version import __version__

_LOADED_WHEN_USED = {"ErrorCode": "umapi_models.error_codes", "__version__": "umapi_sdk.version"}

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "Action",
    "ActionError",
    "ActionOutcome",
    "AuthenticationError",
    "Completeness",
    "ConfigurationError",
    "Connection",
    "CreateOption",
    "ErrorCode",
    "Execution",
    "ForbiddenError",
    "Group",
    "GroupAction",
    "GroupType",
    "GroupsQuery",
    "IdentityType",
    "JWTAuth",
    "ListingError",
    "ListingRules",
    "NetworkError",
    "NotFoundError",
    "NotSentError",
    "OAuthS2S",
    "OutcomeStatus",
    "OutcomeUnknownError",
    "RequestRefusedError",
    "ResponseError",
    "RetryPolicy",
    "ServiceError",
    "ServicePrincipalAuth",
    "StepError",
    "ThrottledError",
    "UmapiError",
    "UnavailableError",
    "UnsentActionsWarning",
    "UsageError",
    "User",
    "UserAction",
    "UserQuery",
    "UserStatus",
    "UsersQuery",
    "__version__",
    "connect",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    """Load what most programs never use when it is first used."""
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_WHEN_USED[name]), name)
    return value

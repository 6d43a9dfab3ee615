"""A typed client for Adobe's User Management API that never loses an action's outcome."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from umapi_models.error_codes import ErrorCode
    from umapi_models.models import CreateOption, Group, GroupType, IdentityType, User, UserStatus
    from umapi_sdk.actions import Action, GroupAction, GroupSteps, UserAction, UserSteps
    from umapi_sdk.auth import JWTAuth, OAuthS2S, ServicePrincipalAuth
    from umapi_sdk.bulk import BulkResult, BulkRun, RowOutcome, RowResult
    from umapi_sdk.commands import read_action, read_actions
    from umapi_sdk.config import connect, connect_async, load_settings
    from umapi_sdk.connection import Connection
    from umapi_sdk.effects import StepOutcome, StepStatus
    from umapi_sdk.errors import (
        ActionError,
        AuthenticationError,
        ConfigurationError,
        ForbiddenError,
        JournalError,
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
    from umapi_sdk.execution import Execution
    from umapi_sdk.listings import Completeness
    from umapi_sdk.lookups import GroupsQuery, UserQuery, UsersQuery
    from umapi_sdk.outcomes import ActionOutcome, OutcomeStatus, StepError
    from umapi_sdk.planning import Plan, plan
    from umapi_sdk.retries import RetryPolicy
    from umapi_sdk.session import UnsentActionsWarning
    from umapi_sdk.version import __version__
    from umapi_sdk.waits import Wait, Waited
    from umapi_sdk.wholeness import ListingRules

# Where names are at home; those that are not here are errors. A module is loaded when a name of it is first used.
_HOMES = {
    "umapi_models.error_codes": "ErrorCode",
    "umapi_models.models": "CreateOption Group GroupType IdentityType User UserStatus",
    "umapi_sdk.actions": "Action GroupAction GroupSteps UserAction UserSteps",
    "umapi_sdk.auth": "JWTAuth OAuthS2S ServicePrincipalAuth",
    "umapi_sdk.bulk": "BulkResult BulkRun RowOutcome RowResult",
    "umapi_sdk.commands": "read_action read_actions",
    "umapi_sdk.config": "connect connect_async load_settings",
    "umapi_sdk.connection": "Connection",
    "umapi_sdk.effects": "StepOutcome StepStatus",
    "umapi_sdk.execution": "Execution",
    "umapi_sdk.listings": "Completeness",
    "umapi_sdk.wholeness": "ListingRules",
    "umapi_sdk.lookups": "GroupsQuery UserQuery UsersQuery",
    "umapi_sdk.outcomes": "ActionOutcome OutcomeStatus StepError",
    "umapi_sdk.planning": "Plan plan",
    "umapi_sdk.retries": "RetryPolicy",
    "umapi_sdk.session": "UnsentActionsWarning",
    "umapi_sdk.version": "__version__",
    "umapi_sdk.waits": "Wait Waited",
}
_ERRORS = "umapi_sdk.errors"
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Action",
    "ActionError",
    "ActionOutcome",
    "AuthenticationError",
    "BulkResult",
    "BulkRun",
    "Completeness",
    "ConfigurationError",
    "Connection",
    "CreateOption",
    "ErrorCode",
    "Execution",
    "ForbiddenError",
    "Group",
    "GroupAction",
    "GroupSteps",
    "GroupType",
    "GroupsQuery",
    "IdentityType",
    "JWTAuth",
    "JournalError",
    "ListingError",
    "ListingRules",
    "NetworkError",
    "NotFoundError",
    "NotSentError",
    "OAuthS2S",
    "OutcomeStatus",
    "OutcomeUnknownError",
    "Plan",
    "RequestRefusedError",
    "ResponseError",
    "RetryPolicy",
    "RowOutcome",
    "RowResult",
    "ServiceError",
    "ServicePrincipalAuth",
    "StepError",
    "StepOutcome",
    "StepStatus",
    "ThrottledError",
    "UmapiError",
    "UnavailableError",
    "UnsentActionsWarning",
    "UsageError",
    "User",
    "UserAction",
    "UserQuery",
    "UserStatus",
    "UserSteps",
    "UsersQuery",
    "Wait",
    "Waited",
    "__version__",
    "connect",
    "connect_async",
    "load_settings",
    "plan",
    "read_action",
    "read_actions",
]


def __getattr__(name: str) -> Any:
    """Load the module of a public name, or a public module, when it is first used."""
    if name in __all__:
        value = getattr(import_module(_HOME_OF.get(name, _ERRORS)), name)
    elif f"{__name__}.{name}" in (*_HOMES, _ERRORS):
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

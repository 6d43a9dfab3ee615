"""The public names and their signatures: a change here is a change for every user."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import defaultdict
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

import umapi_models
import umapi_runtime
import umapi_sdk
import umapi_sdk.aio
import umapi_sdk.auth

NAMES = [
    *("Action", "ActionError", "ActionOutcome", "AuthenticationError", "Completeness", "ConfigurationError"),
    "Connection",
    *("CreateOption", "ErrorCode", "Execution", "ForbiddenError", "Group", "GroupAction", "GroupType", "GroupsQuery"),
    *("IdentityType", "JWTAuth", "ListingError", "NetworkError", "NotFoundError", "NotSentError", "OAuthS2S"),
    *("OutcomeStatus", "OutcomeUnknownError", "RequestRefusedError", "ResponseError", "RetryPolicy", "ServiceError"),
    *("ServicePrincipalAuth", "StepError", "StepOutcome", "StepStatus"),
    *("ThrottledError", "UmapiError", "UnavailableError", "UnsentActionsWarning", "Wait", "Waited"),
    *("UsageError", "User", "UserAction", "UserQuery", "UserStatus", "UsersQuery", "__version__", "connect"),
    *("ListingRules", "connect_async", "load_settings"),
    *("Plan", "plan"),
    *("BulkResult", "BulkRun", "JournalError", "RowOutcome", "RowResult"),
]

SIGNATURES = {
    "Connection": "org_id, auth, *, retry=None, sleep, clock, transport=None, on_wait=None, **options",
    "Connection.status": "self, remote=False",
    "Connection.execute_single": "self, action, immediate=False",
    "Connection.execute_multiple": "self, actions, immediate=False",
    "Connection.execute_queued": "self",
    "Connection.execute_plan": "self, plan",
    "plan": "actions, *, by_group=False",
    "BulkRun.create": "journal, rows, *, org_id, endpoint, test_mode=False, by_group=False, skip_bad=False, "
    "source=None, digest=None",
    "BulkRun.open": "journal",
    "BulkRun.run": "self, connection, *, on_event=None, window=10000, settling=30.0",
    "Connection.close": "self",
    "JWTAuth": "org_id, client_id, client_secret, tech_acct_id, priv_key_data, ssl_verify=True, "
    "auth_host='ims-na1.adobelogin.com', auth_endpoint='/ims/exchange/jwt/', *, passphrase=None",
    "ServicePrincipalAuth": "client_id, client_secret, auth_host='ims-na1.adobelogin.com', "
    "auth_endpoint='/ims/token/v2', ssl_verify=True, *, scope='openid,AdobeID,user_management_sdk'",
    "UserAction": "user=None, *, email=None, domain=None, use_adobe_id=False, request_id=None",
    "UserAction.create": "self, *, first_name=None, last_name=None, email=None, country=None, "
    "id_type=<IdentityType.ADOBE_ID: 'adobeID'>, option=None",
    "UserAction.add_adobe_id": "self, *, email=None, first_name=None, last_name=None, country=None, option=None",
    "UserAction.create_enterprise_id": "self, *, first_name, last_name, email=None, country=None, option=None",
    "UserAction.create_federated_id": "self, *, first_name, last_name, country, email=None, option=None",
    "UserAction.update": "self, *, email=None, username=None, first_name=None, last_name=None",
    "UserAction.add_to_groups": "self, groups",
    "UserAction.remove_from_groups": "self, groups=None, *, all_groups=False",
    "UserAction.remove_from_organization": "self, *, delete_account=False",
    "GroupAction": "name, *, request_id=None",
    "GroupAction.create": "self, *, description=None, option=None",
    "GroupAction.update": "self, *, name=None, description=None",
    "GroupAction.delete": "self",
    "GroupAction.add_users": "self, users",
    "GroupAction.remove_users": "self, users",
    "GroupAction.add_to_products": "self, profiles",
    "GroupAction.remove_from_products": "self, profiles",
    "UsersQuery": "connection, in_group=NOT_GIVEN, in_domain=NOT_GIVEN, direct_only=True, *, status=None, "
    "exclude_groups=False, rules=None",
    "UserQuery": "connection, user_string, domain=None",
    "GroupsQuery": "connection, *, rules=None",
    "ListingRules": "*, unlisted=None, drift=0, restarts=2",
    "UsersQuery.all_results": "self",
    "UsersQuery.reload": "self",
    "UserQuery.result": "self",
    "UserQuery.reload": "self",
    "RetryPolicy": "*, attempts=4, first_delay=3.0, random_delay=5.0, max_wait=300.0, repeat_after_5xx=True, random",
    "connect": "path=None, profile=None, *, on_wait=None, **settings",
    "connect_async": "path=None, profile=None, *, on_wait=None, **settings",
    "load_settings": "path=None, profile=None, *, environment=None, **settings",
    "aio.AsyncConnection": "org_id, auth, *, retry=None, sleep, clock, transport=None, on_wait=None, **options",
    "aio.AsyncConnection.users": "self, in_group=NOT_GIVEN, in_domain=NOT_GIVEN, direct_only=True, *, status=None, "
    "exclude_groups=False, rules=None",
    "aio.AsyncConnection.user": "self, user_string, domain=None",
    "aio.AsyncConnection.groups": "self, *, rules=None",
}


def signature(name: str) -> str:
    """The parameters of a public callable, without types; defaults that are functions are left out."""
    found: Any = umapi_sdk
    for part in name.split("."):
        found = getattr(found, part)
    shown: list[str] = []
    for parameter in inspect.signature(found).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        has_default = parameter.default is not parameter.empty and not callable(parameter.default)
        shown.append(f"{stars}{parameter.name}" + (f"={parameter.default!r}" if has_default else ""))
    return ", ".join(shown)


def test_public_names() -> None:
    """The package exports exactly these names, and each is there and documented."""
    assert sorted(umapi_sdk.__all__) == sorted(NAMES)
    for name in umapi_sdk.__all__:
        assert getattr(umapi_sdk, name).__doc__


def test_no_class_has_the_name_of_another() -> None:
    """Of the classes of the client, its models and what these stand on, each has a name of its own."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for package in (umapi_sdk, umapi_models, umapi_runtime):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue  # which runs the command
            for name, value in inspect.getmembers(import_module(module.name), inspect.isclass):
                if value.__module__ == module.name and not name.startswith("_"):
                    homes[name].add(module.name)
    assert {"UserAction", "UserCommand", "Model"} <= homes.keys()
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("name", SIGNATURES)
def test_public_signatures(name: str) -> None:
    """Parameters, their order and their defaults are these."""
    assert signature(name) == SIGNATURES[name]


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isclass(getattr(umapi_sdk, name))])
def test_public_members_are_documented(name: str) -> None:
    """Every public method and property of a public class has a docstring."""
    for member, value in inspect.getmembers(getattr(umapi_sdk, name)):
        own = getattr(value, "__module__", None) or getattr(getattr(value, "fget", None), "__module__", "")
        if not member.startswith("_") and str(own).startswith("umapi_sdk") and callable(value):
            assert value.__doc__, f"{name}.{member}"


def test_credentials_come_from_the_module_of_the_page_too() -> None:
    """`from umapi_sdk.auth import JWTAuth` works as on the page."""
    assert umapi_sdk.auth.JWTAuth is umapi_sdk.JWTAuth


@pytest.mark.parametrize("code", ["import umapi_sdk", "from umapi_sdk import Connection, UserAction, connect"])
def test_import_loads_nothing_that_a_first_call_may_not_need(code: str) -> None:
    """What only some programs need, or only those that connect, is loaded when it is first used."""
    heavy = ("attr", "cattrs", "cryptography", "email", "httpx", "jwt", "ssl", "umapi_models.error_codes", "urllib3")
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted(sys.modules))"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert [name for name in heavy if name in loaded] == []


def test_public_modules_are_attributes_of_the_package() -> None:
    """A module with public names is reached through the package alone, and a name that there is not is an error."""
    code = "import umapi_sdk\nprint(umapi_sdk.errors.UmapiError is umapi_sdk.UmapiError, hasattr(umapi_sdk, 'nothing'))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.split() == ["True", "False"]

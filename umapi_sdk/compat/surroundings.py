"""What the environment says of a connection, of which umapi-client knows nothing: the mock server that is meant."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from umapi_models.operations import API_ROOT, IMS_ROOT
from umapi_sdk.auth import Auth
from umapi_sdk.compat.failures import ArgumentError

_ENDPOINT = "UMAPI_ENDPOINT"
_IMS_URL = "UMAPI_IMS_URL"
_CA_BUNDLE = "UMAPI_CA_BUNDLE"


def check_whom(endpoint: str, auth: Auth) -> None:
    """Refuse to call Adobe for a program that was started with the variables of another server.

    Raises:
        ArgumentError: the API or the token host would be Adobe's, and the variable for it names another one.
    """
    for what, own, host, variable in (
        ("endpoint", urlsplit(API_ROOT).hostname, urlsplit(endpoint).hostname, _ENDPOINT),
        ("auth_host", urlsplit(IMS_ROOT).hostname, urlsplit(auth.url).hostname, _IMS_URL),
    ):
        meant = os.environ.get(variable)
        if meant and host == own and urlsplit(meant).hostname != own:
            raise ArgumentError(
                f"this would call Adobe at {own}, while {variable} names another server: "
                f'give {what}=os.environ["{variable}"], or unset {variable}'
            )


def trusted() -> dict[str, str]:
    """Return the option that names the authorities to trust, where the environment does."""
    file = os.environ.get(_CA_BUNDLE)
    return {"ca_bundle": file} if file else {}

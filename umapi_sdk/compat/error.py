"""What umapi-client has in its module of this name: its errors."""

from umapi_sdk.compat.failures import (
    ArgumentError,
    BatchError,
    ClientError,
    RequestError,
    ServerError,
    UnsupportedError,
)
from umapi_sdk.compat.failures import ClientUnavailableError as UnavailableError

__all__ = [
    "ArgumentError",
    "BatchError",
    "ClientError",
    "RequestError",
    "ServerError",
    "UnavailableError",
    "UnsupportedError",
]

"""What umapi-client has in its module of this name: the connection."""

from umapi_sdk.compat.client import ClientConnection as Connection

__all__ = ["Connection"]

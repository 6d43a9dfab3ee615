"""What umapi-client has in its module of this name: credentials, which are the SDK's own."""

from umapi_sdk.auth import JWTAuth, OAuthS2S

__all__ = ["JWTAuth", "OAuthS2S"]

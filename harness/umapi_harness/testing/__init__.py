"""What tests of other projects use: organisations and servers for pytest, transports and routes for httpx.

The fixtures are in `umapi_harness.pytest_plugin`, which pytest finds by itself.
"""

from __future__ import annotations

from umapi_harness.testing.organizations import UmapiOrg
from umapi_harness.testing.servers import UmapiServer
from umapi_harness.testing.setups import Setup
from umapi_harness.testing.transports import AsyncWorldTransport, WorldTransport, respx_router
from umapi_harness.testing.views import GroupInfo, UserInfo

__all__ = [
    "AsyncWorldTransport",
    "GroupInfo",
    "Setup",
    "UmapiOrg",
    "UmapiServer",
    "UserInfo",
    "WorldTransport",
    "respx_router",
]

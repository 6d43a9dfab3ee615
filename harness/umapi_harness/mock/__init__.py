"""The mock server of the User Management API: an organisation that remembers, behind the real paths.

`create_app(World())` is the ASGI application; `umapi_harness.mock.serving.server` runs it on a socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from umapi_harness.common.errors import InputError
from umapi_harness.common.lazy import lazily

if TYPE_CHECKING:
    from umapi_harness.mock.clock import Clock, SystemClock, VirtualClock
    from umapi_harness.mock.serving.app import create_app
    from umapi_harness.mock.settings import Settings
    from umapi_harness.mock.state.exports import export_seed
    from umapi_harness.mock.state.populations import generate_organization, generate_seed
    from umapi_harness.mock.state.seeds import Seed, build_seed, default_seed, read_seed
    from umapi_harness.mock.world import World

__all__ = [
    "Clock",
    "InputError",
    "Seed",
    "Settings",
    "SystemClock",
    "VirtualClock",
    "World",
    "build_seed",
    "create_app",
    "default_seed",
    "export_seed",
    "generate_organization",
    "generate_seed",
    "read_seed",
]
__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("Clock", "SystemClock", "VirtualClock"), "clock"),
        **dict.fromkeys(("Seed", "build_seed", "default_seed", "read_seed"), "state.seeds"),
        **dict.fromkeys(("generate_organization", "generate_seed"), "state.populations"),
        "Settings": "settings",
        "World": "world",
        "create_app": "serving.app",
        "export_seed": "state.exports",
    },
)

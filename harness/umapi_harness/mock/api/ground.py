"""What the service stands on; the world, which lies above and holds more than this, is such a ground."""

from __future__ import annotations

from typing import Protocol

from umapi_harness.mock.api.checks import CommandChecks
from umapi_harness.mock.api.throttles import Throttles
from umapi_harness.mock.api.tokens import TokenStore
from umapi_harness.mock.clock import Clock
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.keys import KeyPair
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import Credential


class Ground(Protocol):
    """Settings and clock, who may call, and the organisations that calls are about."""

    tokens: TokenStore
    throttles: Throttles
    keys: KeyPair
    clock: Clock
    settings: Settings
    credentials: dict[str, Credential]
    organizations: dict[str, Organization]

    @property
    def checks(self) -> CommandChecks:
        """The checks of commands that suit the settings."""
        ...

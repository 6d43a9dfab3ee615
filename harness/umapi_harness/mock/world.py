"""The world of one server: organisations, who may call, and everything that is asked the time or counted."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from umapi_harness.mock.checks import CommandChecks
from umapi_harness.mock.clock import Clock, SystemClock
from umapi_harness.mock.errors import InputError
from umapi_harness.mock.faults import FaultPlan
from umapi_harness.mock.journal import Journal
from umapi_harness.mock.keys import KeyPair
from umapi_harness.mock.organization import Organization
from umapi_harness.mock.seeds import Credential, Seed, build_seed, default_seed
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.throttles import Throttles
from umapi_harness.mock.tokens import TokenStore


class World:
    """All state of a mock server. It is used from one thread, that of the server's event loop."""

    def __init__(
        self,
        seeds: Sequence[Seed] = (),
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        keys: KeyPair | None = None,
    ) -> None:
        """Start with the organisations of `seeds` (default: the one of the default seed)."""
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.keys = keys if keys is not None else KeyPair()
        self.settings = settings if settings is not None else Settings()
        self.organizations: dict[str, Organization] = {}
        self.credentials: dict[str, Credential] = {}
        self.tokens = TokenStore(self.clock)
        self.throttles = Throttles(self.clock)
        self.faults = FaultPlan()
        self.journal = Journal()
        self._first_settings = self.settings
        self._checks: dict[int, CommandChecks] = {}
        self._seeds = tuple(seeds) or (build_seed(default_seed(), where="default seed"),)
        for seed in self._seeds:
            self.put(seed)
        self._first_credentials = dict(self.credentials)

    @property
    def checks(self) -> CommandChecks:
        """The checks of commands that suit the settings."""
        memberships = self.settings.memberships_per_step
        if memberships not in self._checks:
            self._checks[memberships] = CommandChecks(memberships)
        return self._checks[memberships]

    def organization(self, org_id: str | None = None) -> Organization:
        """The organisation of that id; without one, the first. Raises InputError if there is none."""
        if org_id is None:
            return next(iter(self.organizations.values()))
        if org_id not in self.organizations:
            known = ", ".join(self.organizations)
            raise InputError(f"org_id: no organisation {org_id}; known are {known}")
        return self.organizations[org_id]

    def credential(self, org_id: str) -> Credential:
        """The first credential of an organisation."""
        return next(entry for entry in self.credentials.values() if entry.org_id == org_id)

    def put(self, seed: Seed) -> None:
        """Add an organisation, or replace the one of the same id.

        A seed without credentials keeps those that the organisation has, or gets one made up. Raises
        InputError for a client id that belongs to another organisation.
        """
        org_id = seed.organization.org_id
        for credential in seed.credentials:
            holder = self.credentials.get(credential.client_id)
            if holder is not None and holder.org_id != org_id:
                raise InputError(
                    f"/credentials: client_id {credential.client_id} belongs to {holder.org_id}; choose another"
                )
        known = [entry for entry in self.credentials.values() if entry.org_id == org_id]
        if seed.credentials:
            for entry in known:
                del self.credentials[entry.client_id]
        elif not known:
            made_up = Credential(
                client_id=secrets.token_hex(16),
                client_secret=secrets.token_urlsafe(24),
                tech_account_id=f"{secrets.token_hex(12).upper()}@techacct.adobe.com",
                org_id=org_id,
            )
            self.credentials[made_up.client_id] = made_up
        self.credentials.update({entry.client_id: entry for entry in seed.credentials})
        self.organizations[org_id] = seed.organization

    def reset(self) -> None:
        """Put everything back as it was at the start, except the clock and the tokens, which stay good."""
        self.organizations = {seed.organization.org_id: seed.rebuild() for seed in self._seeds}
        self.credentials = dict(self._first_credentials)
        self.faults.replace([])
        self.throttles.clear()
        self.journal.clear()
        self.settings = self._first_settings

"""The world of one server: organisations, who may call, and everything that is asked the time or counted."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.checks import CommandChecks
from umapi_harness.mock.api.command_schemas import CommandRules
from umapi_harness.mock.api.throttles import Throttles
from umapi_harness.mock.api.tokens import TokenStore
from umapi_harness.mock.clock import Clock, SystemClock
from umapi_harness.mock.faults.plans import FaultPlan, Plan
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.journal import Journal
from umapi_harness.mock.state.keys import KeyPair, process_keys
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import Credential, Seed, build_seed, default_seed
from umapi_harness.mock.state.snapshots import Snapshot, Snapshots


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
        self.keys = keys if keys is not None else process_keys()
        self.settings = settings if settings is not None else Settings()
        self.organizations: dict[str, Organization] = {}
        self.credentials: dict[str, Credential] = {}
        self.tokens = TokenStore(self.clock)
        self.throttles = Throttles(self.clock)
        self.faults = FaultPlan()
        self.journal = Journal()
        self.snapshots = Snapshots()
        self._first_settings = self.settings
        self._first_plan = Plan()
        self._seeds = tuple(seeds) or (build_seed(default_seed(), where="default seed"),)
        for seed in self._seeds:
            self.put(seed)
        self._first_credentials = dict(self.credentials)

    @property
    def checks(self) -> CommandChecks:
        """The checks of commands that suit the settings."""
        return _checks(CommandRules.of(self.settings))

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

    def remove(self, org_id: str) -> None:
        """Take an organisation out, with its credentials and tokens.

        Raises InputError if there is none of that id, or no other.
        """
        self.organization(org_id)
        if len(self.organizations) == 1:
            raise InputError(f"org_id: {org_id} is the only organisation; add another one first")
        del self.organizations[org_id]
        for entry in [entry for entry in self.credentials.values() if entry.org_id == org_id]:
            del self.credentials[entry.client_id]
            self.tokens.revoke(entry.client_id)

    def start_with(self, plan: Plan) -> None:
        """Put a fault plan in force, now and after each reset."""
        self._first_plan = plan
        self.faults.replace(plan.faults, plan.random_seed)

    def save(self, name: str) -> Snapshot:
        """Keep organisations, credentials and settings under `name`, in place of what was kept there before."""
        return self.snapshots.keep(
            Snapshot(
                name=name,
                time=self.clock.now(),
                organizations={org_id: one.copy() for org_id, one in self.organizations.items()},
                credentials=dict(self.credentials),
                settings=self.settings,
            )
        )

    def restore(self, name: str) -> None:
        """Put back what was kept under `name`; clock, tokens, faults and journal stay. Raises InputError."""
        snapshot = self.snapshots.find(name)
        self.organizations = {org_id: one.copy() for org_id, one in snapshot.organizations.items()}
        self.credentials = dict(snapshot.credentials)
        self.settings = snapshot.settings

    def reset(self) -> None:
        """Put all back as it was at the start, except the clock, the snapshots, and the tokens, which stay good."""
        self.organizations = {seed.organization.org_id: seed.rebuild() for seed in self._seeds}
        self.credentials = dict(self._first_credentials)
        self.faults.replace(self._first_plan.faults, self._first_plan.random_seed)
        self.throttles.clear()
        self.journal.clear()
        self.settings = self._first_settings


@functools.lru_cache(maxsize=16)
def _checks(rules: CommandRules) -> CommandChecks:
    """Kept for all worlds of the process: the checks hold no state, and compiling the schemas takes its time."""
    return CommandChecks(rules)

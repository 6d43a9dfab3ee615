"""Watching: which planned faults the requests of one client met, for whoever must tell them from real failures."""

from __future__ import annotations

import attrs

from umapi_harness.mock.clock import Clock
from umapi_harness.mock.faults.plans import FaultPlan, Strike


@attrs.define
class FaultWatch:
    """Asked after each request of a client that sends one after the other, and is the only one."""

    plan: FaultPlan
    clock: Clock
    _refusal: Strike | None = attrs.field(default=None, init=False)
    _refused_until: float = attrs.field(default=0.0, init=False)

    def met(self, answered: bool) -> tuple[str, ...]:
        """What struck the last request, in words: faults, or the outage that one has begun, if no answer came."""
        strikes = self.plan.take_strikes()
        for strike in strikes:
            if strike.fault.kind == "refuse":
                self._refusal, self._refused_until = strike, self.clock.now() + strike.fault.seconds
        if not strikes and not answered and self._refusal is not None and self.clock.now() <= self._refused_until:
            strikes = (self._refusal,)
        return tuple(str(strike) for strike in strikes)

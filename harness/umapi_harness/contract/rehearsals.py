"""Rehearsals: a scene is played once more up to an exchange, as it was or with other settings from the start on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from umapi_harness.common.departures import Departure
from umapi_harness.contract.explaining import Explanation, late_candidates
from umapi_harness.contract.impersonation import Impersonation
from umapi_harness.contract.playing import Stage
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.mock.settings import Settings


@attrs.frozen
class Played:
    """An exchange that was put to the mock server."""

    place: int
    settings: Settings
    differences: int
    """How many are left there, whatever was explained."""


@attrs.frozen(kw_only=True)
class Rehearsals:
    """The rehearsals of one scene."""

    scene: Sequence[Exchange]
    seeds: Sequence[Mapping[str, Any]]
    """The state at its start."""
    where: str
    """The file that it was recorded in."""
    decided: Collection[str]
    """Names of settings that are not tried otherwise."""
    departures: Callable[[int, RecordedResponse], list[Departure]]
    """What tells how the answer to the exchange at a place departs from the recorded one."""

    def stage(self, settings: Settings) -> Stage:
        """A stage in the state at the start of the scene."""
        clients = Impersonation(self.scene)
        for exchange in self.scene:
            clients.prepare(exchange)
        return Stage(seeds=self.seeds, clients=clients, settings=settings, where=self.where)

    def replica(self, played: Sequence[Played], settings: Settings) -> Stage:
        """A stage as it was before the exchange that comes next."""
        again = self.stage(settings)
        for one in played:
            if self.scene[one.place].request.method != "GET":
                again.world.settings = one.settings
                again.play(self.scene[one.place])
        again.world.settings = settings
        return again

    def explain_late(
        self, played: Sequence[Played], due: int, found: Sequence[Departure], settings: Settings
    ) -> Explanation | None:
        """Look for one setting with which earlier actions, answered as before, lead to the recorded answer."""
        best: Explanation | None = None
        for name, value in late_candidates(settings):
            if name in self.decided:
                continue
            again = self.stage(settings)
            if not self._agrees(again, played, {name: value}):
                continue
            again.world.settings = settings.changed({name: value})
            left = self.departures(due, again.play(self.scene[due]))
            if len(left) < len(found if best is None else best.left):
                best = Explanation({name: value}, tuple(left))
        return best

    def _agrees(self, stage: Stage, played: Sequence[Played], changes: Mapping[str, Any]) -> bool:
        """Play all earlier actions with other settings; whether their answers differ no more than before."""
        for one in played:
            exchange = self.scene[one.place]
            if exchange.request.method != "GET":
                stage.world.settings = one.settings.changed(changes)
                if len(self.departures(one.place, stage.play(exchange))) > one.differences:
                    return False
        return True

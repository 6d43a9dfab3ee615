"""The judge of the mock server: whether, put into the state that a recording implies, it answers as recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final

import attrs

from umapi_harness.common.departures import HEADERS, Departure
from umapi_harness.common.errors import InputError
from umapi_harness.contract.answers import is_object, listings_of, page_of
from umapi_harness.contract.comparing import compare, dealt
from umapi_harness.contract.doubting import Doubting
from umapi_harness.contract.explaining import Explanation, explain
from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.impersonation import TOKEN_OPERATIONS
from umapi_harness.contract.implied import Implied
from umapi_harness.contract.inference import infer
from umapi_harness.contract.judging import Verdict, operation_name, operation_of
from umapi_harness.contract.playing import Stage
from umapi_harness.contract.recordings import Exchange, RecordedResponse, Recording
from umapi_harness.contract.rehearsals import Played, Rehearsals
from umapi_harness.contract.remarks import NAME, about_answer, about_departure, about_doubt, about_state
from umapi_harness.contract.scenes import scenes
from umapi_harness.mock.settings import Settings
from umapi_models import schemas

_SERVER_ERRORS: Final = 500
_TOO_MANY: Final = 429
_COUNTS: Final = ("X-Total-Count", "X-Page-Size")
_SEARCHES: Final = 12  # differences of one recording for which settings are tried: each costs a replay
_LATE_SEARCHES: Final = 3  # those for which the recording is played anew under each setting that acts on earlier ones


@attrs.frozen
class MockJudge:
    """Replays a recording to a mock server in the state that it implies, and compares the answers."""

    settings: Settings = attrs.field(factory=Settings)
    """Where to begin from; what the recording tells of page sizes and the like comes on top."""
    seeds: tuple[Mapping[str, Any], ...] = ()
    """Seed documents of organisations, in place of what would be inferred for them."""
    changes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Settings that the user has decided: neither inferred nor tried otherwise."""
    name: str = NAME

    def judge(self, recording: Recording) -> Verdict:
        """Return where the mock server answers otherwise than recorded, and what would explain it."""
        findings: list[Finding] = []
        unjudged: dict[str, int] = {}
        judged = 0
        for scene in scenes(recording.everything()):
            play = _Play(self, recording, scene, self._implied(scene))
            findings += play.findings()
            judged += play.judged
            for reason, count in play.unjudged.items():
                unjudged[reason] = unjudged.get(reason, 0) + count
        return Verdict(judge=self.name, judged=judged, unjudged=unjudged, findings=tuple(findings))

    def implied(self, recording: Recording) -> tuple[Implied, ...]:
        """Return the state that each scene of a recording implies, as it is played."""
        return tuple(self._implied(scene) for scene in scenes(recording.everything()))

    def _implied(self, scene: Sequence[Exchange]) -> Implied:
        implied = infer(scene)
        stated = next((one.notes["state"] for one in scene if "state" in one.notes), None)
        given = {str(seed["org_id"]): dict(seed) for seed in self.seeds}
        if stated is not None:
            orgs = [str(seed["org_id"]) for seed in implied.seeds] or ["12345@AdobeOrg"]
            given = {org_id: {"org_id": org_id, **stated} for org_id in orgs} | given
        if not given:
            return implied
        return attrs.evolve(
            implied,
            seeds=tuple(given.pop(str(seed["org_id"]), seed) for seed in implied.seeds) + tuple(given.values()),
            unknown=() if stated is not None else implied.unknown,
            known=stated is not None or bool(self.seeds),
            contradicted=frozenset(),
            unjudgeable={} if stated is not None or self.seeds else implied.unjudgeable,
            excused={} if stated is not None or self.seeds else implied.excused,
        )


@attrs.define
class _Play:
    """One scene, played to the end."""

    judge: MockJudge
    recording: Recording
    scene: Sequence[Exchange]
    implied: Implied
    judged: int = 0
    unjudged: dict[str, int] = attrs.field(factory=dict[str, int])
    _searches: int = 0
    _late_searches: int = 0
    _unsearched: int = 0
    """Exchanges with a difference for which no setting was tried any more."""
    _answers: dict[int, RecordedResponse] = attrs.field(factory=dict[int, RecordedResponse])
    _listings: dict[int, Sequence[int]] = attrs.field(factory=dict[int, Sequence[int]])
    """Place of a page -> those of all pages of its listing, for whole listings of several pages."""
    _dealt_pages: dict[int, RecordedResponse] = attrs.field(factory=dict[int, RecordedResponse])
    """The pages of the listing that is compared, each with its entries."""
    _doubting: Doubting = attrs.field(init=False)
    _rehearsals: Rehearsals = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Find the listings of several pages."""
        self._doubting = Doubting(self.scene, self.implied)
        self._rehearsals = Rehearsals(
            scene=self.scene,
            seeds=self.implied.seeds,
            where=self.recording.path,
            decided={*self.implied.settings, *self.judge.changes},
            departures=self._departures,
        )
        pages = (page_of(one, place, operation_of(one)) for place, one in enumerate(self.scene))
        for listing in listings_of([page for page in pages if page is not None]):
            places = [page.position for page in listing.pages]
            if listing.complete and len(places) > 1:
                self._listings.update(dict.fromkeys(places, places))

    def findings(self) -> Iterator[Finding]:
        """Play the scene; yield what was found, and what could not be inferred."""
        for unknown in self.implied.unknown:
            yield about_state(
                self.recording.path, str(unknown), Grade.MAY, "give --seed with what you know of the organisation"
            )
        try:
            settings = self._settings()
            stage = self._rehearsals.stage(settings)
        except InputError as error:
            problem = f"the state that the recording implies cannot be built: {error}"
            self.unjudged["the state cannot be built"] = sum(bool(one.response.status) for one in self.scene)
            # Nothing was judged: to agree would be to pass whatever the recording says.
            yield about_state(
                self.recording.path,
                problem,
                Grade.MUST,
                "give --seed with a state that can be, or leave this judge out",
            )
            return
        played: list[Played] = []
        for place, exchange in enumerate(self.scene):
            if not exchange.response.status:
                self._doubting.skip(place)  # the recording says why it was left out
                continue
            reason = self._why_not(place, exchange)
            if reason is not None:
                self._doubting.skip(place)
                self.unjudged[reason] = self.unjudged.get(reason, 0) + 1
                continue
            self.judged += 1
            settings = stage.world.settings
            self._answers[place] = stage.play(exchange)
            self._dealt_pages = {}
            differences = 0
            for due in self._due(place):
                found, excused = self._compared(due, self._answers[due])
                yield from excused
                yield from self._doubted(due)
                explanation = None
                if found and self._searches >= _SEARCHES:
                    self._unsearched += 1
                elif found:
                    self._searches += 1
                    again = self._rehearsals.replica(played, settings)
                    explanation = explain(
                        again,
                        self.scene[due],
                        found,
                        partial(self._departures, due),
                        {**self.implied.settings, **self.judge.changes},
                    )
                    if explanation is not None:
                        stage, settings = again, again.world.settings
                    late = self._late(played, place, due, found if explanation is None else explanation.left, settings)
                    if late is not None:
                        stage, settings = late[0], late[0].world.settings
                        before: Mapping[str, Any] = explanation.settings if explanation is not None else {}
                        explanation = attrs.evolve(late[1], settings={**before, **late[1].settings})
                differences += len(found if explanation is None else explanation.left)
                yield from about_answer(self.scene[due], found, explanation)
                self._doubting.learn(due, self._dealt(due, self._answers[due]))
            played.append(Played(place, settings, differences))
            self._forget(place)
        if self._unsearched:
            problem = (
                f"settings were tried for {_SEARCHES} differences, and for those of {self._unsearched} more no more"
            )
            yield about_state(
                self.recording.path,
                problem,
                Grade.MAY,
                "give --profile or --setting for what is known, and verify again",
            )

    def _forget(self, place: int) -> None:
        """Let go of answers that have been compared."""
        for due in self._due(place):
            self._answers.pop(due, None)

    def _due(self, place: int) -> Sequence[int]:
        """The exchanges to compare once the one at `place` is answered: the pages of a listing all at its end."""
        listing = self._listings.get(place)
        if listing is None:
            return (place,)
        return listing if place == listing[-1] else ()

    def _departures(self, place: int, now: RecordedResponse) -> list[Departure]:
        return self._compared(place, now)[0]

    def _settings(self) -> Settings:
        settings = self.judge.settings.changed(self.implied.settings, where="inferred settings")
        for exchange in self.scene:
            noted: object = exchange.notes.get("settings")
            if is_object(noted):
                settings = settings.changed(
                    {key: value for key, value in noted.items() if key != "throttle"}, where=exchange.where
                )
        return settings.changed(self.judge.changes, where="--setting")

    def _late(
        self, played: list[Played], place: int, due: int, found: Sequence[Departure], settings: Settings
    ) -> tuple[Stage, Explanation] | None:
        """Look for a setting of earlier actions that explains a difference, and put it in force from the start on."""
        if not found or self._late_searches >= _LATE_SEARCHES or self.scene[due].request.method != "GET":
            return None
        self._late_searches += 1
        explanation = self._rehearsals.explain_late(played, due, found, settings)
        if explanation is None:
            return None
        changes = explanation.settings
        played[:] = [attrs.evolve(one, settings=one.settings.changed(changes)) for one in played]
        stage = self._rehearsals.replica(played, settings.changed(changes))
        for one in self._due(place):
            self._answers[one] = stage.play(self.scene[one])
        self._dealt_pages = {}
        return stage, explanation

    def _why_not(self, place: int, exchange: Exchange) -> str | None:
        name, status = operation_name(exchange), exchange.response.status
        if operation_of(exchange) is None:
            return "no operation of the contract"
        if exchange.notes.get("outage") or status >= _SERVER_ERRORS:
            return "a failure of the service, which no request provokes"
        if status == _TOO_MANY and name in TOKEN_OPERATIONS:
            return "a limit of the token host, which is not simulated"
        return self.implied.unjudgeable.get(place)

    def _compared(self, place: int, now: RecordedResponse) -> tuple[list[Departure], list[Finding]]:
        """What differs, and of what is excused, the findings."""
        exchange = self.scene[place]
        now = self._doubting.graft(place, self._dealt(place, now)).response
        reasons = {**self.implied.excused.get(place, {}), **exchange.notes.get("differs", {})}
        found: list[Departure] = []
        excused: list[Finding] = []
        departures = compare(exchange.response, now)
        for one in (*departures, *self._contradicting(place, departures)):
            reason = next((why for where, why in reasons.items() if one.is_in(where)), None)
            if reason is None and one.actual is None and not _withdrawn().isdisjoint(one.path[-1:]):
                reason = "the service no longer maintains the field"
            if reason is None:
                found.append(one)
            else:
                excused.append(about_departure(exchange, Grade.MAY, one, f"{one.problem}: {reason}"))
        return found, excused

    def _contradicting(self, place: int, departures: Sequence[Departure]) -> Iterator[Departure]:
        """The other one of two counts that cannot both be right, where nothing tells which is wrong."""
        headers = {one.path for one in departures if one.part == HEADERS}
        differing = [one for one in _COUNTS if (one,) in headers]
        if place not in self.implied.contradicted or len(differing) != 1:
            return
        (other,) = set(_COUNTS) - set(differing)
        recorded = self.scene[place].response.header(other)
        problem = f"recorded {recorded!r}, which contradicts {differing[0]}: one is wrong"
        yield Departure((other,), problem, HEADERS)

    def _dealt(self, place: int, now: RecordedResponse) -> RecordedResponse:
        listing = self._listings.get(place)
        if listing is None:
            return now
        if now is not self._answers[place]:
            return self._deal(listing, {place: now})[place]
        if place not in self._dealt_pages:
            self._dealt_pages = self._deal(listing, {})
        return self._dealt_pages[place]

    def _deal(self, listing: Sequence[int], tried: Mapping[int, RecordedResponse]) -> dict[int, RecordedResponse]:
        now = {one: tried.get(one, self._answers[one]) for one in listing}
        return dealt({one: self.scene[one].response for one in listing}, now)

    def _doubted(self, place: int) -> Iterator[Finding]:
        """What was not compared because it depends on what nobody knows."""
        about = self._doubting.graft(place, self._dealt(place, self._answers[place])).doubtful
        if about:
            yield about_doubt(self.scene[place], about)


@cache
def _withdrawn() -> frozenset[str]:
    """Fields of users and groups that the service no longer maintains."""
    return frozenset(
        name
        for document in ("user.json", "group.json")
        for name, schema in schemas.read(document)["properties"].items()
        if schema.get("deprecated")
    )

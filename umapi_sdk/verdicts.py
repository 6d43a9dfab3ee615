"""What becomes of the actions in a request: the status of its last answer, weighed with what came before.

`docs/explanation/outcomes.md` has the same as a table, with the reason of each line; a test compares the two.

    begin ──▶ on its way ──▶ 200: the answer tells of each action
      ▲          │      ├──▶ an answer from the wrong place (`strangers.misdirected`): as one that nobody let in
      │          │      └──▶ another status: `STATUSES`, weighed with the history
      │          └─────────▶ no answer: unknown if the request had left, else not sent
      └──── wait ◀─ (429, 5xx, or not sent)

The history only grows: CLEAN ─▶ PUT_OFF (503) ─▶ OPEN (502, 504, or any other status that leaves it open).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from umapi_sdk.outcomes import OutcomeStatus
from umapi_sdk.retries import RETRIED_STATUSES


class History(IntEnum):
    """What earlier attempts at a request may have done."""

    CLEAN = 0
    """Nothing."""
    PUT_OFF = 1
    """Nothing, if the 503 came from the service; gateways send it too when they have lost the service."""
    OPEN = 2
    """All of it."""


# Nobody has carried anything out: sent elsewhere, let in by nobody, or put off.
_NOT_PROCESSED = (307, 308, 401, 402, 403, 407, 421, 425, 426, 429, 503, 511)
# The request itself was looked at and refused, and would be again; but for answers from the wrong place.
_REFUSED = (400, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431, 451)

STATUSES: Mapping[int, OutcomeStatus] = {
    **dict.fromkeys(_NOT_PROCESSED, OutcomeStatus.NOT_SENT),
    **dict.fromkeys(_REFUSED, OutcomeStatus.FAILED),
}
"""What a status says of the actions in a request of which no other attempt was made, if the answer does not.

Any that is not here leaves it open: 200, and 408 too, which gateways send when the service behind them took too long.
"""


class Attempts(msgspec.Struct):
    """The attempts at one request, and what is known of them at any moment."""

    repeatable: bool = False
    """True when sending the request twice does no harm: a query, or actions in test mode."""
    history: History = History.CLEAN
    made: int = 0
    repeated: bool = False
    """True when the request was sent again though an attempt before may have taken effect."""
    _under_way: bool = False
    _status: int | None = None
    _misdirected: bool = False

    def begin(self) -> None:
        """Note that the request is about to leave."""
        self.made += 1
        self.repeated = self.history > History.CLEAN
        self._under_way, self._status = True, None

    def lost(self, *, sent: bool) -> None:
        """Note that no answer came; `sent` says whether the service may have the request."""
        self._under_way = sent

    def answered(self, status: int, *, misdirected: bool = False) -> None:
        """Note an answer. One of 200 leaves it open, too, until it has told of each action.

        `misdirected` says that the request came to the wrong place, where nobody can have carried it out.
        """
        self._under_way, self._status, self._misdirected = False, status, misdirected
        if status == 503:
            self._grow(History.PUT_OFF)
        elif status not in STATUSES and not misdirected:
            self._grow(History.OPEN)

    def forgive(self) -> None:
        """Count the last attempt as none: an expired token is no failure of the service."""
        self.made -= 1

    @property
    def fate(self) -> OutcomeStatus:
        """What is known of the actions if the call ends now, without an answer that tells of each."""
        if self._under_way or self.history is History.OPEN:
            return OutcomeStatus.UNKNOWN
        # Of the statuses that are waited out, those that leave actions open have left the history open, too.
        if self._status is None or self._misdirected or self._status in RETRIED_STATUSES:
            return OutcomeStatus.NOT_SENT
        fate = STATUSES.get(self._status, OutcomeStatus.UNKNOWN)
        if fate is OutcomeStatus.FAILED and self.history is History.PUT_OFF:
            return OutcomeStatus.UNKNOWN
        return fate

    def _grow(self, history: History) -> None:
        if not self.repeatable:
            self.history = max(self.history, history)

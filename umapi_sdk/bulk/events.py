"""What a run tells while it goes on: events, for a progress bar or a log. Nothing depends on who listens."""

from __future__ import annotations

import attrs

from umapi_sdk.bulk.results import Counts, Ended


@attrs.frozen
class Sending:
    """A request is about to leave."""

    requests: int
    """Requests with actions that this session has sent, this one included."""
    rows: int
    """Rows of which something is in it."""


@attrs.frozen
class Settled:
    """An answer came, or a query showed what had become of rows."""

    counts: Counts


@attrs.frozen
class Waiting:
    """A wait begins."""

    seconds: float
    reason: str
    until: float
    """When it ends, in seconds since the epoch."""


@attrs.frozen
class Reconciling:
    """It is about to be found out what became of rows that were under way."""

    rows: int


@attrs.frozen
class Finished:
    """The session has ended."""

    ended: Ended
    counts: Counts


Event = Sending | Settled | Waiting | Reconciling | Finished

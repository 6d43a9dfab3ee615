"""When to try a request again, how long to wait before, and when to give up."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC

import msgspec

from umapi_models.defaults import FIRST_DELAY, MAX_RETRIES, MAX_WAIT, RANDOM_DELAY

RETRIED_STATUSES = frozenset({408, 429, 502, 503, 504})
"""Answers after which the same request can succeed; after 408, one that does no harm twice."""

_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?", re.ASCII)
_LONGEST = 2e9  # seconds; what is longer counts as this, so that there is a date for it
# A comma that ends a value, where a header came twice: not the one after the name of a day.
_BETWEEN_VALUES = re.compile(r"(?:(?<=[0-9.])|(?<=GMT)),", re.IGNORECASE)
_NO_WAIT = 1.0  # seconds
_MOST_DOUBLINGS = 60  # past which a wait is longer than any limit, and a float could overflow


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how long. The defaults stand in `schema/client.json`."""

    attempts: int = MAX_RETRIES
    """Times a request is sent at most."""
    first_delay: float = FIRST_DELAY
    """Wait after the first attempt, in seconds; it doubles with each further one."""
    random_delay: float = RANDOM_DELAY
    """Most seconds that chance adds to such a wait, so that clients do not return all at once."""
    max_wait: float = MAX_WAIT
    """Longest single wait, in seconds; where the service asks for a longer one, the call fails and says until when."""
    repeat_after_5xx: bool = True
    """Whether actions are sent again after 502, 503 and 504, though they may have taken effect; queries always are."""
    random: Callable[[], float] = random.random
    """Gives numbers from 0 to 1."""

    def __post_init__(self) -> None:
        for name, least in (("attempts", 1), ("first_delay", 0), ("random_delay", 0), ("max_wait", 0)):
            value = getattr(self, name)
            if not value >= least:  # as of what is no number
                raise ValueError(f"{name} must be {least} or more, not {value}")

    def wait(self, attempt: int, asked: float | None) -> float:
        """Return the seconds to wait after attempt number `attempt`, from 1, when the service asked for `asked`.

        What asks for no wait, as a date that has passed does, gets the usual one: attempts are not to follow at once.
        """
        return self.backoff(attempt) if asked is None or asked < _NO_WAIT else asked

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after attempt number `attempt`, from 1, when the service did not say."""
        doublings = min(attempt - 1, _MOST_DOUBLINGS)
        return min(self.first_delay * 2.0**doublings + self.random_delay * self.random(), self.max_wait)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, None when it is missing or means nothing.

    `now` is when the answer was given, by the clock of whoever gave it. Seconds, fractions of them and HTTP dates
    (RFC 9110, section 10.2.3) are understood; what lies in the past is 0, and what is senselessly long, as the seconds
    since 1970 or a number of any length, is a wait of decades. Of several values the longest counts.
    """
    waits = [_one_wait(each.strip(), now) for each in _BETWEEN_VALUES.split(value or "")]
    return max((wait for wait in waits if wait is not None), default=None)


def _one_wait(value: str, now: float) -> float | None:
    if _SECONDS.fullmatch(value):
        return min(float(value), _LONGEST)
    at = parse_date(value)
    return None if at is None else max(0.0, at - now)


def parse_date(value: str | None) -> float | None:
    """Return the moment of an HTTP date, in seconds since the epoch; None when it is missing or none.

    Of several, the first counts: that of the server from which the answer came, before any gateway added its own.
    """
    if value is None:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - loaded when there is a date

    try:
        date = parsedate_to_datetime(_BETWEEN_VALUES.split(value)[0])
        # Of the three forms of an HTTP date, the oldest has no time zone; all of them mean UTC.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

"""An access token and its life, and the one request for it that all who need it wait for."""

from __future__ import annotations

import copy
import math
import re
import threading
from concurrent.futures import Future
from typing import cast

import msgspec

from umapi_sdk.errors import UmapiError
from umapi_sdk.records import Record

EXPIRY_MARGIN = 300.0  # seconds before its end at which a token is replaced, for calls under way and clocks that differ
# Tokens of the service live for a day. A life outside these limits is a mistake of unit, or of the token host.
_SHORTEST_LIFE, _LONGEST_LIFE = 300.0, 7 * 86_400.0
_SHORTEST_OF_ALL = 60.0
_MOST = 10**15  # of either unit
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_BEARER = "bearer"


class Token(Record, frozen=True):
    """An access token and when it ends."""

    unshown = frozenset({"value"})

    value: str
    expires_at: float
    """Seconds since the epoch; infinity where the token host's word cannot be believed: it is used until refused."""
    margin: float = EXPIRY_MARGIN
    """Seconds before its end at which it is replaced."""

    def fresh(self, now: float) -> bool:
        """Return whether the token can still be used for a call."""
        return now < self.expires_at - self.margin


def new_token(value: str, expires_in: float, unit: float, now: float) -> Token:
    """Return the token of an answer; `unit` is the length in seconds of what `expires_in` is documented to count.

    Token hosts have been seen to count in another unit. What is plausible decides, the documented unit first; a token
    whose life makes no sense is used until it is refused, so that no answer costs a token request for every call.
    """
    documented, other = expires_in * unit, expires_in / 1000 if unit == 1 else expires_in
    life = math.inf
    if _SHORTEST_LIFE <= documented <= _LONGEST_LIFE:
        life = documented
    elif _SHORTEST_LIFE <= other <= _LONGEST_LIFE:
        life = other
    elif _SHORTEST_OF_ALL <= documented < _SHORTEST_LIFE:
        life = documented
    return Token(value, now + life, min(EXPIRY_MARGIN, life / 10))


def completed(data: object) -> object:
    """Return a token answer with an `expires_in` that is a number, 0 where it has none that makes sense, and a type.

    RFC 6749, section 5.1, only recommends `expires_in`; the type goes without saying where there is but one.
    """
    if not isinstance(data, dict):
        return data
    answer = cast("dict[str, object]", data)
    life = answer.get("expires_in")
    if isinstance(life, str) and _NUMBER.fullmatch(life):
        life = int(life)
    if life is not None and (isinstance(life, bool) or not isinstance(life, (int, float))):
        return answer
    kind = answer.get("token_type")
    return {
        **answer,
        # No comparison with NaN is true, and none turns a number of hundreds of digits into a float.
        "expires_in": int(life) if life is not None and 0 < life < _MOST else 0,
        "token_type": _BEARER if kind is None else kind,
    }


def is_bearer(data: object) -> bool:
    """Whether the token of a completed answer is of the only type that can be used here (RFC 6749, section 7.1)."""
    return isinstance(data, dict) and str(cast("dict[str, object]", data).get("token_type")).casefold() == _BEARER


class Claim(msgspec.Struct, frozen=True, eq=False):
    """A part in the one token request under way: that of whoever makes it, or of one who waits."""

    mine: bool
    """True for whoever makes the request, and must end it with `Auth.settle`."""
    done: Future[UmapiError | None] = msgspec.field(default_factory=Future[UmapiError | None])
    thread: int = msgspec.field(default_factory=threading.get_ident)

    def again(self, error: UmapiError | None) -> None:
        """Go on after waiting: with what the request has brought, or with its error.

        Raises:
            UmapiError: the error with which the request has ended, as one's own.
        """
        if error is not None:
            own = copy.copy(error)
            own.outcomes = ()
            raise own from error.__cause__

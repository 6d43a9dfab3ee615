"""Exchanges: one request to the service and its answer, as recordings of every format give them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.common.nesting import is_shallow

Headers = tuple[tuple[str, str], ...]

UNDATED: Final = "1970-01-01T00:00:00.000Z"
"""Stands where a recording does not say when a request was sent."""


class RecordingError(InputError):
    """A recording that cannot be used; its text is one line naming file, place and remedy."""


class CutOffError(RecordingError):
    """A recording that ends in the middle: what comes before its last entry is whole."""

    def __init__(self, place: str, whole: str, remedy: str) -> None:
        problem = "the file ends in the middle"
        super().__init__(
            f"{place}: {problem}; {whole} is the last whole entry: {remedy}"
            if whole
            else f"{place}: {problem}, and no entry of it is whole; give the whole file"
        )
        self.place = place
        """File and pointer of what is cut off."""
        self.whole = whole
        """Pointer of the last entry that is whole; empty for none."""


@attrs.frozen(kw_only=True)
class Limits:
    """How much of a recording is taken into memory; whatever is larger is refused."""

    body_bytes: int = 16 * 1024 * 1024
    """Of one body, uncompressed."""
    depth: int = 100
    """Of objects and arrays within each other."""

    @property
    def entry_bytes(self) -> int:
        """Of the text of one entry: two bodies with their escapes, and the headers."""
        return 4 * self.body_bytes + 64 * 1024


@attrs.frozen(kw_only=True)
class RecordedRequest:
    """A request as it was sent."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, None without one."""
        return _header(self.headers, name)


@attrs.frozen(kw_only=True)
class RecordedResponse:
    """An answer as it came, its body without compression."""

    status: int
    """0 where no answer was recorded."""
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, None without one."""
        return _header(self.headers, name)

    def json(self) -> Any:
        """Return the body as JSON data.

        Raises:
            ValueError: the body is not JSON, or nested too deeply to be walked through.
        """
        try:
            data = json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not is_shallow(data):
            raise ValueError("nested too deeply")
        return data


@attrs.frozen(kw_only=True, eq=False)
class Exchange:
    """One request and its answer."""

    name: str
    """Names the exchange; unique in the corpus."""
    where: str
    """The file and the place in it."""
    request: RecordedRequest
    response: RecordedResponse
    operation: str | None = None
    """operationId in openapi.json; None where the recording does not say."""
    source: str = ""
    """The page that the exchange was made from."""
    started: str = UNDATED
    """When the request was sent (ISO 8601)."""
    milliseconds: float = 0
    """How long the exchange took."""
    notes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """The entry's `_umapi` object: among others the organisation's state and the mock server's settings."""

    @property
    def label(self) -> str:
        """Name and place, for messages; the place alone where a file gives no names."""
        return self.where if self.name == self.where else f"{self.name} ({self.where})"


@attrs.frozen(kw_only=True, eq=False)
class Recording:
    """The exchanges of one file, in order."""

    path: str
    exchanges: tuple[Exchange, ...]
    skipped: tuple[str, ...] = ()
    """What the file holds besides and was left out, one line each: aborted requests, tunnels, other schemes."""
    unanswered: tuple[tuple[int, Exchange], ...] = ()
    """Requests among what was left out, without the answer, each with the number of exchanges before it.

    Nothing tells what became of them. A body that was not recorded is empty.
    """

    def everything(self) -> Iterator[Exchange]:
        """Yield the exchanges and, at their places among them, the requests that were left out."""
        waiting = deque(self.unanswered)
        for number, exchange in enumerate(self.exchanges):
            while waiting and waiting[0][0] <= number:
                yield waiting.popleft()[1]
            yield exchange
        for _, exchange in waiting:
            yield exchange


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name.lower()), None)

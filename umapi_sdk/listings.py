"""Listings: read page by page by both connections, started again where that helps, and how far they are whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from umapi_models.models import Group, User
from umapi_sdk.calls import Service
from umapi_sdk.errors import ListingError
from umapi_sdk.messages import Call
from umapi_sdk.queries import Listing, Page, fetch_page
from umapi_sdk.wholeness import AGAIN, Judge, ListingRules

T = TypeVar("T", bound=User | Group)

logger = logging.getLogger(__name__)

_IN_VAIN = (
    "the listing is not whole, and another start found the same: does a proxy or cache stand in between? "
    "Else ask Adobe's support"
)


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """How far a listing is known to be whole. True when all of it was read, checked in every way, and nothing accepted.

    No client can see two users change places between pages while a listing is read, or one who left and one who came.
    """

    finished: bool
    """The last page was read."""
    checked: tuple[str, ...]
    """The checks that were made on every page: lastPage, duplicates, X-Current-Page, X-Page-Count, X-Page-Size,
    X-Total-Count."""
    skipped: tuple[str, ...]
    """The checks that could not be made on every page, because the service did not send the header."""
    accepted: tuple[str, ...]
    """What was accepted by `ListingRules.drift`, each in a sentence."""
    unlisted: int | None
    """Entries that the service counts and does not list; None until the end, or where it sends no total."""
    restarts: tuple[str, ...]
    """Why the listing was started again, each time."""

    def __bool__(self) -> bool:
        return self.finished and not self.skipped and not self.accepted


class ListingReader(Generic[T]):
    """One reading of a listing, page by page; with `keep`, it holds the entries and can start again by itself."""

    def __init__(self, listing: Listing[T], rules: ListingRules, *, keep: bool) -> None:
        self._listing = listing
        self._rules = rules
        self._keep = keep
        self._judge = Judge(listing, rules)
        self._restarts: list[str] = []
        self.entries: list[T] = []
        self.on_page: Callable[[Page[T]], object] | None = None
        """Is told of each page that is part of the listing, with the answer that it is from; the reader keeps none."""

    @property
    def finished(self) -> bool:
        """True when the last page has been read."""
        return self._judge.finished

    @property
    def total(self) -> int | None:
        """X-Total-Count of the page read last."""
        return self._judge.total

    @property
    def page_count(self) -> int | None:
        """X-Page-Count of the page read last."""
        return self._judge.page_count

    @property
    def pages_read(self) -> int:
        """Pages read so far."""
        return self._judge.pages_read

    @property
    def complete(self) -> Completeness:
        """How far what was read is known to be whole."""
        headers = ("X-Current-Page", "X-Page-Count", "X-Page-Size", "X-Total-Count")
        missing = self._judge.missing
        always = ("lastPage", "duplicates") if self.pages_read else ()
        return Completeness(
            finished=self.finished,
            checked=(*always, *(header for header in headers if self.pages_read and header not in missing)),
            skipped=tuple(f"no {header}" for header in headers if header in missing),
            accepted=tuple(self._judge.accepted),
            unlisted=self._judge.unlisted,
            restarts=tuple(self._restarts),
        )

    def next_page(self, service: Service) -> Call[tuple[T, ...]]:
        """Read one page more and return its entries; none of them when the listing starts again.

        Raises:
            ListingError: the listing is not whole, and is not started again any more.
            ServiceError, NetworkError: as for any call.
        """
        try:
            page = yield from fetch_page(service, self._listing, self.pages_read)
            entries = self._judge.take(page)
        except ListingError as error:
            if not self._keep or len(self._restarts) >= self._rules.restarts:
                if error.message in self._restarts and AGAIN in error.message:
                    raise _in_vain(error) from error
                raise
            self._restarts.append(error.message)
            logger.warning("reading from page 0 again, restart %d: %s", len(self._restarts), error)
            self._judge = Judge(self._listing, self._rules)
            self.entries = []
            return ()
        if self.on_page is not None:
            self.on_page(page)
        if self._keep:
            self.entries += entries
        return entries


def _in_vain(error: ListingError) -> ListingError:
    """Return the error of a listing that is wrong in the same way each time, which no start gets round."""
    return ListingError(
        error.message.replace(AGAIN, _IN_VAIN),
        method=error.method,
        url=error.url,
        status=error.status,
        request_id=error.request_id,
        code=error.code,
    )


class Progress(Generic[T]):
    """What a query tells of its latest reading."""

    _reader: ListingReader[T]

    @property
    def total(self) -> int | None:
        """Entries in the whole listing as the service counts them; None before the first page is read.

        For users this includes technical accounts, which are not listed.
        """
        return self._reader.total

    @property
    def page_count(self) -> int | None:
        """Pages in the whole listing; None before the first page is read."""
        return self._reader.page_count

    @property
    def pages_read(self) -> int:
        """Pages read so far."""
        return self._reader.pages_read

    @property
    def complete(self) -> Completeness:
        """How far the listing, as far as it was read, is known to be whole."""
        return self._reader.complete

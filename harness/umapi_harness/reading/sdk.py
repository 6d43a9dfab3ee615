"""The judge of the SDK: whether it keeps every field of recorded answers, and reaches the outcomes they tell of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from umapi_harness.contract.answers import RecordedListing, listings_of, page_of
from umapi_harness.contract.findings import Finding
from umapi_harness.contract.impersonation import TOKEN_OPERATIONS
from umapi_harness.contract.judging import Verdict, operation_name, operation_of
from umapi_harness.contract.recordings import Exchange, Recording
from umapi_harness.reading.actions import read_action
from umapi_harness.reading.lookups import read_listing, read_refused_listing, read_status, read_user
from umapi_harness.reading.reports import NAME, UnjudgedError
from umapi_harness.reading.tokens import read_token

_LISTINGS: Final = frozenset({"users", "groupUsers", "groups"})


@attrs.frozen
class SdkJudge:
    """Lets the SDK read a recording, over a transport that plays it."""

    name: str = NAME

    def judge(self, recording: Recording) -> Verdict:
        """Return where the SDK reads otherwise than the answers say."""
        pages = [page_of(one, place, operation_of(one)) for place, one in enumerate(recording.exchanges)]
        listings = listings_of([page for page in pages if page is not None])
        ends = {listing.pages[-1].position: listing for listing in listings}
        inside = {page.position for listing in listings for page in listing.pages}
        findings: list[Finding] = []
        unjudged: dict[str, int] = {}
        judged = 0
        for place, exchange in enumerate(recording.exchanges):
            listing = ends.get(place)
            if listing is None and place in inside:
                continue
            size = len(listing.pages) if listing is not None else 1
            try:
                findings += self._read(exchange, listing)
                judged += size
            except UnjudgedError as reason:
                unjudged[str(reason)] = unjudged.get(str(reason), 0) + size
        return Verdict(judge=self.name, judged=judged, unjudged=unjudged, findings=tuple(findings))

    def _read(self, exchange: Exchange, listing: RecordedListing | None) -> Iterator[Finding]:
        name = operation_name(exchange)
        if listing is not None:
            return read_listing(listing)
        if name == "action":
            return read_action(exchange)
        if name == "user":
            return read_user(exchange)
        if name == "status":
            return read_status(exchange)
        if name in _LISTINGS:
            return read_refused_listing(exchange)
        if name in TOKEN_OPERATIONS:
            return read_token(exchange)
        raise UnjudgedError("the SDK has no call for this operation")

"""Whether pages are a whole listing; docs/explanation/listings.md has the promises behind each check, with sources.

A listing that broke off unseen has made programs delete thousands of users. What shows that entries are missing,
doubled or from another state of the organisation is an error, never a shorter list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from umapi_models.models import Group, User
from umapi_sdk.errors import UsageError
from umapi_sdk.queries import Listing, Page

T = TypeVar("T", bound=User | Group)

# The recorded organisation had 3 technical accounts, with 75 entries as with 81: their number goes with the programs
# that use the API, not with the people. The share is for large organisations, which have more of such programs.
USUAL_UNLISTED: Final = 10
USUAL_UNLISTED_SHARE: Final = 100  # one in so many of the total

# Where no header explains a page that is shorter than its neighbours, one in so many entries may be technical accounts.
_UNEXPLAINED_SHARE: Final = 20

AGAIN: Final = "the listing is not whole: start again"


class ListingRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken for a whole listing, and what to do about one that is not.

    Raises:
        UsageError: a number is negative, or no whole number.
    """

    unlisted: int | None = None
    """Most entries that may be counted and not listed, as technical accounts are. None: for users 10 and 1 % of the
    total, for groups none."""
    drift: int = 0
    """By how many entries the total may change, and how many may come twice, before the listing is an error. With
    more than 0, entries may be missing that moved to a page already read; `complete` tells what was accepted."""
    restarts: int = 2
    """How often `all_results` starts again from the first page by itself. An iteration never does: what it gave out
    cannot be taken back."""

    def __post_init__(self) -> None:
        for name, value in (("unlisted", self.unlisted), ("drift", self.drift), ("restarts", self.restarts)):
            if value is None and name == "unlisted":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(f"{name} must be a whole number, 0 or more, not {value!r}")

    def most_unlisted(self, total: int, *, users: bool) -> int:
        """Return how many of so many entries may be missing from the pages."""
        if self.unlisted is not None:
            return self.unlisted
        return USUAL_UNLISTED + total // USUAL_UNLISTED_SHARE if users else 0


class _Length(msgspec.Struct, frozen=True):
    """How long a page was."""

    number: int
    entries: int
    announced: bool
    """Whether it said how long it would be."""


class Judge(Generic[T]):
    """Takes the pages of one reading in turn, and refuses the first that shows that they are no whole."""

    def __init__(self, listing: Listing[T], rules: ListingRules) -> None:
        self._listing = listing
        self._rules = rules
        self._of_users = listing.model is User
        # Of a page, only its numbers are kept: an iteration must not hold what it gave out.
        self.finished = False
        """True when the last page has been taken."""
        self.total: int | None = None
        """X-Total-Count of the page taken last."""
        self.page_count: int | None = None
        """X-Page-Count of the page taken last."""
        self.pages_read = 0
        self.accepted: list[str] = []
        self.missing: set[str] = set()
        """Headers that a page did not have."""
        self._read = 0
        self._doubled = 0
        self._unlisted = 0
        self._totals = (0, 0)  # the least and the most that a page announced
        self._size: int | None = None
        self._shortest: _Length | None = None  # of the pages before the last
        self._longest = 0
        self._seen: set[int] = set()

    @property
    def unlisted(self) -> int | None:
        """Entries that are counted and not listed, once all pages are there."""
        return max(0, self.total - self._read) if self.finished and self.total is not None else None

    def take(self, page: Page[T]) -> tuple[T, ...]:
        """Return the entries of the next page; of those that came twice, where that is accepted, the first only.

        Raises:
            ListingError: the page shows that the listing is not whole.
        """
        problem = self._place(page) or self._total(page) or self._length(page)
        if problem:
            raise page.broken(problem)
        entries = self._new_entries(page)
        self._read += len(page.entries)
        self._longest = max(self._longest, len(page.entries))
        if not page.last and (self._shortest is None or len(page.entries) < self._shortest.entries):
            self._shortest = _Length(page.number, len(page.entries), page.size is not None)
        self.pages_read += 1
        self.finished, self.total, self.page_count = page.last, page.total, page.page_count
        problem = self._neighbours(page) or (self._sum(page) if page.last else None)
        if problem:
            raise page.broken(problem)
        return entries

    def _place(self, page: Page[T]) -> str | None:
        """The page is the one that was asked for, and the last exactly where the count of pages says so."""
        if page.current is None:
            self.missing.add("X-Current-Page")
        elif page.current != page.number:
            return f"page {page.number} was asked for and page {page.current} came; {AGAIN}"
        if page.page_count is None:
            self.missing.add("X-Page-Count")
        elif page.last != (page.number + 1 >= page.page_count):
            return (
                f"page {page.number} of {page.page_count} is{'' if page.last else ' not'} marked as the last; {AGAIN}"
            )
        if not page.entries and not page.last and (self._read or not page.size):
            # Technical accounts come first, by their e-mail addresses: whole pages of them, where pages are small.
            return f"page {page.number} is empty and is not the last; {AGAIN}"
        return None

    def _total(self, page: Page[T]) -> str | None:
        """The totals of all pages are one, or as near to each other as may be."""
        if page.total is None:
            self.missing.add("X-Total-Count")
        if not self.pages_read:
            self._totals = (page.total or 0, page.total or 0)
            return None
        if page.total is None or self.total is None:
            if page.total != self.total:
                return (
                    f"page {page.number} has {'no' if page.total is None else 'a'} total, unlike those before; {AGAIN}"
                )
            return None
        least, most = self._totals = (min(self._totals[0], page.total), max(self._totals[1], page.total))
        change = f"the total changed from {self.total} to {page.total} while page {page.number} was read"
        if most - least > self._rules.drift:
            return f"{change}; {AGAIN}"
        if page.total != self.total:
            self.accepted.append(change)
        return None

    def _length(self, page: Page[T]) -> str | None:
        """The page lists no more than it announces and not too few; pages of users before the last have one size."""
        count, noun = len(page.entries), self._listing.noun
        if page.size is None:
            self.missing.add("X-Page-Size")
            return None
        if count > page.size:
            return f"page {page.number} lists {count} {noun} where {page.size} were announced; {AGAIN}"
        if not page.last or page.total is None:
            # Of the last page, the total says more: the size announced may be that of a full page.
            self._unlisted += page.size - count
            allowed = self._rules.most_unlisted(page.total or self._read + page.size, users=self._of_users)
            if self._unlisted > allowed + self._rules.drift:
                return self._too_few(
                    f"{self._unlisted} {noun} were announced up to page {page.number} and not listed", allowed
                )
        if (
            self._of_users
            and self._size is not None
            and not page.last
            and abs(page.size - self._size) > self._slack(self._size)
        ):
            return f"page {page.number} announces {page.size} {noun} and the page before {self._size}; {AGAIN}"
        self._size = page.size
        return None

    def _neighbours(self, page: Page[T]) -> str | None:
        """No page before the last is shorter than another, unless its announced size or its total explains it."""
        short = self._shortest
        if short is None or short.announced or (not self._of_users and page.total is not None):
            return None
        if self._longest - short.entries <= self._slack(self._longest):
            return None
        what = f"page {short.number} lists {short.entries} {self._listing.noun} and its neighbours {self._longest}"
        return f"{what}; {AGAIN}"

    def _sum(self, page: Page[T]) -> str | None:
        """All entries together are as many as the service counts."""
        if page.total is None:
            return None
        noun, missing = self._listing.noun, page.total - self._read
        if missing < -self._rules.drift:
            return f"{self._read} {noun} came where {page.total} were announced in all; {AGAIN}"
        allowed = self._rules.most_unlisted(page.total, users=self._of_users)
        if missing > allowed + self._rules.drift:
            return self._too_few(
                f"{self._read} {noun} came where {page.total} were announced in all: {missing} are missing", allowed
            )
        short = self._shortest
        gap = 0 if short is None or not self._of_users else self._longest - short.entries
        if short is not None and gap > max(0, missing) + self._rules.drift:
            what = f"page {short.number} is {gap} {noun} shorter than its neighbours"
            return f"{what}, of which the total explains {max(0, missing)}; {AGAIN}"
        return None

    def _too_few(self, what: str, allowed: int) -> str:
        if not self._of_users:
            return f"{what}; {AGAIN}"
        return (
            f"{what}, more than {allowed} taken for technical accounts, which are counted and not listed; "
            f"{AGAIN}, or allow for more with ListingRules(unlisted=...)"
        )

    def _slack(self, length: int) -> int:
        usual = self._rules.unlisted
        return max(1, length // _UNEXPLAINED_SHARE) if usual is None else usual

    def _new_entries(self, page: Page[T]) -> tuple[T, ...]:
        doubled = [place for place, key in enumerate(_keys(page.entries)) if self._is_doubled(key)]
        if not doubled:
            return page.entries
        self._doubled += len(doubled)
        first = _shown(page.entries[doubled[0]])
        what = f"{first} came twice, the second time on page {page.number}"
        if self._doubled > self._rules.drift:
            raise page.broken(f"{what}; {AGAIN}")
        self.accepted.append(what if len(doubled) == 1 else f"{what}, and {len(doubled) - 1} more with it")
        return tuple(entry for place, entry in enumerate(page.entries) if place not in set(doubled))

    def _is_doubled(self, key: int) -> bool:
        known = len(self._seen)
        self._seen.add(key)
        return len(self._seen) == known


def _keys(entries: Sequence[User | Group]) -> Iterator[int]:
    """Tell the entries apart: by id; where the service gives none, users by account and groups by name.

    A hash stands for each, so that an iteration over many pages does not hold what it gave out.
    """
    for entry in entries:
        if isinstance(entry, User):
            yield hash(entry.id or (str(entry.type), entry.domain, entry.username))
        else:
            yield hash(
                entry.group_id
                if entry.group_id is not None
                else (str(entry.type), entry.product_name, entry.group_name)
            )


def _shown(entry: User | Group) -> str:
    return entry.username if isinstance(entry, User) else f'group "{entry.group_name}"'

"""Technical accounts: whom listings count and do not show, in the organisation and in its groups."""

from __future__ import annotations

from bisect import bisect
from collections import Counter

from umapi_harness.contract.answers import flag, is_array, is_object, number
from umapi_harness.contract.gathered import Gathered


def count_technical_accounts(gathered: Gathered) -> None:
    """Of whom is counted and never listed: what most headers say, for no action changes it."""
    for (org_id, group), told in gathered.unlisted.items():
        votes = Counter(count for one in told for count in (one.by_total, one.by_sizes) if count is not None)
        number_of = votes.most_common(1)[0][0] if votes else 0
        if sum(count == votes[number_of] for count in votes.values()) > 1:
            number_of = min(count for count, times in votes.items() if times == votes[number_of])
            gathered.contradicted |= {
                one.position for one in told if one.position is not None and one.by_total != one.by_sizes
            }
        facts = gathered.org(org_id)
        if group is None:
            facts.technical_accounts = number_of
        elif votes:
            facts.technical_members[group] = number_of


def count_technical_members(gathered: Gathered) -> None:
    """What a group counts beyond the users listed in it, with no change in between, are technical accounts."""
    changes = gathered.changes
    counted: dict[tuple[str, int], Counter[str]] = {}
    for listing in gathered.listings:
        first, last = listing.pages[0], listing.pages[-1]
        since = bisect(changes, first.position)
        whole = first.operation == "users" and listing.complete and not first.query.get("domain")
        if whole and since == bisect(changes, last.position) and flag(first.query, "directOnly", True):
            members: Counter[str] = Counter()
            for page in listing.pages:
                for entry in page.entries or ():
                    members.update(name.lower() for name in _names_of(entry))
            counted.setdefault((first.org_id, since), members)
    for page in gathered.pages.values():
        listed = counted.get((page.org_id, bisect(changes, page.position)))
        if page.field != "groups" or listed is None:
            continue
        facts = gathered.org(page.org_id)
        for entry in page.entries or ():
            count = number(entry.get("memberCount")) if is_object(entry) else None
            name = str(entry.get("groupName", "")).lower() if is_object(entry) else ""
            most = count if facts.technical_accounts is None else facts.technical_accounts
            if count is not None and most is not None and 0 <= count - listed[name] <= most:
                facts.technical_members.setdefault(facts.group_names.get(name, name).lower(), count - listed[name])


def _names_of(entry: object) -> list[str]:
    groups = entry.get("groups") if is_object(entry) else None
    return [name for name in groups if isinstance(name, str)] if is_array(groups) else []

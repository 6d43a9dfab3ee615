"""Answers, and places in them, that cannot be judged: they depend on what the recording does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from umapi_harness.contract.answers import body_object, count_header, flag, is_object, number, places_of
from umapi_harness.contract.deprecated import profile_number, profiles_in
from umapi_harness.contract.gathered import Gathered, group_of
from umapi_harness.contract.implied import GroupFacts, OrgFacts
from umapi_harness.contract.recordings import Exchange
from umapi_harness.contract.schema import Operation
from umapi_models.names import PRODUCT_PROFILE, USER_ADMIN_PREFIX, USER_GROUP

_OK: Final = 200
_NO_PRODUCT: Final = "error.command.product.not_found"


def unjudge_unknown_ids(gathered: Gathered) -> None:
    """The ids of the mock server's groups and products are those that the recording shows, and no others."""
    for place, (exchange, operation) in enumerate(zip(gathered.exchanges, gathered.operations, strict=True)):
        if operation is not None and operation.deprecated:
            named = places_of(exchange, operation)
            reason = _why_unknown(gathered.org(named.get("orgId", "")), named, operation, exchange)
            if reason is not None:
                gathered.unjudgeable[place] = reason


def excuse_indirect(gathered: Gathered, place: int, facts: OrgFacts, field: str) -> None:
    """Excuse the groups in an answer that shows those held through others too."""
    what = "which profiles are held through a user group"
    facts.leave_open(what, "none that a query with directOnly=true does not show")
    gathered.indirect.append((place, field, f"the recording does not tell {what}"))


def unjudge_partial_listings(gathered: Gathered) -> None:
    """Listings of which the recording has too little."""
    for listing in gathered.listings:
        page = listing.pages[0]
        if page.query.get("status"):
            for one in listing.pages:
                gathered.unjudgeable[one.position] = "the recording does not tell who of a profile holds a licence"
            continue
        kind = gathered.facts[page.org_id].groups.get((page.group or "").lower())
        if (
            page.group is not None
            and not flag(page.query, "directOnly", True)
            and (kind is None or kind.kind != USER_GROUP)
        ):
            for one in listing.pages:
                gathered.unjudgeable[one.position] = "the recording does not tell who holds the profile through a group"
            continue
        pages = count_header(page.exchange.response, "X-Page-Count")
        # On which page somebody is, is not promised: only whole listings can be compared, or the only page.
        if listing.complete or (page.subject in gathered.listed and pages in (None, 1)):
            continue
        if pages == 1 and page.number == 0 and (page.entries is not None or listing.total):
            continue  # whatever it says of further pages or shows, there is no other page
        numbers = ", ".join(str(one.number) for one in listing.pages)
        total = count_header(page.exchange.response, "X-Page-Count")
        of = f" of {total}" if total is not None else ""
        for one in listing.pages:
            gathered.unjudgeable[one.position] = (
                f"the recording has page {numbers}{of} of this listing, and nobody knows who is on the others"
            )


def excuse_counts(gathered: Gathered) -> None:
    """A group's members and admins can be compared only where the recording lists them."""
    for position, page in gathered.pages.items():
        if page.field != "groups":
            continue
        places: dict[str, str] = {}
        facts = gathered.org(page.org_id)
        for place, entry in enumerate(page.entries or ()):
            name = str(entry.get("groupName", "")) if is_object(entry) else ""
            if page.org_id in gathered.whole_direct:
                first = facts.group_names.get(name.lower(), name).lower()
                if facts.technical_accounts and first not in facts.technical_members:
                    reason = f"the recording does not tell how many technical accounts are members of {name}"
                    places[f"/groups/{place}/memberCount"] = reason
                continue
            for member, group in (("memberCount", name), ("adminGroupName", f"{USER_ADMIN_PREFIX}{name}")):
                if (page.org_id, group.lower()) not in gathered.whole_groups:
                    reason = f"the recording does not list the members of {group}"
                    places[f"/groups/{place}/{member}"] = reason
        gathered.excused[position] = places
    for position, field, reason in gathered.indirect:
        shown = gathered.pages.get(position)
        size = len(shown.entries or ()) if shown is not None else 0
        pointers = [f"/users/{number}/groups" for number in range(size)] if field == "users" else ["/user/groups"]
        gathered.excused[position] = dict.fromkeys(pointers, reason)


def _why_unknown(facts: OrgFacts, named: Mapping[str, str], operation: Operation, exchange: Exchange) -> str | None:
    """Return why an answer about groups, products or profiles cannot be judged; None when it can."""
    product, profile, group = named.get("productId"), named.get("profileId"), named.get("groupId")
    code = body_object(exchange.response).get("errorCode")
    unknown: list[str] = []
    # Any other code says that the product is there.
    told = facts.product_ids.keys() >= facts.products.keys()
    ids = {one for one, _ in facts.product_ids.values() if told}
    if product is not None and code != _NO_PRODUCT and product not in ids:
        unknown.append("which product has that id")
    if operation.name == "oldProducts" and any(map(_has_no_product, facts.groups.values())):
        unknown.append("the products of all profiles")
    if operation.name == "oldUserGroups" and any(one.kind is None for one in facts.groups.values()):
        unknown.append("which groups are user groups")
    if exchange.response.status == _OK:
        shown = [profile] if profile is not None else profiles_in(exchange)
        if any(group_of(facts, profile_number(one)) is None for one in shown):
            unknown.append("which profile has that id")
        if group is not None and group.lower() not in facts.groups and group_of(facts, number(group)) is None:
            unknown.append("which user group has that id")
    return f"the recording does not tell {unknown[0]}" if unknown else None


def _has_no_product(group: GroupFacts) -> bool:
    return group.kind == PRODUCT_PROFILE and group.product is None

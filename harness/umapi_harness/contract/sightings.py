"""Sightings: what one entry of an answer tells of how somebody or something was at the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from umapi_harness.contract.answers import ListingPage, is_array, is_object, number
from umapi_harness.contract.implied import OWNED, OrgFacts, UserKey, email_domain
from umapi_harness.mock.names import USER_STATUSES
from umapi_models.names import (
    ACTIVE,
    ADOBE_ID,
    DEVELOPER_PREFIX,
    FEDERATED_ID,
    FIXED_ADMIN_GROUPS,
    PRODUCT_ADMIN_PREFIX,
    PRODUCT_PROFILE,
    UNKNOWN,
    USER_ADMIN_PREFIX,
    USER_GROUP,
)

_SUBJECTS: Final = {
    PRODUCT_ADMIN_PREFIX: "PRODUCT",
    DEVELOPER_PREFIX: PRODUCT_PROFILE,
    USER_ADMIN_PREFIX: None,  # which is that of profiles, too
}
_SEEDED: Final = ("email", "type", "username", "domain", "firstname", "lastname", "country", "status", "id")
_FORMS: Final = {"country": re.compile("[A-Z]{2}"), "status": re.compile("|".join(USER_STATUSES))}


def see_deprecated(facts: OrgFacts, entry: Mapping[str, Any]) -> None:
    """Learn from a user group or a product as the deprecated operations show it."""
    name, group_id = entry.get("name"), number(entry.get("groupId"))
    if not isinstance(name, str) or not name:
        return
    if group_id is not None:
        if name.lower() not in facts.new_groups and name.lower() not in facts.group_names:
            known = facts.group(name, USER_GROUP, shown=True)
            known.group_id = group_id
            known.read_only = known.read_only or entry.get("isReadOnly") is True
    elif isinstance(entry.get("id"), str):
        facts.products.setdefault(name.lower(), name)
        code = entry.get("code")
        facts.product_ids.setdefault(name.lower(), (str(entry["id"]), code if isinstance(code, str) else None))


def see_group(facts: OrgFacts, entry: Mapping[str, Any]) -> None:
    """Learn from an entry of the groups listing."""
    name, kind = entry.get("groupName"), entry.get("type")
    if not isinstance(name, str) or not name or name.lower() in facts.new_groups:
        return
    product = entry.get("productName")
    if isinstance(product, str) and product:
        facts.products.setdefault(product.lower(), product)
    if name.startswith("_"):
        see_group_name(facts, name)
        return
    known = facts.group(name, kind if isinstance(kind, str) else None, shown=True)
    known.product = known.product or (product if isinstance(product, str) and product else None)
    quota = number(entry.get("licenseQuota"))
    known.quota = quota if known.quota is None else known.quota
    known.group_id = number(entry.get("groupId")) or known.group_id


def see_group_name(facts: OrgFacts, name: str) -> bool:
    """Learn that a group of that name was there at the start; False for one that no seed can have."""
    lowered = name.lower()
    if lowered in facts.new_groups or lowered in FIXED_ADMIN_GROUPS:
        return lowered in FIXED_ADMIN_GROUPS
    if not name.startswith("_"):
        facts.group(name, shown=True)
        return True
    for prefix, kind in _SUBJECTS.items():
        if lowered.startswith(prefix) and len(lowered) > len(prefix):
            subject = name[len(prefix) :]
            if subject.lower() in facts.new_groups:
                return False
            if kind == "PRODUCT":
                facts.products.setdefault(subject.lower(), subject)
            else:
                facts.group(subject, kind)
            return True
    facts.leave_open(f"what the admin group {name} belongs to")
    return False


def see_domain(facts: OrgFacts, page: ListingPage) -> None:
    """A domain that can be asked for is claimed; of which type, those who are in it tell."""
    name = page.query["domain"].lower()
    types = {str(entry.get("type")) for entry in page.entries or () if is_object(entry)}
    if name == "adobeid" or name in facts.domains or types & set(OWNED):
        return
    facts.leave_open(f"the type of domain {name}", FEDERATED_ID)
    facts.claim(name, FEDERATED_ID, sure=False)


def see_user(
    facts: OrgFacts,
    entry: Mapping[str, Any],
    *,
    member_of: str | None = None,
    direct: bool = True,
    whole: bool = True,
) -> None:
    """Learn from a user whom a query shows, as far as recorded actions have not made him what he is now.

    `whole` says that all his direct groups are shown.
    """
    email, type_ = entry.get("email"), entry.get("type")
    if not isinstance(email, str) or type_ not in (ADOBE_ID, *OWNED, UNKNOWN) or "@" not in email:
        return
    key: UserKey = (email.lower(), type_ == ADOBE_ID)
    first = facts.renamed.get(email.lower(), email)
    start: UserKey = (first.lower(), key[1])
    joined = facts.joined.get(key[0], set()) | facts.joined.get(start[0], set())
    made = facts.created.get(key)
    # No action makes an account of unknown type: who has it, met the one that was to create him.
    if made is not None and type_ != UNKNOWN:
        _see_created(facts, key, entry, made)
        return
    if _came_from_nowhere(facts, start[0], entry):
        return
    facts.take_back((start[0], True))
    facts.take_back((start[0], False))
    known = facts.users.get(start)
    if known is None or start in facts.sketched or (whole and start not in facts.whole_users):
        shown = _seeded(entry)
        if shown.get("status") == ACTIVE:
            del shown["status"]
        if first.lower() != email.lower():
            if shown.get("username", "").lower() == email.lower():
                shown["username"] = first if shown["username"] != shown["username"].upper() else first.upper()
            if shown.get("domain", "").lower() == email_domain(email):
                shown["domain"] = email_domain(first)
            shown["email"] = first
        groups = entry.get("groups")
        names = list(dict.fromkeys(name for name in groups if isinstance(name, str))) if is_array(groups) else []
        at_start = [_at_start(facts, name) for name in names if name.lower() not in joined]
        at_start = [name for name in at_start if name.lower() not in joined]
        gone = [name for name in facts.left.get(start[0], ()) if name not in at_start]
        fields = shown if known is None or start in facts.sketched else known
        known = {**fields, "groups": [*at_start, *gone]}
        facts.users[start] = known
        facts.sketched.discard(start)
        (facts.indirect.discard if direct else facts.indirect.add)(start)
        if type_ in OWNED:
            facts.claim(shown.get("domain") or email_domain(first), type_)
    if member_of is not None and member_of.lower() not in joined and start not in facts.whole_users:
        names = known.setdefault("groups", [])
        if member_of.lower() not in [name.lower() for name in names]:
            names.append(facts.groups[member_of.lower()].name if member_of.lower() in facts.groups else member_of)
    if whole and direct:
        facts.whole_users.add(start)
    known["groups"] = [name for name in known.get("groups", ()) if see_group_name(facts, name)]


def _came_from_nowhere(facts: OrgFacts, address: str, entry: Mapping[str, Any]) -> bool:
    """Whether a listing of everybody did not have somebody whom no recorded action brought either."""
    if not facts.everybody or entry.get("status", ACTIVE) != ACTIVE:
        return False
    keys = [(address, family) for family in (True, False)]
    return not any(key in facts.users or key in facts.created for key in keys)


def _seeded(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a seed can have of a user as he is shown; anything else is found by comparing."""
    found = {name: entry[name] for name in _SEEDED if isinstance(entry.get(name), str) and entry[name]}
    return {name: text for name, text in found.items() if name not in _FORMS or _FORMS[name].fullmatch(text)}


def _at_start(facts: OrgFacts, name: str) -> str:
    """What a group was called at the start."""
    for prefix in ("", USER_ADMIN_PREFIX):
        if name.lower().startswith(prefix) and name.lower().removeprefix(prefix) in facts.group_names:
            return prefix + facts.group_names[name.lower().removeprefix(prefix)]
    return name


def _see_created(facts: OrgFacts, key: UserKey, entry: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """A user whom a recorded action created: if he came otherwise than asked for, the directory knew him."""
    if key in facts.directory or key in facts.users or key in facts.settled:
        return
    facts.settled.add(key)
    updated = facts.updated.get(key[0], set())
    names = ("firstname", "lastname") if not updated else ()
    odd = [name for name in ("email", "country", *names) if entry.get(name) != made.get(name)]
    odd += [name for name in ("username", "domain") if name not in updated and _is_another(name, entry, made)]
    if not odd:
        return
    kept = _seeded(entry)
    kept.pop("status", None)
    facts.directory[key] = kept
    if key[1] or entry.get("type") not in OWNED:
        return
    home = str(kept.get("domain") or email_domain(key[0]))
    if home.lower() not in facts.domains:
        facts.claim(home, str(entry["type"]))


def _is_another(name: str, entry: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    """Whether an answer shows another user name, or another domain whatever its letters, than a new user has."""
    shown, given = entry.get(name), made.get(name)
    if not isinstance(shown, str) or not isinstance(given, str):
        return False
    return shown != given if name == "username" else shown.lower() != given.lower()

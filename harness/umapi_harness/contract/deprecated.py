"""Deprecated operations: what their answers say, in the words of those that came after them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from umapi_harness.contract.answers import JsonObject, is_array, is_object, number
from umapi_harness.contract.recordings import Exchange

UPDATE: Final = "oldProfileUpdate"
USERS: Final = frozenset({"oldUsers", "oldGroupUsers", "oldProfileUsers"})
COUNTED: Final = frozenset({"adminCount", "userCount", "configurationCount", "licenseQuota", "adminGroupName"})
"""Fields that follow from who is a member of what."""

_PREFIX: Final = "RGRP-"
_NAMES: Final = {"firstName": "firstname", "lastName": "lastname", "countryCode": "country", "userType": "type"}


def json_of(exchange: Exchange) -> Any:
    """Return the body of an answer; None when it is no JSON."""
    try:
        return exchange.response.json()
    except (ValueError, RecursionError):
        return None


def read_json(body: bytes) -> Any:
    """Return a body as JSON data; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def texts_of(data: Any, name: str) -> list[str]:
    """Return the texts of a list in a JSON object; empty without."""
    values = data.get(name) if is_object(data) else None
    return [one for one in values if isinstance(one, str)] if is_array(values) else []


def users_in(exchange: Exchange) -> Iterator[JsonObject]:
    """Yield the users of an answer as queries of today show them."""
    data = json_of(exchange)
    for entry in data if is_array(data) else ():
        if is_object(entry):
            yield {_NAMES.get(name, name): value for name, value in entry.items() if name != "adminRoles"}


def objects_in(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the groups, products or profiles of an answer."""
    data = json_of(exchange)
    found = data if is_array(data) else [data]
    return [one for one in found if is_object(one)]


def profiles_in(exchange: Exchange) -> list[str]:
    """Return the ids of the profiles that a product is shown with."""
    data = json_of(exchange)
    shown = data.get("licenseConfigurations") if is_object(data) else None
    return [str(one.get("id")) for one in shown if is_object(one)] if is_array(shown) else []


def profile_number(profile_id: str) -> int | None:
    """Return the number of the group that a profile's id stands for."""
    return number(profile_id.removeprefix(_PREFIX)) if profile_id.startswith(_PREFIX) else None


def named_in(request: Any) -> tuple[set[str], set[str]]:
    """Return the addresses and the user groups of an update of a profile, in lower case."""
    people: set[str] = set()
    groups: set[str] = set()
    for name, values in request.items() if is_object(request) else ():
        texts = {one.lower() for one in values if isinstance(one, str)} if is_array(values) else set[str]()
        (groups if "UserGroups" in name else people).update(texts)
    return people, groups


def without_counts(value: Any, recorded: Any) -> Any:
    """An object, or a list of them, with the counts that the recorded one has."""
    if is_array(value) and is_array(recorded):
        known: Mapping[object, Any] = {key_of(one): one for one in recorded}
        return [without_counts(one, known.get(key_of(one))) for one in value]
    if not is_object(value) or not is_object(recorded):
        return value
    kept = {name: one for name, one in value.items() if name not in COUNTED}
    kept |= {name: recorded[name] for name in COUNTED if name in recorded}
    if "licenseConfigurations" in kept:
        kept["licenseConfigurations"] = without_counts(
            kept["licenseConfigurations"], recorded.get("licenseConfigurations")
        )
    return kept


def key_of(entry: Any) -> object:
    """What tells apart the entries of a list."""
    if not is_object(entry):
        return str(entry)
    return tuple(str(entry.get(name)).lower() for name in ("email", "userType", "name", "id", "groupId"))

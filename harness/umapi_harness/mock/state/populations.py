"""Populations: large organisations made up from a number, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import Seed, add_users, build_seed
from umapi_models.names import FEDERATED_ID

_FIRST: Final = ("Ada", "Chloé", "Dmitri", "Elif", "Grace", "Hana", "Iñaki", "Jürgen", "Kofi", "Priya")
_LAST: Final = ("Abbott", "Bauer", "Dubois", "Eriksen", "García", "Ito", "Kovač", "Müller", "Öz", "Patel")
_COUNTRIES: Final = ("US", "DE", "FR", "GB", "JP", "BR", "IN", "CH")
_DOMAIN: Final = "example.com"
_PROFILES: Final = ("All Apps", "Photoshop", "Acrobat Pro")
_GROUPS_EACH: Final = 2


def generate_seed(users: int, groups: int, random_seed: int = 0) -> dict[str, Any]:
    """A seed document of that many Federated IDs and user groups; every group gets members if it can."""
    return _frame(groups) | {
        "users": list(_people(users, groups, random_seed)),
        "sample_user": f"user1@{_DOMAIN}",
        "sample_group": "Team 1",
        "sample_profile": _PROFILES[0],
    }


def generate_organization(users: int, groups: int, random_seed: int = 0) -> Seed:
    """The same organisation, made without the document between: for a million users and more."""

    def build() -> Organization:
        organization = build_seed(_frame(groups)).organization
        add_users(organization, _people(users, groups, random_seed))
        return organization

    return Seed(organization=build(), credentials=(), rebuild=build)


def _frame(groups: int) -> dict[str, Any]:
    return {
        "org_id": "98765@AdobeOrg",
        "domains": [{"name": _DOMAIN, "type": FEDERATED_ID}],
        "products": [{"name": "Creative Cloud"}],
        "profiles": [{"name": name, "product": "Creative Cloud"} for name in _PROFILES],
        "user_groups": [{"name": f"Team {number}"} for number in range(1, groups + 1)],
    }


def _people(users: int, groups: int, random_seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(random_seed)  # noqa: S311 - made-up people are no secret
    for number in range(1, users + 1):
        # One group by turn, so that none stays empty; the others by chance.
        teams = [f"Team {(number - 1) % groups + 1}"] if groups else []
        if groups > 1:
            teams += [f"Team {chance.randrange(groups) + 1}" for _ in range(_GROUPS_EACH - 1)]
        yield {
            "email": f"user{number}@{_DOMAIN}",
            "type": FEDERATED_ID,
            "firstname": chance.choice(_FIRST),
            "lastname": chance.choice(_LAST),
            "country": chance.choice(_COUNTRIES),
            "groups": list(dict.fromkeys([*teams, chance.choice(_PROFILES)])),
        }

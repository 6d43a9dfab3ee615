"""Each line of reference section 9 in both forms: as documented, and as seen from the live service."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from umapi_harness.mock import Settings, default_seed
from umapi_harness.mock.schemas import packaged
from umapi_models import limits, schemas, vocabulary
from umapi_models.names import FIXED_ADMIN_GROUPS

if TYPE_CHECKING:
    from tests.fidelity.conftest import Desk

NOBODY: Final = "nobody@example.com"
ADD: Final = {"user": NOBODY, "do": [{"add": {"group": ["DevOps"]}}]}
CHALLENGE: Final = 'Bearer realm="JIL", error="invalid_token", error_description="The access token is invalid"'


@attrs.frozen(kw_only=True)
class Difference:
    """One line of the section: what is looked at, and what is seen of it in either form."""

    settings: tuple[str, ...]
    look: Callable[[Desk], Any]
    documented: Any
    live: Any


def memberships(desk: Desk) -> int:
    """The longest list of groups that a step may have."""
    names = [group.name for group in desk.world.organization().catalog.user_groups() if not group.read_only]
    names += [group.name for group in desk.world.organization().catalog.profiles()]
    names += [f"_admin_{name}" for name in names]
    longest = 0
    for count in (10, 11, 20, 21):
        if desk.codes({"user": "jdoe@example.com", "do": [{"add": {"group": names[:count]}}]}) == []:
            longest = count
    return longest


def removal_of_nobody(desk: Desk) -> list[tuple[int, int, str]]:
    """What the removal of a user who is not there leads to."""
    return desk.codes({"user": NOBODY, "do": [{"removeFromOrg": {}}]})


def nobody_in_test_mode(desk: Desk) -> list[tuple[int, int, str]]:
    """What test mode says to a step on a user who is not there."""
    return desk.codes(ADD, test_mode=True)


def user_name_after_a_new_email(desk: Desk) -> Any:
    """The user name of an account whose e-mail was changed."""
    assert desk.codes({"user": "jdoe@example.com", "do": [{"update": {"email": "john@example.com"}}]}) == []
    user = desk.user("john@example.com")
    assert user is not None
    return user["username"]


def unauthorized(desk: Desk) -> Any:
    """The answer to a token that nobody gave out."""
    answer = desk.get("groups/{org}/0", headers={"Authorization": "Bearer wrong"})
    challenge = answer.headers.get("WWW-Authenticate")
    return (answer.status_code, challenge, answer.json() if answer.content else None)


def forbidden(desk: Desk) -> Any:
    """The answer to an API key that is not known."""
    answer = desk.get("groups/{org}/0", headers={"x-api-key": "wrong"})
    return (answer.status_code, answer.json() if answer.content else None)


def unused_admin_groups(desk: Desk) -> Any:
    """Whether the list of groups has an admin group that somebody is in, and one that nobody was ever in."""
    names = {group["groupName"] for group in desk.get("groups/{org}/0").json()["groups"]}
    return ("_admin_Marketing" in names, "_admin_Alumni" in names)


def page_sizes(desk: Desk) -> Any:
    """The number of users, and of groups, on a first page."""
    seed = default_seed()
    more = {
        "users": [*seed["users"], *({"email": f"u{n}@example.com", "type": "federatedID"} for n in range(2001))],
        "user_groups": [*seed["user_groups"], *({"name": f"G{n}"} for n in range(401))],
    }
    desk.seed(more)
    return (desk.get("users/{org}/0").headers["X-Page-Size"], desk.get("groups/{org}/0").headers["X-Page-Size"])


def second_look_at_page_0(desk: Desk) -> Any:
    """Page 0 of the users asked for twice, then announced as the start of a run; and page 1."""
    desk.set(throttle=True)
    statuses = [desk.get("users/{org}/0").status_code for _ in range(2)]
    statuses.append(desk.get("users/{org}/0", headers={"Pragma": "umapi-sync-start"}).status_code)
    return [*statuses, desk.get("users/{org}/1").status_code]


def lockout(desk: Desk) -> Any:
    """How long a client is told to wait that asks once too often."""
    desk.set(throttle=True)
    answers = [desk.get("groups/{org}/0") for _ in range(6)]
    return answers[-1].headers["Retry-After"]


DIFFERENCES: Final = (
    Difference(settings=("memberships_per_step",), look=memberships, documented=limits.MAX_GROUPS, live=20),
    Difference(
        settings=("remove_absent_user_fails",),
        look=removal_of_nobody,
        documented=[],
        live=[(0, 0, "error.user.nonexistent")],
    ),
    Difference(
        settings=("test_mode_needs_user",),
        look=nobody_in_test_mode,
        documented=[],
        live=[(0, 0, "error.user.nonexistent")],
    ),
    Difference(
        settings=("username_follows_email",),
        look=user_name_after_a_new_email,
        documented="john@example.com",
        live="jdoe@example.com",
    ),
    Difference(
        settings=("unauthorized_body",),
        look=unauthorized,
        documented=(401, CHALLENGE, None),
        live=(
            401,
            None,
            {"lastPage": False, "result": "error.unauthorized", "message": "Failed to authenticate provided token"},
        ),
    ),
    Difference(
        settings=("forbidden_body",),
        look=forbidden,
        documented=(403, None),
        live=(403, {"error_code": "403003", "message": "Api Key is invalid"}),
    ),
    Difference(
        settings=("list_unused_admin_groups",),
        look=unused_admin_groups,
        documented=(True, True),
        live=(True, False),
    ),
    Difference(
        settings=("users_page_size", "groups_page_size"),
        look=page_sizes,
        documented=("2000", "400"),
        live=("400", "200"),
    ),
    Difference(
        settings=("first_page_lockout_seconds",),
        look=second_look_at_page_0,
        documented=[200, 200, 200, 200],
        live=[200, 429, 200, 200],
    ),
    Difference(settings=("lockout_seconds",), look=lockout, documented="60", live="1800"),
)


def name_of(difference: Difference) -> str:
    """The id of a test."""
    return difference.settings[0]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=name_of)
def test_as_documented(desk: Desk, difference: Difference) -> None:
    """Without any setting the server does what Adobe's pages say."""
    assert difference.look(desk) == difference.documented


@pytest.mark.parametrize("difference", DIFFERENCES, ids=name_of)
def test_as_seen_live_by_its_own_setting(desk: Desk, difference: Difference) -> None:
    """Each difference has a setting of its own, which brings about that one alone."""
    live = Settings.live().as_dict()
    desk.set(**{name: live[name] for name in difference.settings})
    for other in DIFFERENCES:
        if other.settings != difference.settings and other.look in (unauthorized, forbidden, unused_admin_groups):
            assert other.look(desk) == other.documented
    assert difference.look(desk) == difference.live


@pytest.mark.parametrize("difference", DIFFERENCES, ids=name_of)
def test_as_seen_live_by_the_profile(desk: Desk, difference: Difference) -> None:
    """The profile `live` has all differences at once."""
    desk.world.settings = Settings.live()
    assert difference.look(desk) == difference.live


def test_the_profile_differs_from_the_documentation_in_these_settings_alone() -> None:
    """What the profile `live` changes is all tested here, so that no difference comes in unnoticed."""
    documented, live = Settings().as_dict(), Settings.live().as_dict()
    changed = {name for name in documented if documented[name] != live[name]}
    assert changed == {name for difference in DIFFERENCES for name in difference.settings}


def test_a_seed_holds_what_the_schemas_allow() -> None:
    """Names in a seed are as long as the schemas let them be, and no longer."""
    steps, command = schemas.read("user-steps.json")["$defs"], schemas.read("command.json")["$defs"]
    seed = packaged("seed.schema.json")["$defs"]
    user = seed["User"]["properties"]
    assert seed["Name"]["maxLength"] == steps["GroupName"]["maxLength"]
    assert user["email"]["maxLength"] == command["UserCommand"]["properties"]["user"]["maxLength"]
    assert user["domain"]["maxLength"] == command["UserCommand"]["properties"]["domain"]["maxLength"]
    assert user["username"]["maxLength"] == steps["UpdateUser"]["properties"]["username"]["maxLength"]
    assert user["firstname"]["maxLength"] == user["lastname"]["maxLength"] == steps["PersonName"]["maxLength"]
    assert all(re.fullmatch(str(user["country"]["pattern"]), str(code)) for code in steps["Country"]["enum"])
    assert set(user["type"]["enum"]) == set(steps["IdentityType"]["enum"])


def test_every_organisation_has_the_fixed_admin_groups_of_the_schemas(desk: Desk) -> None:
    """The users of each admin group with a fixed name can be asked for, and those of no other such name."""
    names = vocabulary.UNTOUCHABLE_GROUPS | FIXED_ADMIN_GROUPS.keys() | {"_billing_admin"}
    found = {name for name in names if desk.get(f"users/{{org}}/0/{name}").status_code == 200}
    assert found == FIXED_ADMIN_GROUPS.keys()


def test_limits_of_the_schemas_stand_nowhere_else(desk: Desk) -> None:
    """The default for memberships is the schema's, and one command more than the schema allows is refused."""
    assert Settings().memberships_per_step == limits.MAX_GROUPS
    command = {"user": "jdoe@example.com", "do": [{"update": {"firstname": "J"}}]}
    assert desk.post([command] * limits.MAX_COMMANDS).status_code == 200
    answer = desk.post([command] * (limits.MAX_COMMANDS + 1))
    assert (answer.status_code, answer.json()["result"]) == (400, "error.command.malformed")
    assert str(limits.MAX_COMMANDS) in answer.json()["message"]

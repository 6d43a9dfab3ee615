"""Inference: the organisation that a recording implies, fact by fact, and sessions made up at random."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umapi_harness.contract import Grade, verify
from umapi_harness.contract.inference import infer
from umapi_harness.contract.recordings import Recording
from umapi_harness.mock import Settings, build_seed
from umapi_sessions import SEED, Session, judges


def _inferred(session: Session) -> dict[str, Any]:
    """The seed of the one organisation, which the mock server takes."""
    (seed,) = infer(session.exchanges).seeds
    build_seed(seed)
    return seed


def _create(email: str, step: str = "createEnterpriseID", **more: str) -> dict[str, Any]:
    fields = {"email": email, "firstname": "A", "lastname": "B", "country": "US", **more}
    return {"user": email, "do": [{step: fields}]}


def _user(seed: dict[str, Any], email: str) -> dict[str, Any]:
    (found,) = [user for user in seed["users"] if user["email"].lower() == email.lower()]
    return dict(found)


def test_a_listing_tells_users_domains_and_technical_accounts() -> None:
    """Users come with all that is shown, domains with the type of their users, and who is counted only is a number."""
    session = Session(SEED)
    session.users()
    seed = _inferred(session)
    assert seed["technical_accounts"] == 3
    assert seed["domains"] == [
        {"name": "e.example", "type": "enterpriseID"},
        {"name": "f.example", "type": "federatedID"},
    ]
    assert _user(seed, "bob@f.example") | {"id": ""} == {
        "email": "bob@f.example",
        "type": "federatedID",
        "username": "bob",
        "domain": "f.example",
        "country": "FR",
        "groups": ["Paint"],
        "id": "",
    }


def test_codes_tell_of_domains_and_accounts_elsewhere() -> None:
    """Refusals tell which domains are foreign, of another type or nobody's, and whose invitation is open."""
    session = Session(SEED)
    session.act(
        [
            _create("x@other.example"),
            _create("x@f.example"),
            _create("x@nobody.example"),
            {"user": "eve@mail.example", "do": [{"addAdobeID": {"email": "eve@mail.example"}}]},
        ]
    )
    seed = _inferred(session)
    assert seed["foreign_domains"] == ["other.example"]
    assert seed["domains"] == [{"name": "f.example", "type": "federatedID"}]
    assert seed["outsiders"] == [{"email": "eve@mail.example", "state": "invited"}]


def test_who_comes_back_otherwise_was_in_the_directory() -> None:
    """A created user who is listed with other letters or another country is an account of the directory."""
    session = Session(SEED)
    session.act([_create("dee@e.example"), _create("new@e.example")])
    session.users()
    seed = _inferred(session)
    assert [(one["email"], one["country"]) for one in seed["directory"]] == [("Dee@E.example", "DE")]
    assert {user["email"] for user in seed["users"]} == {"Ann@e.example", "bob@f.example", "cy@mail.example"}


_KNOWN = {"firstname": "A", "lastname": "B", "country": "US"}
DIRECTORY: tuple[tuple[dict[str, str], str], ...] = (
    ({"email": "eva@e.example", "type": "enterpriseID", "username": "eva@e.example"}, "eva@e.example"),
    ({"email": "eva@e.example", "type": "enterpriseID", "username": "eva", "domain": "f.example"}, "eva@e.example"),
    ({"email": "fay@f.example", "type": "federatedID", "username": "FAY@f.example"}, "fay@f.example"),
    ({"email": "fay@f.example", "type": "federatedID", "username": "fay", "domain": "g.example"}, "fay"),
    ({"email": "gil@mail.example", "type": "adobeID", "username": "gil"}, "gil@mail.example"),
)


@pytest.mark.parametrize("option", ["", "ignoreIfAlreadyExists", "updateIfAlreadyExists"])
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize(("account", "user"), DIRECTORY, ids=lambda value: value if isinstance(value, str) else "")
def test_who_comes_back_under_another_user_name_was_in_the_directory(
    account: dict[str, str], user: str, option: str, changed: bool
) -> None:
    """So was who is created after everybody was listed, and comes with a user name or domain that nobody asked for."""
    domains = [*SEED["domains"], {"name": "g.example", "type": "federatedID"}]
    session = Session({**SEED, "domains": domains, "directory": [{**_KNOWN, **account}]})
    session.users()
    step = {"adobeID": "addAdobeID", "enterpriseID": "createEnterpriseID", "federatedID": "createFederatedID"}
    create = _create(account["email"], step[account["type"]], **({"option": option} if option else {}))
    session.act([{**create, "user": user}])
    if changed:
        session.act([{"user": account["email"], "do": [{"update": {"lastname": "C"}}]}])
    session.users()
    session.act([{"user": user, "do": [{"update": {"firstname": "Z"}}]}])
    session.users()
    session.user(account["email"])
    assert _verified(session)[0] == []


def test_a_user_name_of_another_account_is_found() -> None:
    """A Federated ID that was created under a user name and is listed under another one is a MUST."""
    session = Session(SEED)
    session.users()
    session.act([_create("fay@f.example", "createFederatedID")])
    session.users()
    (*others, listing) = session.exchanges
    body = listing.response.body.replace(b'"username":"fay@f.example"', b'"username":"may@f.example"')
    assert body != listing.response.body
    changed = attrs.evolve(listing, response=attrs.evolve(listing.response, body=body))
    findings = verify([Recording(path="name", exchanges=(*others, changed))], judges()).findings
    assert [one.place for one in findings if one.grade is Grade.MUST] == ["body /users/3/username"]


@pytest.mark.parametrize("listed_first", [True, False])
def test_who_is_created_again_and_renamed_was_in_no_directory(listed_first: bool) -> None:
    """What later actions make of somebody created tells nothing of the start, by whatever name they call him."""
    session = Session(SEED)
    if listed_first:
        session.users()
    session.act([_create("eva@f.example", "createFederatedID", option="ignoreIfAlreadyExists")])
    session.act([{**_create("fay@f.example", "createFederatedID"), "user": "fay"}])
    for option in ("ignoreIfAlreadyExists", "updateIfAlreadyExists"):
        session.act([_create("eva@f.example", "createFederatedID", firstname="Evita", option=option)])
        session.user("eva@f.example")
    session.act([{"user": "eva@f.example", "do": [{"update": {"email": "eve@f.example"}}]}])
    session.act([{"user": "fay", "domain": "f.example", "do": [{"update": {"username": "may"}}]}])
    session.user("eva@f.example")
    session.user("eve@f.example")
    session.user("fay@f.example")
    session.users()
    assert _verified(session)[0] == []
    assert _inferred(session).get("directory", []) == []


def test_who_is_of_unknown_type_was_there_before_he_was_to_be_created() -> None:
    """No action makes an account of unknown type: a create step that succeeded has met it, in the organisation."""
    session = Session({**SEED, "users": [*SEED["users"], {"email": "strange@e.example", "type": "unknown"}]})
    session.act([_create("strange@e.example", option="ignoreIfAlreadyExists")])
    session.users()
    assert _verified(session)[0] == []
    assert _user(_inferred(session), "strange@e.example")["type"] == "unknown"


def test_what_actions_changed_is_taken_back() -> None:
    """A later listing shows renamed users, new groups and memberships; none of it was so at the start."""
    session = Session(SEED)
    session.act(
        [
            {"user": "bob@f.example", "do": [{"update": {"email": "rob@f.example"}}, {"add": {"group": ["Artists"]}}]},
            {"usergroup": "Artists", "do": [{"updateUserGroup": {"name": "Painters"}}]},
            {"usergroup": "New", "do": [{"createUserGroup": {}}]},
        ]
    )
    session.users()
    session.groups()
    seed = _inferred(session)
    assert _user(seed, "bob@f.example")["groups"] == ["Paint"]
    assert _user(seed, "ann@e.example")["groups"] == ["Artists"]
    assert [group["name"] for group in seed["user_groups"]] == ["Artists", "Shared"]


def test_messages_tell_which_groups_there_are() -> None:
    """A group that a message calls missing is not there; those named before it, shared ones and targets are."""
    session = Session(SEED)
    session.act(
        [
            {"user": "bob@f.example", "do": [{"add": {"group": ["Artists", "Nowhere", "Paint"]}}]},
            {"usergroup": "Shared", "do": [{"deleteUserGroup": {}}]},
            {"usergroup": "Gone", "do": [{"deleteUserGroup": {}}]},
        ]
    )
    seed = _inferred(session)
    assert seed["user_groups"] == [{"name": "Artists"}, {"name": "Shared", "read_only": True}]


def test_page_sizes_follow_from_pages() -> None:
    """The size of a page that is not the last is that of the server's pages."""
    session = Session(SEED, Settings(users_page_size=4, groups_page_size=5))
    session.users()
    session.groups()
    assert infer(session.exchanges).settings == {"users_page_size": 4, "groups_page_size": 5}


def test_an_organisation_on_the_move() -> None:
    """A refusal of everything because the organisation migrates is a fact about it."""
    session = Session({**SEED, "migrating": True})
    session.act([_create("x@e.example")])
    assert _inferred(session)["migrating"] is True


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ({"user": "bob@f.example", "do": [{"remove": {"group": ["Paint"]}}]}, "the type of bob@f.example"),
        (_create("new@e.example", option="ignoreIfAlreadyExists"), "whether new@e.example was in the organisation"),
    ],
)
def test_what_an_answer_leaves_open_is_noted(command: dict[str, Any], what: str) -> None:
    """Where a success has several causes, the one that is taken is said."""
    session = Session(SEED)
    session.act([command])
    assert [one for one in infer(session.exchanges).unknown if what in one.what and one.taken]


def test_a_later_code_corrects_what_was_taken() -> None:
    """A type that was only taken for a user and his domain gives way to the one that a code tells of."""
    session = Session(SEED)
    session.act([{"user": "ann@e.example", "do": [{"update": {"firstname": "Z"}}]}, _create("ann@e.example")])
    seed = _inferred(session)
    assert (_user(seed, "ann@e.example")["type"], seed["domains"][0]["type"]) == ("enterpriseID", "enterpriseID")


def _verified(session: Session) -> tuple[list[str], list[str]]:
    """MUST findings, and the others."""
    findings = verify([session.recording()], judges()).findings
    musts = [str(one) for one in findings if one.grade is Grade.MUST]
    return musts, [str(one) for one in findings if one.grade is not Grade.MUST]


TECHNICAL = {**SEED, "technical_accounts": [{"groups": ["Paint"]}, {"groups": ["Paint", "Artists"]}, {}]}


def test_technical_accounts_are_members_of_groups() -> None:
    """What a group counts beyond the users listed in it are technical accounts, and the seed has them in it."""
    session = Session(TECHNICAL)
    session.users()
    session.groups()
    assert _verified(session)[0] == []
    members = [name for account in _inferred(session)["technical_accounts"] for name in account.get("groups", ())]
    assert sorted(members) == ["Artists", "Paint", "Paint"]


def test_the_headers_of_a_groups_listing_count_its_technical_accounts() -> None:
    """With a change between the listings, the listing of a group's members tells how many of them are technical."""
    session = Session(TECHNICAL)
    session.users()
    session.act([{"user": "bob@f.example", "do": [{"add": {"group": ["Artists"]}}]}])
    session.users("Paint")
    session.groups()
    musts, others = _verified(session)
    assert musts == []
    assert [one for one in others if "how many technical accounts are members of Artists" in one]
    assert not [one for one in others if "how many technical accounts are members of Paint" in one]


def test_a_count_that_is_wrong_is_still_found() -> None:
    """A group that counts more members than users and technical accounts together explain is a MUST."""
    session = Session({**SEED, "technical_accounts": 0})
    session.users()
    session.groups()
    (*others, groups) = session.exchanges
    body = groups.response.body.replace(
        b'"groupName":"Artists","memberCount":1', b'"groupName":"Artists","memberCount":2'
    )
    assert body != groups.response.body
    changed = attrs.evolve(groups, response=attrs.evolve(groups.response, body=body))
    findings = verify([Recording(path="count", exchanges=(*others, changed))], judges()).findings
    assert [one.place for one in findings if one.grade is Grade.MUST] == ["body /groups/7/memberCount"]


TWINS = {**SEED, "users": [*SEED["users"], {"email": "bob@f.example", "type": "adobeID", "firstname": "Own"}]}


def test_two_accounts_share_an_address() -> None:
    """Actions on two accounts of one address before anybody is listed give no wrong difference."""
    session = Session(TWINS)
    session.act([{"user": "bob@f.example", "useAdobeID": True, "do": [{"add": {"group": ["Artists"]}}]}])
    session.act([{"user": "bob@f.example", "do": [{"update": {"firstname": "Rob"}}, {"remove": {"group": ["Paint"]}}]}])
    session.users()
    assert _verified(session)[0] == []


def test_who_comes_and_goes_before_the_first_listing_is_in_doubt() -> None:
    """Of an account that was created, removed and created again, the directory may know more than was asked for."""
    session = Session(SEED)
    again = _create("dee@e.example", option="updateIfAlreadyExists")
    session.act([again])
    session.act([{"user": "dee@e.example", "do": [{"removeFromOrg": {}}]}])
    session.act([again])
    session.users()
    musts, others = _verified(session)
    assert musts == []
    assert [one for one in others if "dee@e.example" in one]


def test_what_was_listed_is_in_no_doubt() -> None:
    """The same after a listing is compared: an outcome that the mock server does not have is a MUST."""
    session = Session(TWINS)
    session.users()
    session.groups()
    session.act([{"user": "bob@f.example", "do": [{"update": {"firstname": "Rob"}}, {"remove": {"group": ["Paint"]}}]}])
    assert _verified(session)[0] == []
    (*others, action) = session.exchanges
    body = b'{"completed":0,"notCompleted":1,"completedInTestMode":0,"result":"error","errors":[{"index":0,"step":0,'
    body += b'"errorCode":"error.update.adobeid.no","message":"An Adobe ID cannot be updated: bob@f.example"}]}'
    changed = attrs.evolve(action, response=attrs.evolve(action.response, body=body))
    findings = verify([Recording(path="twins", exchanges=(*others, changed))], judges()).findings
    assert "body /errors" in [one.place for one in findings if one.grade is Grade.MUST]


def test_commands_that_the_sdk_sends_in_another_order() -> None:
    """A command waits for the one on its user, and later ones on its group overtake it: each gets its own outcome."""
    session = Session(SEED)
    joins = [{"usergroup": "Artists", "do": [{"add": {"user": [user]}}]} for user in ("ann@e.example", "BOB@f.example")]
    session.act([_create("ann@e.example", "createEnterpriseID"), *joins])
    findings = verify([session.recording()], judges()).findings
    assert [str(one) for one in findings if one.grade is not Grade.MAY] == []


# Sessions at random

_PEOPLE = ["ann@e.example", "BOB@f.example", "u1@e.example", "u2@f.example", "dee@e.example", "x@other.example"]
_GROUPS = ["Artists", "artists", "Paint", "Shared", "Nowhere", "New", "_admin_Artists"]
_emails, _names = st.sampled_from(_PEOPLE), st.sampled_from(_GROUPS)
_memberships = st.builds(lambda step, name: {step: {"group": [name]}}, st.sampled_from(["add", "remove"]), _names)
_updates = st.sampled_from([{"update": {"firstname": "Z"}}, {"update": {"email": "u9@f.example"}}])
_creates = st.builds(_create, _emails, st.sampled_from(["createEnterpriseID", "createFederatedID"]))
_changes = st.builds(
    lambda email, steps: {"user": email, "do": steps},
    _emails,
    st.lists(_memberships | _updates, min_size=1, max_size=2),
)
_removals = st.builds(lambda email: {"user": email, "do": [{"removeFromOrg": {}}]}, _emails)
_group_steps = st.sampled_from([{"createUserGroup": {}}, {"deleteUserGroup": {}}, {"updateUserGroup": {"name": "New"}}])
_members = st.builds(lambda step, email: {step: {"user": [email]}}, st.sampled_from(["add", "remove"]), _emails)
_groups = st.builds(
    lambda name, step: {"usergroup": name, "do": [step]},
    st.sampled_from(["Artists", "New", "Shared"]),
    _group_steps | _members,
)
_requests = st.lists(_creates | _changes | _removals | _groups, min_size=1, max_size=3)
_looks = st.sampled_from([("users", ()), ("groups", ()), ("users", ("Artists",)), ("user", ("bob@f.example",))])


@settings(max_examples=25)
@given(calls=st.lists(_requests | _looks, min_size=1, max_size=6), size=st.sampled_from([2000, 2]))
def test_any_session_agrees_with_itself(calls: list[Any], size: int) -> None:
    """Whatever a client does and asks, from the recording alone the same answers come again, and the SDK reads them."""
    session = Session(SEED, Settings(users_page_size=size))
    for call in calls:
        if isinstance(call, list):
            session.act(call)
        else:
            name, arguments = call
            getattr(session, name)(*arguments)
    findings = verify([session.recording()], judges()).findings
    assert [str(one) for one in findings if one.grade is not Grade.MAY] == []


def test_nobody_was_in_a_group_that_a_recorded_action_made() -> None:
    """Whom a refused step named before the one who is missing was found, and is in no group that is not there yet."""
    session = Session(SEED)
    session.act(
        [{"usergroup": "New", "do": [{"createUserGroup": {}}, {"add": {"user": ["bob@f.example", "no@f.example"]}}]}]
    )
    assert not _user(_inferred(session), "bob@f.example").get("groups")
    assert [str(one) for one in verify([session.recording()], judges()).findings if one.grade is Grade.MUST] == []


def test_a_refused_addition_tells_of_no_membership() -> None:
    """That somebody else is missing does not make those named before him members."""
    session = Session(SEED)
    session.act([{"usergroup": "Artists", "do": [{"add": {"user": ["bob@f.example", "no@f.example"]}}]}])
    assert not _user(_inferred(session), "bob@f.example").get("groups")


def test_a_group_that_came_meanwhile_was_not_there_at_the_start() -> None:
    """Somebody shown in a group that the listing of all groups lacks is seeded without it: the state can be built."""
    session = Session(SEED)
    session.groups()
    before = len(session.exchanges)
    session.act([{"usergroup": "New", "do": [{"createUserGroup": {}}, {"add": {"user": ["bob@f.example"]}}]}])
    del session.exchanges[before:]  # another client's
    session.user("bob@f.example")
    assert _user(_inferred(session), "bob@f.example")["groups"] == ["Paint"]

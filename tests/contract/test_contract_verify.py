"""Verification as a whole: the corpus agrees, sessions explain themselves, strangers are left out and named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from umapi_harness.contract import Finding, Grade, Verification, own_judges, verify
from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, Recording
from umapi_harness.mock import Settings
from umapi_sessions import ORG, ROOT, SEED, Session, elsewhere, judges, lively_session

CORPUS = sorted((Path(__file__).parent / "recordings").glob("*.har"))


def musts(verification: Verification) -> list[str]:
    """The findings that must not be, as text."""
    return [str(one) for one in verification.findings if one.grade is Grade.MUST]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_agrees(path: Path) -> None:
    """Every exchange made from Adobe's pages agrees with the schemas, the SDK and the mock server."""
    verification = verify([path], judges())
    assert musts(verification) == []
    assert all(verdict.judged for verdict in verification.files[0].verdicts)


@pytest.mark.parametrize("size", [2000, 3])
def test_a_session_is_explained_by_itself(size: int) -> None:
    """From what a session shows, the organisation at its start is found, so that all its answers come again."""
    session = lively_session(Settings(users_page_size=size, groups_page_size=max(size, 4)))
    verification = verify([session.recording()], own_judges())
    assert musts(verification) == []
    assert [one for one in verification.findings if one.grade is Grade.SHOULD] == []
    assert verification.files[0].verdicts[-1].judged == len(session.exchanges)


EXPLAINED: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"remove_absent_user_fails": True}, {"user": "no@f.example", "do": [{"removeFromOrg": {}}]}),
    ({"deprecated_warnings": False}, {"user": "bob@f.example", "do": [{"remove": {"product": ["Paint"]}}]}),
    (
        {"known_member_fails": True},
        {"usergroup": "Artists", "do": [{"add": {"user": ["ann@e.example", "bob@f.example"]}}]},
    ),
    ({"breakdown": "error.internal.update_failed"}, {"user": "bob@f.example", "do": [{"update": {"firstname": "B"}}]}),
    (
        {"memberships_per_step": 20},
        {"user": "bob@f.example", "do": [{"remove": {"group": [f"G{number}" for number in range(11)]}}]},
    ),
)


@pytest.mark.parametrize(("settings", "command"), EXPLAINED, ids=lambda value: next(iter(value)))
def test_a_setting_explains_a_difference(settings: dict[str, Any], command: dict[str, Any]) -> None:
    """What a named setting explains is no MUST, and the finding names the setting and how to give it."""
    session = Session(SEED, Settings().changed(settings))
    session.users()
    session.act([command])
    verification = verify([session.recording()], own_judges())
    found = [one for one in verification.findings if one.grade is not Grade.MAY]
    assert {one.grade for one in found} == {Grade.SHOULD}
    assert [dict(one.settings) for one in found] == [settings] * len(found)
    ((name, _),) = settings.items()
    assert all(f"--setting {name}=" in one.remedy for one in found)


def test_two_settings_explain_a_difference_together() -> None:
    """Where one setting is not enough, a small combination is found."""
    session = Session(SEED, Settings(remove_absent_user_fails=True, deprecated_warnings=False))
    session.users()
    session.act(
        [
            {"user": "no@f.example", "do": [{"removeFromOrg": {}}]},
            {"user": "bob@f.example", "do": [{"remove": {"product": ["Paint"]}}]},
        ]
    )
    verification = verify([session.recording()], own_judges())
    named = {name for one in verification.findings for name in one.settings}
    assert musts(verification) == []
    assert named == {"remove_absent_user_fails", "deprecated_warnings"}


def test_a_decided_setting_is_not_tried_otherwise() -> None:
    """A setting that the user gives is in force, and no other value of it is looked for."""
    session = Session(SEED, Settings(remove_absent_user_fails=True))
    session.act([{"user": "no@f.example", "do": [{"removeFromOrg": {}}]}])
    recording = [session.recording()]
    assert verify(recording, own_judges(changes={"remove_absent_user_fails": True})).count(Grade.SHOULD) == 0
    assert musts(verify(recording, own_judges(changes={"remove_absent_user_fails": False})))


def test_a_profile_begins_where_the_recording_was_made() -> None:
    """What the live profile does differently needs no explanation where the verification begins with it."""
    session = Session(SEED, Settings.live())
    session.send("GET", f"{ROOT}/users/{ORG}/0", headers={"X-Api-Key": "k", "Authorization": "Bearer wrong"})
    session.act([{"user": "no@f.example", "do": [{"removeFromOrg": {}}]}])
    verification = verify([session.recording()], own_judges(settings=Settings.live()))
    assert [one for one in verification.findings if one.grade is not Grade.MAY] == []


def test_what_cannot_be_inferred_is_said() -> None:
    """A recording that shows too little is judged where it can be, and says what it leaves open."""
    session = Session(SEED, Settings(users_page_size=2))
    session.act([{"user": "bob@f.example", "do": [{"add": {"group": ["Artists"]}}]}])
    session.users()
    session.groups()
    kept = [one for one in session.exchanges if not one.request.url.endswith("/users/ABCDEF@AdobeOrg/1")]
    verification = verify([Recording(path="part", exchanges=tuple(kept))], own_judges())
    mock = verification.files[0].verdicts[-1]
    assert musts(verification) == []
    assert sum(count for reason, count in mock.unjudged.items() if "nobody knows who is on the others" in reason) == 2
    told = [one.problem for one in mock.findings]
    assert any("does not tell what was true of the members of" in text for text in told)


def test_kinds_of_groups_are_left_open() -> None:
    """Names of groups that only users show are user groups or profiles: that is said, not decided in silence."""
    session = Session(SEED)
    session.users()
    problems = [one.problem for one in verify([session.recording()], own_judges()).findings]
    assert (
        "not inferable: which of these are user groups and which are profiles: Artists, Paint; taken: user groups"
    ) in problems


def _stranger(url: str, method: str = "GET", status: int = 200) -> Exchange:
    return Exchange(
        name=url,
        where="browser#/0",
        request=RecordedRequest(method=method, url=url),
        response=RecordedResponse(status=status, body=b"<html>"),
    )


def test_strangers_are_left_out_and_named() -> None:
    """Requests of a browser for other hosts, questions before requests and aborted ones are none of the API's."""
    session = Session(SEED)
    session.users()
    strangers = (
        _stranger("https://fonts.example/a.woff"),
        _stranger("https://shop.example/status"),
        _stranger("https://shop.example/users/1"),
        _stranger(f"{ROOT}/users/{ORG}/0", "OPTIONS"),
        _stranger(f"{ROOT}/users/{ORG}/0", status=0),
    )
    recording = Recording(path="browser", exchanges=(*strangers, *session.exchanges))
    (file,) = verify([recording], judges()).files
    assert len(file.recording.exchanges) == 1
    assert dict(file.foreign) == {
        "not the API's: fonts.example": 1,
        "not the API's: shop.example": 2,
        "a browser's question before the request (OPTIONS)": 1,
        "no answer was recorded": 1,
    }


BEHIND = ("https://proxy.corp.example/umapi/v2/usermanagement", "http://gateway.example/adobe/people")


@pytest.mark.parametrize("root", BEHIND)
def test_an_api_behind_another_path_is_judged_alike(root: str) -> None:
    """What a proxy has before the API's paths, or in place of their root, changes nothing of what is found."""
    session = lively_session()
    session.exchanges[-1] = attrs.evolve(
        session.exchanges[-1],
        response=attrs.evolve(
            session.exchanges[-1].response,
            body=session.exchanges[-1].response.body.replace(b'"Young"', b'"Old"'),
        ),
    )
    plain, behind = (verify([one], judges()) for one in (session.recording(), elsewhere(session.recording(), root)))
    assert musts(plain)
    assert [(one.grade, one.judge, one.operation, one.place, one.problem, one.remedy) for one in behind.findings] == [
        (one.grade, one.judge, one.operation, one.place, one.problem, one.remedy) for one in plain.findings
    ]
    assert [one.judged for one in behind.files[0].verdicts] == [one.judged for one in plain.files[0].verdicts]
    token = _stranger("https://proxy.corp.example/adobe/ims/token/v3", "POST", 400)
    assert verify([Recording(path="f.har", exchanges=(token,))]).files[0].verdicts[0].judged == 1


def test_other_services_of_adobe_are_strangers() -> None:
    """A path with an organisation's id on a host of Adobe's own is not taken for the API's without its root."""
    url = f"https://bps-il.adobe.io/jil-api/v2/organizations/{ORG}/users/1@f.example"
    exchanges = (*lively_session().exchanges, _stranger(url))
    verification = verify([Recording(path="f.har", exchanges=exchanges)], own_judges())
    assert verification.files[0].foreign == {"not the API's: bps-il.adobe.io": 1}


def test_two_organisations_share_a_recording() -> None:
    """Each organisation of a recording has a state of its own."""
    session = Session(SEED)
    session.users()
    other = [
        attrs.evolve(
            one,
            where=f"{one.where}-other",
            request=attrs.evolve(one.request, url=one.request.url.replace(ORG, "FEDCBA@AdobeOrg")),
        )
        for one in session.exchanges
    ]
    recording = Recording(path="two", exchanges=(*session.exchanges, *other))
    verification = verify([recording], own_judges())
    assert musts(verification) == []
    assert verification.files[0].verdicts[-1].judged == 2


def _deprecated_session() -> Session:
    session = Session(SEED)
    session.users()
    session.groups()
    for path in ("users", "user-groups", "products"):
        session.send("GET", f"{ROOT}/{ORG}/{path}")
    profile = next(one["id"] for one in session.exchanges[-1].response.json())
    group = next(one for one in session.exchanges[1].response.json()["groups"] if one["groupName"] == "Paint")[
        "groupId"
    ]
    path = f"{ROOT}/{ORG}/products/{profile}/configurations"
    session.send("POST", f"{path}/RGRP-{group}", {"addUsers": ["ann@e.example"]})
    for end in ("", f"/RGRP-{group}", f"/RGRP-{group}/users"):
        session.send("GET", path + end)
    return session


def test_deprecated_operations_are_played() -> None:
    """Deprecated calls are put to the mock server too; the SDK has none, and says so."""
    session = _deprecated_session()
    (file,) = verify([session.recording()], judges()).files
    judged = {verdict.judge: (verdict.judged, dict(verdict.unjudged)) for verdict in file.verdicts}
    assert judged["mock"] == (len(session.exchanges), {})
    assert judged["sdk"] == (2, {"the SDK has no call for this operation": 7})
    assert [one for one in file.findings if one.grade is Grade.MUST] == []


@pytest.mark.parametrize(
    ("place", "old", "new"), [(3, b'"Artists"', b'"Painters"'), (7, b'"userCount":2', b'"userCount":3')]
)
def test_a_difference_in_a_deprecated_answer_is_found(place: int, old: bytes, new: bytes) -> None:
    """Once everybody has been listed, what a deprecated operation shows otherwise is a MUST."""
    session = _deprecated_session()
    one = session.exchanges[place]
    assert old in one.response.body
    body = one.response.body.replace(old, new)
    session.exchanges[place] = attrs.evolve(one, response=attrs.evolve(one.response, body=body))
    found = [one for one in verify([session.recording()], own_judges()).findings if one.grade is Grade.MUST]
    assert {one.judge for one in found} == {"mock"}


def test_ids_that_nothing_tells_are_not_judged() -> None:
    """An answer about a profile by an id that no other answer shows is left out, with the reason."""
    session = _deprecated_session()
    alone = Recording(path="alone", exchanges=tuple(session.exchanges[-1:]))
    (file,) = verify([alone], own_judges()).files
    assert dict(file.verdicts[-1].unjudged) == {"the recording does not tell which product has that id": 1}


def test_drift_of_many_entries_is_one_finding() -> None:
    """A new field in every entry is told once, with the number of further places."""
    session = Session(SEED)
    session.users()
    (one,) = session.exchanges
    body = one.response.json()
    body["users"] = [{**user, "tags": ["new"]} for user in body["users"]]
    changed = attrs.evolve(one, response=attrs.evolve(one.response, body=json.dumps(body).encode()))
    verification = verify([Recording(path="drift", exchanges=(changed,))], own_judges()[1:2])
    (found,) = verification.findings
    assert (found.grade, found.place, found.more) == (Grade.MAY, "body /users/0/tags", 2)


@pytest.mark.parametrize("accepted", [frozenset[str](), frozenset({"badgeHue"})])
def test_a_new_field_whose_name_is_a_pseudonym_is_told_with_the_remedy(accepted: frozenset[str]) -> None:
    """In a clean recording nobody can read what a new field is called, unless its name was accepted."""
    session = Session(SEED)
    session.users()
    (one,) = session.exchanges
    body = one.response.json()
    body["users"][0]["badgeHue"] = 7
    changed = attrs.evolve(one, response=attrs.evolve(one.response, body=json.dumps(body).encode()))
    cleaned = Cleaner(Pseudonyms("a key"), accepted).cleaned(changed)
    verification = verify([Recording(path="drift", exchanges=(cleaned,))], own_judges()[1:2])
    (found,) = verification.findings
    assert ("--accept NAME" in found.remedy, found.place.endswith("badgeHue")) == (not accepted, bool(accepted))


def _altered(change: Callable[[dict[str, Any]], Any]) -> Recording:
    """A session that acts before it lists, with the body of its listing of users, or of groups, changed."""
    session = Session(SEED)
    session.act([{"user": "bob@f.example", "do": [{"add": {"group": ["Artists"]}}]}])
    session.users()
    session.groups()
    for place, one in enumerate(session.exchanges[1:], 1):
        body = one.response.json()
        change(body)
        response = attrs.evolve(one.response, body=json.dumps(body).encode())
        session.exchanges[place] = attrs.evolve(one, response=response)
    return session.recording()


@pytest.mark.parametrize(("members", "called"), [(("email",), ", bob"), (("email", "username"), ", somebody without")])
def test_an_entry_without_an_address_is_called_something(members: tuple[str, ...], called: str) -> None:
    """What a finding says of somebody without an e-mail address has his user name, or says that he has none."""

    def change(body: dict[str, Any]) -> None:
        for entry in body.get("users", ())[1:2]:
            for member in members:
                del entry[member]

    problems = [one.problem for one in verify([_altered(change)], own_judges()).findings]
    (told,) = [one for one in problems if "what was true of" in one and "bob@f.example" in one]
    assert called in told
    assert "of  before" not in told
    assert ",  " not in told


@pytest.mark.parametrize("entry", ["x", None, 5, []])
def test_an_entry_that_is_no_object_is_found(entry: object) -> None:
    """It is a MUST of the judges of answers, of the SDK and of the mock server, in its place."""

    def change(body: dict[str, Any]) -> None:
        body["users" if "users" in body else "groups"][1] = entry

    found = [one for one in verify([_altered(change)], judges()).findings if one.grade is Grade.MUST]
    assert {(one.judge, one.entry) for one in found} >= {
        (name, f"/{place}") for name in ("response", "sdk", "mock") for place in (1, 2)
    }


@pytest.mark.parametrize("field", ["users", "groups"])
def test_a_listing_without_its_list_is_found(field: str) -> None:
    """A page that says success and has no entries, not even none, breaks the contract of answers."""
    recording = _altered(lambda body: body.pop(field, None))
    found = [one for one in verify([recording], own_judges()[1:2]).findings if one.grade is Grade.MUST]
    assert [(one.operation, one.place) for one in found] == [(field, f"body /{field}")]


UNBUILDABLE: tuple[tuple[str, dict[str, Any], list[dict[str, Any]]], ...] = (
    ("/users/1/email", {"email": "two words@e.example"}, []),
    ("/users/1/firstname", {"firstname": "x" * 500}, []),
    ("/users/0", {}, [{"org_id": ORG, "domains": SEED["domains"], "users": [{"email": "ann@e.example"}]}]),
)


@pytest.mark.parametrize(
    ("place", "fields", "seeds"), UNBUILDABLE, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_state_that_cannot_be_built_is_a_must(
    place: str, fields: dict[str, Any], seeds: list[dict[str, Any]]
) -> None:
    """Where the mock server cannot be put into the state, inferred or given, nothing was judged and nothing agrees."""
    recording = _altered(lambda body: [one.update(fields) for one in body.get("users", ())[1:2]])
    listings = attrs.evolve(recording, exchanges=recording.exchanges[1:])
    (verdict,) = verify([listings], own_judges(seeds=seeds)[2:]).files[0].verdicts
    (found,) = [one for one in verdict.findings if one.grade is Grade.MUST]
    assert (found.place, found.entry) == ("state", "")
    assert found.problem.startswith("the state that the recording implies cannot be built: ")
    assert f"{place}: " in found.problem
    assert (verdict.judged, dict(verdict.unjudged)) == (0, {"the state cannot be built": 2})


def test_findings_hold_no_secret_of_a_token_request() -> None:
    """A token request that breaks the schema is reported without its secret."""
    request = RecordedRequest(
        method="POST",
        url="https://ims-na1.adobelogin.com/ims/token/v2?client_secret=s3cr3t-in-the-url",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=b"client_secret=s3cr3t-in-the-form&grant_type=password",
    )
    answer = RecordedResponse(status=200, headers=(("Content-Type", "application/json"),), body=b'{"access_token": 5}')
    exchange = Exchange(name="token", where="t#/0", request=request, response=answer)
    findings: list[Finding] = list(verify([Recording(path="t", exchanges=(exchange,))], judges()).findings)
    assert Counter(one.grade for one in findings)[Grade.MUST] > 1
    assert "s3cr3t" not in repr(findings)

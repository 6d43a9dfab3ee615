"""The recordings of the live service: what they were made from is still in them, and nobody's name is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.cli import main
from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import Recording, load_folder
from umapi_harness.contract.replay import Replay
from umapi_harness.contract.verification import own_judges, verify
from umapi_harness.reading import SdkJudge
from umapi_models.vocabulary import COUNTRIES

LIVE = Path(__file__).parent / "live"


@pytest.fixture(scope="module")
def live() -> tuple[Recording, ...]:
    """All of them."""
    return load_folder(LIVE)


def _exchanges(live: tuple[Recording, ...], operation: str) -> list[Exchange]:
    return [one for recording in live for one in recording.exchanges if one.operation == operation]


def test_all_of_them_are_there(live: tuple[Recording, ...]) -> None:
    """27 recordings with 27 listings and 56 action requests of 498 commands, each with its cassette named."""
    actions = _exchanges(live, "action")
    commands = sum(len(json.loads(one.request.body)) for one in actions)
    assert (len(live), len(_exchanges(live, "users")), len(actions), commands) == (27, 27, 56, 498)
    assert len({one.source for recording in live for one in recording.exchanges}) == 27
    assert all("commit 997d156f" in one.source for recording in live for one in recording.exchanges)


def test_the_service_counts_accounts_that_it_does_not_list(live: tuple[Recording, ...]) -> None:
    """X-Page-Size and X-Total-Count are larger than the list, by the technical accounts: 27 of 27."""
    for listing in _exchanges(live, "users"):
        listed = len(listing.response.json()["users"])
        counts = {listing.response.header(name) for name in ("X-Page-Size", "X-Total-Count")}
        assert 70 < listed < 80
        assert [int(count or 0) > listed for count in counts] == [True]


def test_a_step_may_carry_every_country_that_the_service_shows(live: tuple[Recording, ...]) -> None:
    """Ten countries and UD are in the listings, and the schemas let a create step have each of them."""
    shown = {
        user["country"]
        for listing in _exchanges(live, "users")
        for user in listing.response.json()["users"]
        if "country" in user
    }
    assert (len(shown), "UD" in shown, shown - set(COUNTRIES)) == (11, True, set())


def test_relations_between_names_are_as_they_were(live: tuple[Recording, ...]) -> None:
    """User names that are e-mail addresses in capitals, and domains that are those of the addresses, still are."""
    users: list[dict[str, Any]] = [
        user for listing in _exchanges(live, "users") for user in listing.response.json()["users"]
    ]
    own = Counter(
        user["email"].rpartition("@")[2].lower() == user["domain"].lower() for user in users if "domain" in user
    )
    upper = sum(user["username"] == user["email"].upper() for user in users if user["type"] == "enterpriseID")
    enterprise = sum(user["type"] == "enterpriseID" for user in users)
    adobe = [user for user in users if user["type"] == "adobeID"]
    assert own[True] > 1900
    assert upper / enterprise > 0.9
    assert all(user["email"].lower().endswith(user["domain"].lower()) for user in adobe)
    assert any(not name.isascii() for user in users for name in user.get("groups", ()))


def test_bodies_have_the_length_that_the_service_announced(live: tuple[Recording, ...]) -> None:
    """Pseudonyms are as long as names, to the byte."""
    for recording in live:
        for one in recording.exchanges:
            assert one.response.header("Content-Length") == str(len(one.response.body))


def test_messages_and_codes_stay(live: tuple[Recording, ...]) -> None:
    """What the service says of failures is word for word as it was."""
    errors = Counter(
        (error["errorCode"], error["message"])
        for action in _exchanges(live, "action")
        for error in action.response.json().get("errors", ())
    )
    foreign = "Illegal to invite user from another organization's owned auth src"
    assert errors["error.user.belongs_to_another_org", foreign] == 437
    assert (
        errors[
            "error.user.type_mismatch", "The user type requested for the invite does not match the claimed domain type"
        ]
        == 4
    )


def test_each_word_of_them_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` proves the files clean, but for the words that say where they come from."""
    files = sorted(map(str, LIVE.glob("*.har")))
    assert main(["redact", "--check", "--accept", "apiplatform 997d156f cassette", *files]) == 0, (
        capsys.readouterr().out
    )


def test_request_ids_and_dates(live: tuple[Recording, ...]) -> None:
    """Dates of answers are those of 2017; each answer still has one request id, in both headers of that name."""
    for recording in live:
        for one in recording.exchanges:
            assert " 2017 " in (one.response.header("Date") or "")
            ids = [value for name, value in one.response.headers if name.lower() == "x-request-id"]
            assert (len(ids[0]), len(set(ids))) == (32, 1)


def test_nobodys_name_is_left(tmp_path: Path) -> None:
    """What `redact` makes of each of them is clean for `--check`, and still judged as before."""
    made: list[str] = []
    for path in sorted(LIVE.glob("*.har")):
        made.append(str(tmp_path / path.name))
        assert main(["redact", "--key", "another one", str(path), made[-1]]) == 0
    assert len(made) == 27
    assert main(["redact", "--check", *made]) == 0
    assert main(["verify", *made]) == 0


def test_all_of_them_verify() -> None:
    """No judge - schemas, the SDK's reading, the mock in the state that the recording implies - finds a MUST."""
    verification = verify(sorted(LIVE.glob("*.har")), (*own_judges(), SdkJudge()))
    assert [str(finding) for finding in verification.findings if finding.grade is Grade.MUST] == []
    judged = Counter({verdict.judge: 0 for file in verification.files for verdict in file.verdicts})
    for file in verification.files:
        for verdict in file.verdicts:
            judged[verdict.judge] += verdict.judged
    assert set(judged.values()) == {83}


def test_each_of_them_replays(live: tuple[Recording, ...]) -> None:
    """Asked in order for what was recorded, a replay gives what was answered."""
    for recording in live:
        replay = Replay(recording.exchanges, ordered=True)
        for one in recording.exchanges:
            assert replay.answer(one.request) is one.response
        assert replay.left == ()


def test_groups_that_somebody_administers_get_pseudonyms() -> None:
    """adminRoles holds roles of the API, which stay, and names of groups, which do not."""
    body = json.dumps({"users": [{"adminRoles": ["org", "Vexillology Nord"], "email": "a@b.example"}]}).encode()
    request = RecordedRequest(method="GET", url="https://usermanagement.adobe.io/v2/usermanagement/users/1@AdobeOrg/0")
    exchange = Exchange(
        name="n", where="w", request=request, response=RecordedResponse(status=200, headers=(), body=body)
    )
    cleaner = Cleaner(Pseudonyms("a key"))
    cleaner.learn(exchange)
    org, group = cleaner.cleaned(exchange).response.json()["users"][0]["adminRoles"]
    assert org == "org"
    assert group == Pseudonyms("a key").phrase("Vexillology Nord")

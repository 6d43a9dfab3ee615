"""What a service knows beside the users of an organisation: technical accounts, a directory, domains of others.

The numbers and words are those of the 27 live recordings of 2017 in the history of adobe-apiplatform/user-sync.py
(commit 997d156f, test_framework/tests/**/live/cassette.yml).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import InputError, build_seed, export_seed
from umapi_harness.mock.state.seed_files import read_seeds
from umapi_harness.mock.state.seed_tables import write_table

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

CREATE = {"email": "cce2@ensemble.ca", "firstname": "Test", "lastname": "29", "country": "CA"}
IGNORED = {"createEnterpriseID": CREATE | {"option": "ignoreIfAlreadyExists"}}


def seed(**changes: Any) -> dict[str, Any]:
    """A seed in the manner of the recorded organisation, with some parts replaced."""
    return {
        "org_id": "1@AdobeOrg",
        "domains": [{"name": "ensemble.ca", "type": "enterpriseID"}, {"name": "fed.example", "type": "federatedID"}],
        "products": [{"name": "Acrobat"}],
        "profiles": [{"name": "Pro", "product": "Acrobat"}],
        "user_groups": [{"name": "G"}, {"name": "H"}],
        "users": [
            {"email": f"u{number:02}@fed.example", "type": "federatedID", "groups": ["G"]} for number in range(78)
        ],
        "technical_accounts": 3,
        **changes,
    }


def paging(headers: Any) -> tuple[str, ...]:
    """Total, page size, pages and page number that an answer announces."""
    return tuple(headers[f"X-{name}"] for name in ("Total-Count", "Page-Size", "Page-Count", "Current-Page"))


def test_technical_accounts_are_counted_and_not_listed(mock: Mock) -> None:
    """78 users come under `X-Page-Size: 81` and `X-Total-Count: 81`, as in every recorded listing."""
    mock.seed(seed())
    answer = mock.users()
    assert paging(answer.headers) == ("81", "81", "1", "0")
    assert len(answer.json()["users"]) == 78


def test_a_whole_number_may_be_written_with_a_point(mock: Mock) -> None:
    """JSON Schema takes 3.0 for an integer, and the server did not fail to count by it."""
    mock.seed(seed(technical_accounts=3.0))
    assert paging(mock.users().headers)[:2] == ("81", "81")


def test_every_user_is_on_some_page_beside_technical_accounts(mock: Mock) -> None:
    """However pages are cut, they hold each user once, and their sizes add up to the total."""
    mock.seed(seed())
    for size in (1, 2, 3, 4, 40, 80, 81):
        mock.set(users_page_size=size)
        found: list[str] = []
        counted = page = 0
        last = False
        while not last:
            answer = mock.users(page)
            body = answer.json()
            found += [user["email"] for user in body["users"]]
            counted += int(answer.headers["X-Page-Size"])
            last, page = body["lastPage"], page + 1
        assert (len(found), len(set(found)), counted) == (78, 78, 81), size


def test_technical_accounts_in_groups(mock: Mock) -> None:
    """The listing of a group counts the technical accounts in it; the deprecated listings count them too."""
    mock.seed(seed(technical_accounts=[{"groups": ["G", "Pro"]}, {"email": "ABC@techacct.adobe.com", "groups": ["H"]}]))
    assert paging(mock.users(group="G").headers)[:2] == ("79", "79")
    assert paging(mock.users(group="H").headers)[:2] == ("1", "1")
    assert mock.users(group="H").json()["users"] == []
    assert paging(mock.users(group="Pro", directOnly="false").headers)[:2] == ("1", "1")
    assert paging(mock.users(domain="fed.example").headers)[:2] == ("78", "78")
    old = mock.api(f"{mock.org_id}/users")
    assert (len(old.json()), paging(old.headers)[:2]) == (78, ("80", "80"))
    old = mock.api(f"{mock.org_id}/user-groups/G/users")
    assert (len(old.json()), paging(old.headers)[:2]) == (78, ("79", "79"))


def test_technical_accounts_outlive_their_groups(mock: Mock) -> None:
    """A deleted user group lets its technical accounts go, and a snapshot brings both back."""
    mock.seed(seed(technical_accounts=[{"groups": ["G"]}]))
    mock.world.save("before")
    assert mock.do_group("G", {"deleteUserGroup": {}}) == []
    assert export_seed(mock.world.organization())["technical_accounts"] == 1
    assert paging(mock.users().headers)[0] == "79"
    mock.world.restore("before")
    assert export_seed(mock.world.organization())["technical_accounts"] == [{"groups": ["G"]}]


def test_a_directory_account_comes_back_as_it_was(mock: Mock) -> None:
    """Created as cce2@ensemble.ca with country CA, CCE2@ensemble.ca of country UD is in the organisation (6 of 6)."""
    known = {"email": "CCE2@ensemble.ca", "username": "CCE2@ENSEMBLE.CA", "lastname": "29", "country": "UD"}
    mock.seed(seed(directory=[{**known, "type": "enterpriseID", "firstname": "Test"}]))
    assert mock.user("cce2@ensemble.ca") is None
    assert mock.do("cce2@ensemble.ca", IGNORED, {"add": {"group": ["Pro"]}}) == []
    user = mock.user("cce2@ensemble.ca")
    assert user is not None
    assert {name: user[name] for name in known} == known
    assert user["groups"] == ["Pro"]


def test_removed_from_the_organisation_and_created_again(mock: Mock) -> None:
    """The account that the directory kept comes back with its id, e-mail case and country, but without its groups."""
    mock.seed(seed(users=[{"email": "CCE2@ensemble.ca", "type": "enterpriseID", "country": "UD", "groups": ["G"]}]))
    before = mock.user("cce2@ensemble.ca")
    assert mock.do("cce2@ensemble.ca", {"removeFromOrg": {}}) == []
    assert mock.user("cce2@ensemble.ca") is None
    assert mock.do("cce2@ensemble.ca", {"createEnterpriseID": CREATE}) == []
    after = mock.user("cce2@ensemble.ca")
    assert before is not None
    assert after == {name: value for name, value in before.items() if name != "groups"}


def test_a_deleted_account_is_new_when_created_again(mock: Mock) -> None:
    """`deleteAccount: true` leaves nothing in the directory (ActionsCmds.md), so the next account is another one."""
    mock.seed(seed(users=[{"email": "CCE2@ensemble.ca", "type": "enterpriseID", "country": "UD"}]))
    before = mock.user("cce2@ensemble.ca")
    assert mock.do("cce2@ensemble.ca", {"removeFromOrg": {"deleteAccount": True}}) == []
    assert mock.do("cce2@ensemble.ca", {"createEnterpriseID": CREATE}) == []
    after = mock.user("cce2@ensemble.ca")
    assert before is not None
    assert after is not None
    assert (after["email"], after["country"]) == ("cce2@ensemble.ca", "CA")
    assert after["id"] != before["id"]


def test_an_adobe_id_is_never_deleted(mock: Mock) -> None:
    """An Adobe ID is its owner's: with `deleteAccount` it leaves the organisation only (ActionsCmds.md)."""
    mock.seed(seed(users=[{"email": "Ann@Example.NET", "type": "adobeID", "country": "FR"}]))
    before = mock.user("ann@example.net")
    assert mock.do("ann@example.net", {"removeFromOrg": {"deleteAccount": True}}) == []
    assert mock.do("ann@example.net", {"addAdobeID": {"email": "ann@example.net"}}) == []
    assert mock.user("ann@example.net") == before
    assert before is not None
    assert before["domain"] == "Example.NET"


def test_names_of_a_directory_account(mock: Mock) -> None:
    """They stay as they were, unless the step says that it updates."""
    account = {"email": "cce2@ensemble.ca", "type": "enterpriseID", "firstname": "Old", "lastname": "Name"}
    for option, name in (("ignoreIfAlreadyExists", "Old"), ("updateIfAlreadyExists", "Test")):
        mock.seed(seed(directory=[account]))
        assert mock.do("cce2@ensemble.ca", {"createEnterpriseID": CREATE | {"option": option}}) == []
        user = mock.user("cce2@ensemble.ca")
        assert user is not None
        assert user["firstname"] == name


def test_test_mode_leaves_the_directory_alone(mock: Mock) -> None:
    """In test mode nobody comes back from the directory and nobody goes into it."""
    mock.seed(seed(directory=[{"email": "cce2@ensemble.ca", "type": "enterpriseID"}]))
    before = export_seed(mock.world.organization())
    assert mock.do("cce2@ensemble.ca", {"createEnterpriseID": CREATE}, test_mode=True) == []
    assert mock.do("u01@fed.example", {"removeFromOrg": {}}, test_mode=True) == []
    assert export_seed(mock.world.organization()) == before


def test_federated_accounts_come_back_by_user_name_and_address(mock: Mock) -> None:
    """A Federated ID of another user name is another account, and takes the place in the directory."""
    account = {"email": "Bo@fed.example", "type": "federatedID", "username": "bo", "country": "SE"}
    fields = {"email": "bo@fed.example", "firstname": "B", "lastname": "O", "country": "US"}
    mock.seed(seed(directory=[account]))
    assert mock.do("bo", {"createFederatedID": fields}, domain="fed.example") == []
    assert (mock.user("bo", domain="fed.example") or {}).get("country") == "SE"
    mock.seed(seed(directory=[account]))
    assert mock.do("bosse", {"createFederatedID": fields}, domain="fed.example") == []
    assert (mock.user("bosse", domain="fed.example") or {}).get("country") == "US"
    assert "directory" not in export_seed(mock.world.organization())


def test_a_domain_that_another_organisation_owns(mock: Mock) -> None:
    """A create in it is refused with the recorded code and words (437 of 437 commands)."""
    mock.seed(seed(foreign_domains=["Ensemble.com"]))
    fields = CREATE | {"email": "BulkUser4471@ensemble.com", "option": "updateIfAlreadyExists"}
    answer = mock.act({"user": "BulkUser4471@ensemble.com", "do": [{"createEnterpriseID": fields}]})
    (error,) = answer["errors"]
    assert error["errorCode"] == "error.user.belongs_to_another_org"
    assert error["message"] == "Illegal to invite user from another organization's owned auth src"
    assert mock.do("x@ensemble.com", {"addAdobeID": {"email": "x@ensemble.com"}}) == []


def test_a_domain_of_the_other_type(mock: Mock) -> None:
    """An Enterprise ID in a domain for Federated IDs is refused in the recorded words (4 of 4), there or not."""
    mock.seed(seed())
    for email in ("u01@fed.example", "new@fed.example"):
        fields = CREATE | {"email": email, "option": "updateIfAlreadyExists"}
        (error,) = mock.act({"user": email, "do": [{"createEnterpriseID": fields}]})["errors"]
        assert error["errorCode"] == "error.user.type_mismatch"
        assert error["message"] == "The user type requested for the invite does not match the claimed domain type"


def test_scopes_of_a_credential(mock: Mock) -> None:
    """With the setting, the credential of a project with a second API may ask for its scopes, and others may not."""
    fields = {"client_id": "c", "client_secret": "s", "grant_type": "client_credentials"}
    scope = "openid,AdobeID,user_management_sdk,read_organizations"
    credential = {"client_id": "c", "client_secret": "s", "tech_account_id": "t"}
    for scopes, status in ([], 400), (["read_organizations", "additional_info.roles"], 200):
        mock.seed(seed(credentials=[credential | {"scopes": scopes}]))
        mock.set(unknown_scope_fails=True)
        assert mock.client.post("/ims/token/v3", data={**fields, "scope": scope}).status_code == status


def test_what_is_known_goes_round_by_json_and_csv(tmp_path: Path) -> None:
    """Export, seed file and CSV file hold the same accounts."""
    document = seed(
        users=[],
        technical_accounts=[{}, {"email": "A@techacct.adobe.com", "groups": ["G"]}],
        directory=[
            {"email": "Bo@fed.example", "type": "federatedID", "username": "bo", "country": "SE"},
            {"email": "cce2@ensemble.ca", "type": "enterpriseID", "firstname": "Test"},
        ],
        outsiders=[{"email": "else@where.example", "state": "elsewhere"}, {"email": "i@x.example", "state": "invited"}],
        foreign_domains=["ensemble.com"],
    )
    kinds = ("directory", "technical_accounts", "outsiders")
    exported = export_seed(build_seed(document).organization)
    assert export_seed(build_seed(exported).organization) == exported
    assert {kind: exported[kind] for kind in ("technical_accounts", "outsiders", "foreign_domains")} == {
        kind: document[kind] for kind in ("technical_accounts", "outsiders", "foreign_domains")
    }
    assert [account["email"] for account in exported["directory"]] == ["Bo@fed.example", "cce2@ensemble.ca"]
    frame = tmp_path / "frame.json"
    frame.write_text(json.dumps({name: value for name, value in document.items() if name not in kinds}))
    table = tmp_path / "accounts.csv"
    table.write_text(write_table(exported))
    (again,) = read_seeds([frame, table])
    assert export_seed(again.organization) == exported


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"technical_accounts": -1}, "seed: /technical_accounts: -1 is not valid"),
        (
            {"technical_accounts": [{"groups": ["Nobody"]}]},
            'seed: /technical_accounts/0/groups/0: no group named "Nobody" is defined; add it',
        ),
        (
            {"directory": [{"email": "U01@fed.example", "type": "federatedID"}]},
            'seed: /directory/0/email: "U01@fed.example" is a user of the organisation; remove one of the two',
        ),
        (
            {"directory": [{"email": f"{x}@ensemble.ca", "type": "enterpriseID"} for x in "aA"]},
            'seed: /directory/1/email: account "A@ensemble.ca" stands twice; remove one',
        ),
        (
            {"directory": [{"email": f"{x}@fed.example", "type": "federatedID", "username": "u"} for x in "ab"]},
            'seed: /directory/1/username: "u" stands twice in its domain; change one',
        ),
        (
            {"directory": [{"email": "a@nowhere.example", "type": "federatedID"}]},
            'seed: /directory/0: domain "nowhere.example" is not among the domains; add it there',
        ),
        ({"foreign_domains": ["FED.example"]}, 'seed: /foreign_domains/0: "FED.example" is among the domains too'),
        ({"foreign_domains": ["a.b", "A.B"]}, 'seed: /foreign_domains/1: domain "A.B" stands twice; remove one'),
    ],
)
def test_mistakes_in_what_is_known(changes: dict[str, Any], message: str) -> None:
    """Each mistake is one line with document, place and remedy."""
    with pytest.raises(InputError) as caught:
        build_seed(seed(**changes))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)

"""Commands as public clients send them, and accounts as the service shows them to those clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import default_seed

if TYPE_CHECKING:
    from tests.mock.conftest import Mock


def test_use_adobe_id_acts_on_no_other_account(mock: Mock) -> None:
    """`useAdobeID` means an existing Adobe ID (ActionsCmds.md): where there is none, nobody is changed."""
    before = mock.user("jdoe@example.com")
    lost = [(0, "error.user.nonexistent")]
    assert mock.do("jdoe@example.com", {"update": {"firstname": "X"}}, useAdobeID=True) == lost
    assert mock.do("jdoe@example.com", {"remove": "all"}, useAdobeID=True) == lost
    assert mock.do("jdoe@example.com", {"removeFromOrg": {"deleteAccount": True}}, useAdobeID=True) == []
    assert mock.user("jdoe@example.com") == before
    mock.set(use_adobe_id_falls_back=True)
    assert mock.do("jdoe@example.com", {"removeFromOrg": {}}, useAdobeID=True) == []
    assert mock.user("jdoe@example.com") is None


def test_use_adobe_id_beside_a_create(mock: Mock) -> None:
    """user-sync.py 2.1 sends addAdobeID with `useAdobeID`; it was completed (users/16 of the recordings)."""
    step = {"addAdobeID": {"email": "adobe02@ensemble.com", "option": "ignoreIfAlreadyExists"}}
    assert mock.do("adobe02@ensemble.com", step, {"add": {"group": ["Alumni"]}}, useAdobeID=True) == []
    assert (mock.user("adobe02@ensemble.com") or {})["groups"] == ["Alumni"]


@pytest.mark.parametrize("email", ["kjones@enterprise.example.com", "admin@example.net"])
def test_a_domain_beside_an_email_address(mock: Mock, email: str) -> None:
    """Of an Enterprise or Adobe ID the domain is ignored (ActionsCmds.md), or refused if so set (ErrorRef.md)."""
    step = {"add": {"group": ["Alumni"]}}
    for domain in ("enterprise.example.com", "somewhere.example"):
        assert mock.do(email, step, domain=domain) == []
    mock.set(domain_beside_email_fails=True)
    refusal = (0, "error.command.domain.must_be_used_with_nonemail_username")
    assert mock.do(email, step, domain="enterprise.example.com") == [refusal]


def test_a_domain_beside_the_address_of_a_federated_id(mock: Mock) -> None:
    """It must be the account's own: another names nobody."""
    step = {"add": {"group": ["Alumni"]}}
    assert mock.do("jdoe@example.com", step, domain="Example.COM") == []
    conflict = (0, "error.user.nonexistent_or_has_conflicting_parameters")
    assert mock.do("jdoe@example.com", step, domain="example.org") == [conflict]


def test_a_create_with_a_domain_beside_the_address(mock: Mock) -> None:
    """The account is in the domain of its address, whatever stands beside that of an Enterprise ID."""
    email = "new@enterprise.example.com"
    enterprise = {"createEnterpriseID": {"email": email, "firstname": "N", "lastname": "N"}}
    assert mock.do(email, enterprise, domain="example.com") == []
    assert (mock.user(email) or {})["domain"] == "enterprise.example.com"
    fields = {"email": "new@example.com", "firstname": "N", "lastname": "N", "country": "US"}
    assert mock.do("new@example.com", {"createFederatedID": fields}, domain="example.com") == []
    assert (mock.user("new@example.com") or {})["username"] == "new@example.com"


def test_a_user_name_that_changes_in_letter_case_only(mock: Mock) -> None:
    """It is no change, for every type of account, as with the e-mail address (recorded as a no-op 22 times)."""
    accounts: list[tuple[str, dict[str, Any]]] = [
        ("kjones@enterprise.example.com", {}),
        ("jsmith", {"domain": "example.com"}),
    ]
    for name, root in accounts:
        before = mock.user(name, **root)
        assert before is not None
        assert mock.do(name, {"update": {"username": before["username"].swapcase()}}, **root) == []
        assert mock.user(name, **root) == before


def test_the_user_name_of_an_enterprise_id_beside_its_new_address(mock: Mock) -> None:
    """It is always the address (ActionsCmds.md): given as such it is no error, given otherwise it is."""
    name, new = "kjones@enterprise.example.com", "kim@enterprise.example.com"
    assert mock.do(name, {"update": {"email": new, "username": "k"}}) == [(0, "error.update.username.no")]
    assert mock.do(name, {"update": {"email": new, "username": new.upper()}}) == []
    assert (mock.user(new) or {})["username"] == new.upper()


def test_an_adobe_id_is_found_in_the_domain_it_is_shown_with(mock: Mock) -> None:
    """The query for one user takes `AdobeID` for a domain (getUser.md), and what the listing shows too."""
    for domain in ("AdobeID", "adobeid", "example.net"):
        assert (mock.user("admin@example.net", domain=domain) or {})["type"] == "adobeID"
    assert mock.user("admin@example.net", domain="example.com") is None


def test_no_warnings_of_deprecated_words(mock: Mock) -> None:
    """As recorded in 2017, `product` brings no warning if so set."""
    command = {"user": "jdoe@example.com", "do": [{"add": {"product": ["photoshop - 2gb"]}}]}
    assert "warnings" in mock.act(command)
    mock.set(deprecated_warnings=False)
    assert mock.act(command) == {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}


def test_a_token_of_another_client(mock: Mock) -> None:
    """An API key beside another client's token is refused, unless so set."""
    extra = {"client_id": "second", "client_secret": "s", "tech_account_id": "t"}
    mock.seed({**default_seed(), "credentials": [default_seed()["credentials"][0], extra]})
    headers = {"x-api-key": "second"}
    assert mock.client.get(f"/v2/usermanagement/groups/{mock.org_id}/0", headers=headers).status_code == 403
    mock.set(key_must_match_token=False)
    assert mock.client.get(f"/v2/usermanagement/groups/{mock.org_id}/0", headers=headers).status_code == 200


# Guesses that refuse, each with the setting that does not (docs/explanation/guesses.md)


def test_more_commands_than_ten_by_setting(mock: Mock) -> None:
    """How many commands a request may have is a setting."""
    command = {"user": "jdoe@example.com", "do": [{"add": {"group": ["Alumni"]}}]}
    assert mock.post(json.dumps([command] * 11).encode()).status_code == 400
    mock.set(commands_per_request=11)
    assert mock.act(*[command] * 11)["completed"] == 11


def test_steps_after_one_that_failed_by_setting(mock: Mock) -> None:
    """They are tried all the same, or not at all."""
    steps = ({"add": {"group": ["Nowhere"]}}, {"add": {"group": ["Alumni"]}})
    mock.set(steps_after_failure=False)
    assert mock.do("jdoe@example.com", *steps) == [(0, "error.group.not_found")]
    assert "jdoe@example.com" not in mock.members("Alumni")
    mock.set(steps_after_failure=True)
    assert mock.do("jdoe@example.com", *steps) == [(0, "error.group.not_found")]
    assert "jdoe@example.com" in mock.members("Alumni")


def test_unknown_keys_by_setting(mock: Mock) -> None:
    """In a command and in an update they are refused, or mean nothing; a create step refuses them always."""
    commands = [
        {"user": "jdoe@example.com", "comment": "x", "do": [{"update": {"firstname": "J", "phone": "1"}}]},
        {"usergroup": "Alumni", "comment": "x", "do": [{"updateUserGroup": {"description": "D", "label": "x"}}]},
    ]
    assert mock.act(*commands)["notCompleted"] == 2
    mock.set(unknown_key_fails=False)
    assert mock.act(*commands)["completed"] == 2
    assert (mock.user("jdoe@example.com") or {})["firstname"] == "J"
    create = {"addAdobeID": {"email": "x@example.net", "phone": "1"}}
    assert mock.do("x@example.net", create) == [(0, "error.command.create.key.unknown")]


def test_empty_group_lists_by_setting(mock: Mock) -> None:
    """A list without a group is refused as documented, or names nobody."""
    before = mock.user("jdoe@example.com")
    assert mock.do("jdoe@example.com", {"add": {"group": []}}) == [(0, "error.group.invalid_list")]
    mock.set(empty_group_list_fails=False)
    assert mock.do("jdoe@example.com", {"add": {"group": []}}) == []
    assert mock.user("jdoe@example.com") == before

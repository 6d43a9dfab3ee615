"""Steps that create a user: who may be created, and what becomes of an account that is there already."""

from __future__ import annotations

from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.api.user_targets import Fields, UserTarget
from umapi_harness.mock.state.accounts import ELSEWHERE, INVITED
from umapi_harness.mock.state.groups import key
from umapi_harness.mock.state.users import User, email_domain
from umapi_models.names import ADOBE_ID, ENTERPRISE_ID, FEDERATED_ID, UPDATE_IF_ALREADY_EXISTS


def create(target: UserTarget, identity_type: str, fields: Fields) -> None:
    """Create an account of that type. Raises RefusedError, in which case nothing has changed."""
    email: str = fields["email"]
    if identity_type not in target.organization.identity_types:
        raise RefusedError("error.user.type_not_available", value=identity_type)
    if identity_type == ADOBE_ID:
        _check_match(target, email)
        _check_enforcement(target, email)
        _check_outsider(target, email)
        existing = target.organization.adobe_id(email)
    else:
        _check_name(target, identity_type, email)
        _check_claimed(target, identity_type, email_domain(email))
        _check_claimed(target, identity_type, _home(target, identity_type, email))
        _check_outsider(target, email)
        existing = _same_account(target, identity_type, email)
        adobe_id = target.organization.adobe_id(email)
        if existing is None and adobe_id is not None and target.settings.adobe_id_answers_create:
            target.user = adobe_id
            return
    if existing is not None:
        _meet(target, existing, fields)
    elif target.test_mode:
        target.created_in_test, target.user = True, None
    else:
        target.user = _restored(target, identity_type, email, fields) or target.organization.add_user(
            email=email,
            type=identity_type,
            username=_username(target, identity_type, email),
            domain=_home(target, identity_type, email) if identity_type != ADOBE_ID else None,
            firstname=fields.get("firstname"),
            lastname=fields.get("lastname"),
            country=fields.get("country"),
        )


def _restored(target: UserTarget, identity_type: str, email: str, fields: Fields) -> User | None:
    """The account that the directory knows already, taken into the organisation; None if there is no such.

    Recordings show that it keeps the letters of its e-mail address and its country (6 of 6). They cannot
    tell whose names win [G directory-names].
    """
    known = target.organization.directory
    account = known.adobe_id(email) if identity_type == ADOBE_ID else known.owned(email)
    if account is None or account.type != identity_type:
        return None
    # A Federated ID of another user name is taken for another account [G directory-user-names].
    if identity_type == FEDERATED_ID and account.username.lower() != target.name.lower():
        return None
    target.organization.restore_user(account)
    if fields.get("option") == UPDATE_IF_ALREADY_EXISTS:
        target.organization.name_user(account, firstname=fields.get("firstname"), lastname=fields.get("lastname"))
    return account


def _same_account(target: UserTarget, identity_type: str, email: str) -> User | None:
    """The Enterprise or Federated ID that stands in the way of a new one.

    The codes are those that are documented for updates [G create-name-in-use].
    """
    by_email = target.organization.owned_account(email)
    by_name = target.organization.find_user(target.name, _home(target, identity_type, email))
    if target.name.lower() == email.lower():
        if by_email is None and by_name is not None:
            raise RefusedError("error.user.name_in_use", value=target.name)
        return by_email
    if by_name is None and by_email is not None:
        raise RefusedError("error.user.email.name_in_use", value=email)
    if by_name is None and target.organization.owned_account(target.name) is not None:
        raise RefusedError("error.user.name_in_use", value=target.name)
    return by_name


def _home(target: UserTarget, identity_type: str, email: str) -> str:
    """The domain of the account: that given with the user name, or that of an e-mail address as user name."""
    if target.domain is not None and identity_type == FEDERATED_ID:
        return target.domain
    return email_domain(target.name if "@" in target.name else email)


def _meet(target: UserTarget, existing: User, fields: Fields) -> None:
    """A create step whose user is there already."""
    option = fields.get("option")
    if option is None:
        raise RefusedError("error.user.already_in_org", user=target.name)
    target.user = existing
    if option == UPDATE_IF_ALREADY_EXISTS and existing.type != ADOBE_ID and not target.test_mode:
        target.organization.name_user(existing, firstname=fields.get("firstname"), lastname=fields.get("lastname"))


def _username(target: UserTarget, identity_type: str, email: str) -> str:
    if identity_type == FEDERATED_ID and target.name.lower() != email.lower():
        return target.name
    if identity_type == ENTERPRISE_ID and target.settings.upper_case_enterprise_usernames:
        return email.upper()
    return email


def _check_name(target: UserTarget, identity_type: str, email: str) -> None:
    """Raise RefusedError unless an account with that e-mail may go by the command's user."""
    if identity_type == FEDERATED_ID and target.domain is None and target.settings.saml_user_names:
        raise RefusedError("error.user.name.contains.email", user=target.name)
    free = target.domain is not None or not target.settings.federated_user_must_match_email
    if identity_type == ENTERPRISE_ID or not free:
        _check_match(target, email)


def _check_outsider(target: UserTarget, email: str) -> None:
    """Raise RefusedError for the account of another organisation, or one whose invitation is open."""
    state = target.organization.outsiders.get(email.lower())
    if state == ELSEWHERE:
        raise RefusedError("error.user.belongs_to_another_org")
    if state == INVITED:
        raise RefusedError("error.user.already_invited", user=target.name)


def _check_match(target: UserTarget, email: str) -> None:
    if target.name.lower() != email.lower():
        raise RefusedError("error.user.must_match_email", user=target.name)


def _check_enforcement(target: UserTarget, email: str) -> None:
    domain = email_domain(email)
    if target.settings.domain_enforcement and domain in target.organization.domains:
        raise RefusedError("error.user.domain_enforcement", domain=domain)


def _check_claimed(target: UserTarget, identity_type: str, name: str) -> None:
    """Raise RefusedError unless the organisation may have accounts of that type in the domain."""
    domain = target.organization.domains.get(key(name))
    if key(name) in target.organization.foreign_domains:
        raise RefusedError("error.user.belongs_to_another_org")
    if domain is None:
        raise RefusedError("error.domain.trust.nonexistent")
    if domain.trusted:
        raise RefusedError("error.api.user.not.parent.org", domain=name)
    if domain.type != identity_type:
        raise RefusedError("error.user.type_mismatch")

"""The step that updates a user: which names and e-mail addresses an account may take on."""

from __future__ import annotations

from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.api.user_targets import Fields, UserTarget
from umapi_harness.mock.state.groups import key
from umapi_harness.mock.state.users import IDENTITY_TYPES, User, email_domain
from umapi_models.names import ADOBE_ID, ENTERPRISE_ID


def update(target: UserTarget, fields: Fields) -> None:
    """Change names or e-mail address. Raises RefusedError, in which case nothing has changed."""
    if target.user is None and not target.created_in_test and target.in_another_domain():
        raise RefusedError("error.update.domain.mismatch", user=target.name)
    user = target.existing()
    if user is None:
        return
    if user.type == ADOBE_ID:
        raise RefusedError("error.update.adobeid.no", user=target.name)
    if user.type not in IDENTITY_TYPES:
        raise RefusedError("error.user.type_unknown", user=target.name)
    home = target.organization.domains.get(key(user.domain))
    if home is not None and home.trusted:
        raise RefusedError("error.api.user.not.parent.org", domain=user.domain)
    email = _new_email(target, user, fields.get("email"))
    username = _new_username(target, user, fields.get("username"), email)
    domain = _new_domain(username)
    _check_username_free(target, user, username, domain)
    if target.test_mode:
        return
    if email is not None or username is not None:
        target.organization.rename_user(user, email=email, username=username, domain=domain)
    target.organization.name_user(user, firstname=fields.get("firstname"), lastname=fields.get("lastname"))


def _new_email(target: UserTarget, user: User, email: str | None) -> str | None:
    """The e-mail to change to; None for no change, which a change of letter case is as well."""
    if email is None or email.lower() == user.email.lower():
        return None
    _check_directory(target, user, email_domain(email))
    if target.organization.owned_account(email) is not None:
        raise RefusedError("error.user.email.name_in_use", value=email)
    # What makes an address unusable otherwise is not published [G unusable-address].
    if email.lower() in target.organization.outsiders:
        raise RefusedError("error.update.no", value=email)
    return email


def _new_username(target: UserTarget, user: User, username: str | None, email: str | None) -> str | None:
    """The user name to change to; None for no change."""
    if username is None:
        if email is None or user.username.lower() != user.email.lower():
            return None
        if user.type == ENTERPRISE_ID:
            return _username_like(user, email)
        return email if target.settings.username_follows_email else None
    if username.lower() == user.username.lower():
        return None
    # What is always the e-mail address may be given as that [G enterprise-user-names].
    if user.type == ENTERPRISE_ID and email is not None and username.lower() == email.lower():
        return _username_like(user, email)
    if user.type == ENTERPRISE_ID:
        raise RefusedError("error.update.username.no", user=target.name)
    if "@" in username:
        _check_directory(target, user, email_domain(username))
    return username


def _username_like(user: User, email: str) -> str:
    return email.upper() if user.username == user.email.upper() else email


def _new_domain(username: str | None) -> str | None:
    """The domain of an account is that of its user name, if it has one."""
    return email_domain(username) if username is not None and "@" in username else None


def _check_directory(target: UserTarget, user: User, name: str) -> None:
    """Raise RefusedError unless the account can move to the domain `name`."""
    # No other code is known for domains of other organisations [G foreign-domain-updates].
    domain = target.organization.domains.get(name)
    if domain is None:
        raise RefusedError("error.domain.trust.nonexistent")
    if domain.trusted:
        raise RefusedError("error.api.user.not.parent.org", domain=name)
    home = target.organization.domains.get(key(user.domain))
    directory = home.directory if home is not None else user.type
    if domain.directory != directory:
        raise RefusedError("error.user.change_domain_update.no", domain=name)


def _check_username_free(target: UserTarget, user: User, username: str | None, domain: str | None) -> None:
    if username is None:
        return
    others = (
        target.organization.find_user(username, domain or user.domain),
        target.organization.owned_account(username),
    )
    if any(other is not None and other is not user for other in others):
        raise RefusedError("error.user.name_in_use", value=username)

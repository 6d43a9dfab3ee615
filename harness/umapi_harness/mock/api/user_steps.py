"""Steps on a user: what each does to the organisation, and what makes the service refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from umapi_harness.mock.api.failing import check_user_step
from umapi_harness.mock.api.refusals import NoBehaviourError, RefusedError
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.accounts import ELSEWHERE, INVITED
from umapi_harness.mock.state.domains import Domain
from umapi_harness.mock.state.groups import USER_GROUP, Group, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import IDENTITY_TYPES, User, email_domain
from umapi_models.names import ADD, ADOBE_ID, CREATES, ENTERPRISE_ID, FEDERATED_ID, REMOVE, REMOVE_FROM_ORG, UPDATE
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS

Fields = Mapping[str, Any]


class UserCommand:
    """One command on a user; keeps in mind which account it is about from step to step."""

    def __init__(self, organization: Organization, settings: Settings, command: Fields, *, test_mode: bool) -> None:
        self._organization = organization
        self._settings = settings
        self._test_mode = test_mode
        self._name: str = command["user"]
        self._domain: str | None = command.get("domain")
        self._prefer_adobe_id: bool = command.get("useAdobeID", False)
        self._created_in_test = False
        self._user: User | None = self._find()
        self._steps: dict[str, Callable[[Any], None]] = {
            UPDATE: self._update,
            ADD: self._add,
            REMOVE: self._remove,
            REMOVE_FROM_ORG: self._remove_from_org,
        }

    finished = False
    """True when no later step may run; steps on users never say so."""

    def run(self, name: str, fields: Any) -> None:
        """Take one step. Raises RefusedError, in which case the step has changed nothing."""
        if not self._test_mode:
            check_user_step(self._settings.breakdown, name, fields, self._name)
        if name in CREATES:
            self._create(CREATES[name], fields)
        else:
            take = self._steps.get(name)
            if take is None:
                raise NoBehaviourError(name)
            take(fields)

    def _find(self) -> User | None:
        """The account that the command names; none where it asks for an Adobe ID that is not there [G use-adobe-id]."""
        if self._prefer_adobe_id and not self._settings.use_adobe_id_falls_back:
            return self._organization.adobe_id(self._name)
        user = self._organization.find_user(self._name, self._domain, prefer_adobe_id=self._prefer_adobe_id)
        if user is None and self._domain is not None and "@" in self._name:
            # A domain beside an e-mail address says nothing about Adobe IDs and Enterprise IDs (ActionsCmds.md).
            user = self._organization.find_user(self._name, prefer_adobe_id=self._prefer_adobe_id)
            if user is not None and user.type == FEDERATED_ID and not self._is_home(user, self._domain.lower()):
                return None
        return user

    @staticmethod
    def _is_home(user: User, domain: str) -> bool:
        return domain in (user.domain.lower(), email_domain(user.email))

    def _existing(self) -> User | None:
        """The user; None for one whom test mode pretends to be there."""
        if self._user is not None or self._created_in_test:
            return self._user
        if self._name.lower() in self._organization.outsiders:
            raise RefusedError("error.user.not_in_org", user=self._name)
        if self._in_another_domain():
            # The occasion is not published, the name of the code suggests it [G conflicting-parameters].
            code = "error.user.nonexistent_or_has_conflicting_parameters"
            raise RefusedError(code, user=self._name, domain=self._domain)
        if self._test_mode and not self._settings.test_mode_needs_user:
            return None
        raise RefusedError("error.user.nonexistent", user=self._name)

    # Create steps

    def _create(self, identity_type: str, fields: Fields) -> None:
        email: str = fields["email"]
        if identity_type not in self._organization.identity_types:
            raise RefusedError("error.user.type_not_available", value=identity_type)
        if identity_type == ADOBE_ID:
            self._check_match(email)
            self._check_enforcement(email)
            self._check_outsider(email)
            existing = self._organization.adobe_id(email)
        else:
            self._check_name(identity_type, email)
            self._check_claimed(identity_type, email_domain(email))
            self._check_claimed(identity_type, self._home(identity_type, email))
            self._check_outsider(email)
            existing = self._same_account(identity_type, email)
            adobe_id = self._organization.adobe_id(email)
            if existing is None and adobe_id is not None and self._settings.adobe_id_answers_create:
                self._user = adobe_id
                return
        if existing is not None:
            self._meet(existing, fields)
        elif self._test_mode:
            self._created_in_test, self._user = True, None
        else:
            self._user = self._restored(identity_type, email, fields) or self._organization.add_user(
                email=email,
                type=identity_type,
                username=self._username(identity_type, email),
                domain=self._home(identity_type, email) if identity_type != ADOBE_ID else None,
                firstname=fields.get("firstname"),
                lastname=fields.get("lastname"),
                country=fields.get("country"),
            )

    def _restored(self, identity_type: str, email: str, fields: Fields) -> User | None:
        """The account that the directory knows already, taken into the organisation; None if there is no such.

        Recordings show that it keeps the letters of its e-mail address and its country (6 of 6). They cannot
        tell whose names win [G directory-names].
        """
        known = self._organization.directory
        account = known.adobe_id(email) if identity_type == ADOBE_ID else known.owned(email)
        if account is None or account.type != identity_type:
            return None
        # A Federated ID of another user name is taken for another account [G directory-user-names].
        if identity_type == FEDERATED_ID and account.username.lower() != self._name.lower():
            return None
        self._organization.restore_user(account)
        if fields.get("option") == "updateIfAlreadyExists":
            self._organization.name_user(account, firstname=fields.get("firstname"), lastname=fields.get("lastname"))
        return account

    def _same_account(self, identity_type: str, email: str) -> User | None:
        """The Enterprise or Federated ID that stands in the way of a new one.

        The codes are those that are documented for updates [G create-name-in-use].
        """
        by_email = self._organization.owned_account(email)
        by_name = self._organization.find_user(self._name, self._home(identity_type, email))
        if self._name.lower() == email.lower():
            if by_email is None and by_name is not None:
                raise RefusedError("error.user.name_in_use", value=self._name)
            return by_email
        if by_name is None and by_email is not None:
            raise RefusedError("error.user.email.name_in_use", value=email)
        if by_name is None and self._organization.owned_account(self._name) is not None:
            raise RefusedError("error.user.name_in_use", value=self._name)
        return by_name

    def _home(self, identity_type: str, email: str) -> str:
        """The domain of the account: that given with the user name, or that of an e-mail address as user name."""
        if self._domain is not None and identity_type == FEDERATED_ID:
            return self._domain
        return email_domain(self._name if "@" in self._name else email)

    def _meet(self, existing: User, fields: Fields) -> None:
        """A create step whose user is there already."""
        option = fields.get("option")
        if option is None:
            raise RefusedError("error.user.already_in_org", user=self._name)
        self._user = existing
        if option == "updateIfAlreadyExists" and existing.type != ADOBE_ID and not self._test_mode:
            self._organization.name_user(existing, firstname=fields.get("firstname"), lastname=fields.get("lastname"))

    def _username(self, identity_type: str, email: str) -> str:
        if identity_type == FEDERATED_ID and self._name.lower() != email.lower():
            return self._name
        if identity_type == ENTERPRISE_ID and self._settings.upper_case_enterprise_usernames:
            return email.upper()
        return email

    def _check_name(self, identity_type: str, email: str) -> None:
        """Raise RefusedError unless an account with that e-mail may go by the command's user."""
        if identity_type == FEDERATED_ID and self._domain is None and self._settings.saml_user_names:
            raise RefusedError("error.user.name.contains.email", user=self._name)
        free = self._domain is not None or not self._settings.federated_user_must_match_email
        if identity_type == ENTERPRISE_ID or not free:
            self._check_match(email)

    def _check_outsider(self, email: str) -> None:
        """Raise RefusedError for the account of another organisation, or one whose invitation is open."""
        state = self._organization.outsiders.get(email.lower())
        if state == ELSEWHERE:
            raise RefusedError("error.user.belongs_to_another_org")
        if state == INVITED:
            raise RefusedError("error.user.already_invited", user=self._name)

    def _check_match(self, email: str) -> None:
        if self._name.lower() != email.lower():
            raise RefusedError("error.user.must_match_email", user=self._name)

    def _check_enforcement(self, email: str) -> None:
        domain = email_domain(email)
        if self._settings.domain_enforcement and domain in self._organization.domains:
            raise RefusedError("error.user.domain_enforcement", domain=domain)

    def _check_claimed(self, identity_type: str, name: str) -> Domain:
        domain = self._organization.domains.get(key(name))
        if key(name) in self._organization.foreign_domains:
            raise RefusedError("error.user.belongs_to_another_org")
        if domain is None:
            raise RefusedError("error.domain.trust.nonexistent")
        if domain.trusted:
            raise RefusedError("error.api.user.not.parent.org", domain=name)
        if domain.type != identity_type:
            raise RefusedError("error.user.type_mismatch")
        return domain

    # Update

    def _update(self, fields: Fields) -> None:
        if self._user is None and not self._created_in_test and self._in_another_domain():
            raise RefusedError("error.update.domain.mismatch", user=self._name)
        user = self._existing()
        if user is None:
            return
        if user.type == ADOBE_ID:
            raise RefusedError("error.update.adobeid.no", user=self._name)
        if user.type not in IDENTITY_TYPES:
            raise RefusedError("error.user.type_unknown", user=self._name)
        home = self._organization.domains.get(key(user.domain))
        if home is not None and home.trusted:
            raise RefusedError("error.api.user.not.parent.org", domain=user.domain)
        email = self._new_email(user, fields.get("email"))
        username = self._new_username(user, fields.get("username"), email)
        domain = self._new_domain(username)
        self._check_username_free(user, username, domain)
        if self._test_mode:
            return
        if email is not None or username is not None:
            self._organization.rename_user(user, email=email, username=username, domain=domain)
        self._organization.name_user(user, firstname=fields.get("firstname"), lastname=fields.get("lastname"))

    def _in_another_domain(self) -> bool:
        """Whether the user name is that of somebody, but not in the domain given with it."""
        return self._domain is not None and (
            any(self._organization.find_user(self._name, domain) is not None for domain in self._organization.domains)
            or self._organization.owned_account(self._name) is not None
        )

    def _new_email(self, user: User, email: str | None) -> str | None:
        """The e-mail to change to; None for no change, which a change of letter case is as well."""
        if email is None or email.lower() == user.email.lower():
            return None
        self._check_directory(user, email_domain(email))
        if self._organization.owned_account(email) is not None:
            raise RefusedError("error.user.email.name_in_use", value=email)
        # What makes an address unusable otherwise is not published [G unusable-address].
        if email.lower() in self._organization.outsiders:
            raise RefusedError("error.update.no", value=email)
        return email

    def _new_username(self, user: User, username: str | None, email: str | None) -> str | None:
        """The user name to change to; None for no change."""
        if username is None:
            if email is None or user.username.lower() != user.email.lower():
                return None
            if user.type == ENTERPRISE_ID:
                return self._username_like(user, email)
            return email if self._settings.username_follows_email else None
        if username.lower() == user.username.lower():
            return None
        # What is always the e-mail address may be given as that [G enterprise-user-names].
        if user.type == ENTERPRISE_ID and email is not None and username.lower() == email.lower():
            return self._username_like(user, email)
        if user.type == ENTERPRISE_ID:
            raise RefusedError("error.update.username.no", user=self._name)
        if "@" in username:
            self._check_directory(user, email_domain(username))
        return username

    @staticmethod
    def _username_like(user: User, email: str) -> str:
        return email.upper() if user.username == user.email.upper() else email

    @staticmethod
    def _new_domain(username: str | None) -> str | None:
        """The domain of an account is that of its user name, if it has one."""
        return email_domain(username) if username is not None and "@" in username else None

    def _check_directory(self, user: User, name: str) -> None:
        """Raise RefusedError unless the account can move to the domain `name`."""
        # No other code is known for domains of other organisations [G foreign-domain-updates].
        domain = self._organization.domains.get(name)
        if domain is None:
            raise RefusedError("error.domain.trust.nonexistent")
        if domain.trusted:
            raise RefusedError("error.api.user.not.parent.org", domain=name)
        home = self._organization.domains.get(key(user.domain))
        directory = home.directory if home is not None else user.type
        if domain.directory != directory:
            raise RefusedError("error.user.change_domain_update.no", domain=name)

    def _check_username_free(self, user: User, username: str | None, domain: str | None) -> None:
        if username is None:
            return
        others = (
            self._organization.find_user(username, domain or user.domain),
            self._organization.owned_account(username),
        )
        if any(other is not None and other is not user for other in others):
            raise RefusedError("error.user.name_in_use", value=username)

    # Memberships

    def _add(self, fields: Fields) -> None:
        self._change_memberships(fields, "error.usergroup.readonly.add_user_not_allowed", "join")

    def _remove(self, fields: Fields | str) -> None:
        if not isinstance(fields, str):
            self._change_memberships(fields, "error.usergroup.readonly.remove_user_not_allowed", "leave")
            return
        user = self._existing()
        if user is None or self._test_mode:
            return
        for group in user.groups:
            # Nothing is said of groups that another organisation shares [G remove-all].
            if group.name not in UNTOUCHABLE_GROUPS and not group.read_only:
                self._organization.leave(user, group)

    def _change_memberships(self, fields: Fields, read_only: str, change: str) -> None:
        user = self._existing()
        # Letter case aside, the same name twice is the mistake the service has a code for.
        groups: list[Group] = []
        for kind in ("group", "productConfiguration", "product"):  # [G product-configuration]
            names = [key(name) for name in fields.get(kind, ())]
            if len(set(names)) != len(names):
                raise RefusedError("error.command.add_remove.duplicate.usergroup_list", field=kind)
            groups += [membership_group(self._organization, name, read_only) for name in fields.get(kind, ())]
        if user is None or self._test_mode:
            return
        for group in groups:
            if change == "join":
                self._organization.join(user, group)
            else:
                self._organization.leave(user, group)

    # Removal

    def _remove_from_org(self, fields: Fields) -> None:
        if self._user is None:
            if self._settings.remove_absent_user_fails:
                self._existing()
        elif not self._test_mode:
            self._organization.remove_user(self._user, delete_account=fields.get("deleteAccount", False))
            self._user = None


def membership_group(organization: Organization, name: str, read_only: str) -> Group:
    """The group `name`, if users may be put into it or taken out.

    Raises RefusedError: there is no such group, the API does not give or take it, or it is shared by another
    organisation (with the code `read_only`).
    """
    group = organization.catalog.find(name)
    # Which code stands for the groups that cannot be given is not published [G untouchable-groups].
    if group is None or group.name in UNTOUCHABLE_GROUPS:
        raise RefusedError("error.group.not_found", group=name)
    if group.kind == USER_GROUP and group.read_only:
        raise RefusedError(read_only, group=group.name)
    return group

"""The account that a command on a user is about: how it is found, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import User, email_domain
from umapi_models.names import FEDERATED_ID

Fields = Mapping[str, Any]


class UserTarget:
    """The account of one command, which the steps keep in mind: one of them may create, rename or remove it."""

    __slots__ = ("created_in_test", "domain", "name", "organization", "settings", "test_mode", "user")

    def __init__(self, organization: Organization, settings: Settings, command: Fields, *, test_mode: bool) -> None:
        self.organization = organization
        self.settings = settings
        self.test_mode = test_mode
        self.name: str = command["user"]
        self.domain: str | None = command.get("domain")
        self.user = self._find(prefer_adobe_id=command.get("useAdobeID", False))
        """The account as it is now; None where there is none."""
        self.created_in_test = False
        """True once test mode pretends to have created it."""

    def _find(self, *, prefer_adobe_id: bool) -> User | None:
        """The account that the command names; none where it asks for an Adobe ID that is not there [G use-adobe-id]."""
        if prefer_adobe_id and not self.settings.use_adobe_id_falls_back:
            return self.organization.adobe_id(self.name)
        user = self.organization.find_user(self.name, self.domain, prefer_adobe_id=prefer_adobe_id)
        if user is None and self.domain is not None and "@" in self.name:
            # A domain beside an e-mail address says nothing about Adobe IDs and Enterprise IDs (ActionsCmds.md).
            user = self.organization.find_user(self.name, prefer_adobe_id=prefer_adobe_id)
            if user is not None and user.type == FEDERATED_ID and not _is_home(user, self.domain.lower()):
                return None
        return user

    def existing(self) -> User | None:
        """The user; None for one whom test mode pretends to be there. Raises RefusedError where there is none."""
        if self.user is not None or self.created_in_test:
            return self.user
        if self.name.lower() in self.organization.outsiders:
            raise RefusedError("error.user.not_in_org", user=self.name)
        if self.in_another_domain():
            # The occasion is not published, the name of the code suggests it [G conflicting-parameters].
            code = "error.user.nonexistent_or_has_conflicting_parameters"
            raise RefusedError(code, user=self.name, domain=self.domain)
        if self.test_mode and not self.settings.test_mode_needs_user:
            return None
        raise RefusedError("error.user.nonexistent", user=self.name)

    def in_another_domain(self) -> bool:
        """Whether the user name is that of somebody, but not in the domain given with it."""
        return self.domain is not None and (
            any(self.organization.find_user(self.name, domain) is not None for domain in self.organization.domains)
            or self.organization.owned_account(self.name) is not None
        )


def _is_home(user: User, domain: str) -> bool:
    return domain in (user.domain.lower(), email_domain(user.email))

"""Steps on a user group: what each does to the organisation, and what makes the service refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from umapi_harness.mock.api.failing import check_group_step
from umapi_harness.mock.api.memberships import membership_group
from umapi_harness.mock.api.refusals import NoBehaviourError, RefusedError
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.groups import PROFILE, USER_GROUP, Group, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import User
from umapi_models.names import (
    ADD,
    CREATE_USER_GROUP,
    DELETE_USER_GROUP,
    REMOVE,
    UPDATE_IF_ALREADY_EXISTS,
    UPDATE_USER_GROUP,
)

Fields = Mapping[str, Any]

_ADD_REFUSED = "error.usergroup.readonly.add_user_not_allowed"
_REMOVE_REFUSED = "error.usergroup.readonly.remove_user_not_allowed"


class UserGroupCommand:
    """One command on a user group; follows the group when a step renames it."""

    def __init__(self, organization: Organization, settings: Settings, command: Fields, *, test_mode: bool) -> None:
        self._organization = organization
        self._settings = settings
        self._test_mode = test_mode
        self._name: str = command["usergroup"]
        self._created_in_test = False
        self._group: Group | None = organization.catalog.find(self._name)
        self.finished = False
        """True once the group is deleted: no later step runs."""
        self._steps: dict[str, Callable[[Fields], None]] = {
            CREATE_USER_GROUP: self._create,
            UPDATE_USER_GROUP: self._update,
            DELETE_USER_GROUP: self._delete,
            ADD: self._add,
            REMOVE: self._remove,
        }

    def run(self, name: str, fields: Fields) -> None:
        """Take one step. Raises RefusedError, in which case the step has changed nothing."""
        if not self._test_mode:
            check_group_step(self._settings.breakdown, name, self._name)
        take = self._steps.get(name)
        if take is None:
            raise NoBehaviourError(name)
        take(fields)

    def _user_group(self) -> Group | None:
        """The user group; None for one that test mode pretends to have created."""
        if self._group is not None and self._group.kind == USER_GROUP:
            return self._group
        if self._created_in_test and self._group is None:
            return None
        raise RefusedError("error.usergroup.not_found", group=self._name)

    def _create(self, fields: Fields) -> None:
        name: str = fields.get("name", self._name)
        existing = self._organization.catalog.find(name)
        option = fields.get("option")
        if existing is None:
            if self._test_mode:
                self._created_in_test, self._group = True, None
            else:
                self._group = self._organization.catalog.add_user_group(name, description=fields.get("description"))
            return
        if existing.kind != USER_GROUP or option is None:
            raise RefusedError("error.usergroup.already_exists", group=name)
        description = fields.get("description")
        if option == UPDATE_IF_ALREADY_EXISTS and description is not None:
            if existing.read_only:
                raise RefusedError("error.usergroup.readonly.update_not_allowed", group=name)
            if not self._test_mode:
                self._organization.catalog.describe(existing, description)
        self._group = existing

    def _update(self, fields: Fields) -> None:
        group = self._user_group()
        if group is not None and group.read_only:
            raise RefusedError("error.usergroup.readonly.update_not_allowed", group=group.name)
        name: str | None = fields.get("name")
        if name is not None:
            holder = self._organization.catalog.find(name)
            # The code is documented for the creation [G group-name-taken].
            if holder is not None and holder is not group:
                raise RefusedError("error.usergroup.already_exists", group=name)
        if group is None or self._test_mode:
            return
        if name is not None:
            self._organization.catalog.rename(group, name)
        if "description" in fields:
            self._organization.catalog.describe(group, fields["description"])

    def _delete(self, _fields: Fields) -> None:
        group = self._user_group()
        if group is not None and group.read_only:
            raise RefusedError("error.usergroup.readonly.remove_not_allowed", group=group.name)
        if group is not None and not self._test_mode:
            self._organization.remove_group(group)
            self._group = None
        self.finished = True

    # Members and profiles

    def _add(self, fields: Fields) -> None:
        group = self._target(fields, _ADD_REFUSED)
        profiles = self._profiles(fields)
        limit = self._settings.group_member_limit
        if profiles and group is not None and len(group.members) > limit:
            raise RefusedError("error.usergroup.exceeds_maximum_member_count", group=group.name)
        users = self._users(fields)
        changed = [user for user in users if group is not None and group not in user.groups]
        for user in users:
            if self._settings.known_member_fails and user not in changed and group is not None:
                raise RefusedError("error.user.already_exists", user=user.email)
        self._check_effect(fields, group, users, changed)
        if group is None or self._test_mode:
            return
        for user in changed:
            self._organization.join(user, group)
        for profile in profiles:
            self._organization.catalog.link(group, profile)

    def _remove(self, fields: Fields) -> None:
        group = self._target(fields, _REMOVE_REFUSED)
        profiles = self._profiles(fields)
        users = self._users(fields)
        changed = [user for user in users if group is not None and group in user.groups]
        self._check_effect(fields, group, users, changed)
        if group is None or self._test_mode:
            return
        for user in changed:
            self._organization.leave(user, group)
        for profile in profiles:
            self._organization.catalog.unlink(group, profile)

    def _target(self, fields: Fields, read_only: str) -> Group | None:
        """The group to change: a user group, or an admin group when only users are named."""
        group = self._group
        if group is not None and group.is_admin_group and set(fields) == {"user"}:
            return membership_group(self._organization, group.name, read_only)
        group = self._user_group()
        if group is not None and group.read_only and "user" in fields:
            raise RefusedError(read_only, group=group.name)
        return group

    def _profiles(self, fields: Fields) -> list[Group]:
        found: list[Group] = []
        for kind in ("productConfiguration", "product"):
            names: list[str] = fields.get(kind, [])
            if len({key(name) for name in names}) != len(names):
                raise RefusedError("error.command.add_remove.duplicate.product_list", field=kind)
            for name in names:
                profile = self._organization.catalog.find(name)
                if profile is None or profile.kind != PROFILE:
                    raise RefusedError("error.group.not_found", group=name)
                found.append(profile)
        return found

    def _users(self, fields: Fields) -> list[User]:
        """The users named, without those that test mode does not mind missing."""
        names: list[str] = fields.get("user", [])
        if len({name.lower() for name in names}) != len(names):
            raise RefusedError("error.command.add_remove.duplicate.user_list", field="user")
        found: list[User] = []
        for name in names:
            user = self._organization.find_user(name)
            if user is not None:
                found.append(user)
            elif name.lower() in self._organization.outsiders:
                raise RefusedError("error.user.not_in_org", user=name)
            elif not self._test_mode or self._settings.test_mode_needs_user:
                raise RefusedError("error.user.nonexistent", user=name)
        return found

    def _check_effect(self, fields: Fields, group: Group | None, users: list[User], changed: list[User]) -> None:
        """Raise RefusedError where the list of users would change nothing (ErrorRef.md)."""
        all_there = len(users) == len(fields.get("user", ()))
        if not self._settings.unchanged_user_list_fails or group is None:
            return
        if users and all_there and not changed:
            raise RefusedError("error.usergroup.user_list.invalid", group=group.name)

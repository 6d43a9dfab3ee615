"""Actions on one user group: create, update, fill and empty, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from umapi_models.limits import MAX_PROFILES, MAX_USER_GROUP_STEPS, MAX_USERS
from umapi_models.models import (
    AddToUserGroup,
    CreateOption,
    CreateUserGroup,
    DeleteUserGroup,
    RemoveFromUserGroup,
    UpdateUserGroup,
    UserCommand,
    UserGroupCommand,
    UserGroupStep,
)
from umapi_models.names import ADD, CREATE_USER_GROUP, DELETE_USER_GROUP, REMOVE, UPDATE_USER_GROUP
from umapi_sdk.actions.names import Names
from umapi_sdk.actions.steps import Action, Steps
from umapi_sdk.effects import StepPart

_ANY = (UserGroupStep(delete_user_group=DeleteUserGroup()),)


# Action by name, so that mypy finds it as the type of a list with actions of both kinds.
class GroupSteps(Steps[UserGroupStep, UserGroupCommand], Action):
    """Steps on a user group that may follow any other."""

    _limit = MAX_USER_GROUP_STEPS

    def again(self, frame: UserCommand | UserGroupCommand, parts: Sequence[StepPart]) -> GroupSteps:
        """Return a new action with some of the steps, on the user group of `frame`; for outcomes."""
        assert isinstance(frame, UserGroupCommand)
        return GroupSteps(frame.user_group, lambda: frame)._take_over(parts)

    @overload
    def update(self, *, name: str | None, description: str | None = None) -> GroupSteps: ...
    @overload
    def update(self, *, name: str | None = None, description: str | None) -> GroupSteps: ...
    def update(self, *, name: str | None = None, description: str | None = None) -> GroupSteps:
        """Change the name, the description or both.

        Raises:
            ActionError: neither is given, or one is invalid.
        """
        return self._add(
            UPDATE_USER_GROUP,
            lambda: UserGroupStep(update_user_group=UpdateUserGroup(name=name, description=description)),
        )

    def delete(self) -> Action:
        """Delete the user group; nothing can follow."""
        return self._add(DELETE_USER_GROUP, lambda: UserGroupStep(delete_user_group=DeleteUserGroup()))

    def add_users(self, users: Names) -> GroupSteps:
        """Add users, by e-mail address; any number of them.

        Raises:
            ActionError: no user is given, or one is invalid.
        """
        return self._add_names(
            ADD, "user", users, MAX_USERS, lambda names: UserGroupStep(add=AddToUserGroup(user=names))
        )

    def remove_users(self, users: Names) -> GroupSteps:
        """Take users out of the group, by e-mail address; any number of them.

        Raises:
            ActionError: no user is given, or one is invalid.
        """
        return self._add_names(
            REMOVE, "user", users, MAX_USERS, lambda names: UserGroupStep(remove=RemoveFromUserGroup(user=names))
        )

    def add_to_products(self, profiles: Names) -> GroupSteps:
        """Give the group's members access to product profiles; any number of them.

        Raises:
            ActionError: no profile is given, or a name is invalid.
        """
        return self._add_names(
            ADD,
            "productConfiguration",
            profiles,
            MAX_PROFILES,
            lambda names: UserGroupStep(add=AddToUserGroup(product_configuration=names)),
        )

    def remove_from_products(self, profiles: Names) -> GroupSteps:
        """End the access to product profiles that the group gives its members; any number of them.

        Raises:
            ActionError: no profile is given, or a name is invalid.
        """
        return self._add_names(
            REMOVE,
            "productConfiguration",
            profiles,
            MAX_PROFILES,
            lambda names: UserGroupStep(remove=RemoveFromUserGroup(product_configuration=names)),
        )


class GroupAction(GroupSteps):
    """An action on one user group, named. `request_id` comes back with the service's errors.

    Raises:
        ActionError: the name or request id is invalid.
    """

    def __init__(self, name: str, *, request_id: str | None = None) -> None:
        super().__init__(name, lambda: UserGroupCommand(user_group=name, request_id=request_id, do=_ANY))

    def create(self, *, description: str | None = None, option: CreateOption | None = None) -> GroupSteps:
        """Create the user group.

        With `option`, an existing group is no error: it is left alone, or its description is updated.

        Raises:
            ActionError: the group's name or a field is invalid, or another step came before.
        """
        return self._add(
            CREATE_USER_GROUP,
            lambda: UserGroupStep(create_user_group=CreateUserGroup(description=description, option=option)),
        )

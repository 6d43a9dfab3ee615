"""Actions on one user: create, update, put into groups and take out, remove from the organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

from umapi_models.limits import MAX_GROUPS, MAX_USER_STEPS
from umapi_models.models import (
    AddAdobeID,
    AddToGroups,
    CreateEnterpriseID,
    CreateFederatedID,
    CreateOption,
    IdentityType,
    RemoveFromGroups,
    RemoveFromOrg,
    UpdateUser,
    UserCommand,
    UserGroupCommand,
    UserStep,
)
from umapi_models.names import (
    ADD,
    ADD_ADOBE_ID,
    CREATE_ENTERPRISE_ID,
    CREATE_FEDERATED_ID,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
)
from umapi_runtime.constraints import Violation, contract_of, refuse, show
from umapi_sdk.actions.names import Names
from umapi_sdk.actions.steps import Action, Steps
from umapi_sdk.effects import StepPart
from umapi_sdk.errors import ActionError
from umapi_sdk.mailboxes import mistyped
from umapi_sdk.mixtures import kind_of

_ANY = (UserStep(remove_from_org=RemoveFromOrg()),)


# Action by name, so that mypy finds it as the type of a list with actions of both kinds.
class UserSteps(Steps[UserStep, UserCommand], Action):
    """Steps on a user that may follow any other."""

    _limit = MAX_USER_STEPS

    def again(self, frame: UserCommand | UserGroupCommand, parts: Sequence[StepPart]) -> UserSteps:
        """Return a new action with some of the steps, on the user of `frame`; for outcomes."""
        assert isinstance(frame, UserCommand)
        return UserSteps(frame.user, lambda: frame)._take_over(parts)

    @overload
    def update(
        self,
        *,
        email: str | None,
        username: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> UserSteps: ...
    @overload
    def update(
        self,
        *,
        email: str | None = None,
        username: str | None,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> UserSteps: ...
    @overload
    def update(
        self,
        *,
        email: str | None = None,
        username: str | None = None,
        first_name: str | None,
        last_name: str | None = None,
    ) -> UserSteps: ...
    @overload
    def update(
        self,
        *,
        email: str | None = None,
        username: str | None = None,
        first_name: str | None = None,
        last_name: str | None,
    ) -> UserSteps: ...
    def update(
        self,
        *,
        email: str | None = None,
        username: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> UserSteps:
        """Change the fields given; Enterprise and Federated IDs only, and `username` for Federated IDs only.

        Raises:
            ActionError: no field is given, or one is invalid.
        """
        return self._add(
            UPDATE,
            lambda: UserStep(
                update=UpdateUser(email=email, username=username, first_name=first_name, last_name=last_name)
            ),
        )

    def add_to_groups(self, groups: Names) -> UserSteps:
        """Make the user a member of user groups, product profiles or admin groups; any number of them.

        Raises:
            ActionError: no name is given, or one is invalid.
        """
        return self._add_names(ADD, "group", groups, MAX_GROUPS, lambda names: UserStep(add=AddToGroups(group=names)))

    @overload
    def remove_from_groups(self, groups: Names, *, all_groups: Literal[False] = False) -> UserSteps: ...
    @overload
    def remove_from_groups(self, groups: None = None, *, all_groups: Literal[True]) -> UserSteps: ...
    def remove_from_groups(self, groups: Names | None = None, *, all_groups: bool = False) -> UserSteps:
        """End the user's membership of groups: those named, or with `all_groups` every one but `_org_admin`.

        Raises:
            ActionError: neither or both are given, or a name is invalid.
        """
        if not isinstance(all_groups, bool):  # pyright: ignore[reportUnnecessaryIsInstance] - "no" must not mean all
            problem = f"all_groups must be True or False, not {show(all_groups)}"
            raise self._refused(Violation(f"/do/{self._count}/{REMOVE}", problem, "error.command.add_remove.list"))
        if all_groups == (groups is not None):
            problem = "name groups, or say all_groups=True: one of the two"
            code = "error.command.add_remove.missing_list"
            raise self._refused(Violation(f"/do/{self._count}/{REMOVE}", problem, code))
        if groups is None:
            return self._add(REMOVE, lambda: UserStep(remove="all"))
        return self._add_names(
            REMOVE, "group", groups, MAX_GROUPS, lambda names: UserStep(remove=RemoveFromGroups(group=names))
        )

    def remove_from_organization(self, *, delete_account: bool = False) -> Action:
        """Remove the user from the organisation; nothing can follow.

        With `delete_account`, an account that the organisation owns is deleted for good, with its assets.

        Raises:
            ActionError: `delete_account` is not a boolean.
        """
        return self._add(
            REMOVE_FROM_ORG, lambda: UserStep(remove_from_org=RemoveFromOrg(delete_account=delete_account))
        )


class UserAction(UserSteps):
    """An action on one user.

    The user is an e-mail address, or a user name together with its domain. With `use_adobe_id`, the Adobe ID is
    meant where it and another account share the e-mail. `request_id` comes back with the service's errors.

    Raises:
        ActionError: the user, domain or request id is invalid, or domain and user do not fit together.
    """

    @overload
    def __init__(
        self, user: str, *, domain: str | None = None, use_adobe_id: bool = False, request_id: str | None = None
    ) -> None: ...
    @overload
    def __init__(self, *, email: str, use_adobe_id: bool = False, request_id: str | None = None) -> None: ...
    def __init__(
        self,
        user: str | None = None,
        *,
        email: str | None = None,
        domain: str | None = None,
        use_adobe_id: bool = False,
        request_id: str | None = None,
    ) -> None:
        if (user is None) == (email is None):
            problem = "name the user, or give email: one of the two"
            raise ActionError((Violation("/user", problem, "error.command.user.missing"),))
        named = email if user is None else user
        self._own_email = named if isinstance(named, str) and "@" in named else None
        super().__init__(
            str(named),
            lambda: UserCommand(
                user=named,  # type: ignore[arg-type]  # the model refuses what is not a string, with its code
                domain=domain,
                use_adobe_id=None if use_adobe_id is False else use_adobe_id,
                request_id=request_id,
                do=_ANY,
            ),
        )

    def create(
        self,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        country: str | None = None,
        id_type: IdentityType = IdentityType.ADOBE_ID,
        option: CreateOption | None = None,
    ) -> UserSteps:
        """Create the user with the identity type given: an Adobe ID unless said.

        Raises:
            ActionError: a field is missing or invalid for that type, or another step came before.
        """
        prefix = f"/do/{self._count}"
        if not isinstance(id_type, IdentityType):  # pyright: ignore[reportUnnecessaryIsInstance]
            given = id_type if isinstance(id_type, str) else kind_of(id_type)
            problem = f"id_type must be one of umapi_sdk.IdentityType, as IdentityType.FEDERATED_ID, not {given}"
            raise self._refused(Violation(prefix, problem, "error.command.step.unknown"))
        if id_type is IdentityType.ADOBE_ID:
            return self.add_adobe_id(
                email=email, first_name=first_name, last_name=last_name, country=country, option=option
            )
        if id_type is IdentityType.UNKNOWN:
            problem = "a user of unknown type cannot be created"
            raise self._refused(Violation(prefix, problem, "error.command.step.unknown"))
        if id_type is IdentityType.ENTERPRISE_ID:
            first, last = self._given(CreateEnterpriseID, firstname=first_name, lastname=last_name)
            return self.create_enterprise_id(
                email=email, first_name=first, last_name=last, country=country, option=option
            )
        first, last, given_country = self._given(
            CreateFederatedID, firstname=first_name, lastname=last_name, country=country
        )
        return self.create_federated_id(
            email=email, first_name=first, last_name=last, country=given_country, option=option
        )

    def add_adobe_id(
        self,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        country: str | None = None,
        option: CreateOption | None = None,
    ) -> UserSteps:
        """Add a user by an Adobe ID of their own; `email` is the action's user unless given.

        Raises:
            ActionError: a field is invalid, or another step came before.
        """
        return self._add(
            ADD_ADOBE_ID,
            lambda: UserStep(
                add_adobe_id=AddAdobeID(
                    email=self._email(email), first_name=first_name, last_name=last_name, country=country, option=option
                )
            ),
        )

    def create_enterprise_id(
        self,
        *,
        first_name: str,
        last_name: str,
        email: str | None = None,
        country: str | None = None,
        option: CreateOption | None = None,
    ) -> UserSteps:
        """Create an Enterprise ID; `email` is the action's user unless given.

        Raises:
            ActionError: a field is invalid, or another step came before.
        """
        return self._add(
            CREATE_ENTERPRISE_ID,
            lambda: UserStep(
                create_enterprise_id=CreateEnterpriseID(
                    email=self._email(email), first_name=first_name, last_name=last_name, country=country, option=option
                )
            ),
        )

    def create_federated_id(
        self,
        *,
        first_name: str,
        last_name: str,
        country: str,
        email: str | None = None,
        option: CreateOption | None = None,
    ) -> UserSteps:
        """Create a Federated ID; `email` is the action's user unless given.

        Raises:
            ActionError: a field is invalid, the user is no e-mail address and `email` is not given, or another
                step came before.
        """
        return self._add(
            CREATE_FEDERATED_ID,
            lambda: UserStep(
                create_federated_id=CreateFederatedID(
                    email=self._email(email), first_name=first_name, last_name=last_name, country=country, option=option
                )
            ),
        )

    def _email(self, email: str | None) -> str:
        if email is not None:
            if self._own_email is not None and (problem := mistyped(self._own_email)) is not None:
                raise self._refused(Violation("/user", problem))
            return email
        if self._own_email is None:
            raise refuse("/email", "give email: the user is no e-mail address", "error.user.email.invalid")
        return self._own_email

    def _given(self, model: type, **fields: str | None) -> list[str]:
        missing = [name for name, value in fields.items() if value is None]
        if missing:
            codes = contract_of(model).missing
            # A step is called what its model is called, but for the first letter.
            pointer = f"/do/{self._count}/{model.__name__[0].lower()}{model.__name__[1:]}"
            raise self._refused(*(Violation(pointer, f'"{name}" is missing', codes.get(name)) for name in missing))
        return [value for value in fields.values() if value is not None]

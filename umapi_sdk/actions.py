"""Builders of actions: what to do to one user or one user group, step by step.

Each method adds a step and returns the action, so that steps can be chained. A method that must come first is
gone from the type of what follows it, and nothing follows a removal. Values are checked as they are given:
a step that the service would refuse raises `ActionError`, and leaves the action as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, TypeVar, overload

from umapi_models.limits import MAX_GROUPS, MAX_PROFILES, MAX_USER_GROUP_STEPS, MAX_USER_STEPS, MAX_USERS
from umapi_models.models import (
    AddAdobeID,
    AddToGroups,
    AddToUserGroup,
    CreateEnterpriseID,
    CreateFederatedID,
    CreateOption,
    CreateUserGroup,
    DeleteUserGroup,
    IdentityType,
    RemoveFromGroups,
    RemoveFromOrg,
    RemoveFromUserGroup,
    UpdateUser,
    UpdateUserGroup,
    UserCommand,
    UserGroupCommand,
    UserGroupStep,
    UserStep,
)
from umapi_runtime.constraints import ContractError, Violation, contract_of, refuse, show

from .errors import ActionError
from .outcomes import ActionOutcome, OutcomeStatus
from .prudence import doubts, undone

Names = list[str] | tuple[str, ...] | set[str] | frozenset[str]
"""Names of groups or users. A bare string is not among them, so that a type checker refuses it."""

T = TypeVar("T")
S = TypeVar("S")

_ANY_USER_STEP = (UserStep(remove_from_org=RemoveFromOrg()),)
_ANY_GROUP_STEP = (UserGroupStep(delete_user_group=DeleteUserGroup()),)

# An action can be in the queues of several connections, each with its own threads. Reentrant as the queue's lock.
_marking = threading.RLock()


class Action:
    """What to do to one user or user group: a target and steps. Once executed, it knows its outcome."""

    target: str
    """The user or user group, as written."""
    outcome: ActionOutcome | None
    """What became of the action in the last execution that ended; None until it has been executed."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.outcome = None
        self._holds = 0
        self._sent = False

    @property
    def step_count(self) -> int:
        """Number of steps, as the caller wrote them."""
        raise NotImplementedError

    def execution_errors(self) -> tuple[str, ...]:
        """Return what went wrong, one line for each failed step; empty when nothing did, or before execution."""
        if self.outcome is None or self.outcome.status is OutcomeStatus.COMPLETED:
            return ()
        return tuple(str(error) for error in self.outcome.errors) or (str(self.outcome.reason),)

    def hold(self) -> None:
        """Note that the action is in a queue; for connections. A step that is added now would not be sent."""
        with _marking:
            self._holds += 1

    def let_go(self, *, sent: bool) -> None:
        """Note that the action has left a queue; for connections. If nothing of it was sent, it takes steps again."""
        with _marking:
            self._holds -= 1
            self._sent = self._sent or sent

    def _check_open(self) -> None:
        if self._holds or self._sent:
            state = "is queued" if self._holds else "has been sent"
            problem = f"the action for {self.target} {state}, and takes no further step: begin a new action"
            raise ActionError((Violation(f"/do/{self.step_count}", problem),))

    def __repr__(self) -> str:
        status = f", {self.outcome.status}" if self.outcome else ""
        return f"<{type(self).__name__} {self.target!r}, {self.step_count} steps{status}>"


class UserSteps(Action):
    """Steps on a user that may follow any other."""

    def __init__(self, target: str, frame: Callable[..., UserCommand]) -> None:
        super().__init__(target)
        self._frame = frame
        self._steps: list[tuple[UserStep, ...]] = []
        self._whole: UserCommand | None = None
        # The target is checked with a step that any target can have.
        _sure(self._build(lambda: self.command(_ANY_USER_STEP)))

    @property
    def step_count(self) -> int:
        """Number of steps, as the caller wrote them."""
        return len(self._steps)

    @property
    def wire_steps(self) -> list[tuple[int, UserStep]]:
        """The steps for the wire, each with the place of the caller's step it comes from."""
        return [(place, step) for place, steps in enumerate(self._steps) for step in steps]

    def command(self, steps: tuple[UserStep, ...]) -> UserCommand:
        """Return the command that carries out `steps` on this action's user."""
        whole = self._whole
        return whole if whole is not None and whole.do == steps else self._frame(do=steps)

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
            "update",
            lambda: UserStep(
                update=UpdateUser(email=email, username=username, first_name=first_name, last_name=last_name)
            ),
        )

    def add_to_groups(self, groups: Names) -> UserSteps:
        """Make the user a member of user groups, product profiles or admin groups; any number of them.

        Raises:
            ActionError: no name is given, or one is invalid.
        """
        return self._add_split("add", "group", groups, MAX_GROUPS, lambda names: UserStep(add=AddToGroups(group=names)))

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
            raise ActionError((Violation(f"/do/{self.step_count}/remove", problem, "error.command.add_remove.list"),))
        if all_groups == (groups is not None):
            raise ActionError(
                (
                    Violation(
                        f"/do/{self.step_count}/remove",
                        "name groups, or say all_groups=True: one of the two",
                        "error.command.add_remove.missing_list",
                    ),
                )
            )
        if groups is None:
            return self._add("remove", lambda: UserStep(remove="all"))
        return self._add_split(
            "remove", "group", groups, MAX_GROUPS, lambda names: UserStep(remove=RemoveFromGroups(group=names))
        )

    def remove_from_organization(self, *, delete_account: bool = False) -> Action:
        """Remove the user from the organisation; nothing can follow.

        With `delete_account`, an account that the organisation owns is deleted for good, with its assets.

        Raises:
            ActionError: `delete_account` is not a boolean.
        """
        return self._add(
            "removeFromOrg", lambda: UserStep(remove_from_org=RemoveFromOrg(delete_account=delete_account))
        )

    def _add(self, name: str, make: Callable[[], UserStep]) -> UserSteps:
        place = self.step_count
        step = _sure(self._build(make, f"/do/{place}/{name}"), f"/do/{place}")
        self._append((step,))
        return self

    def _add_split(
        self, name: str, field: str, names: Names, size: int, make: Callable[[tuple[str, ...]], UserStep]
    ) -> UserSteps:
        steps = _build_at_once(names, make, size)
        if steps is None:
            prefix = f"/do/{self.step_count}/{name}"
            once = self._build(lambda: _once(names, field), prefix)
            steps = _build_chunks(once, make, prefix, field, size)
        self._append(steps)
        return self

    def _append(self, steps: tuple[UserStep, ...]) -> None:
        before = (self._steps[-1][-1],) if self._steps else ()
        done = self._whole.do if self._whole is not None else None if before else ()
        whole = _joined(self.command, done, steps, MAX_USER_STEPS)
        if whole is None:
            _check_order(lambda: self.command((*before, steps[0])), self.step_count, len(before))
        _check_undone(before, steps[0], self.step_count)
        with _marking:
            self._check_open()
            self._steps.append(steps)
            self._whole = whole

    @staticmethod
    def _build(make: Callable[[], T], prefix: str = "") -> T:
        return _build(make, prefix)


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
        frame = partial(
            UserCommand,
            user=named,  # type: ignore[arg-type]  # the model refuses what is not a string, with its code
            domain=domain,
            use_adobe_id=None if use_adobe_id is False else use_adobe_id,
            request_id=request_id,
        )
        super().__init__(str(named), frame)

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
        prefix = f"/do/{self.step_count}"
        if not isinstance(id_type, IdentityType):  # pyright: ignore[reportUnnecessaryIsInstance]
            problem = f"id_type {show(id_type)} is not an IdentityType"
            raise ActionError((Violation(prefix, problem, "error.command.step.unknown"),))
        if id_type is IdentityType.ADOBE_ID:
            return self.add_adobe_id(
                email=email, first_name=first_name, last_name=last_name, country=country, option=option
            )
        if id_type is IdentityType.UNKNOWN:
            problem = "a user of unknown type cannot be created"
            raise ActionError((Violation(prefix, problem, "error.command.step.unknown"),))
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
            "addAdobeID",
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
            "createEnterpriseID",
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
            "createFederatedID",
            lambda: UserStep(
                create_federated_id=CreateFederatedID(
                    email=self._email(email), first_name=first_name, last_name=last_name, country=country, option=option
                )
            ),
        )

    def _email(self, email: str | None) -> str:
        if email is not None:
            return email
        if self._own_email is None:
            raise refuse("/email", "give email: the user is no e-mail address", "error.user.email.invalid")
        return self._own_email

    def _given(self, model: type, **fields: str | None) -> list[str]:
        missing = [name for name, value in fields.items() if value is None]
        if missing:
            codes = contract_of(model).missing
            # A step is called what its model is called, but for the first letter.
            pointer = f"/do/{self.step_count}/{model.__name__[0].lower()}{model.__name__[1:]}"
            raise ActionError(tuple(Violation(pointer, f'"{name}" is missing', codes.get(name)) for name in missing))
        return [value for value in fields.values() if value is not None]


class GroupSteps(Action):
    """Steps on a user group that may follow any other."""

    def __init__(self, name: str, request_id: str | None = None) -> None:
        super().__init__(name)
        self._request_id = request_id
        self._steps: list[tuple[UserGroupStep, ...]] = []
        self._whole: UserGroupCommand | None = None
        # The target is checked with a step that any target can have.
        _sure(_build(lambda: self.command(_ANY_GROUP_STEP)))

    @property
    def step_count(self) -> int:
        """Number of steps, as the caller wrote them."""
        return len(self._steps)

    @property
    def wire_steps(self) -> list[tuple[int, UserGroupStep]]:
        """The steps for the wire, each with the place of the caller's step it comes from."""
        return [(place, step) for place, steps in enumerate(self._steps) for step in steps]

    def command(self, steps: tuple[UserGroupStep, ...]) -> UserGroupCommand:
        """Return the command that carries out `steps` on this action's user group."""
        whole = self._whole
        if whole is not None and whole.do == steps:
            return whole
        return UserGroupCommand(user_group=self.target, request_id=self._request_id, do=steps)

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
            "updateUserGroup",
            lambda: UserGroupStep(update_user_group=UpdateUserGroup(name=name, description=description)),
        )

    def delete(self) -> Action:
        """Delete the user group; nothing can follow."""
        return self._add("deleteUserGroup", lambda: UserGroupStep(delete_user_group=DeleteUserGroup()))

    def add_users(self, users: Names) -> GroupSteps:
        """Add users, by e-mail address; any number of them.

        Raises:
            ActionError: no user is given, or one is invalid.
        """
        return self._add_split(
            "add", "user", users, MAX_USERS, lambda names: UserGroupStep(add=AddToUserGroup(user=names))
        )

    def remove_users(self, users: Names) -> GroupSteps:
        """Take users out of the group, by e-mail address; any number of them.

        Raises:
            ActionError: no user is given, or one is invalid.
        """
        return self._add_split(
            "remove", "user", users, MAX_USERS, lambda names: UserGroupStep(remove=RemoveFromUserGroup(user=names))
        )

    def add_to_products(self, profiles: Names) -> GroupSteps:
        """Give the group's members access to product profiles; any number of them.

        Raises:
            ActionError: no profile is given, or a name is invalid.
        """
        return self._add_split(
            "add",
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
        return self._add_split(
            "remove",
            "productConfiguration",
            profiles,
            MAX_PROFILES,
            lambda names: UserGroupStep(remove=RemoveFromUserGroup(product_configuration=names)),
        )

    def _add(self, name: str, make: Callable[[], UserGroupStep]) -> GroupSteps:
        step = _sure(_build(make, f"/do/{self.step_count}/{name}"), f"/do/{self.step_count}")
        self._append((step,))
        return self

    def _add_split(
        self, name: str, field: str, names: Names, size: int, make: Callable[[tuple[str, ...]], UserGroupStep]
    ) -> GroupSteps:
        steps = _build_at_once(names, make, size)
        if steps is None:
            prefix = f"/do/{self.step_count}/{name}"
            once = _build(lambda: _once(names, field), prefix)
            steps = _build_chunks(once, make, prefix, field, size)
        self._append(steps)
        return self

    def _append(self, steps: tuple[UserGroupStep, ...]) -> None:
        place = self.step_count
        if self._steps and self._steps[-1][-1].delete_user_group is not None:
            raise ActionError((Violation(f"/do/{place}", "no step runs after deleteUserGroup"),))
        before = (self._steps[-1][-1],) if self._steps else ()
        done = self._whole.do if self._whole is not None else None if before else ()
        whole = _joined(self.command, done, steps, MAX_USER_GROUP_STEPS)
        if whole is None:
            _check_order(lambda: self.command((*before, steps[0])), place, len(before))
        _check_undone(before, steps[0], self.step_count)
        with _marking:
            self._check_open()
            self._steps.append(steps)
            self._whole = whole


class GroupAction(GroupSteps):
    """An action on one user group, named. `request_id` comes back with the service's errors.

    Raises:
        ActionError: the name or request id is invalid.
    """

    def __init__(self, name: str, *, request_id: str | None = None) -> None:
        super().__init__(name, request_id)

    def create(self, *, description: str | None = None, option: CreateOption | None = None) -> GroupSteps:
        """Create the user group.

        With `option`, an existing group is no error: it is left alone, or its description is updated.

        Raises:
            ActionError: the group's name or a field is invalid, or another step came before.
        """
        return self._add(
            "createUserGroup",
            lambda: UserGroupStep(create_user_group=CreateUserGroup(description=description, option=option)),
        )


def _build(make: Callable[[], T], prefix: str = "") -> T:
    try:
        return make()
    except ContractError as error:
        raise ActionError.from_contract(error.below(prefix)) from None


def _sure(model: T, prefix: str = "") -> T:
    """Return a model in which nothing is doubtful."""
    found = doubts(model)
    if found:
        raise ActionError(tuple(violation.below(prefix) for violation in found))
    return model


def _check_undone(before: Sequence[object], step: object, place: int) -> None:
    name = undone(before[-1], step) if before else None
    if name is not None:
        problem = f"this step undoes the one before for {show(name)}: leave out one of the two"
        raise ActionError((Violation(f"/do/{place}", problem),))


def _once(names: Names, field: str) -> list[tuple[int, str]]:
    """Return each name once, with the place at which the caller gave it first."""
    if isinstance(names, str) or not isinstance(names, (list, tuple, set, frozenset)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise refuse(f"/{field}", "give a list, tuple or set of names", "error.command.add_remove.list_not_array")
    ordered = sorted(names, key=str) if isinstance(names, (set, frozenset)) else names
    seen: set[str] = set()
    once: list[tuple[int, str]] = []
    for place, name in enumerate(ordered):
        if isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - the model refuses what is none
            if name in seen:
                continue
            seen.add(name)
        once.append((place, name))
    return once


def _build_at_once(names: Names, make: Callable[[tuple[str, ...]], T], size: int) -> tuple[T, ...] | None:
    """Build the one step for names that fit one and have nothing wrong with them, None for others."""
    if not isinstance(names, (list, tuple)) or len(names) > size or not set(map(type, names)) <= {str}:
        return None
    try:
        step = make(tuple(dict.fromkeys(names)))
    except ContractError:
        return None
    return None if doubts(step) else (step,)


def _build_chunks(
    names: Sequence[tuple[int, str]], make: Callable[[tuple[str, ...]], T], prefix: str, field: str, size: int
) -> tuple[T, ...]:
    """Build one step for each list that fits one; a pointer counts names as the caller gave them."""
    steps: list[T] = []
    for start in range(0, len(names) or 1, size):
        chunk = names[start : start + size]
        places = [place for place, _ in chunk]
        try:
            step = make(tuple(name for _, name in chunk))
        except ContractError as error:
            moved = [_moved(violation, f"/{field}/", places) for violation in error.violations]
            raise ActionError(tuple(violation.below(prefix) for violation in moved)) from None
        head = f"/{prefix.rpartition('/')[2]}/{field}/"
        found = [_moved(violation, head, places) for violation in doubts(step)]
        if found:
            raise ActionError(tuple(violation.below(prefix.rpartition("/")[0]) for violation in found))
        steps.append(step)
    return tuple(steps)


def _joined(
    command: Callable[[tuple[S, ...]], T], done: tuple[S, ...] | None, steps: tuple[S, ...], most: int
) -> T | None:
    """Return the command with these steps after those before: checked here, and sent as it is.

    None when there are more than `most`, too many for one command, or when they do not go together.
    """
    if done is None or len(done) + len(steps) > most:
        return None
    try:
        return command((*done, *steps))
    except ContractError:
        return None


def _check_order(make: Callable[[], object], place: int, before: int) -> None:
    """Check the last step and the new one together; the pointer is that of the new one among all steps."""
    try:
        make()
    except ContractError as error:
        places = range(place - before, place + 1)
        raise ActionError(tuple(_moved(violation, "/do/", places) for violation in error.violations)) from None


def _moved(violation: Violation, head: str, places: Sequence[int]) -> Violation:
    """Return the violation with the number that follows `head` in its pointer replaced by its place in `places`."""
    rest = violation.pointer.removeprefix(head)
    number, slash, tail = rest.partition("/")
    if rest == violation.pointer or not number.isdigit():
        return violation
    return Violation(f"{head}{places[int(number)]}{slash}{tail}", violation.problem, violation.code)

"""Actions as umapi-client has them: a frame and commands that are data, in any order, checked when they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self, cast

from umapi_models.models import (
    AddToGroups,
    AddToUserGroup,
    CreateFederatedID,
    CreateUserGroup,
    RemoveFromOrg,
    UpdateUser,
    UpdateUserGroup,
    UserCommand,
    UserGroupCommand,
)
from umapi_models.names import (
    ADD,
    ADD_ADOBE_ID,
    CREATE_ENTERPRISE_ID,
    CREATE_FEDERATED_ID,
    CREATE_USER_GROUP,
    DELETE_USER_GROUP,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    UPDATE_USER_GROUP,
)
from umapi_runtime.constraints import ContractError, contract_of
from umapi_sdk.actions import Action, GroupAction
from umapi_sdk.actions.steps import shortened
from umapi_sdk.commands import read_action
from umapi_sdk.compat.failures import ArgumentError
from umapi_sdk.compat.kinds import ClientCreateOption, ClientIdentityType, member
from umapi_sdk.compat.naming import public
from umapi_sdk.errors import ActionError
from umapi_sdk.mixtures import kind_of
from umapi_sdk.outcomes import AFTER_UNKNOWN, ActionOutcome, OutcomeStatus, StepError

_CREATES = {
    ClientIdentityType.adobeID: ADD_ADOBE_ID,
    ClientIdentityType.enterpriseID: CREATE_ENTERPRISE_ID,
    ClientIdentityType.federatedID: CREATE_FEDERATED_ID,
}
_USER = contract_of(UserCommand).names
_GROUP = contract_of(UserGroupCommand).names
_PLACE = re.compile(r"/do/([0-9]+)")


def _fields(model: type, **values: Any) -> dict[str, Any]:
    """Return the content of a command: what is given and not empty, by its names on the wire."""
    names = contract_of(model).names
    return {names[name]: value for name, value in values.items() if value}


def _names(model: type, field: str, given: Iterable[str]) -> dict[str, list[str]]:
    """Return the content of a command that lists names.

    Raises:
        ArgumentError: a single text stands for the list; each of its letters would be a name.
    """
    if isinstance(given, str):
        raise ArgumentError(f"give a list of names: [{given!r}], not {given!r}")
    return {contract_of(model).names[field]: list(given)}


@public("Action")
class ClientAction:
    """What to do to one user or user group. `Action` of the client.

    The frame names it; commands are dicts of one key, which may be added in any order, and whatever they are, they are
    looked at when they are sent. What the service would refuse is not sent then, and has its errors all the same.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.frame: dict[str, Any] = dict(kwargs)
        """What names the user or user group, and a `requestID`."""
        self.commands: list[dict[str, Any]] = []
        """The steps."""
        self.errors: list[dict[str, Any]] = []
        """What went wrong; `execution_errors` has those of a divided action too."""
        self.split_actions: list[ClientAction] | None = None
        """The actions that this one was divided into, if it had too many commands."""
        self.outcome: ActionOutcome | None = None
        """What became of it, as the SDK tells it; None before it was sent, and where it was not or was divided."""
        self.whole: ClientAction = self
        """The action that was divided, of which this is a part; itself, if it is none."""
        self._doubtful = False
        self._sent: list[int] = []
        """The places of the commands that are sent."""

    def __repr__(self) -> str:
        commands = shortened(repr(self.commands)) if self.commands else "no commands"
        return f"<{type(self).__name__} {self.frame!r}, {commands}>"

    def wire_dict(self) -> dict[str, Any]:
        """Return the action as the service is sent it."""
        return {**self.frame, _USER["do"]: self.commands}

    def append(self, **kwargs: Any) -> Self:
        """Add commands at the end, each by name with its content."""
        self.commands += [{name: content} for name, content in kwargs.items()]
        return self

    def insert(self, **kwargs: Any) -> Self:
        """Put commands first, each by name with its content; of several, the last comes first."""
        for name, content in kwargs.items():
            self.commands.insert(0, {name: content})
        return self

    def split(self, max_commands: int) -> list[ClientAction]:
        """Divide the action into actions of so many commands at most, and return them."""
        starts = range(0, len(self.commands) or 1, max_commands)
        self.split_actions = [self._part(self.commands[start : start + max_commands]) for start in starts]
        return self.split_actions

    def maybe_split_groups(self, max_groups: int) -> bool:
        """Divide commands that list more names than so many; return whether there was one."""
        divided: list[dict[str, Any]] = []
        for command in self.commands:
            divided += _divided(command, max_groups)
        several = len(divided) > len(self.commands)
        self.commands = divided
        return several

    def report_command_error(self, error_dict: Mapping[str, Any]) -> None:
        """Note an error in the service's own form, with the command that it is of."""
        error = dict(error_dict)
        error.pop("index", None)
        step = error.pop("step", None)
        self._note(error, step if isinstance(step, int) else None)

    def execution_errors(self) -> list[dict[str, Any]]:
        """Return what went wrong: for each error `errorCode`, `message`, the `command` and the `target`.

        An action of which is not known that it was done is among them too: its code is `unknown` or `not sent`.
        """
        return [dict(error) for each in self.split_actions or (self,) for error in each.errors]

    def ready(self) -> Action | None:
        """Return the action as the SDK sends it; None, with the errors noted, where it is not to be sent."""
        if self.whole._doubtful:
            self._note({"errorCode": str(OutcomeStatus.NOT_SENT), "message": AFTER_UNKNOWN})
            return None
        # What asks for nothing, as a list without names, the service refuses.
        asking = [place for place, command in enumerate(self.commands) if not _is_idle(command)]
        self._sent = asking or list(range(len(self.commands)))
        try:
            return read_action({**self.frame, _USER["do"]: [self.commands[place] for place in self._sent]})
        except ActionError as error:
            for violation in error.violations:
                place = _PLACE.match(violation.pointer)
                refusal = {"errorCode": violation.code or "", "message": str(violation)}
                self._note(refusal, self._place(int(place[1])) if place else None)
            return None

    def note(self, outcome: ActionOutcome) -> None:
        """Note what became of the action."""
        self.outcome = outcome
        if outcome.status is OutcomeStatus.COMPLETED:
            return
        for error in outcome.errors:
            self._note(self._as_told(error), None if error.step is None else self._place(error.step))
        if outcome.status is OutcomeStatus.UNKNOWN:
            self.whole._doubtful = True
        if not outcome.errors:
            refusal = outcome.refusal
            code = refusal.code if refusal is not None and outcome.status is OutcomeStatus.FAILED else None
            self._note({"errorCode": code or str(outcome.status), "message": outcome.reason or ""})

    def _as_told(self, error: StepError) -> dict[str, Any]:
        """Return an error as the service's answer has it."""
        told: dict[str, Any] = {"errorCode": error.code or str(OutcomeStatus.FAILED), "message": error.message}
        if (user := self.frame.get(_USER["user"])) is not None:
            told[_USER["user"]] = user
        return told if error.request_id is None else {**told, "requestID": error.request_id}

    def _place(self, step: int) -> int:
        """Return the place of a command by that among those that were sent; unknown places stay as they are."""
        return self._sent[step] if 0 <= step < len(self._sent) else step

    def _note(self, error: dict[str, Any], step: int | None = None) -> None:
        if step is not None and 0 <= step < len(self.commands):
            error["command"] = self.commands[step]
        self.errors.append({**error, "target": self.frame})

    def _part(self, commands: list[dict[str, Any]]) -> ClientAction:
        part = ClientAction(**self.frame)
        part.commands, part.whole = commands, self
        return part


def _is_idle(command: dict[str, Any]) -> bool:
    """Return whether a command asks for nothing: it changes no field, or lists no names."""
    ((name, content),) = command.items() if len(command) == 1 else (("", None),)
    if not isinstance(content, dict):
        return False
    if name in (UPDATE, UPDATE_USER_GROUP):
        return not content
    return name in (ADD, REMOVE) and not any(cast("dict[str, Any]", content).values())


def _divided(command: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Return a command as several of which none lists more names than so many."""
    ((name, content),) = command.items() if len(command) == 1 else (("", None),)
    if name not in (ADD, REMOVE) or not isinstance(content, dict):
        return [command]
    lists = cast("dict[str, list[Any]]", content)
    pieces = max((-(-len(names) // most) for names in lists.values()), default=1)
    if pieces <= 1:
        return [command]
    slices = [slice(start * most, (start + 1) * most) for start in range(pieces)]
    return [{name: {kind: names[each] for kind, names in lists.items() if names[each]}} for each in slices]


@public("UserAction")
class ClientUserAction(ClientAction):
    """What to do to one user. `UserAction` of the client.

    Args:
        user: an e-mail address, or a user name with its domain.
        domain: the domain of a user name.
        use_adobe_id: whether the Adobe ID is meant where it and another account share the e-mail address.
        kwargs: what else goes into the frame, such as `requestID`.

    Raises:
        ArgumentError: user and domain do not fit together.
        TypeError: the user is no string, or an argument is one of umapi-client 2.
    """

    def __init__(self, user: str, domain: str | None = None, use_adobe_id: bool = False, **kwargs: Any) -> None:
        if not isinstance(user, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"user must be an e-mail address or a user name, not {kind_of(user)}")
        if "@" not in user and domain is None:
            raise ArgumentError(f"{user!r} is no e-mail address: give its domain")
        if "@" in user and domain is not None:
            raise ArgumentError(f"{user!r} is an e-mail address: leave the domain out")
        frame = {_USER["user"]: user, **kwargs}
        if domain is not None:
            frame[_USER["domain"]] = domain
        if use_adobe_id:
            frame[_USER["use_adobe_id"]] = True
        super().__init__(**frame)

    def create(
        self,
        email: str,
        firstname: str | None = None,
        lastname: str | None = None,
        country: str | None = None,
        id_type: ClientIdentityType | str = ClientIdentityType.federatedID,
        on_conflict: ClientCreateOption | str = ClientCreateOption.ignoreIfAlreadyExists,
    ) -> Self:
        """Create the user, before all other commands.

        Raises:
            ArgumentError: there is no such identity type or option.
        """
        kind = member(ClientIdentityType, id_type, "id_type")
        option = member(ClientCreateOption, on_conflict, "on_conflict")
        if kind is ClientIdentityType.adobeID:
            self.frame[_USER["use_adobe_id"]] = True
        fields = _fields(
            CreateFederatedID,
            first_name=firstname,
            last_name=lastname,
            country=country,
            option=option.wire,
        )
        return self.insert(**{_CREATES[kind]: {contract_of(CreateFederatedID).names["email"]: email, **fields}})

    def update(
        self,
        email: str | None = None,
        username: str | None = None,
        firstname: str | None = None,
        lastname: str | None = None,
    ) -> Self:
        """Change what is given and not empty."""
        fields = _fields(UpdateUser, email=email, username=username, first_name=firstname, last_name=lastname)
        return self.append(**{UPDATE: fields})

    def add_to_groups(self, groups: Iterable[str] = ()) -> Self:
        """Put the user into groups of any kind.

        Raises:
            ArgumentError: a text stands for the list of groups.
        """
        return self.append(**{ADD: _names(AddToGroups, "group", groups)})

    def remove_from_groups(self, groups: Iterable[str] | None = None, all_groups: bool = False) -> Self:
        """Take the user out of the groups that are named, or of all.

        Raises:
            ArgumentError: neither is given, or both, or a text stands for the list.
        """
        if all_groups and groups:
            raise ArgumentError("name groups, or say all_groups=True: one of the two")
        if all_groups:
            return self.append(**{REMOVE: "all"})
        if not groups:
            raise ArgumentError("name the groups that the user is to leave, or say all_groups=True")
        return self.append(**{REMOVE: _names(AddToGroups, "group", groups)})

    def remove_from_organization(self, delete_account: bool = False) -> None:
        """Remove the user from the organisation; nothing can follow. `delete_account` deletes the account for good."""
        self.append(**{REMOVE_FROM_ORG: {contract_of(RemoveFromOrg).names["delete_account"]: bool(delete_account)}})


@public("GroupAction")
class ClientGroupAction(ClientAction):
    """What to do to one user group. `GroupAction` of the client.

    Raises:
        ArgumentError: there is no name.
    """

    def __init__(self, group_name: str | None = None, **kwargs: Any) -> None:
        if not group_name:
            raise ArgumentError("name the user group")
        super().__init__(**{_GROUP["user_group"]: group_name, **kwargs})

    def create(
        self,
        option: ClientCreateOption | str = ClientCreateOption.ignoreIfAlreadyExists,
        description: str | None = None,
    ) -> Self:
        """Create the user group, before all other commands.

        Raises:
            ArgumentError: the name or option cannot be used, or the action creates the group already.
        """
        try:
            GroupAction(self.frame[_GROUP["user_group"]]).create()
        except ActionError as error:
            raise ArgumentError(str(error)) from None
        if any(CREATE_USER_GROUP in command for command in self.commands):
            raise ArgumentError("this action creates the user group already")
        wire = member(ClientCreateOption, option, "option").wire
        return self.insert(**{CREATE_USER_GROUP: _fields(CreateUserGroup, option=wire, description=description)})

    def update(self, name: str | None = None, description: str | None = None) -> Self:
        """Change the name, the description or both.

        Raises:
            ArgumentError: the new name cannot be used.
        """
        try:
            UpdateUserGroup(name=name or None, description="any")
        except ContractError as error:
            raise ArgumentError(str(error)) from None
        return self.append(**{UPDATE_USER_GROUP: _fields(UpdateUserGroup, name=name, description=description)})

    def delete(self) -> Self:
        """Delete the user group; nothing can follow."""
        return self.append(**{DELETE_USER_GROUP: {}})

    def add_users(self, users: Iterable[str]) -> Self:
        """Add users, by e-mail address.

        Raises:
            ArgumentError: a text stands for the list.
        """
        return self.append(**{ADD: _names(AddToUserGroup, "user", users)})

    def remove_users(self, users: Iterable[str]) -> Self:
        """Take users out of the group, by e-mail address.

        Raises:
            ArgumentError: a text stands for the list.
        """
        return self.append(**{REMOVE: _names(AddToUserGroup, "user", users)})

    def add_to_products(self, products: Iterable[str]) -> Self:
        """Give the group's members access to product profiles.

        Raises:
            ArgumentError: a text stands for the list.
        """
        return self.append(**{ADD: _names(AddToUserGroup, "product_configuration", products)})

    def remove_from_products(self, products: Iterable[str]) -> Self:
        """End the access to product profiles that the group gives its members.

        Raises:
            ArgumentError: a text stands for the list.
        """
        return self.append(**{REMOVE: _names(AddToUserGroup, "product_configuration", products)})

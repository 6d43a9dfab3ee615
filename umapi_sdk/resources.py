"""What a command touches: users and groups, and which of them it must have to itself in a request.

The service does not promise the order of the commands in a request (ActionsCmds.md), so two commands whose order
matters never share one. Names are compared without letter case, as the service does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from umapi_models.models import UserCommand, UserGroupCommand
from umapi_models.names import DEVELOPER_PREFIX, PROFILE_ADMIN_PREFIX, USER_ADMIN_PREFIX

MEMBERS_OF = "members of "
"""Before the key of a group: the list of its members. Every command on a group touches it."""

# An admin group comes and goes with the group or profile that its name holds (group.md).
_ADMIN_PREFIXES = (USER_ADMIN_PREFIX, PROFILE_ADMIN_PREFIX, DEVELOPER_PREFIX)

_REMEMBERED = 1024
"""Keys that are remembered: one command speaks of its user more than once, and many commands of the same groups."""


def touched(command: UserCommand | UserGroupCommand) -> Mapping[str, bool]:
    """Return what a command touches, by name; true where nothing else may touch it in the same request."""
    return _touched_by_user(command) if isinstance(command, UserCommand) else _touched_by_group(command)


def _touched_by_user(command: UserCommand) -> dict[str, bool]:
    """A user command has its user to itself, under every name it gives; the groups it names must stay as they are.

    An Adobe ID and another account with the same e-mail count as one: which of them is meant depends on what
    there is. So does a user name with its domain, and the e-mail address that the two would make.
    """
    root = user_key(command.user, command.domain)
    touches = {root: True}
    for step in command.do:
        # A step is one thing at a time.
        created, update = step.add_adobe_id or step.create_enterprise_id or step.create_federated_id, step.update
        named = step.add or step.remove
        if created is not None:
            touches[user_key(created.email)] = True
        elif update is not None:
            if update.email is not None:
                touches[user_key(update.email)] = True
            if update.username is not None:
                touches[user_key(update.username, root.rpartition("@")[2])] = True
        elif named is not None and not isinstance(named, str):
            for name in named.group:
                for key in _keys_of_group(name):
                    touches[key] = False
    return touches


def _touched_by_group(command: UserGroupCommand) -> dict[str, bool]:
    """A group command has each membership that it changes to itself, so that two can fill one group together.

    It has the group's list of members to itself if it does anything else, and the group if it makes, renames or deletes
    it. A step on profiles counts the members.
    """
    group = group_key(command.user_group)
    members = f"{MEMBERS_OF}{group}"
    touches = dict.fromkeys((members, *_keys_of_group(command.user_group)), False)
    for step in command.do:
        for listed in (step.add, step.remove):
            if listed is None:
                continue
            for profile in listed.product_configuration or ():
                for key in _keys_of_group(profile):
                    touches.setdefault(key, False)
                touches[members] = True
            for name in listed.user or ():
                user = user_key(name)
                touches[user] = False
                touches[f"{user} in {group}"] = True
        renamed = None
        if step.create_user_group is not None:
            renamed = step.create_user_group.name
        elif step.update_user_group is not None:
            touches[members] = True
            renamed = step.update_user_group.name
            if renamed is None:
                continue
        elif step.delete_user_group is None:
            continue
        touches |= {members: True, group: True}
        if renamed is not None:
            touches[group_key(renamed)] = True
    return touches


@lru_cache(_REMEMBERED)
def _keys_of_group(name: str) -> tuple[str, ...]:
    """Return the names under which a group that is named is touched: with it, for an admin group, what it is about."""
    prefix = next((one for one in _ADMIN_PREFIXES if name.startswith(one)), None)
    return (group_key(name),) if prefix is None else (group_key(name), group_key(name.removeprefix(prefix)))


@lru_cache(_REMEMBERED)
def user_key(name: str, domain: str | None = None) -> str:
    """Return the name under which a user is touched."""
    full = name if "@" in name or domain is None else f"{name}@{domain}"
    return f"user {full.strip().casefold()}"


def is_user_key(name: str) -> bool:
    """Return whether what is touched is a user, not a group or a membership."""
    return name.startswith("user ") and " in group " not in name


def group_key(name: str) -> str:
    """Return the name under which a group is touched."""
    return f"group {name.strip().casefold()}"

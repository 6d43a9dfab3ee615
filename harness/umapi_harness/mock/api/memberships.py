"""Steps that change what a user is a member of, and which groups can be given and taken at all."""

from __future__ import annotations

from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.api.user_targets import Fields, UserTarget
from umapi_harness.mock.state.groups import USER_GROUP, Group, key
from umapi_harness.mock.state.organization import Organization
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS


def add(target: UserTarget, fields: Fields) -> None:
    """Put the user into groups. Raises RefusedError, in which case nothing has changed."""
    _change_memberships(target, fields, "error.usergroup.readonly.add_user_not_allowed", "join")


def remove(target: UserTarget, fields: Fields | str) -> None:
    """Take the user out of groups, or of all. Raises RefusedError, in which case nothing has changed."""
    if not isinstance(fields, str):
        _change_memberships(target, fields, "error.usergroup.readonly.remove_user_not_allowed", "leave")
        return
    user = target.existing()
    if user is None or target.test_mode:
        return
    for group in user.groups:
        # Nothing is said of groups that another organisation shares [G remove-all].
        if group.name not in UNTOUCHABLE_GROUPS and not group.read_only:
            target.organization.leave(user, group)


def _change_memberships(target: UserTarget, fields: Fields, read_only: str, change: str) -> None:
    user = target.existing()
    # Letter case aside, the same name twice is the mistake the service has a code for.
    groups: list[Group] = []
    for kind in ("group", "productConfiguration", "product"):  # [G product-configuration]
        names = [key(name) for name in fields.get(kind, ())]
        if len(set(names)) != len(names):
            raise RefusedError("error.command.add_remove.duplicate.usergroup_list", field=kind)
        groups += [membership_group(target.organization, name, read_only) for name in fields.get(kind, ())]
    if user is None or target.test_mode:
        return
    for group in groups:
        if change == "join":
            target.organization.join(user, group)
        else:
            target.organization.leave(user, group)


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

"""Kinds of steps: which create a user or group, end one, or give a new name, and what name; what a step is called."""

from __future__ import annotations

from umapi_models.models import UserCommand, UserGroupCommand, UserGroupStep, UserStep

Step = UserStep | UserGroupStep
Frame = UserCommand | UserGroupCommand


def steps_of(command: Frame) -> tuple[Step, ...]:
    """Return the steps of a command of either kind."""
    return command.do


def creates(step: Step) -> bool:
    """Return whether the step creates a user or user group."""
    if isinstance(step, UserStep):
        return bool(step.add_adobe_id or step.create_enterprise_id or step.create_federated_id)
    return step.create_user_group is not None


def ends(step: Step) -> bool:
    """Return whether the step removes the user or deletes the user group."""
    return (step.remove_from_org if isinstance(step, UserStep) else step.delete_user_group) is not None


def renames(step: Step) -> bool:
    """Return whether the step gives a new e-mail address, user name or group name."""
    if isinstance(step, UserStep):
        return step.update is not None and (step.update.email is not None or step.update.username is not None)
    renamed = step.create_user_group or step.update_user_group
    return renamed is not None and renamed.name is not None


def name_of(step: Step) -> str:
    """Return what the step is called on the wire."""
    names = step.__contract__.names
    return next(name for field, name in names.items() if getattr(step, field) is not None)


def new_name(frame: Frame, step: Step) -> str | None:
    """Return what a step makes of the name in a command, that of the user or group; None if it stays."""
    if isinstance(frame, UserCommand):
        assert isinstance(step, UserStep)
        update = step.update
        return None if update is None else update.email if "@" in frame.user else update.username
    assert isinstance(step, UserGroupStep)
    changed = step.create_user_group or step.update_user_group
    return None if changed is None else changed.name

"""Actions described by data, which hypothesis can draw and show: the kind, the target, and the steps to take."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from umapi_sdk import Action, ActionError, GroupAction, UserAction

Described = tuple[str, str, Sequence[tuple[str, Any]]]


def build(described: Described) -> Action | None:
    """The action that is described, without steps that its builder refuses; None if none are left."""
    kind, target, steps = described
    action: Action = UserAction(target) if kind == "user" else GroupAction(target)
    for name, value in steps:
        with suppress(ActionError):
            _take(action, name, value)
    return action if action.step_count else None


def _take(action: Any, name: str, value: Any) -> None:
    on_user = isinstance(action, UserAction)
    if name == "add":
        (action.add_to_groups if on_user else action.add_users)(value)
    elif name == "remove":
        (action.remove_from_groups if on_user else action.remove_users)(value)
    elif name == "all":
        action.remove_from_groups(all_groups=True)
    elif name == "create" and on_user:
        action.create_federated_id(first_name="F", last_name="L", country="DE", option=value)
    elif name == "create":
        action.create(option=value)
    elif name == "profile":
        action.add_to_products(value)
    elif name == "leave":
        action.remove_from_organization()
    elif name == "delete":
        action.delete()
    else:
        action.update(**{name: value})

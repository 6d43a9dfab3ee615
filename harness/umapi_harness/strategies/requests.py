"""Requests that the schema allows."""

from __future__ import annotations

from hypothesis import strategies as st

from umapi_harness.strategies.values import Strategy, document, valid


def user_commands() -> Strategy:
    """Commands on a user that the schema allows, by an e-mail address or by a user name and domain."""
    return valid("command.json#/$defs/UserCommand")


def group_commands() -> Strategy:
    """Commands on a user group that the schema allows."""
    return valid("command.json#/$defs/UserGroupCommand")


def commands() -> Strategy:
    """Commands that the schema allows."""
    return user_commands() | group_commands()


def action_requests() -> Strategy:
    """Bodies of action requests that the schema allows, with as many commands as it allows."""
    request = document("action-request.json")
    return st.lists(commands(), min_size=request["minItems"], max_size=request["maxItems"])

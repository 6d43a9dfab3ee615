"""Builders of actions: what to do to one user or one user group, step by step.

Each method adds a step and returns the action, so that steps can be chained. A method that must come first is
gone from the type of what follows it, and nothing follows a removal. Values are checked as they are given:
a step that the service would refuse raises `ActionError`, and leaves the action as it was.
"""

from umapi_sdk.actions.groups import GroupAction, GroupSteps
from umapi_sdk.actions.names import Names
from umapi_sdk.actions.steps import Action, Steps
from umapi_sdk.actions.users import UserAction, UserSteps

__all__ = ["Action", "GroupAction", "GroupSteps", "Names", "Steps", "UserAction", "UserSteps"]

"""hypothesis strategies for requests and answers of the API, made from the schemas; for the tests of any project.

Needs the extra `strategies`. Limits, names and choices are those of the schema files, read at run time; rules across
fields are kept by drawing within each branch of them, and by the judge of JSON Schema in the end.
"""

from __future__ import annotations

from umapi_harness.strategies.answers import action_responses, groups_pages, user_answers, users_pages
from umapi_harness.strategies.mutations import nearly_valid, nearly_valid_action_requests, nearly_valid_commands
from umapi_harness.strategies.requests import action_requests, commands, group_commands, user_commands

__all__ = [
    "action_requests",
    "action_responses",
    "commands",
    "group_commands",
    "groups_pages",
    "nearly_valid",
    "nearly_valid_action_requests",
    "nearly_valid_commands",
    "user_answers",
    "user_commands",
    "users_pages",
]

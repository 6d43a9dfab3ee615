"""The schemas of commands, with the settings of a server carried into them."""

from __future__ import annotations

import copy
from typing import Any, Final

import attrs

from umapi_harness.mock.settings import Settings
from umapi_models import limits, schemas

_FILES: Final = ("command.json", "user-steps.json", "usergroup-steps.json")


@attrs.frozen(kw_only=True)
class CommandRules:
    """The settings that decide what commands may be like."""

    memberships_per_step: int
    steps_per_command: int
    domain_beside_email_fails: bool
    repeated_key_fails: bool
    unknown_key_fails: bool
    empty_update_fails: bool
    empty_group_list_fails: bool

    @classmethod
    def of(cls, settings: Settings) -> CommandRules:
        """Those of `settings`."""
        return cls(**{name: getattr(settings, name) for name in attrs.fields_dict(cls)})


# The steps are those of the schemas: `addRoles`, `removeRoles` and `removeFromDomain`, which former pages had, are
# unknown as any other word is [G former-steps].
def documents(rules: CommandRules) -> dict[str, dict[str, Any]]:
    """The files of `schema/` that describe commands, by name, each rule carried into them."""
    documents = {name: copy.deepcopy(schemas.read(name)) for name in _FILES}
    command, user_steps, group_steps = (documents[name]["$defs"] for name in _FILES)
    # A setting with its default leaves each list the limit that the schema gives it.
    if rules.memberships_per_step != limits.MAX_GROUPS:
        for node in (user_steps["GroupNames"], group_steps["UserNames"], group_steps["ProfileNames"]):
            node["maxItems"] = rules.memberships_per_step
    commands, updates = (
        (command["UserCommand"], command["UserGroupCommand"]),
        (user_steps["UpdateUser"], group_steps["UpdateUserGroup"]),
    )
    for node in commands:
        # Too many steps is documented as an error, the number is not [G steps-per-command].
        if rules.steps_per_command != limits.MAX_USER_STEPS:
            node["properties"]["do"]["maxItems"] = rules.steps_per_command
        for rule in node["properties"]["do"]["allOf"]:
            if "x-umapi-last" in rule:
                del rule["allOf"]  # which says the same place by place, for validators that do not know the word
    if not rules.domain_beside_email_fails:
        # ActionsCmds.md ignores what ErrorRef.md refuses [G domain-beside-email].
        command["UserCommand"]["then"] = {}
    for node in () if rules.unknown_key_fails else (*commands, *updates):
        # Codes for unknown keys are documented for the other steps alone [G unknown-keys].
        del node["additionalProperties"]
    if not rules.empty_update_fails:
        # A code for it is documented for user groups alone [G empty-updates].
        del user_steps["UpdateUser"]["minProperties"]
    if not rules.empty_group_list_fails:
        del user_steps["GroupNames"]["minItems"]
    return documents

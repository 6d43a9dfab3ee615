"""Refusals: an error of one step, with the message that the service gives for its code."""

from __future__ import annotations

import functools
from typing import Final

from umapi_models import schemas

# Messages for codes of which nobody has published the service's own words [G own-words].
_OWN_WORDS: Final = {
    "error.api.not_available": "A part of the service is not available at the moment",
    "error.api.user.not.parent.org": "The domain of the user belongs to another organization: {domain}",
    "error.command.add_remove.duplicate.group_list": "More than one group list in command: {field}",
    "error.command.add_remove.duplicate.product_list": "More than one product list in command: {field}",
    "error.command.add_remove.duplicate.user_list": "Duplicate entry in list: {field}",
    "error.command.add_remove.duplicate.usergroup_list": "Duplicate entry in list: {field}",
    "error.command.illegal_entry": "Illegal entry in command: {field}",
    "error.country.invalid": "Invalid country code: {value}",
    "error.developer.add_user.failed": "Failed to add the user as a developer: {user}",
    "error.developer.remove_user.failed": "Failed to remove the developer role from the user: {user}",
    "error.internal.everybody_group.not_found": "The group of all users was not found",
    "error.internal.exceptionflys": "Unknown error",
    "error.internal.group.remove": "Failed to remove users from group: {group}",
    "error.internal.update_failed": "Could not update user: {user}",
    "error.productadmin.add.user.failed": "Failed to add the product admin: {user}",
    "error.productadmin.remove.admin.failed": "Failed to remove the product admin: {user}",
    "error.throttled_by_external_service": "The service is being throttled by an external service",
    "error.update.adobeid.no": "An Adobe ID cannot be updated: {user}",
    "error.update.no": "The new email cannot be used: {value}",
    "error.update.domain.mismatch": "The domain does not match the domain of the user: {user}",
    "error.update.username.no": "The user name cannot be updated: {user}",
    "error.user.already_exists": "User is already a member of the group: {user}",
    "error.user.already_invited": "User has an open invitation to the organization: {user}",
    "error.user.already_in_org": "User is already a member of the organization: {user}",
    "error.user.change_domain_update.no": "The new domain is not in the directory of the user: {domain}",
    "error.user.domain_enforcement": "Adobe IDs are not allowed in this domain: {domain}",
    "error.user.email.name_in_use": "The email is in use by another user: {value}",
    "error.user.must_match_email": "The user must match the email: {user}",
    "error.user.name.contains.email": "The user name cannot be an email address: {user}",
    "error.user.name_in_use": "The user name is in use by another user: {value}",
    "error.user.nonexistent_or_has_conflicting_parameters": "No user {user} in domain {domain}",
    "error.user.not_in_org": "User is not in the organization: {user}",
    "error.user.productadmin.add.user.failed": "Failed to make the user a product admin: {user}",
    "error.user.productadmin.remove.admin.failed": "Failed to end the product admin role of the user: {user}",
    "error.user.type_not_available": "Users of type {value} are not available to the organization",
    "error.user.type_unknown": "The type of the user is unknown: {user}",
    "error.user.update_failed": "Failed to change the members of group: {group}",
    "error.usergroup.already_exists": "Usergroup already exists: {group}",
    "error.usergroup.exceeds_maximum_member_count": "Usergroup has too many members: {group}",
    "error.usergroup.update.failed": "Failed to update group: {group}",
    "error.usergroup.user_list.invalid": "The list of users does not change the members of: {group}",
}


@functools.cache
def _published_words() -> dict[str, str]:
    entries: list[dict[str, str | None]] = schemas.read("error_codes.json")["codes"]
    return {str(entry["code"]): text for entry in entries if (text := entry["message"]) is not None}


class RefusedError(Exception):
    """A step that the service refuses; carries the error code and the message."""

    def __init__(self, code: str, **values: object) -> None:
        """Refuse with `code`; `values` fill the placeholders of its message."""
        words = _published_words().get(code) or _OWN_WORDS[code]
        self.code = code
        self.message = words.format_map(values)
        super().__init__(f"{code}: {self.message}")

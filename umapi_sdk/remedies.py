"""What can be done about an error: by its code, by the kind of its code, or by the status of the refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from umapi_models.names import (
    ADD_ADOBE_ID,
    CREATE_ENTERPRISE_ID,
    CREATE_FEDERATED_ID,
    CREATE_USER_GROUP,
    DELETE_USER_GROUP,
    REMOVE_FROM_ORG,
    UPDATE_USER_GROUP,
)

_BY_KIND: Mapping[str, str] = {
    "error.command.": "Correct the form of the command as the message says, then send it again.",
    "error.usergroup.": "Check the name and the members of the user group against the list of groups.",
    "error.group.": "Check the name against the list of groups.",
    "plc.": "Check the name of the product profile against the list of groups.",
    "error.user.": "Check the user: name, domain and type of account, and whether the organisation has the account.",
    "error.update.": "Check what can be changed of this type of account, and that the new values are free.",
    "error.domain.": "Check that the domain is claimed by the organisation, or trusted to it.",
    "error.country.": "Give a country of two letters, as ISO 3166-1 has it.",
    "error.option.": "Use one of the documented options, or leave it out.",
    "error.organization.": "Correct the organisation id, and check that the credentials are of this organisation.",
    "error.apikey.": "Correct the client id, and check that its project has the User Management API.",
    "error.unauthorized": "Check that client id and organisation are those of one project.",
    "error.api.": "Check whether this organisation may make the call, then try again later.",
    "error.internal.": "It is the service's own trouble: look whether it has been done, then try again later.",
    "error.throttled": "Wait some minutes, then send it again.",
}
_BY_STATUS: Mapping[int, str] = {
    409: "Something else changes the same: look at it, then send the action again.",
    413: "The request is too large: shorten the action, or divide it into several.",
    414: "The address is too large: correct the organisation id or the endpoint.",
    431: "The headers are too large: is the user agent too long, or does a proxy or gateway add to them?",
    451: "It is refused for legal reasons: ask Adobe, and name the request id.",
    **dict.fromkeys(
        (406, 411, 412, 415, 417, 428),
        "A proxy or gateway may have altered the request: is the endpoint right, and what does it let through?",
    ),
}
_METHODS: Mapping[str, str] = {
    ADD_ADOBE_ID: "add_adobe_id()",
    CREATE_ENTERPRISE_ID: "create_enterprise_id()",
    CREATE_FEDERATED_ID: "create_federated_id()",
    REMOVE_FROM_ORG: "remove_from_organization()",
    CREATE_USER_GROUP: "create()",
    UPDATE_USER_GROUP: "update()",
    DELETE_USER_GROUP: "delete()",
}
"""By the name of a step on the wire, which the remedies of the schema have: the method that adds it."""
_STEP = re.compile(rf"\b({'|'.join(_METHODS)})\b")
_OF_THE_CLIENT = ("error.organization.", "error.apikey.", "error.unauthorized", "error.api.")
_OF_REFUSAL = "Correct the action as its message says, then send it again; else ask Adobe, and name the request id."


def remedy_for(code: str | None, status: int | None = None, *, step: str | None = None) -> str:
    """Return what can be done about an error code, or about a refusal with a status and perhaps a code.

    `step` is the name of the step that failed, where one did: who is missing can be created, and need not be removed.
    A step that is named to be used has the builder's method beside it.
    """
    from umapi_models.error_codes import ERROR_CODES  # noqa: PLC0415 - loaded when something fails

    known = ERROR_CODES.get(code or "")
    if known is not None:
        remedy = known.remedies.get(step or "", known.remedy)
        return _STEP.sub(lambda name: f"{name[0]} ({_METHODS[name[0]]})", remedy)
    of_kind = next((remedy for beginning, remedy in _BY_KIND.items() if (code or "").startswith(beginning)), None)
    return of_kind or _BY_STATUS.get(status or 0, _OF_REFUSAL)


def refuses_the_client(code: str | None) -> bool:
    """Return whether an error code says that this client is refused, whatever it asks."""
    return (code or "").startswith(_OF_THE_CLIENT)

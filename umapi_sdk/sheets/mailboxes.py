"""Addresses that no mailbox can have, in what would create or rename a user: typing errors, and what must be meant.

The service takes some of them, and makes users whom no mail reaches. What RFC 5321, section 4.1.2, allows is left
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from umapi_models.models import UserCommand, UserStep
from umapi_runtime.constraints import Violation, show
from umapi_runtime.structs import Model
from umapi_sdk.actions import Action
from umapi_sdk.kinds import creates

# Letters beyond ASCII are those of RFC 6531.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LABEL: Final = r"[^\W_](?:[\w\-]*[^\W_])?"
_MAILBOX: Final = re.compile(
    rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\]|\\.)+")@(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f.:IPv]+\])'
)
_WITHIN: Final = re.compile(r".*<(?P<address>[^<>]+)>\s*")
_SCHEME: Final = re.compile(r"mailto:", re.IGNORECASE)


def mistyped(address: str) -> str | None:
    """Return what is wrong with an address that no mailbox can have, and which may be meant; None for any other."""
    if _MAILBOX.fullmatch(address):
        return None
    meant = _tidied(address)
    advice = f": is {meant} meant?" if _MAILBOX.fullmatch(meant) else ""
    return f"{show(address)} is no e-mail address{advice}"


def mistyped_addresses(action: Action) -> Iterator[Violation]:
    """Give the mistyped addresses of the steps that would make them true, and that of the user who is created."""
    command = action.commands[0][0]
    if not isinstance(command, UserCommand):
        return
    created = False
    for place, step in enumerate(command.do):
        for pointer, email in _addresses(step):
            created = created or creates(step)
            problem = mistyped(email)
            if problem is not None:
                yield Violation(f"/do/{place}{pointer}", problem, None)
    # A user of that address who is there already must be within reach, to be put right.
    if created and "@" in command.user and (problem := mistyped(command.user)) is not None:
        yield Violation("/user", problem, None)


def _addresses(step: UserStep) -> Iterator[tuple[str, str]]:
    """Give the addresses in a step, each with its pointer."""
    for python_name, name in step.__contract__.names.items():
        fields = getattr(step, python_name)
        email = getattr(fields, "email", None) if isinstance(fields, Model) else None
        if isinstance(email, str):
            yield f"/{name}/email", email


def _tidied(address: str) -> str:
    """Return an address without the usual slips."""
    within = _WITHIN.fullmatch(address)
    text = _SCHEME.sub("", (within["address"] if within else address).strip(), count=1)
    local, _, domain = text.rpartition("@")
    labels = (label.strip("-") for label in re.split(r"[.,;]+", domain) if label.strip("-"))
    return f"{'.'.join(re.split(r'[.]+', local.strip('.')))}@{'.'.join(labels)}"

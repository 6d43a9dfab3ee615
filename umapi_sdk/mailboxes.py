"""Addresses that no mailbox can have: typing errors, and what must be meant.

The service takes some of them, and makes users whom no mail reaches. What RFC 5321, section 4.1.2, allows is left
alone.
"""

from __future__ import annotations

import re
from typing import Final

from umapi_runtime.constraints import show
from umapi_sdk.characters import escape, unseen

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
    hidden = unseen(address)
    if hidden is not None:
        return f"{show(address)} is no e-mail address: take out {escape(hidden)}, which cannot be seen"
    if _MAILBOX.fullmatch(address):
        return None
    meant = _tidied(address)
    advice = f": is {meant} meant?" if _MAILBOX.fullmatch(meant) else ""
    return f"{show(address)} is no e-mail address{advice}"


def _tidied(address: str) -> str:
    """Return an address without the usual slips."""
    within = _WITHIN.fullmatch(address)
    text = _SCHEME.sub("", (within["address"] if within else address).strip(), count=1)
    local, _, domain = text.rpartition("@")
    labels = (label.strip("-") for label in re.split(r"[.,;]+", domain) if label.strip("-"))
    return f"{'.'.join(re.split(r'[.]+', local.strip('.')))}@{'.'.join(labels)}"

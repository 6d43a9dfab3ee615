"""Whether an answer is about who or what was asked for: names compared as the service compares them.

A domain that is asked for beside a user can be any of the directory's (getUser.md). Of those only `AdobeID`, which is
none, is held against the account.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from umapi_models.models import IdentityType, User

ADOBE_ID = "adobeid"
"""The domain that stands for Adobe IDs, as `folded` has it."""


def folded(name: str) -> str:
    """Return a name without differences of letter case, of composed accents and of the spelling of a domain."""
    text = unicodedata.normalize("NFC", name).strip().casefold()
    user, at, domain = text.rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{user}{at}{domain}"


def is_user(user: User, name: str, domain: str | None) -> bool:
    """Return whether a user can be the one who was asked for by e-mail address or user name."""
    if not _has_type_of(user, domain):
        return False
    known = (user.email, user.username, f"{user.username}@{user.domain}", user.id or user.email)
    return folded(name) in map(folded, known)


def is_of_domain(user: User, domain: str) -> bool:
    """Return whether a user can be of the domain that was asked for."""
    if folded(domain) == ADOBE_ID:
        return _has_type_of(user, domain)
    return folded(domain) in map(folded, (user.domain, user.email.rpartition("@")[2]))


def _has_type_of(user: User, domain: str | None) -> bool:
    others = (IdentityType.ENTERPRISE_ID, IdentityType.FEDERATED_ID)
    return domain is None or folded(domain) != ADOBE_ID or user.type not in others

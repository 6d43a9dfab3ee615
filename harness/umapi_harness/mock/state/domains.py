"""Domains: what the organisation has claimed, and what it is trusted with."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Domain:
    """A domain that the organisation has claimed, or is trusted with by the organisation that has."""

    name: str
    type: str
    """enterpriseID or federatedID: the kind of account that it is set up for."""
    directory: str
    """Domains in one directory can replace each other in an e-mail address or user name."""
    trusted: bool = False
    """True: another organisation owns it."""

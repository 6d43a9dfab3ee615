"""What one recorded command tells of those whom it names, whichever step names them."""

from __future__ import annotations

import re
from typing import Final

import attrs

from umapi_harness.contract.answers import CommandResult, is_array, is_object
from umapi_harness.contract.implied import OWNED, OrgFacts, UserKey, email_domain
from umapi_models.names import (
    ADD,
    ADOBE_ID,
    DEVELOPER_PREFIX,
    FEDERATED_ID,
    PRODUCT_ADMIN_PREFIX,
    PRODUCT_PROFILE,
    USER_ADMIN_PREFIX,
    USER_GROUP,
)

GROUP_IN_WORDS: Final = re.compile(r"(?:^Group (.+) was not found$|readonly: (.+)$|not allowed: (.+)$)", re.DOTALL)
READ_ONLY: Final = "error.usergroup.readonly."


@attrs.define
class CommandEffects:
    """The steps of one command, in order."""

    facts: OrgFacts
    result: CommandResult
    test_mode: bool
    known_whole: bool

    @property
    def target(self) -> str:
        """The user or user group that the command is about."""
        return str(self.result.command.get("user", self.result.command.get("usergroup")))

    def exists(self, address: str, type_: str | None = None, *, owned: bool = False, sure: bool = False) -> None:
        """A user who must have been there, of whom no query has shown more so far.

        In test mode only what is `sure` tells so: it does not mind who is missing.
        """
        facts, lowered = self.facts, address.lower()
        if self.test_mode and type_ is None and not sure:
            return
        taken_for: UserKey = (lowered, False)
        if taken_for in facts.guessed and taken_for in facts.sketched and type_ in OWNED:
            # Only a guess said of which type he and his domain are: this code tells.
            facts.users[taken_for]["type"] = facts.domains[email_domain(address)]["type"] = type_
            facts.unknown.pop(facts.guessed.pop(taken_for), None)
        guess: UserKey = (lowered, True)
        if guess in facts.guessed and (owned or type_ in OWNED):
            facts.take_back(guess)  # what he does now, no Adobe ID can
        created = (lowered, False) in facts.created or (lowered, True) in facts.created
        known = facts.find(address) is not None or created or lowered in facts.renamed or lowered in facts.absent
        if type_ is not None and lowered not in facts.absent:
            # Another account may have the same address.
            own: UserKey = (lowered, type_ == ADOBE_ID)
            known = own in facts.users or own in facts.created or lowered in facts.renamed
        if known or "@" not in address:
            return
        home = email_domain(address)
        domain = facts.domains.get(home)
        # An Adobe ID needs no domain; only an update shows that it is none.
        free = ADOBE_ID if home in facts.unclaimed or not owned else FEDERATED_ID
        taken = type_ or (str(domain["type"]) if domain is not None else free)
        key: UserKey = (lowered, taken == ADOBE_ID)
        if type_ is None:
            facts.guessed[key] = facts.leave_open(f"the type of {address}", taken)
        facts.users[key] = {"email": address, "type": taken}
        if self.known_whole or lowered in facts.unseen:
            # Queries show only who is active.
            facts.users[key]["status"] = "disabled"
        facts.sketched.add(key)
        if taken in OWNED:
            facts.claim(email_domain(address), taken, sure=type_ is not None)

    def named_groups(self, names: list[str]) -> None:
        """Groups that were found under these names."""
        for name in names:
            if not name.startswith("_") and name.lower() not in self.facts.new_groups:
                self.facts.group(name)
            elif name.startswith("_"):
                self._admin_group(name)

    def _admin_group(self, name: str) -> None:
        lowered = name.lower()
        if lowered.startswith(PRODUCT_ADMIN_PREFIX):
            product = name[len(PRODUCT_ADMIN_PREFIX) :]
            self.facts.products.setdefault(product.lower(), product)
            return
        for prefix, kind in ((DEVELOPER_PREFIX, PRODUCT_PROFILE), (USER_ADMIN_PREFIX, None)):
            subject = name[len(prefix) :]
            if lowered.startswith(prefix) and subject.lower() not in self.facts.new_groups:
                self.facts.group(subject, kind)
                return

    def join(self, step: str, address: str, names: list[str]) -> None:
        """Note the groups that somebody has only since this step."""
        given = self.facts.joined.setdefault(address.lower(), set())
        if step == ADD:
            known = self.facts.find(address)
            held = [name.lower() for name in known.get("groups", ())] if known is not None else []
            given.update(name.lower() for name in names if name.lower() not in held)

    def shared_group(self, words: str, names: list[str]) -> str:
        """Note the group that another organisation shares; returns its name in lower case, empty if nothing tells."""
        match = GROUP_IN_WORDS.search(words)
        found = next((text for text in match.groups() if text), None) if match else None
        for name in [found] if found is not None else names[:1]:
            self.facts.group(name, USER_GROUP).read_only = True
        return (found or "").lower()


def names_in(fields: object, *lists: str) -> list[str]:
    """The names in some lists of a step, without what is no text."""
    if not is_object(fields):
        return []
    found = (fields[name] for name in lists if is_array(fields.get(name)))
    return [name for names in found for name in names if isinstance(name, str) and name]

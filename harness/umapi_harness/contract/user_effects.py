"""What the steps of a recorded command on a user tell: he was created, updated, put into groups or removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import is_object, steps_of
from umapi_harness.contract.command_effects import GROUP_IN_WORDS, READ_ONLY, CommandEffects, names_in
from umapi_harness.contract.implied import OWNED, UserKey, email_domain
from umapi_models.names import (
    ADD,
    ADOBE_ID,
    CREATES,
    ENTERPRISE_ID,
    FEDERATED_ID,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    UPDATE_IF_ALREADY_EXISTS,
)

_DOMAIN_IN_WORDS: Final = re.compile(r"belongs to another organization: (\S+)$")
_TYPES_TOLD: Final = {
    "error.update.adobeid.no": ADOBE_ID,
    "error.update.username.no": ENTERPRISE_ID,
    "error.user.type_unknown": "unknown",
}
"""Codes of updates that only an account of one type gets."""
_OWNED_ONLY: Final = frozenset(
    {"error.user.email.name_in_use", "error.user.change_domain_update.no", "error.user.name_in_use"}
)


@attrs.define
class UserEffects(CommandEffects):
    """The steps of a command on a user."""

    def learn(self) -> None:
        """Learn from the steps on a user."""
        for place, name, fields in steps_of(self.result.command):
            code, words = self.result.code_at(place), self.result.message_at(place)
            values = fields if is_object(fields) else {}
            plain = not self.result.command.keys() & {"useAdobeID", "domain"}
            if code == "error.user.nonexistent" and plain and self.facts.find(self.target) is None:
                self.facts.absent.add(self.target.lower())
            if code == "error.user.not_in_org":
                self.facts.outsiders.setdefault(self.target.lower(), "elsewhere")
            if name in CREATES:
                self._create(CREATES[name], values, code)
            elif name == UPDATE:
                self._update(values, code, words)
            elif name in (ADD, REMOVE):
                self._memberships(name, fields, code, words)
            elif name == REMOVE_FROM_ORG and code is None and not self.test_mode:
                self.facts.removed.add(self.target.lower())
                self.facts.anyone_left = True
                self.facts.created.pop((self.target.lower(), False), None)
                self.facts.created.pop((self.target.lower(), True), None)

    # Create

    def _create(self, type_: str, fields: Mapping[str, Any], code: str | None) -> None:
        email = fields.get("email")
        if not isinstance(email, str) or "@" not in email:
            return
        domain = self.result.command.get("domain")
        homes = {email_domain(email), *([domain.lower()] if isinstance(domain, str) and domain else [])}
        if code is not None:
            self._create_refused(type_, email, homes, code)
            return
        key: UserKey = (email.lower(), type_ == ADOBE_ID)
        known = key in self.facts.users or (email.lower(), True) in self.facts.users
        if type_ in OWNED and not known:
            for home in sorted(homes):
                self.facts.claim(home, type_)
        gone = email.lower() in self.facts.removed
        if (known and not gone) or self.test_mode:
            return
        if key in self.facts.created and not gone:
            # He is there since an earlier action: this one changed his names, or nothing.
            if fields.get("option") == UPDATE_IF_ALREADY_EXISTS:
                self.facts.updated.setdefault(email.lower(), set()).update(("firstname", "lastname"))
            return
        if fields.get("option") is not None and not self.known_whole and not gone:
            self.facts.leave_open(f"whether {email} was in the organisation before it was created", "it was not")
        made = {name: value for name, value in fields.items() if name != "option"}
        self.facts.created[key] = made | self._names_given(type_, email, domain)
        self.facts.created_names[str(self.facts.created[key]["username"]).lower()] = email.lower()
        self.facts.removed.discard(email.lower())

    def _names_given(self, type_: str, email: str, domain: object) -> dict[str, str]:
        """User name and domain of an account that is new (ActionsCmds.md)."""
        own = type_ == FEDERATED_ID and self.target.lower() != email.lower()
        username = self.target if own else email.upper() if type_ == ENTERPRISE_ID else email
        if type_ == FEDERATED_ID and isinstance(domain, str) and domain:
            return {"username": username, "domain": domain}
        return {"username": username, "domain": email_domain(self.target if own and "@" in self.target else email)}

    def _create_refused(self, type_: str, email: str, homes: set[str], code: str) -> None:
        facts, home = self.facts, email_domain(email)
        if code == "error.user.already_in_org":
            for name in sorted(homes) if type_ in OWNED else ():
                facts.claim(name, type_)
            if self.target.lower() == email.lower():
                self.exists(email, type_)
        elif code == "error.user.belongs_to_another_org":
            # An Adobe ID is in no domain: the account itself is another organisation's.
            if type_ == ADOBE_ID or home in facts.domains or home in facts.unclaimed:
                facts.outsiders[email.lower()] = "elsewhere"
            else:
                facts.foreign_domains.setdefault(home, set()).add(email.lower())
        elif code == "error.user.type_mismatch":
            for name in sorted(homes):
                facts.claim(name, FEDERATED_ID if type_ == ENTERPRISE_ID else ENTERPRISE_ID)
        elif code == "error.api.user.not.parent.org":
            facts.claim(home, type_, trusted=True)
        elif code == "error.user.already_invited":
            facts.outsiders[email.lower()] = "invited"
        elif code == "error.user.type_not_available":
            facts.unavailable_types.add(type_)

    # Update

    def _update(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        email = fields.get("email")
        told_type = _TYPES_TOLD.get(code or "")
        if told_type is not None:
            self.exists(self.target, told_type)
        if code in _OWNED_ONLY:
            self.exists(self.target, owned=True, sure=True)
        if code == "error.user.email.name_in_use" and isinstance(email, str):
            self.exists(email, owned=True, sure=True)
        if code == "error.user.change_domain_update.no" and isinstance(email, str):
            self.facts.claim(email_domain(email), FEDERATED_ID, directory="another", sure=False)
        if code == "error.api.user.not.parent.org":
            self.exists(self.target, owned=True)
            match = _DOMAIN_IN_WORDS.search(words)
            named = match[1] if match is not None else email_domain(email if isinstance(email, str) else self.target)
            self.facts.claim(named, FEDERATED_ID, trusted=True, sure=False)
        if code is not None or self.test_mode:
            return
        self.exists(self.target, owned=True)
        address = self.facts.created_names.get(self.target.lower(), self.target.lower())
        self.facts.updated.setdefault(address, set()).update(fields)
        if isinstance(fields.get("username"), str):
            self.facts.created_names[fields["username"].lower()] = address
        if not isinstance(email, str) or email.lower() == self.target.lower() or "@" not in email:
            return
        made = self.facts.created.pop((address, False), None)
        if made is not None:
            # Nobody had that address at the start either, and what was not shown before is not known any more.
            self.facts.created[email.lower(), False] = made
            self.facts.settled.add((email.lower(), False))
            return
        user = self.facts.find(self.target)
        if "@" in self.target:
            self.facts.renamed[email.lower()] = self.facts.renamed.pop(self.target.lower(), self.target)
        type_ = str(user["type"]) if user is not None else FEDERATED_ID
        if email_domain(email) not in self.facts.domains and type_ in OWNED:
            self.facts.claim(email_domain(email), type_, sure=user is not None)

    # Memberships

    def _memberships(self, step: str, fields: object, code: str | None, words: str) -> None:
        names = names_in(fields, "group", "product")
        if code is None:
            self.named_groups(names)
            if not self.test_mode:
                self.exists(self.target)
                self.join(step, self.target, names)
        elif code.startswith(READ_ONLY):
            self.exists(self.target)
            shared = self.shared_group(words, names)
            lowered = [name.lower() for name in names]
            self.named_groups(names[: lowered.index(shared)] if shared in lowered else [])
        elif code == "error.group.not_found":
            self._missing(words, names)
            if not self.test_mode:
                self.exists(self.target)

    def _missing(self, words: str, names: list[str]) -> None:
        """Of the groups named, one is missing; which, its message says, and those before it were found."""
        match = GROUP_IN_WORDS.search(words)
        missing = match[1].lower() if match is not None and match[1] else None
        if missing is None:
            self.facts.leave_open(f"which of {', '.join(names)} is missing", "all of them")
            return
        for name in names:
            if name.lower() == missing:
                break
            self.named_groups([name])

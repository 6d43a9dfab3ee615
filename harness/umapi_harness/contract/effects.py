"""Effects: what the outcome of recorded actions tells of the organisation before and after them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import CommandResult, flag, is_array, is_object, query_of, results_of, steps_of
from umapi_harness.contract.implied import OWNED, OrgFacts, UserKey, email_domain
from umapi_harness.contract.recordings import Exchange
from umapi_models.names import (
    ADD,
    ADOBE_ID,
    CREATE_USER_GROUP,
    CREATES,
    DELETE_USER_GROUP,
    ENTERPRISE_ID,
    FEDERATED_ID,
    REMOVE,
    REMOVE_FROM_ORG,
    UPDATE,
    UPDATE_USER_GROUP,
)

_GROUP_IN_WORDS: Final = re.compile(r"(?:^Group (.+) was not found$|readonly: (.+)$|not allowed: (.+)$)", re.DOTALL)
_USER_IN_WORDS: Final = re.compile(r"^User (?:Id does not exist|is not in the organization): (.+)$", re.DOTALL)
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
_READ_ONLY: Final = "error.usergroup.readonly."
_NO_CHANGE: Final = "error.usergroup.user_list.invalid"
"""All those to be added are members, or none of those to be removed is."""


def learn_from_actions(facts: OrgFacts, exchange: Exchange, *, known_whole: bool) -> None:
    """Learn from an answered action request; `known_whole` says that every user has been listed before."""
    test_mode = flag(query_of(exchange.request), "testOnly", False)
    for result in results_of(exchange):
        step = _Steps(facts, result, test_mode=test_mode, known_whole=known_whole)
        if isinstance(result.command.get("user"), str):
            step.of_user()
        elif isinstance(result.command.get("usergroup"), str):
            step.of_group()


def unclaimed_domains(exchange: Exchange) -> set[str]:
    """Return the domains in which an account was refused because the organisation has not claimed them."""
    return {
        email_domain(fields["email"])
        for result in results_of(exchange)
        for place, name, fields in steps_of(result.command)
        if name in CREATES and is_object(fields) and isinstance(fields.get("email"), str)
        if result.code_at(place) == "error.domain.trust.nonexistent"
    }


@attrs.define
class _Steps:
    """The steps of one command, in order."""

    facts: OrgFacts
    result: CommandResult
    test_mode: bool
    known_whole: bool
    _made: set[str] = attrs.field(factory=set[str])
    """Groups that this command has created, be it in test mode only."""

    @property
    def _target(self) -> str:
        return str(self.result.command.get("user", self.result.command.get("usergroup")))

    def of_user(self) -> None:
        """Learn from the steps on a user."""
        for place, name, fields in steps_of(self.result.command):
            code, words = self.result.code_at(place), self.result.message_at(place)
            values = fields if is_object(fields) else {}
            plain = not self.result.command.keys() & {"useAdobeID", "domain"}
            if code == "error.user.nonexistent" and plain and self.facts.find(self._target) is None:
                self.facts.absent.add(self._target.lower())
            if code == "error.user.not_in_org":
                self.facts.outsiders.setdefault(self._target.lower(), "elsewhere")
            if name in CREATES:
                self._create(CREATES[name], values, code)
            elif name == UPDATE:
                self._update(values, code, words)
            elif name in (ADD, REMOVE):
                self._memberships(name, fields, code, words)
            elif name == REMOVE_FROM_ORG and code is None and not self.test_mode:
                self.facts.removed.add(self._target.lower())
                self.facts.anyone_left = True
                self.facts.created.pop((self._target.lower(), False), None)
                self.facts.created.pop((self._target.lower(), True), None)

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
            if fields.get("option") == "updateIfAlreadyExists":
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
        own = type_ == FEDERATED_ID and self._target.lower() != email.lower()
        username = self._target if own else email.upper() if type_ == ENTERPRISE_ID else email
        if type_ == FEDERATED_ID and isinstance(domain, str) and domain:
            return {"username": username, "domain": domain}
        return {"username": username, "domain": email_domain(self._target if own and "@" in self._target else email)}

    def _create_refused(self, type_: str, email: str, homes: set[str], code: str) -> None:
        facts, home = self.facts, email_domain(email)
        if code == "error.user.already_in_org":
            for name in sorted(homes) if type_ in OWNED else ():
                facts.claim(name, type_)
            if self._target.lower() == email.lower():
                self._exists(email, type_)
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

    def _exists(self, address: str, type_: str | None = None, *, owned: bool = False, sure: bool = False) -> None:
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

    # Update

    def _update(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        email = fields.get("email")
        told_type = _TYPES_TOLD.get(code or "")
        if told_type is not None:
            self._exists(self._target, told_type)
        if code in _OWNED_ONLY:
            self._exists(self._target, owned=True, sure=True)
        if code == "error.user.email.name_in_use" and isinstance(email, str):
            self._exists(email, owned=True, sure=True)
        if code == "error.user.change_domain_update.no" and isinstance(email, str):
            self.facts.claim(email_domain(email), FEDERATED_ID, directory="another", sure=False)
        if code == "error.api.user.not.parent.org":
            self._exists(self._target, owned=True)
            match = _DOMAIN_IN_WORDS.search(words)
            named = match[1] if match is not None else email_domain(email if isinstance(email, str) else self._target)
            self.facts.claim(named, FEDERATED_ID, trusted=True, sure=False)
        if code is not None or self.test_mode:
            return
        self._exists(self._target, owned=True)
        address = self.facts.created_names.get(self._target.lower(), self._target.lower())
        self.facts.updated.setdefault(address, set()).update(fields)
        if isinstance(fields.get("username"), str):
            self.facts.created_names[fields["username"].lower()] = address
        if not isinstance(email, str) or email.lower() == self._target.lower() or "@" not in email:
            return
        made = self.facts.created.pop((address, False), None)
        if made is not None:
            # Nobody had that address at the start either, and what was not shown before is not known any more.
            self.facts.created[email.lower(), False] = made
            self.facts.settled.add((email.lower(), False))
            return
        user = self.facts.find(self._target)
        if "@" in self._target:
            self.facts.renamed[email.lower()] = self.facts.renamed.pop(self._target.lower(), self._target)
        type_ = str(user["type"]) if user is not None else FEDERATED_ID
        if email_domain(email) not in self.facts.domains and type_ in OWNED:
            self.facts.claim(email_domain(email), type_, sure=user is not None)

    # Memberships

    def _memberships(self, step: str, fields: object, code: str | None, words: str) -> None:
        names = _names(fields, "group", "product")
        if code is None:
            self._named_groups(names)
            if not self.test_mode:
                self._exists(self._target)
                self._join(step, self._target, names)
        elif code.startswith(_READ_ONLY):
            self._exists(self._target)
            shared = self._read_only(words, names)
            lowered = [name.lower() for name in names]
            self._named_groups(names[: lowered.index(shared)] if shared in lowered else [])
        elif code == "error.group.not_found":
            self._missing(words, names)
            if not self.test_mode:
                self._exists(self._target)

    def _named_groups(self, names: list[str]) -> None:
        for name in names:
            if not name.startswith("_") and name.lower() not in self.facts.new_groups:
                self.facts.group(name)
            elif name.startswith("_"):
                self._admin_group(name)

    def _admin_group(self, name: str) -> None:
        lowered = name.lower()
        if lowered.startswith("_product_admin_"):
            product = name[len("_product_admin_") :]
            self.facts.products.setdefault(product.lower(), product)
            return
        for prefix, kind in (("_developer_", "PRODUCT_PROFILE"), ("_admin_", None)):
            subject = name[len(prefix) :]
            if lowered.startswith(prefix) and subject.lower() not in self.facts.new_groups:
                self.facts.group(subject, kind)
                return

    def _join(self, step: str, address: str, names: list[str]) -> None:
        given = self.facts.joined.setdefault(address.lower(), set())
        if step == ADD:
            known = self.facts.find(address)
            held = [name.lower() for name in known.get("groups", ())] if known is not None else []
            given.update(name.lower() for name in names if name.lower() not in held)

    def _read_only(self, words: str, names: list[str]) -> str:
        """Note the group that another organisation shares; returns its name in lower case, empty if nothing tells."""
        match = _GROUP_IN_WORDS.search(words)
        found = next((text for text in match.groups() if text), None) if match else None
        for name in [found] if found is not None else names[:1]:
            self.facts.group(name, "USER_GROUP").read_only = True
        return (found or "").lower()

    def _missing(self, words: str, names: list[str]) -> None:
        """Of the groups named, one is missing; which, its message says, and those before it were found."""
        match = _GROUP_IN_WORDS.search(words)
        missing = match[1].lower() if match is not None and match[1] else None
        if missing is None:
            self.facts.leave_open(f"which of {', '.join(names)} is missing", "all of them")
            return
        for name in names:
            if name.lower() == missing:
                break
            self._named_groups([name])

    # User groups

    def of_group(self) -> None:
        """Learn from the steps on a user group."""
        learn: Mapping[str, Callable[[Mapping[str, Any], str | None, str], None]] = {
            CREATE_USER_GROUP: self._create_group,
            UPDATE_USER_GROUP: self._update_group,
            DELETE_USER_GROUP: self._delete_group,
            ADD: self._group_add,
            REMOVE: self._group_remove,
        }
        for place, name, fields in steps_of(self.result.command):
            if name in learn:
                values = fields if is_object(fields) else {}
                learn[name](values, self.result.code_at(place), self.result.message_at(place))
            if name == DELETE_USER_GROUP and self.result.code_at(place) is None:
                break  # no step after it runs

    def _group_exists(self, name: str) -> None:
        made = name.lower() in self.facts.new_groups or name.lower() in self._made
        if not made and not name.startswith("_"):
            self.facts.group(name, "USER_GROUP")

    def _create_group(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        name = fields.get("name", self._target)
        if not isinstance(name, str):
            return
        if code is None:
            self._made.add(name.lower())
        if code is not None:
            self._group_refused(code, words)
        if code == "error.usergroup.already_exists":
            self._group_exists(name)
        elif code is None and not self.test_mode and name.lower() not in self.facts.groups:
            if fields.get("option") is not None:
                self.facts.leave_open(f"whether the user group {name} was there before it was created", "it was not")
            self.facts.new_groups.add(name.lower())

    def _update_group(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        name = fields.get("name")
        if code is not None:
            self._group_refused(code, words)
            if code == "error.usergroup.already_exists" and isinstance(name, str):
                self._named_groups([name])
            return
        self._group_exists(self._target)
        if isinstance(name, str) and not self.test_mode and name.lower() != self._target.lower():
            if self._target.lower() not in self.facts.new_groups:
                self.facts.group_names[name.lower()] = self._target
            elif self._target.lower() in self.facts.group_names:
                self.facts.group_names[name.lower()] = self.facts.group_names.pop(self._target.lower())
            self.facts.new_groups.add(name.lower())

    def _delete_group(self, _fields: Mapping[str, Any], code: str | None, words: str) -> None:
        if code is not None:
            self._group_refused(code, words)
        else:
            self._group_exists(self._target)

    def _group_add(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        self._group_members(ADD, fields, code, words)

    def _group_remove(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        self._group_members(REMOVE, fields, code, words)

    def _group_members(self, step: str, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        users, profiles = _names(fields, "user"), _names(fields, "productConfiguration", "product")
        if code in ("error.user.nonexistent", "error.user.not_in_org"):
            match = _USER_IN_WORDS.search(words)
            missing = match[1].lower() if match is not None else None
            if code == "error.user.not_in_org" and missing is not None:
                self.facts.outsiders.setdefault(missing, "elsewhere")
            # Those before the one that is missing were found.
            lowered = [name.lower() for name in users]
            users = users[: lowered.index(missing)] if missing in lowered else []
        elif code == "error.group.not_found":
            match = _GROUP_IN_WORDS.search(words)
            lowered = [name.lower() for name in profiles]
            missing = (match[1] or "").lower() if match is not None else ""
            profiles = profiles[: lowered.index(missing)] if missing in lowered else []
        elif code is not None:
            self._group_refused(code, words)
            if code != _NO_CHANGE:
                return
        self._group_exists(self._target)
        for name in profiles:
            if name.lower() not in self.facts.new_groups and not name.startswith("_"):
                self.facts.group(name, "PRODUCT_PROFILE")
        for name in users if not self.test_mode else ():
            self._exists(name)
            if code is None:
                self._join(step, name, [self._target])
                self._leave(step, name, alone=len(users) == 1)
            elif (
                step == ADD
                and code == _NO_CHANGE
                and self._target.lower() not in self.facts.joined.get(name.lower(), ())
            ):
                self._was_member(name)

    def _leave(self, step: str, address: str, *, alone: bool) -> None:
        """A removal that succeeds has changed something: of a single user the membership (ErrorRef.md)."""
        key: UserKey = (address.lower(), False)
        seen = any(one in self.facts.users and one not in self.facts.sketched for one in (key, (key[0], True)))
        joined = self._target.lower() in self.facts.joined.get(key[0], set())
        if step != REMOVE or seen or joined or key in self.facts.created or (key[0], True) in self.facts.created:
            return
        if not alone:
            self.facts.leave_open(f"which of several users removed from {self._target} were in it", "all of them")
        self.facts.left.setdefault(key[0], []).append(self._target)
        self._was_member(address)

    def _was_member(self, address: str) -> None:
        if self._target.lower() in self.facts.new_groups:
            return  # nobody can have been in it at the start
        user = self.facts.find(address)
        lowered = address.lower()
        if user is not None and not {(lowered, True), (lowered, False)} & self.facts.whole_users:
            groups = user.setdefault("groups", [])
            if self._target.lower() not in [str(name).lower() for name in groups]:
                groups.append(self._target)

    def _group_refused(self, code: str, words: str) -> None:
        if code.startswith(_READ_ONLY):
            self._read_only(words, [self._target])
        elif code in ("error.usergroup.already_exists", _NO_CHANGE):
            self._group_exists(self._target)


def _names(fields: object, *lists: str) -> list[str]:
    if not is_object(fields):
        return []
    found = (fields[name] for name in lists if is_array(fields.get(name)))
    return [name for names in found for name in names if isinstance(name, str) and name]

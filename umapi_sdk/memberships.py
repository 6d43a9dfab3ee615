"""Memberships turned around: users who are only added to groups or taken out of them, by commands on the groups.

A command on a user changes one user, and one on a group up to 100. Turned around is only what no order depends on: the
whole of a user's actions, if it is nothing but memberships, of which none is both given and taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from umapi_models.limits import MAX_USER_GROUP_STEPS, MAX_USER_STEPS, MAX_USERS
from umapi_models.models import UserGroupCommand, UserStep
from umapi_models.names import ADD
from umapi_runtime.constraints import ContractError
from umapi_sdk.actions import UserSteps
from umapi_sdk.pieces import Piece, PlannedCommand, list_kind, member_step, memberships, with_steps
from umapi_sdk.resources import MEMBERS_OF, group_key, touched, user_key

_FULL = MAX_USER_GROUP_STEPS * MAX_USERS
"""Users that a command on a group can hold."""


@attrs.define(eq=False)
class _Candidate:
    """A user of whom all actions so far are memberships."""

    groups: dict[str, str]
    """Kind of the change, by the group's key."""


@attrs.define(eq=False)
class _Gathered:
    """Memberships of a group that wait to become commands."""

    name: str
    pieces: list[Piece]
    counts: dict[str, int]
    """How many pieces there are of each user, as he is named but for the case of letters."""
    kinds: dict[str, int]
    """How many users there are of each kind."""


class Memberships:
    """Which actions are turned around, and the commands that they become."""

    def __init__(self, actions: Sequence[list[Piece]]) -> None:
        """Choose among the actions, each given as its pieces."""
        self._turned = _choose(actions)
        self._gathered: dict[str, _Gathered] = {}
        self._groups_of: dict[str, set[str]] = {}

    def takes(self, pieces: Sequence[Piece]) -> bool:
        """Return whether an action is turned around."""
        return bool(self._turned) and isinstance(pieces[0].owner.action, UserSteps) and _user(pieces) in self._turned

    def collect(self, pieces: Sequence[Piece]) -> Iterator[PlannedCommand]:
        """Gather the memberships of an action; give the commands that are full by that."""
        user, spelt = _user(pieces), pieces[0].owner.action.target.lower()
        for piece in pieces:
            kind, names = memberships(piece)
            for name in names:
                key = group_key(name)
                single = piece if len(names) == 1 else attrs.evolve(piece, step=_of_one_group(piece.step, kind, name))
                gathered = self._gathered.get(key)
                # A key takes names together that may be two groups, so that they wait for each other, and for no more.
                if gathered is not None and (gathered.name.lower() != name.lower() or not _fits(gathered, spelt, kind)):
                    yield self._emit(key)
                    gathered = None
                if gathered is None:
                    gathered = self._gathered[key] = _Gathered(name, [], {}, {})
                gathered.kinds[kind] = gathered.kinds.get(kind, 0) + (spelt not in gathered.counts)
                gathered.counts[spelt] = gathered.counts.get(spelt, 0) + 1
                gathered.pieces.append(single)
                self._groups_of.setdefault(user, set()).add(key)

    def before(self, touches: Mapping[str, bool]) -> Iterator[PlannedCommand]:
        """Give the commands that must come before one that touches these."""
        if not self._gathered:
            return
        for name, alone in touches.items():
            # What is on a group's members may be on these, and what has a user or group to itself excludes them.
            keys = {name.removeprefix(MEMBERS_OF)} if alone or name.startswith(MEMBERS_OF) else set[str]()
            if alone:
                keys |= self._groups_of.get(name, set())
            for key in sorted(keys & self._gathered.keys()):
                yield self._emit(key)

    def rest(self) -> Iterator[PlannedCommand]:
        """Give the commands for all that is left."""
        for key in list(self._gathered):
            yield self._emit(key)

    def _emit(self, key: str) -> PlannedCommand:
        gathered = self._gathered.pop(key)
        for user in gathered.counts:
            self._groups_of[user_key(user)].discard(key)
        first = gathered.pieces[0]
        frame = UserGroupCommand(
            user_group=gathered.name, do=(member_step(memberships(first)[0], [first.owner.action.target]),)
        )
        command = PlannedCommand(frame=frame, pieces=tuple(gathered.pieces), touches={}, by_group=True)
        command.touches = touched(with_steps(frame, [planned.step for planned in command.steps()]))
        return command


def _fits(gathered: _Gathered, user: str, kind: str) -> bool:
    """Whether one more membership goes into the command: as a user more, or one of a user who is there already."""
    if user in gathered.counts:
        return gathered.counts[user] < MAX_USER_STEPS  # by himself, he must fit into one command
    kinds = {**gathered.kinds, kind: gathered.kinds.get(kind, 0) + 1}
    return sum(-(-count // MAX_USERS) for count in kinds.values()) <= MAX_USER_GROUP_STEPS


def _choose(actions: Sequence[list[Piece]]) -> Mapping[str, object]:
    """Return the users to turn around, by their keys: those for whom it makes fewer commands.

    A user's share of the commands on a group is 1 / 100 if it fills them. Whose shares come to a whole command or
    more is better off with a command of his own; that leaves larger shares to the others, who are looked at again.
    """
    candidates = _candidates(actions)
    users_in: dict[str, int] = {}
    members: dict[str, list[str]] = {}
    for user, candidate in candidates.items():
        for group in candidate.groups:
            users_in[group] = users_in.get(group, 0) + 1
            members.setdefault(group, []).append(user)
    doubtful: Iterable[str] = list(candidates)
    while doubtful:
        left: dict[str, None] = {}
        for user in doubtful:
            if user not in candidates or sum(_share(users_in[group]) for group in candidates[user].groups) < 1:
                continue
            for group in candidates.pop(user).groups:
                before = users_in[group]
                users_in[group] -= 1
                if before <= _FULL:  # in a large group, one less hardly counts
                    left |= dict.fromkeys(members[group])
        doubtful = left
    return candidates


def _share(users: int) -> float:
    return -(-users // _FULL) / users


def _candidates(actions: Sequence[list[Piece]]) -> dict[str, _Candidate]:
    candidates: dict[str, _Candidate] = {}
    refused: set[str] = set()
    groups: dict[str, bool] = {}
    for pieces in actions:
        user = _user(pieces)
        if user in refused or not isinstance(pieces[0].owner.action, UserSteps):
            continue
        candidate = candidates.setdefault(user, _Candidate({}))
        if not _is_candidate(pieces, candidate, groups):
            del candidates[user]
            refused.add(user)
    return candidates


def _is_candidate(pieces: Sequence[Piece], candidate: _Candidate, groups: dict[str, bool]) -> bool:
    for piece in pieces:
        if list_kind(piece.step) is None:
            return False
        kind, names = memberships(piece)
        for name in names:
            key = group_key(name)
            if candidate.groups.setdefault(key, kind) != kind:
                return False
            if key not in groups:
                groups[key] = _can_be_root(name)
            if not groups[key]:
                return False
    return _can_be_listed(pieces[0])


def _can_be_root(name: str) -> bool:
    if name.startswith("_"):  # an admin group, which goes with another group
        return False
    try:
        UserGroupCommand(user_group=name, do=(member_step(ADD, ["user@example.com"]),))
    except ContractError:
        return False
    return True


def _can_be_listed(piece: Piece) -> bool:
    action = piece.owner.action
    if not isinstance(action, UserSteps) or "@" not in action.target:
        return False
    frame = action.commands[0][0]
    if frame.domain is not None or frame.use_adobe_id:
        return False
    try:
        member_step(ADD, [action.target])
    except ContractError:
        return False
    return True


def _user(pieces: Sequence[Piece]) -> str:
    return user_key(pieces[0].owner.action.target)


def _of_one_group(step: object, kind: str, name: str) -> UserStep:
    assert isinstance(step, UserStep)
    fields = getattr(step, kind)
    return attrs.evolve(step, **{kind: attrs.evolve(fields, group=(name,))})

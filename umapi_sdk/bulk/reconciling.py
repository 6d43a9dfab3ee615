"""What became of what was under way: found out by queries, before anything is sent again. No I/O.

All that is in doubt of one user or one group is looked at together, in the order in which it was sent, for a step can
undo one before it. A step counts as done if things are as it asks, and those before it are done. From the first that is
not done on, all is sent again. Where that does no harm, and the answer will tell, nothing is asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto

import attrs

from umapi_models.models import (
    AddAdobeID,
    CreateEnterpriseID,
    CreateFederatedID,
    CreateOption,
    Group,
    GroupType,
    IdentityType,
    UpdateUser,
    User,
    UserCommand,
    UserGroupCommand,
    UserGroupStep,
    UserStep,
)
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS
from umapi_sdk.bulk.rows import Fate, OpenRow, PlacedStep, Portion, portions_of
from umapi_sdk.calls import Service
from umapi_sdk.identity import folded
from umapi_sdk.kinds import Frame, Step, new_name
from umapi_sdk.leftovers import can_be_repeated
from umapi_sdk.listings import ListingReader
from umapi_sdk.messages import Call
from umapi_sdk.queries import fetch_user, groups_listing
from umapi_sdk.resources import group_key, user_key
from umapi_sdk.wholeness import ListingRules

_ADOBE_ID = "AdobeID"
_GONE_SINCE = "a later row has removed the user or group, and whether this took effect before cannot be seen any more"


class Verdict(Enum):
    """What a look at the organisation says of a step."""

    DONE = auto()
    """Things are as it asks."""
    LEFT = auto()
    """They are not: it is sent again, and so is all that comes after it."""
    HARMLESS = auto()
    """That cannot be seen, and sending it again does no harm."""
    UNKNOWN = auto()
    """They are otherwise, and whether it has been carried out cannot be told."""


@attrs.frozen(eq=False)
class Item:
    """A step of a row of which something is in doubt."""

    row: OpenRow
    placed: PlacedStep
    frame: Frame
    """The command by which the user or group was named when the step was sent."""

    @property
    def step(self) -> Step:
        """The step, with the names that are in doubt."""
        return self.placed.step

    @property
    def portions(self) -> list[Portion]:
        """What is in doubt of it."""
        return portions_of(self.placed.place, self.placed.step)


@attrs.frozen
class Judged:
    """What is known of a step, or of some of its names."""

    item: Item
    verdict: Verdict
    reason: str | None = None
    """Why it is not known."""
    names: frozenset[str] | None = None
    """The names that it is known of, as `folded` has them; None for all."""

    @property
    def portions(self) -> list[Portion]:
        """The portions that it is known of."""
        return [(place, name) for place, name in self.item.portions if self.names is None or folded(name) in self.names]


def subjects(rows: Iterable[OpenRow]) -> list[list[Item]]:
    """Return what is in doubt, for each user or group in the order in which it was sent."""
    found: dict[str, list[Item]] = {}
    for row in rows:
        doubtful = set(row.in_doubt)
        if not doubtful:
            continue
        frame, items = row.frame, list[Item]()
        for placed in row.steps:  # under whatever name is known, all that is in doubt was sent
            if row.fates.get((placed.place, "")) in (Fate.TOOK_EFFECT, Fate.FOUND):
                frame = _renamed(frame, placed.step)
        for placed in row.steps:
            mine = [portion for portion in portions_of(placed.place, placed.step) if portion in doubtful]
            items += [Item(row, part, frame) for part in row.steps_of(mine)]
            if mine:
                frame = _renamed(frame, placed.step)
        found.setdefault(_key(items[0].frame), []).extend(items)
    return list(found.values())


def _renamed(frame: Frame, step: Step) -> Frame:
    """Return the command by which the user or group is named after a step that took effect."""
    name = new_name(frame, step)
    if name is None:
        return frame
    return attrs.evolve(frame, user=name) if isinstance(frame, UserCommand) else attrs.evolve(frame, user_group=name)


def _key(frame: Frame) -> str:
    if isinstance(frame, UserGroupCommand):
        return group_key(frame.user_group)
    return f"{user_key(frame.user, frame.domain)} {bool(frame.use_adobe_id)}"


class Look:
    """One look at the organisation. What was asked once is not asked again."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.asked = 0
        """Queries so far."""
        self._users: dict[tuple[str, str | None], User | None] = {}
        self._groups: dict[str, Group] | None = None

    def judge(self, items: Sequence[Item]) -> Call[list[Judged]]:
        """Return what is known of each of the items, which are all that is in doubt of one user or group.

        Raises:
            ServiceError, NetworkError: the service could not be asked; nothing is known.
        """
        echoed = any(item.row.note.echoed for item in items)
        if not echoed and all(is_harmless_twice(item.step) for item in items):
            return [Judged(item, Verdict.HARMLESS) for item in items]
        gone = yield from self._gone(items)
        if gone is not None:
            row = items[gone].row
            judged = [
                Judged(item, Verdict.DONE) if item.row is row else Judged(item, Verdict.UNKNOWN, _GONE_SINCE)
                for item in items[: gone + 1]
            ]
            return [*judged, *(Judged(item, Verdict.LEFT) for item in items[gone + 1 :])]
        moved = yield from self._moved(items)
        name = _renamed(items[moved].frame, items[moved].step) if moved >= 0 else None
        judged = list[Judged]()
        held = False
        undecided: set[str] = set()
        for place, item in enumerate(items):
            now = attrs.evolve(item, frame=name) if name is not None and place <= moved else item
            found: Sequence[Judged]
            if place <= moved and _renamed(item.frame, item.step) != item.frame:
                judged.append(Judged(item, Verdict.DONE))
                continue
            if held:
                found = [Judged(item, Verdict.LEFT)]
            elif isinstance(now.frame, UserCommand):
                found = [(yield from self._user_step(now, items[place + 1 :]))]
            else:
                found = yield from self._group_step(now, undecided)
            held = held or any(each.verdict in (Verdict.LEFT, Verdict.UNKNOWN) for each in found)
            judged += found
        return judged

    # Who is gone has had what came before, and who has another name is looked at under that

    def _gone(self, items: Sequence[Item]) -> Call[int | None]:
        """Return the place of a step that has ended the user or group; None if none has."""
        for place, item in enumerate(items):
            step = item.step
            ends = step.remove_from_org if isinstance(step, UserStep) else step.delete_user_group
            if ends is None:
                continue
            for frame in (item.frame,) if items[0].frame == item.frame else (item.frame, items[0].frame):
                if (yield from self._is_there(frame)):
                    break
            else:
                return place
        return None

    def _moved(self, items: Sequence[Item]) -> Call[int]:
        """Return the place of the last step whose new name the user or group has, -1 if there is none."""
        for place in range(len(items) - 1, -1, -1):
            frame, step = items[place].frame, items[place].step
            new = _renamed(frame, step)
            if new == frame:
                continue
            if isinstance(frame, UserCommand) and isinstance(step, UserStep):
                if (yield from self._has_moved(frame, step)):
                    return place
            elif (yield from self._is_there(new)) and not (yield from self._is_there(frame)):
                return place
        return -1

    def _is_there(self, frame: Frame) -> Call[bool]:
        if isinstance(frame, UserCommand):
            return (yield from self._named(frame)) is not None
        return folded(frame.user_group) in (yield from self._all_groups())

    def _has_moved(self, frame: UserCommand, step: UserStep) -> Call[bool]:
        """Return whether a user has the name that a step gives, and nobody has the old one."""
        new = _renamed(frame, step)
        assert isinstance(new, UserCommand)
        assert step.update is not None
        found = yield from self._named(new)
        if found is None or not _has_values(found, step.update):
            return False
        before = yield from self._named(frame)
        return before is None or before == found

    # Users

    def _user_step(self, item: Item, later: Sequence[Item]) -> Call[Judged]:
        frame, step = item.frame, item.step
        assert isinstance(frame, UserCommand)
        assert isinstance(step, UserStep)
        created = step.add_adobe_id or step.create_enterprise_id or step.create_federated_id
        if created is not None:
            found = yield from self._created(frame, step)
            return Judged(item, Verdict.LEFT) if found is None else _judge_creation(item, step, found, later)
        user = yield from self._named(frame)
        done = user is not None and step.remove_from_org is None and _is_as_asked(user, step)
        return Judged(item, Verdict.DONE if done else Verdict.LEFT)

    def _named(self, frame: UserCommand) -> Call[User | None]:
        return (yield from self._find(frame.user, _ADOBE_ID if frame.use_adobe_id else frame.domain))

    def _created(self, frame: UserCommand, step: UserStep) -> Call[User | None]:
        if step.add_adobe_id is not None:
            return (yield from self._find(step.add_adobe_id.email, _ADOBE_ID))
        return (yield from self._find(frame.user, frame.domain))

    def _find(self, name: str, domain: str | None) -> Call[User | None]:
        if "@" in name and domain != _ADOBE_ID:
            domain = None  # an e-mail address needs none, and with one of a directory others can be missed
        key = (folded(name), domain)
        if key not in self._users:
            self.asked += 1
            self._users[key] = yield from fetch_user(self._service, name, domain)
        return self._users[key]

    # Groups

    def _group_step(self, item: Item, undecided: set[str]) -> Call[list[Judged]]:
        """Judge a step on a group; `undecided` are the members whom a step before it does not have as it asks."""
        frame, step = item.frame, item.step
        assert isinstance(frame, UserGroupCommand)
        assert isinstance(step, UserGroupStep)
        if step.create_user_group is not None:
            found = (yield from self._all_groups()).get(folded(step.create_user_group.name or frame.user_group))
            there = found is not None and found.type in (None, GroupType.USER_GROUP)
            return [Judged(item, Verdict.DONE if there else Verdict.LEFT)]
        listed = step.add or step.remove
        if listed is None:
            # A description is not shown; a new name, or that the group is gone, would have been seen.
            return [Judged(item, Verdict.HARMLESS if is_harmless_twice(step) else Verdict.LEFT)]
        if listed.product_configuration:
            if item.row.note.echoed:
                return [Judged(item, Verdict.UNKNOWN, "which product profiles a user group gives cannot be asked")]
            return [Judged(item, Verdict.HARMLESS)]
        names = {folded(name) for name in listed.user or ()}
        members, others = yield from self._members_of(frame.user_group, listed.user or ())
        wrong = names - (members if step.add is not None else others)
        wrong |= names & undecided
        undecided |= wrong
        judged = [
            Judged(item, Verdict.DONE, names=frozenset(names - wrong)),
            Judged(item, Verdict.HARMLESS, names=frozenset(wrong)),
        ]
        return [each for each in judged if each.names]

    def _all_groups(self) -> Call[dict[str, Group]]:
        if self._groups is None:
            reader = ListingReader(groups_listing(), ListingRules(), keep=True)
            while not reader.finished:
                self.asked += 1
                yield from reader.next_page(self._service)
            self._groups = {folded(group.group_name): group for group in reader.entries}
        return self._groups

    def _members_of(self, group: str, names: Sequence[str]) -> Call[tuple[set[str], set[str]]]:
        """Return which of the users named are in a group and which are not, as `folded` has them.

        Whoever is not found by a user name alone is neither: the name may be that of several.
        """
        members, others = set[str](), set[str]()
        for name in names:
            user = yield from self._find(name, None)
            if user is not None and folded(group) in map(folded, user.groups or ()):
                members.add(folded(name))
            elif user is not None or "@" in name:
                others.add(folded(name))
        return members, others


def is_harmless_twice(step: Step) -> bool:
    """Return whether a step can be sent twice, and the second answer tells as much as the first.

    Lists of users in a step on a group are an error the second time, when nothing changes.
    """
    listed = (step.add or step.remove) if isinstance(step, UserGroupStep) else None
    return can_be_repeated(step) and not (listed is not None and listed.user)


def _is_as_asked(user: User, step: UserStep) -> bool:
    """Whether a user has the values or the memberships that a step gives."""
    if step.update is not None:
        return _has_values(user, step.update)
    groups = {folded(name) for name in user.groups or ()}
    if step.remove == "all":
        return not groups - UNTOUCHABLE_GROUPS
    if step.add is not None:
        return groups.issuperset(map(folded, step.add.group))
    assert step.remove is not None
    assert not isinstance(step.remove, str)
    return groups.isdisjoint(map(folded, step.remove.group))


def _judge_creation(item: Item, step: UserStep, user: User, later: Sequence[Item]) -> Judged:
    """Judge a creation by the user who is there. What later steps of the same rows change may be changed already."""
    created: AddAdobeID | CreateEnterpriseID | CreateFederatedID | None
    created = step.add_adobe_id or step.create_enterprise_id or step.create_federated_id
    assert created is not None
    wanted = (
        IdentityType.ADOBE_ID
        if step.add_adobe_id is not None
        else IdentityType.ENTERPRISE_ID
        if step.create_enterprise_id is not None
        else IdentityType.FEDERATED_ID
    )
    if created.option is CreateOption.IGNORE_IF_ALREADY_EXISTS:
        return Judged(item, Verdict.DONE)
    asked = {
        "type": (str(wanted), str(user.type)),
        "email": (created.email, user.email),
        "firstname": (created.first_name, user.first_name),
        "lastname": (created.last_name, user.last_name),
        "country": (created.country, user.country),
    }
    updates = [item.step.update for item in later if isinstance(item.step, UserStep) and item.step.update is not None]
    differing = [
        f"{name} {has or 'without a value'}, where {value} is asked for"
        for name, (value, has) in asked.items()
        if value is not None and folded(has or "") not in {folded(value), *map(folded, _later_values(name, updates))}
    ]
    if not differing:
        return Judged(item, Verdict.DONE)
    if created.option is not None:
        return Judged(item, Verdict.LEFT)
    reason = f"the user is in the organisation otherwise than asked for: {'; '.join(differing)}"
    return Judged(item, Verdict.UNKNOWN, reason)


def _later_values(name: str, updates: Sequence[UpdateUser]) -> Iterator[str]:
    for update in updates:
        value = {"firstname": update.first_name, "lastname": update.last_name, "email": update.email}.get(name)
        if value is not None:
            yield value


def _has_values(user: User, update: UpdateUser) -> bool:
    pairs = (
        (update.email, user.email),
        (update.username, user.username),
        (update.first_name, user.first_name),
        (update.last_name, user.last_name),
    )
    return all(asked is None or folded(asked) == folded(has or "") for asked, has in pairs)

"""What is left of an action of which some steps took effect: the steps to send, so that all of it is done in the end.

Left are the steps that were not carried out, and those that may not have been, if they can be sent twice. A step that
took effect is sent again only where it undoes, or is undone by, one that is left and comes before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from umapi_models.models import UserCommand, UserGroupCommand, UserGroupStep, UserStep
from umapi_runtime.constraints import ContractError, Violation
from umapi_sdk.effects import StepPart, StepStatus
from umapi_sdk.errors import ActionError
from umapi_sdk.kinds import Frame, Step, creates, ends, new_name, renames

Model = TypeVar("Model")

_DONE = (StepStatus.TOOK_EFFECT,)
_IN_DOUBT = (StepStatus.UNKNOWN, StepStatus.PERHAPS_NOT_REACHED)


class Leftover(msgspec.Struct, frozen=True):
    """What is left of an action."""

    frame: Frame
    """A command on whoever the action is on by now; its steps are not looked at."""
    parts: tuple[StepPart, ...]
    """The steps to send, in order; none when nothing is left."""
    in_doubt: tuple[int, ...] = ()
    """Places of the caller's steps that were or may have been carried out, and can do harm if they are sent twice."""
    target_known: bool = True
    """False if whoever the action is on may have another name by now, which is not known."""

    @property
    def known(self) -> bool:
        """Whether it is known what is left."""
        return self.target_known and not self.in_doubt


def what_is_left(frame: Frame, parts: Sequence[StepPart], *, unchanged: bool) -> Leftover:
    """Return what is left of an action; `frame` is a command on the user or group as the action names it.

    `unchanged` says that nothing can have been changed, as in test mode: then all of it is left.
    """
    if unchanged:
        return Leftover(frame, tuple(parts))
    if ends(parts[-1].step) and parts[-1].status in _DONE:
        return Leftover(frame, ())
    left: list[StepPart] = []
    in_doubt: dict[int, None] = {}
    found: Frame | None = frame
    scope = _Scope()
    for part in parts:
        done = part.status in _DONE
        if done and found is not None:
            found = _as_found_after(found, part.step)
        if done and not scope.meets(part.step):
            continue
        if (done or part.status in _IN_DOUBT) and not can_be_repeated(part.step):
            in_doubt[part.place] = None
        scope.add(part.step)
        left.append(part)
    return Leftover(found or frame, tuple(left), tuple(in_doubt), target_known=found is not None or not left)


def can_be_repeated(step: Step) -> bool:
    """Return whether a step does the same, and no harm, if it is carried out once more."""
    if isinstance(step, UserStep):
        created = step.add_adobe_id or step.create_enterprise_id or step.create_federated_id
        if created is not None:
            return created.option is not None
        return step.remove_from_org is None and not renames(step)
    if step.create_user_group is not None:
        return step.create_user_group.option is not None and not renames(step)
    return step.delete_user_group is None and not renames(step)


def with_other_names(parts: Sequence[StepPart], names: Mapping[str, str]) -> list[StepPart]:
    """Return steps with other names in their lists, as `names` has them by the present ones.

    Raises:
        ActionError: a name is in no list, or a new one is invalid.
    """
    wanted = {old.casefold(): new for old, new in names.items()}
    met: set[str] = set()
    renamed: list[StepPart] = []
    for part in parts:
        changed: dict[str, object] = {}
        for verb, listed in _lists(part.step).items():
            fields: dict[str, tuple[str, ...]] = {}
            for field, listing in listed.items():
                met |= {name.casefold() for name in listing}
                fields[field] = tuple(dict.fromkeys(wanted.get(name.casefold(), name) for name in listing))
            try:
                changed[verb] = _changed(getattr(part.step, verb), fields)
            except ContractError as error:
                raise ActionError.from_contract(error.below(f"/do/{part.place}/{verb}")) from None
        renamed.append(replace(part, step=_changed(part.step, changed)) if changed else part)
    missing = [old for old in names if old.casefold() not in met]
    if missing:
        raise ActionError((Violation("/do", f"what is left does not list {missing[0]}"),))
    return renamed


def _changed(model: Model, fields: Mapping[str, Any]) -> Model:
    """Return a model with other values in some fields, which are checked."""
    struct: Any = model
    changed: Model = replace(struct, **fields)
    return changed


class _Scope:
    """What steps that are to be sent again do, and whether another step must come after them once more."""

    def __init__(self) -> None:
        self._verbs: dict[tuple[str, str], set[str]] = {}
        self._fields: set[str] = set()
        self._creates = self._adds = self._removes_all = False

    def add(self, step: Step) -> None:
        """Count a step among those that are to be sent again."""
        self._creates = self._creates or creates(step)
        self._removes_all = self._removes_all or _removes_all(step)
        self._fields |= _fields(step)
        for verb, listed in _lists(step).items():
            self._adds = self._adds or verb == "add"
            for field, names in listed.items():
                for name in names:
                    self._verbs.setdefault((field, name.strip().casefold()), set()).add(verb)

    def meets(self, step: Step) -> bool:
        """Whether a step that took effect has to be sent again after those."""
        if self._creates or (self._removes_all and "add" in _lists(step)) or (self._adds and _removes_all(step)):
            return True
        if self._fields & _fields(step):
            return True
        return any(
            self._verbs.get((field, name.strip().casefold()), set()) - {verb}
            for verb, listed in _lists(step).items()
            for field, names in listed.items()
            for name in names
        )


def _as_found_after(frame: Frame, step: Step) -> Frame | None:
    """Return a command on the same user or group after a step that took effect; None if its name is not known then."""
    if isinstance(step, UserStep) and isinstance(frame, UserCommand):
        return _user_after(frame, step)
    assert isinstance(step, UserGroupStep)
    assert isinstance(frame, UserGroupCommand)
    if step.create_user_group is not None and step.create_user_group.name is not None:
        return None
    name = new_name(frame, step)
    return frame if name is None else _changed(frame, {"user_group": name})


def _user_after(frame: UserCommand, step: UserStep) -> UserCommand | None:
    named_by_email = "@" in frame.user
    created = step.add_adobe_id or step.create_enterprise_id or step.create_federated_id
    if created is not None:
        if named_by_email and created.email.casefold() != frame.user.casefold():
            return None
        # Of two accounts that share the e-mail address, the one that was created.
        return _changed(frame, {"use_adobe_id": True if step.add_adobe_id is not None else None})
    if step.update is None or not renames(step) or (step.update.username is None and not named_by_email):
        return frame
    if step.update.email is None or not named_by_email or frame.use_adobe_id:
        return None
    return _changed(frame, {"user": new_name(frame, step)})


def _lists(step: Step) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the lists of names in a step, by what is done with them and by their field."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for verb, fields in (("add", step.add), ("remove", step.remove)):
        if fields is None or isinstance(fields, str):
            continue
        names = {name: getattr(fields, name) for name in fields.__contract__.names}
        found[verb] = {field: listed for field, listed in names.items() if listed}
    return found


def _fields(step: Step) -> set[str]:
    update = step.update if isinstance(step, UserStep) else step.update_user_group
    if update is None:
        return set()
    return {name for name in update.__contract__.names if getattr(update, name) is not None}


def _removes_all(step: Step) -> bool:
    return isinstance(step.remove, str)

"""Commands on a user: which step does what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from umapi_harness.mock.api.failing import check_user_step
from umapi_harness.mock.api.memberships import add, remove
from umapi_harness.mock.api.refusals import NoBehaviourError
from umapi_harness.mock.api.user_creation import create
from umapi_harness.mock.api.user_targets import Fields, UserTarget
from umapi_harness.mock.api.user_updates import update
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.organization import Organization
from umapi_models.names import ADD, CREATES, REMOVE, REMOVE_FROM_ORG, UPDATE


class UserCommand:
    """One command on a user."""

    def __init__(self, organization: Organization, settings: Settings, command: Fields, *, test_mode: bool) -> None:
        self._target = UserTarget(organization, settings, command, test_mode=test_mode)

    finished = False
    """True when no later step may run; steps on users never say so."""

    def run(self, name: str, fields: Any) -> None:
        """Take one step. Raises RefusedError, in which case the step has changed nothing."""
        target = self._target
        if not target.test_mode:
            check_user_step(target.settings.breakdown, name, fields, target.name)
        if name in CREATES:
            create(target, CREATES[name], fields)
        else:
            take = _STEPS.get(name)
            if take is None:
                raise NoBehaviourError(name)
            take(target, fields)


def _remove_from_org(target: UserTarget, fields: Fields) -> None:
    if target.user is None:
        if target.settings.remove_absent_user_fails:
            target.existing()
    elif not target.test_mode:
        target.organization.remove_user(target.user, delete_account=fields.get("deleteAccount", False))
        target.user = None


_STEPS: Final[Mapping[str, Callable[[UserTarget, Any], None]]] = {
    UPDATE: update,
    ADD: add,
    REMOVE: remove,
    REMOVE_FROM_ORG: _remove_from_org,
}

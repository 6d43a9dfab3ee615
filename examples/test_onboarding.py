"""A test of one's own code against the mock server, by the pytest plugin: `pytest examples/test_onboarding.py`."""

from __future__ import annotations

import pytest

from umapi_harness.testing import UmapiOrg, UmapiServer
from umapi_sdk import UserAction, connect


def onboard(email: str) -> bool:
    """The code under test: it knows nothing of the test."""
    with connect() as conn:
        action = UserAction(email).create_federated_id(first_name="Jane", last_name="Doe", country="DE")
        return conn.execute_single(action.add_to_groups(["DevOps"]), immediate=True).completed == 1


@pytest.mark.umapi(profile="live", faults=[{"operation": "action", "status": 429, "retry_after": 1, "first": 1}])
def test_onboarding(umapi_server: UmapiServer, umapi_org: UmapiOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new colleague gets account and group, though the first call is throttled."""
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    assert onboard("new@example.com")
    assert [user.email for user in umapi_org.users if "DevOps" in user.groups][-1] == "new@example.com"
    umapi_org.verify(step="createFederatedID", user="new@example.com", effect="all", exactly=1)

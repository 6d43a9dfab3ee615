"""Create one user, give it a group and a product profile, and look at the result.

The connection comes from the `UMAPI_*` environment variables, as `umapi-harness serve` prints them.
"""

from __future__ import annotations

import os

from umapi_sdk import UserAction, UserQuery, connect

DOMAIN = os.environ.get("UMAPI_DOMAIN", "example.com")
GROUPS = [os.environ.get("UMAPI_SAMPLE_GROUP", "DevOps"), os.environ.get("UMAPI_SAMPLE_PROFILE", "Document Cloud 1")]

with connect() as connection:
    action = (
        UserAction(f"rosa@{DOMAIN}")
        .create_federated_id(first_name="Rosa", last_name="Diaz", country="DE")
        .add_to_groups(GROUPS)
    )
    result = connection.execute_single(action, immediate=True)
    for outcome in result.outcomes:
        print(outcome)
    print(UserQuery(connection, f"rosa@{DOMAIN}").result())

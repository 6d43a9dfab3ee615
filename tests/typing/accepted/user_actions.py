"""Actions on users, in every form that the types allow."""

from typing import assert_type

from umapi_sdk import Action, ActionOutcome, CreateOption, IdentityType, UserAction, UserSteps

by_email = UserAction(email="jdoe@example.com")
by_place = UserAction("jdoe@example.com", use_adobe_id=True, request_id="r1")
by_name = UserAction("jdoe", domain="example.com")

assert_type(by_email.create(first_name="J", last_name="Doe"), UserSteps)
assert_type(
    by_name.create_federated_id(
        email="jdoe@example.com",
        first_name="J",
        last_name="Doe",
        country="DE",
        option=CreateOption.IGNORE_IF_ALREADY_EXISTS,
    ).add_to_groups(["Designers"]),
    UserSteps,
)
UserAction("a@example.com").create(
    first_name="A",
    last_name="B",
    country="US",
    id_type=IdentityType.FEDERATED_ID,
    option=CreateOption.UPDATE_IF_ALREADY_EXISTS,
)
UserAction("a@example.com").create_enterprise_id(first_name="A", last_name="B").update(email="b@example.com")
UserAction("a@example.com").add_adobe_id().remove_from_groups(all_groups=True)
UserAction("a@example.com").add_to_groups(("A", "B")).add_to_groups({"C"}).add_to_groups(frozenset(["D"]))
UserAction("a@example.com").remove_from_groups(["A"]).add_to_groups(["B"]).update(username="a", first_name="A")

removal = UserAction("a@example.com").remove_from_groups(all_groups=True).remove_from_organization(delete_account=True)
assert_type(removal, Action)
assert_type(removal.outcome, ActionOutcome | None)
assert_type(removal.execution_errors(), tuple[str, ...])

# The steps of an action may also be added one by one, as its builder hands them on.
step_by_step = UserAction("a@example.com").create_enterprise_id(first_name="A", last_name="B")
for name in ("A", "B"):
    step_by_step = step_by_step.add_to_groups([name])


def joiner(email: str) -> UserSteps:
    """A chain that a program's own function returns."""
    return UserAction(email).create_federated_id(first_name="J", last_name="D", country="DE").add_to_groups(["g"])

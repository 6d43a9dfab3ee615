"""Actions on user groups, in every form that the types allow."""

from typing import assert_type

from umapi_sdk import Action, CreateOption, GroupAction, GroupSteps, UserAction

created = GroupAction("Designers").create(description="D", option=CreateOption.IGNORE_IF_ALREADY_EXISTS)
assert_type(created, GroupSteps)
assert_type(created.add_users(["a@example.com"]).add_to_products({"Photoshop"}), GroupSteps)
GroupAction("Designers", request_id="r1").remove_users(("a@example.com",)).remove_from_products(["Photoshop"])
GroupAction("Designers").update(name="Artists").update(description="A")
assert_type(GroupAction("Designers").remove_users(["a@example.com"]).delete(), Action)
both = [UserAction("a@example.com").add_to_groups(["g"]), GroupAction("g").create()]
actions: list[Action] = [*both]

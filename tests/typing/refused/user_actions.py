"""Mistakes in actions on users, each on a line of its own."""

from umapi_sdk import UserAction

# A name is not a list of names.
UserAction("a@example.com").add_to_groups("Designers")  # error: arg-type, reportArgumentType
UserAction("a@example.com").remove_from_groups("Designers")  # error: call-overload, reportArgumentType
UserAction("a@example.com").add_to_groups([1])  # error: list-item, reportArgumentType

# A create step is the first, and the only one.
UserAction("a@example.com").update(first_name="A").add_adobe_id()  # error: attr-defined, reportAttributeAccessIssue
UserAction("a@example.com").add_to_groups(["A"]).create()  # error: attr-defined, reportAttributeAccessIssue
UserAction("a@example.com").create().create()  # error: attr-defined, reportAttributeAccessIssue
created = UserAction("a@example.com").create_enterprise_id(first_name="A", last_name="B")
created.create_enterprise_id(first_name="A", last_name="B")  # error: attr-defined, reportAttributeAccessIssue
created.create_federated_id()  # error: attr-defined, reportAttributeAccessIssue

# Nothing follows a removal from the organisation.
removed = UserAction("a@example.com").remove_from_organization()
removed.add_to_groups(["A"])  # error: attr-defined, reportAttributeAccessIssue
removed.remove_from_groups(all_groups=True)  # error: attr-defined, reportAttributeAccessIssue
removed.update(first_name="A")  # error: attr-defined, reportAttributeAccessIssue
removed.create()  # error: attr-defined, reportAttributeAccessIssue
removed.remove_from_organization()  # error: attr-defined, reportAttributeAccessIssue

# Fields that a type of user cannot do without.
UserAction("a@example.com").create_enterprise_id(last_name="B")  # error: call-arg, reportCallIssue
UserAction("a@example.com").create_enterprise_id(first_name="A")  # error: call-arg, reportCallIssue
UserAction("a@example.com").create_federated_id(last_name="B", country="US")  # error: call-arg, reportCallIssue
UserAction("a@example.com").create_federated_id(first_name="A", last_name="B")  # error: call-arg, reportCallIssue
UserAction("a@example.com").create_enterprise_id(first_name=None, last_name="B")  # error: arg-type, reportArgumentType

# Names of arguments, and arguments by place.
UserAction("a@example.com").create(firstname="A")  # error: call-arg, reportCallIssue
UserAction("a@example.com").update(country="US")  # error: call-overload, reportCallIssue
UserAction("a@example.com").update("b@example.com")  # error: call-overload, reportCallIssue
UserAction("a@example.com").create("A", "B")  # error: call-arg, reportCallIssue
UserAction("a@example.com").create_federated_id("A", "B", "US")  # error: call-arg, reportCallIssue
UserAction("a@example.com").remove_from_organization(True)  # error: call-arg, reportCallIssue
UserAction("a@example.com").remove_from_organization(delete_account="no")  # error: arg-type, reportArgumentType

# Options and identity types are members of their enums.
UserAction("a@example.com").create(option="ignoreIfAlreadyExists")  # error: arg-type, reportArgumentType
UserAction("a@example.com").add_adobe_id(option="updateIfAlreadyExists")  # error: arg-type, reportArgumentType
UserAction("a@example.com").create(id_type="federatedID")  # error: arg-type, reportArgumentType

# Who is meant.
UserAction()  # error: call-overload, reportCallIssue
UserAction("a", "example.com")  # error: call-overload, reportCallIssue
UserAction("a@example.com", email="a@example.com")  # error: call-overload, reportCallIssue
UserAction(email="a@example.com", domain="example.com")  # error: call-overload, reportCallIssue
UserAction(None)  # error: call-overload, reportArgumentType

# Something must be said, and one thing only.
UserAction("a@example.com").update()  # error: call-overload, reportCallIssue
UserAction("a@example.com").remove_from_groups()  # error: call-overload, reportCallIssue
member = UserAction("a@example.com")
member.remove_from_groups(["A"], all_groups=True)  # error: call-overload, reportArgumentType, reportCallIssue

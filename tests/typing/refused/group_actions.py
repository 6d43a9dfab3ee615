"""Mistakes in actions on user groups, each on a line of its own."""

from umapi_sdk import GroupAction

GroupAction()  # error: call-arg, reportCallIssue
GroupAction("Designers", "r1")  # error: call-arg, reportCallIssue
GroupAction(name="Designers", group="Designers")  # error: call-arg, reportCallIssue
GroupAction("Designers").add_users("a@example.com")  # error: arg-type, reportArgumentType
GroupAction("Designers").remove_users("a@example.com")  # error: arg-type, reportArgumentType
GroupAction("Designers").add_to_products("Photoshop")  # error: arg-type, reportArgumentType
GroupAction("Designers").remove_from_products("Photoshop")  # error: arg-type, reportArgumentType
GroupAction("Designers").add_to_groups(["Artists"])  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").create("A description")  # error: call-arg, reportCallIssue
GroupAction("Designers").create(option="ignoreIfAlreadyExists")  # error: arg-type, reportArgumentType
GroupAction("Designers").update("Artists")  # error: call-overload, reportCallIssue
GroupAction("Designers").create().create()  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").update(name="Artists").create()  # error: attr-defined, reportAttributeAccessIssue

# Nothing follows a deletion.
GroupAction("Designers").delete().add_users(["a@example.com"])  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").delete().update(name="Artists")  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").delete().create()  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").delete().delete()  # error: attr-defined, reportAttributeAccessIssue
GroupAction("Designers").update()  # error: call-overload, reportCallIssue

"""What programs written for Adobe's umapi-client 3 do, in words of our own; each with the module that it imports.

The patterns are those of the client's user guide and of public programs: user-sync, umapi-cli, exporters and scripts.
Each takes the module and a connection to the mock server's default organisation, and returns what it has learnt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Program = Callable[[Any, Any], object]

PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    """Enter a program into the list."""
    PROGRAMS[function.__name__] = function
    return function


def _names(entries: list[dict[str, Any]], key: str) -> list[str]:
    return sorted(entry[key] for entry in entries)


@program
def export_everybody(api: Any, conn: Any) -> object:
    """An exporter: all users as dicts, with a default for what is missing."""
    fields = ("id", "email", "username", "domain", "status", "type", "firstname", "lastname", "country", "groups")
    return [{field: user.get(field) for field in fields} for user in api.UsersQuery(conn)]


@program
def dump_all(api: Any, conn: Any) -> object:
    """A scanner: everything of users and groups as JSON."""
    groups = [group for group in api.GroupsQuery(conn)]  # noqa: C416 - as the program has it
    users = [user for user in api.UsersQuery(conn)]  # noqa: C416
    return json.loads(json.dumps({"groups": groups, "users": users}))


@program
def filtered_listings(api: Any, conn: Any) -> object:
    """Members of a group, of a domain, and with indirect groups; a group that there is not has none."""
    queries = [
        api.UsersQuery(conn, in_group="DevOps"),
        api.UsersQuery(conn, in_domain="example.org"),
        api.UsersQuery(conn, in_group="DevOps", direct_only=False),
        api.UsersQuery(conn, in_group="100% remote? #1 + more"),
        api.UsersQuery(conn, in_group="No Such Group"),
        api.UsersQuery(conn, in_group=None),
    ]
    return [_names(query.all_results(), "email") for query in queries]


@program
def iterate_and_go_on(api: Any, conn: Any) -> object:
    """Some entries are iterated over, then all are asked for; then the query is run again."""
    query = api.UsersQuery(conn)
    first = []
    for user in query:
        first.append(user["email"])
        if len(first) == 3:
            break
    whole = [user["email"] for user in query.all_results()]
    query.reload()
    return first, whole, [user["email"] for user in query.all_results()], query.stats()


@program
def progress_of_a_listing(api: Any, conn: Any) -> object:
    """user-sync's way: the run is announced, and the numbers of the page are asked for at each user."""
    conn.start_sync()
    query = api.UsersQuery(conn, in_group=None)
    seen = []
    for number, user in enumerate(query):
        total, pages, size, page = query.stats()
        seen.append((number, user["email"], total, pages, size, page))
        if page == pages - 2:
            conn.end_sync()
    return seen


@program
def one_user(api: Any, conn: Any) -> object:
    """Users by e-mail address, by name and domain, the Adobe ID of two, and nobody."""
    asked = [("jdoe@example.com",), ("jsmith", "example.com"), ("jane@example.com", "AdobeID"), ("nobody@example.com",)]
    return [api.UserQuery(conn, *each).result() for each in asked]


@program
def calls_without_objects(api: Any, conn: Any) -> object:
    """The connection is asked directly, for pages and for one user, and its counts are read."""
    users, last, total, pages, page, size = conn.query_multiple("user", 0, query_params={"directOnly": True})
    groups = conn.query_multiple("group")
    found = conn.query_single("user", ["jdoe@example.com"])
    old = conn.query_multiple("user-group")
    return _names(users, "email"), last, total, pages, page, size, groups, found, old, conn.status()[0]


@program
def plain_queries(api: Any, conn: Any) -> object:
    """Queries of any kind, by the name of what they list."""
    members = api.QueryMultiple(conn, "user", url_params=["DevOps"]).all_results()
    groups = list(api.QueryMultiple(conn, "group"))
    old = [group["name"] for group in api.QueryMultiple(conn, "user-group")]
    return _names(members, "email"), groups, old, api.QuerySingle(conn, "user", ["jdoe@example.com"]).result()


@program
def life_of_a_user(api: Any, conn: Any) -> object:
    """A user is created with groups, changed, moved between groups, and removed."""
    email = "new.user@example.com"
    action = api.UserAction(email)
    action.create(email=email, firstname="New", lastname="User", country="GB")
    action.add_to_groups(groups=["DevOps", "Document Cloud 1"])
    told: list[object] = [conn.execute_single(action, immediate=True), action.execution_errors()]
    told.append(api.UserQuery(conn, email).result())
    steps = [
        api.UserAction(email).update(firstname="Newer", lastname="Name"),
        api.UserAction(email).remove_from_groups(groups=["DevOps"]).add_to_groups({"Marketing"}),
        api.UserAction(email).remove_from_groups(all_groups=True),
    ]
    for step in steps:
        told += [conn.execute_single(step, immediate=True), api.UserQuery(conn, email).result()]
    removal = api.UserAction(email)
    told.append(removal.remove_from_organization(delete_account=True))
    told += [conn.execute_single(removal, immediate=True), api.UserQuery(conn, email).result()]
    return told


@program
def each_identity_type(api: Any, conn: Any) -> object:
    """Users of all types, the type given as a member or by its name."""
    told = []
    for kind, email in (
        (api.IdentityType.adobeID, "new@example.net"),
        ("enterpriseID", "new@enterprise.example.com"),
        (api.IdentityType.federatedID, "new@example.com"),
    ):
        action = api.UserAction(email).create(email, "New", "User", "US", kind)
        told.append((conn.execute_single(action, True), api.UserQuery(conn, email).result()["type"]))
    other = api.UserAction("newname", "example.com").create(
        email="named@example.com", firstname="N", lastname="U", country="US"
    )
    told.append((conn.execute_single(other, True), api.UserQuery(conn, "newname", "example.com").result()["email"]))
    return told


@program
def conflicts(api: Any, conn: Any) -> object:
    """Somebody who is there already is left alone, updated, or an error."""
    told: list[object] = []
    options = api.IfAlreadyExistsOption
    choices = (options.ignoreIfAlreadyExists, "updateIfAlreadyExists", options.errorIfAlreadyExists)
    for number, option in enumerate(choices):
        action = api.UserAction("john.smith@example.com", requestID=f"conflict {number}")
        action.create("john.smith@example.com", "Other", "Name", "US", on_conflict=option)
        told.append(conn.execute_single(action, immediate=True))
        told.append([(error["errorCode"], error["message"]) for error in action.execution_errors()])
    group = api.GroupAction("DevOps").create(option=options.updateIfAlreadyExists, description="Those who run it")
    return [*told, conn.execute_single(group, immediate=True)]


@program
def errors_of_one_request(api: Any, conn: Any) -> object:
    """Some actions of a request fail: each knows its own errors, with command and target."""
    good = api.UserAction("jdoe@example.com").add_to_groups(["Marketing"])
    bad = api.UserAction("jane@example.com").update(firstname="J").add_to_groups(["No Such Group"])
    nobody = api.UserAction("nobody@example.com").update(firstname="N")
    counts = conn.execute_multiple([good, bad, nobody])
    keys = ("errorCode", "message", "command", "target")
    told = [
        [{key: error[key] for key in keys} for error in action.execution_errors()] for action in (good, bad, nobody)
    ]
    return counts, told, conn.status()[0]


@program
def user_groups(api: Any, conn: Any) -> object:
    """A user group is created, filled, given profiles, renamed and deleted."""
    group = api.GroupAction(group_name="Testers").create(description="Those who test")
    group.add_users(users=["jdoe@example.com", "sato@example.org"]).add_to_products(products=["Document Cloud 1"])
    told: list[object] = [conn.execute_single(group, immediate=True)]
    change = api.GroupAction("Testers").remove_users(["sato@example.org"]).remove_from_products(["Document Cloud 1"])
    told.append(conn.execute_single(change.update(name="Night shift"), immediate=True))
    told.append(_names(api.UsersQuery(conn, in_group="Night shift").all_results(), "email"))
    told.append(conn.execute_single(api.GroupAction("Night shift").delete(), immediate=True))
    return [*told, _names(api.GroupsQuery(conn).all_results(), "groupName")]


@program
def queue_until_it_is_full(api: Any, conn: Any) -> object:
    """umapi-cli's way: actions are queued one by one, full requests leave by themselves, the rest at the end."""
    actions = []
    told = []
    for number in range(23):
        email = f"queued{number}@example.com"
        action = api.UserAction(email).create(email, "Q", f"Number {number}", "US").add_to_groups(["DevOps"])
        actions.append(action)
        told.append(conn.execute_single(action))
    told.append((0, len(conn.action_queue), 0))
    told.append(conn.execute_queued())
    return told, [action.execution_errors() for action in actions if action.execution_errors()], conn.status()[0]


@program
def many_at_once(api: Any, conn: Any) -> object:
    """Twenty-five actions in one call leave in three requests; queued ones go before."""
    first = api.UserAction("jdoe@example.com").add_to_groups(["Marketing"])
    told = [conn.execute_multiple([first], immediate=False)]
    actions = [api.GroupAction(f"Group {number}").create() for number in range(25)]
    return [*told, conn.execute_multiple(actions), conn.status()[0]]


@program
def long_lists(api: Any, conn: Any) -> object:
    """More groups than a command may have, and more commands than an action may have, are divided."""
    names = [f"Group {number}" for number in range(25)]
    told = [conn.execute_multiple([api.GroupAction(name).create() for name in names])]
    told.append(conn.execute_single(api.UserAction("jdoe@example.com").add_to_groups(names), immediate=True))
    many = api.UserAction("jane@example.com")
    for name in names:
        many.add_to_groups([name])
    told.append(conn.execute_single(many, immediate=True))
    found = api.UserQuery(conn, "jane@example.com").result()["groups"]
    return told, many.execution_errors(), len(many.split_actions), sorted(set(found) & set(names))


@program
def smaller_throttles(api: Any, conn: Any) -> object:
    """The throttle settings of the connection make smaller requests."""
    conn.throttle_actions, conn.throttle_groups = 2, 3
    actions = [
        api.UserAction(email).add_to_groups(["DevOps", "Marketing"])
        for email in ("jdoe@example.com", "sato@example.org")
    ]
    actions.append(api.UserAction("jane@example.com").add_to_groups(["DevOps", "Marketing", "Alumni", "Équipe Zürich"]))
    return conn.execute_multiple(actions), conn.throttle_commands, conn.retry_max_attempts, conn.timeout


@program
def commands_as_data(api: Any, conn: Any) -> object:
    """Commands are given as data: a creation is put before what was there already."""
    action = api.Action(user="raw@example.com", requestID="raw-1")
    action.append(add={"group": ["DevOps"]}).append(update={"firstname": "Raw"})
    action.insert(createFederatedID={"email": "raw@example.com", "firstname": "R", "lastname": "A", "country": "US"})
    told = [json.loads(json.dumps(action.wire_dict())), conn.execute_single(action, immediate=True)]
    return [*told, action.commands, action.frame, action.errors, api.UserQuery(conn, "raw@example.com").result()]


@program
def a_call_of_its_own(api: Any, conn: Any) -> object:
    """A call is made by its path, and its answer read as that of requests."""
    result = conn.make_call(f"/organizations/{conn.org_id}/users/jdoe@example.com")
    user = result.json()["user"]
    changed = conn.make_call(
        f"/action/{conn.org_id}", [{"user": user["email"], "do": [{"add": {"group": ["Marketing"]}}]}]
    )
    return result.status_code, user["email"], changed.json()["completed"], "X-Request-Id" in changed.headers


@program
def keep_items_beside_the_queue(api: Any, conn: Any) -> object:
    """user-sync's way: a list of what was queued, of which as many are looked at as were sent."""
    items: list[Any] = []
    looked: list[object] = []

    def sent_items(sent: int) -> None:
        looked.extend(
            (action.frame["requestID"], [error["errorCode"] for error in action.execution_errors()])
            for action in items[:sent]
        )
        del items[:sent]

    for number in range(14):
        email = "nobody@example.com" if number % 4 == 0 else f"item{number}@example.com"
        action = api.UserAction(email, None, requestID=f"action_{number}")
        if number % 4:
            action.create(
                email=email,
                firstname="I",
                lastname="T",
                country="US",
                on_conflict=api.IfAlreadyExistsOption.updateIfAlreadyExists,
            )
        else:
            action.update(firstname="N")
        items.append(action)
        sent_items(conn.execute_single(action)[1])
    sent_items(conn.execute_queued()[1])
    return looked, items


@program
def test_mode(api: Any, conn: Any) -> object:
    """In test mode actions are accepted, and nothing changes."""
    conn.test_mode = True
    action = api.UserAction("tested@example.com").create("tested@example.com", "T", "M", "US")
    counts = conn.execute_single(action, immediate=True)
    return counts, action.execution_errors(), api.UserQuery(conn, "tested@example.com").result()


@program
def wrong_arguments(api: Any, conn: Any) -> object:
    """What cannot be meant is an ArgumentError, which is a ValueError, and nothing is sent."""

    def refused(call: Callable[[], object]) -> bool:
        try:
            call()
        except api.ArgumentError as error:
            return isinstance(error, ValueError)
        return False

    return [
        refused(lambda: api.UserAction("name")),
        refused(lambda: api.UserAction("a@example.com", domain="example.com")),
        refused(lambda: api.UserAction("a@example.com").remove_from_groups()),
        refused(lambda: api.UserAction("a@example.com").remove_from_groups(["A"], all_groups=True)),
        refused(lambda: api.GroupAction("_admin").create()),
        refused(lambda: api.GroupAction("A").update(name="_admin")),
        refused(lambda: api.GroupAction("A").create().create()),
        refused(lambda: api.GroupAction("A" * 256).create()),
        refused(lambda: conn.query_multiple("product")),
    ]


@program
def state_of_the_service(api: Any, conn: Any) -> object:
    """The state of the service, before and after it was asked for."""
    before = conn.status()[1]["status"]
    local, remote = conn.status(remote=True)
    return before, local, sorted(remote), remote["state"], conn.status()[1]["state"]


@program
def wire_forms(api: Any, conn: Any) -> object:
    """The dicts that actions become are the same, to the letter."""
    make, email = api.UserAction, "user@example.com"
    actions = [
        make(user=email),
        make(user=email, use_adobe_id=True).update(firstname="U", lastname="N"),
        make(user="user", domain="example.com").create(email=email, firstname="U", lastname="N", country="US"),
        make(email).create(email=email, id_type=api.IdentityType.adobeID, country="US"),
        make(email).create(email, on_conflict=api.IfAlreadyExistsOption.errorIfAlreadyExists),
        make(email).update(username="other@example.com"),
        make(email).add_to_groups(),
        make(email).remove_from_groups(all_groups=True).create(email, "U", "N", "US"),
        api.GroupAction("G").create(description="D"),
        api.GroupAction("G").update(name="H", description="E").delete(),
        api.GroupAction("G", requestID="r").add_users(("a@b.c",)).remove_from_products(["P"]),
    ]
    removal = make(email)
    removal.remove_from_organization()
    return [action.wire_dict() for action in [*actions, removal]]

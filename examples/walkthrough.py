"""Every sample of Adobe's two walkthrough documents, written with the SDK: `python examples/walkthrough.py`.

It needs an organisation that has none of the walkthrough's users: start one with `umapi-harness serve`, and set the
`UMAPI_*` variables that it prints; for another one, put its names into users.csv, which is read too. Each function
names the samples that it stands for, and they run in order, since they build on each other. The harness has the same
scenario as a Postman collection, and both leave the organisation in the same state.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

import attrs

from umapi_sdk import (
    Action,
    ActionError,
    AuthenticationError,
    Connection,
    CreateOption,
    Execution,
    GroupAction,
    GroupsQuery,
    GroupType,
    NotFoundError,
    OutcomeStatus,
    ThrottledError,
    UmapiError,
    UserAction,
    UserQuery,
    UsersQuery,
    connect,
)

Opener = Callable[..., Connection]
"""Opens a connection to the organisation; settings given to it count before those of the environment."""

IGNORE = CreateOption.IGNORE_IF_ALREADY_EXISTS
UPDATE = CreateOption.UPDATE_IF_ALREADY_EXISTS


class WalkthroughError(Exception):
    """A step of the walkthrough did not go as it should."""


@attrs.frozen(kw_only=True)
class Organization:
    """The names of things in the organisation that the walkthrough uses."""

    domain: str
    """Claimed for Federated IDs."""
    enterprise_domain: str
    """Claimed for Enterprise IDs."""
    adobe_id_domain: str
    """Not claimed: its owners have Adobe IDs."""
    user: str
    group: str
    profile: str

    @classmethod
    def from_environment(cls) -> Organization:
        """Return the names that the environment gives, or those of the mock server's own organisation."""
        domain = os.environ.get("UMAPI_DOMAIN", "example.com")
        return cls(
            domain=domain,
            enterprise_domain=os.environ.get("UMAPI_ENTERPRISE_DOMAIN", f"enterprise.{domain}"),
            adobe_id_domain=os.environ.get("UMAPI_ADOBE_ID_DOMAIN", "example.net"),
            user=os.environ.get("UMAPI_SAMPLE_USER", "jdoe@example.com"),
            group=os.environ.get("UMAPI_SAMPLE_GROUP", "DevOps"),
            profile=os.environ.get("UMAPI_SAMPLE_PROFILE", "Document Cloud 1"),
        )


def perform(connection: Connection, *actions: Action) -> Execution:
    """Execute actions at once, say what became of each, and insist that all completed."""
    result = connection.execute_multiple(actions, immediate=True)
    for outcome in result.outcomes:
        print(f"  {outcome}")
    if result.not_completed:
        raise WalkthroughError(f"expected to complete: {'; '.join(map(str, result.not_completed))}")
    return result


def perform_in_vain(connection: Connection, action: Action, code: str) -> None:
    """Execute an action that the service must refuse, and insist on the error code."""
    connection.execute_single(action, immediate=True)
    print(f"  {action.outcome}")
    if action.outcome is None or [error.code for error in action.outcome.errors] != [code]:
        raise WalkthroughError(f"expected {code}, not: {action.outcome}")


def check(condition: bool, expectation: str) -> None:
    """Insist on a condition."""
    if not condition:
        raise WalkthroughError(f"expected: {expectation}")


# Access tokens


def get_tokens(open_connection: Opener, org: Organization) -> None:
    """get_oauth_token.py, get_jwt_token.py, JWTExchange.py: a token by either flow, and one refused.

    The connection fetches its token by itself, with the first call.
    """
    for flow in ("oauth", "jwt"):
        with open_connection(auth=flow) as connection:
            check(UserQuery(connection, org.user).result() is not None, f"a token by {flow}")
            print(f"  {flow}: a token was given and accepted")
    with open_connection(client_secret="not-the-secret") as connection:  # noqa: S106
        try:
            UserQuery(connection, org.user).result()
        except AuthenticationError as error:
            print(f"  {error}")
        else:
            raise WalkthroughError("expected the wrong secret to be refused")


# Queries


def query_groups_and_profiles(connection: Connection, org: Organization) -> str:
    """get_groups_and_profiles.py, GroupInformation.py: all groups; return the product of the sample profile."""
    groups = {group.group_name: group for group in GroupsQuery(connection)}
    check(groups[org.group].type is GroupType.USER_GROUP, f"{org.group} is a user group")
    product = groups[org.profile].product_name
    print(f"  {len(groups)} groups; {org.profile} is a profile of {product}")
    if product is None:
        raise WalkthroughError(f"expected {org.profile} to name its product")
    return product


def query_users(connection: Connection, org: Organization) -> None:
    """get_users_in_org.py, get_users_by_group.py, UserInformation.py and UserInformationByGroup.py."""
    everybody = UsersQuery(connection).all_results()
    in_domain = UsersQuery(connection, in_domain=org.domain).all_results()
    in_group = UsersQuery(connection, in_group=org.group).all_results()
    with_profile = UsersQuery(connection, in_group=org.profile, direct_only=True).all_results()
    print(f"  {len(everybody)} users, {len(in_domain)} in {org.domain}, {len(in_group)} in {org.group}")
    check(all(user.domain == org.domain for user in in_domain), f"users of {org.domain} alone")
    check(all(org.group in (user.groups or ()) for user in in_group), f"members of {org.group} alone")
    check(all(org.profile in (user.groups or ()) for user in with_profile), f"members of {org.profile} alone")
    try:
        UsersQuery(connection, in_group="No Such Group").all_results()
    except NotFoundError as error:
        print(f"  {error}")
    else:
        raise WalkthroughError("expected an error for a group that is not there")


def query_one_user(connection: Connection, org: Organization) -> None:
    """get_user_info.py: one user, and one who is not there."""
    print(f"  {UserQuery(connection, org.user).result()}")
    check(UserQuery(connection, f"nobody@{org.domain}").result() is None, "no such user")


# Creating users


def add_adobe_ids(connection: Connection, org: Organization) -> None:
    """add_Adobe_ID.py, AddAdobeIDUser.py: users with Adobe IDs of their own, with and without a name."""
    perform(
        connection,
        UserAction(f"adobe.walker@{org.adobe_id_domain}").add_adobe_id(
            first_name="Ada", last_name="Walker", country="US", option=IGNORE
        ),
        UserAction(f"adobe.walker2@{org.adobe_id_domain}").add_adobe_id(country="US"),
    )


def create_enterprise_ids(connection: Connection, org: Organization) -> None:
    """add_Enteprise_ID.py, CreateEnterpriseUser.py: users with Enterprise IDs."""
    perform(
        connection,
        UserAction(f"enterprise.walker@{org.enterprise_domain}").create_enterprise_id(
            first_name="Enno", last_name="Walker", country="US", option=IGNORE
        ),
        UserAction(f"enterprise.walker2@{org.enterprise_domain}").create_enterprise_id(
            first_name="John", last_name="Doe", country="US"
        ),
    )


def try_federated_id(open_connection: Opener, org: Organization) -> None:
    """add_federated_id.py in test mode: the service checks the request, and creates nobody."""
    with open_connection(test_mode=True) as connection:
        perform(
            connection,
            UserAction(f"federated.walker@{org.domain}").create_federated_id(
                first_name="Fedora", last_name="Walker", country="US", option=IGNORE
            ),
        )
        check(UserQuery(connection, f"federated.walker@{org.domain}").result() is None, "test mode creates nobody")


def create_federated_ids(connection: Connection, org: Organization) -> None:
    """add_federated_id.py, CreateFederatedUser.py, create_FederatedID_of_format3: the three ways to name a user."""
    perform(
        connection,
        UserAction(f"federated.walker@{org.domain}").create_federated_id(
            first_name="Fedora", last_name="Walker", country="US", option=IGNORE
        ),
        UserAction("fwalker", domain=org.domain).create_federated_id(
            email=f"f.walker@{org.domain}", first_name="Frida", last_name="Walker", country="US"
        ),
        UserAction(f"sso.walker@{org.domain}").create_federated_id(
            email=f"sam.walker@{org.domain}", first_name="Sam", last_name="Walker", country="US", option=IGNORE
        ),
    )
    sam = UserQuery(connection, f"sam.walker@{org.domain}").result()
    check(sam is not None and sam.username == f"sso.walker@{org.domain}", "a user name that is another address")
    for option, first_name in ((IGNORE, "Fedora"), (UPDATE, "Federica")):
        again = UserAction(f"federated.walker@{org.domain}")
        perform(
            connection,
            again.create_federated_id(first_name="Federica", last_name="Walker", country="US", option=option),
        )
        user = UserQuery(connection, f"federated.walker@{org.domain}").result()
        check(user is not None and user.first_name == first_name, f"{option} leaves the name {first_name}")
    perform_in_vain(
        connection,
        UserAction(f"federated.walker@{org.domain}").create_federated_id(
            first_name="Other", last_name="Name", country="US"
        ),
        "error.user.already_in_org",
    )


# Updating users


def update_users(connection: Connection, org: Organization) -> None:
    """update_account.py, UpdateUser.py: name, e-mail address and user name; an Adobe ID cannot be changed."""
    perform(connection, UserAction(f"federated.walker@{org.domain}").update(first_name="Joe", last_name="Doe"))
    perform(connection, UserAction(f"federated.walker@{org.domain}").update(email=f"fed.walker@{org.domain}"))
    check(UserQuery(connection, f"federated.walker@{org.domain}").result() is None, "the old address is free")
    perform(connection, UserAction("fwalker", domain=org.domain).update(username="frida.walker"))
    renamed = UserQuery(connection, "frida.walker", domain=org.domain).result()
    check(renamed is not None and renamed.email == f"f.walker@{org.domain}", "only the user name has changed")
    perform_in_vain(
        connection,
        UserAction(f"adobe.walker@{org.adobe_id_domain}").update(first_name="Other"),
        "error.update.adobeid.no",
    )


# Groups and roles


def change_memberships(connection: Connection, org: Organization) -> None:
    """AddGroupsProducts.py, RemoveGroups.py: user groups and product profiles are given and taken alike."""
    user = f"fed.walker@{org.domain}"
    perform(connection, UserAction(user).add_to_groups([org.group, org.profile]))
    check(any(member.email == user for member in UsersQuery(connection, in_group=org.group)), "a new member")
    perform(connection, UserAction(user).remove_from_groups([org.profile]))


def change_admin_roles(connection: Connection, org: Organization, product: str) -> None:
    """add_to_group, remove_from_group, remove_all_roles_and_groups: admin roles are memberships too."""
    user = f"fed.walker@{org.domain}"
    roles = [f"_admin_{org.profile}", f"_product_admin_{product}", "_support_admin"]
    perform(connection, UserAction(user).add_to_groups(roles))
    perform(connection, UserAction(user).remove_from_groups(["_support_admin"]))
    perform(connection, UserAction(user).remove_from_groups(all_groups=True))
    walker = UserQuery(connection, user).result()
    check(walker is not None and not walker.groups, "no group and no role is left")


# Several actions in one request


def combine_steps_for_one_user(connection: Connection, org: Organization, product: str) -> None:
    """UserMultipleOperations.py, mix_of_actions_for_one_user and its sequel: several steps for one user."""
    perform(
        connection,
        UserAction(f"multi.walker@{org.enterprise_domain}")
        .create_enterprise_id(first_name="John", last_name="Doe", country="US")
        .add_to_groups([org.group, org.profile]),
    )
    perform(
        connection,
        UserAction(f"mixed.walker@{org.domain}")
        .create_federated_id(first_name="First", last_name="Last", country="US", option=IGNORE)
        .add_to_groups([org.profile, "_support_admin", org.group])
        .update(username="mixedwalker"),
    )
    perform(
        connection,
        UserAction(f"mixed.walker@{org.domain}")
        .add_to_groups([f"_product_admin_{product}"])
        .remove_from_groups([org.profile, "_support_admin"])
        .update(username="mixed.walker", last_name="Walker"),
    )


def add_several_users(connection: Connection, org: Organization) -> None:
    """MultipleUsers.py: several users in one request."""
    names = {"john": "John", "jane": "Jane"}
    perform(
        connection,
        *(
            UserAction(f"{name}.walker@{org.enterprise_domain}").create_enterprise_id(
                first_name=first_name, last_name="Doe", country="US"
            )
            for name, first_name in names.items()
        ),
    )


def add_users_from_csv(connection: Connection, path: Path) -> None:
    """multi_action.py with its source.csv: the users of a file, in requests of ten that the SDK makes by itself."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    actions: list[Action] = []
    for row in rows:
        action = UserAction(row["upn"]).create_federated_id(
            email=row["mail"],
            first_name=row["firstname"],
            last_name=row["lastname"],
            country=row["country_code"],
            option=IGNORE,
        )
        groups = [name.strip() for name in row["groups"].split(",") if name.strip()]
        actions.append(action.add_to_groups(groups) if groups else action)
    perform(connection, *actions)


# User groups


def manage_user_groups(connection: Connection, org: Organization) -> None:
    """create_user_group, update_user_group, remove_user_group: user groups with members and profiles."""
    perform(
        connection,
        GroupAction("Walkthrough Designers").create(description="Made by the walkthrough"),
        GroupAction("Walkthrough Visitors").create(),
    )
    perform_in_vain(connection, GroupAction("Walkthrough Designers").create(), "error.usergroup.already_exists")
    perform(
        connection,
        GroupAction("Walkthrough Designers").add_users([f"fed.walker@{org.domain}"]).add_to_products([org.profile]),
    )
    members = UsersQuery(connection, in_group="Walkthrough Designers").all_results()
    check([user.email for user in members] == [f"fed.walker@{org.domain}"], "one member")
    holders = UsersQuery(connection, in_group=org.profile, direct_only=False)
    check(any(user.email == f"fed.walker@{org.domain}" for user in holders), "the profile through the group")
    perform(
        connection,
        GroupAction("Walkthrough Designers").update(
            name="Walkthrough Artists", description="Renamed by the walkthrough"
        ),
    )
    perform(connection, GroupAction("Walkthrough Visitors").delete())
    names = {group.group_name for group in GroupsQuery(connection)}
    check("Walkthrough Artists" in names and "Walkthrough Visitors" not in names, "one renamed, one gone")


# Removing users


def remove_users(connection: Connection, org: Organization) -> None:
    """remove_account.py, RemoveFromOrg.py: soft removal, hard removal, and of somebody who is not there."""
    perform(
        connection,
        UserAction(f"enterprise.walker2@{org.enterprise_domain}").remove_from_organization(),
        UserAction(f"adobe.walker2@{org.adobe_id_domain}").remove_from_organization(delete_account=False),
        UserAction("frida.walker", domain=org.domain).remove_from_organization(delete_account=True),
        UserAction(f"nobody@{org.domain}").remove_from_organization(),
    )
    check(UserQuery(connection, "frida.walker", domain=org.domain).result() is None, "the user is gone")


# When things go wrong


def see_partial_failure(connection: Connection, org: Organization) -> None:
    """One request in which one action completes and two fail: each action tells its own outcome."""
    update = UserAction(f"fed.walker@{org.domain}").update(first_name="Josephine")
    stray = UserAction(f"fed.walker@{org.domain}").add_to_groups(["No Such Group"])
    nobody = UserAction(f"nobody@{org.domain}").update(first_name="Nobody")
    result = connection.execute_multiple([update, stray, nobody], immediate=True)
    for outcome in result.outcomes:
        print(f"  {outcome}")
        for error in outcome.errors:
            print(f"    step {error.step}: {error.remedy}")
    statuses = [outcome.status for outcome in result.outcomes]
    expected = [OutcomeStatus.COMPLETED, OutcomeStatus.FAILED, OutcomeStatus.FAILED]
    check(statuses == expected, "one action completed and two failed")


def see_mistakes_refused_early(org: Organization) -> None:
    """A request that the service would refuse as malformed cannot be built: nothing is sent."""
    try:
        UserAction(f"nobody@{org.domain}").add_to_groups([])
    except ActionError as error:
        print(f"  {error}")
    else:
        raise WalkthroughError("expected an empty list of groups to be refused")


def retry_after_429(connection: Connection) -> None:
    """make_call, send_request_retry: the SDK waits as long as Retry-After says, and tries again.

    Where the service asks for a longer wait than `max_wait`, it says when to come back instead of sleeping.
    """
    try:
        print(f"  {len(UsersQuery(connection).all_results())} users, after as many attempts as it took")
    except ThrottledError as error:
        raise WalkthroughError(f"come back in {error.retry_after} seconds") from error


def walk(open_connection: Opener, org: Organization) -> None:
    """Run all scenarios in order.

    Raises:
        WalkthroughError: something is not as it should be.
        UmapiError: a call failed.
    """
    with open_connection() as connection:
        print("Access tokens")
        get_tokens(open_connection, org)
        print("Queries")
        product = query_groups_and_profiles(connection, org)
        query_users(connection, org)
        query_one_user(connection, org)
        print("Creating users")
        add_adobe_ids(connection, org)
        create_enterprise_ids(connection, org)
        try_federated_id(open_connection, org)
        create_federated_ids(connection, org)
        print("Updating users")
        update_users(connection, org)
        print("Groups and roles")
        change_memberships(connection, org)
        change_admin_roles(connection, org, product)
        print("Several actions in one request")
        combine_steps_for_one_user(connection, org, product)
        add_several_users(connection, org)
        add_users_from_csv(connection, Path(__file__).with_name("users.csv"))
        print("User groups")
        manage_user_groups(connection, org)
        print("Removing users")
        remove_users(connection, org)
        print("When things go wrong")
        see_partial_failure(connection, org)
        see_mistakes_refused_early(org)
        retry_after_429(connection)


def main() -> int:
    """Run the walkthrough on the organisation of the environment, and return the exit status."""
    try:
        walk(connect, Organization.from_environment())
    except (WalkthroughError, UmapiError) as error:
        print(f"walkthrough: {error}", file=sys.stderr)
        return 1
    print("All samples of the walkthrough ran as documented.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""For every error code that a request can provoke, a request that does, with the state and settings it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Provocation:
    """A request that the mock server answers with a code. One of `commands`, `body`, `path` and `profile` is set."""

    code: str
    commands: Sequence[Any] | None = None
    """An action request."""
    body: bytes | None = None
    """The body of an action request, byte for byte."""
    path: str | None = None
    """A GET below the API root; {org} stands for the organisation's id."""
    profile: Any = None
    """The body of a POST to the deprecated call that updates a profile."""
    profile_path: str | None = None
    """Where that body goes, if not to the profile Document Cloud 1."""
    settings: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    seed: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """What the default seed has besides or instead."""
    headers: Mapping[str, str | None] = attrs.field(factory=dict[str, "str | None"])
    """Headers to send besides or instead; None: leave it out."""
    repeat: int = 1
    """How many times the request is sent; the last answer counts."""
    status: int = 200
    at: tuple[int, int] = (0, 0)
    """For status 200, index and step of the error."""


def user(name: str, *steps: Any, **root: Any) -> Json:
    """A command on a user."""
    return {"user": name, **root, "do": list(steps)}


def group(name: str, *steps: Any) -> Json:
    """A command on a user group."""
    return {"usergroup": name, "do": list(steps)}


def federated(email: str = "new@example.com", **fields: Any) -> Json:
    """A step that creates a Federated ID."""
    return {"createFederatedID": {"email": email, "firstname": "F", "lastname": "L", "country": "US", **fields}}


def without(step: Json, field: str) -> Json:
    """A create step less one of its fields."""
    ((name, fields),) = step.items()
    return {name: {key: value for key, value in fields.items() if key != field}}


def one(code: str, *commands: Any, **more: Any) -> Provocation:
    """A provocation by an action request."""
    return Provocation(code=code, commands=commands, **more)


JDOE: Final = "jdoe@example.com"
NEW: Final = "new@example.com"
ENTERPRISE: Final = {"createEnterpriseID": {"email": "e@enterprise.example.com", "firstname": "E", "lastname": "L"}}
OUTSIDERS: Final = {
    "outsiders": [
        {"email": "invited@example.net", "state": "invited"},
        {"email": "theirs@example.com", "state": "elsewhere"},
    ]
}
MARKETING: Final = {"add": {"group": ["Marketing"]}}
LONG: Final = "x" * 256

GATEWAY: Final = (
    Provocation(
        code="403000",
        path="groups/{org}/0",
        headers={"x-api-key": None},
        settings={"forbidden_body": True},
        status=403,
    ),
    Provocation(
        code="403003",
        path="groups/{org}/0",
        headers={"x-api-key": "nobody"},
        settings={"forbidden_body": True},
        status=403,
    ),
    Provocation(
        code="403010",
        path="groups/{org}/0",
        headers={"authorization": None},
        settings={"forbidden_body": True},
        status=403,
    ),
    Provocation(code="429050", path="groups/{org}/0", settings={"throttle": True}, repeat=6, status=429),
    Provocation(
        code="error.unauthorized",
        path="groups/{org}/0",
        headers={"authorization": "Bearer gone"},
        settings={"unauthorized_body": True},
        status=401,
    ),
    Provocation(code="error.organization.invalid_id", path="groups/0@AdobeOrg/0", status=400),
    one("error.organization.migrating", user(JDOE, MARKETING), seed={"migrating": True}, status=403),
)

QUERIES: Final = (
    Provocation(code="GROUP_NOT_FOUND", path="{org}/user-groups/1", status=404),
    Provocation(code="PLC_NOT_FOUND", path="{org}/products/{product}/configurations/RGRP-1", status=404),
    Provocation(code="error.command.product.not_found", path="{org}/products/1/configurations", status=404),
    Provocation(code="error.group.invalid_name", path="users/{org}/0/" + "x" * 300, status=400),
    Provocation(code="error.group.not_found", path="users/{org}/0/Nowhere", status=404),
    Provocation(code="error.user.not_found", path="organizations/{org}/users/nobody@example.com", status=404),
    Provocation(code="error.user.email.invalid", path="organizations/{org}/users/", status=400),
    Provocation(code="error.domain.trust.nonexistent", path="users/{org}/0?domain=other.example", status=404),
)

PROFILES: Final = tuple(
    Provocation(code=code, profile=body, status=status, **more)
    for code, body, status, more in (
        ("error.command.add_remove.duplicate.productadmin_list", {"addAdminUsers": [JDOE, JDOE]}, 400, {}),
        ("error.command.add_remove.duplicate.usergroup_list", {"addUserGroups": ["Alumni", "Alumni"]}, 400, {}),
        ("error.command.add_remove.invalid.usergroup_list", {"removeUserGroups": ["Nowhere"]}, 400, {}),
        ("error.command.add_remove.user_usergroup.missing", {}, 400, {}),
        ("error.user.id_missing", {"addUsers": [""]}, 400, {}),
        ("error.usergroup.not_found", {"addUserGroups": ["Alumni", "Nowhere"]}, 400, {}),
        ("plc.add.admin.error", {"addAdminUsers": ["nobody@example.com"]}, 400, {}),
        ("plc.admin.already_added", {"addAdminUsers": ["jane@example.com"]}, 400, {}),
        ("plc.remove.admin.error", {"removeAdminUsers": [JDOE]}, 400, {}),
        (
            "plc.not_found",
            {"addUsers": [JDOE]},
            404,
            {"profile_path": "{org}/products/{product}/configurations/RGRP-1"},
        ),
        (
            "plc.admin.group.not_found",
            {"removeAdminUsers": [JDOE]},
            404,
            {"profile_path": "{unused}", "settings": {"list_unused_admin_groups": False}},
        ),
    )
)

COMMANDS: Final = (
    Provocation(code="error.command.malformed", body=b"[{", status=400),
    one("error.command.illegal_entry", {**user(JDOE, MARKETING), "color": "red"}),
    one("error.command.user_usergroup.missing", {"do": [MARKETING]}),
    one("error.command.user.missing", user("", MARKETING)),
    one("error.command.steps.malformed", {"user": JDOE, "do": MARKETING}),
    one("error.command.step.unknown", user(JDOE, {"resetPassword": {}})),
    one("error.command.string.too_long", {**user(JDOE, MARKETING), "requestID": LONG}),
    one("error.command.string_expected", user(JDOE, MARKETING, requestID=5)),
    one("error.command.boolean_expected", user(JDOE, MARKETING, useAdobeID="yes")),
    one("error.command.domain.missing", user("jsmith", MARKETING)),
    one(
        "error.command.domain.must_be_used_with_nonemail_username",
        user(JDOE, MARKETING, domain="example.com"),
        settings={"domain_beside_email_fails": True},
    ),
    one("error.command.domain.string_expected", user("jsmith", MARKETING, domain=5)),
    one("error.command.removefromorg.not_last", user(JDOE, {"removeFromOrg": {}}, MARKETING)),
    one("error.command.object_not_empty", user(JDOE, {"removeFromOrg": {"now": True}})),
    one("error.command.update.option.no", user(JDOE, {"update": {"option": "ignoreIfAlreadyExists"}})),
    one("error.command.create.object_expected", user(NEW, {"createFederatedID": []})),
    one("error.command.create.string_expected", user(NEW, federated(firstname=5))),
    one("error.command.create.key.unknown", user(NEW, federated(color="red"))),
    one("error.command.create.more_than_one", user(NEW, federated(), federated()), at=(0, 1)),
    one("error.command.create.not_first", user(NEW, MARKETING, federated()), at=(0, 1)),
    one("error.command.add_remove.list", user(JDOE, {"add": "all"})),
    one("error.command.add_remove.key.unknown", user(JDOE, {"add": {"role": ["Marketing"]}})),
    one("error.command.add_remove.missing_list", user(JDOE, {"remove": {}})),
    one("error.command.add_remove.list_not_array", user(JDOE, {"add": {"group": "Marketing"}})),
    one("error.command.add_remove.list_too_long", user(JDOE, {"add": {"group": [f"G{n}" for n in range(11)]}})),
    one("error.command.add_remove.group_or_product_name_too_long", user(JDOE, {"add": {"group": [LONG]}})),
    one("error.command.add_remove.duplicate.usergroup_list", user(JDOE, {"add": {"group": ["Alumni", "alumni"]}})),
    one("error.command.add_remove.duplicate.user_list", group("Alumni", {"add": {"user": [JDOE, JDOE]}})),
    Provocation(
        code="error.command.add_remove.duplicate.group_list",
        body=b'[{"user": "jdoe@example.com", "do": [{"add": {"group": ["Alumni"], "group": ["Marketing"]}}]}]',
    ),
    Provocation(
        code="error.command.add_remove.duplicate.product_list",
        body=b'[{"user": "jdoe@example.com", "do": [{"add": {"product": ["Alumni"], "product": ["Marketing"]}}]}]',
    ),
    one("error.group.invalid_list", user(JDOE, {"add": {"group": []}})),
    one("error.option.illegal", user(NEW, federated(option="merge"))),
    one("error.country.invalid", user(NEW, federated(country="XX"))),
    one("error.user.firstname_missing", user(NEW, without(federated(), "firstname"))),
    one("error.user.lastname_missing", user(NEW, without(federated(), "lastname"))),
    one("error.user.email.invalid", user(NEW, federated(email="new"))),
    one("error.user.name.invalid", user(JDOE, {"update": {"username": ""}})),
    one("error.user.user_list.invalid", group("Alumni", {"add": {"user": [5]}})),
    one("error.user.command.missing.arguments", user(JDOE, {"update": {}}), settings={"empty_update_fails": True}),
    one("error.usergroup.command.missing.arguments", group("Alumni", {"add": {"user": []}})),
    one("error.update.country.no_update", user(JDOE, {"update": {"country": "DE"}})),
    one("warning.command.deprecated", user(JDOE, {"add": {"product": ["Document Cloud 1"]}})),
)

USERS: Final = (
    one("error.user.nonexistent", user("nobody@example.com", MARKETING)),
    one("error.user.nonexistent_or_has_conflicting_parameters", user("jsmith", MARKETING, domain="example.org")),
    one("error.user.not_in_org", user("theirs@example.com", {"update": {"firstname": "T"}}), seed=OUTSIDERS),
    one("error.user.already_in_org", user(JDOE, federated(email=JDOE))),
    one(
        "error.user.already_invited",
        user("invited@example.net", {"addAdobeID": {"email": "invited@example.net"}}),
        seed=OUTSIDERS,
    ),
    one(
        "error.user.belongs_to_another_org",
        user("theirs@example.com", federated(email="theirs@example.com")),
        seed=OUTSIDERS,
    ),
    one("error.user.must_match_email", user("k@enterprise.example.com", ENTERPRISE)),
    one(
        "error.user.must_match_email",
        user("sso@example.com", federated()),
        settings={"federated_user_must_match_email": True},
    ),
    one("error.user.name.contains.email", user(NEW, federated()), settings={"saml_user_names": True}),
    one(
        "error.user.type_not_available",
        user("e@enterprise.example.com", ENTERPRISE),
        seed={"identity_types": ["adobeID", "federatedID"]},
    ),
    one("error.user.type_mismatch", user("e@enterprise.example.com", federated(email="e@enterprise.example.com"))),
    one(
        "error.user.type_unknown",
        user("puzzle@example.com", {"update": {"firstname": "P"}}),
        seed={
            "users": [{"email": "puzzle@example.com", "type": "unknown"}],
            "sample_user": "puzzle@example.com",
        },
    ),
    one("error.user.change_domain_update.no", user(JDOE, {"update": {"email": "j@enterprise.example.com"}})),
    one("error.user.name_in_use", user(JDOE, {"update": {"username": "jsmith"}})),
    one("error.user.email.name_in_use", user(JDOE, {"update": {"email": "jane@example.com"}})),
    one(
        "error.user.domain_enforcement",
        user(NEW, {"addAdobeID": {"email": NEW}}),
        settings={"domain_enforcement": True},
    ),
    one("error.domain.trust.nonexistent", user("n@other.example", federated(email="n@other.example"))),
    one(
        "error.api.user.not.parent.org",
        user("n@partner.example.net", federated(email="n@partner.example.net")),
    ),
    one("error.update.adobeid.no", user("admin@example.net", {"update": {"firstname": "A"}})),
    one("error.update.domain.mismatch", user("jsmith", {"update": {"firstname": "J"}}, domain="example.org")),
    one("error.update.username.no", user("kjones@enterprise.example.com", {"update": {"username": "kim"}})),
    one("error.update.no", user(JDOE, {"update": {"email": "theirs@example.com"}}), seed=OUTSIDERS),
    one("error.group.not_found", user(NEW, federated(), {"add": {"group": ["Nowhere"]}}), at=(0, 1)),
    one(
        "error.usergroup.readonly.add_user_not_allowed",
        user(JDOE, MARKETING),
        user(JDOE, {"add": {"group": ["Parent Org Designers"]}}),
        at=(1, 0),
    ),
)

GROUPS: Final = (
    one("error.usergroup.not_found", group("Nowhere", {"updateUserGroup": {"description": "x"}})),
    one("error.usergroup.already_exists", group("Alumni", {"createUserGroup": {}})),
    one("error.group.invalid_name", group("_hidden", {"createUserGroup": {}})),
    one("error.usergroup.user_list.invalid", group("DevOps", {"add": {"user": [JDOE]}})),
    one(
        "error.user.already_exists",
        group("DevOps", {"add": {"user": [JDOE, "jane@example.com"]}}),
        settings={"known_member_fails": True},
    ),
    one(
        "error.usergroup.exceeds_maximum_member_count",
        group("DevOps", {"add": {"productConfiguration": ["Photoshop - 2Gb"]}}),
        settings={"group_member_limit": 1},
    ),
    one(
        "error.usergroup.readonly.update_not_allowed",
        group("Parent Org Designers", {"updateUserGroup": {"name": "Ours"}}),
    ),
    one("error.usergroup.readonly.remove_not_allowed", group("Parent Org Designers", {"deleteUserGroup": {}})),
    one(
        "error.usergroup.readonly.remove_user_not_allowed",
        group("Parent Org Designers", {"remove": {"user": ["psmith@example.com"]}}),
    ),
)

_ADD: Final = user(JDOE, MARKETING)
_REMOVE: Final = user(JDOE, {"remove": {"group": ["DevOps"]}})
_UPDATE: Final = user(JDOE, {"update": {"firstname": "J"}})

BREAKDOWNS: Final = tuple(
    one(code, command, settings={"breakdown": code})
    for code, command in (
        ("error.api.not_available", _UPDATE),
        ("error.developer.add_user.failed", user(JDOE, {"add": {"group": ["_developer_Document Cloud 1"]}})),
        (
            "error.developer.remove_user.failed",
            user("jane@example.com", {"remove": {"group": ["_developer_Document Cloud 1"]}}),
        ),
        ("error.group.remove_failed", _REMOVE),
        ("error.internal.add", _ADD),
        ("error.internal.create_failed", user(NEW, federated())),
        ("error.internal.everybody_group.not_found", user(NEW, federated())),
        ("error.internal.exceptionflys", _ADD),
        ("error.internal.group.remove", _REMOVE),
        ("error.internal.removefromorg", user(JDOE, {"removeFromOrg": {}})),
        ("error.internal.update_failed", _UPDATE),
        ("error.productadmin.add.user.failed", user(JDOE, {"add": {"group": ["_product_admin_Photoshop"]}})),
        (
            "error.productadmin.remove.admin.failed",
            user("admin@example.net", {"remove": {"group": ["_product_admin_Photoshop"]}}),
        ),
        ("error.throttled_by_external_service", _ADD),
        ("error.user.productadmin.add.user.failed", user(JDOE, {"add": {"group": ["_product_admin_Photoshop"]}})),
        (
            "error.user.productadmin.remove.admin.failed",
            user("admin@example.net", {"remove": {"group": ["_product_admin_Photoshop"]}}),
        ),
        ("error.user.update_failed", group("Alumni", {"add": {"user": [JDOE]}})),
        ("error.usergroup.update.failed", group("Alumni", {"updateUserGroup": {"description": "x"}})),
    )
)

PROVOCATIONS: Final = (*GATEWAY, *QUERIES, *PROFILES, *COMMANDS, *USERS, *GROUPS, *BREAKDOWNS)

"""Settings: where the documentation leaves a choice or the live service differs, one field for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, cast, get_args

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.common.meant import other_name
from umapi_harness.mock.breakdowns import BREAKDOWNS
from umapi_harness.mock.profiles import PROFILE_NAMES
from umapi_models import limits, operations

RetryAfterForm = Literal["seconds", "date"]
KEEP_ALIVE_SECONDS: Final = 75
"""How long servers keep idle connections unless they are told otherwise."""
_MOST: Final = 1_000_000_000  # of whatever a setting counts; more than that much later, there are no dates
_CODES: Final = tuple(sorted(BREAKDOWNS))


def _count(default: int, *, least: int = 1) -> int:
    """A setting that counts something, of which there must be so many."""
    return attrs.field(default=default, metadata={"least": least})


def _one_of(choices: Collection[str], otherwise: str) -> dict[str, Any]:
    """Of a setting that is one of some texts; `otherwise` is what to say of any other value."""
    return {"choices": tuple(choices), "otherwise": otherwise}


@attrs.frozen(kw_only=True)
class Settings:
    """How the server behaves; the defaults follow Adobe's documentation, `live()` what was seen in service."""

    throttle: bool = False
    """Refuse calls past the documented limits per client and over all clients with 429."""
    retry_after_form: RetryAfterForm = attrs.field(
        default="seconds", metadata=_one_of(get_args(RetryAfterForm), 'is not "seconds" or "date"')
    )
    """How a 429 says when to come back: a number of seconds, or an HTTP date."""
    lockout_seconds: int = _count(0, least=0)
    """How long a client that passed a limit stays locked out, if `throttle` is true; 0: until its window ends."""
    first_page_lockout_seconds: int = _count(0, least=0)
    """How long after page 0 of the users that page is refused to a client, if `throttle` is true; 0: never.
    Lifted by a request with `Pragma: umapi-sync-start`."""

    key_must_match_token: bool = True
    """Whether the gateway refuses a token that was issued to another client than the API key's."""

    memberships_per_step: int = _count(limits.MAX_GROUPS)
    """Names allowed in one list of an add or remove step."""
    commands_per_request: int = _count(limits.MAX_COMMANDS)
    """Commands allowed in one request."""
    steps_per_command: int = _count(limits.MAX_USER_STEPS)
    """Steps allowed in one command."""
    steps_after_failure: bool = True
    """Whether the steps after one that failed are tried all the same."""
    unknown_key_fails: bool = True
    """Whether a key that no page knows, in a command or an update, is an error."""
    empty_update_fails: bool = False
    """Whether an update of nothing in a user is an error. Adobe's umapi-cli sends one before every change of
    memberships alone."""
    empty_group_list_fails: bool = True
    """Whether a list without a group is an error, as ErrorRef.md has it. Adobe's umapi-cli sends one when a
    user is created without groups."""
    repeated_key_fails: bool = False
    """Whether a key that stands twice in one object of a command is an error. The lists of an add or remove
    step are documented to be one; elsewhere the last value counts, as parsers have it."""
    deprecated_warnings: bool = True
    """Whether `product` in the place of `group` or `productConfiguration` brings a warning."""
    users_page_size: int = _count(operations.USERS.page_size or 0)
    """Users on a page."""
    groups_page_size: int = _count(operations.GROUPS.page_size or 0)
    """Groups on a page."""
    group_member_limit: int = _count(200_000)
    """A user group with more members than this cannot be given product profiles."""

    remove_absent_user_fails: bool = False
    """Whether removeFromOrg of a user who is not there is an error."""
    test_mode_needs_user: bool = False
    """Whether test mode reports steps on a user who does not exist."""
    federated_user_must_match_email: bool = False
    """Whether a Federated ID can be created only where the user equals the e-mail, as it must for other
    accounts. Some organisations do not require it (ErrorRef.md), and Adobe's samples create such users."""
    saml_user_names: bool = False
    """Whether the identity provider sends user names, so that a Federated ID whose user is an e-mail
    address is refused."""
    domain_beside_email_fails: bool = False
    """Whether a command with `domain` and a user that is an e-mail address is refused (ErrorRef.md), rather than
    its domain ignored (ActionsCmds.md)."""
    use_adobe_id_falls_back: bool = False
    """Whether a command with `useAdobeID` acts on the Enterprise or Federated ID of the address where there is
    no Adobe ID of it, rather than on nobody."""
    username_follows_email: bool = True
    """Whether changing the e-mail of a Federated ID moves an equal user name with it."""
    upper_case_enterprise_usernames: bool = True
    """Whether the user name of a new Enterprise ID is its e-mail in upper case."""
    adobe_id_answers_create: bool = True
    """Whether creating an Enterprise or Federated ID succeeds without effect where the organisation has
    an Adobe ID of that e-mail."""
    domain_enforcement: bool = False
    """Whether an Adobe ID in a claimed domain is refused."""
    unchanged_user_list_fails: bool = True
    """Whether adding users to a user group, or removing them, is an error when no membership changes."""
    known_member_fails: bool = False
    """Whether adding users to a user group is an error when one of them is a member already."""
    null_is_absent: bool = False
    """Whether a key of a command, a step or a step's parameters with the value null counts as absent, as
    serialisers write what is not set (Jackson, System.Text.Json), instead of being of the wrong type."""
    text_booleans: bool = True
    """Whether a boolean of a command may come as the text `true` or `false`, as a public client sends
    useAdobeID, instead of being refused."""
    json_type_needed: bool = False
    """Whether an action request whose Content-Type is not `application/json` is refused with 415, instead of being
    read as JSON all the same."""
    odd_flags_fail: bool = False
    """Whether a boolean of the query that is neither `true` nor `false`, such as `testOnly=undefined`, is
    refused with 400, instead of counting as false."""
    breakdown: str = attrs.field(
        default="", metadata=_one_of(("", *_CODES), f"is no such code; known are {', '.join(_CODES)}")
    )
    """Error code with which steps fail because a system behind the service does; each code strikes the
    steps that need that system. Empty: all is well."""

    unauthorized_body: bool = False
    """Whether a 401 carries a JSON body instead of the WWW-Authenticate header alone."""
    forbidden_body: bool = False
    """Whether the gateway's refusals carry JSON bodies with their numbers."""
    admin_roles: bool = False
    """Whether users have `adminRoles` in the place of admin groups, as they had when the deprecated field was
    maintained."""
    user_ids: bool = True
    """Whether users are shown with their ids."""
    last_groups_page_repeats: bool = False
    """Whether a page of groups past the end is the last page again, as the parameter's description in group.md
    has it, instead of `Not found`, as the example there has it."""
    list_unused_admin_groups: bool = True
    """Whether the groups query lists admin groups that nobody was ever given."""

    scope_needed: bool = True
    """Whether a client must ask the token host for the scope user_management_sdk, or for ent_user_sdk."""
    unknown_scope_fails: bool = False
    """Whether a client may ask for no other scopes than openid, AdobeID, those of this API, and those that the
    seed gives its credential."""
    keep_alive_seconds: int = _count(KEEP_ALIVE_SECONDS)
    """How long a connection stays open for the next request: like nginx, longer than the waits that clients are
    told (5, 30, 60 seconds), so that none comes back in the very moment in which it is closed."""
    token_seconds: int = _count(86_399)
    """Life of an access token."""
    body_limit: int = _count(1024 * 1024)
    """Bytes of a request body beyond which it is refused with 413."""
    admin_body_limit: int = _count(64 * 1024 * 1024)
    """The same for the interface under /_mock/, which takes whole organisations."""

    @classmethod
    def live(cls) -> Settings:
        """The behaviour seen from the live service, wherever it differs from the documentation."""
        return cls(
            retry_after_form="seconds",
            lockout_seconds=1800,
            first_page_lockout_seconds=1800,
            memberships_per_step=20,
            users_page_size=400,
            groups_page_size=200,
            remove_absent_user_fails=True,
            test_mode_needs_user=True,
            username_follows_email=False,
            unauthorized_body=True,
            forbidden_body=True,
            list_unused_admin_groups=False,
        )

    def changed(self, changes: Mapping[str, Any], *, where: str = "settings") -> Settings:
        """A copy with the fields in `changes` replaced.

        Raises InputError for a field that does not exist or a value of the wrong type.
        """
        known = attrs.fields_dict(Settings)
        for name, value in changes.items():
            if name not in known:
                raise InputError(f"{where}: /{name}: no such setting; {other_name(name, sorted(known), _LISTED)}")
            problem = _problem(known[name], value)
            if problem is not None:
                raise InputError(f"{where}: /{name}: {problem}")
        return attrs.evolve(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name."""
        return attrs.asdict(self)


PROFILES: Final[Mapping[str, Callable[[], Settings]]] = dict(zip(PROFILE_NAMES, (Settings, Settings.live), strict=True))
"""Settings that belong together, by name."""


_LISTED: Final = "docs/reference/mock-settings.md"
_WORDS: Final[Mapping[type[object], str]] = {bool: "true or false", int: "a whole number", str: "a text"}
"""What values of a type are, in messages."""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _problem(field: attrs.Attribute[Any], value: Any) -> str | None:
    """What is wrong with a value for a setting, and what to do; None if nothing is."""
    if "choices" in field.metadata:
        return None if value in field.metadata["choices"] else f"{_shown(value)} {field.metadata['otherwise']}"
    wanted = cast("type[object]", type(field.default))
    if type(value) is not wanted:
        return f"must be {_WORDS[wanted]}, not {_shown(value)}"
    return _out_of_range(value, field.metadata["least"]) if "least" in field.metadata else None


def _out_of_range(value: Any, least: int) -> str | None:
    if value < least:
        return f"{value} is too small; give {least} or more"
    return f"the number is too large; give {_MOST} or less" if value > _MOST else None

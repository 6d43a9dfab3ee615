"""Settings: where the documentation leaves a choice or the live service differs, one field for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.breakdowns import BREAKDOWNS
from umapi_models import limits, operations

RetryAfterForm = Literal["seconds", "date"]
KEEP_ALIVE_SECONDS: Final = 75
"""How long servers keep idle connections unless they are told otherwise."""
_MOST: Final = 1_000_000_000  # of whatever a setting counts; more than that much later, there are no dates


@attrs.frozen(kw_only=True)
class Settings:
    """How the server behaves; the defaults follow Adobe's documentation, `live()` what was seen in service."""

    throttle: bool = False
    """Refuse calls past the documented limits per client and over all clients with 429."""
    retry_after_form: RetryAfterForm = "seconds"
    """How a 429 says when to come back: a number of seconds, or an HTTP date."""
    lockout_seconds: int = 0
    """How long a client that passed a limit stays locked out; 0: until its window ends."""
    first_page_lockout_seconds: int = 0
    """How long after page 0 of the users that page is refused to a client; 0: never. Lifted by a
    request with `Pragma: umapi-sync-start`."""

    key_must_match_token: bool = True
    """Whether the gateway refuses a token that was issued to another client than the API key's."""

    memberships_per_step: int = limits.MAX_GROUPS
    """Names allowed in one list of an add or remove step."""
    commands_per_request: int = limits.MAX_COMMANDS
    """Commands allowed in one request."""
    steps_per_command: int = limits.MAX_USER_STEPS
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
    users_page_size: int = operations.USERS.page_size or 0
    """Users on a page."""
    groups_page_size: int = operations.GROUPS.page_size or 0
    """Groups on a page."""
    group_member_limit: int = 200_000
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
    odd_flags_fail: bool = False
    """Whether a boolean of the query that is neither `true` nor `false`, such as `testOnly=undefined`, is
    refused with 400, instead of counting as false."""
    breakdown: str = ""
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
    keep_alive_seconds: int = KEEP_ALIVE_SECONDS
    """How long a connection stays open for the next request: like nginx, longer than the waits that clients are
    told (5, 30, 60 seconds), so that none comes back in the very moment in which it is closed."""
    token_seconds: int = 86_399
    """Life of an access token."""
    body_limit: int = 1024 * 1024
    """Bytes of a request body beyond which it is refused with 413."""
    admin_body_limit: int = 64 * 1024 * 1024
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
                raise InputError(f"{where}: /{name}: no such setting; known are {', '.join(sorted(known))}")
            if name == "retry_after_form":
                if value not in get_args(RetryAfterForm):
                    raise InputError(f'{where}: /{name}: {_shown(value)} is not "seconds" or "date"')
            elif name == "breakdown":
                if not isinstance(value, str) or (value and value not in BREAKDOWNS):
                    known_codes = ", ".join(sorted(BREAKDOWNS))
                    raise InputError(f"{where}: /{name}: {_shown(value)} is no such code; known are {known_codes}")
            elif type(value) is not type(known[name].default):
                wanted = type(known[name].default).__name__
                raise InputError(f"{where}: /{name}: {_shown(value)} is not of type {wanted}; give a {wanted}")
            elif isinstance(value, int) and not isinstance(value, bool) and value < _least(name):
                raise InputError(f"{where}: /{name}: {value} is too small; give {_least(name)} or more")
            elif isinstance(value, int) and value > _MOST:
                raise InputError(f"{where}: /{name}: the number is too large; give {_MOST} or less")
        return attrs.evolve(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name."""
        return attrs.asdict(self)


PROFILES: Final[Mapping[str, Callable[[], Settings]]] = {"documented": Settings, "live": Settings.live}
"""Settings that belong together, by name."""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _least(name: str) -> int:
    return 0 if name.endswith("lockout_seconds") else 1

"""The command `umapi login`: what the credentials may do, part by part, and their secrets in the system's keyring."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from typing import Any, Final, cast

import click

import umapi_sdk
from umapi_models.operations import METASCOPE, SCOPES
from umapi_sdk import keyrings
from umapi_sdk.command_line.conventions import DONE, FAILED, Access, StrictCommand, examples
from umapi_sdk.command_line.output import say
from umapi_sdk.command_line.status import LIVE
from umapi_sdk.config import Settings, load_given_settings
from umapi_sdk.connection import Connection
from umapi_sdk.errors import (
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
    NetworkError,
    ServiceError,
    UmapiError,
)
from umapi_sdk.lookups import UserQuery
from umapi_sdk.messages import Authorize, Call
from umapi_sdk.remedies import refuses_the_client, remedy_for

_NOBODY: Final = "umapi-login-check@example.com"
"""Asked for and named in the action: a user whom no organisation has, for the domain is reserved (RFC 2606)."""
_NO_GROUP: Final = "umapi-login-check"
_NEEDED: Final = {SCOPES[-1], METASCOPE}


@click.command(cls=StrictCommand, epilog=examples("umapi login", "umapi --config umapi.toml --profile sandbox login"))
@click.option("--store", is_flag=True, help="Keep the secrets in the system's keyring, if the token host takes them.")
@click.option("--forget", is_flag=True, help="Remove the secrets from the keyring, and try nothing.")
@click.pass_obj
def login(access: Access, store: bool, forget: bool) -> int:
    """Try the credentials, and say what each part may do. Nothing is changed.

    A line each for token host, scopes, service, organisation, API key and actions: ok, or what is wrong and what to do.
    Actions are tried in test mode, with one that takes a user who does not exist out of a group that does not exist.
    The exit status is 0 only if nothing was refused.

    --store needs the extra `keyring`. A client secret that neither variables nor a file give is asked for, or read from
    standard input, and takes the place of one that is kept already. Settings then find in the keyring each secret that
    no argument, variable or file gives; it is kept for this credential and token host only.
    """
    if store and forget:
        raise click.UsageError("--store and --forget exclude each other: give one")
    if forget:
        return _forget(access)
    settings = _settings(access, ask=store)
    with settings.connect() as connection:
        trial = _Trial(connection)
        accepted = trial.run()
    if store and accepted:
        secrets = {name: value for name in keyrings.SECRETS if (value := getattr(settings, name)) is not None}
        name = keyrings.keep(settings.client_id, settings.ims_url, secrets)
        say(f"stored: {', '.join(secrets)} in {name}; what variables and files give counts before it")
    elif store:
        say("stored: nothing, for the token host does not take it")
    return FAILED if trial.failed else DONE


class _Trial:
    """Tries the parts of an access one after the other, and tells of each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.failed = False

    def run(self) -> bool:
        """Try everything, and return whether the token host takes the credentials."""
        try:
            headers = self._connection.drive(_authorization())
        except UmapiError as error:
            self._tell("token host", error)
            self._ask_service()
            say("scopes, organisation, API key, actions: not tried, for there is no token")
            return False
        say("token host: ok: it gave a token")
        self._look_at(headers["Authorization"].removeprefix("Bearer "))
        self._ask_service()
        self._query()
        self._act()
        return True

    def _look_at(self, token: str) -> None:
        scopes = _scopes(token)
        if scopes is None:
            say("scopes: not known, for the token does not tell them")
        elif _NEEDED & scopes:
            say(f"scopes: ok: {', '.join(sorted(scopes))}")
        else:
            self._refuse("scopes", f"the token lacks {SCOPES[-1]}: add the User Management API to the project")

    def _ask_service(self) -> None:
        _, remote = self._connection.status(remote=True)
        answer = remote["status"]
        state = cast("dict[str, Any]", answer).get("state") if isinstance(answer, dict) else None
        if state == LIVE:
            say(f"service: ok: it is {LIVE}")
        elif state is not None:
            self._refuse("service", f"its state is {state}: try again later")
        else:
            self._refuse("service", f"{answer}: is the endpoint {remote['endpoint']} right?")

    def _query(self) -> None:
        try:
            UserQuery(self._connection, _NOBODY).result()
        except ForbiddenError as error:
            # Either can be meant, and the code tells: those of the gateway, of digits alone, speak of the key.
            of_key = not (error.code or "").startswith("error.organization")
            self._tell("API key" if of_key else "organisation", error)
        except (AuthenticationError, NetworkError) as error:
            self._tell("organisation and API key", error)
        except ServiceError as error:
            self._tell("organisation", error)
        else:
            say(f"organisation: ok: {self._connection.org_id} can be queried")
            say("API key: ok")

    def _act(self) -> None:
        action = umapi_sdk.UserAction(_NOBODY).remove_from_groups([_NO_GROUP])
        try:
            (outcome,) = self._connection.execute_single(action, immediate=True).outcomes
        except UmapiError as error:
            self._connection.take_queued()
            self._tell("actions", error)
            return
        refused = [error for error in outcome.errors if refuses_the_client(error.code)]
        if refused:
            self._refuse("actions", f"{refused[0].message}: {remedy_for(refused[0].code)}")
        else:
            say("actions: ok: one was checked in test mode")

    def _tell(self, part: str, error: UmapiError) -> None:
        # What the token host refuses says itself what to do.
        if not isinstance(error, ServiceError) or isinstance(error, AuthenticationError):
            self._refuse(part, str(error))
            return
        remedy = f" {remedy_for(error.code, error.status)}" if error.code else ""
        self._refuse(part, f"{error}.{remedy}")

    def _refuse(self, part: str, problem: str) -> None:
        self.failed = True
        say(f"{part}: REFUSED: {problem}")


def _authorization() -> Call[Mapping[str, str]]:
    headers = yield Authorize()
    return cast("Mapping[str, str]", headers)


def _scopes(token: str) -> set[str] | None:
    """Return the scopes in a token, which is a JWT on the service; None where they cannot be read."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        scopes = claims["scope"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return set(scopes.replace(",", " ").split()) if isinstance(scopes, str) else None


def _settings(access: Access, *, ask: bool) -> Settings:
    secret = _new_secret(access) if ask else None
    return umapi_sdk.load_settings(access.config, access.profile, client_secret=secret, test_mode=True, max_retries=1)


def _new_secret(access: Access) -> str | None:
    """Ask for a client secret where neither variables nor a file give one; that in the keyring may be an old one."""
    try:
        load_given_settings(access.config, access.profile)
    except ConfigurationError:
        # Whatever else is missing is told before anybody is asked.
        load_given_settings(access.config, access.profile, client_secret="to be asked for")  # noqa: S106
    else:
        return None
    if sys.stdin.isatty():
        secret: str = click.prompt("Client secret", hide_input=True, err=True)
        return secret
    try:
        return sys.stdin.readline().strip() or None
    except OSError as error:
        raise click.ClickException(f"standard input: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException("standard input: is no text: give the client secret in one line") from None


def _forget(access: Access) -> int:
    settings = load_given_settings(access.config, access.profile, client_secret="to be forgotten")  # noqa: S106
    removed = keyrings.forget(settings.client_id, settings.ims_url)
    say(f"removed from the keyring: {', '.join(removed) or 'nothing, for nothing is kept there'}")
    return DONE

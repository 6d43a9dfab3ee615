"""Settings from arguments, `UMAPI_*` environment variables and files, and the connection they describe.

Where a setting is given in several places, the first of these counts: argument, environment variable, file, the
system's keyring (for secrets), default. A file is TOML with one table for each profile, or the `usermanagement.config`
of Adobe's walkthrough.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from msgspec.structs import force_setattr

from umapi_models.operations import IMS_ROOT
from umapi_sdk.addresses import guarded
from umapi_sdk.auth import Auth, JWTAuth, ServicePrincipalAuth
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.keys import load_private_key, read_key_file
from umapi_sdk.masking import hidden
from umapi_sdk.options import Option, OptionArguments, Options, Reader, described, shown, veil
from umapi_sdk.retries import RetryPolicy
from umapi_sdk.setting_files import expanded, from_file, meant, warn_of_writers
from umapi_sdk.waits import WaitHook

if TYPE_CHECKING:
    from umapi_sdk.aio import AsyncConnection

PREFIX = "UMAPI_"
OTHER_VARIABLES = {
    "UMAPI_CONFIG": "the file of settings",
    "UMAPI_PROFILE": "the table of that file",
    "UMAPI_RECORD": "the file to record exchanges in",
    "UMAPI_PSEUDONYM_KEY": "the key of the recorder's pseudonyms",
    "UMAPI_RECORD_ACCEPT": "words that the recorder gives no pseudonyms",
    "UMAPI_CACHE_DIR": "the folder of the libraries that scripts of collections use, for `umapi-harness run`",
    "UMAPI_MOCK": "where a mock server runs, for programs that are tested with one",
    **{
        f"UMAPI_{name}": "what `umapi-harness serve` and `exec` tell a program of their organisation"
        for name in ("DOMAIN", "SAMPLE_USER", "SAMPLE_GROUP", "SAMPLE_PROFILE")
    },
    **{
        f"UMAPI_{name}": "what programs that are tested with a mock server may be told by whoever starts them"
        for name in ("ENTERPRISE_DOMAIN", "ADOBE_ID_DOMAIN", "JWT_TOKEN", "ACCESS_TOKEN", "MOCK_ADMIN_URL")
    },
}
"""Variables that are no settings of a connection, and what they are; any other that begins with UMAPI_ is refused."""
_KEYS = {"private_key", "private_key_path"}


def _flow(value: object, place: str) -> str:
    if value not in ("oauth", "jwt"):
        raise ConfigurationError(f'{place}: must be "oauth" or "jwt", not {shown(value)}')
    return str(value)


class Settings(Options, frozen=True, kw_only=True):
    """Everything that describes a connection. The environment variable of `org_id` is `UMAPI_ORG_ID`, and so on."""

    org_id: Annotated[str, Option("The organisation's id, as in `12345@AdobeOrg`.")]
    client_id: Annotated[str, Option("The id of the credential, which is the API key.")]
    client_secret: Annotated[str, Option("The secret of the credential.", secret=True)]
    auth: Annotated[
        Literal["oauth", "jwt"],
        Option("The token flow: `oauth`, server-to-server, or `jwt`, the older exchange.", _flow),
    ] = "oauth"
    tech_account_id: Annotated[str | None, Option("Technical account id; for JWT only.")] = None
    private_key_path: Annotated[str | None, Option("File of the private key; for JWT only.")] = None
    private_key: Annotated[
        str | None,
        Option(
            "The private key itself, in place of its file; in a variable, line ends can be written as `\\n`.",
            secret=True,
        ),
    ] = None
    private_key_passphrase: Annotated[str | None, Option("Opens the private key, if it is encrypted.", secret=True)] = (
        None
    )
    ims_url: Annotated[str, Option("Root of the token service.")] = IMS_ROOT
    ims_endpoint: Annotated[str | None, Option("Path of the token endpoint, if not the usual one.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        force_setattr(self, "ims_url", guarded(self.ims_url))

    def build_auth(self) -> Auth:
        """Return the credentials.

        Raises:
            ConfigurationError: one is missing or cannot be used.
        """
        if self.auth == "oauth":
            endpoint = {} if self.ims_endpoint is None else {"auth_endpoint": self.ims_endpoint}
            return ServicePrincipalAuth(
                self.client_id, self.client_secret, self.ims_url, ssl_verify=self.ssl_verify, **endpoint
            )
        if self.tech_account_id is None or (self.private_key_path is None and self.private_key is None):
            missing = "tech_account_id" if self.tech_account_id is None else "private_key_path"
            other = "" if self.tech_account_id is None else f", or private_key as {PREFIX}PRIVATE_KEY"
            raise ConfigurationError(f"{_help(missing)}{other} (the JWT flow needs it)")
        if self.private_key is not None:
            key, name = hidden(self.private_key), "private_key"
        else:
            path = expanded(self.private_key_path or "", "private_key_path")
            key, name = hidden(read_key_file(path, "private_key_path")), f"private_key_path {path}:"
            warn_of_writers(path)
        load_private_key(key, self.private_key_passphrase, name)  # for messages that name the setting
        endpoint = {} if self.ims_endpoint is None else {"auth_endpoint": self.ims_endpoint}
        return JWTAuth(
            self.org_id,
            self.client_id,
            self.client_secret,
            self.tech_account_id,
            key,
            self.ssl_verify,
            self.ims_url,
            passphrase=self.private_key_passphrase,
            **endpoint,
        )

    def connect(self, *, retry: RetryPolicy | None = None, on_wait: WaitHook | None = None) -> Connection:
        """Return a connection with these settings; `on_wait` is told of each wait before it begins.

        `retry` is the retry policy as a whole, in place of the settings that belong to one.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        return Connection(self.org_id, self.build_auth(), retry=retry, on_wait=on_wait, **self._arguments())

    def connect_async(self, *, retry: RetryPolicy | None = None, on_wait: WaitHook | None = None) -> AsyncConnection:
        """Return an async connection with these settings; `on_wait` is told of each wait before it begins.

        `retry` is the retry policy as a whole, in place of the settings that belong to one.

        Raises:
            ConfigurationError: one of them cannot be used, or the extra `async` is not installed.
        """
        from umapi_sdk.aio import AsyncConnection  # noqa: PLC0415 - httpx comes with an extra

        return AsyncConnection(self.org_id, self.build_auth(), retry=retry, on_wait=on_wait, **self._arguments())

    def _arguments(self) -> dict[str, Any]:
        """The arguments that connections of both kinds have in common."""
        return {name: getattr(self, name) for name in _OF_OPTIONS}


_OF_OPTIONS = described(Options)
# Messages list what is needed first, and the options after it.
_FIELDS = {name: field for name, field in described(Settings).items() if name not in _OF_OPTIONS} | dict(_OF_OPTIONS)
_KINDS: dict[str, Reader] = {name: field.read for name, field in _FIELDS.items()}
_SECRETS = {name for name, field in _FIELDS.items() if field.secret}


class SettingArguments(OptionArguments, total=False):
    """The fields of `Settings`, as arguments; None means not given."""

    org_id: str | None
    client_id: str | None
    client_secret: str | None
    auth: Literal["oauth", "jwt"] | None
    tech_account_id: str | None
    private_key_path: str | None
    private_key: str | None
    private_key_passphrase: str | None
    ims_url: str | None
    ims_endpoint: str | None


def connect(
    path: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    *,
    retry: RetryPolicy | None = None,
    on_wait: WaitHook | None = None,
    **settings: Unpack[SettingArguments],
) -> Connection:
    """Return a connection from settings given here, in the environment or in a file; see `load_settings`.

    `on_wait` is told of each wait before it begins; `retry` is the retry policy as a whole, in place of the settings
    that belong to one.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used.
    """
    veil(settings, _FIELDS)
    return load_settings(path, profile, **settings).connect(retry=retry, on_wait=on_wait)


def connect_async(
    path: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    *,
    retry: RetryPolicy | None = None,
    on_wait: WaitHook | None = None,
    **settings: Unpack[SettingArguments],
) -> AsyncConnection:
    """Return an async connection from the same arguments as `connect`; it is used with `async with`.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used, or the extra `async` is not installed.
    """
    veil(settings, _FIELDS)
    return load_settings(path, profile, **settings).connect_async(retry=retry, on_wait=on_wait)


def load_settings(
    path: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    **settings: Unpack[SettingArguments],
) -> Settings:
    """Gather the settings of a connection.

    Args:
        path: the file, if any; `UMAPI_CONFIG` names it otherwise.
        profile: the table of a TOML file; `UMAPI_PROFILE` names it otherwise, and `default` is the last resort.
        environment: in place of the process's own environment.
        settings: fields of `Settings`; None means not given.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used; the message says which and where.
    """
    # Under the same name, so that no frame keeps the caller's own mapping, whose secrets show.
    environment = _own_variables(os.environ if environment is None else environment)
    return _load(path, profile, environment, settings, keyring=True)


def load_given_settings(
    path: str | os.PathLike[str] | None = None, profile: str | None = None, **settings: Unpack[SettingArguments]
) -> Settings:
    """As `load_settings`, without the keyring: for whoever is about to change what is kept there.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used; the message says which and where.
    """
    return _load(path, profile, _own_variables(os.environ), settings, keyring=False)


def _load(
    path: str | os.PathLike[str] | None,
    profile: str | None,
    variables: Mapping[str, str],
    settings: SettingArguments,
    *,
    keyring: bool,
) -> Settings:
    veil(settings, _FIELDS)
    try:
        return _gather(path, profile, variables, settings, keyring=keyring)
    except ConfigurationError as error:
        problem = str(error)
    raise ConfigurationError(problem)  # anew, for the frames of the first one hold what files say


def _gather(
    path: str | os.PathLike[str] | None,
    profile: str | None,
    variables: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    keyring: bool,
) -> Settings:
    file = path or variables.get(PREFIX + "CONFIG")
    values: dict[str, Any] = {}
    if file:
        asked = profile or variables.get(PREFIX + "PROFILE")
        values |= from_file(expanded(file, "the file of settings"), asked, _KINDS)
    elif profile:
        raise ConfigurationError(f"profile {profile!r} needs a file: give a path, or set {PREFIX}CONFIG")
    _check_names(variables)
    named = {name: PREFIX + name.upper() for name in _KINDS}
    given = {name: variable for name, variable in named.items() if variables.get(variable)}
    _overlay(values, {name: _KINDS[name](variables[variable], variable) for name, variable in given.items()})
    for name in sorted(settings.keys() - _KINDS.keys()):
        raise ConfigurationError(f"{name}: no such setting{meant(name, _KINDS)}")
    _overlay(values, {name: _KINDS[name](value, name) for name, value in settings.items() if value is not None})
    if keyring and "client_id" in values:
        values |= _from_keyring(values)
    missing = [name for name in ("org_id", "client_id", "client_secret") if name not in values]
    if missing:
        raise ConfigurationError(_help(*missing))
    return Settings(**values)


def _from_keyring(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the secrets that nothing else gives and the system's keyring has; those of the JWT flow only for that."""
    jwt = values.get("auth") == "jwt"
    if "client_secret" in values and not jwt:
        return {}
    from umapi_sdk import keyrings  # noqa: PLC0415 - loaded when nothing else gives a secret

    given = set(values)
    given |= _KEYS if given & _KEYS else set()
    names = [name for name in (keyrings.SECRETS if jwt else ("client_secret",)) if name not in given]
    if not names:
        return {}
    found = keyrings.recall(values["client_id"], values.get("ims_url", IMS_ROOT), names)
    return {name: _KINDS[name](secret, f"the keyring's {name}") for name, secret in found.items()}


def _own_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that begin with UMAPI_, with the same care."""
    own = {name: value for name, value in variables.items() if name.startswith(PREFIX)}
    plain = {PREFIX + name.upper() for name in _KINDS.keys() - _SECRETS} | {f"{PREFIX}CONFIG", f"{PREFIX}PROFILE"}
    return {name: guarded(value) if name in plain else hidden(value) for name, value in own.items()}


def _overlay(values: dict[str, Any], newer: dict[str, Any]) -> None:
    """Put settings over those of a place that counts less; the key and its file are two forms of one setting."""
    if newer.keys() & _KEYS:
        for name in _KEYS:
            values.pop(name, None)
    values |= newer


def _check_names(variables: Mapping[str, str]) -> None:
    """Refuse a variable that would be a setting if it were spelt right."""
    known = {PREFIX + name.upper() for name in _KINDS} | OTHER_VARIABLES.keys()
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in known:
            raise ConfigurationError(
                f"{name}: there is no such setting{meant(name, known, prefix=PREFIX, listed=_KINDS)}"
            )


def _help(*names: str) -> str:
    variables = ", ".join(PREFIX + name.upper() for name in names)
    fact, call = (
        ("is not set", "it as an argument of connect()")
        if len(names) == 1
        else ("are not set", "them as arguments of connect()")
    )
    return f"{', '.join(names)} {fact}: give {call}, as {variables}, or in a file named by {PREFIX}CONFIG"

"""Settings from arguments, `UMAPI_*` environment variables and files, and the connection they describe.

Where a setting is given in several places, the first of these counts: argument, environment variable, file, the
system's keyring (for secrets), default. A file is TOML with one table for each profile, or the `usermanagement.config`
of Adobe's walkthrough.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack, cast
from urllib.parse import urlsplit

from msgspec.structs import force_setattr

from umapi_models.operations import API_ROOT, IMS_ROOT
from umapi_sdk.addresses import guarded
from umapi_sdk.auth import Auth, JWTAuth, ServicePrincipalAuth
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.keys import load_private_key, read_key_file
from umapi_sdk.masking import hidden
from umapi_sdk.options import Option, OptionArguments, Options, Reader, described, nearest, shown, veil
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
_FILES = {"private_key_path", "ca_bundle", "client_cert"}  # settings that name a file


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
            path = _expanded(self.private_key_path or "", "private_key_path")
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

    def connect(self, *, on_wait: WaitHook | None = None) -> Connection:
        """Return a connection with these settings; `on_wait` is told of each wait before it begins.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        return Connection(self.org_id, self.build_auth(), on_wait=on_wait, **self._arguments())

    def connect_async(self, *, on_wait: WaitHook | None = None) -> AsyncConnection:
        """Return an async connection with these settings; `on_wait` is told of each wait before it begins.

        Raises:
            ConfigurationError: one of them cannot be used, or the extra `async` is not installed.
        """
        from umapi_sdk.aio import AsyncConnection  # noqa: PLC0415 - httpx comes with an extra

        return AsyncConnection(self.org_id, self.build_auth(), on_wait=on_wait, **self._arguments())

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
    on_wait: WaitHook | None = None,
    **settings: Unpack[SettingArguments],
) -> Connection:
    """Return a connection from settings given here, in the environment or in a file; see `load_settings`.

    `on_wait` is told of each wait before it begins.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used.
    """
    veil(settings, _FIELDS)
    return load_settings(path, profile, **settings).connect(on_wait=on_wait)


def connect_async(
    path: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    *,
    on_wait: WaitHook | None = None,
    **settings: Unpack[SettingArguments],
) -> AsyncConnection:
    """Return an async connection from the same settings as `connect`; it is used with `async with`.

    Raises:
        ConfigurationError: a setting is missing, unknown or cannot be used, or the extra `async` is not installed.
    """
    veil(settings, _FIELDS)
    return load_settings(path, profile, **settings).connect_async(on_wait=on_wait)


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
        values |= _from_file(_expanded(file, "the file of settings"), profile or variables.get(PREFIX + "PROFILE"))
    elif profile:
        raise ConfigurationError(f"profile {profile!r} needs a file: give a path, or set {PREFIX}CONFIG")
    _check_names(variables)
    named = {name: PREFIX + name.upper() for name in _KINDS}
    given = {name: variable for name, variable in named.items() if variables.get(variable)}
    _overlay(values, {name: _KINDS[name](variables[variable], variable) for name, variable in given.items()})
    for name in sorted(settings.keys() - _KINDS.keys()):
        raise ConfigurationError(f"{name}: no such setting{_meant(name)}")
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
            raise ConfigurationError(f"{name}: there is no such setting{_meant(name, known, PREFIX)}")


def _meant(
    name: str, known: Iterable[str] | None = None, prefix: str = "", others: Mapping[str, str] | None = None
) -> str:
    """Return the end of a message on a name that is no setting: the nearest that is one, or all of them.

    `others` has what settings are called elsewhere, which people carry over: by default in the walkthrough's file.
    """
    names = list(_KINDS if known is None else known)
    plain = name.removeprefix(prefix).lower().replace("-", "_")
    plain = (_INI_NAMES if others is None else others).get(plain, plain)
    near = nearest(f"{prefix}{plain.upper()}" if prefix else plain, names)
    return near or f"; settings: {', '.join(_KINDS if prefix else names)}"


def warn_of_writers(path: Path, level: int = 4) -> None:
    """Warn if others than the owner can change a file that credentials come from; `level` is a stack level."""
    mode = path.stat().st_mode if os.name == "posix" else 0
    if mode & stat.S_IWOTH:
        message = f"{path}: every user of this machine can change this file and its secrets: chmod o-w it"
        warnings.warn(message, InsecureFileWarning, stacklevel=level)


class InsecureFileWarning(UserWarning):
    """A file with secrets can be changed by others."""


def _help(*names: str) -> str:
    variables = ", ".join(PREFIX + name.upper() for name in names)
    fact, call = (
        ("is not set", "it as an argument of connect()")
        if len(names) == 1
        else ("are not set", "them as arguments of connect()")
    )
    return f"{', '.join(names)} {fact}: give {call}, as {variables}, or in a file named by {PREFIX}CONFIG"


def _from_file(path: Path, profile: str | None) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {_reason(error)}") from None
    warn_of_writers(path, 6)
    form = _other_format(path, text)
    if form is not None:
        raise ConfigurationError(f"{path}: is {form}: write it as TOML, in a file whose name ends in .toml")
    if path.suffix.lower() == ".toml":
        values = _from_toml(path, text, profile or "default")
    else:
        if profile is not None:
            raise ConfigurationError(f"{path}: only a TOML file has profiles")
        values = _from_ini(path, text)
    for name in _FILES & values.keys():
        values[name] = _beside(path, values[name], name)
    return values


def _other_format(path: Path, text: str) -> str | None:
    """Return the format of a file that is neither TOML nor an INI file, None when nothing tells of another."""
    if path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        return "JSON"
    return "YAML" if path.suffix.lower() in (".yaml", ".yml") or text.startswith("---") else None


def _from_toml(path: Path, text: str, profile: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - loaded when there is a file

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else "has a number that is too long"
        raise ConfigurationError(f"{path}: {reason}: correct the file") from None
    table = document.get(profile)
    if not isinstance(table, dict):
        present = ", ".join(sorted(name for name, value in document.items() if isinstance(value, dict))) or "none"
        outside = [name for name in document if name in _KINDS]
        remedy = f"; put {', '.join(outside)} below a line [{profile}]" if outside else ""
        raise ConfigurationError(f"{path}: has no profile [{profile}]; its profiles: {present}{remedy}")
    values: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", table).items():
        place = f"{path}: [{profile}] {name}"
        if name not in _KINDS:
            raise ConfigurationError(f"{place}: no such setting{_meant(name)}")
        values[name] = _KINDS[name](value, place)
    return values


# The names of the walkthrough's configuration file.
_INI_NAMES = {
    "org_id": "org_id",
    "api_key": "client_id",
    "client_secret": "client_secret",
    "tech_acct": "tech_account_id",
    "priv_key_filename": "private_key_path",
    "ims_endpoint_jwt": "ims_endpoint",
}


def _from_ini(path: Path, text: str) -> dict[str, Any]:
    """Read the walkthrough's file, with its sections or, as the walkthrough prints it, without them."""
    import configparser  # noqa: PLC0415 - loaded when there is a file

    parser, added = configparser.RawConfigParser(), 0
    try:
        try:
            parser.read_string(text)
        except configparser.MissingSectionHeaderError:
            added = 1
            parser.read_string(f"[server]\n{text}")
    except configparser.DuplicateOptionError as error:
        raise ConfigurationError(
            f"{path}: line {(error.lineno or 0) - added}: {error.option} stands twice in [{error.section}]"
        ) from None
    except configparser.DuplicateSectionError as error:
        raise ConfigurationError(
            f"{path}: line {(error.lineno or 0) - added}: [{error.section}] stands twice"
        ) from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] - added
        raise ConfigurationError(f"{path}: line {line} is neither `name = value` nor `[section]`") from None
    given = {name: value.strip() for section in parser.sections() for name, value in parser.items(section)}
    known = {*_INI_NAMES, "host", "endpoint", "ims_host", "domain"}
    for name in sorted(given.keys() - known):
        own_names = {setting: own for own, setting in _INI_NAMES.items()}
        raise ConfigurationError(f"{path}: {name}: no such setting{_meant(name, sorted(known), others=own_names)}")
    values: dict[str, Any] = {setting: given[name] for name, setting in _INI_NAMES.items() if given.get(name)}
    values["auth"] = "jwt"
    if given.get("host"):
        place = given.get("endpoint") or urlsplit(API_ROOT).path
        values["endpoint"] = f"{_root(given['host'])}/{place.lstrip('/')}"
    if given.get("ims_host"):
        values["ims_url"] = _root(given["ims_host"])
    return values


def _root(host: str) -> str:
    """Return the root URL of a host, which can be one already, as for a mock server."""
    return (host if "://" in host else f"https://{host}").rstrip("/")


def _beside(file: Path, name: str, setting: str) -> str:
    """Return the path of a file that a configuration file names: beside it, or else where it is taken from here."""
    path = _expanded(name, setting)
    beside = file.parent / path
    return str(beside if os.path.exists(beside) else path)


def _expanded(name: str | os.PathLike[str], what: str) -> Path:
    """Return a path with the home that its tilde means; one of nobody stays, and then there is no such file."""
    path = Path(os.path.expanduser(name))
    if "\0" in str(path):
        raise ConfigurationError(f"{what} holds a NUL character, which no name of a file does")
    return path


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is not UTF-8 text"

"""Files of settings: TOML with profiles, or the walkthrough's configuration file."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from umapi_models.operations import API_ROOT
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.options import Reader, nearest

_FILES = {"private_key_path", "ca_bundle", "client_cert"}  # settings that name a file
INI_NAMES = {
    "org_id": "org_id",
    "api_key": "client_id",
    "client_secret": "client_secret",
    "tech_acct": "tech_account_id",
    "priv_key_filename": "private_key_path",
    "ims_endpoint_jwt": "ims_endpoint",
}
"""The names of the walkthrough's configuration file, each with the setting that it means."""


class InsecureFileWarning(UserWarning):
    """A file with secrets can be changed by others."""


def warn_of_writers(path: Path, level: int = 4) -> None:
    """Warn if others than the owner can change a file that credentials come from; `level` is a stack level."""
    mode = path.stat().st_mode if os.name == "posix" else 0
    if mode & stat.S_IWOTH:
        message = f"{path}: every user of this machine can change this file and its secrets: chmod o-w it"
        warnings.warn(message, InsecureFileWarning, stacklevel=level)


def meant(
    name: str,
    known: Iterable[str],
    *,
    prefix: str = "",
    others: Mapping[str, str] = INI_NAMES,
    listed: Iterable[str] = (),
) -> str:
    """Return the end of a message on a name that is no setting: the nearest that is one, or all of them.

    `others` has what settings are called elsewhere, which people carry over: by default in the walkthrough's file.
    `listed` stands in the place of the known names where those are too many to list.
    """
    names = list(known)
    plain = name.removeprefix(prefix).lower().replace("-", "_")
    plain = others.get(plain, plain)
    near = nearest(f"{prefix}{plain.upper()}" if prefix else plain, names)
    return near or f"; settings: {', '.join(listed or names)}"


def from_file(path: Path, profile: str | None, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the settings in a file, by their names; `readers` has what reads each setting.

    Raises:
        ConfigurationError: the file cannot be read, or says what is no setting; the message says where.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {_reason(error)}") from None
    warn_of_writers(path, 6)
    form = _other_format(path, text)
    if form is not None:
        raise ConfigurationError(f"{path}: is {form}: write it as TOML, in a file whose name ends in .toml")
    if path.suffix.lower() == ".toml":
        values = _from_toml(path, text, profile or "default", readers)
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


def _from_toml(path: Path, text: str, profile: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
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
        outside = [name for name in document if name in readers]
        remedy = f"; put {', '.join(outside)} below a line [{profile}]" if outside else ""
        raise ConfigurationError(f"{path}: has no profile [{profile}]; its profiles: {present}{remedy}")
    values: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", table).items():
        place = f"{path}: [{profile}] {name}"
        if name not in readers:
            raise ConfigurationError(f"{place}: no such setting{meant(name, readers)}")
        values[name] = readers[name](value, place)
    return values


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
    known = {*INI_NAMES, "host", "endpoint", "ims_host", "domain"}
    for name in sorted(given.keys() - known):
        own_names = {setting: own for own, setting in INI_NAMES.items()}
        raise ConfigurationError(f"{path}: {name}: no such setting{meant(name, sorted(known), others=own_names)}")
    values: dict[str, Any] = {setting: given[name] for name, setting in INI_NAMES.items() if given.get(name)}
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
    path = expanded(name, setting)
    beside = file.parent / path
    return str(beside if os.path.exists(beside) else path)


def expanded(name: str | os.PathLike[str], what: str) -> Path:
    """Return a path with the home that its tilde means; one of nobody stays, and then there is no such file."""
    path = Path(os.path.expanduser(name))
    if "\0" in str(path):
        raise ConfigurationError(f"{what} holds a NUL character, which no name of a file does")
    return path


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is not UTF-8 text"

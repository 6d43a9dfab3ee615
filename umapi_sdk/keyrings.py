"""The system's keyring, where secrets of settings can be kept: Keychain, Credential Locker or Secret Service.

It comes with the extra `keyring`, and is asked only for a secret that nothing else gives. A secret is kept for one
credential and one token host, so that none goes to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

from umapi_sdk.characters import shown
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden

SECRETS: Final = ("client_secret", "private_key", "private_key_passphrase")
"""The settings that are kept there."""

_MISSING: Final = "the package 'keyring' is not installed; run: pip install 'umapi-sdk[keyring]'"


def recall(client_id: str, ims_url: str, names: Iterable[str]) -> dict[str, str]:
    """Return those of the secrets that are kept; none where there is no keyring, or its package is not installed.

    Raises:
        ConfigurationError: there is a keyring, and it cannot be read.
    """
    keyring = _library()
    if keyring is None:
        return {}
    found: dict[str, str] = {}
    for name in names:
        try:
            secret: str | None = keyring.get_password(_service(ims_url), _account(client_id, name))
        except keyring.errors.NoKeyringError:
            return {}
        except keyring.errors.KeyringError as error:
            raise ConfigurationError(f"{_name(keyring)} cannot be read for {name}: {_reason(error)}") from None
        if secret:
            found[name] = hidden(secret)
    return found


def keep(client_id: str, ims_url: str, secrets: Mapping[str, str]) -> str:
    """Keep secrets, and return what the keyring is called.

    Raises:
        ConfigurationError: the package is not installed, there is no keyring, or it does not keep them.
    """
    keyring = _needed_library()
    for name, secret in secrets.items():
        try:
            keyring.set_password(_service(ims_url), _account(client_id, name), str(secret))
            kept = keyring.get_password(_service(ims_url), _account(client_id, name)) == secret
        except keyring.errors.KeyringError as error:
            raise ConfigurationError(f"{_name(keyring)} does not keep {name}: {_reason(error)}") from None
        if not kept:
            raise ConfigurationError(f"{_name(keyring)} does not keep {name}: it took it, and does not give it back")
    return _name(keyring)


def forget(client_id: str, ims_url: str) -> tuple[str, ...]:
    """Remove what is kept for a credential, and return the names of the secrets that were.

    Raises:
        ConfigurationError: the package is not installed, there is no keyring, or it does not remove them.
    """
    keyring = _needed_library()
    removed: list[str] = []
    for name in SECRETS:
        service, account = _service(ims_url), _account(client_id, name)
        try:
            if keyring.get_password(service, account) is not None:
                keyring.delete_password(service, account)
                removed.append(name)
        except keyring.errors.KeyringError as error:
            raise ConfigurationError(f"{_name(keyring)} does not remove {name}: {_reason(error)}") from None
    return tuple(removed)


def _library() -> ModuleType | None:
    try:
        import keyring  # noqa: PLC0415 - it comes with an extra, and takes a tenth of a second
    except ModuleNotFoundError as error:
        if error.name != "keyring":
            raise
        return None
    return keyring


def _needed_library() -> ModuleType:
    keyring = _library()
    if keyring is None:
        raise ConfigurationError(_MISSING)
    return keyring


def _service(ims_url: str) -> str:
    return f"umapi-sdk {ims_url.rstrip('/')}"


def _account(client_id: str, name: str) -> str:
    return f"{client_id} {name}"


def _name(keyring: ModuleType) -> str:
    return f"the keyring ({shown(str(keyring.get_keyring().name))})"


def _reason(error: Exception) -> str:
    return shown(" ".join(str(error).split())) or type(error).__name__

"""The options of a connection, each with its default, how it is read, what it means and whether it is secret.

`Options` has them for whoever reads them, and `OptionArguments` their types for type checkers, as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from umapi_models.defaults import FIRST_DELAY, MAX_RETRIES, MAX_WAIT, RANDOM_DELAY, TIMEOUT
from umapi_models.operations import API_ROOT
from umapi_sdk.addresses import guarded
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden
from umapi_sdk.transports.settings import MAX_RESPONSE_SIZE, NetworkSettings

_LONGEST = 1_000_000_000  # seconds; systems cannot wait for much longer
_MOST = 1_000_000_000_000  # of whatever an option counts

Reader = Callable[[object, str], Any]
"""Reads a value from a place, which may be a text for anything, and says what is wrong with it there."""


def text(value: object, place: str) -> str:
    """Read a string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{place}: must be a string that is not empty")
    return value


def flag(value: object, place: str) -> bool:
    """Read a boolean, in one of the words that variables have for it."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ConfigurationError(f"{place}: must be true or false, not {shown(value)}")


def number(value: object, place: str) -> float:
    """Read a number of seconds from 0."""
    try:
        read = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else -1.0
    except ValueError:
        read = -1.0
    except OverflowError:
        read = float("inf")
    if not 0 <= read <= _LONGEST:
        most = f" to {_LONGEST}" if read > _LONGEST else ""
        raise ConfigurationError(f"{place}: must be a number of seconds from 0{most}, not {shown(value)}")
    return read


def count(value: object, place: str) -> int:
    """Read a whole number from 1."""
    written = isinstance(value, str) and value.isascii() and value.isdigit()
    # Python reads 4,300 digits and no more.
    read = int(value[: len(str(_MOST)) + 1]) if isinstance(value, str) and written else value
    if not isinstance(read, int) or isinstance(read, bool) or not 1 <= read <= _MOST:
        most = f" to {_MOST}" if isinstance(read, int) and read > _MOST else ""
        raise ConfigurationError(f"{place}: must be a whole number from 1{most}, not {shown(value)}")
    return read


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:60]}..."


class Option(msgspec.Struct, frozen=True):
    """What there is to know of an option, or of another setting, beside its type and default."""

    doc: str
    """What it means, with its unit."""
    read: Reader = text
    secret: bool = False


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection can be told beside its organisation and credentials."""

    endpoint: Annotated[str, Option("Root of the API.")] = API_ROOT
    test_mode: Annotated[bool, Option("If true, the service checks actions and changes nothing.", flag)] = False
    timeout: Annotated[
        float | None,
        Option(
            "Longest time for one request, from the connect to the last byte of its answer, in seconds; 0 has no "
            "limit, as has None as an argument of a connection. A call takes at most `max_retries` of these and the "
            "waits between.",
            number,
        ),
    ] = TIMEOUT
    max_retries: Annotated[int, Option("How often a request is sent at most, the first time included.", count)] = (
        MAX_RETRIES
    )
    max_wait: Annotated[
        float,
        Option(
            "Longest single wait for the service, in seconds, past which `ThrottledError` says when to come back.",
            number,
        ),
    ] = MAX_WAIT
    first_delay: Annotated[
        float,
        Option(
            "Wait after the first attempt of a request, in seconds, where the service does not say how long; it "
            "doubles with each further one.",
            number,
        ),
    ] = FIRST_DELAY
    random_delay: Annotated[float, Option("Most seconds that chance adds to such a wait.", number)] = RANDOM_DELAY
    pacing: Annotated[
        bool | None,
        Option(
            "Whether to keep under the service's throttle limits by waiting; by default for Adobe's hosts only.", flag
        ),
    ] = None
    pacing_url: Annotated[
        str | None,
        Option(
            "URL of a Redis through which processes and hosts share the limits (extra `redis`), which can hold a "
            "password; it turns `pacing` on unless that is false.",
            secret=True,
        ),
    ] = None
    ssl_verify: Annotated[
        bool,
        Option(
            "False turns off the check of the certificates of service and token host; every request then warns.", flag
        ),
    ] = True
    ssl_strict: Annotated[
        bool,
        Option("False accepts certificates that break the rules of RFC 5280 which Python checks from 3.13 on.", flag),
    ] = True
    ca_bundle: Annotated[
        str | None,
        Option(
            "File of the certificates to trust instead of the system's; by default those that `REQUESTS_CA_BUNDLE`, "
            "`CURL_CA_BUNDLE` and `SSL_CERT_FILE` of the environment name count together."
        ),
    ] = None
    client_cert: Annotated[
        str | tuple[str, str] | None,
        Option("File of the client's certificate and key; as an argument of a connection, also a pair of files."),
    ] = None
    proxy: Annotated[
        str | None,
        Option(
            "URL of the proxy, which can hold a password; by default `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of "
            "the environment count.",
            secret=True,
        ),
    ] = None
    user_agent: Annotated[str | None, Option("Name of the calling program, put before the SDK's own.")] = None
    max_response_size: Annotated[int, Option("Most bytes of an answer, as sent and as decoded.", count)] = (
        MAX_RESPONSE_SIZE
    )

    def __post_init__(self) -> None:
        force_setattr(self, "endpoint", guarded(self.endpoint))

    def __repr__(self) -> str:
        plain = (name for name, known in described(type(self)).items() if not known.secret)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in plain)})"

    @staticmethod
    def of(arguments: OptionArguments) -> Options:
        """Return the options for the arguments of a connection; None, but for `timeout`, is as not given.

        Raises:
            TypeError: an argument is no option.
            ConfigurationError: one is of another type; a text for a boolean would be true whatever it says.
        """
        known = described(Options)
        veil(arguments, known)
        for name in arguments:
            if name not in known:
                raise TypeError(f"unexpected keyword argument {name!r}{nearest(name, known)}")
        given: dict[str, Any] = {}
        for name, value in arguments.items():
            if value is not None:
                _check_type(name, value, known[name].read)
            if value is not None or name == "timeout":
                given[name] = value
        return Options(**given)

    def network(self) -> NetworkSettings:
        """Return those of the options that transports need.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in NetworkSettings.__struct_fields__}
        values["timeout"] = self.timeout or None
        return NetworkSettings(**values)


_TYPES: Mapping[Reader, tuple[tuple[type, ...], str]] = {
    flag: ((bool,), "True or False"),
    count: ((int,), "a whole number"),
    number: ((int, float), "a number of seconds"),
}
"""By how texts of an option are read: what an argument must be, in types and in words."""


def _check_type(name: str, value: object, read: Reader) -> None:
    if read not in _TYPES:
        return
    types, words = _TYPES[read]
    # To Python, booleans are whole numbers.
    if not isinstance(value, types) or isinstance(value, bool) is not (read is flag):
        raise ConfigurationError(f"{name} must be {words}, not {shown(value)}")


class OptionArguments(TypedDict, total=False):
    """The fields of `Options` as arguments; None means not given."""

    endpoint: str | None
    test_mode: bool | None
    timeout: float | None
    max_retries: int | None
    max_wait: float | None
    first_delay: float | None
    random_delay: float | None
    pacing: bool | None
    pacing_url: str | None
    ssl_verify: bool | None
    ssl_strict: bool | None
    ca_bundle: str | None
    client_cert: str | tuple[str, str] | None
    proxy: str | None
    user_agent: str | None
    max_response_size: int | None


@cache
def described(options: type[Options]) -> Mapping[str, Option]:
    """Return what there is to know of each option, or of each setting, by name."""
    hints = get_type_hints(options, include_extras=True)
    return {name: get_args(hint)[1] for name, hint in hints.items()}


def veil(values: Any, fields: Mapping[str, Option]) -> None:
    """Keep the secrets among arguments out of what a traceback shows; one under a wrong name may be any of them."""
    for name, value in values.items():
        plain = name in fields and not fields[name].secret
        values[name] = guarded(value) if plain else hidden(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message on a name that is not known: the nearest that is."""
    from difflib import get_close_matches  # noqa: PLC0415 - loaded when a name is misspelt

    near = get_close_matches(name, known, n=1, cutoff=0.75)
    return f": is {near[0]} meant?" if near else ""

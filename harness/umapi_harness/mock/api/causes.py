"""Causes: why the service refuses a call, which this server knows more exactly than the answer says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import attrs

from umapi_harness.mock.api.bodies import is_array, is_object
from umapi_models.operations import SYNC_HEADER, SYNC_START

_TOO_LATE: Final = 253402300800  # epoch seconds of the year 10000, of which there is no date
_SCHEME: Final = re.compile(r"[A-Za-z]{1,20}")
_GZIP: Final = b"\x1f\x8b"
_CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
_BEARER_FORM: Final = "Send Authorization: Bearer <token>."


@attrs.frozen
class Cause:
    """Why a call was refused; the tester is told of it, the client is not."""

    short: str
    """In two or three words, for a list."""
    meaning: str
    remedy: str


NO_TOKEN: Final = Cause(
    "no token", "The request carried no Authorization header.", f"Get a token first. {_BEARER_FORM}"
)
UNKNOWN_TOKEN: Final = Cause(
    "unknown token",
    "This server has given out no such token since it was started.",
    "Get a new token from this server, and send the access_token of its answer unchanged.",
)
REVOKED_TOKEN: Final = Cause("token revoked", "The token was revoked.", "Get a new token.")
NO_KEY: Final = Cause(
    "no API key", "The request carried no x-api-key header.", "Send the client id in the x-api-key header."
)
UNKNOWN_KEY: Final = Cause(
    "unknown API key",
    "This server knows no client with the id in x-api-key.",
    "Send the client id of the organisation's credential; `umapi-harness serve` prints it as UMAPI_CLIENT_ID.",
)


def bad_authorization(value: str, *, is_token: bool) -> Cause:
    """An Authorization header that is not `Bearer` and a token; `is_token`: as a whole it is a token given out here."""
    first, _, rest = value.strip().partition(" ")
    if first.lower() == "bearer":
        problem = "text after the token" if rest.strip() else "Bearer and no token"
        return Cause("unreadable token", f"The Authorization header has {problem}.", _BEARER_FORM)
    if rest and _SCHEME.fullmatch(first):
        return Cause("Bearer is missing", f"The Authorization header begins with {first}, not Bearer.", _BEARER_FORM)
    held = "the token alone" if is_token else "something else"
    return Cause("Bearer is missing", f"Bearer is missing: the Authorization header holds {held}.", _BEARER_FORM)


def expired_token(expired: float) -> Cause:
    """A token that ran out at a time in epoch seconds."""
    return Cause(
        "token expired",
        f"The token expired {_time(expired)} by the clock of this server.",
        "Get a new token; moving the clock ahead makes tokens expire.",
    )


def foreign_token(given: str, named: str) -> Cause:
    """A token for one organisation, in a call on another."""
    return Cause(
        "token of another organisation",
        f"The token was given out for the organisation {given}, and the path names {named}.",
        f"Get a token with a credential of {named}, or correct the organisation in the path.",
    )


def foreign_key(given: str, named: str) -> Cause:
    """An API key that is another client's than the token."""
    return Cause(
        "API key of another client",
        f"The token was given to the client {given}, and x-api-key names {named}.",
        f"Send {given} in x-api-key, or a token of {named}.",
    )


def too_many_calls(operation: str, allowed: int, period: float, seconds: int, *, by_client: bool) -> Cause:
    """The calls of a window are used up."""
    whose = "This client has" if by_client else "All clients together have"
    return Cause(
        "too many requests",
        f"{whose} made the {allowed} calls of {operation} that are let through in {period:g} s.",
        f"Wait {seconds} s, then send it again.",
    )


def first_page_lockout(lockout: int, seconds: int) -> Cause:
    """The first page of the users was read too shortly before."""
    return Cause(
        "first-page lockout",
        "This client has read the first page of the users already, and may read it again only after "
        f"{lockout} s (setting first_page_lockout_seconds).",
        f"Wait {seconds} s, or send {SYNC_HEADER}: {SYNC_START} with the call, which lifts the lockout.",
    )


def path_too_short(template: str, missing: str) -> Cause:
    """A path that is the beginning of one that is served, but for a segment and what follows that."""
    names = {"page": "the page number, counted from 0", "orgId": "the organisation's id", "userString": "the user"}
    what = names.get(missing.strip("{}"), missing)
    return Cause("path incomplete", f"The path ends before {what}: {template} is served.", f"Add {what}.")


def unreadable_body(raw: bytes) -> Cause:
    """A body that is no strict JSON in UTF-8."""
    short, problem, remedy = _unreadable(raw)
    return Cause(short, f"The body {problem}.", f"{remedy}.")


def no_list(value: Any, most: int) -> Cause:
    """The body of an action request that is no array of 1 to `most` commands."""
    if not is_array(value):
        remedy = "Put the command in an array: [{…}]." if is_object(value) else "Send an array of commands."
        return Cause("no array", f"The body is {_kind(value)}, not an array.", remedy)
    if not value:
        return Cause("no command", "The array has no command in it.", f"Send 1 to {most} commands.")
    return Cause(
        "too many commands",
        f"The array has {len(value)} commands, and {most} are let through (setting commands_per_request).",
        f"Send {most} commands at most in a request.",
    )


def no_object(value: Any) -> Cause:
    """The body of a request for a change of a profile that is no object, or has a key twice."""
    if not is_object(value):
        return Cause("no object", f"The body is {_kind(value)}, not an object.", "Send an object of lists.")
    return Cause("repeated key", "The body has a key twice.", "Put all entries in one list.")


def _unreadable(raw: bytes) -> tuple[str, str, str]:
    if not raw.strip():
        return "no body", "is empty", "Send the commands as JSON in the body"
    if raw.startswith(_GZIP):
        return "gzip body", "is compressed with gzip, which this server does not read", "Send it without compression"
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8", "replace")
        problem = f"is not UTF-8: byte 0x{raw[error.start]:02X} in {_place(good, len(good))}"
        return "body not UTF-8", problem, "Encode the body as UTF-8"
    return "body not JSON", _no_json(text), "Send strict JSON"


def _no_json(text: str) -> str:
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            return f"ends before its JSON does: {error.msg} in {_place(text, error.pos)}"
        return f"is no JSON: {error.msg} in {_place(text, error.pos)}"
    except RecursionError:
        return "is nested too deeply"
    except ValueError as error:
        found = next((one for one in _CONSTANT.finditer(text) if one[1]), None)
        if found is None:
            return f"has a number that cannot be read: {error}"
        return f"is no JSON: {found[1]} in {_place(text, found.start())}"
    return "has half of a surrogate pair, which is no character"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _place(text: str, offset: int) -> str:
    lines = text[:offset].split("\n")
    return f"line {len(lines)}, column {len(lines[-1]) + 1}"


def _kind(value: Any) -> str:
    if is_object(value):
        return "an object"
    if is_array(value):
        return "an array"
    return "text" if isinstance(value, str) else json.dumps(value)[:40]


def _time(seconds: float) -> str:
    if seconds >= _TOO_LATE:
        return "in the far future"
    return datetime.fromtimestamp(seconds, UTC).strftime("on %Y-%m-%d at %H:%M:%S UTC")

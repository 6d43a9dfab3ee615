"""Names of secrets: which fields, parameters, headers and variables hold one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final, cast
from urllib.parse import unquote_plus

from umapi_models import schemas

_LONGEST: Final = 200
"""Characters of a name that are looked at; no field is called anything longer."""
# Where a word begins inside clientSecret and HTTPToken.
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLAIN_WORD: Final = 2.5
"""Letters that a word of a name has on average; below it, as in ApIkEy, capitals say nothing of words."""
_SEPARATORS: Final = re.compile(r"[\W_]+")
# Sought in the name without its separators, so that CLIENTSECRET, client-secret and clientSecret are one.
_PARTS: Final = re.compile(
    r"secret|token|^jwt|jwt$|assertion|passw|passphrase|pwd|credential|cookie|bearer|csrf|xsrf|signature"
    r"|sess(?:ion)?id|saml(?:request|response|art)|codeverifier|mnemonic|connectionstring|dpop|websocketkey|presharedkey"
    r"|kennwort|motdepasse|contrase(?:n|\u00f1)a|wachtwoord"
    r"|(?:priv|private|subscription|access|shared|master|account|acct|signing|encryption|decryption|functions?|ssh|hmac"
    r"|license|app|application|consumer|webhook|client|service|sentry)key"
    r"|serviceaccountjson"
    r"|(?:auth|authorization|verification|security|recovery|backup|reset|activation|access|device|login|mfa|otp|sms"
    r"|onetime|confirmation|pass)code"
)
# Too short to be sought inside words.
_WORDS: Final = frozenset(
    {
        "otp",
        "totp",
        "pin",
        "pass",
        "pw",
        "sshpass",
        "sid",
        "sig",
        "session",
        "auth",
        "authorization",
        "authentication",
        "cred",
    }
    | {"creds", "sessions", "otps", "sids", "nonce", "psk", "senha"}
)
# Whoever has such an address can send to it: nothing else proves who may.
_WEBHOOK: Final = re.compile(r"(?:^|_)web_?hook_ur[il]$")
_CLIENT_ID: Final = frozenset({"apikey", "xapikey"})
# What is said of a secret is none: token_type, private_key_path, password_expires_at, AssertionError.
_OPEN: Final = re.compile(
    r"(?:type|format|filename|file|path|url|uri|endpoint|expir[a-z]*|error|exception)$"
    r"|_(?:count|index|length|in|at|seconds|name|required|enabled|methods?|supported|alg|algorithm|lifetime|ttl|age"
    r"|header|status|valid|policy)$"
)


def snake_case(name: str) -> str:
    """Return a name in small letters with its words joined by `_`, however they were joined."""
    plain = unquote_plus(name) if "%" in name or "+" in name else name
    words = _HUMPS.sub("_", plain)
    humps = words.count("_") - plain.count("_")
    if humps > 1 and len(plain) < _PLAIN_WORD * (humps + 1):
        words = plain
    return _SEPARATORS.sub("_", words).strip("_").lower()


@cache
def _declared() -> frozenset[str]:
    """The properties that a schema marks with `x-umapi-secret`."""
    return frozenset(name for file in schemas.names() for name in _marked(schemas.read(file)))


def _marked(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        for key, value in cast("dict[str, object]", schema).items():
            if _is_marked(value):
                yield key
            yield from _marked(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _marked(item)


def _is_marked(schema: object) -> bool:
    return isinstance(schema, dict) and cast("dict[str, object]", schema).get("x-umapi-secret") is True


def is_secret(name: str) -> bool:
    """Whether a field, parameter, header or variable of this name holds a secret.

    Separators and letter case do not count: X-Auth-Token, clientSecret and PRIV_KEY are such names. What is said of
    a secret, such as token_type, is none.
    """
    return _judged(name[:_LONGEST])


@lru_cache(maxsize=4096)
def _judged(name: str) -> bool:
    if "@" in name:
        return False  # an address, under which something is listed
    snake = snake_case(name)
    if snake in _declared():
        return True
    if _WEBHOOK.search(snake):
        return True
    if _OPEN.search(snake):
        return False
    words = snake.split("_")
    joined = "".join(words)
    # The gateway's own x-api-key holds the client id, which is none; the keys of other services are.
    if "apikey" in joined and joined not in _CLIENT_ID:
        return True
    return bool(_PARTS.search(joined)) or not _WORDS.isdisjoint(words)

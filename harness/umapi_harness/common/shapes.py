"""Shapes of secrets: tokens, keys and credentials that are known without a name beside them.

No pattern goes back over what it has read, so that text made for it costs no more than other text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from typing import Final

from umapi_harness.common.json_text import Edit
from umapi_harness.common.payloads import compressed_text

BASE64_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,}+={0,2}+")
"""What may be base64, or hexadecimal digits, and long enough to hold something."""

# In a form a blank is a plus.
_KEY_BEGINS: Final = re.compile(r"-----BEGIN[ +][A-Z +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----")
_DOTTED: Final = re.compile(r"(?<![\w.-])[\w.-]++")
_SCHEME: Final = re.compile(
    r"(?<![^\W_])(?P<scheme>bearer|basic|ssws|negotiate|ntlm)(?:\s|%20|\+)++(?P<credentials>[\w.~+/=%-]++)",
    re.IGNORECASE,
)
# What follows the name of a scheme in prose, and in the challenges of WWW-Authenticate.
_NO_CREDENTIALS: Final = frozenset(
    {"token", "tokens", "realm", "authentication", "authorization", "auth", "scheme", "header", "headers"}
    | {"credential", "credentials", "error", "access", "information"}
)
_PARAMETER: Final = re.compile(r"(?:realm|error\w{0,20}|scope|charset|title)=", re.IGNORECASE)
_NETLOC: Final = re.compile(r":(?:\\?/){2}(?P<place>[^\s/?#\"'<>\\]++)")
_USER_AND_SLASH: Final = re.compile(r"[^\s\"'<>@]{1,200}+@")
# Client secrets of Adobe's console, and credentials to which other services give a form of their own.
_PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"p8e-[\w-]{20,}+"
    r"|gh[pousr]_\w{20,}+|github_pat_\w{20,}+|gl(?:pat|ptt|rt|dt|cbt|soat)-[\w-]{16,}+"
    r"|xox[abeprs]-[\w-]{10,}+|xapp-[\w-]{10,}+|hooks\.slack\.com/services/[\w/]{16,}+"
    r"|A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|AIza[\w-]{30,}+|ya29\.[\w-]{16,}+|GOCSPX-[\w-]{16,}+"
    r"|[sr]k_(?:live|test)_[0-9A-Za-z]{10,}+|whsec_[0-9A-Za-z+/=]{16,}+"
    r"|SG\.[\w-]{16,}+\.[\w-]{16,}+|key-[0-9a-f]{32}(?![0-9a-f])"
    r"|npm_[0-9A-Za-z]{30,}+|pypi-[\w-]{30,}+|dckr_pat_[\w-]{16,}+|hf_[0-9A-Za-z]{20,}+"
    r"|sk-[\w-]{20,}+|PMAK-[\w-]{20,}+|lin_api_\w{16,}+|dapi[0-9a-f]{32}(?![0-9a-f])"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{16,}+|do[op]_v1_[0-9a-f]{32,}+|hv[sbr]\.[\w-]{20,}+"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{16,}+|(?:AC|SK)[0-9a-f]{32}(?![0-9a-f])|\d{8,10}:AA[\w-]{30,}+"
    r")"
)
_TEXT: Final = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]*+")
# A user is made of what addresses and ids are made of: base64 of other things seldom begins so.
_USER_AND_SECRET: Final = re.compile(r"[\w.@+=|$\\-]{2,200}+:(?!//)[^\x00-\x20]{3,}+")
_URLSAFE: Final = str.maketrans("-_", "+/")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]++")
# How base64 of gzip and zlib begins.
_PACKED: Final = ("H4sI", "eJ", "eN", "eF", "eA")
_DER_BYTES: Final = 12


def private_keys(text: str, mask: str) -> Iterable[Edit]:
    """Find what stands inside private keys in PEM form; one that is cut off ends with the text."""
    position = 0
    while (begin := _KEY_BEGINS.search(text, position)) is not None:
        end = text.find("-----END", begin.end())
        position = end if end >= 0 else len(text)
        if text[begin.end() : position] not in ("", mask):
            yield begin.end(), position, mask


def is_private_key(run: str) -> bool:
    """Whether a run in base64 is a private key in DER form (PKCS #1 and #8 begin with the version 0)."""
    if len(run) < 100 or not run.startswith("MII"):
        return False
    raw = base64.b64decode(run[: _DER_BYTES * 4 // 3].translate(_URLSAFE))
    return raw[0] == 0x30 and raw[4:7] == b"\x02\x01\x00"


def json_web_tokens(text: str, mask: str) -> Iterable[Edit]:
    """Find JWTs, whole or cut off behind a dot, also where something stands before them without a gap."""
    for run in _DOTTED.finditer(text):
        start = run[0].find("eyJ")
        dot = run[0].find(".", start)
        if start < 0 or dot - start < 6:
            continue
        if not run[0][:start].strip(".") or run[0][start - 1] == "." or _is_token_header(run[0][start:dot]):
            yield run.start() + start, run.end(), mask


def _is_token_header(segment: str) -> bool:
    decoded = base64_text(segment) or ""
    return decoded.startswith('{"') and '":' in decoded


def base64_bytes(run: str) -> bytes | None:
    """Return what base64 of either alphabet stands for, with or without its padding; None where it is none."""
    plain = run.rstrip("=").translate(_URLSAFE)
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return None


def base64_text(run: str) -> str | None:
    """Return the text that base64 of either alphabet stands for, None where it is no text."""
    data = base64_bytes(run)
    if data is None or len(data) < 6:
        return None
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        return None
    return decoded if _TEXT.fullmatch(decoded) else None


def hexadecimal_text(run: str) -> str | None:
    """Return the text that hexadecimal digits stand for, None where they are no text."""
    if len(run) < 16 or len(run) % 2 or not _HEXADECIMAL.fullmatch(run):
        return None
    try:
        decoded = bytes.fromhex(run).decode()
    except UnicodeDecodeError:
        return None
    return decoded if _TEXT.fullmatch(decoded) else None


def packed_text(run: str) -> str | None:
    """Return the text that base64 of compressed data stands for, None where it is none."""
    if not run.startswith(_PACKED):
        return None
    data = base64_bytes(run)
    return None if data is None else compressed_text(data)


def basic_credentials(decoded: str) -> bool:
    """Whether what stood in base64 is `user:secret`, or the header of a JWT."""
    if _USER_AND_SECRET.fullmatch(decoded):
        return True
    if not decoded.lstrip().startswith("{") or '"alg"' not in decoded:
        return False
    try:
        return isinstance(json.loads(decoded), dict)
    except (ValueError, RecursionError):
        return False


def scheme_credentials(text: str, mask: str) -> Iterable[Edit]:
    """Find what follows Bearer and Basic, but for prose and challenges."""
    for found in _SCHEME.finditer(text):
        credentials = found["credentials"]
        start, end = found.span("credentials")
        if len(credentials) < 4 or credentials == mask or _PARAMETER.match(credentials):
            continue
        if credentials.rstrip(".").lower() in _NO_CREDENTIALS:
            continue
        bearer = found["scheme"].lower() == "bearer"
        mixed = not credentials.rstrip(".").isalpha() or not (credentials.islower() or credentials.istitle())
        if (bearer and len(credentials) >= 8) or mixed or basic_credentials(base64_text(credentials) or ""):
            yield start, end, mask


def url_users(text: str, mask: str) -> Iterable[Edit]:
    """Find `user:password@` in URLs."""
    for found in _NETLOC.finditer(text):
        start, end = found.span("place")
        at = found["place"].rfind("@")
        if at < 0 and ":" in found["place"] and not found["place"].rpartition(":")[2].rstrip("]").isdigit():
            # A password with a slash in it, which should have been encoded.
            longer = _USER_AND_SLASH.match(text, start)
            at = longer.end() - 1 - start if longer is not None and longer.end() > end else -1
        if at > 0 and text[start : start + at] != mask:
            yield start, start + at, mask


def known_credentials(text: str, mask: str) -> Iterable[Edit]:
    """Find credentials that a service has given a prefix of its own."""
    return ((found.start(), found.end(), mask) for found in _PREFIXED.finditer(text))

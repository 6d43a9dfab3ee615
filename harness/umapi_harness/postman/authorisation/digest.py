"""Digest (RFC 7616), as Postman speaks it: an answer to a challenge, kept for later requests."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.authorisation.unsigned import (
    AuthorisationError,
    Settings,
    Unsigned,
    body_hash,
    in_header,
    new_hash,
)
from umapi_harness.postman.sending.messages import HttpRequest, HttpResponse

Learnt = dict[str, JsonValue]
"""What challenges have told, under the names of settings."""

_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_SESSION = "-sess"
_FIRST = "00000001"
_LETTERS = string.ascii_letters + string.digits
_REFUSED = (401, 403)
_NAME = re.compile(r"(?<![\w-])(nonce|realm|qop|opaque|stale)\s*=\s*(?:\"([^\"]*)\"|([^\s,\"]+))", re.IGNORECASE)


def digest(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The header of Digest; without user name and realm the request goes as it is, until it is challenged.

    Raises AuthorisationError for an unknown algorithm.
    """
    username, realm, nonce = (settings.text(name) for name in ("username", "realm", "nonce"))
    if not (username and realm and nonce):
        return unsigned.http
    algorithm = settings.text("algorithm", "MD5")
    hash_name = _HASHES.get(algorithm.removesuffix(_SESSION))
    if hash_name is None:
        known = ", ".join(f"{name}, {name}{_SESSION}" for name in _HASHES)
        raise AuthorisationError(f"digest: the algorithm {algorithm} is not known; use one of {known}")
    qop = settings.text("qop")
    counted = qop in ("auth", "auth-int")
    count, client_nonce = settings.text("nonceCount"), settings.text("clientNonce")

    def hashed(*parts: str) -> str:
        value = new_hash(hash_name)
        value.update(":".join(parts).encode("utf-8", "replace"))
        return value.hexdigest()

    secret = hashed(username, realm, settings.text("password"))
    if algorithm.endswith(_SESSION):
        secret = hashed(secret, nonce, client_nonce)
    what = [unsigned.http.method, unsigned.target]
    if qop == "auth-int":
        what.append(body_hash(unsigned.http.body, hash_name).hex())
    chain = [nonce, count, client_nonce, qop] if counted else [nonce]
    response = hashed(secret, *chain, hashed(*what))
    values = [f'username="{username}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{unsigned.target}"']
    values.append(f'algorithm="{algorithm}"')
    if counted:
        values.append(f"qop={qop}")
    if counted or algorithm.endswith(_SESSION):
        values += [f"nc={count}"] if count else []
        values.append(f'cnonce="{client_nonce}"')
    values.append(f'response="{response}"')
    if opaque := settings.text("opaque"):
        values.append(f'opaque="{opaque}"')
    return in_header(unsigned.http, "Authorization", "Digest " + ", ".join(values))


def answer(given: Mapping[str, JsonValue], learnt: Learnt, response: HttpResponse, *, renews: bool) -> bool:
    """Takes what a response tells into `learnt`; returns whether the request is worth sending again.

    `given` are the settings of the user, which no challenge changes. Once all that a challenge tells is known, it is
    a refusal, unless (with `renews`) it brings another nonce in the place of one that earlier requests have used up.
    """
    challenge = _challenge(response) if response.status in _REFUSED else None
    if challenge is None:
        count = str(learnt.get("nonceCount") or "")
        learnt["nonceCount"] = f"{int(count) + 1:08d}" if count.isdecimal() else _FIRST
        return False
    told: Learnt = {"nonce": challenge.get("nonce", ""), "realm": challenge.get("realm", "")}
    told |= {name: challenge[name] for name in ("opaque", "qop") if challenge.get(name)}
    if told.get("qop") or given.get("qop") or learnt.get("qop"):
        told |= {"clientNonce": "".join(secrets.choice(_LETTERS) for _ in range(8)), "nonceCount": _FIRST}
    new = renews and "nonce" in learnt and learnt["nonce"] != told["nonce"]
    if not new and all(given.get(name) or learnt.get(name) for name in told):
        return False
    learnt.update(told)
    return True


def _challenge(response: HttpResponse) -> dict[str, str] | None:
    for value in response.values("www-authenticate"):
        if value.lower().startswith("digest "):
            found = reversed(list(_NAME.finditer(value)))
            return {match[1].lower(): match[2] if match[2] is not None else match[3] for match in found}
    return None

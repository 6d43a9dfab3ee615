"""JSON Web Tokens that the runner signs: Postman's type jwt, and Atlassian's ASAP."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
import warnings
from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings, Unsigned, in_header, in_query
from umapi_harness.postman.sending.messages import HttpRequest

_SECRET = ("HS256", "HS384", "HS512")
_KEY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LIFE = 3600
"""Seconds that a token of ASAP lasts unless the settings say otherwise."""
_BIG = 1e21
"""From here on JavaScript writes numbers with an exponent."""
_DATA_URI = re.compile(r"data:application/pkcs8;kid=([\w.\-+/]+);base64,([a-zA-Z0-9+/=]+)")


def web_token(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """A signed token in the header or in the query; raises AuthorisationError."""
    algorithm = settings.text("algorithm")
    if algorithm not in (*_SECRET, *_KEY):
        known = ", ".join((*_SECRET, *_KEY))
        raise AuthorisationError(f"the algorithm of jwt is {algorithm or 'missing'}; use one of {known}")
    by_secret = algorithm in _SECRET
    name = "secret" if by_secret else "privateKey"
    given = settings.text(name)
    if not given:
        raise AuthorisationError(f"jwt with {algorithm} needs {name}; set it")
    key: str | bytes = given
    if by_secret and settings.flag("isSecretBase64Encoded"):
        key = _decoded(given)
    header = {**_members(settings, "header"), "alg": algorithm}
    token = _signed(header, _members(settings, "payload"), key, algorithm, f"the {name} of jwt")
    place = settings.text("addTokenTo", "header")
    if place == "queryParam":
        return in_query(unsigned.http, settings.text("queryParamKey", "token"), token)
    if place != "header":
        raise AuthorisationError(f"jwt cannot put its token into {place}; set addTokenTo to header or queryParam")
    prefix = settings.values.get("headerPrefix")
    prefix = "Bearer" if prefix is None else str(prefix)
    return in_header(unsigned.http, "Authorization", f"{prefix} {token}" if prefix else token)


def asap(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """A token as Atlassian's services know each other by it (https://s2sauth.bitbucket.io/spec/).

    Claims of the settings go before the settings of the same meaning. Raises AuthorisationError.
    """
    claims = _members(settings, "claims")
    issuer = claims.get("iss") or settings.text("iss")
    key_id = claims.get("kid") or settings.text("kid")
    audience = claims.get("aud") or _audience(settings)
    needed = {"iss": issuer, "kid": key_id, "aud": audience, "privateKey": settings.text("privateKey")}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise AuthorisationError(f"asap needs {', '.join(missing)}; set what is missing")
    algorithm = settings.text("alg", "RS256")
    if algorithm not in _KEY:
        raise AuthorisationError(f"asap: the algorithm {algorithm} is not known; use one of {', '.join(_KEY)}")
    now = int(unsigned.now)
    payload = {
        **claims,
        "iat": claims.get("iat") or now,
        "iss": issuer,
        "sub": claims.get("sub") or settings.text("sub") or issuer,
        "jti": claims.get("jti") or str(uuid.uuid4()),
        "aud": audience,
        "exp": _number(claims.get("exp")) or now + (_number(settings.values.get("exp")) or _LIFE),
    }
    pem = _asap_key(settings.text("privateKey"), str(key_id))
    token = _signed({"alg": algorithm, "kid": key_id}, payload, pem, algorithm, "the privateKey of asap")
    return in_header(unsigned.http, "Authorization", f"Bearer {token}")


def _audience(settings: Settings) -> JsonValue:
    value = settings.values.get("aud")
    return cast("list[JsonValue]", value) if isinstance(value, list) else settings.text("aud")


def _members(settings: Settings, name: str) -> dict[str, JsonValue]:
    """A setting that is an object, or the text of one; raises AuthorisationError."""
    value = settings.values.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise AuthorisationError(f"{name} is no JSON; write an object") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AuthorisationError(f"{name} is no object; write one, with a member for each claim")
    return dict(cast("dict[str, JsonValue]", value))


def _number(value: JsonValue) -> int:
    """The whole number that a value begins with; 0 for none."""
    found = re.match(r"\s*([+-]?\d+)", str(value))
    return int(found[1]) if found else 0


def _signed(
    header: Mapping[str, JsonValue], payload: Mapping[str, JsonValue], key: str | bytes, algorithm: str, what: str
) -> str:
    from jwt import get_algorithm_by_name  # noqa: PLC0415

    text = f"{_encoded(header)}.{_encoded(payload)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # short keys are for the server to refuse
            signer = get_algorithm_by_name(algorithm)
            signature = signer.sign(text.encode("ascii"), signer.prepare_key(key))
    except Exception as error:  # every library beneath has its own
        raise AuthorisationError(
            f"{what} cannot sign with {algorithm}; give a key of that kind, in PEM form"
        ) from error
    return f"{text}.{_base64(signature)}"


def _encoded(members: Mapping[str, JsonValue]) -> str:
    text = json.dumps(_as_in_javascript(members), ensure_ascii=False, separators=(",", ":"))
    return _base64(text.encode("utf-8", "replace"))


def _as_in_javascript(value: JsonValue) -> JsonValue:
    """A value of JSON as JavaScript writes it, which knows no 2.0."""
    if isinstance(value, dict):
        return {key: _as_in_javascript(one) for key, one in cast("dict[str, JsonValue]", value).items()}
    if isinstance(value, list):
        return [_as_in_javascript(one) for one in cast("list[JsonValue]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _BIG else value


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    """Bytes of base64 in either alphabet, with or without its padding."""
    plain = re.sub(r"[^A-Za-z0-9+/]", "", text.replace("-", "+").replace("_", "/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        raise AuthorisationError(
            "the secret of jwt is no base64; write it as such, or unset isSecretBase64Encoded"
        ) from None


def _asap_key(text: str, key_id: str) -> str:
    """The key in PEM form, from that or from a data URI that names its id too; raises AuthorisationError."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_der_private_key,
    )

    plain = unquote(re.sub(r'^"(.*)"$', r"\1", text, flags=re.DOTALL))
    if not plain.startswith("data:"):
        return plain
    match = _DATA_URI.fullmatch(plain.replace("\n", ""))
    if match is None:
        raise AuthorisationError("asap: privateKey is a data URI, but none of a key in PKCS #8")
    if match[1] != key_id:
        raise AuthorisationError("asap: privateKey names another kid than the settings; make the two the same")
    try:
        key = load_der_private_key(base64.b64decode(match[2]), None)
    except (ValueError, TypeError):
        raise AuthorisationError("asap: the data URI of privateKey holds no key in PKCS #8") from None
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")

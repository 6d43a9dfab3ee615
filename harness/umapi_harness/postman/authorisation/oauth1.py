"""OAuth 1 (RFC 5849): parameters and a signature, in the header, the body or the query."""

from __future__ import annotations

import base64
import hmac
import secrets
import string
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from msgspec.structs import replace

from umapi_harness.postman.addresses import with_parameter, without_parameters
from umapi_harness.postman.authorisation.unsigned import (
    AuthorisationError,
    Settings,
    Unsigned,
    body_hash,
    in_header,
    without_header,
)
from umapi_harness.postman.sending.messages import HttpBody, HttpRequest

Pairs = list[tuple[str, str]]

_NONCE_LETTERS = string.ascii_letters + string.digits
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
_METHODS = ("PLAINTEXT", *(f"{key}-{hash_}" for key in ("HMAC", "RSA") for hash_ in _HASHES))
_NAMES = frozenset(
    f"oauth_{name}"
    for name in (
        *("consumer_key", "token", "signature_method", "timestamp", "nonce", "version", "signature"),
        *("callback", "verifier", "body_hash"),
    )
)


def oauth1(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The signed request; without consumer key and secret (or private key) it goes as it is, as in Postman.

    Raises AuthorisationError for an unknown signature method and for a key that cannot be used.
    """
    method = settings.text("signatureMethod", "HMAC-SHA1")
    key = settings.text("privateKey" if method.startswith("RSA") else "consumerSecret")
    if not (settings.text("consumerKey") and key):
        return unsigned.http
    if method not in _METHODS:
        raise AuthorisationError(f"oauth1: the method {method} is not known; use one of {', '.join(_METHODS)}")
    bare = without_header(unsigned.http, "Authorization")
    bare = replace(bare, url=without_parameters(bare.url, _NAMES))
    is_form = unsigned.mode == "urlencoded"
    form = [pair for pair in _form_pairs(bare.body) if pair[0] not in _NAMES] if is_form else []
    parameters = _parameters(settings, unsigned, method)
    parameters.append(("oauth_signature", _signature(settings, bare, [*parameters, *form])))
    if not unsigned.as_it_stands:
        bare = replace(bare, url=_reencoded(bare.url))
    if settings.flag("addParamsToHeader"):
        value = _header(settings, parameters)
        return in_header(_with_form(bare, form) if is_form else bare, "Authorization", value)
    if is_form and ("PUT" in bare.method or "POST" in bare.method):
        return _with_form(bare, [*form, *parameters])
    for name, value in parameters:
        bare = replace(bare, url=with_parameter(bare.url, *_as_written(name, value, unsigned)))
    return bare


def _as_written(name: str, value: str, unsigned: Unsigned) -> tuple[str, str]:
    return (name, value) if unsigned.as_it_stands else (_escaped(name), _escaped(value))


def _parameters(settings: Settings, unsigned: Unsigned, method: str) -> Pairs:
    """The parameters of the protocol, without the signature; empty ones only where the settings say so."""
    nonce = "".join(secrets.choice(_NONCE_LETTERS) for _ in range(11))
    named = [
        ("oauth_consumer_key", settings.text("consumerKey")),
        ("oauth_token", settings.text("token")),
        ("oauth_signature_method", method),
        ("oauth_timestamp", settings.text("timestamp") or str(int(unsigned.now))),
        ("oauth_nonce", settings.text("nonce") or nonce),
        ("oauth_version", settings.text("version")),
    ]
    extensions = [
        ("oauth_body_hash", _body_hash(settings, unsigned, method)),
        ("oauth_callback", settings.text("callback")),
        ("oauth_verifier", settings.text("verifier")),
    ]
    if settings.flag("addEmptyParamsToSign"):
        return [*named, *((name, value) for name, value in extensions if value)]
    return [(name, value) for name, value in (*named, *extensions) if value.strip()]


def _body_hash(settings: Settings, unsigned: Unsigned, method: str) -> str:
    """The hash of a body that is no form, where the settings ask for it."""
    hash_name = _HASHES.get(method.partition("-")[2])
    if not settings.flag("includeBodyHash") or hash_name is None or unsigned.mode in ("urlencoded", "formdata"):
        return ""
    return _base64(body_hash(unsigned.http.body, hash_name))


def _signature(settings: Settings, request: HttpRequest, parameters: Pairs) -> str:
    method = next(value for name, value in parameters if name == "oauth_signature_method")
    key_kind, _, hash_ = method.partition("-")
    base = _base_string(request, parameters).encode("ascii")
    if key_kind == "RSA":
        return _base64(_by_key(settings.text("privateKey"), base, hash_))
    key = f"{_escaped(settings.text('consumerSecret'))}&{_escaped(settings.text('tokenSecret'))}"
    return _base64(hmac.digest(key.encode("ascii"), base, _HASHES[hash_])) if hash_ else key


def _base_string(request: HttpRequest, parameters: Pairs) -> str:
    """What is signed (RFC 5849, 3.4.1)."""
    place, _, query = request.url.partition("?")
    parts = urlsplit(place)
    host = parts.netloc.rpartition("@")[2].lower()
    host = host.removesuffix(":80" if parts.scheme == "http" else ":443")
    every = [*_query_pairs(query), *parameters]
    pairs = sorted((_escaped(key), _escaped(value)) for key, value in every)
    text = "&".join(f"{key}={value}" for key, value in pairs)
    return "&".join(_escaped(part) for part in (request.method, f"{parts.scheme}://{host}{parts.path}", text))


def _by_key(pem: str, base: bytes, hash_: str) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    algorithms = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256(), "SHA512": hashes.SHA512()}  # noqa: S303
    try:
        key = load_pem_private_key(pem.encode("utf-8", "replace"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise AuthorisationError("oauth1: privateKey holds no RSA key in PEM form, without a passphrase")
    return key.sign(base, padding.PKCS1v15(), algorithms[hash_])


def _header(settings: Settings, parameters: Pairs) -> str:
    written = str if settings.flag("disableHeaderEncoding") else _escaped
    realm = settings.text("realm")
    pairs = [f'realm="{written(realm)}"'] if realm.strip() else []
    pairs += [f'{name}="{written(value.strip())}"' for name, value in parameters if value]
    return "OAuth " + ",".join(pairs)


def _query_pairs(query: str) -> Iterable[tuple[str, str]]:
    for pair in query.split("&"):
        if pair:
            key, _, value = pair.partition("=")
            yield unquote_plus(key), unquote_plus(value)


def _reencoded(url: str) -> str:
    """The URL with its query in the encoding that OAuth asks for."""
    place, mark, query = url.partition("?")
    pairs: list[str] = []
    for pair in query.split("&"):
        key, equals, value = pair.partition("=")
        pairs += [_escaped(unquote_plus(key)) + equals + _escaped(unquote_plus(value))] if pair else []
    return f"{place}?{'&'.join(pairs)}" if mark and pairs else place + mark


def _form_pairs(body: HttpBody | None) -> Pairs:
    """The fields of a form, from the bytes of the wire."""
    text = b"" if body is None else b"".join(body.pieces())
    return parse_qsl(text.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=None)


def _with_form(request: HttpRequest, form: Pairs) -> HttpRequest:
    text = "&".join(f"{_escaped(key)}={_escaped(value)}" for key, value in form)
    return replace(request, body=HttpBody((text.encode("ascii"),)) if text else None)


def _escaped(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="-_.~")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

"""What Newman sends, byte for byte: requests with their authorisation, and how they arrived.

The file was made with Newman 6.2.2, its clock at 1,700,000,000 seconds since 1970, and a server that noted what came.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from umapi_harness.common.documents import Node
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, body_hash
from umapi_harness.postman.behaviour import behaviour_of
from umapi_harness.postman.collection import parse_request
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.outgoing import Maker, resolved
from umapi_harness.postman.sending.messages import FileContent, HttpBody
from umapi_harness.postman.variables import Scopes

SAMPLES = json.loads((Path(__file__).parent / "authorisation_samples.json").read_text(encoding="utf-8"))
ADDED_LATER = frozenset({"user-agent", "accept", "cache-control", "postman-token", "host", "accept-encoding"}) | {
    "connection",
    "content-type",
    "content-length",
}
"""What the runner adds to every request, in the order that other tests hold."""
NOW = 1_700_000_000


@pytest.fixture
def made(tmp_path):
    """Makes a request for the wire."""
    maker = Maker(files=FileAccess(folder=tmp_path), chance=random.Random(1), user_agent="u", now=lambda: NOW)

    def make(request, behaviour=None, **values):
        ready = resolved(parse_request(Node(request, "c.json")), Scopes(environment={"v": "varval", **values}))
        return maker.make(ready, behaviour_of(behaviour or {}))

    return make


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_requests_arrive_as_those_of_newman(made, sample):
    """Address, headers in their order, and body."""
    sent = made(sample["request"], sample.get("behaviour"))
    assert sent.url.removeprefix("http://127.0.0.1:18089") == sample["target"]
    headers = [[key, value.encode("latin-1").decode().lstrip()] for key, value in sent.headers]
    assert [pair for pair in headers if pair[0].lower() not in ADDED_LATER] == sample["headers"]
    body = b"" if sent.body is None else b"".join(sent.body.pieces())
    assert body.decode() == sample.get("body", "")


def pem_of(key):
    """A private key in PEM form."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def key():
    """A key for RSA."""
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "ES384"])
def test_web_tokens_are_signed_by_the_key(made, key, algorithm):
    """A library with the public key reads header and payload."""
    curve = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}.get(algorithm)
    private = key if curve is None else ec.generate_private_key(curve)
    settings = {"algorithm": algorithm, "privateKey": "{{pem}}", "header": '{"kid": "k"}', "payload": {"a": "{{v}}"}}
    sent = made({"url": "http://h/", "auth": {"type": "jwt", "jwt": settings}}, pem=pem_of(private))
    token = sent.header("authorization").removeprefix("Bearer ")
    assert jwt.decode(token, private.public_key(), [algorithm]) == {"a": "varval"}
    assert jwt.get_unverified_header(token) == {"kid": "k", "alg": algorithm}


@pytest.mark.parametrize(
    ("changes", "claims"),
    [
        ({}, {"iss": "i", "sub": "s", "aud": "a", "iat": NOW, "exp": NOW + 60}),
        ({"sub": "", "exp": ""}, {"iss": "i", "sub": "i", "aud": "a", "iat": NOW, "exp": NOW + 3600}),
        (
            {"claims": {"sub": "t", "aud": ["x"], "jti": "j", "iat": 5}},
            {"iss": "i", "sub": "t", "aud": ["x"], "jti": "j", "iat": 5},
        ),
        ({"claims": '{"iss": "c", "exp": 1700009999}'}, {"iss": "c", "sub": "s", "aud": "a", "exp": 1_700_009_999}),
    ],
)
def test_tokens_of_asap_hold_their_claims(made, key, changes, claims):
    """Claims of the settings go before settings, and what neither has is filled in."""
    settings = {"kid": "k", "iss": "i", "sub": "s", "aud": "a", "exp": "60", "privateKey": "{{pem}}", **changes}
    sent = made({"url": "http://h/", "auth": {"type": "asap", "asap": settings}}, pem=pem_of(key))
    token = sent.header("authorization").removeprefix("Bearer ")
    found = jwt.decode(token, key.public_key(), ["RS256"], options={"verify_exp": False, "verify_aud": False})
    assert claims.items() <= found.items()
    assert found["jti"]
    assert jwt.get_unverified_header(token)["kid"] == "k"


def test_a_key_of_asap_may_be_a_data_uri(made, key):
    """It holds the key in DER form and its id, which must be that of the settings."""
    der = base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    settings = {"kid": "k", "iss": "i", "aud": "a", "privateKey": f"data:application/pkcs8;kid=k;base64,{der}"}
    sent = made({"url": "http://h/", "auth": {"type": "asap", "asap": settings}})
    token = sent.header("authorization").removeprefix("Bearer ")
    assert jwt.decode(token, key.public_key(), ["RS256"], audience="a", options={"verify_exp": False})["iss"] == "i"


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda one: one.name)
def test_oauth_1_signs_with_a_key(made, key, algorithm):
    """The signature is that of RFC 5849's base string."""
    method = f"RSA-{algorithm.name.upper()}"
    settings = {"consumerKey": "c", "privateKey": "{{pem}}", "signatureMethod": method, "nonce": "n", "timestamp": "1"}
    sent = made({"url": "http://H:80/x?b=2&a=1", "auth": {"type": "oauth1", "oauth1": settings}}, pem=pem_of(key))
    pairs = dict(pair.split("=") for pair in sent.url.partition("?")[2].split("&"))
    signature = base64.b64decode(
        pairs.pop("oauth_signature").replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    )
    text = "&".join(f"{name}={pairs[name]}" for name in sorted(pairs)).replace("=", "%3D").replace("&", "%26")
    base = f"GET&http%3A%2F%2Fh%2Fx&{text}".encode()
    key.public_key().verify(signature, base, padding.PKCS1v15(), algorithm)


def test_part_of_a_body_is_hashed_over_its_pieces():
    """What stands before and after goes in; bytes past the most do not, nor is a file read for them."""
    lost = FileContent(path=Path("nowhere"), size=1)
    body = HttpBody((b"ab", b"cd", lost))
    assert body_hash(body, "sha256", most=3, before=b"<", after=b">") == hashlib.sha256(b"<abc>").digest()
    assert body_hash(body, "sha256", most=4) == hashlib.sha256(b"abcd").digest()
    with pytest.raises(AuthorisationError, match="nowhere cannot be read"):
        body_hash(body, "sha256")
    with pytest.raises(AuthorisationError, match="this Python has no md9"):
        body_hash(body, "md9")

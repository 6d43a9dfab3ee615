"""The JSON Web Token that the runner signs for the legacy flow."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.signing import jwt_provider
from umapi_harness.postman.variables import Scopes
from umapi_models.defaults import JWT_LIFE

NOW = 1_700_000_000


@pytest.fixture(scope="module")
def key():
    """An RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def written(key, path, passphrase=None):
    """Writes a private key as PEM."""
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))
    return path


def scopes_for(path, **more):
    """The variables of a technical account."""
    values = {
        "org_id": "1@AdobeOrg",
        "tech_account_id": "t@techacct",
        "client_id": "c",
        "ims_url": "https://ims.example:8443",
        "private_key_path": str(path),
        **more,
    }
    return Scopes(environment=values, providers=jwt_provider(lambda: NOW))


@pytest.mark.parametrize("passphrase", [None, "hush"])
def test_the_token_carries_the_claims_of_the_walkthrough(key, tmp_path, passphrase):
    """Issuer, subject, audience, metascope and an expiry of an hour, signed with the key, which may be encrypted."""
    path = written(key, tmp_path / "k.pem", passphrase.encode() if passphrase else None)
    more = {"private_key_passphrase": passphrase} if passphrase else {}
    token = scopes_for(path, **more).resolve("{{jwt_token}}")
    options: Any = {"verify_exp": False}
    audience = "https://ims.example:8443/c/c"
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], audience=audience, options=options)
    assert claims == {
        "exp": NOW + JWT_LIFE,
        "iss": "1@AdobeOrg",
        "sub": "t@techacct",
        "aud": audience,
        "https://ims.example:8443/s/ent_user_sdk": True,
    }


def test_without_a_technical_account_the_variable_has_no_value(key, tmp_path):
    """Where a value is missing or empty, the variable stays unresolved instead of being signed wrongly."""
    path = written(key, tmp_path / "k.pem")
    assert scopes_for(path, tech_account_id="").find("jwt_token") is None
    assert scopes_for("").find("jwt_token") is None


def test_a_key_that_cannot_be_used_is_told_without_showing_it(key, tmp_path):
    """A missing file, a wrong passphrase, another kind of key and plain text are named by their file."""
    ecc = written(ec.generate_private_key(ec.SECP256R1()), tmp_path / "ec.pem")
    locked = written(key, tmp_path / "locked.pem", b"right")
    text = tmp_path / "text.pem"
    text.write_text("-----BEGIN PRIVATE KEY-----\nabcdef\n-----END PRIVATE KEY-----\n", encoding="utf-8")
    cases = [
        (scopes_for(tmp_path / "none.pem"), "private_key_path: no such file or directory; give the path"),
        (scopes_for(ecc), "no RSA private key in PEM form"),
        (scopes_for(locked), "or the wrong passphrase"),
        (scopes_for(locked, private_key_passphrase="wrong"), "or the wrong passphrase"),
        (scopes_for(text), "no RSA private key in PEM form"),
    ]
    for scopes, message in cases:
        with pytest.raises(DocumentError) as caught:
            scopes.find("jwt_token")
        assert message in str(caught.value)
        assert "abcdef" not in str(caught.value)


def test_a_token_host_that_is_no_address_is_told(key, tmp_path):
    """It is an error of the request that uses the token."""
    path = written(key, tmp_path / "k.pem")
    with pytest.raises(DocumentError, match=r"ims_url: .*; give the address of the token host"):
        scopes_for(path, ims_url="http://[v1.x").find("jwt_token")

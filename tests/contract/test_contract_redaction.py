"""Redaction: no secret survives, wherever it stands, and what is no secret stays as it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract import redaction
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, read, write
from umapi_harness.contract.redaction import REDACTED

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SECRETS = st.text(ALPHABET, min_size=12, max_size=40).map(lambda text: f"s3cr3t{text}")
PARTS = st.text(ALPHABET, min_size=4, max_size=30)
JWTS = st.tuples(PARTS, PARTS, PARTS).map(lambda parts: f"eyJ{'.'.join(parts)}")
NAMES = st.sampled_from(
    [
        "access_token",
        "refresh_token",
        "client_secret",
        "clientSecret",
        "jwt_token",
        "assertion",
        "password",
        "priv_key",
        "private_key_data",
        "Client-Secret",
    ]
)
PEM = "-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"

FORMS: dict[str, Callable[[str, str], str]] = {
    "JSON": lambda name, secret: json.dumps({"a": [{name: secret}]}),
    "JSON with odd escapes": lambda name, secret: json.dumps({name: secret}).replace("e", "\\u0065"),
    "JSON in JSON": lambda name, secret: json.dumps({"body": json.dumps({name: secret})}),
    "broken JSON": lambda name, secret: f'{{"{name}": "{secret}", "b": ',
    "form": lambda name, secret: urlencode({"grant_type": "client_credentials", name: secret, "z": "1"}),
    "form, alone": lambda name, secret: f"{name}={secret}",
    "multipart": lambda name, secret: (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{secret}\r\n--b--\r\n'
    ),
    "bearer in a sentence": lambda _, secret: f"sent Authorization: Bearer {secret} to the service",
    "PEM": lambda _, secret: PEM.format(kind="RSA ", body=secret),
    "PEM in JSON": lambda _, secret: json.dumps({"file": PEM.format(kind="", body=secret)}),
    "PEM cut short": lambda _, secret: f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{secret}",
}


@pytest.mark.parametrize("form", FORMS)
@given(name=NAMES, secret=SECRETS)
def test_secrets_in_text_are_masked(form: str, name: str, secret: str) -> None:
    """A secret under any of its names does not survive in any form of text, and masking again changes nothing."""
    masked = redaction.text(FORMS[form](name, secret))
    assert secret not in masked
    assert REDACTED in masked
    assert redaction.text(masked) == masked


@given(token=JWTS, before=st.text(" .,;:!/=\"'<>{}[]()\n", max_size=5), after=st.text(" ,;:!/\"'<>{}()\n", max_size=5))
def test_tokens_are_known_by_their_form(token: str, before: str, after: str) -> None:
    """A JWT is masked wherever it stands, whatever it is called."""
    masked = redaction.text(f"{before}{token}{after}")
    assert token not in masked
    assert redaction.text(masked) == masked


@given(st.text())
def test_masking_is_idempotent(text: str) -> None:
    """Masking any text a second time changes nothing."""
    masked = redaction.text(text)
    assert redaction.text(masked) == masked


JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(JSON_DATA)
def test_masking_json_keeps_its_shape(data: Any) -> None:
    """JSON data that was masked is masked for good, and lists keep their length."""
    masked = redaction.data([data])
    assert redaction.data(masked) == masked
    assert len(masked) == 1
    assert len(redaction.data([data, data])) == 2


@given(name=NAMES, secret=SECRETS, token=JWTS)
def test_a_written_recording_holds_no_secret(name: str, secret: str, token: str) -> None:
    """URLs, headers, forms and bodies of an exchange are masked when it is written, and only then."""
    exchange = Exchange(
        name="one",
        where="here",
        request=RecordedRequest(
            method="POST",
            url=f"https://user:{secret}@h/ims/token/v2?{urlencode({name: secret, 'grant_type': 'x'})}#{name}={secret}",
            headers=(
                ("authorization", f"Bearer {secret}"),
                ("Proxy-Authorization", f"Basic {secret}"),
                ("Cookie", secret),
                ("X-Debug", token),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ),
            body=urlencode({name: secret, "grant_type": "x"}).encode(),
        ),
        response=RecordedResponse(
            status=200,
            headers=(("Set-Cookie", f"sid={secret}"), ("Content-Type", "application/json")),
            body=json.dumps({name: secret, "note": token, "expires_in": 86399}).encode() + b"\xff",
        ),
        source="UM_Authentication.md",
    )
    text = write([exchange])
    assert secret not in text
    assert token not in text
    (again,) = read(text, "file").exchanges
    assert write([again]) == text
    assert secret.encode() not in again.response.body
    assert b"grant_type=x" in again.request.body
    assert again.request.header("authorization") == f"Bearer {REDACTED}"


@pytest.mark.parametrize(
    "text",
    [
        '{"completed": 1, "result": "success"}',
        '{"token_type":"bearer","expires_in":86399}',
        '{"error":"invalid_client","error_description":"invalid client_secret parameter"}',
        '{"lastPage":false,"result":"error.unauthorized","message":"Failed to authenticate provided token"}',
        'Bearer realm="JIL", error="invalid_token", error_description="The access token is invalid"',
        "directOnly=true&domain=example.com",
        '{"token_seconds": 86399, "private_key_path": "/keys/private.key", "jwt_url": "https://h/"}',
        '{"client_secret": "", "access_token": null}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Ordinary answers, error descriptions and settings are left as they came, to the blank."""
    assert redaction.text(text) == text


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("Authorization", "Bearer abc", "Bearer REDACTED"),
        ("AUTHORIZATION", "abc", "REDACTED"),
        ("Cookie", "a=b", "REDACTED"),
        ("X-Auth-Token", "abc", "REDACTED"),
        ("x-api-key", "88ce03094fe74f4d91c2538217d007fe", "88ce03094fe74f4d91c2538217d007fe"),
        ("Location", "https://h/?access_token=abc", "https://h/?access_token=REDACTED"),
    ],
)
def test_headers_are_masked_by_name(name: str, value: str, masked: str) -> None:
    """Authorisation and cookies lose their value; a client id, which is no secret, stays."""
    assert redaction.header(name, value) == masked


def test_har_structures_are_masked() -> None:
    """Cookies, params, query pairs and base64 contents of a foreign HAR are masked, its own structure stays."""
    har = {
        "log": {
            "entries": [
                {
                    "request": {
                        "url": "https://h/ims/token/v2?client_secret=abc",
                        "cookies": [{"name": "sid", "value": "abc"}],
                        "queryString": [
                            {"name": "client_secret", "value": "abc"},
                            {"name": "scope", "value": "openid"},
                        ],
                        "postData": {"params": [{"name": "jwt_token", "value": "abc"}]},
                    },
                    "response": {
                        "content": {"encoding": "base64", "text": base64.b64encode(b'{"access_token":"abc"}').decode()}
                    },
                }
            ]
        }
    }
    (entry,) = redaction.document(har)["log"]["entries"]
    assert entry["request"]["url"] == "https://h/ims/token/v2?client_secret=REDACTED"
    assert entry["request"]["cookies"] == [{"name": "sid", "value": "REDACTED"}]
    assert [pair["value"] for pair in entry["request"]["queryString"]] == ["REDACTED", "openid"]
    assert entry["request"]["postData"]["params"] == [{"name": "jwt_token", "value": "REDACTED"}]
    assert base64.b64decode(entry["response"]["content"]["text"]) == b'{"access_token":"REDACTED"}'

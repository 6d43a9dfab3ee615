"""The token host: both flows, and a description of its own for each cause of failure (reference section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from umapi_harness.mock import default_seed

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

IMS = "https://ims-na1.adobelogin.com"


def oauth_fields(mock: Mock, **changes: str | None) -> dict[str, str]:
    """The fields of a good request for client credentials, with some changed or (None) left out."""
    details = mock.server.details
    fields = {
        "grant_type": "client_credentials",
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def claims(mock: Mock, changes: Mapping[str, object] = MappingProxyType({}), *, host: str = IMS) -> dict[str, object]:
    """Good claims, with some changed or (None) left out."""
    details = mock.server.details
    found: dict[str, object] = {
        "exp": int(mock.clock.now()) + 86_400,
        "iss": details.org_id,
        "sub": details.tech_account_id,
        "aud": f"{host}/c/{details.client_id}",
        f"{host}/s/ent_user_sdk": True,
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def signed(mock: Mock, payload: dict[str, object], key: str | None = None, algorithm: str = "RS256") -> str:
    """A JWT, signed with the server's own key unless another is given."""
    return jwt.encode(payload, key if key is not None else mock.world.keys.private_pem, algorithm=algorithm)


def exchange(mock: Mock, token: str | None, **changes: str | None) -> httpx.Response:
    """Send a JWT in exchange for a token."""
    fields = {**oauth_fields(mock, grant_type=None, scope=None, **changes)}
    if token is not None:
        fields["jwt_token"] = token
    return mock.client.post("/ims/exchange/jwt", data=fields)


def usable(mock: Mock, answer: httpx.Response) -> bool:
    """Whether the token in the answer opens the API."""
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return mock.client.get(f"/v2/usermanagement/users/{mock.org_id}/0", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/ims/token/v2", "/ims/token/v3", "/ims/token/v2/", "/ims/token/v3/"])
@pytest.mark.parametrize("form", ["data", "files", "params"])
def test_oauth_in_every_form(mock: Mock, path: str, form: str) -> None:
    """Both versions take a plain form, a multipart form and the query; life is told in seconds."""
    fields = oauth_fields(mock)
    multipart = {name: (None, value) for name, value in fields.items()}
    if form == "params":
        answer = mock.client.post(path, params=fields)
    elif form == "files":
        answer = mock.client.post(path, files=multipart)
    else:
        answer = mock.client.post(path, data=fields)
    assert answer.status_code == 200, answer.text
    assert {**answer.json(), "access_token": ""} == {"access_token": "", "token_type": "bearer", "expires_in": 86_399}
    assert usable(mock, answer)


@pytest.mark.parametrize(
    ("path", "scope", "good"),
    [
        ("/ims/token/v3", "openid AdobeID user_management_sdk", True),
        ("/ims/token/v3", "openid, AdobeID, user_management_sdk", True),
        ("/ims/token/v2", "openid AdobeID user_management_sdk", True),
        ("/ims/token/v2", "openid, AdobeID,\tuser_management_sdk", True),
        ("/ims/token/v2", "user_management_sdk", True),
        ("/ims/token/v2", "openid,AdobeID", False),
        ("/ims/token/v3", "ent_user_sdk,openid,AdobeID", True),
        ("/ims/token/v3", "openid,user_management_sdk,additional_info.job_function,read_organizations", True),
        ("/ims/token/v2", 'openid,AdobeID,user_management_sdk,every"thing', False),
        ("/ims/token/v2", "openid,AdobeID,user_management_sdk,\u00e4", False),
        ("/ims/token/v2", "", False),
    ],
)
def test_oauth_scopes(mock: Mock, path: str, scope: str, good: bool) -> None:
    """Commas and spaces separate scopes, as clients have them; ours is needed, by either name; others may come."""
    answer = mock.client.post(path, data=oauth_fields(mock, scope=scope))
    assert answer.status_code == (200 if good else 400)
    assert good or answer.json()["error"] == "invalid_scope"


def test_scopes_of_other_apis_by_setting(mock: Mock) -> None:
    """With the setting only the scopes that the seed gives the credential are granted, and the refusal says where."""
    mock.set(unknown_scope_fails=True)
    answer = mock.client.post("/ims/token/v3", data=oauth_fields(mock, scope="user_management_sdk,target_sdk"))
    said = 'invalid scope: target_sdk; list it under "scopes" of the credential in the seed, or set unknown_scope_fails'
    assert answer.status_code == 400
    assert answer.json()["error_description"].startswith(said)
    seed = default_seed()
    seed["credentials"][0]["scopes"] = ["target_sdk"]
    mock.seed(seed)
    mock.set(unknown_scope_fails=True)
    answer = mock.client.post("/ims/token/v3", data=oauth_fields(mock, scope="user_management_sdk,target_sdk"))
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["", "text/plain;charset=UTF-8", "application/json"])
def test_bodies_that_are_no_form(mock: Mock, kind: str) -> None:
    """What is not sent as a form is not read, and the refusal says so, after what is missing."""
    content = str(httpx.QueryParams(oauth_fields(mock)))
    answer = mock.client.post("/ims/token/v3", content=content, headers={"Content-Type": kind} if kind else {})
    named = f"is {kind}" if kind else "is missing"
    wanted = "not application/x-www-form-urlencoded or multipart/form-data"
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert answer.json()["error_description"] == (
        f"grant_type must be client_credentials; the body was not read: its Content-Type {named}, {wanted}"
    )


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"client_secret": "wrong"}, "invalid_client", "invalid client_secret parameter"),
        ({"client_secret": None}, "invalid_client", "invalid client_secret parameter"),
        ({"client_secret": "😀 é"}, "invalid_client", "invalid client_secret parameter"),
        ({"client_id": "wrong"}, "invalid_client", "invalid client_id parameter"),
        ({"client_id": None}, "invalid_client", "invalid client_id parameter"),
        ({"grant_type": "password"}, "unsupported_grant_type", "grant_type must be client_credentials"),
        ({"grant_type": None}, "unsupported_grant_type", "grant_type must be client_credentials"),
    ],
)
def test_oauth_refused(mock: Mock, changes: dict[str, str | None], error: str, description: str) -> None:
    """Each cause has its own error or description."""
    answer = mock.client.post("/ims/token/v2", data=oauth_fields(mock, **changes))
    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize(
    "path", ["/ims/exchange/jwt", "/ims/exchange/jwt/", "/ims/exchange/v1/jwt", "/ims/exchange/v1/jwt/"]
)
@pytest.mark.parametrize("multipart", [False, True])
def test_jwt_exchange(mock: Mock, path: str, multipart: bool) -> None:
    """A good JWT is taken in both forms, with and without the slash; life is told in milliseconds.

    The path with v1 is that of shtrule/adobe-umapi-client-go (clients/authclient.go).
    """
    fields = oauth_fields(mock, grant_type=None, scope=None)
    fields["jwt_token"] = signed(mock, claims(mock))
    if multipart:
        answer = mock.client.post(path, files={name: (None, value) for name, value in fields.items()})
    else:
        answer = mock.client.post(path, data=fields)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 86_399_000)
    assert usable(mock, answer)


def test_jwt_for_the_host_the_server_is_reached_by(mock: Mock) -> None:
    """Audience and metascope may name the server's own host, with or without the port."""
    own = mock.server.url
    for host in (own, own.replace("http:", "https:"), own.rpartition(":")[0]):
        assert exchange(mock, signed(mock, claims(mock, host=host))).status_code == 200


def test_jwt_with_a_registered_key(mock: Mock) -> None:
    """Where the seed registers a public key, that one is used and the server's own is not."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    seed = default_seed()
    seed["credentials"][0]["public_key"] = public.decode("ascii")
    mock.seed(seed)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
    assert exchange(mock, signed(mock, claims(mock), pem)).status_code == 200
    assert exchange(mock, signed(mock, claims(mock))).status_code == 400


WRONG_KEY = "Could not match JWT signature to any of the bindings"
UNREADABLE = "JWT token is incorrectly formatted, and can not be decoded."


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"exp": None}, "invalid_token", "JWT expiration (exp) is missing."),
        ({"exp": "Thu Jun 09 2022"}, "invalid_token", UNREADABLE),
        ({"exp": 1_000_000_000}, "invalid_token", "JWT token has expired."),
        ({"exp": True}, "invalid_token", UNREADABLE),
        ({"exp": float("nan")}, "invalid_token", "JWT token has expired."),
        ({"iss": "99@AdobeOrg"}, "invalid_token", "JWT issuer (iss) is not the organization of the client."),
        ({"iss": None}, "invalid_token", "JWT issuer (iss) is not the organization of the client."),
        (
            {"sub": "x@techacct.adobe.com"},
            "invalid_token",
            "JWT subject (sub) is not the technical account of the client.",
        ),
        ({"aud": f"{IMS}/c/other"}, "invalid_client", "JWT audience (aud) does not match the client_id."),
        ({"aud": "https://ims.example/c/x"}, "invalid_client", "JWT audience (aud) does not name this token host."),
        ({"aud": None}, "invalid_client", "JWT audience (aud) does not name this token host."),
        ({"aud": ["a", 1]}, "invalid_client", "JWT audience (aud) does not name this token host."),
        ({f"{IMS}/s/ent_user_sdk": False}, "invalid_scope", f"JWT lacks the metascope {IMS}/s/ent_user_sdk"),
        ({f"{IMS}/s/ent_user_sdk": 0}, "invalid_scope", f"JWT lacks the metascope {IMS}/s/ent_user_sdk"),
        ({f"{IMS}/s/ent_user_sdk": None}, "invalid_scope", f"JWT lacks the metascope {IMS}/s/ent_user_sdk"),
    ],
)
def test_jwt_claims_refused(mock: Mock, changes: dict[str, object], error: str, description: str) -> None:
    """Each claim that is wrong has its own description."""
    answer = exchange(mock, signed(mock, claims(mock, changes)))
    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize("seconds", [1.25, 60, 600, 86_400, 87_000, 87_000.75, 10 * 86_400, 10**12, 10**400])
def test_jwt_expiry_as_public_clients_sign_it(mock: Mock, seconds: float) -> None:
    """However far ahead it lies, whole or with a fraction: two of Adobe's Postman collections sign 87,000 s ahead,
    the Java sample in AdobeDocs/adobeio-auth a day, and no page names a limit."""
    expiry = int(mock.clock.now()) + seconds if isinstance(seconds, int) else mock.clock.now() + seconds
    assert exchange(mock, signed(mock, claims(mock, {"exp": expiry}))).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": 1, "nbf": 99_999_999_999, "jti": "x"},
        {f"{IMS}/s/ent_adobeio_sdk": True},
        {f"{IMS}/s/ent_user_sdk": "true"},
        {"aud": [f"{IMS}/c/other", f"{IMS}/c/{default_seed()['credentials'][0]['client_id']}"]},
    ],
)
def test_jwt_with_more_than_is_needed(mock: Mock, changes: dict[str, object]) -> None:
    """Claims that RFC 7519 registers, metascopes of other APIs and several audiences do no harm."""
    assert exchange(mock, signed(mock, claims(mock, changes))).status_code == 200


def test_client_credentials_by_basic_authentication(mock: Mock) -> None:
    """Id and secret may come by HTTP Basic, which Postman's helper for OAuth 2.0 uses unless told otherwise."""
    fields = oauth_fields(mock)
    known = (fields.pop("client_id"), fields.pop("client_secret"))
    assert mock.client.post("/ims/token/v3", data=fields, auth=known).status_code == 200
    refused = mock.client.post("/ims/token/v3", data=fields, auth=(known[0], "wrong"))
    assert refused.json()["error_description"] == "invalid client_secret parameter"
    broken = mock.client.post("/ims/token/v3", data=fields, headers={"Authorization": "Basic !"})
    assert broken.json()["error_description"] == "invalid client_id parameter"


def test_a_scope_that_need_not_be_asked_for(mock: Mock) -> None:
    """With the setting off, a request without our scope gets a token."""
    mock.set(scope_needed=False)
    answer = mock.client.post("/ims/token/v3", data=oauth_fields(mock, scope=None))
    assert (answer.status_code, usable(mock, answer)) == (200, True)


def test_jwt_signature_refused(mock: Mock) -> None:
    """Another key, another algorithm, no signature or a changed payload do not match."""
    private = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    good = signed(mock, claims(mock))
    tokens = [
        signed(mock, claims(mock), private.decode("ascii")),
        signed(mock, claims(mock), algorithm="RS512"),
        signed(mock, claims(mock), key="k" * 32, algorithm="HS256"),
        jwt.encode(claims(mock), "", algorithm="none"),
        f"{signed(mock, claims(mock, {'sub': 'x'})).rpartition('.')[0]}.{good.rpartition('.')[2]}",
    ]
    for token in tokens:
        assert exchange(mock, token).json() == {"error": "invalid_token", "error_description": WRONG_KEY}


@pytest.mark.parametrize("token", ["x", "a.b.c", "...", "é.é.é", "[" * 2000])
def test_jwt_that_is_none(mock: Mock, token: str) -> None:
    """Text that is no JWT cannot be decoded."""
    assert exchange(mock, token).json()["error_description"] == UNREADABLE


def test_jwt_missing(mock: Mock) -> None:
    """Without a JWT, that is said; client and secret are looked at first."""
    assert exchange(mock, None).json()["error_description"] == "JWT token is missing."
    assert exchange(mock, None, client_secret="x").json()["error_description"] == "invalid client_secret parameter"
    assert exchange(mock, None, client_id="x").json()["error_description"] == "invalid client_id parameter"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x\r\ngarbage", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"no boundary", "multipart/form-data"),
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"&" * 5000, "application/x-www-form-urlencoded"),
    ],
)
def test_broken_forms_are_refused_not_failed_on(mock: Mock, content: bytes, content_type: str) -> None:
    """Whatever is sent as a form, the answer is an orderly 400."""
    for path in ("/ims/token/v2", "/ims/exchange/jwt"):
        answer = mock.client.post(path, content=content, headers={"Content-Type": content_type})
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"] in ("unsupported_grant_type", "invalid_client")


def test_tokens_live_a_day_and_several_are_good_at_once(mock: Mock) -> None:
    """A second token leaves the first good; after 24 hours both are refused."""
    first = mock.client.post("/ims/token/v2", data=oauth_fields(mock))
    second = mock.client.post("/ims/token/v2", data=oauth_fields(mock))
    assert first.json()["access_token"] != second.json()["access_token"]
    assert usable(mock, first)
    assert usable(mock, second)
    mock.clock.advance(86_398)
    assert usable(mock, first)
    mock.clock.advance(2)
    assert not usable(mock, first)
    assert not usable(mock, second)


def test_only_post_gives_tokens(mock: Mock) -> None:
    """Other methods are refused with the one that works."""
    answer = mock.client.get("/ims/token/v2", params=oauth_fields(mock))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")

"""What is secret and the masker: no secret survives in any place or encoding, and time grows with the text alone."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import urlencode

import pytest

from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.secrets import REDACTED, Masker

SECRET = "s3cr3tValue99"
URLSAFE = base64.urlsafe_b64encode
KEY = base64.b64encode(b"\x30\x82\x04\xbd\x02\x01\x00" + bytes(range(200))).decode()


SECRET_NAMES = [
    "access_token", "client_secret", "clientSecret", "CLIENT-SECRET", "CLIENTSECRET", "Client-Secret",
    "jwt_token", "X-Auth-Token", "X-Access-Token", "X-Client-Secret", "refreshToken", "privateKey", "priv_key",
    "passphrase", "password", "passwd", "pwd", "pass", "auth_code", "assertion", "client_assertion", "otp",
    "TOTP", "pin", "userPIN", "passcode", "Ocp-Apim-Subscription-Key", "subscription-key", "X-Session-Id",
    "sessionId", "JSESSIONID", "X-CSRF-Token", "cookie", "Set-Cookie", "Authorization", "credentials",
    "aws_secret_access_key", "signature", "sig", "code_verifier", "verification_code", "X-Secret", "api.secret",
    "user[password]", "client%5Fsecret", "SAMLResponse", "SAMLRequest", "SAMLart", "sessions",
    "pAsSwOrD", "X-Goog-Api-Key", "DPoP", "X-License-Key", "X-App-Key",
    "consumerKey", "X-Webhook-Key", "X-Authentication", "clientKey", "serviceKey", "mnemonic", "connectionString",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    SECRET_NAMES,
)
def test_names_of_secrets(name: str) -> None:
    """Whatever the separators and the letter case, a name of a secret is known."""
    assert is_secret(name)


OPEN_NAMES = [
    "token_type", "expires_in", "client_id", "org_id", "x-api-key", "private_key_path", "token_url",
    "tokenEndpoint", "error", "error_code", "errorCode", "status_code", "country", "domain", "option",
    "password_expires_at", "token_seconds", "author", "adminRoles", "groupName", "X-Request-Id", "Content-Type",
    "productName", "memberCount", "compass", "opinion", "pinned", "sidebar", "keyboard",
    "client_assertion_type", "X-Api-Key", "apikey", "ApIkEy", "ToKeNtYpE", "groupKey", "application_id", "monkey",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    OPEN_NAMES,
)
def test_names_that_are_open(name: str) -> None:
    """What is said of a secret, and words that only sound like one, are open."""
    assert not is_secret(name)


PLACES = {
    "private key of a curve": json.dumps({"kty": "EC", "crv": "P-256", "x": "abc", "y": "def", "d": SECRET}),
    "symmetric key": json.dumps({"keys": [{"k": SECRET, "kty": "oct"}]}),
    "further primes": json.dumps({"kty": "RSA", "n": "abc", "e": "AQAB", "oth": [{"r": SECRET, "d": "x", "t": "y"}]}),
    "name of a member below sessions": json.dumps({"sessions": {SECRET: {}}}),
    "name of a member below tokens": json.dumps({"tokens": {SECRET: {"a": 1}}}),
    "column": json.dumps({"columns": ["user", "password"], "rows": [["x", SECRET], ["y", SECRET]]}),
    "column, described": json.dumps({"data": [["x", SECRET]], "fields": [{"name": "user"}, {"name": "client_secret"}]}),
    "SAML": f"https://idp.example/login?SAMLRequest={SECRET}&RelayState=a",
    "header line": f"X-Auth-Token: {SECRET}",
    "camel case": json.dumps({"clientSecret": SECRET}),
    "form": f"a=1&passwd={SECRET}&b=2",
    "number": '{"otp": 1234567890123}'.replace("1234567890123", "991234567890"),
    "pair": json.dumps({"name": "client_secret", "value": SECRET}),
    "pair the other way round": json.dumps({"value": SECRET, "type": "text", "key": "client_secret"}),
    "pair with an object": json.dumps({"name": "client_secret", "value": {"a": SECRET}}),
    "pairs in a list": json.dumps([["Authorization", SECRET], ["a", "b"]]),
    "pair as Python shows it": f"[('client_secret', '{SECRET}')]",
    "object under the name": json.dumps({"credentials": {"a": SECRET}}),
    "list under the name": json.dumps({"tokens": [SECRET]}),
    "twice, the second empty": f'{{"password":"{SECRET}","password":""}}',
    "escaped name": f'{{"client\\u005fsecret":"{SECRET}"}}',
    "broken off": f'{{"a": {{"password": "{SECRET}',
    "broken off inside an object": f'{{"credentials": {{"a": "{SECRET}", "b": tru',
    "broken off behind an escape": f'{{"a": [1, {{"password": "a\\"{SECRET}", "x',
    "escaped JSON in a log": f'log: {{\\"client_secret\\": \\"a\\\\\\"{SECRET}\\"}}',
    "too deep": "[" * 5000 + json.dumps({"password": SECRET}) + "]" * 5000,
    "lines of JSON": json.dumps({"a": 1}) + "\n" + json.dumps({"token": SECRET}),
    "byte-order mark": "\ufeff" + json.dumps({"token": SECRET}),
    "JSONP": f'done({{"access_token":"{SECRET}"}})',
    "repr": f"{{'client_secret': '{SECRET}'}}",
    "prose": f"the password: {SECRET}, as agreed",
    "prose with two words": f"Access key: {SECRET}.",
    "sentence": f"my password is {SECRET}.",
    "option": f"curl --client-secret {SECRET} https://h/",
    "YAML": f"a: 1\nclient_secret: {SECRET}\nb: 2",
    "fragment": f"https://h/cb#access_token={SECRET}&state=1",
    "user of a URL in JSON": json.dumps({"proxy": f"http://user:{SECRET}@host/x"}),
    "user of a URL with escaped slashes": f"at http:\\/\\/user:{SECRET}@host",
    "password with a slash in a URL": f"https://user:a/{SECRET}@host/",
    "encoded in a query": f"redirect=https%3A%2F%2Fh%2F%3Faccess_token%3D{SECRET}",
    "encoded twice": f"x=%257B%2522client_secret%2522%253A%2522{SECRET}%2522%257D",
    "bearer in prose": f"sent Bearer {SECRET} to the service",
    "bearer in a form": f"a=Bearer+{SECRET}",
    "basic": "Basic " + base64.b64encode(f"a:{SECRET}".encode()).decode(),
    "cookie line": f"Cookie: a=1; sid={SECRET}; b=2",
    "set-cookie line": f"set-cookie: AWSELB={SECRET};PATH=/",
    "element": f"<passcode>{SECRET}</passcode>",
    "element of a name space": f"<a:ClientSecret x='1'>{SECRET}</a:ClientSecret>",
    "character data": f"<password><![CDATA[{SECRET}]]></password>",
    "attribute": f'<c password="{SECRET}"/>',
    "pair of elements": f"<name>client_secret</name>\n<value>{SECRET}</value>",
    "named element": f'<param name="client_secret">{SECRET}</param>',
    "hidden field": f'<form><input value="{SECRET}" type="hidden" name="state"></form>',
    "hidden field without quotes": f"<input name='csrf_token' value={SECRET} type=hidden>",
    "meta": f'<meta name="csrf-token" content="{SECRET}">',
    "multipart": f"--b\r\nContent-Disposition: form-data; name=client_secret\r\n\r\n--{SECRET}\r\nx\r\n--b--",
    "PEM": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    "PEM broken off": f"a -----BEGIN PRIVATE KEY-----\n{SECRET}",
    "JWT behind a word": f"token-eyJhbGciOiJSUzI1NiJ9.{SECRET}.c2ln",
    "prefix": f"with p8e-{SECRET}{SECRET} as agreed",
    "JSON in a form": urlencode({"data": json.dumps({"password": SECRET, "x": 1})}),
    "JSON in a form in JSON": json.dumps({"body": urlencode({"data": json.dumps({"password": SECRET, "x": 1})})}),
    "JSON in a form, not encoded": f'x={{"password":+"{SECRET}"}}',
    "title and value": json.dumps({"title": "password", "value": SECRET}),
    "type and value": json.dumps({"type": "password", "value": SECRET}),
    "a field as a member's name": json.dumps({f"client_secret={SECRET}": True}),
    "said of a token": f"Oauth token {SECRET} is not valid",
    "said of a key": f"Api Key {SECRET} is not valid",
    "said of a client secret": f"client_secret {SECRET} does not match",
    "said of a token in quotes": f'Token "{SECRET}" has expired',
    "said of a client secret in quotes": f"invalid client_secret '{SECRET}' given",
    "blank that does not break": f"password\u00a0{SECRET}",
    "wide colon": f"password\uff1a{SECRET}",
    "option of curl": f"curl -u admin:{SECRET} https://x.example",
    "PEM in a form": f"key=-----BEGIN+RSA+PRIVATE+KEY-----%0A{SECRET}-----END+RSA+PRIVATE+KEY-----",
}
# The forms that services document for their own credentials, filled with letters of no meaning.
_FILL = "Zq8Yw7Xv6Ut5Sr4Pn3Mk2Jh1Gf0Dc9B"
PREFIXED = [
    f"github_pat_{_FILL}", f"glpat-{_FILL}", f"xapp-1-{_FILL}", f"https://hooks.slack.com/services/T1/B1/{_FILL}",
    f"AIza{_FILL}", f"ya29.{_FILL}", f"GOCSPX-{_FILL}", f"sk_live_{_FILL}", f"rk_test_{_FILL}", f"whsec_{_FILL}",
    f"SG.{_FILL}.{_FILL}", f"key-{'0a1b' * 8}", f"npm_{_FILL}", f"pypi-{_FILL}", f"dckr_pat_{_FILL}", f"hf_{_FILL}",
    f"sk-proj-{_FILL}", f"sk-ant-{_FILL}", f"PMAK-{_FILL}", f"lin_api_{_FILL}", f"dapi{'0a1b' * 8}",
    f"shpat_{'0a1b' * 8}", f"dop_v1_{'0a1b' * 8}", f"hvs.{_FILL}", f"AGE-SECRET-KEY-1{_FILL.upper()}",
    f"AC{'0a1b' * 8}", f"123456789:AA{_FILL}",
]  # fmt: skip


@pytest.mark.parametrize("credential", PREFIXED)
def test_credentials_of_other_services_are_known_by_their_form(credential: str) -> None:
    """A token with a prefix of its service is masked in JSON and in a sentence."""
    for text in (json.dumps({"note": credential}), f"we used {credential} there"):
        masked = Masker().text(text)
        assert credential[-16:] not in masked
        assert REDACTED in masked


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_masked_in_every_place(place: str) -> None:
    """Wherever it stands, the secret is gone, a second look changes nothing, and JSON stays JSON."""
    text = PLACES[place]
    masked = Masker().text(text)
    assert SECRET not in masked
    assert "991234567890" not in masked
    assert REDACTED in masked
    assert Masker().text(masked) == masked
    if place == "too deep":
        return
    try:
        json.loads(text)
    except ValueError:
        return
    json.loads(masked)


@pytest.mark.parametrize(
    "encoded",
    [
        base64.b64encode(json.dumps({"client_secret": SECRET}).encode()),
        base64.b64encode(f"user:{SECRET}".encode()),
        URLSAFE(f"user:{SECRET}??>>".encode()).rstrip(b"="),
        base64.b64encode(base64.b64encode(f"user:{SECRET}".encode())),
        base64.b64encode(b'{"alg":"RS256","typ":"JWT"}'),
        KEY.encode(),
    ],
    ids=["JSON", "user and secret", "other alphabet", "twice", "header of a JWT", "key"],
)
def test_base64_of_secrets_is_masked(encoded: bytes) -> None:
    """Base64 that holds a secret goes as a whole, in JSON, a form and a sentence."""
    run = encoded.decode()
    for text in (json.dumps({"data": run}), f"a=1&data={run}&b=2", f"sent {run} there"):
        masked = Masker().text(text)
        assert run.rstrip("=") not in masked
        assert REDACTED in masked


@pytest.mark.parametrize(
    "text",
    [
        'Bearer realm="JIL", error="invalid_token", error_description="The access token is invalid"',
        "Basic information about tokens",
        '{"message":"Could not match JWT signature to any of the bindings"}',
        "https://ims-na1.adobelogin.com/s/ent_user_sdk",
        "/v2/usermanagement/users/12345@AdobeOrg/0/Secret%20Users?directOnly=true",
        '{"do":[{"add":{"group":["Secret Users","Token holders"]}}]}',
        '{"user":"joey.jones@example.com","domain":"token.example.com"}',
        "https://token.example.com:8080/x",
        '{"name":"Password team","description":"x"}',
        "multipart/form-data; boundary=----WebKitFormBoundaryABCDEFGHIJKLMN",
        "client_secret: required",
        "Failed to authenticate provided token",
        "Oauth token is missing.",
        "Api Key is required",
        "/v2/usermanagement/users/12345@AdobeOrg/0/LzpfKdye7663",
        '{"requestID":"LzpfKdye7663","user":"LzpfKdye7663"}',
        '{"n": 1.50, "big": 123456789012345678901234567890, "e": 1e5 }',
        '{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFb","e":"AQAB","kid":"2011-04-29"}',
        '{"d":"2011-04-29","k":5,"q":"name"}',
        '{"columns":["user","country"],"rows":[["bob","US"]]}',
        '{"client_secret": "", "tokens": [], "password": null, "secret": false}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Challenges, messages, names of groups, numbers and blanks are left as they came."""
    assert Masker(learning=True).text(text) == text


def test_a_learnt_secret_is_found_elsewhere() -> None:
    """A token that was named once is masked where nothing tells what it is; ordinary words are not learnt."""
    masker = Masker(learning=True)
    masker.text(json.dumps({"access_token": "zq81-kfp2-0x", "password": "sunshine"}))
    assert masker.text("rejected zq81-kfp2-0x in the sunshine") == f"rejected {REDACTED} in the sunshine"
    assert "zq81" not in repr(masker)


@pytest.mark.parametrize(
    "spelt",
    [
        r"ab\/cd+EF12==gh&ij<kl",
        r"ab/cd+EF12==gh\u0026ij\u003ckl",
        r"ab/cd+EF12\u003d\u003dgh\u0026ij\u003ckl",
        "ab/cd+EF12==gh&amp;ij&lt;kl",
        "".join(f"\\u{ord(char):04x}" for char in "ab/cd+EF12==gh&ij<kl"),
    ],
    ids=["PHP", "Go", "Gson", "HTML", "escapes"],
)
def test_a_learnt_secret_is_found_in_other_spellings(spelt: str) -> None:
    """An echo of a secret is masked as JSON writers and HTML spell it too."""
    masker = Masker(learning=True)
    masker.value("password", "ab/cd+EF12==gh&ij<kl")
    assert masker.text(f"rejected {spelt} there") == f"rejected {REDACTED} there"


def test_a_session_in_a_path() -> None:
    """A secret among the matrix parameters of a path goes, and the rest of the path stays."""
    url = f"https://x.example/list;jsessionid={SECRET};page=2/next?a=1"
    assert Masker().url(url) == f"https://x.example/list;jsessionid={REDACTED};page=2/next?a=1"


HOSTILE = [
    "-eyJ", "a.eyJ", "eyJhbGci.", "name=password&", "content-disposition: name=a ", "password=\"", "'password='\"",
    "content-disposition: form-data; name=password\n", "<a x=\"'", "<a><![CDATA[", "-----BEGIN RSA PRIVATE KEY-----",
    "://a:b", "%25", "%7B%22", "YWJjOmRlZg==", '"password":[', '{"password":{', "{", "password   ", "bearer ",
    "bearer+", 'password=\\\\"', '"token":"', "--token ", "<![CDATA[", "('password', ", "eyJ", "a@", "x", "<password>",
    "\\", "password+", '"password":+', "%2B+", ";a=1/", "token ", "-u a:", "sk-", "curl -u ", "\\u0041",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_costs_no_more_than_other_text(unit: str) -> None:
    """Eight times as much text takes about eight times as long, whatever it repeats."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        best = 1e9
        for _ in range(3):
            begin = time.thread_time()
            Masker().text(text)
            best = min(best, time.thread_time() - begin)
        return best

    assert seconds(80_000) < 30 * seconds(10_000) + 0.05


def test_learning_much_costs_no_more_per_secret() -> None:
    """Ten times as many secrets, learnt and masked in turn, take about ten times as long."""

    def seconds(count: int) -> float:
        masker = Masker()
        begin = time.thread_time()
        for number in range(count):
            masker.learn(f"password-{number:06}")
            assert masker.text(f"row {number}: password-{number:06} end") == f"row {number}: {REDACTED} end"
        return time.thread_time() - begin

    assert seconds(5000) < 40 * seconds(500) + 0.1


def test_what_only_looks_like_the_name_of_a_secret() -> None:
    """Base64 whose last letters read as one, and an address or a word with `jwt` inside, name no secret."""
    for text in ('{"data": "icRqvVKgkZ1hyXHoWkQiSI2zbKJkr7dcTxxdKqynVbSidX=="}', '{"x@csnfjwtlvkr.org": "abcdefgh1"}'):
        assert Masker().text(text) == text
    assert not is_secret("csnfjwtlvkr")
    assert is_secret("userJWT")
    assert is_secret("jwt_bearer")

"""Masking: secrets leave no report in any of the forms in which they go over the wire."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.common.secrets import Masker as CommonMasker
from umapi_harness.postman.masking import MASK, Masker, is_secret_name


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("client_secret", True),
        ("UMAPI_CLIENT_SECRET", True),
        ("access_token", True),
        ("jwt_token", True),
        ("private_key", True),
        ("privateKey", True),
        ("password", True),
        ("private_key_path", False),
        ("token_url", False),
        ("token_type", False),
        ("client_id", False),
        ("org_id", False),
        ("expires_in", False),
    ],
)
def test_names_tell_secrets_from_other_values(name, secret):
    """Tokens, secrets, keys and passwords are known by their names; paths and addresses are not secret."""
    assert is_secret_name(name) is secret


SECRET_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="•"), min_size=8, max_size=30)


@given(SECRET_TEXT)
def test_a_learnt_secret_is_found_in_every_form(secret):
    """Plain, percent-encoded, inside JSON and inside Basic authorisation, a secret does not come through."""
    masker = Masker()
    masker.learn(secret)
    forms = [
        secret,
        quote(secret, safe=""),
        json.dumps({"x": secret}),
        base64.b64encode(secret.encode()).decode(),
    ]
    for form in forms:
        assert secret not in masker.text(f"before {form} after")
        assert MASK in masker.text(f"before {form} after")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"access_token": "abc\\"def", "expires_in": 5}', f'{{"access_token": "{MASK}", "expires_in": 5}}'),
        ("client_id=x&client_secret=s3cr3t&scope=a", f"client_id=x&client_secret={MASK}&scope=a"),
        ("http://h/?x=1&access_token=abc", f"http://h/?x=1&access_token={MASK}"),
        ("Authorization: Bearer abcdef.ghi", f"Authorization: Bearer {MASK}"),
        ("AssertionError: expected 200", "AssertionError: expected 200"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl end", f"token {MASK} end"),
        (
            'name="client_secret"\r\n\r\nhush\r\n--b',
            f'name="client_secret"\r\n\r\n{MASK}\r\n--b',
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
            f"-----BEGIN RSA PRIVATE KEY-----{MASK}-----END RSA PRIVATE KEY-----",
        ),
        ("nothing to hide: token_type bearer", "nothing to hide: token_type bearer"),
    ],
)
def test_secrets_are_known_by_their_place_too(text, shown):
    """Fields and forms that hold secrets are masked even when nobody has named their values."""
    assert Masker().text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SyntaxError: unexpected token: '<'", None),
        ("SyntaxError: unexpected token: 'x1'", None),
        ("Error: no token: Error: connect ECONNREFUSED", None),
        ("bad token: got 401 from login", None),
        ("expected 'token: expired at noon' to deeply equal 'token: valid'", None),
        ("Authorization: none sent", None),
        ("authorization: sesame", f"authorization: {MASK}"),
        ('Authorization: "Bearer sesame"', f'Authorization: "{MASK}"'),
        ("Authorization: Bearer sesame", f"Authorization: Bearer {MASK}"),
        ("no token: aB3xK9", f"no token: {MASK}"),
        ("token: abcdefghijklmnopqrst", f"token: {MASK}"),
        ("token:sesame", f"token:{MASK}"),
        ("X-Auth-Token: sesame", f"X-Auth-Token: {MASK}"),
        ("access_token: sesame", f"access_token: {MASK}"),
        ("the password: sesame", f"the password: {MASK}"),
        ('{"token": "sesame"}', f'{{"token": "{MASK}"}}'),
    ],
)
def test_sentences_about_tokens_can_be_read(text, shown):
    """Parsers, checks and scripts speak of tokens; only what may be one is masked."""
    assert Masker().text(text) == (text if shown is None else shown)


def test_headers_that_prove_identity_lose_their_value():
    """Authorisation and cookies are never shown; other headers are."""
    pairs = [("Authorization", "Bearer x"), ("Set-Cookie", "a=b"), ("X-Api-Key", "client"), ("X", "hush-hush")]
    masker = Masker()
    masker.learn("hush-hush")
    assert masker.headers(pairs) == (
        ("Authorization", MASK),
        ("Set-Cookie", MASK),
        ("X-Api-Key", "client"),
        ("X", MASK),
    )


@pytest.mark.parametrize("address", ["/cb?code={}&state=1", "//h/cb?code={}", "https://h/cb#code={}", "?x=1&ticket={}"])
@pytest.mark.parametrize("name", ["Location", "content-location", "Referer"])
def test_headers_of_addresses_lose_the_secrets_of_these(name, address):
    """Wherever an address begins, and whether a secret stands in its query or its fragment."""
    assert Masker().headers([(name, address.format("Qm81kfLm29"))]) == ((name, address.format(MASK)),)


@pytest.mark.parametrize(
    "text",
    [
        "/v2/x?api_key={}",
        "see /v2/x?a=1&ticket={}, and go on",
        '{{"url":"\\/v2\\/x?api_key={}"}}',
        '{{"url":"https:\\/\\/h\\/x?a=1&api_key={}","b":1}}',
        '{{"url":"/x?a=1\\u0026api_key={}"}}',
        '{{"url":"/x?a=1\\u0026code\\u003d{}"}}',
        '"{{\\"url\\":\\"/x?code={}\\"}}"',
        "{{'url': '/x?code={}', 'b': 1}}",
        "{{'url':'/x?code={}','b':1}}",
        "<a href='/x?a=1&amp;code={}'>",
        "https://h/o'neil/x?code={}",
        "https://h/x?name=o'neil&code={}",
        "fetch(`/x?code={}`)",
        "GET /x?key={} HTTP/1.1",
        "https://h/a?code={0},https://h/b?code={0}",
    ],
)
def test_addresses_in_text_lose_their_secrets_however_they_are_written(text):
    """Relative ones, those that JSON, HTML and programs write, and those with apostrophes; all else stays."""
    assert Masker().text(text.format("Qm81kfLm29")) == text.format(MASK)


@pytest.mark.parametrize("value", ["0; url=/login?ticket={}", "5;URL='https://h/cb#code={}'", "0; url=//h/?key={}&a=1"])
def test_a_refresh_header_loses_the_secrets_of_its_address(value):
    """As Location does; the seconds and the address stay."""
    shown = Masker().headers([("Refresh", value.format("Qm81kfLm29"))])
    assert "Qm81kfLm29" not in shown[0][1]
    assert shown[0][1].startswith(value.partition("{")[0])


def test_a_value_with_an_apostrophe_is_masked_whole():
    """An apostrophe ends an address only where one stands before it."""
    assert Masker().text("/x?code=Qm8'1kf&a=1") == f"/x?code={MASK}&a=1"


@pytest.mark.parametrize("text", ["why? key=value", "a?code=1", "/x?a=1&b='2'", "either/or? code=5", "/x?code="])
def test_what_is_no_secret_of_an_address_stays(text):
    """Prose, and parameters that hold no secret."""
    assert Masker().text(text) == text


@pytest.mark.parametrize("unit", ["?", "/?", "'/?", "/?code=", "a:", "/?;", "\\/", "/?code=a;b", "&", "a:/?'", "?a=1&"])
def test_looking_for_addresses_takes_time_that_grows_with_the_text_alone(unit):
    """Eight times as much text takes about eight times as long, whatever it repeats."""

    def seconds(length: int) -> float:
        text = "?" + unit * (length // len(unit))
        best = 1e9
        for _ in range(3):
            begin = time.thread_time()
            CommonMasker().addresses(text)
            best = min(best, time.thread_time() - begin)
        return best

    assert seconds(80_000) < 30 * seconds(10_000) + 0.05


def test_a_masker_shows_no_secret_itself():
    """Printing the masker shows nothing of what it knows."""
    masker = Masker()
    masker.learn_scopes([{"client_secret": "very-hidden", "a": "open"}], secret=["a"])
    assert "very-hidden" not in repr(masker)
    assert masker.text("open very-hidden") == f"{MASK} {MASK}"


def test_very_short_values_are_not_looked_for():
    """A secret of three letters is not searched in all text: that would hide the report, not the secret."""
    masker = Masker()
    masker.learn("abc")
    assert masker.text("abcabc") == "abcabc"


@pytest.mark.parametrize("name", ["passwd", "pwd", "auth_code", "priv_key", "assertion", "X-Secret", "clientSecret"])
def test_names_that_other_programs_use(name):
    """A secret is known by every usual name, in text and as a header."""
    assert is_secret_name(name)
    assert Masker().text(f"a=1&{name}=hush-hush") == f"a=1&{name}={MASK}"
    assert Masker().headers([(name, "hush-hush")]) == ((name, MASK),)


def test_many_secrets_cost_no_more_each():
    """Ten times as many rows with a secret take about ten times as long, learnt one after the other."""

    def seconds(count):
        masker = Masker()
        begin = time.thread_time()
        for number in range(count):
            masker.learn_scopes([{"password": f"row-{number}-hush", "city": "x"}])
            assert "hush" not in masker.text(f"sent row-{number}-hush")
        return time.thread_time() - begin

    assert seconds(3000) < 40 * seconds(300) + 0.1


def test_addresses_without_a_query_cost_no_more_each():
    """A text of ten times as many beginnings of addresses, without an end of any, takes about ten times as long."""

    def seconds(count):
        begin = time.thread_time()
        assert Masker().text(f"{'://' * count} http://h/?key=Qm81kfLm29sPwx77").endswith(f"?key={MASK}")
        return time.thread_time() - begin

    assert seconds(10_000) < 40 * seconds(1_000) + 0.1


def test_a_text_that_was_shown_before_its_secret_was_known_is_masked_from_then_on():
    """What is remembered of texts ends when a secret is learnt."""
    masker = Masker()
    assert masker.text("the word is hunter2x") == "the word is hunter2x"
    masker.learn("hunter2x")
    assert masker.text("the word is hunter2x") == "the word is •••"
    assert [masker.text(f"{number} hunter2x") for number in range(5000)] == [f"{number} •••" for number in range(5000)]


def test_what_goes_into_a_header_of_credentials_is_secret_whatever_it_is_called(run_collection, collection_of, item):
    """A column of data with a name of its own, used as a token, shows in no event; nor does a secret in a name."""
    request = {"url": "http://h/", "header": [{"key": "Authorization", "value": "{{scheme}} {{CSVTOK}}"}]}
    test = "pm.test('sent ' + pm.iterationData.get('CSVTOK'), () => {});"
    ran = run_collection(
        collection_of(item("call with opensesame42", request, test=test)),
        data=[{"CSVTOK": "opensesame42", "scheme": "Bearer"}],
    )
    told = repr(ran.told)
    assert "opensesame42" not in told
    assert "Bearer" in told


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=16, max_size=80),
    st.integers(min_value=8),
    st.sampled_from(["expected '{}…' to match /^eyJ/", "{{ shown: {}…(2) }}", "…{} is no JSON", "[ '{}…', 'b' ]"]),
)
def test_what_a_cut_leaves_of_a_secret_is_masked(secret, length, sentence):
    """An assertion shows a long value by its beginning, an error of JSON by what stands around its place."""
    length = 8 + length % (len(secret) - 8)
    left = secret[-length:] if sentence.startswith("…") else secret[:length]
    masker = Masker()
    masker.learn(secret)
    assert masker.text(sentence.format(left)) == sentence.format(MASK)


def test_other_texts_beside_the_marks_of_cuts_stay():
    """Only beginnings and ends of secrets go."""
    masker = Masker()
    masker.learn("DeJgqwJq06NIxnYNEYnjFA_kpPq7GSaCGI6NV")
    for text in ("expected 'DeJgqwJ…' to equal 1", "a list of groups…(3)", "DeJgqwJx06NIxnYN…", "06NIxnYNEYnjFA…", "…"):
        assert masker.text(text) == text


def test_marks_of_cuts_cost_no_more_each():
    """Ten times as many marks behind what many secrets begin with take about ten times as long."""
    masker = Masker()
    for number in range(2_000):
        masker.learn(f"Zx9Qk2Lm.{number:05}.{'s' * 40}")

    def seconds(count):
        text = f"{'Zx9Qk2Lm' * 20}x…" * count
        begin = time.thread_time()
        assert masker.text(text) == text
        return time.thread_time() - begin

    assert seconds(2_000) < 40 * seconds(200) + 0.1

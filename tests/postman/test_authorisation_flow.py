"""Authorisation over the wire: challenges and answers, tokens that are fetched, what is inherited, what is hidden."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
import spnego

from umapi_harness.postman import events
from umapi_web import Reply, reply

DIGEST = {"username": "user", "password": "sesame-open"}
CHALLENGE = 'Digest realm="r", nonce="one", qop="auth", opaque="o"'


def auth(type_, **settings):
    """An authorisation as a collection writes it."""
    return {"type": type_, type_: [{"key": key, "value": value} for key, value in settings.items()]}


def challenging(challenge):
    """Answers 401 with a challenge where there is no authorisation, 200 where there is."""
    return lambda call: reply(200) if call.header("authorization") else reply(401, WWW_Authenticate=challenge)


def sent(web):
    """The values of Authorization that have arrived, None for a request without."""
    return [call.header("authorization") for call in web.calls]


def causes(ran):
    """Why each request went out."""
    return [event.cause.value for event in ran.of(events.RequestSent)]


def errors(ran):
    """Rules that were broken, with their messages."""
    return [(event.kind, event.message) for event in ran.of(events.ErrorRaised) if event.kind != "no-checks"]


def test_a_digest_challenge_is_answered_and_kept(web, run_collection, collection_of, item):
    """The first request is sent twice; the next with the same authorisation at once, with a higher count."""
    web.answer = challenging(CHALLENGE)
    ran = run_collection(collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("digest", **DIGEST)))
    first, second, third = sent(web)
    assert first is None
    assert 'uri="/a", algorithm="MD5", qop=auth, nc=00000001' in second
    assert 'uri="/b", algorithm="MD5", qop=auth, nc=00000002' in third
    assert causes(ran) == ["collection", "challenge", "collection"]
    assert ran.summary.requests == 2
    assert not errors(ran)


def test_what_is_known_of_a_challenge_outlasts_scripts(web, run_collection, collection_of, item):
    """A script that changes the request leaves the authorisation that it inherits."""
    web.answer = challenging(CHALLENGE)
    script = "pm.request.headers.add({key: 'X', value: '1'});"
    items = [item(name, f"http://h/{name}", before=script) for name in ("a", "b")]
    run_collection(collection_of(*items, auth=auth("digest", **DIGEST)))
    assert [value is None for value in sent(web)] == [True, False, False]


def test_another_server_is_not_answered_with_what_the_first_has_told(web, run_collection, collection_of, item):
    """Realm and nonce of one server are never sent to another."""
    web.answer = challenging(CHALLENGE)
    run_collection(collection_of(item("a", "http://h/a"), item("b", "http://other/b"), auth=auth("digest", **DIGEST)))
    assert [value is None for value in sent(web)] == [True, False, True, False]


def test_a_used_up_nonce_is_replaced_once(web, run_collection, collection_of, item):
    """A challenge with another nonce than the one that is remembered is answered; one more is a refusal."""
    web.always(
        reply(401, WWW_Authenticate=CHALLENGE),
        reply(200),
        reply(401, WWW_Authenticate='Digest realm="r", nonce="two", qop="auth", stale=true'),
        reply(401, WWW_Authenticate='Digest realm="r", nonce="three", qop="auth"'),
    )
    run_collection(collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("digest", **DIGEST)))
    nonces = [re.findall(r' nonce="(\w+)"', value or ' nonce="none"') for value in sent(web)]
    assert nonces == [["none"], ["one"], ["one"], ["two"]]


def test_the_same_nonce_again_is_a_refusal(web, run_collection, collection_of, item):
    """A challenge that tells nothing new, to a request that had an answer to it, is not answered."""
    web.always(reply(401, WWW_Authenticate=CHALLENGE), reply(200), reply(401, WWW_Authenticate=CHALLENGE))
    run_collection(collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("digest", **DIGEST)))
    assert web.urls == ["http://h/a", "http://h/a", "http://h/b"]


def test_a_wrong_password_is_tried_once(web, run_collection, collection_of, item):
    """A server that challenges the answer too has refused it."""
    web.always(reply(401, WWW_Authenticate=CHALLENGE))
    ran = run_collection(collection_of(item("a", {"url": "http://h/a", "auth": auth("digest", **DIGEST)})))
    assert len(web.calls) == 2
    assert [kind for kind, _ in errors(ran)] == ["http-error"]


def test_retries_can_be_turned_off(web, run_collection, collection_of, item):
    """With disableRetryRequest no challenge is answered."""
    web.answer = challenging(CHALLENGE)
    request = {"url": "http://h/a", "auth": auth("digest", **DIGEST, disableRetryRequest=True)}
    run_collection(collection_of(item("a", request)))
    assert sent(web) == [None]


def test_an_unknown_digest_algorithm_is_told(web, run_collection, collection_of, item):
    """The answer cannot be made, and that is an error of the request."""
    web.answer = challenging(CHALLENGE)
    request = {"url": "http://h/a", "auth": auth("digest", **DIGEST, algorithm="MD4")}
    ran = run_collection(collection_of(item("a", request)))
    assert "request" in [kind for kind, _ in errors(ran)]
    assert any("the algorithm MD4 is not known; use one of MD5" in message for _, message in errors(ran))


CHALLENGES = json.loads((Path(__file__).parent / "authorisation_challenges.json").read_text(encoding="utf-8"))
"""What Newman 6.2.2 answered to challenges."""


@pytest.mark.parametrize("sample", CHALLENGES, ids=lambda sample: sample["name"])
def test_challenges_are_answered_as_by_newman(web, run_collection, collection_of, item, sample):
    """Each request and each answer, byte for byte."""
    headers = tuple(("WWW-Authenticate", value) for value in sample["challenges"])
    web.answer = lambda call: Reply() if call.header("authorization") else Reply(status=401, headers=headers)
    run_collection(collection_of(item("a", sample["request"])))
    assert sent(web) == sample["sent"]


@pytest.fixture
def ntlm_server(web, tmp_path, monkeypatch):
    """A web that knows one user by NTLM; returns the list of names whom it has let in."""
    (tmp_path / "users").write_text("DOMAIN:user:sesame-open\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    known: list[str | None] = []

    def answer(call):
        message = call.header("authorization")
        if message is None or context.complete:
            return reply(200) if context.complete else reply(401, WWW_Authenticate="Negotiate, NTLM")
        token = context.step(base64.b64decode(message.removeprefix("NTLM ")))
        if context.complete:
            known.append(context.client_principal)
            return reply(200)
        return reply(401, WWW_Authenticate="NTLM " + base64.b64encode(token or b"").decode())

    web.answer = answer
    return known


@pytest.mark.parametrize(
    "settings", [{"username": "user", "domain": "DOMAIN"}, {"username": r"DOMAIN\user"}, {"username": "user@DOMAIN"}]
)
def test_ntlm_lets_in_over_one_connection(web, run_collection, collection_of, item, ntlm_server, settings):
    """Two answers follow the challenge, over the connection that then is known; the next request needs none."""
    given = auth("ntlm", password="sesame-open", workstation="WS", **settings)
    ran = run_collection(collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=given))
    assert ntlm_server == [r"DOMAIN\user"]
    assert causes(ran) == ["collection", "challenge", "challenge", "collection"]
    assert web.connections == 1
    last = base64.b64decode(sent(web)[2].removeprefix("NTLM "))
    assert "WS".encode("utf-16-le") in last
    assert not errors(ran)


@pytest.mark.parametrize("offer", ["NTLM", "Negotiate"])
def test_ntlm_without_a_name_is_told(web, run_collection, collection_of, item, offer):
    """Either offer begins a conversation, which needs a name."""
    web.always(reply(401, WWW_Authenticate=offer))
    ran = run_collection(collection_of(item("a", {"url": "http://h/a", "auth": auth("ntlm", password="sesame-open")})))
    assert ("request", "ntlm needs username and password; set both") in errors(ran)
    assert len(web.calls) == 1


def test_a_server_that_breaks_off_ntlm_is_told(web, run_collection, collection_of, item):
    """A second answer without a challenge, or with one that cannot be read, is an error of the request."""
    request = {"url": "http://h/a", "auth": auth("ntlm", username="u", password="sesame-open")}
    for last, message in (("NTLM", "did not answer"), ("NTLM !!!", "cannot be read"), ("NTLM AAAA", "cannot be")):
        web.always(reply(401, WWW_Authenticate="NTLM"), reply(401, WWW_Authenticate=last))
        ran = run_collection(collection_of(item("a", request)))
        assert any(kind == "request" and message in said for kind, said in errors(ran))


CLIENT = {
    "grant_type": "client_credentials",
    "accessTokenUrl": "{{ims}}/token",
    "clientId": "c-id",
    "clientSecret": "sesame-open",
    "scope": "a b",
}


def token_host(answer):
    """A token host beside an API that takes everything."""
    return lambda call: answer if call.url.startswith("http://ims/token") else reply(200)


def test_a_token_is_fetched_once_for_the_run(web, run_collection, collection_of, item):
    """The client's credentials bring a token, which all requests use; nobody sees it."""
    web.answer = token_host(reply(200, json_={"access_token": "tok-secret-1", "expires_in": 3600}))
    collection = collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("oauth2", **CLIENT))
    ran = run_collection(collection, env={"ims": "http://ims"})
    basic = "Basic " + base64.b64encode(b"c-id:sesame-open").decode()
    assert sent(web) == [basic, "Bearer tok-secret-1", "Bearer tok-secret-1"]
    assert web.calls[0].body == b"grant_type=client_credentials&scope=a%20b"
    assert causes(ran) == ["token", "collection", "collection"]
    assert ran.summary.requests == 2
    assert "tok-secret-1" not in repr(ran.told)
    assert "sesame-open" not in repr(ran.told)


def test_a_token_that_has_run_out_is_fetched_anew(web, run_collection, collection_of, item):
    """A token lasts as long as its host says."""
    web.answer = token_host(reply(200, json_={"access_token": "tok-secret-1", "expires_in": 0}))
    collection = collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("oauth2", **CLIENT))
    ran = run_collection(collection, env={"ims": "http://ims"})
    assert causes(ran) == ["token", "collection", "token", "collection"]


def test_a_token_for_a_password_with_credentials_in_the_body(web, run_collection, collection_of, item):
    """The password grant, its extra parameters, and the client in the body."""
    web.answer = token_host(reply(200, json_={"access_token": "tok-secret-1"}))
    extra = [
        {"key": "audience", "value": "{{aud}}", "enabled": True, "send_as": "request_body"},
        {"key": "X-Extra", "value": "h", "send_as": "request_header"},
        {"key": "one", "value": "1", "send_as": "request_url"},
        {"key": "two", "value": "2", "send_as": "request_url"},
        {"key": "off", "value": "1", "enabled": False, "send_as": "request_body"},
    ]
    given: dict[str, object] = {
        **CLIENT,
        "grant_type": "password_credentials",
        "username": "u",
        "password": "pass-word-1",
    }
    given |= {"client_authentication": "body", "tokenRequestParams": extra, "addTokenTo": "queryParams", "scope": ""}
    request = {"url": "http://h/a", "auth": auth("oauth2", **given)}
    run_collection(collection_of(item("a", request)), env={"ims": "http://ims", "aud": "me"})
    body = b"grant_type=password&username=u&password=pass-word-1&client_id=c-id&client_secret=sesame-open&audience=me"
    assert web.calls[0].body == body
    assert web.calls[0].header("x-extra") == "h"
    assert web.urls == ["http://ims/token?one=1&two=2", "http://h/a?access_token=tok-secret-1"]


@pytest.mark.parametrize("lasts", [{}, {"expires_in": "3600"}, {"expires_in": "for ever"}, {"expires_in": 10**400}])
def test_a_token_lasts_where_its_host_sets_no_end(web, run_collection, collection_of, item, lasts):
    """No time, one as text, and one that is none."""
    web.answer = token_host(reply(200, json_={"access_token": "tok-secret-1", **lasts}))
    collection = collection_of(item("a", "http://h/a"), item("b", "http://h/b"), auth=auth("oauth2", **CLIENT))
    assert causes(run_collection(collection, env={"ims": "http://ims"})) == ["token", "collection", "collection"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (reply(200, text="<html>"), 200),
        (reply(200, json_={"access_token": ""}), 200),
        (reply(200, json_={"access_token": 5}), 200),
        (reply(200, json_=["access_token"]), 200),
        (reply(400, json_={"access_token": "tok-secret-1"}), 400),
    ],
)
def test_an_answer_without_a_token_is_told(web, run_collection, collection_of, item, answer, status):
    """With the address of its host and the status of the answer."""
    web.answer = token_host(answer)
    collection = collection_of(item("a", {"url": "http://h/a", "auth": auth("oauth2", **CLIENT)}))
    told = errors(run_collection(collection, env={"ims": "http://ims"}))
    assert told == [("request", f"oauth2: no token from http://ims/token, which answered with {status}")]


def test_without_token_and_grant_a_request_goes_as_it_is(web, run_collection, collection_of, item):
    """As in Postman."""
    run_collection(collection_of(item("a", {"url": "http://h/a", "auth": auth("oauth2", accessToken="")})))
    assert sent(web) == [None]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grant_type": "password_credentials"}, "oauth2: password_credentials needs username, password; set"),
        ({"grant_type": "authorization_code"}, "oauth2: authorization_code needs a person; get a token"),
        ({"grant_type": "device_code"}, "oauth2: the grant device_code is not supported; set accessToken"),
        ({"accessTokenUrl": ""}, "oauth2: client_credentials needs accessTokenUrl; set what is missing"),
        ({}, "oauth2: no token from http://ims/token, which answered with 400: invalid_client no such client"),
    ],
)
def test_a_request_without_its_token_is_not_sent(web, run_collection, collection_of, item, changes, message):
    """What brings no token is an error of its request, in one line."""
    refusal = {"error": "invalid_client", "error_description": "no such client"}
    web.answer = token_host(reply(400, json_=refusal))
    request = {"url": "http://h/a", "auth": auth("oauth2", **{**CLIENT, **changes})}
    ran = run_collection(collection_of(item("a", request)), env={"ims": "http://ims"})
    [(kind, said)] = errors(ran)
    assert kind == "request"
    assert said.startswith(message)
    assert "http://h/a" not in web.urls


def test_what_a_token_came_from_needs_no_values(web, run_collection, collection_of, item):
    """With a token in place, variables in the other settings of its grant may be without a value."""
    given = {**CLIENT, "accessToken": "{{token}}"}
    request = {"url": "http://h/a", "auth": auth("oauth2", **given)}
    ran = run_collection(collection_of(item("a", request)), env={"token": "tok-secret-1"})
    assert sent(web) == ["Bearer tok-secret-1"]
    assert not errors(ran)


def test_scripts_send_requests_with_authorisation(web, run_collection, collection_of, item):
    """pm.sendRequest answers challenges as requests of the collection do, and tells what cannot be made."""
    web.answer = challenging(CHALLENGE)
    script = """
    pm.sendRequest({url: "http://h/s", auth: {type: "digest", digest: {username: "u", password: "{{p}}"}}},
        (error, answer) => pm.test("in " + answer.code, () => {}));
    pm.sendRequest({url: "http://h/t", auth: {type: "jwt", jwt: {algorithm: "none"}}},
        (error) => pm.test(String(error.message ?? error), () => {}));
    """
    ran = run_collection(collection_of(item("a", "http://h/a", before=script)), env={"p": "sesame-open"})
    names = [event.name for event in ran.of(events.CheckPassed)]
    assert "in 200" in names
    assert any("the algorithm of jwt is none" in name for name in names)
    assert causes(ran)[:2] == ["script", "script"]


def test_the_nearest_authorisation_counts(web, run_collection, collection_of, item):
    """Null, and what has no type, inherits, noauth does not; a folder's goes before the collection's."""
    inside = {"name": "F", "auth": auth("bearer", token="folder"), "item": [item("c", "http://h/c")]}
    collection = collection_of(
        item("a", {"url": "http://h/a", "auth": None}),
        item("e", {"url": "http://h/e", "auth": {}}),
        item("b", {"url": "http://h/b", "auth": {"type": "noauth"}}),
        inside,
        auth=auth("bearer", token="top"),
    )
    run_collection(collection)
    assert sent(web) == ["Bearer top", "Bearer top", None, "Bearer folder"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (auth("awsv4", accessKey="a"), "awsv4 needs accessKey and secretKey"),
        (auth("hawk", authId="i", authKey="k-secret"), "hawk: algorithm is missing; use sha256 or sha1"),
        (auth("jwt", algorithm="HS256"), "jwt with HS256 needs secret; set it"),
        (auth("jwt", algorithm="RS256", privateKey="no key"), "the privateKey of jwt cannot sign with RS256"),
        (auth("jwt", algorithm="HS256", secret="s" * 32, payload="{"), "payload is no JSON"),
        (auth("jwt", algorithm="HS256", secret="s" * 32, payload="[1]"), "payload is no object"),
        (
            auth("asap", kid="k", iss="i", aud="a", privateKey="data:application/pkcs8;kid=k;base64,AAAA"),
            "asap: the data URI of privateKey holds no key",
        ),
        (auth("asap", kid="k", iss="i", aud="a", privateKey="data:x"), "asap: privateKey is a data URI, but none"),
        (
            auth("asap", kid="k", iss="i", aud="a", privateKey="data:application/pkcs8;kid=x;base64,AAAA"),
            "asap: privateKey names another kid",
        ),
        (auth("asap", iss="i"), "asap needs kid, aud, privateKey; set what is missing"),
        (auth("oauth1", consumerKey="c", consumerSecret="s", signatureMethod="X"), "oauth1: the method X is not known"),
        (auth("oauth1", consumerKey="c", privateKey="no", signatureMethod="RSA-SHA1"), "oauth1: privateKey holds no"),
        (auth("kerberos"), "authorisation of type kerberos is not supported"),
        (
            auth("edgegrid", accessToken="a", clientToken="c", clientSecret="s", baseURL="http://[v1.x/"),
            "edgegrid: baseURL is no address: ",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told(web, run_collection, collection_of, item, given, message):
    """The request is not sent, and the next one is."""
    ran = run_collection(collection_of(item("a", {"url": "http://h/a", "auth": given}), item("b", "http://h/b")))
    [(kind, said)] = errors(ran)
    assert kind == "request"
    assert said.startswith(message)
    assert web.urls == ["http://h/b"]


@pytest.mark.parametrize(
    "given",
    [
        auth("basic", username="u", password="planted-1"),
        auth("bearer", token="planted-1"),
        auth("apikey", key="X-Key", value="planted-1"),
        auth("apikey", key="k", value="planted-1", **{"in": "query"}),
        auth("oauth2", accessToken="planted-1", addTokenTo="queryParams"),
        auth("oauth1", consumerKey="c", consumerSecret="planted-1", signatureMethod="PLAINTEXT"),
        auth("jwt", algorithm="HS256", secret="planted-1", addTokenTo="queryParam"),
        auth("awsv4", accessKey="a", secretKey="s", sessionToken="planted-1"),
        auth("awsv4", accessKey="a", secretKey="s", sessionToken="planted-1", addAuthDataToQuery=True),
        auth("digest", username="u", password="planted-1"),
    ],
)
def test_no_secret_of_an_authorisation_is_told(run_collection, collection_of, item, given):
    """The web echoes what it gets, and a script prints it; nothing that is told holds the secret or what it made."""
    request = {"url": "http://h/a", "auth": given}
    looks = "console.log(pm.request.url.toString(), pm.request.headers.toString()); console.log(pm.response.text());"
    ran = run_collection(collection_of(item("a", request, before="console.log('planted-1')", test=looks)))
    told = repr(ran.told)
    assert "planted-1" not in told
    assert base64.b64encode(b"u:planted-1").decode() not in told
    assert "eyJ" not in told
    assert not re.search(r"Signature=[0-9a-f]{64}", told)


def test_a_variable_in_a_secret_setting_is_a_secret_from_the_start(run_collection, collection_of, item):
    """Whatever its name, and wherever its value comes from: no event shows it, nor does a script that prints it."""
    request = {"url": "http://h/a", "auth": auth("basic", username="{{who}}", password="{{way}}")}
    script = "console.log(pm.variables.get('way'), pm.variables.get('who'))"
    collection = collection_of(item("a", request, before=script))
    ran = run_collection(collection, data=[{"way": "planted-1", "who": "somebody"}, {"way": "planted-2"}])
    assert "planted" not in repr(ran.told)
    assert "somebody" in repr(ran.told)

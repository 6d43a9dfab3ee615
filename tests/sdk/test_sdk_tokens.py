"""Access tokens: fetched when needed and not more often, and refusals that name their cause."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sdk_kit import ORG_ID, SECRET, START, Reply, ScriptedServer, Time, all_good, credentials_for

from umapi_harness.mock import Settings, VirtualClock
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import (
    Action,
    AuthenticationError,
    ConfigurationError,
    Connection,
    JWTAuth,
    OAuthS2S,
    OutcomeStatus,
    ServicePrincipalAuth,
    UnavailableError,
    UserAction,
    UserQuery,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.keys import load_private_key

Connect = Callable[..., Connection]


def pem(key: Any, passphrase: bytes | None = None, form: str = "PKCS8") -> str:
    """A private key as text."""
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    wanted = getattr(serialization.PrivateFormat, form)
    text: bytes = key.private_bytes(serialization.Encoding.PEM, wanted, encryption)
    return text.decode("ascii")


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """A private key that no server knows."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwt_auth(server: RunningServer | ScriptedServer, key_text: str | None = None, **changes: Any) -> JWTAuth:
    """JWT credentials for a server."""
    details = server.details
    arguments: dict[str, Any] = {
        "org_id": details.org_id,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "tech_acct_id": details.tech_account_id,
        "auth_host": details.ims_url,
        **({"priv_key_data": key_text} if key_text else {}),
        **changes,
    }
    if "priv_key_data" not in arguments:
        arguments["priv_key_data"] = Path(details.private_key_path).read_text("ascii")
    return JWTAuth(**arguments)


def tokens_fetched(server: RunningServer) -> int:
    """How many token requests a mock server has had."""
    return sum(entry["operation"] == "token" for entry in server.world.journal.as_list())


def ask(connection: Connection) -> None:
    """Make one call."""
    assert UserQuery(connection, "jdoe@example.com").result() is not None


def test_token_is_fetched_on_first_use_and_reused(mock: RunningServer, connect: Connect) -> None:
    """No token before the first call, and one for all calls."""
    connection = connect(mock)
    assert tokens_fetched(mock) == 0
    for _ in range(5):
        ask(connection)
    assert tokens_fetched(mock) == 1


def test_connections_that_share_credentials_share_the_token(mock: RunningServer, connect: Connect) -> None:
    """Two connections with one auth object fetch one token."""
    auth = credentials_for(mock.details)
    ask(connect(mock, auth=auth))
    ask(connect(mock, auth=auth))
    assert tokens_fetched(mock) == 1


@pytest.mark.parametrize("flow", ["oauth", "jwt"])
@pytest.mark.parametrize(("passed", "fetched"), [(86_399 - 301, 1), (86_399 - 299, 2), (86_399, 2), (200_000, 2)])
def test_token_is_replaced_ahead_of_its_end(
    mock: RunningServer, connect: Connect, time: Time, flow: str, passed: float, fetched: int
) -> None:
    """Both units of expires_in are understood: a token is replaced five minutes before its end, not earlier."""
    connection = connect(mock, auth=jwt_auth(mock) if flow == "jwt" else None)
    ask(connection)
    time.source.advance(passed)
    ask(connection)
    assert tokens_fetched(mock) == fetched
    assert 401 not in [entry["status"] for entry in mock.world.journal.as_list()]


@pytest.mark.parametrize(("passed", "fetched"), [(0, 1), (53, 1), (55, 2)])
def test_token_with_a_short_life_is_used_for_most_of_it(
    mock: RunningServer, connect: Connect, time: Time, passed: float, fetched: int
) -> None:
    """A token that lives for less than the usual margin is not fetched for each call."""
    mock.world.settings = Settings(token_seconds=60)
    connection = connect(mock)
    ask(connection)
    time.source.advance(passed)
    ask(connection)
    assert tokens_fetched(mock) == fetched


DAY = 86_400


@pytest.mark.parametrize(
    ("flow", "expires_in", "used_for"),
    [
        *(("oauth", 86_399, 86_098), ("oauth", 86_399_000, 86_098), ("oauth", 300, 269), ("oauth", 60, 53)),
        *(("jwt", 86_399_000, 86_098), ("jwt", 86_399, 86_098), ("jwt", 3_600_000, 3_299), ("jwt", 3600, 3_299)),
        *(("jwt", 300_000, 269), ("jwt", 300, 269), ("oauth", 604_800, 604_499)),
        *((flow, odd, 400 * DAY) for flow in ("oauth", "jwt") for odd in (0, -1, -86_399, 1, 10**15, -0.5, None)),
        *(("oauth", 10**400, 400 * DAY), ("oauth", "86399", 86_098), ("jwt", "86399000", 86_098)),
    ],
)
def test_life_of_a_token_is_judged_by_what_is_plausible(
    wire: ScriptedServer, connect: Connect, time: Time, key: rsa.RSAPrivateKey, flow: str, expires_in: object,
    used_for: int,
) -> None:  # fmt: skip
    """Whatever number and unit expires_in has, a token serves until near its end; without a life, until refused."""
    wire.answer = lambda _: Reply(status=404, body={"result": "error.user.not_found"})
    reply = Reply(body={"access_token": "first", "token_type": "bearer", "expires_in": expires_in})
    wire.token_replies += [reply, attrs.evolve(reply, body={**reply.body, "access_token": "second"})]  # type: ignore[dict-item]
    query = UserQuery(connect(wire, auth=jwt_auth(wire, pem(key)) if flow == "jwt" else None), "a@example.com")
    query.result()
    time.source.advance(used_for)
    query.reload()
    query.result()
    assert len(wire.token_requests) == 1
    if used_for < 400 * DAY:
        time.source.advance(1)
    else:
        wire.replies.append(Reply(status=401))
    query.reload()
    assert query.result() is None
    assert len(wire.token_requests) == 2


@pytest.mark.filterwarnings("ignore::umapi_sdk.UnsentActionsWarning")
@pytest.mark.parametrize("refused", [False, True])
def test_connections_of_all_kinds_fetch_one_token(wire: ScriptedServer, connect: Connect, refused: bool) -> None:
    """Async connections in two event loops and blocking ones in threads that share an Auth share its token request."""
    auth = credentials_for(wire.details)
    wire.answer = all_good
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    async def one(number: int) -> None:
        async with AsyncConnection(ORG_ID, auth, endpoint=wire.details.api_url) as connection:
            await connection.execute_single(UserAction(f"{number}@example.com").add_adobe_id(), immediate=True)

    async def four() -> None:
        ends = await asyncio.gather(*map(one, range(4)), return_exceptions=True)
        failures.extend(end for end in ends if end is not None)

    def work(number: int) -> None:
        start.wait()
        try:
            if number % 2:
                asyncio.run(four())
            else:
                with Connection(ORG_ID, auth, endpoint=wire.details.api_url) as connection:
                    connection.execute_single(UserAction("a@example.com").add_adobe_id(), immediate=True)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    if refused:
        body = {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
        wire.token_replies.append(Reply(status=400, body=body))
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:  # what was queued stays queued, and closing says so
        assert {type(failure) for failure in failures} <= {AuthenticationError}
        assert len({id(failure) for failure in failures}) == len(failures)
    else:
        assert failures == []
        assert len(wire.token_requests) == 1


@pytest.mark.filterwarnings("ignore::umapi_sdk.UnsentActionsWarning")
def test_refusal_that_calls_share_tells_each_of_its_own_actions(wire: ScriptedServer) -> None:
    """Calls that wait for one token all get its refusal, each with outcomes of its own actions; a query has none."""
    auth = credentials_for(wire.details)
    body = {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
    wire.token_replies.append(Reply(status=400, body=body))
    actions = [UserAction(f"{number}@example.com").add_adobe_id() for number in range(2)]

    async def one(action: Action | None) -> AuthenticationError:
        async with AsyncConnection(ORG_ID, auth, endpoint=wire.details.api_url) as connection:
            with pytest.raises(AuthenticationError) as caught:
                await (connection.execute_single(action, immediate=True) if action else connection.user("a@b.c"))
            return caught.value

    async def all_at_once() -> list[AuthenticationError]:
        return await asyncio.gather(*map(one, (*actions, None)))

    told = [[outcome.action for outcome in error.outcomes] for error in asyncio.run(all_at_once())]
    assert (told, len(wire.token_requests)) == ([[actions[0]], [actions[1]], []], 1)


def test_blocking_call_inside_of_a_loop_does_not_wait_for_that_loop(wire: ScriptedServer, connect: Connect) -> None:
    """A blocking call made while a coroutine of the same thread fetches the token fetches one of its own."""
    auth = credentials_for(wire.details)
    wire.answer = all_good
    blocking = connect(wire, auth=auth)

    async def both() -> None:
        other = AsyncConnection(ORG_ID, auth, endpoint=wire.details.api_url)
        task = asyncio.ensure_future(other.execute_single(UserAction("a@example.com").add_adobe_id(), immediate=True))
        await asyncio.sleep(0)
        assert blocking.execute_single(UserAction("b@example.com").add_adobe_id(), immediate=True).completed == 1
        assert (await task).completed == 1
        await other.close()

    asyncio.run(both())
    assert len(wire.token_requests) == 2


def test_refused_token_is_replaced_once(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A 401 in the middle of a run fetches a new token and repeats the call, an action too, without a wait."""
    connection = connect(mock, max_retries=1)
    ask(connection)
    mock.world.tokens.revoke()
    done = connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert (done.completed, done.outcomes[0].maybe_repeated, time.slept) == (1, False, [])
    assert tokens_fetched(mock) == 2


def test_refused_token_counts_as_no_attempt(wire: ScriptedServer, connect: Connect) -> None:
    """After a 401 the service can still be busy as often as at any other time."""
    wire.replies += [Reply(status=401), Reply(status=429)]
    wire.answer = all_good
    done = connect(wire, max_retries=2).execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert (done.completed, len(wire.seen)) == (1, 3)


def test_token_that_is_always_refused_ends_in_an_error(wire: ScriptedServer, connect: Connect) -> None:
    """A service that refuses every token is asked twice, not for ever; the action stays queued."""
    wire.answer = lambda _: Reply(
        status=401,
        headers={"WWW-Authenticate": 'Bearer realm="JIL", error="x", error_description="The access token is invalid"'},
    )
    connection = connect(wire)
    with pytest.raises(AuthenticationError, match="The access token is invalid") as caught:
        connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert (len(wire.seen), len(wire.token_requests)) == (2, 2)
    assert [request.headers["authorization"] for request in wire.seen] == ["Bearer kit-token-1", "Bearer kit-token-2"]
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]


def test_401_with_a_body_names_its_code(wire: ScriptedServer, connect: Connect) -> None:
    """The form of a 401 that was seen live gives its code and words."""
    body = {"lastPage": False, "result": "error.unauthorized", "message": "Failed to authenticate provided token"}
    wire.answer = lambda _: Reply(status=401, body=body)
    with pytest.raises(AuthenticationError, match="Failed to authenticate provided token") as caught:
        UserQuery(connect(wire), "a@b.c").result()
    assert (caught.value.code, caught.value.status) == ("error.unauthorized", 401)


def test_threads_fetch_one_token(wire: ScriptedServer, connect: Connect) -> None:
    """Sixteen threads that begin at once share one token, and one more after it was refused."""
    wire.answer = all_good
    connection = connect(wire)

    def run_all() -> list[str]:
        start = threading.Barrier(16)
        failures: list[BaseException] = []

        def work(number: int) -> None:
            start.wait()
            try:
                action = UserAction(f"u{number}@example.com").add_adobe_id()
                connection.execute_single(action, immediate=True)
            except BaseException as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        return [request.headers["authorization"] for request in wire.seen]

    assert set(run_all()) == {"Bearer kit-token-1"}
    assert len(wire.token_requests) == 1
    wire.seen.clear()

    def answer(request: Any) -> Reply:
        return Reply(status=401) if request.headers["authorization"].endswith("-1") else all_good(request)

    wire.answer = answer
    assert set(run_all()) == {"Bearer kit-token-1", "Bearer kit-token-2"}
    assert len(wire.token_requests) == 2


def test_oauth_request_has_the_documented_form(wire: ScriptedServer, connect: Connect) -> None:
    """Client credentials, secret and scope go as a form to the token endpoint, the key and token to the API."""
    wire.answer = all_good
    connect(wire).execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True)
    (request,) = wire.token_requests
    assert (request.method, request.path) == ("POST", "/ims/token/v2")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form == {
        "grant_type": "client_credentials",
        "client_id": "kit-client-id",
        "client_secret": SECRET,
        "scope": "openid,AdobeID,user_management_sdk",
    }
    headers = wire.seen[0].headers
    assert headers["authorization"] == "Bearer kit-token-1"
    assert headers["x-api-key"] == "kit-client-id"
    assert (headers["accept"], headers["content-type"]) == ("application/json", "application/json")


def test_jwt_request_has_the_documented_claims(wire: ScriptedServer, connect: Connect, key: rsa.RSAPrivateKey) -> None:
    """The JWT is RS256, ends in half an hour, and names organisation, account, audience and metascope."""
    wire.answer = all_good
    connect(wire, auth=jwt_auth(wire, pem(key))).execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True)
    (request,) = wire.token_requests
    assert (request.path, set(request.form)) == ("/ims/exchange/jwt/", {"client_id", "client_secret", "jwt_token"})
    host = wire.url.partition("://")[2]
    claims = jwt.decode(
        request.form["jwt_token"],
        key.public_key(),
        algorithms=["RS256"],
        audience=f"https://{host}/c/kit-client-id",
        options={"verify_exp": False},
    )
    assert claims["exp"] == START + 30 * 60
    assert (claims["iss"], claims["sub"]) == (ORG_ID, "kit@techacct.adobe.com")
    assert claims[f"https://{host}/s/ent_user_sdk"] is True


def test_both_names_of_the_oauth_flow_are_one() -> None:
    """OAuthS2S is ServicePrincipalAuth."""
    assert OAuthS2S is ServicePrincipalAuth


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_encrypted_key_opens_with_its_passphrase(mock: RunningServer, connect: Connect, form: str) -> None:
    """An encrypted private key works with the right passphrase, in both PEM forms."""
    own = serialization.load_pem_private_key(Path(mock.details.private_key_path).read_bytes(), None)
    auth = jwt_auth(mock, pem(own, b"pass \xc3\xbc", form), passphrase="pass ü")
    ask(connect(mock, auth=auth))


@pytest.mark.parametrize(
    ("encrypted", "passphrase", "message"),
    [
        (True, None, "the private key is encrypted: give its passphrase"),
        (True, "", "the private key is encrypted: give its passphrase"),
        (True, "wrong", "the passphrase is wrong, or the private key is damaged"),
        (True, b"right", "passphrase must be a string"),
        (False, "right", "the private key is not encrypted: leave the passphrase out"),
    ],
)
def test_wrong_passphrase_is_named(key: rsa.RSAPrivateKey, encrypted: bool, passphrase: Any, message: str) -> None:
    """A missing, wrong or needless passphrase is said in one line, which does not show it."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_private_key(pem(key, b"right" if encrypted else None), passphrase)
    assert "right" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("private.key", "looks like a file name"),
        ("nonsense", "not a private key in PEM form"),
        ("", "priv_key_data must be a string that is not empty"),
        (None, "priv_key_data must be a string that is not empty"),
        (b"-----BEGIN PRIVATE KEY-----", "priv_key_data must be a string"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is a certificate or public key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is a certificate or public key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not an RSA key"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_unusable_key_is_named(wire: ScriptedServer, text: Any, message: str) -> None:
    """What is no RSA private key is refused when the credentials are made."""
    with pytest.raises(ConfigurationError, match=message):
        jwt_auth(wire, priv_key_data=text)


@pytest.mark.parametrize("name", ["org_id", "client_id", "client_secret", "tech_acct_id"])
@pytest.mark.parametrize("value", ["", "  ", None, 5])
def test_missing_credentials_are_named(wire: ScriptedServer, key: rsa.RSAPrivateKey, name: str, value: Any) -> None:
    """Each argument that is empty or no string is named."""
    with pytest.raises(ConfigurationError, match=f"{name} must be a string that is not empty"):
        jwt_auth(wire, pem(key), **{name: value})


@pytest.mark.parametrize("value", ["line\nbreak", "ümlaut", "two words", "tab\t"])
def test_client_id_that_no_header_can_hold_is_refused(value: str) -> None:
    """A client id with line breaks or other characters that headers do not carry is refused at once."""
    with pytest.raises(ConfigurationError, match="client_id must be ASCII"):
        ServicePrincipalAuth(value, "secret")


def refusal(mock: RunningServer, connect: Connect, auth: Any) -> AuthenticationError:
    """The error of a call whose token is refused."""
    with pytest.raises(AuthenticationError, match="no access token") as caught:
        ask(connect(mock, auth=auth))
    assert (caught.value.method, caught.value.status) == ("POST", 400)
    assert caught.value.request_id
    assert caught.value.url.startswith(mock.details.ims_url)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"client_secret": "wrong"}, "check the client secret"),
        ({"client_id": "unknown"}, "check the client id"),
        ({"scope": "openid,AdobeID"}, "the scope is not one of this integration"),
        ({"scope": "everything"}, "the scope is not one of this integration"),
    ],
)
def test_refusal_of_oauth_names_its_cause(
    mock: RunningServer, connect: Connect, changes: dict[str, str], cause: str
) -> None:
    """Wrong secret, client or scope: the message says which."""
    details = mock.details
    arguments: dict[str, Any] = {"client_id": details.client_id, "client_secret": details.client_secret, **changes}
    auth = ServicePrincipalAuth(auth_host=details.ims_url, **arguments)
    assert cause in str(refusal(mock, connect, auth))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"client_secret": "wrong"}, "check the client secret"),
        ({"org_id": "99@AdobeOrg"}, "check org_id, tech_acct_id"),
        ({"tech_acct_id": "other@techacct.adobe.com"}, "check org_id, tech_acct_id"),
    ],
)
def test_refusal_of_jwt_names_its_cause(
    mock: RunningServer, connect: Connect, changes: dict[str, str], cause: str
) -> None:
    """Wrong secret or ids that are not of one integration: the message says which."""
    assert cause in str(refusal(mock, connect, jwt_auth(mock, **changes)))


def test_refusal_names_the_wrong_key(mock: RunningServer, connect: Connect, key: rsa.RSAPrivateKey) -> None:
    """A key whose certificate is not registered is named as the cause."""
    error = refusal(mock, connect, jwt_auth(mock, pem(key)))
    assert "the private key does not belong to a certificate of this integration" in str(error)


def test_refusal_names_the_clock(connect: Connect, time: Time) -> None:
    """A JWT made by a clock that is days behind is refused, and the clock named."""
    with running_server(clock=VirtualClock(START + 2 * 24 * 60 * 60, frozen=True)) as server:
        connection = connect(server, auth=jwt_auth(server))
        with pytest.raises(AuthenticationError, match="check this machine's clock"):
            ask(connection)
        connection.close()


@pytest.mark.parametrize(
    ("description", "error", "cause"),
    [
        ("Could not match JWT signature to any of the bindings", "invalid_token", "the private key does not belong"),
        ("Could not match JWT signature to any of the bindings", "invalid_token", "or that has expired"),
        ("client_secret has expired", "invalid_client", "check the client secret"),
        ("The certificate has expired", "invalid_token", "look at the integration's certificates"),
        ("JWT token has expired.", "invalid_token", "check this machine's clock"),
        ("JWT token is issued in the future", "invalid_token", "check this machine's clock"),
        ("not a valid scope", "invalid_scope", "no User Management API"),
        ("nobody knows", "invalid_token", "check org_id, tech_acct_id"),
        ("", "server_error", "no access token"),
        (None, "unauthorized_client", "may not use this flow"),
    ],
)
def test_causes_known_from_the_token_host(
    wire: ScriptedServer, connect: Connect, key: rsa.RSAPrivateKey, description: str | None, error: str, cause: str
) -> None:
    """The token host's own words lead to what the caller can check."""
    body = {"error": error} | ({} if description is None else {"error_description": description})
    wire.token_replies.append(Reply(status=400, body=body))
    with pytest.raises(AuthenticationError, match=cause) as caught:
        ask(connect(wire, auth=jwt_auth(wire, pem(key))))
    assert caught.value.code == error


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (
            Reply(body=b"<html>Log in to the guest network"),
            "a web page came: is auth_host (UMAPI_IMS_URL) right, or does a proxy",
        ),
        (Reply(status=404), "answered 404: is auth_host (UMAPI_IMS_URL) right?"),
        (Reply(status=302, headers={"Location": "http://x/"}), "it sends the request elsewhere, which is not followed"),
        (Reply(status=403, body=b"<html>"), "answered 403: a web page came: is auth_host (UMAPI_IMS_URL) right"),
        (Reply(status=407), "answered 407: a proxy wants a user and password: give them in its URL"),
        (Reply(status=511), "answered 511: this network wants a login first"),
        (Reply(status=511, body=b"<html>"), "answered 511: this network wants a login first"),
        (Reply(status=304), "answered 304: it says that nothing has changed, as caches do"),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_stranger_in_place_of_the_token_host(wire: ScriptedServer, connect: Connect, reply: Reply, advice: str) -> None:
    """What no token host says leads to whoever stands in its place."""
    wire.token_replies.append(reply)
    with pytest.raises(AuthenticationError) as caught:
        ask(connect(wire))
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(body=b""), "it is not JSON"),
        (Reply(body=b"<html>"), "it is not JSON: a web page came"),
        (Reply(body=[]), "list is not an object"),
        (Reply(body=b"[" * 100_000), "it is not JSON"),
        (Reply(body={"access_token": "t0ken", "token_type": "mac", "expires_in": 60}), "token_type is not bearer"),
        (Reply(body={"access_token": "t0ken", "token_type": 7, "expires_in": 60}), "/token_type"),
        (Reply(body={"access_token": "t0ken", "expires_in": True}), "/expires_in: true is not an integer"),
        (Reply(body={"access_token": 5, "token_type": "bearer", "expires_in": 60}), "/access_token"),
        (Reply(body={"access_token": "", "expires_in": 60}), "its token cannot be a header"),
        (Reply(body={"access_token": "t0ken\r\nX: y", "expires_in": 60}), "its token cannot be a header"),
        (Reply(body={"access_token": "t0kenü", "expires_in": 60}), "its token cannot be a header"),
        (Reply(body={"access_token": "t0ken", "expires_in": "soon"}), '/expires_in: "soon" is not an integer'),
        (Reply(status=302), "answered 302"),
    ],
    ids=lambda it: "" if isinstance(it, str) else str(it.status) if it.status != 200 else ascii(it.body)[:50],
)
def test_answer_that_is_no_token_is_an_error(wire: ScriptedServer, connect: Connect, reply: Reply, said: str) -> None:
    """Whatever else comes from the token host is an AuthenticationError that says why, and shows nothing of it."""
    wire.token_replies.append(reply)
    with pytest.raises(AuthenticationError) as caught:
        ask(connect(wire))
    assert said in str(caught.value)
    assert "t0ken" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert wire.seen == []


def test_refusal_in_an_answer_of_200_is_told(wire: ScriptedServer, connect: Connect) -> None:
    """A refusal of the token host counts by its words, also under the status of a success, and without the secret."""
    secret = "s3cret-of-the-test"
    body = {"error": "invalid_client", "error_description": f"invalid client_secret {secret}"}
    wire.token_replies.append(Reply(body=body))
    with pytest.raises(AuthenticationError) as caught:
        ask(connect(wire, auth=OAuthS2S("key", secret, wire.details.ims_url)))
    assert str(caught.value).startswith("no access token: invalid client_secret *** - check the client secret")
    assert caught.value.code == "invalid_client"


@pytest.mark.parametrize("kind", [{}, {"token_type": None}, {"token_type": "Bearer"}, {"expires_in": "86399"}])
def test_answer_needs_no_more_than_the_token(wire: ScriptedServer, connect: Connect, kind: dict[str, Any]) -> None:
    """An answer without a life or a type (RFC 6749, 5.1), or with the type in other letters, gives a token."""
    wire.token_replies.append(Reply(body={"access_token": "t0ken", **kind}))
    wire.answer = all_good
    connect(wire).execute_single(UserAction("a@example.com").add_adobe_id(), immediate=True)
    assert wire.seen[0].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [500, 501, 520])
def test_trouble_of_the_token_host_is_no_fault_of_the_credentials(
    wire: ScriptedServer, connect: Connect, status: int
) -> None:
    """A token host that answers 5xx is unavailable: nothing is said against the credentials, and actions wait."""
    wire.token_replies.append(Reply(status=status, body=b"t0ken"))
    connection = connect(wire)
    with pytest.raises(UnavailableError, match=f"the token host answered {status}") as caught:
        connection.execute_single(UserAction("a@example.com").add_adobe_id(), immediate=True)
    assert "t0ken" not in str(caught.value)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]

"""Secrets stay secret: in no message, no repr and no log record, whatever happens."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from sdk_kit import SECRET, Behaviour, Reply, ScriptedServer, Seen, TunnelProxy, all_good, serving

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Connection, JWTAuth, ServicePrincipalAuth, UmapiError, UserAction, UserQuery, load_settings
from umapi_sdk.masking import masked
from umapi_sdk.transports.settings import NetworkSettings

Connect = Callable[..., Connection]
PASSWORD = "pr0xy-p@ss"


class Log(logging.Handler):
    """Keeps everything that any logger says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, its arguments and its traceback."""
        self.lines += [f"{record.name}: {record.getMessage()}", repr(record.args), str(record.exc_text)]


@pytest.fixture
def log() -> Iterator[Log]:
    """All loggers at DEBUG, those of the HTTP libraries too."""
    root = logging.getLogger()
    before = root.level
    handler = Log()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)


def shown(error: BaseException) -> str:
    """Everything that a traceback and the fields of an error show."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def assert_hidden(text: str, *secrets: str) -> None:
    """None of the secrets is in the text, in any of the forms that they take on the wire."""
    for secret in secrets:
        for form in {secret, quote(secret), quote_plus(secret), repr(secret)[1:-1]}:
            assert form not in text


def key_lines(server: RunningServer) -> list[str]:
    """The lines of the private key, without its frame."""
    return Path(server.details.private_key_path).read_text("ascii").splitlines()[1:-1]


def scenario(connection: Connection) -> list[BaseException]:
    """Do a bit of everything; return the errors."""
    errors: list[BaseException] = []
    calls: list[Callable[[], object]] = [
        lambda: connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True),
        lambda: UserQuery(connection, "jdoe@example.com").result(),
        lambda: connection.status(remote=True),
    ]
    for call in calls:
        try:
            call()
        except UmapiError as error:
            errors.append(error)
    return errors


@pytest.mark.parametrize("flow", ["oauth", "jwt"])
@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault(operation="token", status=400, body='{"error": "invalid_client", "error_description": "no"}'),
        Fault(operation="token", kind="drop"),
        Fault(operation="action", kind="drop"),
        Fault(operation="user", status=503),
    ],
    ids=lambda fault: fault and f"{fault.operation} {fault.kind}",
)
def test_nothing_secret_is_logged_or_raised(
    mock: RunningServer, connect: Connect, log: Log, flow: str, fault: Fault | None
) -> None:
    """With every logger at DEBUG, neither secret nor token nor JWT nor key shows, in success or failure."""
    details = mock.details
    if flow == "jwt":
        text = Path(details.private_key_path).read_text("ascii")
        arguments = (details.org_id, details.client_id, details.client_secret, details.tech_account_id, text)
        auth: Any = JWTAuth(*arguments, auth_host=details.ims_url)
    else:
        auth = ServicePrincipalAuth(details.client_id, details.client_secret, details.ims_url)
    mock.world.faults.replace([fault] if fault else [])
    connection = connect(mock, auth=auth)
    errors = scenario(connection)
    token = auth.token.value if auth.token else "none yet"
    said = "\n".join([*log.lines, *map(shown, errors), repr(auth), repr(auth.token), repr(connection), str(auth)])
    assert bool(errors) == (fault is not None)
    assert_hidden(said, details.client_secret, token, *key_lines(mock))
    assert "eyJ" not in said
    assert "umapi_sdk.connection: " in said


def test_host_that_echoes_what_it_was_sent_cannot_leak_it(
    wire: ScriptedServer, mock: RunningServer, connect: Connect, log: Log
) -> None:
    """A token host that puts the request's body into its refusal does not bring secret or JWT into the message."""
    text = Path(mock.details.private_key_path).read_text("ascii")
    arguments = (wire.details.org_id, wire.details.client_id, SECRET, "kit@techacct.adobe.com", text)
    for auth in (JWTAuth(*arguments, auth_host=wire.url), ServicePrincipalAuth("kit-client-id", SECRET, wire.url)):
        wire.reply_to = echo  # type: ignore[method-assign]
        (error, *_) = scenario(connect(wire, auth=auth))
        assert "***" in str(error)
        said = "\n".join([*log.lines, shown(error)])
        assert_hidden(said, SECRET)
        assert "eyJ" not in said


def echo(request: Seen) -> Reply:
    """Refuse, with everything that was sent."""
    said = request.body.decode() + repr(request.form)
    return Reply(status=400, body={"error": "invalid_client", "error_description": said})


def test_proxy_password_is_never_shown(secure: RunningServer, connect: Connect, log: Log) -> None:
    """The password of a proxy shows in no log and no error, whether the proxy works or not."""
    details = secure.details
    auth = ServicePrincipalAuth(details.client_id, details.client_secret)
    proxy = TunnelProxy(int(secure.url.rpartition(":")[2]))
    errors: list[BaseException] = []
    failures: list[list[Behaviour]] = [["refuse"], ["drop before"] * 2, ["tunnel", "drop after", "drop after"], []]
    with serving(proxy):
        url = f"http://jo:{quote(PASSWORD, safe='')}@{proxy.url.partition('://')[2]}"
        for behaviours in failures:
            proxy.behaviours += behaviours
            options = {"proxy": url, "max_retries": 2, "ca_bundle": details.ca_cert, "auth": auth}
            connection = connect(secure, endpoint="https://usermanagement.adobe.io/v2/usermanagement", **options)
            errors += scenario(connection)
    assert len(errors) == 3
    assert set(proxy.credentials) == {f"jo:{PASSWORD}"}
    said = "\n".join([*log.lines, *map(shown, errors), repr(connection), repr(NetworkSettings(proxy=url))])
    assert_hidden(said, PASSWORD)


def test_settings_do_not_show_secrets() -> None:
    """The repr of settings leaves out secret, passphrase and proxy."""
    settings = load_settings(
        environment={},
        org_id="1@AdobeOrg",
        client_id="id",
        client_secret="s3cret",
        private_key_passphrase="w0rd",
        proxy="http://jo:pw@h:1",
    )
    assert_hidden(repr(settings), "s3cret", "w0rd", "pw")


def test_log_tells_what_happens_under_the_sdks_name(mock: RunningServer, connect: Connect, log: Log) -> None:
    """Requests with status and request id, waits with their reason, and tokens fetched are logged."""
    mock.world.faults.replace([Fault(operation="user", status=503, first=1)])
    UserQuery(connect(mock), "jdoe@example.com").result()
    lines = [line for line in log.lines if line.startswith("umapi_sdk.")]
    assert any("fetching an access token for" in line for line in lines)
    assert any("waiting 3 s: the service answered 503" in line for line in lines)
    assert any("GET" in line and ": 200, request id " in line for line in lines)


def test_log_is_silent_unless_asked(wire: ScriptedServer, connect: Connect, capfd: pytest.CaptureFixture[str]) -> None:
    """Without logging set up, the SDK prints nothing."""
    wire.answer = all_good
    scenario(connect(wire))
    assert capfd.readouterr() == ("", "")


TOKEN = "opaque-token/with+signs=="


@pytest.mark.parametrize("where", ["service", "token host"])
def test_log_of_a_service_that_echoes_secrets(wire: ScriptedServer, connect: Connect, log: Log, where: str) -> None:
    """A token or client secret that comes back as request id stands in no line of the SDK's log."""
    if where == "service":
        wire.token_replies.append(Reply(body={"access_token": TOKEN, "token_type": "bearer", "expires_in": 86_399}))
        wire.answer = lambda _: Reply(status=500, headers={"X-Request-Id": f"id-{TOKEN}"})
    else:
        headers = {"X-Request-Id": f"id-{SECRET}-{quote(SECRET, safe='')}"}
        wire.token_replies.append(Reply(status=400, body={"error": "invalid_client"}, headers=headers))
    with pytest.raises(UmapiError):
        UserQuery(connect(wire, max_retries=1), "a@example.com").result()
    lines = [line for line in log.lines if line.startswith("umapi_sdk.") or "request id" in line]
    assert any("request id id-***" in line for line in lines)
    own = [place for place, line in enumerate(log.lines) if line.startswith("umapi_sdk.")]
    told = "\n".join("\n".join(log.lines[place : place + 3]) for place in own)
    assert_hidden(told, TOKEN, SECRET)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("field", ["message", "result", "header", "step"])
def test_service_that_echoes_the_token_cannot_leak_it(
    wire: ScriptedServer, connect: Connect, status: int, field: str
) -> None:
    """A token that the service puts into refusal, headers or the error of a step shows nowhere."""
    wire.token_replies.append(Reply(body={"access_token": TOKEN, "token_type": "bearer", "expires_in": 86_399}))
    said = f"no: Bearer {TOKEN}, {quote(TOKEN, safe='')}"
    entry = {"index": 0, "errorCode": "error.x", "message": said}
    bodies: dict[str, Any] = {
        "step": {"completed": 0, "notCompleted": 1, "completedInTestMode": 0, "result": "error", "errors": [entry]},
        "result": {"result": said, "message": "m"},
        "message": {"result": "error.x", "message": said},
    }
    headers = {"X-Request-Id": f"id-{TOKEN}", "WWW-Authenticate": f'Bearer error_description="{TOKEN}"'}
    wire.answer = lambda _: Reply(
        status=status, body=bodies.get(field, b""), headers=headers if field == "header" else {}
    )
    connection = connect(wire, max_retries=1)
    action = UserAction("a@example.com").add_adobe_id()
    told: list[str] = []
    for call in (
        lambda: connection.execute_single(action, immediate=True),
        lambda: UserQuery(connection, "a@example.com").result(),
    ):
        try:
            told.append(repr(call()))
        except UmapiError as error:
            told += [shown(error), str(pickle.dumps(error)), "\n".join(map(str, error.outcomes))]
    told += [str(action.outcome), repr(action.outcome)]
    assert_hidden("\n".join(told), TOKEN)


def test_anything_like_a_token_is_masked(wire: ScriptedServer, connect: Connect) -> None:
    """A JWT or bearer token of somebody else, whole or cut short, shows in no error either."""
    said = "saw eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0 and Bearer s0mebody-elses"
    wire.answer = lambda _: Reply(status=400, body={"result": "error.x", "message": said})
    with pytest.raises(UmapiError) as caught:
        UserQuery(connect(wire), "a@example.com").result()
    assert_hidden(shown(caught.value), "eyJhbGci", "s0mebody-elses")


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(status=400, body={"error": "x"}), Reply(body=b"{"), None])
def test_locals_of_a_traceback_show_no_secret(
    wire: ScriptedServer, connect: Connect, mock: RunningServer, reply: Reply | None
) -> None:
    """A reporter that captures the locals of every frame, of HTTP libraries too, sees no secret, token or form."""
    text = Path(mock.details.private_key_path).read_text("ascii")
    kinds = [
        ServicePrincipalAuth("kit-client-id", SECRET, wire.url),
        JWTAuth(wire.details.org_id, "kit-client-id", SECRET, "kit@techacct.adobe.com", text, auth_host=wire.url),
    ]
    wire.answer = lambda _: Reply(cut=True)
    for auth in kinds:
        if reply is not None:
            wire.token_replies.append(reply)
        connection = connect(wire, auth=auth, max_retries=1)
        errors = scenario(connection)
        assert errors
        for error in errors:
            lines = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
            assert "umapi_sdk" in lines
            assert_hidden(lines, SECRET, "kit-token-")
            assert "eyJ" not in lines


def test_user_and_password_in_an_address_are_refused_unseen(wire: ScriptedServer, connect: Connect) -> None:
    """Neither endpoint nor auth_host takes a password, and the refusal does not show it."""
    for address in ("http://jo:pa55word@127.0.0.1/v2", "ftp://jo:pa55word@h/", "jo:pa55word@h"):
        with pytest.raises(UmapiError, match="must be a URL without user and password") as caught:
            connect(wire, endpoint=address)
        assert_hidden(shown(caught.value), "pa55word")
        with pytest.raises(UmapiError, match="must be a URL without user and password") as caught:
            ServicePrincipalAuth("id", "secret", address)
        assert_hidden(shown(caught.value), "pa55word")


@pytest.mark.parametrize("text", ["-eyJ" * 20_000, "Bearer " * 20_000, "eyJ" + "a." * 20_000])
def test_masking_costs_no_more_than_the_text_is_long(text: str) -> None:
    """Text made to be hard for a pattern is masked in linear time."""
    times: list[float] = []
    for factor in (1, 8):
        begun = perf_counter()
        masked(text * factor, ["s" * 20])
        times.append(perf_counter() - begun)
    assert times[1] < 8 * 4 * times[0] + 0.2

"""`umapi login`: what the credentials may do, and their secrets in the system's keyring."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from umapi_command import Result
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import ConfigurationError, load_settings

keyring = pytest.importorskip("keyring")
from keyring.backend import KeyringBackend  # noqa: E402
from keyring.backends import fail, null  # noqa: E402
from keyring.errors import KeyringLocked, PasswordDeleteError  # noqa: E402

Umapi = Callable[..., Result]

ALL_WELL = [
    "token host: ok: it gave a token",
    "scopes: not known, for the token does not tell them",
    "service: ok: it is LIVE",
    "organisation: ok: 12345@AdobeOrg can be queried",
    "API key: ok",
    "actions: ok: one was checked in test mode",
]


class Memory(KeyringBackend):  # type: ignore[misc, unused-ignore]
    """A keyring that lasts as long as a test."""

    priority = 1  # pyright: ignore[reportAssignmentType]
    name = "of a test"  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError("not there")
        del self.kept[service, username]


class Locked(Memory):
    """A keyring that its owner does not open."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the owner\nwould not")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)


@pytest.fixture
def use() -> Iterator[Callable[[Any], Any]]:
    """Puts a keyring in the place of the system's for the length of a test."""
    before = keyring.get_keyring()

    def put(backend: Any) -> Any:
        keyring.set_keyring(backend)
        return backend

    yield put
    keyring.set_keyring(before)


@pytest.fixture
def secret(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The client secret, which the environment does not give any more."""
    monkeypatch.delenv("UMAPI_CLIENT_SECRET")
    return server.details.client_secret


def test_credentials_that_may_do_everything(umapi: Umapi, server: RunningServer) -> None:
    """Each part is told with ok, in the order of the trial, and nothing is changed."""
    before = server.world.organization()
    users = [user.email for user in before.listed_users]
    result = umapi("login")
    assert (result.status, result.lines, result.err) == (0, ALL_WELL, "")
    assert [user.email for user in server.world.organization().listed_users] == users


def test_a_wrong_secret(umapi: Umapi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the token host refuses, its reason is told, and what could not be tried."""
    monkeypatch.setenv("UMAPI_CLIENT_SECRET", "a-wrong-secret")
    result = umapi("login")
    assert result.status == 1
    assert result.lines[0].startswith("token host: REFUSED: ")
    assert "the action" not in result.lines[0]  # there is none yet
    assert "client_secret" in result.lines[0] or "secret" in result.lines[0]
    assert "a-wrong-secret" not in result.out + result.err
    assert result.lines[1:] == [
        "service: ok: it is LIVE",
        "scopes, organisation, API key, actions: not tried, for there is no token",
    ]


@pytest.mark.parametrize(
    ("fault", "begins", "says"),
    [
        (
            Fault(operation="user", status=403, body='{"error_code": "403003", "message": "Api Key is invalid"}'),
            "API key: REFUSED: Api Key is invalid (GET ",
            "403003",
        ),
        (
            Fault(operation="user", status=400, body='{"result": "error.organization.invalid_id"}'),
            "organisation: REFUSED: ",
            "ends in @AdobeOrg",
        ),
        (
            Fault(operation="action", status=403, body='{"result": "error.api.not_allowed"}'),
            "actions: REFUSED: ",
            "403",
        ),
        (Fault(operation="status", status=503), "service: REFUSED: Unexpected HTTP status 503", "is the endpoint http"),
        (Fault(operation="status", status=200, body='{"state": "MAINT"}'), "service: REFUSED: its state is MAINT", ""),
    ],
    ids=["key", "organisation", "actions", "service", "state"],
)
def test_a_part_that_is_refused(umapi: Umapi, server: RunningServer, fault: Fault, begins: str, says: str) -> None:
    """One line tells the part and the remedy, all others are tried, and the exit status is 1."""
    server.world.faults.add(fault)
    result = umapi("login")
    assert result.status == 1
    (refused,) = [line for line in result.lines if "REFUSED" in line]
    assert refused.startswith(begins)
    assert says in refused
    assert len(result.lines) >= len(ALL_WELL) - 1


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        ("openid,AdobeID,user_management_sdk", "scopes: ok: AdobeID, openid, user_management_sdk"),
        ("openid", "scopes: REFUSED: the token lacks user_management_sdk: add the User Management API to the project"),
        (7, "scopes: not known, for the token does not tell them"),
    ],
)
def test_scopes(umapi: Umapi, server: RunningServer, scope: object, line: str) -> None:
    """A token that is a JWT, as the service's are, tells its scopes."""
    claims = base64.urlsafe_b64encode(json.dumps({"scope": scope}).encode()).decode().rstrip("=")
    answer = {"access_token": f"eyJhbGciOiJub25lIn0.{claims}.c2ln", "token_type": "bearer", "expires_in": 86399}
    server.world.faults.add(Fault(operation="token", status=200, body=json.dumps(answer)))
    result = umapi("login")
    assert result.lines[1] == line
    assert claims not in result.out + result.err


def test_store_and_forget(
    umapi: Umapi, server: RunningServer, use: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that was stored is found by all commands without the variable, until it is forgotten."""
    memory = use(Memory())
    result = umapi("login", "--store")
    assert result.status == 0
    told = "stored: client_secret in the keyring (of a test); what variables and files give counts before it"
    assert result.lines == [*ALL_WELL, told]
    assert list(memory.kept.values()) == [server.details.client_secret]
    monkeypatch.delenv("UMAPI_CLIENT_SECRET")
    assert umapi("login").status == 0
    assert umapi("user", "jdoe@example.com").status == 0
    assert umapi("login", "--forget").lines == ["removed from the keyring: client_secret"]
    assert memory.kept == {}
    assert umapi("login", "--forget").lines == ["removed from the keyring: nothing, for nothing is kept there"]
    assert umapi("user", "jdoe@example.com").status == 2


def test_a_secret_from_standard_input(
    umapi: Umapi, secret: str, use: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that no setting gives is read from standard input, so that it stands in no file and no history."""
    memory = use(Memory())
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{secret}\n"))
    assert umapi("login", "--store").status == 0
    assert list(memory.kept.values()) == [secret]
    memory.kept.clear()
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    result = umapi("login", "--store")
    assert (result.status, memory.kept) == (2, {})
    assert "UMAPI_CLIENT_SECRET" in result.err


def test_a_new_secret_takes_the_place_of_the_old_one(
    umapi: Umapi, secret: str, use: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--store` asks for the secret also where the keyring has one; without an answer, the one it has is tried."""
    memory = use(Memory())
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{secret}\n"))
    assert umapi("login", "--store").status == 0
    (place,) = memory.kept
    memory.kept[place] = "the-old-one"
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{secret}\n"))
    result = umapi("login", "--store")
    assert result.status == 0, result.out
    assert memory.kept == {place: secret}
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert umapi("login", "--store").status == 0
    assert memory.kept == {place: secret}


def test_a_wrong_secret_is_not_stored(umapi: Umapi, use: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the token host refuses is kept nowhere."""
    memory = use(Memory())
    monkeypatch.setenv("UMAPI_CLIENT_SECRET", "a-wrong-secret")
    result = umapi("login", "--store")
    assert (result.status, memory.kept) == (1, {})
    assert result.lines[-1] == "stored: nothing, for the token host does not take it"


def test_what_counts_before_the_keyring(use: Callable[[Any], Any]) -> None:
    """Argument, variable and file count first, and then the keyring is not asked at all."""
    use(Locked())
    environment = {"UMAPI_ORG_ID": "1@AdobeOrg", "UMAPI_CLIENT_ID": "id", "UMAPI_CLIENT_SECRET": "of the variable"}
    assert load_settings(environment=environment).client_secret == "of the variable"
    del environment["UMAPI_CLIENT_SECRET"]
    assert load_settings(environment=environment, client_secret="of the argument").client_secret == "of the argument"
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment=environment)
    assert str(caught.value) == "the keyring (of a test) cannot be read for client_secret: the owner would not"


def test_secrets_of_the_jwt_flow(use: Callable[[Any], Any]) -> None:
    """With a client secret of the keyring, the key and its passphrase come from there too; never to another host."""
    memory = use(Memory())
    place = "umapi-sdk https://ims.example"
    for name in ("client_secret", "private_key", "private_key_passphrase"):
        memory.kept[place, f"id {name}"] = f"the {name}"
    environment = {"UMAPI_ORG_ID": "1@AdobeOrg", "UMAPI_CLIENT_ID": "id", "UMAPI_IMS_URL": "https://ims.example/"}
    settings = load_settings(environment=environment, auth="jwt")
    assert (settings.client_secret, settings.private_key) == ("the client_secret", "the private_key")
    assert settings.private_key_passphrase == "the private_key_passphrase"
    assert "the private_key" not in repr(settings)
    assert load_settings(environment=environment).private_key is None
    named = load_settings(environment=environment, auth="jwt", private_key_path="key.pem")
    assert (named.private_key, named.private_key_path) == (None, "key.pem")
    # Each is looked for by itself.
    partly = load_settings(environment=environment, auth="jwt", client_secret="given")
    assert (partly.client_secret, partly.private_key) == ("given", "the private_key")
    only = load_settings(environment=environment, auth="jwt", client_secret="given", private_key_path="key.pem")
    assert (only.private_key, only.private_key_passphrase) == (None, "the private_key_passphrase")
    for other in ({"UMAPI_IMS_URL": "https://ims.other"}, {"UMAPI_CLIENT_ID": "other"}):
        with pytest.raises(ConfigurationError, match="client_secret is not set"):
            load_settings(environment={**environment, **other})


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (fail.Keyring, "does not keep client_secret: No recommended backend was available."),
        (null.Keyring, "does not keep client_secret: it took it, and does not give it back"),
        (Locked, "does not keep client_secret: the owner would not"),
    ],
    ids=["none", "null", "locked"],
)
def test_keyrings_that_keep_nothing(umapi: Umapi, use: Callable[[Any], Any], backend: Any, said: str) -> None:
    """A keyring that is not there, or does not keep what it is given, is one line, and no success."""
    use(backend())
    result = umapi("login", "--store")
    assert result.status == 2
    assert said in result.err
    assert result.err.startswith("umapi: the keyring (")


@pytest.mark.parametrize("option", ["--store", "--forget"])
def test_without_the_extra(umapi: Umapi, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """Without its package, the message names the extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = umapi("login", option)
    assert result.status == 2
    assert result.err == "umapi: the package 'keyring' is not installed; run: pip install 'umapi-sdk[keyring]'\n"


def test_without_the_extra_and_a_secret(umapi: Umapi, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without package and secret, the message is that of any missing setting."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = umapi("users")
    assert (result.status, result.err.partition(":")[2].strip()[:26]) == (2, "client_secret is not set: ")


def test_options_that_exclude_each_other(umapi: Umapi) -> None:
    """Storing and forgetting at once is refused."""
    assert umapi("login", "--store", "--forget").status == 2


@pytest.mark.usefixtures("server")
def test_the_keyring_is_loaded_when_it_is_needed() -> None:
    """Where a setting gives the secret, the package is not loaded."""
    program = (
        "import sys; from umapi_sdk.cli import main; status = main(['login']);"
        "print('keyring' in sys.modules, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "False\n")

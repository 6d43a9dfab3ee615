"""Locals of the SDK's frames: a traceback that shows them, as error reporters make it, shows no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest
from kinds_kit import KINDS, calling
from sdk_kit import SECRET, Reply, ScriptedServer, Time, TunnelProxy, closed_port, serving

import umapi_sdk
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Connection, JWTAuth, ServicePrincipalAuth, UmapiError, connect, load_settings
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.keys import load_private_key

kinds = pytest.mark.parametrize("kind", KINDS)
HOME = str(Path(umapi_sdk.__file__).parent)
PLANTED = "pl4nted-s3cret-of-mine"


def frames(error: BaseException) -> Iterator[FrameType]:
    """The frames of an exception, and of all that it came from, told or not."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
        trace = each.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next


def leaks(error: BaseException, *secrets: str) -> list[str]:
    """The locals, of every frame but those of the tests, that show one of the secrets in any of its forms."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
    found: list[str] = []
    for frame in frames(error):
        if "/tests/" in frame.f_code.co_filename:
            continue
        for name, value in frame.f_locals.items():
            if any(form in repr(value) for form in forms):
                found.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}: {name}")
    return found


def failure(call: Callable[[], object]) -> UmapiError:
    """The error of a call."""
    with pytest.raises(UmapiError) as caught:
        call()
    assert PLANTED not in str(caught.value)
    assert any(frame.f_code.co_filename.startswith(HOME) for frame in frames(caught.value))
    return caught.value


@kinds
@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, body={"error": "invalid_client", "error_description": "bad"}),
        Reply(status=500),
        Reply(cut=True),
        Reply(body=b"<html>"),
        Reply(body={"access_token": "a\nb" + SECRET, "token_type": "bearer", "expires_in": 9}),
    ],
    ids=["refused", "500", "lost", "page", "odd token"],
)
def test_no_token(kind: str, reply: Reply, wire: ScriptedServer, time: Time) -> None:
    """A token host that refuses, fails or is lost: client secret and token are in no frame."""
    wire.token_replies += [reply] * 5
    with calling(kind, wire, time) as caller:
        error = failure(lambda: caller.user("a@example.com"))
    assert leaks(error, SECRET) == []


@kinds
@pytest.mark.parametrize("what", ["refused", "unreachable", "time-out", "in the environment"])
def test_proxy_that_fails(
    kind: str, what: str, secure: RunningServer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that refuses, is not there or does not answer: its password is in no frame, wherever it is set."""
    proxy = TunnelProxy(1 if what == "unreachable" else int(secure.url.rpartition(":")[2]))
    if what == "refused":
        proxy.behaviours.append("refuse")
    port = closed_port() if what in ("unreachable", "in the environment") else proxy.server_address[1]
    url = f"http://jo:{PLANTED}@127.0.0.1:{port}"
    if what == "in the environment":
        monkeypatch.setenv("HTTPS_PROXY", url)
    options: dict[str, Any] = {} if what == "in the environment" else {"proxy": url}
    if what == "time-out":
        options["timeout"] = 0.001
    options |= {"ca_bundle": secure.details.ca_cert, "endpoint": "https://usermanagement.adobe.io/v2"}
    with serving(proxy), calling(kind, secure, time, **options) as caller:
        error = failure(lambda: caller.user("a@example.com"))
    assert leaks(error, PLANTED, f"jo:{PLANTED}") == []


@kinds
@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"ftp://jo:{PLANTED}@h"},
        {"proxy": f"http://jo:{PLANTED}@h", "org_id": "none"},
        {"proxy": f"http://jo:{PLANTED}@h", "timeout": "soon"},
        {"endpoint": f"https://jo:{PLANTED}@h/v2"},
        {"proxy": f"http://jo:x@{PLANTED}#y@h"},
        {"endpoint": f"https://h/v2?key={PLANTED}"},
        {"endpoint": f"https://jo:{PLANTED}/x@h/v2"},
    ],
    ids=["proxy", "organisation", "timeout", "endpoint", "proxy with #", "query", "endpoint with /"],
)
def test_connection_that_cannot_be_made(kind: str, options: dict[str, Any]) -> None:
    """An argument that cannot be used: those beside it, and what is wrong with it, are in no frame."""
    cls: Any = Connection if kind == "blocking" else AsyncConnection
    auth = ServicePrincipalAuth("id", PLANTED)
    rest = {"org_id": "1@AdobeOrg", "auth": auth, **options}
    assert leaks(failure(lambda: cls(**rest)), PLANTED) == []


def key_of(server: RunningServer) -> str:
    """The text of a private key."""
    return Path(server.details.private_key_path).read_text("ascii")


@pytest.mark.parametrize("what", ["damaged", "cut off", "odd letters", "passphrase", "base64", "no key"])
def test_key_that_cannot_be_read(what: str, mock: RunningServer) -> None:
    """Nothing of a key, or of what stands in its place, nor its passphrase, is in a frame of the error."""
    text = key_of(mock)
    line = text.splitlines()[5]
    broken = {
        "damaged": text.replace(line, line[::-1]),
        "cut off": text[:900],
        "odd letters": text.replace(line, f"\u00e4{line}"),
        "passphrase": text,
        "base64": "".join(text.splitlines()[1:-1]),
        "no key": f"{PLANTED} {line}",
    }[what]
    word = PLANTED if what == "passphrase" else None
    for call in (
        lambda: load_private_key(broken, word),
        lambda: JWTAuth("1@AdobeOrg", "id", PLANTED, "t", broken, passphrase=word),
    ):
        error = failure(call)
        assert leaks(error, PLANTED, text.splitlines()[8], line[:40]) == []


@pytest.mark.parametrize("arguments", [("a b", PLANTED), ("", PLANTED), ("id", PLANTED, f"https://jo:{PLANTED}@h")])
def test_credentials_that_cannot_be_used(arguments: tuple[Any, ...]) -> None:
    """A client id or host that is refused: the secret beside it, or in it, is in no frame."""
    assert leaks(failure(lambda: ServicePrincipalAuth(*arguments)), PLANTED) == []


@pytest.mark.parametrize(
    "source", ["arguments", "variables", "own variables", "TOML", "broken TOML", "INI", "key file"]
)
def test_settings_that_cannot_be_used(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is wrong: the secrets beside it, in call, environment or file, are in no frame."""
    path = tmp_path / ("umapi.config" if source == "INI" else "umapi.toml")
    good = {"org_id": "1@AdobeOrg", "client_id": "id", "client_secret": PLANTED, "proxy": f"http://jo:{PLANTED}@h"}
    variables = {f"UMAPI_{name.upper()}": value for name, value in good.items()}
    key = tmp_path / "private.key"
    key.write_text(f"{PLANTED}\n")
    calls: dict[str, Callable[[], object]] = {
        "arguments": lambda: connect(**{**good, "timeout": "soon"}),  # type: ignore[arg-type]
        "variables": lambda: connect(timeout="soon"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        "own variables": lambda: load_settings(environment={**variables, "UMAPI_TIMEOUT": "soon"}),
        "key file": lambda: connect(auth="jwt", tech_account_id="t", private_key_path=str(key), **good),  # type: ignore[arg-type]
    }
    if source == "variables":
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
    path.write_text({
        "TOML": f"[default]\nclient_secret = '{PLANTED}'\nclient_secrt = '{PLANTED}'\n",
        "broken TOML": f"[default]\nclient_secret = '{PLANTED}'\nclient_id = \n",
        "INI": f"client_secret = {PLANTED}\nclient_secrt = {PLANTED}\n",
    }.get(source, ""))  # fmt: skip
    assert leaks(failure(calls.get(source, lambda: connect(path))), PLANTED) == []

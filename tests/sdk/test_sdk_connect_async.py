"""Async connections from settings: argument, variable, file, default, as for blocking ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import ConfigurationError, UserAction, connect_async
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.config import Settings


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """A mock server on the real time, by which connections from settings go."""
    with running_server() as running:
        yield running


def toml(path: Path, values: dict[str, str]) -> Path:
    """A file with a profile of settings."""
    file = path / "umapi.toml"
    file.write_text("[default]\n" + "".join(f"{name} = '{value}'\n" for name, value in values.items()))
    return file


@pytest.mark.parametrize("source", ["arguments", "variables", "TOML", "INI"])
def test_settings_lead_to_the_service(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """From each place that settings come from, a connection is made that lists, asks and sends."""
    details = server.details
    values = {
        "org_id": details.org_id,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "endpoint": details.api_url,
        "ims_url": details.ims_url,
    }
    path: Path | None = None
    given: dict[str, Any] = {}
    if source == "arguments":
        given = values
    elif source == "variables":
        for name, value in values.items():
            monkeypatch.setenv(f"UMAPI_{name.upper()}", value)
    elif source == "TOML":
        path = toml(tmp_path, values)
    else:
        path = tmp_path / "usermanagement.config"
        root, _, place = details.api_url.partition("/v2")
        path.write_text(
            f"org_id = {details.org_id}\napi_key = {details.client_id}\nclient_secret = {details.client_secret}\n"
            f"tech_acct = {details.tech_account_id}\npriv_key_filename = {details.private_key_path}\n"
            f"host = {root}\nendpoint = /v2{place}\nims_host = {details.ims_url}\n"
        )

    async def work() -> tuple[str, int, int, int]:
        async with connect_async(path, **given) as connection:
            user = await connection.user("jdoe@example.com")
            assert user is not None
            emails = [each.email async for each in connection.users(in_group="DevOps")]
            groups = await connection.groups().all_results()
            done = await connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
            return user.email, len(emails), len(groups), done.completed

    email, users, groups, completed = asyncio.run(work())
    assert (email, completed) == ("jdoe@example.com", 1)
    assert users > 0
    assert groups > 0


def test_both_connections_take_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a setting is, it reaches the blocking and the async connection alike."""
    values: dict[str, Any] = {
        "endpoint": "https://example.com/v2",
        "test_mode": True,
        "timeout": 7.0,
        "max_retries": 2,
        "max_wait": 9.0,
        "first_delay": 0.5,
        "random_delay": 0.0,
        "pacing": True,
        "pacing_url": "redis://127.0.0.1/0",
        "ssl_verify": False,
        "ssl_strict": False,
        "ca_bundle": "a.pem",
        "client_cert": "b.pem",
        "proxy": "http://p:1",
        "user_agent": "me",
        "max_response_size": 99,
    }
    settings = Settings(org_id="1@AdobeOrg", client_id="id", client_secret="s3cret", **values)
    of_auth = {"org_id", "client_id", "client_secret", "auth", "ims_url", "ims_endpoint", "tech_account_id"}
    of_auth |= {"private_key", "private_key_path", "private_key_passphrase"}
    assert values.keys() == set(Settings.__struct_fields__) - of_auth
    seen: list[dict[str, Any]] = []

    def note(*_: object, **given: Any) -> None:
        seen.append(given)

    for cls, make in (("umapi_sdk.config.Connection", settings.connect), (AsyncConnection, settings.connect_async)):
        if isinstance(cls, str):
            monkeypatch.setattr(cls, note)
        else:
            monkeypatch.setattr(cls, "__init__", note)
        make()
    assert seen == [{**values, "retry": None, "on_wait": None}] * 2


def test_wrong_setting_is_refused() -> None:
    """A setting that is none, or missing, is an error before anything is made."""
    misspelt: Any = {"clientid": "x"}
    with pytest.raises(ConfigurationError, match="is client_id meant"):
        connect_async(**misspelt)
    with pytest.raises(ConfigurationError, match="org_id, client_id, client_secret are not set"):
        connect_async()

"""Fixtures for the tests of the collection runner: scripts, collections, and runs against faked responses."""

from __future__ import annotations

import json
import random
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
import trustme

from umapi_harness.common.documents import Node
from umapi_harness.postman import events
from umapi_harness.postman.collection import Collection, Script
from umapi_harness.postman.environment import Environment
from umapi_harness.postman.formats import parse_collection
from umapi_harness.postman.runner import Runner
from umapi_harness.postman.scripts import ScriptEngine, ScriptInput
from umapi_harness.postman.sending.certificates import ClientCertificate
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.session import Options
from umapi_web import Web, a_web, reply

NOW = 1_700_000_000.0
V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


@pytest.fixture
def slept() -> list[float]:
    """The waits that were asked for, in seconds; nobody waits."""
    return []


@pytest.fixture
def engine(slept: list[float]) -> ScriptEngine:
    """A script engine that does not sleep."""
    return ScriptEngine(sleep=slept.append)


@pytest.fixture
def script_input() -> Callable[..., ScriptInput]:
    """Makes the input of one event from the text of its scripts."""

    def make(*sources: str, response: dict[str, Any] | None = None, **changes: Any) -> ScriptInput:
        answer: dict[str, Any] = {
            "id": "r1",
            "code": 200,
            "status": "OK",
            "time": 12,
            "size": 2,
            "headers": [{"key": "Content-Type", "value": "application/json"}],
            "text": "{}",
            "cookies": [],
        }
        scopes: dict[str, dict[str, Any]] = {
            name: {} for name in ("globals", "collection", "environment", "data", "local")
        }
        given = ScriptInput(
            event="test",
            scripts=tuple(
                Script(source=source, pointer=f"/event/{place}/script/exec", owner="test")
                for place, source in enumerate(sources)
            ),
            scopes=scopes,
            environment_name="Test",
            provided={},
            dynamic={},
            request={"method": "GET", "url": {"raw": "http://h/x?q=1"}, "header": []},
            response={**answer, **(response or {})},
            name="a request",
            id="i1",
            path=("folder", "a request"),
            iteration=0,
            iteration_count=1,
            now_ms=int(NOW * 1000),
            seed=7,
        )
        return msgspec.structs.replace(given, **changes)

    return make


def request_item(name: str, request: Any, *, before: str = "", test: str = "", **more: Any) -> dict[str, Any]:
    """An item of a collection, with its scripts."""
    scripts = {"prerequest": before, "test": test}
    listed = [{"listen": event, "script": {"exec": source.splitlines()}} for event, source in scripts.items() if source]
    return {"name": name, "request": request, "event": listed, **more}


@pytest.fixture
def item() -> Callable[..., dict[str, Any]]:
    """Makes an item of a collection: name, request, and the scripts `before` and `test`."""
    return request_item


@pytest.fixture
def collection_of() -> Callable[..., Collection]:
    """Makes a collection from items."""

    def make(*items: dict[str, Any], source: str = "c.json", **more: Any) -> Collection:
        return parse_collection(Node({"info": {"name": "C", "schema": V21}, "item": list(items), **more}, source))

    return make


@attrs.define
class Ran:
    """A finished run: what it told of."""

    summary: events.Summary
    told: list[events.Event]

    def of(self, type_: type[Any]) -> list[Any]:
        """The events of one type."""
        return [event for event in self.told if isinstance(event, type_)]

    @property
    def names(self) -> list[str]:
        """The names of the requests, as executed."""
        return [event.step.name for event in self.of(events.RequestFinished)]

    @property
    def problems(self) -> list[str]:
        """The messages of failed checks and of errors."""
        return [event.message for event in self.of(events.CheckFailed) + self.of(events.ErrorRaised)]


@pytest.fixture
def web() -> Iterator[Web]:
    """A server that answers for every host; it echoes until it is told otherwise."""
    with a_web() as there:
        yield there


@attrs.frozen
class TlsSite:
    """A server with TLS that answers whether its client showed a certificate, and what is needed to reach it."""

    url: str
    bundle: Path
    client: ClientCertificate


@pytest.fixture(scope="session")
def tls_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsSite]:
    """A server with TLS at 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    with a_web(context) as web:
        web.answer = lambda call: reply(text="somebody" if call.certified else "nobody")
        url = web.url.replace("http:", "https:")
        yield TlsSite(url, folder / "ca.pem", ClientCertificate(certificate=folder / "client.pem"))


@pytest.fixture
def run_collection(slept: list[float], web: Web) -> Callable[..., Ran]:
    """Runs a collection; the web answers in the place of all servers."""

    def run(
        collection: Collection,
        *,
        env: dict[str, Any] | None = None,
        secret: Sequence[str] = (),
        sender: Sender | None = None,
        **options: Any,
    ) -> Ran:
        told: list[events.Event] = []
        environment = Environment(name="Test", values=env or {}, secret=frozenset(secret))
        with sender or Sender(proxies=web.proxies) as used:
            summary = Runner(
                collection=collection,
                sender=used,
                options=Options(environment=environment, **options),
                listeners=[told.append],
                sleep=slept.append,
                now=lambda: NOW,
                chance=random.Random(1),
            ).run()
        return Ran(summary, told)

    return run


MIXED_CHECKS = """
    pm.test("good", () => {});
    pm.test("bad [bold]x[/bold]", () => pm.expect("a\\u0001b").to.equal("c"));
    pm.test.skip("not now", () => {});
    console.warn("look here");
"""


@pytest.fixture
def mixed_run(web: Web, run_collection: Callable[..., Ran], collection_of: Callable[..., Collection]) -> Ran:
    """A run with something of everything in it."""
    web.always(reply(json_={"x": 1}))
    mixed = {"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "sent body"}}
    folder = {
        "name": "Folder",
        "item": [request_item("mixed", mixed, test=MIXED_CHECKS), request_item("unresolved", "{{nothing}}/x")],
    }
    skipped = request_item("skipped", "http://h", before="pm.execution.skipRequest();")
    return run_collection(collection_of(folder, skipped, request_item("plain", "http://h/b")), iterations=2)


@pytest.fixture
def write_json(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Writes a JSON file and returns its path."""

    def write(name: str, document: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write

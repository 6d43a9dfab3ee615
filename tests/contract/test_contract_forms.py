"""One session in the forms in which programs of the world write it: verify says the same of each."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from umapi_harness.contract import verify
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.recordings import Exchange
from umapi_sessions import SEED, Session, judges, lively_session

Headers = Iterable[tuple[str, str]]


def har(exchanges: Iterable[Exchange], *, packed: bool = False, second_version: bool = False) -> str:
    """Write a HAR, with bodies as gzip in base64, or with the headers of HTTP/2."""

    def entry(exchange: Exchange) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        asked, answered = list(request.headers), list(response.headers)
        if second_version:
            host, _, path = request.url.partition("://")[2].partition("/")
            pseudo = [(":method", request.method), (":authority", host), (":scheme", "https"), (":path", f"/{path}")]
            asked = [*pseudo, *((name.lower(), value) for name, value in asked)]
            answered = [(name.lower(), value) for name, value in answered]
        content = {"size": len(response.body), "mimeType": "application/json", "text": response.body.decode()}
        if packed:
            answered.append(("Content-Encoding", "gzip"))
            content |= {"text": base64.b64encode(gzip.compress(response.body)).decode(), "encoding": "base64"}
        version: dict[str, Any] = {"httpVersion": "h2" if second_version else "HTTP/1.1", "cookies": []}
        sent: dict[str, Any] = {"method": request.method, "url": request.url, "headers": named(asked), **version}
        if request.body:
            sent["postData"] = {"mimeType": "application/json", "text": request.body.decode()}
        came = {"status": response.status, "statusText": "", "headers": named(answered), "content": content, **version}
        return {"startedDateTime": exchange.started, "time": 1, "request": sent, "response": came}

    return json.dumps({"log": {"version": "1.2", "entries": [entry(exchange) for exchange in exchanges]}})


def named(headers: Headers, key: str = "name") -> list[dict[str, str]]:
    """Write headers as a list of objects."""
    return [{key: name, "value": value} for name, value in headers]


def collection(exchanges: Iterable[Exchange]) -> str:
    """Write a Postman collection with saved examples."""

    def item(exchange: Exchange) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        body = {"body": {"mode": "raw", "raw": request.body.decode()}} if request.body else {}
        asked = {"method": request.method, "url": request.url, "header": named(request.headers, "key"), **body}
        example = {
            "name": "example",
            "originalRequest": asked,
            "code": response.status,
            "header": named(response.headers, "key"),
            "body": response.body.decode(),
        }
        return {"name": "request", "request": asked, "response": [example]}

    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return json.dumps({"info": {"name": "Session", "schema": schema}, "item": [item(one) for one in exchanges]})


def cassette(exchanges: Iterable[Exchange]) -> str:
    """Write a cassette of vcrpy."""

    def lists(headers: Headers) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in headers:
            found.setdefault(name, []).append(value)
        return found

    def interaction(exchange: Exchange) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        asked = {"method": request.method, "uri": request.url, "headers": lists(request.headers)}
        answer = {
            "status": {"code": response.status, "message": "OK"},
            "headers": lists(response.headers),
            "body": {"string": response.body.decode()},
        }
        return {"request": {**asked, "body": request.body.decode() or None}, "response": answer}

    return yaml.safe_dump({"version": 1, "interactions": [interaction(one) for one in exchanges]})


def of_two_organisations(exchanges: Iterable[Exchange]) -> str:
    """Write a HAR of two organisations that did the same, in turns."""
    both: list[Exchange] = []
    for one in exchanges:
        other = attrs.evolve(one.request, url=one.request.url.replace("ABCDEF", "123456"))
        both += [one, attrs.evolve(one, request=other)]
    return har(both)


FORMS: dict[str, Callable[[Iterable[Exchange]], str]] = {
    "har": har,
    "gzip": lambda exchanges: har(exchanges, packed=True),
    "http2": lambda exchanges: har(exchanges, second_version=True),
    "postman": collection,
    "vcrpy": cassette,
    "two organisations": of_two_organisations,
}


def findings_of(path: Path) -> list[str]:
    """Return what all judges say of a file, but for what the recording does not tell."""
    found = verify([str(path)], judges()).findings
    return [str(one) for one in found if one.grade is not Grade.MAY]


@pytest.mark.parametrize("form", FORMS)
def test_a_session_agrees_in_every_form(form: str, tmp_path: Path) -> None:
    """The same exchanges are judged alike, whoever wrote them down, and a difference in them is found."""
    session = lively_session()
    path = tmp_path / "session"
    path.write_text(FORMS[form](session.exchanges), encoding="utf-8")
    assert findings_of(path) == []
    *others, last = session.exchanges
    refused = attrs.evolve(last.response, status=418)
    path.write_text(FORMS[form]([*others, attrs.evolve(last, response=refused)]), encoding="utf-8")
    assert findings_of(path) != []


def test_each_exchange_alone_agrees(tmp_path: Path) -> None:
    """What one answer alone does not tell is in doubt, and is no broken contract."""
    path = tmp_path / "one"
    for exchange in lively_session().exchanges:
        path.write_text(har([exchange]), encoding="utf-8")
        assert findings_of(path) == []


def test_actions_in_test_mode_agree(tmp_path: Path) -> None:
    """What `testOnly` only checks changes nothing that a later listing shows."""
    session = Session(SEED)
    session.users()
    for command in (
        {"user": "ann@e.example", "do": [{"removeFromOrg": {}}]},
        {"user": "new@e.example", "do": [{"createEnterpriseID": {"email": "new@e.example", "country": "US"}}]},
        {"user": "bob@f.example", "do": [{"add": {"group": ["Nowhere"]}}]},
    ):
        session.act([command], test_only=True)
    session.users()
    path = tmp_path / "tests"
    path.write_text(har(session.exchanges), encoding="utf-8")
    assert findings_of(path) == []

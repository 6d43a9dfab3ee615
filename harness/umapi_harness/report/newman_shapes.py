"""Newman's shapes: how requests, answers, checks and errors look in its JSON report."""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import attrs

from umapi_harness.postman import events
from umapi_harness.postman.rules import Rule

_THROWN: Final = re.compile(r"\b(\w*Error): ")
"""What a script has thrown, in the message that tells of it."""
_NAMESPACE: Final = uuid.NAMESPACE_URL.bytes


@lru_cache(maxsize=64)
def id_of(name: str) -> str:
    """An identifier that is the same in each run."""
    # As uuid.uuid5 makes it, which takes three times as long: four of a request.
    digest = hashlib.sha1(_NAMESPACE + f"umapi-harness:{name}".encode(), usedforsecurity=False).digest()
    text = bytes((*digest[:6], digest[6] & 0x0F | 0x50, digest[7], digest[8] & 0x3F | 0x80, *digest[9:16])).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@lru_cache(maxsize=64)
def url_parts(url: str) -> Mapping[str, Any]:
    """An address in its parts; each request is told of twice, or more often where it is repeated."""
    parts = urlsplit(url)
    host, _, port = parts.netloc.rpartition("@")[2].partition(":")
    shown: dict[str, Any] = {"protocol": parts.scheme}
    if port:
        shown["port"] = port
    query = parse_qsl(parts.query, keep_blank_values=True)
    return shown | {
        "path": parts.path.removeprefix("/").split("/"),
        "host": host.split("."),
        "query": [{"key": key, "value": value} for key, value in query],
        "variable": [],
    }


def request_shape(sent: events.RequestSent, *, whole: bool) -> dict[str, Any]:
    """A request as it went out; with its headers and its body only where it is told `whole`."""
    shown: dict[str, Any] = {"url": url_parts(sent.url), "method": sent.method}
    if whole:
        shown["header"] = [{"key": key, "value": value} for key, value in sent.headers]
        if sent.body:
            shown["body"] = {"mode": "raw", "raw": sent.body}
    return shown


def response_shape(answer: events.ResponseReceived) -> dict[str, Any]:
    """An answer; its body byte by byte, as Node.js writes a buffer."""
    return {
        "id": id_of(f"response {answer.exchange}"),
        "status": answer.reason,
        "code": answer.status,
        "header": [{"key": key, "value": value} for key, value in answer.headers],
        "stream": {"type": "Buffer", "data": list(answer.body.encode("utf-8", "replace"))},
        "cookie": [],
        "responseTime": round(answer.seconds * 1000),
        "responseSize": answer.size,
    }


def assertion_shape(check: events.CheckPassed | events.CheckFailed | events.CheckSkipped, place: int) -> dict[str, Any]:
    """A check; `place` is its place among those of its request."""
    shown: dict[str, Any] = {"assertion": check.name, "skipped": isinstance(check, events.CheckSkipped)}
    if isinstance(check, events.CheckFailed):
        name = check.error or "AssertionError"
        message = check.message.replace(f"{name}: ", "", 1) if check.error else check.message
        shown["error"] = {
            "name": name,
            "index": place,
            "test": check.name,
            "message": message,
            "stack": f"{name}: {message}",
            "stacktrace": [],
        }
    return shown


def error_shape(error: events.ErrorRaised) -> dict[str, Any]:
    """A broken rule, as an error of the name of the rule; what a script has thrown bears its own name."""
    thrown = _THROWN.search(error.message) if error.kind == Rule.SCRIPT_ERROR else None
    name = error.kind if thrown is None else thrown[1]
    message = error.message if thrown is None else error.message.replace(thrown[0], "", 1)
    return {"type": "Error", "name": name, "message": message, "stacktrace": []}


def failure_shape(end: events.RequestFailed) -> dict[str, Any]:
    """Why a request of a script got no answer."""
    return {"type": "Error", "name": "Error", "message": end.message, "stacktrace": []}


def tree(items: Iterable[tuple[tuple[str, ...], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Items with the folders that each is in, as folders that hold each other."""
    root: list[dict[str, Any]] = []
    folders: dict[tuple[str, ...], list[dict[str, Any]]] = {(): root}
    for path, item in items:
        for depth in range(1, len(path) + 1):
            inner = path[:depth]
            if inner not in folders:
                folders[inner] = []
                folder = {"id": id_of("/".join(inner)), "name": inner[-1], "item": folders[inner], "event": []}
                folders[inner[:-1]].append(folder)
        folders[path].append(item)
    return root


@attrs.define
class AnswerTimes:
    """Mean, least, greatest and standard deviation of the times of answers, in milliseconds."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    least: float = math.inf
    greatest: float = 0.0

    def add(self, milliseconds: float) -> None:
        """Take in the time of one answer."""
        self.count += 1
        self.total += milliseconds
        self.squares += milliseconds * milliseconds
        self.least = min(self.least, milliseconds)
        self.greatest = max(self.greatest, milliseconds)

    @property
    def mean(self) -> float:
        """The mean; 0 without answers."""
        return self.total / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation; 0 without answers."""
        return math.sqrt(max(0.0, self.squares / self.count - self.mean**2)) if self.count else 0.0

    def shape(self) -> dict[str, float]:
        """As Newman tells them; what is not measured is 0 there too."""
        unmeasured = {f"{what}{sum_}": 0 for what in ("dns", "firstByte") for sum_ in ("Average", "Min", "Max", "Sd")}
        return {
            **unmeasured,
            "responseAverage": round(self.mean, 3),
            "responseMin": round(self.least) if self.count else 0,
            "responseMax": round(self.greatest),
            "responseSd": round(self.deviation, 3),
        }

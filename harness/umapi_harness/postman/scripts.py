"""Scripts: runs the JavaScript of a collection in a sandbox and hands back, as plain values, all that it did.

One context serves a whole run: the sandbox is read once, each script is compiled once, and what a script leaves in
global names is there for those after it, as in Postman. Variables stay in the context too; only changes go in and out.

QuickJS cannot call into Python while a time limit is set, so the sandbox never does. What a script wants from outside
(a request sent, time passed) it leaves as a note, and the host delivers the answer.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import attrs
import msgspec

from umapi_harness.common.documents import JsonValue
from umapi_harness.common.json_text import written
from umapi_harness.postman.async_functions import original_column, watched
from umapi_harness.postman.brackets import flaw_of
from umapi_harness.postman.collection import Script
from umapi_harness.postman.javascript import JavaScript, Limits, StoppedError
from umapi_harness.postman.libraries import BUNDLED, source_of_libraries
from umapi_harness.postman.library_needs import mentions_libraries
from umapi_harness.postman.variables import ScopeChanges, Values

__all__ = ["Check", "ConsoleLine", "Limits", "ScriptEngine", "ScriptError", "ScriptInput", "ScriptResult"]

_SLEPT_AT_LEAST_MS = 10.0
"""Readings of the clock move the sandbox's time a little; that little is not waited for."""
_RESCUE_SECONDS = 1.0
_AGAIN = "again"
_SYNTAX = "SyntaxError: "
_OWN_BRACE = "'}'"
"""The end of the message where the brace is meant with which the engine closes what a script has become."""
_UNFINISHED = "the script ends in the middle of a statement"
_FRESH = "; later scripts start in a fresh sandbox, without what earlier ones left in global names"
_LONE_SURROGATE = re.compile(r"(\\\\)|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
"""JSON.stringify escapes only halves of pairs; a backslash that is escaped itself begins no such half."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One pm.test: `state` is passed, failed or skipped.

    `expected` and `actual` are the two values as text, where the assertion compared two. `line` and `column` count from
    1, and are 0 where they are not known. `exchanges` are those whose answers a failed one looked at, 0 for that of the
    request.
    """

    name: str
    state: str
    message: str
    error: str = ""
    """The name of what was thrown, with which the message begins; empty for an assertion that did not hold."""
    expected: str | None = None
    actual: str | None = None
    event: str = "test"
    pointer: str = ""
    line: int = 0
    column: int = 0
    exchanges: tuple[int, ...] = ()


class ConsoleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line that a script wrote to the console."""

    level: str
    text: str


class ScriptError(msgspec.Struct, frozen=True, kw_only=True):
    """Something went wrong in a script: `rule` is the name of the rule that it breaks.

    `pointer` says which script; `line` and `column` count from 1, and are 0 where they are not known; `exchanges` are
    those whose answers it read last, 0 for that of the request.
    """

    message: str
    pointer: str
    rule: str = "script-error"
    line: int = 0
    column: int = 0
    exchanges: tuple[int, ...] = ()


Record = Check | ConsoleLine | ScriptError


class ScriptInput(msgspec.Struct, frozen=True, kw_only=True):
    """All that the scripts of one event see. `response` and `request` are in the form that the sandbox reads."""

    event: str
    scripts: tuple[Script, ...]
    scopes: Mapping[str, Values]
    environment_name: str
    provided: Mapping[str, str]
    dynamic: Mapping[str, list[str]]
    request: Mapping[str, JsonValue]
    response: Mapping[str, JsonValue] | None
    name: str
    id: str
    path: tuple[str, ...]
    iteration: int
    iteration_count: int
    now_ms: int
    seed: int


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the scripts of one event did.

    `changes` are by the name of the scope; of scripts that were stopped, those before that. `request` is None when no
    script looked at it.
    """

    records: tuple[Record, ...]
    changes: Mapping[str, ScopeChanges] = msgspec.field(default_factory=dict[str, ScopeChanges])
    request: Mapping[str, JsonValue] | None = None
    skipped: bool = False
    looked: frozenset[str] = frozenset()
    """The places of those scripts that looked at the status or the body of the answer."""
    sets_next: bool = False
    next_request: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a script ended by an error."""
        return any(isinstance(record, ScriptError) for record in self.records)


Answer = Mapping[str, JsonValue]
SendRequest = Callable[[JsonValue], Answer]
"""Sends a request that a script describes: `{"response": …}` in the sandbox's form, or `{"error": text}`.

`exchange` in it is the number of the exchange, where there was one.
"""


@attrs.define
class _Sandbox:
    """A context, and what the host knows to be in it."""

    javascript: JavaScript
    has_libraries: bool = attrs.field(default=False, init=False)
    sources: dict[str, int] = attrs.field(factory=dict[str, int], init=False)
    scopes: dict[str, Values] = attrs.field(factory=dict[str, Values], init=False)

    def script(self, source: str) -> int:
        """The number of a script, which is compiled when it is met for the first time."""
        number = self.sources.get(source)
        if number is None:
            number = self.sources[source] = len(self.sources)
            if not self.has_libraries and mentions_libraries(source):
                self.javascript.call("libraries", json.dumps(BUNDLED), *self.javascript.admit(source_of_libraries()))
                self.has_libraries = True
            self.javascript.call("compile", number, *self.javascript.admit(watched(source)))
        return number

    def news(self, scopes: Mapping[str, Values]) -> dict[str, JsonValue]:
        """What has changed in the variables since the sandbox was last told of them."""
        news: dict[str, JsonValue] = {}
        for name, values in scopes.items():
            known = self.scopes.setdefault(name, {})
            if known.keys() == values.keys() and all(map(operator.is_, known.values(), values.values())):
                continue
            changed = {key: value for key, value in values.items() if key not in known or known[key] is not value}
            gone: list[JsonValue] = [key for key in known if key not in values]
            news[name] = {"set": changed, "unset": gone}
            self.scopes[name] = dict(values)
        return news

    def keep(self, changes: Mapping[str, ScopeChanges]) -> None:
        """Remembers what the scripts themselves have changed."""
        for name, change in changes.items():
            change.apply(self.scopes[name])


@attrs.define
class ScriptEngine:
    """Runs the scripts of a run within limits. `sleep` waits a number of seconds, for scripts that use timers."""

    sleep: Callable[[float], None]
    limits: Limits = attrs.field(factory=Limits)
    _sandbox: _Sandbox | None = attrs.field(default=None, init=False)

    def run(self, given: ScriptInput, send: SendRequest) -> ScriptResult:
        """Runs the scripts of one event, outermost first; requests that they send go through `send`."""
        if self._sandbox is None:
            self._sandbox = _Sandbox(JavaScript(self.limits))
        return _Run(self, self._sandbox, given, send).result()

    def forget(self) -> None:
        """Gives the context up: a script has broken it, or a limit has stopped one in the middle of its work."""
        self._sandbox = None


@attrs.define
class _Run:
    """One event."""

    engine: ScriptEngine
    sandbox: _Sandbox
    given: ScriptInput
    send: SendRequest
    sent: int = 0
    slept_ms: float = 0.0

    def result(self) -> ScriptResult:
        try:
            self.sandbox.javascript.begin()
            self._start()
            state = self._drive()
        except StoppedError as stop:
            self.engine.forget()
            return self._rescue(str(stop))
        result = self._read(state)
        if state["broken"]:
            self.engine.forget()
        self.sandbox.keep(result.changes)
        return result

    def _start(self) -> None:
        given, sandbox = self.given, self.sandbox
        response = None if given.response is None else dict(given.response)
        body = "" if response is None else str(response.pop("text", ""))
        document: dict[str, JsonValue] = {
            "scripts": [sandbox.script(script.source) for script in given.scripts],
            "scopes": sandbox.news(given.scopes),
            "environmentName": given.environment_name,
            "provided": dict(given.provided),
            "dynamic": cast("JsonValue", given.dynamic),
            "path": list(given.path),
            "info": {
                "eventName": given.event,
                "iteration": given.iteration,
                "iterationCount": given.iteration_count,
                "requestName": given.name,
                "requestId": given.id,
            },
            "now": given.now_ms,
            "seed": given.seed,
        }
        shown = "" if response is None else written(response)
        javascript = sandbox.javascript
        javascript.call("start", written(document), written(given.request), shown, *javascript.admit(body))

    def _drive(self) -> Mapping[str, Any]:
        """Lets the scripts go on until nothing is left to do, and returns what they did."""
        javascript = self.sandbox.javascript
        while True:
            javascript.settle()
            text = javascript.call("turn")
            if text == _AGAIN:
                continue
            state = _parsed(text)
            self._wait(float(state["elapsed"]))
            if "records" in state:
                return state
            for message in state["outbox"]:
                self._send(int(message["id"]), message["message"])
            if not state["outbox"]:
                javascript.call("fire")

    def _send(self, id_: int, message: JsonValue) -> None:
        self.sent += 1
        if self.sent > self.engine.limits.requests:
            raise StoppedError(f"the script sent more than {self.engine.limits.requests} requests")
        answer = dict(self.send(message))
        body = ""
        if "response" in answer:
            response = dict(cast("Mapping[str, JsonValue]", answer["response"]))
            body = str(response.pop("text", ""))
            answer["response"] = response
        javascript = self.sandbox.javascript
        javascript.call("deliver", id_, written(answer), *javascript.admit(body))
        javascript.settle()

    def _wait(self, elapsed_ms: float) -> None:
        limit = self.engine.limits.wait_seconds
        if elapsed_ms > limit * 1000:
            raise StoppedError(f"the script waits longer than {limit:g} seconds")
        if elapsed_ms - self.slept_ms >= _SLEPT_AT_LEAST_MS:
            self.engine.sleep((elapsed_ms - self.slept_ms) / 1000)
            self.slept_ms = elapsed_ms

    def _rescue(self, reason: str) -> ScriptResult:
        """What had been done before a limit stopped the scripts, with the reason at the end."""
        stopped = ScriptError(message=reason + _FRESH, pointer=self._pointer(None), rule="limit")
        javascript = self.sandbox.javascript
        javascript.grant(_RESCUE_SECONDS)
        try:
            found = self._read(_parsed(javascript.call("result")))
        except StoppedError:
            return ScriptResult(records=(stopped,))
        return ScriptResult(records=(*found.records, stopped), changes=found.changes)

    def _read(self, state: Mapping[str, Any]) -> ScriptResult:
        following, request = state["next"], state["request"]
        return ScriptResult(
            records=tuple(self._record(record) for record in state["records"]),
            changes={
                name: ScopeChanges(set=change["set"], unset=tuple(change["unset"]))
                for name, change in state["changes"].items()
            },
            request=request,
            skipped=state["skipped"],
            looked=frozenset(map(self._pointer, state["looked"])),
            sets_next=following is not None,
            next_request=None if following is None else following["name"],
        )

    def _record(self, record: Mapping[str, Any]) -> Record:
        match record["kind"]:
            case "check":
                line, column = self._place(record)
                return Check(
                    name=record["name"],
                    state=record["state"],
                    message=record["message"],
                    error=record["error"],
                    expected=record["expected"],
                    actual=record["actual"],
                    event=self.given.event,
                    pointer=self._pointer(record["script"]),
                    line=line,
                    column=column,
                    exchanges=tuple(record["exchanges"]),
                )
            case "console":
                return ConsoleLine(level=record["level"], text=record["text"])
            case _:
                line, column = self._place(record)
                message = record["message"]
                if not line and message.startswith(_SYNTAX):
                    message, line, column = self._at_the_end(record)
                where = f" (line {line}, column {column} of the script)" if line else ""
                return ScriptError(
                    message=f"{message}{where}",
                    pointer=self._pointer(record["script"]),
                    rule=record["rule"],
                    line=line,
                    column=column,
                    exchanges=tuple(record["exchanges"]),
                )

    def _at_the_end(self, record: Mapping[str, Any]) -> tuple[str, int, int]:
        """Message and place for what the engine has met behind the end of a script, and so tells without a place."""
        message: str = record["message"]
        flaw = flaw_of(self.given.scripts[int(record["script"])].source)
        if flaw is not None:
            return f"{_SYNTAX}{flaw.text}", flaw.line, flaw.column
        return (f"{_SYNTAX}{_UNFINISHED}" if message.endswith(_OWN_BRACE) else message), 0, 0

    def _place(self, record: Mapping[str, Any]) -> tuple[int, int]:
        line, column = int(record["line"]), int(record["column"])
        if not line:
            return 0, 0
        script = self.given.scripts[int(record["script"])]
        lines = watched(script.source).split("\n")
        return line, original_column(lines[line - 1], column)

    def _pointer(self, index: int | None) -> str:
        scripts = self.given.scripts
        return scripts[-1 if index is None else index].pointer if scripts else ""


def _parsed(text: str) -> Mapping[str, Any]:
    """What the sandbox says: JSON, with a replacement character for each half of a surrogate pair."""
    if "\\ud" in text:
        text = _LONE_SURROGATE.sub(lambda match: match[1] or r"\ufffd", text)
    try:
        return cast("Mapping[str, Any]", json.loads(text))
    except (ValueError, RecursionError):
        raise StoppedError("a script handed out data that is nested too deeply") from None

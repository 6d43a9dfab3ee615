"""Scripts: runs the JavaScript of a collection in a sandbox and hands back, as plain values, all that it did.

QuickJS cannot call into Python while a time limit is set, so the sandbox never does. A script is a function of
its input; what it wants from outside (a request sent, time passed, a schema checked) it leaves as a note, and the
host delivers the answer. Only a schema check must be answered on the spot: it is taken to hold, and looked at
before anything else happens. Where it does not hold, the script is run once more from the start, now knowing the
verdict; since nothing of the first run has left the sandbox, it never happened. Answers already fetched are
delivered again, so that no request is sent twice.
"""

from __future__ import annotations

import functools
import importlib
import importlib.resources
import json
import time
from collections.abc import Callable, Mapping
from typing import Protocol, cast

import attrs

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.collection import Script
from umapi_harness.postman.schemas import verdict
from umapi_harness.postman.variables import Values

_SOURCES = ("expect.js", "formats.js", "schema.js", "schema_rules.js", "messages.js", "pm.js")
_FIRST_LINE = 100_000
"""Where the sandbox's own lines start: QuickJS names no files, so the number tells its lines from a script's."""
_SLEPT_AT_LEAST_MS = 10.0
"""Readings of the clock move the sandbox's time a little; that little is not waited for."""


class _Context(Protocol):
    """The part of quickjs.Context that is used here."""

    def eval(self, code: str, /) -> object: ...
    def execute_pending_job(self) -> bool: ...
    def set_memory_limit(self, limit: int, /) -> None: ...
    def set_time_limit(self, seconds: float, /) -> None: ...


class _QuickJS(Protocol):
    Context: Callable[[], _Context]
    JSException: type[Exception]


_quickjs = cast("_QuickJS", importlib.import_module("quickjs"))


@attrs.frozen(kw_only=True)
class Limits:
    """What one script may use: processor seconds, bytes of memory, seconds of waiting, requests sent."""

    cpu_seconds: float = 10.0
    memory_bytes: int = 128 * 1024 * 1024
    wait_seconds: float = 300.0
    requests: int = 1000


@attrs.frozen(kw_only=True)
class Check:
    """One pm.test: `state` is passed, failed or skipped."""

    name: str
    state: str
    message: str


@attrs.frozen(kw_only=True)
class ConsoleLine:
    """One line that a script wrote to the console."""

    level: str
    text: str


@attrs.frozen(kw_only=True)
class ScriptError:
    """A script ended by an error; `pointer` says which script, where that is known."""

    message: str
    pointer: str


_WRITABLE = ("globals", "collection", "environment", "local")
_MISREAD = (ValueError, KeyError, TypeError, AttributeError)
_BROKEN = "the script broke the sandbox it runs in, or JSON itself"

Record = Check | ConsoleLine | ScriptError


@attrs.frozen(kw_only=True)
class ScriptInput:
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

    def as_json(self, verdicts: list[dict[str, JsonValue]]) -> str:
        """This input as the text that the sandbox starts from."""
        document: dict[str, JsonValue] = {
            "scripts": [script.source for script in self.scripts],
            "scopes": self.scopes,
            "environmentName": self.environment_name,
            "provided": self.provided,
            "dynamic": self.dynamic,
            "request": self.request,
            "response": self.response,
            "path": self.path,
            "info": {
                "eventName": self.event,
                "iteration": self.iteration,
                "iterationCount": self.iteration_count,
                "requestName": self.name,
                "requestId": self.id,
            },
            "now": self.now_ms,
            "seed": self.seed,
            "verdicts": verdicts,
        }
        return json.dumps(document)


@attrs.frozen(kw_only=True)
class ScriptResult:
    """What the scripts of one event did. `scopes` and `request` are None when the sandbox had to be stopped."""

    records: tuple[Record, ...]
    scopes: Mapping[str, Values] | None = None
    request: Mapping[str, JsonValue] | None = None
    skipped: bool = False
    sets_next: bool = False
    next_request: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a script ended by an error."""
        return any(isinstance(record, ScriptError) for record in self.records)


Answer = Mapping[str, JsonValue]
SendRequest = Callable[[JsonValue], Answer]
"""Sends a request that a script describes: `{"response": …}` in the sandbox's form, or `{"error": text}`."""


class _StoppedError(Exception):
    """The sandbox was stopped; the message says by which limit."""


@attrs.frozen(kw_only=True)
class _Pending:
    """What the sandbox wants from the host."""

    outbox: list[tuple[int, JsonValue]]
    schema_checks: list[tuple[JsonValue, JsonValue]]
    elapsed_ms: float
    timers: int


@attrs.define
class ScriptEngine:
    """Runs scripts within limits. `sleep` waits a number of seconds, for scripts that use timers."""

    sleep: Callable[[float], None]
    limits: Limits = attrs.field(factory=Limits)

    def run(self, given: ScriptInput, send: SendRequest) -> ScriptResult:
        """Runs the scripts of one event, outermost first; requests that they send go through `send`."""
        return _Run(self, given, send).result()


@attrs.define
class _Run:
    """One event: what the sandbox has been told so far, kept over repetitions."""

    engine: ScriptEngine
    given: ScriptInput
    send: SendRequest
    answers: list[Answer] = attrs.field(factory=list[Answer])
    slept_ms: float = 0.0

    def result(self) -> ScriptResult:
        verdicts: list[dict[str, JsonValue]] = []
        while True:
            context = self._new_context()
            try:
                self._evaluate(context, f"__sandbox.start({json.dumps(self.given.as_json(verdicts))})")
                if self._drive(context, verdicts):
                    return self._read(str(self._evaluate(context, "__sandbox.result()")))
            except _StoppedError as stop:
                return self._rescue(context, str(stop))

    def _new_context(self) -> _Context:
        context = _quickjs.Context()
        context.eval(_sandbox_source())
        limits = self.engine.limits
        context.set_memory_limit(limits.memory_bytes)
        context.set_time_limit(limits.cpu_seconds)
        return context

    def _drive(self, context: _Context, verdicts: list[dict[str, JsonValue]]) -> bool:
        """Lets the scripts go on until nothing is left to do; False when they must start anew."""
        sent = 0
        while True:
            self._settle(context)
            pending = self._pending(context, len(verdicts))
            if not self._verdicts_hold(pending.schema_checks, verdicts):
                return False
            self._wait(pending.elapsed_ms)
            for id_, message in pending.outbox:
                if sent == len(self.answers):
                    if sent >= self.engine.limits.requests:
                        raise _StoppedError(f"the script sent more than {self.engine.limits.requests} requests")
                    self.answers.append(self.send(message))
                answer = json.dumps(json.dumps(self.answers[sent]))
                sent += 1
                self._evaluate(context, f"__sandbox.deliver({id_}, {answer})")
                self._settle(context)
            if pending.outbox:
                continue
            if not pending.timers:
                return True
            self._evaluate(context, "__sandbox.fireTimer()")

    def _pending(self, context: _Context, judged: int) -> _Pending:
        text = str(self._evaluate(context, f"__sandbox.pending({judged})"))
        try:
            state = json.loads(text)
            return _Pending(
                outbox=[(int(message["id"]), message.get("request")) for message in state["outbox"]],
                schema_checks=[(check.get("schema"), check.get("data")) for check in state["schemaChecks"]],
                elapsed_ms=float(state["elapsed"]),
                timers=int(state["timers"]),
            )
        except _MISREAD:
            raise _StoppedError(_BROKEN) from None

    def _verdicts_hold(self, checks: list[tuple[JsonValue, JsonValue]], verdicts: list[dict[str, JsonValue]]) -> bool:
        """Looks at the schema checks that are new; stops at the first that was wrongly taken to hold."""
        for schema, data in checks:
            problem = verdict(schema, data)
            verdicts.append({"valid": problem is None, "message": problem or ""})
            if problem is not None:
                return False
        return True

    def _wait(self, elapsed_ms: float) -> None:
        limit = self.engine.limits.wait_seconds
        if elapsed_ms > limit * 1000:
            raise _StoppedError(f"the script waits longer than {limit:g} seconds")
        if elapsed_ms - self.slept_ms >= _SLEPT_AT_LEAST_MS:
            self.engine.sleep((elapsed_ms - self.slept_ms) / 1000)
            self.slept_ms = elapsed_ms

    def _settle(self, context: _Context) -> None:
        """Runs promise callbacks until none is left."""
        until = time.process_time() + self.engine.limits.cpu_seconds
        try:
            while context.execute_pending_job():
                if time.process_time() > until:
                    raise _StoppedError(self._too_long())
        except _quickjs.JSException as error:
            raise self._stopped(error) from None

    def _evaluate(self, context: _Context, code: str) -> object:
        try:
            return context.eval(code)
        except _quickjs.JSException as error:
            raise self._stopped(error) from None

    def _stopped(self, error: Exception) -> _StoppedError:
        text = str(error).partition("\n")[0]
        if "interrupted" in text:
            return _StoppedError(self._too_long())
        if "out of memory" in text:
            return _StoppedError(f"the script used more than {self.engine.limits.memory_bytes // 2**20} MiB of memory")
        return _StoppedError(f"the script was stopped: {text}")

    def _too_long(self) -> str:
        return f"the script ran longer than {self.engine.limits.cpu_seconds:g} seconds"

    def _rescue(self, context: _Context, reason: str) -> ScriptResult:
        """What had been done before a limit stopped the scripts, with the reason at the end."""
        stopped = ScriptError(message=reason, pointer=self._pointer(None))
        try:
            found = self._read(str(self._evaluate(context, "__sandbox.result()")))
        except _StoppedError:
            return ScriptResult(records=(stopped,))
        return ScriptResult(records=(*found.records, stopped))

    def _read(self, text: str) -> ScriptResult:
        try:
            document = json.loads(text)
            following = document["nextRequest"]
            return ScriptResult(
                records=tuple(self._record(record) for record in document["records"]),
                scopes={name: dict(document["scopes"][name]) for name in _WRITABLE},
                request=dict(document["request"]),
                skipped=bool(document["skipped"]),
                sets_next=following is not None,
                next_request=None if following is None or following["name"] is None else str(following["name"]),
            )
        except _MISREAD:
            raise _StoppedError(_BROKEN) from None

    def _record(self, record: Mapping[str, JsonValue]) -> Record:
        match record["kind"]:
            case "check":
                return Check(name=str(record["name"]), state=str(record["state"]), message=str(record["message"]))
            case "console":
                return ConsoleLine(level=str(record["level"]), text=str(record["text"]))
            case _:
                line = record.get("line")
                where = f" (line {line} of the script)" if isinstance(line, int) and line > 0 else ""
                message = f"{record['name']}: {record['message']}{where}"
                return ScriptError(message=message, pointer=self._pointer(record.get("script")))

    def _pointer(self, index: JsonValue) -> str:
        if isinstance(index, int) and index < len(self.given.scripts):
            return self.given.scripts[index].pointer
        return self.given.scripts[-1].pointer if self.given.scripts else ""


@functools.cache
def _sandbox_source() -> str:
    folder = importlib.resources.files("umapi_harness.postman") / "sandbox"
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in _SOURCES)
    # Inside a function, so that scripts see none of the sandbox's own names.
    return "\n" * _FIRST_LINE + f"(function () {{\n{text}\n}})();"

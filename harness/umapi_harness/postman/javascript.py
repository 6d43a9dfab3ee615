"""JavaScript: one QuickJS context with the sandbox in it, under limits of processor time and memory."""

from __future__ import annotations

import functools
import importlib
import importlib.resources
import json
import time
from collections.abc import Callable
from typing import Protocol, cast

import attrs

_SOURCES = (
    "intrinsics.js",
    "inspecting.js",
    "equality.js",
    "formats.js",
    "schema.js",
    "schema_rules.js",
    "expect.js",
    "assertions.js",
    "response_words.js",
    "pm/records.js",
    "pm/promises.js",
    "pm/variables.js",
    "pm/buffers.js",
    "pm/lists.js",
    "pm/cookies.js",
    "pm/urls.js",
    "pm/requests.js",
    "pm/json.js",
    "pm/responses.js",
    "pm/tests.js",
    "pm/sending.js",
    "pm/timers.js",
    "pm/libraries.js",
    "pm/console.js",
    "pm/locale.js",
    "pm/legacy.js",
    "pm/event.js",
    "pm/host.js",
)
_MEBIBYTE = 2**20
_LARGE = _MEBIBYTE
_MEMORY_OF_A_CHARACTER = 24
"""What a character of a large answer may take beside the limit: the text, and the values that scripts read from it."""
_LEAST_SECONDS = 0.001


class _Context(Protocol):
    """The part of quickjs.Context that is used here."""

    def eval(self, code: str, /) -> object: ...
    def execute_pending_job(self) -> bool: ...
    def gc(self) -> None: ...
    def set_memory_limit(self, limit: int, /) -> None: ...
    def set_time_limit(self, seconds: float, /) -> None: ...


class _QuickJS(Protocol):
    Context: Callable[[], _Context]
    JSException: type[Exception]


_quickjs = cast("_QuickJS", importlib.import_module("quickjs"))


@attrs.frozen(kw_only=True)
class Limits:
    """What the scripts of one event may use."""

    cpu_seconds: float = 10.0
    memory_bytes: int = 256 * _MEBIBYTE
    """For all that scripts keep during a run; a large answer adds what it takes to read it."""
    wait_seconds: float = 300.0
    """Waiting for timers."""
    requests: int = 1000
    checks: int = 10_000
    console_lines: int = 10_000
    console_characters: int = 4_000_000
    nesting: int = 500
    """Levels of objects and arrays in what scripts hand out: values of variables, requests."""


class StoppedError(Exception):
    """A script was stopped, and its context with it; the message says by what."""


@attrs.define
class JavaScript:
    """A context in which the scripts of a run are executed; when a limit has stopped one, it is of no more use."""

    limits: Limits
    _host: Callable[..., object] = attrs.field(init=False)
    _context: _Context = attrs.field(init=False)
    _seconds: float = attrs.field(default=0.0, init=False)
    _answers: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._context = _quickjs.Context()
        self._host = cast("Callable[..., object]", self._context.eval(_sandbox_source()))
        limits = self.limits
        bounds = {
            "checks": limits.checks,
            "lines": limits.console_lines,
            "characters": limits.console_characters,
            "nesting": limits.nesting,
            "memory": limits.memory_bytes // _MEBIBYTE,
        }
        self._host("configure", json.dumps(bounds))

    def begin(self) -> None:
        """Gives the scripts of an event their time and memory."""
        self._seconds = self.limits.cpu_seconds
        if self._answers:
            self._context.gc()  # what is left of a large answer shall not count against this event
            self._answers = 0
        self._context.set_memory_limit(self.limits.memory_bytes)

    def admit(self, text: str) -> tuple[str, bool]:
        """A text as the sandbox takes it, and whether it is escaped as JSON; gives the memory that reading it needs."""
        if len(text) > _LARGE:
            self._answers += len(text)
            self._context.set_memory_limit(self.limits.memory_bytes + _MEMORY_OF_A_CHARACTER * self._answers)
        return (json.dumps(text), True) if _must_be_escaped(text) else (text, False)

    def grant(self, seconds: float) -> None:
        """Gives a little time when none is left, to read what scripts have done."""
        self._seconds = max(self._seconds, seconds)

    def call(self, operation: str, *arguments: str | float | bool) -> str:
        """Calls the sandbox; raises StoppedError."""
        context = self._context
        context.set_time_limit(max(self._seconds, _LEAST_SECONDS))
        began = time.thread_time()
        try:
            return str(self._host(operation, *arguments))
        except _quickjs.JSException as error:
            raise self._stopped(error) from None
        finally:
            self._seconds -= time.thread_time() - began

    def settle(self) -> None:
        """Runs promise callbacks until none is left; raises StoppedError."""
        context = self._context
        context.set_time_limit(max(self._seconds, _LEAST_SECONDS))
        began = time.thread_time()
        try:
            while context.execute_pending_job():
                if time.thread_time() - began > self._seconds:
                    raise StoppedError(self._too_long())
        except _quickjs.JSException as error:
            raise self._stopped(error) from None
        finally:
            self._seconds -= time.thread_time() - began

    def _stopped(self, error: Exception) -> StoppedError:
        text = str(error).partition("\n")[0]
        if "interrupted" in text:
            return StoppedError(self._too_long())
        if "out of memory" in text or text == "null":
            used = f"the script used more than {self.limits.memory_bytes // _MEBIBYTE} MiB of memory"
            return StoppedError(f"{used}; --script-memory MIB gives it more")
        return StoppedError(f"the script was stopped: {text}")

    def _too_long(self) -> str:
        return f"the script ran longer than {self.limits.cpu_seconds:g} seconds; --timeout-script MS gives it more"


def _must_be_escaped(text: str) -> bool:
    """Whether a text holds what C strings or UTF-8 cannot: NUL, or half a surrogate pair."""
    if "\0" in text:
        return True
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        return True
    return False


@functools.cache
def _sandbox_source() -> str:
    folder = importlib.resources.files("umapi_harness.postman") / "sandbox"
    text = "\n".join(folder.joinpath(*name.split("/")).read_text(encoding="utf-8") for name in _SOURCES)
    # Inside a function, so that scripts see none of the sandbox's own names.
    return f'(function () {{ "use strict";\n{text}\n}})();'

"""Variables: Postman's scopes, their order, and putting values in the place of `{{name}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import attrs
import msgspec

from umapi_harness.common.documents import JsonValue

PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
MAX_PASSES = 20
"""How often the text is gone through for values that hold placeholders themselves; Postman stops there too."""
MAX_PLACEHOLDERS = 100_000
"""So many placeholders of one text are filled, those in values included."""
MAX_CHARACTERS = 64 * 1024 * 1024
"""So long may a text with all its values be."""
MAX_USED = 1_000
"""So many variables of one request are remembered with their values."""

_NULL = "null"
"""What Postman puts in the place of a variable that holds null."""

Provider = Callable[["Scopes"], "str | None"]
"""Makes the value of a variable that no scope holds; None when it cannot."""

DynamicValue = Callable[[str], "str | None"]
"""The value of a dynamic variable (`$guid`), freshly made; None for an unknown name."""

Values = dict[str, JsonValue]

PROVIDED = "provided"
DYNAMIC = "dynamic"


class TooLongError(Exception):
    """A text grows without measure when values are put in; the message says past which bound."""


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A variable that was put into a text."""

    name: str
    value: str
    scope: str
    """The name of a scope, or provided, or dynamic."""
    origin: str
    """What set it last."""

    def __repr__(self) -> str:
        """The variable without its value, which may be a secret."""
        return f"Used(name={self.name!r}, scope={self.scope!r}, origin={self.origin!r})"


class ScopeChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What scripts changed in one scope of variables."""

    set: Mapping[str, JsonValue]
    unset: tuple[str, ...]

    def apply(self, values: Values) -> None:
        """Changes `values` in the same way."""
        for name in self.unset:
            values.pop(name, None)
        values.update(self.set)


def _no_dynamic_value(_name: str) -> str | None:
    return None


@attrs.define(kw_only=True)
class Scopes:
    """The five scopes of a run, narrowest last: global, collection, environment, data, local.

    `providers` stand behind them all: they make values that only the runner can make. Placeholders without a value stay
    in the text, as in Postman, and their names are kept for `take_unresolved`.
    """

    globals: Values = attrs.field(factory=dict[str, JsonValue])
    collection: Values = attrs.field(factory=dict[str, JsonValue])
    environment: Values = attrs.field(factory=dict[str, JsonValue])
    data: Values = attrs.field(factory=dict[str, JsonValue])
    local: Values = attrs.field(factory=dict[str, JsonValue])
    providers: Mapping[str, Provider] = attrs.field(factory=dict[str, Provider])
    dynamic: DynamicValue = _no_dynamic_value
    blank: Callable[[Used], str] | None = None
    """Says what is put in the place of an empty value; None for nothing."""
    origins: dict[str, dict[str, str]] = attrs.field(factory=dict[str, dict[str, str]])
    """By scope and name: what set a variable last."""
    version: int = attrs.field(default=0, init=False)
    """Grows when a variable of any scope changes."""
    _used: dict[tuple[str, str, str], Used] = attrs.field(factory=dict[tuple[str, str, str], Used], init=False)
    _emptied: bool = attrs.field(default=False, init=False)
    _unresolved: dict[str, None] = attrs.field(factory=dict[str, None], init=False)

    def by_name(self) -> dict[str, Values]:
        """The scopes under the names that scripts know them by, widest first."""
        return {
            "globals": self.globals,
            "collection": self.collection,
            "environment": self.environment,
            "data": self.data,
            "local": self.local,
        }

    def begin_iteration(self, data: Mapping[str, JsonValue], origin: str) -> None:
        """Takes a new row of data; local variables last as long as the run, as in Postman."""
        self.data = dict(data)
        self.origins["data"] = dict.fromkeys(data, origin)
        self.version += 1

    def take(self, changes: Mapping[str, ScopeChanges], origin: str) -> None:
        """Takes what a script has changed, by the name of the scope; its values come from `origin`."""
        own = self.by_name()
        for scope, change in changes.items():
            change.apply(own[scope])
            self.version += 1
            self.origins.setdefault(scope, {}).update(dict.fromkeys(change.set, origin))

    def find(self, name: str) -> str | None:
        """The value of a variable as text, from the narrowest scope that has it; None when none has."""
        found = self._look_up(name)
        return None if found is None else found.value

    def _look_up(self, name: str) -> Used | None:
        provider = self.providers.get(name)
        for scope, values in (
            ("local", self.local),
            ("data", self.data),
            ("environment", self.environment),
            ("collection", self.collection),
            ("globals", self.globals),
        ):
            if name in values:
                value = value_text(values[name]) if values[name] is not None else _NULL
                # An environment may list, empty, what the runner can make.
                if (value and value is not _NULL) or provider is None:
                    origin = self.origins.get(scope, {}).get(name, "")
                    return Used(name=name, value=value, scope=scope, origin=origin)
                return Used(name=name, value=provider(self) or "", scope=PROVIDED, origin="")
        made = self.dynamic(name) if name.startswith("$") else None if provider is None else provider(self)
        scope = DYNAMIC if name.startswith("$") else PROVIDED
        return None if made is None else Used(name=name, value=made, scope=scope, origin="")

    def resolve(self, text: str) -> str:
        """`text` with values in the place of placeholders; raises TooLongError."""
        if "{{" not in text:
            return text
        filled = 0
        for _ in range(MAX_PASSES):
            if "{{" not in text:
                return text
            length = len(text)

            def value_of(match: re.Match[str]) -> str:
                nonlocal filled, length
                found = self._look_up(match[1].strip())
                if found is None:
                    return match[0]
                filled += 1
                if not found.value:
                    self._emptied = True
                    if self.blank is not None:
                        return self.blank(found)
                length += len(found.value) - len(match[0])
                if filled > MAX_PLACEHOLDERS or length > MAX_CHARACTERS:
                    raise TooLongError(_too_long(found.name))
                if len(self._used) < MAX_USED:
                    self._used[found.name, found.scope, found.value] = found
                return found.value

            result = PLACEHOLDER.sub(value_of, text)
            if result == text:
                break
            text = result
        self._unresolved.update(dict.fromkeys(name.strip() for name in PLACEHOLDER.findall(text)))
        return text

    def take_used(self) -> tuple[Used, ...]:
        """The variables that were put into texts since this was last asked, in order."""
        used = tuple(self._used.values())
        self._used.clear()
        return used

    def take_emptied(self) -> bool:
        """Whether an empty value was put into a text since this was last asked."""
        emptied, self._emptied = self._emptied, False
        return emptied

    def take_unresolved(self) -> tuple[str, ...]:
        """The variables that stayed in texts without a value since this was last asked."""
        names = tuple(self._unresolved)
        self._unresolved.clear()
        return names


def _too_long(name: str) -> str:
    bounds = f"{MAX_PLACEHOLDERS:,} placeholders or {MAX_CHARACTERS // 2**20} Mi characters"
    return f"the text grows past {bounds} when values are put in; the last was {{{{{name}}}}}"


def value_text(value: JsonValue) -> str:
    """A value as text: strings as they are, nothing for null, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

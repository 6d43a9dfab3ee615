"""Variables: Postman's scopes, their order, and putting values in the place of `{{name}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import attrs

from umapi_harness.common.documents import JsonValue

PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
MAX_PASSES = 20
"""How often the text is gone through for values that hold placeholders themselves; Postman stops there too."""

Provider = Callable[["Scopes"], "str | None"]
"""Makes the value of a variable that no scope holds; None when it cannot."""

DynamicValue = Callable[[str], "str | None"]
"""The value of a dynamic variable (`$guid`), freshly made; None for an unknown name."""

Values = dict[str, JsonValue]


class UnresolvedError(Exception):
    """Variables have no value, or hold each other; `names` are theirs."""

    def __init__(self, names: tuple[str, ...], reason: str) -> None:
        self.names = names
        super().__init__(reason)


def _no_dynamic_value(_name: str) -> str | None:
    return None


@attrs.define(kw_only=True)
class Scopes:
    """The five scopes of a run, narrowest last: global, collection, environment, data, local.

    `providers` stand behind them all: they make values that only the runner can make.
    """

    globals: Values = attrs.field(factory=dict[str, JsonValue])
    collection: Values = attrs.field(factory=dict[str, JsonValue])
    environment: Values = attrs.field(factory=dict[str, JsonValue])
    data: Values = attrs.field(factory=dict[str, JsonValue])
    local: Values = attrs.field(factory=dict[str, JsonValue])
    providers: Mapping[str, Provider] = attrs.field(factory=dict[str, Provider])
    dynamic: DynamicValue = _no_dynamic_value

    def by_name(self) -> dict[str, Values]:
        """The scopes under the names that scripts know them by, widest first."""
        return {
            "globals": self.globals,
            "collection": self.collection,
            "environment": self.environment,
            "data": self.data,
            "local": self.local,
        }

    def find(self, name: str) -> str | None:
        """The value of a variable as text, from the narrowest scope that has it; None when none has."""
        provider = self.providers.get(name)
        for scope in (self.local, self.data, self.environment, self.collection, self.globals):
            if name in scope:
                value = value_text(scope[name])
                # An environment may list, empty, what the runner can make.
                return provider(self) or "" if not value and provider is not None else value
        if name.startswith("$"):
            return self.dynamic(name)
        return None if provider is None else provider(self)

    def resolve(self, text: str) -> str:
        """`text` with values in the place of placeholders; raises UnresolvedError."""
        for _ in range(MAX_PASSES):
            missing: list[str] = []

            def value_of(match: re.Match[str], missing: list[str] = missing) -> str:
                name = match[1].strip()
                value = self.find(name)
                if value is None:
                    missing.append(name)
                    return match[0]
                return value

            result = PLACEHOLDER.sub(value_of, text)
            if missing:
                names = tuple(dict.fromkeys(missing))
                listed = ", ".join(f"{{{{{name}}}}}" for name in names)
                raise UnresolvedError(names, f"no value for {listed}")
            if result == text:
                return text
            text = result
        names = tuple(dict.fromkeys(name.strip() for name in PLACEHOLDER.findall(text)))
        if not names:
            return text
        listed = ", ".join(f"{{{{{name}}}}}" for name in names)
        raise UnresolvedError(names, f"variables that hold each other: {listed}")


def value_text(value: JsonValue) -> str:
    """A variable's value as it is put into text: strings as they are, null empty, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

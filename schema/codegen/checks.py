"""The check of a model, written as straight Python from its schema: whether all holds, in one condition.

Which assertion fails, and what to say of it, the validators and rules of the contract tell afterwards. A condition may
be stricter than they are, never laxer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from schema.codegen.bundle import Bundle, Schema
from schema.codegen.names import python_name


class CheckWriter:
    """Writes the checks of all models, and names the patterns that they use."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._patterns: dict[str, str] = {}

    def constants(self) -> list[str]:
        """Return the definitions of the patterns, for the top of the module."""
        return [f"{name} = constraints.matcher({text!r})" for text, name in self._patterns.items()]

    def lines(self, title: str) -> list[str]:
        """Return the statements of the method that checks a model; none where there is nothing to check."""
        properties, required = self._bundle.properties(title), self._bundle.required(title)
        names = [python_name(name) for name in properties]
        terms = [
            self._field(python_name(name), schema, required=name in required) for name, schema in properties.items()
        ]
        terms += [self._rule(rule, title, None) for rule in self._bundle.rules(title)]
        if not names:
            return []
        return [
            *(f"{name} = self.{name}" for name in names),
            f"if not ({_joined(terms)}):",
            "    constraints.check(self)",
        ]

    def extension(self, title: str) -> dict[str, Any] | None:
        """Return what the method is made of that adds an item to the list of a model; None for one without such a list.

        It does not look again at what holds of the model and of the items before, unless a rule leaves no choice.
        """
        properties = self._bundle.properties(title)
        lists = [name for name, schema in properties.items() if "$ref" in schema.get("items", {})]
        if len(lists) != 1:
            return None
        schema, name = properties[lists[0]], python_name(lists[0])
        held = [f"type(item) is {_title(schema['items'])}", *_sizes(name, schema)]
        condition = _joined([*held, *(self._grown(rule, title, lists[0]) for rule in self._bundle.rules(title))])
        others = [python_name(other) for other in properties if other != lists[0]]
        return {
            "list": name,
            "item": _title(schema["items"]),
            "read": [other for other in others if _speaks_of(condition, other)],
            "condition": condition,
        }

    def _grown(self, rule: Schema, title: str, name: str) -> str:
        """Return what a rule that held asks when the list `name` gets one more item."""
        whole = self._rule(rule, title, None)
        if not _speaks_of(whole, python_name(name)):
            return "True"
        if rule.keys() - _BESIDE != {"properties"} or rule["properties"].keys() != {name}:
            return whole
        schema = rule["properties"][name]
        return _joined(self._grown_list(keyword, schema, title, name) for keyword in schema if keyword not in _BESIDE)

    def _grown_list(self, keyword: str, schema: Schema, title: str, name: str) -> str:
        match keyword:
            case "contains" if schema.get("minContains") == 0:
                wanted = self._rule(schema["contains"], title, "item")
                return f"(not {wanted} or sum([{wanted} for item in before]) < {schema['maxContains']})"
            case "x-umapi-last":
                return f"(not before or not {self._rule(schema['x-umapi-last'], title, 'before[-1]')})"
            case "items":
                start = len(schema.get("prefixItems", ()))
                return f"(len(before) < {start} or {self._rule(schema['items'], title, 'item')})"
            case _:
                return self._keyword(keyword, schema, title, python_name(name))

    def _field(self, name: str, schema: Schema, *, required: bool) -> str:
        held = self._value(name, schema)
        return held if required else f"({name} is None or {held})"

    def _value(self, name: str, schema: Schema) -> str:
        if "const" in schema.get("then", {}):
            return f"(type({name}) is {_title(schema['else'])} or {name} == {schema['then']['const']!r})"
        if "$ref" in schema:
            return f"type({name}) is {_title(schema)}"
        if schema["type"] == "array":
            return self._array(name, schema)
        kind = {"string": "str", "boolean": "bool"}[schema["type"]]
        return _joined([f"type({name}) is {kind}", *self._text(name, schema)])

    def _text(self, name: str, schema: Schema) -> list[str]:
        terms: list[str] = []
        if "minLength" in schema and "maxLength" in schema:
            terms.append(f"{schema['minLength']} <= len({name}) <= {schema['maxLength']}")
        elif "minLength" in schema:
            terms.append(f"len({name}) >= {schema['minLength']}")
        elif "maxLength" in schema:
            terms.append(f"len({name}) <= {schema['maxLength']}")
        if "pattern" in schema:
            terms.append(self._matches(name, schema["pattern"]))
        if "enum" in schema:
            terms.append(f"{name} in vocabulary.{schema['x-umapi-vocabulary']['name']}.values")
        return terms

    def _array(self, name: str, schema: Schema) -> str:
        items = schema["items"]
        terms = [f"type({name}) is tuple", *_sizes(name, schema)]
        terms.append(f"all([{self._value('item', items)} for item in {name}])")
        if schema.get("uniqueItems"):
            distinct = f"{{item.lower() for item in {name}}}" if schema.get("x-umapi-ignores-case") else f"set({name})"
            terms.append(f"len({distinct}) == len({name})")
        return _joined(terms)

    def _rule(self, schema: Any, title: str | None, value: str | None) -> str:
        """Return the condition of a rule about a value: an expression, or None for the fields of the model itself."""
        if isinstance(schema, bool):
            return str(schema)
        keywords = sorted(
            schema.keys() - _BESIDE, key=lambda keyword: (keyword != "required", [*schema].index(keyword))
        )
        return _joined(self._keyword(keyword, schema, title, value) for keyword in keywords)

    def _keyword(  # noqa: PLR0911, PLR0912 - a case for each keyword
        self, keyword: str, schema: Schema, title: str | None, value: str | None
    ) -> str:
        match keyword:
            case "minProperties" | "maxProperties":
                names = [python_name(name) for name in self._bundle.properties(str(title))]
                given = f"({', '.join(names)},).count(None)"
                most = len(names) - schema[keyword]
                return f"{given} {'<=' if keyword == 'minProperties' else '>='} {most}"
            case "properties":
                there = schema.get("required", self._bundle.required(title) if title and value is None else ())
                return _joined(
                    self._property(title, value, name, rule, there=name in there)
                    for name, rule in schema["properties"].items()
                )
            case "required":
                return _joined(f"{_read(value, name)} is not None" for name in schema["required"])
            case "if":
                then, otherwise = (self._rule(schema.get(key, True), title, value) for key in ("then", "else"))
                condition = self._rule(schema["if"], title, value)
                if otherwise == "True":
                    return f"(not {condition} or {then})"
                return f"({then} if {condition} else {otherwise})"
            case "not":
                return "False" if schema["not"] == {} else f"not ({self._rule(schema['not'], title, value)})"
            case "anyOf" | "allOf":
                return _joined(
                    (self._rule(branch, title, value) for branch in schema[keyword]),
                    "or" if keyword == "anyOf" else "and",
                )
            case "type":
                return "True"  # the check of the field, which comes first, has seen to it
            case "minLength" | "maxLength" | "pattern":
                return self._text(str(value), {keyword: schema[keyword]})[0]
            case "minItems":
                return f"len({value}) >= {schema['minItems']}"
            case "maxItems":
                return f"len({value}) <= {schema['maxItems']}"
            case "contains":
                wanted = self._rule(schema["contains"], title, "item")
                count = f"sum([{wanted} for item in {value}])"
                least, most = schema.get("minContains", 1), schema.get("maxContains")
                enough = [f"{count} >= {least}"] * bool(least)
                not_too_many = [] if most is None else [f"(len({value}) <= {most} or {count} <= {most})"]
                return _joined([*enough, *not_too_many])
            case "x-umapi-last":
                wanted = self._rule(schema["x-umapi-last"], title, "item")
                return f"(len({value}) <= 1 or not any([{wanted} for item in {value}[:-1]]))"
            case "prefixItems":
                return _joined(
                    f"(len({value}) <= {place} or {self._rule(item, title, f'{value}[{place}]')})"
                    for place, item in enumerate(schema["prefixItems"])
                    if item is not True
                )
            case "items":
                rule = self._rule(schema["items"], title, "item")
                start = len(schema.get("prefixItems", ()))
                return f"(len({value}) <= {start} or all([{rule} for item in {value}[{start}:]]))"
            case _:
                raise NotImplementedError(f"keyword {keyword!r} in a rule")

    def _property(self, title: str | None, value: str | None, name: str, rule: Any, *, there: bool) -> str:
        inside = self._bundle.properties(title).get(name) if title is not None else None
        place = _read(value, name)
        items = (inside or {}).get("items", {})
        below = _title(inside) if inside and "$ref" in inside else _title(items) if "$ref" in items else None
        held = self._rule(rule, below, place)
        return held if there else _joined((f"{place} is None", held), "or")

    def _matches(self, name: str, pattern: str) -> str:
        if re.escape(pattern) == pattern:
            return f"{pattern!r} in {name}"
        return f"{self._patterns.setdefault(pattern, f'_matches_{len(self._patterns) + 1}')}({name}) is not None"


_BESIDE = frozenset({"x-umapi-errors", "then", "else", "minContains", "maxContains"})


def _joined(terms: Iterable[str], word: str = "and") -> str:
    """Return one condition for several; what holds always has no part in `and`."""
    parts = [term for term in terms if (word, term) != ("and", "True")] or ["True"]
    return parts[0] if len(parts) == 1 else "(" + f" {word} ".join(parts) + ")"


def _sizes(name: str, schema: Schema) -> list[str]:
    """Return the conditions on how many items a list has."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    return [f"len({name}) >= {least}"] * (least is not None) + [f"len({name}) <= {most}"] * (most is not None)


def _speaks_of(condition: str, name: str) -> bool:
    """Return whether a condition reads a field of the model itself."""
    return re.search(rf"(?<![.\w]){name}\b", condition) is not None


def _read(value: str | None, name: str) -> str:
    """Return the expression for a field: those of the model itself are in local names."""
    return python_name(name) if value is None else f"{value}.{python_name(name)}"


def _title(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]

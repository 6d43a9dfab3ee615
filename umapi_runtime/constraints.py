"""What the models' validators check, and the error they raise: a pointer, a sentence, the service's code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, Protocol, cast

import msgspec

from umapi_runtime.rules import ABSENT, ObjectAccess, Rule, Schema, compiled
from umapi_runtime.rules import pattern as compiled_pattern

_SHOWN = 60  # characters of a refused value that a message shows


class Violation(msgspec.Struct, frozen=True):
    """One thing in a document that breaks the service's contract."""

    pointer: str
    """JSON pointer to the place, in names of the wire; empty for the document itself."""
    problem: str
    """What is wrong there."""
    code: str | None = None
    """The error code that the service answers with."""

    def __str__(self) -> str:
        suffix = f" ({self.code})" if self.code else ""
        return f"{self.pointer or '/'}: {self.problem}{suffix}"

    def below(self, prefix: str) -> Violation:
        """Return the same violation, seen from a document in which this one stands at `prefix`."""
        return Violation(prefix + self.pointer, self.problem, self.code)


def _is_model(value: object) -> bool:
    return hasattr(value, "__contract__")


def _field(model: Any, wire_name: str) -> object:
    python_name = cast("Contract", model.__contract__).python_names.get(wire_name)
    value = None if python_name is None else getattr(model, python_name)
    return ABSENT if value is None else value


def _size(model: Any) -> int:
    names = cast("Contract", model.__contract__).names
    return sum(getattr(model, name) is not None for name in names)


MODELS = ObjectAccess(is_object=_is_model, get=_field, size=_size)
"""Access to models for rules: a field without a value is not there."""


class ContractError(ValueError):
    """A document, or a value for one, that the service would refuse."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(str(violation) for violation in self.violations))

    def __reduce__(self) -> tuple[type[ContractError], tuple[tuple[Violation, ...]]]:
        return type(self), (self.violations,)

    def below(self, prefix: str) -> ContractError:
        """Return the same error, seen from a document in which this one stands at `prefix`."""
        return type(self)([violation.below(prefix) for violation in self.violations])


class Contract(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a model knows of its form on the wire."""

    names: Mapping[str, str]
    """JSON names by Python name."""
    wrong_type: str | None
    """Error code for a value that is not an object."""
    missing: Mapping[str, str]
    """Error codes by JSON name, for required fields that are not there."""
    unknown: str | None
    """Error code for a field that is not listed; None where such fields are tolerated."""
    wrong_types: Mapping[str, str]
    """Error codes by JSON name, for a field whose value has the wrong type, null among them."""
    refused: Mapping[str, tuple[str, str]]
    """Problems and codes by JSON name, for fields that are known and that a client may not send."""
    secrets: Sequence[str]
    """JSON names of the fields whose values no message may show."""
    rules: Sequence[Schema]
    """Assertions about several fields at once, in JSON Schema."""
    validators: Mapping[str, Validator] = msgspec.field(default_factory=dict[str, "Validator"])
    """By Python name, what says why a value is refused."""

    @cached_property
    def python_names(self) -> Mapping[str, str]:
        """Python names by JSON name."""
        return {wire: python for python, wire in self.names.items()}

    @cached_property
    def compiled_rules(self) -> tuple[Rule, ...]:
        """The rules as functions that judge models."""
        return tuple(compiled(schema, MODELS) for schema in self.rules)

    @property
    def strict(self) -> bool:
        """True for what a client sends, false for what it reads."""
        return self.unknown is not None


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of which a value must be one; they are too many for a message to list."""

    values: frozenset[str]
    called: str
    """What each of them is."""
    remedy: str
    """What to do about a text that is none of them."""
    meant: Mapping[str, str]
    """Texts that are often written in place of one of them, in upper case, with the right one."""

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.values))

    def __len__(self) -> int:
        return len(self.values)

    def objection(self, value: str) -> str:
        """Return why `value` is refused, and what to give in its place."""
        upper = value.strip().upper() if value.isascii() else ""
        meant = upper if upper in self.values else self.meant.get(upper)
        remedy = self.remedy if meant is None else f"give {show(meant)}"
        return f"{show(value)} is no {self.called}: {self._foreign_letter(value)}{remedy}"

    def _foreign_letter(self, value: str) -> str:
        """Name the letter that only looks like one of ASCII, in a text that seems to be one of them."""
        foreign = [place for place, letter in enumerate(value, start=1) if not letter.isascii()]
        if not foreign or all(len(value) != len(known) for known in self.values):
            return ""
        from unicodedata import name  # noqa: PLC0415 - loaded for mistakes

        letter = value[foreign[0] - 1]
        return f"its character {foreign[0]} is {name(letter, f'U+{ord(letter):04X}')}; "


class Validator(Protocol):
    """Says why a value is refused, by ContractError."""

    def __call__(self, value: Any, /) -> None: ...


Limit = tuple[int, str]
"""A limit and the error code for going past it."""


def show(value: object) -> str:
    """Return a value as JSON would write it, shortened."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=lambda other: type(other).__name__)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    if not text.isprintable():  # halves of surrogate pairs, invisible marks
        letters = (each if each.isprintable() else each.encode("ascii", "backslashreplace").decode() for each in text)
        text = "".join(letters)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def key_pointer(key: object) -> str:
    """Return the JSON pointer to a field of any name, its slashes and tildes escaped (RFC 6901)."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def refuse(pointer: str, problem: str, code: str | None) -> ContractError:
    """Return the error for a single violation."""
    return ContractError([Violation(pointer, problem, code)])


def text(
    name: str,
    *,
    wrong_type: str,
    min_length: Limit | None = None,
    max_length: Limit | None = None,
    pattern: tuple[str, str, str] | None = None,
    vocabulary: tuple[Vocabulary, str] | None = None,
) -> Validator:
    """Return a validator for strings; lengths are in characters.

    A pattern comes with the error code and with what a text is called that fits it.
    """
    matcher = compiled_pattern(pattern[0]) if pattern else None
    pointer = f"/{name}" if name else ""

    def validate(value: Any, /) -> None:
        if not isinstance(value, str):
            raise refuse(pointer, f"{show(value)} is not a string", wrong_type)
        # The last sentence says more than those on the length, while the service reports the length first.
        broken: list[tuple[str, str]] = []
        if min_length and len(value) < min_length[0]:
            lack = "empty" if min_length[0] == 1 else f"shorter than {min_length[0]} characters"
            broken.append((f"{show(value)} is {lack}", min_length[1]))
        if max_length and len(value) > max_length[0]:
            broken.append((f"{show(value)} is longer than {max_length[0]} characters", max_length[1]))
        if pattern and matcher and not matcher.search(value):
            broken.append((f"{show(value)} is no {pattern[2]}", pattern[1]))
        if vocabulary and value not in vocabulary[0]:
            broken.append((vocabulary[0].objection(value), vocabulary[1]))
        if broken:
            raise refuse(pointer, broken[-1][0], broken[0][1])

    return validate


def flag(name: str, *, wrong_type: str) -> Validator:
    """Return a validator for booleans."""

    def validate(value: Any, /) -> None:
        if not isinstance(value, bool):
            raise refuse(f"/{name}", f"{show(value)} is not true or false", wrong_type)

    return validate


def choice(name: str, members: type[StrEnum], *, wrong_type: str, not_a_member: str) -> Validator:
    """Return a validator for members of an enum."""

    def validate(value: Any, /) -> None:
        if isinstance(value, members):
            return
        code = not_a_member if isinstance(value, str) else wrong_type
        if isinstance(value, Enum) and value.name in members.__members__.values():
            kind = type(value)
            told = f"{kind.__module__}.{kind.__qualname__}.{value.name}"
            problem = f"{told} is of another enum: give {members.__name__}.{members(value.name).name}"
        elif value in members.__members__.values():
            problem = f"{show(value)} is a plain string: give {members.__name__}.{members(value).name}"
        else:
            problem = f"{show(value)} is not one of {', '.join(members)}"
        raise refuse(f"/{name}", problem, code)

    return validate


def model(name: str, cls: type, *, wrong_type: str) -> Validator:
    """Return a validator for instances of a model."""
    pointer = f"/{name}" if name else ""

    def validate(value: Any, /) -> None:
        if not isinstance(value, cls):
            raise refuse(pointer, f"{show(value)} is not a {cls.__name__}", wrong_type)

    return validate


def model_or_constant(name: str, cls: type, constant: str, *, wrong_type: str) -> Validator:
    """Return a validator for instances of a model, or one string in its place."""

    def validate(value: Any, /) -> None:
        if value != constant and not isinstance(value, cls):
            raise refuse(f"/{name}", f"{show(value)} is neither a {cls.__name__} nor {show(constant)}", wrong_type)

    return validate


def array(
    name: str,
    *,
    wrong_type: str,
    each: Validator,
    min_items: Limit | None = None,
    max_items: Limit | None = None,
    unique: str | None = None,
    ignores_case: bool = False,
) -> Validator:
    """Return a validator for tuples whose every item `each` accepts; a list could change behind a frozen model.

    `ignores_case` is for texts: those that differ in letter case alone are the same.
    """

    def validate(value: Any, /) -> None:
        if not isinstance(value, tuple):
            problem = "is a list: give a tuple" if isinstance(value, list) else f"{show(value)} is not an array"
            raise refuse(f"/{name}", problem, wrong_type)
        items = cast("tuple[object, ...]", value)
        if min_items and len(items) < min_items[0]:
            raise refuse(f"/{name}", f"has {len(items)} items, fewer than {min_items[0]}", min_items[1])
        if max_items and len(items) > max_items[0]:
            raise refuse(f"/{name}", f"has {len(items)} items, more than {max_items[0]}", max_items[1])
        for place, item in enumerate(items):
            try:
                each(item)
            except ContractError as error:
                raise error.below(f"/{name}/{place}") from None
        if unique and (twice := _twice(items, ignores_case=ignores_case)):
            raise refuse(f"/{name}", _doubled(*twice), unique)

    return validate


def _twice(items: Sequence[object], *, ignores_case: bool) -> tuple[object, object] | None:
    """Return the first two items that are the same; None if all differ."""
    seen: dict[object, object] = {}
    for item in items:
        same = item.lower() if ignores_case and isinstance(item, str) else item
        if same in seen:
            return (seen[same], item)
        seen[same] = item
    return None


def _doubled(first: object, second: object) -> str:
    if first == second:
        return f"names {show(first)} twice: give it once"
    return f"names {show(first)} and {show(second)}, the same but for letter case: give one of them"


def contract_of(cls: type) -> Contract:
    """Return what a generated class knows of its form on the wire."""
    contract: Contract = getattr(cls, "__contract__")  # noqa: B009
    return contract


def matcher(text: str) -> Callable[[str], object]:
    """Return the function that searches a text for a pattern of a schema."""
    return compiled_pattern(text).search


def check(instance: object) -> None:
    """Say what is wrong with a model: first with its fields one by one, then with several at once.

    Raises:
        ContractError: for the first field that is wrong, or for each rule that does not hold.
    """
    import attrs  # noqa: PLC0415 - loaded when something is wrong

    contract = contract_of(type(instance))
    for attribute in attrs.fields(cast("type[attrs.AttrsInstance]", type(instance))):
        value = getattr(instance, attribute.name)
        if value is not None or attribute.default is attrs.NOTHING:
            contract.validators[attribute.name](value)
    failures = [failure for rule in contract.compiled_rules if (failure := rule(instance)) is not None]
    if failures:
        raise ContractError([Violation(failure.pointer, failure.message, failure.code) for failure in failures])


__all__ = [
    "Contract",
    "ContractError",
    "Limit",
    "Validator",
    "Violation",
    "Vocabulary",
    "array",
    "check",
    "choice",
    "contract_of",
    "flag",
    "key_pointer",
    "matcher",
    "model",
    "model_or_constant",
    "refuse",
    "show",
    "text",
]

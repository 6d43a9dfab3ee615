"""What the models' validators check, and the error they raise: a pointer, a sentence, the service's code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, cast

import attrs

from . import rules

_SHOWN = 60  # characters of a refused value that a message shows


@attrs.frozen(str=False)
class Violation:
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
        return attrs.evolve(self, pointer=prefix + self.pointer)


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


@attrs.frozen(kw_only=True)
class Contract:
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
    refused: Mapping[str, str]
    """Error codes by JSON name, for fields that are known and never accepted."""
    rules: Sequence[Mapping[str, Any]]
    """Assertions about several fields at once, in JSON Schema."""

    @property
    def strict(self) -> bool:
        """True for what a client sends, false for what it reads."""
        return self.unknown is not None


class Validator(Protocol):
    """An attrs validator that raises ContractError."""

    def __call__(self, instance: Any, attribute: Any, value: Any, /) -> None: ...


Limit = tuple[int, str]
"""A limit and the error code for going past it."""


def show(value: object) -> str:
    """Return a value as JSON would write it, shortened."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=lambda other: type(other).__name__)
    except (TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def refuse(pointer: str, problem: str, code: str | None) -> ContractError:
    """Return the error for a single violation."""
    return ContractError([Violation(pointer, problem, code)])


def text(
    name: str,
    *,
    wrong_type: str,
    min_length: Limit | None = None,
    max_length: Limit | None = None,
    pattern: tuple[str, str] | None = None,
) -> Validator:
    """Return a validator for strings; lengths are in characters."""
    matcher = re.compile(pattern[0]) if pattern else None
    pointer = f"/{name}" if name else ""

    def validate(_instance: Any, _attribute: Any, value: Any, /) -> None:
        if not isinstance(value, str):
            raise refuse(pointer, f"{show(value)} is not a string", wrong_type)
        # The pattern's sentence says more than the length's, while the service reports the length first.
        broken: list[tuple[str, str]] = []
        if min_length and len(value) < min_length[0]:
            broken.append((f"{show(value)} is shorter than {min_length[0]} characters", min_length[1]))
        if max_length and len(value) > max_length[0]:
            broken.append((f"{show(value)} is longer than {max_length[0]} characters", max_length[1]))
        if pattern and matcher and not matcher.search(value):
            broken.append((f"{show(value)} does not match {pattern[0]}", pattern[1]))
        if broken:
            raise refuse(pointer, broken[-1][0], broken[0][1])

    return validate


def flag(name: str, *, wrong_type: str) -> Validator:
    """Return a validator for booleans."""

    def validate(_instance: Any, _attribute: Any, value: Any, /) -> None:
        if not isinstance(value, bool):
            raise refuse(f"/{name}", f"{show(value)} is not true or false", wrong_type)

    return validate


def choice(name: str, members: type[StrEnum], *, wrong_type: str, not_a_member: str) -> Validator:
    """Return a validator for members of an enum."""

    def validate(_instance: Any, _attribute: Any, value: Any, /) -> None:
        if not isinstance(value, members):
            code = not_a_member if isinstance(value, str) else wrong_type
            raise refuse(f"/{name}", f"{show(value)} is not one of {', '.join(members)}", code)

    return validate


def model(name: str, cls: type, *, wrong_type: str) -> Validator:
    """Return a validator for instances of a model."""
    pointer = f"/{name}" if name else ""

    def validate(_instance: Any, _attribute: Any, value: Any, /) -> None:
        if not isinstance(value, cls):
            raise refuse(pointer, f"{show(value)} is not a {cls.__name__}", wrong_type)

    return validate


def model_or_constant(name: str, cls: type, constant: str, *, wrong_type: str) -> Validator:
    """Return a validator for instances of a model, or one string in its place."""

    def validate(_instance: Any, _attribute: Any, value: Any, /) -> None:
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
) -> Validator:
    """Return a validator for tuples and lists whose every item `each` accepts."""

    def validate(instance: Any, attribute: Any, value: Any, /) -> None:
        if not isinstance(value, (tuple, list)):
            raise refuse(f"/{name}", f"{show(value)} is not an array", wrong_type)
        items = cast("Sequence[object]", value)
        if min_items and len(items) < min_items[0]:
            raise refuse(f"/{name}", f"has {len(items)} items, fewer than {min_items[0]}", min_items[1])
        if max_items and len(items) > max_items[0]:
            raise refuse(f"/{name}", f"has {len(items)} items, more than {max_items[0]}", max_items[1])
        for place, item in enumerate(items):
            try:
                each(instance, attribute, item)
            except ContractError as error:
                raise error.below(f"/{name}/{place}") from None
        if unique and len(set(items)) < len(items):
            raise refuse(f"/{name}", "an item is listed twice", unique)

    return validate


def contract_of(cls: type) -> Contract:
    """Return what a generated class knows of its form on the wire."""
    contract: Contract = getattr(cls, "__contract__")  # noqa: B009
    return contract


def wire_members(instance: object) -> dict[str, object]:
    """Return the fields of a model that have a value, by JSON name."""
    contract = contract_of(type(instance))
    values = ((wire, getattr(instance, python)) for python, wire in contract.names.items())
    return {wire: value for wire, value in values if value is not None}


def check_rules(instance: object) -> None:
    """Check the assertions about several fields at once.

    Raises:
        ContractError: one of them does not hold.
    """
    contract = contract_of(type(instance))
    for rule in contract.rules:
        failure = rules.first_failure(rule, instance, _members)
        if failure is not None:
            raise refuse(failure.pointer, failure.message, failure.code)


def _members(value: object) -> Mapping[str, object] | None:
    if hasattr(value, "__contract__"):
        return wire_members(value)
    return None


__all__ = [
    "Contract",
    "ContractError",
    "Limit",
    "Validator",
    "Violation",
    "array",
    "check_rules",
    "choice",
    "contract_of",
    "flag",
    "model",
    "model_or_constant",
    "refuse",
    "show",
    "text",
    "wire_members",
]

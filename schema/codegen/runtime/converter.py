"""Reading models from JSON data and writing them to it: strict for what a client sends, tolerant for answers.

Strict: an unknown key, an explicit null, a wrong type or a value that is no member of an enum is refused, and
nothing is coerced. Tolerant: unknown fields are set apart in `unknown_fields`, unknown members of an enum stay
plain strings, and the step of an error may be a string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from .constraints import ContractError, Violation, contract_of, show
from .models import UserCommand, UserGroupCommand

T = TypeVar("T")


def read_request(cls: type[T], data: object) -> T:
    """Read what a client sends, strictly, as `cls`: any request model.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
    """
    return _STRICT.structure(data, cls)


def read_action_request(data: object) -> list[UserCommand | UserGroupCommand]:
    """Read the body of an action request, strictly.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
    """
    if not isinstance(data, list):
        raise ContractError([Violation("", f"{show(data)} is not an array", "error.command.malformed")])
    commands: list[UserCommand | UserGroupCommand] = []
    violations: list[Violation] = []
    for index, entry in enumerate(cast("list[Any]", data)):
        names_group = isinstance(entry, dict) and "usergroup" in entry
        try:
            read = read_request(UserGroupCommand, entry) if names_group else read_request(UserCommand, entry)
            commands.append(read)
        except ContractError as error:
            violations += error.below(f"/{index}").violations
    if violations:
        raise ContractError(violations)
    return commands


def read_response(cls: type[T], data: object) -> T:
    """Read an answer of the service, tolerantly, as `cls`: any response model.

    Raises:
        ContractError: a required field is missing or a value has the wrong type.
    """
    return _TOLERANT.structure(data, cls)


def write(model: attrs.AttrsInstance) -> dict[str, Any]:
    """Return a model as JSON data, with the names of the wire; fields without a value are left out."""
    data: dict[str, Any] = _STRICT.unstructure(model)
    return data


def _object_hook(cls: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """Return the hook that reads one class; it looks up the hooks of its fields once."""
    contract = contract_of(cls)
    hints = get_type_hints(cls)
    readers = {
        wire: (python, hints[python], converter.get_structure_hook(hints[python]))
        for python, wire in contract.names.items()
    }
    required = [contract.names[a.name] for a in attrs.fields(cls) if a.default is attrs.NOTHING]

    def structure(data: Any, _: Any) -> Any:
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise ContractError([Violation("", f"{show(data)} is not an object", contract.wrong_type)])
        values: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        violations = [
            Violation("", f'"{wire}" is missing', contract.missing.get(wire)) for wire in required if wire not in data
        ]
        for key, value in cast("Mapping[str, Any]", data).items():
            if key not in readers:
                unknown[key] = value
            elif value is None and (contract.strict or key in required):
                violations.append(Violation(f"/{key}", "null is not allowed", contract.wrong_types.get(key)))
            elif value is not None:
                python, hint, read = readers[key]
                try:
                    values[python] = read(value, hint)
                except ContractError as error:
                    violations += error.below(f"/{key}").violations
        if contract.strict:
            for key in unknown:
                code = contract.refused.get(key, contract.unknown)
                violations.append(Violation(f"/{key}", "unknown field", code))
        elif unknown:
            values["unknown_fields"] = unknown
        if not violations or contract.strict:
            # A strict class checks the fields it got even when others are at fault, so that all is said at once.
            violations += _construction_violations(cls, values, violations)
        if violations:
            raise ContractError(violations)
        return cls(**values)

    return structure


def _construction_violations(cls: type, values: dict[str, Any], found: list[Violation]) -> list[Violation]:
    """Return what the validators say of each value alone, when the object as a whole cannot be built."""
    if not found:
        return []
    violations: list[Violation] = []
    for attribute in attrs.fields(cls):
        if attribute.validator is not None and attribute.name in values:
            try:
                attribute.validator(None, attribute, values[attribute.name])
            except ContractError as error:
                violations += error.violations
    return violations


def _tuple_hook(hint: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    item = get_args(hint)[0]
    read = converter.get_structure_hook(item)

    def structure(data: Any, _: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            if converter is _STRICT:
                return data  # the validator refuses it, with the code of the field
            raise ContractError([Violation("", f"{show(data)} is not an array")])
        items: list[Any] = []
        violations: list[Violation] = []
        for place, value in enumerate(cast("list[Any]", data)):
            try:
                items.append(read(value, item))
            except ContractError as error:
                violations += error.below(f"/{place}").violations
        if violations:
            raise ContractError(violations)
        return tuple(items)

    return structure


def _union_hook(hint: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """Read `X | None`, `Model | Literal[...]` and `Enum | str`; null has been dealt with before."""
    members = [member for member in get_args(hint) if member is not type(None)]
    first = members[0]
    read = converter.get_structure_hook(first)

    def structure(data: Any, _: Any) -> Any:
        if len(members) == 1:
            return read(data, first)
        if isinstance(data, str):
            if isinstance(first, type) and issubclass(first, StrEnum) and data in first.__members__.values():
                return first(data)
            return data
        if attrs.has(first):
            return read(data, first)
        raise ContractError([Violation("", f"{show(data)} is not a string")])

    return structure


def _pass_through(data: Any, _: Any) -> Any:
    """Leave a value for the validator to judge: it knows the field's own error code."""
    return data


def _strict_enum(data: Any, cls: type[StrEnum]) -> Any:
    return cls(data) if isinstance(data, str) and data in cls.__members__.values() else data


def _exactly(cls: type, noun: str) -> Callable[[Any, Any], Any]:
    def structure(data: Any, _: Any) -> Any:
        if type(data) is not cls:
            raise ContractError([Violation("", f"{show(data)} is not {noun}")])
        return data

    return structure


def _tolerant_integer(data: Any, _: Any) -> Any:
    if isinstance(data, str) and data.isascii() and data.isdigit():
        return int(data)
    return _exactly(int, "an integer")(data, _)


def _is_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _is_literal(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _write_hook(cls: type, converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    contract = contract_of(cls)
    overrides = {python: override(rename=wire) for python, wire in contract.names.items()}
    overrides["unknown_fields"] = override(omit=True)
    known: dict[str, Any] = {a.name: overrides[a.name] for a in attrs.fields(cls)}
    return make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, **known)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook_factory(attrs.has, _object_hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    converter.register_structure_hook_func(_is_literal, _pass_through)
    converter.register_unstructure_hook_factory(attrs.has, _write_hook)
    return converter


_STRICT = _converter()
for _scalar in (str, bool, int):
    _STRICT.register_structure_hook(_scalar, _pass_through)
_STRICT.register_structure_hook_func(lambda hint: isinstance(hint, type) and issubclass(hint, StrEnum), _strict_enum)

_TOLERANT = _converter()
_TOLERANT.register_structure_hook(str, _exactly(str, "a string"))
_TOLERANT.register_structure_hook(bool, _exactly(bool, "true or false"))
_TOLERANT.register_structure_hook(int, _tolerant_integer)

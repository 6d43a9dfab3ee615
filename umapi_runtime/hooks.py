"""The hooks of cattrs by which models are read from JSON data and written to it, field by field.

What each converter takes is told in `converter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override
from msgspec.structs import replace

from umapi_runtime.constraints import Contract, ContractError, Violation, contract_of, key_pointer, show
from umapi_runtime.structs import UnknownFields

Hook = Callable[[Any, Any], Any]
"""Reads data; what follows the data is the type, which a hook made for one type does not look at."""

_LONGEST_NUMBER = 18  # digits of a number in a string, so that no answer can cost the time of a huge one


def _object_hook(cls: type, converter: cattrs.Converter) -> Hook:
    """Return the hook that reads one class; it looks up the hooks of its fields once."""
    contract = contract_of(cls)
    hints = {name: _without_none(hint) for name, hint in get_type_hints(cls).items()}
    fields = {
        wire: (hints[python], python, converter.get_structure_hook(hints[python]))
        for python, wire in contract.names.items()
    }
    required = [contract.names[a.name] for a in attrs.fields(cls) if a.default is attrs.NOTHING]
    strict = contract.strict

    def structure(data: Any, _: Any) -> Any:
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            shown = type(data).__name__ if contract.secrets else show(data)
            raise ContractError([Violation("", f"{shown} is not an object", contract.wrong_type)])
        values: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        violations: list[Violation] = []
        for key, value in cast("Mapping[str, Any]", data).items():
            field = fields.get(key)
            if field is None:
                unknown[key] = value
            elif type(value) is field[0]:  # a string or another scalar: the hook would return it as it is
                values[field[1]] = value
            elif value is not None:
                try:
                    values[field[1]] = field[2](value, field[0])
                except ContractError as error:
                    violations += _masked(error, key, contract).below(f"/{key}").violations
            elif strict or key in required:
                violations.append(Violation(f"/{key}", "null is not allowed", contract.wrong_types.get(key)))
        missing = [wire for wire in required if wire not in data]
        violations += [Violation("", f'"{wire}" is missing', contract.missing.get(wire)) for wire in missing]
        if unknown and strict:
            violations = [*_unknown(unknown, contract), *violations]
        elif unknown:
            values["unknown_fields"] = UnknownFields(unknown)
        if violations:
            raise ContractError([*violations, *_refused_values(cls, values)])
        try:
            return cls(**values)
        except ContractError as error:
            raise ContractError(_refused_values(cls, values) or error.violations) from None

    return structure


def _without_none(hint: Any) -> Any:
    """Return what an optional field holds when it holds something: null is dealt with before its hook."""
    if not _is_union(hint):
        return hint
    members = tuple(member for member in get_args(hint) if member is not type(None))
    return Union[members]  # noqa: UP007


def _unknown(fields: Mapping[str, Any], contract: Contract) -> list[Violation]:
    lines = {key: contract.refused.get(key) or (_stranger(key, contract), contract.unknown) for key in fields}
    return [Violation(key_pointer(key), problem, code) for key, (problem, code) in lines.items()]


def _stranger(key: str, contract: Contract) -> str:
    """Return what to say of a field that there is not: the one that is spelt much like it, if there is one."""
    from difflib import get_close_matches  # noqa: PLC0415 - loaded for mistakes

    known = {name.lower(): name for name in contract.names.values()}
    near = get_close_matches(key.replace("_", "").lower(), known, n=1)
    return f"unknown field: is {known[near[0]]} meant?" if near else "unknown field"


def _masked(error: ContractError, key: str, contract: Contract) -> ContractError:
    """Return an error that shows nothing of a secret."""
    if key not in contract.secrets:
        return error
    return ContractError([replace(violation, problem="has the wrong type") for violation in error.violations])


def _refused_values(cls: type, values: dict[str, Any]) -> list[Violation]:
    """Return what the validators say of each value alone, so that all that is wrong is said at once."""
    violations: list[Violation] = []
    for name, validator in contract_of(cls).validators.items():
        if name in values:
            try:
                validator(values[name])
            except ContractError as error:
                violations += error.violations
    return violations


def _tuple_hook(hint: Any, converter: cattrs.Converter) -> Hook:
    item = get_args(hint)[0]
    read = converter.get_structure_hook(item)
    strict = converter is STRICT
    as_they_are = read is _pass_through

    def structure(data: Any, _: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            if strict:
                return data  # the validator refuses it, with the code of the field
            raise ContractError([Violation("", f"{show(data)} is not an array")])
        if as_they_are:
            return tuple(cast("list[Any]", data))
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


def _union_hook(hint: Any, converter: cattrs.Converter) -> Hook:
    """Read `Model | Literal[...]`, where a validator judges the string."""
    first = get_args(hint)[0]
    read = converter.get_structure_hook(first)
    return lambda data, _: data if isinstance(data, str) else read(data, first)


def _pass_through(data: Any, _: Any) -> Any:
    """Leave a value for the validator to judge: it knows the field's own error code."""
    return data


def _enum_member(data: Any, cls: type[StrEnum]) -> Any:
    return cls(data) if isinstance(data, str) and data in cls.__members__.values() else data


def _open_member(data: Any, cls: type[StrEnum]) -> Any:
    return _enum_member(_tolerant_string(data, cls), cls)


def _tolerant_string(data: Any, _: Any) -> Any:
    if type(data) is not str:
        raise ContractError([Violation("", f"{show(data)} is not a string")])
    return data


def _tolerant_boolean(data: Any, _: Any) -> Any:
    if type(data) is not bool:
        raise ContractError([Violation("", f"{show(data)} is not true or false")])
    return data


def _tolerant_integer(data: Any, _: Any) -> Any:
    if type(data) is int:
        return data
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= _LONGEST_NUMBER:
        return int(data)
    raise ContractError([Violation("", f"{show(data)} is not an integer")])


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
    converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    converter.register_structure_hook_factory(attrs.has, _object_hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    converter.register_structure_hook_func(_is_literal, _pass_through)
    converter.register_structure_hook(StrEnum, _enum_member)
    converter.register_unstructure_hook_factory(attrs.has, _write_hook)
    return converter


# A hook serves the subclasses of its class too; an enum is nearer to StrEnum than to str.
STRICT = _converter()
for _scalar in (str, bool, int):
    STRICT.register_structure_hook(_scalar, _pass_through)

TOLERANT = _converter()
TOLERANT.register_structure_hook(str, _tolerant_string)
TOLERANT.register_structure_hook(bool, _tolerant_boolean)
TOLERANT.register_structure_hook(int, _tolerant_integer)
TOLERANT.register_structure_hook(StrEnum, _open_member)

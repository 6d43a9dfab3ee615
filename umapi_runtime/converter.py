"""Reading models from JSON data and writing them to it: strict for what a client sends, tolerant for answers.

Strict: an unknown key, an explicit null, a wrong type or a value that is no member of an enum is refused, and
nothing is coerced. Tolerant: unknown fields are set apart in `unknown_fields`, unknown members of an enum stay
plain strings, null counts as absent, and a number may come as a string of digits.

msgspec reads the text of an answer straight into models, where nothing in it calls for tolerance. What it refuses is
read again by the hooks, which have the last word, and can say what is wrong and where.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from umapi_runtime.constraints import ContractError, Violation, contract_of
from umapi_runtime.structs import Model

if TYPE_CHECKING:
    import attrs
    import cattrs

    from umapi_runtime.rules import Rule

T = TypeVar("T")

_DEEPEST = 8  # no request nests deeper; what does is refused by the hooks


def read_request(cls: type[T], data: object) -> T:
    """Read what a client sends, strictly, as `cls`: any request model.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
        TypeError: `cls` is not a request model.
    """
    if not contract_of(cls).strict:
        raise TypeError(f"{cls.__name__} is an answer of the service: read it with read_response")
    if _is_plain(data, _DEEPEST):
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError:
            pass  # the hooks say what is wrong, all of it, and where
    return _strict().structure(data, cls)


def read_requests(data: object, whole: Rule, entry: Rule, model_of: Callable[[Any], type[T]]) -> list[T]:
    """Read a list of what a client sends, strictly: `whole` and `entry` judge it and its entries, before the models do.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
    """
    failure = whole(data)
    if failure is not None:
        raise ContractError([Violation(failure.pointer, failure.message, failure.code)])
    read: list[T] = []
    violations: list[Violation] = []
    for index, item in enumerate(cast("list[Any]", data)):
        failure = entry(item)
        if failure is not None:
            violations.append(Violation(f"/{index}{failure.pointer}", failure.message, failure.code))
            continue
        try:
            read.append(read_request(model_of(item), item))
        except ContractError as error:
            violations += error.below(f"/{index}").violations
    if violations:
        raise ContractError(violations)
    return read


def read_response(cls: type[T], data: object) -> T:
    """Read an answer of the service, tolerantly, as `cls`: any response model.

    Raises:
        ContractError: a required field is missing or a value has the wrong type.
    """
    return _tolerant().structure(data, cls)


def read_response_text(cls: type[T], text: bytes) -> T:
    """Read the text of an answer of the service, tolerantly, as `cls`: any response model.

    Raises:
        ContractError: a required field is missing or a value has the wrong type.
        ValueError, RecursionError: the text is not JSON, or nested too deep.
    """
    try:
        answer: T = _decoder(cast("Hashable", cls)).decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return read_response(cls, json.loads(text))
    for name in contract_of(cls).names:
        entries = getattr(answer, name)
        if type(entries) is tuple and entries and isinstance(entries[0], Model):
            entries[0].__share__(cast("Sequence[Any]", entries))
    return answer


@cache
def _decoder(cls: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast("type[Any]", cls))


def write(model: attrs.AttrsInstance) -> dict[str, Any]:
    """Return a model as JSON data, with the names of the wire; fields without a value are left out."""
    data: dict[str, Any] = _strict().unstructure(model)
    return data


def write_json(model: attrs.AttrsInstance) -> bytes:
    """Return a model as the text of JSON in UTF-8, with the names of the wire and no blanks between tokens.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair, which is no character.
    """
    return msgspec.json.encode(model)


def _is_plain(data: object, depth: int) -> bool:
    """Whether msgspec judges data as the hooks do; to it, a null would be a field that is not there."""
    if isinstance(data, str):
        return True
    if depth and type(data) is dict:
        return all(_is_plain(value, depth - 1) for value in cast("dict[str, object]", data).values())
    if depth and type(data) is list:
        return all(_is_plain(value, depth - 1) for value in cast("list[object]", data))
    return isinstance(data, bool)


def _strict() -> cattrs.Converter:
    from umapi_runtime.hooks import STRICT  # noqa: PLC0415 - cattrs is loaded when it is needed

    return STRICT


def _tolerant() -> cattrs.Converter:
    from umapi_runtime.hooks import TOLERANT  # noqa: PLC0415 - as above

    return TOLERANT

"""Request bodies: strict JSON, with the keys noted that stand twice in one object."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any, Final, NoReturn, TypeGuard

import attrs

from umapi_harness.common.errors import InputError


@attrs.frozen
class Doubled:
    """An object of a body in which keys stand more than once."""

    holder: dict[str, Any]
    keys: tuple[str, ...]


@attrs.frozen
class Body:
    """A body as data. Of a key that stands twice, `value` has the last; `doubled` tells that it did."""

    value: Any
    doubled: tuple[Doubled, ...]


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def read_json(raw: bytes) -> Body:
    """Read a JSON body.

    A byte-order mark before it is no part of it [G byte-order-mark]; no other encoding is read, nor compression,
    whatever the headers say [G body-encodings]. Raises InputError for whatever is not strict JSON in UTF-8: NaN,
    unpaired surrogates, and nesting or numbers beyond what the parser can hold included.
    """
    try:
        text = raw.decode("utf-8-sig")
        body = _read_text(text)
        if "\\u" in text:
            # A lone surrogate can be written as an escape, but is no character and cannot be answered.
            json.dumps(body.value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise InputError("body: not JSON; send an array of commands as strict JSON in UTF-8") from error
    return body


def _read_text(text: str) -> Body:
    value: Any = _PLAIN.decode(text)
    if "\\" not in text and _WRITER.encode(value).count(":") == text.count(":"):
        # What was read, written again, has as many colons: no key is missing, so none stands twice.
        return Body(value, ())
    doubled: list[Doubled] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            doubled.append(Doubled(built, tuple(name for name, count in counts.items() if count > 1)))
        return built

    value = json.loads(text, object_pairs_hook=build, parse_constant=_refuse, parse_float=_finite)
    return Body(value, tuple(doubled))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    # 1e999 is good JSON; the checks need a number that is still one.
    return max(-sys.float_info.max, min(sys.float_info.max, float(digits)))


_PLAIN: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
_WRITER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))

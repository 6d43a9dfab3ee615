"""JSON Schema checks that scripts ask for: verdicts in one line, for any schema that a script brings along.

A schema without `$schema` is read as 2020-12 (Postman's own library reads it as draft 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Never, cast

import jsonschema_rs

from umapi_harness.common.departures import Departure
from umapi_harness.common.documents import JsonValue

SHOWN_ERRORS = 3


def verdict(schema: JsonValue, data: JsonValue) -> str | None:
    """None when `data` fits `schema`; otherwise what is wrong, with JSON pointers.

    A schema that is none does not count as a fit: the reason says so.
    """
    if not isinstance(schema, dict | bool):
        return "the schema must be an object"
    try:
        validator = jsonschema_rs.validator_for(cast("dict[str, JsonValue] | bool", schema), retriever=_refuse)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return f"the schema cannot be used: {_first_line(str(error))}"
    problems = list(_problems(validator.iter_errors(data)))
    return "; ".join(problems) or None


def _refuse(uri: str) -> Never:
    """Left to itself, the library would read files and ask servers for schemas that a reference names."""
    raise ValueError(f"{uri} is outside of the schema")


def _problems(errors: Iterator[jsonschema_rs.ValidationError]) -> Iterator[str]:
    for count, error in enumerate(errors):
        if count == SHOWN_ERRORS:
            yield "and more"
            return
        yield str(Departure(tuple(error.instance_path), _first_line(error.message)))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]

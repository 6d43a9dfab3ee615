"""The models read every sample as the schemas judge it, and write back what they read."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest

from umapi_models import models
from umapi_models.requests import read_action_request
from umapi_runtime import converter
from umapi_runtime.constraints import ContractError, contract_of
from umapi_samples import Sample


def read(definition: str, data: object) -> Any:
    """Read data as the definition of that title, strictly for a request, tolerantly for an answer."""
    if definition == "ActionRequest":
        return read_action_request(data)
    if definition == "Command":
        return read_action_request([data])[0]
    cls: type[Any] = getattr(models, definition)
    if contract_of(cls).strict:
        return converter.read_request(cls, data)
    return converter.read_response(cls, data)


def write(definition: str, read_before: Any) -> Any:
    """Write what `read` has returned: a model, or for a request the list of its commands."""
    if definition == "ActionRequest":
        return [converter.write(command) for command in read_before]
    return converter.write(read_before)


def enum(sample: Sample) -> type[StrEnum] | None:
    """Return the enum that a sample is of; None for a sample of an object or array."""
    cls = getattr(models, sample.definition, None)
    return cls if isinstance(cls, type) and issubclass(cls, StrEnum) else None


def test_valid_sample_is_read_and_written_back(sendable_sample: Sample) -> None:
    """A valid sample is read, and the same JSON is written; only what the schema does not know is left out."""
    members = enum(sendable_sample)
    if members is not None:
        assert members(sendable_sample.data) == sendable_sample.data
        return
    written = write(sendable_sample.definition, read(sendable_sample.definition, sendable_sample.data))
    expected = sendable_sample.data if sendable_sample.written is None else sendable_sample.written
    assert written == expected
    assert json.loads(json.dumps(written)) == expected


def test_deprecated_sample_is_refused_by_name(deprecated_sample: Sample) -> None:
    """A list called product is refused first of all, with the service's own warning."""
    with pytest.raises(ContractError, match="deprecated") as caught:
        read(deprecated_sample.definition, deprecated_sample.data)
    first = caught.value.violations[0]
    assert first.pointer.endswith("/product")
    assert first.code == "warning.command.deprecated"


def test_invalid_sample_is_refused_where_and_as_it_says(invalid_sample: Sample) -> None:
    """The first violation that reading finds has the sample's pointer and code."""
    members = enum(invalid_sample)
    if members is not None:
        assert invalid_sample.data not in list(members)
        return
    if invalid_sample.client == "reads":
        read(invalid_sample.definition, invalid_sample.data)
        return
    with pytest.raises(ContractError) as caught:
        read(invalid_sample.definition, invalid_sample.data)
    first = caught.value.violations[0]
    prefix = "/0" if invalid_sample.definition == "Command" else ""
    assert (first.pointer, first.code) == (prefix + invalid_sample.pointer, invalid_sample.code)

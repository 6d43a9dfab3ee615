"""`read_actions`: actions from commands that exist as data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from umapi_samples import all_samples
from umapi_sdk import ActionError
from umapi_sdk.batches import encode, split_action
from umapi_sdk.commands import read_actions

SAMPLES = [sample for sample in all_samples() if sample.file == "command.json"]
READ = [sample for sample in SAMPLES if sample.valid and sample.client != "refuses"]
REFUSED = [sample for sample in SAMPLES if not sample.valid]


def sent(data: Any) -> Any:
    """What goes over the wire for the actions that are read from a list of commands."""
    commands = [command for action in read_actions(data) for command in split_action(action)]
    return json.loads(encode(commands))


@pytest.mark.parametrize("sample", READ, ids=str)
def test_a_command_is_sent_as_it_was_written(sample: Any) -> None:
    """Whatever a command of the samples holds is sent again, and nothing else."""
    assert sent([sample.data]) == [sample.data if sample.written is None else sample.written]


def test_all_commands_of_a_long_list_are_sent_in_order() -> None:
    """A list longer than a request keeps its commands and their order, and each says its place."""
    data = [{"user": f"a{number}@example.com", "do": [{"remove": "all"}]} for number in range(33)]
    assert sent(data) == [{"requestID": f"action_{place + 1}", **command} for place, command in enumerate(data)]


@pytest.mark.parametrize("sample", REFUSED, ids=str)
def test_a_command_that_breaks_the_contract_is_refused_at_its_place(sample: Any) -> None:
    """A bad command in the second ten of a list is refused with its pointer counted from the list's start."""
    good = {"user": "a@example.com", "do": [{"remove": "all"}]}
    with pytest.raises(ActionError) as caught:
        read_actions([good] * 12 + [sample.data])
    pointers = {violation.pointer for violation in caught.value.violations}
    assert f"/12{sample.pointer}" in pointers
    assert all(pointer.startswith("/12") for pointer in pointers)


@pytest.mark.parametrize("data", [None, {}, "[]", 1, ({"user": "a@example.com"},)])
def test_what_is_no_list_is_refused(data: object) -> None:
    """Anything but a list of commands is refused as the service refuses it."""
    with pytest.raises(ActionError, match=r"is not a list of commands \(error\.command\.malformed\)$"):
        read_actions(data)

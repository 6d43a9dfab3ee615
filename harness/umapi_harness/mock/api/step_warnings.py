"""Warnings: what the service says of the deprecated properties that a command uses."""

from __future__ import annotations

import functools
from typing import Any, Final

from umapi_models import schemas

_GROUP_STEPS: Final = ("usergroup-steps.json", "UserGroupStep")


def warnings_of(command: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Step, code and message for each deprecated property that the command uses."""
    known = _step_warnings("user" if "user" in command else "usergroup")
    found: list[tuple[int, str, str]] = []
    for place, step in enumerate(command["do"]):
        for name, fields in step.items():
            if name in known:
                found += [
                    (place, code, message)
                    for deprecated, (code, message) in known[name].items()
                    if deprecated in fields
                ]
    return found


@functools.cache
def _step_warnings(root: str) -> dict[str, dict[str, tuple[str, str]]]:
    """For steps on a `user` or `usergroup`: step -> deprecated property -> warning code and message."""
    file, steps = {"user": ("user-steps.json", "UserStep"), "usergroup": _GROUP_STEPS}[root]
    definitions: dict[str, Any] = schemas.read(file)["$defs"]
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for step, schema in definitions[steps]["properties"].items():
        reference = schema.get("$ref") or schema.get("else", {}).get("$ref", "")
        properties = definitions.get(reference.rpartition("/")[2], {}).get("properties", {})
        for name, entry in properties.items():
            if "x-umapi-warning" in entry:
                warning = entry["x-umapi-warning"]
                found.setdefault(step, {})[name] = (warning["code"], warning["message"])
    return found

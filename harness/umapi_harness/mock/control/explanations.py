"""Explanations: what codes, settings and the fields of faults mean, as data for the forms of the page."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import attrs

from umapi_harness.mock import settings as settings_module
from umapi_harness.mock.faults import plans as faults
from umapi_harness.mock.names import FAULTS, USER_STATUSES
from umapi_harness.mock.schemas import packaged
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.users import IDENTITY_TYPES
from umapi_models import schemas
from umapi_models.operations import METASCOPE, SCOPES


def codes_explained() -> list[dict[str, Any]]:
    """What each error code means and what to do about it, those of the token host included."""
    kept = ("code", "meaning", "remedy", "retry", "severity")
    entries: list[dict[str, Any]] = schemas.read("error_codes.json")["codes"]
    names = {"scopes": ", ".join(SCOPES), "metascope": METASCOPE}
    of_tokens: list[dict[str, Any]] = schemas.read("words.json")["token_errors"]
    of_tokens = [entry | {"remedy": entry["remedy"].format_map(names)} for entry in of_tokens]
    return [{name: entry[name] for name in kept} for entry in (*entries, *of_tokens)]


def names_explained() -> dict[str, Any]:
    """The identity types and statuses that a user can have; faults that spoil or delay an answer, or leave a task."""
    spoiling, late = (
        [kind for kind, told in FAULTS["kinds"].items() if told.get(trait)] for trait in ("spoils", "late")
    )
    aftermaths = {kind: told["aftermath"] for kind, told in FAULTS["kinds"].items() if "aftermath" in told}
    return {
        "identity_types": IDENTITY_TYPES,
        "user_statuses": USER_STATUSES,
        "spoiling_faults": spoiling,
        "late_faults": late,
        "aftermaths": aftermaths,
    }


@functools.cache
def settings_explained() -> list[dict[str, Any]]:
    """Every setting: type, default, value in the live profile, choices, meaning."""
    default, live = Settings().as_dict(), Settings.live().as_dict()
    fields = attrs.fields_dict(Settings)
    meanings = dict(_field_docstrings(inspect.getsource(settings_module), Settings.__name__))
    return [
        {
            "name": name,
            "type": type(default[name]).__name__,
            "default": default[name],
            "live": live[name],
            "choices": fields[name].metadata.get("choices", ()),
            "meaning": meanings.get(name, ""),
        }
        for name in default
    ]


@functools.cache
def faults_explained() -> list[dict[str, Any]]:
    """Every field of a fault: type, default, choices, meaning, and the kinds that it means something for."""
    document = packaged(faults.SCHEMA)["$defs"]
    described: list[dict[str, Any]] = []
    for name, own in document["Fault"]["properties"].items():
        entry = document[own["$ref"].rpartition("/")[2]] | own if "$ref" in own else own
        described.append(
            {
                "name": name,
                "type": {"integer": "int", "number": "float"}.get(str(entry.get("type")), "str"),
                "default": entry.get("default"),
                "choices": entry.get("enum", []),
                "meaning": entry.get("description", ""),
                "kinds": [kind for kind in FAULTS["kinds"] if name in faults.fields_of(kind)],
            }
        )
    return described


def _field_docstrings(source: str, class_name: str) -> Iterator[tuple[str, str]]:
    """The strings that stand beneath the fields of a class, where Python itself does not keep them."""
    body = next(
        node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == class_name
    )
    for field, text in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(text.value.value)

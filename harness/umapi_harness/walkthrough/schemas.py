"""The schemas inside the walkthrough collection: each in one piece, as a collection variable, kept up to date.

Postman cannot read files from a script, so the collection carries the schemas that its checks need. They are
copied from the package's own schemas: `python -m umapi_harness.walkthrough.schemas` writes them anew, and with
`--check` only tells (by exit status 1) whether they differ.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import cast

from umapi_harness.walkthrough import COLLECTION
from umapi_models import schemas

EMBEDDED = {
    "schema_oauth_token": ("tokens.json", "/$defs/OAuthToken"),
    "schema_jwt_token": ("tokens.json", "/$defs/JWTToken"),
    "schema_token_error": ("tokens.json", "/$defs/TokenError"),
    "schema_action_response": ("action-response.json", ""),
    "schema_users_page": ("pages.json", "/$defs/UsersPage"),
    "schema_groups_page": ("pages.json", "/$defs/GroupsPage"),
    "schema_user_answer": ("user-answer.json", ""),
    "schema_service_error": ("error-bodies.json", "/$defs/ServiceErrorBody"),
    "schema_gateway_error": ("error-bodies.json", "/$defs/GatewayErrorBody"),
}
"""Collection variable -> schema file and pointer."""

_LEFT_OUT = re.compile(r"^(x-.*|\$schema|\$comment|title|description|deprecated)$")


def bundled(name: str, pointer: str) -> dict[str, object]:
    """One schema in one piece: the files it refers to stand under `$defs`, what only people read is left out."""
    files: dict[str, object] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in files:
            continue
        files[current] = _rewritten(schemas.read(current), current, waiting)
    return {"$ref": f"#/$defs/{name}{pointer}", "$defs": dict(sorted(files.items()))}


def _rewritten(value: object, name: str, waiting: list[str]) -> object:
    """`value` of the file `name` with its references turned inwards; files referred to go to `waiting`."""
    if isinstance(value, list):
        return [_rewritten(entry, name, waiting) for entry in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for key, inner in cast("dict[str, object]", value).items():
        if key == "$ref" and isinstance(inner, str):
            file, _, pointer = inner.partition("#")
            waiting.append(file or name)
            found[key] = f"#/$defs/{file or name}{pointer}"
        elif key == "properties" and isinstance(inner, dict):
            # Names of properties are no keywords, even if one is called "description".
            members = cast("dict[str, object]", inner)
            found[key] = {member: _rewritten(schema, name, waiting) for member, schema in members.items()}
        elif not _LEFT_OUT.match(key):
            found[key] = _rewritten(inner, name, waiting)
    return found


def refreshed(collection: dict[str, object]) -> dict[str, object]:
    """The collection document with its schema variables written anew, all else as it was."""
    variables = cast("list[dict[str, object]]", collection.get("variable", []))
    kept = [variable for variable in variables if not str(variable.get("key")).startswith("schema_")]
    made: list[dict[str, object]] = [
        {"key": key, "value": json.dumps(bundled(name, pointer), separators=(",", ":")), "type": "string"}
        for key, (name, pointer) in EMBEDDED.items()
    ]
    return {**collection, "variable": [*kept, *made]}


def document_text(document: dict[str, object]) -> str:
    """The collection as it is kept in the file."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str], path: Path = COLLECTION) -> int:
    """Refreshes the collection file, or with `--check` compares it; returns the exit status."""
    text = path.read_text(encoding="utf-8")
    fresh = document_text(refreshed(cast("dict[str, object]", json.loads(text))))
    if fresh == text:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{path}: its schemas differ; run python -m umapi_harness.walkthrough.schemas\n")
        return 1
    path.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

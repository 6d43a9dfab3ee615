"""The client's view of the schemas: one document of titled definitions, with what a client may not send left out.

Definitions with a title become classes or enums; the others are written out where they are referred to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schema.codegen.documents import read_documents, worded

Schema = dict[str, Any]

SUBJECTS = (
    "user-steps.json",
    "usergroup-steps.json",
    "command.json",
    "action-response.json",
    "user.json",
    "group.json",
    "pages.json",
    "user-answer.json",
    "tokens.json",
    "service-status.json",
    "error-bodies.json",
)


class Bundle:
    """All schema files, and the titled definitions in them."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, Schema] = worded(read_documents(folder))
        self.definitions: dict[str, tuple[str, Schema]] = {}
        for name in SUBJECTS:
            document = self.files[name]
            roots = [*document.get("$defs", {}).values(), *([document] if "properties" in document else [])]
            for definition in roots:
                if "title" in definition:
                    self.definitions[definition["title"]] = (name, definition)

    def vocabularies(self) -> list[Schema]:
        """Return the lists of texts that have a name."""
        definitions = [entry for name in SUBJECTS for entry in self.files[name].get("$defs", {}).values()]
        return [definition for definition in definitions if "x-umapi-vocabulary" in definition]

    def resolve(self, reference: str, file: str) -> tuple[str, Schema]:
        """Return the file and the schema that a `$ref` standing in `file` points to."""
        name, _, pointer = reference.partition("#")
        file = name or file
        schema = self.files[file]
        for part in pointer.strip("/").split("/") if pointer else ():
            schema = schema[part]
        return file, schema

    def inline(self, schema: Schema, file: str) -> Schema:
        """Write out references to untitled definitions; one to a titled one becomes `{"$ref": "#/$defs/Title"}`."""
        if "$ref" in schema:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            target_file, target = self.resolve(schema["$ref"], file)
            if "title" in target:
                open_enum = {"x-umapi-open": True} if target.get("x-umapi-open") else {}
                named = {"$ref": f"#/$defs/{target['title']}", "description": target["description"]}
                return {**named, **open_enum, **beside}
            return {**self.inline(target, target_file), **beside}
        if "items" in schema:
            return {**schema, "items": self.inline(schema["items"], file)}
        if "then" in schema and "const" in schema["then"]:
            return {**schema, "else": self.inline(schema["else"], file)}
        return schema

    def properties(self, title: str) -> dict[str, Schema]:
        """Return the properties of a titled object that a client may use."""
        file, definition = self.definitions[title]
        inlined = {name: self.inline(schema, file) for name, schema in definition.get("properties", {}).items()}
        return {
            name: schema
            for name, schema in inlined.items()
            if schema.get("not") != {} and not schema.keys() & {"x-umapi-warning", "x-umapi-service-only"}
        }

    def required(self, title: str) -> list[str]:
        """Return the names a client must give: `required`, and the one branch of `anyOf` that is left to it."""
        _, definition = self.definitions[title]
        usable = self.properties(title)
        branches = [branch["required"] for branch in definition.get("anyOf", ())]
        left = [names for names in branches if all(name in usable for name in names)]
        return [*definition.get("required", ()), *(left[0] if len(left) == 1 else ())]

    def rules(self, title: str) -> list[Schema]:
        """Return the assertions about several fields or steps at once, with every reference written out."""
        file, definition = self.definitions[title]
        found: list[Schema] = []
        for keyword in ("minProperties", "maxProperties"):
            if keyword in definition:
                errors = definition["x-umapi-errors"]
                found.append({keyword: definition[keyword], "x-umapi-errors": {keyword: errors[keyword]}})
        if "if" in definition:
            found.append({key: definition[key] for key in ("if", "then", "else") if key in definition})
        for name, schema in definition.get("properties", {}).items():
            found.extend({"properties": {name: rule}} for rule in schema.get("allOf", ()))
        return [self._write_out(rule, file) for rule in found]

    def envelope(self, name: str) -> Schema:
        """Return what a file asserts of a document as a whole, leaving to the models what is inside."""
        inside = ("items", "if", "then", "else", "$defs", "$schema", "title")
        kept = {key: value for key, value in self.files[name].items() if key not in inside}
        written: Schema = self._write_out(kept, name)
        return written

    def _write_out(self, schema: Any, file: str) -> Any:
        if isinstance(schema, list):
            return [self._write_out(item, file) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            target_file, target = self.resolve(schema["$ref"], file)
            return self._write_out(target, target_file)
        return {
            key: value if key == "x-umapi-errors" else self._write_out(value, file)
            for key, value in schema.items()
            if key not in ("description", "x-umapi-constants")
        }

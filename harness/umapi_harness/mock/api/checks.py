"""Checks of commands against the JSON Schemas, told in the service's error codes.

Which code a broken constraint has, stands beside the constraint, under `x-umapi-errors`. This module
finds that line, by walking the path on which the validator came to the violation, and fills in the
message.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import jsonschema_rs

from umapi_harness.common.departures import Departure
from umapi_harness.mock.api.bodies import Doubled, is_array, is_object
from umapi_harness.mock.api.command_schemas import CommandRules, documents
from umapi_harness.mock.api.doubled_keys import doubled_keys
from umapi_harness.mock.api.refusals import words_for
from umapi_harness.mock.api.violations import SHOWN, Finding, of_command, of_step, shown, told

_BASE: Final = "umapi:///"


class CommandChecks:
    """Checks commands as the rules have it."""

    def __init__(self, rules: CommandRules) -> None:
        self._documents = documents(rules)
        self._all_keys = rules.repeated_key_fails
        self._registry = jsonschema_rs.Registry(
            [(_BASE + name, document) for name, document in self._documents.items()]
        )
        self._matchers: dict[str, jsonschema_rs.Validator] = {}
        self._validator = self._compile(f"{_BASE}command.json")

    def _compile(self, reference: str) -> jsonschema_rs.Validator:
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference}
        return jsonschema_rs.validator_for(schema, registry=self._registry, keywords={"x-umapi-last": self._last()})

    def _last(self) -> type[jsonschema_rs.KeywordValidator]:
        """What judges `x-umapi-last`, which JSON Schema lacks: no item but the last is one of these."""
        matcher = self._matcher

        class Last:
            def __init__(self, parent_schema: Any, value: Any, schema_path: Any) -> None:  # noqa: ARG002 - the names are given
                self._reference = str(value["$ref"])

            def validate(self, instance: Any) -> None:
                unwanted = matcher("command.json", self._reference)
                if is_array(instance) and any(unwanted.is_valid(item) for item in instance[:-1]):
                    raise ValueError("not the last item")

        return Last

    def departures(self, command: Any, doubled: Collection[Doubled] = ()) -> list[Departure]:
        """What is wrong with `command`: one departure for it as a whole, or one for each step at fault.

        `doubled` are the objects of the request in which keys stand twice.
        """
        findings = doubled_keys(command, doubled, all_keys=self._all_keys) if doubled else []
        command = self._cut(command)
        try:
            if not self._validator.is_valid(command):
                findings += [self._finding(error) for error in self._validator.iter_errors(command)]
        except ValueError:
            # Nested deeper than the validator can follow, which no command of any kind is.
            code, words = words_for("action.nested")
            return [Departure((), words, code=code)]
        return told(findings)

    def _cut(self, command: Any) -> Any:
        """The command without the steps that nobody reads: more than are allowed, which is refused in any case."""
        steps: Any = command.get("do") if is_object(command) else None
        if not is_object(command) or not is_array(steps):
            return command
        root = self._documents["command.json"]["$defs"]["UserGroupCommand" if "usergroup" in command else "UserCommand"]
        most = 2 * int(root["properties"]["do"]["maxItems"])
        return {**command, "do": steps[:most]} if len(steps) > most else command

    def _finding(self, error: jsonschema_rs.ValidationError) -> Finding:
        node, keyword, document = self._locate(error.evaluation_path)
        lines: Mapping[str, Any] = node.get("x-umapi-errors", {}).get(keyword) or {}
        unexpected = ""
        if keyword == "required":
            unexpected = str(getattr(error.kind, "property", ""))
            lines = lines.get(unexpected) or {}
        elif keyword == "additionalProperties":
            unexpected = str(getattr(error.kind, "unexpected", [""])[0])
        code = lines.get("code", "error.command.malformed")
        path = error.instance_path
        names = [part for part in path if isinstance(part, str)]
        message = str(lines.get("message", "Malformed command")).format_map(
            {
                "field": names[-1] if names else "",
                "list": names[-1] if names else "",
                "property": unexpected[:SHOWN],
                "value": shown(error.instance),
                "limit": node.get(keyword),
            }
        )
        step = self._step_at_fault(error, node, keyword, document)
        if step is None:
            return of_command(Departure(tuple(path), message, code=code), keyword)
        at = tuple(path) if len(path) > 1 else ("do", step)
        return of_step(Departure(at, message, code=code), keyword)

    def _locate(self, path: Sequence[str | int]) -> tuple[dict[str, Any], str, str]:
        """The schema object whose keyword was broken, the keyword, and the file that holds them."""
        document = "command.json"
        # Of a keyword of our own, the validator tells the place in its file, which is that of commands.
        node: Any = self._documents[document] if path[-1] == "x-umapi-last" else {"$ref": document}
        parent: dict[str, Any] = {}
        for part in path:
            if is_object(node):
                parent = node
                if part not in node:
                    break  # maxContains, which the schema may leave to its default
            if part == "$ref":
                document, node = self._resolve(document, parent["$ref"])
            else:
                children: Any = node
                node = children[part]
        keyword = str(path[-1])
        return parent, "contains" if keyword in ("maxContains", "minContains") else keyword, document

    def _resolve(self, document: str, reference: str) -> tuple[str, Any]:
        file, _, pointer = reference.removeprefix(_BASE).partition("#")
        document = file or document
        node: Any = self._documents[document]
        for part in pointer.split("/")[1:]:
            node = node[part]
        return document, node

    def _step_at_fault(
        self,
        error: jsonschema_rs.ValidationError,
        node: dict[str, Any],
        keyword: str,
        document: str,
    ) -> int | None:
        """The step to which a violation belongs; None for one of the command as a whole."""
        path = error.instance_path
        if not path or path[0] != "do":
            return None
        if len(path) > 1:
            return int(path[1])
        steps: list[Any] = error.instance if isinstance(error.instance, list) else []
        if keyword == "contains":
            matcher = self._matcher(document, node["contains"]["$ref"])
            return max((place for place, step in enumerate(steps) if matcher.is_valid(step)), default=0)
        if keyword == "x-umapi-last":
            matcher = self._matcher(document, node["x-umapi-last"]["$ref"])
            return next((place for place, step in enumerate(steps) if matcher.is_valid(step)), 0)
        return int(node["maxItems"]) if keyword == "maxItems" else None

    def _matcher(self, document: str, reference: str) -> jsonschema_rs.Validator:
        absolute = _BASE + (document + reference if reference.startswith("#") else reference)
        if absolute not in self._matchers:
            self._matchers[absolute] = self._compile(absolute)
        return self._matchers[absolute]

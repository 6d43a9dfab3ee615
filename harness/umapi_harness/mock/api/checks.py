"""Checks of commands against the JSON Schemas, told in the service's error codes.

Which code a broken constraint has, stands beside the constraint, under `x-umapi-errors`. This module
finds that line, by walking the path on which the validator came to the violation, and fills in the
message. It holds no rule of its own but the order in which several violations are weighed.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import attrs
import jsonschema_rs

from umapi_harness.mock.api.bodies import Doubled, is_array, is_object
from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.settings import Settings
from umapi_models import limits, schemas
from umapi_models.names import ADD, REMOVE

_BASE: Final = "umapi:///"
_REQUEST: Final = schemas.read("action-request.json")
_FILES: Final = ("command.json", "user-steps.json", "usergroup-steps.json")
_SHOWN: Final = 250  # characters of a refused value that a message repeats

# Of several violations in one step, the first in this order is reported: what the service must stumble
# over while reading comes before what it can only see afterwards.
_STEP_ORDER: Final = (
    *("type", "maxProperties", "additionalProperties", "minProperties", "maxItems", "x-umapi-last", "minItems"),
    *("uniqueItems", "maxLength", "minLength", "anyOf", "required", "const", "enum", "pattern"),
    *("contains", "not"),
)
_COMMAND_ORDER: Final = (
    *("anyOf", "not", "type", "required", "additionalProperties", "maxLength", "minLength", "minItems"),
)


@attrs.frozen
class Violation:
    """What the service says about a command, or one step of it."""

    step: int
    code: str
    message: str


@attrs.frozen
class _Finding:
    violation: Violation
    whole_command: bool
    rank: int


@attrs.frozen(kw_only=True)
class CommandRules:
    """The settings that decide what commands may be like."""

    memberships_per_step: int
    steps_per_command: int
    domain_beside_email_fails: bool
    repeated_key_fails: bool
    unknown_key_fails: bool
    empty_update_fails: bool
    empty_group_list_fails: bool

    @classmethod
    def of(cls, settings: Settings) -> CommandRules:
        """Those of `settings`."""
        return cls(**{name: getattr(settings, name) for name in attrs.fields_dict(cls)})


class CommandChecks:
    """Checks commands as the rules have it."""

    def __init__(self, rules: CommandRules) -> None:
        self._documents = _documents(rules)
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

    def violations(self, command: Any, doubled: Collection[Doubled] = ()) -> list[Violation]:
        """What is wrong with `command`: one violation for it as a whole, or one for each step at fault.

        `doubled` are the objects of the request in which keys stand twice.
        """
        findings = _doubled_keys(command, doubled, all_keys=self._all_keys) if doubled else []
        command = self._cut(command)
        try:
            if not self._validator.is_valid(command):
                findings += [self._finding(error) for error in self._validator.iter_errors(command)]
        except ValueError:
            # Nested deeper than the validator can follow, which no command of any kind is.
            return [Violation(0, "error.command.malformed", "Command is nested too deeply")]
        whole = [found for found in findings if found.whole_command]
        if whole:
            return [min(whole, key=lambda found: found.rank).violation]
        best: dict[int, _Finding] = {}
        for found in findings:
            step = found.violation.step
            if step not in best or found.rank < best[step].rank:
                best[step] = found
        return [best[step].violation for step in sorted(best)]

    def _cut(self, command: Any) -> Any:
        """The command without the steps that nobody reads: more than are allowed, which is refused in any case."""
        steps: Any = command.get("do") if is_object(command) else None
        if not is_object(command) or not is_array(steps):
            return command
        root = self._documents["command.json"]["$defs"]["UserGroupCommand" if "usergroup" in command else "UserCommand"]
        most = 2 * int(root["properties"]["do"]["maxItems"])
        return {**command, "do": steps[:most]} if len(steps) > most else command

    def _finding(self, error: jsonschema_rs.ValidationError) -> _Finding:
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
                "property": unexpected[:_SHOWN],
                "value": _shown(error.instance),
                "limit": node.get(keyword),
            }
        )
        step = self._step_at_fault(error, node, keyword, document)
        if step is None:
            rank = _rank(_COMMAND_ORDER, keyword) + (0 if not path else 1) * len(_COMMAND_ORDER)
            if not path and keyword == "type":
                rank = -1
            return _Finding(Violation(0, code, message), whole_command=True, rank=rank)
        return _Finding(Violation(step, code, message), whole_command=False, rank=_rank(_STEP_ORDER, keyword))

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


def refusal_of_list(commands: Any, most: int) -> str | None:
    """What the service says of the body of an action request as a whole; None if it is a list of 1 to `most`."""
    keyword = (
        "type"
        if not is_array(commands)
        else "minItems"
        if len(commands) < _REQUEST["minItems"]
        else "maxItems"
        if len(commands) > most
        else None
    )
    if keyword is None:
        return None
    message: str = _REQUEST["x-umapi-errors"][keyword]["message"]
    return message.format_map({"limit": most})


@functools.cache
def step_warnings(root: str) -> dict[str, dict[str, tuple[str, str]]]:
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


_GROUP_STEPS: Final = ("usergroup-steps.json", "UserGroupStep")


# The steps are those of the schemas: `addRoles`, `removeRoles` and `removeFromDomain`, which former pages had, are
# unknown as any other word is [G former-steps].
def _documents(rules: CommandRules) -> dict[str, dict[str, Any]]:
    """The schemas, each rule carried into them."""
    documents = {name: copy.deepcopy(schemas.read(name)) for name in _FILES}
    command, user_steps, group_steps = (documents[name]["$defs"] for name in _FILES)
    # A setting with its default leaves each list the limit that the schema gives it.
    if rules.memberships_per_step != limits.MAX_GROUPS:
        for node in (user_steps["GroupNames"], group_steps["UserNames"], group_steps["ProfileNames"]):
            node["maxItems"] = rules.memberships_per_step
    commands, updates = (
        (command["UserCommand"], command["UserGroupCommand"]),
        (user_steps["UpdateUser"], group_steps["UpdateUserGroup"]),
    )
    for node in commands:
        # Too many steps is documented as an error, the number is not [G steps-per-command].
        if rules.steps_per_command != limits.MAX_USER_STEPS:
            node["properties"]["do"]["maxItems"] = rules.steps_per_command
        for rule in node["properties"]["do"]["allOf"]:
            if "x-umapi-last" in rule:
                del rule["allOf"]  # which says the same place by place, for validators that do not know the word
    if not rules.domain_beside_email_fails:
        # ActionsCmds.md ignores what ErrorRef.md refuses [G domain-beside-email].
        command["UserCommand"]["then"] = {}
    for node in () if rules.unknown_key_fails else (*commands, *updates):
        # Codes for unknown keys are documented for the other steps alone [G unknown-keys].
        del node["additionalProperties"]
    if not rules.empty_update_fails:
        # A code for it is documented for user groups alone [G empty-updates].
        del user_steps["UpdateUser"]["minProperties"]
    if not rules.empty_group_list_fails:
        del user_steps["GroupNames"]["minItems"]
    return documents


def _rank(order: tuple[str, ...], keyword: str) -> int:
    return order.index(keyword) if keyword in order else len(order)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _doubled_keys(command: Any, doubled: Collection[Doubled], *, all_keys: bool) -> list[_Finding]:
    """What the service says of the objects with doubled keys that are part of `command`.

    Codes are published for the lists of an add or remove step [G repeated-keys].
    """
    paths = _paths_to(command, {id(entry.holder) for entry in doubled})
    if any(entry.holder is command for entry in doubled):
        paths[id(command)] = ()
    return [
        finding
        for entry in doubled
        if (path := paths.get(id(entry.holder))) is not None
        for finding in _doubled_key(entry.keys, path, all_keys=all_keys)
    ]


def _doubled_key(names: Collection[str], path: tuple[str | int, ...], *, all_keys: bool) -> list[_Finding]:
    in_list = len(path) == 3 and path[2] in (ADD, REMOVE)
    codes = {name: _DOUBLED.get(name, _ILLEGAL) if in_list else _ILLEGAL for name in names}
    name = next((name for name in names if all_keys or codes[name] != _ILLEGAL), None)
    if name is None:
        return []
    code = codes[name]
    refusal = RefusedError(code, field=name[:_SHOWN])
    place = next(iter(path[1:2]), None) if path[:1] == ("do",) else None
    in_step = isinstance(place, int)
    step = place if isinstance(place, int) else 0
    return [_Finding(Violation(step, refusal.code, refusal.message), whole_command=not in_step, rank=-2)]


_ILLEGAL: Final = "error.command.illegal_entry"
_DOUBLED: Final = {
    "group": "error.command.add_remove.duplicate.group_list",
    "product": "error.command.add_remove.duplicate.product_list",
    "productConfiguration": "error.command.add_remove.duplicate.product_list",
    "user": "error.command.add_remove.duplicate.user_list",
}
_DEEPEST: Final = 4  # parts of a path beyond the last that makes a difference


def _paths_to(value: Any, wanted: set[int]) -> dict[int, tuple[str | int, ...]]:
    """The ways from `value` down to the very objects whose ids are `wanted`, of each the first parts."""
    found: dict[int, tuple[str | int, ...]] = {}
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while waiting:
        node, path = waiting.pop()
        deep = len(path) >= _DEEPEST
        if is_object(node):
            if id(node) in wanted:
                found[id(node)] = path
            waiting += [(child, path if deep else (*path, name)) for name, child in node.items()]
        elif is_array(node):
            waiting += [(child, path if deep else (*path, place)) for place, child in enumerate(node)]
    return found

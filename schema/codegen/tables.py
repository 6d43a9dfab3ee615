"""The modules of `umapi_models` beside the models: tables of what the schema files say."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from schema.codegen.bundle import Bundle, Schema
from schema.codegen.documents import constants, error_lines, objects_in
from schema.codegen.names import code_name, member_name, python_name

_KNOWN_OF_CODES = ("code", "meaning", "remedy", "remedies", "calls", "retry", "source", "severity", "message")


def modules(bundle: Bundle) -> dict[str, str]:
    """Return the text of each module by its name."""
    return {
        "defaults.py": _defaults(bundle),
        "error_codes.py": _error_codes(bundle),
        "limits.py": _limits(bundle),
        "names.py": _names(bundle),
        "operations.py": _operations(bundle),
        "requests.py": _requests(bundle),
        "schemas.py": _schemas(),
        "vocabulary.py": _vocabulary(bundle),
    }


def _defaults(bundle: Bundle) -> str:
    """Write what a client does unless it is told otherwise."""
    entries = bundle.files["client.json"]["defaults"]
    lines = [
        '"""What a client does unless it is told otherwise; source: schema/client.json."""\n',
        "from __future__ import annotations\n",
        "from typing import Final\n",
    ]
    for name, entry in entries.items():
        text = f"{entry['description']} In {entry['unit']}. Source: {entry['source']}"
        lines.append(f"{name}: Final = {entry['value']!r}\n{text!r}\n")
    return "\n".join(lines)


def _limits(bundle: Bundle) -> str:
    """Write the limits that have a name."""
    lines = [
        '"""The limits of the service that the client needs to know by name."""\n',
        "from __future__ import annotations\n",
        "from typing import Final\n",
    ]
    lines += [f"{name}: Final = {value!r}\n{text!r}\n" for name, value, text in sorted(constants(bundle.files))]
    return "\n".join(lines)


def _error_codes(bundle: Bundle) -> str:
    lines = [
        '"""Every error and warning code known, and what it means."""\n',
        "from __future__ import annotations\n",
        "from enum import StrEnum\n",
        "from typing import Final\n",
        "import msgspec\n",
        "\nclass ErrorCodeInfo(msgspec.Struct, frozen=True, kw_only=True):",
        '    """What is known of one error code."""\n',
        '    code: str\n    meaning: str\n    """What is wrong, in one sentence."""',
        '    remedy: str\n    """What the caller can do."""',
        '    remedies: dict[str, str]\n    """The same by the name of the step that failed, where that differs."""',
        '    calls: tuple[str, ...]\n    """The calls that give it."""',
        '    retry: str\n    """Whether the same request can help: never, later, after_change."""',
        '    source: str\n    """Where it is known from: documentation, live, reference."""',
        '    severity: str\n    """error or warning."""',
        '    message: str | None\n    """The service\'s text, with placeholders in braces, where known."""\n',
        '\nclass ErrorCode(StrEnum):\n    """The error and warning codes known; the service may send others."""\n',
    ]
    codes = bundle.files["error_codes.json"]["codes"]
    for entry in codes:
        lines.append(f"    {code_name(entry['code'])} = {entry['code']!r}\n    {entry['meaning']!r}")
    lines.append("\nERROR_CODES: dict[str, ErrorCodeInfo] = {")
    for entry in codes:
        arguments = {**{name: entry.get(name, {}) for name in _KNOWN_OF_CODES}, "calls": tuple(entry["calls"])}
        lines.append(f"    {entry['code']!r}: ErrorCodeInfo({', '.join(f'{k}={v!r}' for k, v in arguments.items())}),")
    lines.append('}\n"""Every known code with its meaning; source: schema/error_codes.json."""\n')
    lines_of_schemas = [line["code"] for node in objects_in(bundle.files) for _, line in error_lines(node)]
    of_form = sorted({code for code in lines_of_schemas if code.startswith("error.")})
    lines.append(f"FORM_CODES: Final = frozenset({of_form!r})")
    lines.append('"""The codes of commands that break a schema: they can be told before any step is tried."""')
    return "\n".join(lines)


def _names(bundle: Bundle) -> str:
    """Write the names of steps, and those of the kinds of accounts and groups, for whoever does not use the models."""
    lines = [
        '"""The names on the wire of steps, types, statuses and options, and what admin groups are called."""\n',
        "from __future__ import annotations\n",
        "from collections.abc import Mapping\n",
        "from typing import Final\n",
    ]
    for title in ("IdentityType", "GroupType", "UserStatus", "CreateOption"):
        definition = bundle.definitions[title][1]
        lines += [f"{member_name(value)}: Final = {value!r}" for value in definition["enum"]]
        lines.append(f"{definition['description']!r}\n")
    lines += _group_names(bundle.definitions["GroupType"][1]["x-umapi-group-names"])
    steps = {"USER_STEPS": "UserStep", "USER_GROUP_STEPS": "UserGroupStep"}
    for name, title in steps.items():
        names = tuple(bundle.definitions[title][1]["properties"])
        lines.append(f"{name}: Final = {names!r}\n'The keys of a {title}, of which each step has one.'\n")
    each = dict.fromkeys(name for title in steps.values() for name in bundle.definitions[title][1]["properties"])
    lines += [f"{python_name(name).upper()}: Final = {name!r}" for name in each]
    lines.append("'A step by its name. What imports one that the schemas no longer have is not loaded.'\n")
    creates: dict[str, str] = {}
    for name, schema in bundle.properties("UserStep").items():
        target = schema.get("$ref", "").rpartition("/")[2]
        kind = bundle.definitions[target][1].get("x-umapi-identity-type") if target else None
        if kind is not None:
            creates[name] = kind
    told = "The steps that create or add a user, each with its identity type."
    lines.append(f"CREATES: Final[Mapping[str, str]] = {creates!r}\n{told!r}")
    return "\n".join(lines)


def _group_names(names: dict[str, str]) -> list[str]:
    """Write what admin groups are called, by their types: some by one name, others by a prefix to another's."""
    prefixes = {kind: name.removesuffix("{name}") for kind, name in names.items() if name.endswith("{name}")}
    fixed = {name: kind for kind, name in names.items() if kind not in prefixes}
    told = "The admin groups that every organisation has, each with its type. Source: ActionsCmds.md#addRemoveAttr."
    return [
        f"FIXED_ADMIN_GROUPS: Final[Mapping[str, str]] = {fixed!r}\n{told!r}\n",
        *(f"{kind.removesuffix('_GROUP')}_PREFIX: Final = {prefix!r}" for kind, prefix in prefixes.items()),
        "'What stands before the name of a product, profile or user group in that of its admin group.'\n",
    ]


def _operations(bundle: Bundle) -> str:
    """Write what there is to know of the operations: paths, throttle limits, page sizes, hosts and scopes."""
    document = bundle.files["openapi.json"]
    lines = [
        '"""The operations of the API: their paths, throttle limits and page sizes; its hosts and scopes."""\n',
        "from __future__ import annotations\n",
        "from typing import Final\n",
        "import msgspec\n",
        '\nclass Operation(msgspec.Struct, frozen=True, kw_only=True):\n    """One operation of the API."""\n',
        "    name: str\n    method: str",
        '    path: str\n    """Path below the API root (for tokens: below the token host), with {placeholders}."""',
        '    per_client: int | None\n    """Requests allowed to one client in a period; None when not throttled."""',
        '    overall: int | None\n    """Requests allowed to all clients together in a period."""',
        '    period: float\n    """Length of the period, in seconds."""',
        '    page_size: int | None = None\n    """Most entries on a page; None where an answer has no pages."""',
        '    entries: str | None = None\n    """The member of a page with its entries; None where it is the list."""',
        '    deprecated: bool = False\n    """Whether the service serves it for old clients only."""',
        '    canonical: str | None = None\n    """The path as the header Canonical-Resource gives it."""',
        '    security: bool = False\n    """Whether it takes an access token; such a path is below the API root."""',
        '    older_paths: tuple[str, ...] = ()\n    """Other paths that are still served."""\n',
    ]
    names: list[str] = []
    for path, method, operation in _each_operation(document):
        throttle = operation.get("x-umapi-throttle", {})
        given = {
            "page_size": operation.get("x-umapi-page-size"),
            "entries": _entries(bundle, operation),
            "deprecated": operation.get("deprecated"),
            "canonical": operation.get("x-umapi-canonical-resource"),
            "security": bool(operation["security"]) or None,
            "older_paths": tuple(operation.get("x-umapi-older-paths", ())) or None,
        }
        beside = "".join(f", {name}={value!r}" for name, value in given.items() if value is not None)
        names.append(python_name(operation["operationId"]).upper())
        lines.append(
            f"{names[-1]}: Final = Operation(name={operation['operationId']!r}, method={method.upper()!r}, "
            f"path={path!r}, per_client={throttle.get('perClient')!r}, overall={throttle.get('global')!r}, "
            f"period={float(throttle.get('periodSeconds', 60))!r}{beside})\n{operation['summary']!r}\n"
        )
    lines.append(f"OPERATIONS: Final = ({', '.join(names)})\n'All of them.'\n")
    api, ims = str(document["servers"][0]["url"]), _token_root(document)
    flow = document["components"]["securitySchemes"]["oauth"]
    announcement = document["components"]["parameters"]["Pragma"]
    begins, ends = announcement["schema"]["enum"]
    constants: dict[str, tuple[object, str]] = {
        "API_ROOT": (api, "Root of the API."),
        "API_HOST": (urlsplit(api).netloc, "Host of the API."),
        "API_PATH": (urlsplit(api).path, "Path of the API root on its host."),
        "IMS_ROOT": (ims, "Root of the token service (IMS)."),
        "IMS_HOST": (urlsplit(ims).netloc, "Host of the token service (IMS)."),
        "SCOPES": (tuple(flow["flows"]["clientCredentials"]["scopes"]), "Scopes that a client asks for."),
        "SCOPE": (flow["x-umapi-scope"], "The one of them that stands for this API."),
        "METASCOPE": (flow["x-umapi-metascope"], "What stands for this API in a JWT."),
        "SYNC_HEADER": (announcement["name"], "The header that announces the start or the end of a run of requests."),
        "SYNC_START": (begins, "Its value for the start."),
        "SYNC_END": (ends, "Its value for the end."),
    }
    lines += [f"{name}: Final = {value!r}\n{text!r}\n" for name, (value, text) in constants.items()]
    return "\n".join(lines)


def _each_operation(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, item in document["paths"].items():
        for method in sorted(item.keys() & {"get", "post"}):
            yield path, method, item[method]


def _entries(bundle: Bundle, operation: Schema) -> str | None:
    """Return the member of a page that holds the entries; None where an answer is no page, or a bare list."""
    if not operation.get("x-umapi-page-size"):
        return None
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    page = bundle.resolve(schema["$ref"], "openapi.json")[1] if "$ref" in schema else schema
    return next((name for name, one in page.get("properties", {}).items() if one.get("type") == "array"), None)


def _token_root(document: Schema) -> str:
    """Return the root of the token host, which OpenAPI has beside each of its paths.

    Raises:
        ValueError: they differ.
    """
    roots = {item["servers"][0]["url"] for path, item in document["paths"].items() if path.startswith("/ims/")}
    token_url = document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["tokenUrl"]
    if len(roots) != 1 or not token_url.startswith(f"{min(roots)}/ims/"):
        raise ValueError(f"openapi.json: the token paths and tokenUrl name several hosts: {token_url}, {sorted(roots)}")
    return str(min(roots))


def _requests(bundle: Bundle) -> str:
    """Write the rules that hold above the models, and how a request is read by them."""
    command = bundle.files["command.json"]
    (root,) = command["if"]["required"]
    then, otherwise = (
        bundle.inline(command[branch], "command.json")["$ref"].rpartition("/")[2] for branch in ("then", "else")
    )
    lines = [
        '"""What must hold of an action request as a whole, and of a command whatever its root."""\n',
        "from __future__ import annotations\n",
        "from umapi_runtime import converter, rules\n",
        f"from .models import {otherwise}, {then}\n",
        f"ACTION_REQUEST = rules.compiled({bundle.envelope('action-request.json')!r}, rules.JSON)",
        '"""Judges the body of an action request: a list, and how many commands."""\n',
        f"COMMAND = rules.compiled({bundle.envelope('command.json')!r}, rules.JSON)",
        '"""Judges a command: an object with one root."""\n',
        f"def read_action_request(data: object) -> list[{otherwise} | {then}]:",
        '    """Read the body of an action request, strictly.\n',
        "    Raises:",
        "        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.",
        '    """',
        "    return converter.read_requests(",
        f"        data, ACTION_REQUEST, COMMAND, lambda entry: {then} if {root!r} in entry else {otherwise}",
        "    )",
    ]
    return "\n".join(lines)


def _schemas() -> str:
    """Write the door to the schema files, which stand in the package itself."""
    lines = [
        '"""The JSON Schemas, the OpenAPI document and the tables that the models were generated from."""\n',
        "from __future__ import annotations\n",
        "from umapi_runtime.documents import Documents\n",
        "_DOCUMENTS = Documents(__name__.rpartition('.')[0])\n",
        *(f"{name} = _DOCUMENTS.{name}" for name in ("names", "read", "text")),
    ]
    return "\n".join(lines)


def _vocabulary(bundle: Bundle) -> str:
    """Write the lists of texts that have a name: countries and admin groups."""
    lines = [
        '"""Texts that the service knows: countries, and the names of some admin groups."""\n',
        "from __future__ import annotations\n",
        "from umapi_runtime.constraints import Vocabulary\n",
    ]
    for definition in bundle.vocabularies():
        words = definition["x-umapi-vocabulary"]
        values = f"frozenset({' '.join(definition['enum'])!r}.split())"
        if "called" in words:
            told = ", ".join(f"{name}={words[name]!r}" for name in ("called", "remedy", "meant"))
            values = f"Vocabulary(values={values}, {told})"
        lines.append(f"{words['name']} = {values}\n{definition['description']!r}\n")
    return "\n".join(lines)

"""The validator expression of a field, written from its constraints and the error codes beside them."""

from __future__ import annotations

from typing import Any

from schema.codegen.bundle import Bundle, Schema


def validator(bundle: Bundle, name: str, schema: Schema) -> str:
    """Return the Python expression that checks the property `name`."""
    codes = schema.get("x-umapi-errors", {})

    def limit(keyword: str) -> str:
        return f"({schema[keyword]!r}, {codes[keyword]['code']!r})"

    arguments: list[str] = [repr(name)]
    if "const" in schema.get("then", {}):
        title = _title(schema["else"])
        constant = schema["then"]["const"]
        code = schema["then"]["x-umapi-errors"]["const"]["code"]
        return f"constraints.model_or_constant({name!r}, {title}, {constant!r}, wrong_type={code!r})"
    if "$ref" in schema:
        title = _title(schema)
        target_codes = bundle.definitions[title][1]["x-umapi-errors"]
        arguments += [title, f"wrong_type={target_codes['type']['code']!r}"]
        if "enum" in bundle.definitions[title][1]:
            return f"constraints.choice({', '.join(arguments)}, not_a_member={target_codes['enum']['code']!r})"
        return f"constraints.model({', '.join(arguments)})"
    arguments.append(f"wrong_type={codes['type']['code']!r}")
    if schema["type"] == "boolean":
        return f"constraints.flag({', '.join(arguments)})"
    if schema["type"] == "string":
        named = {"minLength": "min_length", "maxLength": "max_length"}
        arguments += [f"{python}={limit(keyword)}" for keyword, python in named.items() if keyword in schema]
        if "pattern" in schema:
            told = (schema["pattern"], codes["pattern"]["code"], schema["x-umapi-called"])
            arguments.append(f"pattern={told!r}")
        if "enum" in schema:
            known = f"vocabulary.{schema['x-umapi-vocabulary']['name']}"
            arguments.append(f"vocabulary=({known}, {codes['enum']['code']!r})")
        return f"constraints.text({', '.join(arguments)})"
    arguments.append(f"each={validator(bundle, '', schema['items'])}")
    named = {"minItems": "min_items", "maxItems": "max_items"}
    arguments += [f"{python}={limit(keyword)}" for keyword, python in named.items() if keyword in schema]
    if schema.get("uniqueItems"):
        arguments.append(f"unique={codes['uniqueItems']['code']!r}")
        if schema.get("x-umapi-ignores-case"):
            arguments.append("ignores_case=True")
    return f"constraints.array({', '.join(arguments)})"


def contract(bundle: Bundle, title: str, wire_names: dict[str, str], *, strict: bool) -> dict[str, Any]:
    """Return what a class knows of its own wire form: names, codes for missing and unknown keys, rules."""
    definition = bundle.definitions[title][1]
    codes = definition.get("x-umapi-errors", {})
    missing = dict(codes.get("required", {}))
    if "anyOf" in codes:
        missing |= {name: codes["anyOf"] for name in bundle.required(title) if name not in missing}
    refused = {name: line for name, schema in definition.get("properties", {}).items() if (line := _refusal(schema))}
    secrets = [name for name, schema in bundle.properties(title).items() if schema.get("x-umapi-secret")]
    return {
        "names": wire_names,
        "wrong_type": codes.get("type", {}).get("code"),
        "missing": {name: entry["code"] for name, entry in missing.items()},
        "unknown": codes.get("additionalProperties", {}).get("code"),
        "wrong_types": _wrong_types(bundle, title) if strict else {},
        "refused": refused,
        "secrets": secrets,
        "rules": bundle.rules(title) if strict else [],
    }


def _wrong_types(bundle: Bundle, title: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, schema in bundle.properties(title).items():
        if "const" in schema.get("then", {}):
            found[name] = schema["then"]["x-umapi-errors"]["const"]["code"]
        else:
            target = bundle.definitions[_title(schema)][1] if "$ref" in schema else schema
            found[name] = target["x-umapi-errors"]["type"]["code"]
    return found


def _refusal(schema: Schema) -> tuple[str, str] | None:
    """Return problem and code of a property that a client may not send: never accepted, or deprecated."""
    line = schema["x-umapi-errors"]["not"] if schema.get("not") == {} else schema.get("x-umapi-warning")
    return (line["message"], line["code"]) if line else None


def _title(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]

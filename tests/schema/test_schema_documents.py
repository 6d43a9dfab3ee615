"""The schema files are what they claim to be: valid JSON Schema and OpenAPI, whole, and without unknown codes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from umapi_models import schemas
from umapi_samples import NOT_SCHEMAS, REQUEST_SCHEMAS, ROOT, Judge, is_list

FILES = schemas.names()
SCHEMA_FILES = [name for name in FILES if name not in NOT_SCHEMAS]

# Every code that the API's reference lists for the action and query calls.
DOCUMENTED_CODES = {
    "error.user.": """
        not_found not_in_org nonexistent nonexistent_or_has_conflicting_parameters already_in_org already_invited
        must_match_email type_must_not_be_adobeid type_unknown type_not_available not_found_or_ambiguous name.invalid
        user_list.invalid type.missing email.invalid belongs_to_another_org type_mismatch change_domain_update.no
        id_missing firstname_missing lastname_missing name_in_use email.name_in_use name.contains.email update_failed
        already_exists command.missing.arguments productadmin.group.not_found productadmin.add.user.failed
        productadmin.remove.admin.failed domain_enforcement
    """,
    "error.command.add_remove.": """
        list duplicate.user_list duplicate.product_list duplicate.group_list duplicate.usergroup_list
        duplicate.productadmin_list invalid.usergroup_list key.unknown user_usergroup.missing missing_list
        list_too_long list_not_array group_or_product_name_too_long
    """,
    "error.command.": """
        boolean_expected create.object_expected create.string_expected create.more_than_one create.not_first
        create.key.unknown update.option.no domain.missing domain.must_be_used_with_nonemail_username
        domain.string_expected string.too_long string_expected removefromorg.not_last illegal_entry step.unknown
        object_not_empty malformed steps.malformed user.missing user_usergroup.missing product.not_found
    """,
    "error.usergroup.": """
        already_exists not_found user_list.invalid update.failed command.missing.arguments
        exceeds_maximum_member_count readonly.update_not_allowed readonly.add_user_not_allowed
        readonly.remove_user_not_allowed readonly.remove_not_allowed
    """,
    "error.": """
        country.invalid organization.invalid_id organization.invalid_name organization.migrating group.not_found
        group.invalid_list group.invalid_name option.illegal api.not_available api.user.not.parent.org update.no
        update.domain.mismatch update.username.no update.country.no_update update.adobeid.no apikey.invalid
        domain.trust.nonexistent internal.create_failed internal.update_failed internal.removefromorg internal.add
        internal.group.remove internal.exceptionflys internal.everybody_group.not_found
        throttled_by_external_service developer.add_user.failed developer.remove_user.failed
        productadmin.add.user.failed productadmin.remove.admin.failed
    """,
    "": """
        plc.not_found plc.admin.group.not_found plc.admin.already_added plc.add.admin.error plc.remove.admin.error
        warning.command.deprecated
    """,
}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a JSON document."""
    if isinstance(value, dict):
        schema = cast("dict[str, Any]", value)
        yield schema
        for child in schema.values():
            yield from nodes(child)
    elif is_list(value):
        for child in value:
            yield from nodes(child)


def known_codes() -> set[str]:
    """Return the codes that error_codes.json lists."""
    return {entry["code"] for entry in schemas.read("error_codes.json")["codes"]}


def as_in_source(value: Any) -> Any:
    """Return a document without what the package writes out: messages, numbers in texts, `x-umapi-last`."""
    if is_list(value):
        return [as_in_source(item) for item in value]
    if not isinstance(value, dict):
        return value
    node = cast("dict[str, Any]", value)
    if "code" in node and node.keys() <= {"code", "message", "own_words"}:
        return {"code": node["code"]}
    said = "allOf" if "x-umapi-last" in node else ""
    texts = {name: None for name in ("description", "remedy") if isinstance(node.get(name), str)}
    return {key: as_in_source(child) for key, child in node.items() if key != said} | texts


@pytest.mark.parametrize("name", FILES)
def test_installed_schema_is_the_one_of_the_repository(name: str) -> None:
    """The package carries each schema file as it stands in schema/, but for what is written out."""
    source = json.loads((ROOT / "schema" / name).read_text("utf-8"))
    assert as_in_source(schemas.read(name)) == as_in_source(source)


@pytest.mark.parametrize("name", FILES)
def test_installed_schema_is_written_out(name: str) -> None:
    """In the package each error line has its message, and no text a number that is still to be filled in."""
    for node in nodes(schemas.read(name)):
        for keyword, entry in node.get("x-umapi-errors", {}).items():
            assert all(line["message"] for line in (entry.values() if keyword == "required" else (entry,)))
        assert "{" not in str(node.get("description", "")) or not isinstance(node["description"], str)
        assert name != "error_codes.json" or "{" not in str(node.get("remedy", ""))


def test_published_words_stand_once() -> None:
    """A line has words of ours only where it does not repeat those of its code."""
    known = {entry["code"]: entry for entry in schemas.read("error_codes.json")["codes"]}
    for name in SCHEMA_FILES:
        for node in nodes(json.loads((ROOT / "schema" / name).read_text("utf-8"))):
            if "code" in node and "own_words" in node:
                assert node["own_words"] not in (
                    known[node["code"]].get("message"),
                    known[node["code"]].get("own_words"),
                )


def test_no_schema_file_is_left_out() -> None:
    """The package carries every file of schema/."""
    assert set(FILES) == {path.name for path in (ROOT / "schema").glob("*.json")}


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_schema_is_valid(name: str) -> None:
    """Each schema file says that it is JSON Schema 2020-12, and is."""
    document = schemas.read(name)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(document)


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_schema_is_described(name: str) -> None:
    """Every titled definition and every property has a description, its own or that of what it refers to."""
    silent = [
        (node.get("title"), key)
        for node in nodes(schemas.read(name))
        for key, schema in node.get("properties", {}).items()
        if "title" in node and "description" not in schema and "$ref" not in schema
    ]
    untold = [node["title"] for node in nodes(schemas.read(name)) if "title" in node and "description" not in node]
    assert [*silent, *untold] == []


@pytest.mark.parametrize("name", FILES)
def test_reference_resolves(name: str) -> None:
    """Every $ref of every file leads to something."""
    for node in nodes(schemas.read(name)):
        if "$ref" in node:
            file, _, pointer = node["$ref"].partition("#")
            target: Any = schemas.read(file or name)
            for part in pointer.split("/")[1:]:
                assert part in target, node["$ref"]
                target = target[part]


def test_openapi_document_is_valid() -> None:
    """The OpenAPI 3.1 document passes openapi-spec-validator, the files it refers to included."""
    path = ROOT / "schema" / "openapi.json"
    validator = OpenAPIV31SpecValidator(schemas.read("openapi.json"), base_uri=path.as_uri())
    assert [error.message for error in validator.iter_errors()] == []


def test_codes_of_the_schemas_are_known(judge: Judge) -> None:
    """Every code beside a constraint or a deprecated property is explained in error_codes.json."""
    errors = {code for name in SCHEMA_FILES for _, code in judge.lines(name)}
    deprecated = [node for name in SCHEMA_FILES for node in nodes(schemas.read(name)) if "x-umapi-warning" in node]
    warnings = {node["x-umapi-warning"]["code"] for node in deprecated}
    assert warnings
    assert (errors | warnings) - known_codes() == set()


def test_documented_codes_are_known() -> None:
    """Every code of the API's reference is explained in error_codes.json."""
    documented = {prefix + name for prefix, names in DOCUMENTED_CODES.items() for name in names.split()}
    assert documented - known_codes() == set()


def test_codes_are_explained() -> None:
    """Each code stands there once, with meaning, remedy, calls, worth of a retry, source and severity."""
    entries = schemas.read("error_codes.json")["codes"]
    assert len(known_codes()) == len(entries)
    for entry in entries:
        assert entry["meaning"].endswith("."), entry
        assert entry["remedy"].endswith("."), entry
        assert entry["calls"], entry
        assert entry["retry"] in {"never", "later", "after_change"}, entry
        assert entry["source"] in {"documentation", "live", "reference"}, entry
        assert entry["severity"] in {"error", "warning"}, entry


@pytest.mark.parametrize("name", REQUEST_SCHEMAS)
def test_error_line_stands_beside_its_keyword(name: str, judge: Judge) -> None:
    """Every line of x-umapi-errors belongs to a keyword, and to a required property, of the same schema."""
    for node in nodes(schemas.read(name)):
        for keyword, entry in node.get("x-umapi-errors", {}).items():
            assert keyword in node
            if keyword == "required":
                assert sorted(entry) == sorted(node["required"])


@pytest.mark.parametrize("name", REQUEST_SCHEMAS)
def test_message_uses_known_placeholders(name: str) -> None:
    """A message has no placeholder but those that the schemas' readers fill in."""
    texts = [text for node in nodes(schemas.read(name)) if isinstance(text := node.get("message"), str)]
    used = {found for text in texts for found in re.findall(r"\{(\w*)\}", text)}
    assert used <= {"field", "property", "value", "limit", "list"}


def test_pattern_means_the_same_everywhere() -> None:
    r"""Patterns use `\s` in classes and `$` at the end only, which Python's `re` can be made to read alike."""
    values = [node.get("pattern") for name in SCHEMA_FILES for node in nodes(schemas.read(name))]
    patterns = [pattern for pattern in values if isinstance(pattern, str)]
    assert patterns
    for pattern in patterns:
        outside = re.sub(r"\[[^\]]*\]", "", pattern)
        assert "\\" not in outside, pattern
        assert "$" not in outside.removesuffix("$"), pattern
        assert "\\" not in pattern.replace("\\s", ""), pattern

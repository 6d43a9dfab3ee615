"""JSON Schema as scripts know it: the verdicts beside another validator's, the messages, and schemas that are none."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from umapi_harness.postman.scripts import Check, ScriptEngine

DRAFTS = {
    "http://json-schema.org/draft-04/schema#": (4, jsonschema_rs.Draft4Validator),
    "http://json-schema.org/draft-06/schema#": (6, jsonschema_rs.Draft6Validator),
    "http://json-schema.org/draft-07/schema#": (7, jsonschema_rs.Draft7Validator),
    "https://json-schema.org/draft/2019-09/schema": (2019, jsonschema_rs.Draft201909Validator),
    "https://json-schema.org/draft/2020-12/schema": (2020, jsonschema_rs.Draft202012Validator),
}
NAMES = st.sampled_from(["a", "b", "c d"])
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -2, 1.5, 3, "", "a", "ab", "é😀", "2020-01-01"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(["string", "number", "integer", "object", "array", "boolean", "null"])
SIZES = st.integers(0, 3)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(VALUES, min_size=1, max_size=3, unique_by=json.dumps),
    "maximum": st.integers(-1, 3),
    "minimum": st.integers(-1, 3),
    "multipleOf": st.sampled_from([1, 2, 0.5]),
    "maxLength": SIZES,
    "minLength": SIZES,
    "pattern": st.sampled_from(["^a", "b$", "."]),
    "maxItems": SIZES,
    "minItems": SIZES,
    "uniqueItems": st.booleans(),
    "maxProperties": SIZES,
    "minProperties": SIZES,
    "required": st.lists(NAMES, min_size=1, unique=True),
}


def schemas_of(draft: int) -> st.SearchStrategy[Any]:
    """Schemas with the keywords of a draft, all of which can be used."""

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(inner, min_size=1, max_size=3)
        named = st.dictionaries(NAMES, inner, max_size=2)
        held: dict[str, st.SearchStrategy[Any]] = {
            **PLAIN,
            "items": inner if draft >= 2020 else inner | several,
            "properties": named,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "."]), inner, max_size=2),
            "additionalProperties": inner,
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
        }
        if draft < 2020:
            held["additionalItems"] = inner
        if draft <= 7:
            held["dependencies"] = st.dictionaries(NAMES, inner | st.lists(NAMES, min_size=1, unique=True), max_size=2)
        if draft >= 6:
            held |= {"const": VALUES, "contains": inner, "propertyNames": inner, "exclusiveMaximum": st.integers(-1, 3)}
        if draft >= 7:
            held |= {"if": inner, "then": inner, "else": inner}
        if draft >= 2019:
            held |= {"dependentSchemas": named, "unevaluatedProperties": inner}
            held |= {"dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, unique=True), max_size=2)}
        if draft >= 2020:
            # In 2019-09 what `contains` has found stays unevaluated, which the other validator sees otherwise.
            held |= {"prefixItems": several, "unevaluatedItems": inner}
        return st.fixed_dictionaries({}, optional=held).map(lambda schema: dict(list(schema.items())[:6]))

    leaves = st.fixed_dictionaries({}, optional=PLAIN) | st.just({"$ref": "#/definitions/d"})
    return st.recursive(leaves if draft <= 4 else leaves | st.booleans(), wider, max_leaves=6)


def verdicts(engine: ScriptEngine, given_input: Any, pairs: list[tuple[Any, Any]]) -> list[bool]:
    """What pm.expect says of each pair of a schema and a value."""
    source = f"""
        for (const [schema, value] of {json.dumps(pairs)}) {{
            pm.test("pair", () => pm.expect(value).to.have.jsonSchema(schema));
        }}"""
    result = engine.run(given_input(source), lambda _message: {"error": "no network here"})
    found = [record for record in result.records if isinstance(record, Check)]
    assert [check.message for check in found if "cannot be used" in check.message] == []
    return [check.state == "passed" for check in found]


@pytest.mark.parametrize("uri", DRAFTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_verdicts_are_those_of_another_validator(uri, data, engine, script_input):
    """Any schema and value of each draft are judged as jsonschema-rs judges them."""
    draft, validator = DRAFTS[uri]
    schema = data.draw(schemas_of(draft))
    whole = {**(schema if isinstance(schema, dict) else {"allOf": [schema]}), "$schema": uri}
    whole["definitions"] = {"d": {"type": ["string", "array"], "minLength": 1, "minItems": 1}}
    values = data.draw(st.lists(VALUES, min_size=1, max_size=4))
    judge = validator(whole)
    expected = [judge.is_valid(value) for value in values]
    assert verdicts(engine, script_input, [(whole, value) for value in values]) == expected


UNUSABLE = {
    "{type: 'nonsense'}": "type must be one of array,",
    "{properties: {a: {minimum: '1'}}}": "at /properties/a, minimum must be a number",
    "{pattern: '('}": "pattern must be a regular expression",
    "{$ref: '#/definitions/none'}": "$ref '#/definitions/none' leads nowhere",
    "{not: {$ref: 'http://h/x'}}": "leads nowhere (it is outside of the schema)",
    "{$schema: 'http://h/draft-99'}": "which is no draft that is known here",
    "{format: 'colour'}": "the format 'colour' is unknown",
    "{anyOf: []}": "anyOf must be a list of one or more schemas",
    "{exclusiveMinimum: true, minimum: 1}": "exclusiveMinimum must be a number",
    "{required: true}": "required must be a list of names",
    "{$ref: '#'}": "it refers to itself in a circle",
    "(() => { const s = {}; s.not = s; return s; })()": "it is no JSON",
    "5": "expected 5 to be an object",
}


@pytest.mark.parametrize("schema", UNUSABLE)
@pytest.mark.parametrize("word", ["to.have", "to.not.have"])
def test_a_schema_that_cannot_be_used_passes_no_check(schema, word, engine, script_input):
    """Neither the check nor its negation passes, and the message says what is wrong with the schema."""
    source = f"pm.test('it', () => pm.expect(1).{word}.jsonSchema({schema}));"
    (check,) = engine.run(script_input(source), lambda _message: {"error": "no network here"}).records
    assert isinstance(check, Check)
    assert check.state == "failed"
    assert UNUSABLE[schema] in check.message


MESSAGES = {
    ("{a: 1, 'b-c': [1, 'x']}", "{properties: {a: {type: 'string'}, 'b-c': {items: {type: 'number'}}}}"): (
        "data.a should be string, data['b-c'][1] should be number"
    ),
    ("{}", "{required: ['a', 'b']}"): (
        "data should have required property 'a', data should have required property 'b'"
    ),
    ("{x: 1}", "{additionalProperties: false}"): "data should NOT have additional properties",
    ("{x: 1}", "{additionalProperties: {type: 'string'}}"): "data['x'] should be string",
    ("[1, 2, 1]", "{uniqueItems: true}"): "data should NOT have duplicate items (items ## 0 and 2 are identical)",
    ("5", "{exclusiveMaximum: 5, maximum: 9}"): "data should be < 5",
    ("'é😀'", "{maxLength: 1}"): "data should NOT be longer than 1 characters",
    ("1", "{anyOf: [{type: 'string'}, {minimum: 2}]}"): (
        "data should be string, data should be >= 2, data should match some schema in anyOf"
    ),
    ("{a: 1}", "{dependencies: {a: ['b']}}"): "data should have property b when property a is present",
    ("'x'", "{format: 'email'}"): 'data should match format "email"',
}


@pytest.mark.parametrize(("value", "schema"), MESSAGES)
def test_a_value_that_does_not_fit_is_told_of_with_its_place(value, schema, engine, script_input):
    """Each thing that is wrong is named with its place, in the words that Newman has for it."""
    source = f"pm.test('it', () => pm.expect({value}).to.have.jsonSchema({schema}));"
    (check,) = engine.run(script_input(source), lambda _message: {"error": "no network here"}).records
    assert isinstance(check, Check)
    assert check.message == (f"expected data to satisfy schema but found following errors: \n{MESSAGES[value, schema]}")


FORMATS = {
    "date": (["2020-01-31", "2020-19-39"], ["2020-1-1", "2020-20-01", "x"]),
    "date-time": (["2020-01-01T00:00:00Z", "2020-01-01 23:59:60.5+01:30"], ["2020-01-01T00:00:00", "2020-01-01"]),
    "time": (["10:20:30", "10:20:30Z"], ["10:20", "30:00:00"]),
    "email": (["a.b+c@d.example"], ["a@", "a b@c.d", "@c.d"]),
    "hostname": (["a.b-c.example", "a."], ["-a", "a..b", "a_b"]),
    "ipv4": (["1.2.3.255", "01.2.3.4"], ["1.2.3.256", "1.2.3"]),
    "ipv6": (["::", "1::2", "1:2:3:4:5:6:7:8", "::1.2.3.4"], ["1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", ":::"]),
    "uri": (["a:b", "http://h/x?y#z"], ["h/x", "http://h/ x"]),
    "uri-reference": (["/a", "#x", ""], ["a b", "\\a"]),
    "uri-template": (["/a/{b}{?c,d*}"], ["/a/{b", "{}"]),
    "url": (["https://a.example:80/x"], ["a.example", "https://a"]),
    "uuid": (["01234567-89ab-cdef-0123-456789ABCDEF"], ["01234567"]),
    "regex": (["a+"], ["(", "a\\Z"]),
    "json-pointer": (["", "/a~0b~1"], ["a", "/~2"]),
    "json-pointer-uri-fragment": (["#/a%20"], ["#a", "/a"]),
    "relative-json-pointer": (["0", "1/a", "2#"], ["01", "/a"]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_judged_as_strictly_as_postman_judges_them(name, engine, script_input):
    """Each format is told from what it is not; whether there is such a day or host is not asked."""
    fitting, other = FORMATS[name]
    pairs: list[tuple[Any, Any]] = [({"format": name}, text) for text in fitting + other]
    assert verdicts(engine, script_input, pairs) == [True] * len(fitting) + [False] * len(other)


OPTIONS = {
    "pm.expect({}).to.have.jsonSchema({minProperties: 1, required: ['a']}, {allErrors: false})": (
        "expected data to satisfy schema but found following errors: \ndata should NOT have fewer than 1 properties"
    ),
    "pm.expect('x').to.have.jsonSchema({format: 'colour'}, {unknownFormats: ['colour']})": "",
    "pm.expect('x').to.have.jsonSchema({format: 'email'}, {format: false})": "",
    "pm.expect('1').to.have.jsonSchema({type: 'number'}, {coerceTypes: true})": (
        "SchemaError: the option coerceTypes of jsonSchema is not supported; leave it out"
    ),
}


@pytest.mark.parametrize("expression", OPTIONS)
def test_options_of_a_check_are_heeded_or_refused(expression, engine, script_input):
    """What Ajv's options say of errors and formats is done; others are an error of the check."""
    source = f"pm.test('it', () => {expression});"
    (check,) = engine.run(script_input(source), lambda _message: {"error": "no network here"}).records
    assert isinstance(check, Check)
    assert check.message == OPTIONS[expression]

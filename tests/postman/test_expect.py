"""The expectations of pm.expect: each word, kept and broken, and the messages it gives."""

from __future__ import annotations

import json

import pytest

from umapi_harness.postman.scripts import Check, ScriptEngine, ScriptInput, ScriptResult

HOLDS = [
    "expect(1).to.equal(1)",
    "expect(1).to.not.equal('1')",
    "expect(1).to.be.equal(1)",
    "expect(2).to.eq(2)",
    "expect({a: 1}).to.eql({a: 1})",
    "expect({a: 1, b: [1, {c: 2}]}).to.deep.equal({b: [1, {c: 2}], a: 1})",
    "expect({a: 1}).to.not.equal({a: 1})",
    "expect([1, 2]).to.eql([1, 2])",
    "expect([1, 2]).to.not.eql([2, 1])",
    "expect(NaN).to.eql(NaN)",
    "expect(NaN).to.be.NaN",
    "expect(new Date(5)).to.eql(new Date(5))",
    "expect(/a/g).to.eql(/a/g)",
    "expect('x').to.be.a('string')",
    "expect([]).to.be.an('array')",
    "expect({}).to.be.an('object')",
    "expect(null).to.be.a('null')",
    "expect(undefined).to.be.an('undefined')",
    "expect(1).to.be.a('number')",
    "expect(true).to.be.a('boolean')",
    "expect(() => 1).to.be.a('function')",
    "expect(new Error('x')).to.be.an('error')",
    "expect(Promise.resolve()).to.be.a('promise')",
    "expect([1]).to.be.an('array').that.includes(1)",
    "expect('abc').to.include('b')",
    "expect('abc').to.contain('b').and.to.not.equal('x')",
    "expect([1, 2]).to.include(2)",
    "expect([{a: 1}]).to.deep.include({a: 1})",
    "expect([{a: 1}]).to.not.include({a: 1})",
    "expect({a: 1, b: 2}).to.include({a: 1})",
    "expect({a: {b: 1}}).to.deep.include({a: {b: 1}})",
    "expect({a: {b: 1}}).to.nested.include({'a.b': 1})",
    "expect(new Set([1])).to.include(1)",
    "expect({a: 1}).to.have.property('a')",
    "expect({a: 1}).to.have.property('a', 1)",
    "expect({a: 1}).to.not.have.property('b')",
    "expect({a: 1}).to.not.have.property('a', 2)",
    "expect({a: {b: [5]}}).to.have.nested.property('a.b[0]', 5)",
    "expect({a: {b: 1}}).to.have.deep.property('a', {b: 1})",
    "expect({a: {b: 1}}).to.have.property('a').that.has.property('b').that.equals(1)",
    "expect({'a.b': 1}).to.have.nested.property('a\\\\.b')",
    "expect({a: 1}).to.have.own.property('a')",
    "expect({a: 1}).to.haveOwnProperty('a')",
    "expect({}).to.not.have.own.property('toString')",
    "expect([1, 2]).to.have.lengthOf(2)",
    "expect('abc').to.have.length(3)",
    "expect([1, 2, 3]).to.have.length.above(2)",
    "expect([1, 2, 3]).to.have.lengthOf.at.most(3)",
    "expect(new Map([[1, 2]])).to.have.lengthOf(1)",
    "expect(5).to.be.above(4)",
    "expect(5).to.be.gt(4).and.lt(6)",
    "expect(5).to.be.at.least(5)",
    "expect(5).to.be.gte(5)",
    "expect(5).to.be.below(6)",
    "expect(5).to.be.at.most(5)",
    "expect(5).to.be.lte(5)",
    "expect(5).to.be.within(5, 6)",
    "expect(5).to.not.be.within(6, 7)",
    "expect(new Date(5)).to.be.above(new Date(4))",
    "expect(1.5).to.be.closeTo(1, 0.5)",
    "expect(1).to.be.ok",
    "expect('').to.not.be.ok",
    "expect(true).to.be.true",
    "expect(1).to.not.be.true",
    "expect(false).to.be.false",
    "expect(null).to.be.null",
    "expect(undefined).to.be.undefined",
    "expect(0).to.exist",
    "expect(null).to.not.exist",
    "expect([]).to.be.empty",
    "expect('').to.be.empty",
    "expect({}).to.be.empty",
    "expect({a: 1}).to.not.be.empty",
    "expect('abc').to.match(/b/)",
    "expect('abc').to.not.match(/x/)",
    "expect('abc').to.have.string('bc')",
    "expect(2).to.be.oneOf([1, 2])",
    "expect(3).to.not.be.oneOf([1, 2])",
    "expect({a: 1}).to.be.deep.oneOf([{a: 1}])",
    "expect('abc').to.contain.oneOf(['x', 'b'])",
    "expect([1, 2, 3]).to.have.members([3, 1, 2])",
    "expect([1, 2, 3]).to.include.members([3, 1])",
    "expect([1, 2, 3]).to.have.ordered.members([1, 2, 3])",
    "expect([1, 2, 3]).to.not.have.ordered.members([3, 1, 2])",
    "expect([1, 2, 3]).to.include.ordered.members([1, 2])",
    "expect([{a: 1}]).to.have.deep.members([{a: 1}])",
    "expect([{a: 1}]).to.not.have.members([{a: 1}])",
    "expect([1, 1]).to.not.have.members([1, 2])",
    "expect({a: 1, b: 2}).to.have.keys('a', 'b')",
    "expect({a: 1, b: 2}).to.have.all.keys(['b', 'a'])",
    "expect({a: 1, b: 2}).to.include.keys('a')",
    "expect({a: 1, b: 2}).to.contain.all.keys('a')",
    "expect({a: 1, b: 2}).to.have.any.keys('a', 'z')",
    "expect({a: 1, b: 2}).to.not.have.any.keys('y', 'z')",
    "expect({a: 1, b: 2}).to.not.have.keys('a')",
    "expect(() => { throw new TypeError('bad thing'); }).to.throw()",
    "expect(() => { throw new TypeError('bad thing'); }).to.throw(TypeError)",
    "expect(() => { throw new TypeError('bad thing'); }).to.throw('thing')",
    "expect(() => { throw new TypeError('bad thing'); }).to.throw(TypeError, /bad/)",
    "expect(() => { throw new TypeError('bad'); }).to.throw().with.property('message', 'bad')",
    "expect(() => 1).to.not.throw()",
    "expect(2).to.satisfy((n) => n % 2 === 0)",
    "expect([]).to.be.an.instanceof(Array)",
    "expect([]).to.respondTo('map')",
    "expect(5).to.be.finite",
    "expect({a: 1}).to.be.an('object').and.to.include.keys('a')",
    "expect(1).to.be.a('number').which.is.not.oneOf([2, 3])",
    "expect(-0).to.not.eql(0)",
    "expect({a: undefined}).to.not.eql({})",
    "expect([undefined]).to.eql([undefined])",
    "expect([1, [2, [3]]]).to.deep.include([2, [3]])",
    "expect('x').to.be.a('String')",
]

BROKEN = {
    "expect(1).to.equal(2)": "expected 1 to equal 2",
    "expect('a').to.equal('b')": "expected 'a' to equal 'b'",
    "expect(1).to.not.equal(1)": "expected 1 to not equal 1",
    "expect({a: 1}).to.eql({a: 2})": "expected { a: 1 } to deeply equal { a: 2 }",
    "expect(1, 'the answer').to.equal(42)": "the answer: expected 1 to equal 42",
    "expect('x').to.be.a('number')": "expected 'x' to be a number",
    "expect('x').to.be.an('array')": "expected 'x' to be an array",
    "expect('x').to.not.be.a('string')": "expected 'x' to not be a string",
    "expect([1]).to.include(2)": "expected [ 1 ] to include 2",
    "expect('abc').to.include('x')": "expected 'abc' to include 'x'",
    "expect({a: 1}).to.include({a: 2})": "expected { a: 1 } to include { a: 2 }",
    "expect({a: 1}).to.have.property('b')": "expected { a: 1 } to have property 'b'",
    "expect({a: 1}).to.have.property('a', 2)": "expected { a: 1 } to have property 'a' of 2, but got 1",
    "expect({a: 1}).to.not.have.property('a')": "expected { a: 1 } to not have property 'a'",
    "expect(undefined).to.have.property('a')": "expected undefined to have property 'a'",
    "expect([1]).to.have.lengthOf(2)": "expected [ 1 ] to have a length of 2 but got 1",
    "expect([1]).to.have.length.above(2)": "expected [ 1 ] to be above 2",
    "expect(5).to.be.above(5)": "expected 5 to be above 5",
    "expect(5).to.be.at.least(6)": "expected 5 to be at least 6",
    "expect(5).to.be.below(5)": "expected 5 to be below 5",
    "expect(5).to.be.at.most(4)": "expected 5 to be at most 4",
    "expect(5).to.be.within(6, 7)": "expected 5 to be within 6..7",
    "expect('5').to.be.above(4)": "expected '5' to be a number or a date",
    "expect(0).to.be.ok": "expected 0 to be truthy",
    "expect(1).to.be.true": "expected 1 to be true",
    "expect(true).to.be.false": "expected true to be false",
    "expect(0).to.be.null": "expected 0 to be null",
    "expect(null).to.be.undefined": "expected null to be undefined",
    "expect(null).to.exist": "expected null to exist",
    "expect([1]).to.be.empty": "expected [ 1 ] to be empty",
    "expect(5).to.be.empty": "expected 5 to be a string, array, map, set or object",
    "expect('abc').to.match(/x/)": "expected 'abc' to match /x/",
    "expect(5).to.be.oneOf([1, 2])": "expected 5 to be one of [ 1, 2 ]",
    "expect([1]).to.have.members([1, 2])": "expected [ 1 ] to have the members [ 1, 2 ]",
    "expect([1, 1]).to.have.members([1, 2])": "expected [ 1, 1 ] to have the members [ 1, 2 ]",
    "expect({a: 1}).to.have.keys('a', 'b')": "expected { a: 1 } to have the keys [ 'a', 'b' ]",
    "expect(() => 1).to.throw()": "expected [Function] to throw an error",
    "expect(() => { throw new Error('x'); }).to.throw('y')": "to throw 'y', but it threw Error: x",
    "expect(3).to.satisfy(function even(n) { return n % 2 === 0; })": "expected 3 to satisfy even",
    "expect.fail('gave up')": "gave up",
    "expect(1).to.be.tru": 'TypeError: pm.expect knows no word "tru"',
    "expect(1).to.eqaul(1)": 'TypeError: pm.expect knows no word "eqaul"',
    "expect(5).to.have.lengthOf(1)": "expected 5 to have a length",
    "expect({a: [1, 2], 'b c': null}).to.be.empty": "expected { a: [ 1, 2 ], 'b c': null } to be empty",
}


def in_test(expression: str) -> str:
    """A script with one pm.test around an expectation."""
    return f"pm.test('it', () => {{ const expect = pm.expect; {expression}; }});"


def run(engine: ScriptEngine, given: ScriptInput) -> Check:
    result: ScriptResult = engine.run(given, lambda _message: {"error": "no network here"})
    (record,) = result.records
    assert isinstance(record, Check)
    return record


@pytest.mark.parametrize("expression", HOLDS)
def test_an_expectation_that_holds_passes(expression, engine, script_input):
    """Each form of an expectation passes where it holds, as it does in Postman."""
    check = run(engine, script_input(in_test(expression)))
    assert check.state == "passed", check.message


@pytest.mark.parametrize("expression", BROKEN)
def test_an_expectation_that_does_not_hold_fails_with_its_message(expression, engine, script_input):
    """Each form of an expectation fails where it does not hold, and says what was expected."""
    check = run(engine, script_input(in_test(expression)))
    assert check.state == "failed"
    assert BROKEN[expression] in check.message


RESPONSE = {"code": 404, "status": "Not Found", "text": json.dumps({"a": {"b": [1, 2]}, "result": "x"})}
RESPONSE_HOLDS = [
    "pm.response.to.have.status(404)",
    "pm.response.to.have.status('Not Found')",
    "pm.response.to.not.have.status(200)",
    "pm.response.to.be.notFound",
    "pm.response.to.be.clientError",
    "pm.response.to.be.error",
    "pm.response.to.not.be.ok",
    "pm.response.to.not.be.success",
    "pm.response.to.not.be.serverError",
    "pm.response.to.be.json",
    "pm.response.to.be.withBody",
    "pm.response.to.have.header('content-type')",
    "pm.response.to.have.header('Content-Type', 'application/json')",
    "pm.response.to.not.have.header('X-None')",
    "pm.response.to.have.jsonBody()",
    "pm.response.to.have.jsonBody('a.b[1]')",
    "pm.response.to.have.jsonBody('result', 'x')",
    "pm.response.to.not.have.jsonBody('nope')",
    "pm.response.to.have.body(/result/)",
    "pm.expect(pm.response).to.have.status(404)",
    "pm.response.to.have.jsonSchema({type: 'object', required: ['a']})",
    "pm.response.to.not.have.jsonSchema({required: ['z']})",
    "pm.expect(pm.response.json().a).to.have.jsonSchema({properties: {b: {type: 'array'}}})",
    "pm.expect(pm.response.responseTime).to.be.below(1000)",
    "pm.expect(pm.response.headers.get('CONTENT-TYPE')).to.include('json')",
    "pm.expect(pm.response.headers.has('content-type')).to.be.true",
    "pm.expect(pm.response.code).to.equal(404)",
    "pm.expect(pm.response.reason()).to.equal('Not Found')",
    "pm.expect(pm.response.text()).to.be.a('string')",
]
RESPONSE_BROKEN = {
    "pm.response.to.have.status(200)": "expected status 200, but got 404 Not Found",
    "pm.response.to.be.ok": 'expected a response that is "ok", but got 404 Not Found',
    "pm.response.to.be.success": 'expected a response that is "success", but got 404 Not Found',
    "pm.response.to.not.be.notFound": 'expected a response that is not "notFound"',
    "pm.response.to.have.header('X-None')": "expected header 'X-None', but there is none",
    "pm.response.to.have.header('Content-Type', 'text/xml')": "but got 'application/json'",
    "pm.response.to.have.jsonBody('a.c')": "expected 'a.c' in the JSON body, but it is not there",
    "pm.response.to.have.jsonBody('result', 'y')": "expected 'result' as 'y' in the JSON body, but got 'x'",
    "pm.response.to.have.jsonSchema({required: ['z']})": "data should have required property 'z'",
    "pm.response.to.not.have.jsonSchema({})": "expected data to not satisfy schema",
    "pm.response.to.have.jsonSchema({properties: {a: {properties: {b: {maxItems: 1}}}}})": (
        "data.a.b should NOT have more than 1 items"
    ),
    "pm.response.to.have.jsonSchema({type: 'nonsense'})": "the schema cannot be used",
    "pm.response.to.be.rateLimited": '"rateLimited"',
}


@pytest.mark.parametrize("expression", RESPONSE_HOLDS)
def test_a_true_word_about_a_response_passes(expression, engine, script_input):
    """The words about responses pass where they are true."""
    check = run(engine, script_input(in_test(expression), response=RESPONSE))
    assert check.state == "passed", check.message


@pytest.mark.parametrize("expression", RESPONSE_BROKEN)
def test_a_false_word_about_a_response_fails_with_its_message(expression, engine, script_input):
    """The words about responses fail where they are not true, and say what the response was."""
    check = run(engine, script_input(in_test(expression), response=RESPONSE))
    assert check.state == "failed"
    assert RESPONSE_BROKEN[expression] in check.message

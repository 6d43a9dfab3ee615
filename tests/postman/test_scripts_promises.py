"""Promises of scripts that fail: handled ones are the script's own affair, all others are told."""

from __future__ import annotations

import pytest

from umapi_harness.postman.async_functions import original_column, watched
from umapi_harness.postman.scripts import ConsoleLine, ScriptError


@pytest.fixture
def run(engine, script_input):
    """Runs one script; requests that it sends are answered by an error."""
    return lambda source: engine.run(script_input(source), lambda _message: {"error": "refused"})


def rejections(result):
    return [(one.message.split(" (")[0], one.rule) for one in result.records if isinstance(one, ScriptError)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("(async () => { await 1; pm.expect(1).to.equal(6); })();", "AssertionError: expected 1 to equal 6"),
        ("async function main() { await null; throw new Error('lost'); }\nmain();", "Error: lost"),
        ("const later = async function () { throw new TypeError('x'); };\nlater();", "TypeError: x"),
        ("[1].forEach(async n => nothing[n]);", "ReferenceError: nothing is not defined"),
        ("Promise.reject(new Error('a'));", "Error: a"),
        ("new Promise((_, fail) => fail('text'));", "Error: 'text'"),
        ("Promise.resolve(1).then(() => { throw new Error('b'); });", "Error: b"),
        ("Promise.resolve(1).then(() => { throw new Error('c'); }).finally(() => {});", "Error: c"),
        ("Promise.all([1, Promise.reject(new Error('d'))]);", "Error: d"),
        ("setTimeout(() => { Promise.resolve().then(() => { throw new Error('e'); }); }, 5);", "Error: e"),
    ],
)
def test_a_promise_that_fails_unhandled_is_told(run, source, message):
    """However it was made: by Promise, by then, by async functions, in timers."""
    assert rejections(run(source)) == [(message, "unhandled-rejection")]


@pytest.mark.parametrize(
    "source",
    [
        "Promise.reject(1).catch(() => {});",
        "Promise.reject(1).then(null, () => {});",
        "try { await (async () => { throw 1; })(); } catch {}",
        "const lost = (async () => { throw 1; })(); lost.catch(() => {});",
        "(async () => { try { await Promise.reject(1); } catch {} })();",
        "await Promise.allSettled([Promise.reject(1)]);",
        "await Promise.any([Promise.reject(1), 2]);",
        "Promise.all([Promise.reject(1), (async () => { throw 2; })()]).catch(() => {});",
        "async function f() { throw 1; } try { await f(); } catch {}",
    ],
)
def test_a_promise_that_is_handled_is_nobody_elses_affair(run, source):
    """A handler may come by catch, by then, by await in a try, or through another promise."""
    assert rejections(run(source)) == []


def test_a_failure_that_something_else_tells_of_is_told_once(run):
    """What a test, the script's end or the host tells is no unhandled rejection too."""
    (check,) = run("pm.test('a', async () => { await null; throw new Error('x'); });").records
    assert (check.state, check.message) == ("failed", "Error: x")
    assert rejections(run("await (async () => { throw new Error('end'); })();")) == [("Error: end", "script-error")]
    assert rejections(run("pm.sendRequest('http://h').then(() => {});")) == []


def test_async_functions_work_as_written(run):
    """Marked functions keep this, arguments, names, hoisting and their results."""
    result = run("""
        console.log(await early(1, 2), early.name);
        async function early(a, b) { return a + b + arguments.length; }
        const object = {n: 5, f: async function named() { return this.n; }, async g() { return 7; }};
        console.log(await object.f(), object.f.name, await object.g());
        const arrow = async (a, b) => ({sum: a + b});
        console.log((await arrow(1, 2)).sum, arrow.length, await (async x => x
            * 2)(4));
    """)
    texts = [record.text for record in result.records if isinstance(record, ConsoleLine)]
    assert texts == ["5 early", "5 named 7", "3 2 8"]


@pytest.mark.parametrize(
    ("source", "marked"),
    [
        ("(async () => { await 1; })();", "($$watched(async () => { await 1; }))();"),
        ("f(async x => g(x), 1)", "f($$watched(async x => g(x)), 1)"),
        ("c ? async () => 1 : async () => 2", "c ? $$watched(async () => 1) : $$watched(async () => 2)"),
        ("`${a.map(async (x) => `${x}`)}`", "`${a.map($$watched(async (x) => `${x}`))}`"),
        ("const f = async () => 1\ng()", "const f = $$watched(async () => 1)\ng()"),
        ("x = async function () { return /}\"/; }", "x = $$watched(async function () { return /}\"/; })"),
    ],
)  # fmt: skip
def test_async_functions_are_marked(source, marked):
    """Expressions are put into a call, on the same line."""
    assert watched(source) == marked


@pytest.mark.parametrize(
    "source",
    [
        "'async () => 1'; // async () => 2",
        "/async () => 1/.test(`async () => 1`)",
        "async(1); o.async; ({async: 1, async m() {}}); async function* g() {}",
        "broken ` async () => 1",
        "broken (async () => {",
        "plain();",
    ],
)
def test_what_is_no_async_function_stays(source):
    """Texts, comments, methods, generators and what cannot be read are left alone."""
    assert watched(source) == source


def test_places_are_those_of_the_script_as_written(run):
    """A mark moves no line, and columns are told as in the file."""
    (error,) = run("\n (async () => { nope; })();").records
    assert (error.line, error.column) == (2, 17)
    line = watched("async function f() { x; } f();")
    assert original_column(line, line.index("x;") + 1) == 22

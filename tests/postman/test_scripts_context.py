"""The context of a run: what scripts leave to each other, and what none of them can change."""

from __future__ import annotations

import pytest

from umapi_harness.postman.scripts import Check, ConsoleLine, Limits, ScriptEngine, ScriptError
from umapi_harness.postman.variables import Values


@pytest.fixture
def run(engine, script_input):
    """Runs one script in the context of the test, and returns its result."""
    return lambda source, **changes: engine.run(script_input(source, **changes), lambda _message: {"error": "no"})


def checks(result):
    return {record.name: record.state for record in result.records if isinstance(record, Check)}


def texts(result):
    return [record.text for record in result.records if isinstance(record, ConsoleLine)]


def test_global_names_live_as_long_as_the_run(run):
    """What a script assigns without declaring it is there for later scripts; what it declares is its own."""
    run("utils = {twice: (n) => 2 * n}; var own = 1; let other = 2; function named() {}", event="prerequest")
    result = run("console.log(utils.twice(4), typeof own, typeof other, typeof named);")
    assert texts(result) == ["8 undefined undefined undefined"]


def test_a_function_of_an_earlier_script_sees_the_pm_of_the_later_one(run):
    """Helpers that a script leaves in a global name work on the response of whoever calls them."""
    run("helper = () => pm.response.code;", event="prerequest", response=None)
    assert texts(run("console.log(helper());", response={"code": 418})) == ["418"]


def test_a_name_of_the_sandbox_can_be_a_variable_of_a_script_until_it_ends(run):
    """A script may use the names data, request or environment for itself; the next script finds Postman's again."""
    assert texts(run("data = [1]; request = 2; pm = {}; console.log(data, request);")) == ["[ 1 ] 2"]
    assert texts(run("console.log(pm.info.eventName, typeof data, request.method);")) == ["test object GET"]


FAILING = "pm.test('fails', () => pm.expect([1, {a: 'x'}]).to.eql([2]));"


@pytest.mark.parametrize(
    "attack",
    [
        "const real = JSON.stringify; JSON.stringify = (v) => real(v)?.replace(/failed/g, 'passed');",
        "JSON = {stringify: () => '{}', parse: () => ({})};",
        "Object.prototype.toJSON = function () { return {kind: 'check', state: 'passed', name: 'fails'}; };",
        "Array.prototype.toJSON = () => [];",
        "Array.prototype.push = () => 0; Array.prototype.every = () => true; Array.prototype.some = () => true;",
        "Array.prototype.map = Array.prototype.filter = () => []; Array.prototype[Symbol.iterator] = function* () {};",
        "Object.defineProperty(Array.prototype, '0', {set() {}, get() { return undefined; }});",
        "Object.is = () => true; Object.keys = () => []; Object.hasOwn = () => true;",
        "Map.prototype.set = () => {}; Map.prototype.get = () => undefined; Set = Map = WeakMap = Object;",
        "String.prototype.replace = () => ''; String.prototype.toWellFormed = () => '{\"records\": []}';",
        "RegExp.prototype.exec = () => null; RegExp.prototype[Symbol.replace] = () => '';",
        "Promise.prototype.then = () => {}; Promise = undefined;",
        "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => () => {};",
        "Object.prototype.state = 'passed'; Object.defineProperty(Object.prototype, 'message', {set() {}});",
        "Object.defineProperty(Object.prototype, 'state', {set() {}, get() { return 'passed'; }});",
        "Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFunction?.());",
        "Error.prototype.name = 'x'; Error.prototype.toString = () => ''; TypeError = Error = function () {};",
        "Symbol.iterator = Symbol.for('x'); Reflect.apply = () => {}; Reflect = {}; Math.max = () => NaN;",
        "console = null; globalThis.tests = null;",
        "pm.test = () => {}; pm.expect = () => ({to: {eql: () => {}}});",
        "Object.freeze(globalThis);",
        "for (const name of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[name]; } catch {} }",
    ],
)
def test_no_script_changes_a_verdict_or_the_run_after_it(run, attack):
    """Whatever a script does to built-in objects, checks that fail are told as failed, those of later scripts too."""
    same = run(f"const {{test, expect}} = pm; {attack}; const pm_ = {{test, expect}};{FAILING.replace('pm.', 'pm_.')}")
    assert checks(same).get("fails") == "failed" or any(isinstance(record, ScriptError) for record in same.records)
    later = run(FAILING + "pm.test('passes', () => pm.expect(pm.response.json()).to.eql({})); console.log('told');")
    assert checks(later) == {"fails": "failed", "passes": "passed"}
    assert texts(later) == ["told"]


def test_texts_of_arrays_are_the_scripts_own_affair(run):
    """A script that gives arrays another text loses no check of its own."""
    result = run("Array.prototype.toString = () => 'other'; pm.test('a', () => pm.expect(1).to.equal(1));")
    assert (checks(result), len(result.records)) == ({"a": "passed"}, 1)


def test_the_sandbox_itself_cannot_be_reached(run):
    """No global name leads to the sandbox, and no call site gives its functions away."""
    result = run("""
        const sites = [];
        try { Error.prepareStackTrace = (_, found) => { sites.push(...found); return found; }; } catch {}
        pm.test("a", () => { new Error("x").stack; });
        const names = Object.getOwnPropertyNames(globalThis);
        console.log(sites.length, names.filter((name) => /sandbox|host|record/i.test(name)));
    """)
    assert texts(result) == ["0 []"]


def test_after_a_limit_later_scripts_start_in_a_fresh_context_with_all_variables(slept, script_input):
    """The error says that global names are gone; variables are kept, those that the stopped script had set as well."""
    engine = ScriptEngine(sleep=slept.append, limits=Limits(cpu_seconds=0.2))
    scopes: dict[str, Values] = {name: {} for name in ("globals", "collection", "environment", "data", "local")}
    scopes["environment"] = {"kept": "1"}

    def run(source):
        result = engine.run(script_input(source, scopes=scopes), lambda _message: {"error": "no"})
        for name, change in result.changes.items():
            change.apply(scopes[name])
        return result

    run("helper = 1; pm.environment.set('set', 'before');")
    (stopped,) = run("pm.environment.set('kept', '2'); for (;;) {}").records
    assert stopped.rule == "limit"
    assert "fresh sandbox" in stopped.message
    after = run("console.log(typeof helper, pm.environment.get('kept'), pm.environment.get('set'));")
    assert texts(after) == ["undefined 2 before"]


def test_only_changes_leave_the_context(run):
    """A script that reads variables and requests changes nothing; one that writes tells of what it wrote."""
    scopes = {"globals": {"g": 1}, "collection": {}, "environment": {"e": {"deep": [1]}}, "data": {}, "local": {}}
    result = run("pm.globals.get('g'); pm.environment.has('e');", scopes=scopes)
    assert (result.changes, result.request) == ({}, None)
    result = run("pm.environment.get('e').deep.push(2);", scopes=scopes)
    assert {name: change.set for name, change in result.changes.items()} == {"environment": {"e": {"deep": [1, 2]}}}


def test_checks_name_their_script_and_event(run):
    """A check tells which script made it, and an error where in it."""
    (check,) = run("pm.test('a', () => {});", event="prerequest").records
    assert (check.event, check.pointer) == ("prerequest", "/event/0/script/exec")
    (error,) = run("\n  nothing.here;").records
    assert (error.rule, error.line, error.column) == ("script-error", 2, 3)

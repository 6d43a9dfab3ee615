"""Scripts: what the sandbox lets them do, what it keeps from them, and how it stops them."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from umapi_harness.postman.scripts import Check, ConsoleLine, Limits, ScriptEngine, ScriptError
from umapi_harness.postman.variables import ScopeChanges

FRESH = "; later scripts start in a fresh sandbox, without what earlier ones left in global names"


def no_network(_message):
    return {"error": "no network here"}


@pytest.fixture
def run(engine, script_input):
    """Runs scripts and returns their result."""

    def go(*sources, send=no_network, **changes):
        return engine.run(script_input(*sources, **changes), send)

    return go


def checks(result):
    return {record.name: record.state for record in result.records if isinstance(record, Check)}


def errors(result):
    return [record.message for record in result.records if isinstance(record, ScriptError)]


def test_what_a_script_sets_comes_back(run):
    """Variables of every scope come back as the scripts left them, with their types."""
    result = run("""
        pm.environment.set("a", "1"); pm.globals.set("b", 2); pm.collectionVariables.set("c", [3]);
        pm.variables.set("d", {e: 4}); pm.environment.set("gone", "x"); pm.environment.unset("gone");
        pm.environment.set("nothing", undefined);
    """)
    assert {name: (change.set, change.unset) for name, change in result.changes.items()} == {
        "environment": ({"a": "1", "nothing": None}, ("gone",)),
        "globals": ({"b": 2}, ()),
        "collection": ({"c": [3]}, ()),
        "local": ({"d": {"e": 4}}, ()),
    }


def test_iteration_data_cannot_be_changed(run):
    """A row of data is given; a script that wants to change it is told so."""
    scopes = {"globals": {}, "collection": {}, "environment": {}, "data": {"row": "1"}, "local": {}}
    result = run("pm.test('read', () => pm.expect(pm.iterationData.get('row')).to.equal('1'));"
                 "pm.iterationData.set('row', '2');", scopes=scopes)  # fmt: skip
    assert checks(result) == {"read": "passed"}
    assert errors(result) == [
        "TypeError: pm.iterationData cannot be changed by a script (line 1, column 94 of the script)"
    ]


def test_scripts_run_in_order_and_an_error_ends_its_own_script(run):
    """The outer script runs first; when one throws, those after it run all the same, and the error names its place."""
    result = run("console.log('one'); seen = 1;", "console.log(seen + 1);\nnope.x;", "console.log('three');")
    texts = [record.text for record in result.records if isinstance(record, ConsoleLine)]
    assert texts == ["one", "2", "three"]
    (error,) = [record for record in result.records if isinstance(record, ScriptError)]
    assert error.message == "ReferenceError: nope is not defined (line 2, column 1 of the script)"
    assert error.pointer == "/event/1/script/exec"
    assert result.failed


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("let x = ;", "SyntaxError"),
        ("throw 'a string'", "Error: 'a string'"),
        ("throw new RangeError('far')", "RangeError: far (line 1, column"),
        ("require('nothing')", "Error: Cannot find module 'nothing'"),
        ("pm.execution.skipRequest()", "skipRequest works in pre-request scripts only"),
        ("(function f() { f(); })()", "RangeError: Maximum call stack size exceeded"),
        ("JSON.parse(pm.response.text())", "SyntaxError"),
        ("pm.response.json()", "JSONError: Unexpected token '<' at 1:1 (line 1"),
    ],
)
def test_errors_of_scripts_are_told(run, source, message):
    """Whatever a script throws becomes one error of the event."""
    (error,) = errors(run(source, response={"text": "<html>"}))
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("pm.test('x', () => {\n  1;", "the script ends before { is closed (line 1, column 20 of the script)"),
        ("f(`a${b}`);\nif (a) {\n// }", "the script ends before { is closed (line 2, column 8 of the script)"),
        ("pm.test('x', () => {\n  /[(]/; '('; });\n});", "nothing is open that } could close (line 3, column 1"),
        ("const x = [f(1), ", "the script ends before [ is closed (line 1, column 11 of the script)"),
        ("let x =", "the script ends in the middle of a statement"),
    ],
)
def test_what_is_wrong_at_the_end_of_a_script_is_told_with_its_place(run, source, message):
    """The engine meets it behind the script; told is the bracket that is left open, or that closes nothing."""
    (error,) = errors(run(source))
    assert error.startswith(f"SyntaxError: {message}")


def test_a_script_that_runs_too_long_is_stopped_and_what_it_did_before_is_kept(script_input):
    """A loop without end, on the spot or in promises, is stopped by the limit; earlier checks stay."""
    engine = ScriptEngine(sleep=lambda _seconds: None, limits=Limits(cpu_seconds=0.2))
    for loop in (
        "for (;;) {}",
        "try { for (;;) {} } catch {}",
        "(function again() { Promise.resolve().then(again); })()",
    ):
        result = engine.run(script_input(f"pm.test('before', () => true); {loop}"), no_network)
        assert checks(result) == {"before": "passed"}
        assert errors(result) == [f"the script ran longer than 0.2 seconds; --timeout-script MS gives it more{FRESH}"]
        assert result.changes == {}


def test_variables_set_before_a_stop_are_kept(script_input):
    """As in Newman; the scripts after it find them, in a fresh sandbox."""
    engine = ScriptEngine(sleep=lambda _seconds: None, limits=Limits(cpu_seconds=0.2))
    source = "pm.environment.set('v', 1); pm.environment.unset('w'); pm.variables.set('l', 2); for (;;) {}"
    scopes: dict[str, dict[str, Any]] = {name: {} for name in ("globals", "collection", "environment", "data", "local")}
    scopes["environment"]["w"] = "old"
    result = engine.run(script_input(source, scopes=scopes), no_network)
    assert result.changes["environment"] == ScopeChanges(set={"v": 1}, unset=("w",))
    assert result.changes["local"].set == {"l": 2}


def test_a_script_that_takes_too_much_memory_is_stopped(script_input):
    """Memory without end is refused."""
    limits = Limits(memory_bytes=16 * 1024 * 1024)
    engine = ScriptEngine(sleep=lambda _seconds: None, limits=limits)
    (error,) = errors(
        engine.run(script_input("const a = []; for (;;) a.push('x'.repeat(1000) + a.length);"), no_network)
    )
    assert error == f"the script used more than 16 MiB of memory; --script-memory MIB gives it more{FRESH}"


def test_a_script_that_sends_without_end_is_stopped(script_input):
    """Requests without end are refused."""
    engine = ScriptEngine(sleep=lambda _seconds: None, limits=Limits(requests=5))
    sent = []

    def send(message):
        sent.append(message)
        return {"error": "refused"}

    result = engine.run(script_input("(function again() { pm.sendRequest('http://h', again); })()"), send)
    assert errors(result) == [f"the script sent more than 5 requests{FRESH}"]
    assert len(sent) == 5


def test_timers_wait_through_the_injected_sleep(run, slept):
    """Timers fire in the order of their time; the waits between them are handed to sleep."""
    result = run("""
        setTimeout(() => console.log("second", new Date().toISOString()), 2000);
        setTimeout(() => console.log("first"), 500);
        const off = setTimeout(() => console.log("never"), 100); clearTimeout(off);
        setImmediate(() => console.log("at once"));
    """)
    texts = [record.text for record in result.records if isinstance(record, ConsoleLine)]
    assert texts == ["at once", "first", "second 2023-11-14T22:13:22.000Z"]
    assert [round(seconds, 1) for seconds in slept] == [0.5, 1.5]


def test_waiting_by_looking_at_the_clock_is_waiting(run, slept):
    """The loop that people write to wait ends, and is waited for once the script is done."""
    run("const start = Date.now(); while (Date.now() - start < 1000) {}")
    assert sum(slept) == pytest.approx(1.0, abs=0.01)


def test_waiting_longer_than_the_limit_is_an_error(run, slept):
    """A wait past the limit ends the script instead of the user's patience."""
    assert errors(run("setTimeout(() => {}, 3600 * 1000);")) == [f"the script waits longer than 300 seconds{FRESH}"]
    assert slept == []
    assert errors(run("setInterval(() => {}, 10000);")) == [f"the script waits longer than 300 seconds{FRESH}"]


def test_checks_may_be_asynchronous(run):
    """Promises and done callbacks are waited for; those that never end have failed."""
    result = run("""
        pm.test("kept", async () => { await null; pm.expect(1).to.equal(1); });
        pm.test("broken", async () => { await null; pm.expect(1).to.equal(2); });
        pm.test("rejected", () => Promise.reject(new TypeError("no")));
        pm.test("done", (done) => setTimeout(done, 10));
        pm.test("done with an error", (done) => setTimeout(() => done(new Error("late")), 10));
        pm.test("throws before done", (done) => { throw new Error("early"); });
        pm.test("never", (done) => {});
        pm.test("no function");
        pm.test.skip("later", () => {});
    """)
    states = [(record.name, record.state, record.message) for record in result.records if isinstance(record, Check)]
    assert states == [
        ("kept", "passed", ""),
        ("broken", "failed", "expected 1 to equal 2"),
        ("rejected", "failed", "TypeError: no"),
        ("done", "passed", ""),
        ("done with an error", "failed", "Error: late"),
        ("throws before done", "failed", "Error: early"),
        ("never", "failed", "the check did not come to an end"),
        ("no function", "failed", "TypeError: pm.test needs a function as its second argument"),
        ("later", "skipped", ""),
    ]


RESPONSE = {
    "id": "x",
    "code": 201,
    "status": "Created",
    "time": 1,
    "size": 2,
    "headers": [],
    "text": '{"n": 1}',
    "cookies": [],
}


def test_requests_may_be_awaited_at_the_top_level(run):
    """pm.sendRequest gives a promise, which a script may await outside of any function."""
    sent = []

    def send(message):
        sent.append(message)
        return {"response": RESPONSE}

    result = run(
        "const r = await pm.sendRequest({url: 'http://h/a', method: 'POST'});"
        "pm.test('answered', () => pm.expect(r.json().n).to.equal(1));"
        "pm.test('again', () => pm.expect(r).to.have.status(201));",
        send=send,
    )
    assert checks(result) == {"answered": "passed", "again": "passed"}
    assert sent == [{"url": "http://h/a", "method": "POST"}]


def test_a_request_that_fails_rejects_its_promise_or_fills_the_error_of_its_callback(run):
    """Network errors reach the script, and an error in a callback is an error of the event."""
    result = run("""
        pm.test("rejected", async () => {
            let message = "";
            try { await pm.sendRequest("http://h"); } catch (error) { message = error.message; }
            pm.expect(message).to.equal("no network here");
        });
        pm.sendRequest("http://h", (error, response) => { console.log(error.message, response); response.code; });
    """)
    assert checks(result) == {"rejected": "passed"}
    assert ConsoleLine(level="log", text="no network here undefined") in result.records
    assert "cannot read property 'code' of undefined" in errors(result)[0]


def test_a_broken_schema_check_is_seen_at_its_place(run):
    """A schema that does not fit throws right there: code after it does not run, and it can be caught."""
    result = run("""
        const answer = pm.response.json();
        pm.test("stops at the check", () => {
            pm.expect(answer).to.have.jsonSchema({required: ["a"]});
            console.log("not reached");
        });
        let caught = "";
        try { pm.response.to.have.jsonSchema({type: "array"}); } catch (error) { caught = error.message; }
        pm.test("can be caught", () => pm.expect(caught).to.include("should be array"));
        pm.test("a later one that holds", () => pm.response.to.have.jsonSchema({type: "object"}));
        pm.environment.set("count", (pm.environment.get("count") || 0) + 1);
    """)
    assert checks(result) == {
        "stops at the check": "failed",
        "can be caught": "passed",
        "a later one that holds": "passed",
    }
    assert not any(isinstance(record, ConsoleLine) for record in result.records)
    assert result.changes["environment"].set == {"count": 1}


def test_chance_depends_on_the_seed_alone(run):
    """Math.random gives the same numbers for the same seed."""
    source = "console.log(Math.random(), Math.random());"
    first, second = run(source), run(source)
    assert first.records == second.records
    other = run(source, seed=8)
    assert other.records[0] != first.records[0]
    low, high = (float(part) for part in first.records[0].text.split())
    assert 0 <= low < 1
    assert low != high


def test_the_next_request_can_be_set_and_unset(run):
    """setNextRequest gives a name, null ends the run, and without it nothing is said."""
    assert (run("pm.execution.setNextRequest('b')").next_request, run("1").sets_next) == ("b", False)
    ended = run("postman.setNextRequest(null)")
    assert (ended.sets_next, ended.next_request) == (True, None)


def test_skipping_ends_the_scripts_at_once(run):
    """After skipRequest nothing of the script runs, and it is no error."""
    result = run(
        "pm.execution.skipRequest(); console.log('no');", "console.log('no');", event="prerequest", response=None
    )
    assert (result.skipped, result.records) == (True, ())


def test_a_changed_request_comes_back(run):
    """Headers, address, method and body of the request can be changed."""
    result = run("""
        pm.request.headers.upsert({key: "A", value: 1});
        pm.request.url = "http://other/y";
        pm.request.url.addQueryParams([{key: "p", value: "{{v}}"}]);
        pm.request.method = "PUT";
        pm.request.body = "text";
    """, event="prerequest", response=None)  # fmt: skip
    assert result.request == {
        "url": {"raw": "http://other/y?p={{v}}", "variable": []},
        "header": [{"key": "A", "value": "1"}],
        "method": "PUT",
        "body": {"mode": "raw", "raw": "text"},
    }


def test_nothing_of_the_machine_can_be_reached(run):
    """The sandbox offers neither files nor processes nor modules, and not the host's own functions."""
    result = run("""
        const known = ["process", "std", "os", "scriptArgs", "module", "exports", "fetch", "sandbox", "METHODS"];
        pm.test("none of them", () => pm.expect(known.filter((name) => name in globalThis)).to.eql([]));
    """)
    assert checks(result) == {"none of them": "passed"}
    assert "Error" in errors(run("await import('os')"))[0]


def test_text_of_any_kind_goes_in_and_out(run):
    """Characters beyond the basic plane survive; half a surrogate pair is replaced."""
    result = run("console.log(pm.response.text(), '\\ud83d', 'é\\u2028\\u0000');", response={"text": "日本 😀 '\"\\"})
    assert result.records[0].text == "日本 😀 '\"\\ \ufffd é\u2028\x00"


def test_the_limits_are_values(engine):
    """Limits can be set one by one."""
    assert attrs.evolve(engine.limits, cpu_seconds=1).memory_bytes == Limits().memory_bytes


def test_a_schema_cannot_reach_files_or_servers(run, tmp_path):
    """A reference that leads out of the schema is refused, wherever it leads."""
    (tmp_path / "s.json").write_text("true", encoding="utf-8")
    for uri in (f"file://{tmp_path}/s.json", "http://127.0.0.1:9/s.json"):
        result = run(f"pm.test('out', () => pm.response.to.have.jsonSchema({{$ref: '{uri}'}}));")
        (check,) = result.records
        assert check.state == "failed"
        assert "is outside of the schema" in check.message


@pytest.mark.parametrize(
    "thrown",
    [
        "{ get message() { throw 1; }, toString() { throw 2; }, get constructor() { throw 3; } }",
        "new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; }, getPrototypeOf() { throw 3; } })",
        "{ get message() { throw 1; } }",
        "Object.defineProperty(failed, 'expected', { get() { throw 1; } })",
        "Object.assign(failed, { expected: { get x() { throw 1; } } })",
    ],
)
@pytest.mark.parametrize("how", ["() => { throw evil; }", "async () => { throw evil; }", "(done) => done(evil)"])
def test_a_check_fails_whatever_is_thrown(run, thrown, how):
    """What cannot even be shown fails the check too, leaves no other error, and the next check runs."""
    failed = "let failed; try { pm.expect(1).to.equal(2); } catch (error) { failed = error; }"
    ran = run(f"{failed} const evil = {thrown}; pm.test('bad', {how}); pm.test('next', () => {{}});")
    states = [(record.name, record.state) for record in ran.records if isinstance(record, Check)]
    assert states == [("bad", "failed"), ("next", "passed")]
    assert not ran.failed


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("throw evil;", "script-error"),
        ("Promise.reject(evil);", "unhandled-rejection"),
        ("pm.sendRequest('http://h', () => { throw evil; });", "script-error"),
    ],
)
def test_what_a_script_throws_stops_no_sandbox(run, source, rule):
    """A proxy that throws when it is looked at is an error like any other, and what was set before stays."""
    evil = "new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 3; } })"
    ran = run(f"pm.environment.set('kept', 1); const evil = {evil}; {source}")
    assert [record.rule for record in ran.records if isinstance(record, ScriptError)] == [rule]
    assert ran.changes["environment"].set == {"kept": 1}


def test_a_value_that_is_no_json_costs_no_other_variable(run):
    """It is gone, with one error, and what else the script has set is there."""
    ran = run("pm.environment.set('big', 10n); pm.environment.set('token', 'x');")
    assert [record.message for record in ran.records] == [
        "Error: the value of big in the environment variables cannot be written as JSON: BigInt are forbidden in "
        "JSON.stringify"
    ]
    assert ran.changes["environment"].set == {"token": "x"}
    assert run("1").records == ()

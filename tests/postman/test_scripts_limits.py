"""Bounds of scripts: what they may write, keep, hand out and be given."""

from __future__ import annotations

import json

import pytest

from umapi_harness.postman.scripts import Check, ConsoleLine, Limits, ScriptEngine, ScriptError


@pytest.fixture
def run_within(script_input):
    """Runs one script within limits of the test's own."""

    def run(limits, source, **changes):
        engine = ScriptEngine(sleep=lambda _seconds: None, limits=limits)
        return engine.run(script_input(source, **changes), lambda _message: {"error": "no"})

    return run


def errors(result):
    return [(one.rule, one.message) for one in result.records if isinstance(one, ScriptError)]


def test_console_lines_and_checks_are_counted(run_within):
    """Past the bound nothing more is kept, and the report says so once."""
    limits = Limits(console_lines=3, checks=2, console_characters=100)
    result = run_within(limits, "for (let i = 0; i < 9; i++) console.log(i);")
    assert [record.text for record in result.records if isinstance(record, ConsoleLine)] == ["0", "1", "2"]
    assert errors(result) == [("limit", "more than 3 console lines in one event")]
    result = run_within(limits, "for (let i = 0; i < 9; i++) pm.test('t' + i, () => {});")
    assert [record.name for record in result.records if isinstance(record, Check)] == ["t0", "t1"]
    assert errors(result) == [("limit", "more than 2 checks in one event")]
    result = run_within(limits, "console.log('x'.repeat(99)); console.log('yy');")
    assert errors(result) == [("limit", "more than 100 characters on the console in one event")]


def test_what_scripts_hand_out_is_nested_within_bounds(run_within):
    """Values of variables and requests that are nested without end are refused where they are handed out."""
    deep = "let a = []; for (let i = 0; i < 5000; i++) a = [a];"
    for source in (
        "pm.environment.set('a', a);",
        "pm.variables.set('a', a);",
        "pm.sendRequest({url: 'http://h', body: {mode: 'urlencoded', urlencoded: a}});",
        "pm.variables.replaceIn(a);",
        "const own = {}; own.own = own; pm.globals.set('a', own);",
    ):
        (error,) = errors(run_within(Limits(), f"pm.test('before', () => {{}}); {deep} {source}"))
        assert "is nested deeper than 500 levels" in error[1]
    changed = run_within(Limits(), f"pm.globals.set('o', {{}}); const o = pm.globals.get('o'); {deep} o.a = a;")
    assert "is nested deeper than 500 levels" in errors(changed)[0][1]


def test_answers_that_are_nested_without_end_are_an_error_of_who_reads_them(run_within):
    """JSON of 50,000 brackets ends the script and nothing else."""
    (error,) = errors(run_within(Limits(), "pm.response.json()", response={"text": "[" * 50_000}))
    assert "Maximum call stack size exceeded" in error[1]


def test_memory_that_runs_out_is_told_as_a_limit(run_within):
    """The message names the bound, whether the script noticed or not."""
    source = "const a = []; for (;;) a.push('x'.repeat(1000) + a.length);"
    ((rule, message),) = errors(run_within(Limits(memory_bytes=32 * 2**20), source))
    assert (rule, message.split(";")[0]) == ("limit", "the script used more than 32 MiB of memory")


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("throw null;", "script-error"),
        ("const reason = null; throw reason;", "script-error"),
        ("setTimeout(() => { throw null; }, 1);", "script-error"),
        ("Promise.reject(null);", "unhandled-rejection"),
    ],
)
def test_a_script_may_throw_null(script_input, source, rule):
    """That is an error like any other, and what was left in global names stays; the engine throws it without memory."""
    engine = ScriptEngine(sleep=lambda _seconds: None)
    first = engine.run(script_input(f"kept = 1; {source}"), lambda _message: {})
    assert errors(first) == [(rule, "Error: null was thrown")]
    later = engine.run(script_input("pm.test('kept', () => pm.expect(kept).to.equal(1));"), lambda _message: {})
    assert [(one.name, one.state) for one in later.records if isinstance(one, Check)] == [("kept", "passed")]


def test_memory_that_runs_out_in_a_script_that_throws_errors_is_a_limit(run_within):
    """Small objects fill it to the last byte, so that there is none for an error."""
    source = "let last = null; if (pm.expect === undefined) throw new Error('no'); for (;;) last = { last };"
    ((rule, message),) = errors(run_within(Limits(memory_bytes=16 * 2**20), source))
    assert (rule, message.split(";")[0]) == ("limit", "the script used more than 16 MiB of memory")


@pytest.mark.parametrize("event", ["prerequest", "test"])
@pytest.mark.parametrize(
    "source",
    [
        "pm.request.body = ODD;",
        "pm.request.auth = ODD;",
        "pm.request.url.path = ODD;",
        "pm.sendRequest(ODD, () => {});",
    ],
)
def test_a_request_that_cannot_be_written_is_an_error_of_the_script(run_within, source, event):
    """No limit is reached, and what else the script did stays."""
    odd = "({ toJSON() { throw new Error('odd'); }, toString() { throw new Error('odd'); } })"
    result = run_within(Limits(), f"pm.globals.set('kept', 1); {source.replace('ODD', odd)}", event=event)
    assert [rule for rule, _ in errors(result)] in ([], ["script-error"])
    assert result.changes["globals"].set == {"kept": 1}


FILL = "let last = null; for (;;) last = { last };"


@pytest.mark.parametrize(
    "source",
    [
        f"try {{ {FILL} }} catch (error) {{ throw error; }}",
        f"try {{ {FILL} }} catch (e) {{ console.log('no'); throw e; }}",
        f"new Promise((done) => {{ {FILL} }}).catch((why) => {{ throw why; }})",
    ],
)
def test_memory_that_runs_out_and_is_thrown_on_is_a_limit(run_within, source):
    """What a script has caught and throws again is the engine's null, not one of its own."""
    found = errors(run_within(Limits(memory_bytes=16 * 2**20), source))
    assert [(rule, message.split(";")[0]) for rule, message in found] == [
        ("limit", "the script used more than 16 MiB of memory")
    ]


def test_a_check_tells_that_memory_has_run_out(run_within):
    """It fails by that, not by a null that nobody threw."""
    result = run_within(Limits(memory_bytes=16 * 2**20), f"pm.test('fills', () => {{ {FILL} }});")
    (check,) = [one for one in result.records if isinstance(one, Check)]
    assert (check.state, check.message.split(";")[0]) == ("failed", "the script used more than 16 MiB of memory")


def test_timers_share_the_time_of_their_event(run_within):
    """A timer that starts the next one forever is stopped by the bound of processor time or of waiting."""
    limits = Limits(cpu_seconds=0.3, wait_seconds=5)
    (first,) = errors(run_within(limits, "(function again() { setTimeout(again, 0); })();"))
    assert first[0] == "limit"
    (second,) = errors(run_within(limits, "setInterval(() => { let n = 0; while (n < 1e5) n++; }, 1);"))
    assert second[0] == "limit"


def test_a_large_answer_may_need_more_than_the_limit_of_memory(run_within):
    """What an answer takes to be read is added to what a script may use."""
    users = [{"email": f"user{number}@example.com", "status": "active"} for number in range(60_000)]
    source = "pm.test('all', () => pm.expect(pm.response.json().length).to.equal(60000));"
    result = run_within(Limits(memory_bytes=4 * 2**20), source, response={"text": json.dumps(users)})
    assert [record.state for record in result.records if isinstance(record, Check)] == ["passed"]


def test_texts_of_reports_are_cut(run_within):
    """A line, a name or a message of megabytes is cut, for nobody reads it."""
    result = run_within(
        Limits(), "console.log('x'.repeat(5e6)); pm.test('n'.repeat(5e6), () => { throw 'y'.repeat(5e6); });"
    )
    assert all(len(text) <= 100_001 for record in result.records for text in vars_of(record))


def vars_of(record):
    return [record.text] if isinstance(record, ConsoleLine) else [record.name, record.message]

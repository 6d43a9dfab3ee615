"""The console report: rows while the run goes on, failures with both values, totals, any encoding, and its memory."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from rich.console import Console

from tests.postman.conftest import Ran
from umapi_events import exchange, plain_step, step, whole_run
from umapi_harness.postman import events
from umapi_harness.postman.rules import Rule
from umapi_harness.report.console import ConsoleReport
from umapi_harness.report.terminal import PlainConsole
from umapi_models.error_codes import ERROR_CODES


def printed(told: Iterable[events.Event], *, width: int = 100, **options: Any) -> str:
    """The console report as text."""
    out = io.StringIO()
    report = ConsoleReport(Console(file=out, width=width), **options)
    for event in told:
        report(event)
    report.close()
    return out.getvalue()


def test_the_table_has_a_row_for_each_request_and_tells_the_failures(mixed_run: Ran) -> None:
    """Rows show status, checks and time; failures name request, place, check, both values, what was sent and got."""
    text = printed(mixed_run.told)
    lines = text.splitlines()
    assert lines[0] == "C: 4 requests, 2 iterations"
    assert lines[1].split() == ["request", "status", "checks", "time"]
    assert lines[2] == "Folder"
    assert lines[3].startswith("  ✗ mixed")
    assert lines[3].split()[2:4] == ["200", "1/2"]
    assert any(line.split()[1:3] == ["skipped", "skip"] for line in lines)
    assert any(line.startswith("  ✓ plain") for line in lines)
    assert "iteration 2" in lines
    assert "  1. Folder / mixed  /item/0/item/0/event/0/script/exec" in lines
    assert "     bad [bold]x[/bold]: expected 'a\\u0001b' to equal 'c'" in text
    assert "sent: POST http://h/a" in text
    assert "sent body" in text
    assert 'got:  200 OK {"x":1}' in text
    assert "[warn] look here" in text
    assert "unresolved-variable: no value for {{nothing}}" in text
    assert "Folder / unresolved (iteration 2)" in text
    assert lines[-1].startswith(
        "FAILED: 8 requests, 4 not sent (2 skipped by a script), 2 checks passed, 2 checks failed, 2 errors, "
        "2 checks skipped in "
    )


def test_a_failure_tells_what_took_effect_and_when_to_come_back() -> None:
    """An answer that is lost leaves its change, and one that refuses its Retry-After: both stand below the failure."""
    one, two = step(1), step(2)
    lost = [
        next(exchange(one, 1)),
        events.RequestFailed(step=one, exchange=1, message="reset"),
        events.ErrorRaised(step=one, kind=Rule.NETWORK, message="reset", pointer="/item/0/request"),
        events.OrganizationChanged(step=one, changes=("user a@example.com\n: added",)),
        events.RequestFinished(step=one),
    ]
    sent, came = exchange(two, 2, status=429, answer="")
    assert isinstance(came, events.ResponseReceived)
    busy = msgspec.structs.replace(came, headers=(("retry-after", "1800"),))
    failed = events.CheckFailed(step=two, name="n", message="m", pointer="/item/1/event/0/script/exec")
    lines = printed(whole_run([lost, [sent, busy, failed, events.RequestFinished(step=two)]])).splitlines()
    assert lines[lines.index("     got:  no answer: reset") + 1] == "     changed: user a@example.com\\n: added"
    assert "     got:  429 Refused (Retry-After: 1800)" in lines


@pytest.mark.parametrize(("headers", "code"), [((("X-Api-Key", "•••"),), "403003"), ((("Accept", "*/*"),), "403000")])
def test_a_refusal_without_a_body_leads_to_the_api_key(headers: tuple[tuple[str, str], ...], code: str) -> None:
    """The gateway answers a key that is missing or unknown with 403 and nothing else; others have other reasons."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="n", message="m", pointer="/item/0")
    for path, told in (("/v2/usermanagement/groups/1@AdobeOrg/0", True), ("/login", False)):
        refused = exchange(one, 1, status=403, answer=" ", headers=headers, url=f"https://umapi.example{path}")
        text = printed(whole_run([[*refused, failed, events.RequestFinished(step=one)]]))
        assert (f"{code}: {ERROR_CODES[code].meaning} {ERROR_CODES[code].remedy}" in text) is told


def test_a_message_of_several_lines_has_no_empty_ones_and_no_line_ends_in_blanks() -> None:
    """An answer without a body is its status and reason, and what a parser says of it leaves no gaps."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="n", message="No data\n\n  here", pointer="/item/0/event/0/script/exec")
    lines = printed(whole_run([[*exchange(one, 1, answer=""), failed, events.RequestFinished(step=one)]])).splitlines()
    at = lines.index("     n: No data")
    assert lines[at + 1] == "       |   here"
    assert "     got:  200 OK" in lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_file_has_the_lines_of_a_terminal_without_their_styles(mixed_run: Ran) -> None:
    """What is written to no terminal says the same, blank for blank, as what a terminal is shown."""
    out = io.StringIO()
    report = ConsoleReport(Console(file=out, width=100, force_terminal=True, color_system="standard"), verbose=True)
    for event in mixed_run.told:
        report(event)
    assert printed(mixed_run.told, verbose=True) == re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_without_a_terminal_each_line_is_what_rich_would_print(
    mixed_run: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tabs, markup and controls too: that rich is not loaded shows nowhere."""
    one = step(1)
    written = events.ConsoleMessage(step=one, level="log", text="a\tb [red]c :smile:\x1b[1m\r\né")
    odd = [*exchange(one, 1), written, events.RequestFinished(step=one)]
    for told in (mixed_run.told, list(whole_run([odd]))):
        report = ConsoleReport(PlainConsole(width=100), verbose=True)
        for event in told:
            report(event)
        report.close()
        assert capsys.readouterr().out == printed(told, verbose=True)


def test_totals_say_what_newman_s_say_and_name_the_rules_and_the_slowest(mixed_run: Ran) -> None:
    """Iterations, requests and checks with those that failed; bytes, times, broken rules, and where time went."""
    lines = printed(mixed_run.told).splitlines()
    rows = [line.split() for line in lines]
    assert ["total", "failed", "skipped"] in rows
    assert ["iterations", "2", "2"] in rows
    assert ["requests", "8", "2", "2"] in rows
    assert ["checks", "6", "2", "2"] in rows
    assert "rules broken: unresolved-variable 2" in lines
    assert "received: 28 B" in lines
    assert any(line.startswith("answers: ") and line.endswith(" ms") for line in lines)
    assert any(line.startswith("slowest: ") and line.count(" ms") == 3 for line in lines)


def test_a_narrow_table_cuts_names_and_a_verbose_one_shows_the_console(mixed_run: Ran) -> None:
    """Rows fit the width of the terminal; what scripts write is shown under its request when asked for."""
    rows = [
        line for line in printed(mixed_run.told, width=60).splitlines() if line[2:3] in "✓✗-" and line.startswith("  ")
    ]
    assert rows
    assert all(len(row) <= 60 for row in rows)
    assert "      [warn] look here" in printed(mixed_run.told, verbose=True)


def test_both_values_of_a_failed_check_stand_below_each_other() -> None:
    """Also those of many lines."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="same", message="not equal", expected='{\n  "a": 1\n}', actual="{}")
    text = printed(whole_run([[*exchange(one, 1), failed, events.RequestFinished(step=one)]]))
    assert (
        '     same: not equal\n       expected: {\n               |   "a": 1\n               | }\n       actual:   {}\n'
        in text
    )


def test_verbose_shows_every_exchange_with_its_cause_and_what_changed() -> None:
    """Calls of scripts, hops of redirects, and changes of the organisation are told under their request."""
    one = step(1)
    told = [
        *exchange(one, 1, cause=events.Cause.SCRIPT),
        *exchange(one, 2, status=302),
        *exchange(one, 3, cause=events.Cause.REDIRECT),
        events.OrganizationChanged(step=one, changes=("user a@example.com added",)),
        events.RequestFinished(step=one),
    ]
    lines = printed(whole_run([told]), verbose=True).splitlines()
    assert "      GET https://umapi.example/v2/users/1 200 20 ms (pm.sendRequest)" in lines
    assert "      GET https://umapi.example/v2/users/2 302 20 ms" in lines
    assert "      GET https://umapi.example/v2/users/3 200 20 ms (redirect)" in lines
    assert "      changed: user a@example.com added" in lines
    assert "(script)" not in printed(whole_run([told]))


@pytest.mark.parametrize(("encoding", "mark"), [("ascii", "FAIL"), ("cp1252", "FAIL"), ("utf-8", "✗"), ("utf-16", "✗")])
def test_pass_and_fail_are_told_apart_in_any_encoding(mixed_run: Ran, encoding: str, mark: str) -> None:
    """What a stream cannot show is written in words and escapes, and nothing is lost or raised."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    report = ConsoleReport(Console(file=out, width=100))
    for event in mixed_run.told:
        report(event)
    text = raw.getvalue().decode(encoding)
    assert f"  {mark} mixed" in text
    assert ("✓" in text) is (mark == "✗")


def test_no_answer_writes_to_the_terminal_as_it_likes() -> None:
    """Control characters are shown as signs, wherever they come from."""
    one = step(1, name="\x1b[2Jname")
    failed = events.CheckFailed(step=one, name="\x07", message="\x1b]0;title\x07", expected="\x9b", actual="\r")
    text = printed(whole_run([[*exchange(one, 1, answer="\x1bc"), failed, events.RequestFinished(step=one)]]))
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(text)


def test_ascii_is_all_there_is_where_it_is_asked_for() -> None:
    """Names, masks and marks are all written in ASCII."""
    one = step(1, name="Größe •••")
    text = printed(whole_run([[*exchange(one, 1), events.RequestFinished(step=one)]]), ascii_only=True)
    assert text.isascii()
    assert "Gr\\xf6\\xdfe ***" in text


def test_a_terminal_shows_the_request_that_goes_on_and_leaves_no_line_of_it() -> None:
    """Done, expected and failed ones are told while the run goes on; a piped report has none of that."""
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    report = ConsoleReport(console, live=True)
    told = list(whole_run([plain_step(1, failing=True), plain_step(2)]))
    for event in told[:2]:
        report(event)
    assert "0/2  Users / Part 1 / request 1" in out.getvalue()
    for event in told[2:]:
        report(event)
    report.close()
    assert out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h") == 1
    assert "\x1b" not in printed(told)


def test_a_long_run_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of requests with answers of 50 kB, 75 MB in all, nothing is kept but what the end tells of failures."""
    out = io.StringIO()
    report = ConsoleReport(Console(file=out, width=100))
    monkeypatch.setattr(out, "write", len)

    def told() -> Iterable[events.Event]:
        for number in range(1, 1_501):
            one = step(number)
            yield from exchange(one, number, answer=f"{number:050000}")
            failed = number % 10 == 0
            yield (
                events.CheckFailed(step=one, name="c", message="no")
                if failed
                else events.CheckPassed(step=one, name="c")
            )
            yield events.RequestFinished(step=one)

    tracemalloc.start()
    try:
        for event in told():
            report(event)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_of_very_many_failures_the_number_is_told() -> None:
    """The end names the first 500 requests that failed, and counts the others."""
    text = printed(whole_run([plain_step(number, failing=True) for number in range(1, 521)]))
    assert "  500. " in text
    assert "  501. " not in text
    assert "… and 20 more; the reports in files tell of all" in text


def test_allowed_rules_and_notes_are_told(
    run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any]
) -> None:
    """What was allowed stands under its request, in yellow on a terminal, and in the sum."""
    checked = item("a", "http://h/{{nothing}}", test="pm.test('t', () => {});")
    ran = run_collection(collection_of(checked), allowed=frozenset({Rule.UNRESOLVED_VARIABLE}))
    text = printed(ran.told)
    assert "      allowed: unresolved-variable: no value for {{nothing}}: sent as it stands" in text
    assert "1 error allowed (unresolved-variable 1)" in text


def test_nothing_that_others_say_is_a_command_of_a_ci_service() -> None:
    """Logs, messages, values and names that look like commands of GitHub, Azure or TeamCity are none in the console."""
    one = step(1)
    hostile = "l1\n::error::a\n  ::add-mask::b\n##[group]c\nd ##vso[task.setvariable]e\n##teamcity[buildStop]"
    failed = events.CheckFailed(
        step=one, name="::error::n", message=hostile, pointer="/item/0", expected=hostile, actual="##[error]"
    )
    messages = (failed, events.ConsoleMessage(step=one, level="log", text=hostile))
    told = [*whole_run([[*exchange(one, 1, answer="::warning::x"), *messages, events.RequestFinished(step=one)]])]
    for verbose in (False, True):
        text = printed(told, verbose=verbose)
        commands = [line for line in text.splitlines() if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]
        assert commands == []
        assert "      [log] l1\n      | ::error::a\n" in text
        assert r"     \x3a:error::n: l1" in text
        assert r"| d #\x23vso[task.setvariable]e" in text


def test_what_a_script_logs_is_shown_as_by_newman_within_a_bound() -> None:
    """The lines of a request that passed stand below its row; past fifty their number, with -v all of them."""
    one = step(1)
    lines = [events.ConsoleMessage(step=one, level="log", text=f"line {n}") for n in range(60)]
    told = [*whole_run([[*exchange(one, 1), *lines, events.RequestFinished(step=one)]])]
    text = printed(told)
    assert "      [log] line 49\n      … and 10 more of the console; -v shows all\n" in text
    assert "line 50" not in text
    assert "      [log] line 59\n" in printed(told, verbose=True)


def test_verbose_names_the_checks(mixed_run: Ran) -> None:
    """Below each row stand its checks with their marks; otherwise the row has their number."""
    lines = printed(mixed_run.told, verbose=True).splitlines()
    row = next(n for n, line in enumerate(lines) if line.startswith("  ✗ mixed"))
    names = [line.strip() for line in lines[row + 1 : row + 4]]
    assert [name[0] for name in names] == ["✓", "✗", "-"]
    assert not any(line.startswith("      ✓") for line in printed(mixed_run.told).splitlines())


def test_what_the_runner_did_to_a_request_stands_with_its_failures() -> None:
    """A change that was sent as a test explains a check on what it changed."""
    one = step(1)
    note = "sent with testOnly=true, so that nothing changes"
    failed = events.CheckFailed(step=one, name="completed", message="m", pointer="/item/0/event/0/script/exec")
    told = [*exchange(one, 1), events.NoteTaken(step=one, text=note), failed, events.RequestFinished(step=one)]
    _, _, after = printed(whole_run([told])).partition("\nFailures\n")
    assert f"\n     note: {note}\n" in after


def wanting(number: int, *names: str, checks: int = 1) -> list[events.Event]:
    """The events of a step with failed checks, and a broken rule for each variable that had no value."""
    one = step(number)
    return [
        *(
            events.ErrorRaised(step=one, kind=Rule.UNRESOLVED_VARIABLE, message="m", pointer="/p", variables=(name,))
            for name in names
        ),
        *exchange(one, number),
        *(events.CheckFailed(step=one, name=f"c{check}", message="m", pointer="/p") for check in range(checks)),
        events.RequestFinished(step=one),
    ]


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        (
            [wanting(1), wanting(2, "org_id"), wanting(3, "org_id", "group"), wanting(4, "org_id", "group")],
            "8 of 9 failures come from requests that had no value for org_id, 6 for group",
        ),
        (
            [wanting(1, "b", "a"), wanting(2, "b", "a")],
            "6 of 6 failures come from requests that had no value for a, b",
        ),
        ([wanting(1, "org_id", checks=9), wanting(2)], None),
        ([wanting(1, "org_id"), wanting(2, "org_id")], None),
        ([wanting(1, "org_id"), wanting(2, "org_id"), wanting(3, "org_id"), wanting(4, checks=6)], None),
    ],
)
def test_failures_with_one_cause_begin_with_it(steps: list[list[events.Event]], cause: str | None) -> None:
    """Where several requests, and most of many failures, lack a value of one variable; else nothing is said."""
    lines = printed(whole_run(steps)).splitlines()
    first = lines[lines.index("Failures") + 1]
    assert first == f"  {cause}" if cause else first.startswith("  1. ")

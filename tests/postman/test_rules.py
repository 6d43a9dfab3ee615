"""Rules: what fails a run that its checks would let pass."""

from __future__ import annotations

import json

import pytest

from umapi_harness.common.errors import InputError
from umapi_harness.contract.judges.runs import judge_answer
from umapi_harness.postman import events
from umapi_harness.postman.oversight import Answered
from umapi_harness.postman.rules import FACTS, allowed_rules
from umapi_rule_page import PAGE, render
from umapi_web import reply

CHECK = "pm.test('x', () => {});"
ACTION = "http://usermanagement.adobe.io/v2/usermanagement/action/1@AdobeOrg"
DONE = {"result": "success", "completed": 1, "notCompleted": 0, "completedInTestMode": 0}
PARTIAL = {"result": "partial", "completed": 1, "notCompleted": 1, "completedInTestMode": 0}


def kinds(ran, *, allowed: bool = False) -> list[str]:
    """The rules that a run has broken, in order."""
    return [event.kind for event in ran.of(events.ErrorRaised) if event.allowed is allowed]


@pytest.fixture
def answered(web, run_collection, collection_of, item):
    """Runs one request that is answered as told, and returns the run."""

    def run(test: str, status: int = 200, body: object = None, *, outer: str = "", url: str = "http://h/x", **more):
        web.always(reply(status, json_={} if body is None else body, X_Request_Id="1"))
        event = [{"listen": "test", "script": {"exec": [outer]}}] if outer else []
        request = {"url": url, "method": "POST" if "action" in url else "GET"}
        return run_collection(collection_of(item("a", request, test=test), event=event), **more)

    return run


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h/action/{{org}}", "/action/"),
        ("{{base}}/users", "//users"),
        ("http://h/{{org}}{{other}}/x?a={{org}}", "//x"),
        ({"raw": "http://h/users/:org/0", "variable": [{"key": "org", "value": "{{org}}"}]}, "/users/:org/0"),
    ],
)
def test_an_empty_variable_that_leaves_a_hole_in_a_path_is_told(web, run_collection, collection_of, item, url, path):
    """By its name, by what set it, and with the path; --allow lets it pass, and it is sent as it stands."""
    environment = {"org": "", "other": "", "base": "http://h/{{org}}"}
    collection = collection_of(item("a", {"url": url}, test=CHECK))
    ran = run_collection(collection, env=environment)
    errors = [one for one in ran.of(events.ErrorRaised) if one.kind == "empty-variable"]
    assert errors[0].message == (
        f"{{{{org}}}} is empty and leaves a part of the path http://h{path} empty: sent as it stands; "
        "set it in the environment or the data, or with --env-var NAME=VALUE"
    )
    assert ran.summary.sent == 1
    allowed = run_collection(collection, env=environment, allowed=allowed_rules(["empty-variable"], []))
    assert (allowed.summary.errors, allowed.summary.sent) == (0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://h/users{{org}}/x",
        "http://h{{org}}/x",
        "http://h/x?org={{org}}",
        "http://h//x/",
        "http://h/x/#/{{org}}/",
        {"raw": "http://h/:org", "variable": [{"key": "org", "value": "a{{org}}"}]},
    ],
)
def test_a_path_that_is_whole_breaks_no_rule(web, run_collection, collection_of, item, url):
    """Empty variables elsewhere, in queries and beside other characters, are what the collection wants."""
    headers = [{"key": "X-A", "value": "{{org}}"}]
    ran = run_collection(collection_of(item("a", {"url": url, "header": headers}, test=CHECK)), env={"org": ""})
    assert kinds(ran) == []


def test_nothing_is_changed_in_an_organisation_without_a_name(web, run_collection, collection_of, item):
    """A change with an empty organisation is not sent, nor is one of a script; what set the variable is told."""
    url = "http://127.0.0.1/v2/usermanagement/action/{{org}}"
    first = item("first", "http://h/x", test=f"pm.environment.set('org', ''); {CHECK}")
    request = {"url": url, "method": "POST"}
    send = f"pm.sendRequest({json.dumps(request)}, () => {{}});"
    ran = run_collection(collection_of(first, item("a", request, before=send, test=CHECK)))
    errors = ran.of(events.ErrorRaised)
    assert [one.kind for one in errors] == ["empty-variable", "empty-variable"]
    assert "{{org}} is empty, as test script of first has it, and leaves" in errors[1].message
    assert "not sent, for it would change the organisation" in errors[1].message
    assert [one.step.name for one in ran.of(events.RequestSent)] == ["first"]


@pytest.mark.parametrize(
    ("test", "broken"),
    [
        ("", ["http-error"]),
        (CHECK, ["http-error"]),
        ("pm.test('quick: status code', () => pm.expect(pm.response.responseTime).to.be.below(500));", ["http-error"]),
        ("pm.test('id', () => pm.response.to.have.header('X-Request-Id')); // pm.response.code", ["http-error"]),
        ("pm.test('gone', () => pm.response.to.have.status(404));", []),
        ("const body = pm.response.json(); pm.test('x', () => pm.expect(body).to.be.an('object'));", []),
        ("tests['gone'] = responseCode.code === 404;", []),
        (f"pm.variables.get('n') ? {CHECK[:-1]} : pm.response.code && postman.setNextRequest('a');"
         f"pm.variables.set('n', 1); pm.response.code;", []),
        ("if (pm.response.code === 404) postman.setNextRequest(null);", ["http-error"]),
        ("pm.test('x', () => utils.gone());", []),
        (f"const unused = () => pm.response.code; {CHECK}", ["http-error"]),
        (f"if (false) pm.response.json(); {CHECK}", ["http-error"]),
        (f"const {{ ['co' + 'de']: seen }} = pm.response; {CHECK}", []),
        (f"const p = pm; const r = p['res' + 'ponse']; {CHECK[:-1]}; r.text();", []),
        (f"pm.response.size(); pm.response.headers.get('x'); pm.response.responseTime; {CHECK}", ["http-error"]),
        (f"setTimeout(() => {{ if (responseBody) {CHECK} }}, 1);", []),
        (f"pm.sendRequest('http://h/y', (error, other) => {{ other.code; {CHECK} }});", ["http-error"]),
        ("pm.test('{}', () => pm.response.to.have.jsonSchema({ type: 'object' }));", []),
        ("const own = (n) => n; [1].forEach((n) => pm.test('x' + own(n), () => {}));", ["http-error"]),
    ],
)  # fmt: skip
def test_an_error_that_no_check_looks_at_fails_the_run(answered, test, broken):
    """A 404 is expected where a check sees status or body, or a script deals with it; else it breaks a rule."""
    assert kinds(answered(test, 404)) == broken


@pytest.mark.parametrize("look", ["stream", "dataURI()", "toJSON()"])
@pytest.mark.parametrize("body", [b"{}", b"\xff\x00"])
def test_bytes_are_looked_at_as_well(web, run_collection, collection_of, item, look, body):
    """A check of an error's bytes sees the body, whether or not that is text."""
    web.always(reply(404, text=body))
    test = f"pm.test('x', () => pm.expect(pm.response.{look}).to.be.ok);"
    assert kinds(run_collection(collection_of(item("a", "http://h/x", test=test)))) == []


def test_a_function_of_another_script_looks_for_the_script_that_calls_it(answered):
    """What counts is who reads status or body when, not in whose text that stands."""
    outer = "looks = () => pm.response.code; ignores = () => pm.info.requestName;"
    assert kinds(answered("pm.test('x', () => looks());", 404, outer=outer)) == []
    assert kinds(answered("pm.test('x', () => ignores());", 404, outer=outer)) == ["http-error"]


def test_a_check_of_the_whole_collection_makes_no_error_expected(answered):
    """That every answer has a header says nothing of a 500; the event names request and place."""
    outer = "pm.test('id', () => pm.response.to.have.header('X-Request-Id'));"
    ran = answered("console.log(1);", 500, outer=outer)
    (error,) = ran.of(events.ErrorRaised)
    assert (error.kind, error.pointer, error.step.name) == ("http-error", "/item/0/request", "a")


def test_a_failed_check_says_enough(answered):
    """Nothing more is told of the status where a check has failed."""
    assert kinds(answered("pm.test('x', () => pm.expect(1).to.equal(2));", 500)) == []


@pytest.mark.parametrize(
    ("test", "broken"),
    [("", ["no-checks"]), ("pm.test.skip('x', () => {});", ["no-checks"]), (CHECK, [])],
)
def test_a_run_without_checks_fails(answered, test, broken):
    """Nothing checked, or all of it skipped, is no success; the error belongs to the run."""
    ran = answered(test)
    assert kinds(ran) == broken
    assert [event.step for event in ran.of(events.ErrorRaised)] == [None] * len(broken)
    assert ran.summary.passed is not broken


def test_a_run_that_sends_nothing_fails(run_collection, collection_of, item):
    """A run in which every request is skipped says so."""
    ran = run_collection(collection_of(item("a", "http://h", before="pm.execution.skipRequest();")))
    assert ran.problems[0].startswith("no request was sent, and nothing was checked; ")
    assert not ran.summary.passed


def test_what_is_allowed_is_told_and_counted_and_fails_nothing(answered):
    """Allowed errors are events as well, and the summary counts them by rule."""
    ran = answered("", 500, allowed=allowed_rules(["http-error", "no-checks"], []))
    assert kinds(ran, allowed=True) == ["http-error", "no-checks"]
    assert ran.summary.passed
    assert (ran.summary.errors, ran.summary.allowed) == (0, 2)
    assert ran.summary.allowed_rules == {"http-error": 1, "no-checks": 1}


def test_newman_s_own_rules_are_not_allowed_with_newman(web, run_collection, collection_of, item):
    """What Newman fails on fails here whatever it is compared with."""
    assert {rule for rule, facts in FACTS.items() if not facts.newman}.isdisjoint(allowed_rules(["newman"], []))
    web.always(reply(500))
    collection = collection_of(item("a", "http://h", test="nope();"))
    assert kinds(run_collection(collection, allowed=allowed_rules(["newman"], []))) == ["script-error"]


def test_a_name_that_is_no_rule_is_bad_input():
    """The known names are listed."""
    with pytest.raises(
        InputError, match=r"--allow: 'http_error' is no rule that can be allowed; the rules are http-error, no-checks"
    ):
        allowed_rules(["http_error"], [])
    with pytest.raises(InputError, match="--deny: 'newman' is no rule that"):
        allowed_rules([], ["newman"])


def test_requests_that_setnextrequest_drops_are_noted_or_denied(web, run_collection, collection_of, item):
    """The note counts what did not run; denied, it is an error; at the end nothing is left."""
    web.always(reply(200))
    stop = CHECK + "postman.setNextRequest(null);"
    collection = collection_of(item("a", "http://h", test=stop), item("b", "http://h"), item("c", "http://h"))
    ran = run_collection(collection)
    told = "setNextRequest(null) ends the iteration; requests after this one that do not run: 2"
    assert [note.text for note in ran.of(events.NoteTaken)] == [told]
    assert ran.summary.passed
    assert kinds(run_collection(collection, allowed=allowed_rules([], ["requests-left"]))) == ["requests-left"]
    assert run_collection(collection_of(item("a", "http://h", test=stop))).of(events.NoteTaken) == []


def test_a_script_that_listens_to_nothing_fails_the_run(web, run_collection, collection_of, item):
    """A slip in the name of an event is told with its place; disabled and empty ones are nothing."""
    script = {"exec": [CHECK]}
    slips = [{"listen": "tests", "script": script}, {"listen": "x", "script": script, "disabled": True}]
    folder = {"name": "F", "event": slips, "item": [item("a", "http://h", test=CHECK)]}
    web.always(reply(200))
    ran = run_collection(collection_of(folder))
    (error,) = ran.of(events.ErrorRaised)
    assert (error.kind, error.pointer) == ("unknown-event", "/item/0/event/0")
    assert error.message == "a script listens to 'tests' and never runs; the events are prerequest and test"


@pytest.mark.parametrize(
    ("test", "body", "broken"),
    [
        ("pm.test('x', () => pm.response.to.be.ok);", PARTIAL, ["not-completed"]),
        ("pm.test('x', () => pm.expect(pm.response.json().result).to.equal('partial'));", PARTIAL, []),
        ("pm.test('x', () => pm.expect(1).to.equal(2));", PARTIAL, []),
        ("pm.test('x', () => pm.response.to.be.ok);", DONE, []),
        ("pm.test('x', () => pm.response.to.be.ok);", {**DONE, "completed": "one"}, ["schema"]),
        ("pm.test('x', () => pm.response.to.be.ok);", {"result": "error"}, ["schema", "not-completed"]),
    ],
)  # fmt: skip
def test_answers_of_the_api_are_judged_by_its_contract(answered, test, body, broken):
    """An answer that breaks its schema fails the run, and commands that were not completed unless a check looks."""
    assert kinds(answered(test, body=body, url=ACTION, judges=(judge_answer,))) == broken


def test_an_answer_that_breaks_its_schema_is_one_error_with_a_line_for_each_departure(answered):
    """What caused them is one answer; past a bound their number is told."""
    errors = [{"errorCode": 1, "message": 2} for _ in range(15)]
    for body, count in (({"result": "error"}, 3), ({**PARTIAL, "errors": errors}, 20)):
        ran = answered("pm.test('x', () => pm.expect(1).to.equal(2));", body=body, url=ACTION, judges=(judge_answer,))
        (broken,) = ran.of(events.ErrorRaised)
        first, *lines = broken.message.split("\n")
        assert first.startswith("the answer of action")
        assert first.endswith("departures from its schema")
        assert len(lines[:20]) == count
        assert (lines[20:] != []) is (count == 20)


def test_an_answer_whose_body_came_before_is_judged_by_its_own_headers_and_status():
    """A verdict on a body is kept, and says nothing of the next answer's headers, status, method or place."""
    url = "http://h/v2/usermanagement/users/12345@AdobeOrg/0?domain=a"
    body = b'{"lastPage": true, "result": "success", "users": []}'

    def judged(url: str, status: int, count: str) -> list[str]:
        headers = (("X-Page-Count", count),)
        answer = Answered(method="GET", url=url, request_body=b"", status=status, headers=headers, body=body)
        return [message for _, message in judge_answer(answer)]

    assert judged(url, 200, "1") == []
    assert judged(url, 200, "one") != []
    assert judged(url, 418, "1") != []
    assert judged(url.replace("users", "groups"), 200, "1") != []
    assert judged(url, 200, "1") == []


def test_answers_of_others_are_not_judged_by_the_contract(answered):
    """A service that is not the API may answer as it likes."""
    assert kinds(answered(CHECK, body=PARTIAL, url="http://h/action/x", judges=(judge_answer,))) == []


def test_the_page_lists_the_rules_as_they_are():
    """`python tests/support/umapi_rule_page.py` would change nothing."""
    assert PAGE.read_text("utf-8") == render()

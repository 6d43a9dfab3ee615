"""The runner: order, variables, failures and secrets, against a server that answers for every host."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.postman import events
from umapi_harness.postman.environment import Environment
from umapi_harness.postman.formats import read_collection
from umapi_harness.postman.rules import allowed_rules
from umapi_harness.postman.runner import Runner
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.session import Options, Session
from umapi_harness.postman.targets import Target
from umapi_web import HANG_UP, Reply, closed_port, echo, reply

FEATURES = Path(__file__).parent / "features.postman_collection.json"
NO_JSON = "answered 200 with a body that is no JSON, so pm.response.json() failed: "


@pytest.fixture
def server(web):
    """Every host answers with what it was asked, but for port 9, where nobody answers."""

    def answer(call):
        if ":9/" in call.url:
            return HANG_UP
        return attrs.evolve(echo(call), headers=(*echo(call).headers, ("Set-Cookie", "flavour=ginger; Path=/")))

    web.answer = answer
    return web


def test_a_collection_that_uses_what_postman_offers_passes(server, run_collection):
    """Bodies, authorisation, scopes, scripts, timers, jumps and cookies behave as they do in Postman.

    The same collection passes in Newman, against a server that answers alike.
    """
    env = {"origin": "http://echo.example", "who": "environment", "token": "tok-abcdef"}
    ran = run_collection(
        read_collection(FEATURES),
        env=env,
        globals=Environment(values={"who": "global"}),
        allowed=allowed_rules(["failed-send-request"], []),
    )
    assert [event.kind for event in ran.of(events.ErrorRaised)] == ["failed-send-request"]
    assert ran.of(events.CheckFailed) == []
    assert ran.summary.passed
    assert (ran.summary.sent, ran.summary.skipped, ran.summary.checks_skipped) == (20, 1, 1)
    assert ran.summary.checks_passed == 58
    assert ran.names.count("Jumps ahead") == 3
    assert {"Is jumped over", "Comes too late"}.isdisjoint(ran.names)


def test_events_tell_the_whole_story_in_order(server, run_collection, collection_of, item):
    """A listener learns of the start, each request, its response and checks, and the end."""
    request = {"method": "POST", "url": "{{u}}/x", "body": {"mode": "raw", "raw": "{{v}}"}}
    test = "pm.test('good', () => {}); console.info('hi'); pm.test('bad', () => pm.expect(1).to.equal(2));"
    ran = run_collection(collection_of(item("one", request, test=test)), env={"u": "http://h", "v": "body"})
    kinds = [type(event).__name__ for event in ran.told]
    assert kinds == [
        "RunStarted",
        "IterationStarted",
        "RequestSent",
        "ResponseReceived",
        "CheckPassed",
        "ConsoleMessage",
        "CheckFailed",
        "RequestFinished",
        "RunFinished",
    ]
    sent, received = ran.told[2], ran.told[3]
    assert (sent.method, sent.url, sent.body) == ("POST", "http://h/x", "body")
    assert (received.status, received.reason) == (200, "OK")
    assert received.size == len(received.body.encode())
    assert sent.step.pointer == "/item/0"
    assert not ran.summary.passed
    assert ran.told[-1].summary == ran.summary


def test_a_variable_without_value_fails_the_run_and_is_sent_as_it_stands(server, run_collection, collection_of, item):
    """As Newman sends it, but told: with all that have no value, the place and the remedy."""
    request = {"url": "http://h/{{x}}", "header": [{"key": "A", "value": "{{y}}"}]}
    ran = run_collection(collection_of(item("one", request), item("two", "http://h/ok")))
    (error,) = ran.of(events.ErrorRaised)
    assert error.kind == "unresolved-variable"
    remedy = "set it in the environment or the data, or with --env-var NAME=VALUE"
    assert error.message == f"no value for {{{{x}}}}, {{{{y}}}}: sent as it stands; {remedy}"
    assert error.pointer == "/item/0/request"
    assert (ran.summary.requests, ran.summary.errors, ran.summary.passed) == (2, 1, False)


def test_a_variable_that_is_spelt_like_another_is_told_with_that(server, run_collection, collection_of, item):
    """A slip of the pen is answered by the name that was meant, and what resembles nothing is not."""
    collection = collection_of(
        item("one", "http://h/{{team_gruop}}/{{zzz}}"), variable=[{"key": "team_group", "value": "1"}]
    )
    (error,) = run_collection(collection).of(events.ErrorRaised)
    assert error.message.startswith("no value for {{team_gruop}}, {{zzz}}: sent as it stands; ")
    assert error.message.endswith("--env-var NAME=VALUE (is {{team_group}} meant?)")


@pytest.mark.parametrize("allowed", [False, True])
def test_nothing_is_changed_by_a_request_with_a_hole_in_it(server, run_collection, collection_of, item, allowed):
    """A group named "{{group}}" helps nobody; the tests run without a response, and --allow sends it."""
    body = {"mode": "raw", "raw": '[{"user": "a@example.com", "do": [{"add": {"group": ["{{group}}"]}}]}]'}
    request = {"method": "POST", "url": "http://127.0.0.1/v2/usermanagement/action/x@AdobeOrg", "body": body}
    test = "pm.test('has code ' + pm.response.code, () => {});"
    rules = allowed_rules(["unresolved-variable"] if allowed else [], [])
    ran = run_collection(collection_of(item("one", request, test=test)), allowed=rules)
    errors = [one for one in ran.of(events.ErrorRaised) if one.kind == "unresolved-variable"]
    assert [one.allowed for one in errors] == [allowed]
    assert ("not sent, for it would change the organisation" in errors[0].message) is not allowed
    assert ran.summary.sent == int(allowed)
    assert [one.name for one in ran.of(events.CheckPassed)] == [f"has code {'200' if allowed else 'undefined'}"]


def test_a_request_tells_which_variables_it_was_made_with_and_shows_no_secret(
    server, run_collection, collection_of, item
):
    """Each has its value, scope and origin; values of secrets are masked, however short."""
    before = "pm.environment.set('access_token', 'abc'); pm.globals.set('g', 'seen ' + pm.info.requestName);"
    request = {"url": "http://h/{{g}}/{{n}}/{{c}}", "header": [{"key": "X", "value": "{{access_token}}"}]}
    collection = collection_of(item("one", request, before=before), variable=[{"key": "c", "value": "1"}])
    ran = run_collection(collection, data=[{"n": 4}], data_source="rows.csv")
    (sent,) = ran.of(events.RequestSent)
    assert [(one.name, one.value, one.scope, one.origin) for one in sent.variables] == [
        ("g", "seen one", "globals", "pre-request script of one"),
        ("n", "4", "data", "rows.csv, row 1"),
        ("c", "1", "collection", "c.json"),
        ("access_token", "•••", "environment", "pre-request script of one"),
    ]


def test_a_variable_without_value_may_be_allowed_and_is_sent_as_it_stands(server, run_collection, collection_of, item):
    """As in Postman; the report tells of it as allowed."""
    test = "pm.test('x', () => pm.response.to.be.ok);"
    allowed = allowed_rules(["unresolved-variable"], [])
    ran = run_collection(collection_of(item("one", "http://h/?q={{x}}", test=test)), allowed=allowed)
    (error,) = ran.of(events.ErrorRaised)
    assert (error.kind, error.allowed, error.message) == (
        "unresolved-variable",
        True,
        "no value for {{x}}: sent as it stands; set it in the environment or the data, or with --env-var NAME=VALUE",
    )
    assert ran.summary.passed
    assert ran.summary.sent == 1


def test_a_variable_bomb_is_an_error_of_its_request(server, run_collection, collection_of, item):
    """A budget keeps the text from growing; the next request runs."""
    values = {f"v{depth}": f"{{{{v{depth + 1}}}}}" * 10 for depth in range(8)}
    ran = run_collection(collection_of(item("one", "http://h/{{v0}}"), item("two", "http://h")), env=values)
    assert [event.kind for event in ran.of(events.ErrorRaised)] == ["limit"]
    assert (ran.summary.requests, ran.summary.sent, ran.summary.unsent) == (2, 1, 1)


def test_the_network_s_failures_are_errors_of_the_request(web, run_collection, collection_of, item):
    """No connection, no time: each is told with method and address, and the run goes on."""
    silent = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal")
    web.site({"http://h/1": HANG_UP, "http://h/2": silent, "http://h/3": reply(204)})
    ran = run_collection(collection_of(*(item(str(n), f"http://h/{n}") for n in (1, 2, 3))))
    messages = [(event.kind, event.message) for event in ran.of(events.ErrorRaised)]
    assert messages == [
        ("network", "GET http://h/1: the server closed the connection without an answer"),
        ("network", "GET http://h/2: the answer broke off"),
    ]
    assert ran.summary.requests == 3


@pytest.mark.parametrize(
    ("url", "method", "is_told"),
    [
        ("http://h/v2/usermanagement/action/1@AdobeOrg", "POST", True),
        ("http://h/v2/usermanagement/action/1@AdobeOrg?testOnly=true", "POST", False),
        ("http://h/v2/usermanagement/users/1@AdobeOrg/0", "GET", False),
        ("http://h/other", "POST", False),
    ],
)
def test_a_change_whose_answer_is_lost_may_have_taken_effect(
    web, run_collection, collection_of, item, url, method, is_told
):
    """That is told of a request that went out and changes something, and of no other."""
    web.always(HANG_UP)
    request = {"url": url, "method": method}
    (lost,) = run_collection(collection_of(item("a", request)), allow_writes=True).of(events.RequestFailed)
    assert lost.message.endswith("look up what it changes before you send it again") is is_told
    refused = item(
        "a", {"url": f"http://127.0.0.1:{closed_port()}/v2/usermanagement/action/1@AdobeOrg", "method": "POST"}
    )
    (unsent,) = run_collection(collection_of(refused), sender=Sender()).of(events.RequestFailed)
    assert unsent.message.endswith("connection refused")


def test_a_pre_request_script_that_fails_keeps_nothing_back(server, run_collection, collection_of, item):
    """As in Newman, an error before the request is told, and the request is sent and tested all the same."""
    ran = run_collection(collection_of(item("one", "http://h", before="nope();", test="pm.test('x', () => {});")))
    assert (ran.summary.requests, ran.summary.checks_passed, ran.summary.errors) == (1, 1, 1)
    (error,) = ran.of(events.ErrorRaised)
    assert (error.kind, error.pointer) == ("script-error", "/item/0/event/0/script/exec")


def test_iterations_follow_the_data_and_past_its_end_repeat_the_last_row(server, run_collection, collection_of, item):
    """There is one iteration for each row unless a number is given; local variables last over iterations."""
    test = """
        pm.test(pm.variables.get("n") + "/" + (pm.variables.get("seen") || "-"), () => {});
        pm.variables.set("seen", 1);
    """
    collection = collection_of(item("one", "http://h/{{n}}", test=test))
    rows = [{"n": 1}, {"n": 2}]
    ran = run_collection(collection, data=rows)
    assert [event.name for event in ran.of(events.CheckPassed)] == ["1/-", "2/1"]
    ran = run_collection(collection, data=rows, iterations=3)
    assert [event.url for event in ran.of(events.RequestSent)] == ["http://h/1", "http://h/2", "http://h/2"]


def test_environment_changes_last_over_iterations(server, run_collection, collection_of, item):
    """What a script puts into the environment is there in the next iteration."""
    test = "pm.environment.set('n', Number(pm.environment.get('n')) + 1);"
    ran = run_collection(collection_of(item("one", "http://h/{{n}}", test=test)), env={"n": "1"}, iterations=3)
    assert [event.url for event in ran.of(events.RequestSent)] == ["http://h/1", "http://h/2", "http://h/3"]


def test_only_the_chosen_folders_run_in_the_collection_s_order(server, run_collection, collection_of, item):
    """Folders and requests are chosen by name; an unknown name is bad input that lists the known ones."""
    folder = {"name": "F", "item": [item("a", "http://h"), {"name": "G", "item": [item("b", "http://h")]}]}
    collection = collection_of(folder, item("c", "http://h"), item("d", "http://h"))
    assert run_collection(collection, folders=("d", "G")).names == ["b", "d"]
    with pytest.raises(DocumentError, match=r"no folder or request named 'X'; name one of its folders: F, G"):
        run_collection(collection, folders=("X",))
    with pytest.raises(DocumentError, match=r"no folder or request named 'Gx'; is 'G' meant\?"):
        run_collection(collection, folders=("Gx",))
    with pytest.raises(DocumentError, match=r"named 'X'; name a request: it has no folders"):
        run_collection(collection_of(item("c", "http://h")), folders=("X",))


def test_a_folder_s_name_that_several_have_is_told_with_all_that_run(server, run_collection, collection_of, item):
    """Newman runs the first of them; what stands in a folder of that name anyway is none of several."""

    def users(name, id_):
        return {"name": name, "item": [{"name": "users", "id": id_, "item": [item("users", "http://h")]}]}

    collection = collection_of(users("Admins", "f1"), users("Staff", "f2"), item("users", "http://h", id="r1"))
    ran = run_collection(collection, folders=("users", "Staff"))
    assert ran.names == ["users"] * 3
    assert ran.of(events.RunStarted)[0].notes == (
        "--folder users: all 3 folders and requests of this name run, where Newman runs the first: "
        "Admins / users (id f1); Staff / users (id f2); users (id r1); --folder ID runs one of them",
    )
    assert run_collection(collection, folders=("f2",)).of(events.RunStarted)[0].notes == ()
    with pytest.raises(DocumentError, match="holds no requests"):
        run_collection(collection_of())


def test_bail_stops_after_the_first_request_with_a_failure(server, run_collection, collection_of, item):
    """The request that failed is finished, and nothing after it runs, in no iteration."""
    failing = item("b", "http://h", test="pm.test('x', () => pm.expect(1).to.equal(2)); pm.test('y', () => {});")
    ran = run_collection(collection_of(item("a", "http://h"), failing, item("c", "http://h")), bail=True, iterations=2)
    assert ran.names == ["a", "b"]
    assert ran.summary.checks_passed == 1
    assert ran.told[-1].stopped == "a check or request failed"


def test_the_delay_lies_between_requests(server, run_collection, collection_of, item, slept):
    """The delay is waited before each request but the first, over iterations too."""
    run_collection(collection_of(item("a", "http://h"), item("b", "http://h")), delay=1.5, iterations=2)
    assert slept == [1.5, 1.5, 1.5]


def test_jumping_to_a_request_that_is_not_there_is_an_error(server, run_collection, collection_of, item):
    """A slip in setNextRequest does not end a run in silence."""
    first = item("a", "http://h", test="pm.execution.setNextRequest('bb');")
    ran = run_collection(collection_of(first, item("b", "http://h")))
    left = "the iteration ends here, and requests after this one that do not run: 1"
    assert ran.problems == [f"setNextRequest: there is no request named 'bb' in this run; {left}"]
    assert ran.names == ["a"]


@pytest.mark.parametrize(
    ("value", "done", "problem"),
    [
        ("'c'", "ac5", ""),
        ("['c']", "ac5", ""),
        ("new String('c')", "ac5", ""),
        ("5", "a5", ""),
        ("true", "a", "there is no request named 'true' in this run"),
        ("false", "a", "there is no request named 'false' in this run"),
        ("({a: 1})", "a", "there is no request named '[object Object]' in this run"),
        ("undefined", "abc5", "undefined names no request; the run goes on with the next one"),
        ("() => 'c'", "abc5", "a function names no request; the run goes on with the next one"),
        ("Symbol('c')", "abc5", "a symbol names no request; the run goes on with the next one"),
        ("Object.create(null)", "a", "an object that is no text names no request; the iteration ends"),
        ("({toString() { throw new Error('no'); }})", "a", "an object that is no text names no request; the iteration"),
    ],
)
def test_whatever_is_given_to_set_next_request_leads_where_newman_goes(
    server, run_collection, collection_of, item, value, done, problem
):
    """What names no request of the run breaks the rule of that, and no other."""
    first = item("a", "http://h/a", test=f"pm.test('t', () => {{}}); pm.execution.setNextRequest({value});")
    others = [item(name, f"http://h/{name}") for name in "bc5"]
    ran = run_collection(collection_of(first, *others))
    assert "".join(event.step.name for event in ran.of(events.RequestFinished)) == done
    errors = ran.of(events.ErrorRaised)
    assert [error.kind for error in errors] == ["unknown-next-request"] * bool(problem)
    assert all(error.message.startswith(f"setNextRequest: {problem}") for error in errors)


def test_bad_input_that_turns_up_during_a_run_is_no_fault_of_the_runner(collection_of, item):
    """Reports have the user's line, and so has whoever called."""

    class Unusable(Sender):
        def send(self, request, profile=None, until=None, meanwhile=None):
            raise InputError("key.pem: no such file; give the path of a PEM file")

    told: list[Any] = []
    collection = collection_of(item("a", "http://h"))
    with Unusable() as sender, pytest.raises(InputError, match=r"key\.pem: no such file"):
        Runner(collection=collection, sender=sender, listeners=[told.append]).run()
    (error,) = [event for event in told if isinstance(event, events.ErrorRaised)]
    assert error.step is not None
    assert (error.kind, error.step.name) == ("input", "a")
    assert error.message == "key.pem: no such file; give the path of a PEM file"


def test_secrets_in_addresses_are_hidden_by_their_names(web, run_collection, collection_of, item):
    """In every event from the first on, though nothing has told the values: requests, checks, the console, failures."""
    names = ("api_key", "apikey", "access_token", "key", "code", "sig", "token", "password")
    query = "&".join(f"{name}=Zebra{place}" for place, name in enumerate(names))
    script = f"const url = 'http://h/y?a=1&{query}'; console.log(url); pm.test(url, () => {{ throw new Error(url); }});"
    web.answer = lambda _call: HANG_UP
    ran = run_collection(collection_of(item("a", f"http://h/x?b=2&{query}#top", test=script)))
    (sent,) = ran.of(events.RequestSent)
    assert sent.url.startswith("http://h/x?b=2&api_key=•••&apikey=•••&access_token=•••&key=•••")
    assert "Zebra" not in repr(ran.told)


def test_jumps_may_go_by_id_and_from_the_pre_request_script(server, run_collection, collection_of, item):
    """setNextRequest takes ids, and counts when it is called before the request or together with a skip."""
    before = "pm.execution.setNextRequest('id-c');"
    items = [item("a", "http://h", before=before), item("b", "http://h"), item("c", "http://h", id="id-c")]
    assert run_collection(collection_of(*items)).names == ["a", "c"]
    items[0] = item("a", "http://h", before=before + "pm.execution.skipRequest();")
    assert run_collection(collection_of(*items)).names == ["a", "c"]


def test_of_two_requests_of_one_name_the_last_is_jumped_to(run_collection, collection_of, item):
    """As Postman does."""
    first = item("a", "http://h", test="postman.setNextRequest('b');")
    ran = run_collection(
        collection_of(first, item("b", "http://h/1"), item("c", "http://h/2"), item("b", "http://h/3"))
    )
    assert [event.url for event in ran.of(events.RequestSent)][1:] == ["http://h/3"]


def test_going_round_in_circles_ends(server, run_collection, collection_of, item):
    """A collection that jumps back for ever is stopped with an error."""
    ran = run_collection(collection_of(item("a", "http://h", test="pm.execution.setNextRequest('a');")), max_requests=5)
    assert ran.summary.sent == 5
    assert "goes round in circles" in ran.problems[0]


def test_a_429_is_sent_again_by_the_script_after_the_wait_it_asks_for(web, run_collection, collection_of, item, slept):
    """The runner itself retries nothing; a script waits with a timer and sends the same request again."""
    test = """
        if (pm.response.code === 429) {
            setTimeout(() => {}, Number(pm.response.headers.get("Retry-After")) * 1000);
            pm.execution.setNextRequest(pm.info.requestName);
        } else pm.test("came through", () => pm.response.to.be.ok);
    """
    web.always(reply(429, Retry_After="38"), reply(200))
    ran = run_collection(collection_of(item("a", "http://h/", test=test)))
    assert [event.status for event in ran.of(events.ResponseReceived)] == [429, 200]
    assert slept == pytest.approx([38.0])
    assert ran.summary.passed


def test_a_target_takes_all_requests_those_of_scripts_too(server, run_collection, collection_of, item):
    """With a target, nothing goes to the servers of the API that the collection names."""
    test = "pm.sendRequest('https://live.example/sub', () => {});"
    live = frozenset({"live.example"})
    collection = collection_of(item("a", "https://live.example/v2/x?y=1", test=test))
    ran = run_collection(collection, target=Target(origin="http://127.0.0.1:1234", hosts=live))
    assert [event.url for event in ran.of(events.RequestSent)] == [
        "http://127.0.0.1:1234/v2/x?y=1",
        "http://127.0.0.1:1234/sub",
    ]
    assert [event.cause.value for event in ran.of(events.RequestSent)] == ["collection", "script"]
    assert ran.summary.requests == 1


def test_redirections_are_followed_unless_the_request_says_no(web, run_collection, collection_of, item):
    """followRedirects false in the request's profile shows the redirection itself."""
    web.site({"http://h/from": reply(302, Location="/to"), "http://h/to": reply()})
    profile = {"protocolProfileBehavior": {"followRedirects": False}}
    ran = run_collection(collection_of(item("a", "http://h/from"), item("b", "http://h/from", **profile)))
    assert [event.status for event in ran.of(events.ResponseReceived)] == [302, 200, 302]
    assert [event.cause.value for event in ran.of(events.RequestSent)] == ["collection", "redirect", "collection"]
    assert ran.summary.requests == 2


def test_no_event_shows_a_secret(server, run_collection, collection_of, item):
    """Secrets do not come through: not from variables, requests, responses, messages or the console."""
    request = {
        "method": "POST",
        "url": "http://h/{{client_secret}}?key={{hidden}}",
        "header": [
            {"key": "Authorization", "value": "Bearer {{access_token}}"},
            {"key": "X", "value": "{{client_secret}}"},
        ],
        "body": {"mode": "urlencoded", "urlencoded": [{"key": "client_secret", "value": "{{client_secret}}"}]},
    }
    test = """
        console.log(pm.environment.get("client_secret"), pm.request.headers.get("Authorization"));
        const token = pm.environment.get("access_token");
        pm.test("says " + pm.environment.get("hidden"), () => pm.expect(token).to.equal(1));
        pm.environment.set("new_token", "fresh-secret-value");
        console.log("fresh-secret-value");
        throw new Error(pm.environment.get("client_secret"));
    """
    env = {"client_secret": "s3cr&t value", "access_token": "tok-123456", "hidden": "declared/secret"}
    ran = run_collection(collection_of(item("a", request, test=test)), env=env, secret=["hidden"])
    told = repr(ran.told)
    for secret in (*env.values(), "fresh-secret-value", "s3cr%26t", "s3cr&t%20value", "declared%2Fsecret"):
        assert secret not in told
    assert ran.of(events.ConsoleMessage)[0].text == "••• Bearer •••"
    assert ran.of(events.CheckFailed)[0].name == "says •••"


def test_a_token_is_hidden_from_the_moment_it_arrives(web, run_collection, collection_of, item):
    """A token in a response is masked there and in everything after, even if no script stores it."""
    token = reply(json_={"access_token": "brand.new.token", "expires_in": 5})
    web.site({"http://h/token": token, "http://h/use": reply(text="you sent brand.new.token")})
    ran = run_collection(collection_of(item("a", "http://h/token"), item("b", "http://h/use")))
    bodies = [event.body for event in ran.of(events.ResponseReceived)]
    assert bodies == ['{"access_token":"•••","expires_in":5}', "you sent •••"]


def test_the_runner_s_own_values_reach_requests_and_scripts(server, run_collection, collection_of, item):
    """A provided variable can be used in a request and seen by a script, and is hidden when it is a secret."""
    made = []

    def provide(scopes):
        made.append(scopes.find("who"))
        return "signed-for-x"

    test = "pm.test('seen', () => pm.expect(pm.variables.get('jwt_token')).to.equal('signed-for-x'));"
    collection = collection_of(item("a", "http://h/{{jwt_token}}", test=test))
    ran = run_collection(collection, env={"who": "x", "jwt_token": ""}, providers={"jwt_token": provide})
    assert ran.problems == []
    assert set(made) == {"x"}
    assert ran.of(events.RequestSent)[0].url == "http://h/•••"


def test_dynamic_variables_work_in_requests_and_scripts(server, run_collection, collection_of, item):
    """The same names work in both places, and each use makes a new value."""
    before = "pm.variables.set('a', pm.variables.replaceIn('{{$guid}}-{{$guid}}'));"
    ran = run_collection(collection_of(item("a", "http://h/{{a}}/{{$timestamp}}", before=before)))
    path = ran.of(events.RequestSent)[0].url.removeprefix("http://h/")
    guids, timestamp = path.split("/")
    assert timestamp == "1700000000"
    assert len(guids) == 73
    assert guids[:36] != guids[37:]


def test_a_pre_request_script_that_leaves_no_request_is_told(server, run_collection, collection_of, item):
    """A request turned into nonsense is an error, not a crash."""
    ran = run_collection(collection_of(item("a", "http://h", before="pm.request.body = {mode: 'xml'};")))
    assert "unknown body mode xml" in ran.problems[0]
    assert (ran.summary.requests, ran.summary.unsent) == (1, 1)


def test_bad_answers_do_not_stop_a_run(web, run_collection, collection_of, item):
    """Bytes that are no text, headers that are odd, and an empty body are all readable for scripts."""
    test = "pm.test('read', () => pm.expect(pm.response.text()).to.be.a('string'));"
    web.always(
        reply(text=b"\xff\xfe\x00", Content_Type="application/json"),
        reply(299, X_Odd="\xe9", Set_Cookie="=;;"),
        reply(text=json.dumps({"a": "\ud800"}), Content_Type="text/plain; charset=nonsense"),
    )
    ran = run_collection(collection_of(item("a", "http://h/", test=test)), iterations=3)
    assert ran.summary.checks_passed == 3
    assert ran.problems == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "answered 200 with an empty body, so pm.response.json() failed: JSONError: No data, empty input at 1:1"),
        ('{"a": 1\n', NO_JSON + "JSONError: Unexpected end of input at 2:1"),
        ('{"a": x}', NO_JSON + "JSONError: Unexpected token 'x' at 1:7\n{\"a\": x}\n      ^"),
    ],
)
def test_what_is_wrong_with_json_is_shown_where_there_is_something_to_show(
    web, run_collection, collection_of, item, answer, message
):
    """A line without a character tells nothing, nor does the caret below it; scripts read Newman's message."""
    web.always(reply(text=answer))
    test = (
        "pm.test('json', () => pm.response.json()); try { pm.response.json(); } catch (e) { console.log(e.message); }"
    )
    ran = run_collection(collection_of(item("a", "http://h/", test=test)))
    assert [one.message for one in ran.of(events.CheckFailed)] == [message]
    assert ran.of(events.ConsoleMessage)[0].text.endswith("^")


def test_a_run_keeps_to_its_time(server, run_collection, collection_of, item):
    """A run without time left sends nothing more, says so, and its listeners hear of the end."""
    ran = run_collection(collection_of(item("a", "http://h"), item("b", "http://h")), seconds=0.0)
    (error,) = ran.of(events.ErrorRaised)
    assert (error.kind, error.message) == (
        "limit",
        "the run has taken the 0 seconds that it may; --timeout gives it more",
    )
    assert ran.told[-1].stopped == "the time of the run is used up"
    assert ran.summary.requests == 0


def test_a_wait_is_no_longer_than_the_run_may_take(server, run_collection, collection_of, item, slept):
    """A script that waits for an hour waits for what is left of the run."""
    test = "setTimeout(() => {}, 100000);"
    run_collection(collection_of(item("a", "http://h", test=test)), seconds=50.0)
    assert slept[0] <= 50.0


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        (KeyboardInterrupt(), "interrupted", "interrupted"),
        (SystemExit("SIGTERM"), "interrupted", "SIGTERM"),
    ],
)
def test_whatever_ends_a_run_its_listeners_hear_of_it(raised, kind, message, collection_of, item):
    """The error, with the step that was under way, and the end of the run are told before the exception leaves."""
    told: list[Any] = []

    class Refusing(Sender):
        def send(self, request, profile=None, until=None, meanwhile=None):
            raise raised

    environment = Environment(values={"client_secret": "secret-5678"})
    with Refusing() as sender, pytest.raises(type(raised)):
        Runner(
            collection=collection_of(item("a", "http://h")),
            sender=sender,
            options=Options(environment=environment),
            listeners=[told.append],
        ).run()
    error, finished = told[-2:]
    assert (error.kind, error.message, error.step.name) == (kind, message, "a")
    assert finished.stopped
    assert not finished.summary.passed


def test_a_fault_of_the_runner_fails_the_run_and_is_no_exception(run_collection, collection_of, item):
    """What went wrong is told with its place, without secrets, and the run is over."""

    class Broken(Sender):
        def send(self, request, profile=None, until=None, meanwhile=None):
            raise ZeroDivisionError("secret-5678")

    collection = collection_of(item("a", "http://h"), item("b", "http://h"))
    ran = run_collection(collection, env={"client_secret": "secret-5678"}, sender=Broken())
    error, finished = ran.told[-2:]
    assert (error.kind, error.step.name) == ("internal-error", "a")
    assert re.fullmatch(r"ZeroDivisionError: ••• \(test_runner\.py, line \d+\)", error.message)
    assert (finished.stopped, ran.summary.passed) == ("the runner failed", False)


def test_the_variables_of_the_end_are_handed_over(web, collection_of, item):
    """Whoever exports them sees what scripts have set."""
    seen: list[Session] = []
    collection = collection_of(item("a", "http://h", test="pm.environment.set('x', 1); pm.globals.set('y', 2);"))
    with Sender(proxies=web.proxies) as sender:
        Runner(collection=collection, sender=sender, on_end=seen.append).run()
    assert (seen[0].scopes.environment, seen[0].scopes.globals) == ({"x": 1}, {"y": 2})


def test_a_signal_at_the_end_keeps_no_variables_back(web, collection_of, item):
    """They are handed over although a signal comes while listeners are told of the run's end."""
    seen: list[Session] = []

    def listen(event):
        if isinstance(event, events.RunFinished):
            raise KeyboardInterrupt

    collection = collection_of(item("a", "http://h", test="pm.environment.set('x', 1);"))
    with Sender(proxies=web.proxies) as sender, pytest.raises(KeyboardInterrupt):
        Runner(collection=collection, sender=sender, listeners=(listen,), on_end=seen.append).run()
    assert [session.scopes.environment for session in seen] == [{"x": 1}]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("http://[::1", "the address http://[::1 cannot be used: Invalid IPv6 URL"),
        ("http://[v1.x/", "the address http://[v1.x/ cannot be used: Invalid IPv6 URL"),
        ({"url": "http://h", "method": "G ET"}, "'G ET' is no method of HTTP: letters, digits and hyphens make one"),
        ({"url": "http://h", "method": "P\r\nX: y"}, "'P\\r\\nX: Y' is no method of HTTP"),
    ],
)
def test_a_request_that_cannot_be_made_ends_no_run(web, run_collection, collection_of, item, request_, message):
    """It breaks the rule of requests, and the next one goes out."""
    ran = run_collection(collection_of(item("a", request_), item("b", "http://h/b")))
    (error,) = [error for error in ran.of(events.ErrorRaised) if error.step is not None]
    assert error.kind == "request"
    assert error.message.startswith(message)
    assert web.urls == ["http://h/b"]


def test_short_secrets_of_a_row_are_not_shown(web, run_collection, collection_of, item):
    """A password of three letters cannot be looked for in texts, but its own column is hidden; long cells are cut."""
    row = {"password": "abc", "user": "abc", "long": "x" * 3000}
    ran = run_collection(collection_of(item("a", "http://h")), data=[row])
    assert ran.of(events.IterationStarted)[0].data == (
        ("password", "•••"),
        ("user", "abc"),
        ("long", "x" * 2000 + "…"),
    )


def test_a_script_s_request_to_no_address_ends_no_run(web, run_collection, collection_of, item):
    """The script is told, and the next request goes out."""
    source = "pm.sendRequest('http://[v1.x/', (error) => pm.test(error.message, () => {}));"
    ran = run_collection(collection_of(item("a", "http://h/a", test=source), item("b", "http://h/b")))
    problem = "the address http://[v1.x/ cannot be used: Invalid IPv6 URL"
    (error,) = [error for error in ran.of(events.ErrorRaised) if error.step is not None]
    assert (error.kind, error.message) == ("failed-send-request", f"pm.sendRequest: {problem}")
    assert web.urls == ["http://h/a", "http://h/b"]


def test_a_signal_in_the_middle_of_a_report_is_an_error_of_the_run(web, collection_of, item):
    """What strikes while listeners hear that a step is over belongs to no step, so that no report loses it."""
    told: list[events.Event] = []

    def struck(event: events.Event) -> None:
        told.append(event)
        if isinstance(event, events.RequestFinished):
            raise KeyboardInterrupt

    with Sender(proxies=web.proxies) as sender, pytest.raises(KeyboardInterrupt):
        Runner(collection=collection_of(item("one", "http://h/")), sender=sender, listeners=[struck]).run()
    (error,) = [event for event in told if isinstance(event, events.ErrorRaised)]
    assert (error.kind, error.step) == ("interrupted", None)

"""The journal on the page: what came, why it failed, and how to find it."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.browser.conftest import Client, Page

UNSAFE = "<img src=x onerror=alert(1)> \"Q\" & 'O' 🦊"
FAILING = (
    {"user": "jane@example.com", "do": [{"add": {"group": ["DevOps"]}}]},
    {"user": "jdoe@example.com", "requestID": "r-7", "do": [{"remove": "all"}, {"add": {"group": [UNSAFE]}}]},
)


def test_requests_show_as_they_come(page: Page, client: Client) -> None:
    """A request shows without a reload, the newest first, and the successful are told from the others."""
    page.until_text(".entries .empty", f"No request has come in yet. Point a client at {client.server.url}")
    page.hurried = False
    client.users()
    page.until_text(".entries li", "users")
    client.users("No such group")
    page.until_text(".entries li:first-child", "group_users")
    assert page.texts(".entries .status") == ["404", "200"]
    assert "error.group.not_found" in page.texts(".entries li")[0]
    assert page.texts(".tally")[0] == "2 requests, 1 not successful"


def test_a_partial_failure_is_explained(page: Page, client: Client) -> None:
    """The failed step is named with code, message, meaning and remedy, and marked in the request."""
    client.act(*FAILING)
    page.click(".entries li", "1 of 2 failed: error.group.not_found")
    (why,) = page.texts(".why li")
    assert "error.group.not_found" in why
    assert "command 1, step 1" in why
    assert f"Group {UNSAFE} was not found" in why
    assert "names a group or profile that the organization does not have" in why
    assert "To do: Check the name against the list of groups" in why
    (marked,) = page.texts("mark.failing")
    assert "add" in marked
    assert "remove" not in marked
    request, answer = page.texts(".side")
    assert "POST /v2/usermanagement/action/" in request
    assert '"notCompleted": 1' in answer


def test_the_list_tells_of_each_code(page: Page, client: Client) -> None:
    """Commands that failed for several reasons do not look in the list as if there were one."""
    nobody = {"user": "nobody@example.com", "do": [{"add": {"group": ["DevOps"]}}]}
    client.act(FAILING[1], nobody)
    page.click(".entries li", "2 of 2 failed: error.group.not_found and 1 more")
    assert "error.user.nonexistent" in page.texts(".why li")[1]


def test_names_are_never_markup(page: Page, client: Client) -> None:
    """Markup in names shows as text everywhere, and runs nowhere."""
    page.run("window.alert = () => { window.harmed = true; }")
    create = {"email": "x@example.com", "firstname": UNSAFE, "lastname": "</script><b>", "country": "DE"}
    client.act({"user": "x@example.com", "do": [{"createFederatedID": create}]}, FAILING[1])
    client.http.get(f"/v2/usermanagement/users/{client.org_id}/0/%3Cimg%20src=x%20onerror=alert(1)%3E")
    page.click(".entries li", "action")
    page.element(".side pre", UNSAFE.replace('"', '\\"'))
    page.click("nav a", "Users")
    page.element("td", UNSAFE)
    page.click("tbody a", "x@example.com")
    page.element(".detail dd", UNSAFE)
    assert page.run("return document.querySelectorAll('main img, main b:not([class])').length") == 0
    assert page.run("return window.harmed") is None


def test_values_that_are_no_text_stop_no_page(page: Page, client: Client) -> None:
    """Objects where names, codes and messages belong show as JSON, and what comes after them shows too."""
    odd = {"toString": 1, "valueOf": 1}
    client.act({"user": odd, "do": [{"add": {"group": ["DevOps"]}}]})
    error = {"index": odd, "step": odd, "errorCode": odd, "message": odd, "user": odd}
    body = {"result": "partial", "completed": odd, "notCompleted": odd, "errors": [error]}
    for status in (200, 400):
        fault = {"operation": "action", "first": 1, "status": status, "body": {**body, "error_code": odd}}
        client.http.post("/_mock/faults", json=fault)
        client.act(FAILING[0])
        client.http.delete("/_mock/faults")
    client.users()
    page.until_text(".tally", "4 requests")
    for place in (2, 3, 4):
        page.until("document.querySelector(arguments[0]).click(); return true", f".entries li:nth-child({place})")
        page.until_text(f".entries li:nth-child({place})[aria-selected=true]", "action")
        page.until_text(".detail .side", '"toString"')


def test_a_body_nested_without_end_shows_as_it_was_sent(page: Page, client: Client) -> None:
    """Thousands of brackets are not laid out, each further to the right, but shown."""
    nested = "[" * 4000 + "]" * 4000
    client.http.post(f"/v2/usermanagement/action/{client.org_id}", content=nested)
    page.click(".entries li", "action")
    page.until_text(".side pre", nested)


def test_copied_as_curl_every_part_is_one_word(page: Page, client: Client) -> None:
    """A method, a path or a header that a shell would carry out, or curl would read as a pattern, stays what it is."""
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    client.http.request("A`B`", "/v2/usermanagement/users/[1-3]/$(id)'", headers={"X-Empty": ""})
    page.click(".entries li", "$(id)")
    page.click("button", "Copy as curl")
    command = page.until("return window.copied")
    words = shlex.split(command)
    assert words[:5] == ["curl", "-i", "-g", "-X", "A`B`"]
    assert "-X 'A`B`'" in command
    assert "x-empty;" in [word.lower() for word in words]


def test_refusals_without_a_body_are_explained(page: Page, client: Client) -> None:
    """A bare 401 or 403 says what was missing: token or API key."""
    client.http.get(f"/v2/usermanagement/users/{client.org_id}/0", headers={"Authorization": "Bearer old"})
    client.http.get(f"/v2/usermanagement/users/{client.org_id}/0", headers={"x-api-key": "someone-else"})
    page.click(".entries li", "unknown token")
    page.until_text(".why", "Get a new token from this server")
    page.click(".entries li", "unknown API key")
    page.until_text(".why", "Send the client id of the organisation")


def test_a_refused_token_request_shows_no_secret(page: Page, client: Client) -> None:
    """A wrong secret is explained, and the secret is nowhere on the page."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client.server.details.client_id,
        "client_secret": "s3cret-of-mine",
        "scope": "openid,AdobeID,user_management_sdk",
    }
    client.http.post("/ims/token/v2", data=form)
    page.click(".entries li", "invalid_client")
    page.until_text(".why", "Compare client_id and client_secret")
    page.until_text(".side", "client_secret")
    assert "s3cret-of-mine" not in page.run("return document.documentElement.outerHTML")


def test_a_lost_answer_says_whether_it_took_effect(page: Page, client: Client) -> None:
    """A planned fault is named as such, with what became of the call."""
    client.http.post("/_mock/faults", json={"operation": "action", "first": 1, "when": "after", "status": 503})
    client.act(FAILING[0])
    page.click(".entries li", "planned fault (answer); it took effect")
    assert "Look under Steps what took effect, before it is sent again" in " ".join(page.texts(".why .remedy"))
    page.until_text(".why .fault", "put in force here")


def test_the_steps_that_took_effect_before_a_failed_one_are_told(page: Page, client: Client) -> None:
    """Of a command that failed in part each step says what became of it; of a command that was done, none does."""
    client.act(*FAILING)
    page.click(".entries li", "1 of 2 failed")
    assert page.texts(".steps p") == ["command 1 jdoe@example.com"]
    assert page.texts(".steps li") == ["step 0 (remove): took effect", "step 1 (add): failed"]


def test_a_lost_answer_shows_what_it_would_have_said(page: Page, client: Client) -> None:
    """The client hears nothing; the page has the answer that was made, and what became of each step."""
    client.http.post("/_mock/faults", json={"operation": "action", "first": 1, "kind": "drop", "when": "after"})
    with suppress(httpx.TransportError):
        client.act(*FAILING)
    page.click(".entries li", "planned fault (drop)")
    _, sent, true = page.texts(".side")
    assert "none: the connection was closed" in sent
    assert "which the client did not get" in true
    assert '"notCompleted": 1' in true
    fates = ["step 0 (add): took effect", "step 0 (remove): took effect", "step 1 (add): failed"]
    assert page.texts(".steps li") == fates


def test_a_lost_answer_is_found_by_the_clients_request_id(page: Page, client: Client) -> None:
    """The id that a client gave a request, and tells its user of, finds it and stands there though no answer came."""
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1, "kind": "drop"})
    client.http.headers["X-Request-Id"] = "id-of-the-client"
    with suppress(httpx.TransportError):
        client.users()
    client.users()
    page.type("Search", "id-of-the-client")
    page.click(".entries li", "planned fault (drop)")
    page.until_text(".detail dd", "id-of-the-client")


def test_filters_narrow_the_list(page: Page, client: Client) -> None:
    """Operation, outcome and a search in bodies each leave only what fits."""
    client.users()
    client.act(*FAILING)
    client.users("No such group")
    page.until("return document.querySelectorAll('.entries [role=option]').length === 3")
    page.choose("Operation", "action")
    page.until("return document.querySelectorAll('.entries [role=option]').length === 1")
    page.choose("Operation", "Any operation")
    page.choose("Outcome", "Status 4xx")
    page.until_text(".tally", "1 of 3 requests")
    page.choose("Outcome", "Not successful")
    page.until_text(".tally", "2 of 3 requests")
    page.type("Search", "R-7")
    page.until_text(".tally", "1 of 3 requests")
    page.type("Search", "nothing like this")
    page.until_text(".entries", "No request fits the filters.")


def test_pausing_holds_the_list_still(page: Page, client: Client) -> None:
    """While paused nothing is added, but counted; afterwards all of it is there."""
    client.users()
    page.until_text(".tally", "1 request")
    page.click("button", "Pause")
    client.users()
    client.users()
    page.until_text("button[aria-pressed=true]", "Resume (2 new)")
    assert len(page.texts(".entries [role=option]")) == 1
    page.click("button", "Resume")
    page.until_text(".tally", "3 requests")


def test_the_list_works_with_keys_alone(page: Page, client: Client) -> None:
    """Arrows go from request to request, Page Down to the next failure; the screen reader is told which."""
    client.users("No such group")
    client.users()
    client.users()
    page.until_text(".tally", "3 requests")
    page.run("document.querySelector('.entries').focus()")
    page.press("\ue015")  # arrow down
    page.until_text(".detail h3", "200")
    active = "return document.getElementById(document.querySelector('.entries').getAttribute('aria-activedescendant'))"
    assert page.run(f"{active}.getAttribute('aria-selected')") == "true"
    page.press("\ue00f")  # page down
    page.until_text(".detail h3", "404")
    page.press("\ue011")  # home
    page.until_text(".detail h3", "200")


def test_clearing_empties_page_and_server(page: Page, client: Client) -> None:
    """After a question, page and server have forgotten all requests; new ones show again."""
    client.users()
    page.until_text(".tally", "1 request")
    page.click("button", "Clear")
    page.confirm()
    page.until_text(".entries", "No request has come in yet.")
    assert len(client.world.journal) == 0
    client.users("DevOps")
    page.until_text(".entries", "group_users")
    assert len(page.texts(".entries [role=option]")) == 1


def test_a_reset_by_a_test_run_leaves_what_was_seen(page: Page, client: Client) -> None:
    """When the program under test resets the server, earlier requests stay on the page, under a line."""
    client.users()
    page.until_text(".entries", "users")
    client.http.post("/_mock/reset")
    client.users("DevOps")
    page.until_text(".entries", "The journal was emptied here")
    page.until_text(".entries li:first-child", "group_users")
    assert len(page.texts(".entries [role=option]")) == 2


def test_bodies_can_be_seen_as_they_were_sent(page: Page, client: Client) -> None:
    """The raw body is one choice away."""
    body = '[{"user":"jane@example.com",   "do":[{"add":{"group":["DevOps"]}}]}]'
    client.http.post(f"/v2/usermanagement/action/{client.org_id}", content=body)
    page.click(".entries li", "action")
    page.element(".side pre", '"user": "jane@example.com"')
    page.click(".check", "Bodies as sent")
    page.element(".side pre", body)


def test_an_answer_too_long_for_the_journal_is_explained(page: Page, client: Client) -> None:
    """Of an answer of which the journal has only the beginning, outcome and first errors are still told."""
    steps = [{"add": {"group": [f"No such group {number} {'x' * 200}"]}} for number in range(10)]
    client.act(*({"user": "jdoe@example.com", "do": steps} for _ in range(9)), FAILING[0])
    page.click(".entries li", "failed: error.group.not_found")
    page.until_text(".entries .failed, .entries .partial", "of 10 failed")
    assert len(page.texts(".why li")) > 10


def test_test_mode_shows(page: Page, client: Client) -> None:
    """A call in test mode, which changes nothing, is told from others in the list."""
    client.http.post(f"/v2/usermanagement/action/{client.org_id}?testOnly=true", json=[FAILING[1]])
    page.until_text(".entries li", "test mode, jdoe@example.com")


def test_an_answer_spoiled_by_a_fault_is_no_success(page: Page, client: Client) -> None:
    """A 200 whose JSON a fault has broken counts among those that were not successful."""
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1, "kind": "broken_json"})
    assert client.users().status_code == 200
    page.until_text(".entries li.failed", "planned fault (broken_json)")
    assert "took effect" not in page.texts(".entries li.failed")[0]


def test_a_request_can_be_shown_by_its_address(page: Page, client: Client) -> None:
    """The address names the request chosen, so that a reload or a link shows it again."""
    client.users()
    client.users("No such group")
    page.click(".entries li", "group_users")
    page.element(".why li")
    address = page.run("return location.hash")
    page.open(address.removeprefix("#/"))
    page.until_text(".why", "error.group.not_found")


def test_a_fault_that_is_spent_says_what_it_left_to_do(page: Page, client: Client) -> None:
    """After a fault that revoked the token the next call does not get its true answer; the page says what is needed."""
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1, "kind": "revoke"})
    assert client.users().status_code == 401
    page.click(".entries li", "planned fault (revoke)")
    page.until_text(".why .fault", "To do: Get a new token, for this fault revoked those of the client")
    assert "operation users, first 1" in page.texts(".why .fault")[0]
    assert "next call gets its true answer" not in page.texts(".why")[0]
    page.until_text(".why", "The token was revoked.")


def test_a_truncated_answer_is_shown_as_it_went_out(page: Page, client: Client) -> None:
    """The client has half of the body; the page shows that half, the whole, and each step."""
    client.http.post("/_mock/faults", json={"operation": "action", "first": 1, "kind": "truncate"})
    with suppress(httpx.TransportError):
        client.act(*FAILING)
    page.click(".entries li", "planned fault (truncate)")
    _, sent, true = page.texts(".side")
    assert '"partial"' not in sent
    assert "which the fault spoiled" in true
    assert '"partial"' in true
    assert len(page.texts(".steps li")) == 3
    page.until_text(".why .remedy", "Look under Steps what took effect")


def test_a_late_answer_shows_the_steps_too(page: Page, client: Client) -> None:
    """A client may give up before an answer that drips is whole, and then has to know what took effect."""
    fault = {"operation": "action", "first": 1, "kind": "drip", "seconds": 0.01}
    client.http.post("/_mock/faults", json=fault)
    client.act(FAILING[0])
    page.click(".entries li", "planned fault (drip)")
    page.until_text(".why .remedy", "If the client gave up before the answer came, look under Steps")
    assert page.texts(".steps li") == ["step 0 (add): took effect"]


def test_the_number_of_no_request_is_told(page: Page, client: Client) -> None:
    """An address with the number of a request that never came, or is gone, says so in the place of the request."""
    client.users()
    page.until_text(".tally", "1 request")
    page.open("requests?request=999999")
    page.until_text(".detail", "There is no request 999999: the last one is no. ")
    number = client.http.get("/_mock/requests").json()[-1]["number"]
    client.http.delete("/_mock/requests")
    page.open(f"requests?request={number}")
    page.until_text(".detail", f"Request {number} is no longer here")


def test_bodies_that_are_no_commands_have_names_of_their_own(page: Page, client: Client) -> None:
    """The list tells no body, one that is no array, and one that cannot be read from each other."""
    path = f"/v2/usermanagement/action/{client.org_id}"
    for body in (b"", b'{"user": 1}', b"[1"):
        client.http.post(path, content=body)
    page.until_text(".tally", "3 requests")
    assert page.texts(".entries .about") == ["unreadable body", "body that is no array", "no body"]
    page.click(".entries li", "no array")
    page.until_text(".why", "The body is an object, not an array.")


def test_a_token_request_copied_as_curl_takes_the_secret_from_a_variable(page: Page, client: Client) -> None:
    """The secret is asked of the shell, and encoded by curl; no mask is sent in its place."""
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    form = {"grant_type": "client_credentials", "client_id": "a b", "client_secret": "s3cret", "scope": "openid"}
    client.http.post("/ims/token/v2", data=form)
    page.click(".entries li", "token")
    page.click("button", "Copy as curl")
    command = page.until("return window.copied")
    assert '--data-urlencode "client_secret=$UMAPI_CLIENT_SECRET"' in command
    assert "--data-raw 'grant_type=client_credentials&client_id=a+b&scope=openid'" in command
    assert "client_secret=***" not in command


def test_what_a_spent_fault_left_to_do_names_its_numbers(page: Page, client: Client) -> None:
    """How many entries are gone, and for how long connections are refused, stands in the advice."""
    client.http.post("/_mock/clock", json={"frozen": True})
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1, "kind": "shrink", "entries": 2})
    client.users()
    page.click(".entries li", "planned fault (shrink)")
    page.until_text(".why .fault", "To do: Read the listing again from its first page; 2 of its entries are gone")
    page.expected += ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET"]
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1, "kind": "refuse", "seconds": 0.05})
    with suppress(httpx.TransportError):
        client.users()
    page.click(".entries li", "planned fault (refuse)")
    page.until_text(".why .fault", "To do: Wait 0.05 s from this call on, for so long new connections are refused")

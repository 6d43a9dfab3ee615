"""The HTML report as people have it: opened from the disk, with eyes, a mouse or a keyboard."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from umapi_events import SAID, exchange, plain_step, step, whole_run
from umapi_harness.postman import events

if TYPE_CHECKING:
    from tests.browser.conftest import Page

Open = Callable[..., "Page"]
ENTER, ESCAPE, DOWN = "\ue007", "\ue00c", "\ue015"
VISIBLE_TEXT = "return document.querySelector('main').innerText"
CONTRASTS = """
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
      .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        if (color[3] === 255) return color;
      }
      return rgba("white");
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
      const said = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
      if (!said || !element.checkVisibility() || element.closest("[aria-disabled], .unseen, script")) continue;
      const [one, other] = [rgba(getComputedStyle(element).color), ground(element)].map(light);
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5) found.push([element.className, element.textContent.slice(0, 30), ratio]);
    }
    return found;
"""


def rich_step(number: int = 1) -> list[events.Event]:
    """A step with something of everything."""
    one = step(number, name="add a user", folders=("Users", "Creating"))
    used = (
        events.VariableUse(name="api_url", value="https://h/v2", scope="environment", origin="test.json"),
        events.VariableUse(name="access_token", value="•••", scope="environment", origin="script of get a token"),
    )
    sent = json.dumps([{"user": "jane@example.com", "lastname": "O'Neil"}])
    first = number * 10
    return [
        events.NoteTaken(step=one, text="sent with testOnly=true"),
        *exchange(one, first, cause=events.Cause.TOKEN, answer='{"access_token":"•••"}'),
        *exchange(one, first + 1, status=307, body=sent, variables=used),
        *exchange(one, first + 2, cause=events.Cause.REDIRECT, answer='{"id":12345678901234567890,"id":1.50}'),
        *exchange(one, first + 3, status=503, cause=events.Cause.SCRIPT, answer="<html>busy</html>"),
        *list(exchange(one, first + 4, cause=events.Cause.SCRIPT))[:1],
        events.RequestFailed(step=one, exchange=first + 4, message="connection refused", seconds=0.3),
        events.CheckFailed(
            step=one,
            name="the message names the group",
            message="expected 'Group A was not found' to equal 'Group B was not found'",
            pointer="/item/3/event/0/script/exec",
            expected="Group B was not found",
            actual="Group A was not found",
        ),
        events.CheckPassed(step=one, name="status is 200"),
        events.CheckSkipped(step=one, name="nothing changes"),
        events.ErrorRaised(step=one, kind="not-completed", message="1 command was left", pointer="/item/3/request"),
        events.ErrorRaised(step=one, kind="http-error", message="503", pointer="/item/3", allowed=True),
        events.ConsoleMessage(step=one, level="warn", text="the group is not there"),
        events.OrganizationChanged(step=one, changes=("user jane@example.com added",)),
        events.RequestFinished(step=one),
    ]


def some_steps() -> list[list[events.Event]]:
    """Twelve steps in two iterations: one failed, one skipped, one rich in everything."""
    steps = [plain_step(number, failing=number == 3, iteration=(number - 1) // 6) for number in range(1, 11)]
    skipped = step(11, iteration=1, name="delete all")
    return [*steps, [events.RequestSkipped(step=skipped)], rich_step(12)]


def listed(page: Page) -> list[str]:
    """The names in the list."""
    return page.texts(".entry .name")


def tally(page: Page, text: str) -> None:
    """Wait until the list counts so many."""
    page.until("return document.querySelector('.tally').textContent === arguments[0]", text)


def test_failures_come_first_with_both_values(report: Open) -> None:
    """The first page has the verdict, and each failure with expected and actual, the differing words marked."""
    page = report(whole_run([*some_steps()], iterations=2, notes=["all requests go to http://h"]))
    assert page.texts(".hero .word") == ["Failed"]
    assert "2 of 12 checks failed, and 1 error came up in 12 requests, 1 of them not sent." in page.texts(".hero")[0]
    assert page.texts(".failure h4 a") == ["request 3", "add a user"]
    assert page.texts("ins") == ["200", "B"]
    assert page.texts("del") == ["404", "A"]
    text = page.run(VISIBLE_TEXT)
    for told in ("/item/3/event/0/script/exec", "1 command was left", "http-error", "all requests go to http://h"):
        assert told in text
    page.click(".failure h4 a", "add a user")
    page.until_text("main h2", "add a user")
    assert page.run("return location.hash") == "#step-12"


def test_what_the_answer_says_stands_below_the_failure(report: Open) -> None:
    """On the first page and on that of the step: the code of the answer, its meaning, and what to do."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="x", message="no", pointer="/item/0")
    answer = '{"errors":[{"errorCode":"error.group.not_found"}]}'
    page = report(whole_run([[*exchange(one, 10, answer=answer), failed, events.RequestFinished(step=one)]]))
    hint = (
        "The answer: error.group.not_found: The request names a group or profile that the organization does not have."
    )
    (told,) = page.texts(".failure .hints p")
    assert told.startswith(hint)
    page.click(".failure h4 a", one.name)
    page.until_text("main .hints", hint)


def test_a_planned_fault_stands_below_the_failure(report: Open) -> None:
    """On the first page, before anything is unfolded: nobody shall take it for a failure of the service."""
    one = step(1)
    struck = events.FaultStruck(step=one, exchange=10, fault="planned.json/0: status 503")
    failed = events.CheckFailed(step=one, name="x", message="no", pointer="/item/0")
    page = report(whole_run([[*exchange(one, 10, status=503), struck, failed, events.RequestFinished(step=one)]]))
    assert page.texts(".failure > .note") == ["Planned fault: planned.json/0: status 503"]


def test_a_check_of_pm_send_request_stands_beside_its_exchange(report: Open) -> None:
    """With the line of its script, a link to that exchange, and not with that of the request, on both pages."""
    one = step(1)
    check = events.CheckFailed(
        step=one, name="x", message="no", pointer="/item/0/event/0", line=4, column=2, exchanges=(11,)
    )
    sent = [*exchange(one, 10), *exchange(one, 11, status=503, cause=events.Cause.SCRIPT)]
    page = report(whole_run([[*sent, check, events.RequestFinished(step=one)]]))
    about = "about pm.sendRequest: GET https://umapi.example/v2/users/11, answered 503 Refused"
    assert page.texts(".failure .about") == [about]
    assert page.texts(".failure .pointer") == ["in the collection /item/0/event/0, line 4, column 2 of the test script"]
    (shown,) = page.texts(".failure .exchange")
    assert "/users/11" in shown
    page.click(".failure .about a", "pm.sendRequest: GET")
    page.until("return document.querySelector('#exchange-11')?.open")
    assert page.texts("article .about") == [about]


def test_a_passed_run_says_so_at_once(report: Open) -> None:
    """The verdict is a word with a sign, at the top of the page and in the bar."""
    page = report(whole_run([plain_step(1)]))
    assert page.texts(".hero .word") == ["Passed"]
    assert page.texts("#verdict") == ["✓\nPassed"]
    assert "The one check passed in 1 request." in page.texts(".hero")[0]
    assert page.texts(".failure") == []


def test_a_step_shows_all_that_happened(report: Open) -> None:
    """Every exchange with why it went out, checks, errors, console, changes, variables with their origin."""
    page = report(whole_run([rich_step()]), "#step-1")
    summaries = page.texts(".exchange > summary")
    causes = ("token for the authorisation", "POST", "redirect", "sent by a script", "sent by a script")
    assert len(summaries) == len(causes)
    assert all(cause in text for cause, text in zip(causes, summaries, strict=True))
    text = page.run(VISIBLE_TEXT)
    for told in (
        "not-completed",
        "allowed by --allow",
        "status is 200",
        "nothing changes",
        "the group is not there",
        "user jane@example.com added",
        "script of get a token",
        "test.json",
        "sent with testOnly=true",
        "/item/0/item/1",
    ):
        assert told in text
    page.click(".exchange:last-of-type > summary")
    page.until_text(".exchange:last-of-type", "connection refused")
    assert page.run("return performance.getEntriesByType('resource').length") == 0


def test_json_is_shown_as_it_was_sent(report: Open) -> None:
    """Numbers keep their digits and doubled names both stand there; raw is the text itself; containers fold."""
    page = report(whole_run([rich_step()]), "#exchange-12")
    answer = page.texts("#exchange-12 .side:last-child .tree")[0]
    assert '"id": 12345678901234567890' in answer
    assert '"id": 1.50' in answer
    page.click("#exchange-12 .side:last-child button", "Raw")
    page.until_text("#exchange-12 pre", '{"id":12345678901234567890,"id":1.50}')
    page.click("#exchange-12 .side:last-child button", "Raw")
    page.click("#exchange-12 .side:last-child .j-node > summary")
    page.until_text("#exchange-12 .j-size", "2 members }")


def test_long_bodies_are_drawn_in_parts_and_told_to_be_cut(report: Open) -> None:
    """Of a long list a part is drawn, more on demand; a cut body says how much is missing and still folds."""
    one = step(1)
    numbers = json.dumps({"list": list(range(5000))})
    cut = json.dumps([{"name": f"user {number}"} for number in range(5000)])
    page = report(
        whole_run([[*exchange(one, 1, answer=numbers, body=cut), events.RequestFinished(step=one)]]), "#step-1"
    )
    assert page.run("return document.querySelectorAll('*').length") < 2000
    page.click(".side:last-child .j-children .j-node > summary")
    page.click("button", "Show 200 of 4,800 more")
    page.until_text("button", "Show 200 of 4,600 more")
    assert f"Cut: the report holds the first 65,536 of {len(cut):,} characters." in page.run(VISIBLE_TEXT)
    assert page.texts(".side:first-child .tree .j-name") != []


def test_a_deep_link_opens_its_step(report: Open) -> None:
    """#step- and #exchange- lead to their step, which is marked in the list; an unknown one to the overview."""
    page = report(whole_run(some_steps(), iterations=2), "#step-7")
    assert page.texts("main h2")[0].endswith("request 7")
    assert page.texts("[aria-selected=true] .name") == ["request 7"]
    assert "request 7" in page.run("return document.title")
    page.driver.get(page.url + "#exchange-123")
    page.until_text("main h2", "add a user")
    assert page.run("return document.getElementById('exchange-123').open")
    page.driver.get(page.url + "#step-99")
    page.until_text(".hero", "Failed")


def test_filters_narrow_the_list(report: Open) -> None:
    """State, status, folder, iteration and words, in bodies too, each leave what fits."""
    page = report(whole_run(some_steps(), iterations=2))
    tally(page, "12 requests")
    for state, names in (
        ("Failed", ["request 3", "add a user"]),
        ("Skipped", ["delete all"]),
        ("Allowed", ["add a user"]),
    ):
        page.click(".states button", state)
        assert listed(page) == names
    page.click(".states button", "Passed")
    tally(page, "9 of 12 requests")
    page.click(".states button", "All")
    choose(page, "Status", "4xx")
    assert listed(page) == ["request 3"]
    choose(page, "Status", "No answer")
    assert listed(page) == []
    page.click(".empty button", "Show all")
    tally(page, "12 requests")
    choose(page, "Folder", "Users / Part 1")
    assert listed(page) == ["request 1", "request 4", "request 7", "request 10"]
    choose(page, "Folder", "All folders")
    page.element(".iteration").send_keys("2")
    tally(page, "5 of 12 requests")
    assert page.texts(".heading.iteration") == ["Iteration 2"]
    page.element(".iteration").clear()
    page.element("#search").send_keys("REQUEST 1")
    tally(page, "2 of 12 requests")
    page.element("#search").clear()
    page.element("#search").send_keys("u5.19@example.com")
    tally(page, "1 of 12 requests")
    assert listed(page) == ["request 5"]


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a filter."""
    from selenium.webdriver.support.select import Select  # noqa: PLC0415 - not needed where the tests are skipped

    Select(page.element(f"select[aria-label={label}]")).select_by_visible_text(option)


def test_a_body_that_many_steps_share_finds_them_all(report: Open) -> None:
    """A search finds each step with a body that is kept once."""
    steps = [
        [*exchange(step(number), number, answer="the needle" if number % 2 else "hay")] for number in range(1, 301)
    ]
    page = report(whole_run(steps))
    page.element("#search").send_keys("Needle")
    tally(page, "150 of 300 requests")


def test_what_was_searched_for_is_marked(report: Open) -> None:
    """In the step that a search leads to, its words are marked, in what unfolds later too."""
    marked = "return [...(CSS.highlights.get('found') ?? [])].map(String)"
    page = report(whole_run(some_steps(), iterations=2))
    page.element("#search").send_keys("BUSY")
    tally(page, "1 of 12 requests")
    page.press(ESCAPE, "j")
    page.until_text("main h2", "add a user")
    assert page.run(marked) == []
    page.click("#exchange-123 > summary")
    page.until("return CSS.highlights.get('found').size === 1")
    assert page.run(marked) == ["busy"]
    page.press("o")
    page.until_text(".hero", "Failed")
    page.press("/", "u7.3@")
    page.until_text(".entry .name", "request 7")
    page.press(ESCAPE, "j")
    page.until_text("main h2", "request 7")
    assert page.run(marked) == ["u7.3@"]


def test_everything_can_be_done_with_keys(report: Open) -> None:
    """Search, next, next failure, into a step and out again, views and help, without a mouse."""
    page = report(whole_run(some_steps(), iterations=2))
    page.press("j")
    page.until_text("main h2", "request 1")
    page.press("j", "j", "k")
    page.until_text("main h2", "request 2")
    page.press("n")
    page.until_text("main h2", "request 3")
    page.press("n")
    page.until_text("main h2", "add a user")
    page.press("p")
    page.until_text("main h2", "request 3")
    page.press(ESCAPE)
    page.until_text(".hero", "Failed")
    page.press("t")
    page.until_text("main h2", "Timeline")
    page.press("o")
    page.until_text(".hero", "Failed")
    page.press("/", "delete")
    tally(page, "1 of 12 requests")
    page.press(ESCAPE, "j")
    page.until_text("main h2", "delete all")
    tally(page, "1 of 12 requests")
    page.press("?")
    page.until("return document.getElementById('keys').open")
    page.press("j")
    page.press(ESCAPE)
    page.until("return !document.getElementById('keys').open && document.activeElement === document.body")
    assert "delete all" in page.texts("main h2")[0]
    page.press(ENTER)
    page.until("return document.activeElement.id === 'step-name'")


def test_the_list_is_walked_with_arrows(report: Open) -> None:
    """In the list the arrows open what they come to, and what is open is told to those who hear it."""
    page = report(whole_run(some_steps(), iterations=2))
    page.run("document.querySelector('[role=listbox]').focus()")
    page.press(DOWN, DOWN)
    page.until_text("main h2", "request 2")
    assert page.run("return document.activeElement.getAttribute('aria-activedescendant')") == "row-2"
    assert page.run("return document.getElementById('row-2').getAttribute('aria-posinset')") == "2"
    page.press(ENTER)
    page.until("return document.activeElement.id === 'step-name'")


def test_colours_follow_the_system_and_the_switch(report: Open) -> None:
    """Dark where the system is dark; the switch turns it around, and the page remembers that."""
    ground = "return getComputedStyle(document.body).backgroundColor"
    page = report(whole_run([plain_step(1)]))
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    dark = page.run(ground)
    page.click("#theme")
    light = page.run(ground)
    assert (dark, light) == ("rgb(20, 22, 27)", "rgb(244, 245, 247)")
    page.driver.refresh()
    assert page.run(ground) == light
    page.run("localStorage.clear()")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_text_has_contrast(report: Open, colours: str) -> None:
    """Every text stands out from its ground by 4.5 at least, by day and by night."""
    page = report(whole_run(some_steps(), iterations=2, notes=["a note"]))
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": colours}]}
    )
    for place in ("#overview", "#step-12", "#timeline"):
        page.run("location.hash = arguments[0]", place)
        page.until("return document.body.dataset.screen === arguments[0]", place[1:].partition("-")[0])
        assert page.run(CONTRASTS) == []


def test_every_control_has_a_name(report: Open) -> None:
    """Nothing that takes the focus is nameless, and headings go down by one level at a time."""
    page = report(whole_run(some_steps(), iterations=2))
    for place in ("#overview", "#step-12", "#timeline"):
        page.run("location.hash = arguments[0]", place)
        page.until("return document.body.dataset.screen === arguments[0]", place[1:].partition("-")[0])
        controls = page.run("return [...document.querySelectorAll('a[href], button, input, select, [tabindex=\"0\"]')]")
        assert [
            one.get_attribute("outerHTML") for one in controls if one.is_displayed() and not one.accessible_name
        ] == []
        levels = page.run(
            "return [...document.querySelectorAll('h1, h2, h3, h4, h5')]"
            ".filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"
        )
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels


def copied(page: Page, selector: str, text: str) -> str:
    """What a click on a button puts into the clipboard."""
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click(selector, text)
    page.until_text("#notice", "copied")
    found: str = page.run("return window.copied")
    return found


def test_a_request_is_copied_as_a_command(report: Open) -> None:
    """Whatever stands in it, the shell hands it to curl word by word; what is masked stays masked."""
    one = step(1)
    url = "https://h/users?filter[a]={b}&c='d'"
    body = '{"name": "O\'Neil $HOME `id` \\\\ !"}\nsecond line'
    headers = (
        ("Authorization", "Bearer •••"),
        ("X-Empty", ""),
        ("X-Quote", "it's"),
        ("Content-Length", "12"),
        ("Content-Type", "text/plain"),
        ("Accept-Encoding", "gzip"),
    )
    told = exchange(one, 1, url=url, body=body, headers=headers)
    page = report(whole_run([[*told, events.RequestFinished(step=one)]]), "#step-1")
    command = copied(page, "button", "Copy as curl")
    wanted = ["curl", "--request", "POST", "--globoff", "--header", "Authorization: Bearer •••", "--header", "X-Empty;"]
    wanted += ["--header", "X-Quote: it's", "--header", "Content-Type: text/plain", "--header", "Accept-Encoding: gzip"]
    wanted += ["--compressed", "--data-raw", body, "--url", url]
    assert command.startswith("# ••• stands for a secret")
    script = "curl() { printf '%s\\0' curl \"$@\"; }\n" + command
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode("utf-8").split("\0")[:-1] == wanted


def test_where_the_clipboard_is_refused_the_text_is_offered(report: Open) -> None:
    """The command shows in a dialog, selected, to be copied by hand."""
    page = report(whole_run([plain_step(1)]), "#step-1")
    page.run("navigator.clipboard.writeText = async () => { throw new Error('no'); }")
    page.click("button", "Copy as curl")
    page.until("return document.querySelector('dialog.offer')?.open")
    shown = page.run("const { value, selectionEnd } = document.activeElement; return [value, selectionEnd]")
    assert shown[0].startswith("# •••")
    assert shown[1] == len(shown[0])


def test_a_step_s_link_is_copied(report: Open) -> None:
    """The link leads to this file and this step."""
    page = report(whole_run([plain_step(1)]), "#step-1")
    assert copied(page, "button", "Copy link") == f"{page.url}#step-1"


def test_nothing_that_was_said_runs(report: Open) -> None:
    """Markup in names, messages, bodies, headers and data shows as text on all views and runs nowhere."""
    one = step(1, name=SAID, folders=(SAID,))
    used = (events.VariableUse(name=SAID, value=SAID, scope="local", origin=SAID),)
    told = [
        *exchange(
            one,
            1,
            url=f"javascript:{SAID}",
            method=SAID,
            body=SAID,
            answer=SAID,
            headers=((SAID, SAID),),
            variables=used,
        ),
        events.CheckFailed(step=one, name=SAID, message=SAID, expected=SAID, actual="x", pointer=SAID),
        events.ErrorRaised(step=one, kind=SAID, message=SAID, pointer=SAID),
        events.ConsoleMessage(step=one, level=SAID, text=SAID),
        events.OrganizationChanged(step=one, changes=(SAID,)),
        events.NoteTaken(step=one, text=SAID),
        events.RequestFinished(step=one),
    ]
    run = list(whole_run([told], name=SAID, notes=[SAID]))
    run.insert(1, events.IterationStarted(iteration=0, data=((SAID, SAID),)))
    page = report(run)
    page.run("window.alert = () => { window.harmed = true; }")
    for place in ("#step-1", "#timeline", "#requests", "#overview"):
        page.run("location.hash = arguments[0]", place)
        page.until("return document.body.dataset.screen === arguments[0]", place[1:].partition("-")[0])
        assert "<script>alert(1)</script>" in page.run("return document.body.innerText")
        assert page.run("return document.querySelectorAll('main script, .requests script, main img').length") == 0
        assert (
            page.run("return [...document.querySelectorAll('main a')].filter((one) => one.protocol === 'javascript:')")
            == []
        )
    assert page.run("return window.harmed") is None


def test_ten_thousand_requests_are_at_hand(report: Open) -> None:
    """With 10,000 requests little is in the document; a filter, a search in bodies and a deep link answer soon."""
    steps = (
        plain_step(number, failing=number % 500 == 0, iteration=(number - 1) // 100) for number in range(1, 10_001)
    )
    page = report(whole_run(list(steps), iterations=100), "#step-9000")
    page.until_text("main h2", "request 9000")
    assert page.run("return document.querySelectorAll('body *').length") < 2000
    assert "request 9000" in listed(page)
    took = page.run(
        "const began = performance.now(); document.querySelector('[data-state=failed]').click();"
        "document.body.offsetHeight; return performance.now() - began"
    )
    assert took < 1000
    tally(page, "20 of 10,000 requests")
    page.click(".states button", "All")
    page.element("#search").send_keys("u8123.7@")
    tally(page, "1 of 10,000 requests")
    page.press(ESCAPE, "t")
    page.until_text("main h2", "Timeline")
    page.run("const box = document.querySelector('.lines-scroll'); box.scrollTop = box.scrollHeight")
    page.until_text(".line-row .name", "request 10000")
    assert page.run("return document.querySelectorAll('.line-row').length") < 100


def test_the_timeline_leads_to_exchanges(report: Open) -> None:
    """Each exchange has a bar as long as it took, and a link."""
    page = report(whole_run([plain_step(1), rich_step(2)]), "#timeline")
    assert len(page.texts(".line-row")) == 6
    widths = page.run("return [...document.querySelectorAll('.line-row .bar-span')].map((one) => one.offsetWidth)")
    assert widths[-1] > 5 * widths[0] > 0
    page.click(".line-row a", "redirect")
    page.until_text("main h2", "add a user")
    assert page.run("return document.getElementById('exchange-22').open")


def test_a_run_that_was_killed_says_so(report: Open) -> None:
    """Without its end the report shows what came until then, and that it did not end."""
    page = report(list(whole_run([plain_step(1), plain_step(2, failing=True)]))[:-1])
    assert page.texts(".hero .word") == ["Not finished"]
    assert page.texts(".failure h4 a") == ["request 2"]
    assert page.texts("#verdict")[0].endswith("Not finished")


def test_the_page_is_no_longer_than_the_window(report: Open) -> None:
    """Where many steps failed, their list scrolls, and not the page around it into a blank."""
    page = report(whole_run([rich_step(number) for number in range(1, 40)]))
    script = "const root = document.scrollingElement; return root.scrollHeight - root.clientHeight;"
    assert page.run(script) == 0


@pytest.mark.parametrize("width", [320, 375, 800])
def test_small_screens_show_one_thing_at_a_time(report: Open, width: int) -> None:
    """Nothing is wider than the screen; list and step take turns, and a link leads back."""
    metrics = {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": False}
    page = report(whole_run(some_steps(), iterations=2))
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for place in ("#overview", "#step-12", "#timeline", "#requests"):
        page.run("location.hash = arguments[0]", place)
        page.until("return document.body.dataset.screen === arguments[0]", place[1:].partition("-")[0])
        wide = page.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], place
        assert page.run("return document.querySelector('main').scrollWidth <= innerWidth")
    page.click(".entry", "request 2")
    page.until_text("main h2", "request 2")
    assert not page.element(".requests").is_displayed()
    page.click("a", "← All requests")
    page.until("return document.querySelector('.requests').checkVisibility()")


def test_without_scripts_the_verdict_is_there(report: Open) -> None:
    """With JavaScript off the page says what failed, and nothing that would need it is in the way."""
    page = report(whole_run(some_steps(), iterations=2))
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.driver.refresh()
        text = page.driver.find_element("css selector", "body").text
    finally:
        page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "Failed" in text
    assert "request 3 (iteration 1) status is 200: expected 404 to equal 200" in text
    assert "Reading the report" not in text


def test_on_paper_verdict_and_failures_remain(report: Open) -> None:
    """Printed, there is neither list nor button, and the verdict is a word in a frame."""
    page = report(whole_run(some_steps(), iterations=2))
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.element("#verdict").is_displayed()
        assert not page.element(".requests").is_displayed()
        assert (
            page.run("return [...document.querySelectorAll('button')].filter((one) => one.checkVisibility()).length")
            == 0
        )
        assert page.run("return getComputedStyle(document.querySelector('main')).overflow") == "visible"
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def run_of(values: dict[str, Any]) -> list[events.Event]:
    """A run of one step with one failed check that compares these values."""
    one = step(1)
    check = events.CheckFailed(step=one, name="c", message="m", **values)
    return list(whole_run([[*exchange(one, 1), check, events.RequestFinished(step=one)]]))


@pytest.mark.parametrize(
    ("expected", "actual", "missing", "added"),
    [
        ("same", "same", [], []),
        ("", "x", [], ["x"]),
        ("a b c", "a c", ["b "], []),
        ('{"a":1,"b":[1,2]}', '{"a":1,"b":[1,3]}', ["2"], ["3"]),
        ("a b", "a  b", [" "], ["  "]),
        ("x " * 5000 + "end", "x " * 5000 + "END", ["end"], ["END"]),
    ],
)
def test_words_that_differ_are_marked(
    report: Open, expected: str, actual: str, missing: list[str], added: list[str]
) -> None:
    """Only what differs is marked, on each side; JSON is laid out first, and long texts take no time."""
    page = report(run_of({"expected": expected, "actual": actual}))
    texts = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
    assert page.run(texts, "ins") == missing
    assert page.run(texts, "del") == added
    assert ("Both read the same" in page.run(VISIBLE_TEXT)) == (expected == actual)

"""The rest of the page: organisation, faults, clock, settings, state, and how it looks and is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from umapi_harness.mock import build_seed
from umapi_harness.mock.state.populations import generate_organization

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Client, Page

VIEWS = ("requests", "users", "groups", "domains", "faults", "clock", "settings", "state")
CONTRAST = """
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => parts(colour).slice(0, 3).map((one) => one / 255)
  .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
  .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
const ground = (one) => {
  const { backgroundColor } = getComputedStyle(one);
  return (parts(backgroundColor)[3] ?? 1) > 0 || !one.parentElement ? backgroundColor : ground(one.parentElement);
};
const poor = [];
for (const one of document.querySelectorAll("body *")) {
  const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !one.checkVisibility() || one.matches(":disabled, option, .unseen, .skip")) continue;
  const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${one.tagName}.${one.className}: ${one.textContent.slice(0, 30)}`);
}
return poor;
"""
NAMELESS = """
return [...document.querySelectorAll("main button, main input, main select, main a, header select")]
  .filter((one) => one.checkVisibility() && !one.labels?.length && !one.getAttribute("aria-label") && !one.innerText)
  .map((one) => one.outerHTML);
"""


def test_users_are_searched_and_paged(page: Page, client: Client) -> None:
    """In an organisation of 100,000 users a search and a page take no longer than a glance."""
    client.world.put(generate_organization(100_000, 500))
    page.open("users")
    page.until("return document.querySelectorAll('#organization option').length === 2")
    page.run(
        "const select = document.getElementById('organization'); select.value = '98765@AdobeOrg';"
        "select.dispatchEvent(new Event('change', { bubbles: true }))"
    )
    page.until_text(".tally", "50 of 100,000")
    page.click("button", "Next")
    page.until_text(".tally", "100 of 100,000")
    page.type("Search", "user99999@")
    page.until_text(".tally", "1 of 1")
    page.click("tbody a", "user99999@example.com")
    page.until_text(".detail", "federatedID")
    client.world.reset()
    page.run("sessionStorage.clear()")


def test_a_user_is_followed_as_it_changes(page: Page, client: Client) -> None:
    """What a program does to a user shows by itself, memberships through groups included."""
    page.expected.append("/_mock/user?")
    page.open("users?email=jdoe%40example.com&kind=federatedID")
    page.until_text(".detail h3", "jdoe@example.com")
    client.act(
        {"user": "jdoe@example.com", "do": [{"update": {"lastname": "Renamed"}}, {"remove": {"group": ["DevOps"]}}]}
    )
    page.until_text(".detail dd", "Renamed")
    page.until("return !document.querySelector('.detail').innerText.includes('DevOps')")
    client.act({"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]})
    page.until_text(".detail", "no user jdoe@example.com")


def test_from_a_user_to_the_group_and_to_the_requests(page: Page, client: Client) -> None:
    """Names are links: to the group with its members, and to the requests that name the user."""
    client.act({"user": "jdoe@example.com", "do": [{"update": {"lastname": "Seen"}}]})
    client.users()
    page.open("users?email=jdoe%40example.com&kind=federatedID")
    page.click(".detail a", "DevOps")
    page.until_text(".detail h3", "DevOps")
    page.until_text(".detail h4", "Direct members".upper())
    page.click(".detail a", "jdoe@example.com")
    page.click(".detail a", "Requests that name this user")
    page.until_text(".entries", "jdoe@example.com: update")


def test_groups_can_be_found(page: Page, client: Client) -> None:
    """Groups are narrowed by kind and by a part of the name."""
    page.open("groups")
    page.choose("Kind", "User groups")
    page.until("return ![...document.querySelectorAll('tbody th')].some((one) => one.innerText.startsWith('_'))")
    page.type("Search", "devo")
    page.until("return document.querySelectorAll('tbody tr').length === 1")
    page.click("tbody a", "DevOps")
    page.until_text(".detail h3", "DevOps")


def test_another_organisation_can_be_chosen(page: Page, client: Client) -> None:
    """The organisation chosen is shown, and when it is gone, the first one again."""
    client.world.put(build_seed({"org_id": "777@AdobeOrg", "users": []}))
    page.until("return document.querySelectorAll('#organization option').length === 2")
    page.run(
        "const select = document.getElementById('organization'); select.value = '777@AdobeOrg';"
        "select.dispatchEvent(new Event('change', { bubbles: true }))"
    )
    page.until_text("#sizes", "0 users")
    page.open("users")
    page.until_text(".tally", "This organisation has no users. A client makes some, or a seed file does")
    client.world.reset()
    page.until(f"return document.getElementById('organization').value === '{client.org_id}'")
    page.run("sessionStorage.clear()")


def test_another_organisation_does_not_wait_for_a_slow_one(page: Page, client: Client) -> None:
    """A listing that took long is not asked for again soon; that of an organisation chosen meanwhile is, at once."""
    slow = """
    let clock = 0;
    const fetched = window.fetch;
    performance.now = () => clock;
    window.fetch = (path, ...rest) => {
      if (path.includes('/users?')) clock += 60000;
      return fetched(path, ...rest);
    };
    """
    client.world.put(build_seed({"org_id": "777@AdobeOrg", "users": []}))
    page.until("return document.querySelectorAll('#organization option').length === 2")
    page.run(slow)
    page.turn_to("users")
    page.until_text(".tally", "of 14")
    page.run(
        "const select = document.getElementById('organization'); select.value = '777@AdobeOrg';"
        "select.dispatchEvent(new Event('change', { bubbles: true }))"
    )
    page.until_text(".tally", "This organisation has no users.")
    client.world.reset()
    page.run("sessionStorage.clear()")


def test_the_menu_of_organisations_counts_anew(page: Page, client: Client) -> None:
    """After a seed in place of an organisation that is there, the menu has the new number of its users."""
    page.until_text("#organization option", f"{client.org_id} ({len(client.world.organization().users)})")
    client.world.put(build_seed({"org_id": client.org_id, "users": []}))
    page.until_text("#organization option", f"{client.org_id} (0)")


# Faults


def test_a_fault_with_one_click(page: Page, client: Client) -> None:
    """A ready-made fault strikes the next call, is shown as spent, and can be removed."""
    page.open("faults")
    page.click("button", "Next action: 503, not applied")
    page.until_text("tbody", "action, first call")
    page.until_text("#fault-chip", "1 fault in force")
    assert client.act({"user": "jdoe@example.com", "do": [{"update": {"lastname": "No"}}]}).status_code == 503
    page.until_text("tbody .tag", "spent")
    page.click("tbody button", "Remove")
    page.until_text(".scroll", "No fault is in force")
    assert client.world.faults.as_list() == []


def test_all_ready_made_faults_are_good(page: Page, client: Client) -> None:
    """The server accepts every fault that the page offers."""
    page.open("faults")
    buttons = page.run("return document.querySelectorAll('#view > section > .row button').length")
    assert buttons >= 6
    for number in range(buttons):
        page.run("document.querySelectorAll('#view > section > .row button')[arguments[0]].click()", number)
        page.until("return document.querySelectorAll('tbody tr').length === arguments[0] + 1", number)
    assert page.texts("#notice.failed") == []


def test_a_fault_from_the_form(page: Page, client: Client) -> None:
    """The form shows what means something for the kind, and what is filled in is put in force."""
    page.open("faults")
    page.choose("operation", "users")
    page.choose("kind", "drop")
    page.until("return !document.getElementById('fault-status').checkVisibility()")
    page.choose("kind", "answer")
    page.type("status", "429")
    page.type("retry_after", "7")
    page.type("nth", "1")
    page.click("button", "Add fault")
    page.until_text("tbody", "users, call no. 1")
    answer = client.users()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert client.users().status_code == 200


def test_a_fault_that_cannot_be_is_refused(page: Page, client: Client) -> None:
    """The server's line stands beside the field, which is marked and has the focus; nothing lies over it."""
    page.expected.append("/_mock/faults")
    page.open("faults")
    page.choose("operation", "users")
    page.type("status", "9")
    page.click("button", "Add fault")
    page.until_text("[data-field=status] .refusal", "9 is less than the minimum of 200")
    assert page.texts("#notice") == [""]
    assert page.run(CONTRAST) == []
    field = page.field("status")
    assert page.run("return document.activeElement === arguments[0]", field)
    assert field.get_attribute("aria-invalid") == "true"
    told = "return document.getElementById(arguments[0].getAttribute('aria-describedby').split(' ')[0]).innerText"
    assert "less than the minimum" in page.run(told, field)
    page.type("status", "503")
    page.until("return !document.querySelector('.refusal') && !document.querySelector('[aria-invalid]')")
    page.click("button", "Add fault")
    page.until_text("tbody", "users, every call")


def test_what_is_missing_in_a_fault_is_told_at_its_field(page: Page, client: Client) -> None:
    """A refusal that names a field without a place marks that field; the form cleared says nothing any more."""
    page.expected.append("/_mock/faults")
    page.open("faults")
    page.choose("kind", "delay")
    page.click("button", "Add fault")
    page.until_text("[data-field=delay] .refusal", "delay is missing; add the seconds to wait")
    page.click("button", "Clear form")
    page.until("return !document.querySelector('.refusal')")


def test_no_message_lies_over_a_field(page: Page, client: Client) -> None:
    """While a message shows, the last control of a long form can be seen and clicked, wide and narrow."""
    for width in (1280, 380):
        page.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": False},
        )
        page.open("faults")
        page.click("button", "Every token request: 503")
        page.until_text("#notice", "The fault is in force.")
        page.run(
            "document.querySelector('form [type=reset]').scrollIntoView({ block: 'end' }); window.scrollBy(0, 9999)"
        )
        covered = """
        const box = document.querySelector('form [type=reset]').getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.innerText;
        """
        assert page.run(covered) == "Clear form"


def test_a_fault_can_be_removed_in_a_narrow_window(page: Page, client: Client) -> None:
    """In a window as wide as a phone, the buttons of the table of faults are within the window."""
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    plan = {"operation": "group_users", "nth": 3, "status": 429, "retry_after": 1800, "when": "after"}
    client.http.post("/_mock/faults", json=plan)
    page.open("faults")
    page.element("tbody button", "Remove")
    assert page.run("return document.querySelector('tbody button').getBoundingClientRect().right") <= 370


def test_a_spent_fault_is_not_to_be_removed(page: Page, client: Client) -> None:
    """What to do about a fault that struck depends on whether one is in force when its request is looked at."""
    client.http.post("/_mock/faults", json={"operation": "users", "first": 2, "status": 503})
    client.users()
    page.click(".entries li", "planned fault")
    page.until_text(".why .remedy", "See under Faults what is in force")
    client.users()
    page.until_text(".tally", "2 requests")
    page.click(".entries li", "planned fault")
    page.until_text(".why .remedy", "no fault is in force any more")


# Clock, settings, state


def test_the_clock_is_moved(page: Page, client: Client) -> None:
    """Frozen, moved by an hour, and run on again; a token runs out by 24 hours more."""
    page.open("clock")
    page.click("button", "Freeze")
    page.until_text("#clock-chip", "frozen")
    before = client.world.clock.now()
    page.click("button", "+ 1 hour")
    page.until_text("#notice", "3600 s")
    assert client.world.clock.now() == before + 3600
    page.click("button", "Run")
    page.until("return !document.getElementById('clock-chip').innerText.includes('frozen')")
    page.click("button", "+ 24 hours")
    page.until_text("#notice", "86400 s")
    assert client.users().status_code == 401


def test_settings_are_changed(page: Page, client: Client) -> None:
    """A setting is found, changed, marked as different, and put back with the others."""
    page.open("settings")
    page.type("Search", "users_page_size")
    page.until("return document.querySelectorAll('.setting').length === 1")
    page.type("users_page_size", "5\ue007")
    page.until_text(".setting.differs", "Documented: 2000. Live: 400.")
    assert client.world.settings.users_page_size == 5
    page.click("button", "All as seen live")
    page.until_text("#notice", "as seen live")
    assert client.world.settings == type(client.world.settings).live()
    page.click("button", "All as documented")
    page.until("return !document.querySelector('.setting.differs')")
    assert client.world.settings == type(client.world.settings)()


def test_names_in_the_meaning_of_a_setting_stand_as_code(page: Page) -> None:
    """No backtick of the text that is shared with the documentation is to be seen."""
    page.open("settings")
    page.until_text("#setting-text_booleans-meaning", "as the text true or false")
    assert "`" not in page.run("return document.querySelector('main').innerText")
    assert page.run("return document.querySelector('#setting-text_booleans-meaning code').innerText") == "true"


def test_reset_asks_first(page: Page, client: Client) -> None:
    """Reset does nothing when declined with Escape, and everything when agreed to."""
    client.act({"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]})
    page.open("state")
    page.click("main button", "Reset")
    page.until("return document.getElementById('confirm').open")
    page.press("\ue00c")
    page.until("return !document.getElementById('confirm').open")
    assert client.world.organization().find_user("jdoe@example.com") is None
    page.click("main button", "Reset")
    page.confirm()
    page.until_text("#notice", "as it was at the start")
    assert client.world.organization().find_user("jdoe@example.com") is not None


def test_a_snapshot_is_taken_and_restored(page: Page, client: Client) -> None:
    """A snapshot under a name brings back who was removed since, and can be deleted."""
    page.open("state")
    page.type("Name", 'before "it" <b>')
    page.click("button", "Take snapshot")
    page.until_text("tbody th", 'before "it" <b>')
    client.act({"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]})
    page.click("tbody button", "Restore")
    page.confirm()
    page.until_text("#notice", "The state is that of")
    assert client.world.organization().find_user("jdoe@example.com") is not None
    page.click("tbody button", "Delete")
    page.until_text("main", "None yet.")


def test_refusals_stand_beside_what_was_refused(page: Page, client: Client, tmp_path: Path) -> None:
    """A setting, a time and a seed file that cannot be are told where they were given, and what was given stays."""
    page.expected += ["/_mock/settings", "/_mock/clock", "/_mock/state"]
    page.open("settings")
    page.type("users_page_size", "0\ue007")
    page.until_text(".setting .refusal", "0 is too small; give 1 or more")
    assert page.field("users_page_size").get_attribute("value") == "0"
    page.open("clock")
    page.type("Seconds", "1e300\ue007")
    page.until_text("form + .refusal", "advance")
    page.open("state")
    seed = tmp_path / "seed.json"
    seed.write_text('{"org_id": "1@AdobeOrg", "users": [{"email": "no address"}]}', "utf-8")
    page.field("Seed file").send_keys(str(seed))
    page.click("button", "Put in place")
    page.until_text("form + .refusal", "/users/0")
    assert page.field("Seed file").get_attribute("aria-invalid") == "true"
    assert page.run(CONTRAST) == []


# The page as a whole


def test_the_page_says_when_the_server_is_gone(page: Page, client: Client) -> None:
    """Without an answer one line says so, nothing can be done but look at what came before, and all comes back."""
    client.users()
    page.until_text(".tally", "1 request")
    page.expected.append("ERR_")
    page.open("faults")
    field = page.field("status")
    page.run("arguments[0].focus()", field)
    page.driver.execute_cdp_cmd("Network.enable", {})
    conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **conditions})
    try:
        page.until_text("#link", "No answer from the server")
        (told,) = page.texts("#gone")
        assert "The server has not answered since" in told
        assert "goes on by itself" in told
        assert page.run(CONTRAST) == []
        alive = "return [...document.querySelectorAll('main button, main input, main select, #organization')]"
        assert page.run(f"{alive}.filter((one) => one.checkVisibility() && !one.matches(':disabled')).length") == 0
        assert not page.run("return document.getElementById('clock-chip').checkVisibility()")
        page.turn_to("state")
        assert page.run("return document.querySelector('a.button').hasAttribute('href')") is False
        page.turn_to("requests")
        page.type("Search", "nothing like this")
        page.until_text(".entries", "No request fits the filters.")
        assert page.run(f"{alive}.filter((one) => one.matches(':disabled')).length") == 3
        page.turn_to("faults")
    finally:
        page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **conditions})
    page.until_text("#link", "Live")
    assert page.texts("#gone") == [""]
    page.until("return !arguments[0].matches(':disabled')", field)
    page.turn_to("state")
    page.until("return document.querySelector('a.button').hasAttribute('href')")


def test_everything_is_reached_with_the_tab_key(page: Page, client: Client) -> None:
    """From the top, the tab key goes to the content, through the views and the tools, in the order seen."""
    client.users()
    page.until_text(".tally", "1 request")
    order = []
    for _ in range(20):
        page.press("\ue004")
        order.append(page.focused())
        outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", order[-1]
    assert order[:2] == ["Skip to content", "Organisation"]
    views = ["Requests", "Users", "Groups", "Domains", "Faults", "Clock", "Settings", "State"]
    assert [name for name in order if name in views] == views
    tools = ["Search", "Operation", "Outcome", "Client", "Pause", "Clear", "Requests, newest first"]
    assert [name for name in order if name in tools] == tools


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_legible(page: Page, client: Client, scheme: str, tmp_path: Path) -> None:
    """In light and dark, every text has a contrast of 4.5 at least, and every control has a name."""
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    client.act({"user": "jdoe@example.com", "do": [{"add": {"group": ["No such group"]}}]})
    client.act({"user": "jdoe@example.com", "do": [{"add": {"product": ["DevOps"]}}]})
    client.http.post("/_mock/faults", json={"operation": "users", "first": 1})
    client.users()
    for view in VIEWS:
        page.turn_to(view)
        if view == "requests":
            page.until_text(".tally", "3 requests")
            page.click(".entries li", "error.group.not_found")
            page.element(".why li")
        assert page.run(CONTRAST) == [], view
        assert page.run(NAMELESS) == [], view
        page.screenshot(tmp_path / f"{view}-{scheme}.png")
    ground = page.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 384) == (scheme == "dark")


def test_a_narrow_window_needs_no_sideways_scrolling(page: Page, client: Client) -> None:
    """In a window as wide as a phone, no view is wider than the window."""
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    client.act({"user": "jdoe@example.com", "do": [{"add": {"group": ["x" * 200]}}]})
    for view in VIEWS:
        page.turn_to(view)
        if view == "requests":
            page.click(".entries li", "action")
            page.element(".why li")
        assert page.run("return document.documentElement.scrollWidth") <= 380, view


def test_the_focus_stays_while_the_page_follows(page: Page, client: Client) -> None:
    """Chosen with the keyboard, a user keeps the focus while what is shown changes underneath."""
    page.open("users")
    page.run("arguments[0].focus()", page.element("tbody a", "jdoe@example.com"))
    page.press("\ue007")
    page.until_text(".detail h3", "jdoe@example.com")
    client.act({"user": "jdoe@example.com", "do": [{"update": {"lastname": "Changed"}}]})
    page.until_text("tbody td", "Changed")
    page.until_text(".detail dd", "Changed")
    assert page.focused() == "jdoe@example.com"

"""A headless Chromium for each test process, and in it the page of a mock server or the report of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import attrs
import httpx
import pytest

from umapi_harness.mock import VirtualClock, World
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.postman import events
from umapi_harness.report.html_report import HtmlReport

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1440,900",
)
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SELECT_ALL: Final = "\ue009a\ue000"  # Control and a, and let go
SECONDS: Final = 10.0
"""How long something may take to show on the page."""


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The browser; tests are skipped where none is installed."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    chromedriver = shutil.which("chromedriver")
    if browser is None or chromedriver is None:
        pytest.skip("no Chromium with its driver on the path: install chromium and chromium-driver")
    from selenium import webdriver  # noqa: PLC0415 - not needed where the tests are skipped

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    yield started
    started.quit()


@pytest.fixture(scope="session")
def listening() -> Iterator[RunningServer]:
    """The mock server of this test process, on a clock that a test can move."""
    with running_server(clock=VirtualClock()) as server:
        yield server


@pytest.fixture
def client(listening: RunningServer) -> Iterator[Client]:
    """A client with a token, after a reset of everything."""
    world = listening.world
    world.reset()
    if isinstance(world.clock, VirtualClock):
        world.clock.resume()
    credential = world.credential(listening.details.org_id)
    headers = {
        "x-api-key": credential.client_id,
        "Authorization": f"Bearer {world.tokens.issue(credential, 86_399)}",
    }
    with httpx.Client(base_url=listening.url, headers=headers, trust_env=False) as http:
        yield Client(server=listening, http=http)


@pytest.fixture
def page(driver: Any, client: Client) -> Iterator[Page]:
    """The page, newly opened; nothing may be complained of in the browser's console in the end."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")
    driver.get_log("browser")
    opened = Page(driver=driver, url=f"{client.server.url}/_mock/")
    opened.open()
    yield opened
    complaints = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert [text for text in complaints if not any(part in text for part in opened.expected)] == []


@pytest.fixture
def report(driver: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Writes the report of some events and opens it from the disk; the console may hold no complaint in the end."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")
    driver.get_log("browser")
    path = tmp_path / "report.html"

    def opened(told: Iterable[events.Event], place: str = "") -> Page:
        writer = HtmlReport(path)
        for event in told:
            writer(event)
        writer.close()
        page = Page(driver=driver, url=path.as_uri(), hurried=False)
        driver.get(page.url + place)
        return page

    yield opened
    assert [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


@attrs.frozen(kw_only=True)
class Client:
    """What a program under test does while the tester looks at the page."""

    server: RunningServer
    http: httpx.Client

    @property
    def world(self) -> World:
        """The server's state."""
        return self.server.world

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self.server.details.org_id

    def act(self, *commands: Any) -> httpx.Response:
        """POST commands."""
        return self.http.post(f"/v2/usermanagement/action/{self.org_id}", json=list(commands))

    def users(self, group: str = "") -> httpx.Response:
        """GET the first page of users, of the organisation or of a group."""
        suffix = f"/{quote(group, safe='')}" if group else ""
        return self.http.get(f"/v2/usermanagement/users/{self.org_id}/0{suffix}")


@attrs.define(kw_only=True)
class Page:
    """The page as a person with eyes and a keyboard has it."""

    driver: Any
    url: str
    expected: list[str] = attrs.field(factory=list)
    """Parts of messages that the console may hold in this test."""
    hurried: bool = True
    """Whether the page is made to ask for news at once, as when it comes into view, not once a second."""

    def open(self, view: str = "requests") -> None:
        """Open a view and wait until it is connected."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}#/{view}")
        self.until("return document.getElementById('link').textContent === 'Live'")

    def turn_to(self, view: str) -> None:
        """Go to another view, as its link does, and wait until it shows something."""
        self.run("location.hash = '#/' + arguments[0]", view)
        self.until("return document.querySelector('main').innerText.length > 60")

    def run(self, script: str, *values: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *values)

    def until(self, script: str, *values: Any) -> Any:
        """Wait until a script returns something true, and return that."""
        from selenium.webdriver.support.wait import WebDriverWait  # noqa: PLC0415 - not needed where the tests are skipped

        hurry = "document.dispatchEvent(new Event('visibilitychange'));" if self.hurried else ""
        return WebDriverWait(self.driver, SECONDS, poll_frequency=0.02).until(
            lambda _driver: self.run(hurry + script, *values), f"never true: {script} {values}"
        )

    def until_text(self, selector: str, text: str) -> None:
        """Wait until an element shows a text."""
        self.until(
            "return [...document.querySelectorAll(arguments[0])].some((one) => one.innerText.includes(arguments[1]))",
            selector,
            text,
        )

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of that kind."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector
        )
        return found

    def element(self, selector: str, text: str = "") -> Any:
        """The first element of that kind that shows the text; it is waited for."""
        return self.until(
            "return [...document.querySelectorAll(arguments[0])].find((one) => one.innerText.includes(arguments[1]))",
            selector,
            text,
        )

    def click(self, selector: str, text: str = "") -> None:
        """Click on it as a mouse does; again, should it be drawn anew at that moment."""
        from selenium.common.exceptions import StaleElementReferenceException  # noqa: PLC0415 - as above
        from selenium.webdriver.support.wait import WebDriverWait  # noqa: PLC0415 - as above

        def clicked(_driver: Any) -> bool:
            self.element(selector, text).click()
            return True

        ignored = [StaleElementReferenceException]
        WebDriverWait(self.driver, SECONDS, poll_frequency=0.02, ignored_exceptions=ignored).until(clicked)

    def field(self, label: str) -> Any:
        """The control with that label."""
        return self.until(
            "return [...document.querySelectorAll('main label')]"
            ".find((one) => one.checkVisibility() && one.textContent.trim().startsWith(arguments[0]))?.control",
            label,
        )

    def type(self, label: str, text: str) -> None:
        """Put a text into the field with that label, in the place of what is there."""
        self.field(label).send_keys(SELECT_ALL, text)

    def choose(self, label: str, option: str) -> None:
        """Choose an option of the list with that label."""
        from selenium.webdriver.support.select import Select  # noqa: PLC0415 - not needed where the tests are skipped

        Select(self.field(label)).select_by_visible_text(option)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415 - not needed where the tests are skipped

        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> str:
        """What the element with the focus is called."""
        name: str = self.driver.switch_to.active_element.accessible_name
        return name

    def confirm(self) -> None:
        """Agree to what the page asks."""
        self.until("return document.getElementById('confirm').open")
        self.click("#confirm-yes")

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        self.driver.save_screenshot(str(path))

"""Writes docs/images/page-*.png: the page of a mock server after a few calls, by day, by night and on a phone.

`python tests/support/umapi_page_pictures.py [FOLDER]`; needs selenium, and of Debian chromium, chromium-driver and, for
small files, pngquant.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import httpx
from selenium.webdriver.support.wait import WebDriverWait

from umapi_harness.mock import VirtualClock
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_pictures import FOLDER, chromium, keep, look

MORNING: Final = 1_772_443_800.0  # 2 March 2026, 9.30 UTC
SECONDS: Final = 10.0
"""How long something may take to show on the page."""
FAILING: Final[list[dict[str, Any]]] = [
    {"user": "jane@example.com", "do": [{"add": {"group": ["DevOps"]}}]},
    {
        "user": "jdoe@example.com",
        "requestID": "row-7",
        "do": [{"update": {"lastname": "Doe-Smith"}}, {"add": {"group": ["Desingers"]}}],
    },
]
FAULTS: Final[list[dict[str, Any]]] = [
    {"operation": "users", "first": 1, "kind": "broken_json"},
    {"operation": "action", "nth": 9, "kind": "drop", "when": "after"},
    {"operation": "groups", "rate": 0.2, "status": 429, "retry_after": 30},
]
WIDE: Final = (1280, 800)
PHONE: Final = (380, 1000)
FAILED: Final = "requests?request={last}"
USER: Final = "users?group=DevOps&email=jdoe%40example.com&kind=federatedID"
SHOTS: Final = (
    ("requests-light", FAILED, ".why", "light", WIDE),
    ("requests-dark", FAILED, ".why", "dark", WIDE),
    ("requests-phone", FAILED, ".why", "light", PHONE),
    ("users-light", USER, ".detail dl", "light", WIDE),
    ("users-dark", USER, ".detail dl", "dark", WIDE),
    ("faults-light", "faults", "form .setting", "light", WIDE),
    ("faults-dark", "faults", "form .setting", "dark", WIDE),
)
"""Name, address on the page, what must show, colours and size."""


def main(folder: Path) -> None:
    """Call a server, and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_server(clock=VirtualClock(MORNING, frozen=True)) as server, chromium() as driver:
        call(server)
        last = server.world.journal.numbers.stop - 1
        for name, place, shown, colours, size in SHOTS:
            look(driver, colours, *size)
            driver.get("about:blank")
            driver.get(f"{server.page_url}#/{place.format(last=last)}")
            _until(driver, "return document.querySelector(arguments[0])?.checkVisibility()", shown)
            _until(driver, "return document.getElementById('fault-chip').checkVisibility()")
            keep(driver, folder / f"page-{name}.png")


def call(server: RunningServer) -> None:
    """What a program does on a morning: it succeeds, meets a fault, asks for what is not there, and fails in part."""
    world, org_id = server.world, server.details.org_id
    credential = world.credential(org_id)
    headers = {"x-api-key": credential.client_id, "Authorization": f"Bearer {world.tokens.issue(credential, 86_399)}"}
    users, action = f"/v2/usermanagement/users/{org_id}/0", f"/v2/usermanagement/action/{org_id}"
    renaming = [{"user": "jdoe@example.com", "do": [{"update": {"firstname": "John"}}]}]
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        client.post("/_mock/faults", json=FAULTS).raise_for_status()
        for method, path, body in (
            ("GET", users, None),
            ("POST", action, renaming),
            ("GET", f"{users}/Nobody", None),
            ("POST", f"{action}?testOnly=true", FAILING[:1]),
            ("GET", users, None),
            ("POST", action, FAILING),
        ):
            client.request(method, path, json=body)
            client.post("/_mock/clock", json={"advance": 1.7}).raise_for_status()


def _until(driver: Any, script: str, *values: str) -> None:
    WebDriverWait(driver, SECONDS).until(lambda _driver: driver.execute_script(script, *values), script)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

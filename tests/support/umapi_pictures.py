"""A Chromium that takes pictures for docs/images, small ones where pngquant is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from selenium import webdriver

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
_FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage")
_COLOURS: Final = "128"
"""How many colours a picture keeps: texts and grounds have no more, but for the softened edges of letters."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window; needs Debian's chromium and chromium-driver."""
    options = webdriver.ChromeOptions()
    for flag in _FLAGS:
        options.add_argument(flag)
    driver: Any = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def look(driver: Any, colours: str, width: int, height: int) -> None:
    """Show pages by day (light) or night (dark), in a window of that size."""
    features = [{"name": "prefers-color-scheme", "value": colours}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def keep(driver: Any, picture: Path) -> None:
    """Write what is seen as a PNG."""
    driver.save_screenshot(str(picture))
    pngquant = shutil.which("pngquant")
    if pngquant is not None:
        subprocess.run([pngquant, "--force", "--output", str(picture), _COLOURS, str(picture)], check=True)

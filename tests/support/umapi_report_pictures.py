"""Writes docs/images: the HTML report of a walkthrough in which two checks fail, as Chromium shows it by day and night.

`python tests/support/umapi_report_pictures.py [FOLDER]`; needs selenium, and of Debian
chromium, chromium-driver and, for small files, pngquant.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from umapi_harness import walkthrough
from umapi_harness.commands.running import run
from umapi_harness.mock.serving.server import running_server
from umapi_models.names import ENTERPRISE_ID
from umapi_pictures import FOLDER, chromium, keep, look

WRONG: Final = (
    ('pm.expect(pm.response.json().result).to.equal(\\"error.group.not_found\\")', "group.not_found", "group.unknown"),
    ('pm.expect(user.status).to.equal(\\"active\\")', '\\"active\\"', '\\"disabled\\"'),
)
"""Statements of the walkthrough, and what to write in them so that their checks fail."""
SHOTS: Final = (
    ("report-light", "#overview", "light", 1280, 860),
    ("report-dark", "#step-{failed}", "dark", 1280, 860),
)


def main(folder: Path) -> None:
    """Run, and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        report = failing_report(Path(scratch))
        take(report, folder)


def failing_report(folder: Path) -> Path:
    """The report of the walkthrough with two checks that expect what does not come."""
    text = walkthrough.COLLECTION.read_text(encoding="utf-8")
    for statement, right, wrong in WRONG:
        assert statement in text, statement
        text = text.replace(statement, statement.replace(right, wrong), 1)
    collection = folder / "umapi_walkthrough.postman_collection.json"
    collection.write_text(text, encoding="utf-8")
    report = folder / "report.html"
    with running_server() as server:
        known = {**server.details.as_dict(), "mock_admin_url": f"{server.url}/_mock"}
        domains = server.world.organization().domains.values()
        known["enterprise_domain"] = next(one.name for one in domains if one.type == ENTERPRISE_ID and not one.trusted)
        values = [f"{name}={value}" for name, value in known.items() if isinstance(value, str)]
        options = [
            *(
                "--environment",
                str(walkthrough.ENVIRONMENT),
                "--iteration-data",
                str(walkthrough.DATA),
                "--target",
                server.url,
            ),
            *("--html", str(report), *(part for value in values for part in ("--env-var", value))),
        ]
        run.main([str(collection), *options], standalone_mode=False)
    return report


def take(report: Path, folder: Path) -> None:
    """Open the report and write each picture."""
    with chromium() as driver:
        for name, place, colours, width, height in SHOTS:
            look(driver, colours, width, height)
            driver.get("about:blank")
            driver.get(report.as_uri() + place.format(failed=_first_failed(report)))
            keep(driver, folder / f"{name}.png")


def _first_failed(report: Path) -> int:
    lines = report.read_text(encoding="utf-8").splitlines()
    blocks = [line for line in lines if 'class="rows"' in line]
    rows = [row for line in blocks for row in json.loads(line.partition(">")[2].rpartition("<")[0])["rows"]]
    number: int = next(row["number"] for row in rows if row["state"] == "failed")
    return number


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

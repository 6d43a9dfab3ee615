"""The documentation as it was built: it loads nothing from elsewhere, links lead somewhere, and no name is missing."""

from __future__ import annotations

import inspect
import re
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser loads by itself, unlike what it goes to when somebody clicks.
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """What a page loads, where it leads, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag in LOADED and given.get(LOADED[tag]):
            self.loads.append(given[LOADED[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def pages(site: Path) -> dict[Path, Page]:
    """All pages of the site."""
    found = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    assert len(found) > 30
    return found


def test_nothing_comes_from_other_hosts(site: Path) -> None:
    """Scripts, styles, fonts and pictures are the site's own: it can be read without a network."""
    loaded = [(path.name, one) for path, page in pages(site).items() for one in page.loads if urlsplit(one).netloc]
    for path in (*site.rglob("*.css"), *site.rglob("*.js")):
        text = path.read_text("utf-8")
        loaded += [
            (path.name, one)
            for one in re.findall(r"(?:url\(|@import|\bimport\(?)\s*[\"']?((?:https?:)?//[^\"')\s]+)", text)
        ]
    assert loaded == []


def test_links_lead_somewhere(site: Path) -> None:
    """What a page links to is a file of the site, and its anchor an element there."""
    found = pages(site)
    lost: list[tuple[str, str]] = []
    for path, page in found.items():
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target in found and unquote(parts.fragment) in found[target].anchors
            if not there and not (target.is_file() and target.suffix != ".html"):
                lost.append((path.name, link))
    assert lost == []


def test_public_names_are_documented(site: Path) -> None:
    """Each name of the public modules has its anchor on a page, and what is documented under another name there too."""
    from umapi_api_page import MODULES  # noqa: PLC0415 - needs packages that only the environment of the site has

    anchors = set[str]().union(*(page.anchors for page in pages(site).values()))
    missing: list[str] = []
    for name in MODULES:
        module = import_module(name)
        for public in getattr(module, "__all__", ()):
            there = {f"{name}.{public}", f"umapi_sdk.{public}"} & anchors
            if not there and not inspect.ismodule(getattr(module, public)):
                missing.append(f"{name}.{public}")
    assert missing == []


def test_types_in_signatures_lead_to_their_pages(site: Path) -> None:
    """Models, options and what calls give back link to where they are told of, though no public module exports them."""
    links = set[str]()
    for page in "sdk", "testing":
        text = (site / "reference" / f"{page}.html").read_text("utf-8")
        for signature in re.findall(r'<dt class="sig sig-object py".*?</dt>', text, re.DOTALL):
            links |= set(re.findall(r'<a class="reference internal" href="([^"]+)"', signature))
    told = {"models.html#usercommand", "models.html#usergroupcommand", "settings.html"}
    own = {"#umapi_sdk.effects.StepPart", "#umapi_sdk.pieces.PlannedCommand", "#umapi_sdk.waits.Cause"}
    assert (told | own | {"#umapi_harness.mock.serving.details.ServerDetails"}) - links == set()


def test_no_table_is_broken(site: Path) -> None:
    """No row of a table has more cells than its head, as a bar in a cell makes."""
    for path in pages(site):
        for table in re.findall(r"<table.*?</table>", path.read_text("utf-8"), re.DOTALL):
            rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
            assert len({len(re.findall(r"<t[hd]\b", row)) for row in rows}) <= 1, (path.name, rows[0])

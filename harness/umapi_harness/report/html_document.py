"""The document of the HTML report: the page's own files in one, and data put in so that none of it is markup."""

from __future__ import annotations

import base64
import functools
import json
import re
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

_PAGE: Final = files("umapi_harness.report").joinpath("html")
_SHARED: Final = files("umapi_harness.common").joinpath("page")
_MODULES: Final = (
    "data",
    "json",
    "diff",
    "curl",
    "bodies",
    "problems",
    "timeline",
    "exchanges",
    "step",
    "rows",
    "filters",
    "list",
    "overview",
    "waterfall",
    "highlight",
    "keys",
    "report",
)
"""The page's modules, in an order in which each comes after those that it imports."""
_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)


def head(title: str, run: Any) -> bytes:
    """The document down to where the data begins: styles, script, and the frame of the page."""
    assets = _assets()
    return assets.template.safe_substitute(
        title=escape(title),
        icon=assets.icon,
        policy=assets.policy,
        style=assets.style,
        script=assets.script,
        run=script_text(run),
    ).encode("utf-8", "backslashreplace")


def data_block(kind: str, data: Any, **marks: int) -> bytes:
    """Data as an element that no browser runs or draws; `marks` become its data- attributes."""
    attributes = "".join(f' data-{name}="{value}"' for name, value in marks.items())
    text = f'<script type="application/json" class="{kind}"{attributes}>{script_text(data)}</script>\n'
    return text.encode("utf-8", "backslashreplace")


def script_text(data: Any) -> str:
    r"""JSON for inside a script element: with no `<` in it, nothing can end the element or hide its end.

    Lone surrogates, which UTF-8 cannot hold, become escapes of JSON where the text is written (`\udc80`).
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class _Assets:
    """The page's files, read once."""

    def __init__(self) -> None:
        self.template = Template(_read("template.html"))
        self.style = _SHARED.joinpath("palette.css").read_text("utf-8") + _read("report.css")
        modules = [_SHARED.joinpath("dom.js").read_text("utf-8"), *(_read(f"{name}.js") for name in _MODULES)]
        self.script = "\n".join(_plain(module) for module in modules)
        icon = base64.b64encode(_SHARED.joinpath("icon.svg").read_bytes()).decode("ascii")
        self.icon = f"data:image/svg+xml;base64,{icon}"
        self.policy = (
            f"default-src 'none'; style-src '{_hash(self.style)}'; script-src '{_hash(self.script)}'; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )


@functools.cache
def _assets() -> _Assets:
    return _Assets()


def _read(name: str) -> str:
    return _PAGE.joinpath(name).read_text("utf-8")


def _plain(module: str) -> str:
    """A module as a part of one script: all of them share one scope there."""
    return _EXPORT.sub("", _IMPORT.sub("", module))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")

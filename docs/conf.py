"""How Sphinx builds the site: `tox -e docs`."""

from __future__ import annotations

import importlib.metadata
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments.lexers.special import TextLexer  # pyright: ignore[reportMissingTypeStubs]
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.nodes import make_refnode

from umapi_models import models
from umapi_sdk import Action, outcomes
from umapi_sdk.config import SettingArguments
from umapi_sdk.options import OptionArguments

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "umapi-sdk"
author = "The umapi-sdk maintainers"
copyright = author  # noqa: A001 - Sphinx's word
release = version = importlib.metadata.version("umapi-sdk")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]
nitpicky = True

# What annotations alone import is not there when signatures are read.
outcomes.Action = Action  # type: ignore[attr-defined, misc]

# Where names are documented.
PACKAGES = (
    *("umapi_sdk", "umapi_sdk.aio", "umapi_sdk.bulk", "umapi_sdk.sheets", "umapi_sdk.compat"),
    *("umapi_harness.testing", "umapi_harness.mock", "umapi_harness.contract", "umapi_harness.strategies"),
)
for package in map(import_module, PACKAGES):
    # Names that are loaded when they are asked for are not there when members are listed.
    vars(package).update({name: getattr(package, name) for name in getattr(package, "__all__", ())})

# What a page tells of without being made from docstrings, and the page with the anchor there.
TOLD = {
    **{value: ("reference/models", name.lower()) for name, value in vars(models).items() if isinstance(value, type)},
    OptionArguments: ("reference/settings", ""),
    SettingArguments: ("reference/settings", ""),
}

OURS = ("umapi_sdk", "umapi_models", "umapi_runtime", "umapi_harness")
# Others' documentation is not at hand offline. `existing` knows what of ours is on no page.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|os|pathlib|types|typing|asyncio|logging|datetime|ssl|enum)\..*"),
    ("py:.*", r"(httpx|hypothesis|respx|starlette)\..*"),
]

# What is in backticks, in docstrings as in Markdown, is code.
default_role = "code"
# Dashes between a parameter and what it means; quotation marks as they are written.
smartquotes_action = "D"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"

# GitHub and the site make the same anchors of headings.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings: list[str] = []
# Prompts and what a command prints are not copied.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "umapi-sdk"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sphinx = False
# Nobody needs the sources of the pages beside them; the repository has them.
html_copy_source = False


def at_home(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> Element | None:
    """The public name of what a signature names by the module that it is defined in.

    What has none stays without a link; what does not exist at all gets a warning.
    """
    target = str(node["reftarget"])
    wanted = existing(target)
    domain = env.domains.python_domain
    for package in PACKAGES:
        names = [name for name, value in vars(import_module(package)).items() if value is wanted]
        for name in (*names, target.rpartition(".")[2]):
            if f"{package}.{name}" in domain.objects:
                return domain.resolve_xref(
                    env, node["refdoc"], app.builder, node["reftype"], f"{package}.{name}", node, content
                )
    home = f"{getattr(wanted, '__module__', '')}.{getattr(wanted, '__qualname__', '')}"
    if home != target and home in domain.objects:
        return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], home, node, content)
    page, anchor = TOLD.get(wanted, ("", "")) if isinstance(wanted, type) else ("", "")
    if page and (not anchor or has_heading(env, page, anchor)):
        return make_refnode(app.builder, node["refdoc"], page, anchor, content)
    return None if wanted is None else content


def has_heading(env: BuildEnvironment, page: str, anchor: str) -> bool:
    """Whether a page has a heading with this anchor."""
    sections = env.get_doctree(page).findall(nodes.section)
    return any(anchor in section["ids"] or section.get("slug") == anchor for section in sections)


def existing(target: str) -> object:
    """What a dotted name of ours leads to, or a name alone in any of our modules; None if there is no such."""
    home, _, name = target.rpartition(".")
    loaded = [one for one in sys.modules if one.partition(".")[0] in OURS]
    for place in [home] if home else loaded:
        found: object = getattr(sys.modules.get(place), name, None)
        if found is not None:
            return found
    return None


def read_docstring(*event: Any) -> None:
    """Read a docstring as Google's; that of an attribute is a sentence, whose colon ends no type."""
    _, what, _, _, _, lines = event
    if what not in {"attribute", "property"}:
        lines[:] = GoogleDocstring(lines).lines()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", at_home)
    app.connect("autodoc-process-docstring", read_docstring)
    app.add_lexer("csv", TextLexer)

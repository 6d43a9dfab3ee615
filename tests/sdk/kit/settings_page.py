"""The table of settings in docs/reference/settings.md, made from the options of connections and the settings beside.

Run as a program to write it anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from umapi_sdk.config import Settings
from umapi_sdk.options import Options, described

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "reference" / "settings.md"
_BEGIN: Final = "<!-- written by tests/sdk/kit/settings_page.py -->\n"
_END: Final = "<!-- end -->\n"


def render(page: str) -> str:
    """Return the page with its table as it should be."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    options = described(Options)
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    rows = "".join(
        f"| `{name}` | {_default(fields[name])} | {setting.doc} |\n"
        for name, setting in sorted(described(Settings).items(), key=lambda item: item[0] in options)
    )
    return f"{before}{_BEGIN}\n| setting | default | meaning |\n|---|---|---|\n{rows}\n{_END}{after}"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is None:
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")

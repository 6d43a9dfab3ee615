"""The programs that take the pictures of docs/images."""

from __future__ import annotations

import shutil
import struct
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def test_a_picture_is_taken_without_pngquant(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a server is shown as a phone has it, also where no program is installed that makes files small."""
    import umapi_page_pictures  # noqa: PLC0415 - needs selenium, as the fixture does

    which = shutil.which

    def without_pngquant(name: str) -> str | None:
        return None if name == "pngquant" else which(name)

    monkeypatch.setattr(shutil, "which", without_pngquant)
    monkeypatch.setattr(
        umapi_page_pictures, "SHOTS", [shot for shot in umapi_page_pictures.SHOTS if "phone" in shot[0]]
    )
    umapi_page_pictures.main(tmp_path)
    (picture,) = tmp_path.iterdir()
    content = picture.read_bytes()
    assert (picture.name, content[:8]) == ("page-requests-phone.png", b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == umapi_page_pictures.PHONE

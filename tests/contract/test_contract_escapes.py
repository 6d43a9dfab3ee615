"""Escapes: what is read is what every language means by it, and what is written is read as what was meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract.escapes import escaped_addresses, escapes_changed

PIECES = (
    "a", "@", ".", " ", "\u00f6", "\u4e2d", "&ouml;", "&#246;", "&#xF6;", "&amp;#64;", "&amp;", "&lt",
    "%C3%B6", "%f6", "%25C3%25b6",
    "%u00F6", "%", "%2", "%25", "\\u00f6", "\\\\u00F6", "\\ud83d\\ude00", "\\ud83d", "\\u{1f600}",
    "\\u{ffffff}", "\\U000000f6",
    "\\xf6", "\\xc3\\xb6", "\\303\\266", "\\366", "\\n", "\\\\", "\\", "\\\"", "u", "x", "41", "&", ";",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
OTHERS = str.maketrans("a\u00f6\u4e2d", "b\u00f8\u4e3d")


@given(TEXTS)
def test_what_is_changed_is_read_as_changed(raw: str) -> None:
    """A text in which letters are changed stands for the changed letters, and one without a change stays as it was."""
    read: list[str] = []

    def noted(text: str) -> str:
        read.append(text)
        return text

    assert escapes_changed(raw, noted) == raw
    written = escapes_changed(raw, lambda text: text.translate(OTHERS))
    escapes_changed(written, noted)
    assert read[1] == read[0].translate(OTHERS)


@given(TEXTS)
def test_addresses_stand_in_the_text_in_order(raw: str) -> None:
    """Each place that holds an address with escapes lies in the text, behind the one before, and holds an at sign."""
    done = 0
    for start, end in escaped_addresses(raw):
        assert done <= start < end <= len(raw)
        assert escapes_changed(raw[start:end], lambda text: text.replace("@", "#")) != raw[start:end]
        done = end

"""The exception for bad input to the mock server itself: seeds, settings, fault plans, addresses."""

from __future__ import annotations


class InputError(ValueError):
    """Input that the mock server cannot use; its text is one line naming what, where and the remedy."""

"""Refusals: an error of one step, and the words for a code or for an occasion."""

from __future__ import annotations

import functools
from typing import Any

from umapi_models import schemas


def message_of(code: str, **values: object) -> str:
    """The message of a code, with `values` in its placeholders: the service's own, or else ours [G own-words].

    Of a code for which `schema/error_codes.json` has neither, the meaning is told.
    """
    return _messages()[code].format_map(values)


def words_for(occasion: str, **values: object) -> tuple[str, str]:
    """The code and the words for an occasion of `schema/words.json`, with `values` in the placeholders.

    The code is empty where the answer has none.
    """
    entry = _occasions()[occasion]
    words: str = entry["message"] or entry["own_words"]
    return entry["code"] or "", words.format_map(values)


@functools.cache
def _occasions() -> dict[str, dict[str, Any]]:
    occasions: dict[str, dict[str, Any]] = schemas.read("words.json")["occasions"]
    return occasions


@functools.cache
def _messages() -> dict[str, str]:
    return {
        entry["code"]: entry["message"] or entry.get("own_words") or entry["meaning"].translate(_BRACES)
        for entry in schemas.read("error_codes.json")["codes"]
    }


_BRACES = str.maketrans({"{": "{{", "}": "}}"})


class RefusedError(Exception):
    """A step that the service refuses; carries the error code and the message."""

    def __init__(self, code: str, **values: object) -> None:
        """Refuse with `code`; `values` fill the placeholders of its message."""
        self.code = code
        self.message = message_of(code, **values)
        super().__init__(f"{code}: {self.message}")


class NoBehaviourError(RefusedError):
    """A step that the schema has and this server cannot take."""

    def __init__(self, step: str) -> None:
        code, words = words_for("action.step_not_simulated", step=step)
        super().__init__(code)
        self.message = words

"""Refusals: an error of one step, and the message that the service gives for a code."""

from __future__ import annotations

import functools

from umapi_models import schemas


def message_of(code: str, **values: object) -> str:
    """The message of a code, with `values` in its placeholders: the service's own, or else ours [G own-words].

    Of a code for which `schema/error_codes.json` has neither, the meaning is told.
    """
    return _messages()[code].format_map(values)


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
        super().__init__("error.api.not_available")
        self.message = f"The mock server does not know what the step does: {step}"

"""What is said where an object is of another kind than is asked for: above all of one of two that have the same name.

A program can hold both the SDK's own `UserAction` and that of `umapi_sdk.compat`.
"""

from __future__ import annotations

import sys

OWN = "umapi_sdk"
COMPAT = "umapi_sdk.compat"


def is_of_compat(value: object) -> bool:
    """Return whether an object is one of `umapi_sdk.compat`."""
    module = type(value).__module__
    return module == COMPAT or module.startswith(f"{COMPAT}.")


def kind_of(value: object) -> str:
    """Return the class of an object, as a program would import it."""
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    exported = getattr(sys.modules.get(OWN), kind.__qualname__, None)
    return f"{OWN if exported is kind else kind.__module__}.{kind.__qualname__}"

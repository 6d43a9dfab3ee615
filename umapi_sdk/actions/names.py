"""Steps that list names: each name once, in as many steps as needed, with pointers as the caller counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from umapi_runtime.constraints import ContractError, Violation, refuse
from umapi_sdk.errors import ActionError
from umapi_sdk.prudence import doubts

Names = list[str] | tuple[str, ...] | set[str] | frozenset[str]
"""Names of groups or users. A bare string is not among them, so that a type checker refuses it."""

Step = TypeVar("Step")


def at_once(names: Names, make: Callable[[tuple[str, ...]], Step], size: int) -> Step | None:
    """Build the one step for names that fit one and have nothing wrong with them, None for others."""
    if not isinstance(names, (list, tuple)) or len(names) > size:
        return None
    try:
        step = make(tuple(dict.fromkeys(names)))
    except (ContractError, TypeError):  # what cannot be a key is no name
        return None
    return None if doubts(step) else step


def in_chunks(
    names: Names, make: Callable[[tuple[str, ...]], Step], size: int, prefix: str, name: str, field: str
) -> tuple[Step, ...]:
    """Build one step for each list that fits one; pointers begin with `prefix`, and count as the caller gave names."""
    try:
        once = _once(names, field)
    except ContractError as error:
        raise ActionError.from_contract(error.below(f"{prefix}/{name}")) from None
    steps: list[Step] = []
    for start in range(0, len(once) or 1, size):
        chunk = once[start : start + size]
        places = [place for place, _ in chunk]
        try:
            step = make(tuple(text for _, text in chunk))
        except ContractError as error:
            found = [moved(violation, f"/{field}/", places) for violation in error.violations]
            raise ActionError(tuple(violation.below(f"{prefix}/{name}") for violation in found)) from None
        found = [moved(violation, f"/{name}/{field}/", places) for violation in doubts(step)]
        if found:
            raise ActionError(tuple(violation.below(prefix) for violation in found))
        steps.append(step)
    return tuple(steps)


def _once(names: Names, field: str) -> list[tuple[int, str]]:
    """Return each name once, with the place at which the caller gave it first."""
    if isinstance(names, str) or not isinstance(names, (list, tuple, set, frozenset)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise refuse(f"/{field}", "give a list, tuple or set of names", "error.command.add_remove.list_not_array")
    ordered = sorted(names, key=str) if isinstance(names, (set, frozenset)) else names
    seen: set[str] = set()
    once: list[tuple[int, str]] = []
    for place, name in enumerate(ordered):
        if isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - the model refuses what is none
            if name in seen:
                continue
            seen.add(name)
        once.append((place, name))
    return once


def moved(violation: Violation, head: str, places: Sequence[int]) -> Violation:
    """Return the violation with the number that follows `head` in its pointer replaced by its place in `places`."""
    rest = violation.pointer.removeprefix(head)
    number, slash, tail = rest.partition("/")
    if rest == violation.pointer or not number.isdigit():
        return violation
    return Violation(f"{head}{places[int(number)]}{slash}{tail}", violation.problem, violation.code)

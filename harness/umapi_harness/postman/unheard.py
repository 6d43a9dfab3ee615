"""Scripts that never run, since they listen to an event that a run does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from umapi_harness.common.documents import Node

_EVENTS: Final = ("prerequest", "test")


class Unheard(msgspec.Struct, frozen=True, kw_only=True):
    """One such script."""

    pointer: str
    """JSON pointer of the event in the collection file."""
    problem: str


def listeners(node: Node) -> Iterator[Node]:
    """The events of a collection, folder or request; one alone may stand without a list, as Newman takes it."""
    events = node.get("event")
    if events is None:
        return
    if isinstance(events.value, dict):
        yield events
    else:
        yield from events.items("event")


def unheard_scripts(node: Node) -> Iterator[Unheard]:
    """The scripts of a collection, folder or request, and of all below it, that no event starts."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield from _of(node)
        children = node.get("item")
        if children is not None and isinstance(children.value, list):
            waiting.extend(reversed(tuple(children.items("item"))))


def _of(node: Node) -> Iterator[Unheard]:
    events = node.get("event")
    if events is None or not isinstance(events.value, list | dict):
        return  # told as the problem of the item
    for listener in listeners(node):
        name = listener.text_of("listen")
        if name not in _EVENTS and not listener.flag("disabled") and listener.get("script") is not None:
            problem = f"a script listens to {name!r} and never runs; the events are {' and '.join(_EVENTS)}"
            yield Unheard(pointer=listener.pointer, problem=problem)

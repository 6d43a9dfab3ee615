"""Choosing: the requests of a collection that a run names, and what it says where a name is that of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from umapi_harness.common.errors import DocumentError
from umapi_harness.common.meant import nearest
from umapi_harness.postman.collection import Collection, Item

_TOLD: Final = 5
"""Places of one name that are told."""


def chosen_items(collection: Collection, names: Sequence[str]) -> tuple[Item, ...]:
    """The requests that run, in the collection's order: all, or those in folders of these names.

    Raises:
        DocumentError: there are none, or a name is that of no folder and no request.
    """
    if not collection.items:
        raise DocumentError(collection.source, "/item", "the collection holds no requests", "add one")
    for name in names:
        if not any(item.is_in(name) for item in collection.items):
            folders = collection.folder_names()
            near = nearest(name, (*folders, *(item.name for item in collection.items)))
            known = f"name one of its folders: {', '.join(folders)}" if folders else "name a request: it has no folders"
            problem = f"no folder or request named {name!r}"
            raise DocumentError(collection.source, "/item", problem, f"is {near!r} meant?" if near else known)
    if not names:
        return collection.items
    return tuple(item for item in collection.items if any(item.is_in(name) for name in names))


def shared_names(collection: Collection, names: Sequence[str]) -> Iterator[str]:
    """What to tell of each name that several folders or requests of the collection have, of which all run."""
    for name in dict.fromkeys(names):
        found = [place for item in collection.items if (place := _place_of(item, name)) is not None]
        places = dict.fromkeys(found)
        if len(places) < 2:
            continue
        told = "; ".join(_told(*place) for place in list(places)[:_TOLD])
        more = f"; and {len(places) - _TOLD} more" if len(places) > _TOLD else ""
        remedy = "; --folder ID runs one of them" if all(id_ for _, _, id_ in places) else ""
        yield (
            f"--folder {name}: all {len(places)} folders and requests of this name run, where Newman runs the first: "
            f"{told}{more}{remedy}"
        )


_Place = tuple[str, tuple[str, ...], str]
"""Of a folder or request: its pointer or, where it has none, its ids; its path; its id."""


def _place_of(item: Item, name: str) -> _Place | None:
    """The outermost folder of that name around a request, else the request if it has it."""
    for depth, (folder, id_) in enumerate(zip(item.folders, item.folder_ids, strict=True), 1):
        if name in (folder, id_):
            # In files of v1 folders do not stand around requests, and all of them have ids.
            nested = "/".join(item.pointer.split("/")[: 2 * depth + 1]) if item.pointer.startswith("/item/") else ""
            return nested or "/".join(item.folder_ids[:depth]), item.folders[:depth], id_
    return (item.pointer, (*item.folders, item.name), item.id) if item.is_called(name) else None


def _told(_pointer: str, path: tuple[str, ...], id_: str) -> str:
    return " / ".join(path) + (f" (id {id_})" if id_ else "")

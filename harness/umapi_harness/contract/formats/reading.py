"""Reading: which format a recording has, by what is in it, and its exchanges one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from umapi_harness.contract.exchanges import Exchange, Limits
from umapi_harness.contract.formats import har, postman, vcr
from umapi_harness.contract.formats.cursors import Cursor, is_map
from umapi_harness.contract.formats.har import Skip, Unanswered
from umapi_harness.contract.formats.json_documents import JsonCursor
from umapi_harness.contract.formats.leftovers import Leave
from umapi_harness.contract.formats.sources import KNOWN, Source
from umapi_harness.contract.formats.yaml_documents import YamlCursor


def exchanges(
    stream: BinaryIO,
    path: str,
    limits: Limits,
    skip: Skip,
    leave: Leave | None = None,
    unanswered: Unanswered | None = None,
) -> Iterator[Exchange]:
    """Return the exchanges of a file, in order, holding one at a time; `path` stands in messages.

    `leave` is told of all else that the file holds; of a collection, of the whole. `unanswered` is told of the
    requests among what is left out.

    Raises:
        RecordingError: it is no recording, or is broken from some place on; what came before has been given.
    """
    source = Source(stream, path, limits)
    cursor = JsonCursor(source) if is_json(source.head) else YamlCursor(source)
    if cursor.kind == "list":
        yield from vcr.exchanges(cursor, "", leave)
    elif cursor.kind == "map":
        yield from _of_map(cursor, skip, leave, unanswered)
    else:
        raise source.error("is no recording", KNOWN)
    cursor.finish()


def is_json(head: bytes) -> bool:
    """Whether a file that begins so is read as JSON, and otherwise as YAML."""
    return head.lstrip()[:1] in (b"{", b"[")


def _of_map(cursor: Cursor, skip: Skip, leave: Leave | None, unanswered: Unanswered | None) -> Iterator[Exchange]:
    source = cursor.source
    collection: dict[str, object] = {}
    found = False
    for name in cursor.members():
        place = f"/{name[:40]}"
        source.at(f"#{place}")
        if name == "log":
            found = True
            yield from har.exchanges(cursor, skip, leave, unanswered)
        elif name == "interactions":
            found = True
            yield from vcr.exchanges(cursor, place, leave)
        elif name in ("item", "variable"):
            collection[name] = cursor.value()
            if leave is not None:
                leave(f"{source.path}#{place}", collection[name])
        elif name == "collection":
            # Postman's own interface wraps what its export gives.
            wrapped = cursor.value()
            if leave is not None:
                leave(f"{source.path}#{place}", wrapped)
            if is_map(wrapped) and "item" in wrapped:
                found = True
                yield from postman.exchanges(wrapped, source, place, skip)
        elif leave is not None:
            leave(f"{source.path}#{place}", cursor.value())
        else:
            cursor.skip()
        source.at("")
    if "item" in collection:
        found = True
        yield from postman.exchanges(collection, source, "", skip)
    if not found:
        raise source.error("is no recording", KNOWN)

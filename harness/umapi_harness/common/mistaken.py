"""Mistaken files: what a file is that was given in the place of another, as far as its content tells."""

from __future__ import annotations

from typing import Final, cast

WORKBOOK: Final = "a workbook of Excel"
_OF_WORKBOOKS: Final = b"xl/workbook"
_PACKED: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "packed with gzip",
    b"\xd0\xcf\x11\xe0": "a document of an older Office",
    b"%PDF": "a PDF document",
}
COLLECTION: Final = "Postman collection"
_ENVIRONMENT: Final = "Postman environment"
_SEED: Final = "seed file"
_PLAN: Final = "fault plan"
_HAR: Final = "HAR recording"
_USES: Final = {
    COLLECTION: "umapi-harness run takes it, without an option before it",
    _ENVIRONMENT: "give it with -e",
    _SEED: "give it with --seed",
    _PLAN: "give it with --faults",
    _HAR: "umapi-harness verify and replay take it",
}


def binary_kind(content: bytes) -> str:
    """What a file is that holds no text, by its first bytes; empty where they do not tell."""
    for beginning, name in _PACKED.items():
        if content.startswith(beginning):
            return WORKBOOK if _OF_WORKBOOKS in content else name
    return ""


def document_kind(document: object) -> str:
    """What a JSON document is of the files that commands of this package read; empty where it does not tell."""
    if not isinstance(document, dict):
        return ""
    members = cast("dict[str, object]", document)
    inner = members.get("collection")
    if isinstance(inner, dict):
        members = cast("dict[str, object]", inner)
    if {"info", "item"} <= members.keys():
        return COLLECTION
    if isinstance(members.get("values"), list):
        return _ENVIRONMENT
    log = members.get("log")
    if isinstance(log, dict) and "entries" in log:
        return _HAR
    if "org_id" in members:
        return _SEED
    return _PLAN if isinstance(members.get("faults"), list) else ""


def use_of(kind: str) -> str:
    """Where a file of a kind is given, as the remedy of a message."""
    return _USES[kind]

"""Queries of addresses in text: where the secrets in them stand, by the names of parameters.

Each character is read a few times at most, whatever the text repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from umapi_harness.common.secret_names import is_secret

# In the query of a URL these are secrets too: OAuth's codes, the signatures of links that expire, and keys of services
# that take them there, as the gateway does not.
_NAMES: Final = frozenset({"code", "key", "sig", "ticket", "apikey", "api_key", "api-key"})
# What an address in a text is part of; runs without a query are found too, so that none is looked through again.
_RUN: Final = re.compile(r"[^\s\"<>]++")
# Where an address begins: with its scheme, or with a slash, which JSON may escape.
_ROOT: Final = re.compile(r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+:)?+\\?+/")
_AROUND: Final = ("'", "`")
"""Quotes that an address may also hold: it ends with one only where it begins behind one."""
_BEHIND: Final = "\\:.,;)]}'`"
"""What ends a sentence or a clause behind an address."""
# What parts the parameters of a query, also as HTML and JSON write it; another address behind a comma.
_PARTING: Final = re.compile(r"&amp;|&|\\u0026|#|[;?](?=[\w.-]++=)|,(?=https?:)")
_EQUALS: Final = re.compile(r"=|\\u003d")


def is_query_secret(name: str) -> bool:
    """Whether a parameter of this name holds a secret where it stands in the query of a URL."""
    return is_secret(name) or name.lower() in _NAMES


def query_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Find the values of secret parameters in the addresses of a text, whole or from a slash on, in their order.

    The addresses may be written as JSON, HTML and programs write them.
    """
    if "?" in text:
        for run in _RUN.finditer(text):
            if "?" in run[0]:
                yield from _of_run(text, run.start(), run.end())


def _of_run(text: str, position: int, end: int) -> Iterator[tuple[int, int]]:
    """Find them in a part of the text without blanks and double quotes."""
    while (mark := text.find("?", position, end)) >= 0:
        root = _ROOT.search(text, position, mark)
        position = mark + 1
        if root is None:
            continue
        around = text[max(0, root.start() - 1) : root.start()]
        closing = text.find(around, mark, end) if around in _AROUND else -1
        position = end if closing < 0 else closing
        query = text[mark + 1 : position]
        yield from _of_query(query.rstrip(_BEHIND) if closing < 0 else query, mark + 1)


def _of_query(query: str, start: int) -> Iterator[tuple[int, int]]:
    begin = 0
    for end, following in (*(found.span() for found in _PARTING.finditer(query)), (len(query), 0)):
        equals = _EQUALS.search(query, begin, end)
        if equals is not None and equals.end() < end and is_query_secret(query[begin : equals.start()]):
            yield start + equals.end(), start + end
        begin = following

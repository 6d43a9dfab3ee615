"""Hints: what the answers to a request that failed say of the cause, where no check shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from umapi_harness.common.lines import one_line
from umapi_harness.postman import events
from umapi_harness.postman.targets import is_api_path

_CODE: Final = re.compile(r'"(?:errorCode|error_code|result)"\s*:\s*"?([\w.]{1,100})')
_LOOKED_AT: Final = 65_536
"""Characters of a body that are searched."""
_MOST: Final = 5
"""Codes of one answer that are told of."""
_LONGEST: Final = 300


_KEY: Final = "x-api-key"
_KEY_MISSING: Final = "403000"
_KEY_REFUSED: Final = "403003"


def hints(sent: events.RequestSent, answer: events.ResponseReceived, body: str) -> list[str]:
    """What the service's error codes in an answer mean and what to do, and why it wants a credential."""
    refused = [
        f"{name}: {one_line(value[:_LONGEST])}"
        for name, value in answer.headers
        if answer.status == 401 and name.lower() == "www-authenticate"
    ]
    return [*refused[:_MOST], *islice(_remedies(_codes(sent, answer, body[:_LOOKED_AT])), _MOST)]


def _codes(sent: events.RequestSent, answer: events.ResponseReceived, body: str) -> list[str]:
    """The codes that a body names; of an answer of the gateway without any, the one that it stands for."""
    if answer.status == 403 and not body.strip() and is_api_path(sent.url):
        return [_KEY_REFUSED if any(name.lower() == _KEY for name, _ in sent.headers) else _KEY_MISSING]
    return list(dict.fromkeys(match[1] for match in _CODE.finditer(body)))


def _remedies(codes: Sequence[str]) -> Iterator[str]:
    if not codes:
        return
    from umapi_models.error_codes import ERROR_CODES  # noqa: PLC0415 - for answers that have a code

    for code in codes:
        if (known := ERROR_CODES.get(code)) is not None:
            yield f"{code}: {known.meaning} {known.remedy}"

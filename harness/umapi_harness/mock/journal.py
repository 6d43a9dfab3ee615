"""The journal: the last requests and what was answered, with everything secret masked."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import attrs

_MASK: Final = "***"
_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_SECRET_FIELDS: Final = frozenset(
    {"client_secret", "jwt_token", "access_token", "refresh_token", "assertion", "client_assertion"}
)
_SECRET_JSON: Final = re.compile(r'("(?:access_token|client_secret|jwt_token)"\s*:\s*")[^"]*(")')
_KEPT: Final = 16 * 1024  # bytes of a body that are kept


@attrs.frozen(kw_only=True)
class Entry:
    """One request and its answer."""

    number: int
    time: float
    """When the request came, in epoch seconds by the server's clock."""
    operation: str
    method: str
    path: str
    query: str
    client_id: str | None
    request_headers: dict[str, str]
    request_body: str
    status: int | None
    """None: the connection was dropped instead."""
    response_headers: dict[str, str]
    response_body: str
    fault: str | None
    """What kind of planned fault struck, if any did."""


class Journal:
    """The last `size` entries."""

    def __init__(self, size: int = 1000) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget all entries; their numbers are not used again."""
        self._entries.clear()

    def record(
        self,
        *,
        time: float,
        operation: str,
        method: str,
        path: str,
        query: str,
        client_id: str | None,
        request_headers: Mapping[str, str],
        request_body: bytes,
        status: int | None,
        response_headers: Mapping[str, str],
        response_body: bytes,
        fault: str | None,
    ) -> None:
        """Keep a request and its answer."""
        self._count += 1
        secret = operation == "token"
        self._entries.append(
            Entry(
                number=self._count,
                time=time,
                operation=operation,
                method=method,
                path=path,
                query=_masked_form(query) if secret else query,
                client_id=client_id,
                request_headers=_masked_headers(request_headers),
                request_body=_masked_body(request_body) if secret else _text(request_body),
                status=status,
                response_headers=dict(response_headers),
                response_body=_SECRET_JSON.sub(rf"\1{_MASK}\2", _text(response_body))
                if secret
                else _text(response_body),
                fault=fault,
            )
        )

    def as_list(self, *, after: int = 0) -> list[dict[str, Any]]:
        """The entries with numbers above `after`, oldest first, as data."""
        return [attrs.asdict(entry) for entry in self._entries if entry.number > after]


def _text(body: bytes) -> str:
    text = body[:_KEPT].decode("utf-8", "replace")
    return text if len(body) <= _KEPT else f"{text}... ({len(body)} bytes)"


def _masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: _MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _masked_form(form: str) -> str:
    pairs = parse_qsl(form, keep_blank_values=True)
    return urlencode([(name, _MASK if name in _SECRET_FIELDS else value) for name, value in pairs], safe="*")


def _masked_body(body: bytes) -> str:
    """A token request's body; one that is no plain form is not shown, for want of knowing what it holds."""
    text = _text(body)
    if not text or text.lstrip().startswith(("-", "{", "[")) or "=" not in text:
        return f"({len(body)} bytes)" if text else ""
    return _masked_form(text)

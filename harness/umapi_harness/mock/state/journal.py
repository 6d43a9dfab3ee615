"""The journal: the last requests and what was answered, with everything secret masked."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import attrs

from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.secrets import Masker

_MASKER: Final = Masker("***")
_KEPT: Final = 16 * 1024  # bytes of a body that are shown
_ROOM: Final = 64 * 1024 * 1024  # bytes of all bodies together


@attrs.frozen(kw_only=True)
class Entry:
    """One request and its answer."""

    number: int
    time: float
    """When the request came, in epoch seconds by the server's clock."""
    operation: str
    org_id: str
    """The organisation in the path; empty where there is none."""
    method: str
    path: str
    query: str
    client_id: str | None
    request_headers: dict[str, str]
    status: int | None
    """None: the connection was dropped instead."""
    response_headers: dict[str, str]
    fault: str | None
    """What kind of planned fault struck, if any did."""
    effect: str
    """How much of it took effect: all, part or none."""
    sent: bytes | str = attrs.field(repr=False)
    """The body of the request: whole, or masked already where it is sure to hold secrets."""
    answered: bytes | str = attrs.field(repr=False)
    """The body of the answer, likewise."""
    steps: tuple[tuple[str, ...], ...] = ()
    """Of each command that was looked at, what became of each step: done, checked (in test mode), failed, untried."""
    true_status: int | None = None
    """Status of the true answer, where a fault kept it from the client; else None."""
    true_body: bytes | str = attrs.field(default=b"", repr=False)
    """Its body, likewise."""

    planned: dict[str, Any] | None = None
    """The fields of that fault, without the body of its answer."""
    cause: dict[str, str] | None = None
    """Why it was refused, as far as the server knows more than it answered; else None."""

    @property
    def request_body(self) -> str:
        """The body of the request, with secrets masked."""
        # Masked when somebody looks, which for most of many thousand requests nobody does.
        return _shown(self.sent)

    @property
    def response_body(self) -> str:
        """The body of the answer, with secrets masked."""
        return _shown(self.answered)

    @property
    def true_answer(self) -> dict[str, Any] | None:
        """What the client would have been told of what was carried out, had no fault kept it; else None."""
        return None if self.true_status is None else {"status": self.true_status, "body": _shown(self.true_body)}

    @property
    def commands(self) -> bytes:
        """The body of an action call, whole; empty for other calls."""
        return self.sent if self.operation == "action" and isinstance(self.sent, bytes) else b""

    @property
    def size(self) -> int:
        """Characters and bytes that the entry holds, roughly."""
        return len(self.sent) + len(self.answered) + len(self.true_body) + len(self.path) + len(self.query)

    def as_dict(self) -> dict[str, Any]:
        """The entry as data, with secrets masked."""
        held = ("sent", "answered", "steps", "true_status", "true_body")
        shown = {name: value for name, value in attrs.asdict(self).items() if name not in held}
        bodies = {"request_body": self.request_body, "response_body": self.response_body}
        steps = [list(fates) for fates in self.steps]
        return {**shown, **bodies, "steps": steps, "true_answer": self.true_answer}


class Journal:
    """The last `size` entries, or fewer where their bodies are large."""

    def __init__(self, size: int = 1000, room: int = _ROOM) -> None:
        """Keep at most `size` entries, with `room` bytes for all their bodies together."""
        self._entries: deque[Entry] = deque()
        self._most = size
        self._room = room
        self._held = 0
        self._count = 0
        self._cleared = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    @property
    def numbers(self) -> range:
        """The numbers of the entries that are kept; they tell a reader what came and what is gone."""
        return range(self._count - len(self._entries) + 1, self._count + 1)

    @property
    def forgotten(self) -> int:
        """How many entries had to go since the journal was last cleared."""
        return self._count - self._cleared - len(self._entries)

    def clear(self) -> None:
        """Forget all entries; their numbers are not used again."""
        self._entries.clear()
        self._held = 0
        self._cleared = self._count

    def record(
        self,
        *,
        time: float,
        operation: str,
        org_id: str,
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
        effect: str,
        steps: tuple[tuple[str, ...], ...] = (),
        true_answer: tuple[int, bytes] | None = None,
        cause: dict[str, str] | None = None,
        planned: dict[str, Any] | None = None,
    ) -> None:
        """Keep a request and its answer; `true_answer` is the status and body that a fault kept from the client."""
        self._count += 1
        secret = operation == "token"
        true_status, true_body = true_answer or (None, b"")
        entry = Entry(
            number=self._count,
            time=time,
            operation=operation,
            org_id=org_id,
            method=method,
            path=_masked_short(path),
            query=_masked_form(query) if secret else _MASKER.text(query),
            client_id=client_id,
            request_headers=_masked_headers(request_headers),
            sent=_masked_body(request_body) if secret else request_body,
            status=status,
            response_headers=_masked_headers(response_headers),
            answered=_MASKER.text(_text(response_body)) if secret else response_body,
            fault=fault,
            effect=effect,
            steps=steps,
            true_status=true_status,
            cause=cause,
            planned=planned,
            true_body=_MASKER.text(_text(true_body)) if secret else true_body,
        )
        self._entries.append(entry)
        self._held += entry.size
        while len(self._entries) > self._most or (self._held > self._room and len(self._entries) > 1):
            self._held -= self._entries.popleft().size

    def as_list(self, *, after: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        """The entries with numbers above `after`, oldest first, as data.

        `wanted` are fields and the values that they must have.
        """
        return [
            entry.as_dict()
            for entry in self._entries
            if entry.number > after and all(getattr(entry, name) == value for name, value in wanted.items())
        ]


def _text(body: bytes) -> str:
    text = body[:_KEPT].decode("utf-8", "replace")
    return text if len(body) <= _KEPT else f"{text}... ({len(body)} bytes)"


def _shown(body: bytes | str) -> str:
    return body if isinstance(body, str) else _MASKER.text(_text(body))


@functools.lru_cache(maxsize=1024)
def _masked_short(text: str) -> str:
    """The text without secrets, for a path or a header's value, most of which come again and again."""
    return _MASKER.text(text)


def _masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: _MASKER.mask if is_secret(name) else _masked_short(value) for name, value in headers.items()}


def _masked_form(form: str) -> str:
    pairs = parse_qsl(form, keep_blank_values=True)
    return urlencode([(name, _MASKER.value(name, value)) for name, value in pairs], safe="*")


def _masked_body(body: bytes) -> str:
    """A token request's body; one that is no plain form is not shown, for want of knowing what it holds."""
    text = _text(body)
    if not text or text.lstrip().startswith(("-", "{", "[")) or "=" not in text:
        return f"({len(body)} bytes)" if text else ""
    return _masked_form(text)

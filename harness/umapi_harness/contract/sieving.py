"""Sieving: which exchanges judges see, and what is left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from umapi_harness.common.secrets import Masker
from umapi_harness.contract.cleaning import sized, without_secrets
from umapi_harness.contract.exchanges import Exchange, Recording
from umapi_harness.contract.judging import CHANGES, operation_name
from umapi_harness.contract.schema import find_operation, operations
from umapi_models.operations import API_ROOT

_ROOT: Final = urlsplit(API_ROOT)
_STATUS: Final = "/status"
_PREFLIGHT: Final = "OPTIONS"


class Sieve:
    """Keeps the exchanges that are the API's, without secrets, and counts the reasons why others are not.

    What judges do not see stands in no finding: a raw recording is judged as a redacted one is.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.size = 0
        """Bytes of all bodies that were kept, uncompressed."""
        self._kept: list[Exchange] = []
        self._masker = Masker(learning=True)
        self._hosts = {_ROOT.netloc}
        self._foreign: Counter[str] = Counter()

    def add(self, exchange: Exchange) -> bool:
        """Take one exchange; False when it is nobody's business here, and nothing of it is kept."""
        reason = _why_foreign(exchange)
        if reason is not None:
            self._foreign[reason] += 1
            return not exchange.response.status and self.note(exchange)
        if _is_rooted(exchange):
            self._hosts.add(_host(exchange))
        self._keep(exchange)
        return True

    def note(self, exchange: Exchange) -> bool:
        """Take a request without an answer, for what it may have changed; False when it changes nothing of the API."""
        if operation_name(exchange) not in CHANGES:
            return False
        self._keep(exchange)
        return True

    def _keep(self, exchange: Exchange) -> None:
        self.size += len(exchange.request.body) + len(exchange.response.body)
        self._kept.append(sized(exchange, without_secrets(exchange, self._masker)))

    def recording(self, path: str, skipped: tuple[str, ...] = ()) -> tuple[Recording, Mapping[str, int]]:
        """Return what was kept, and the reasons with their numbers."""
        kept: list[Exchange] = []
        unanswered: list[tuple[int, Exchange]] = []
        foreign = Counter(self._foreign)
        for exchange in self._kept:
            if not exchange.response.status:
                unanswered.append((len(kept), exchange))
                continue
            # Every service can have a page called /status: it is the API's where the API is.
            if exchange.operation is not None or not _asks_status(exchange) or _host(exchange) in self._hosts:
                kept.append(exchange)
            else:
                foreign[_other(exchange)] += 1
        recording = Recording(path=path, exchanges=tuple(kept), skipped=skipped, unanswered=tuple(unanswered))
        return recording, dict(foreign)


def _why_foreign(exchange: Exchange) -> str | None:
    """Return why an exchange is none of the API's; None when it is one, or may be."""
    if exchange.operation is not None and exchange.operation in operations():
        return None
    if exchange.request.method == _PREFLIGHT:
        return "a browser's question before the request (OPTIONS)"
    if not exchange.response.status:
        return "no answer was recorded"
    if _is_rooted(exchange) or _asks_status(exchange):
        return None
    return None if find_operation(exchange.request.method, exchange.request.url) is not None else _other(exchange)


def _other(exchange: Exchange) -> str:
    return f"not the API's: {_host(exchange) or 'no host'}"


def _asks_status(exchange: Exchange) -> bool:
    return urlsplit(exchange.request.url).path.rstrip("/") == _STATUS


def _is_rooted(exchange: Exchange) -> bool:
    return f"{_ROOT.path}/" in urlsplit(exchange.request.url).path


def _host(exchange: Exchange) -> str:
    return urlsplit(exchange.request.url).netloc.rpartition("@")[2].lower()

"""The HAR report of a run: every exchange, for browsers' tools and for `umapi-harness verify`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from umapi_harness.contract.archives import Archive
from umapi_harness.contract.exchanges import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.postman import events
from umapi_harness.report.outcomes import Ending, Gathering, Outcome

_NO_ANSWER: Final = "no answer came before the run was ended"


class HarReport:
    """Listens to a run and writes HAR 1.2 to `path`, the exchanges of a request when it is over."""

    def __init__(self, path: Path) -> None:
        """Make the hidden file; raises RecordingError."""
        self._path = path
        self._archive: Archive | None = None
        self._gathering = Gathering(self._add)

    def __call__(self, event: events.Event) -> None:
        """Take in one event; raises RecordingError."""
        self._gathering(event)

    def close(self) -> None:
        """Complete the file and give it its name; raises RecordingError."""
        archive = self._opened()
        try:
            archive.finish()
        except BaseException:
            archive.discard()
            raise

    def _opened(self) -> Archive:
        if self._archive is None:
            self._archive = Archive(self._path)
        return self._archive

    def _add(self, outcome: Outcome) -> None:
        began = self._gathering.started.at if self._gathering.started else 0.0
        archive = self._opened()
        try:
            for sent, end in outcome.exchanges():
                archive.add(_exchange(outcome, sent, end, began))
        except BaseException:
            archive.discard()
            raise


def _exchange(outcome: Outcome, sent: events.RequestSent, end: Ending | None, began: float) -> Exchange:
    if isinstance(end, events.ResponseReceived):
        body = end.body.encode("utf-8", "replace")
        response = RecordedResponse(status=end.status, reason=end.reason, headers=end.headers, body=body)
    else:
        response = RecordedResponse(status=0, reason=_NO_ANSWER if end is None else end.message)
    moment = datetime.fromtimestamp(began + sent.at, UTC)
    return Exchange(
        name=str(sent.exchange),
        where=outcome.step.pointer,
        request=RecordedRequest(
            method=sent.method, url=sent.url, headers=sent.headers, body=sent.body.encode("utf-8", "replace")
        ),
        response=response,
        source=f"{outcome.step.path} ({sent.cause.value})",
        started=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        milliseconds=round((end.seconds if end else 0.0) * 1000, 3),
    )

"""Transports that record what goes through them (`UMAPI_RECORD`), by the recorder of the harness."""

from __future__ import annotations

import logging
import os
import time
import warnings
from importlib import import_module
from typing import Any, Final

from umapi_sdk.errors import ConfigurationError
from umapi_sdk.messages import Request, Response
from umapi_sdk.transports.interface import AsyncTransport, Transport

VARIABLE: Final = "UMAPI_RECORD"

logger = logging.getLogger(__name__)


class RecordingWarning(UserWarning):
    """Nothing more is recorded, or what was is lost; calls go on."""


def recorded(transport: Transport) -> Transport:
    """Return the transport, inside one that records if `UMAPI_RECORD` names a file.

    Raises:
        ConfigurationError: the recorder is not installed, or the file cannot be written.
    """
    path = os.environ.get(VARIABLE)
    return RecordingTransport(transport, _Tape(path)) if path else transport


def recorded_async(transport: AsyncTransport) -> AsyncTransport:
    """Return the async transport, inside one that records if `UMAPI_RECORD` names a file.

    Raises:
        ConfigurationError: as of `recorded`.
    """
    path = os.environ.get(VARIABLE)
    return RecordingAsyncTransport(transport, _Tape(path)) if path else transport


class _Tape:
    """The file of one connection; what goes wrong with it never becomes the failure of a call."""

    def __init__(self, path: str) -> None:
        try:
            recorder: Any = import_module("umapi_harness.contract.recorder")
        except ImportError:
            command = "pip install 'umapi-sdk[harness]'"
            raise ConfigurationError(f"{VARIABLE} needs the recorder: {command}, or unset {VARIABLE}") from None
        try:
            self._recorder: Any = recorder.ConnectionRecorder(path)
        except ValueError as error:
            raise ConfigurationError(f"{VARIABLE}: {error}") from None

    def keep(self, request: Request, response: Response, seconds: float) -> None:
        try:
            self._recorder.record(
                method=request.method,
                url=request.url,
                sent_headers=request.headers,
                sent=request.body or b"",
                status=response.status,
                headers=response.headers,
                body=response.body,
                seconds=seconds,
            )
        except Exception as error:  # noqa: BLE001 - the service has acted: whatever happens here, its answer must arrive
            _warn(error)

    def finish(self) -> None:
        try:
            path = self._recorder.finish()
        except Exception as error:  # noqa: BLE001 - as in `keep`
            _warn(error)
        else:
            if path is not None:
                logger.info("recorded to %s", path)


def _warn(error: Exception) -> None:
    """Warn of what went wrong, also where programs make errors of warnings: those would take an answer's place."""
    text = f"{VARIABLE}: {error}"
    try:
        warnings.warn(text, RecordingWarning, stacklevel=4)
    except RecordingWarning:
        logger.warning(text)


class RecordingTransport:
    """Sends requests by another transport, and records what got an answer."""

    def __init__(self, inner: Transport, tape: _Tape) -> None:
        self._inner = inner
        self._tape = tape

    def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer; see `Transport`."""
        began = time.monotonic()
        response = self._inner.send(request)
        self._tape.keep(request, response, time.monotonic() - began)
        return response

    def close(self) -> None:
        """Close the transport and complete the file."""
        try:
            self._inner.close()
        finally:
            self._tape.finish()


class RecordingAsyncTransport:
    """The same for an async transport."""

    def __init__(self, inner: AsyncTransport, tape: _Tape) -> None:
        self._inner = inner
        self._tape = tape

    async def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer; see `AsyncTransport`."""
        began = time.monotonic()
        response = await self._inner.send(request)
        self._tape.keep(request, response, time.monotonic() - began)
        return response

    async def close(self) -> None:
        """Close the transport and complete the file."""
        try:
            await self._inner.close()
        finally:
            self._tape.finish()

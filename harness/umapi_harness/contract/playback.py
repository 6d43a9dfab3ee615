"""Playback: a replay on a port, with what a client must know to be pointed at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from umapi_harness.contract.exchanges import Exchange, Limits
from umapi_harness.contract.matching import is_token_request
from umapi_harness.contract.recordings import load, no_exchange
from umapi_harness.contract.replay import Replay
from umapi_harness.mock.serving.certificates import write_private
from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.listening import DEFAULT_HOST, Server, Site, in_background, site
from umapi_harness.mock.state.keys import process_keys
from umapi_models.operations import API_PATH

_ANY: Final = "replay"  # secrets are not compared, nor is the client's id
_ORGANIZATION: Final = re.compile(r"(?<![^/@])[^/@]++@AdobeOrg", re.IGNORECASE)
_STATUSES: Final = range(200, 600)  # with which an exchange can end


@attrs.frozen(kw_only=True)
class Playback:
    """A replay that listens."""

    replay: Replay
    """What it answers with, and what became of the requests so far."""
    details: ServerDetails
    """The organisation and the client of the recording; the secrets are made up, for nobody checks them."""
    url: str
    """Scheme, host and port."""

    def environment(self) -> dict[str, str]:
        """The details as environment variables, `UMAPI_ORG_ID` and so on, without those that there are not.

        `UMAPI_FIRST_DELAY` and `UMAPI_RANDOM_DELAY` are 0, so that no test waits before a request is sent again.
        """
        return self.details.of_tested_program()


def playable(
    paths: Iterable[Path], *, limits: Limits | None = None, skip: Callable[[str], None] | None = None
) -> tuple[Exchange, ...]:
    """Return the exchanges of some files that can be answered with; `skip` receives a line for each of the others.

    Raises:
        RecordingError: a file cannot be read, or holds none.
    """
    found: list[Exchange] = []
    for path in paths:
        recording = load(path, limits=limits or Limits())
        unanswerable = [one for one in recording.exchanges if one.response.status not in _STATUSES]
        answerable = [one for one in recording.exchanges if one.response.status in _STATUSES]
        if skip is not None:
            for line in recording.skipped:
                skip(line)
            for one in unanswerable:
                skip(f"{one.where}: skipped: status {one.response.status} is no answer of its own")
        if not answerable:
            raise no_exchange(str(path))
        found += answerable
    return tuple(found)


@contextmanager
def playing(replay: Replay, *, tls: bool = False) -> Generator[Playback]:
    """Answer on a free port of this machine while the context lasts."""
    with prepared(replay, DEFAULT_HOST, 0, tls=tls) as (server, playback), in_background(server):
        yield playback


@contextmanager
def prepared(replay: Replay, host: str, port: int, *, tls: bool) -> Generator[tuple[Server, Playback]]:
    """Give a server that is bound to its port, to be run; its files are gone after the context.

    Raises:
        InputError: a host or port that cannot be used.
    """
    with site(host, port, tls=tls) as place:
        server = place.server(replay)
        server.config.date_header = False  # the recording has one, or the service gave none
        yield server, Playback(replay=replay, details=_details(place, replay.exchanges), url=place.url)


def _details(place: Site, exchanges: Sequence[Exchange]) -> ServerDetails:
    key_path = place.folder / "private.key"
    write_private(key_path, process_keys().private_pem.encode("ascii"))
    paths = (unquote(urlsplit(exchange.request.url).path) for exchange in exchanges)
    organizations = (found[0] for found in map(_ORGANIZATION.search, paths) if found)
    clients = (one.request.header("x-api-key") for one in exchanges if not is_token_request(one.request))
    return ServerDetails(
        api_url=f"{place.url}{API_PATH}",
        ims_url=place.url,
        ca_cert=str(place.authority) if place.authority is not None else None,
        org_id=next(organizations, f"{_ANY}@AdobeOrg"),
        client_id=next((one for one in clients if one), _ANY),
        client_secret=_ANY,
        tech_account_id=f"{_ANY}@techacct.adobe.com",
        private_key_path=str(key_path),
        domain=None,
        sample_user=None,
        sample_group=None,
        sample_profile=None,
    )

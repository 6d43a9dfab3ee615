"""The command ``replay``: recordings served over HTTP, until Ctrl-C."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import click

from umapi_harness.commands.conventions import BODY_LIMIT, FAILED, FILE, PROGRAM, limits_of
from umapi_harness.contract.recordings import Exchange, Limits, RecordingError, load
from umapi_harness.contract.replay import Replay, is_token_request
from umapi_harness.mock.certificates import write_private
from umapi_harness.mock.details import ServerDetails
from umapi_harness.mock.keys import process_keys
from umapi_harness.mock.routes import API_ROOT
from umapi_harness.mock.server import DEFAULT_HOST, Site, site

_ANY: Final = "replay"  # secrets are not compared, nor is the client's id
_ORGANIZATION: Final = re.compile(r"[^/@]+@AdobeOrg", re.IGNORECASE)


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@click.option("--tls", is_flag=True, help="Serve HTTPS, with an authority and a certificate made at start.")
@click.option("--ordered", is_flag=True, help="Demand the requests in the order in which they were recorded.")
@click.option("--ready-file", type=FILE, help="Receives the server's details as JSON once it listens.")
@BODY_LIMIT
def replay(
    paths: tuple[Path, ...], host: str, port: int, tls: bool, ordered: bool, ready_file: Path | None, max_body: int
) -> int:
    """Serve recordings in place of the service, until Ctrl-C.

    Each FILE is a HAR, a vcrpy cassette or a Postman collection with saved examples. A request is answered with what
    was recorded for it; one that was not recorded gets status 501 and the nearest that was. Prints what a client
    needs as lines that a shell can evaluate. Exit status 1 if there was a request that could not be answered.
    """
    exchanges = _playable(paths, limits_of(max_body))
    app = _Speaking(exchanges, ordered=ordered)
    with site(host, port, tls=tls) as place:
        details = _details(place, exchanges)
        server = place.server(app)

        def announce() -> None:
            if ready_file is not None:
                details.write(ready_file)
            click.echo("\n".join(details.export_lines()))
            message = f"{PROGRAM}: replaying {len(exchanges)} exchanges at {place.url}, stop with Ctrl-C"
            click.echo(message, err=True)

        server.on_start = announce
        server.run()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    click.echo(
        f"{PROGRAM}: {len(app.played)} answers given, {len(app.left)} exchanges never asked for, "
        f"{len(app.unmatched)} requests not recorded",
        err=True,
    )
    return FAILED if app.unmatched else 0


class _Speaking(Replay):
    """A replay that says at once what it cannot answer."""

    def explain(self, message: str) -> None:
        click.echo(f"{PROGRAM}: {message}", err=True)


def _playable(paths: Sequence[Path], limits: Limits) -> tuple[Exchange, ...]:
    found: list[Exchange] = []
    for path in paths:
        recording = load(path, limits=limits)
        for line in recording.skipped:
            click.echo(f"{PROGRAM}: {line}", err=True)
        for exchange in recording.exchanges:
            if exchange.response.status < 200 or exchange.response.status > 599:
                reason = f"no answer of status {exchange.response.status} can be given"
                click.echo(f"{PROGRAM}: {exchange.where}: skipped: {reason}", err=True)
            else:
                found.append(exchange)
    if not found:
        raise RecordingError(f"{paths[0]}: holds no exchange; give a recording with a request and its answer")
    return tuple(found)


def _details(place: Site, exchanges: Sequence[Exchange]) -> ServerDetails:
    """What a client must know: the organisation and the client of the recording, and secrets that nobody checks."""
    key_path = place.folder / "private.key"
    write_private(key_path, process_keys().private_pem.encode("ascii"))
    paths = (unquote(urlsplit(exchange.request.url).path) for exchange in exchanges)
    organizations = (found[0] for found in map(_ORGANIZATION.search, paths) if found)
    clients = (one.request.header("x-api-key") for one in exchanges if not is_token_request(one.request))
    return ServerDetails(
        api_url=f"{place.url}{API_ROOT}",
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

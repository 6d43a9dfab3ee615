"""The command `record`: a reverse proxy that records what any client exchanges with the service."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx

from umapi_harness.commands.conventions import FAILED, FILE, check_output, say, trusting
from umapi_harness.commands.programs import Accompanied, led_by, program_of, status_of
from umapi_harness.commands.recording_limits import BODY_LIMIT, limits_of
from umapi_harness.commands.redacting import (
    ACCEPT,
    ACCEPT_FILE,
    KEY,
    PSEUDONYMS,
    accepted_words,
    pseudonyms_for,
    written,
)
from umapi_harness.commands.server_options import SHELL, chosen_shell
from umapi_harness.common.errors import InputError
from umapi_harness.common.outputs import is_stream
from umapi_harness.common.shells import assignments
from umapi_harness.contract.archives import numbered
from umapi_harness.contract.proxy import RecordingProxy
from umapi_harness.contract.recorder import Recorder
from umapi_harness.contract.upstreams import Upstream
from umapi_harness.mock.serving.addresses import is_loopback
from umapi_harness.mock.serving.listening import DEFAULT_HOST, Site, in_background, site
from umapi_models.operations import API_PATH, IMS_ROOT

_CONNECT_SECONDS = 20.0
_GRACE = 1.0  # seconds for answers of the service that are on their way when the recording ends
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104


@click.command(cls=Accompanied)
@click.option("--upstream", required=True, metavar="URL", help="The service: scheme and host, or the root of its API.")
@click.option(
    "--ims-upstream", metavar="URL", help="The token host; default: Adobe's for Adobe's API, else that of --upstream."
)
@click.option("--out", required=True, type=FILE, help="The recording to write, as HAR; it is there once all has ended.")
@click.option("--overwrite", is_flag=True, help="Replace a recording of that name; default: take the next free one.")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@click.option("--tls", is_flag=True, help="Serve HTTPS, with an authority and a certificate made at start.")
@click.option("--ca-bundle", type=FILE, help="PEM file with the authority of the upstream; default: the system's.")
@click.option("--timeout", type=click.FloatRange(0.1), default=120.0, show_default=True, help="Seconds for an answer.")
@ACCEPT
@ACCEPT_FILE
@PSEUDONYMS
@KEY
@SHELL
@BODY_LIMIT
def record(
    upstream: str,
    ims_upstream: str | None,
    out: Path,
    overwrite: bool,
    host: str,
    port: int,
    tls: bool,
    ca_bundle: Path | None,
    timeout: float,
    accepted: tuple[str, ...],
    accept_file: Path | None,
    pseudonyms: bool,
    key: str | None,
    shell: str | None,
    max_body: int,
    words: tuple[str, ...],
) -> int:
    """Pass requests on to the service and record them, until Ctrl-C.

    With COMMAND, until that has ended: it finds the proxy in UMAPI_ENDPOINT and UMAPI_IMS_URL (with --tls also
    UMAPI_CA_BUNDLE), beside all other variables, and gives the exit status. Without COMMAND, point any client at the
    address that is printed, as lines that a shell can evaluate; API and token host are both there.

    Secrets are taken out and names replaced before anything is written; the file is there at the end, whole.
    A recording that is there already stays: the new one is called name-2, name-3 and so on. If nothing was exchanged,
    nothing is written, and the exit status is 1.

    UMAPI_RECORD=FILE makes the connections of umapi_sdk do the same by themselves, each into a file of its own.
    """
    check_output(out)
    program = program_of(words) if words else []
    vouched = accepted_words(accepted, accept_file, pseudonyms=pseudonyms)
    names = pseudonyms_for(key, pseudonyms)
    api = _read(upstream, "--upstream")
    tokens = _read(ims_upstream or _default(api), "--ims-upstream")
    verify: ssl.SSLContext | bool = trusting(ca_bundle) if ca_bundle is not None else True
    _tell_of_leftovers(out)
    target = out if overwrite or is_stream(out) else next(place for place in numbered(out) if not place.is_file())
    if target != out:
        say(f"{out}: is there already and stays; this recording takes the next free name (--overwrite replaces it)")
    with site(host, port, tls=tls) as place:
        for one in (api, tokens):
            if _is_own(place, host, one):
                raise InputError(f"{one.origin}: is the proxy itself; give the service's address as upstream")
        recorder = Recorder(out, names, accepted=vouched, numbered=not overwrite)
        direct = all(is_loopback(urlsplit(one.origin).hostname or "") for one in (api, tokens))
        proxy = RecordingProxy(
            api=api,
            tokens=tokens,
            client=httpx.AsyncClient(
                verify=verify,
                timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
                trust_env=not direct,
                follow_redirects=False,
            ),
            recorder=recorder,
            limits=limits_of(max_body),
            say=say,
            stop=lambda: setattr(server, "should_exit", True),
        )
        server = place.server(proxy)
        server.grace = _GRACE
        server.config.date_header = False  # the service's own is passed on
        told = f"recording to {target} at {place.url}"
        saved: Path | None = None
        status = 0
        try:
            if program:
                with in_background(server):
                    say(told)
                    status = status_of(program, led_by(place.url, _variables(place), os.environ))
            else:
                server.on_start = lambda: _announce(place, told, shell)
                server.run()
        finally:
            proxy.close()
            if proxy.failure is None:
                saved = recorder.finish()
    if proxy.failure is not None:
        raise proxy.failure
    if saved is None:
        say(f"nothing was recorded, so nothing is written to {out}")
        return status or FAILED
    say(written(recorder.count, saved, recorder.left_out, recorder.unanswered))
    return status


def _read(text: str, option: str) -> Upstream:
    try:
        return Upstream.read(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _default(api: Upstream) -> str:
    adobe = (urlsplit(api.origin).hostname or "").endswith(".adobe.io")
    return IMS_ROOT if adobe else api.origin


def _is_own(place: Site, host: str, upstream: Upstream) -> bool:
    """Whether an upstream is the proxy, by whatever name: it would ask itself without end."""
    own, other = urlsplit(place.url), urlsplit(upstream.origin)
    if (other.port or (443 if other.scheme == "https" else 80)) != own.port:
        return False
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(other.hostname, None)}
    except (OSError, UnicodeError):
        return False  # told at the first request
    return own.hostname in addresses or (host in _EVERYWHERE and any(map(_is_of_this_machine, addresses)))


def _is_of_this_machine(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _tell_of_leftovers(out: Path) -> None:
    for part in sorted(out.parent.glob(f".{out.name}.*.part")):
        command = f"umapi-harness redact --salvage --no-pseudonyms {shlex.quote(str(part))} NEW.har"
        say(f"{part}: left by a recording that was killed, or one still going on; not used: {command} keeps it")


def _variables(place: Site) -> dict[str, str | None]:
    return {
        "UMAPI_ENDPOINT": f"{place.url}{API_PATH}",
        "UMAPI_IMS_URL": place.url,
        "UMAPI_CA_BUNDLE": str(place.authority) if place.authority is not None else None,
    }


def _announce(place: Site, told: str, shell: str | None) -> None:
    click.echo("\n".join(assignments(_variables(place), chosen_shell(shell))))
    say(f"{told}, stop with Ctrl-C")

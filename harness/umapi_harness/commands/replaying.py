"""The command `replay`: recordings served over HTTP, until Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path

import click

from umapi_harness.commands.conventions import FAILED, FILE, say
from umapi_harness.commands.programs import Accompanied, led_to, program_of, status_of
from umapi_harness.commands.recording_limits import BODY_LIMIT, limits_of
from umapi_harness.commands.server_options import SHELL, chosen_shell
from umapi_harness.contract.playback import playable, prepared
from umapi_harness.contract.replay import Replay
from umapi_harness.mock.serving.listening import DEFAULT_HOST, in_background


@click.command(cls=Accompanied)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@click.option("--tls", is_flag=True, help="Serve HTTPS, with an authority and a certificate made at start.")
@click.option("--ordered", is_flag=True, help="Demand the requests in the order in which they were recorded.")
@click.option("--ready-file", type=FILE, help="Receives the server's details as JSON once it listens.")
@SHELL
@BODY_LIMIT
def replay(
    paths: tuple[Path, ...],
    host: str,
    port: int,
    tls: bool,
    ordered: bool,
    ready_file: Path | None,
    shell: str | None,
    max_body: int,
    words: tuple[str, ...],
) -> int:
    """Serve recordings in place of the service, until Ctrl-C.

    Each FILE is a HAR, a vcrpy cassette or a Postman collection with saved examples. A request is answered with what
    was recorded for it; one that was not recorded gets status 501 and the nearest that was. Exit status 1 if there was
    a request that could not be answered.

    With COMMAND, until that has ended: it finds the server in the UMAPI_ variables, as with `exec`, and gives the exit
    status. Without COMMAND, what a client needs is printed as lines that a shell can evaluate.
    """
    program = program_of(words) if words else []
    app = _Speaking(playable(paths, limits=limits_of(max_body), skip=say), ordered=ordered)
    status = 0
    with prepared(app, host, port, tls=tls) as (server, playback):
        told = f"replaying {len(app.exchanges)} exchanges at {playback.url}"

        def announce() -> None:
            if ready_file is not None:
                playback.details.write(ready_file)
            if not program:
                click.echo("\n".join(playback.details.export_lines(chosen_shell(shell))))
            say(told if program else f"{told}, stop with Ctrl-C")

        if program:
            with in_background(server):
                announce()
                status = status_of(program, led_to(playback.details, os.environ))
        else:
            server.on_start = announce
            server.run()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    asked = f"{len(app.played)} answers given, {len(app.left)} exchanges never asked for"
    say(f"{asked}, {len(app.unmatched)} requests not recorded")
    return status or (FAILED if app.unmatched else 0)


class _Speaking(Replay):
    """A replay that says at once what it cannot answer."""

    def explain(self, message: str) -> None:
        say(message)

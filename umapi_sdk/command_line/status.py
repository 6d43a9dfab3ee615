"""The command `umapi status`."""

from __future__ import annotations

from typing import Any, Final, cast

import click

from umapi_sdk.command_line.conventions import DONE, FAILED, Access, StrictCommand, examples
from umapi_sdk.command_line.output import complain, say

LIVE: Final = "LIVE"
"""The state of a service that works."""


@click.command(
    cls=StrictCommand,
    epilog=examples("umapi status", "umapi --config umapi.toml --profile sandbox status"),
)
@click.pass_obj
def status(access: Access) -> int:
    """Ask whether the service is live; the exit status is 0 only if it is. `umapi login` tries the credentials."""
    with access.connection() as connection:
        _, remote = connection.status(remote=True)
    say(f"endpoint: {remote['endpoint']}")
    answer = remote["status"]
    if not isinstance(answer, dict):
        say(f"status: {answer}")
        complain(f"the service cannot be asked: {answer}")
        return FAILED
    told = cast("dict[str, Any]", answer)
    for name, value in told.items():
        say(f"{name}: {value}")
    if told.get("state") != LIVE:
        complain(f"the service is not live: its state is {told.get('state')}")
        return FAILED
    return DONE

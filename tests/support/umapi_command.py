"""What a run of the command `umapi` leaves behind, and the file of settings that leads it to a server."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from umapi_harness.mock.serving.server import RunningServer


@attrs.frozen
class Result:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()


def write_profile(path: Path, server: RunningServer, name: str) -> None:
    """Write a TOML file with one profile that leads to a server."""
    details = server.details
    settings = {
        "org_id": details.org_id,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "endpoint": details.api_url,
        "ims_url": details.ims_url,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    path.write_text("\n".join([f"[{name}]", *lines]), "utf-8")

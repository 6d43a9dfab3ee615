"""Details of a running server: what a client must know, as JSON file and as shell lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.common.outputs import is_stream
from umapi_harness.common.shells import assignments
from umapi_harness.mock.serving.certificates import write_private

_VARIABLES: Final = {
    "api_url": "UMAPI_ENDPOINT",
    "ims_url": "UMAPI_IMS_URL",
    "ca_cert": "UMAPI_CA_BUNDLE",
    "org_id": "UMAPI_ORG_ID",
    "client_id": "UMAPI_CLIENT_ID",
    "client_secret": "UMAPI_CLIENT_SECRET",
    "tech_account_id": "UMAPI_TECH_ACCOUNT_ID",
    "private_key_path": "UMAPI_PRIVATE_KEY_PATH",
    "domain": "UMAPI_DOMAIN",
    "sample_user": "UMAPI_SAMPLE_USER",
    "sample_group": "UMAPI_SAMPLE_GROUP",
    "sample_profile": "UMAPI_SAMPLE_PROFILE",
}
_DELAYS: Final = ("UMAPI_FIRST_DELAY", "UMAPI_RANDOM_DELAY")


@attrs.frozen(kw_only=True)
class ServerDetails:
    """Where a server listens and what it knows a client by. What a seed does not name is None."""

    api_url: str
    """Root of the API, ending in /v2/usermanagement."""
    ims_url: str
    """Root of the token host."""
    ca_cert: str | None
    """File with the authority to trust; None without TLS."""
    org_id: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    tech_account_id: str
    private_key_path: str
    """File with the PEM that signs JWTs; gone when the server ends."""
    domain: str | None
    """A domain that the organisation has claimed for Federated IDs, if it has any."""
    sample_user: str | None
    sample_group: str | None
    sample_profile: str | None

    def as_dict(self) -> dict[str, str | None]:
        """The details by name, as the ready file holds them; the client secret is among them."""
        return attrs.asdict(self)

    def variables(self) -> dict[str, str | None]:
        """The details by the names of the environment variables that clients read."""
        values = self.as_dict()
        return {variable: values[name] for name, variable in _VARIABLES.items()}

    def of_tested_program(self) -> dict[str, str]:
        """The variables for a program that a test runs, without those that are None.

        They tell the SDK not to wait before it sends a request again, but for what an answer asks for.
        """
        told = {name: value for name, value in self.variables().items() if value is not None}
        return told | dict.fromkeys(_DELAYS, "0")

    def export_lines(self, shell: str = "sh") -> list[str]:
        """The details as lines that set `UMAPI_` variables in a shell, without those that are None.

        Raises InputError for a value that the shell cannot be given.
        """
        return assignments(self.variables(), shell)

    def write(self, path: Path) -> None:
        """Write the ready file, for the owner's eyes only; whoever sees it, sees all of it.

        Raises InputError if it cannot be written.
        """
        text = (json.dumps(self.as_dict(), indent=2) + "\n").encode("utf-8")
        plain = not is_stream(path)
        # A link goes on pointing at what it pointed at.
        place = Path(os.path.realpath(path))
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            if plain:
                write_private(part, text)
                part.replace(place)
            else:
                _stream(path, text)
        except OSError as error:
            if plain:
                part.unlink(missing_ok=True)
            raise InputError(f"{path}: ready file cannot be written ({error.strerror}); choose another path") from error


def _stream(path: Path, text: bytes) -> None:
    """Write to a pipe or device; one that nobody reads is refused, for a server cannot wait until somebody does."""
    with os.fdopen(os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)), "wb") as file:
        file.write(text)

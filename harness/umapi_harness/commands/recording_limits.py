"""The option of all commands that read recordings: how much of one they read."""

from __future__ import annotations

from typing import Final

import click

from umapi_harness.contract.exchanges import Limits

_MEBIBYTE: Final = 1024 * 1024

BODY_LIMIT: Final = click.option(
    "--max-body",
    default=Limits().body_bytes // _MEBIBYTE,
    show_default=True,
    type=click.IntRange(1, 1024),
    metavar="MIB",
    help="Largest body that is read from a recording, uncompressed.",
)


def limits_of(max_body: int) -> Limits:
    """The limits of reading that `--max-body` asks for."""
    return Limits(body_bytes=max_body * _MEBIBYTE)

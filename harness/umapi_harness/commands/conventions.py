"""Conventions of the commands: exit statuses, kinds of parameters, the version shown, and who is trusted."""

from __future__ import annotations

import os
import secrets
import ssl
import stat
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click

from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.common.inputs import attended
from umapi_harness.common.lines import one_line, without_commands
from umapi_harness.common.outputs import is_stream

PROGRAM: Final = "umapi-harness"
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""As of a program that SIGPIPE has ended: whoever read the output went away, as `head` does."""


class _FilePath(click.Path):
    """Paths of files, in whose place no other option stands."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        options = {name for one in (() if ctx is None else ctx.command.params) for name in one.opts}
        if value in options:
            self.fail(f"{value} stands where the name of its file should; write ./{value} for a file of that name")
        return super().convert(value, param, ctx)


FILE: Final = _FilePath(path_type=Path, dir_okay=False)
"""A path of a file, which need not exist yet: whoever opens it says what is wrong with it."""
OVERWRITE: Final = click.option("--overwrite", is_flag=True, help="Replace a seed of that name; default: refuse.")
"""The option of commands that write seeds, which somebody may have corrected."""


def say(line: str) -> None:
    """Tell something beside the results, on standard error, with the program's name before it."""
    click.echo(f"{PROGRAM}: {without_commands(one_line(line))}", err=True)


def check_output(path: Path) -> None:
    """Raise UsageError for `-`, which some programs take for standard output, and here would be a file's name."""
    if str(path) == "-":
        raise click.UsageError("-: is no name of a file here; give /dev/stdout for standard output")


def check_vacant(path: Path | None, *, overwrite: bool) -> None:
    """Raise InputError if there is a file already that nobody has said to replace."""
    if path is not None and path.is_file() and not overwrite:
        raise InputError(f"{path}: is there already and stays; give another name (--overwrite replaces it)")


def package_version() -> str:
    """The version of the distribution, or "unknown" where it is not installed."""
    try:
        return version("umapi-sdk")
    except PackageNotFoundError:
        return "unknown"


def trusting(bundle: Path) -> ssl.SSLContext:
    """A TLS context that trusts the authorities of a PEM file, and only those; raises UsageError or DocumentError."""
    try:
        with attended(bundle):
            return ssl.create_default_context(cafile=str(bundle))
    except ssl.SSLError:
        raise click.UsageError(f"{bundle}: holds no certificate in PEM form; give the authority's PEM file") from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise DocumentError(str(bundle), "", reason, "give the path of a PEM file") from None


def write_whole(text: str, path: Path, *, private: bool = False) -> None:
    """Write a file so that whoever reads it meanwhile sees the old one, or all of the new one. Raises InputError.

    Nobody else can read a `private` one, whoever could read the file that was there. Half a surrogate pair is written
    as an escape of JSON.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if is_stream(path):
            path.write_bytes(content)
        else:
            # A link goes on pointing at what it pointed at.
            _put_in_place(content, Path(os.path.realpath(path)), private)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(f"{path}: {reason}; give a path that can be written") from error


def _put_in_place(content: bytes, place: Path, private: bool) -> None:
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    mode = stat.S_IRUSR | stat.S_IWUSR | (0 if private else stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    except PermissionError:
        if not place.is_file():
            raise
        # A folder in which nothing can be made: the file that is there is written to.
        if private:
            place.chmod(mode)
        place.write_bytes(content)
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise

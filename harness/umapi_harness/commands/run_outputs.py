"""Files that a run or a judgement writes, looked at before: they can be written, and take the place of no input."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from umapi_harness.commands.conventions import check_output
from umapi_harness.commands.run_fetching import is_address
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.common.outputs import is_same_file, is_stream

_WRITTEN_ANEW: Final = {
    "--export-environment": "--environment",
    "--export-globals": "--globals",
    "--export-collection": "COLLECTION",
    "--export-cookie-jar": "--cookie-jar",
}
"""The exports, each with the input that it may take the place of, as with Newman."""


def check_outputs(arguments: RunArguments, reports: Mapping[str, Path]) -> None:
    """Look at every file that the run would write; raises InputError and UsageError.

    Args:
        arguments: what the command line says.
        reports: the paths of the reports, by the options that ask for them.
    """
    made: list[Path] = []
    try:
        _check({**reports, **_exports(arguments)}, tuple(_inputs(arguments)), made)
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def _check(outputs: Mapping[str, Path], inputs: Sequence[tuple[str, Path]], made: list[Path]) -> None:
    """Look at the outputs, by their options; as with Newman their folders are made, and added to `made`."""
    before: dict[str, str] = {}
    for option, path in outputs.items():
        check_output(path)
        made += _make_folder(path)
        check_writable(path)
        if is_stream(path):
            continue
        other = before.setdefault(os.path.realpath(path), option)
        if other != option:
            both = f"two files of the run would be written there ({other} and {option})"
            raise InputError(f"{path}: {both}; give each a path of its own")
        for source, read in inputs:
            if source != _WRITTEN_ANEW.get(option) and is_same_file(path, read):
                raise InputError(f"{path}: {option} would overwrite what {source} names; give it a path of its own")


def _exports(arguments: RunArguments) -> dict[str, Path]:
    given = {
        "--export-environment": arguments.export_environment,
        "--export-globals": arguments.export_globals,
        "--export-collection": arguments.export_collection,
        "--export-cookie-jar": arguments.export_cookie_jar,
    }
    return {option: path for option, path in given.items() if path is not None}


def _inputs(arguments: RunArguments) -> Iterable[tuple[str, Path]]:
    """The files that the command line lets the run read, each with what names it there."""
    places = (
        ("COLLECTION", arguments.collection),
        ("--environment", arguments.environment),
        ("--globals", arguments.globals),
        ("--iteration-data", arguments.iteration_data),
    )
    yield from ((source, Path(place)) for source, place in places if place is not None and not is_address(place))
    paths = (
        ("--cookie-jar", arguments.cookie_jar),
        ("--ca-bundle", arguments.ca_bundle),
        ("--ssl-extra-ca-certs", arguments.ssl_extra_ca_certs),
        ("--ssl-client-cert", arguments.ssl_client_cert),
        ("--ssl-client-key", arguments.ssl_client_key),
        ("--ssl-client-cert-list", arguments.ssl_client_cert_list),
        ("--faults", arguments.faults_path),
        *(("--seed", path) for path in arguments.seed_paths),
    )
    yield from ((source, path) for source, path in paths if path is not None)


def _make_folder(path: Path) -> list[Path]:
    """Make the folder of a file, and return all that were made for it, outermost first; raises DocumentError."""
    try:
        missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
    return missing[::-1]


def check_writable(path: Path) -> None:
    """Raise DocumentError for a path at which no file can be written; nothing is left there."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise unwritable(path, error) from None
        # Of a link to no file yet, the file is made where it points.
        place = Path(os.path.realpath(path))
        try:
            place.open("xb").close()
            place.unlink()
        except OSError as refused:
            raise unwritable(path, refused) from None
        return
    if stat.S_ISDIR(mode):
        raise unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if stat.S_ISREG(mode) and not os.access(path, os.W_OK):
        raise unwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def check_reports(reports: Mapping[str, Path | None], recordings: Sequence[Path]) -> None:
    """Look at the reports on recordings, by their options, before any is judged; raises InputError and UsageError."""
    for option, path in reports.items():
        if path is None:
            continue
        check_output(path)
        check_writable(path)
        if any(is_same_file(path, one) for one in recordings):
            raise InputError(f"{path}: {option} would overwrite a recording; give it a path of its own")


def unwritable(path: Path, error: OSError) -> DocumentError:
    """The error of a path that cannot be written."""
    reason = (error.strerror or "cannot be written").lower()
    return DocumentError(str(path), "", reason, "give a path that can be written")

"""The commands that write seeds: `seed` makes one up, `export` takes it from a server that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from umapi_harness.commands.conventions import FILE, OVERWRITE, check_vacant, write_whole
from umapi_harness.commands.fetching import answer_of, proxies_of_process
from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.bodies import is_object
from umapi_harness.mock.schemas import check
from umapi_harness.mock.serving.addresses import is_loopback
from umapi_harness.mock.state.populations import generate_seed
from umapi_harness.mock.state.seed_tables import write_table
from umapi_harness.mock.state.seeds import SCHEMA
from umapi_harness.postman.outgoing import RequestError
from umapi_harness.postman.redirects import RedirectError
from umapi_harness.postman.sending.certificates import TlsOptions, check_files
from umapi_harness.postman.sending.messages import SendError
from umapi_harness.postman.sending.proxies import Proxies
from umapi_harness.postman.sending.sender import Bounds, Sender
from umapi_harness.postman.targets import read_target

_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    help="JSON holds the organisation, CSV its accounts; default: what the name of the output file says, else JSON.",
)
_OUTPUT = click.option("--output", "-o", type=FILE, help="The file to write; default: standard output.")
_SECONDS = 60.0  # a large organisation takes its time


@click.command()
@click.option("--users", type=click.IntRange(0), default=100, show_default=True, help="How many users.")
@click.option("--groups", type=click.IntRange(0), default=10, show_default=True, help="How many user groups.")
@click.option(
    "--random-seed", type=click.IntRange(0), default=0, show_default=True, help="The same number, the same people."
)
@_FORMAT
@_OUTPUT
@OVERWRITE
def seed(users: int, groups: int, random_seed: int, form: str | None, output: Path | None, overwrite: bool) -> int:
    """Make up an organisation, as a seed for `serve --seed`."""
    check_vacant(output, overwrite=overwrite)
    _write(generate_seed(users, groups, random_seed), form, output)
    return 0


@click.command()
@click.option(
    "--url", envvar="UMAPI_IMS_URL", show_envvar=True, required=True, help="Scheme, host and port of the mock server."
)
@click.option("--org-id", help="The organisation; default: the server's first.")
@click.option("--ids", is_flag=True, help="Write the ids of users and groups too.")
@click.option("--ca-bundle", envvar="UMAPI_CA_BUNDLE", type=FILE, help="PEM file with the authority to trust.")
@_FORMAT
@_OUTPUT
@OVERWRITE
def export(
    url: str,
    org_id: str | None,
    ids: bool,
    ca_bundle: Path | None,
    form: str | None,
    output: Path | None,
    overwrite: bool,
) -> int:
    """Write the present state of a running mock server as a seed.

    The server must have its admin interface on.
    """
    check_vacant(output, overwrite=overwrite)
    _write(_state(url, org_id, ids, ca_bundle), form, output)
    return 0


def _state(url: str, org_id: str | None, ids: bool, ca_bundle: Path | None) -> dict[str, Any]:
    try:
        root = read_target(url).origin
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from None
    parts = urlsplit(root)
    query = {"ids": str(ids).lower()} | ({"org_id": org_id} if org_id is not None else {})
    tls = TlsOptions(bundle=ca_bundle if parts.scheme == "https" else None)
    check_files(tls)
    proxies = Proxies() if is_loopback(parts.hostname or "") else proxies_of_process()
    bounds = Bounds(connect=_SECONDS, idle=_SECONDS, total=None)
    try:
        with Sender(tls=tls, proxies=proxies, bounds=bounds) as sender:
            answer = answer_of(f"{root}/_mock/state?{urlencode(query)}", sender)
    except SendError as error:
        raise InputError(f"{root}: cannot be reached ({error}); start the server, or correct --url") from error
    except (RequestError, RedirectError):
        raise _no_mock(root) from None
    try:
        document: Any = json.loads(answer.text)
    except ValueError:
        raise _no_mock(root) from None
    if answer.status == 400 and is_object(document) and "error" in document:
        raise InputError(f"{root}: {document['error']}")
    if answer.status >= 400:
        raise _no_mock(root)
    check(document, SCHEMA, root)
    state: dict[str, Any] = document
    return state


def _no_mock(root: str) -> InputError:
    return InputError(f"{root}: no mock server with an admin interface; correct --url, or serve --admin")


def _write(document: dict[str, Any], form: str | None, output: Path | None) -> None:
    if form == "csv" or (form is None and output is not None and output.suffix.lower() == ".csv"):
        text = write_table(document)
    else:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    write_whole(text, output)

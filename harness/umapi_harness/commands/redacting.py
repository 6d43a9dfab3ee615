"""The command `redact`: writes a recording anew without secrets and names, or tells what is left in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from umapi_harness.commands.conventions import FAILED, FILE, check_output, say
from umapi_harness.commands.recording_limits import BODY_LIMIT, limits_of
from umapi_harness.common.inputs import read_bytes
from umapi_harness.common.outputs import is_same_file
from umapi_harness.contract.archives import check_free
from umapi_harness.contract.cleaning import Cleaner
from umapi_harness.contract.exchanges import Exchange, Limits
from umapi_harness.contract.inspection import Inspector, Leftover, pseudonym_digests
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.recordings import (
    Archive,
    CutOffError,
    check_rereadable,
    is_yaml,
    no_exchange,
    open_everything,
)
from umapi_harness.contract.strangers import UNVOUCHED

_MOST_SHOWN: Final = 50
"""Places of a file that --check tells, secrets apart."""

KEY: Final = click.option(
    "--key",
    envvar="UMAPI_PSEUDONYM_KEY",
    show_envvar=True,
    help="Any text; files made with one key have the same pseudonyms, and who has it can undo them. "
    "Default: a new one each time, which nobody has.",
)
PSEUDONYMS: Final = click.option(
    "--pseudonyms/--no-pseudonyms",
    default=True,
    help="Whether to replace names, addresses and ids too, or secrets alone; default: replace them.",
)

ACCEPT: Final = click.option(
    "--accept",
    "accepted",
    metavar="WORD",
    multiple=True,
    help="A word, or several with blanks between them, that you vouch for: it names nobody, and stays where nothing "
    "else tells that it is personal. May be given several times.",
)
ACCEPT_FILE: Final = click.option(
    "--accept-file",
    metavar="FILE",
    type=FILE,
    help="A text file of such words, a line for each; empty lines and those that begin with # are left out.",
)


def accepted_words(words: tuple[str, ...], path: Path | None, *, pseudonyms: bool) -> frozenset[str]:
    """The words that the options accept; raises UsageError for a file that cannot be read, and without pseudonyms."""
    if not pseudonyms and (words or path is not None):
        option = "--accept" if words else "--accept-file"
        raise click.UsageError(
            f"{option} keeps words from getting a pseudonym, and --no-pseudonyms gives none: drop one"
        )
    if path is None:
        return frozenset(words)
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no text in UTF-8"
        raise click.UsageError(f"--accept-file: {path}: cannot be read: {reason}; give a text file of words") from None
    return frozenset((*words, *(line for line in lines if not line.startswith("#"))))


def pseudonyms_for(key: str | None, wanted: bool) -> Pseudonyms | None:
    """The pseudonyms that the options ask for, None for none; raises UsageError for a key that is empty."""
    if key is not None and not key:
        raise click.UsageError("--key: is empty; give any text, or leave it out for a new key")
    if not wanted:
        return None
    return Pseudonyms(key if key is not None else secrets.token_hex(32))


def written(number: int, path: Path, left_out: int, unanswered: int) -> str:
    """The summary of a recording: how many exchanges are in it, and how many bodies and answers are not."""
    bodies = "1 body" if left_out == 1 else f"{left_out} bodies"
    less = f"; {bodies} left out in whole or in part, which could not be inspected" if left_out else ""
    requests = f"{unanswered} {'request' if unanswered == 1 else 'requests'} without an answer"
    more = f", and {requests}" if unanswered else ""
    return f"{number} {'exchange' if number == 1 else 'exchanges'}{more} written to {path}{less}"


class _Redact(click.Command):
    """A command whose files have two meanings, which a message about a missing argument cannot say."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter:
            raise click.UsageError("give two files, IN and OUT; with --check, the files to look at") from None


@click.command(cls=_Redact)
@click.argument("paths", metavar="IN OUT", nargs=-1, required=True, type=FILE)
@click.option("--check", is_flag=True, help="Write nothing; tell what is left in each FILE given.")
@click.option("--salvage", is_flag=True, help="Of an IN that is cut off, keep the entries that are whole.")
@click.option("--overwrite", is_flag=True, help="Replace a recording that is OUT; default: refuse.")
@click.option("--words", is_flag=True, help="With --check, show the words that nobody vouches for.")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help=f"With --check, tell every place; default: secrets, and the first {_MOST_SHOWN} places of each file.",
)
@ACCEPT
@ACCEPT_FILE
@PSEUDONYMS
@KEY
@BODY_LIMIT
def redact(
    paths: tuple[Path, ...],
    check: bool,
    salvage: bool,
    overwrite: bool,
    words: bool,
    every: bool,
    accepted: tuple[str, ...],
    accept_file: Path | None,
    pseudonyms: bool,
    key: str | None,
    max_body: int,
) -> int:
    """Write the recording IN to OUT, as HAR, without secrets and with pseudonyms for names, addresses and ids.

    Every other word gets a pseudonym too, unless it is one of the API, of HTTP or of messages of software, or you
    vouch for it with --accept.

    With --check, give files instead of IN and OUT: what is left is told by file, entry and place, one line each, and
    the exit status is 1. Personal data is what no pseudonym of `redact` or `record` is. A file is clean when each word
    of it is a pseudonym or vouched for.
    """
    limits = limits_of(max_body)
    if check and salvage:
        raise click.UsageError("--salvage writes a recording and --check none; salvage first, then check what it wrote")
    if (words or every) and not check:
        raise click.UsageError(f"{'--words' if words else '--all'} shows what --check finds; give both")
    vouched = accepted_words(accepted, accept_file, pseudonyms=pseudonyms)
    if check:
        left = sum(_inspected(path, limits, pseudonyms, vouched, words=words, every=every) for path in paths)
        return FAILED if left else 0
    if len(paths) != 2:
        raise click.UsageError("give two files, IN and OUT; several files are for --check")
    source, target = paths
    check_output(target)
    if is_same_file(source, target):
        raise click.UsageError(f"{target}: is IN too, which would be lost; give another name for OUT")
    if not overwrite:
        check_free(target)
    cleaner = Cleaner(pseudonyms_for(key, pseudonyms), vouched)
    check_rereadable(source)
    lost: list[CutOffError] = []

    def whole(exchanges: Iterator[Exchange]) -> Iterator[Exchange]:
        try:
            yield from exchanges
        except CutOffError as error:
            if not salvage or not error.whole:
                raise
            lost.append(error)

    number = 0
    for exchange in whole(open_everything(source, limits=limits, skip=say)):
        cleaner.learn(exchange)
        number += exchange.response.status > 0
    if not number:
        raise no_exchange(str(source))
    number = unanswered = 0
    with Archive.writing(target, replacing=overwrite) as archive:
        for exchange in whole(open_everything(source, limits=limits)):
            archive.add(cleaner.cleaned(exchange), cleaned=True)
            number += exchange.response.status > 0
            unanswered += exchange.response.status == 0
    say(written(number, target, cleaner.left_out, unanswered))
    if lost:
        say(f"{lost[0].place}: the file ends in the middle: all up to {lost[0].whole} is kept, the rest is lost")
    elif salvage:
        say(f"{source}: is whole, so nothing is lost")
    return 0


def _inspected(
    path: Path, limits: Limits, pseudonyms: bool, vouched: frozenset[str], *, words: bool, every: bool
) -> int:
    """Tell what is left in a file; returns in how many places."""
    check_rereadable(path)
    digests = pseudonym_digests(open_everything(path, limits=limits)) if pseudonyms else None
    inspector = Inspector(digests, vouched, shown=words)
    number = shown = 0
    found: list[Leftover] = []
    seen = 0

    def leave(place: str, value: object) -> None:
        found.extend(inspector.leftovers(place, value))

    def tell() -> None:
        nonlocal number, shown
        for one in found:
            number += 1
            # A secret is never left untold for the many names before it.
            if every or one.is_secret or shown < _MOST_SHOWN:
                click.echo(str(one))
                shown += 1
        found.clear()

    for exchange in open_everything(path, limits=limits, skip=say, leave=leave):
        seen += exchange.response.status > 0
        found.extend(inspector.findings(exchange))
        tell()
    if is_yaml(path):
        found.extend(inspector.comments(path))
    tell()
    if not seen and not number:
        raise no_exchange(str(path))
    summary = ("1 finding" if number == 1 else f"{number} findings") if number else "clean"
    if shown < number:
        summary += f", of which {shown} are shown (--all shows every one)"
    unvouched = inspector.unvouched
    remedy = "" if words else " (--words shows them, --accept accepts one)"
    if unvouched:
        count = "1 word" if unvouched == 1 else f"{unvouched} words"
        summary += f"; not proved clean: {count} {UNVOUCHED}{remedy}"
    say(f"{path}: {summary}")
    return number

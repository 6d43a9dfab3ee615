"""Fetching: documents of a run that stand on the web, by the TLS options and the proxies of the run."""

from __future__ import annotations

from typing import Final

import attrs

from umapi_harness.commands.fetching import answer_of, proxies_of_process
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.commands.run_tls import tls_of
from umapi_harness.common.errors import DocumentError
from umapi_harness.common.inputs import FILE_LIMIT
from umapi_harness.postman.outgoing import RequestError
from umapi_harness.postman.redirects import RedirectError
from umapi_harness.postman.sending.messages import SendError
from umapi_harness.postman.sending.sender import Bounds, Sender

_SECONDS: Final = 30.0
_WEB: Final = ("http://", "https://")


@attrs.frozen
class Fetched:
    """What an address has, and the address as it may be shown: keys stand in queries, passwords before hosts."""

    content: bytes
    source: str


def is_address(place: str) -> bool:
    """Whether a place is an address of the web, and no file."""
    return place.startswith(_WEB)


def fetched(place: str, noun: str, arguments: RunArguments) -> Fetched:
    """What an address answers with; raises DocumentError, and UsageError for options that cannot be used."""
    source, remedy = _shown(place), f"give the address or the path of a {noun}"
    try:
        bounds = Bounds(connect=_SECONDS, idle=_SECONDS, total=_SECONDS, body_bytes=FILE_LIMIT)
        with Sender(tls=tls_of(arguments), proxies=proxies_of_process(), bounds=bounds) as sender:
            answer = answer_of(place, sender)
    except SendError as error:
        raise DocumentError(source, "", f"cannot be fetched ({error})", remedy) from None
    except (RequestError, RedirectError):
        # What these say holds the whole address.
        raise DocumentError(source, "", "this, or where it redirects to, is no address", remedy) from None
    if not 200 <= answer.status < 300:
        raise DocumentError(source, "", f"answered with {answer.status}", remedy)
    return Fetched(answer.body, source)


def _shown(place: str) -> str:
    """An address without user, password and the values of its query."""
    bare, mark, _ = place.partition("#")[0].partition("?")
    scheme, _, rest = bare.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}" + ("?…" if mark else "")

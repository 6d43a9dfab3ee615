"""Fetching: what an address of the web answers with, over the sender of runs: its TLS, its proxies, its bounds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import click

from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.collection import Request
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.outgoing import Maker
from umapi_harness.postman.redirects import is_redirect, next_request
from umapi_harness.postman.sending.messages import HttpResponse, SendError
from umapi_harness.postman.sending.proxies import Proxies, proxies_of_environment
from umapi_harness.postman.sending.sender import Sender

_BEHAVIOUR: Final = Behaviour(drops_referer=True)


def answer_of(place: str, sender: Sender) -> HttpResponse:
    """What an address answers to GET where its redirects end.

    Raises SendError where nothing comes, or too much; RequestError and RedirectError, whose texts hold the whole
    address, for what is none.
    """
    maker = Maker(files=FileAccess(folder=Path()), chance=random.Random(), user_agent="umapi-harness")  # noqa: S311 - no secrets
    request = maker.make(Request(method="GET", url=place), _BEHAVIOUR)
    for _ in range(_BEHAVIOUR.max_redirects + 1):
        answer = sender.send(request)
        if not is_redirect(answer):
            return answer
        request = next_request(request, answer, _BEHAVIOUR)
    raise SendError(f"more than {_BEHAVIOUR.max_redirects} redirects")


def proxies_of_process() -> Proxies:
    """The proxies that the environment of the process names; raises UsageError."""
    try:
        return proxies_of_environment()
    except ValueError as error:
        raise click.UsageError(f"the proxy settings of the environment cannot be used: {error}") from None

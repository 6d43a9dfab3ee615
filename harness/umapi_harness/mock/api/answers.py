"""Answers: status, headers and body, and the forms in which the service and its gateway refuse."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from typing import Any, Final, Literal

import attrs

from umapi_harness.mock.api.causes import Cause
from umapi_harness.mock.api.refusals import message_of, words_for
from umapi_harness.mock.names import call_name
from umapi_harness.mock.settings import Settings
from umapi_models.operations import API_PATH, OPERATIONS

_JSON: Final = ("Content-Type", "application/json")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_CANONICAL: Final = {call_name(one): one.canonical for one in OPERATIONS if one.canonical is not None}


Extent = Literal["all", "part", "none"]
_FIRST_ERROR: Final = 400


def extent_of(commands: Iterable[Sequence[str]]) -> Extent:
    """How much took effect of commands, of each of which is given what became of its steps, in words of `Answer`."""
    # A command without steps is one that could not be read.
    done = [fate == "done" for fates in commands for fate in fates or ("failed",)]
    return "all" if done and all(done) else "part" if any(done) else "none"


@attrs.frozen
class Answer:
    """A whole answer, to be sent as it is."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    steps: tuple[tuple[str, ...], ...] = ()
    """Of each command that was looked at, what became of each step: done, checked (in test mode), failed, untried."""
    cause: Cause | None = None
    """Of a refusal, why it came, as far as more is known than is said; it is not sent."""

    @property
    def effect(self) -> Extent:
        """How much took effect of what this is the answer to."""
        if self.status >= _FIRST_ERROR:
            return "none"
        return extent_of(self.steps) if self.steps else "all"


def json_answer(
    status: int, content: Any, headers: tuple[tuple[str, str], ...] = (), *, cause: Cause | None = None
) -> Answer:
    """An answer with a JSON body."""
    text = _ENCODER.encode(content)
    # A surrogate is no character in UTF-8; the escape that takes its place is good JSON.
    return Answer(status, (_JSON, *headers), text.encode("utf-8", "backslashreplace"), cause=cause)


def canonical(answer: Answer, call: str) -> Answer:
    """The answer with the header that names the resource behind the path, for calls of which it is published."""
    resource = _CANONICAL.get(call)
    if resource is None:
        return answer
    header = ("Canonical-Resource", f"{API_PATH}{resource}")
    return attrs.evolve(answer, headers=(*answer.headers, header))


def _refusal(code: str) -> dict[str, str]:
    return {"result": code, "message": message_of(code)}


def unauthorized(settings: Settings, cause: Cause) -> Answer:
    """401: the token is missing, has run out, or belongs to another organisation."""
    if settings.unauthorized_body:
        return json_answer(401, {"lastPage": False, **_refusal("error.unauthorized")}, cause=cause)
    _, challenge = words_for("gateway.challenge")
    return Answer(401, (("WWW-Authenticate", challenge), ("Content-Type", "*/*")), cause=cause)


def gateway_refusal(settings: Settings, status: int, number: str, cause: Cause) -> Answer:
    """401 or 403 by the gateway: its number and message, or no body at all."""
    if settings.forbidden_body:
        return json_answer(status, {"error_code": number, "message": message_of(number)}, cause=cause)
    return Answer(status, cause=cause)


def too_many_requests(settings: Settings, seconds: int, now: float, cause: Cause) -> Answer:
    """429, to come back in so many seconds."""
    # A date is rounded up, so that whoever comes back then is not early.
    date = formatdate(math.ceil(now + seconds), usegmt=True)
    after = str(seconds) if settings.retry_after_form == "seconds" else date
    body = {"error_code": "429050", "message": message_of("429050")}
    return json_answer(429, body, (("Retry-After", after), ("Server", "APIP")), cause=cause)


def bad_organization() -> Answer:
    """400: the path names no organisation."""
    return json_answer(400, _refusal("error.organization.invalid_id"))


def migrating() -> Answer:
    """403: Adobe is moving the organisation.

    The status is documented (ActionsRef.md), its form is not [G migrating-words].
    """
    return json_answer(403, _refusal("error.organization.migrating"))


def bad_number(text: str) -> Answer:
    """400: a page number, or a flag of the query, that is none."""
    _, words = words_for("query.bad_number", value=text[:100])
    return json_answer(400, {"errorMessage": words})


def malformed(message: str, cause: Cause) -> Answer:
    """400: the body of an action request is not what it must be as a whole."""
    return json_answer(400, {"result": "error.command.malformed", "message": message}, cause=cause)


def no_such_path(cause: Cause | None) -> Answer:
    """404 by the gateway: nothing is served under the path [G gateway-words]."""
    return json_answer(404, _of_gateway("no_such_path"), cause=cause)


def not_simulated(call: str) -> Answer:
    """501: the schema has the operation, this server nothing that carries it out."""
    return json_answer(501, _of_gateway("not_simulated", call=call))


def fault_not_simulated(kind: str) -> Answer:
    """501: the schema has the kind of fault, this server nothing that carries it out."""
    return json_answer(501, _of_gateway("fault_not_simulated", kind=kind))


def wrong_method(allowed: str) -> Answer:
    """405: the path is served, but not for this method."""
    return json_answer(405, _of_gateway("wrong_method", allowed=allowed), (("Allow", allowed),))


def too_large(limit: int) -> Answer:
    """413: the body is longer than `limit` bytes."""
    return json_answer(413, _of_gateway("too_large", limit=limit))


def wrong_type() -> Answer:
    """415: the body says that it is no JSON."""
    return json_answer(415, _of_gateway("wrong_type"))


def _of_gateway(occasion: str, **values: object) -> dict[str, str]:
    number, message = words_for(f"gateway.{occasion}", **values)
    return {"error_code": number, "message": message}

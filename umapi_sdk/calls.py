"""One generator for each kind of call: it yields messages and receives answers, and does no I/O itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from umapi_models.models import ServiceStatus
from umapi_models.operations import ACTION, STATUS, SYNC_HEADER, SYNC_START, USERS, Operation
from umapi_runtime.constraints import ContractError, show
from umapi_runtime.converter import read_response_text
from umapi_sdk import errors
from umapi_sdk.announcements import Announcements
from umapi_sdk.answers import read_answer, read_outcomes
from umapi_sdk.auth import Auth
from umapi_sdk.batches import WireCommand, encode
from umapi_sdk.masking import without, without_frames
from umapi_sdk.messages import (
    REQUEST_ID,
    Authorize,
    Call,
    Consult,
    Elapsed,
    Now,
    Request,
    Response,
    Sleep,
    TransportError,
)
from umapi_sdk.outcomes import CommandOutcome, OutcomeStatus
from umapi_sdk.pacing import Pacer, Place, SharedWindows
from umapi_sdk.refusals import busy_error, network_error, refusal, refusal_reason, service_error, throttled_error
from umapi_sdk.retries import RETRIED_STATUSES, RetryPolicy, parse_date, parse_retry_after
from umapi_sdk.strangers import ENDPOINT, advice_for, misdirected
from umapi_sdk.tokens import Token
from umapi_sdk.verdicts import Attempts
from umapi_sdk.waits import Cause

T = TypeVar("T")


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What every call needs to know of the service and of how to treat it."""

    endpoint: str
    org_id: str
    retry: RetryPolicy
    pacer: Pacer | None
    headers: Mapping[str, str]
    """Headers of every request."""
    shared: SharedWindows | None = None
    """The windows that other processes share; there is a pacer beside them."""
    announcements: Announcements = msgspec.field(default_factory=Announcements)
    """What the next request is to say of the start or end of a run."""

    def url(self, operation: Operation, query: Mapping[str, str] | None = None, **places: str | int) -> str:
        """Return the URL of an operation; the places in its path are percent-encoded whole."""
        filled = {name: _path_segment(str(value)) for name, value in places.items()}
        path = operation.path.format(orgId=_path_segment(self.org_id), **filled)
        return f"{self.endpoint}{path}{'?' + urlencode(query) if query else ''}"


def _path_segment(text: str) -> str:
    encoded = quote(text, safe="@")
    # HTTP libraries take "." and ".." for steps up a folder tree, even where they are whole names.
    return encoded.replace(".", "%2E") if encoded.strip(".") == "" else encoded


def _send(request: Request) -> Call[Response]:
    return cast("Response", (yield request))


def _now() -> Call[float]:
    return cast("float", (yield Now()))


def _elapsed() -> Call[float]:
    return cast("float", (yield Elapsed()))


def _credentials(refused: str | None) -> Call[Mapping[str, str]]:
    try:
        return cast("Mapping[str, str]", (yield Authorize(refused)))
    except errors.NetworkError as error:
        # Without a token the call itself was not sent, whatever became of the request for the token.
        reason = error.__cause__.reason if isinstance(error.__cause__, TransportError) else error.message
        lost = errors.NotSentError(f"no access token: {reason}", method=error.method, url=error.url)
        lost.waited = error.waited
        raise lost from error


def exchange(
    service: Service, request: Request, attempts: Attempts, operation: Operation | None = None
) -> Call[Response]:
    """Send a request until it has an answer that is not worth another try.

    Each attempt keeps the limit of `operation`.

    Raises:
        NotSentError: it could not be sent.
        OutcomeUnknownError: it was sent, got no answer, and is not repeatable or attempts ran out.
        ThrottledError: the service asks for a longer wait than is allowed, or attempts ran out.
        UnavailableError: the service answered 5xx to every attempt.
    """
    name = None if operation is None else operation.name
    while True:
        place = None if operation is None else (yield from _keep_limit(service, operation, request))
        if operation is not None:
            # Each attempt has an id of its own: Adobe can look for one that got no answer, too.
            request = replace(request, headers={**request.headers, REQUEST_ID: os.urandom(16).hex()})
        attempts.begin()
        last = attempts.made >= service.retry.attempts
        try:
            response = yield from _counted(service, place, request)
        except TransportError as failure:
            attempts.lost(sent=failure.sent)
            if failure.permanent or last or (failure.sent and not attempts.repeatable):
                raise network_error(failure, request, attempts) from without_frames(failure)
            yield Sleep(service.retry.backoff(attempts.made), failure.reason, name)
            continue
        except errors.UsageError:
            attempts.lost(sent=False)
            raise
        attempts.answered(response.status, misdirected=misdirected(response))
        if response.status not in RETRIED_STATUSES or (response.status == 408 and not attempts.repeatable):
            if response.status == 200 and operation is not None and _opens(request, operation):
                yield from _release(service, operation)
            return response
        now = yield from _now()
        answered = parse_date(response.headers.get("date"))
        asked = parse_retry_after(response.headers.get("retry-after"), now if answered is None else answered)
        wait = service.retry.wait(attempts.made, asked)
        if response.status == 429 and operation is not None and service.pacer is not None:
            service.pacer.hold(operation, (yield from _elapsed()), wait)
            if service.shared is not None:
                with suppress(TransportError):  # this process keeps it in any case, and the next request asks again
                    yield Consult(partial(service.shared.hold, operation, wait))
        gamble = response.status >= 500 and not attempts.repeatable
        last = last or (gamble and not service.retry.repeat_after_5xx)
        if last or (asked is not None and asked > service.retry.max_wait):
            raise busy_error(request, response, asked, now, attempts)
        yield Sleep(wait, f"the service answered {response.status}", name, Cause.SERVICE)


def _opens(request: Request, operation: Operation) -> bool:
    """Return whether a request opens what the service has locked: page 0 of the users, by announcing a run."""
    return operation.name == USERS.name and request.headers.get(SYNC_HEADER) == SYNC_START


def _release(service: Service, operation: Operation) -> Call[None]:
    """Forget that the service asked to wait: it has let a request through."""
    if service.pacer is not None:
        service.pacer.release(operation)
    if service.shared is not None:
        with suppress(TransportError):  # the others then wait as long as they were told to
            yield Consult(partial(service.shared.release, operation))


def _keep_limit(service: Service, operation: Operation, request: Request) -> Call[Place | None]:
    """Wait until a request of the operation may be sent; return its place in the windows, None where there are none."""
    pacer = service.pacer
    if pacer is None or operation.per_client is None:
        return None
    waited_until = float("-inf")
    outage = _Outage(service, request, operation)
    opens = _opens(request, operation)
    while True:
        if service.shared is not None and not opens:
            told = yield from outage.ask(service.shared.held)
            if told is None:
                continue
            # Kept here too, where it outlives a restart of what is shared.
            pacer.hold(operation, (yield from _elapsed()), told)
        # A wait counts as long as it was to be, whatever the clock says after it: a clock may be set back meanwhile.
        now = max((yield from _elapsed()), waited_until)
        held = 0.0 if opens else pacer.held(operation, now)
        if held > service.retry.max_wait:
            raise throttled_error("another request was told so", request, held, (yield from _now()))
        if held > 0:
            asked = f"the service asked to wait before the next request of {operation.name}"
            yield Sleep(held, asked, operation.name, Cause.SERVICE)
            waited_until = now + held
            continue
        found: Place | float | None = pacer.take(operation, now)
        if isinstance(found, Place) and service.shared is not None:
            found = yield from _taken_by_all(pacer, service.shared, found, outage)
        if isinstance(found, Place):
            return found
        if found is not None:
            limit = f"{operation.per_client} requests in {operation.period:.0f} s"
            yield Sleep(found, f"the limit for {operation.name} is {limit}", operation.name, Cause.LIMIT)
            waited_until = now + found


def _taken_by_all(pacer: Pacer, shared: SharedWindows, place: Place, outage: _Outage) -> Call[Place | float | None]:
    """Take a place among all processes for the one of this process, which is given back if there is none.

    None says to begin anew: while nobody answered, another may have been locked out.
    """
    wait: float | None = None
    try:
        wait = yield from outage.ask(shared.take)
    finally:
        if wait != 0:
            pacer.give_back(place)
    return place if wait == 0 else wait


class _Outage:
    """Asks what other processes share for a request; counts how often, and for how long, nobody answered."""

    def __init__(self, service: Service, request: Request, operation: Operation) -> None:
        self._service, self._request, self._operation = service, request, operation
        self._tries, self._waited = 0, 0.0

    def ask(self, question: Callable[[Operation], float]) -> Call[float | None]:
        """Return the answer; None after a wait, if nobody gave one.

        Raises:
            NotSentError: nobody has answered for `max_wait` seconds.
        """
        try:
            return cast("float", (yield Consult(partial(question, self._operation))))
        except TransportError as failure:
            self._tries += 1
            wait = self._service.retry.backoff(self._tries)
            if wait <= 0 or self._waited + wait > self._service.retry.max_wait:
                problem = (
                    f"the request was not sent, for {failure.reason}; tried {self._tries} times in {self._waited:.0f} s"
                )
                raise errors.NotSentError(
                    problem, method=self._request.method, url=self._request.url
                ) from without_frames(failure)
            yield Sleep(wait, failure.reason, self._operation.name, Cause.REDIS)
            self._waited += wait
            return None


def _counted(service: Service, place: Place | None, request: Request) -> Call[Response]:
    """Send a request, whose place counts from when it can have arrived."""
    try:
        response = yield from _send(request)
    except (TransportError, errors.UmapiError):
        if place is not None and service.pacer is not None:
            service.pacer.arrived(place, (yield from _elapsed()))
        raise
    if place is not None and service.pacer is not None:
        service.pacer.arrived(place, (yield from _elapsed()))
    return response


def fetch_token(service: Service, auth: Auth) -> Call[Token]:
    """Get an access token.

    Raises:
        AuthenticationError: the token host refuses.
        UnavailableError: it is in trouble (5xx).
        ServiceError, NetworkError: it cannot be reached.
    """
    now = yield from _now()
    request = auth.token_request(now)
    headers = {**service.headers, **request.headers}
    response = yield from exchange(service, replace(request, headers=headers), Attempts(repeatable=True))
    return auth.read_token(response, now)


def authorized(service: Service, operation: Operation, request: Request, attempts: Attempts) -> Call[Response]:
    """Send a request with a token, and once more with a new one if the token is refused.

    It announces the start or end of a run, if that is due; what it could say to nobody the next request says.

    Raises:
        ServiceError: of the kind that fits, for any answer but 200.
        NetworkError: there was no answer.
    """
    said = service.announcements.take()
    if said is not None:
        request = replace(request, headers={**request.headers, SYNC_HEADER: said})
    try:
        return (yield from _with_token(service, operation, request, attempts))
    except BaseException:
        if said is not None and attempts.fate is OutcomeStatus.NOT_SENT:
            service.announcements.give_back(said)
        raise


def _with_token(service: Service, operation: Operation, request: Request, attempts: Attempts) -> Call[Response]:
    refused: str | None = None
    while True:
        credentials = yield from _credentials(refused)
        headers = {**service.headers, **request.headers, **credentials}
        response = yield from exchange(service, replace(request, headers=headers), attempts, operation)
        response = without(response, credentials["Authorization"])
        if response.status == 401 and refused is None:
            refused = credentials["Authorization"]
            attempts.forgive()
            continue
        if response.status != 200:
            raise refusal(request, response)
        return response


def execute(
    service: Service, batch: Sequence[WireCommand], *, test_mode: bool, attempts: Attempts
) -> Call[list[CommandOutcome]]:
    """Send one batch of commands and read what became of each.

    Raises:
        ServiceError: the batch as a whole was refused.
        ResponseError: it was answered, but not in a way that tells what happened.
        NetworkError: there was no answer.
    """
    url = service.url(ACTION, {"testOnly": "true"} if test_mode else None)
    request = Request(
        method=ACTION.method,
        url=url,
        headers={"Content-Type": "application/json"},
        body=encode(batch),
    )
    response = yield from authorized(service, ACTION, request, attempts)
    answer = read_answer(_json(request, response))
    if answer is None:
        code, said = refusal_reason(response)
        problem = f"the answer tells nothing of the actions{f': {said}' if said else ''}"
        raise service_error(errors.ResponseError, problem, request, response, code)
    return read_outcomes(
        batch,
        answer,
        test_mode=test_mode,
        request_id=response.request_id,
        maybe_repeated=attempts.repeated,
    )


def service_status(service: Service, root: str) -> Call[ServiceStatus]:
    """Ask whether the service is live; `root` is its scheme and host.

    Raises:
        ServiceError: for any answer but 200.
        NetworkError: there was no answer.
    """
    request = Request(method=STATUS.method, url=root + STATUS.path, headers=dict(service.headers))
    response = yield from exchange(service, request, Attempts(repeatable=True))
    if response.status != 200:
        raise refusal(request, response)
    return read_body(ServiceStatus, request, response)


def read_body(cls: type[T], request: Request, response: Response) -> T:
    """Read the body of an answer as `cls`.

    Raises:
        ResponseError: it is not JSON, or not what the contract says.
    """
    code: str | None = None
    try:
        return read_response_text(cls, response.body)
    except ContractError as error:
        code, said = refusal_reason(response)
        problem = f"the answer is an error: {said}" if said else f"the answer breaks the contract: {error}"
    except (ValueError, RecursionError):
        problem = _no_json(response)
    raise service_error(errors.ResponseError, problem, request, response, code)


def _json(request: Request, response: Response) -> object:
    try:
        return cast("object", json.loads(response.body, object_pairs_hook=_object))
    except _DoubledFieldError as error:
        raise service_error(
            errors.ResponseError, f"the answer contradicts itself: {error}", request, response
        ) from None
    except (ValueError, RecursionError):
        problem = _no_json(response)
    raise service_error(errors.ResponseError, problem, request, response)


class _DoubledFieldError(ValueError):
    """A field stands twice in an object, with different values: which of them holds is not known."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for name, value in pairs:
            if fields[name] != value:
                raise _DoubledFieldError(f"its field {show(name)} stands twice in one object, with different values")
    return fields


def _no_json(response: Response) -> str:
    what = "it is empty" if not response.body.strip() else advice_for(response, ENDPOINT)
    return f"the answer is not JSON{f': {what}' if what else ''}"

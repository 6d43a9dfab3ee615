"""The errors that calls raise: what is said of an answer that is no success, and of a request without an answer."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Final

from umapi_models.models import GatewayErrorBody, RequestErrorBody, ServiceErrorBody
from umapi_models.operations import SYNC_HEADER, USERS
from umapi_runtime.constraints import ContractError
from umapi_runtime.converter import read_response
from umapi_sdk import errors
from umapi_sdk.masking import without
from umapi_sdk.messages import REQUEST_ID, Request, Response, TransportError
from umapi_sdk.outcomes import OutcomeStatus
from umapi_sdk.strangers import ENDPOINT, advice_for, correction_for, is_page
from umapi_sdk.verdicts import Attempts, History

_FIRST_PAGE: Final = re.compile(USERS.path.format(orgId="[^/]+", page=0) + r"(\?|$)")
_HARMLESS = "; nothing was changed: it can be asked again"


def refusal(request: Request, response: Response) -> errors.ServiceError:
    """Return the error for an answer that is no success."""
    code, said = refusal_reason(response)
    kinds: dict[int, tuple[type[errors.ServiceError], str]] = {
        401: (errors.AuthenticationError, "the access token was not accepted"),
        403: (errors.ForbiddenError, "the API key is missing, wrong or not entitled"),
        404: (errors.NotFoundError, "not found"),
        408: (errors.RequestRefusedError, "the request timed out at the service, and may have taken effect"),
    }
    cls, default = kinds.get(response.status, (errors.RequestRefusedError, "the service refused the request"))
    if response.status in (401, 403, 404) and is_page(response):
        default = "the request was refused, and not by the service"
    if response.status >= 500 or response.status < 400:
        cls, default = errors.ResponseError, "the service gave an answer that is not expected"
    advice = correction_for(response) or (None if said else advice_for(response, ENDPOINT))
    problem = said or default
    return service_error(cls, f"{problem}: {advice}" if advice else problem, request, response, code)


def refusal_reason(response: Response) -> tuple[str | None, str | None]:
    """Return the code and message of an error body, in whichever of its forms it comes."""
    try:
        data: Any = json.loads(response.body)
    except (ValueError, RecursionError):
        return None, _challenge(response.headers.get("www-authenticate"))
    with suppress(ContractError):
        ordinary = read_response(ServiceErrorBody, data)
        return ordinary.result, ordinary.message
    with suppress(ContractError):
        of_gateway = read_response(GatewayErrorBody, data)
        return of_gateway.error_code, of_gateway.message
    with suppress(ContractError):
        of_request = read_response(RequestErrorBody, data)
        return of_request.error_code, of_request.error_message
    return None, None


def _challenge(header: str | None) -> str | None:
    _, found, rest = (header or "").partition('error_description="')
    return rest.partition('"')[0] if found else None


def service_error(
    cls: type[errors.ServiceError], message: str, request: Request, response: Response, code: str | None = None
) -> errors.ServiceError:
    """Return an error of the kind given, with the facts of the exchange."""
    return cls(
        message,
        method=request.method,
        url=request.url,
        status=response.status,
        request_id=response.request_id,
        code=code,
    )


def network_error(failure: TransportError, request: Request, attempts: Attempts) -> errors.NetworkError:
    """Return the error for a request that got no answer."""
    unknown = failure.sent or attempts.history is History.OPEN
    cls = errors.OutcomeUnknownError if unknown else errors.NotSentError
    tries = f" in {attempts.made} attempts" if attempts.made > 1 else ""
    lost = ("the answer cannot be read" if failure.answered else "no answer came") + tries
    lost += "" if attempts.repeatable else ", and the request may have taken effect"
    what = lost if unknown else f"the request could not be sent{tries}"
    again = _HARMLESS if unknown and attempts.repeatable else ""
    return cls(
        f"{what}: {failure.reason}{again}",
        method=request.method,
        url=request.url,
        request_id=request.headers.get(REQUEST_ID) if unknown else None,
    )


def _moment(when: float) -> str:
    from email.utils import formatdate  # noqa: PLC0415 - loaded when there is a date

    return formatdate(when, usegmt=True)


def busy_error(
    request: Request, response: Response, asked: float | None, now: float, attempts: Attempts
) -> errors.ServiceError:
    """Return the error for an answer that asks to come later, where no further attempt is made."""
    response = without(response, request.headers.get("Authorization", ""))
    code, said = refusal_reason(response)
    if response.status == 429:
        tries = f", after {attempts.made} attempts" if asked is None else ""
        return throttled_error(f"{said or 'too many requests'}{tries}", request, asked, now, response, code)
    when = None if asked is None else now + asked
    advice = "" if when is None else f": come back in {asked:.0f} s, at {_moment(when)}"
    timed_out = response.status == 408
    what = said or ("the request timed out at the service" if timed_out else "the service is not available")
    again = _HARMLESS if timed_out else ""  # only what does no harm twice is asked again after it
    unavailable = errors.UnavailableError(
        f"{what}, after {attempts.made} attempts{advice}{again}",
        method=request.method,
        url=request.url,
        status=response.status,
        request_id=response.request_id,
        code=code,
    )
    unavailable.may_have_been_applied = attempts.fate is OutcomeStatus.UNKNOWN
    unavailable.retry_at = when
    return unavailable


def _way_out(request: Request, asked: float | None) -> str:
    """Return what opens the first page of the users, which the service locks after it was read; else nothing."""
    locked = asked is not None and asked > USERS.period and _FIRST_PAGE.search(request.url) is not None
    return (
        "; start_sync() before the listing opens its first page at once, as does --announce of umapi users"
        if locked and SYNC_HEADER not in request.headers
        else ""
    )


def throttled_error(
    said: str,
    request: Request,
    asked: float | None,
    now: float,
    response: Response | None = None,
    code: str | None = None,
) -> errors.ThrottledError:
    """Return the error for a limit that was met, by this request or, without `response`, by an earlier one."""
    when = None if asked is None else now + asked
    advice = "" if when is None else f": come back in {asked:.0f} s, at {_moment(when)}"
    throttled = errors.ThrottledError(
        f"{said}{advice}{_way_out(request, asked)}",
        method=request.method,
        url=request.url,
        status=response.status if response else None,
        request_id=response.request_id if response else None,
        code=code,
    )
    throttled.retry_after, throttled.retry_at = asked, when
    return throttled

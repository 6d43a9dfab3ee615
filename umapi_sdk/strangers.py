"""Answers that somebody in between may have given: a proxy, a firewall, a network's login page, a wrong host.

And answers of the service to a request that came to the wrong place: to an organisation, key or call that it does
not serve. Of either nobody has carried anything out, and a setting is to be corrected, not what was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from umapi_sdk.messages import Response

ENDPOINT = "the endpoint (UMAPI_ENDPOINT)"
AUTH_HOST = "auth_host (UMAPI_IMS_URL)"

_BY_STATUS: Mapping[int, str] = {
    401: "is {place} right, and are client id and organisation those of one project?",
    403: "check the client id, and that its project has the User Management API",
    404: "is {place} right?",
    405: "is {place} right?",
    407: "a proxy wants a user and password: give them in its URL, http://user:password@host:port",
    410: "is {place} right?",
    511: "this network wants a login first",
}
_ELSEWHERE = (300, 301, 302, 303, 307, 308)
_BY_CODE = (
    ("error.organization.migrating", "wait until Adobe has moved the organisation, then send again"),
    ("error.organization.", "correct org_id (UMAPI_ORG_ID)"),
    ("error.apikey.", "correct client_id (UMAPI_CLIENT_ID)"),
    ("error.unauthorized", "are client_id (UMAPI_CLIENT_ID) and org_id (UMAPI_ORG_ID) those of one project?"),
    ("error.api.not_available", "wait until Adobe offers this call again, then send again"),
)
"""Beginnings of the service's codes for requests that it does not take from this client, whatever is in them."""
_OWN_CODES = ("error.", "plc.")
# By these the service speaks of a user, group or profile, always with a code; any other server, of an address.
_NO_SUCH_PLACE = (404, 405, 410)
_METHOD_UNKNOWN = 501  # said before anything is done (RFC 9110, 15.6.2); some gateways say it after


def is_page(response: Response) -> bool:
    """Return whether the body is a web page, which neither the service nor the token host sends."""
    return response.body.lstrip()[:1] == b"<"


def misdirected(response: Response) -> bool:
    """Return whether an answer proves that the request came to the wrong place, where nobody has carried it out."""
    if not 400 <= response.status < 500:
        return response.status == _METHOD_UNKNOWN and is_page(response)
    code = _service_code(response)
    if code is not None:
        return _advice_for_code(code) is not None
    # A web server that answers late says 408, or with a status of its own: of those a page proves nothing.
    return response.status in _NO_SUCH_PLACE or (response.status == 400 and is_page(response))


def advice_for(response: Response, place: str) -> str | None:
    """Return what to check after an answer that does not explain itself; None when nothing is known.

    `place` is what the address came from, as in `ENDPOINT`.
    """
    if response.status in (407, 511):
        return _BY_STATUS[response.status]
    if is_page(response):
        return f"a web page came: is {place} right, or does a proxy, firewall or login page stand in between?"
    if response.status == 304:
        return "it says that nothing has changed, as caches do: does a proxy or gateway in between keep answers?"
    if response.status in _ELSEWHERE:
        return f"it sends the request elsewhere, which is not followed: is {place} right?"
    advice = _BY_STATUS.get(response.status)
    return None if advice is None else advice.format(place=place)


def correction_for(response: Response) -> str | None:
    """Return what to correct after an answer from the wrong place, whose own words do not lead there; else None."""
    if not misdirected(response):
        return None
    code = _service_code(response)
    return advice_for(response, ENDPOINT) if code is None else _advice_for_code(code)


def _advice_for_code(code: str) -> str | None:
    return next((advice for beginning, advice in _BY_CODE if code.startswith(beginning)), None)


def _service_code(response: Response) -> str | None:
    """Return the code in an answer that no other server gives, None when there is none."""
    try:
        data: object = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    fields = cast("Mapping[str, object]", data)
    codes = [fields.get(name) for name in ("result", "errorCode", "error_code")]
    return next((code for code in codes if isinstance(code, str) and code.startswith(_OWN_CODES)), None)

"""Answers that somebody in between may have given: a proxy, a firewall, a network's login page, a wrong host."""

from __future__ import annotations

from collections.abc import Mapping

from .messages import Response

_BY_STATUS: Mapping[int, str] = {
    401: "is {place} right, and are client id and organisation those of one project?",
    403: "check the client id, and that its project has the User Management API",
    404: "is {place} right?",
    405: "is {place} right?",
    407: "a proxy wants a user and password: give them in its URL, http://user:password@host:port",
    511: "this network wants a login first",
}


def is_page(response: Response) -> bool:
    """Return whether the body is a web page, which neither the service nor the token host sends."""
    return response.body.lstrip()[:1] == b"<"


def advice_for(response: Response, place: str) -> str | None:
    """Return what to check after an answer that does not explain itself; None when nothing is known.

    `place` is what the address came from, as in "the endpoint".
    """
    if response.status in (407, 511):
        return _BY_STATUS[response.status]
    if is_page(response):
        return f"a web page came: is {place} right, or does a proxy, firewall or login page stand in between?"
    if 300 <= response.status < 400:
        return f"it sends the request elsewhere, which is not followed: is {place} right?"
    advice = _BY_STATUS.get(response.status)
    return None if advice is None else advice.format(place=place)

"""NTLM over HTTP ([MS-NTHT]): two answers to challenges, on one connection that is kept."""

from __future__ import annotations

import base64
import binascii
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from umapi_harness.postman.authorisation.unsigned import (
    AuthorisationError,
    Settings,
    Unsigned,
    in_header,
    without_header,
)
from umapi_harness.postman.sending.messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from spnego import ContextProxy

MESSAGE = "ntlmHeader"
"""The setting that holds the message which goes out next."""
_REFUSED = (401, 403)
_COMPUTER = "NETBIOS_COMPUTER_NAME"
"""The environment variable from which the library takes the name of this computer."""


def ntlm(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The next message of the conversation; before the first challenge the request goes without authorisation."""
    message = settings.text(MESSAGE)
    if message:
        return in_header(unsigned.http, "Authorization", message)
    return without_header(unsigned.http, "Authorization")


@attrs.define
class NtlmTalk:
    """The conversation about one request."""

    settings: Settings
    _context: ContextProxy | None = attrs.field(default=None, init=False, repr=False)
    _over: bool = attrs.field(default=False, init=False)

    def answer(self, response: HttpResponse) -> str | None:
        """The message that answers a response; None when there is nothing to answer. Raises AuthorisationError."""
        if self._over or response.status not in _REFUSED:
            return None
        offers = response.values("www-authenticate")
        if self._context is None:
            if not any(_is_offer(value) for value in offers):
                return None
            self._context = self._begun()
            return self._next(None)
        self._over = True
        challenge = next((value[5:] for value in offers if value.startswith("NTLM ")), None)
        if challenge is None:
            raise AuthorisationError("ntlm: the server did not answer the first message with a challenge")
        try:
            return self._next(base64.b64decode(challenge, validate=True))
        except (binascii.Error, ValueError):
            raise AuthorisationError("ntlm: the challenge of the server cannot be read") from None

    def _begun(self) -> ContextProxy:
        import spnego  # noqa: PLC0415

        username, password = self.settings.text("username"), self.settings.text("password")
        if not username:
            raise AuthorisationError("ntlm needs username and password; set both")
        domain = self.settings.text("domain")
        if not domain:
            username, domain = _parted(username)
        name = f"{domain}\\{username}" if domain else username
        # The library's own NTLM on every system: nothing of whoever is logged in here goes out.
        own = spnego.NegotiateOptions.use_ntlm
        return spnego.client(name, password, protocol="ntlm", options=own)

    def _next(self, token: bytes | None) -> str:
        from spnego.exceptions import SpnegoError  # noqa: PLC0415

        if self._context is None:
            raise RuntimeError("a conversation goes on that has not begun")
        try:
            with _computer_name(self.settings.text("workstation")):
                message = self._context.step(token)
        except (SpnegoError, ValueError, IndexError, OverflowError, struct.error) as error:
            raise AuthorisationError("ntlm: the challenge of the server cannot be answered") from error
        return "NTLM " + base64.b64encode(message or b"").decode("ascii")


def _is_offer(value: str) -> bool:
    return value.lower() == "negotiate" or "ntlm" in value.lower()


def _parted(username: str) -> tuple[str, str]:
    r"""User and domain of `DOMAIN\user` and `user@DOMAIN`; a name with both marks is a name."""
    before, backslash, after = username.partition("\\")
    user, at, domain = username.partition("@")
    if backslash and not at and before and after and "\\" not in after:
        return after, before
    if at and not backslash and user and domain and "@" not in domain:
        return user, domain
    return username, ""


@contextmanager
def _computer_name(name: str) -> Generator[None]:
    """Has the library tell this name of the computer; empty, none. Of its own accord it tells the real one."""
    before = os.environ.get(_COMPUTER)
    os.environ[_COMPUTER] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[_COMPUTER]
        else:
            os.environ[_COMPUTER] = before

"""Calls of scripts: what they ask the runner for while they run: requests to send, and the cookie jar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import attrs
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.postman import events, views
from umapi_harness.postman.addresses import AddressError, address
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.collection import parse_request
from umapi_harness.postman.cookie_forms import cookie_view, described_cookie
from umapi_harness.postman.cookies import CookieError
from umapi_harness.postman.dispatch import UNSENDABLE, Dispatch, WithheldError, rule_of
from umapi_harness.postman.exchanges import NoAnswerError
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.scripts import Answer
from umapi_harness.postman.session import Session
from umapi_harness.postman.variables import value_text

COOKIES = "cookies"
_REFUSED = frozenset({Rule.THIRD_HOST, Rule.WRITES, Rule.LIMIT})


@attrs.define
class ScriptCalls:
    """Answers the scripts of a step. What goes wrong is told, and handed to the script."""

    run: Session
    step: events.Step

    def answer(self, message: JsonValue) -> Answer:
        """Answers one call: `{"response": …}`, `{"cookies": […]}`, or `{"error": text}`.

        A message is a request as pm.sendRequest takes it, or a call of the cookie jar: `kind` is "cookies", `call`
        is get, getAll, set, unset or clear, `url` an address, `name` that of a cookie, `cookie` what to set: the
        text of a Set-Cookie line, or an object with the names of Postman. `exchange` is the number of what a request
        has led to, if it went out.
        """
        members = _members(message)
        return self._cookies(members) if members.get("kind") == COOKIES else self._sent(message)

    def _sent(self, described: JsonValue) -> Answer:
        try:
            request = parse_request(Node(described, "pm.sendRequest", ""))
            if request.auth is not None:
                # It stands nowhere in the collection, so nothing is remembered of its challenges.
                request = replace(request, auth=attrs.evolve(request.auth, place=""))
            dispatch = Dispatch(self.run, self.step)
            done = dispatch.send(dispatch.ready(request), Behaviour(), events.Cause.SCRIPT).done
        except (*UNSENDABLE, NoAnswerError) as error:
            if not isinstance(error, WithheldError):
                told = f"pm.sendRequest: {error}"
                self.run.error(self.step, _rule(error), told, self.step.pointer, exchanges=_went_out(error))
            return {"error": str(error), "exchange": next(iter(_went_out(error)), None)}
        cookies = self.run.cookies.matching(done.request.url)
        view = views.response_view(done.response, cookies, milliseconds=done.seconds * 1000)
        return {"response": view, "exchange": done.exchange}

    def _cookies(self, members: Mapping[str, JsonValue]) -> Answer:
        jar, call = self.run.cookies, value_text(members.get("call"))
        try:
            url = address(value_text(members.get("url")))
            if call == "set":
                cookie = described_cookie(members.get("cookie"), url, self.run.now())
                jar.put(cookie)
                return {"cookies": [cookie_view(cookie)]}
        except (AddressError, CookieError) as error:
            return {"error": str(error)}
        wanted = value_text(members.get("name"))
        found = [one for one in jar.matching(url) if call in ("getAll", "clear") or one.name == wanted]
        if call in ("unset", "clear"):
            for cookie in found:
                jar.remove(cookie)
        return {"cookies": [cookie_view(one) for one in found]}


def _rule(error: Exception) -> Rule:
    """What the run itself refuses is named as in requests of the collection; all else is a request that failed."""
    rule = rule_of(error)
    return rule if rule in _REFUSED else Rule.FAILED_SEND_REQUEST


def _went_out(error: Exception) -> tuple[int, ...]:
    """The exchange that ended without an answer, if there was one."""
    return (error.exchange,) if isinstance(error, NoAnswerError) and error.exchange else ()


def _members(value: JsonValue) -> Mapping[str, JsonValue]:
    return cast("Mapping[str, JsonValue]", value) if isinstance(value, dict) else {}

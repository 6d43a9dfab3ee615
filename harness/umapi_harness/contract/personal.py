"""Personal data in exchanges: found wherever it stands, and put into pseudonyms in the form in which it stood."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import attrs

from umapi_harness.common import json_text
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedResponse
from umapi_harness.contract.personal_fields import Kind, kind_of_header, names_hosts
from umapi_harness.contract.personal_names import Names
from umapi_harness.contract.personal_texts import Texts
from umapi_harness.contract.pseudonym_notes import NOTE, is_digests
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.schema import operations
from umapi_harness.contract.vouching import is_resource

_STATUSES: Final = frozenset(map(int, HTTPStatus))


class PersonalData:
    """Puts pseudonyms in the place of personal data.

    Names that stand in fields of their own are remembered, so that they are found in messages and notes too; what a
    later exchange teaches is not known to an earlier one, hence `learn` goes through all of a file first.
    """

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._names = Names(pseudonyms)
        self._texts = Texts(self._names)

    def learn(self, exchange: Exchange) -> None:
        """Remember the names of an exchange."""
        self.exchange(exchange)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange with pseudonyms in URL, headers, bodies and notes."""
        request, response = exchange.request, exchange.response
        # Bodies first, for they say whose names the messages and ids elsewhere are.
        sent = self._body(request.body, request.header("Content-Type") or "")
        url = self._texts.url(request.url)
        answered = self._body(response.body, response.header("Content-Type") or "")
        return attrs.evolve(
            exchange,
            request=attrs.evolve(request, url=url, headers=self._headers(request.headers), body=sent),
            response=attrs.evolve(
                response, reason=self._reason(response), headers=self._headers(response.headers), body=answered
            ),
            source=self._texts.text(exchange.source),
            notes={name: self._note(name, value) for name, value in exchange.notes.items()},
        )

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if is_resource(value):
            return value
        if name.lower() == "content-disposition":
            value = self._texts.files(value)
        if names_hosts(name):
            value = self._names.hosts(value)
        kind = kind_of_header(name)
        return self._names.host(value) if kind is Kind.HOST else self._texts.value(kind, value)

    def _reason(self, response: RecordedResponse) -> str:
        phrase = HTTPStatus(response.status).phrase if response.status in _STATUSES else ""
        is_phrase = response.reason.lower() == phrase.lower()
        return response.reason if is_phrase else self._texts.value(Kind.MESSAGE, response.reason)

    def _body(self, body: bytes, content_type: str) -> bytes:
        """Return a body with pseudonyms, as many bytes long as before."""
        self._names.forget_halves()
        return self._texts.content(body.decode("utf-8", "replace"), content_type).encode("utf-8", "replace")

    def _note(self, name: str, value: Any) -> Any:
        # Ours, where they hold what we write there.
        if (name == "operation" and value in operations()) or (name == NOTE and is_digests(value)):
            return value
        if isinstance(value, str):
            return self._texts.text(value)
        return json_text.data(self._texts.json(json_text.quoted_data(value), name=name))

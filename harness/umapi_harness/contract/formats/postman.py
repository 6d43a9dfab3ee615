"""Saved examples of a Postman Collection v2: each response with the request that it was saved for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.common.errors import DocumentError
from umapi_harness.contract.exchanges import Exchange, Headers, RecordedRequest, RecordedResponse, RecordingError
from umapi_harness.contract.formats import bodies
from umapi_harness.contract.formats.cursors import is_list, is_map
from umapi_harness.contract.formats.har import Skip
from umapi_harness.contract.formats.sources import Source
from umapi_harness.postman.bodies import Body
from umapi_harness.postman.collection import Request, parse_request
from umapi_harness.postman.variables import PLACEHOLDER

_EXPORT: Final = "export the collection from Postman as Collection v2.1"
_PASSES: Final = 5
_LONGEST: Final = 64 * 1024  # characters of a text with the values of its variables


def exchanges(collection: Mapping[str, object], source: Source, place: str, skip: Skip) -> Iterator[Exchange]:
    """Return the saved examples of a collection, whose JSON pointer is `place`, in the order of its requests.

    Variables that the collection gives a value are replaced, the others stay as they are.

    Raises:
        RecordingError: it is no collection.
    """
    reader = _Examples(source, skip, _values(collection.get("variable")))
    yield from reader.below(collection.get("item"), f"{place}/item", "")


def _values(variables: object) -> dict[str, str]:
    entries = [one for one in variables if is_map(one) and not one.get("disabled")] if is_list(variables) else []
    values = {str(one.get("key") or one.get("id")): one.get("value") for one in entries}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items() if value}


class _Examples:
    def __init__(self, source: Source, skip: Skip, values: Mapping[str, str]) -> None:
        self._source = source
        self._skip = skip
        self._values = values

    def below(self, items: object, place: str, above: str) -> Iterator[Exchange]:
        if not is_list(items):
            raise self._error(place, "is no array")
        for number, item in enumerate(items):
            here = f"{place}/{number}"
            if not is_map(item):
                raise self._error(here, "is no object")
            name = f"{above}{item.get('name') or number}"
            if "item" in item:
                yield from self.below(item["item"], f"{here}/item", f"{name} / ")
            else:
                yield from self._of(item, here, name)

    def _of(self, item: Mapping[str, object], place: str, name: str) -> Iterator[Exchange]:
        responses: object = item.get("response") or list[object]()
        if not is_list(responses):
            raise self._error(f"{place}/response", "is no array")
        for number, response in enumerate(responses):
            here = f"{place}/response/{number}"
            self._source.at(f"#{here}")
            where = f"{self._source.path}#{here}"
            if not is_map(response):
                raise self._error(here, "is no object")
            code = response.get("code")
            if isinstance(code, bool) or not isinstance(code, int) or code <= 0:
                self._skip(f"{where}: skipped: the example has no status code")
                continue
            given = "originalRequest" if response.get("originalRequest") else "request"
            request = response.get(given) or item.get("request")
            yield Exchange(
                name=f"{name} / {response.get('name') or number}",
                where=where,
                request=self._request(request, here if given == "originalRequest" else place, given),
                response=self._response(response, code),
            )

    def _request(self, value: object, place: str, name: str) -> RecordedRequest:
        plain: JsonValue = json.loads(json.dumps(value))
        try:
            parsed = parse_request(Node(plain, self._source.path, f"{place}/{name}"))
        except DocumentError as error:
            raise RecordingError(str(error)) from None
        headers = tuple((self._resolved(one.key), self._resolved(one.value)) for one in parsed.headers)
        body, kind = self._body(parsed.body)
        if kind and not any(name.lower() == "content-type" for name, _ in headers):
            headers = (*headers, ("Content-Type", kind))
        body = bodies.bounded(self._source, body)
        return RecordedRequest(method=parsed.method, url=self._url(parsed, place), headers=headers, body=body)

    def _url(self, request: Request, place: str) -> str:
        values = {one.key: quote(self._resolved(one.value), safe="@{}") for one in request.path_variables}
        scheme, found, rest = self._resolved(request.url).rpartition("://")
        # A variable without a value stands where the host was, or the whole address up to the path.
        rest, mark, query = rest.partition("?")
        segments = [values.get(one[1:], one) if one.startswith(":") else one for one in rest.split("/")]
        url = f"{scheme if found else 'https'}://{'/'.join(segments)}{mark}{query}"
        try:
            urlsplit(url)
        except ValueError as error:
            raise self._error(f"{place}/url", str(error)) from None
        return url

    def _body(self, body: Body | None) -> tuple[bytes, str]:
        if body is None or body.mode == "file":
            return b"", ""
        if body.mode in ("urlencoded", "formdata"):
            # As fields they say the same; the boundary of a multipart body is not in the collection.
            fields = [(self._resolved(one.key), self._resolved(one.value)) for one in body.fields if not one.is_file]
            return urlencode(fields).encode(), "application/x-www-form-urlencoded"
        kind = "application/json" if body.language == "json" else ""
        return self._resolved(body.raw).encode("utf-8", "replace"), kind

    def _response(self, response: Mapping[str, object], code: int) -> RecordedResponse:
        headers = self._headers(response.get("header"))
        text = response.get("body")
        body = bodies.from_text(self._source, text) if isinstance(text, str) else b""
        body = bodies.uncompressed(self._source, headers, body)
        return RecordedResponse(status=code, reason=str(response.get("status") or ""), headers=headers, body=body)

    def _headers(self, value: object) -> Headers:
        if isinstance(value, str):
            parts = (line.partition(":") for line in value.splitlines())
            return tuple((name.strip(), text.strip()) for name, colon, text in parts if colon)
        pairs = [one for one in value if is_map(one)] if is_list(value) else []
        return tuple((str(one.get("key")), str(one.get("value") or "")) for one in pairs if not one.get("disabled"))

    def _resolved(self, text: str) -> str:
        for _ in range(_PASSES):
            changed = PLACEHOLDER.sub(lambda found: self._values.get(found[1].strip(), found[0]), text)
            if changed == text or len(changed) > len(text) + _LONGEST:
                break
            text = changed
        return text

    def _error(self, place: str, problem: str) -> RecordingError:
        self._source.at(f"#{place}")
        return self._source.error(problem, _EXPORT)

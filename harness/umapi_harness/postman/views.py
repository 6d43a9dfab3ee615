"""Views: requests and responses in the form that scripts see, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.collection import Request, parse_request
from umapi_harness.postman.cookie_forms import cookie_view
from umapi_harness.postman.cookies import Cookie
from umapi_harness.postman.sending.messages import HttpResponse

View = Mapping[str, JsonValue]


def request_view(request: Request) -> View:
    """A request as the sandbox reads it."""
    view: dict[str, JsonValue] = {
        "method": request.method,
        "url": {"raw": request.url, "variable": [_field_view(one) for one in request.path_variables]},
        "header": [{"key": one.key, "value": one.value} for one in request.headers],
    }
    if request.description:
        view["description"] = request.description
    if request.body is not None:
        view["body"] = _body_view(request.body)
    if request.auth is not None and request.auth.type:
        settings: list[JsonValue] = [{"key": key, "value": value} for key, value in request.auth.settings.items()]
        view["auth"] = {"type": request.auth.type, request.auth.type: settings}
    return view


def _body_view(body: Body) -> View:
    view: dict[str, JsonValue] = {"mode": body.mode}
    if body.mode == "raw":
        view |= {"raw": body.raw, "options": {"raw": {"language": body.language}}}
    elif body.mode == "graphql":
        view |= {"graphql": {"query": body.raw, "variables": body.variables, "operationName": body.operation}}
    elif body.mode == "file":
        view |= {"file": {"src": body.fields[0].files[0] if body.fields else None, "content": body.raw}}
    else:
        view |= {body.mode: [_field_view(one) for one in body.fields]}
    return view


def _field_view(one: Parameter) -> View:
    view: dict[str, JsonValue] = {"key": one.key, "value": one.value}
    if one.is_file:
        view |= {"type": "file", "src": list(one.files)}
    if one.file_name is not None:
        view |= {"fileName": one.file_name}
    if one.content_type is not None:
        view |= {"contentType": one.content_type}
    return view


def changed_request(request: Request, view: View, pointer: str) -> Request:
    """`request` as the pre-request scripts left it; raises DocumentError when they left no request."""
    seen = parse_request(Node(view, "the pre-request script", pointer))
    return replace(
        request,
        method=seen.method,
        url=seen.url,
        path_variables=seen.path_variables,
        headers=seen.headers,
        body=seen.body,
        # What is inherited stays that of the place where it stands, for what a challenge has told is kept there.
        auth=request.auth if seen.auth == request.auth else seen.auth,
    )


def response_view(response: HttpResponse, cookies: Iterable[Cookie], *, milliseconds: float) -> View:
    """A response as the sandbox reads it, with the cookies that its address has by now."""
    view: dict[str, JsonValue] = {
        "id": "",
        "code": response.status,
        "status": response.reason,
        "time": round(milliseconds),
        "size": len(response.body),
        "headers": [{"key": key, "value": value} for key, value in response.headers],
        "text": response.text,
        "cookies": [cookie_view(one) for one in cookies],
    }
    if not _is_utf8_of(response.text, response.body):
        view["bytes"] = response.body.decode("latin-1")
    return view


def _is_utf8_of(text: str, body: bytes) -> bool:
    """Whether a body says no more than its text."""
    return len(text) == len(body) if text.isascii() else text.encode("utf-8", "replace") == body

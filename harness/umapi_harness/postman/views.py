"""Views: requests and responses in the form that scripts see, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.collection import Request, parse_request
from umapi_harness.postman.cookie_forms import cookie_view
from umapi_harness.postman.cookies import Cookie
from umapi_harness.postman.sending.messages import HttpResponse

View = Mapping[str, JsonValue]


def request_view(request: Request, *, name: str, id_: str) -> View:
    """A request as the sandbox reads it."""
    return {
        "id": id_,
        "name": name,
        "method": request.method,
        "url": request.url,
        "headers": [{"key": one.key, "value": one.value} for one in request.headers],
        "body": None if request.body is None else _body_view(request.body),
    }


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
    seen = parse_request(Node({**view, "header": view.get("headers")}, "the pre-request script", pointer))
    return attrs.evolve(request, method=seen.method, url=seen.url, headers=seen.headers, body=seen.body)


def response_view(response: HttpResponse, cookies: Iterable[Cookie], *, milliseconds: float) -> View:
    """A response as the sandbox reads it, with the cookies that its address has by now."""
    return {
        "id": "",
        "code": response.status,
        "status": response.reason,
        "time": round(milliseconds),
        "size": len(response.body),
        "headers": [{"key": key, "value": value} for key, value in response.headers],
        "text": response.text,
        "cookies": [cookie_view(one) for one in cookies],
    }

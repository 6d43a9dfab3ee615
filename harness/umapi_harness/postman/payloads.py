"""Payloads: the body of a request as bytes and files, and the type that goes with it."""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.sending.messages import FileContent, HttpBody

_TYPE_OF_LANGUAGE = {
    "json": "application/json",
    "xml": "application/xml",
    "html": "text/html",
    "javascript": "application/javascript",
}
_JSON_TYPE = re.compile(r"application/(\S+\+)?json")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_FORM_SAFE = "-._~"


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A body and its type; `imposed` types take the place of one that a header names, unless that is of its kind."""

    body: HttpBody
    content_type: str = ""
    imposed: bool = False


def payload(body: Body, content_type: str | None, files: FileAccess, chance: random.Random) -> Payload | None:
    """The payload of a body whose variables are resolved; None for an empty one.

    `content_type` is what the headers say. Raises FileRefusedError.
    """
    reader = _MAKERS.get(body.mode)
    return None if reader is None else reader(body, content_type, files, chance)


def _raw(body: Body, content_type: str | None, _files: FileAccess, _chance: random.Random) -> Payload | None:
    text = body.raw
    if not text:
        return None
    is_json = body.language == "json" or (not body.language and bool(_JSON_TYPE.match(content_type or "")))
    if is_json and ("//" in text or "/*" in text):
        text = _without_comments(text)
    return Payload(body=_text(text), content_type=_TYPE_OF_LANGUAGE.get(body.language, "text/plain"))


def _without_comments(text: str) -> str:
    """JSON as Postman sends it: comments out, strings as they are."""
    return _JSON_TOKEN.sub(lambda match: match[0] if match[0].startswith('"') else "", text)


def _graphql(body: Body, _content_type: str | None, _files: FileAccess, _chance: random.Random) -> Payload | None:
    """Query, operation and variables as one object; the variables go in as they are written."""
    if not (body.raw or body.variables or body.operation):
        return None
    members = [f'"query":{json.dumps(body.raw, ensure_ascii=False)}']
    if body.operation:
        members.append(f'"operationName":{json.dumps(body.operation, ensure_ascii=False)}')
    if body.variables.strip():
        members.append(f'"variables":{body.variables}')
    return Payload(body=_text(f"{{{','.join(members)}}}"), content_type="application/json")


def _urlencoded(body: Body, _content_type: str | None, _files: FileAccess, _chance: random.Random) -> Payload | None:
    """Names and values, those of one name together, as Postman sends them."""
    if not body.fields:
        return None
    by_name: dict[str, list[str]] = {}
    for one in body.fields:
        by_name.setdefault(one.key, []).append(one.value)
    text = "&".join(f"{_form(key)}={_form(value)}" for key, values in by_name.items() for value in values)
    return form_payload(_text(text))


def form_payload(body: HttpBody) -> Payload:
    """The payload of an urlencoded form."""
    return Payload(body=body, content_type="application/x-www-form-urlencoded", imposed=True)


def _file(body: Body, _content_type: str | None, files: FileAccess, _chance: random.Random) -> Payload | None:
    names = body.fields[0].files if body.fields else ()
    if names:
        return Payload(body=HttpBody((files.find(names[0]),)), content_type=_type_of_name(names[0]))
    return Payload(body=HttpBody((_base64(body.raw),))) if body.raw else None


def _formdata(body: Body, _content_type: str | None, files: FileAccess, chance: random.Random) -> Payload | None:
    if not body.fields:
        return None
    boundary = "-" * 26 + "".join(str(chance.randrange(10)) for _ in range(24))
    parts: list[bytes | FileContent] = []
    for one in body.fields:
        for disposition, content in _form_parts(one, files):
            parts += [_bytes(f"--{boundary}\r\n{disposition}\r\n\r\n"), content, b"\r\n"]
    parts.append(_bytes(f"--{boundary}--\r\n"))
    return Payload(body=HttpBody(tuple(parts)), content_type=f"multipart/form-data; boundary={boundary}", imposed=True)


def _form_parts(one: Parameter, files: FileAccess) -> Iterator[tuple[str, bytes | FileContent]]:
    """Headers and content of each part that a field makes: one for each file."""
    if not one.is_file:
        yield _disposition(one, one.file_name), _bytes(one.value)
    elif one.files:
        for name in one.files:
            yield _disposition(one, one.file_name or re.split(r"[/\\]", name)[-1]), files.find(name)
    else:
        yield _disposition(one, one.file_name or ""), _base64(one.value)


def _disposition(one: Parameter, file_name: str | None) -> str:
    lines = f'Content-Disposition: form-data; name="{_quotable(one.key)}"'
    if file_name is not None:
        lines += f'; filename="{_quotable(file_name)}"'
    type_ = one.content_type or (_type_of_name(file_name) if file_name else "")
    return f"{lines}\r\nContent-Type: {_one_line(type_)}" if type_ else lines


def _quotable(text: str) -> str:
    """Text between quotes of a header, as browsers write it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text)


def _type_of_name(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _base64(text: str) -> bytes:
    """Content that stands in the collection itself is written in base64."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _form(text: str) -> str:
    return quote(_bytes(text), safe=_FORM_SAFE)


def _text(text: str) -> HttpBody:
    return HttpBody((_bytes(text),))


def _bytes(text: str) -> bytes:
    """Text as UTF-8; half a surrogate pair, which JSON can hold, becomes a question mark."""
    return text.encode("utf-8", "replace")


_Maker = Callable[[Body, "str | None", FileAccess, random.Random], "Payload | None"]
_MAKERS: dict[str, _Maker] = {
    "raw": _raw,
    "graphql": _graphql,
    "urlencoded": _urlencoded,
    "formdata": _formdata,
    "file": _file,
}

"""The page at /_mock/: its files, and what it asks for beside the admin interface."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from umapi_harness.mock import settings as settings_module
from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.control.admin import guarded
from umapi_harness.mock.control.listings import group_details, list_domains, list_groups, list_users, user_details
from umapi_harness.mock.documents import packaged
from umapi_harness.mock.faults import plans as faults
from umapi_harness.mock.names import FAULTS, USER_STATUSES
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import IDENTITY_TYPES
from umapi_harness.mock.world import World
from umapi_models import schemas
from umapi_models.operations import METASCOPE, SCOPES

_FOLDER: Final = files("umapi_harness.mock.control").joinpath("page")
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_DATA_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page_routes(world: World) -> list[Route]:
    """The routes of the page for `world`."""
    page = _Page(world)
    table: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("/pulse", page.pulse),
        ("/users", page.users),
        ("/user", page.user),
        ("/groups", page.groups),
        ("/group", page.group),
        ("/domains", page.domains),
        ("/codes", page.codes),
        ("/names", page.names),
        ("/settings/fields", page.setting_fields),
        ("/faults/fields", page.fault_fields),
        ("/faults/ready", page.ready_faults),
    ]
    return [
        Route("/_mock", _to_page, methods=["GET"]),
        Route("/_mock/", _asset, methods=["GET"]),
        Route("/_mock/page/{name}", _asset, methods=["GET"]),
        *(Route(f"/_mock{path}", _data(handle), methods=["GET"]) for path, handle in table),
        Route("/_mock/faults/{place:int}", _data(page.delete_fault), methods=["DELETE"]),
    ]


# Files


@attrs.frozen
class _File:
    content: bytes
    media_type: str
    tag: str


@functools.cache
def _assets() -> dict[str, _File]:
    """The page's files by name, read once."""
    found: dict[str, _File] = {}
    for entry in _FOLDER.iterdir():
        media_type = _TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            found[entry.name] = _File(content, media_type, f'"{sha256(content).hexdigest()[:20]}"')
    return found


async def _to_page(_request: Request) -> Response:
    return RedirectResponse("/_mock/", status_code=308)


async def _asset(request: Request) -> Response:
    file = _assets().get(request.path_params.get("name", "index.html"))
    if file is None:
        return JSONResponse({"error": "page: no such file"}, status_code=404, headers=_DATA_HEADERS)
    headers = _HEADERS | {"ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


# Data


def _data(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What the admin interface does for its calls, and the headers of data."""
    inner = guarded(answer)

    async def handle(request: Request) -> Response:
        response = await inner(request)
        for name, value in _DATA_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return handle


class _Json(JSONResponse):
    """JSON that also holds what is no character in UTF-8, as an escape."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


class _Page:
    def __init__(self, world: World) -> None:
        self._world = world
        self._name = secrets.token_hex(8)

    async def pulse(self, request: Request) -> Response:
        """Small enough to be asked for every second: what has changed, for the page to read anew.

        `server` is another for each start; `organization` is null if there is none of the id asked for;
        `requests` has the number of the last entry, and of the last before the journal was emptied.
        """
        world = self._world
        wanted = request.query_params.get("org_id")
        organization = world.organizations.get(wanted) if wanted else next(iter(world.organizations.values()), None)
        numbers = world.journal.numbers
        clock = world.clock
        return _Json(
            {
                "server": self._name,
                "organizations": len(world.organizations),
                "organization": _outline(world, organization) if organization is not None else None,
                "requests": {"last": numbers.stop - 1, "emptied": numbers.start - 1 - world.journal.forgotten},
                "clock": {
                    "now": clock.now(),
                    "frozen": isinstance(clock, VirtualClock) and clock.frozen,
                    "movable": isinstance(clock, VirtualClock),
                },
                "faults": sum(not _spent(fault) for fault in world.faults.as_list()),
            }
        )

    async def users(self, request: Request) -> Response:
        """A part of the users that fit a search."""
        return _Json(list_users(self._organization(request), request.query_params))

    async def user(self, request: Request) -> Response:
        """One user, by email and type."""
        query = request.query_params
        return _Json(user_details(self._organization(request), query.get("email", ""), query.get("type", "")))

    async def groups(self, request: Request) -> Response:
        """A part of the groups that fit a search."""
        return _Json(list_groups(self._organization(request), request.query_params))

    async def group(self, request: Request) -> Response:
        """One group, by name."""
        return _Json(group_details(self._organization(request), request.query_params.get("name", "")))

    async def domains(self, request: Request) -> Response:
        """The claimed domains and the products."""
        return _Json(list_domains(self._organization(request)))

    async def codes(self, _request: Request) -> Response:
        """What each error code means and what to do about it, those of the token host included."""
        kept = ("code", "meaning", "remedy", "retry", "severity")
        entries: list[dict[str, Any]] = schemas.read("error_codes.json")["codes"]
        names = {"scopes": ", ".join(SCOPES), "metascope": METASCOPE}
        of_tokens: list[dict[str, Any]] = schemas.read("words.json")["token_errors"]
        of_tokens = [entry | {"remedy": entry["remedy"].format_map(names)} for entry in of_tokens]
        return _Json([{name: entry[name] for name in kept} for entry in (*entries, *of_tokens)])

    async def names(self, _request: Request) -> Response:
        """The identity types and the statuses that a user can have, and the faults that leave an answer of no use."""
        spoiling = [kind for kind, told in FAULTS["kinds"].items() if told.get("spoils")]
        names = {"identity_types": IDENTITY_TYPES, "user_statuses": USER_STATUSES, "spoiling_faults": spoiling}
        return _Json(names)

    async def setting_fields(self, _request: Request) -> Response:
        """Every setting: type, default, value in the live profile, choices, meaning."""
        return _Json(_settings_explained())

    async def fault_fields(self, _request: Request) -> Response:
        """Every field of a fault: type, default, choices, meaning, and the kinds that it means something for."""
        return _Json(_faults_explained())

    async def ready_faults(self, _request: Request) -> Response:
        """Faults that are put in force with one click, each with its title."""
        return _Json(FAULTS["ready"])

    async def delete_fault(self, request: Request) -> Response:
        """End one fault, by its place in the list."""
        self._world.faults.remove(request.path_params["place"])
        return Response(status_code=204)

    def _organization(self, request: Request) -> Organization:
        return self._world.organization(request.query_params.get("org_id") or None)


def _outline(world: World, organization: Organization) -> dict[str, Any]:
    return {
        "org_id": organization.org_id,
        "users": len(organization.users),
        "groups": len(organization.catalog.groups),
        "changes": organization.changes.count,
        "client_ids": [entry.client_id for entry in world.credentials.values() if entry.org_id == organization.org_id],
    }


def _spent(fault: dict[str, Any]) -> bool:
    """Whether a fault has struck all that it can."""
    last = fault.get("nth") or fault.get("first")
    return last is not None and fault["matched"] >= last


@functools.cache
def _settings_explained() -> list[dict[str, Any]]:
    default, live = Settings().as_dict(), Settings.live().as_dict()
    fields = attrs.fields_dict(Settings)
    meanings = dict(_field_docstrings(inspect.getsource(settings_module), Settings.__name__))
    return [
        {
            "name": name,
            "type": type(default[name]).__name__,
            "default": default[name],
            "live": live[name],
            "choices": fields[name].metadata.get("choices", ()),
            "meaning": meanings.get(name, ""),
        }
        for name in default
    ]


@functools.cache
def _faults_explained() -> list[dict[str, Any]]:
    document = packaged(faults.SCHEMA)["$defs"]
    described: list[dict[str, Any]] = []
    for name, own in document["Fault"]["properties"].items():
        entry = document[own["$ref"].rpartition("/")[2]] | own if "$ref" in own else own
        described.append(
            {
                "name": name,
                "type": {"integer": "int", "number": "float"}.get(str(entry.get("type")), "str"),
                "default": entry.get("default"),
                "choices": entry.get("enum", []),
                "meaning": entry.get("description", ""),
                "kinds": [kind for kind in FAULTS["kinds"] if name in faults.fields_of(kind)],
            }
        )
    return described


def _field_docstrings(source: str, class_name: str) -> Iterator[tuple[str, str]]:
    """The strings that stand beneath the fields of a class, where Python itself does not keep them."""
    body = next(
        node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == class_name
    )
    for field, text in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(text.value.value)

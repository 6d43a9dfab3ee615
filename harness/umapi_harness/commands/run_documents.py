"""Documents of a run: collection, environment, globals and data, from files and from the web, and their exports."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import click

from umapi_harness import walkthrough
from umapi_harness.commands.conventions import write_whole
from umapi_harness.commands.run_fetching import fetched, is_address
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.common.documents import Node, parse, read_node
from umapi_harness.common.errors import DocumentError, InputError
from umapi_harness.postman.collection import Collection
from umapi_harness.postman.cookie_files import written_cookies
from umapi_harness.postman.data import DataRow, read_data
from umapi_harness.postman.environment import Environment, exported_environment, exported_variables, parse_environment
from umapi_harness.postman.formats import parse_collection
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.session import Session


@attrs.frozen(kw_only=True)
class RunDocuments:
    """What a run is made of."""

    source: Node
    """The collection as it was read."""
    collection: Collection
    environment: Environment
    globals: Environment
    data: tuple[DataRow, ...]
    data_source: str


def read_documents(arguments: RunArguments, allowed: frozenset[Rule]) -> RunDocuments:
    """Reads all that the arguments name; raises DocumentError and UsageError."""
    own = arguments.collection is None
    source = _node(arguments.collection or str(walkthrough.COLLECTION), "Postman collection", arguments)
    environment = arguments.environment or (str(walkthrough.ENVIRONMENT) if own else None)
    data = arguments.iteration_data
    if own and data is None and not arguments.folders:
        data = str(walkthrough.DATA)
    data_source, rows = ("", ()) if data is None else _data(data, arguments, lenient=Rule.DATA in allowed)
    return RunDocuments(
        source=source,
        collection=parse_collection(source),
        environment=_environment(environment, arguments).overlaid(_pairs(arguments.env_vars, "--env-var"), "--env-var"),
        globals=_environment(arguments.globals, arguments).overlaid(
            _pairs(arguments.global_vars, "--global-var"), "--global-var"
        ),
        data=rows,
        data_source=data_source,
    )


def _environment(place: str | None, arguments: RunArguments) -> Environment:
    if place is None:
        return Environment()
    return parse_environment(_node(place, "Postman environment", arguments))


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """Variables with their values; one without a value has that of the process's variable of its name."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        given = value if equals else os.environ.get(name)
        if given is None or not name:
            # The text itself stays out of the message: it may be a secret without its name.
            problem = "write it as KEY=VALUE; KEY alone takes the environment variable KEY, and there is none"
            raise click.BadParameter(problem, param_hint=option)
        found[name] = given
    return found


def _node(place: str, noun: str, arguments: RunArguments) -> Node:
    if not is_address(place):
        return read_node(Path(place), noun)
    document = fetched(place, noun, arguments)
    try:
        return Node(parse(document.content.decode("utf-8-sig"), surrogates=True), document.source)
    except ValueError as error:
        raise DocumentError(document.source, "", f"not JSON ({error})", f"give the address of a {noun}") from None


def _data(place: str, arguments: RunArguments, *, lenient: bool) -> tuple[str, tuple[DataRow, ...]]:
    """Where the rows come from, as it may be shown, and the rows."""
    if not is_address(place):
        return place, read_data(Path(place), strings=arguments.csv_strings, lenient=lenient)
    document = fetched(place, "data file", arguments)
    content = document.content
    ending = ".json" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{")) else ".csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{ending}"
        path.write_bytes(content)
        try:
            return document.source, read_data(path, strings=arguments.csv_strings, lenient=lenient)
        except DocumentError as error:
            raise DocumentError(document.source, error.pointer, error.problem, error.remedy) from None


def export(
    documents: RunDocuments, arguments: RunArguments, session: Session, lent: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    """Writes variables and cookies as the run leaves them, readable by nobody else; yields what fails.

    Values that were `lent` for the run alone, by scope and name, are left out where no script has set others.
    """
    for path, text in _exports(documents, arguments, session, lent):
        try:
            write_whole(text, path, private=True)
        except InputError as error:
            yield str(error)


def _exports(
    documents: RunDocuments, arguments: RunArguments, session: Session, lent: Mapping[str, Mapping[str, object]]
) -> Iterator[tuple[Path, str]]:
    """The files that are asked for, with their texts."""
    scopes = session.scopes
    now = time.time()
    if arguments.export_environment is not None:
        left = _own(scopes.environment, documents.environment.values, lent["environment"])
        yield arguments.export_environment, exported_environment(documents.environment, left, "environment", now)
    if arguments.export_globals is not None:
        left = _own(scopes.globals, documents.globals.values, lent["globals"])
        yield arguments.export_globals, exported_environment(documents.globals, left, "globals", now)
    if arguments.export_collection is not None:
        given = documents.collection.variables
        document = _with_variables(documents.source.value, _own(scopes.collection, given, lent["collection"]))
        yield arguments.export_collection, json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if arguments.export_cookie_jar is not None:
        yield arguments.export_cookie_jar, written_cookies(session.cookies.all())


def _own(values: Mapping[str, object], given: Mapping[str, object], lent: Mapping[str, object]) -> dict[str, object]:
    """The values of a scope at the end of a run, with those as they were given that were lent to it and not changed."""
    kept = {name: given.get(name) if name in lent and value == lent[name] else value for name, value in values.items()}
    return {name: value for name, value in kept.items() if name in given or name not in lent or value is not None}


def _with_variables(value: object, variables: Mapping[str, object]) -> dict[str, Any]:
    document = dict(cast("dict[str, Any]", value))
    inner = document.get("collection")
    if isinstance(inner, dict):
        document = dict(cast("dict[str, Any]", inner))
    member = "variable" if "info" in document else "variables"
    document[member] = exported_variables(document.get(member), variables, {"type": "any"})
    return document

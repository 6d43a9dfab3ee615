"""Reading models from JSON data and writing them to it: strict for what a client sends, tolerant for answers.

Strict: an unknown key, an explicit null, a wrong type or a value that is no member of an enum is refused, and
nothing is coerced. Tolerant: unknown fields are set apart in `unknown_fields`, unknown members of an enum stay
plain strings, null counts as absent, and a number may come as a string of digits.

msgspec reads the text of an answer straight into models, where nothing in it calls for tolerance. What it refuses is
read again by the hooks, which have the last word, and can say what is wrong and where.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs
import msgspec
from msgspec.structs import force_setattr

from . import requests
from .constraints import ContractError, Violation, contract_of
from .models import User, UserCommand, UserGroupCommand, UsersPage

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")


def read_request(cls: type[T], data: object) -> T:
    """Read what a client sends, strictly, as `cls`: any request model.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
        TypeError: `cls` is not a request model.
    """
    if not contract_of(cls).strict:
        raise TypeError(f"{cls.__name__} is an answer of the service: read it with read_response")
    return _strict().structure(data, cls)


def read_action_request(data: object) -> list[UserCommand | UserGroupCommand]:
    """Read the body of an action request, strictly.

    Raises:
        ContractError: with one violation for each thing that is wrong, each with its JSON pointer.
    """
    failure = requests.ACTION_REQUEST(data)
    if failure is not None:
        raise ContractError([Violation(failure.pointer, failure.message, failure.code)])
    commands: list[UserCommand | UserGroupCommand] = []
    violations: list[Violation] = []
    for index, entry in enumerate(cast("list[Any]", data)):
        failure = requests.COMMAND(entry)
        if failure is not None:
            violations.append(Violation(f"/{index}{failure.pointer}", failure.message, failure.code))
            continue
        try:
            names_group = "usergroup" in entry
            read = read_request(UserGroupCommand, entry) if names_group else read_request(UserCommand, entry)
            commands.append(read)
        except ContractError as error:
            violations += error.below(f"/{index}").violations
    if violations:
        raise ContractError(violations)
    return commands


def read_response(cls: type[T], data: object) -> T:
    """Read an answer of the service, tolerantly, as `cls`: any response model.

    Raises:
        ContractError: a required field is missing or a value has the wrong type.
    """
    return _tolerant().structure(data, cls)


def read_response_text(cls: type[T], text: bytes) -> T:
    """Read the text of an answer of the service, tolerantly, as `cls`: any response model.

    Raises:
        ContractError: a required field is missing or a value has the wrong type.
        ValueError, RecursionError: the text is not JSON, or nested too deep.
    """
    try:
        answer: T = _decoder(cast("Hashable", cls)).decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return read_response(cls, json.loads(text))
    if isinstance(answer, UsersPage) and answer.users:
        _share(answer.users)
    return answer


def _share(users: Sequence[User]) -> None:
    """Let users of a page hold equal groups, domains and countries once, which an organisation repeats without end."""
    once: dict[Any, Any] = {}
    known = once.setdefault
    for user in cast("Sequence[Any]", users):
        groups, domain, country = user.groups, user.domain, user.country
        if (first := known(groups, groups)) is not groups:
            force_setattr(user, "groups", first)
        if (first := known(domain, domain)) is not domain:
            force_setattr(user, "domain", first)
        if (first := known(country, country)) is not country:
            force_setattr(user, "country", first)


@cache
def _decoder(cls: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast("type[Any]", cls))


def write(model: attrs.AttrsInstance) -> dict[str, Any]:
    """Return a model as JSON data, with the names of the wire; fields without a value are left out."""
    data: dict[str, Any] = _strict().unstructure(model)
    return data


def write_json(model: attrs.AttrsInstance) -> bytes:
    """Return a model as the text of JSON in UTF-8, with the names of the wire and no blanks between tokens.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair, which is no character.
    """
    return msgspec.json.encode(model)


def _strict() -> cattrs.Converter:
    from .hooks import STRICT  # noqa: PLC0415 - cattrs is loaded when it is needed

    return STRICT


def _tolerant() -> cattrs.Converter:
    from .hooks import TOLERANT  # noqa: PLC0415 - as above

    return TOLERANT

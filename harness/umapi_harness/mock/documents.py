"""Documents that a tester gives: read, and checked against a schema with every mistake named by its place."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NoReturn

import jsonschema_rs

from umapi_harness.common.errors import InputError

_HERE: Final = files("umapi_harness.mock").joinpath("schemas")
_SECRET: Final = ("credentials", "client_secret", "public_key")
_DIGITS: Final = 1000  # of a number; Python itself reads 4,300, and says so in words of its own
_LONGEST: Final = 300  # characters of a message; a wrong value may be a whole document
_REMEDIES: Final = {
    "additionalProperties": "remove it or correct its name; {schema} lists what there can be",
    "required": "add it",
    "pattern": "correct the value",
}


def read_text(path: Path, noun: str) -> str:
    """The text of a file in UTF-8; raises InputError that calls it a `noun` if it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a {noun}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the {noun} as UTF-8") from error


def read_document(path: Path, noun: str) -> Any:
    """The JSON of a file; raises InputError that calls it a `noun` if it cannot be read or is no JSON."""
    text = read_text(path, noun)
    try:
        return parse(text)
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); correct the file") from error


def parse(text: str) -> Any:
    """A JSON document; raises ValueError for what is not, text that no answer could hold included."""
    try:
        document = json.loads(
            text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole, object_pairs_hook=_object
        )
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except UnicodeEncodeError as error:
        raise ValueError("an unpaired surrogate is no character") from error
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f'the key "{twice[:60]}" stands twice in one object')
    return found


def packaged(name: str) -> dict[str, Any]:
    """A file of the folder schemas, whose files refer to each other."""
    document: dict[str, Any] = json.loads(_HERE.joinpath(name).read_text("utf-8"))
    return document


def check(document: Any, name: str, where: str, *, definition: str | None = None, at: Sequence[str | int] = ()) -> None:
    """Check a document against the schema file `name`, or one of its definitions.

    `where` names the document in the error, and `at` is the place of this part in it. Raises InputError
    with the JSON pointer and the remedy.
    """
    try:
        error = next(iter(_validator(name, definition).iter_errors(document)), None)
    except ValueError as failure:
        raise InputError(f"{where}: cannot be checked ({failure}); correct the document") from failure
    if error is None:
        return
    keyword = str(error.evaluation_path[-1])
    # The value itself may be a secret, so only where it stands and what was expected is said.
    secret = any(part in _SECRET for part in error.instance_path)
    message = "value is not of the form wanted" if secret and keyword != "required" else _short(error.message)
    remedy = _REMEDIES.get(keyword, "correct it as {schema} says").format(schema=name)
    raise InputError(f"{where}: {pointer(*at, *error.instance_path)}: {message}; {remedy}")


def pointer(*parts: str | int) -> str:
    """The JSON pointer of a place; / for the whole document, which reads better than nothing."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts) or "/"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"{digits[:20]}... has more than {_DIGITS} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


@functools.cache
def _validator(name: str, definition: str | None) -> jsonschema_rs.Validator:
    document = packaged(name)
    if definition is not None:
        document = {"$schema": document["$schema"], "$defs": document["$defs"], "$ref": f"#/$defs/{definition}"}
    return jsonschema_rs.validator_for(document)


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"

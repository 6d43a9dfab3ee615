"""JSON Lines that `umapi export` and `umapi users --format jsonl` write: users and groups as the service shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import attrs

from umapi_harness.common.documents import parse
from umapi_harness.common.errors import InputError
from umapi_harness.common.pointers import pointer
from umapi_harness.mock.schemas import packaged
from umapi_harness.mock.state.groups import ADMIN_PREFIXES, PRODUCT_ADMINS
from umapi_harness.mock.state.seed_lists import PROFILE, USER, USER_GROUP, SeedEntry, SeedList
from umapi_harness.mock.state.seeds import SCHEMA
from umapi_models import names

_KINDS: Final = ("user", "group")
"""The members of which a line of `umapi export` has one."""
_USER_MEMBERS: Final = frozenset(packaged(SCHEMA)["$defs"][USER]["properties"])


@attrs.frozen
class _Place:
    """Where a record stands."""

    line: int
    member: str
    """The member of the line that holds it; empty where the line is the record."""
    called: dict[str, str]
    """What the service calls a member that a seed calls otherwise."""

    def __call__(self, *path: str | int) -> str:
        first = (self.member,) if self.member else ()
        return f"line {self.line}: {pointer((*first, *(self.called.get(str(part), part) for part in path))) or '/'}"


def is_lines(text: str) -> bool:
    """Whether a text is JSON Lines of users and groups, and no JSON document."""
    first = text.lstrip().partition("\n")[0]
    try:
        record = parse(first)
    except ValueError:
        return False
    return _record(record) is not None


def read_lines(text: str, path: Path) -> SeedList:
    """Read users and groups from JSON Lines; raises InputError with file, line, JSON pointer and remedy."""
    found = SeedList(path)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = _record(parse(line))
        except ValueError as error:
            raise InputError(f"{path}: line {number}: not JSON ({error}); export it again") from error
        if record is None:
            raise InputError(f"{path}: line {number}: holds neither a user nor a group; export it again")
        kind, member, data = record
        if kind == "user":
            _add_user(found, data, _Place(number, member, {}))
        else:
            _add_group(found, data, number)
    return found


def _record(line: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Whether a line is a user or a group, the member that holds it, and itself; None for a line that is neither."""
    if not isinstance(line, dict):
        return None
    entry = cast("dict[str, Any]", line)
    for kind in _KINDS:
        if len(entry) == 1 and isinstance(entry.get(kind), dict):
            return kind, kind, entry[kind]
    return ("user", "", entry) if "email" in entry and "type" in entry else None


def _add_user(found: SeedList, user: dict[str, Any], place: _Place) -> None:
    known = {name: value for name, value in user.items() if name in _USER_MEMBERS and value is not None}
    found.add(USER, SeedEntry(known, place))


def _add_group(found: SeedList, group: dict[str, Any], number: int) -> None:
    """Add a user group, product profile or product; other admin groups come with what they administer."""
    place = _Place(number, "group", {"name": "groupName", "product": "productName"})
    kind, name = group.get("type"), group.get("groupName")
    if kind == names.USER_GROUP:
        found.add(USER_GROUP, SeedEntry({"name": name}, place))
    elif kind == names.PRODUCT_PROFILE:
        data: dict[str, Any] = {"name": name, "product": group.get("productName") or name}
        quota = str(group.get("licenseQuota", ""))
        if quota.isdecimal():
            data["quota"] = int(quota)
        found.add(PROFILE, SeedEntry(data, place))
    elif kind == names.PRODUCT_ADMIN_GROUP and isinstance(name, str):
        found.add_product(name[len(ADMIN_PREFIXES[PRODUCT_ADMINS]) :])

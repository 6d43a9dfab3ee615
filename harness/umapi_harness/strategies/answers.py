"""Answers as the service gives them: pages, one user, and what became of actions."""

from __future__ import annotations

from hypothesis import strategies as st

from umapi_harness.strategies.values import Json, Strategy, at, document, object_of


def users_pages() -> Strategy:
    """Pages of users, as `GET /users/{orgId}/{page}` answers with success."""
    return _page("UsersPage", "users")


def groups_pages() -> Strategy:
    """Pages of groups, as `GET /groups/{orgId}/{page}` answers with success."""
    return _page("GroupsPage", "groups")


def user_answers() -> Strategy:
    """Answers with one user, as `GET /organizations/{orgId}/users/{userString}` gives with success."""
    required = ["result", "user"]
    return object_of({**document("user-answer.json"), "required": required}, "user-answer.json").map(_successful)


@st.composite
def action_responses(draw: st.DrawFn, *, commands: int | None = None, test_mode: bool = False) -> Json:
    """Answers to an action request of so many commands (1 to 10 by default) that contradict themselves nowhere.

    Each failed command has one error or more, and the counts and the result are those of the errors.
    """
    most = document("action-request.json")["maxItems"]
    total = draw(st.integers(1, most)) if commands is None else commands
    file = "action-response.json"
    failed = draw(st.lists(st.integers(0, max(0, total - 1)), max_size=total, unique=True)) if total else []
    errors: list[Json] = []
    for index in failed:
        found = draw(st.lists(at(f"{file}#/$defs/ActionErrorEntry"), min_size=1, max_size=2))
        errors += [{**error, "index": index} for error in found]
    warned = draw(st.lists(st.integers(0, total - 1), max_size=2)) if total else []
    warnings = [{**draw(at(f"{file}#/$defs/ActionWarningEntry")), "index": index} for index in warned]
    good = total - len(failed)
    answer: Json = {
        "result": "success" if not failed else "partial" if good else "error",
        "completed": 0 if test_mode else good,
        "notCompleted": len(failed),
        "completedInTestMode": good if test_mode else 0,
    }
    return answer | ({"errors": errors} if errors else {}) | ({"warnings": warnings} if warnings else {})


def _page(title: str, entries: str) -> Strategy:
    schema = document("pages.json")["$defs"][title]
    pages = object_of({**schema, "required": [*schema["required"], entries]}, "pages.json")
    return pages.map(lambda page: _successful({**page, entries: _each_once(page[entries])}))


def _each_once(entries: list[dict[str, Json]]) -> list[Json]:
    """The entries without those that name a user or group of before again."""
    seen: set[tuple[str, str]] = set()
    kept: list[Json] = []
    for entry in entries:
        names = {(name, str(entry[name])) for name in ("id", "username", "groupId", "groupName") if name in entry}
        if not names & seen:
            kept.append(entry)
        seen |= names
    return kept


def _successful(answer: dict[str, Json]) -> Json:
    return {**{name: value for name, value in answer.items() if name != "message"}, "result": "success"}

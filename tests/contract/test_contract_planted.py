"""Planted faults: what is changed in mock server, SDK or recording, the right judge finds in its place.

Each row of the tables is one mutation. The mock server and the SDK are changed where a fault would sit, the
recordings where a service could change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from umapi_harness.contract import Grade, own_judges, verify
from umapi_harness.contract.recordings import Exchange, Recording, load
from umapi_harness.mock.api import queries
from umapi_harness.mock.api.actions import Run, run_commands
from umapi_harness.mock.api.answers import Answer
from umapi_harness.mock.api.refusals import RefusedError
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.catalog import Catalog
from umapi_harness.mock.state.organization import Organization
from umapi_harness.reading import SdkJudge
from umapi_sdk import Connection, ListingError, NotFoundError, UserQuery, UsersQuery
from umapi_sdk.outcomes import OutcomeStatus
from umapi_sessions import judges, lively_session

CORPUS = Path(__file__).parent / "recordings"
Found = list[tuple[str, str]]


@pytest.fixture(scope="module")
def session() -> Recording:
    """A session in which something of everything happens, recorded before anything is planted."""
    return lively_session(Settings(users_page_size=3)).recording()


def _corpus(name: str) -> Recording:
    return load(CORPUS / f"{name}.har")


def _musts(recordings: list[Recording], judge: str) -> Found:
    """Operation and place of each MUST of a judge."""
    findings = verify(recordings, judges()).findings
    assert {one.judge for one in findings if one.grade is Grade.MUST} <= {judge}
    return [(str(one.operation), one.place) for one in findings if one.grade is Grade.MUST]


# In the mock server


def _other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = RefusedError.__init__

    def refuse(self: RefusedError, code: str, **values: object) -> None:
        plain(self, code, **values)
        self.message = self.message.replace("Illegal", "Forbidden")

    monkeypatch.setattr(RefusedError, "__init__", refuse)


def _other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = RefusedError.__init__

    def refuse(self: RefusedError, code: str, **values: object) -> None:
        plain(self, code, **values)
        self.code = self.code.replace("error.group.not_found", "error.usergroup.not_found")

    monkeypatch.setattr(RefusedError, "__init__", refuse)


def _other_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any, **options: Any) -> Run:
        told = run_commands(*arguments, **options)
        if told.body["notCompleted"]:
            told.body["notCompleted"] += 1
        return told

    monkeypatch.setattr("umapi_harness.mock.api.actions.run_commands", run)


def _nothing(*_parts: object, **_options: object) -> None:
    pass


def _five(_: object) -> int:
    return 5


def _unchanged(answer: Any, _call: object) -> Any:
    return answer


def _technical_accounts_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain: Any = queries.cut

    def cut(*parts: Any, **options: Any) -> Any:
        return plain(*parts, **{**options, "unlisted": 0})

    monkeypatch.setattr(queries, "cut", cut)


def _pages_counted_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plain: Any = queries.cut

    def cut(*parts: Any, **options: Any) -> Any:
        return plain(*parts, **{**options, "base": 1})

    monkeypatch.setattr(queries, "cut", cut)


def _page_one_off(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = queries.cut

    def cut(listing: Any, *parts: Any, **options: Any) -> Any:
        entries, *rest = plain(listing, *parts, **options)
        return (entries[:-1] if len(entries) > 1 else entries, *rest)

    monkeypatch.setattr(queries, "cut", cut)


def _field_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = queries.show_user

    def show(*parts: Any, **options: Any) -> dict[str, Any]:
        return {name: value for name, value in plain(*parts, **options).items() if name != "country"}

    monkeypatch.setattr(queries, "show_user", show)


def _letter_case_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Catalog.find

    def find(self: Catalog, name: str) -> Any:
        group = plain(self, name)
        return group if group is not None and group.name == name else None

    monkeypatch.setattr(Catalog, "find", find)


def _directory_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Organization.restore_user

    def restore(self: Organization, account: Any) -> None:
        plain(self, account)
        self.rename_user(account, email=account.email.lower())

    monkeypatch.setattr(Organization, "restore_user", restore)


def _update_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Organization, "name_user", _nothing)


def _email_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Organization, "rename_user", _nothing)


def _shown_otherwise(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        for function in ("show_user", "show_group"):
            plain = getattr(queries, function)

            def show(*parts: Any, plain: Any = plain, **options: Any) -> dict[str, Any]:
                shown: dict[str, Any] = plain(*parts, **options)
                return {**shown, name: value(shown[name]) if callable(value) else value} if name in shown else shown

            monkeypatch.setattr(queries, function, show)

    plant.__name__ = f"_{name}_otherwise"
    return plant


def _answered_otherwise(change: Callable[[dict[str, Any]], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def run(*arguments: Any, **options: Any) -> Run:
            told = run_commands(*arguments, **options)
            change(told.body)
            return told

        monkeypatch.setattr("umapi_harness.mock.api.actions.run_commands", run)

    return plant


def _in_errors(name: str, change: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    def each(answer: dict[str, Any]) -> None:
        for entry in answer.get("errors", []) + answer.get("warnings", []):
            if name in entry:
                entry[name] = change(entry[name])

    return _answered_otherwise(each)


def _header_otherwise(name: str, value: Callable[[str], str | None]) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        plain = queries.cut

        def cut(*parts: Any, **options: Any) -> Any:
            entries, last, headers = plain(*parts, **options)
            changed = [(one, value(text) if one == name else text) for one, text in headers]
            return entries, last, tuple((one, text) for one, text in changed if text is not None)

        monkeypatch.setattr(queries, "cut", cut)

    return plant


IN_THE_MOCK: tuple[tuple[Callable[[pytest.MonkeyPatch], None], tuple[str, str]], ...] = (
    (_other_words, ("action", "body /errors/1/message")),
    (_other_code, ("action", "body /errors/0/errorCode")),
    (_other_count, ("action", "body /notCompleted")),
    (_technical_accounts_not_counted, ("users", "header X-Total-Count")),
    (_pages_counted_from_one, ("users", "header X-Current-Page")),
    (_page_one_off, ("users", "body /users")),
    (_field_dropped, ("users", "body /users/0/country")),
    (_letter_case_counts, ("action", "body /completed")),
    (_directory_forgets, ("users", "body /users/0/email")),
    (_update_without_effect, ("users", "body /users/0/firstname")),
    (_email_without_effect, ("user", "status")),
    (_shown_otherwise("email", str.swapcase), ("users", "body /users/0/email")),
    (_shown_otherwise("username", str.swapcase), ("users", "body /users/0/username")),
    (_shown_otherwise("domain", str.swapcase), ("users", "body /users/0/domain")),
    (_shown_otherwise("status", str.upper), ("users", "body /users/0/status")),
    (_shown_otherwise("type", str.lower), ("users", "body /users/0/type")),
    (_shown_otherwise("country", str.lower), ("users", "body /users/0/country")),
    (_shown_otherwise("groupId", str), ("groups", "body /groups/0/groupId")),
    (_shown_otherwise("groupName", str.lower), ("groups", "body /groups/4/groupName")),
    (_shown_otherwise("licenseQuota", _five), ("groups", "body /groups/4/licenseQuota")),
    (_in_errors("step", str), ("action", "body /errors/0/step")),
    (_in_errors("step", lambda step: step + 1), ("action", "body /errors/0/step")),
    (_in_errors("index", lambda index: index + 1), ("action", "body /errors/0/index")),
    (_in_errors("message", lambda text: f"{text}."), ("action", "body /errors/0/message")),
    (_in_errors("user", str.upper), ("action", "body /errors/0/user")),
    (_answered_otherwise(lambda answer: answer.update(completedInTestMode=7)), ("action", "body /completedInTestMode")),
    (_answered_otherwise(lambda answer: answer.pop("result")), ("action", "body /result")),
    (_header_otherwise("X-Page-Count", lambda text: str(int(text) + 1)), ("users", "header X-Page-Count")),
    (_header_otherwise("X-Page-Size", lambda _: "3"), ("users", "header X-Page-Size")),
    (_header_otherwise("X-Total-Count", lambda _: None), ("groups", "header X-Total-Count")),
)


@pytest.mark.parametrize(("plant", "found"), IN_THE_MOCK, ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_in_the_mock_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    found: tuple[str, str],
    session: Recording,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A changed answer or rule of the mock server is a MUST of its judge, at the place where it shows."""
    assert _musts([session], "mock") == []
    plant(monkeypatch)
    assert found in _musts([session], "mock")


def test_a_fault_in_a_header_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header of refusals that is another one than on Adobe's pages is found in the recordings made from them."""

    def unauthorized(*_parts: Any) -> Any:
        return Answer(401, (("WWW-Authenticate", 'Bearer realm="other"'),))

    monkeypatch.setattr("umapi_harness.mock.api.answers.unauthorized", unauthorized)
    assert ("users", "header WWW-Authenticate") in _musts([_corpus("refusals")], "mock")


def test_a_header_that_names_the_resource_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Adobe's pages show the header that names what was asked for, an answer without it is found."""
    monkeypatch.setattr("umapi_harness.mock.api.answers.canonical", _unchanged)
    assert ("user", "header Canonical-Resource") in _musts([_corpus("user")], "mock")


# In the SDK


def _completed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Connection.execute_multiple

    def execute(self: Connection, actions: Any, immediate: bool = False) -> Any:
        made = list(actions)
        try:
            return plain(self, made, immediate)
        finally:
            for action in made:
                action.outcome = msgspec.structs.replace(action.outcome, status=OutcomeStatus.COMPLETED)

    monkeypatch.setattr(Connection, "execute_multiple", execute)


def _errors_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Connection.execute_multiple

    def execute(self: Connection, actions: Any, immediate: bool = False) -> Any:
        made = list(actions)
        result = plain(self, made, immediate)
        for action in made:
            action.outcome = msgspec.structs.replace(action.outcome, errors=())
        return result

    monkeypatch.setattr(Connection, "execute_multiple", execute)


def _last_entry_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = UsersQuery.__iter__

    def entries(self: UsersQuery) -> Iterator[Any]:
        yield from list(plain(self))[:-1]

    monkeypatch.setattr(UsersQuery, "__iter__", entries)


def _field_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = UsersQuery.__iter__

    def without_name(query: UsersQuery) -> Iterator[Any]:
        return (attrs.evolve(user, username="") for user in plain(query))

    monkeypatch.setattr(UsersQuery, "__iter__", without_name)


def _whole_listing_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def entries(self: UsersQuery) -> Iterator[Any]:
        raise ListingError("not whole", method="GET", url="", status=200, request_id=None, code=None)
        yield

    monkeypatch.setattr(UsersQuery, "__iter__", entries)


def _nobody_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserQuery, "result", _nothing)


def _absence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = UserQuery.result

    def result(self: UserQuery) -> Any:
        user = plain(self)
        if user is None:
            raise NotFoundError("not there", method="GET", url="", status=404, request_id=None, code=None)
        return user

    monkeypatch.setattr(UserQuery, "result", result)


IN_THE_SDK: tuple[tuple[Callable[[pytest.MonkeyPatch], None], str, tuple[str, str]], ...] = (
    (_completed_all_the_same, "action-results", ("action", "outcome /0")),
    (_errors_forgotten, "action-results", ("action", "outcome /0/errors")),
    (_last_entry_lost, "users", ("users", "body /users")),
    (_field_lost, "users", ("users", "body /users/0/username")),
    (_whole_listing_refused, "users", ("users", "body")),
    (_nobody_found, "user", ("user", "body /user")),
    (_absence_is_an_error, "user", ("user", "status")),
)


@pytest.mark.parametrize(("plant", "corpus", "found"), IN_THE_SDK, ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_in_the_sdk_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    corpus: str,
    found: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An outcome, an entry or a field that the SDK loses is a MUST of its judge."""
    recording = _corpus(corpus)
    assert _musts([recording], "sdk") == []
    plant(monkeypatch)
    assert found in _musts([recording], "sdk")


# In recordings


def _changed(recording: Recording, name: str, change: Callable[[Any], Any]) -> Recording:
    """The recording with the body of one answer changed."""

    def one(exchange: Exchange) -> Exchange:
        if exchange.name != name:
            return exchange
        body = json.dumps(change(exchange.response.json())).encode()
        return attrs.evolve(exchange, response=attrs.evolve(exchange.response, body=body))

    return attrs.evolve(recording, exchanges=tuple(one(exchange) for exchange in recording.exchanges))


IN_A_RECORDING: tuple[tuple[str, str, Callable[[Any], Any], str, str], ...] = (
    ("action-results", "result.success", lambda body: body | {"completed": "1"}, "response", "body /completed"),
    ("action-results", "result.success", lambda body: body | {"completed": 7}, "mock", "body /completed"),
    ("action-results", "result.error", lambda body: body | {"result": "success"}, "mock", "body /result"),
    ("users", "users.first-page", lambda body: body | {"lastPage": True}, "mock", "body /lastPage"),
    ("users", "users.domain", lambda body: {**body, "users": body["users"][1:]}, "mock", "body /users"),
    ("users", "users.domain", lambda body: {**body, "users": "none"}, "response", "body /users"),
    ("user", "user.adobe-id", lambda body: {"result": "success"}, "mock", "body /user"),
    ("groups", "groups.every-type", lambda body: body | {"lastPage": "yes"}, "response", "body /lastPage"),
)


@pytest.mark.parametrize(("corpus", "name", "change", "judge", "place"), IN_A_RECORDING)
def test_a_change_in_a_recording_is_found(
    corpus: str, name: str, change: Callable[[Any], Any], judge: str, place: str
) -> None:
    """What the service would say otherwise is a MUST, of the first judge whom it concerns, in its entry."""
    findings = verify([_changed(_corpus(corpus), name, change)], judges()).findings
    found = [(one.judge, one.exchange, one.place) for one in findings if one.grade is Grade.MUST]
    assert (judge, name, place) in found
    assert {exchange for _, exchange, _ in found} == {name}


def test_a_wrong_answer_of_the_service_is_no_fault_of_the_sdk() -> None:
    """An answer whose counts contradict its errors leaves outcomes unknown, which is what the SDK is to say."""
    changed = _changed(_corpus("action-results"), "result.success", lambda body: body | {"completed": 7})
    assert [one for one in verify([changed], [SdkJudge()]).findings if one.grade is Grade.MUST] == []


def test_a_page_that_lost_entries_is_not_whole() -> None:
    """Of a page that is the last and far shorter than its headers say, the SDK's refusal is right."""
    (users,) = [one for one in _corpus("users").exchanges if one.name == "users.domain"]
    headers = tuple(
        (name, "6010" if name.lower() == "x-total-count" else value) for name, value in users.response.headers
    )
    changed = attrs.evolve(users, response=attrs.evolve(users.response, headers=headers))
    findings = verify([Recording(path="cut", exchanges=(changed,))], [SdkJudge(), *own_judges()[2:]]).findings
    assert [(one.judge, one.place) for one in findings if one.grade is Grade.MUST] == [("mock", "header X-Total-Count")]

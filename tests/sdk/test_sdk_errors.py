"""The exception tree: what is caught with what, and the facts that each error carries."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable

import pytest
from sdk_kit import Reply, ScriptedServer, closed_port

from umapi_sdk import (
    ActionError,
    AuthenticationError,
    ConfigurationError,
    Connection,
    ForbiddenError,
    ListingError,
    NetworkError,
    NotFoundError,
    NotSentError,
    OutcomeStatus,
    OutcomeUnknownError,
    RequestRefusedError,
    ResponseError,
    ServiceError,
    ThrottledError,
    UmapiError,
    UnavailableError,
    UsageError,
    UserAction,
    UserQuery,
    UsersQuery,
    errors,
)

Connect = Callable[..., Connection]

TREE: dict[type[Exception], list[type[Exception]]] = {
    UmapiError: [UsageError, ServiceError, NetworkError],
    UsageError: [ActionError, ConfigurationError],
    ServiceError: [
        *(AuthenticationError, ForbiddenError, RequestRefusedError, NotFoundError, ThrottledError),
        *(UnavailableError, ResponseError, ListingError),
    ],
    NetworkError: [NotSentError, OutcomeUnknownError],
}


def test_tree_tells_mistake_refusal_and_network_apart() -> None:
    """Each error belongs to one branch, and a mistake of the caller is a ValueError too."""
    for parent, children in TREE.items():
        assert all(issubclass(child, parent) for child in children)
    branches = (UsageError, ServiceError, NetworkError)
    for children in TREE.values():
        for child in children:
            assert sum(issubclass(child, branch) for branch in branches) == 1
    assert issubclass(UsageError, ValueError)


def test_drawing_of_the_tree_is_complete() -> None:
    """The drawing at the top of the module shows every public exception in it."""
    drawing = str(errors.__doc__)
    names = [
        name for name, member in inspect.getmembers(errors, inspect.isclass) if member.__module__ == errors.__name__
    ]
    for name in names:
        assert name.startswith("_") or f" {name} " in f" {drawing} ".replace("\n", " ")


GATEWAY = {"error_code": "403000", "message": "Api Key is required"}


@pytest.mark.parametrize(
    ("reply", "kind", "code", "said"),
    [
        (Reply(status=400, body={"result": "error.organization.invalid_id", "message": "Bad organization Id"}),
         RequestRefusedError, "error.organization.invalid_id", "Bad organization Id"),
        (Reply(status=400, body={"errorMessage": 'For input string: "x"'}), RequestRefusedError, None, "For input"),
        (Reply(status=400), RequestRefusedError, None, "the service refused the request"),
        (Reply(status=401), AuthenticationError, None, "the access token was not accepted"),
        (Reply(status=403, body=GATEWAY), ForbiddenError, "403000", "Api Key is required"),
        (Reply(status=403), ForbiddenError, None, "the API key is missing, wrong or not entitled"),
        (Reply(status=404, body={"errorCode": "GROUP_NOT_FOUND", "errorMessage": "GROUP_NOT_FOUND"}),
         NotFoundError, "GROUP_NOT_FOUND", "GROUP_NOT_FOUND"),
        (Reply(status=413, body=b"too large"), RequestRefusedError, None, "the service refused the request"),
        (Reply(status=429, body={"error_code": "429050", "message": "Too many requests"}),
         ThrottledError, "429050", "Too many requests"),
        (Reply(status=500, body=b"<html>"), ResponseError, None, "not expected"),
        (Reply(status=503), UnavailableError, None, "the service is not available"),
        (Reply(status=200, body=b"<html>"), ResponseError, None, "the answer is not JSON"),
        (Reply(status=200, body=[]), ResponseError, None, "the answer breaks the contract: "),
        (Reply(status=404, body=b"[" * 100_000), NotFoundError, None, "not found"),
        (Reply(status=400, body={"result": "error.x", "message": "two\nlines"}),
         RequestRefusedError, "error.x", "two lines"),
        (Reply(status=204), ResponseError, None, "not expected"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_each_error_carries_method_url_status_and_request_id(
    wire: ScriptedServer, connect: Connect, reply: Reply, kind: type[ServiceError], code: str | None, said: str
) -> None:
    """Whatever the service refuses with, the error has the facts of the exchange, in fields and on one line."""
    wire.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        UsersQuery(connect(wire)).all_results()
    error = caught.value
    assert type(error) is kind
    url = f"{wire.details.api_url}/users/12345@AdobeOrg/0?directOnly=true"
    assert (error.method, error.url, error.status) == ("GET", url, reply.status)
    assert (error.request_id, error.code, error.outcomes) == ("kit-request-id", code, ())
    text = str(error)
    assert said in text
    for fact in (f"GET {url}", f"status {reply.status}", "request id kit-request-id", code or ""):
        assert fact in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (
            Reply(status=200, body=b"<html>Log in"),
            "not JSON: a web page came: is the endpoint (UMAPI_ENDPOINT) right, or does a proxy",
        ),
        (Reply(status=200, body=b" "), "the answer is not JSON: it is empty"),
        (
            Reply(status=302, headers={"Location": "http://x/"}),
            "which is not followed: is the endpoint (UMAPI_ENDPOINT) right?",
        ),
        (
            Reply(status=401),
            "is the endpoint (UMAPI_ENDPOINT) right, and are client id and organisation those of one project?",
        ),
        (Reply(status=403), "not entitled: check the client id, and that its project has the User Management API"),
        (
            Reply(status=403, body=b"<html>blocked"),
            "the request was refused, and not by the service: a web page came: is the endpoint (UMAPI_ENDPOINT) right",
        ),
        (Reply(status=304), "it says that nothing has changed, as caches do: does a proxy or gateway in between keep"),
        (Reply(body={"error_code": "429050", "message": "Too many"}), "the answer is an error: Too many"),
        (Reply(status=404), "not found: is the endpoint (UMAPI_ENDPOINT) right?"),
        (Reply(status=407), "a proxy wants a user and password: give them in its URL"),
        (Reply(status=511), "this network wants a login first"),
        (Reply(status=429), "too many requests, after 4 attempts"),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_stranger_in_place_of_the_service(wire: ScriptedServer, connect: Connect, reply: Reply, advice: str) -> None:
    """An answer that does not explain itself leads to what can be checked: address, key, proxy or network."""
    wire.answer = lambda _: reply
    with pytest.raises(ServiceError) as caught:
        UserQuery(connect(wire), "a@b.c").result()
    assert advice in str(caught.value)


def test_action_that_a_web_page_refuses_is_no_fault_of_the_key(wire: ScriptedServer, connect: Connect) -> None:
    """A page with 403, as a firewall shows it, leads to who stands in between, and says nothing of the API key."""
    wire.answer = lambda _: Reply(status=403, body=b"<html>Access denied")
    with pytest.raises(ServiceError) as caught:
        connect(wire).execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True)
    assert str(caught.value).startswith("the request was refused, and not by the service: a web page came: ")
    assert "API key" not in str(caught.value)


def test_error_of_a_gateway_in_an_answer_of_200_is_told(wire: ScriptedServer, connect: Connect) -> None:
    """What a gateway says with 200 proves nothing of the actions, but its code and words are told."""
    wire.answer = lambda _: Reply(body={"error_code": "500201", "message": "Backend is unavailable"})
    with pytest.raises(ResponseError, match="tells nothing of the actions: Backend is unavailable") as caught:
        connect(wire).execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True)
    assert caught.value.code == "500201"
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]


@pytest.mark.parametrize("test_mode", [True, False])
def test_lost_answer_frightens_only_where_something_can_have_happened(
    wire: ScriptedServer, connect: Connect, test_mode: bool
) -> None:
    """A query, or an action in test mode, whose answer is lost has taken no effect; an action may have."""
    wire.answer = lambda _: Reply(cut=True)
    connection = connect(wire, test_mode=test_mode)
    with pytest.raises(OutcomeUnknownError) as query:
        UserQuery(connection, "a@b.c").result()
    with pytest.raises(OutcomeUnknownError) as action:
        connection.execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True)
    assert "taken effect" not in str(query.value)
    assert ("may have taken effect" in str(action.value)) is not test_mode
    (outcome,) = action.value.outcomes
    assert outcome.status is OutcomeStatus.UNKNOWN
    look = "Look whether it has been done before sending it again."
    harmless = "It was sent in test mode, where nothing is changed: send it again."
    assert outcome.remedy == (harmless if test_mode else look)


@pytest.mark.parametrize("cut", [True, False])
def test_network_errors_carry_method_and_url(wire: ScriptedServer, connect: Connect, cut: bool) -> None:
    """An error without an answer has method and URL and no status; if it was sent, the id that it was sent with."""
    wire.answer = lambda _: Reply(cut=True)
    options = {} if cut else {"endpoint": f"http://127.0.0.1:{closed_port()}/v2/usermanagement"}
    with pytest.raises(OutcomeUnknownError if cut else NotSentError) as caught:
        UserQuery(connect(wire, max_retries=1, **options), "a@b.c").result()
    error = caught.value
    assert (error.method, error.status) == ("GET", None)
    assert error.request_id == (wire.seen[0].headers["x-request-id"] if cut else None)
    assert error.url.endswith("/organizations/12345@AdobeOrg/users/a%40b.c") or "a@b.c" in error.url
    assert f"(GET {error.url}{f', request id {error.request_id}' if cut else ''})" in str(error)


@pytest.mark.parametrize("kind", [kind for children in TREE.values() for kind in children if kind is not ActionError])
def test_every_error_can_be_pickled(kind: type[Exception]) -> None:
    """Each kind of error crosses a process with its message and facts."""
    if issubclass(kind, (ServiceError, NetworkError)):
        error: Exception = kind("what", method="GET", url="https://h/", status=418, request_id="r", code="c")
    else:
        error = kind("what")
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), str(twin), vars(twin)) == (kind, str(error), vars(error))


def test_action_errors_can_be_pickled() -> None:
    """An ActionError keeps its violations."""
    with pytest.raises(ActionError) as caught:
        UserAction("a@b.c").add_to_groups([])
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (str(twin), twin.violations) == (str(caught.value), caught.value.violations)

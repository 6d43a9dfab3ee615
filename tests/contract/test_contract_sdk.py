"""Judge three: the SDK, talking real HTTP to a server that replays the recording, reaches the recorded end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from starlette.types import Receive, Scope, Send

from umapi_harness.contract.judges.requests import check_request
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.replay import Replay
from umapi_harness.contract.schema import operations
from umapi_harness.mock.state.keys import KeyPair
from umapi_models.models import (
    ActionResponse,
    GatewayErrorBody,
    GroupsPage,
    JWTToken,
    OAuthToken,
    RequestErrorBody,
    ServiceErrorBody,
    ServiceStatus,
    TokenError,
    UserAnswer,
    UsersPage,
)
from umapi_runtime.converter import read_response, write
from umapi_sdk import (
    Action,
    ActionError,
    AuthenticationError,
    Connection,
    CreateOption,
    ForbiddenError,
    GroupAction,
    GroupsQuery,
    JWTAuth,
    ListingError,
    NotFoundError,
    OAuthS2S,
    OutcomeStatus,
    RequestRefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnsentActionsWarning,
    UserAction,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.auth import DEFAULT_SCOPE, Auth
from umapi_sdk.queries import NOT_GIVEN
from umapi_serving import serve

CLIENT_ID = "88ce03094fe74f4d91c2538217d007fe"
SECRET = "a secret that no message shows"
ORDINARY = [{"user": "jdoe@example.com", "do": [{"add": {"group": ["group_name1"]}}]}]

ERRORS: Mapping[int, type[ServiceError]] = {
    400: RequestRefusedError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    429: ThrottledError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}
FATES: Mapping[int, OutcomeStatus] = {
    400: OutcomeStatus.FAILED,
    401: OutcomeStatus.NOT_SENT,
    403: OutcomeStatus.NOT_SENT,
    429: OutcomeStatus.NOT_SENT,
    502: OutcomeStatus.UNKNOWN,
    503: OutcomeStatus.NOT_SENT,
    504: OutcomeStatus.UNKNOWN,
}
SHRINKING = ("users.past-the-end", "users.before-it-shrank", "groups.past-the-end", "groups.before-they-shrank")


class Stage:
    """An ASGI application whose recording can be changed, so that one server serves all tests."""

    def __init__(self) -> None:
        self.replay = Replay(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.replay(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Stage:
    """What the server plays."""
    return Stage()


@pytest.fixture(scope="module")
def root(stage: Stage) -> Iterator[str]:
    """The URL of the server that replays."""
    with serve(stage) as url:
        yield url


@pytest.fixture(scope="module")
def private_key() -> str:
    """A private key for the JWT flow."""
    return KeyPair().private_pem


@attrs.define
class Scene:
    """One exchange on the stage, and a client to act it out."""

    exchange: Exchange
    replay: Replay
    root: str
    private_key: str
    waits: list[float] = attrs.field(factory=list[float])

    @property
    def now(self) -> float:
        """When the exchange took place, in seconds since the epoch."""
        return parsedate_to_datetime(self.exchange.response.header("Date") or "").timestamp()

    @property
    def path_values(self) -> Mapping[str, str]:
        """The decoded parameters in the recorded path."""
        operation = operations()[self.exchange.operation or ""]
        return operation.path_values(urlsplit(self.exchange.request.url).path) or {}

    @property
    def query(self) -> Mapping[str, str]:
        """The recorded query."""
        return dict(parse_qsl(urlsplit(self.exchange.request.url).query))

    def oauth(self, endpoint: str = "/ims/token/v2", scope: str = DEFAULT_SCOPE) -> Auth:
        """Credentials of the current flow."""
        return OAuthS2S(CLIENT_ID, SECRET, auth_host=self.root, auth_endpoint=endpoint, scope=scope)

    def connect(self, auth: Auth | None = None) -> Connection:
        """A connection that waits in no time and lives at the time of the recording."""
        return Connection(
            self.path_values.get("orgId", "12345@AdobeOrg"),
            auth or self.oauth(),
            endpoint=f"{self.root}/v2/usermanagement",
            test_mode=self.query.get("testOnly") == "true",
            max_retries=2,
            sleep=self.waits.append,
            clock=lambda: self.now,
        )


@pytest.fixture
def scene(
    exchange: Exchange,
    by_name: dict[str, Exchange],
    stage: Stage,
    root: str,
    private_key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    """The exchange with the others of its session, and a token for the client."""
    monkeypatch.setenv("NO_PROXY", "*")
    session = exchange.notes.get("session")
    others = [one for one in by_name.values() if session and one.notes.get("session") == session]
    cast = [_playable(one, by_name) for one in (others or [exchange])]
    if "/ims/" not in exchange.request.url:
        cast.append(by_name["oauth-v2.form"])
    stage.replay = Replay(cast)
    return Scene(exchange, stage.replay, root, private_key)


def _playable(exchange: Exchange, by_name: Mapping[str, Exchange]) -> Exchange:
    """The exchange with its request in the words of the SDK, where those differ from the recorded ones."""
    request = exchange.request
    if exchange.operation == "action":
        body = json.dumps(_commands(exchange)).encode()
        return attrs.evolve(exchange, request=attrs.evolve(request, body=body))
    if exchange.name in ("oauth-v2.query", "oauth-v2.multipart", "jwt.multipart"):
        same = by_name["jwt.form" if exchange.name.startswith("jwt") else "oauth-v2.form"]
        return attrs.evolve(exchange, request=same.request)
    # The SDK takes no page numbers, so none that is no number.
    return attrs.evolve(exchange, request=attrs.evolve(request, url=request.url.replace("/first", "/0")))


def _commands(exchange: Exchange) -> list[dict[str, Any]]:
    """The commands of the recorded request as the SDK says them; ordinary ones where it cannot say the like."""
    if check_request(attrs.evolve(exchange, response=RecordedResponse(status=200))) and exchange.response.status == 400:
        return ORDINARY
    body: list[dict[str, Any]] = json.loads(exchange.request.body)
    return [{**command, "do": [said for step in command["do"] for said in _in_sdk_words(step)]} for command in body]


def _in_sdk_words(step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same step as the SDK sends it: without deprecated names, one list a step, a group named by its command."""
    ((name, value),) = step.items()
    lists: dict[str, list[str]] = value
    if name in ("add", "remove") and step != {"remove": "all"}:
        return [{name: {"group" if key == "product" else key: names}} for key, names in lists.items()]
    if name == "createUserGroup":
        return [{name: {key: member for key, member in value.items() if key != "name"}}]
    if name == "createFederatedID" and value["country"] == "USA":
        return [{name: {**value, "country": "US"}}]
    return [dict(step)]


# The words of the wire, and what the SDK calls them.

FIELDS = {"firstname": "first_name", "lastname": "last_name", "deleteAccount": "delete_account"}
STEPS: Mapping[str, Callable[[Any, Any], Any]] = {
    "addAdobeID": lambda action, fields: action.add_adobe_id(**_arguments(fields)),
    "createEnterpriseID": lambda action, fields: action.create_enterprise_id(**_arguments(fields)),
    "createFederatedID": lambda action, fields: action.create_federated_id(**_arguments(fields)),
    "removeFromOrg": lambda action, fields: action.remove_from_organization(**_arguments(fields)),
    "createUserGroup": lambda action, fields: action.create(**_arguments(fields)),
    "updateUserGroup": lambda action, fields: action.update(**_arguments(fields)),
    "deleteUserGroup": lambda action, fields: action.delete(),
    "update": lambda action, fields: action.update(**_arguments(fields)),
}
LISTS: Mapping[tuple[str, str], Callable[[Any, list[str]], Any]] = {
    ("add", "group"): lambda action, names: action.add_to_groups(names),
    ("remove", "group"): lambda action, names: action.remove_from_groups(names),
    ("add", "user"): lambda action, names: action.add_users(names),
    ("remove", "user"): lambda action, names: action.remove_users(names),
    ("add", "productConfiguration"): lambda action, names: action.add_to_products(names),
    ("remove", "productConfiguration"): lambda action, names: action.remove_from_products(names),
}


def _arguments(fields: Mapping[str, Any]) -> dict[str, Any]:
    named = {FIELDS.get(key, key): value for key, value in fields.items()}
    return {**named, "option": CreateOption(named["option"])} if "option" in named else named


def _build(command: Mapping[str, Any]) -> Action:
    """The action that a user of the SDK would write for a command."""
    action: Any  # which steps may follow which is for type checkers to say, of programs they can read
    if "usergroup" in command:
        action = GroupAction(command["usergroup"], request_id=command.get("requestID"))
    else:
        action = UserAction(
            command["user"],
            domain=command.get("domain"),
            use_adobe_id=command.get("useAdobeID", False),
            request_id=command.get("requestID"),
        )
    for step in command["do"]:
        ((name, value),) = step.items()
        if value == "all":
            action = action.remove_from_groups(all_groups=True)
        elif name in STEPS:
            action = STEPS[name](action, value)
        else:
            ((kind, names),) = value.items()
            action = LISTS[name, kind](action, names)
    assert isinstance(action, Action)
    return action


def _shown(model: Any) -> dict[str, Any]:
    """All that a model holds, as JSON data."""
    shown: dict[str, Any] = json.loads(json.dumps(write(model)))
    return {**shown, **model.unknown_fields}


# What the SDK makes of each kind of exchange.


def judge_action(scene: Scene) -> None:
    """Every command of the request gets the recorded outcome; errors and warnings keep code, step and words."""
    answer = scene.exchange.response.json()
    actions = [_build(command) for command in _commands(scene.exchange)]
    with scene.connect() as connection:
        execution = connection.execute_multiple(actions, immediate=True)
    assert execution.sent == len(actions)
    assert execution.completed == answer["completed"] + answer["completedInTestMode"]
    assert [outcome.action for outcome in execution.outcomes] == actions
    for index, outcome in enumerate(execution.outcomes):
        errors = [error for error in answer.get("errors", ()) if error["index"] == index]
        warnings = [warning for warning in answer.get("warnings", ()) if warning["index"] == index]
        assert outcome.status is (OutcomeStatus.FAILED if errors else OutcomeStatus.COMPLETED)
        assert [(one.step, one.code, one.message) for one in outcome.errors] == [
            (int(error["step"]), error["errorCode"], error["message"]) for error in errors
        ]
        assert [(one.step, one.code, one.message) for one in outcome.warnings] == [
            (int(warning["step"]), warning["warningCode"], warning["message"]) for warning in warnings
        ]
        assert outcome.request_ids == (scene.exchange.response.header("X-Request-Id"),)


def judge_listing(scene: Scene) -> None:
    """All pages of the session come as one listing, every field of every entry in it."""
    pages = [one.response for one in scene.replay.exchanges if one.operation == scene.exchange.operation]
    entries = [entry for page in pages for entry in page.json().get("users", page.json().get("groups", []))]
    with scene.connect() as connection:
        query = _listing_query(scene, connection)
        found = query.all_results()
    assert [_shown(entry) for entry in found] == entries
    assert query.total == int(pages[0].header("X-Total-Count") or "")
    assert query.page_count == query.pages_read == len(pages)


def judge_broken_listing(scene: Scene) -> None:
    """A listing that shrinks while it is read is an error, never a shorter list."""
    with scene.connect() as connection, pytest.raises(ListingError):
        _listing_query(scene, connection).all_results()


def _listing_query(scene: Scene, connection: Connection) -> UsersQuery | GroupsQuery:
    if scene.exchange.operation == "groups":
        return GroupsQuery(connection)
    status: Any = scene.query.get("status")
    return UsersQuery(
        connection,
        in_group=scene.path_values.get("groupName", NOT_GIVEN),
        in_domain=scene.query.get("domain", NOT_GIVEN),
        direct_only=scene.query.get("directOnly") != "false",
        status=status,
        exclude_groups=scene.query.get("excludeGroups") == "true",
    )


def judge_user(scene: Scene) -> None:
    """The user comes with every field."""
    with scene.connect() as connection:
        user = UserQuery(connection, scene.path_values["userString"], scene.query.get("domain")).result()
    assert _shown(user) == scene.exchange.response.json()["user"]


def judge_no_user(scene: Scene) -> None:
    """A user who is not there is None, and no error."""
    with scene.connect() as connection:
        assert UserQuery(connection, scene.path_values["userString"]).result() is None


def judge_status(scene: Scene) -> None:
    """The state of the service comes with every field."""
    with scene.connect() as connection:
        _, remote = connection.status(remote=True)
    assert remote == {"status": scene.exchange.response.json(), "endpoint": connection.endpoint}


def judge_status_outage(scene: Scene) -> None:
    """A service that is not there has a status that says so, with the HTTP status."""
    with scene.connect() as connection:
        _, remote = connection.status(remote=True)
    assert str(scene.exchange.response.status) in remote["status"]


def _token_auth(scene: Scene) -> Auth:
    exchange = scene.exchange
    if exchange.operation == "exchangeJwt":
        return JWTAuth(
            org_id="12345@AdobeOrg",
            client_id=CLIENT_ID,
            client_secret=SECRET,
            tech_acct_id="4EB5B571575A6B057F000101@techacct.adobe.com",
            priv_key_data=scene.private_key,
            auth_host=scene.root,
        )
    scope = DEFAULT_SCOPE.replace(",", " ") if b"%20" in exchange.request.body else DEFAULT_SCOPE
    return scene.oauth(urlsplit(exchange.request.url).path, scope)


def judge_token(scene: Scene) -> None:
    """The token is read, and its life in the unit of the flow."""
    auth = _token_auth(scene)
    with scene.connect(auth) as connection, pytest.raises(ServiceError):
        UserQuery(connection, "nobody@example.com").result()  # the recording has tokens only
    assert auth.token is not None
    assert auth.token.value == scene.exchange.response.json()["access_token"]
    assert auth.token.expires_at == pytest.approx(scene.now + 86399)
    scene.replay.unmatched.clear()


def judge_token_refusal(scene: Scene) -> None:
    """The refusal comes with its code, the service's words and no secret."""
    answer = scene.exchange.response.json()
    with scene.connect(_token_auth(scene)) as connection, pytest.raises(AuthenticationError) as caught:
        UserQuery(connection, "nobody@example.com").result()
    assert (caught.value.status, caught.value.code) == (400, answer["error"])
    assert answer["error_description"] in str(caught.value)
    assert SECRET not in str(caught.value)


def judge_token_throttle(scene: Scene) -> None:
    """The token host's wait is kept, and then named."""
    with scene.connect(_token_auth(scene)) as connection, pytest.raises(ThrottledError) as caught:
        UserQuery(connection, "nobody@example.com").result()
    assert scene.waits == [38.0]
    assert caught.value.retry_after == 38.0


def judge_refusal(scene: Scene) -> None:
    """The error has the recorded status, code, words and request id; waits are kept, and no action is lost."""
    response = scene.exchange.response
    code, words = _said(scene.exchange)
    actions = [_build(command) for command in _commands(scene.exchange)] if scene.exchange.operation == "action" else []
    connection = scene.connect()
    with pytest.raises(ERRORS[response.status]) as caught:
        _ask(scene, connection, actions)
    fates = [action.outcome.status if action.outcome else None for action in actions]
    left = pytest.warns(UnsentActionsWarning) if OutcomeStatus.NOT_SENT in fates else nullcontext()
    with left:
        connection.close()
    error = caught.value
    assert (error.status, error.code) == (response.status, code)
    assert (error.method, error.request_id) == (scene.exchange.request.method, response.header("X-Request-Id"))
    assert words in str(error)
    # What the service says of an organisation is said of no action.
    of_client = (code or "").startswith("error.organization.")
    assert set(fates) <= {OutcomeStatus.NOT_SENT if of_client else FATES.get(response.status)}
    _check_waits(scene, error)


def _ask(scene: Scene, connection: Connection, actions: Sequence[Action]) -> None:
    if actions:
        connection.execute_multiple(actions, immediate=True)
    elif scene.exchange.operation == "user":
        UserQuery(connection, scene.path_values["userString"], scene.query.get("domain")).result()
    else:
        _listing_query(scene, connection).all_results()


def _said(exchange: Exchange) -> tuple[str | None, str]:
    """The code and the words of a refusal."""
    if not exchange.response.body:
        return None, "The access token is invalid" if exchange.response.status == 401 else ""
    body = exchange.response.json()
    words = body.get("message", body.get("errorMessage"))
    return body.get("result", body.get("error_code")), words


def _check_waits(scene: Scene, error: ServiceError) -> None:
    """What `Retry-After` asked for was waited for once, and is named when it did not help."""
    asked = {429: 38.0, 503: 120.0}.get(scene.exchange.response.status)
    if asked is not None:
        assert scene.waits == [asked]
    elif isinstance(error, UnavailableError):
        assert len(scene.waits) == 1
    else:
        assert scene.waits == []
    if isinstance(error, ThrottledError):
        assert (error.retry_after, error.retry_at) == (38.0, scene.now + 38.0)
    if isinstance(error, UnavailableError):
        ambiguous = scene.exchange.operation == "action" and scene.exchange.response.status != 503
        assert error.may_have_been_applied is ambiguous


def _judge_of(exchange: Exchange) -> Callable[[Scene], None]:
    status = exchange.response.status
    if "/ims/" in exchange.request.url:
        return {200: judge_token, 400: judge_token_refusal, 429: judge_token_throttle}[status]
    if exchange.operation == "status":
        return judge_status if status == 200 else judge_status_outage
    if exchange.name in SHRINKING:
        return judge_broken_listing
    if status != 200:
        return judge_no_user if exchange.name == "user.unknown" else judge_refusal
    return {"action": judge_action, "user": judge_user}.get(exchange.operation or "", judge_listing)


def test_the_sdk_reaches_the_recorded_end(scene: Scene, exchange: Exchange) -> None:
    """The SDK sends the recorded request, and makes of the answer what its judge says."""
    _judge_of(exchange)(scene)
    assert scene.replay.unmatched == []
    assert exchange.name in [played.name for played in scene.replay.played]


def _model_of(exchange: Exchange, answer: Mapping[str, Any]) -> type[attrs.AttrsInstance]:
    """The model that the answer is read as."""
    by_operation: dict[str, type[attrs.AttrsInstance]] = {
        "action": ActionResponse,
        "users": UsersPage,
        "groupUsers": UsersPage,
        "user": UserAnswer,
        "groups": GroupsPage,
        "status": ServiceStatus,
        "exchangeJwt": JWTToken,
    }
    if exchange.response.status == 200:
        return by_operation.get(exchange.operation or "", OAuthToken)
    forms: dict[str, type[attrs.AttrsInstance]] = {
        "error": TokenError,
        "error_code": GatewayErrorBody,
        "errorMessage": RequestErrorBody,
    }
    return next((model for name, model in forms.items() if name in answer), ServiceErrorBody)


def test_the_models_lose_no_field(exchange: Exchange) -> None:
    """Read into its model and written again, an answer has every documented field that it came with."""
    if not exchange.response.body:
        return
    answer = json.loads(exchange.response.body.replace(b', "tags": ["edu"]', b"").replace(b'"step": "0"', b'"step": 0'))
    model = read_response(_model_of(exchange, answer), answer)
    assert json.loads(json.dumps(write(model))) == answer


def test_the_sdk_refuses_what_the_service_refuses(by_name: dict[str, Exchange]) -> None:
    """A command that the service answered with an error is refused when it is built, with the same code."""
    exchange = by_name["result.error"]
    (command,) = json.loads(exchange.request.body)
    with pytest.raises(ActionError) as caught:
        _build(command)
    (violation,) = caught.value.violations
    assert violation.pointer == "/do/0/createFederatedID/country"
    assert violation.code == exchange.response.json()["errors"][0]["errorCode"]

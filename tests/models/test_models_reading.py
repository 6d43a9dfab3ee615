"""Reading: strict with what a client sends, tolerant with what the service answers, and clear in its errors."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from umapi_models import models
from umapi_models.requests import read_action_request
from umapi_runtime import converter
from umapi_runtime.constraints import ContractError, Violation

USER: dict[str, Any] = {
    "email": "psmith@example.com",
    "status": "active",
    "username": "psmith",
    "domain": "example.com",
    "type": "federatedID",
}
FEDERATED: dict[str, Any] = {
    "email": "jdoe@claimed-domain1.com",
    "country": "US",
    "firstname": "John",
    "lastname": "Doe",
}


def refused(data: object) -> ContractError:
    """Return the error of an action request that must be refused."""
    with pytest.raises(ContractError) as caught:
        read_action_request(data)
    return caught.value


def create(**changes: object) -> list[dict[str, Any]]:
    """Return an action request that creates a Federated ID, with some fields changed."""
    return [{"user": "jdoe@claimed-domain1.com", "do": [{"createFederatedID": {**FEDERATED, **changes}}]}]


def test_message_names_place_value_rule_and_code() -> None:
    """A violation reads as pointer in names of the wire, value, rule, and the service's code."""
    assert str(refused(create(country="USA"))) == (
        '/0/do/0/createFederatedID/country: "USA" is no country code of ISO 3166-1: give "US" '
        "(error.command.string.too_long)"
    )


def test_a_field_that_is_spelt_much_like_one_is_asked_after() -> None:
    """In a step, and of the step itself; of a field that is like none, nothing is guessed."""
    data: list[Any] = [
        *create(first_name="A", zip="1"),
        {"user": "a@b.example", "do": [{"ad": {"group": ["x"]}}]},
    ]
    told = {found.pointer: found.problem for found in refused(data).violations}
    assert told["/0/do/0/createFederatedID/first_name"] == "unknown field: is firstname meant?"
    assert told["/0/do/0/createFederatedID/zip"] == "unknown field"
    assert told["/1/do/0/ad"] == "unknown field: is add meant?"


def test_every_violation_is_told() -> None:
    """One error tells all that is wrong in all commands, in order."""
    data: list[Any] = [*create(country="usa", zip="1"), {"usergroup": "DevOps", "do": [{"add": {}}]}, {"do": []}]
    assert [(found.pointer, found.code) for found in refused(data).violations] == [
        ("/0/do/0/createFederatedID/zip", "error.command.create.key.unknown"),
        ("/0/do/0/createFederatedID/country", "error.command.string.too_long"),
        ("/1/do/0/add", "error.usergroup.command.missing.arguments"),
        ("/2", "error.command.user_usergroup.missing"),
    ]


def test_two_broken_fields_are_told_at_once() -> None:
    """Fields that are each wrong are all reported, though the model stops at the first."""
    found = refused(create(country="us", email="jdoe")).violations
    assert [violation.pointer.rpartition("/")[2] for violation in found] == ["email", "country"]


def test_several_rules_are_told_at_once() -> None:
    """A command that breaks two rules about its steps is told both."""
    command: dict[str, Any] = {"user": "jdoe", "do": [{"removeFromOrg": {}}, {"update": {"lastname": "Doe"}}]}
    codes = {violation.code for violation in refused([command]).violations}
    assert codes == {"error.command.domain.missing", "error.command.removefromorg.not_last"}


@pytest.mark.parametrize("value", [None, 0, 1.5, "no", [], {}])
def test_nothing_is_coerced_to_a_boolean(value: object) -> None:
    """Only true and false are booleans in a request."""
    with pytest.raises(ContractError, match=r"error\.command\.boolean_expected"):
        converter.read_request(models.RemoveFromOrg, {"deleteAccount": value})


@pytest.mark.parametrize("value", [None, 5, True, ["John"], {"first": "John"}])
def test_nothing_is_coerced_to_a_string(value: object) -> None:
    """Only strings are strings in a request."""
    assert refused(create(firstname=value)).violations[0].code == "error.command.create.string_expected"


def test_string_is_not_split_into_a_list() -> None:
    """A string in the place of a list is refused, not taken letter by letter."""
    with pytest.raises(ContractError, match='/group: "abc" is not an array'):
        converter.read_request(models.AddToGroups, {"group": "abc"})


def test_line_break_at_the_end_of_an_address_is_refused() -> None:
    """The end of a pattern is the end of the text, not the line break before it."""
    assert refused(create(email="jdoe@claimed-domain1.com\n")).violations[0].code == "error.user.email.invalid"


def test_long_value_is_shortened_in_the_message() -> None:
    """A message shows the beginning of a huge value only."""
    assert len(str(refused(create(firstname=["x" * 100_000])))) < 250


def test_deep_value_is_refused() -> None:
    """A value nested too deep to be shown is refused like any other."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert refused(create(firstname=deep)).violations[0].problem == "list is not a string"


def test_half_a_surrogate_pair_can_be_printed() -> None:
    """A message can be written as UTF-8 whatever the value."""
    assert "\\ud800" in str(refused(create(country="\ud800"))).encode("utf-8").decode("utf-8")


def test_key_that_is_not_a_name_is_escaped_in_the_pointer() -> None:
    """Slashes and tildes of an unknown key are escaped as JSON pointers demand."""
    assert refused(create(**{"a/b~c": 1})).violations[0].pointer == "/0/do/0/createFederatedID/a~1b~0c"


def test_answer_is_not_read_as_a_request() -> None:
    """Strict reading of a class of answers is a mistake of the caller, and said so."""
    with pytest.raises(TypeError, match="read it with read_response"):
        converter.read_request(models.User, USER)


def test_error_can_be_pickled() -> None:
    """An error survives the way to another process."""
    error = refused(create(country="USA"))
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ContractError)
    assert (again.violations, str(again)) == (error.violations, str(error))


def test_error_can_be_seen_from_further_up() -> None:
    """An error moves into a bigger document without losing its code."""
    moved = ContractError([Violation("/country", "is odd", "error.country.invalid")]).below("/0/do/0")
    assert str(moved) == "/0/do/0/country: is odd (error.country.invalid)"


def test_violation_of_the_document_itself_is_printed_with_a_slash() -> None:
    """The empty pointer is shown as / and a missing code is left out."""
    assert str(Violation("", "is odd")) == "/: is odd"


def test_unknown_fields_of_an_answer_are_kept_apart() -> None:
    """A field that the schema does not know is kept, and neither compared nor written nor shown."""
    user = converter.read_response(models.User, {**USER, "tags": ["edu"]})
    assert user.unknown_fields == {"tags": ["edu"]}
    assert user == converter.read_response(models.User, USER)
    assert converter.write(user) == USER
    assert "edu" not in repr(user)


@pytest.mark.parametrize(
    ("cls", "data", "field"),
    [
        (models.User, {**USER, "status": "dormant"}, "status"),
        (models.User, {**USER, "type": "serviceID"}, "type"),
        (models.Group, {"groupName": "DevOps", "type": "TEAM"}, "type"),
        (
            models.ActionResponse,
            {"result": "mixed", "completed": 0, "notCompleted": 0, "completedInTestMode": 0},
            "result",
        ),
    ],
)
def test_unknown_member_of_an_enum_stays_a_string(cls: type[Any], data: dict[str, Any], field: str) -> None:
    """A value that the service has added to an enum does not fail the read."""
    value = getattr(converter.read_response(cls, data), field)
    assert value == data[field]
    assert type(value) is str


def test_known_member_of_an_enum_is_that_member() -> None:
    """A known value is read as the enum's member."""
    user = converter.read_response(models.User, USER)
    assert user.status is models.UserStatus.ACTIVE
    assert user.type is models.IdentityType.FEDERATED_ID


@pytest.mark.parametrize(("step", "number"), [(3, 3), ("3", 3), ("003", 3), (3.0, 3)])
def test_step_is_read_as_a_number(step: object, number: int) -> None:
    """The step of an error may come as a number or as digits."""
    error = converter.read_response(models.ActionErrorEntry, {"index": 0, "step": step, "errorCode": "error.x"})
    assert (error.step, type(error.step)) == (number, int)


@pytest.mark.parametrize("step", ["", "-1", "1.5", "٣", "9" * 5000, 1.5, True, [1], float("nan"), float("inf")])
def test_step_that_is_no_number_is_refused(step: object) -> None:
    """What is no whole number is refused at its place, a number of thousands of digits included."""
    with pytest.raises(ContractError, match=r"/step: .* is not an integer"):
        converter.read_response(models.ActionErrorEntry, {"index": 0, "step": step, "errorCode": "error.x"})


def test_null_in_an_answer_is_an_absent_field() -> None:
    """An optional field that is null is read as absent, a required one is refused."""
    assert converter.read_response(models.User, {**USER, "firstname": None}).first_name is None
    with pytest.raises(ContractError, match="/email: null is not allowed"):
        converter.read_response(models.User, {**USER, "email": None})


def test_missing_field_of_an_answer_is_named_with_its_place() -> None:
    """The pointer leads to the object that lacks the field."""
    users = [USER, {key: value for key, value in USER.items() if key != "email"}]
    with pytest.raises(ContractError) as caught:
        converter.read_response(models.UsersPage, {"lastPage": True, "result": "success", "users": users})
    assert str(caught.value) == '/users/1: "email" is missing'


@pytest.mark.parametrize("cls", [models.OAuthToken, models.JWTToken])
def test_token_is_shown_nowhere(cls: type[models.OAuthToken] | type[models.JWTToken]) -> None:
    """The secret of a token answer is in no repr, and in no error whatever its form."""
    answer = {"access_token": "s3cret", "token_type": "bearer", "expires_in": 1, "refresh_token": "s3cret"}
    token = converter.read_response(cls, answer)
    assert token.access_token == "s3cret"
    assert "s3cret" not in repr(token)
    for data in (
        {**answer, "access_token": ["s3cret"]},
        {**answer, "access_token": {"s3cret": 1}},
        "s3cret",
        ["s3cret"],
    ):
        with pytest.raises(ContractError) as caught:
            converter.read_response(cls, data)
        assert "s3cret" not in str(caught.value)
        assert "s3cret" not in repr(caught.value)

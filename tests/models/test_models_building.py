"""Building models in code: typed, frozen, documented, and checked when built."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast

import attrs
import msgspec
import pytest

from umapi_models import models, schemas
from umapi_models.error_codes import ERROR_CODES, ErrorCode
from umapi_models.names import USER_GROUP_STEPS, USER_STEPS
from umapi_models.requests import read_action_request
from umapi_runtime import converter, rules
from umapi_runtime.constraints import MODELS, ContractError, contract_of
from umapi_samples import Judge

CLASSES = [cls for _, cls in inspect.getmembers(models, attrs.has) if cls.__module__ == models.__name__]
ENUMS = [
    cls
    for _, cls in inspect.getmembers(models, inspect.isclass)
    if issubclass(cls, StrEnum) and cls.__module__ == models.__name__
]


def federated(**changes: Any) -> models.CreateFederatedID:
    """Build a step that creates a Federated ID, with some fields changed."""
    fields: dict[str, Any] = {
        "email": "jdoe@claimed-domain1.com",
        "first_name": "John",
        "last_name": "Doe",
        "country": "US",
    }
    return models.CreateFederatedID(**{**fields, **changes})


def refused(**changes: Any) -> str:
    """Return the message for a step that cannot be built."""
    with pytest.raises(ContractError) as caught:
        federated(**changes)
    return str(caught.value)


def test_every_definition_has_its_class(judge: Judge) -> None:
    """There is a class for every titled definition, and for nothing else; lists of commands need none."""
    names = {cls.__name__ for cls in [*CLASSES, *ENUMS]}
    assert names == judge.references.keys() - {"ActionRequest", "Command"}


@pytest.mark.parametrize("cls", [*CLASSES, *ENUMS])
def test_class_says_what_it_is(cls: type, judge: Judge) -> None:
    """The docstring of a class is the description of its definition."""
    file, _, pointer = judge.references[cls.__name__].partition("#")
    definition: Any = schemas.read(file)
    for part in pointer.split("/")[1:]:
        definition = definition[part]
    assert inspect.getdoc(cls) == definition["description"]


def test_every_field_says_what_it_is() -> None:
    """Every field of every class has a docstring below it."""
    silent: list[str] = []
    for node in ast.parse(inspect.getsource(models)).body:
        if isinstance(node, ast.ClassDef):
            fields = [(name, following) for name, following in _fields(node) if name != "__contract__"]
            silent += [f"{node.name}.{name}" for name, following in fields if not _is_docstring(following)]
    assert silent == []


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt | None]]:
    for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, following


def _is_docstring(statement: ast.stmt | None) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@pytest.mark.parametrize("cls", CLASSES)
def test_class_is_frozen_slotted_and_keyword_only(cls: type) -> None:
    """No model can change, take further attributes, or be built by position."""
    assert "__slots__" in vars(cls)
    assert cast("type[msgspec.Struct]", cls).__struct_config__.frozen
    assert all(attribute.kw_only for attribute in attrs.fields(cls))


def test_model_cannot_change() -> None:
    """Setting a field of a built model is refused, and equal models are equal and hash alike."""
    step = federated()
    with pytest.raises(AttributeError):
        step.country = "DE"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert step == federated()
    assert hash(step) == hash(federated())


@pytest.mark.parametrize("cls", CLASSES)
def test_names_are_those_of_python(cls: type) -> None:
    """Fields are named in snake_case, and each knows its name on the wire."""
    names = [attribute.name for attribute in attrs.fields(cls) if attribute.name != "unknown_fields"]
    assert set(names) == contract_of(cls).names.keys()
    assert all(name == name.lower() for name in names)


def test_bad_value_is_refused_when_built() -> None:
    """A model built in code fails with pointer, rule and code, without the help of a converter."""
    told = "is no country code of ISO 3166-1: give"
    assert refused(country="usa") == f'/country: "usa" {told} "US" (error.command.string.too_long)'
    assert refused(country="us") == f'/country: "us" {told} "US" (error.country.invalid)'
    assert refused(country="UK") == f'/country: "UK" {told} "GB" (error.country.invalid)'
    general = 'one of the two-letter codes, such as "US"'
    assert refused(country="XX") == f'/country: "XX" {told} {general} (error.country.invalid)'
    assert refused(first_name=None) == "/firstname: null is not a string (error.command.create.string_expected)"
    assert refused(last_name="D" * 251).endswith("is longer than 250 characters (error.command.string.too_long)")


def test_plain_string_is_no_enum_member() -> None:
    """A plain string in the place of an enum's member is refused, and told apart from an unknown one."""
    assert refused(option="ignoreIfAlreadyExists") == (
        '/option: "ignoreIfAlreadyExists" is a plain string: give CreateOption.IGNORE_IF_ALREADY_EXISTS'
        " (error.option.illegal)"
    )
    assert refused(option="replace") == (
        '/option: "replace" is not one of ignoreIfAlreadyExists, updateIfAlreadyExists (error.option.illegal)'
    )


def test_list_is_no_tuple() -> None:
    """A list, which could change later, is refused with the remedy."""
    with pytest.raises(ContractError, match="/group: is a list: give a tuple"):
        models.AddToGroups(group=["group_name1"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_rules_hold_when_built() -> None:
    """Rules about several fields or steps are checked when the model is built."""
    create = models.UserStep(create_federated_id=federated())
    leave = models.UserStep(remove_from_org=models.RemoveFromOrg())
    with pytest.raises(ContractError, match=r"^/do: .*create.more_than_one"):
        models.UserCommand(user="jdoe@claimed-domain1.com", do=(create, create))
    with pytest.raises(ContractError, match=r"^/do: .*removefromorg.not_last"):
        models.UserCommand(user="jdoe@claimed-domain1.com", do=(leave, models.UserStep(remove="all")))
    with pytest.raises(ContractError, match=r"^/: .*domain.missing"):
        models.UserCommand(user="jdoe", do=(create,))
    with pytest.raises(ContractError, match=r"^/: Empty step"):
        models.UserStep()
    with pytest.raises(ContractError, match=r"^/: A step must have exactly one command"):
        models.UserStep(remove="all", add=models.AddToGroups(group=("group_name1",)))


def test_no_message_has_an_empty_placeholder() -> None:
    """Where a name for the service's message is not known, the message says it in other words."""
    with pytest.raises(ContractError) as caught:
        models.AddToUserGroup()
    assert str(caught.value) == "/: has too few fields (error.usergroup.command.missing.arguments)"


def test_built_command_is_written_with_names_of_the_wire() -> None:
    """A command built in code is written as the documentation shows it."""
    command = models.UserCommand(
        user="jdoe@claimed-domain1.com",
        request_id="ed2148",
        do=(
            models.UserStep(create_federated_id=federated(option=models.CreateOption.IGNORE_IF_ALREADY_EXISTS)),
            models.UserStep(add=models.AddToGroups(group=("Photoshop - 2Gb", "Illustrator - 20Gb"))),
            models.UserStep(remove="all"),
            models.UserStep(remove_from_org=models.RemoveFromOrg(delete_account=False)),
        ),
    )
    written = converter.write(command)
    assert written == {
        "user": "jdoe@claimed-domain1.com",
        "requestID": "ed2148",
        "do": [
            {
                "createFederatedID": {
                    "email": "jdoe@claimed-domain1.com",
                    "firstname": "John",
                    "lastname": "Doe",
                    "country": "US",
                    "option": "ignoreIfAlreadyExists",
                }
            },
            {"add": {"group": ["Photoshop - 2Gb", "Illustrator - 20Gb"]}},
            {"remove": "all"},
            {"removeFromOrg": {"deleteAccount": False}},
        ],
    }
    assert read_action_request([written]) == [command]


@pytest.mark.parametrize("cls", ENUMS)
def test_enum_has_the_values_of_its_schema(cls: type[StrEnum], judge: Judge) -> None:
    """An enum has exactly the members of its schema, named in capitals."""
    file, _, pointer = judge.references[cls.__name__].partition("#")
    definition = schemas.read(file)["$defs"][pointer.rpartition("/")[2]]
    assert [str(member) for member in cls] == definition["enum"]
    assert all(name == name.upper() for name in cls.__members__)


def test_error_codes_are_those_of_the_schema() -> None:
    """The enum and the table of codes hold what error_codes.json says."""
    entries = schemas.read("error_codes.json")["codes"]
    assert [str(code) for code in ErrorCode] == [entry["code"] for entry in entries] == list(ERROR_CODES)
    for entry in entries:
        told = msgspec.structs.asdict(ERROR_CODES[entry["code"]])
        of_the_mock = ("own_words", "unprovoked")
        wanted = {name: value for name, value in entry.items() if name not in of_the_mock}
        assert {**told, "calls": list(told["calls"])} == {"message": None, "remedies": {}, **wanted}
        assert set(told["remedies"]) <= {*USER_STEPS, *USER_GROUP_STEPS}


def test_unknown_keyword_in_a_rule_is_an_error() -> None:
    """A keyword that the rules cannot judge is not passed over."""
    with pytest.raises(NotImplementedError, match="'dependentRequired' in a rule"):
        rules.compiled({"dependentRequired": {"a": ["b"]}}, MODELS)

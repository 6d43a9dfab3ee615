"""Whatever the request, the strict converter and a JSON Schema library agree about it."""

from __future__ import annotations

import copy
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, cast

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from umapi_models import vocabulary
from umapi_models.models import UserCommand, UserGroupCommand, UserGroupStep, UserStep
from umapi_models.requests import read_action_request
from umapi_runtime import converter
from umapi_runtime.constraints import ContractError, Violation
from umapi_runtime.converter import read_request
from umapi_samples import Judge, is_list

Json = Any

# The judge's schemas are compiled once for all examples; they keep no state.
quietly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp"), exclude_characters="@")
WORDS = st.text(LETTERS, min_size=1, max_size=20)
TEXTS = st.text(max_size=20)
EMAILS = st.builds("{}@{}".format, WORDS, WORDS)
COUNTRIES = st.sampled_from([*vocabulary.COUNTRIES])
OPTIONS = st.sampled_from(["ignoreIfAlreadyExists", "updateIfAlreadyExists"])
GROUPS = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=10, unique_by=str.lower)
USERS = st.lists(EMAILS, min_size=1, max_size=10, unique_by=str.lower)
GROUP_NAMES = WORDS.filter(lambda name: not name.startswith("_"))
PERSON: dict[str, st.SearchStrategy[Json]] = {
    "email": EMAILS,
    "firstname": TEXTS,
    "lastname": TEXTS,
    "country": COUNTRIES,
}


def keyed(name: str, strategy: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Return a strategy for objects of one key."""
    return st.fixed_dictionaries({name: strategy})


def person(*required: str) -> st.SearchStrategy[Json]:
    """Return a strategy for the fields of a create step, some of them required."""
    optional = {name: strategy for name, strategy in PERSON.items() if name not in required}
    return st.fixed_dictionaries({name: PERSON[name] for name in required}, optional={**optional, "option": OPTIONS})


def some(**fields: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Return a strategy for objects with at least one of the fields."""
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


CREATES = st.one_of(
    keyed("addAdobeID", person("email")),
    keyed("createEnterpriseID", person("email", "firstname", "lastname")),
    keyed("createFederatedID", person("email", "firstname", "lastname", "country")),
)
USER_STEPS = st.one_of(
    keyed("update", some(email=EMAILS, username=WORDS, firstname=TEXTS, lastname=TEXTS)),
    keyed("add", keyed("group", GROUPS)),
    keyed("remove", st.one_of(keyed("group", GROUPS), st.just("all"))),
)
LEAVES = keyed("removeFromOrg", st.fixed_dictionaries({}, optional={"deleteAccount": st.booleans()}))
GROUP_CREATES = keyed(
    "createUserGroup",
    st.fixed_dictionaries({}, optional={"name": GROUP_NAMES, "description": TEXTS, "option": OPTIONS}),
)
GROUP_STEPS = st.one_of(
    keyed("updateUserGroup", some(name=GROUP_NAMES, description=TEXTS)),
    keyed("deleteUserGroup", st.builds(dict[str, Json])),
    keyed("add", some(user=USERS, productConfiguration=GROUPS)),
    keyed("remove", some(user=USERS, productConfiguration=GROUPS)),
)


@st.composite
def user_commands(draw: st.DrawFn) -> Json:
    """A well-formed command on a user."""
    optional = {"requestID": TEXTS, "useAdobeID": st.booleans()}
    root = st.one_of(
        st.fixed_dictionaries({"user": EMAILS}, optional=optional),
        st.fixed_dictionaries({"user": WORDS, "domain": WORDS}, optional=optional),
    )
    first = draw(st.lists(CREATES, max_size=1))
    last = draw(st.lists(LEAVES, max_size=1))
    between = draw(st.lists(USER_STEPS, min_size=0 if first or last else 1, max_size=8))
    return {**draw(root), "do": [*first, *between, *last]}


@st.composite
def group_commands(draw: st.DrawFn) -> Json:
    """A well-formed command on a user group."""
    root: dict[str, Json] = draw(st.fixed_dictionaries({"usergroup": GROUP_NAMES}, optional={"requestID": TEXTS}))
    first = draw(st.lists(GROUP_CREATES, max_size=1))
    between = draw(st.lists(GROUP_STEPS, min_size=0 if first else 1, max_size=9))
    return {**root, "do": [*first, *between]}


REQUESTS = st.lists(st.one_of(user_commands(), group_commands()), min_size=1, max_size=10)
NAMES = """
    user usergroup domain requestID useAdobeID do email username firstname lastname country option group name
    description productConfiguration deleteAccount addAdobeID createEnterpriseID createFederatedID update add remove
    removeFromOrg createUserGroup updateUserGroup deleteUserGroup a/b~c
"""
KEYS = st.sampled_from(NAMES.split())
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
        st.sampled_from(["", "all", "USA", "us", "XX", "UK", "UD", "_admin", "jdoe@a.b", "jdoe"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=11), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


def places(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of everything inside a document."""
    inside: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, dict):
        inside = cast("dict[str | int, Json]", value).items()
    elif is_list(value):
        inside = enumerate(value)
    return [path, *(place for key, child in inside for place in places(child, (*path, key)))]


@st.composite
def mutated_requests(draw: st.DrawFn) -> Json:
    """A well-formed request in which one to three places were replaced, taken out, doubled or added to."""
    request = copy.deepcopy(draw(st.lists(st.one_of(user_commands(), group_commands()), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(places([request])[1:]))
        holder: Json = [request]
        for key in above:
            holder = holder[key]
        match draw(st.sampled_from(["replace", "remove", "add", "double", "reverse"])):
            case "replace":
                holder[last] = draw(JUNK)
            case "remove" if above:
                del holder[last]
            case "add" if isinstance(holder[last], dict):
                holder[last][draw(KEYS)] = draw(JUNK)
            case "double" if isinstance(holder[last], list):
                times = draw(st.integers(2, 11))
                holder[last] = [copy.deepcopy(item) for _ in range(times) for item in holder[last]]
            case "reverse" if isinstance(holder[last], list):
                holder[last].reverse()
            case _:
                pass
        request = holder[0] if not above else request
    return request


def violations(data: Json) -> tuple[Violation, ...]:
    """Return what the strict converter finds wrong."""
    try:
        read_action_request(data)
    except ContractError as error:
        return error.violations
    return ()


@quietly
@given(REQUESTS)
def test_well_formed_request_is_read_and_written_back(judge: Judge, request_body: Json) -> None:
    """Both accept a well-formed request, and reading and writing it changes nothing."""
    assert judge.violations("ActionRequest", request_body) == []
    commands = read_action_request(request_body)
    assert [converter.write(command) for command in commands] == request_body


@quietly
@given(mutated_requests())
def test_verdict_on_a_mutated_request_is_the_same(judge: Judge, request_body: Json) -> None:
    """Both refuse the same requests, and the converter tells nothing that the schemas do not say.

    JSON Schema has no word for texts that differ in letter case alone; the models refuse them.
    """
    assume(not any(_differs_in_case_alone(_at(request_body, path)) for path in places(request_body)))
    told = {(violation.pointer, violation.code) for violation in violations(request_body)}
    known = {(found.pointer, found.code) for found in judge.violations("ActionRequest", request_body)}
    assert bool(told) == bool(known)
    assert told <= known


@quietly
@given(JUNK)
def test_verdict_on_junk_is_the_same(judge: Judge, junk: Json) -> None:
    """Any JSON at all is judged alike, and never ends in another error than ContractError."""
    assert bool(violations(junk)) is not judge.accepts("ActionRequest", junk)
    assert bool(violations([junk])) is not judge.accepts("ActionRequest", [junk])


def test_verdict_on_every_kind_of_white_space_is_the_same(judge: Judge) -> None:
    """A blank, control or format character in an e-mail address is judged alike, in the middle and at the end."""
    doubtful = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] in "ZC" and _blank(c)]
    for character in doubtful:
        for email in (f"j{character}doe@example.com", f"jdoe@example.com{character}", f"{character}@example.com"):
            data = [{"user": "jdoe@example.com", "do": [{"addAdobeID": {"email": email}}]}]
            assert bool(violations(data)) is not judge.accepts("ActionRequest", data), repr(email)


def _blank(character: str) -> bool:
    return unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc", "Cf"}


def _at(value: Json, path: tuple[str | int, ...]) -> Json:
    for name in path:
        value = value[name]
    return value


def _differs_in_case_alone(value: Json) -> bool:
    if not is_list(value) or not all(isinstance(item, str) for item in value):
        return False
    return len({item.lower() for item in value}) < len(set(value))


@pytest.mark.parametrize(
    ("command", "pointer", "code"),
    [
        ({"user": "a@b.example", "do": [{"add": {"group": ["DevOps", "x", "devops"]}}]}, "group", "usergroup"),
        ({"user": "a@b.example", "do": [{"remove": {"group": ["DevOps", "devops"]}}]}, "group", "usergroup"),
        ({"usergroup": "x", "do": [{"add": {"user": ["a@b.example", "A@b.example"]}}]}, "user", "user"),
        ({"usergroup": "x", "do": [{"add": {"productConfiguration": ["P", "p"]}}]}, "productConfiguration", "product"),
    ],
)
def test_names_that_differ_in_letter_case_alone_are_the_same(command: Json, pointer: str, code: str) -> None:
    """They cannot stand in one list, and the message has both as they were given."""
    (violation,) = violations([command])
    (step,) = command["do"][0]
    names = command["do"][0][step][pointer]
    assert (violation.pointer, violation.code) == (
        f"/0/do/0/{step}/{pointer}",
        f"error.command.add_remove.duplicate.{code}_list",
    )
    assert violation.problem == f'names "{names[0]}" and "{names[-1]}", the same but for letter case: give one of them'
    command["do"][0][step][pointer] = [names[0], names[0]]
    (violation,) = violations([command])
    assert violation.problem == f'names "{names[0]}" twice: give it once'


LONG = "x" * 251
ONE_FAULT: dict[str, tuple[Callable[[Json], None], str, str]] = {
    "no user": (lambda c: c.pop("user"), "", "error.command.user_usergroup.missing"),
    "both roots": (lambda c: c.update(usergroup="DevOps"), "", "error.command.illegal_entry"),
    "no steps": (lambda c: c.pop("do"), "", "error.command.steps.malformed"),
    "empty steps": (lambda c: c["do"].clear(), "/do", "error.command.steps.malformed"),
    "too many steps": (
        lambda c: c["do"].extend([{"remove": "all"}] * 10),
        "/do",
        "error.command.add_remove.list_too_long",
    ),
    "unknown key": (lambda c: c.update(option="x"), "/option", "error.command.illegal_entry"),
    "domain with an e-mail address": (
        lambda c: c.update(domain="example.com"),
        "/domain",
        "error.command.domain.must_be_used_with_nonemail_username",
    ),
    "user name without domain": (lambda c: c.update(user="jdoe"), "", "error.command.domain.missing"),
    "long requestID": (lambda c: c.update(requestID=LONG), "/requestID", "error.command.string.too_long"),
    "useAdobeID as a word": (lambda c: c.update(useAdobeID="yes"), "/useAdobeID", "error.command.boolean_expected"),
    "second create step": (lambda c: c["do"].append(c["do"][0]), "/do", "error.command.create.more_than_one"),
    "create step not first": (
        lambda c: c["do"].insert(0, {"remove": "all"}),
        "/do/1",
        "error.command.create.not_first",
    ),
    "step after removeFromOrg": (
        lambda c: c["do"].extend([{"removeFromOrg": {}}, {"remove": "all"}]),
        "/do",
        "error.command.removefromorg.not_last",
    ),
    "unknown step": (lambda c: c["do"].append({"sing": {}}), "/do/{last}/sing", "error.command.step.unknown"),
    "empty step": (lambda c: c["do"].append({}), "/do/{last}", "error.command.step.unknown"),
    "two steps in one": (
        lambda c: c["do"][0].update(remove="all"),
        "/do/0",
        "error.command.illegal_entry",
    ),
    "no e-mail address": (lambda c: step(c).pop("email"), "/do/0/{step}", "error.user.email.invalid"),
    "bad e-mail address": (lambda c: step(c).update(email="jdoe"), "/do/0/{step}/email", "error.user.email.invalid"),
    "long name": (lambda c: step(c).update(lastname=LONG), "/do/0/{step}/lastname", "error.command.string.too_long"),
    "country in words": (
        lambda c: step(c).update(country="Peru"),
        "/do/0/{step}/country",
        "error.command.string.too_long",
    ),
    "country in lower case": (lambda c: step(c).update(country="us"), "/do/0/{step}/country", "error.country.invalid"),
    "country that there is not": (
        lambda c: step(c).update(country="XX"),
        "/do/0/{step}/country",
        "error.country.invalid",
    ),
    "unknown option": (lambda c: step(c).update(option="x"), "/do/0/{step}/option", "error.option.illegal"),
    "unknown field": (lambda c: step(c).update(zip=1), "/do/0/{step}/zip", "error.command.create.key.unknown"),
    "null": (
        lambda c: step(c).update(firstname=None),
        "/do/0/{step}/firstname",
        "error.command.create.string_expected",
    ),
    "add nothing": (
        lambda c: c["do"].append({"add": {}}),
        "/do/{last}/add",
        "error.command.add_remove.missing_list",
    ),
    "eleven groups": (
        lambda c: c["do"].append({"add": {"group": [str(n) for n in range(11)]}}),
        "/do/{last}/add/group",
        "error.command.add_remove.list_too_long",
    ),
    "update the country": (
        lambda c: c["do"].append({"update": {"country": "DE"}}),
        "/do/{last}/update/country",
        "error.update.country.no_update",
    ),
}


def step(command: Json) -> Json:
    """Return the fields of the create step that a command begins with."""
    (fields,) = command["do"][0].values()
    return fields


@pytest.mark.parametrize("fault", ONE_FAULT)
@settings(quietly, max_examples=15)
@given(first=CREATES, between=st.lists(USER_STEPS, max_size=3), before=st.lists(group_commands(), max_size=3))
def test_one_broken_constraint_gives_its_code(
    judge: Judge, fault: str, first: Json, between: Json, before: Json
) -> None:
    """Breaking one constraint of any well-formed command gives the pointer and the code of that constraint first."""
    command = copy.deepcopy({"user": "jdoe@example.com", "do": [first, *between]})
    breaks, pointer, code = ONE_FAULT[fault]
    breaks(command)
    place = pointer.format(last=len(command.get("do", ())) - 1, step=next(iter(first)))
    expected = (f"/{len(before)}{place}", code)
    found = violations([*before, command])[0]
    assert (found.pointer, found.code) == expected
    assert expected in {(told.pointer, told.code) for told in judge.violations("ActionRequest", [*before, command])}


@quietly
@given(
    st.one_of(
        st.tuples(
            st.just(UserStep),
            st.sampled_from([{"user": "a@b.c"}, {"user": "a", "domain": "b.c"}]).map(
                lambda root: read_request(UserCommand, {**root, "do": [{"removeFromOrg": {}}]})
            ),
            st.lists(st.one_of(CREATES, USER_STEPS, LEAVES), min_size=1, max_size=11),
        ),
        st.tuples(
            st.just(UserGroupStep),
            st.sampled_from(["Team", "_admin_Team"]).map(
                lambda name: read_request(UserGroupCommand, {"usergroup": name, "do": [{"deleteUserGroup": {}}]})
            ),
            st.lists(st.one_of(GROUP_CREATES, GROUP_STEPS), min_size=1, max_size=11),
        ),
    )
)
def test_command_with_one_step_more_is_the_command_made_anew(case: tuple[type, Any, list[Json]]) -> None:
    """A step is added to a command where the command can be made with it, and with the same result, else not."""
    model, frame, data = case
    before: tuple[Any, ...] = ()
    steps: list[Any] = [read_request(model, one) for one in data]
    for step in steps:
        try:
            anew = attrs.evolve(frame, do=(*before, step))
        except ContractError:
            assert frame.__extended__(before, step) is None
        else:
            assert frame.__extended__(before, step) == anew
            before = anew.do

"""The service: takes a call through path, token and limits to its operation, whose answer it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from umapi_harness.mock.api import answers, queries
from umapi_harness.mock.api.actions import action_answer
from umapi_harness.mock.api.admission import refusal
from umapi_harness.mock.api.answers import Answer, json_answer
from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.causes import path_too_short
from umapi_harness.mock.api.deprecated import deprecated_answer
from umapi_harness.mock.api.ground import Ground
from umapi_harness.mock.api.queries import BadQueryError
from umapi_harness.mock.api.routes import Route, longer_path
from umapi_harness.mock.api.token_host import token_answer
from umapi_harness.mock.state.organization import Organization

_JSON: Final = "application/json"
_STATUS: Final = {
    "build": "d1d82f1e94503d7ba93872c34deda5037aa4a73d",
    "version": "2.7.42",
    "side": "A",
    "environment": "jil-mock",
    "state": "LIVE",
}


def answer_to(ground: Ground, call: Call) -> Answer:
    """What the API or the token host answers to a call, which has then taken effect."""
    route = call.route
    if route is None:
        longer = longer_path(call.path)
        return answers.no_such_path(path_too_short(*longer) if longer is not None else None)
    if call.method not in route.methods:
        return answers.wrong_method(", ".join(route.methods))
    if call.too_large:
        return answers.too_large(ground.settings.body_limit)
    if route.operation == "status":
        return json_answer(200, _STATUS)
    if route.operation == "token":
        return token_answer(ground, call, route.call)
    return refusal(ground, call, route) or _operate(ground, call, route)


def _operate(ground: Ground, call: Call, route: Route) -> Answer:
    organization = ground.organizations[route.org_id]
    if organization.migrating and call.method == "POST":
        return answers.migrating()
    settings = ground.settings
    try:
        if settings.odd_flags_fail:
            queries.check_flags(call.query)
        if route.operation == "deprecated":
            answer = deprecated_answer(organization, settings, route, call.method, call.query, call.body)
        else:
            operate = _OPERATIONS.get(route.call)
            answer = operate(ground, organization, call, route) if operate else answers.not_simulated(route.call)
    except BadQueryError as bad:
        answer = bad.answer
    return answers.canonical(answer, route.call)


def _action(ground: Ground, organization: Organization, call: Call, _route: Route) -> Answer:
    """Do what a request asks for, whatever it says that its body is [G body-type]."""
    given = call.headers.get("content-type", "")
    if ground.settings.json_type_needed and given.partition(";")[0].strip().lower() != _JSON:
        return answers.wrong_type()
    return action_answer(organization, ground.settings, ground.checks, call.query, call.body)


def _users(ground: Ground, organization: Organization, call: Call, route: Route) -> Answer:
    return queries.users_page(organization, ground.settings, queries.page_number(route.page), call.query)


def _group_users(ground: Ground, organization: Organization, call: Call, route: Route) -> Answer:
    page = queries.page_number(route.page)
    return queries.group_users_page(organization, ground.settings, page, route.name, call.query)


def _user(ground: Ground, organization: Organization, call: Call, route: Route) -> Answer:
    return queries.one_user(organization, ground.settings, route.name, call.query)


def _groups(ground: Ground, organization: Organization, _call: Call, route: Route) -> Answer:
    return queries.groups_page(organization, ground.settings, queries.page_number(route.page))


_OPERATIONS: Final[dict[str, Callable[[Ground, Organization, Call, Route], Answer]]] = {
    "action": _action,
    "users": _users,
    "group_users": _group_users,
    "user": _user,
    "groups": _groups,
}

"""Effects: what the outcome of recorded actions tells of the organisation before and after them."""

from __future__ import annotations

from umapi_harness.contract.answers import flag, is_object, query_of, results_of, steps_of
from umapi_harness.contract.group_effects import GroupEffects
from umapi_harness.contract.implied import OrgFacts, email_domain
from umapi_harness.contract.recordings import Exchange
from umapi_harness.contract.user_effects import UserEffects
from umapi_models.names import CREATES


def learn_from_actions(facts: OrgFacts, exchange: Exchange, *, known_whole: bool) -> None:
    """Learn from an answered action request; `known_whole` says that every user has been listed before."""
    test_mode = flag(query_of(exchange.request), "testOnly", False)
    for result in results_of(exchange):
        if isinstance(result.command.get("user"), str):
            UserEffects(facts, result, test_mode=test_mode, known_whole=known_whole).learn()
        elif isinstance(result.command.get("usergroup"), str):
            GroupEffects(facts, result, test_mode=test_mode, known_whole=known_whole).learn()


def unclaimed_domains(exchange: Exchange) -> set[str]:
    """Return the domains in which an account was refused because the organisation has not claimed them."""
    return {
        email_domain(fields["email"])
        for result in results_of(exchange)
        for place, name, fields in steps_of(result.command)
        if name in CREATES and is_object(fields) and isinstance(fields.get("email"), str)
        if result.code_at(place) == "error.domain.trust.nonexistent"
    }

"""Rules: what a run must not do, each by its name, beside the checks of the collection itself."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from umapi_harness.common.errors import InputError

NEWMAN: Final = "newman"
"""Stands, among names that are allowed, for all rules whose breach Newman lets pass."""


class Rule(enum.StrEnum):
    """One rule, by the name that events, reports and options have for it."""

    HTTP_ERROR = "http-error"
    NO_CHECKS = "no-checks"
    UNRESOLVED_VARIABLE = "unresolved-variable"
    EMPTY_VARIABLE = "empty-variable"
    UNKNOWN_NEXT_REQUEST = "unknown-next-request"
    EMPTY_ASSERTION = "empty-assertion"
    SCRIPT_ERROR = "script-error"
    UNHANDLED_REJECTION = "unhandled-rejection"
    FAILED_SEND_REQUEST = "failed-send-request"
    SCHEMA = "schema"
    NOT_COMPLETED = "not-completed"
    UNKNOWN_EVENT = "unknown-event"
    REQUESTS_LEFT = "requests-left"
    UNUSED_FAULT = "unused-fault"
    DATA = "data"
    NETWORK = "network"
    REQUEST = "request"
    LIMIT = "limit"
    THIRD_HOST = "third-host"
    WRITES = "writes"
    INPUT = "input"
    INTERRUPTED = "interrupted"
    INTERNAL_ERROR = "internal-error"


@attrs.frozen
class Facts:
    """What there is to know of a rule."""

    meaning: str
    """What breaks it."""
    newman: bool = False
    """Whether Newman lets a breach pass."""
    noted: bool = False
    """Whether a breach is only noted, unless it is denied."""
    final: bool = False
    """Whether a breach ends the run, and cannot be allowed."""


FACTS: Final[Mapping[Rule, Facts]] = {
    Rule.HTTP_ERROR: Facts(
        "a request of the collection is answered with 4xx or 5xx, and no check looked at the status or body of it",
        newman=True,
    ),
    Rule.NO_CHECKS: Facts("the run is over, and nothing was checked: no check passed or failed", newman=True),
    Rule.UNRESOLVED_VARIABLE: Facts(
        "a request holds a variable without a value, or variables that hold each other; it is sent as it stands, as "
        "with Newman, unless it would change an organisation",
        newman=True,
    ),
    Rule.EMPTY_VARIABLE: Facts(
        "a variable with an empty value leaves a part of a path empty (`/action//`); it is sent as it stands, as with "
        "Newman, unless it would change an organisation",
        newman=True,
    ),
    Rule.UNKNOWN_NEXT_REQUEST: Facts("setNextRequest names a request that the run does not have", newman=True),
    Rule.EMPTY_ASSERTION: Facts(
        "pm.expect is called and no assertion follows, or one of a schema that says nothing", newman=True
    ),
    Rule.SCRIPT_ERROR: Facts("a script ends by an error outside its checks"),
    Rule.UNHANDLED_REJECTION: Facts("a promise of a script fails, and nothing handles it", newman=True),
    Rule.FAILED_SEND_REQUEST: Facts(
        "pm.sendRequest gets no answer: no connection, no time, or a request that cannot be made", newman=True
    ),
    Rule.SCHEMA: Facts(
        "the answer of a known operation of the API breaks its schema, or has a status that is not documented for it",
        newman=True,
    ),
    Rule.NOT_COMPLETED: Facts(
        "the answer to actions tells of commands that were not completed, and no check looked at that", newman=True
    ),
    Rule.UNKNOWN_EVENT: Facts(
        "a script of the collection listens to an event that does not exist, so it never runs", newman=True
    ),
    Rule.REQUESTS_LEFT: Facts(
        "setNextRequest(null) ends an iteration while requests of the run are left that were not executed in it",
        newman=True,
        noted=True,
    ),
    Rule.UNUSED_FAULT: Facts(
        "a planned fault of the run's mock server (`--faults`) strikes no request, so the run does not show what it is "
        "planned for",
        newman=True,
        noted=True,
    ),
    Rule.DATA: Facts(
        "a data file has no rows, rows with more or fewer cells than its heading, or a heading that cannot be right; "
        "nothing is sent then",
        newman=True,
    ),
    Rule.NETWORK: Facts("a request of the collection gets no answer: no connection, no time, or no HTTP"),
    Rule.REQUEST: Facts(
        "a request cannot be made: a bad address, an authorisation that is not supported, a file that cannot be sent"
    ),
    Rule.LIMIT: Facts("a budget is used up: of time, size, steps or memory"),
    Rule.THIRD_HOST: Facts("a request goes to a host that is neither the API's nor one that an option lets through"),
    Rule.WRITES: Facts("a request would change an organisation that is not on this machine, and has no test mode"),
    Rule.INPUT: Facts(
        "a file that the run needs while it goes on cannot be used; the message says which, and what to do", final=True
    ),
    Rule.INTERRUPTED: Facts("Ctrl-C or a signal ends the run before its end", final=True),
    Rule.INTERNAL_ERROR: Facts("the runner itself fails: a fault of this program", final=True),
}
NOTED: Final = frozenset(rule for rule, facts in FACTS.items() if facts.noted)
"""Rules whose breach is only noted, unless it is denied."""


def allowed_rules(allowed: Iterable[str], denied: Iterable[str]) -> frozenset[Rule]:
    """The rules that a run allows, from the names that options give; raises InputError for a name that is no rule."""
    names = set(NOTED)
    for name in allowed:
        names |= {rule for rule, facts in FACTS.items() if facts.newman} if name == NEWMAN else {_rule(name, "--allow")}
    return frozenset(names - {_rule(name, "--deny") for name in denied})


def _rule(name: str, where: str) -> Rule:
    found = next((rule for rule in Rule if rule == name), None)
    if found is None or FACTS[found].final:
        known = ", ".join(rule for rule in Rule if not FACTS[rule].final)
        raise InputError(f"{where}: {name!r} is no rule that can be allowed; the rules are {known}")
    return found

"""The session: what all parts of a run share: options, variables, secrets, scripts, and the listeners."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import attrs

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman import events
from umapi_harness.postman.authorisation.kinds import secret_variables, secrets_of
from umapi_harness.postman.authorisation.memory import Memory
from umapi_harness.postman.blanks import Blanks
from umapi_harness.postman.collection import Auth, Item, Request
from umapi_harness.postman.cookies import Cookie, CookieJar
from umapi_harness.postman.data import DataRow
from umapi_harness.postman.dynamic import DynamicVariables
from umapi_harness.postman.environment import Environment
from umapi_harness.postman.files import FileAccess
from umapi_harness.postman.masking import MASK, Masker, is_secret_name
from umapi_harness.postman.outgoing import Maker
from umapi_harness.postman.oversight import AnswerJudge, Oversight
from umapi_harness.postman.rules import NOTED, Rule
from umapi_harness.postman.scripts import Limits, ScriptEngine
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.targets import Target, is_local
from umapi_harness.postman.variables import PLACEHOLDER, Provider, Scopes, Values
from umapi_harness.postman.writes import as_test, changes_organization

_SHOWN_VALUE = 2_000
"""So many characters of a variable's value are told."""
_REMEDY: Final = "set it in the environment or the data, or with --env-var NAME=VALUE"
_NEAR: Final = 0.8
"""How alike two names of variables are, from 0 to 1, of which one can be a slip for the other."""

CREDENTIAL_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Variables in the value of these are secrets, whatever they are called."""


@attrs.frozen(kw_only=True)
class Options:
    """How to run: iterations, which part, when to stop.

    `iterations` of None means one for each row of data, or one. `delay` is in seconds, between requests; `seconds` is
    the budget of the whole run, None for ever. `max_requests` ends an iteration in which setNextRequest goes round in
    circles.
    """

    environment: Environment = attrs.field(factory=Environment)
    globals: Environment = attrs.field(factory=Environment)
    data: Sequence[DataRow] = ()
    data_source: str = ""
    """The file of the data."""
    iterations: int | None = None
    folders: Sequence[str] = ()
    bail: bool = False
    delay: float = 0.0
    target: Target | None = None
    providers: Mapping[str, Provider] = attrs.field(factory=dict[str, Provider])
    max_requests: int = 10_000
    seconds: float | None = None
    follow_redirects: bool = True
    """False where redirections are shown, and not followed, whatever requests say."""
    allow_writes: bool = False
    """Whether requests may change organisations elsewhere than on this machine."""
    watch: Callable[[], Sequence[str]] | None = None
    """Asks what has changed in the organisation since it was last asked."""
    faults: Callable[[bool], Sequence[str]] | None = None
    """Asks which planned failures of the server struck the request that is over; it is told whether an answer came."""
    unused_faults: Callable[[], Sequence[str]] | None = None
    """Asks which planned failures of the server have struck no request of the run."""
    cookies: Sequence[Cookie] = ()
    """Cookies that the run begins with."""
    limits: Limits = attrs.field(factory=Limits)
    notes: Sequence[str] = ()
    """What reports tell before all else, such as where requests go instead."""
    allowed: frozenset[Rule] = NOTED
    """Rules whose breach is told and counted, but is no failure."""
    judges: Sequence[AnswerJudge] = ()
    """Who knows what is wrong with an answer."""
    files: FileAccess | None = None
    """Which files requests may send; None means: those below the folder of the collection."""
    user_agent: str = "umapi-harness"
    """How the runner calls itself."""

    def iteration_count(self) -> int:
        """How many iterations there will be."""
        return self.iterations if self.iterations is not None else max(1, len(self.data))

    def row(self, iteration: int) -> DataRow:
        """The data of an iteration; past the last row, the last row again, as in Postman."""
        return self.data[self._place(iteration)] if self.data else {}

    def row_origin(self, iteration: int) -> str:
        """Where the data of an iteration come from."""
        return f"{self.data_source}, row {self._place(iteration) + 1}" if self.data else ""

    def _place(self, iteration: int) -> int:
        return min(iteration, len(self.data) - 1)


class TimeUpError(Exception):
    """The run has taken as long as it may."""


@attrs.define(kw_only=True)
class Session:
    """One run's shared state; `now` is seconds since 1970, `sleep` waits a number of seconds."""

    sender: Sender
    options: Options
    listeners: Sequence[events.Listener]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    chance: random.Random = attrs.field(factory=random.Random)
    collection_variables: Values = attrs.field(factory=dict[str, JsonValue])
    collection_source: str = ""
    auths: Sequence[Auth] = ()
    credentials: Sequence[str] = ()
    """What the requests of the run have in headers that hold a credential, their variables unresolved."""
    """The authorisations of the requests."""
    collection_name: str = ""
    masker: Masker = attrs.field(factory=Masker, init=False)
    summary: events.Summary = attrs.field(factory=events.Summary, init=False)
    engine: ScriptEngine = attrs.field(init=False)
    dynamic: DynamicVariables = attrs.field(init=False)
    scopes: Scopes = attrs.field(init=False)
    oversight: Oversight = attrs.field(init=False)
    maker: Maker = attrs.field(init=False)
    memory: Memory = attrs.field(factory=Memory, init=False)
    cookies: CookieJar = attrs.field(init=False)
    wanting: dict[str, None] = attrs.field(factory=dict[str, None], init=False)
    """Variables without a value that requests of the run have asked for, in order."""
    began: float = attrs.field(factory=time.monotonic, init=False)
    """When the run began, by the clock that only goes forward."""
    _of_auths: frozenset[str] = attrs.field(init=False)
    """Variables that hold secrets since an authorisation says so, whatever their names."""
    _declared: frozenset[str] = attrs.field(init=False)
    """These, and the variables that files or options declare secret."""
    _learnt: int = attrs.field(default=-1, init=False)
    _exchanges: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        named = [PLACEHOLDER.findall(value) for value in self.credentials]
        self._of_auths = frozenset(
            # Before the last may stand a scheme, such as Bearer, which is no secret.
            [names[-1].strip() for names in named if names] + [n for auth in self.auths for n in secret_variables(auth)]
        )
        self._declared = self.options.environment.secret | self.options.globals.secret | self._of_auths
        for auth in self.auths:
            self.learn_auth(auth)
        self.engine = ScriptEngine(sleep=self.pause, limits=self.options.limits)
        self.oversight = Oversight(self.options.judges)
        self.dynamic = DynamicVariables(self.chance, self.now)
        self.cookies = CookieJar(self.now)
        for cookie in self.options.cookies:
            self.cookies.put(cookie)
        self.maker = Maker(
            files=self.options.files or FileAccess(folder=Path(self.collection_source).parent),
            # Apart from the chance of dynamic variables, which a seed makes repeatable.
            chance=random.Random(),  # noqa: S311 - boundaries and trace tokens, no secrets
            user_agent=self.options.user_agent,
            target=self.options.target,
            now=self.now,
        )
        self.scopes = Scopes(
            globals=dict(self.options.globals.values),
            collection=dict(self.collection_variables),
            environment=dict(self.options.environment.values),
            origins={
                "globals": dict(self.options.globals.origins),
                "collection": dict.fromkeys(self.collection_variables, self.collection_source),
                "environment": dict(self.options.environment.origins),
            },
            providers={name: self._watched(name, made) for name, made in self.options.providers.items()},
            dynamic=self.dynamic.value,
        )

    def _watched(self, name: str, provider: Provider) -> Provider:
        """The provider, its values remembered as secrets where the name says that they are."""

        def provide(scopes: Scopes) -> str | None:
            value = provider(scopes)
            self.masker.learn_scopes([{name: value or ""}])
            return value

        return provide

    @property
    def deadline(self) -> float | None:
        """When the run must be over, by time.monotonic(); None for never."""
        seconds = self.options.seconds
        return None if seconds is None else self.began + seconds

    def check_time(self) -> None:
        """Raises TimeUpError when the budget of the run is used up."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise TimeUpError

    def pause(self, seconds: float) -> None:
        """Waits, and no longer than the run may take; raises TimeUpError."""
        if self.deadline is None:
            self.sleep(seconds)
            return
        self.sleep(max(0.0, min(seconds, self.deadline - time.monotonic())))
        self.check_time()

    def next_exchange(self) -> int:
        """The number of a request that is about to go out."""
        self._exchanges += 1
        return self._exchanges

    def tell(self, event: events.Event) -> None:
        """Counts an event and hands it to the listeners."""
        match event:
            case events.RequestSent(cause=events.Cause.COLLECTION):
                self.summary.sent += 1
            case events.RequestSkipped():
                self.summary.skipped += 1
            case events.CheckPassed():
                self.summary.checks_passed += 1
            case events.CheckFailed():
                self.summary.checks_failed += 1
                self.summary.consequent += bool(event.follows_from)
            case events.CheckSkipped():
                self.summary.checks_skipped += 1
            case events.ErrorRaised(allowed=True):
                self.summary.allowed += 1
                counts = self.summary.allowed_rules
                counts[event.kind] = counts.get(event.kind, 0) + 1
            case events.ErrorRaised():
                self.summary.errors += 1
                self.summary.consequent += bool(event.follows_from)
            case _:
                pass
        self.oversight.see(event)
        for listener in self.listeners:
            listener(event)

    def error(
        self,
        step: events.Step | None,
        rule: Rule,
        message: str,
        pointer: str,
        *,
        event: str = "",
        follows_from: str = "",
        exchanges: tuple[int, ...] = (),
        variables: tuple[str, ...] = (),
    ) -> None:
        """Tells that a rule is broken, without secrets; of one that is allowed by default, by a note.

        `event` is prerequest or test where a script breaks it, `follows_from` the rule that kept its answer away,
        `exchanges` are those that it is about, where these are not the request's own, `variables` those that had no
        value.
        """
        self.wanting.update(dict.fromkeys(variables))
        if rule in NOTED & self.options.allowed:
            self.note(step, message)
            return
        self.learn_secrets()
        raised = events.ErrorRaised(
            step=step,
            kind=rule.value,
            message=self.masker.text(message),
            pointer=pointer,
            allowed=rule in self.options.allowed,
            event=event,
            follows_from=follows_from,
            exchanges=exchanges,
            variables=variables,
        )
        self.tell(raised)

    def note(self, step: events.Step | None, text: str) -> None:
        """Tells what the reader must know and is no error, without secrets."""
        self.learn_secrets()
        self.tell(events.NoteTaken(step=step, text=self.masker.text(text)))

    def cautious(self, step: events.Step, method: str, url: str) -> str:
        """The address to which a request goes so that it changes no organisation but on this machine.

        Raises UntestableError for a request that would change one however it is sent.
        """
        place = url if "://" in url else f"http://{url}"
        goes_to = place if self.options.target is None else self.options.target.redirect(place)
        if self.options.allow_writes or is_local(goes_to):
            return url
        safe = as_test(method, url)
        if safe is None:
            return url
        self.note(step, "sent with testOnly=true, so that nothing changes; --allow-writes sends it as it is")
        return safe

    def end_step(self, step: events.Step, item: Item, *, jumps: bool) -> None:
        """Tells of the rules that a step has broken, unseen by its checks; `jumps` when its scripts name the next."""
        for rule, message in self.oversight.end_step(item, jumps=jumps):
            self.error(step, rule, message, f"{item.pointer}/request")
        changes = () if self.options.watch is None else self.options.watch()
        if changes:
            shown = tuple(self.masker.text(change) for change in changes)
            self.tell(events.OrganizationChanged(step=step, changes=shown))

    def learn_secrets(self) -> None:
        """Looks through the variables for secrets, if one has changed since the last look."""
        if self._learnt == self.scopes.version:
            return
        self._learnt = self.scopes.version
        self.masker.learn_scopes(self.scopes.by_name().values(), self._declared)

    def learn_auth(self, auth: Auth | None) -> None:
        """Remembers the secrets of an authorisation; variables in it are looked for where they have their values."""
        for secret in secrets_of(auth):
            if "{{" not in secret:
                self.masker.learn(secret)

    def used_variables(self) -> tuple[events.VariableUse, ...]:
        """The variables that went into the request that is about to be sent, without secrets."""
        self.learn_secrets()
        return tuple(
            events.VariableUse(
                name=one.name,
                value=self.shown_value(one.name, one.value),
                scope=one.scope,
                origin=self.masker.text(one.origin),
            )
            for one in self.scopes.take_used()
        )

    def shown_value(self, name: str, value: str) -> str:
        """The value of a variable for reports: without secrets, of bounded length; of one that is secret, nothing."""
        if name in self._declared or is_secret_name(name):
            return MASK
        shown = self.masker.text(value)
        return shown if len(shown) <= _SHOWN_VALUE else f"{shown[:_SHOWN_VALUE]}…"

    def tell_unresolved(self, step: events.Step, request: Request) -> bool:
        """Tells of variables without a value in a request; whether it may be sent all the same, as it stands.

        One that changes an organisation may not, unless the options allow it: a group named "{{group}}" helps nobody.
        """
        names = self.scopes.take_unresolved()
        if not names:
            return True
        rule = Rule.UNRESOLVED_VARIABLE
        sent = rule in self.options.allowed or not changes_organization(request.method, request.url)
        listed = ", ".join(f"{{{{{name}}}}}" for name in names)
        remedy = f"{_REMEDY}{self._meant(names)}"
        message = f"no value for {listed}: {_consequence(sent)}; {remedy}"
        self.error(step, rule, message, f"{step.pointer}/request", variables=names)
        return sent

    def tell_blanks(self, step: events.Step, request: Request, blanks: Blanks) -> bool:
        """Tells of empty variables in the path of a request; whether it may be sent all the same, as it stands.

        As with variables that have no value: of a change, nobody knows what would be changed.
        """
        rule = Rule.EMPTY_VARIABLE
        sent = rule in self.options.allowed or not changes_organization(request.method, blanks.filled)
        path = re.split("[?#]", request.url, maxsplit=1)[0]
        for one in blanks.variables:
            place = f", as {one.origin} has it," if one.origin else ""
            message = f"{{{{{one.name}}}}} is empty{place} and leaves a part of the path {path} empty"
            told = f"{message}: {_consequence(sent)}; {_REMEDY}"
            self.error(step, rule, told, f"{step.pointer}/request", variables=(one.name,))
        return sent

    def _meant(self, names: Sequence[str]) -> str:
        """Which variables that have a value are spelt much like some that have none, as the end of a message."""
        known = {name for values in self.scopes.by_name().values() for name in values if name not in names}
        near = dict.fromkeys(match for name in names for match in get_close_matches(name, known, n=1, cutoff=_NEAR))
        return f" (is {', '.join(f'{{{{{name}}}}}' for name in near)} meant?)" if near else ""


def _consequence(sent: bool) -> str:
    """What becomes of a request with a hole in it, for messages."""
    return "sent as it stands" if sent else "not sent, for it would change the organisation"

"""One execution of one request: pre-request scripts, the request itself, test scripts."""

from __future__ import annotations

import json
import re
from typing import Final

import attrs
from msgspec.structs import replace

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman import events, views
from umapi_harness.postman.bodies import Parameter
from umapi_harness.postman.collection import Item, Request
from umapi_harness.postman.dispatch import UNSENDABLE, Dispatch, WithheldError, rule_of
from umapi_harness.postman.exchanges import NoAnswerError
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.script_calls import ScriptCalls
from umapi_harness.postman.scripts import Check, ConsoleLine, ScriptError, ScriptInput, ScriptResult
from umapi_harness.postman.sending.messages import HttpRequest
from umapi_harness.postman.session import Session

_BLANK_EXCERPT: Final = re.compile(r"\n[^\S\n]*\n[^\S\n]*\^[^\S\n]*(?=\n|\Z)")
"""A line without characters with a caret below it, as parsers of JSON show where a text ends."""
_POOL_SIZE = 50
"""Values made ahead for each dynamic variable that a script may ask for."""


@attrs.define
class Execution:
    """Executes one item of a collection once."""

    run: Session
    item: Item
    step: events.Step
    iteration_count: int
    _unanswered: str = attrs.field(default="", init=False)
    """The rule that failed the step in the place of an answer."""

    def execute(self) -> ScriptResult | None:
        """Executes; returns the script result that says where to go on, or None for the next in order."""
        if (problem := self.item.problem) is not None:
            self.run.error(self.step, Rule.REQUEST, f"{problem.problem}; {problem.remedy}", problem.pointer)
            return None
        request = replace(self.item.request, auth=self.item.auth)
        before = self._scripts("prerequest", request, None)
        following = before if before.sets_next else None
        if before.skipped:
            self.run.tell(events.RequestSkipped(step=self.step))
            return following
        shown, response = self._sent(request, before)
        # Without a response too, as with Newman.
        after = self._scripts("test", shown, response)
        return after if after.sets_next else following

    def _sent(self, ready: Request, before: ScriptResult) -> tuple[Request, views.View | None]:
        """The request as it went out, and the response as scripts see it; None where none came, which has been told."""
        dispatch = Dispatch(self.run, self.step)
        try:
            if before.request is not None:
                ready = views.changed_request(ready, before.request, f"{self.item.pointer}/request")
                self.run.learn_auth(ready.auth)
            ready = dispatch.ready(ready)
            sent = dispatch.send(ready, self.item.behaviour, events.Cause.COLLECTION)
        except (*UNSENDABLE, NoAnswerError) as error:
            rule = rule_of(error)
            if not isinstance(error, WithheldError):
                self.run.error(self.step, rule, str(error), f"{self.item.pointer}/request")
            if rule not in self.run.options.allowed:
                self._unanswered = rule.value
            return ready, None
        cookies = self.run.cookies.matching(sent.done.request.url)
        view = views.response_view(sent.done.response, cookies, milliseconds=sent.done.seconds * 1000)
        return replace(ready, url=sent.made.url, headers=_wire_headers(sent.made)), view

    def _scripts(self, event: str, request: Request, response: views.View | None) -> ScriptResult:
        item, run = self.item, self.run
        scripts = item.prerequest if event == "prerequest" else item.tests
        if not scripts:
            return ScriptResult(records=())
        scopes = run.scopes
        text = "\n".join(script.source for script in scripts)
        try:
            provided = {
                name: value
                for name, provider in scopes.providers.items()
                if name in text and (value := provider(scopes)) is not None
            }
        except DocumentError as error:
            run.error(self.step, Rule.UNRESOLVED_VARIABLE, str(error), item.pointer)
            provided = {}
        by_name = scopes.by_name()
        result = run.engine.run(
            ScriptInput(
                event=event,
                scripts=scripts,
                scopes=by_name,
                environment_name=run.options.environment.name,
                provided=provided,
                dynamic=run.dynamic.pool(text + json.dumps(by_name), _POOL_SIZE) if "replaceIn" in text else {},
                request=views.request_view(request),
                response=response,
                name=item.name,
                id=item.id or f"00000000-0000-0000-0000-{self.step.number:012x}",
                path=(run.collection_name, *item.folders, item.name),
                iteration=self.step.iteration,
                iteration_count=self.iteration_count,
                now_ms=int(run.now() * 1000),
                seed=run.chance.getrandbits(32),
            ),
            ScriptCalls(run, self.step).answer,
        )
        scopes.take(result.changes, f"{'pre-request' if event == 'prerequest' else 'test'} script of {item.name}")
        run.oversight.looked(result.looked)
        self._tell_records(result, event)
        return result

    def _tell_records(self, result: ScriptResult, event: str) -> None:
        run, step = self.run, self.step
        run.learn_secrets()
        mask = run.masker.text
        for record in result.records:
            match record:
                case Check(state="passed"):
                    name, pointer = mask(record.name), record.pointer
                    run.tell(events.CheckPassed(step=step, name=name, event=record.event, pointer=pointer))
                case Check(state="skipped"):
                    name, pointer = mask(record.name), record.pointer
                    run.tell(events.CheckSkipped(step=step, name=name, event=record.event, pointer=pointer))
                case Check():
                    run.tell(self._failed(record))
                case ConsoleLine():
                    run.tell(events.ConsoleMessage(step=step, level=record.level, text=mask(record.text)))
                case ScriptError():
                    rule = Rule(record.rule)
                    run.error(
                        step,
                        rule,
                        record.message,
                        record.pointer,
                        event=event,
                        follows_from=self._unanswered,
                        exchanges=_of_scripts(record.exchanges),
                    )

    def _failed(self, check: Check) -> events.CheckFailed:
        mask = self.run.masker.text
        return events.CheckFailed(
            step=self.step,
            name=mask(check.name),
            message=mask(_BLANK_EXCERPT.sub("", check.message)),
            event=check.event,
            pointer=check.pointer,
            error=mask(check.error),
            expected=None if check.expected is None else mask(check.expected),
            actual=None if check.actual is None else mask(check.actual),
            follows_from=self._unanswered,
            line=check.line,
            column=check.column,
            exchanges=_of_scripts(check.exchanges),
        )


def _of_scripts(exchanges: tuple[int, ...]) -> tuple[int, ...]:
    """Exchanges as events have them: none where the request's own answer alone was looked at."""
    return exchanges if any(exchanges) else ()


def _wire_headers(made: HttpRequest) -> tuple[Parameter, ...]:
    """The headers as they went out, so that test scripts see what authorisation and body have added."""
    return tuple(Parameter(key=key, value=value) for key, value in made.headers)

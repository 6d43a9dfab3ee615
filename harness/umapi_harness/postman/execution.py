"""One execution of one request: pre-request scripts, the request itself, test scripts."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import cast

import attrs
import httpx

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman import events, views
from umapi_harness.postman.bodies import Parameter
from umapi_harness.postman.collection import Item, Request, parse_request
from umapi_harness.postman.outgoing import RequestError, resolved, wire_request
from umapi_harness.postman.oversight import Answered
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.scripts import Answer, Check, ConsoleLine, ScriptError, ScriptInput, ScriptResult
from umapi_harness.postman.session import Session
from umapi_harness.postman.variables import TooLongError, UnresolvedError

_POOL_SIZE = 50
"""Values made ahead for each dynamic variable that a script may ask for."""


@attrs.define
class Execution:
    """Executes one item of a collection once."""

    run: Session
    item: Item
    step: events.Step
    iteration_count: int

    def execute(self) -> ScriptResult | None:
        """Executes; returns the script result that says where to go on, or None for the next in order."""
        before = self._scripts("prerequest", self.item.request, None)
        following = before if before.sets_next else None
        if before.skipped:
            self.run.tell(events.RequestSkipped(step=self.step))
            return following
        if before.failed:
            return following
        try:
            request = self.item.request
            if before.request is not None:
                request = views.changed_request(request, before.request, f"{self.item.pointer}/request")
            ready = resolved(attrs.evolve(request, auth=self.item.auth), self.run.scopes)
            sent = self._wire(ready, keep_body=self.item.keep_body)
        except (UnresolvedError, TooLongError, RequestError, DocumentError) as error:
            self._unsendable(error)
            return following
        self.run.tell_unresolved(self.step, f"{self.item.pointer}/request")
        received = self._send(sent, cause=events.Cause.COLLECTION, follow_redirects=self.item.follow_redirects)
        if isinstance(received, str):
            self._error(Rule.NETWORK, received)
            return following
        response, milliseconds = received
        view = views.response_view(response, milliseconds=milliseconds)
        shown = attrs.evolve(ready, url=str(sent.url), headers=_wire_headers(sent))
        after = self._scripts("test", shown, view)
        return after if after.sets_next else following

    def _wire(self, request: Request, *, keep_body: bool) -> httpx.Request:
        # Relative names of files to upload start at the collection's own folder, so a run needs no working directory.
        folder = Path(self.run.collection_source).parent
        target = self.run.options.target
        return wire_request(request, self.run.client, keep_body=keep_body, target=target, folder=folder)

    def _unsendable(self, error: Exception) -> None:
        match error:
            case UnresolvedError():
                message = f"{error}; set it in the environment, or with --env-var NAME=VALUE"
                self._error(Rule.UNRESOLVED_VARIABLE, message)
            case TooLongError():
                self._error(Rule.LIMIT, str(error))
            case _:
                self._error(Rule.REQUEST, str(error))

    def _error(self, rule: Rule, message: str) -> None:
        self.run.error(self.step, rule, message, f"{self.item.pointer}/request")

    def _send(
        self, request: httpx.Request, *, cause: events.Cause, follow_redirects: bool
    ) -> tuple[httpx.Response, float] | str:
        """Sends, and tells of it; returns the response with its milliseconds, or what went wrong."""
        run = self.run
        run.learn_secrets()
        masker = run.masker
        exchange = run.next_exchange()
        started = time.monotonic()
        run.tell(
            events.RequestSent(
                step=self.step,
                method=request.method,
                url=masker.text(str(request.url)),
                headers=masker.headers(_header_items(request.headers)),
                body=masker.text(request.read().decode("utf-8", "replace")),
                cause=cause,
                exchange=exchange,
                at=started - run.began,
                variables=run.used_variables(),
            )
        )
        try:
            response = run.client.send(request, follow_redirects=follow_redirects)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, httpx.InvalidURL):
                reason = f"a redirection leads to no address: {reason}"
            message = f"{request.method} {request.url}: {reason}"
            seconds = time.monotonic() - started
            failed = events.RequestFailed(
                step=self.step, exchange=exchange, message=masker.text(message), seconds=seconds
            )
            run.tell(failed)
            return message
        seconds = time.monotonic() - started
        self._learn_tokens(response)
        run.tell(
            events.ResponseReceived(
                step=self.step,
                status=response.status_code,
                reason=response.reason_phrase,
                headers=masker.headers(_header_items(response.headers)),
                body=masker.text(response.text),
                seconds=seconds,
                size=len(response.content),
                cause=cause,
                exchange=exchange,
            )
        )
        run.oversight.answered(
            Answered(
                method=request.method,
                url=str(request.url),
                request_body=request.content,
                status=response.status_code,
                headers=tuple(_header_items(response.headers)),
                body=response.content,
                cause=cause,
            )
        )
        return response, seconds * 1000

    def _learn_tokens(self, response: httpx.Response) -> None:
        """A token is a secret from the moment it arrives, before any script has put it into a variable."""
        try:
            body = response.json()
        except ValueError:
            return
        if isinstance(body, dict):
            self.run.masker.learn_scopes([cast("dict[str, JsonValue]", body)])

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
                dynamic=run.dynamic.pool(text + json.dumps(by_name), _POOL_SIZE) if "$" in text else {},
                request=views.request_view(request, name=item.name, id_=item.id),
                response=response,
                name=item.name,
                id=item.id or str(uuid.UUID(int=self.step.number)),
                path=(*item.folders, item.name),
                iteration=self.step.iteration,
                iteration_count=self.iteration_count,
                now_ms=int(run.now() * 1000),
                seed=run.chance.getrandbits(32),
            ),
            self._send_for_script,
        )
        if result.scopes is not None:
            scopes.take(result.scopes, f"{'pre-request' if event == 'prerequest' else 'test'} script of {item.name}")
        self._tell_records(result)
        return result

    def _tell_records(self, result: ScriptResult) -> None:
        run, step = self.run, self.step
        run.learn_secrets()
        mask = run.masker.text
        for record in result.records:
            match record:
                case Check(state="passed"):
                    run.tell(events.CheckPassed(step=step, name=mask(record.name)))
                case Check(state="skipped"):
                    run.tell(events.CheckSkipped(step=step, name=mask(record.name)))
                case Check():
                    failed = events.CheckFailed(step=step, name=mask(record.name), message=mask(record.message))
                    run.tell(failed)
                case ConsoleLine():
                    run.tell(events.ConsoleMessage(step=step, level=record.level, text=mask(record.text)))
                case ScriptError():
                    run.error(step, Rule.SCRIPT_ERROR, record.message, record.pointer)

    def _send_for_script(self, described: JsonValue) -> Answer:
        """pm.sendRequest: errors go to the script, which decides what they mean."""
        try:
            request = parse_request(Node(described, "pm.sendRequest", ""))
            ready = resolved(request, self.run.scopes)
            sent = self._wire(ready, keep_body=False)
        except (DocumentError, UnresolvedError, TooLongError, RequestError) as error:
            return {"error": str(error)}
        received = self._send(sent, cause=events.Cause.SCRIPT, follow_redirects=True)
        if isinstance(received, str):
            return {"error": received}
        response, milliseconds = received
        return {"response": views.response_view(response, milliseconds=milliseconds)}


def _header_items(headers: httpx.Headers) -> list[tuple[str, str]]:
    return [(key.decode("latin-1"), value.decode("utf-8", "replace")) for key, value in headers.raw]


def _wire_headers(sent: httpx.Request) -> tuple[Parameter, ...]:
    """The headers as they went out, so that test scripts see what authorisation and body have added."""
    return tuple(Parameter(key=key, value=value) for key, value in _header_items(sent.headers))

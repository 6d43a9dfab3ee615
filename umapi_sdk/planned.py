"""The call that carries out a plan: no outcome is lost, whatever ends it."""

from __future__ import annotations

from umapi_runtime.constraints import Violation
from umapi_sdk.actions import Action
from umapi_sdk.batches import WireCommand
from umapi_sdk.calls import Service, execute
from umapi_sdk.errors import ActionError, UmapiError
from umapi_sdk.execution import Execution, fates, run
from umapi_sdk.fulfilment import Fulfilment
from umapi_sdk.messages import Call
from umapi_sdk.outcomes import RUN_ENDED, ActionOutcome, OutcomeStatus
from umapi_sdk.pieces import PlannedAction
from umapi_sdk.planning import Plan
from umapi_sdk.queueing import ActionQueue
from umapi_sdk.verdicts import Attempts


def run_plan(queue: ActionQueue, service: Service, plan: Plan, *, test_mode: bool) -> Call[Execution]:
    """Send what is queued, then the plan, request by request.

    Raises:
        ActionError: an action has taken a step since it was planned; nothing has been sent.
        ServiceError, NetworkError: a request was refused or got no clear answer. The error's `outcomes` has every
            action of the plan; none of them is queued.
    """
    fulfilment: Fulfilment | None = None
    earlier: tuple[ActionOutcome, ...] = ()
    held: list[Action] = []
    batch: list[WireCommand] = []
    attempts = Attempts(repeatable=test_mode)
    try:
        for planned in plan.planned:
            planned.action.hold()
            held.append(planned.action)
            _check_unchanged(planned)
        fulfilment = Fulfilment(plan)
        if len(queue):
            earlier = (yield from run(queue, service, [], immediate=True, test_mode=test_mode)).outcomes
        while True:
            attempts = Attempts(repeatable=test_mode)
            batch = fulfilment.take()
            if not batch:
                break
            fulfilment.settle((yield from execute(service, batch, test_mode=test_mode, attempts=attempts)))
    except BaseException as error:
        if fulfilment is not None:
            # Whatever ends the call, say first what is known of its actions.
            fulfilment.give_up(fates(batch, error, attempts), RUN_ENDED)
            outcomes = _tell(queue, fulfilment)
            if isinstance(error, UmapiError):
                # An error of what was queued has outcomes of its own.
                error.outcomes = (*(earlier or error.outcomes), *outcomes)
        raise
    else:
        outcomes = [*earlier, *_tell(queue, fulfilment)]
        completed = sum(outcome.status is OutcomeStatus.COMPLETED for outcome in outcomes)
        return Execution(len(queue), len(outcomes), completed, outcomes)
    finally:
        begun = {planned.action for planned in fulfilment.begun} if fulfilment is not None else set[Action]()
        for action in held:
            action.let_go(sent=action in begun)


def _check_unchanged(planned: PlannedAction) -> None:
    if planned.action.step_count != planned.step_count:
        problem = f"the action for {planned.action.target} has taken a step since it was planned: plan again"
        raise ActionError((Violation(f"/{planned.place}/do/{planned.step_count}", problem),))


def _tell(queue: ActionQueue, fulfilment: Fulfilment) -> list[ActionOutcome]:
    """Note the outcomes at their actions, and count them."""
    outcomes = fulfilment.outcomes
    for outcome in outcomes:
        outcome.action.outcome = outcome
    sent = [outcome for outcome in outcomes if outcome.status is not OutcomeStatus.NOT_SENT]
    queue.count(len(sent), sum(outcome.status is OutcomeStatus.COMPLETED for outcome in sent))
    return outcomes

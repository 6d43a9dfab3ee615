"""Bulk runs: any number of actions, journalled so that nothing is lost or done twice, whatever ends the program."""

from umapi_sdk.bulk.events import Event, Finished, Reconciling, Sending, Settled, Waiting
from umapi_sdk.bulk.results import BulkResult, Counts, Ended, Ending, RowOutcome, RowResult
from umapi_sdk.bulk.runs import BadRowsError, BulkRun, PlanSummary, RowLike, summarize

__all__ = [
    "BadRowsError",
    "BulkResult",
    "BulkRun",
    "Counts",
    "Ended",
    "Ending",
    "Event",
    "Finished",
    "PlanSummary",
    "Reconciling",
    "RowLike",
    "RowOutcome",
    "RowResult",
    "Sending",
    "Settled",
    "Waiting",
    "summarize",
]

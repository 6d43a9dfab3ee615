"""Files of people and of commands as actions, row by row: CSV, JSON arrays and JSON Lines. Nothing here sends."""

from umapi_sdk.sheets.opening import FORMS, Sheet, open_sheet
from umapi_sdk.sheets.rows import Problem, Row, SheetError

__all__ = ["FORMS", "Problem", "Row", "Sheet", "SheetError", "open_sheet"]

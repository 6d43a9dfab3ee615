"""The exceptions for bad input: what a user gives that cannot be used."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used; its text is one line naming what, where and the remedy."""


class DocumentError(InputError):
    """A document that cannot be used; the text is one line: file, JSON pointer, what is wrong, what to do."""

    def __init__(self, source: str, pointer: str, problem: str, remedy: str) -> None:
        self.source = source
        self.pointer = pointer
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{source}{'#' + pointer if pointer else ''}: {problem}; {remedy}")

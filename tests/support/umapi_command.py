"""What a run of the command `umapi` leaves behind."""

from __future__ import annotations

import attrs


@attrs.frozen
class Result:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

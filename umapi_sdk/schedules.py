"""The order in which planned commands go out: which may share a request, and which to take first for the fewest."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import count

from umapi_models.limits import MAX_COMMANDS
from umapi_sdk.pieces import PlannedCommand
from umapi_sdk.resources import is_user_key
from umapi_sdk.turns import Turns

_NOTHING: Mapping[str, bool] = {}


class Schedule:
    """The planned commands that have not been carried out, in the order in which they should go.

    Those first on which the longest row of others waits: with up to 10 at once, rows that nothing else joins end
    as early as they can (Hu's algorithm). Each command costs time in proportion to what it touches.
    """

    def __init__(self, commands: Sequence[PlannedCommand]) -> None:
        self._turns: Turns[PlannedCommand] = Turns()
        self._serial = count()
        self._ready: list[tuple[int, int, PlannedCommand]] = []
        for command in commands:
            if self._turns.add(command, command.touches):
                self._line_up(command)

    def _line_up(self, command: PlannedCommand) -> None:
        heapq.heappush(self._ready, (-command.height, next(self._serial), command))

    def take(self, most: int = MAX_COMMANDS) -> list[PlannedCommand]:
        """Return the commands to send next, `most` at most; none of them touches what another has to itself."""
        return [heapq.heappop(self._ready)[2] for _ in range(min(most, len(self._ready)))]

    def put_back(self, command: PlannedCommand) -> None:
        """Let a command that was taken wait for a later request."""
        self._line_up(command)

    def done(self, command: PlannedCommand) -> None:
        """Note that a command that was taken is carried out: what waited for it can go."""
        for freed in self._turns.remove(command):
            self._line_up(freed)


def drop_lone_touches(commands: Sequence[PlannedCommand]) -> None:
    """Forget what only one command touches, or nobody has to himself: it holds nobody up.

    What is known of users stays: a command that is sent again can have one to himself whom two commands share.
    """
    touched: dict[str, tuple[int, bool]] = {}
    for command in commands:
        for name, alone in command.touches.items():
            times, ever_alone = touched.get(name, (0, False))
            touched[name] = (times + 1, alone or ever_alone)
    kept = {name for name, (times, alone) in touched.items() if times > 1 and (alone or is_user_key(name))}
    for command in commands:
        command.touches = {name: alone for name, alone in command.touches.items() if name in kept} or _NOTHING


def measure_heights(commands: Sequence[PlannedCommand]) -> None:
    """Note at each command how many must follow it one after the other, itself counted."""
    later: dict[str, int] = {}
    alone_later: dict[str, int] = {}
    for command in reversed(commands):
        height = 1
        for name, alone in command.touches.items():
            height = max(height, 1 + (later if alone else alone_later).get(name, 0))
        command.height = height
        for name, alone in command.touches.items():
            later[name] = max(later.get(name, 0), height)
            if alone:
                alone_later[name] = max(alone_later.get(name, 0), height)


def batch(commands: Sequence[PlannedCommand]) -> list[tuple[PlannedCommand, ...]]:
    """Return the requests that the commands become if nothing fails."""
    schedule = Schedule(commands)
    requests: list[tuple[PlannedCommand, ...]] = []
    while taken := schedule.take():
        requests.append(tuple(taken))
        for command in taken:
            schedule.done(command)
    return requests

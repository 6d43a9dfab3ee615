"""Changes one thing at a time in functions, and lists the changes that no test notices.

Usage: `python tests/support/umapi_mutants.py MODULE... --tests TEST...`, such as
`python tests/support/umapi_mutants.py umapi_sdk/pacing.py --tests tests/sdk/test_sdk_pacing.py tests/sdk`. First the
tests run once, to learn which of them reach which line. Then for each change a process is forked, its functions get the
changed code, and the tests that reach the line are run, those named first before the others, until one fails. Exit
status 1: some change was not noticed. What a module does when it is imported is not changed, and a test that starts a
process of its own sees no change there.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

import pytest
from hypothesis import Phase, settings

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = (ROOT / "generated", ROOT / "harness", ROOT)
MEMORY: Final = 4 << 30  # bytes; a change can make a loop endless
SLOWER: Final = 5  # times as long as before, and START: then the tests of a change hang, and that is noticed
START: Final = 20  # seconds

_OTHER: Final[dict[type[ast.AST], Callable[[], Any]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Change:
    """One change: the lines it lies in, what it is, and the module with it."""

    lines: range
    what: str
    code: CodeType


def changes(path: Path) -> Iterator[Change]:
    """Give each change of a module that is within a function."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = dict.fromkeys(node for function in functions for line in function.body for node in ast.walk(line))
    for node in [*functions, *inside]:
        for name, value, place, after in _changes(node):
            before, kept = ast.unparse(place), getattr(node, name)
            setattr(node, name, value)
            with contextlib.suppress(SyntaxError):
                what = f"without {before}" if after is None else f"{before}  ->  {ast.unparse(after)}"
                lines = range(place.lineno, (place.end_lineno or place.lineno) + 1)
                yield Change(lines, what, compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True))
            setattr(node, name, kept)


def _changes(node: ast.AST) -> Iterator[tuple[str, Any, ast.expr | ast.stmt, ast.AST | None]]:
    """Give each way to change a node: an attribute and its other value, the place to show, and what it becomes."""
    match node:
        case ast.Compare(ops=[first, *others]) if type(first) in _OTHER:
            yield "ops", [_OTHER[type(first)](), *others], node, node
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _OTHER:
            yield "op", _OTHER[type(op)](), node, node
        case ast.Constant(value=bool(value)):
            yield "value", not value, node, node
        case ast.Constant(value=int(value) | float(value)):
            yield "value", value + 1, node, node
        case ast.BoolOp(op=op, values=values):
            yield "op", _OTHER[type(op)](), node, node
            for number in range(len(values)):
                others = values[:number] + values[number + 1 :]
                # A lone value stands twice, for the compiler wants two.
                yield "values", others if len(others) > 1 else others * 2, node, ast.BoolOp(op, others)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "operand", ast.UnaryOp(ast.Not(), operand), node, operand
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if _is_bare(test):
            yield "test", (negated := ast.UnaryOp(ast.Not(), test)), test, negated
        case ast.comprehension(ifs=[test, *others]) if _is_bare(test):
            yield "ifs", [negated := ast.UnaryOp(ast.Not(), test), *others], test, negated
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "value", None, node, node
        case _:
            pass
    for name in ("body", "orelse", "finalbody"):
        if name not in node._fields or isinstance(node, (ast.ClassDef, ast.IfExp, ast.Lambda)):
            continue
        block: list[ast.stmt] = getattr(node, name)
        for number, statement in enumerate(block):
            if _is_plain(statement):
                yield name, [*block[:number], ast.Pass(), *block[number + 1 :]], statement, None


def _is_bare(test: ast.expr) -> bool:
    return not isinstance(test, (ast.Compare, ast.BoolOp, ast.Constant, ast.UnaryOp))


def _is_plain(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, (ast.Constant, ast.Yield))
    if isinstance(statement, ast.Return):
        return statement.value is None
    return isinstance(statement, (ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Break))


def _home(path: Path) -> Path:
    """Return the folder of modules that this one is in."""
    return next(folder for folder in FOLDERS if path.is_relative_to(folder))


def put_into(functions: list[FunctionType], code: CodeType) -> bool:
    """Give functions their code in a changed module; return whether it could be done."""
    new = {(each.co_qualname, each.co_firstlineno): each for each in _within(code)}
    for function in functions:
        changed = new.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if changed is not None:
            if changed.co_freevars != function.__code__.co_freevars:
                return False
            function.__code__ = changed
    return True


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _within(each)


@dataclass
class Knowledge:
    """What the tests do with the modules as they are."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """How long each test takes."""
    reached: defaultdict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """The tests that reach a line of a file."""


class _Watch:
    """Notes which test reaches which line of some files."""

    def __init__(self, files: frozenset[str]) -> None:
        self.knowledge = Knowledge()
        self._test, self._began = "", monotonic()
        self._files = files

    def begin(self, test: str) -> None:
        """Note that a test begins, and the one before has ended."""
        now = monotonic()
        self.knowledge.seconds[self._test] = now - self._began
        self._test, self._began = test, now

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, arg: object) -> Any:
        self.knowledge.reached[frame.f_code.co_filename, frame.f_lineno].add(self._test)
        return self._line


def in_a_child(work: Callable[[], int], seconds: float) -> int:
    """Return the exit status of some work done in a process of its own, which is ended after so many seconds."""
    child = os.fork()
    if not child:
        os.setsid()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        signal.alarm(int(seconds) + 1)
        try:
            os._exit(work())
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it started
    return os.waitstatus_to_exitcode(status)


class Trial:
    """A plugin that tries the changes in place of running the tests once they are collected."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._known = Knowledge()
        self._items: dict[str, pytest.Item] = {}
        self._noticed = Counter[str]()
        """How many changes each test has noticed."""
        self.survivors = 0

    def pytest_collection(self) -> None:
        # That one example fails is enough: no smaller one is looked for.
        settings.register_profile("mutants", settings(), phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        paths = [(ROOT / module).resolve() for module in self._given.modules]
        self._learn(frozenset(map(str, paths)))
        for module, path in zip(self._given.modules, paths, strict=True):
            self._try(module, path)
        return True

    def _learn(self, files: frozenset[str]) -> None:
        with tempfile.TemporaryFile() as notes:

            def work() -> int:
                watch = _Watch(files)
                threading.settrace(watch)
                sys.settrace(watch)
                failed = self._run(list(self._items), watch.begin)
                sys.settrace(None)
                watch.begin("")
                notes.write(pickle.dumps((watch.knowledge, failed)))
                notes.flush()
                return 0

            if in_a_child(work, 3600):
                pytest.exit("the tests cannot be run", 2)
            notes.seek(0)
            self._known, failed = pickle.loads(notes.read())
        for test in failed:
            print(f"{test} fails while lines are traced, and is left out", flush=True)
        for tests in self._known.reached.values():
            tests.difference_update(failed)

    def _run(self, tests: list[str], begin: Callable[[str], object], *, to_the_first: bool = False) -> list[str]:
        """Run tests, as far as to the first that fails if it is asked for; return those that fail."""
        failed: list[str] = []
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            begin(test)
            item = self._items[test]
            before = item.session.testsfailed
            after = None if following is None else self._items[following]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if item.session.testsfailed > before:
                failed.append(test)
                if to_the_first:
                    break
        return failed

    def _try(self, module: str, path: Path) -> None:
        first, _, last = self._given.lines.partition("-")
        wanted = [each for each in changes(path) if int(first) <= each.lines[0] <= int(last or first)]
        if self._given.sample is not None and self._given.sample < len(wanted):
            wanted = random.Random(self._given.seed).sample(wanted, self._given.sample)
        if all(file != str(path) for file, _ in self._known.reached):
            pytest.exit(f"no test reaches {module}", 2)
        # What is loaded when it is first used was so in the process that learned, not here.
        import_module(".".join(path.relative_to(_home(path)).with_suffix("").parts))
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        functions = [each for each in functions if each.__code__.co_filename == str(path)]
        unchanged = compile(path.read_text("utf-8"), path, "exec", dont_inherit=True)
        if not self._survives(functions, unchanged, list(self._items)[:1]):
            pytest.exit("a test fails although nothing is changed", 2)
        survivors = 0
        for change in sorted(wanted, key=lambda change: change.lines[0]):
            tests, reach = self._choose(str(path), change.lines)
            if self._survives(functions, change.code, tests):
                survivors += 1
                print(f"{module}:{change.lines[0]}: {change.what}  ({len(tests)} of {reach} tests)", flush=True)
        print(f"{module}: {len(wanted)} changes, {survivors} not noticed", flush=True)
        self.survivors += survivors

    def _choose(self, file: str, lines: range) -> tuple[list[str], int]:
        """Return the tests to run for a change, and how many reach it at all.

        Those that have noticed most come first, then those of the paths named first, in no order.
        """
        reach = sorted(set[str]().union(*(self._known.reached[file, line] for line in lines)))
        random.Random(self._given.seed).shuffle(reach)

        def place(test: str) -> tuple[int, int]:
            named = next(number for number, name in enumerate(self._given.tests) if test.startswith(name))
            return -self._noticed[test], named

        chosen: list[str] = []
        left = self._given.seconds
        for test in sorted(reach, key=place):
            left -= self._known.seconds[test]
            if left < 0 and chosen:
                break
            chosen.append(test)
        return chosen, len(reach)

    def _survives(self, functions: list[FunctionType], code: CodeType, tests: list[str]) -> bool:
        if not tests:
            return True

        number = {test: place for place, test in enumerate(tests)}
        with tempfile.TemporaryFile() as under_way:

            def work() -> int:
                if not put_into(functions, code):
                    return 0
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

                def begin(test: str) -> None:
                    os.pwrite(under_way.fileno(), b"%6d" % number[test], 0)

                return len(self._run(tests, begin, to_the_first=True))

            status = in_a_child(work, START + SLOWER * sum(map(self._known.seconds.__getitem__, tests)))
            if status:
                self._noticed[tests[int(under_way.read() or b"0")]] += 1
        return status == 0


def main() -> int:
    """Try the changes, and print those that nobody notices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="+", help="such as umapi_sdk/pacing.py")
    parser.add_argument("--tests", nargs="+", required=True, help="files or folders; the tests of the subject first")
    parser.add_argument("--lines", default="1-100000", help="only changes that begin in these lines")
    parser.add_argument("--sample", type=int, help="only so many changes of each module, taken at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--seconds", type=float, default=30, help="how long the tests of one change may take in all")
    given = parser.parse_args()
    os.chdir(ROOT)
    # The modules that are changed are those of this folder, whatever is installed.
    sys.path[:0] = map(str, FOLDERS)
    trial = Trial(given)
    arguments = ["-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    status = pytest.main([*arguments, *given.tests], plugins=[trial])
    return 1 if trial.survivors else int(status)


if __name__ == "__main__":
    sys.exit(main())

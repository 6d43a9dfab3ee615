"""Changes one thing at a time in a module of the SDK, and lists the changes that its tests do not notice.

Usage: `python tests/support/umapi_mutants.py MODULE TEST... [--lines 40-60]`, such as
`python tests/support/umapi_mutants.py pacing tests/sdk/test_sdk_pacing.py`. Each change is tried on a copy of the
package in a process of its own. Exit status 1: some change was not noticed. It takes hours, and is no test.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST: Final = 600  # seconds for the tests of one change; what takes longer hangs, and counts as noticed

_OTHER: Final[dict[type[ast.AST], Any]] = {
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
    ast.And: ast.Or,
    ast.Or: ast.And,
}

_BLOCKS: Final = (
    *(ast.FunctionDef, ast.If, ast.With, ast.For, ast.While, ast.Try),
    *(ast.AsyncFunctionDef, ast.AsyncWith, ast.AsyncFor, ast.ExceptHandler),
)


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Give each change: its line, what it is, and the module with it."""
    for place, node in enumerate(ast.walk(tree)):
        for number in range(_changes(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[place]
            if isinstance(target, _BLOCKS):
                left_out = list(filter(_is_plain, target.body))[number]
                line, what = left_out.lineno, f"without {ast.unparse(left_out)}"
                _change(target, number)
            else:
                line, before = getattr(target, "lineno", 0), ast.unparse(target)
                _change(target, number)
                what = f"{before}  ->  {ast.unparse(target)}"
            yield line, what, ast.fix_missing_locations(changed)


def _changes(node: ast.AST) -> int:
    """Return in how many ways a node can be changed."""
    if isinstance(node, ast.Compare):
        return 1 if type(node.ops[0]) in _OTHER else 0
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        return 1 if type(node.op) in _OTHER else 0
    if isinstance(node, ast.Constant):
        return 1 if isinstance(node.value, (bool, int, float)) else 0
    if isinstance(node, _BLOCKS):
        # Without one of its statements, but for the docstring; an `else` stays as it is.
        return sum(map(_is_plain, node.body))
    return 1 if isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)) else 0


def _is_plain(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    return isinstance(statement, (ast.Assign, ast.AugAssign, ast.Raise, ast.Continue))


def _change(node: ast.AST, number: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _other(node.ops[0])
    elif isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        node.op = _other(node.op)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, _BLOCKS):
        plain = [place for place, statement in enumerate(node.body) if _is_plain(statement)]
        node.body[plain[number]] = ast.Pass()


def _other(operator: ast.AST) -> Any:
    return _OTHER[type(operator)]()


def survives(package: Path, tests: list[str]) -> bool:
    """Return whether the tests pass with the package that lies in a folder."""
    paths = [str(package.parent), *(str(ROOT / each) for each in ("generated", "harness", "."))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    # With -P the package comes from the folder, and not from where the tests are run.
    command = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    try:
        run = subprocess.run(command, cwd=ROOT, env=environment, timeout=LONGEST, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def main() -> int:
    """Try the changes, and print those that nobody notices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="such as pacing, or transports/exchange")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--lines", default="1-100000", help="only changes in these lines of the module")
    given = parser.parse_args()
    first, _, last = given.lines.partition("-")
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "umapi_sdk"
        shutil.copytree(ROOT / "umapi_sdk", package)
        module = package / f"{given.module}.py"
        tree = ast.parse(module.read_text("utf-8"))
        if not survives(package, given.tests):
            sys.stderr.write("the tests fail with the module as it is\n")
            return 2
        tried, survivors = 0, 0
        for line, what, changed in mutants(tree):
            if not int(first) <= line <= int(last or first):
                continue
            module.write_text(ast.unparse(changed), "utf-8")
            tried += 1
            if survives(package, given.tests):
                survivors += 1
                print(f"{given.module}.py:{line}: {what}", flush=True)
    print(f"{tried} changes, {survivors} not noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

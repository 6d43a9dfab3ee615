"""Command line of the generator: `python -m schema.codegen` writes the package, `--check` compares it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from schema.codegen.package import build_package

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "generated" / "umapi_models"


def main(arguments: list[str] | None = None) -> int:
    """Generate the package, or with `--check` say which of its files differ; the exit status is 1 if any does."""
    parser = argparse.ArgumentParser(prog="python -m schema.codegen", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the output is stale")
    check = parser.parse_args(arguments).check
    wanted = build_package(ROOT / "schema")
    present = {
        path.relative_to(TARGET).as_posix(): path.read_text("utf-8")
        for path in sorted(TARGET.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    if check:
        stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
        for name in stale:
            sys.stderr.write(f"generated/umapi_models/{name} is stale or edited by hand: run `tox -e codegen`\n")
        return 1 if stale else 0
    for name in present.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

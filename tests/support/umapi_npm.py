"""Packages of the npm registry for tests: `python umapi_npm.py FOLDER PACKAGE…` installs them where there is an npm."""

from __future__ import annotations

import shutil
import subprocess
import sys

LONGEST = 120  # seconds; npm itself tries for far longer where its registry cannot be reached


def main(folder: str, *packages: str) -> int:
    """Install the packages; without npm, say so and let the tests skip."""
    npm = shutil.which("npm")
    if npm is None:
        print("there is no npm on this machine: the tests of clients from its registry will skip", file=sys.stderr)
        return 0
    options = ["--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        return subprocess.run([npm, "install", *options, *packages], check=False, timeout=LONGEST).returncode
    except subprocess.TimeoutExpired:
        print(f"npm reached no registry in {LONGEST} s: the tests of clients from it will skip", file=sys.stderr)
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

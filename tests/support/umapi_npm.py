"""Packages of the npm registry for tests: `python umapi_npm.py FOLDER PACKAGE…` installs them where there is an npm."""

from __future__ import annotations

import shutil
import subprocess
import sys

LONGEST = 60  # seconds; npm itself tries for far longer where its registry cannot be reached
SKIPPED = "the tests of clients from npm's registry will skip"


def main(folder: str, *packages: str) -> int:
    """Install the packages; without npm or its registry, say so and let the tests skip."""
    npm = shutil.which("npm")
    if npm is None:
        print(f"there is no npm on this machine: {SKIPPED}", file=sys.stderr)
        return 0
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    options = ["--prefix", folder, *quiet, "--ignore-scripts", "--fetch-retries=1"]
    try:
        status = subprocess.run([npm, "install", *options, *packages], check=False, timeout=LONGEST).returncode
    except subprocess.TimeoutExpired:
        print(f"npm reached no registry in {LONGEST} s: {SKIPPED}", file=sys.stderr)
    else:
        if status:
            print(f"npm could not install {', '.join(packages)}: {SKIPPED}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

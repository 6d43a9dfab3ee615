"""`umapi-harness serve`: what it prints, and for whom."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest


def served(*options: str, lines: int = 10) -> tuple[list[str], str]:
    """The first lines of a server's output and its line on standard error, with the page that this line names."""
    words = [sys.executable, "-m", "umapi_harness", "serve", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            told = process.stderr.readline()
            address = told.partition("page at ")[2].partition(",")[0]
            if address:
                assert httpx.get(address, trust_env=False).headers["content-type"].startswith("text/html")
            return [process.stdout.readline() for _ in range(lines)], told
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("shell", "begin"),
    [
        ("sh", "export UMAPI_ENDPOINT=http://"),
        ("fish", "set -gx UMAPI_ENDPOINT 'http://"),
        ("powershell", "$env:UMAPI_ENDPOINT = 'http://"),
        ("cmd", 'set "UMAPI_ENDPOINT=http://'),
        ("dotenv", "UMAPI_ENDPOINT=http://"),
    ],
)
def test_variables_are_printed_for_the_shell_that_is_named(shell: str, begin: str) -> None:
    """Each shell gets lines of its own; the page is named, and is there."""
    lines, told = served("--shell", shell)
    assert lines[0].startswith(begin)
    assert all("UMAPI_" in line for line in lines)
    assert "/_mock/, stop with Ctrl-C" in told


def test_without_the_admin_interface_no_page_is_named() -> None:
    """Who serves without it is told where the server listens, and of no page."""
    _, told = served("--no-admin")
    assert "listening at http://" in told
    assert "page" not in told

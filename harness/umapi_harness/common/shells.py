"""Shells: how each is told the values of environment variables."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final

from umapi_harness.common.errors import InputError

_PLAIN: Final = re.compile(r"[\w@%+=:,./\\&?~-]*", re.ASCII)
"""What no reader of .env files takes for anything but itself."""
_CMD_SPECIAL: Final = re.compile(r'[\^"&|<>()]')
_QUOTES_OF_POWERSHELL: Final = re.compile("['\u2018-\u201b]")  # the curved ones end a text too


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    return f"set -gx {name} '{_escaped(value)}'"


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{_QUOTES_OF_POWERSHELL.sub(lambda quote: quote[0] * 2, value)}'"


def _cmd(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise InputError(f"{name}: cmd cannot be given a line break; choose another shell, or use --ready-file")
    # Quoted, all but % stands for itself; a quote within cannot be told from the last one.
    text = value.replace("%", "%%")
    if '"' in text:
        return f"set {name}={_CMD_SPECIAL.sub(lambda special: f'^{special[0]}', text)}"
    return f'set "{name}={text}"'


def _dotenv(name: str, value: str) -> str:
    return f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}='{_escaped(value)}'"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


_FORMS: Final[dict[str, Callable[[str, str], str]]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "cmd": _cmd,
    "dotenv": _dotenv,
}
SHELLS: Final = tuple(_FORMS)
"""sh and the shells that read what it reads, others that do not, and files of settings."""


def usual_shell(environment: Mapping[str, str], system: str = os.name) -> str:
    """The shell that reads what is printed, unless told: PowerShell on Windows outside of Git Bash and the like."""
    return "powershell" if system == "nt" and not environment.get("MSYSTEM") else "sh"


def assignments(values: Mapping[str, str | None], shell: str) -> list[str]:
    """Lines that set variables in a shell of `SHELLS`, without those that are None; for cmd, lines of a batch file.

    Raises InputError for a value that the shell cannot be given.
    """
    return [_FORMS[shell](name, value) for name, value in values.items() if value is not None]

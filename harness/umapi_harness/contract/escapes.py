"""Escapes: characters that URLs, markup and programs write in ASCII, read whatever the notation and written back in it.

Of what was escaped several times, such as `%25C3` and `&amp;#64;`, all the layers are read at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Final

from umapi_harness.common.json_text import is_json_like

_ESCAPE: Final = re.compile(
    r"(?P<bytes>(?:%(?:25)*[0-9A-Fa-f]{2})++|(?:\\++(?:x[0-9A-Fa-f]{2}|[0-3][0-7]{2}))++)"
    r"|(?P<point>(?P<lead>%(?:25)*|\\++)(?:u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}"
    r"|u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})(?:%(?:25)*|\\++)u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}))"
    r"|(?P<entity>&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<sign>\\++[0abefnrtv\"'`/])"
    r"|(?P<plain>[^%&\\]++|\\++|.)",
    re.DOTALL,
)
_BYTE: Final = re.compile(r"(?P<lead>%(?:25)*|\\++x?+)(?P<code>(?<=\\)[0-3][0-7]{2}|[0-9A-Fa-f]{2})")
_SIGNS: Final = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DOUBTFUL: Final = re.compile(r"\\[abefnrtv][^\W_]")
_WORD: Final = re.compile(r"[^\W_]++")
_LONGEST_WORD: Final = 64
# An escape that stands for more than the end of a line and the like.
_LETTER: Final = re.compile(r"%u?[0-9A-Fa-f]{2}|&[#A-Za-z]|\\[uUx0-3]")
_AT: Final = re.compile(
    r"@|&(?:amp;)*(?:#0*64;|#[xX]0*40;|commat;)|\\(?:u0040|u\{0*40\}|U0{6}40|x40|100)|%(?:25)*u0040"
)
# What addresses, and escapes within them, are made of.
_RUN: Final = re.compile(r"[\w.+'!#$&*~^@%\\{};-]++")
_ADDRESS: Final = re.compile(r"[\w.+'!#$&*~^-]++@[\w-]++(?:\.[\w-]++)*+")


def has_escapes(text: str) -> bool:
    """Whether a text may hold letters that are escaped."""
    return _LETTER.search(text) is not None


def escapes_changed(raw: str, change: Callable[[str], str]) -> str:
    """Change what a text with escapes stands for; characters that stay are written as they were.

    Of a change that does not keep the number of characters, nothing is escaped.
    """
    if not has_escapes(raw):
        return change(raw)
    chars, pieces = _read(raw)
    return _rewritten(raw, chars, pieces, change)


def all_escapes_changed(raw: str, change: Callable[[str], str], is_name: Callable[[str, str, bool], bool]) -> str:
    r"""Change what a text stands for, as `escapes_changed`, with the ends of lines and the like read too.

    Args:
        raw: the text.
        change: keeps the number of characters.
        is_name: whether what stands behind a backslash is a word as it stands, as in `C:\Users\nathan`, by the whole
            word, by it without its first letter, and by whether a word stands before. JSON has two backslashes.
    """
    chars, pieces = _read(raw)
    if _DOUBTFUL.search(raw):
        chars, pieces = _literally(chars, pieces, 2 if is_json_like(raw) else 1, is_name)
    return _rewritten(raw, chars, pieces, change)


def _literally(
    chars: list[str], pieces: list[str], least: int, is_name: Callable[[str, str, bool], bool]
) -> tuple[list[str], list[str]]:
    """Read letters behind so many backslashes as letters, where they begin a name."""
    read: list[str] = []
    written_so: list[str] = []
    for place, (char, piece) in enumerate(zip(chars, pieces, strict=True)):
        if len(piece) > least and piece[-1] in _SIGNS and not piece[:-1].strip("\\"):
            found = _WORD.match("".join(chars[place + 1 : place + _LONGEST_WORD]))
            if found and is_name(piece[-1] + found[0], found[0], bool(read) and read[-1].isalnum()):
                read += ("\\", piece[-1])
                written_so += (piece[:-1], piece[-1])
                continue
        read.append(char)
        written_so.append(piece)
    return read, written_so


def escaped_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each e-mail address begins and ends that has an escape in it or just before it.

    Those of which all is percent-encoded, the @ too, are left to who decodes such text as a whole.
    """
    if "\\" not in text and not has_escapes(text):
        return
    if not _AT.search(text):
        return
    for run in _RUN.finditer(text):
        if not _AT.search(run[0]) or ("\\" not in run[0] and not has_escapes(run[0])):
            continue
        chars, pieces = _read(run[0])
        decoded = "".join(chars)
        place, offset = 0, run.start()
        for found in _ADDRESS.finditer(decoded):
            offset += sum(map(len, pieces[place : found.start()]))
            size = sum(map(len, pieces[found.start() : found.end()]))
            escapes = [piece for piece in pieces[max(0, found.start() - 1) : found.end()] if len(piece) > 1]
            at = pieces[found.start() + found[0].index("@")]
            if escapes and (at == "@" or not all(map(_is_percent, escapes))):
                yield offset, offset + size
            place, offset = found.end(), offset + size


def _is_percent(piece: str) -> bool:
    return piece[0] == "%" and "u" not in piece


def _rewritten(raw: str, chars: list[str], pieces: list[str], change: Callable[[str], str]) -> str:
    """`raw` with its characters changed; those that stay are written as they were."""
    text = "".join(chars)
    changed = change(text)
    if changed == text:
        return raw
    if len(changed) != len(text):
        return changed
    return "".join(
        piece if old == new else written(new, piece) for old, new, piece in zip(chars, changed, pieces, strict=True)
    )


def _read(raw: str) -> tuple[list[str], list[str]]:
    """Return the characters that a text stands for, and how each was written."""
    chars: list[str] = []
    pieces: list[str] = []
    for found in _ESCAPE.finditer(raw):
        piece = found[0]
        kind = found.lastgroup
        if found["bytes"] is not None:
            for char, spelled in _of_bytes(piece):
                chars.append(char)
                pieces.append(spelled)
            continue
        char = ""
        if kind == "entity":
            char = unescape("&" + piece[1:].replace("amp;", "") if piece.count(";") > 1 else piece)
        elif found["sign"] is not None:
            char = _SIGNS.get(piece[-1], piece[-1])
        elif found["point"] is not None:
            char = _of_point(found)
        if len(char) == 1:
            chars.append(char)
            pieces.append(piece)
        else:
            chars += piece
            pieces += piece
    return chars, pieces


def _of_bytes(piece: str) -> Iterator[tuple[str, str]]:
    """Yield the characters of bytes in UTF-8, or else in Latin-1, and how each was written."""
    spelled = [
        (found[0], int(found["code"], 8 if found["lead"].endswith("\\") else 16)) for found in _BYTE.finditer(piece)
    ]
    place = 0
    for char in bytes(code for _, code in spelled).decode("utf-8", "surrogateescape"):
        size = len(char.encode("utf-8", "surrogateescape"))
        yield in_latin(char), "".join(one for one, _ in spelled[place : place + size])
        place += size


def in_latin(char: str) -> str:
    """Return the character that a byte which is no UTF-8 stands for in Latin-1; any other as it is."""
    return chr(ord(char) - 0xDC00) if "\udc80" <= char <= "\udcff" else char


def _of_point(found: re.Match[str]) -> str:
    if found["high"] is not None:
        units = bytes.fromhex(found["high"] + found["low"])
        return units.decode("utf-16-be")
    number = int(found["point"][len(found["lead"]) + 1 :].strip("{}"), 16)
    return chr(number) if number <= 0x10FFFF else ""


def written(char: str, piece: str) -> str:
    """Return a character in the notation in which another was written."""
    if len(piece) == 1:
        return char
    if piece[0] == "&":
        lead = "&" + "amp;" * piece[1:].count("amp;")
        return f"{lead}#x{ord(char):x};" if "#x" in piece.lower() else f"{lead}#{ord(char)};"
    byte = _BYTE.match(piece)
    if byte is not None:
        return _in_bytes(char, piece, byte)
    return _in_points(char, *re.split("([uU]|$)", piece, maxsplit=1))


def _in_points(char: str, lead: str, mark: str, rest: str) -> str:
    if not rest:
        return char  # \n and the like have no number to change
    if rest[0] == "{":
        return f"{lead}u{{{ord(char):x}}}"
    if mark == "U":
        return f"{lead}U{ord(char):08x}"
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"{lead}u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _in_bytes(char: str, piece: str, byte: re.Match[str]) -> str:
    single = byte.end() == len(piece)
    encoding = "latin-1" if single and "\x80" <= char <= "\xff" else "utf-8"
    octal = byte["lead"].endswith("\\")
    codes = [f"{code:03o}" if octal else f"{code:02X}" for code in char.encode(encoding, "surrogateescape")]
    if any(letter in "abcdef" for letter in piece):
        codes = [code.lower() for code in codes]
    return "".join(byte["lead"] + code for code in codes)

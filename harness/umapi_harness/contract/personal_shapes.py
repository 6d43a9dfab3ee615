"""Things in a text that are known by their shape: URLs, addresses, ids, telephone numbers, accounts and homes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from umapi_harness.contract.escapes import escaped_addresses
from umapi_harness.contract.known_names import IGNORED

_URL: Final = r"https?://[^\s\"'<>]++"
_LINK: Final = re.compile(_URL, re.IGNORECASE)
# Dots and at signs as those write them who keep addresses from being gathered, and as full-width letters.
DOT: Final = r"\.|\s?[\[({<]\s?(?:dot|punkt|punto|point|\.)\s?[\])}>]\s?|\s(?:dot|punkt)\s|[\u3002\uff0e]"
_AT: Final = (
    r"\s?[\[({<]\s?(?:at|\u00e4t|arroba|@)\s?[\])}>]\s?|[\uff20\ufe6b]|\s@\s"
    r"|\sat\s(?=[\w-]++(?:\sdot\s|\s?[\[({<]\s?dot))"
)
SPELLED: Final = re.compile(
    rf"(?P<local>[\w.+'!#$&*~^-]++)(?P<at>{_AT})(?P<domain>[\w-]++(?:(?:{DOT})[\w-]++)++)", re.IGNORECASE
)
_HOME: Final = (
    r"(?<![\w.~-])(?:/(?:export|usr|var|data|nfs|mnt/[a-z]|net/[\w.-]{1,64}))?/(?:homes?|[Uu]sers)/"
    r"|(?<![\w.~-])(?!/v2/usermanagement)(?:/[\w.-]{1,30}){1,4}/(?:users|people|members|employees|accounts)/"
    r"|(?<![\w.-])/var/(?:spool/)?mail/"
    r"|[A-Za-z]:(?:/|\\{1,8})(?:Users|Documents and Settings)(?:/|\\{1,8})"
    r"|\\{2,8}[\w.-]{1,64}\\{1,4}(?:[Hh]omes?|[Uu]sers|[Pp]rofiles?)\$?\\{1,4}"
)
# What is known by its shape: URLs, e-mail addresses and ids with a realm, IP addresses.
_ADDRESS: Final = (
    rf"(?P<url>{_URL})"
    rf"|(?<![\w.+'!#$&*~^-])(?P<address>[\w.+'!#$&*~^{IGNORED}-]++@[\w{IGNORED}-]++(?:\.[\w{IGNORED}-]++)*+)"
)
_DISGUISED: Final = rf"|(?<![\w.+'!#$&*~^-])(?P<spelled>[\w.+'!#$&*~^-]++(?:{_AT})[\w-]++(?:(?:{DOT})[\w-]++)++)"
_OTHERS: Final = (
    r"|(?P<quoted>\\*\"[^\"@\\\r\n<>:;={}\[\]]{1,64}\\*\"@[\w-]++(?:\.[\w-]++)++)"
    rf"|(?P<home>(?-i:{_HOME})"
    r"(?:[^\s/\\\"'<>:|?*]{1,64}(?: [^\s/\\\"'<>:|?*]{1,64}){0,3}(?=[/\\])|[^\s/\\\"'<>:|?*,;)]{1,64}))"
    r"|(?<![\w./])(?P<four>(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?!\.?\w)"
    # Ids of organisations and people without their realm.
    r"|(?<![A-Za-z0-9])(?P<id>(?=[A-F]*[0-9])(?=[0-9]*[A-F])[0-9A-F]{24})(?![A-Za-z0-9])"
    # Telephone numbers with the code of a country, or as North America writes them.
    r"|(?<![\w+])(?P<phone>\+[1-9](?:[ ().\u00a0/-]{0,2}[0-9]){7,14}"
    r"|\(?[2-9][0-9]{2}\)?[ .-]{1,2}[0-9]{3}[ .-][0-9]{4})"
    r"(?![\w-])"
    # DOMAIN\user; an escape of a program, such as \n, is none.
    r"|(?<![\w\\.:-])(?P<account>[A-Za-z][\w.-]{1,30}\\{1,4}[A-Za-z][\w.$-]{1,63})"
    r"|(?<![\w:.])(?P<six>[0-9A-Fa-f:.]{3,45}+)(?![\w:.])"
)
_SHAPES: Final = re.compile(_ADDRESS + _OTHERS, re.IGNORECASE)
_ALL_SHAPES: Final = re.compile(_ADDRESS + _DISGUISED + _OTHERS, re.IGNORECASE)
_LIKELY_DISGUISED: Final = re.compile(rf"(?:{_AT})(?=[\w-])", re.IGNORECASE)
# Text without any of these holds nothing that could be known by its shape.
CONTROL: Final = re.compile(
    r"[@.:&%\\\uff20\ufe6b\uff0e\u3002]|[0-9]{3}|[0-9][A-Fa-f0-9]{2}|/homes?/|/(?:[Uu]sers|people|members|employees|accounts)/|mail/|[\[({<]\s?(?i:dot|punkt)|\sdot\s"
)
_ESCAPED: Final = frozenset("nrtbfuvxNU0")


def shapes(text: str) -> Iterator[tuple[int, int, str]]:
    """Find what is known by its shape, in order: where it begins and ends, and its kind."""
    pattern = _ALL_SHAPES if _LIKELY_DISGUISED.search(text) else _SHAPES
    done = 0
    # Addresses whose escapes no other shape may take apart; those in a URL are read with it.
    links = _LINK.finditer(text)
    link = next(links, None)
    for start, end in escaped_addresses(text):
        while link is not None and link.end() <= start:
            link = next(links, None)
        if link is None or start < link.start():
            yield from ((*found.span(), found.lastgroup or "") for found in pattern.finditer(text, done, start))
            yield start, end, "address"
            done = end
    yield from ((*found.span(), found.lastgroup or "") for found in pattern.finditer(text, done))


def is_account(text: str) -> bool:
    r"""Whether DOMAIN\user is what it looks like, and no escape of a program."""
    domain, _, user = text.partition("\\")
    return domain.isupper() or user.lstrip("\\")[:1] not in _ESCAPED

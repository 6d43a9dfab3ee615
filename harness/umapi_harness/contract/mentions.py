"""Mentions: names in sentences, told by the word before them: Group 'X' does not exist, User Jane Doe was removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NOUN: Final = (
    r"(?i:(?:user|product|admin)[ -]?(?:groups?|profiles?|names?|accounts?)|groups?|users?|profiles?|products?|members?"
    r"|accounts?|managers?|admin(?:istrator)?s?|persons?|people|owners?|employees?|e-?mails?|configurations?|tenants?"
    r"|(?:first|last|display|full|sur|given)?[ -]?names?|organi[sz]ations?|org|domains?|login|customers?|company|team)"
)
_CALLED: Final = r"(?i:\s(?:named|called|with\s(?:the\s)?(?:name|id|email)|name|id|is|was|for|of)){0,2}"
# A letter that HTML escapes is taken whole.
_PARTICULAR: Final = r"[^\W_a-z](?:[\w'\u2019.@-]|&(?:[#\w]{1,31};)?+)*"
_ADDRESSED: Final = (
    r"(?i:hello|dear|hi|welcome(?:\sback)?|mrs?\.?|ms\.?|dr\.?|signed\sin\sas|logged\sin\sas|on\sbehalf\sof|by|from)"
)
_GONE: Final = (
    r"\s(?:was\snot\sfound|not\sfound|does\snot\sexist|doesn't\sexist|do\snot\sexist|already\sexists|could\snot\sbe"
    r"|is\sunknown|is\snot\sa\smember|is\snot\sin|has\sno\s|has\sbeen|was\s(?:added|removed|deleted|created|updated|invited))"
)
_MENTION: Final = re.compile(
    rf"(?<![\w-]){_NOUN}{_CALLED}[:,]?\s?"
    r"(?:\\*[\"'`\u2018\u201c\u201e\u00ab\[(]\s?(?P<quoted>[^\"'`\u2019\u201c\u201d\u00bb\])\r\n\\]{1,200})\s?\\*[\"'`\u2019\u201c\u201d\u00bb\])]"
    # In a title, as in User Filter / All, more words with capitals would follow.
    rf"|(?P<named>{_PARTICULAR}(?:\s(?:/\s|&\s)?{_PARTICULAR}){{0,5}})(?=[.,;:!?)]|\s(?-i:[a-z])|$)"
    rf"|(?P<gone>[^\s:,;\"'<>]{{2,64}}(?:\s[^\s:,;\"'<>]{{1,64}}){{0,3}}?)(?={_GONE}))"
    rf"|(?<![\w-]){_ADDRESSED},?\s(?P<addressed>{_PARTICULAR}(?:\s{_PARTICULAR}){{0,3}})"
    # 'X' is not a member, "X" does not exist.
    rf"|[\"'\u2018\u201c](?P<subject>[^\"'\u2019\u201d\r\n\\]{{2,200}})[\"'\u2019\u201d](?={_GONE})"
)
_LIKELY: Final = re.compile(
    r"(?i)user|group|profile|product|member|account|manager|admin|person|people|owner|employee|mail|configuration|tenant"
    r"|name|organi|org|domain|login|customer|company|team|hello|dear|hi|welcome|m[rs]|dr|by|from|as|behalf|exist|found"
)


def mentions(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each name begins and ends that the words around it tell."""
    if " " not in text or not _LIKELY.search(text):
        return
    for found in _MENTION.finditer(text):
        group = found.lastgroup
        if group is not None:
            yield found.start(group), found.start(group) + len(found[group].rstrip(" .,"))

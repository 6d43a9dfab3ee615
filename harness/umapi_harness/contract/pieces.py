"""Pieces: what texts consist of, for the accounts of a recording: words, numbers that belong together, dates, UUIDs.

Some say what they are by what stands around them, such as a country in its field. No pattern goes back over more than a
few dozen characters that it has read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from umapi_harness.contract.vouching import Vocabulary, vocabulary
from umapi_models.vocabulary import COUNTRIES

_ISO: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?:Z|\s?[+-][0-9]{2}:?[0-9]{2})?)?(?![\w-])"
)
_HTTP_DATE: Final = (
    r"[0-9]{1,2}[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -][0-9]{4}"
    r" [0-9]{2}:[0-9]{2}:[0-9]{2} (?:GMT|UTC|[+-][0-9]{4})"
)
# Numbers with no more between them than the parts of telephone numbers, accounts and dates have.
_NUMBERS: Final = r"[0-9]++(?![^\W_])(?:(?:[ .,()/:+-]{1,3}+|,\s{1,40}+)[0-9]++(?![^\W_]))*+"
JOINED: Final = re.compile(r"[0-9](?:[ .()/:+-]{1,3}|,\s*)[0-9]|[^\x00-\x7f]")
_UUID: Final = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![^\W_])"
_FOUR: Final = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])"
_POWER: Final = r"[0-9]++(?:\.[0-9]++)?[eE][+-]?[0-9]{1,3}(?![\w.])"
_CLOCK: Final = r"[0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?(?![\w:])"
_HOST: Final = r"(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::[0-9]{1,5}(?![0-9]))?"
_SIX: Final = r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]{3,45}+(?![\w:.])"
_TOP_LEVEL: Final = (
    "com|org|net|edu|gov|io|info|biz|app|cloud|eu|example|test|invalid|local|internal|intranet|lan|"
    + "|".join(sorted(code.lower() for code in COUNTRIES.values))
)
# Punctuation of sentences, and marks that are nothing without the letter they stand on.
_SIGNS: Final = (
    "\u00a0\u00a1\u00a3\u00a7\u00a9\u00ab\u00ac\u00ae\u00b0\u00b1\u00b4\u00b6\u00b7\u00bb\u00bf\u00d7\u00f7"
    "\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2032\u2033\u2039\u203a\u20ac\u2122\u2190-\u2193\u2212\ufeff\ufffd"
    "\u3000-\u3002\uff0c\uff1a\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e4e"
    "\u3099\u309a\U0001f532"
)
_COUNTED: Final = (
    r"(?:[A-Za-z]{0,40}_?(?:[Cc]ount|[Pp]ages?|[Ss]ize|[Tt]otal|[Ll]imit|[Oo]ffset|[Ii]ndex|[Qq]uota|[Ss]tep|[Ss]econds"
    r"|[Ll]ength|[Dd]uration|[Ss]tatus|[Rr]emaining)|expires_in|time|send|wait|receive|blocked|dns|ssl|connect)"
)

_COUNTRY_FIELD: Final = r"(?:[A-Za-z]{0,20}_?[Cc]ountry(?:_?[Cc]ode)?)"
# What the name of a member vouches for: countries, the gateway's codes, numbers of something.
MEMBER: Final = re.compile(
    rf'"(?:{_COUNTRY_FIELD}"\s*:\s*"[A-Z]{{2}}"|[A-Za-z]{{0,20}}_?[Cc]ode"\s*:\s*"[45][0-9]{{5}}"'
    rf'|{_COUNTED}"\s*:\s*"?[0-9][0-9.]{{0,17}}+(?![^\W_]))'
)
# Letters and words that are told by what stands beside them: X-Request-Id, q=0.9, ?a=1, {"a": 1}, W/"1".
_TELLING: Final = (
    r"[Xx]-(?=[A-Za-z])",
    r"q=(?=[01](?![0-9]))",
    r"(?<![^?&])[a-z]=",
    r"(?<=\")[a-z](?=\"\s*:)",
    r"(?<=ountry code: )[A-Z]{2}(?![\w-])",
    r"W/(?=\")",
    r"(?i:utf-8|iso-8859-1)'(?:[a-z]{2}(?:-[A-Za-z]{2})?)?'",
    r"left out: [0-9]++ bytes of",
    r"localhost(?::[0-9]{1,5}(?![0-9]))?",
)
_NAMING_FIELDS: Final = (r"(?:{fields})(?=[\"']?\s?[:=])", r"(?<=\{{)(?:{fields})(?=\}})")


@cache
def token() -> re.Pattern[str]:
    """What texts consist of; blanks and signs of ASCII are nothing by themselves."""
    known = vocabulary()
    fields = "|".join(sorted(known.fields))
    phrases = "|".join((*_phrases(known), *_TELLING, *(form.format(fields=fields) for form in _NAMING_FIELDS)))
    return re.compile(
        rf"(?P<member>{MEMBER.pattern})"
        rf"|(?<![^\W_])(?=[0-9A-Fa-f:\[])(?:(?P<date>{_ISO}|{_HTTP_DATE})|(?P<uuid>{_UUID})|(?P<clock>{_CLOCK})"
        rf"|(?P<host>{_HOST})|(?P<six>{_SIX})|(?P<power>{_POWER})|(?P<four>{_FOUR})|(?P<numbers>{_NUMBERS}))"
        rf"|(?<![^\W_])(?=[A-Za-z<,])(?:(?P<day>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?={_HTTP_DATE}))"
        rf"|(?P<phrase>{phrases}))"
        rf"|(?<=[^\W_])(?P<end>\.(?i:{_TOP_LEVEL})(?![\w-])|:[0-9]{{2,5}}(?=[/?#\s\"'<]|$)|['\u2019]s(?![^\W_]))"
        r"|(?P<word>[^\W_]++)"
        rf"|(?P<sign>[^\w\x00-\x7f{_SIGNS}])"
    )


def _phrases(known: Vocabulary) -> list[str]:
    return [re.escape(phrase) + ("(?![^\\W_])" if phrase[-1].isalnum() else "") for phrase in known.phrases]

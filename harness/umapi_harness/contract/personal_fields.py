"""Which fields, parameters and headers hold what about people and organisations, told by their names."""

from __future__ import annotations

import json
import re
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final

import attrs

from umapi_harness.common.secret_names import snake_case
from umapi_models import schemas


class Kind(Enum):
    """What stands in a field."""

    PHRASE = "name"
    """A name, user name, e-mail address or id."""
    PERSON = "person"
    """The name of a person, whatever it reads like; each of its words tells who that is."""
    DOMAIN = "domain"
    HOST = "host"
    URL = "URL"
    MESSAGE = "message"
    """A sentence of the service, in which a name may stand."""
    ROLE = "role"
    """A role of the API's own vocabulary, or the name of the group whose administrator somebody is."""
    FIXED = "fixed"
    """What the API's own vocabulary has: nothing in it is anybody's."""
    TITLE = "title"
    """What a page, a person or a problem is titled: some words of everybody's, or a name."""
    TEXT = "text"
    """Anything else."""


class Part(Enum):
    """Which part of a person's name stands in a field."""

    GIVEN = "given"
    FAMILY = "family"
    WHOLE = "whole"


# The last word of what a name, an address or an id stands under.
_PHRASES: Final = frozenset(
    word
    for line in (
        "display email emails mail user users usergroup usergroups group groups product products team teams squad",
        "crew profile profiles member members manager managers owner owners author creator by login logins upn guid",
        "uid sub phone phones mobile telephone fax tel cell cellphone pager street city town address addresses zip",
        "postal postcode county province locality suburb building room office offices campus headquarters",
        "department dept division company firm employer organization organisation organizations organisations org",
        "orgs employee description iss productconfiguration configuration from to whom who birthday birthdate",
        "birthplace dob ssn passport iban formatted cc bcc sender senders recipients account accounts username",
        "tenant customer customers client clients vendor supplier school university institution faculty person",
        "people student students teacher teachers contacts admins administrators avatar photo principal actor",
        "caller delegate deputy secretary spouse supervisor colleague leader boss nick alias aliases handle twitter",
        "skype dn entrydn ou dc gecos fingerprint hint benutzer benutzerkennung kennung anmeldung abteilung firma",
        "organisationseinheit ort stadt wohnort plz postleitzahl strasse stra\u00dfe anschrift adresse telefon",
        "telefonnummer handy mobil personalnummer gruppe gruppen mitglied mitglieder vorgesetzter geburtstag",
        "geburtsdatum raum utilisateur identifiant courriel soci\u00e9t\u00e9 societe ville groupe membre usuario",
        "correo empresa ciudad grupo miembro utente azienda citt\u00e0 gruppo gebruiker bedrijf plaats groep",
        "usu\u00e1rio utilizador cidade \u6c0f\u540d \u59d3\u540d \u540d\u524d \u59d3 \u540d \u7528\u6237\u540d",
        "\u90ae\u7bb1 \u90e8\u95e8 \u90e8\u7f72 \u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9",
        "ims im photos picture pictures worker workers added removed website homepage watcher watch bearbeiter",
    )
    for word in line.split()
)
_GIVEN: Final = re.compile(
    r"given|(?:.*_)?(?:(?:first|given|fore)_?names?|legal_(?:first|middle)|preferred_(?:first|middle)|gn|vorname|pr[e\u00e9]nom|nombres?|nome|voornaam)"
)
_FAMILY: Final = re.compile(
    r"family|(?:.*_)?(?:(?:last|family|sur)_?names?|legal_last|preferred_last|sn|nachname|familienname|nom(?:_de_famille|_usage)?|apellidos?|cognome|sobrenome|achternaam)"
)
_PERSONS: Final = re.compile(
    rf"{_GIVEN.pattern}|{_FAMILY.pattern}"
    r"|(?:.*_)?(?:(?:full|display|nick|middle|maiden|preferred|legal|common|real|employee|person|user_?real)_?names?"
    r"|manager|owner|author|creator|assistant|contact|employee|cn|fn|recipient|invitee|assignee|approver|reviewer"
    r"|requester|reporter|supervisor|teacher|instructor|student|initials|deputy|secretary|who|vorgesetzter|worker_descriptor"
    r"|(?:mitarbeiter|ansprechpartner|antragsteller|bearbeiter|genehmiger|teilnehmer)(?:in|innen|n)?)"
)
_LIST: Final = "_list"
_SHORTEST_PLURAL: Final = 4
_PARTS_OF_TABLES: Final = frozenset({"cells"})
# Names whose last word says nothing.
_WHOSE: Final = re.compile(
    r"(?:requested|opened|created|submitted|raised)_for|(?:is_)?(?:members?|owners?)_of|direct_reports|cost_cent(?:er|re)|(?:extension|custom)_?attributes?_?[0-9]*|(?:home|profile|script)_(?:directory|path)"
)
# What schemas of directories and assertions call by a number (RFC 4519, RFC 2798, eduPerson).
_OBJECT_IDS: Final = {
    "2.5.4.3": "cn",
    "2.5.4.4": "sn",
    "2.5.4.10": "company",
    "2.5.4.11": "ou",
    "2.5.4.20": "telephone",
    "2.5.4.42": "given_name",
    "2.16.840.1.113730.3.1.3": "employee",
    "2.16.840.1.113730.3.1.241": "display_name",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.3": "mail",
    "1.3.6.1.4.1.5923.1.1.1.6": "upn",
}
_MACHINES: Final = frozenset(
    {"host", "hostname", "hosts", "machine", "computer", "device", "workstation", "laptop"}
    | {"machines", "computers", "devices", "workstations", "laptops"}
)
_FIXED: Final = frozenset(
    {"type", "status", "country", "result", "error", "error_code", "error_codes", "warning_code", "token_type"}
    | {"grant_type", "scope", "option", "environment", "version", "build", "side", "state"}
    | {"license_quota", "step", "last_page", "kind", "role", "roles", "locale", "language", "operation", "settings"}
)
_PHONES: Final = frozenset(
    {"phone", "mobile", "telephone", "fax", "cell", "tel", "employee", "personnel", "badge", "ssn", "passport"}
    | {"tax", "student", "staff", "customer", "account"}
)
_COUNTED: Final = frozenset({"page", "pages", "count", "size", "total", "limit", "offset", "index"})
_MESSAGES: Final = frozenset({"message", "error_message", "error_description"})
_URLS: Final = frozenset(
    {"url", "uri", "href", "link", "links", "aud", "location", "referer", "redirect_url", "origin"}
)
_OTHER_NAMES: Final = frozenset(
    {"filename", "file_name", "typename", "class_name", "event_name", "field_name", "operation_name", "method_name"}
)
# What the protocol and those who speak it count and set; a name that is known has no business there.
_PROTOCOL_HEADERS: Final = re.compile(
    r"date|age|expires|last_modified|retry_after|if_(?:un)?modified_since|vary|allow|pragma|te|trailer|upgrade|expect"
    r"|cache_control|connection|keep_alive|server|x_powered_by|max_forwards|accept(?:_.*)?|access_control_.*"
    r"|content_(?:type|length|encoding|language|range|md5|security_policy)|transfer_encoding|range|dnt|priority"
    r"|(?:www|proxy)_authenticate|strict_transport_security|sec_.*|x_(?:frame|content_type)_options|x_xss_protection"
    r"|(?:x_)?rate_?limit.*|(?:.*_)?(?:count|total|page|pages|size|limit|offset|remaining|reset|duration|runtime|time)"
)
_HOST_HEADERS: Final = re.compile(
    r"(?:.*_)?(?:via|cache|cache_lookup|server|backend|upstream|served_by|proxy|node|edge)|x_cache.*|warning|alt_svc"
    r"|content_security_policy.*|server_timing|(?:www|proxy)_authenticate|received|forwarded"
)
_GAP: Final = re.compile(r"\{([a-z_]+)\}")
_LEAST_OF_A_MESSAGE: Final = 8  # letters outside its gaps: with less, anything might be that message
# Ids that name a request and nobody.
_OPEN_IDS: Final = frozenset({"request_id", "correlation_id", "trace_id", "event_id", "span_id", "use_adobe_id"})


@lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind:
    """Return what a member of JSON data, a field of a form or a parameter of this name holds."""
    snake = snake_case(_OBJECT_IDS.get(name.rpartition(":")[2], name)[:200])
    last = snake.rpartition("_")[2]
    for kind, holds in (
        (Kind.ROLE, snake == "admin_roles"),
        (Kind.FIXED, snake in _FIXED or last in _COUNTED),
        (Kind.MESSAGE, snake in _MESSAGES),
        (Kind.DOMAIN, last in ("domain", "domains")),
        (Kind.HOST, last in _MACHINES),
        (Kind.URL, last in _URLS),
        (Kind.TEXT, snake in _OTHER_NAMES or snake in _OPEN_IDS),
        (Kind.TITLE, last in ("title", "subject", "descriptor") and not _PERSONS.fullmatch(snake)),
        (Kind.PERSON, _PERSONS.fullmatch(snake) is not None),
        (Kind.PHRASE, last in _PHRASES or _WHOSE.fullmatch(snake) is not None),
        (
            Kind.PHRASE,
            last.endswith(("name", "names", "email", "mail", "mails", "emails", "address", "addresses", "user")),
        ),
        (Kind.PHRASE, last in ("number", "no", "nr") and not _PHONES.isdisjoint(snake.split("_"))),
        (Kind.PHRASE, last in ("id", "ids") or snake.endswith(("userid", "orgid", "clientid", "api_key", "apikey"))),
        (Kind.PERSON, _PERSONS.fullmatch(_singular(snake)) is not None),
        (Kind.PHRASE, _singular(last) in _PHRASES),
        (Kind.PHRASE, snake.endswith(_LIST) and kind_of(snake.removesuffix(_LIST)) in (Kind.PHRASE, Kind.PERSON)),
    ):
        if holds:
            return kind
    return Kind.TEXT


def _singular(word: str) -> str:
    """Return what several are one of: approvers; a short word with an s at its end is another word."""
    return word.removesuffix("s") if len(word) > _SHORTEST_PLURAL and word not in _PARTS_OF_TABLES else word


@lru_cache(maxsize=4096)
def part_of(name: str) -> Part | None:
    """Return which part of a person's name stands under a name; None where that is not known."""
    snake = snake_case(_OBJECT_IDS.get(name.rpartition(":")[2], name)[:200])
    if _GIVEN.fullmatch(snake):
        return Part.GIVEN
    if _FAMILY.fullmatch(snake):
        return Part.FAMILY
    return Part.WHOLE if snake.endswith("formatted") or _PERSONS.fullmatch(snake) else None


def names_hosts(header: str) -> bool:
    """Whether servers and proxies name themselves in a header, as `Via: 1.1 proxy.example.com`."""
    return _HOST_HEADERS.fullmatch(snake_case(header[:200])) is not None


@lru_cache(maxsize=1024)
def kind_of_header(name: str) -> Kind:
    """Return what a header of this name holds."""
    snake = snake_case(name[:200])
    if snake in ("host", "x_forwarded_host", "x_forwarded_server"):
        return Kind.HOST
    if snake in ("location", "referer", "origin", "content_location"):
        return Kind.URL
    if _PROTOCOL_HEADERS.fullmatch(snake):
        return Kind.FIXED
    kind = kind_of(name)
    if kind is Kind.PHRASE and snake.endswith("_id"):
        whose = {
            "org",
            "organization",
            "client",
            "user",
            "account",
            "tenant",
            "employee",
            "device",
            "visitor",
            "machine",
        }
        whose |= {"customer", "person", "member", "owner", "installation"}
        return kind if whose & set(snake.split("_")) else Kind.TEXT
    return kind if kind in (Kind.PHRASE, Kind.PERSON, Kind.TITLE, Kind.HOST) else Kind.TEXT


def is_id(name: str) -> bool:
    """Whether a number under this name is an id, or that of a telephone or of an employee."""
    if kind_of(name) not in (Kind.PHRASE, Kind.PERSON):
        return False
    snake = snake_case(name[:200])
    return snake.endswith(("id", "ids")) or not _PHONES.isdisjoint(snake.split("_"))


@attrs.frozen
class Template:
    """A message of the service with gaps: what stands around each gap, and what the gaps are called."""

    around: tuple[str, ...]
    gaps: tuple[str, ...]

    def spans(self, text: str) -> tuple[tuple[int, int], ...] | None:
        """Where the gaps are in a text; None where it is not this message."""
        end = len(text) - len(self.around[-1])
        if not text.startswith(self.around[0]) or not text.endswith(self.around[-1]):
            return None
        spans: list[tuple[int, int]] = []
        start = len(self.around[0])
        for behind in self.around[1:-1]:
            stop = text.find(behind, start, end)
            if stop <= start:
                return None
            spans.append((start, stop))
            start = stop + len(behind)
        return (*spans, (start, end)) if start < end else None


@attrs.frozen
class Messages:
    """The messages that the service and the mock server are known to give."""

    fixed: frozenset[str]
    """Those that are always the same."""
    templates: tuple[Template, ...]
    """Those with gaps; first those with the most words of their own."""
    words: frozenset[str]
    """The words of the service's own in small letters, which are nobody's name in a sentence."""


@cache
def messages() -> Messages:
    """Return the known messages, whoever has worded them."""
    codes: list[Any] = schemas.read("error_codes.json")["codes"]
    occasions: dict[str, Any] = schemas.read("words.json")["occasions"]
    own = [str(code["message"]) for code in codes if code["message"]] + ["Not found: Group {group}"]
    texts = [*own, *(str(one["own_words"]) for one in (*codes, *occasions.values()) if one.get("own_words"))]
    texts += [str(one["message"]) for one in occasions.values() if one["message"]]
    for name in ("action-request.json", "command.json", "user-steps.json", "usergroup-steps.json"):
        texts += _constraint_messages(name)
    split = [_GAP.split(text) for text in dict.fromkeys(texts)]
    templates = [Template(tuple(one[::2]), tuple(one[1::2])) for one in split if len(one) > 1]
    templates = [one for one in templates if sum(map(len, one.around)) >= _LEAST_OF_A_MESSAGE and all(one.around[1:-1])]
    templates.sort(key=lambda one: -sum(map(len, one.around)))
    words = {word.strip(".,:[]{}").lower() for text in own for word in text.split()}
    words |= {"the", "and", "for", "user", "users", "group", "groups", "error", "admin", "test", "not", "found"}
    return Messages(frozenset(one[0] for one in split if len(one) == 1), tuple(templates), frozenset(words))


@cache
def field_names() -> frozenset[str]:
    """Return the names of the API's own fields, in small letters."""
    found: set[str] = set()

    def note(members: dict[str, Any]) -> dict[str, Any]:
        if isinstance(members.get("properties"), dict):
            found.update(name.lower() for name in members["properties"])
        return members

    for file in schemas.names():
        json.loads(schemas.text(file), object_hook=note)
    return frozenset(found)


def _constraint_messages(name: str) -> list[str]:
    """Return what is said of the broken constraints of a schema: each stands beside its code."""
    found: list[str] = []

    def note(members: dict[str, Any]) -> None:
        if isinstance(members.get("code"), str) and isinstance(members.get("message"), str):
            found.append(members["message"])

    json.loads(schemas.text(name), object_hook=note)
    return found

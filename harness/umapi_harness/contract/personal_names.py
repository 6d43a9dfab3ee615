"""Names, domains, hosts and addresses that have been found, put into pseudonyms and remembered."""

from __future__ import annotations

import re
from typing import Final

import attrs

from umapi_harness.common.secrets import REDACTED
from umapi_harness.contract.encodings import percent_changed
from umapi_harness.contract.escapes import escapes_changed, has_escapes
from umapi_harness.contract.known_names import KnownNames
from umapi_harness.contract.mentions import ORDINARY
from umapi_harness.contract.personal_fields import Part, messages
from umapi_harness.contract.personal_shapes import DOT, SPELLED
from umapi_harness.contract.pseudonyms import Pseudonyms

_IPV4: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_PORT: Final = re.compile(r":[0-9]*$")
# A host by itself, whose last label is no kind of a file.
_HOST: Final = re.compile(
    r"(?<![\w@/-])(?<!\w\.)(?!asp\.net\b|node\.js\b)(?=[\w.-]*[A-Za-z][\w-]*\.)(?:[A-Za-z0-9_-]++\.)++"
    r"(?!(?:js|css|html?|php|json|xml|txt|py|so|jsp|aspx?|png|svg)\b)(?:xn--[a-z0-9-]++|[a-z]{2,24}+)(?![\w@.-])",
    re.IGNORECASE,
)
_PUBLIC: Final = ("adobe.io", "adobelogin.com", "adobe.com", "localhost", "testserver")
# Those to whom no home belongs, but a machine or everybody.
_NOBODY: Final = frozenset(
    {"public", "default", "shared", "all users", "runner", "ubuntu", "user", "node", "app", "me", "self", "all", "new"}
    | {"search", "list", "import", "export", "current", "id", "bulk", "count"}
)
_WORD: Final = re.compile(r"[^\W_]++")
# What stands before a name in directories, and is the same for everybody: CN=, OU=, SMTP:.
_LEAD: Final = re.compile(r"(?<![^\s,;+/])((?:CN|OU|DC|UID|O|L|ST|C)=|(?:smtp|sip|x500|mailto):)", re.IGNORECASE)
_LABEL: Final = re.compile(rf"({DOT})", re.IGNORECASE)
_TITLE_PARTS: Final = re.compile(r"(\s[-|\u00b7\u2013\u2014:]\s)")
_MOST_TITLE_WORDS: Final = 4


@attrs.define
class Names:
    """Puts names into pseudonyms and remembers them, so that they are found again in messages and notes."""

    _pseudonyms: Pseudonyms
    _known: KnownNames = attrs.field(factory=KnownNames, init=False)
    _halves: dict[tuple[object, Part], str] = attrs.field(factory=dict[tuple[object, Part], str], init=False)

    def forget_halves(self) -> None:
        """Begin a new text: what it calls somebody belongs with nothing in the one before."""
        self._halves.clear()

    def half(self, whose: object, part: Part, name: str) -> None:
        """Remember a given or family name together with the other one of the same record or object."""
        if self._pseudonyms.phrase(name) == name:
            return
        if part is Part.WHOLE:
            self._known.add_person(name)
            return
        other = self._halves.pop((whose, Part.FAMILY if part is Part.GIVEN else Part.GIVEN), None)
        if other is None:
            self._halves[whose, part] = name
        else:
            self._known.add_pair(*((name, other) if part is Part.GIVEN else (other, name)))

    def person(self, text: str) -> str:
        """Change a person's name, each word of which tells who that is."""
        made = self.phrase(text)
        if made != text and "@" not in text and "://" not in text:
            self._known.add_words(text)
        return made

    def phrase(self, text: str) -> str:
        """Change a name, e-mail address or id, also with escapes among its letters."""
        return escapes_changed(text, self._name) if has_escapes(text) else self._name(text)

    def _name(self, text: str) -> str:
        if text.lower() in self._known.domains:
            return self.domain(text)
        made = self._phrase(text)
        if made != text:
            self._known.add(text)
        elif "@" in text:
            # Nothing is to be sought; that the domain is one is still to be known.
            self._known.add_domain(text.rpartition("@")[2], sought=False)
        return made

    def _phrase(self, text: str) -> str:
        if "=" not in text and ":" not in text:
            return self._pseudonyms.phrase(text)
        parts = _LEAD.split(text)
        return "".join(part if place % 2 else self._pseudonyms.phrase(part) for place, part in enumerate(parts) if part)

    def domain(self, text: str) -> str:
        """Change a domain."""
        made = self._pseudonyms.domain(text)
        self._known.add_domain(text, sought=made != text)
        return made

    def host(self, place: str) -> str:
        """Change host and port; Adobe's hosts, this machine and names without a dot stay."""
        host, colon, port = place.rpartition(":") if _PORT.search(place) else (place, "", "")
        if host.startswith("["):
            return f"[{self._pseudonyms.address(host[1:-1])}]{colon}{port}"
        if "." not in host or is_public(host):
            return place
        is_address = _IPV4.fullmatch(host) is not None
        return f"{(self._pseudonyms.address if is_address else self.domain)(host)}{colon}{port}"

    def hosts(self, text: str) -> str:
        """Change the hosts that a text names without a scheme."""
        return _HOST.sub(lambda found: self.host(found[0]), text)

    def machine(self, name: str) -> str:
        """Change what a field calls a machine; without a dot it is often called after somebody."""
        is_host = "." in name or "[" in name or _PORT.search(name) or name.lower() in _PUBLIC
        return self.host(name) if is_host and " " not in name else self.phrase(name)

    def number(self, word: str) -> str:
        """Change an id of digits."""
        return self._pseudonyms.word(word)

    def file(self, name: str) -> str:
        """Change the name of a file; what stands behind its last dot stays."""
        head, dot, kind = name.rpartition(".")
        return f"{self.person(head)}{dot}{kind}" if head else self.person(name)

    def title(self, text: str) -> str:
        """Change the names in a title; a part of it in words of the API, or in more than a few words, names nobody."""
        return "".join(self._titled(part) for part in _TITLE_PARTS.split(text))

    def _titled(self, text: str) -> str:
        words = _WORD.findall(text)
        if not words or len(words) > _MOST_TITLE_WORDS or not text[:1].isupper() or _is_ordinary(words):
            return text
        return self.phrase(text)

    def mention(self, text: str) -> str:
        """Change what a sentence, or the line behind a name, calls somebody or something; its own words stay."""
        words = _WORD.findall(text)
        if _is_ordinary(words) or text == REDACTED:
            return text
        particular = any(word[0].isupper() or not word.isalpha() or not word.isascii() for word in words)
        if particular and len(text) > 3 and len(words) < 8:
            return self.phrase(text)
        return self._pseudonyms.phrase(text)

    def shaped(self, kind: str, text: str) -> str:
        """Change what is known by its shape, URLs apart."""
        if kind == "quoted":
            local, _, domain = text.rpartition("@")
            return f"{self.person(local)}@{self.domain(domain)}"
        if kind == "spelled":
            return self._spelled(text)
        if kind == "home":
            return self._home(text)
        if kind == "phone":
            return self._pseudonyms.phrase(text)
        return self.phrase(text) if kind in ("address", "account", "id") else self._pseudonyms.address(text)

    def _spelled(self, text: str) -> str:
        """Change an address whose at sign or dots are written otherwise; the last label of its domain stays."""
        found = SPELLED.fullmatch(text)
        assert found is not None
        labels = _LABEL.split(found["domain"])
        places = range(0, len(labels) - 2, 2)
        changed = "".join(self.phrase(one) if place in places else one for place, one in enumerate(labels))
        return f"{self.phrase(found['local'])}{found['at']}{changed}"

    def _home(self, text: str) -> str:
        """Change whose home a path begins with."""
        start = max(text.rfind("/"), text.rfind("\\")) + 1
        name = text[start:]
        is_nobody = name.lower() in _NOBODY or name[:1] in "{<$:" or (name.isdigit() and len(name) < 5)
        return text if is_nobody else f"{text[:start]}{self.phrase(name)}"

    def is_known(self, name: str) -> bool:
        """Whether a text is itself a name that is known."""
        return self._known.holds(name)

    def replaced(self, text: str) -> str:
        """Change the names in a text that are known."""
        return escapes_changed(text, self._replaced)

    def _replaced(self, text: str) -> str:
        return self._known.replaced(text, self._phrase, self._pseudonyms.domain)

    def file_of(self, written: str) -> str:
        """Change the name of a file as a header writes it, perhaps percent-encoded."""
        return percent_changed(written, self.file)


def is_public(host: str) -> bool:
    """Whether a host is Adobe's or this machine, and tells of nobody."""
    lowered = host.lower()
    return any(lowered == name or lowered.endswith(f".{name}") for name in _PUBLIC)


def _is_ordinary(words: list[str]) -> bool:
    """Whether words are those of messages, and nobody's name."""
    return all(word.lower() in messages().words or word.lower() in ORDINARY for word in words)

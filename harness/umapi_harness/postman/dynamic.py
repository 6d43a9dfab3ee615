"""Dynamic variables: the values behind `{{$guid}}`, `{{$timestamp}}` and their kind."""

from __future__ import annotations

import datetime
import random
import string
import uuid
from collections.abc import Callable

import attrs

_FIRST_NAMES = ("Ada", "Björn", "Chen", "Dilys", "Emeka", "Farida", "Grace", "Hiro", "Inés", "Jan")
_LAST_NAMES = ("Abara", "Bauer", "Castro", "Dahl", "Evans", "Fischer", "García", "Haddad", "Ito", "Jones")
_WORDS = ("amber", "bridge", "cedar", "delta", "ember", "fjord", "garden", "harbor", "island", "jasmine")
_COLORS = ("red", "green", "blue", "yellow", "orange", "purple", "teal", "white", "black", "grey")
_COUNTRIES = ("US", "DE", "FR", "GB", "JP", "BR", "IN", "ZA", "CA", "AU")
_CITIES = ("Basel", "Cork", "Dakar", "Esbjerg", "Fukuoka", "Graz", "Haifa", "Izmir")
_LETTERS_AND_DIGITS = string.ascii_lowercase + string.digits


@attrs.define
class DynamicVariables:
    """Makes the values of dynamic variables, from a source of chance and a clock (seconds since 1970)."""

    chance: random.Random
    now: Callable[[], float]
    _makers: dict[str, Callable[[], str]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        pick = self.chance.choice
        number = self.chance.randint
        self._makers = {
            "$guid": self._guid,
            "$randomUUID": self._guid,
            "$timestamp": lambda: str(int(self.now())),
            "$isoTimestamp": lambda: _iso(self.now()),
            "$randomDatePast": lambda: _iso(self.now() - number(1, 365 * 86_400)),
            "$randomDateFuture": lambda: _iso(self.now() + number(1, 365 * 86_400)),
            "$randomDateRecent": lambda: _iso(self.now() - number(1, 86_400)),
            "$randomInt": lambda: str(number(0, 1000)),
            "$randomBoolean": lambda: pick(("true", "false")),
            "$randomAlphaNumeric": lambda: pick(_LETTERS_AND_DIGITS),
            "$randomHexadecimal": lambda: hex(number(0, 255)),
            "$randomPassword": lambda: "".join(pick(_LETTERS_AND_DIGITS) for _ in range(15)),
            "$randomFirstName": lambda: pick(_FIRST_NAMES),
            "$randomLastName": lambda: pick(_LAST_NAMES),
            "$randomFullName": lambda: f"{pick(_FIRST_NAMES)} {pick(_LAST_NAMES)}",
            "$randomUserName": self._user_name,
            "$randomEmail": lambda: f"{self._user_name()}@example.com",
            "$randomExampleEmail": lambda: f"{self._user_name()}@example.com",
            "$randomDomainName": lambda: f"{pick(_WORDS)}.example",
            "$randomUrl": lambda: f"https://{pick(_WORDS)}.example",
            "$randomWord": lambda: pick(_WORDS),
            "$randomWords": lambda: " ".join(pick(_WORDS) for _ in range(3)),
            "$randomColor": lambda: pick(_COLORS),
            "$randomCity": lambda: pick(_CITIES),
            "$randomCountryCode": lambda: pick(_COUNTRIES),
            "$randomCompanyName": lambda: f"{pick(_LAST_NAMES)} {pick(_WORDS).title()}",
            "$randomPhoneNumber": lambda: f"{number(200, 999)}-555-{number(0, 9999):04}",
            "$randomIP": lambda: f"192.0.2.{number(1, 254)}",
            "$randomPrice": lambda: f"{number(0, 99_999) / 100:.2f}",
        }

    def value(self, name: str) -> str | None:
        """A fresh value for the name (with its `$`); None when the name is unknown."""
        maker = self._makers.get(name)
        return None if maker is None else maker()

    def pool(self, text: str, size: int) -> dict[str, list[str]]:
        """`size` fresh values for each dynamic variable that `text` mentions."""
        return {name: [maker() for _ in range(size)] for name, maker in self._makers.items() if name in text}

    def _guid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def _user_name(self) -> str:
        return f"{self.chance.choice(_WORDS)}.{self.chance.choice(_WORDS)}{self.chance.randint(1, 999)}"


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

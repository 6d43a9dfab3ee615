"""Dynamic variables: the values behind `{{$guid}}`, `{{$randomFirstName}}` and their kind, in Postman's form.

Names of hosts end in `example` or as `example.com` does, so that nothing that is made up belongs to anybody.
"""

from __future__ import annotations

import datetime
import random
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import attrs

from umapi_harness.postman import dynamic_words as words

_LETTERS_AND_DIGITS: Final = string.ascii_lowercase + string.digits
_PASSWORD: Final = string.ascii_letters + string.digits
_BASE58: Final = "".join(one for one in string.digits + string.ascii_letters if one not in "0OIl")
_DAY: Final = 86_400
_IMAGES: Final = (
    "abstract",
    "animals",
    "business",
    "cats",
    "city",
    "food",
    "nightlife",
    "fashion",
    "people",
    "nature",
    "sports",
    "transport",
)

Maker = Callable[[], str]
_T = TypeVar("_T")


@attrs.define
class DynamicVariables:
    """Makes the values of dynamic variables, from a source of chance and a clock (seconds since 1970)."""

    chance: random.Random
    now: Callable[[], float]
    _makers: dict[str, Maker] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        groups = (
            self._plain(),
            self._people(),
            self._places(),
            self._trade(),
            self._net(),
            self._texts(),
            self._files(),
        )
        self._makers = {f"${name}": maker for group in groups for name, maker in group.items()}

    def names(self) -> tuple[str, ...]:
        """All names, with their `$`."""
        return tuple(self._makers)

    def value(self, name: str) -> str | None:
        """A fresh value for the name (with its `$`); None when the name is unknown."""
        maker = self._makers.get(name)
        return None if maker is None else maker()

    def pool(self, text: str, size: int) -> dict[str, list[str]]:
        """`size` fresh values for each dynamic variable that `text` mentions."""
        return {name: [maker() for _ in range(size)] for name, maker in self._makers.items() if name in text}

    # ---- by subject, as Postman's documentation has them ----

    def _plain(self) -> Mapping[str, Maker]:
        return {
            "guid": self._guid,
            "timestamp": lambda: str(int(self.now())),
            "isoTimestamp": lambda: _iso(self.now()),
            "randomUUID": self._guid,
            "randomAlphaNumeric": lambda: self._of(_LETTERS_AND_DIGITS),
            "randomBoolean": lambda: self._of(("true", "false")),
            "randomInt": lambda: str(self._number(0, 1000)),
            "randomColor": self._one(words.COLORS),
            "randomHexColor": lambda: f"#{self._hex(6)}",
            "randomHexadecimal": lambda: f"0x{self._hex(2).lstrip('0') or '0'}",
            "randomAbbreviation": self._one(words.ABBREVIATIONS),
            "randomPassword": lambda: "".join(self._of(_PASSWORD) for _ in range(15)),
            "randomSemver": lambda: ".".join(str(self._number(0, 9)) for _ in range(3)),
            "randomDatePast": lambda: _date(self.now() - self._number(1, 365 * _DAY)),
            "randomDateFuture": lambda: _date(self.now() + self._number(1, 365 * _DAY)),
            "randomDateRecent": lambda: _date(self.now() - self._number(1, _DAY)),
            "randomMonth": self._one(words.MONTHS),
            "randomWeekday": self._one(words.WEEKDAYS),
        }

    def _people(self) -> Mapping[str, Maker]:
        job = {
            "randomJobDescriptor": self._one(words.JOB_DESCRIPTORS),
            "randomJobArea": self._one(words.JOB_AREAS),
            "randomJobType": self._one(words.JOB_TYPES),
        }
        return {
            **job,
            "randomJobTitle": lambda: " ".join(maker() for maker in job.values()),
            "randomFirstName": self._one(words.FIRST_NAMES),
            "randomLastName": self._one(words.LAST_NAMES),
            "randomFullName": lambda: f"{self._of(words.FIRST_NAMES)} {self._of(words.LAST_NAMES)}",
            "randomNamePrefix": self._one(words.NAME_PREFIXES),
            "randomNameSuffix": self._one(words.NAME_SUFFIXES),
            "randomUserName": self._user_name,
            "randomEmail": lambda: f"{self._user_name()}@example.com",
            "randomExampleEmail": lambda: f"{self._user_name()}@example.{self._of(('com', 'net', 'org'))}",
            "randomPhoneNumber": self._phone,
            "randomPhoneNumberExt": lambda: f"{self._number(1, 99)}-{self._phone()}",
        }

    def _places(self) -> Mapping[str, Maker]:
        return {
            "randomCity": self._one(words.CITIES),
            "randomStreetName": self._street,
            "randomStreetAddress": lambda: f"{self._number(1, 99_999)} {self._street()}",
            "randomCountry": self._one(words.COUNTRIES),
            "randomCountryCode": self._one(words.COUNTRY_CODES),
            "randomLatitude": lambda: f"{self.chance.uniform(-90, 90):.4f}",
            "randomLongitude": lambda: f"{self.chance.uniform(-180, 180):.4f}",
            "randomLocale": self._one(words.LOCALES),
        }

    def _trade(self) -> Mapping[str, Maker]:
        product = {
            "randomProductAdjective": self._one(words.PRODUCT_ADJECTIVES),
            "randomProductMaterial": self._one(words.PRODUCT_MATERIALS),
            "randomProduct": self._one(words.PRODUCTS),
        }
        phrase = {
            "randomCatchPhraseAdjective": self._one(words.PHRASE_ADJECTIVES),
            "randomCatchPhraseDescriptor": self._one(words.PHRASE_DESCRIPTORS),
            "randomCatchPhraseNoun": self._one(words.PHRASE_NOUNS),
        }
        slogan = {
            "randomBsBuzz": self._one(words.SLOGAN_VERBS),
            "randomBsAdjective": self._one(words.SLOGAN_ADJECTIVES),
            "randomBsNoun": self._one(words.SLOGAN_NOUNS),
        }
        return {
            **product,
            **phrase,
            **slogan,
            "randomProductName": lambda: " ".join(maker() for maker in product.values()),
            "randomCatchPhrase": lambda: " ".join(maker() for maker in phrase.values()),
            "randomBs": lambda: " ".join(maker() for maker in slogan.values()),
            "randomDepartment": self._one(words.DEPARTMENTS),
            "randomCompanyName": lambda: f"{self._of(words.LAST_NAMES)} - {self._of(words.LAST_NAMES)}",
            "randomCompanySuffix": self._one(words.COMPANY_SUFFIXES),
            "randomPrice": lambda: f"{self._number(0, 99_999) / 100:.2f}",
            "randomBankAccount": lambda: self._digits(8),
            "randomBankAccountName": lambda: f"{self._of(words.ACCOUNTS)} Account",
            "randomBankAccountIban": self._iban,
            "randomBankAccountBic": lambda: f"{self._capitals(4)}{self._of(words.COUNTRY_CODES)}{self._capitals(1)}1",
            "randomCreditCardMask": lambda: self._digits(4),
            "randomTransactionType": self._one(words.TRANSACTIONS),
            "randomCurrencyCode": lambda: self._of(words.CURRENCIES)[0],
            "randomCurrencyName": lambda: self._of(words.CURRENCIES)[1],
            "randomCurrencySymbol": lambda: self._of(words.CURRENCIES)[2],
            "randomBitcoin": lambda: self._of("13") + "".join(self._of(_BASE58) for _ in range(self._number(25, 33))),
            "randomDatabaseColumn": self._one(words.COLUMNS),
            "randomDatabaseType": self._one(words.COLUMN_TYPES),
            "randomDatabaseCollation": self._one(words.COLLATIONS),
            "randomDatabaseEngine": self._one(words.ENGINES),
        }

    def _net(self) -> Mapping[str, Maker]:
        return {
            "randomProtocol": self._one(("http", "https")),
            "randomUrl": lambda: f"{self._of(('http', 'https'))}://{self._host()}",
            "randomDomainName": self._host,
            "randomDomainSuffix": self._one(words.DOMAIN_SUFFIXES),
            "randomDomainWord": lambda: self._of(words.FIRST_NAMES).lower(),
            "randomIP": lambda: ".".join(str(self._number(0, 255)) for _ in range(4)),
            "randomIPV6": lambda: ":".join(self._hex(4) for _ in range(8)),
            "randomMACAddress": lambda: ":".join(self._hex(2) for _ in range(6)),
            "randomUserAgent": self._user_agent,
            "randomAvatarImage": lambda: f"https://images.example/avatars/{self._word()}_128.jpg",
            "randomImageUrl": lambda: "http://images.example/640/480",
            "randomImageDataUri": _image,
            **{f"random{name.title()}Image": self._image_of(name) for name in _IMAGES},
        }

    def _texts(self) -> Mapping[str, Maker]:
        return {
            "randomWord": self._word,
            "randomWords": lambda: self._several(self._word, 1, 5, " "),
            "randomNoun": self._one(words.NOUNS),
            "randomVerb": self._one(words.VERBS),
            "randomIngverb": self._one(words.PARTICIPLES),
            "randomAdjective": self._one(words.ADJECTIVES),
            "randomPhrase": self._phrase,
            "randomLoremWord": self._one(words.LATIN),
            "randomLoremWords": lambda: self._several(self._one(words.LATIN), 3, 3, " "),
            "randomLoremSlug": lambda: self._several(self._one(words.LATIN), 3, 3, "-"),
            "randomLoremSentence": self._sentence,
            "randomLoremSentences": lambda: self._several(self._sentence, 2, 6, " "),
            "randomLoremParagraph": self._paragraph,
            "randomLoremParagraphs": lambda: self._several(self._paragraph, 3, 3, "\n \r"),
            "randomLoremText": lambda: self._several(self._paragraph, 1, 3, "\n"),
            "randomLoremLines": lambda: self._several(self._sentence, 1, 5, "\n"),
        }

    def _files(self) -> Mapping[str, Maker]:
        types = tuple(dict.fromkeys(type_.partition("/")[0] for type_ in words.MIME_TYPES))
        return {
            "randomFileName": lambda: self._file(words.EXTENSIONS),
            "randomFileType": self._one(types),
            "randomFileExt": self._one(words.EXTENSIONS),
            "randomCommonFileName": lambda: self._file(words.COMMON_EXTENSIONS),
            "randomCommonFileType": self._one(("audio", "image", "text", "video", "application")),
            "randomCommonFileExt": self._one(words.COMMON_EXTENSIONS),
            "randomFilePath": lambda: f"{self._of(words.DIRECTORIES)}/{self._file(words.EXTENSIONS)}",
            "randomDirectoryPath": self._one(words.DIRECTORIES),
            "randomMimeType": self._one(words.MIME_TYPES),
        }

    # ---- parts ----

    def _of(self, choices: Sequence[_T]) -> _T:
        return self.chance.choice(choices)

    def _one(self, choices: Sequence[str]) -> Maker:
        return lambda: self.chance.choice(choices)

    def _number(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    def _several(self, maker: Maker, low: int, high: int, between: str) -> str:
        return between.join(maker() for _ in range(self._number(low, high)))

    def _digits(self, count: int) -> str:
        return "".join(self._of(string.digits) for _ in range(count))

    def _hex(self, count: int) -> str:
        return "".join(self._of("0123456789abcdef") for _ in range(count))

    def _capitals(self, count: int) -> str:
        return "".join(self._of(string.ascii_uppercase) for _ in range(count))

    def _guid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def _user_name(self) -> str:
        return f"{self._of(words.FIRST_NAMES)}{self._of('._')}{self._of(words.LAST_NAMES)}{self._number(1, 999)}"

    def _phone(self) -> str:
        return f"{self._number(200, 999)}-{self._number(200, 999)}-{self._digits(4)}"

    def _street(self) -> str:
        return f"{self._of(words.LAST_NAMES)} {self._of(words.STREETS)}"

    def _host(self) -> str:
        return f"{self._of(words.FIRST_NAMES).lower()}.example"

    def _word(self) -> str:
        return self._of(self._of((words.NOUNS, words.ADJECTIVES, words.COLORS, words.ABBREVIATIONS))).replace(" ", "-")

    def _file(self, extensions: Sequence[str]) -> str:
        return f"{self._several(self._one(words.VERBS), 1, 3, '_')}.{self._of(extensions)}"

    def _image_of(self, name: str) -> Maker:
        return lambda: f"http://images.example/640/480/{name}"

    def _user_agent(self) -> str:
        return (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{self._number(90, 140)}.0.{self._number(1000, 9999)}.{self._number(0, 99)} Safari/537.36"
        )

    def _phrase(self) -> str:
        verb, other = self._of(words.VERBS), self._of(words.VERBS)
        return (
            f"Try to {verb} the {self._of(words.ABBREVIATIONS)} {self._of(words.NOUNS)}, "
            f"maybe it will {other} the {self._of(words.ADJECTIVES)} {self._of(words.NOUNS)}!"
        )

    def _sentence(self) -> str:
        return self._several(self._one(words.LATIN), 3, 10, " ").capitalize() + "."

    def _paragraph(self) -> str:
        return self._several(self._sentence, 3, 5, " ")

    def _iban(self) -> str:
        """With check digits that are right (ISO 7064, modulo 97)."""
        country, account = "DE", self._digits(18)
        number = int("".join(str(int(one, 36)) for one in f"{account}{country}00"))
        return f"{country}{98 - number % 97:02}{account}"


def _image() -> str:
    picture = '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="640" height="480"/>'
    return f"data:image/svg+xml;charset=UTF-8,{quote(picture, safe='')}"


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _iso(seconds: float) -> str:
    return _moment(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _date(seconds: float) -> str:
    """As JavaScript writes a date: `Sat Jun 06 2026 11:15:05 GMT+0000 (Coordinated Universal Time)`."""
    moment = _moment(seconds)
    day, month = words.WEEKDAYS[moment.weekday()][:3], words.MONTHS[moment.month - 1][:3]
    return f"{day} {month} {moment:%d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)"

"""Dynamic variables: all that Postman has, each in Postman's form."""

from __future__ import annotations

import random
import re

import pytest

from umapi_harness.postman.dynamic import DynamicVariables

WORD = r"[\w.+/ -]+"
NAME = r"[A-Z][\w'./ -]+"
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(Coordinated Universal Time\)"
SENTENCE = r"[A-Z][a-z ]+\."
PHONE = r"\d{3}-\d{3}-\d{4}"
IMAGE = r"http://[\w.]+/640/480"
HOST = r"[a-z]+(?:\.[a-z]+)+"
FORMS = {
    "guid": GUID,
    "timestamp": r"\d{10}",
    "isoTimestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "randomUUID": GUID,
    "randomAlphaNumeric": r"[0-9a-z]",
    "randomBoolean": "true|false",
    "randomInt": r"\d{1,4}",
    "randomColor": "[a-z ]+",
    "randomHexColor": "#[0-9a-f]{6}",
    "randomAbbreviation": "[A-Z0-9]+",
    "randomPassword": r"\w{15}",
    "randomSemver": r"\d\.\d\.\d",
    "randomDatePast": DATE,
    "randomDateFuture": DATE,
    "randomDateRecent": DATE,
    "randomMonth": "[A-Z][a-z]+",
    "randomWeekday": "[A-Z][a-z]+day",
    "randomJobDescriptor": "[A-Z][a-z]+",
    "randomJobArea": "[A-Z][a-z]+",
    "randomJobType": "[A-Z][a-z]+",
    "randomJobTitle": r"[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+",
    "randomFirstName": NAME,
    "randomLastName": NAME,
    "randomFullName": rf"{NAME} {NAME}",
    "randomNamePrefix": r"(?:Mr|Mrs|Ms|Miss|Dr)\.?",
    "randomNameSuffix": r"[A-Z]\w*\.?",
    "randomUserName": r"[\w.']+",
    "randomEmail": r"[\w.']+@[a-z]+\.com",
    "randomExampleEmail": r"[\w.']+@example\.(?:com|net|org)",
    "randomPhoneNumber": PHONE,
    "randomPhoneNumberExt": rf"\d{{1,2}}-{PHONE}",
    "randomCity": NAME,
    "randomStreetName": NAME,
    "randomStreetAddress": rf"\d{{1,5}} {NAME}",
    "randomCountry": r"[A-Z].+",
    "randomCountryCode": "[A-Z]{2}",
    "randomLatitude": r"-?\d{1,2}\.\d{4}",
    "randomLongitude": r"-?\d{1,3}\.\d{4}",
    "randomLocale": "[a-z]{2,3}",
    "randomProductAdjective": "[A-Z][a-z]+",
    "randomProductMaterial": "[A-Z][a-z]+",
    "randomProduct": "[A-Z][a-z]+",
    "randomProductName": r"[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+",
    "randomCatchPhraseAdjective": r"[A-Z][\w -]+",
    "randomCatchPhraseDescriptor": WORD,
    "randomCatchPhraseNoun": WORD,
    "randomCatchPhrase": rf"[A-Z]{WORD}",
    "randomBsBuzz": WORD,
    "randomBsAdjective": r"[\w/-]+",
    "randomBsNoun": WORD,
    "randomBs": r"[\w/ -]+",
    "randomDepartment": "[A-Z][a-z]+",
    "randomCompanyName": r"[A-Z][\w', -]+",
    "randomCompanySuffix": r"Inc|LLC|Group|and Sons",
    "randomPrice": r"\d{1,3}\.\d\d",
    "randomBankAccount": r"\d{8}",
    "randomBankAccountName": r"[A-Z][A-Za-z ]+ Account",
    "randomBankAccountIban": r"[A-Z]{2}\d\d[0-9A-Z]{11,30}",
    "randomBankAccountBic": r"[A-Z]{6}[A-Z0-9]{2,5}",
    "randomCreditCardMask": r"\d{4}",
    "randomTransactionType": "deposit|withdrawal|payment|invoice",
    "randomCurrencyCode": "[A-Z]{3}",
    "randomCurrencyName": r"[A-Z].+",
    "randomCurrencySymbol": r"\S{1,5}|",
    "randomBitcoin": r"[13][0-9A-Za-z]{24,33}",
    "randomDatabaseColumn": r"\w+",
    "randomDatabaseType": "[a-z]+",
    "randomDatabaseCollation": r"\w+",
    "randomDatabaseEngine": r"\w+",
    "randomProtocol": "https?",
    "randomUrl": rf"https?://{HOST}",
    "randomDomainName": HOST,
    "randomDomainSuffix": "com|biz|info|name|net|org",
    "randomDomainWord": "[a-z]+",
    "randomIP": r"\d{1,3}(?:\.\d{1,3}){3}",
    "randomIPV6": "[0-9a-f]{4}(?::[0-9a-f]{4}){7}",
    "randomMACAddress": "[0-9a-f]{2}(?::[0-9a-f]{2}){5}",
    "randomUserAgent": r"(?:Mozilla|Opera)/\d.+",
    "randomAvatarImage": r"https://[\w.]+/avatars/[\w-]+_128\.jpg",
    "randomImageUrl": IMAGE,
    "randomImageDataUri": r"data:image/svg\+xml;charset=UTF-8,%3Csvg%20xmlns.*",
    "randomAbstractImage": f"{IMAGE}/abstract",
    "randomAnimalsImage": f"{IMAGE}/animals",
    "randomBusinessImage": f"{IMAGE}/business",
    "randomCatsImage": f"{IMAGE}/cats",
    "randomCityImage": f"{IMAGE}/city",
    "randomFoodImage": f"{IMAGE}/food",
    "randomNightlifeImage": f"{IMAGE}/nightlife",
    "randomFashionImage": f"{IMAGE}/fashion",
    "randomPeopleImage": f"{IMAGE}/people",
    "randomNatureImage": f"{IMAGE}/nature",
    "randomSportsImage": f"{IMAGE}/sports",
    "randomTransportImage": f"{IMAGE}/transport",
    "randomWord": r"[\w.&,'/() -]+",
    "randomWords": r"[\w.&,'/()$ -]+",
    "randomNoun": "[a-z ]+",
    "randomVerb": "[a-z ]+",
    "randomIngverb": "[a-z ]+ing|backing up",
    "randomAdjective": "[0-9a-z -]+",
    "randomPhrase": r"[A-Za-z].+[!.]",
    "randomLoremWord": "[a-z]+",
    "randomLoremWords": "[a-z]+ [a-z]+ [a-z]+",
    "randomLoremSlug": "[a-z]+-[a-z]+-[a-z]+",
    "randomLoremSentence": SENTENCE,
    "randomLoremSentences": rf"{SENTENCE}(?: {SENTENCE})+",
    "randomLoremParagraph": rf"{SENTENCE}(?: {SENTENCE})+",
    "randomLoremParagraphs": r"(?:[A-Z][a-z .A-Z]+(?:\n \r)?){3}",
    "randomLoremText": r"[A-Za-z][A-Za-z. \n\r]+",
    "randomLoremLines": rf"{SENTENCE}(?:\n{SENTENCE})*",
    "randomFileName": r"\w+\.[\w-]+",
    "randomFileType": "[a-z-]+",
    "randomFileExt": r"[\w-]+",
    "randomCommonFileName": r"\w+\.\w+",
    "randomCommonFileType": "audio|image|text|video|application",
    "randomCommonFileExt": r"\w+",
    "randomFilePath": r"(?:/[\w+]+)+\.[\w-]+",
    "randomDirectoryPath": r"(?:/[\w+]+)+",
    "randomMimeType": r"[\w-]+/[\w.+-]+",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_dynamic_variable_has_postmans_form(name):
    """Twenty values of each have the form that Newman's have."""
    made = DynamicVariables(random.Random(name), lambda: 1_700_000_000.0)
    for _ in range(20):
        value = made.value(f"${name}")
        assert value is not None
        assert re.fullmatch(FORMS[name], value, re.DOTALL), value


def test_there_are_no_others():
    """The forms above are of all names, and Postman's random hexadecimal digits of old."""
    made = DynamicVariables(random.Random(1), lambda: 0.0)
    assert {name[1:] for name in made.names()} == {*FORMS, "randomHexadecimal"}


def test_an_iban_has_right_check_digits():
    """Moved to the front and read as a number, an IBAN leaves 1 when divided by 97."""
    iban = DynamicVariables(random.Random(5), lambda: 0.0).value("$randomBankAccountIban")
    assert iban is not None
    assert int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97 == 1

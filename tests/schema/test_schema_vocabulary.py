"""The lists of texts in the schemas are those of their sources, and what a refusal says of them helps."""

from __future__ import annotations

from importlib.resources import files

import pytest

from umapi_models.vocabulary import COUNTRIES


def test_countries_are_those_of_iso_3166() -> None:
    """The country codes are those in the ISO 3166 table of the time zone database, and UD for undefined."""
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    codes = {line.partition("\t")[0] for line in table.splitlines() if not line.startswith("#")}
    assert set(COUNTRIES) == {*codes, "UD"}


def test_the_name_of_a_country_leads_to_its_code() -> None:
    """Each country whose name in that table is of words alone is found by it, and some by others that they go by."""
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    for code, name in (line.split("\t") for line in table.splitlines() if not line.startswith("#")):
        if name.replace(" ", "").isascii() and name.replace(" ", "").isalpha():
            assert COUNTRIES.objection(name).endswith(f': give "{code}"')
    for name, code in {"Great Britain": "GB", "United States of America": "US", "Deutschland": "DE"}.items():
        assert COUNTRIES.objection(name).endswith(f': give "{code}"')
    assert set(COUNTRIES.meant.values()) <= set(COUNTRIES)


@pytest.mark.parametrize(("slip", "meant"), [("UK", "GB"), ("us", "US"), (" de ", "DE"), ("uk", "GB"), ("usa", "US")])
def test_a_slip_is_told_what_is_meant(slip: str, meant: str) -> None:
    """A code of everyday use, in lower case or among blanks, is refused with the code that must be meant."""
    assert COUNTRIES.objection(slip) == f'"{slip}" is no country code of ISO 3166-1: give "{meant}"'


@pytest.mark.parametrize("wrong", ["XX", "EU", "", "Atlantis", "ß", "X" * 10_000])
def test_any_other_text_is_told_what_is_wanted(wrong: str) -> None:
    """What stands for no country is refused in one short line, which names none of the codes but an example."""
    told = COUNTRIES.objection(wrong)
    assert told.endswith('is no country code of ISO 3166-1: give one of the two-letter codes, such as "US"')
    assert len(told) < 160

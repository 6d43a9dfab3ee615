"""Spellings: a name that a recording knows is found in every form in which programs and people write it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.cli import main

USER = {"firstname": "J\u00fcrgen", "lastname": "M\u00fcllersmann", "email": "post@quagmire.example"}
SPELLINGS = {
    "capitals": "M\u00dcLLERSMANN",
    "umlauts in two letters": "Muellersmann",
    "umlauts as plain letters": "Mullersmann",
    "umlauts as letters with an accent": "Mu\u0308llersmann",
    "letters of full width": "\uff2d\u00fc\uff4c\uff4c\uff45\uff52\uff53\uff4d\uff41\uff4e\uff4e",
    "a letter that nobody sees": "M\u00fcllers\u200bmann",
    "a soft hyphen": "M\u00fcllers\u00admann",
    "run together": "juergenmuellersmann",
    "run together, with capitals": "J\u00fcrgenM\u00fcllersmann",
    "run together, family name first": "MullersmannJurgen",
    "initial and family name": "jmuellersmann",
    "family name and initial": "mullersmannj",
    "first name and initial": "juergenm",
    "a number behind it": "jmuellersmann02",
    "with a dot": "jurgen.mullersmann",
    "with an underscore": "mullersmann_jurgen",
    "with a comma": "Muellersmann, Juergen",
}
# Two short names, neither of which is sought alone, out of one field.
SHORT = {
    "with a dot": "jane.doe",
    "with an underscore": "doe_jane",
    "with a hyphen": "Jane-Doe",
    "with a plus": "Doe+Jane",
    "with a comma": "Doe, Jane",
    "run together": "janedoe",
    "initial": "jdoe",
    "initial and dot": "J. Doe",
}
ALONE = ("j\u00fcrgen", "jurgen", "juergen", "m\u00fcller", "mueller", "muller", "mu\u0308ller", "lersmann", "mann")


def _redacted(tmp_path: Path, *bodies: Any, accept: str = "") -> str:
    """The answers of a recording once it is redacted, in small letters; `--check` must be content with it."""
    request = {"method": "GET", "url": "https://usermanagement.adobe.io/v2/usermanagement/status", "headers": []}
    entries = [
        {"request": request, "response": {"status": 200, "headers": [], "content": {"text": json.dumps(body)}}}
        for body in bodies
    ]
    source, out = tmp_path / "in.har", tmp_path / "out.har"
    source.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    assert main(["redact", "--check", str(source)]) == 1
    assert main(["redact", "--accept", accept, str(source), str(out)]) == 0
    assert main(["redact", "--check", "--accept", accept, str(out)]) == 0
    written: Any = json.loads(out.read_text("utf-8"))["log"]["entries"]
    return "\n".join(one["response"]["content"]["text"] for one in written).lower()


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_known_name_is_found_however_it_is_spelt(spelling: str, tmp_path: Path) -> None:
    """Another exchange tells first and last name; of the same name in free prose nothing is left."""
    shown = _redacted(tmp_path, {"note": f"we saw {spelling} there"}, {"users": [USER]})
    assert "we saw " in shown
    assert " there" in shown
    assert [part for part in (*ALONE, spelling.lower()) if part in shown] == []


@pytest.mark.parametrize("spelling", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize(
    "user",
    [
        {"displayName": "Jane Doe"},
        {"name": {"formatted": "Doe, Jane"}},
        {"firstname": "Jane", "country": "US", "lastname": "Doe"},
        {"email": "jane.doe@quagmire.example"},
    ],
    ids=["whole", "family first", "parts", "address"],
)
def test_short_names_are_found_together(user: dict[str, Any], spelling: str, tmp_path: Path) -> None:
    """Both names of a person in a row are found in each order and with anything between, initials too."""
    shown = _redacted(tmp_path, {"note": f"we saw {spelling} there", "user": user})
    assert spelling.lower() not in shown
    assert "doe" not in json.loads(shown)["note"]


def test_names_of_different_people_are_not_put_together(tmp_path: Path) -> None:
    """The first name of one and the last of another are no third person's."""
    people = [{"firstname": "Anna", "lastname": "Berg"}, {"firstname": "Emil", "lastname": "Thal"}]
    shown = json.loads(_redacted(tmp_path, {"users": people, "note": "annathal, emilberg"}, accept="annathal emilberg"))
    assert shown["note"] == "annathal, emilberg"


@pytest.mark.parametrize(
    "group", ["Quagmire_Video Team", "quagmire-video-team", "QuagmireVideoTeam", "quagmire.video team"]
)
def test_a_group_is_found_whatever_parts_its_words(group: str, tmp_path: Path) -> None:
    """What stands between the words of a group's name does not count."""
    shown = _redacted(tmp_path, {"note": f"in {group} now", "groups": [{"groupName": "Quagmire Video Team"}]})
    assert group.lower() not in shown
    assert "quagmire" not in shown


def test_ordinary_words_beside_known_names_stay(tmp_path: Path) -> None:
    """Words that begin or end as a known name, or hold it, are left as they are."""
    note = "the germans were overly janes; doeskin, ajdoe, jdoes, a day for each"
    shown = json.loads(
        _redacted(tmp_path, {"note": note, "user": {"displayName": "Jane Doe"}, "o": "Anna Day"}, accept=note)
    )
    assert shown["note"] == note

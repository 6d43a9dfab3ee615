"""Files byte by byte as Excel and LibreOffice write them: whatever the variant, the same people are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from umapi_sdk.batches import commands_of, write_command
from umapi_sdk.sheets import SheetError, open_sheet

CREATE = {"option": "updateIfAlreadyExists"}
PEOPLE = [
    {
        "user": "zoe@example.com",
        "do": [
            {
                "createFederatedID": {
                    "email": "zoe@example.com",
                    "firstname": "Zoë",
                    "lastname": 'Straße "Z"',
                    "country": "DE",
                    **CREATE,
                }
            },
            {"add": {"group": ["Design; Team", "Sales, EMEA"]}},
        ],
    },
    {
        "user": "ana@example.com",
        "do": [
            {
                "createFederatedID": {
                    "email": "ana@example.com",
                    "firstname": "Ana",
                    "lastname": "Núñez, hija",
                    "country": "ES",
                    **CREATE,
                }
            }
        ],
    },
]

# Excel ends rows with CR LF and quotes only what it must; a line break that was typed into a cell is a line feed.
EXCEL = (
    "Email,First Name,Last Name,Country Code,User Groups,Notes\r\n"
    'zoe@example.com,Zoë,"Straße ""Z""",DE,"Design; Team,""Sales, EMEA""","first\nsecond"\r\n'
    'ana@example.com,Ana,"Núñez, hija",ES,,\r\n'
)
# Where commas divide the numbers, it writes semicolons, and quotes cells with semicolons in place of those with commas.
EXCEL_EUROPE = (
    "Email;First Name;Last Name;Country Code;User Groups;Notes\r\n"
    'zoe@example.com;Zoë;"Straße ""Z""";DE;"Design; Team,""Sales, EMEA""";"first\nsecond"\r\n'
    "ana@example.com;Ana;Núñez, hija;ES;;\r\n"
)
# "Unicode Text" has tabs, and quotes cells with commas all the same.
EXCEL_TABS = (
    "Email\tFirst Name\tLast Name\tCountry Code\tUser Groups\tNotes\r\n"
    'zoe@example.com\tZoë\t"Straße ""Z"""\tDE\t"Design; Team,""Sales, EMEA"""\t"first\nsecond"\r\n'
    'ana@example.com\tAna\t"Núñez, hija"\tES\t\t\r\n'
)
# Cells that were formatted once and hold nothing make columns and rows of their own.
EXCEL_EMPTY = (
    "Email;First Name;Last Name;Country Code;User Groups;Notes;;\r\n"
    'zoe@example.com;Zoë;"Straße ""Z""";DE;"Design; Team,""Sales, EMEA""";;;\r\n'
    ";;;;;;;\r\n"
    "ana@example.com;Ana;Núñez, hija;ES;;;;\r\n"
    ";;;;;;;\r\n"
    ";;;;;;;\r\n"
)
# In blocks of sixteen rows it leaves out delimiters after which nothing follows (Microsoft's article 77295).
EXCEL_SHORT = (
    "Email,First Name,Last Name,Country Code,User Groups,Notes\r\n"
    'zoe@example.com,Zoë,"Straße ""Z""",DE,"Design; Team,""Sales, EMEA"""\r\n'
    'ana@example.com,Ana,"Núñez, hija",ES\r\n'
)
# LibreOffice ends rows with LF.
LIBREOFFICE = EXCEL.replace("\r\n", "\n")
LIBREOFFICE_QUOTED = (
    '"Email","First Name","Last Name","Country Code","User Groups","Notes"\n'
    '"zoe@example.com","Zoë","Straße ""Z""","DE","Design; Team,""Sales, EMEA""","first\nsecond"\n'
    '"ana@example.com","Ana","Núñez, hija","ES",,\n'
)

FILES = {
    "Excel, CSV UTF-8": ("\ufeff" + EXCEL).encode(),
    "Excel, CSV UTF-8, Europe": ("\ufeff" + EXCEL_EUROPE).encode(),
    "Excel, Unicode text": ("\ufeff" + EXCEL_TABS).encode("utf-16-le"),
    "Excel, big-endian Unicode text": ("\ufeff" + EXCEL_TABS).encode("utf-16-be"),
    "Excel, sep line": ("\ufeffsep=;\r\n" + EXCEL_EUROPE).encode(),
    "Excel, empty columns and rows": ("\ufeff" + EXCEL_EMPTY).encode(),
    "Excel, delimiters left out": ("\ufeff" + EXCEL_SHORT).encode(),
    "Excel for Mac, returns alone": ("\ufeff" + EXCEL.replace("\r\n", "\r")).encode(),
    "LibreOffice": LIBREOFFICE.encode(),
    "LibreOffice, all text quoted": LIBREOFFICE_QUOTED.encode(),
    "LibreOffice, tabs": EXCEL_TABS.replace("\r\n", "\n").encode(),
    "LibreOffice, no line end at the end": LIBREOFFICE.rstrip("\n").encode(),
}


def commands(path: Path, **options: Any) -> list[Any]:
    """The commands of a file in which nothing is wrong."""
    read: list[Any] = []
    for row in open_sheet(path, **options):
        assert row.action is not None, row.problems
        read += [json.loads(write_command(command)) for command, _ in commands_of(row.action)]
    return read


@pytest.mark.parametrize("name", FILES)
def test_spreadsheets(name: str, tmp_path: Path) -> None:
    """Every variant is read without a word on its encoding or delimiter; a column of notes is left out by name."""
    path = tmp_path / "people.csv"
    path.write_bytes(FILES[name])
    assert commands(path, ignored=["Notes"]) == PEOPLE


@pytest.mark.parametrize(("encoding", "end"), [("cp1252", "\r\n"), ("mac_roman", "\r")])
def test_encodings_of_one_country(encoding: str, end: str, tmp_path: Path) -> None:
    """CSV without "UTF-8" in its name is read where its encoding is named; otherwise one line says what to do."""
    path = tmp_path / "people.csv"
    path.write_bytes(EXCEL_EUROPE.replace("\r\n", end).encode(encoding))
    assert commands(path, ignored=["Notes"], encoding=encoding) == PEOPLE
    byte = "ë".encode(encoding)[0]
    with pytest.raises(SheetError) as caught:
        commands(path, ignored=["Notes"])
    assert str(caught.value) == (
        f"line 2: the byte 0x{byte:02X} is not UTF-8: save the file as CSV UTF-8, or name its encoding, such as "
        "--encoding cp1252"
    )


def test_lines_of_rows(tmp_path: Path) -> None:
    """A row has the line in which it begins, counted with the line breaks in cells, blank rows and the `sep=` line."""
    path = tmp_path / "people.csv"
    path.write_bytes(FILES["Excel, sep line"])
    assert [(row.number, row.line) for row in open_sheet(path, ignored=["Notes"])] == [(1, 3), (2, 5)]
    path.write_bytes(FILES["Excel, empty columns and rows"])
    assert [(row.number, row.line) for row in open_sheet(path, ignored=["Notes"])] == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1.23457E+11", "is a number that a spreadsheet has shortened"),
        ("1,23457E+11", "is a number that a spreadsheet has shortened"),
        ("#NAME?", "is an error of a spreadsheet"),
        ("#N/A", "is an error of a spreadsheet"),
        ("#BEZUG!", "is an error of a spreadsheet"),
        ("Err:502", "is an error of a spreadsheet"),
    ],
)
def test_what_spreadsheets_do_to_cells(cell: str, said: str, tmp_path: Path) -> None:
    """A number that lost its digits, and the error of a formula, are no name of a user or group."""
    path = tmp_path / "people.csv"
    path.write_text(f"user\tdomain\tgroups\n{cell}\texample.com\tA\n", "utf-8")
    (row,) = open_sheet(path, action="add")
    assert row.action is None
    assert f'row 1 (line 2), column user: "{cell}" {said}' in str(row.problems[0])


@pytest.mark.parametrize("group", ["1E10", "#team", "E+11", "5th: A"])
def test_names_that_spreadsheets_have_not_touched(group: str, tmp_path: Path) -> None:
    """What only looks a little like such a cell is a name."""
    path = tmp_path / "people.csv"
    path.write_text(f"user\tgroups\na@example.com\t{group}\n", "utf-8")
    assert commands(path, action="add")[0]["do"] == [{"add": {"group": [group]}}]

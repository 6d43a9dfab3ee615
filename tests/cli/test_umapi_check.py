"""The command `umapi check`: what it says of good files and of bad ones, without a connection."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from umapi_command import Result
from umapi_sdk.cli import main

HEADER = "email,firstname,lastname,country,groups\n"
OVERWRITING = (
    ", and who is there already gets the names of the row: "
    "a column option with ignoreIfAlreadyExists keeps the old ones"
)
Check = Callable[..., Result]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `umapi check` on a text, in a place without any setting."""
    for name in [name for name in os.environ if name.startswith("UMAPI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes, *arguments: str) -> Result:
        Path("people.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        status = main(["check", "people.csv", *arguments])
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


def rows(count: int, *, country: str = "DE", groups: str = "") -> str:
    """A file of that many people."""
    return HEADER + "".join(f"p{number}@x.com,A,B,{country},{groups}\n" for number in range(count))


def test_a_good_file(check: Check) -> None:
    """Rows, commands, requests and the least time are told, with exit status 0."""
    result = check(rows(120))
    assert (result.status, result.err) == (0, "")
    plan = "120 rows in 120 commands, 0 of them merged, in 12 requests: 1 min 0 s at least, at 10 requests in 60 s"
    assert result.lines == [f"No problem: {plan}", f"120 rows create users{OVERWRITING}"]


def test_several_files(check: Check) -> None:
    """Each file has its verdict behind its name, and one bad file makes the exit status 2 whichever place it has."""
    Path("bad.csv").write_text(rows(1, country="XX"), "utf-8")
    good = check(rows(1), "people.csv")
    assert (good.status, [line.partition(":")[0] for line in good.lines]) == (0, ["people.csv"] * 4)
    for others in (["people.csv", "bad.csv"], ["bad.csv", "people.csv"]):
        result = check(rows(1), *others)
        assert result.status == 2
        assert "bad.csv: 1 problem in 1 row" in result.lines
        assert sum(line.startswith("people.csv: No problem: 1 row in 1 command") for line in result.lines) == 2


def test_memberships_by_group(check: Check) -> None:
    """`--by-group` plans as it does for `apply`: 100 people go into a group with one request."""
    content = "email,groups\n" + "".join(f"p{number}@x.com,A\n" for number in range(100))
    assert "in 10 requests" in check(content, "--action", "add").out
    assert "in 1 request" in check(content, "--action", "add", "--by-group").out


def test_bad_rows(check: Check) -> None:
    """Each problem is a line with the file, row, line and column; then how many there are; exit status 2."""
    result = check(HEADER + "a@x.com,A,B,XX,\n\nb@x.com,,B,DE,\n")
    assert (result.status, result.err) == (2, "")
    first, second, last = result.lines
    assert first.startswith('people.csv: row 1 (line 2), column country: "XX" is no country code of ISO 3166-1')
    assert second == "people.csv: row 2 (line 4), column firstname: is blank, and a federatedID needs it"
    assert last == "2 problems in 2 rows"


def test_many_problems(check: Check) -> None:
    """A hundred are shown, with how many there are; `--all-problems` shows every one."""
    content = rows(150, country="XX")
    result = check(content)
    assert len(result.lines) == 101
    assert result.lines[-1] == "150 problems in 150 rows, 50 of them not shown (--all-problems shows them)"
    result = check(content, "--all-problems")
    assert len(result.lines) == 151
    assert result.lines[-1] == "150 problems in 150 rows"


def test_a_file_that_cannot_be_read(check: Check) -> None:
    """What ends the reading is told like a problem."""
    result = check(HEADER.replace("country", "contry"))
    assert result.status == 2
    assert result.lines[0].startswith("people.csv: line 1, column contry: is unknown: is country meant?")
    result = check(b"email,groups\na@x.com,\xe9\n", "--action", "add")
    assert result.lines[0].startswith("people.csv: line 2: the byte 0xE9 is not UTF-8")


def test_options_of_files(check: Check) -> None:
    """Encoding, delimiter, form, action and columns to leave out can be named; what means nothing is refused."""
    content = "email|groups|Cost Centre\na@x.com|Équipe|7\n".encode("cp1252")
    options = ("--encoding", "cp1252", "--delimiter", "|", "--format", "csv", "--action", "add")
    assert check(content, *options, "--ignore-column", "cost centre").status == 0
    assert (
        check(content.replace(b"|", b"\t"), *options[:3], "tab", *options[4:], "--ignore-column", "Cost Centre").status
        == 0
    )
    assert check(content, *options).status == 2
    result = check(content, "--action", "dance")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("umapi: dance is no action: give one of create, ")


def test_no_file(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is a problem of one line; it may be the name of a second column to leave out."""
    missing = str(tmp_path / "missing.csv")
    assert main(["check", missing]) == 2
    assert "--ignore-column" not in capsys.readouterr().out
    assert main(["check", "--ignore-column", "A", missing]) == 2
    assert "--ignore-column takes one column, and is repeated for more" in capsys.readouterr().out


def test_rows_that_end_early_are_counted(check: Check) -> None:
    """A person without the cell of groups is created without any, and who checks the file is told."""
    whole, short = "a@x.com,A,B,DE,G\n", "b@x.com,A,B,DE\n"
    told = "1 row ends early: cells that are missing at the end are taken for blank"
    assert check(HEADER + whole + short).lines[1:-1] == [told]
    assert check(HEADER + short + short.replace("b@", "c@")).lines[1].startswith("2 rows end early")
    assert len(check(HEADER + whole).lines) == 2
    assert len(check(HEADER.replace("groups", "ID") + short).lines) == 2


def test_rows_under_an_unknown_column_are_counted(check: Check) -> None:
    """The summary counts the rows that were looked at though a column is unknown."""
    assert check(rows(3, country="XX").replace("groups", "gruppe")).lines[-1] == "4 problems in 3 rows"


def test_what_users_writes_can_be_read(umapi: Callable[..., Result], tmp_path: Path) -> None:
    """What `umapi users --format csv` lists is a file of people, by which all of them can be removed."""
    path = tmp_path / "users.csv"
    path.write_text(umapi("users", "--format", "csv").out, "utf-8")
    for action in ("remove_from_org", "remove_all"):
        result = umapi("check", str(path), "--action", action)
        assert result.status == 0, result.out
        assert "13 rows in 13 commands" in result.out


def test_what_users_writes_is_not_always_possible(umapi: Callable[..., Result], tmp_path: Path) -> None:
    """People without names, and groups that the API does not give, are told when a listing is to be carried out."""
    path = tmp_path / "users.csv"
    path.write_text(umapi("users", "--format", "csv").out, "utf-8")
    result = umapi("check", str(path))
    assert result.status == 2
    told = [line.partition("), column ")[2] for line in result.lines[:-1]]
    assert told[:2] == [f"{name}: is blank, and a federatedID needs it" for name in ("firstname", "lastname")]
    assert told[2].startswith('groups: "_org_admin" can be neither given nor taken through the API')
    assert len(told) == 3


def test_names_of_a_row_that_replace_others_are_told(check: Check) -> None:
    """Rows that would rename who is there already are counted, unless an option says what is to become of them."""
    content = "email,firstname,lastname,country,option,type\na@x.com,A,B,DE,{},{}\n"
    assert check(content.format("", "")).lines[1] == f"1 row creates a user{OVERWRITING}"
    for option in ("updateIfAlreadyExists", "ignoreIfAlreadyExists", "fail"):
        assert len(check(content.format(option, "")).lines) == 1
    assert len(check(content.format("", "adobeID")).lines) == 1
    assert len(check("email,groups\na@x.com,G\n", "--action", "add").lines) == 1


def test_a_semicolon_in_a_name_is_told(check: Check) -> None:
    """Names of groups with semicolons between them are taken for one, which is told; quotes say that it is one."""
    content = 'email,groups\na@x.com,{}\nb@x.com,"A,B"\n'
    result = check(content.format("DevOps;Marketing") + "c@x.com,x;y\n", "--action", "add")
    assert (result.status, result.lines[1:]) == (
        0,
        [
            'row 1: "DevOps;Marketing" is taken for one name, and 1 row more has such a name: '
            "write commas between names, or double quotes around one that has a semicolon"
        ],
    )
    assert len(check(content.format('"""DevOps;Marketing"",C"'), "--action", "add").lines) == 1


def test_a_file_without_rows(check: Check) -> None:
    """A header line alone is no mistake, and is told as what it is."""
    result = check(HEADER)
    assert (result.status, result.out) == (0, "No rows: there is nothing to do\n")


def test_bad_rows_in_a_file_of_their_own(check: Check) -> None:
    """`--bad` writes the rows that have problems with what is wrong; corrected, they are applied as they stand."""
    Path("bad.csv").write_text("nothing of umapi\n", "utf-8")
    content = HEADER + "a@x.com,A,B,DE,\nb@x.com,,B,DE,\nc@x.com,C,D,DE,\nC@x.com,X,D,DE,\n"
    refused = check(content, "--bad", "bad.csv")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("umapi: bad.csv: is there already, and holds no bad rows of `umapi`")
    Path("bad.csv").unlink()
    result = check(content, "--bad", "bad.csv")
    assert (result.status, result.lines[-1]) == (2, "3 problems in 4 rows")
    bad = Path("bad.csv").read_text("utf-8")
    assert bad.splitlines() == [
        "problem," + HEADER.rstrip(),
        '"row 2 (line 3), column firstname: is blank, and a federatedID needs it",b@x.com,,B,DE,',
        '"row 3 (line 4): creates what row 4 creates otherwise: take one of the two out",c@x.com,C,D,DE,',
        '"row 4 (line 5): creates what row 3 creates already: take one of the two out",C@x.com,X,D,DE,',
    ]
    corrected = [line.replace(",,B,", ",B,B,") for line in bad.splitlines()[:3]]
    assert check("\n".join(corrected)).status == 0
    assert check(content, "people.csv", "--bad", "bad.csv").err.startswith("umapi: --bad takes the bad rows of one")
    assert check(content, "--bad", "people.csv").err.startswith("umapi: --bad people.csv: is the file of the rows too")


def test_words_that_are_nearly_known(check: Check) -> None:
    """An action that is misspelt in a cell is asked after."""
    result = check("email,groups,action\na@x.com,G,ad\n")
    assert 'column action: "ad" is not known: is add meant? give one of create, ' in result.lines[0]


def test_utf_8_read_as_another_encoding(check: Check) -> None:
    """Letters that are UTF-8 read in the encoding of Windows are told with what must be meant; real names are left."""
    for name in ("Núñez", "Dvořák", "Åsa", "Ana\u2019s", "Αλέξης"):
        content = HEADER + f"a@x.com,{name},B,DE,\n"
        assert check(content).status == 0
        read = check(content.encode("utf-8"), "--encoding", "cp1252")
        assert (read.status, len(read.lines)) == (2, 2), name
        assert f'is "{name}" in UTF-8, read in another encoding: read the file as UTF-8' in read.lines[0]
        twice = check(content.encode("utf-8").decode("cp1252"))
        assert twice.lines[0].startswith("people.csv: row 1 (line 2), column firstname: ")
    for name in ("SÃO", "Gruß\u2013Team", "Ð", "Ñandú", "Îles\u2013Nord", "CAFÉ™"):
        assert check(HEADER + f"a@x.com,{name},B,DE,\n").status == 0, name


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("M\ufffdller", "has the mark of a letter that could not be read"),
        ("M&uuml;ller", 'is "Müller" as HTML writes it: write the letters'),
        ("Ana\u200b", "holds \\u200b, which cannot be seen: take it out"),
        ("\u00adAna", "holds \\xad, which cannot be seen: take it out"),
    ],
)
def test_spoilt_letters(check: Check, cell: str, told: str) -> None:
    """What stands for a letter and is none is told with what it is, in names of people and of groups."""
    said = check(HEADER + f"a@x.com,{cell},B,DE,\nb@x.com,A,B,DE,{cell}\n").lines
    assert [told in line for line in said] == [True, True, False]
    assert check(HEADER + "a@x.com,R&D;,B,DE,AT&T\n").status == 0


def test_an_address_that_holds_an_invisible_character(check: Check) -> None:
    """It makes a user whom nobody can name; one who is there already can be removed."""
    content = "email,firstname,lastname,country\njo\u200be@x.com,A,B,DE\n"
    assert '"jo\\u200be@x.com" is no e-mail address: take out \\u200b, which cannot be seen' in check(content).lines[0]
    assert check(content, "--action", "remove_from_org").status == 0


def test_names_that_an_action_does_not_read(check: Check) -> None:
    """Who gives a mover a new name by a row that changes groups alone is told; an export of leavers has names too."""
    content = "email,lastname,groups\na@x.com,New,G\nb@x.com,,G\n"
    told = "1 row has a name in columns that add and remove do not read, and changes none: action update does"
    assert check(content, "--action", "add").lines[1:] == [told]
    assert len(check(content, "--action", "remove_from_org").lines) == 1
    assert len(check(content, "--action", "update").lines) == 1


def test_leavers_who_stand_twice(check: Check) -> None:
    """Letter case of an address makes no other user; who has come back in between can leave again."""
    leaves, comes = "remove_from_org,{}@x.com,,,\n", "create,{}@x.com,A,B,DE\n"
    header = "action,email,firstname,lastname,country\n"
    result = check(header + leaves.format("tom") + leaves.format("TOM"))
    assert result.lines[0] == "people.csv: row 2 (line 3): asks for the same as row 1: take one of the two out"
    assert check(header + leaves.format("tom") + comes.format("Tom") + leaves.format("tom")).status == 0
    for kind in ("", "adobeID"):
        rounds = (
            (comes.format("tom") + leaves.format("tom")).replace(",DE\n", f",DE,{kind}\n").replace(",,,\n", ",,,,\n")
        )
        assert check(header.replace("country", "country,type") + rounds * 2).status == 0


def test_only_slips_are_asked_after(check: Check) -> None:
    """A word that is no slip of the pen leads to no other action or column, least of all to a removal."""
    assert "meant" not in check("email,groups,action\na@x.com,G,move\n").lines[0]
    assert "meant" not in check("email,groups,Vorname\na@x.com,G,A\n", "--action", "add").lines[0]


def test_files_that_ask_for_nothing(check: Check, umapi: Callable[..., Result], tmp_path: Path) -> None:
    """An export in JSON Lines and a journal are told as that; an empty file of JSON Lines has no rows."""
    export = tmp_path / "all.jsonl"
    umapi("export", str(export))
    assert "is an export in JSON Lines, and asks for nothing" in umapi("check", str(export)).out
    journal = check(b"SQLite format 3\0\x01", "--encoding", "cp1252").out
    assert "is a database: the journal of a run is gone on with by `umapi apply --resume`" in journal
    left = tmp_path / "left.jsonl"
    left.touch()
    assert umapi("check", str(left)).out == "No rows: there is nothing to do\n"


def test_options_that_would_be_lost(check: Check) -> None:
    """An option that is given twice counts once, and one of `umapi` stands before the command; both are told."""
    twice = check(rows(1), "--action", "add", "--action", "remove")
    assert (twice.status, twice.err) == (2, "umapi: --action is given twice, and counts once: leave one out\n")
    late = check(rows(1), "--profile", "x")
    assert (late.status, late.err) == (2, "umapi: --profile stands before the command: umapi --profile … check\n")

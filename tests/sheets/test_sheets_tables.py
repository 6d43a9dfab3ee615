"""CSV as a list of people: what each column and action means, and every mistake told by row, line and column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from umapi_sdk.batches import commands_of, write_command
from umapi_sdk.sheets import SheetError, open_sheet

Read = Callable[..., list[Any]]
HEADER = "upn,mail,firstname,lastname,country_code,groups\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as a file: the command of each row, or what is wrong with it."""

    def read_text(text: str, **options: Any) -> list[Any]:
        path = tmp_path / "people.csv"
        path.write_bytes(text.encode())
        found: list[Any] = []
        for row in open_sheet(path, **options):
            if row.action is None:
                found.append([str(problem) for problem in row.problems])
            else:
                assert not row.problems
                (command, _), *more = commands_of(row.action)
                assert not more
                found.append(json.loads(write_command(command)))
        return found

    return read_text


def refusal(read: Read, text: str, **options: Any) -> list[str]:
    """What is said of a file that is refused as a whole."""
    with pytest.raises(SheetError) as caught:
        read(text, **options)
    return [str(problem) for problem in caught.value.problems]


def test_the_walkthroughs_file(read: Read) -> None:
    """The columns of the walkthrough's source.csv create Federated IDs, or update them, and put them into groups."""
    text = Path("examples/users.csv").read_text("utf-8")
    first, second, third = read(text)
    assert first == {
        "user": "csv.first@example.com",
        "do": [
            {
                "createFederatedID": {
                    "email": "csv.first@example.com",
                    "firstname": "first1",
                    "lastname": "last1",
                    "country": "US",
                    "option": "updateIfAlreadyExists",
                }
            },
            {"add": {"group": ["DevOps", "Document Cloud 1"]}},
        ],
    }
    assert second["do"][1] == {"add": {"group": ["DevOps"]}}
    assert [step for step in third["do"] if "add" in step] == []


ACTIONS: list[tuple[str, str, Any]] = [
    # columns, cells, command
    (
        "type,email,firstname,lastname,country",
        "Enterprise ID,a@x.com,A,B,",
        {
            "createEnterpriseID": {
                "email": "a@x.com",
                "firstname": "A",
                "lastname": "B",
                "option": "updateIfAlreadyExists",
            }
        },
    ),
    ("identity type,email", "adobeID,a@x.com", {"addAdobeID": {"email": "a@x.com", "option": "ignoreIfAlreadyExists"}}),
    (
        "action,email,option",
        "addAdobeID,a@x.com,fail",
        {"addAdobeID": {"email": "a@x.com"}},
    ),
    (
        "action,email,first name,LAST_NAME,new_email,new_username",
        "update,a@x.com,A,,b@x.com,",
        {"update": {"email": "b@x.com", "firstname": "A"}},
    ),
    ("action,email,groups", 'add,a@x.com,"A, ""B,C"""', {"add": {"group": ["A", "B,C"]}}),
    ("action,email,groups", "Remove-From-Groups,a@x.com,A", {"remove": {"group": ["A"]}}),
    ("action,email,remove_groups", "remove,a@x.com,A", {"remove": {"group": ["A"]}}),
    ("action,email,groups", "remove_all,a@x.com,A", {"remove": "all"}),
    ("action,email", "removeFromOrg,a@x.com", {"removeFromOrg": {}}),
    ("action,email", "delete_account,a@x.com", {"removeFromOrg": {"deleteAccount": True}}),
]


@pytest.mark.parametrize(("header", "cells", "step"), ACTIONS)
def test_actions_on_users(header: str, cells: str, step: Any, read: Read) -> None:
    """Each action makes the step of its name, of the cells that are not blank."""
    root = {"user": "a@x.com"} | ({"useAdobeID": True} if "addAdobeID" in step else {})
    assert read(f"{header}\n{cells}\n") == [{**root, "do": [step]}]


GROUP_ACTIONS: list[tuple[str, list[Any]]] = [
    (
        "create_group,G,hello,,P",
        [
            {"createUserGroup": {"description": "hello", "option": "updateIfAlreadyExists"}},
            {"add": {"productConfiguration": ["P"]}},
        ],
    ),
    ("update_group,G,,H,", [{"updateUserGroup": {"name": "H"}}]),
    ("delete_group,G,,,", [{"deleteUserGroup": {}}]),
    ('add_profiles,G,,,"P,Q"', [{"add": {"productConfiguration": ["P", "Q"]}}]),
    ("remove_profiles,G,,,P", [{"remove": {"productConfiguration": ["P"]}}]),
]


@pytest.mark.parametrize(("cells", "steps"), GROUP_ACTIONS)
def test_actions_on_user_groups(cells: str, steps: Any, read: Read) -> None:
    """A row can be about a user group: make it, change it, delete it, give it profiles."""
    assert read(f"action,group,description,new_name,profiles\n{cells}\n") == [{"usergroup": "G", "do": steps}]


def test_more_groups_than_a_step_can_list(read: Read) -> None:
    """Groups become steps of ten; leaving comes before joining; a name that stands twice is given once."""
    many = ",".join(f"G{number}" for number in range(12))
    (command,) = read(f'user,groups,remove_groups\na@x.com,"{many},G0","H,I"\n', action="add")
    assert [len(step.get("add", step.get("remove"))["group"]) for step in command["do"]] == [2, 10, 2]
    assert "remove" in command["do"][0]


@pytest.mark.parametrize(
    ("columns", "cells", "root"),
    [
        ("user,domain", "jdoe,x.com", {"user": "jdoe", "domain": "x.com"}),
        ("upn,domain", "jdoe@x.com,x.com", {"user": "jdoe@x.com"}),
        ("email,username,domain", "j@x.com,jdoe,x.com", {"user": "jdoe", "domain": "x.com"}),
        ("email,username,domain", "j@x.com,J@X.COM,x.com", {"user": "j@x.com"}),
        ("email,username,domain,type", "j@x.com,JDOE,x.com,enterpriseID", {"user": "j@x.com"}),
        ("email,use_adobe_id", "j@x.com,yes", {"user": "j@x.com", "useAdobeID": True}),
        ("email,type", "j@x.com,Adobe ID", {"user": "j@x.com", "useAdobeID": True}),
        ("email,type,use_adobe_id", "j@x.com,Adobe ID,no", {"user": "j@x.com"}),
    ],
)
def test_who(columns: str, cells: str, root: Any, read: Read) -> None:
    """`user` says who; else the user name for a Federated ID whose e-mail says another; else the e-mail address."""
    (command,) = read(f"{columns}\n{cells}\n", action="remove_all")
    assert command == {**root, "do": [{"remove": "all"}]}


def test_the_export_of_the_admin_console(read: Read) -> None:
    """The columns of Adobe's own CSV are read: profiles and user groups together, roles only if they are blank."""
    header = (
        "Identity Type,Username,Domain,Email,First Name,Last Name,Country Code,ID,Product Configurations,Admin Roles,"
        "Product Configurations Administered,User Groups,User Groups Administered,Products Administered,"
        "Developer Access,Auto Assigned Products"
    )
    good = 'Federated ID,jd@x.com,x.com,jd@x.com,J,D,US,ABC@x.com,"P1,P2",,,UG,,,,Auto'
    bad = "Federated ID,kd@x.com,x.com,kd@x.com,J,D,US,,,ORG_ADMIN,,,,,,"
    read_rows = read(f"{header}\n{good}\n{bad}\n")
    assert read_rows[0]["do"][1] == {"add": {"group": ["P1", "P2", "UG"]}}
    assert read_rows[1] == [
        'row 2 (line 3), column Admin Roles: "ORG_ADMIN" cannot be given here: name the admin group in groups'
    ]


def test_the_file_of_user_sync(read: Read) -> None:
    """The CSV of Adobe's user-sync is read: rows may end early, and a blank type is a Federated ID."""
    text = "firstname,lastname,email,country,groups,type,username,domain\nJane,Doe,jane@x.com,US,cc_users\n"
    (command,) = read(text)
    assert list(command["do"][0]) == ["createFederatedID"]
    assert command["do"][1] == {"add": {"group": ["cc_users"]}}


def test_guards_against_formulas_are_taken_off(read: Read) -> None:
    """The apostrophes that an export of `umapi` puts before formulas are no part of a name; others are."""
    (command,) = read("email,groups\na@x.com,\"'=A,'B,x;'+C\"\n", action="add")
    assert command["do"] == [{"add": {"group": ["=A", "'B", "x;+C"]}}]


GOOD = "a@x.com,a@x.com,A,B,DE,G"
PROBLEMS = [
    ("a@x.com,a@x.com,A,B,XX,G", 'column country_code: "XX" is no country code of ISO 3166-1'),
    ("a@x.com,a@x.com,A,B,us,G", 'column country_code: "us" is no country code of ISO 3166-1: give "US"'),
    ("a@x.com,%s@x.com,A,B,DE,G" % ("x" * 55), "is longer than 60 characters (error.user.email.invalid)"),
    ("a@x.com,nobody,A,B,DE,G", 'column mail: "nobody" is no e-mail address (error.user.email.invalid)'),
    ("a@x.com,a@x.com,,B,DE,G", "column firstname: is blank, and a federatedID needs it"),
    ("a@x.com,a@x.com,A,B,DE,G,H", "has 7 cells, and the header 6: quote a cell that holds a delimiter"),
    (
        "a@x.com,a@x.com,A,B",
        "column country_code: has no cell, and a federatedID needs it: the row has 4 cells, the header 6",
    ),
    (",,A,B,DE,G", "does not say who: fill one of user, email, username"),
    ("jdoe,a@x.com,A,B,DE,G", 'column domain: is not in the file, and "jdoe" is no e-mail address'),
    ('a@x.com,a@x.com,A,B,DE,"""G""H"', "has a quote out of place: write names with commas between them"),
    ('"a"@x.com,a@x.com,A,B,DE,G', "a quote stands within a quoted cell, or the cell before it is not closed"),
    ('a@x.com,a@x.com,"A\nB",B,DE,G', "holds the control character or line break"),
    ("a@x.com,a@x.com,A,B,DE,_org_admin", 'column groups: "_org_admin" can be neither given nor taken'),
    ("a@x.com,a@x.com,A,B,DE,%s" % ("g" * 256), "column groups: "),
]


@pytest.mark.parametrize("action", ["create", "add", "remove_from_org"])
def test_a_mistyped_address_is_one_problem(action: str, read: Read) -> None:
    """Without a column for domains, what stands under e-mail and is none is told once, under that column."""
    (found,) = read("email,firstname,lastname,country,groups\nnobody,A,B,DE,G\n", action=action)
    assert found == ['row 1 (line 2), column email: "nobody" is no e-mail address (error.user.email.invalid)']


@pytest.mark.parametrize(("row", "said"), PROBLEMS)
def test_problems_of_a_row(row: str, said: str, read: Read) -> None:
    """Each is one line with row, line and column; the rows around it are read."""
    before, found, after = read(f"{HEADER}b@x.com,b@x.com,B,B,DE,\n\n{row}\nc@x.com,c@x.com,C,C,DE,\n")
    assert (before["user"], after["user"]) == ("b@x.com", "c@x.com")
    (line,) = found
    assert line.startswith("row 2 (line 4)")
    assert said in line


def test_all_that_is_wrong_with_a_row_is_told(read: Read) -> None:
    """Several mistakes in a row are several problems."""
    (found,) = read(f"{HEADER}jdoe,nobody,,B,XX,\n")
    assert len(found) == 4
    assert [line.split(": ")[0].rpartition(" ")[2] for line in found] == ["domain", "firstname", "mail", "country_code"]


WISHES = [
    (
        "email,action,new_email",
        "a@x.com,remove_all,b@x.com",
        "column new_email: means nothing for remove_all: empty the cell",
    ),
    ("email,action,description", "a@x.com,remove_all,hello", "column description: means nothing for remove_all"),
    ("email,action,group", "a@x.com,remove_all,G", "column group: names a user group, and remove_all is about a user"),
    (
        "email,action,group",
        "a@x.com,delete_group,G",
        "column email: names a user, and delete_group is about a user group",
    ),
    ("email,action,group", ",delete_group,", "column group: is blank, and delete_group needs it"),
    ("email,action", "a@x.com,dance", 'column action: "dance" is not known: give one of create, update, add'),
    ("email,action", "a@x.com,delete", 'column action: "delete" is not known'),
    (
        "email,action,type",
        "a@x.com,create,Business ID",
        'column type: "Business ID" is not known: give adobeID, enterpriseID',
    ),
    (
        "email,action,use_adobe_id",
        "a@x.com,remove_all,perhaps",
        'column use_adobe_id: "perhaps" is not known: give true or false',
    ),
    (
        "email,action,option,type",
        "a@x.com,create,replace,adobeID",
        'column option: "replace" is not known: give updateIfAlready',
    ),
    ("email,action,groups", "a@x.com,add,", "column groups: is blank, and it says which groups"),
    ("email,action,firstname", "a@x.com,update,", "update has nothing to do: fill one of new_email, "),
    ("email,action,groups,remove_groups", "a@x.com,remove,A,B", "fill groups or remove_groups, not both"),
    ("email,action,groups,remove_groups", "a@x.com,add,A,a", 'column remove_groups: "A" stands in groups too'),
    ("email,action,,groups", "a@x.com,add,hello,A", 'cell 3, "hello", stands under no column name'),
]


@pytest.mark.parametrize(("header", "cells", "said"), WISHES)
def test_what_a_row_cannot_ask_for(header: str, cells: str, said: str, read: Read) -> None:
    """A wish that nothing would be done about is a problem, and so is one that is not understood."""
    (found,) = read(f"{header}\n{cells}\n")
    assert [line for line in found if said in line], found


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("update", "has a quote out of place"),
        ("remove", "has a quote out of place"),
        ("remove_all", "means nothing for remove_all: empty the cell"),
    ],
)
def test_a_bad_cell_is_told_once(action: str, said: str, read: Read) -> None:
    """However often a cell is looked at, what is wrong with it is one problem."""
    ((problem,),) = read("action,email,remove_groups\n" + f'{action},a@x.com,"""G""H"\n')
    assert problem.startswith("row 1 (line 2), column remove_groups: ")
    assert said in problem


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("a@example,com", "a@example.com"),
        ("<g@example.com>", "g@example.com"),
        ("mailto:i@example.com", "i@example.com"),
        ("e.@example.com", "e@example.com"),
        ("c@-example-.com", "c@example.com"),
        ("d@example.com.", "d@example.com"),
        ("d..e@example.com", "d.e@example.com"),
        ("Di Dahl <d@example.com>", "d@example.com"),
    ],
)
def test_an_address_that_no_mailbox_can_have_is_refused(read: Read, address: str, meant: str) -> None:
    """It names no user that is created, in table or JSON, and no new address; the one that must be meant is told."""
    told = f'"{address}" is no e-mail address: is {meant} meant?'
    ((problem,),) = read(f'email,firstname,lastname,country\n"{address}",A,B,DE\n')
    assert told in problem
    assert "column email" in problem
    if " " in address:
        return
    ((problem,),) = read(f'action,email,new_email\nupdate,a@example.com,"{address}"\n')
    assert problem.startswith(f"row 1 (line 2), column new_email: {told}")
    command = {"user": "a@example.com", "do": [{"addAdobeID": {"email": address}}]}
    ((problem,),) = read(json.dumps([command]))
    assert problem == f"row 1 (line 1), /do/0/addAdobeID/email: {told}"


@pytest.mark.parametrize(
    "address", ["o'neil+x@example.co.uk", "zoë@bücher.example", "a@xn--bcher-kva.example", '"a.b."@x.example', "a@b"]
)
def test_an_unusual_address_is_left_alone(read: Read, address: str) -> None:
    """What RFC 5321 and 6531 allow is no problem."""
    written = address.replace('"', '""')
    (command,) = read(f'email,firstname,lastname,country\n"{written}",A,B,DE\n')
    assert command["do"][0]["createFederatedID"]["email"] == address


def test_who_has_a_wrong_address_can_be_put_right(read: Read) -> None:
    """A user whose address nobody can have may be there, and is removed or renamed as any other."""
    rows = "remove_from_org,e.@example.com,\nupdate,f.@example.com,f@example.com\n"
    found = read(f"action,email,new_email\n{rows}")
    assert [command["user"] for command in found] == ["e.@example.com", "f.@example.com"]


def test_more_groups_than_a_command_can_list(read: Read) -> None:
    """A row of more groups than the steps of one command can hold says what to do about it."""
    groups = ",".join(f"G{number}" for number in range(101))
    ((problem,),) = read(f'action,email,groups\nadd,a@x.com,"{groups}"\n')
    assert ": the row makes 11 steps, so divide it among several (" in problem


def test_what_describes_a_user_is_no_wish(read: Read) -> None:
    """An export can be taken to remove the people in it, with all its cells filled."""
    header = "email,username,domain,type,status,firstname,lastname,country,groups"
    text = f"{header}\na@x.com,A@X.COM,x.com,enterpriseID,active,A,B,DE,G\n"
    assert read(text, action="remove_from_org") == [{"user": "a@x.com", "do": [{"removeFromOrg": {}}]}]


def test_rows_that_ask_twice(read: Read) -> None:
    """The same row twice, or two creations of one user, is a problem; several steps on one user are none."""
    text = (
        "action,email,firstname,lastname,country,groups\n"
        "create,a@x.com,A,B,DE,\n"
        "add,a@x.com,,,,G\n"
        "add,a@x.com,,,,G\n"
        "create,A@x.com,A,C,DE,\n"
        "remove_from_org,a@x.com,,,,\n"
        "create,a@x.com,A,B,DE,\n"
    )
    rows = read(text)
    assert rows[2] == ["row 3 (line 4): asks for the same as row 2: take one of the two out"]
    assert rows[3] == ["row 4 (line 5): creates what row 1 creates already: take one of the two out"]
    assert all(isinstance(rows[place], dict) for place in (0, 1, 4, 5))


HEADERS = [
    ("upn,mail,firstname,lastname,contry_code", ["column contry_code: is unknown: is country_code meant?"]),
    (
        "email,firstname,lastname,country,shoe size",
        ["column shoe size: is unknown: --ignore-column leaves it out; known"],
    ),
    (
        "email,First Name,first_name,lastname,country",
        ["column first_name: says the same as column First Name: take one out"],
    ),
    (
        "email,email,firstname,lastname,country",
        ["column email: stands twice, the second time in place 2: take one out"],
    ),
    (
        "email,groups",
        [
            "column firstname: is missing: create needs it, unless --action says what is asked",
            "column lastname: ",
            "column country: ",
        ],
    ),
    (
        "firstname,lastname,country",
        ["names no column that says who a row is about: one of user, email, username, group"],
    ),
    (
        "email,firstname,frob,nicate",
        ["column frob: is unknown", "column nicate: is unknown", "column lastname: ", "column country: "],
    ),
    ("a@x.com,A,B,DE", ["is no header line: none of its cells is a name of a column"]),
]


@pytest.mark.parametrize(("header", "said"), HEADERS)
def test_headers_that_are_refused(header: str, said: list[str], read: Read) -> None:
    """Columns that are unknown, missing or stand twice end the reading, all of them named."""
    found = refusal(read, f"\n{header}\n\n")
    assert len(found) == len(said)
    for line, words in zip(found, said, strict=True):
        assert line.startswith("line 2")
        assert words in line


def test_columns_left_out(read: Read) -> None:
    """A column can be left out by name; one that is not there cannot."""
    assert len(read(HEADER.replace("\n", ",Shoe Size\n") + GOOD + ",43\n", ignored=["shoe size"])) == 1
    said = refusal(read, HEADER + GOOD + "\n", ignored=["shoe size"])
    assert said == ["line 1, column shoe size: is to be left out, and the file has no such column"]
    (named,) = refusal(read, HEADER.replace("\n", ",Kostenstelle\n"), ignored=["Kostenstele"])[1:]
    assert named.endswith("and the file has no such column: is Kostenstelle meant?")


def test_unknown_columns_and_rows_are_told_at_once(read: Read) -> None:
    """What is known is listed once, and the rows are looked at as if a misspelt column were what must be meant."""
    found = refusal(read, "email,firstname,lastname,contry,shoe,hat\na@x.com,A,B,XX,,\nb@x.com,A,B,DE,1,2\n,A,B,DE,,\n")
    assert [line.partition(":")[0] for line in found] == [
        *(f"line 1, column {name}" for name in ("contry", "shoe", "hat")),
        "row 1 (line 2), column contry",
        "row 3 (line 4)",
    ]
    assert ["known are action, user" in line for line in found] == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: there is nothing to do"),
        ("\n \n\r\n", "is empty: there is nothing to do"),
        (HEADER + '"a@x.com,a@x.com,A,B,DE,\n\nmore\n', "line 2: a quote is opened in this row and not closed"),
        (HEADER + "a\0@x.com,\n", "line 2: holds a NUL character: is it a text file?"),
        (HEADER + "x" * 1_100_000, "line 2: is longer than 1,048,576 characters"),
        (
            f"{HEADER.strip()},{'x' * 140_000}\n",
            "line 1: a cell has more than 131,072 characters: is a quote missing?",
        ),
        (
            f'sep="\n{HEADER}',
            "line 1: is no header line: none of its cells is a name of a column, such as email, firstname or groups, "
            r'but "sep=\"": rename the columns, or add a header line',
        ),
        ("PK\x03\x04", "is an Excel or OpenDocument workbook: save it as CSV UTF-8"),
    ],
)
def test_files_that_are_refused(text: str, said: str, read: Read) -> None:
    """What cannot be read further ends the reading with one line."""
    assert refusal(read, text) == [said]


def test_a_quote_that_swallows_the_rest(read: Read) -> None:
    """A quote that is not closed ends after a megabyte at most, at the row that it begins."""
    rows = "a@x.com,a@x.com,A,B,DE,\n" * 50_000
    said = refusal(read, f'{HEADER}"{rows}')
    assert said == ["line 2: a cell has more than 131,072 characters: is a quote missing?"]
    said = refusal(read, f'{HEADER}"a@x.com,a@x.com,A,B,DE,\nb@x.com,b@x.com,A,B,DE,"G"\n')
    assert said[0].startswith("line 2: a quote stands within a quoted cell, or the cell before it is not closed")
    said = refusal(read, HEADER + '"\n",' * 300_000)
    assert said == ["line 2: is the beginning of a row of more than 1,048,576 characters: is a quote missing?"]


def test_delimiters(read: Read) -> None:
    """Comma, semicolon and tab are found from the header line, any other is named; what is none is refused."""
    for delimiter in ",;\t":
        (command,) = read(HEADER.replace(",", delimiter) + GOOD.replace(",", delimiter))
        assert command["user"] == "a@x.com"
    assert len(read(HEADER.replace(",", "|") + GOOD.replace(",", "|"), delimiter="|")) == 1
    for delimiter in "|:^":
        (said,) = refusal(read, HEADER.replace(",", delimiter))
        assert said.endswith(f"; do they stand between other marks? --delimiter '{delimiter}'")
    (said,) = refusal(read, "Vorname;Nachname;Strasse;Ort\n")
    assert said.endswith(', but "Vorname", "Nachname", "Strasse": rename the columns, or add a header line')
    assert "a delimiter is one character" in refusal(read, HEADER, delimiter="::")[0]

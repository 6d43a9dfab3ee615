"""Seeds as files: JSON and CSV, alone and together, and mistakes named by file and row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.mock import InputError, export_seed, generate_seed
from umapi_harness.mock.state.seed_files import read_seeds
from umapi_harness.mock.state.seed_tables import write_table
from umapi_sdk.sheets.cells import cleaned, names_in

ORGANIZATION: dict[str, Any] = {
    "org_id": "1@AdobeOrg",
    "domains": [{"name": "example.com", "type": "federatedID"}],
    "products": [{"name": "P"}],
    "profiles": [{"name": "Pro", "product": "P"}],
    "user_groups": [{"name": "G"}],
    "users": [{"email": "first@example.com", "type": "federatedID"}],
}


def written(folder: Path, name: str, content: Any) -> Path:
    """A file with text as it is, or a document as JSON."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_csv_alone_is_an_organisation(tmp_path: Path) -> None:
    """Rows make users; the domains and user groups that they name are there, and empty cells mean nothing."""
    text = (
        "\ufeffEmail,type,firstname,lastname,country,username,groups\n"
        'ada@example.com,,Ada,Öz,DE,,"G, ""A;B"",_admin_G"\n'
        "\n"
        "bob@gmail.com,adobeID,,,,,\n"
        "cy@enterprise.example,enterpriseID,Cy,,,cy.name,\n"
    )
    (seed,) = read_seeds([written(tmp_path, "users.csv", text)])
    document = export_seed(seed.organization)
    assert [user["email"] for user in document["users"]] == [
        "ada@example.com",
        "bob@gmail.com",
        "cy@enterprise.example",
    ]
    assert document["users"][0]["groups"] == ["A;B", "G", "_admin_G"]
    assert document["users"][2]["username"] == "cy.name"
    assert [group["name"] for group in document["user_groups"]] == ["A;B", "G"]
    assert {domain["name"]: domain["type"] for domain in document["domains"]} == {
        "example.com": "federatedID",
        "enterprise.example": "enterpriseID",
    }
    assert export_seed(seed.rebuild()) == document


def test_csv_adds_users_to_the_json_before_it(tmp_path: Path) -> None:
    """Users of a CSV file join the organisation of the JSON file before it, profiles and groups included."""
    table = written(tmp_path, "users.csv", 'email,groups\nnext@example.com,"Pro,G"\n')
    other = written(tmp_path, "other.json", ORGANIZATION | {"org_id": "2@AdobeOrg"})
    first, second = read_seeds([written(tmp_path, "organization.json", ORGANIZATION), table, other])
    assert [user.email for user in first.organization.users] == ["first@example.com", "next@example.com"]
    assert [user.email for user in second.organization.users] == ["first@example.com"]
    assert [user.email for user in first.rebuild().users] == ["first@example.com", "next@example.com"]


def test_users_go_round_by_csv(tmp_path: Path) -> None:
    """What is written as CSV reads as the same users."""
    document = generate_seed(50, 4, random_seed=3)
    document["user_groups"].append({"name": 'With "quotes"; and more, too'})
    document["users"][0]["groups"].append('With "quotes"; and more, too')
    frame = written(
        tmp_path, "frame.json", {k: v for k, v in document.items() if not k.startswith(("users", "sample"))}
    )
    table = written(tmp_path, "users.CSV", write_table(document))
    (seed,) = read_seeds([frame, table])
    (whole,) = read_seeds([written(tmp_path, "whole.json", document)])
    assert export_seed(seed.organization)["users"] == export_seed(whole.organization)["users"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; name the columns in the first line: email, type"),
        ("email;mail\n", 'line 1: no such column "mail": is email meant?'),
        ("email,state\n", 'line 1: no such column "state": is status meant?'),
        ("email,Email\n", 'line 1: column "email" stands twice; remove one'),
        ("firstname\nAda\n", "line 1: no column email; name the columns in the first line: email, type"),
        ("email,type\na@example.com,federatedID,x\n", "row 1 (line 2): has 3 cells for 2 columns; quote cells with"),
        (
            "email,type\n\na@example.com,federated\n",
            'row 1 (line 3), column type: "federated" is not one of "adobeID"',
        ),
        ("email,type\n,federatedID\n", "row 1 (line 2), column email: is blank; give the email"),
        (
            "email\na@example.com\nA@Example.com\n",
            'row 2 (line 3), column email: user "A@Example.com" stands twice; remove one',
        ),
        (
            "email,groups\na@example.com,Nobody\n",
            'row 1 (line 2), column groups: no group named "Nobody" is defined; add it',
        ),
        (
            "email\na@elsewhere.example\n",
            'row 1 (line 2): domain "elsewhere.example" is not among the domains; add it',
        ),
        ('email\n"a@example.com\n', "line 2: not CSV (unexpected end of data); correct the file"),
        (
            "email,groups\na@example.com,Pro;G\n",
            'row 1 (line 2), column groups: "Pro;G" has a semicolon; write commas between names, or double quotes',
        ),
        (
            'email,groups\na@example.com,"""Pro"\n',
            "row 1 (line 2), column groups: has a quote out of place; write names with commas between them",
        ),
        (
            "email,type,status\ni@x.example,federatedID,invited\n",
            "row 1 (line 2), column type: a row of status invited has no such cell; leave it blank",
        ),
        (
            "email,status,groups\na@example.com,directory,G\n",
            "row 1 (line 2), column groups: a row of status directory has no such cell; leave it blank",
        ),
        (
            "email,status\na@example.com,lost\n",
            'row 1 (line 2), column status: "lost" is not one of "active", "disabled"',
        ),
        (
            "email,action\na@example.com,remove\n",
            'row 1 (line 2), column action: "remove" makes nothing that is there at first; leave it blank for a user',
        ),
        ("email,action,group\n,create_group,\n", "row 1 (line 2), column group: is blank; give the group"),
        (
            "email,action,group\na@example.com,create_group,G\n",
            "row 1 (line 2), column email: a row of action create_group has no such cell; leave it blank",
        ),
        (
            "email,group\na@example.com,G\n",
            "row 1 (line 2), column group: a row of a user has no such cell; leave it blank",
        ),
    ],
)
def test_mistakes_in_csv(tmp_path: Path, text: str, message: str) -> None:
    """A mistake is one line with file, row and remedy."""
    table = written(tmp_path, "users.csv", text)
    with pytest.raises(InputError) as caught:
        read_seeds([written(tmp_path, "organization.json", ORGANIZATION), table])
    assert str(caught.value).startswith(f"{table}: {message}")
    assert "\n" not in str(caught.value)


def test_a_domain_of_two_types_needs_a_json_seed(tmp_path: Path) -> None:
    """Without a JSON seed, a domain's type is that of its users, who must agree."""
    table = written(tmp_path, "users.csv", "email,type\na@example.com,federatedID\nb@example.com,enterpriseID\n")
    with pytest.raises(InputError, match=r'users\.csv: row 2 \(line 3\): domain "example\.com" is one for federatedID'):
        read_seeds([table])


def test_an_array_of_people_is_told_which_form_is_read(tmp_path: Path) -> None:
    """What `umapi users --format json` writes is no seed; its other forms are."""
    path = written(tmp_path, "users.json", [{"email": "a@example.com", "type": "federatedID"}])
    with pytest.raises(InputError, match=r"is an array, .*; list people as JSON Lines \(--format jsonl\) or CSV$"):
        read_seeds([path])


def test_seeds_that_exclude_each_other(tmp_path: Path) -> None:
    """Two seeds of one organisation, or with one client, are refused before anything is loaded."""
    credentials = [{"client_id": "c", "client_secret": "s", "tech_account_id": "t"}]
    first = written(tmp_path, "first.json", ORGANIZATION | {"credentials": credentials})
    with pytest.raises(InputError, match=r"again\.json: /org_id: 1@AdobeOrg is another seed's already"):
        read_seeds([first, written(tmp_path, "again.json", ORGANIZATION)])
    other = ORGANIZATION | {"org_id": "2@AdobeOrg", "credentials": credentials}
    with pytest.raises(InputError, match=r"other\.json: /credentials: a client_id is another seed's"):
        read_seeds([first, written(tmp_path, "other.json", other)])


def test_files_that_are_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are named by their place."""
    path = tmp_path / "users.csv"
    path.write_bytes(b"email\n\xff\n")
    with pytest.raises(InputError, match=r"users\.csv: byte 6 is not UTF-8; save the CSV file as UTF-8"):
        read_seeds([path])


def test_a_row_that_is_too_short_is_refused(tmp_path: Path) -> None:
    """A row with fewer cells than the heading has lost something: it is named, not filled up."""
    path = tmp_path / "users.csv"
    path.write_text("email,firstname,lastname\na@example.com,Ann\n", "utf-8")
    with pytest.raises(InputError, match=r"row 1 \(line 2\): has 2 cells for 3 columns"):
        read_seeds([path])


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Of two values for one key, a seed does not take one in silence."""
    path = tmp_path / "seed.json"
    path.write_text('{"org_id": "1@AdobeOrg", "org_id": "2@AdobeOrg"}', "utf-8")
    with pytest.raises(InputError, match=r'the key "org_id" stands twice in one object'):
        read_seeds([path])


def test_a_misspelt_name_is_told_and_not_what_it_leaves_out(tmp_path: Path) -> None:
    """Where a name that must be there is misspelt, the misspelt one is what the message names."""
    path = written(tmp_path, "seed.json", ORGANIZATION | {"users": [{"emial": "a@example.com", "type": "adobeID"}]})
    with pytest.raises(InputError, match=r"/users/0: .*'emial' was unexpected\); is email meant\?$"):
        read_seeds([path])


def test_names_in_a_cell_are_read_as_umapi_apply_reads_them(tmp_path: Path) -> None:
    """The same cell is the same groups for the seed of a server and for what is applied to it."""
    cell = '"A;B",\'=SUM, "say ""hi""" , plain,plain'
    quoted = cell.replace('"', '""')
    (seed,) = read_seeds([written(tmp_path, "users.csv", f'email,groups\na@example.com,"{quoted}"\n')])
    (entry,) = export_seed(seed.organization)["users"]
    assert entry["groups"] == sorted(names_in(cleaned(cell)) or ()) == ["'=SUM", "A;B", "plain", 'say "hi"']


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_spreadsheets_may_divide_cells_otherwise(tmp_path: Path, delimiter: str) -> None:
    """Semicolons and tabs between cells are found out, and names of columns are read as `umapi apply` reads them."""
    text = "E-Mail,First Name,groups\na@example.com,Ada,G\n".replace(",", delimiter)
    (seed,) = read_seeds([written(tmp_path, "users.csv", text)])
    (user,) = export_seed(seed.organization)["users"]
    assert (user["email"], user["firstname"], user["groups"]) == ("a@example.com", "Ada", ["G"])

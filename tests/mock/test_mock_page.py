"""The page at /_mock/: its files, its headers, and the data that it asks for."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from umapi_harness.mock import World, create_app
from umapi_harness.mock.serving.server import running_server
from umapi_harness.mock.state.populations import generate_organization
from umapi_models import schemas
from umapi_models.names import CREATES
from umapi_models.operations import METASCOPE, SCOPES

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

FILES = ("page.css", "page.js", "requests.js", "explain.js", "icon.svg")
UNSAFE_NAME = '<script>alert(1)</script> "O\'Neil" 🦊'


def get(mock: Mock, path: str, **query: Any) -> Any:
    """The JSON that the page gets from a path below /_mock/."""
    answer = mock.client.get(f"/_mock/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Files


def test_the_page_is_served(mock: Mock) -> None:
    """/_mock/ gives the page, and /_mock leads there."""
    answer = mock.client.get("/_mock/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    redirect = mock.client.get("/_mock")
    assert (redirect.status_code, redirect.headers["location"]) == (308, "/_mock/")


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_at_the_root_is_led_to_the_page(mock: Mock) -> None:
    """Who asks / for a document is sent to the page, and not for good; a program has the service's own answer.

    At / alone it has a member more, with the address of the page.
    """
    redirect = mock.client.get("/", headers=BROWSER)
    assert (redirect.status_code, redirect.headers["location"]) == (307, "/_mock/")
    assert redirect.headers["cache-control"] == "no-store"
    known = mock.client.get("/nowhere")
    for method, path, headers in (("GET", "/", {}), ("POST", "/", BROWSER), ("GET", "/nowhere", BROWSER)):
        answer = mock.client.request(method, path, headers=headers)
        told = answer.json()
        assert ("/_mock/," in told.pop("mock", "")) is (path == "/")
        assert (answer.status_code, told) == (known.status_code, known.json())


def test_all_files_that_the_page_names_are_there(mock: Mock) -> None:
    """Every file that the page or one of its modules refers to is served, and none comes from elsewhere."""
    html = mock.client.get("/_mock/").text
    wanted = set(re.findall(r'(?:src|href)="(/[^"]+)"', html))
    seen: set[str] = set()
    while wanted - seen:
        path = (wanted - seen).pop()
        seen.add(path)
        answer = mock.client.get(path)
        assert answer.status_code == 200, path
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text
        wanted |= {f"/_mock/page/{name}" for name in re.findall(r'from "\./([^"]+)"', answer.text)}
    assert {f"/_mock/page/{name}" for name in FILES} <= seen
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]+)"', html))


@pytest.mark.parametrize("path", ["", "page/page.js", "page/page.css", "page/icon.svg"])
def test_files_carry_strict_headers(mock: Mock, path: str) -> None:
    """No file lets anything in from elsewhere, be framed, or be taken for another type."""
    headers = mock.client.get(f"/_mock/{path}").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    for directive in ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'"):
        assert directive in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_inline_code(mock: Mock) -> None:
    """The policy forbids inline scripts and styles, so the page has none."""
    html = mock.client.get("/_mock/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)


def test_unchanged_files_are_not_sent_again(mock: Mock) -> None:
    """A file that the browser has is answered with 304."""
    first = mock.client.get("/_mock/page/page.js")
    again = mock.client.get("/_mock/page/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpage.py", "%2e%2e%2fsettings.py", "index.html.bak"])
def test_only_files_of_the_page_are_served(mock: Mock, name: str) -> None:
    """Any other name is not found, whatever it holds."""
    assert mock.client.get(f"/_mock/page/{name}").status_code == 404


def test_modules_write_no_markup(mock: Mock) -> None:
    """No module puts text where the browser would read it as markup or code."""
    html = mock.client.get("/_mock/").text
    names = {"page.js"}
    assert 'src="/_mock/page/page.js"' in html
    seen: set[str] = set()
    while names - seen:
        name = (names - seen).pop()
        seen.add(name)
        text = mock.client.get(f"/_mock/page/{name}").text
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)
        names |= set(re.findall(r'from "\./([^"]+)"', text))


# Where it is off


@pytest.mark.parametrize("path", ["", "pulse", "users", "page/page.js"])
def test_without_the_interface_there_is_no_page(path: str) -> None:
    """An application without the admin interface serves nothing of the page."""

    async def get_it() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(World(), admin=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            return await client.get(f"/_mock/{path}")

    assert asyncio.run(get_it()).status_code == 404


# Pulse


def test_pulse_tells_what_changed(mock: Mock) -> None:
    """Requests, changes to the organisation and faults each show in the pulse."""
    before = get(mock, "pulse")
    mock.do("jane@example.com", {"update": {"firstname": "Other"}})
    mock.client.post("/_mock/faults", json={"operation": "token", "first": 1})
    after = get(mock, "pulse")
    assert after["server"] == before["server"]
    assert after["requests"]["last"] == before["requests"]["last"] + 1
    assert after["organization"]["changes"] > before["organization"]["changes"]
    assert (before["faults"], after["faults"]) == (0, 1)
    assert after["clock"] == {"now": mock.clock.now(), "frozen": True, "movable": True}


def test_pulse_tells_that_the_journal_was_emptied(mock: Mock) -> None:
    """The number of the last entry before the journal was emptied is given, so that the page can draw a line."""
    mock.users()
    last = get(mock, "pulse")["requests"]["last"]
    mock.client.delete("/_mock/requests")
    mock.users()
    assert get(mock, "pulse")["requests"] == {"last": last + 1, "emptied": last}


def test_pulse_of_an_organisation_that_is_gone(mock: Mock) -> None:
    """The pulse of an organisation that does not exist has none, for the page to take another."""
    assert get(mock, "pulse", org_id="0@AdobeOrg")["organization"] is None
    assert get(mock, "pulse")["organization"]["org_id"] == mock.org_id


def test_spent_faults_do_not_count(mock: Mock) -> None:
    """A fault that has struck all that it can is not announced any more."""
    mock.client.post("/_mock/faults", json={"operation": "users", "first": 1})
    assert get(mock, "pulse")["faults"] == 1
    mock.users()
    assert get(mock, "pulse")["faults"] == 0


def test_one_fault_can_be_ended(mock: Mock) -> None:
    """A fault is removed by its place; the others stay, with their counts."""
    mock.client.post("/_mock/faults", json=[{"operation": "users", "nth": 9}, {"operation": "user", "nth": 9}])
    mock.users()
    assert mock.client.delete("/_mock/faults/1").status_code == 204
    (left,) = get(mock, "faults")
    assert (left["operation"], left["matched"]) == ("users", 1)
    answer = mock.client.delete("/_mock/faults/1")
    assert (answer.status_code, answer.json()["error"]) == (400, "fault: none is number 1; there are 1, counted from 0")


def test_pages_of_other_sites_get_nothing(mock: Mock) -> None:
    """A page of another site gets no data of this one's, and cannot change anything."""
    for method, path in (("GET", "users"), ("GET", "pulse"), ("DELETE", "faults/0")):
        answer = mock.client.request(method, f"/_mock/{path}", headers={"Origin": "https://example.net"})
        assert answer.status_code == 403


def test_a_name_led_to_this_machine_gets_nothing() -> None:
    """A site whose name is made to lead to the loopback address gets nothing; the server's own names do."""
    with running_server() as server, httpx.Client(base_url=server.url) as client:
        for path in ("state", "pulse"):
            assert client.get(f"/_mock/{path}", headers={"Host": "site.example"}).status_code == 403
            assert client.get(f"/_mock/{path}", headers={"Host": "localhost:1"}).status_code == 200
            assert client.get(f"/_mock/{path}").status_code == 200


def test_nothing_of_the_page_is_in_the_journal(mock: Mock) -> None:
    """What the page asks for is not what a tester looks for in the journal."""
    mock.client.delete("/_mock/requests")
    for path in ("", "pulse", "users", "groups", "codes", "page/page.js"):
        mock.client.get(f"/_mock/{path}")
    assert get(mock, "requests") == []


# Users and groups


def test_users_are_found_by_any_name(mock: Mock) -> None:
    """A user is found by parts of address, user name and name, in any letter case."""
    mock.seed(
        {
            "domains": [{"name": "example.com", "type": "federatedID"}],
            "users": [
                {"email": "one@example.com", "type": "federatedID", "firstname": "Ünal", "lastname": "Öz"},
                {"email": "two@example.com", "type": "federatedID", "username": "SPECIAL", "domain": "example.com"},
                {"email": "three@example.com", "type": "federatedID", "status": "disabled"},
            ],
        }
    )
    found = {
        text: [user["email"] for user in get(mock, "users", query=text)["users"]]
        for text in ("ÜNAL ö", "special", "E@EXAMPLE", "%", "")
    }
    assert found == {
        "ÜNAL ö": ["one@example.com"],
        "special": ["two@example.com"],
        "E@EXAMPLE": ["one@example.com", "three@example.com"],
        "%": [],
        "": ["one@example.com", "two@example.com", "three@example.com"],
    }
    assert get(mock, "users", status="disabled")["total"] == 1
    assert get(mock, "users", type="adobeID")["total"] == 0


def test_members_include_those_who_are_not_active(mock: Mock) -> None:
    """The members of a group are listed whatever their status, those who are not active last."""
    mock.seed(
        {
            "domains": [{"name": "example.com", "type": "federatedID"}],
            "user_groups": [{"name": "A/B ?"}],
            "users": [
                {"email": "off@example.com", "type": "federatedID", "status": "disabled", "groups": ["A/B ?"]},
                {"email": "on@example.com", "type": "federatedID", "groups": ["A/B ?"]},
                {"email": "else@example.com", "type": "federatedID"},
            ],
        }
    )
    listed = get(mock, "users", group="a/b ?")
    assert [user["email"] for user in listed["users"]] == ["on@example.com", "off@example.com"]
    assert get(mock, "users", group="A/B ?", query="of")["total"] == 1


def test_listings_follow_changes(mock: Mock) -> None:
    """A search that was made before gives another result after a change."""
    assert get(mock, "users", query="fresh@")["total"] == 0
    create = {"email": "fresh@example.com", "firstname": UNSAFE_NAME, "lastname": "X", "country": "DE"}
    assert mock.do("fresh@example.com", {"createFederatedID": create}) == []
    (user,) = get(mock, "users", query="fresh@")["users"]
    assert user["firstname"] == UNSAFE_NAME


def test_listings_come_in_parts(mock: Mock) -> None:
    """Parts lie end to end, and an offset past the end gives the last one."""
    whole = get(mock, "groups", limit=500)
    parts = [get(mock, "groups", limit=10, offset=offset) for offset in range(0, whole["total"], 10)]
    assert [group for part in parts for group in part["groups"]] == whole["groups"]
    beyond = get(mock, "groups", limit=10, offset=10**6)
    assert beyond == parts[-1]


def test_a_large_organisation_is_searched_on_the_server(mock: Mock) -> None:
    """Of many users, only the part that is asked for is sent."""
    big = generate_organization(5000, 20)
    mock.world.put(big)
    org_id = big.organization.org_id
    part = get(mock, "users", org_id=org_id, limit=50, offset=4000)
    assert (part["total"], len(part["users"])) == (5000, 50)
    assert [user["email"] for user in get(mock, "users", org_id=org_id, query="user4711@")["users"]] == [
        "user4711@example.com"
    ]


def test_details_of_a_user(mock: Mock) -> None:
    """A user's details hold direct memberships and what comes through user groups."""
    details = get(mock, "user", email="jdoe@example.com", type="federatedID")
    assert {"name": "DevOps", "kind": "USER_GROUP"} in details["groups"]
    through = {entry["profile"]: entry["user_groups"] for entry in details["held_through"]}
    assert all("DevOps" in names or names for names in through.values())
    assert details["id"] == (mock.user("jdoe@example.com") or {})["id"]


def test_two_accounts_of_one_address(mock: Mock) -> None:
    """An Adobe ID and another account of the same address are told apart by the type."""
    kinds = [get(mock, "user", email="jane@example.com", type=kind)["type"] for kind in ("adobeID", "federatedID")]
    assert kinds == ["adobeID", "federatedID"]


def test_details_of_a_group(mock: Mock) -> None:
    """A group's details say what it gives and who administers it."""
    details = get(mock, "group", name="devops")
    assert (details["name"], details["kind"]) == ("DevOps", "USER_GROUP")
    assert details["admin_group"]["name"] == "_admin_DevOps"
    assert details["members"] == len(mock.members("DevOps"))


def test_groups_are_found_by_kind(mock: Mock) -> None:
    """User groups, profiles and admin groups can be listed apart."""
    sizes = {kind: get(mock, "groups", kind=kind, limit=500)["total"] for kind in ("user_group", "profile", "admin")}
    assert sum(sizes.values()) == get(mock, "groups")["total"]
    assert all(sizes.values())


def test_domains_and_products(mock: Mock) -> None:
    """The claimed domains are listed, and the products with their profiles."""
    listed = get(mock, "domains")
    assert [domain["name"] for domain in listed["domains"]] == list(mock.world.organization().domains)
    assert listed["products"][0]["profiles"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("users?org_id=1@AdobeOrg", "org_id: no organisation 1@AdobeOrg"),
        ("users?group=Nobody", "group: no group 'Nobody'"),
        ("users?limit=x", "limit: 'x' is not a number"),
        ("users?limit=100000", "limit: '100000' is not a number from 0 to 500"),
        ("users?offset=-1", "offset: '-1' is not a number"),
        ("users?offset=²", "offset: '²' is not a number"),
        ("groups?kind=x", "kind: 'x' is none of user_group"),
        ("group?name=Nobody", "group: no group 'Nobody'"),
        ("user?email=nobody@example.com", "email: no user nobody@example.com"),
    ],
)
def test_bad_questions_are_one_line(mock: Mock, path: str, message: str) -> None:
    """Bad input is 400 with one line that names place and remedy."""
    answer = mock.client.get(f"/_mock/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert "\n" not in answer.json()["error"]


# Descriptions


def test_every_setting_is_explained(mock: Mock) -> None:
    """Each setting comes with its meaning, its default and its value in the live profile."""
    described = {entry["name"]: entry for entry in get(mock, "settings/fields")}
    assert described.keys() == get(mock, "settings").keys()
    assert [name for name, entry in described.items() if not entry["meaning"]] == []
    assert described["users_page_size"]["default"] == 2000
    assert described["users_page_size"]["live"] == 400
    assert described["retry_after_form"]["choices"] == ["seconds", "date"]
    assert "" in described["breakdown"]["choices"]


def test_every_default_of_a_setting_can_be_set(mock: Mock) -> None:
    """What the page offers as documented and as live is accepted."""
    for profile in ("live", "default"):
        values = {entry["name"]: entry[profile] for entry in get(mock, "settings/fields")}
        assert mock.client.patch("/_mock/settings", json=values).json() == values


def test_every_field_of_a_fault_is_explained(mock: Mock) -> None:
    """Each field comes with its type and the kinds that it means something for."""
    described = {entry["name"]: entry for entry in get(mock, "faults/fields")}
    assert {"operation", "kind", "when", "status", "retry_after"} <= described.keys()
    assert "drop" in described["when"]["kinds"]
    assert "drop" not in described["status"]["kinds"]
    assert described["nth"]["type"] == "int"


def test_error_codes_have_meaning_and_remedy(mock: Mock) -> None:
    """The page can say of every code what it means and what to do."""
    codes = get(mock, "codes")
    assert [entry["code"] for entry in codes if not (entry["meaning"] and entry["remedy"])] == []
    assert "error.group.not_found" in {entry["code"] for entry in codes}


def test_codes_of_the_token_host_are_explained(mock: Mock) -> None:
    """The codes of the token host are told with the others, and name the scopes that the schema has."""
    told = {entry["code"]: entry["remedy"] for entry in get(mock, "codes")}
    assert {"invalid_client", "invalid_token", "unsupported_grant_type"} <= told.keys()
    assert all(scope in told["invalid_scope"] for scope in (*SCOPES, METASCOPE))


def test_names_come_from_the_schemas(mock: Mock) -> None:
    """The page is told which types and statuses there are, and no module of it names one, a scope or a group type."""
    names = get(mock, "names")
    statuses = schemas.read("user.json")["$defs"]["UserStatus"]["enum"]
    kinds_of_faults = schemas.read("faults.json")["kinds"]
    assert names["identity_types"] == list(CREATES.values())
    assert names["user_statuses"] == statuses
    assert names["spoiling_faults"] == [kind for kind, told in kinds_of_faults.items() if "spoils" in told]
    assert names["late_faults"] == [kind for kind, told in kinds_of_faults.items() if "late" in told]
    kinds = schemas.read("group.json")["$defs"]["GroupType"]["enum"]
    page = files("umapi_harness.mock.control").joinpath("page")
    text = "".join(file.read_text("utf-8") for file in page.iterdir() if file.name.endswith(".js"))
    scopes = [scope for scope in (*SCOPES, METASCOPE) if scope != "openid"]
    faults = set(kinds_of_faults) - {"answer", "delay"}  # a word of plain English, and a field of faults
    words = [*names["identity_types"], *kinds, *scopes, *(f'"{word}"' for word in (*statuses, *faults))]
    assert [word for word in words if word in text] == []


def test_no_secret_is_in_what_the_page_asks_for(mock: Mock) -> None:
    """Neither secret nor token comes with anything that the page shows."""
    credential = mock.world.credential(mock.org_id)
    token = mock.client.headers["Authorization"].removeprefix("Bearer ")
    mock.users()
    paths = ("pulse", "users", "groups", "domains", "settings", "faults", "requests", "organizations")
    text = "".join(mock.client.get(f"/_mock/{path}").text for path in paths)
    assert credential.client_secret not in text
    assert token not in text

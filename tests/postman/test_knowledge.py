"""Knowledge: what variables of collections mean, and how they are filled."""

from __future__ import annotations

import pytest

from umapi_harness.postman.knowledge import api_hosts, fillings, meaning_of, usage_of

VALUES = {
    "org_id": "1@AdobeOrg",
    "client_id": "id",
    "client_secret": "s3cret",
    "access_token": "t0ken",
    "user": "u@example.com",
    "group": "G",
    "page": "0",
}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("UMAPI_IMS_ORG", "org_id"),
        ("orgId", "org_id"),
        ("ORGANIZATION-ID", "org_id"),
        ("UMAPI_API_KEY", "client_id"),
        ("x-api-key", "client_id"),
        ("UMAPI_CLIENT_SECRET", "client_secret"),
        ("UMAPI_TECHNICAL_ACCOUNT_ID", "tech_account_id"),
        ("UMAPI_META_SCOPE", "metascope"),
        ("USER_EMAIL", "user"),
        ("sample_user", "user"),
        ("UMAPI_PLC_NAME", "product"),
        ("UMAPI_GROUP_NAME", "group"),
        ("accessToken", "access_token"),
        ("colour", None),
        ("test", None),
        ("my", None),
    ],
)
def test_a_name_tells_what_is_meant(name, meaning):
    """Spellings, and prefixes such as UMAPI_ and ADOBE_, make no difference."""
    assert meaning_of(name) == meaning


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://{{where}}/v2/usermanagement/users/{{org}}/0", "usermanagement.adobe.io"),
        ("{{where}}/v2/usermanagement/users/{{org}}/0", "https://usermanagement.adobe.io"),
        ("{{where}}/usermanagement/users/{{org}}/0", "https://usermanagement.adobe.io/v2"),
        ("{{where}}/users/{{org}}/0", "https://usermanagement.adobe.io/v2/usermanagement"),
        ("https://{{where}}/action/{{org}}", "usermanagement.adobe.io/v2/usermanagement"),
        ("https://{{where}}/ims/token/v2", "ims-na1.adobelogin.com"),
        ("{{where}}/ims/token/v2", "https://ims-na1.adobelogin.com"),
        ("https://{{where}}/other", None),
        ("https://usermanagement.adobe.io/v2/usermanagement/organizations/{{where}}/users/{{user}}", None),
    ],
)
def test_an_address_is_known_by_what_follows_it(url, address, collection_of, item):
    """Whatever the variable is called, its place in an address of the API tells its value."""
    usage = usage_of(collection_of(item("a", {"url": url})))
    assert usage.hosts.get("where") == address
    assert usage.names[0] == "where"


def test_only_what_has_no_value_is_filled_where_it_stands(collection_of, item):
    """A variable that is listed empty is filled in its own scope, one that is nowhere in the environment.

    A token goes where every script's own is stronger.
    """
    script = 'pm.environment.get("CLIENT_SECRET"); pm.variables.get("known")'
    header = [{"key": "Authorization", "value": "Bearer {{token}}"}]
    request = {"url": "https://{{host}}/v2/usermanagement/users/{{org_id}}/{{page}}/{{group}}", "header": header}
    usage = usage_of(collection_of(item("a", request, before=script)))
    known: dict[str, dict[str, object]] = {
        "environment": {"org_id": "", "unused": ""},
        "collection": {"host": None, "page": 3},
        "globals": {},
    }
    found = fillings(usage, known, VALUES, ["group"])
    assert {one.name: (one.scope, one.value) for one in found} == {
        "host": ("collection", "usermanagement.adobe.io"),
        "org_id": ("environment", "1@AdobeOrg"),
        "token": ("globals", "t0ken"),
        "CLIENT_SECRET": ("environment", "s3cret"),
    }
    notes = " ".join(one.note for one in found)
    assert "org_id had no value and is filled with the organisation of the mock server: 1@AdobeOrg" in notes
    assert "host had no value and is filled with usermanagement.adobe.io, which the mock server stands for" in notes
    assert "t0ken" not in notes
    assert "s3cret" not in notes


def test_the_hosts_of_address_variables_are_the_api_s(collection_of, item):
    """With a scheme or without, from any scope."""
    usage = usage_of(collection_of(item("a", "{{a}}/users/x/0"), item("b", "https://{{b}}/ims/token/v2")))
    assert api_hosts(
        usage, [{"a": "https://GW.example:8/x", "b": "{{c}}", "d": "no.example"}, {"b": "ims.example"}]
    ) == {
        "gw.example",
        "ims.example",
    }


def test_a_value_that_is_no_address_is_no_host_of_the_api(collection_of, item):
    """A bracket left open is told by the request that uses it, and by nothing before."""
    usage = usage_of(collection_of(item("a", "{{a}}/users/x/0")))
    assert api_hosts(usage, [{"a": "http://[v1.x"}, {"a": "[::zz"}, {"a": "[::1]"}]) == {"::1"}

"""Paths: every route takes what clients put on the wire, one rule for all (fidelity of paths, kind 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from umapi_harness.mock.api.routes import find_route

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

ROOT = "/v2/usermanagement"
READS = (
    f"{ROOT}/users/{{org}}/0",
    f"{ROOT}/users/{{org}}/0/DevOps",
    f"{ROOT}/users/{{org}}/0/Sales%2FEMEA",
    f"{ROOT}/users/{{org}}/0/Sales/EMEA",
    f"{ROOT}/organizations/{{org}}/users/jdoe%40example.com",
    f"{ROOT}/organizations/{{org}}/users/jdoe@example.com",
    f"{ROOT}/groups/{{org}}/0",
    f"{ROOT}/{{org}}/users",
    f"{ROOT}/{{org}}/user-groups",
    f"{ROOT}/{{org}}/user-groups/DevOps",
    f"{ROOT}/{{org}}/user-groups/DevOps/users",
    f"{ROOT}/{{org}}/products",
    f"{ROOT}/{{org}}/products/{{product}}/configurations",
    f"{ROOT}/{{org}}/products/{{product}}/configurations/{{profile}}",
    f"{ROOT}/{{org}}/products/{{product}}/configurations/{{profile}}/users",
    "/status",
)
WRITES = (f"{ROOT}/action/{{org}}", "/ims/token/v2", "/ims/token/v3", "/ims/exchange/jwt", "/ims/exchange/v1/jwt")


def filled(mock: Mock, path: str, org_id: str | None = None) -> str:
    """A path with the ids of the default organisation."""
    organization = mock.world.organization()
    product = next(iter(organization.catalog.products.values()))
    profile = next(iter(product.profiles))
    return path.format(org=org_id or mock.org_id, product=product.id, profile=f"RGRP-{profile.id}")


def variants(path: str, org_id: str) -> list[str]:
    """The same path as clients write it: closed by slashes, with slashes doubled by a base URL, `@` encoded."""
    return [
        f"{path}/",
        f"{path}//",
        f"/{path}",
        path.replace("/v2/usermanagement", "/v2/usermanagement/", 1).replace("/ims/", "/ims//", 1),
        path.replace(f"/{org_id}", f"//{org_id}", 1),
        path.replace(f"{org_id}/", f"{org_id}//", 1),
        path.replace(org_id, org_id.replace("@", "%40")),
    ]


@pytest.mark.parametrize("path", READS)
def test_a_read_in_every_spelling(mock: Mock, path: str) -> None:
    """However its path is spelled, a query gives the same answer, and HEAD gives the answer's headers alone."""
    plain = filled(mock, path)
    expected = mock.client.get(plain)
    assert expected.status_code == 200, expected.text
    for variant in variants(plain, mock.org_id):
        answer = mock.client.get(f"{mock.server.url}{variant}")
        assert (answer.status_code, answer.content) == (200, expected.content), variant
        head = mock.client.head(f"{mock.server.url}{variant}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(expected.content))


@pytest.mark.parametrize("path", WRITES)
def test_a_write_in_every_spelling(mock: Mock, path: str) -> None:
    """However its path is spelled, a request arrives: commands are read, forms are looked through."""
    plain = filled(mock, path)
    expected = mock.client.post(plain, content=b"")
    assert expected.status_code == 400
    for variant in variants(plain, mock.org_id):
        answer = mock.client.post(f"{mock.server.url}{variant}", content=b"")
        assert (answer.status_code, answer.json()) == (400, expected.json()), variant


def test_names_keep_their_slashes() -> None:
    """Inside a name a slash is a character; at its end it must be encoded, like at the end of a user string."""
    for written, name in (
        ("a/b", "a/b"),
        ("a%2Fb", "a/b"),
        ("a//b/", "a//b"),
        ("a%2F%2F", "a//"),
        ("%2Fa", "/a"),
        ("a%252Fb", "a%2Fb"),
    ):
        for path, call in (
            (f"{ROOT}/users/1@AdobeOrg/0/{written}", "group_users"),
            (f"{ROOT}/organizations/1%40AdobeOrg/users/{written}", "user"),
        ):
            route = find_route(path)
            assert route is not None
            assert (route.call, route.org_id, route.name) == (call, "1@AdobeOrg", name)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        ROOT,
        f"{ROOT}/",
        f"{ROOT}/action",
        f"{ROOT}/action/1@AdobeOrg/0",
        f"{ROOT}/users/1@AdobeOrg",
        f"{ROOT}/groups/1@AdobeOrg/",
        f"{ROOT}/groups/1@AdobeOrg/0/x",
        f"{ROOT}/organizations/1@AdobeOrg/groups/x",
        f"{ROOT}/1@AdobeOrg/nothing",
        "/v2",
        "/v2/usermanagemen/users/1@AdobeOrg/0",
        "/ims/token",
        "/ims/exchange/v2/jwt",
        "/status/more",
    ],
)
def test_paths_under_which_nothing_is_served(path: str) -> None:
    """What is no route is none, closed by a slash or not."""
    assert find_route(path) is None
    assert find_route(f"{path}/") is None

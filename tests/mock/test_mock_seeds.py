"""Seeds: what a file may hold, and how each mistake in it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.mock import InputError, build_seed, default_seed, export_seed, generate_organization, read_seed


def seed(**changes: Any) -> dict[str, Any]:
    """A small good seed with some parts replaced."""
    return {
        "org_id": "1@AdobeOrg",
        "domains": [{"name": "example.com", "type": "federatedID"}],
        "products": [{"name": "P"}],
        "profiles": [{"name": "Pro", "product": "P", "quota": 3}],
        "user_groups": [{"name": "G", "profiles": ["Pro"]}],
        "users": [{"email": "a@example.com", "type": "federatedID", "groups": ["G", "Pro", "_admin_G"]}],
        **changes,
    }


def test_default_seed_has_what_examples_need() -> None:
    """The default seed names a sample user, group and profile, and knows every kind of account."""
    organization = build_seed(default_seed()).organization
    user = organization.find_user(organization.samples["sample_user"])
    assert user is not None
    assert organization.samples["sample_group"] in [group.name for group in user.groups]
    assert {each.type for each in organization.users} == {"adobeID", "enterpriseID", "federatedID"}
    assert any(group.read_only for group in organization.catalog.user_groups())
    assert all(name.endswith(("example.com", "example.org", "example.net")) for name in organization.domains)


def test_export_is_a_seed_again() -> None:
    """An exported organisation builds the same organisation."""
    document = export_seed(build_seed(default_seed()).organization, ids=True)
    assert export_seed(build_seed(document).organization, ids=True) == document


def test_rebuilding_a_seed_gives_the_first_state() -> None:
    """Changes to the organisation do not reach the one that is made anew."""
    made = build_seed(seed())
    before = export_seed(made.organization, ids=True)
    user = made.organization.find_user("a@example.com")
    assert user is not None
    made.organization.remove_user(user)
    assert export_seed(made.rebuild(), ids=True) == before


def test_generated_organisations_need_no_document() -> None:
    """The direct way gives the organisation of the document, and rebuilds it."""
    made = generate_organization(30, 4, random_seed=2)
    assert len(made.organization.users) == 30
    assert export_seed(made.rebuild(), ids=True) == export_seed(made.organization, ids=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 1}, "seed: /: Additional properties are not allowed ('colour' was unexpected); remove it"),
        ({"org_id": "x"}, 'seed: /org_id: "x" does not match'),
        ({"users": [{"email": "a@example.com"}]}, 'seed: /users/0: "type" is a required property; add it'),
        (
            {"users": [{"email": "a@example.com", "type": "federatedID", "groups": ["G", "H"]}]},
            'seed: /users/0/groups/1: no group named "H" is defined; add it to user_groups or profiles',
        ),
        (
            {
                "users": [
                    {"email": "a@example.com", "type": "federatedID"},
                    {"email": "A@Example.com", "type": "federatedID"},
                ]
            },
            'seed: /users/1/email: user "A@Example.com" stands twice; remove one',
        ),
        (
            {"users": [{"email": f"{x}@example.com", "type": "federatedID", "username": "u"} for x in "ab"]},
            'seed: /users/1/username: "u" stands twice in its domain; change one',
        ),
        (
            {"users": [{"email": "a@example.org", "type": "federatedID"}]},
            'seed: /users/0: domain "example.org" is not among the domains; add it there',
        ),
        (
            {"user_groups": [{"name": "G"}, {"name": "g"}]},
            'seed: /user_groups/1/name: a group named "g" is there already',
        ),
        ({"user_groups": [{"name": "Pro"}]}, 'seed: /user_groups/0/name: a group named "Pro" is there already'),
        (
            {"user_groups": [{"name": "G", "profiles": ["Free"]}]},
            'seed: /user_groups/0/profiles/0: no profile named "Free" is defined; add it to profiles',
        ),
        (
            {"profiles": [{"name": "Pro", "product": "Q"}]},
            'seed: /profiles/0/product: no product named "Q" is defined; add it to products',
        ),
        ({"products": [{"name": "P"}, {"name": "P"}]}, 'seed: /products/1/name: product "P" stands twice'),
        ({"domains": [{"name": "x", "type": "federatedID"}] * 2}, 'seed: /domains/1/name: domain "x" stands twice'),
        ({"sample_user": "b@example.com"}, 'seed: /sample_user: "b@example.com" is not in the seed; name one that is'),
        (
            {"credentials": [{"client_id": "c", "client_secret": 5, "tech_account_id": "t"}]},
            "seed: /credentials/0/client_secret: value is not of the form wanted; correct it",
        ),
    ],
)
def test_mistakes_in_seeds(changes: dict[str, Any], message: str) -> None:
    """Each mistake is one line with document, place and remedy."""
    with pytest.raises(InputError) as caught:
        build_seed(seed(**changes))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_secrets_are_in_no_message() -> None:
    """A credential that does not fit is described without what it holds."""
    bad = {"client_id": "c", "client_secret": "hush", "tech_account_id": "t", "public_key": "hush"}
    with pytest.raises(InputError) as caught:
        build_seed(seed(credentials=[bad]))
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(build_seed(seed(credentials=[{**bad, "public_key": "-----BEGIN PUBLIC KEY-----"}])))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and text that is no JSON are told by the file's name."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for path, problem in (
        (tmp_path / "none.json", "cannot be read"),
        (tmp_path, "cannot be read"),
        (broken, "not JSON"),
    ):
        with pytest.raises(InputError) as caught:
            read_seed(path)
        assert str(caught.value).startswith(f"{path}: {problem}")
    good = tmp_path / "good.json"
    good.write_text(json.dumps(seed()))
    assert read_seed(good).organization.org_id == "1@AdobeOrg"

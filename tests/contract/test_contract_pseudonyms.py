"""Pseudonyms: what is replaced, what stays, and what stays true between what was replaced."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umapi_harness.contract.pseudonyms import Pseudonyms

P = Pseudonyms("a key")
NAMES = st.text(st.characters(categories=["Ll", "Lu", "Lo", "Nd", "Zs", "Pd", "Po"], codec="utf-8"), max_size=60)
LABELS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)


@given(NAMES)
def test_length_case_and_classes_stay(name: str) -> None:
    """A pseudonym has as many characters, letters and capitals at the same places, non-ASCII where it was."""
    made = P.phrase(name)
    assert len(made) == len(name)
    for old, new in zip(name, made, strict=True):
        assert old.isascii() == new.isascii()
        assert old.isalpha() == new.isalpha()
        assert old.isspace() == new.isspace()
        if old.isascii():
            assert (old.isupper(), old.islower(), old.isdigit()) == (new.isupper(), new.islower(), new.isdigit())


@given(st.text(string.ascii_letters + string.digits + "äöüéèßñçłřжщΩ山田", min_size=1, max_size=20))
def test_bytes_stay(name: str) -> None:
    """A pseudonym takes as many bytes in UTF-8, so that lengths on the wire stay."""
    assert len(P.phrase(name).encode()) == len(name.encode())


@given(st.lists(st.text(string.ascii_letters + string.digits, min_size=1, max_size=4), min_size=2, max_size=30))
def test_equality_stays_letter_case_apart(words: list[str]) -> None:
    """Two words are equal after it exactly when they were before, and again without regard to letter case."""
    made = [P.word(word) for word in words]
    for one, first in zip(words, made, strict=True):
        for other, second in zip(words, made, strict=True):
            assert (one == other) == (first == second)
            assert (one.lower() == other.lower()) == (first.lower() == second.lower())


@given(st.text(string.ascii_letters, min_size=1, max_size=20), st.lists(LABELS, min_size=1, max_size=3))
def test_domains_keep_their_relations(local: str, labels: list[str]) -> None:
    """The domain of an address is the domain; a sub-domain stays one; upper case of a whole address stays that."""
    domain = ".".join([*labels, "com"])
    address = P.phrase(f"{local}@{domain}")
    assert address.rpartition("@")[2] == P.domain(domain)
    assert P.domain(f"sub.{domain}").endswith(f".{P.domain(domain)}")
    assert P.domain(domain).endswith(".com")
    assert P.phrase(f"{local}@{domain}".upper()) == address.upper()


@pytest.mark.parametrize("kept", ["_org_admin", "_support_admin", "_deployment_admin", "_compartment_viewer", ""])
def test_fixed_names_stay(kept: str) -> None:
    """The admin groups that every organisation has keep their names."""
    assert P.phrase(kept) == kept


@pytest.mark.parametrize("prefix", ["_admin_", "_product_admin_", "_developer_"])
def test_prefixes_with_a_meaning_stay(prefix: str) -> None:
    """An admin group is the admin group of the same group afterwards."""
    assert P.phrase(f"{prefix}Sales Team 7") == prefix + P.phrase("Sales Team 7")


def test_ids_keep_their_form() -> None:
    """Hexadecimal ids stay hexadecimal, UUIDs UUIDs, numbers keep their length, and realms stay."""
    organization = P.phrase("210DB41957FFDC210A495E53@AdobeOrg")
    assert organization.endswith("@AdobeOrg")
    assert set(organization.removesuffix("@AdobeOrg")) <= set("0123456789ABCDEF")
    uuid = P.phrase("3f2504e0-4f89-11d3-9a0c-0305e82c3301")
    assert set(uuid.replace("-", "")) <= set("0123456789abcdef")
    assert len(str(P.number(79011105))) == 8
    assert P.word("79011105") == str(P.number(79011105))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "no address"])
def test_this_machine_stays(address: str) -> None:
    """Loopback addresses are nobody's."""
    assert P.address(address) == address


@pytest.mark.parametrize("address", ["10.1.22.133", "2001:db8::ff", "192.168.100.200"])
def test_addresses_of_machines(address: str) -> None:
    """Another address has as many characters."""
    made = P.address(address)
    assert made != address
    assert len(made) == len(address)


def test_a_key_decides() -> None:
    """The same key gives the same pseudonyms, in another process too; another key others; none is shown."""
    assert Pseudonyms("a key").phrase("Jane Doe") == P.phrase("Jane Doe")
    assert Pseudonyms("b").phrase("Jane Doe") != P.phrase("Jane Doe") != "Jane Doe"
    assert "a key" not in repr(P)

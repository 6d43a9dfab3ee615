"""Pseudonyms: what is replaced, what stays, and what stays true between what was replaced."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from umapi_harness.common.secret_names import is_secret
from umapi_harness.contract.pseudonyms import Pseudonyms
from umapi_harness.contract.reserved_words import is_reserved, owner_of
from umapi_harness.contract.vouching import vocabulary

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


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("key", ["a key", "another"])
def test_each_word_has_a_pseudonym_of_its_own(length: int, key: str) -> None:
    """All words of a length have all words of that length, and none of two has the same one."""
    pseudonyms = Pseudonyms(key)
    words = ["".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=length)]
    made = dict(zip(words, map(pseudonyms.word, words), strict=True))
    assert sorted(made.values()) == words
    spare = {word for word in words if owner_of(word) is not None}
    assert {word for word in words if is_reserved(made[word])} == spare
    assert len(spare) < len(words) / 6


@given(st.text(string.ascii_lowercase, min_size=2, max_size=12), st.text())
def test_no_pseudonym_reads_as_a_word(word: str, key: str) -> None:
    """What is neither vouched for nor a secret's name becomes no such word, and neither does a word that is one."""
    assume(owner_of(word) is None)
    made = Pseudonyms(key).word(word)
    assert not is_secret(made)
    assert made not in vocabulary().words


@pytest.mark.parametrize("word", ["pin", "sid", "otp", "sig", "jwt", "pw", "key", "admin", "user", "null", "true", "k"])
def test_words_with_a_meaning_are_no_pseudonyms(word: str) -> None:
    """A word that is a secret's name, or the API's, gets a pseudonym that is neither."""
    assert is_reserved(word)
    assert not any(is_reserved(Pseudonyms(str(key)).word(word)) for key in range(50) if owner_of(word) is None)

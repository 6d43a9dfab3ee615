"""Files of cookies: what Newman writes is read, what is written can be read again, and mistakes are told."""

from __future__ import annotations

import pytest

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.cookie_files import read_cookies, written_cookies
from umapi_harness.postman.cookies import Cookie

KEPT = Cookie(
    name="a", value="1", domain="h.example", path="/x", host_only=False, secure=True, http_only=True, same_site="lax",
    expires=4_000_000_000.0, created=1_700_000_000.5,
)  # fmt: skip


def test_cookies_come_back_as_they_were(tmp_path):
    """All that a cookie is survives the file; one of the session has no end."""
    path = tmp_path / "k.json"
    kept = (KEPT, Cookie(name="s", value="2", domain="h.example"))
    path.write_text(written_cookies(kept), "utf-8")
    assert read_cookies(path) == kept


def test_newman_s_own_file_is_read(write_json):
    """Its times are ISO 8601, and Infinity is no end."""
    entry = {"key": "a", "value": "1", "domain": "H.example", "path": "/", "hostOnly": True, "expires": "Infinity",
             "creation": "2023-11-14T22:13:20.500Z"}  # fmt: skip
    (cookie,) = read_cookies(write_json("k.json", {"version": "tough-cookie@4.1.3-postman.1", "cookies": [entry]}))
    assert cookie == Cookie(name="a", value="1", domain="h.example", created=1_700_000_000.5)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the cookie jar must be an object"),
        ({}, 'no "cookies": this is not a cookie jar'),
        ({"cookies": [{"key": "a"}]}, "#/cookies/0: a cookie needs a domain"),
        ({"cookies": [{"key": "a", "domain": "h", "expires": "soon"}]}, "#/cookies/0: expires is no time: soon"),
    ],
)
def test_a_mistake_is_told_with_its_place(document, message, write_json):
    """File, pointer, what to do."""
    with pytest.raises(DocumentError, match=message):
        read_cookies(write_json("k.json", document))

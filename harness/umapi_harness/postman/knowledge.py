"""Knowledge: the variables that collections for this API use, by whatever names, and values of a server for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from umapi_harness.common.secret_names import is_secret
from umapi_harness.postman.collection import Collection
from umapi_harness.postman.variables import value_text
from umapi_models.operations import API_HOST, API_PATH, API_ROOT, IMS_HOST, IMS_ROOT

_PREFIXES: Final = ("umapi", "adobeio", "adobe", "aio", "postman", "my", "the", "test", "sample")
_MEANINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "org_id": (
        *("orgid", "org", "imsorg", "imsorgid", "organization", "organizationid", "organisation", "organisationid"),
        *("orgcode", "imsorganization", "imsorganizationid"),
    ),
    "client_id": ("clientid", "apikey", "xapikey", "imsclientid", "oauthclientid"),
    "client_secret": ("clientsecret", "secret", "imsclientsecret", "oauthclientsecret"),
    "tech_account_id": (
        "techaccountid",
        "technicalaccountid",
        "techacctid",
        "techacct",
        "techaccount",
        "technicalaccount",
    ),
    "private_key": ("privatekey", "rsaprivatekey", "privatekeypem"),
    "private_key_path": ("privatekeypath", "privatekeyfile", "privatekeyfilepath", "keypath", "keyfile"),
    "metascope": ("metascope", "metascopes"),
    "scopes": ("scope", "scopes", "oauthscopes", "imsscopes"),
    "jwt_token": ("jwttoken", "jwt", "jsonwebtoken", "assertion"),
    "access_token": ("accesstoken", "token", "bearer", "bearertoken", "authtoken", "imstoken", "oauthtoken"),
    "ims": ("ims", "imshost", "imsendpoint", "imsserver", "imsdomain", "imsurl", "imsbaseurl", "tokenhost", "authhost"),
    "api": (
        "endpoint",
        "apihost",
        "host",
        "hostname",
        "baseurl",
        "url",
        "apiurl",
        "apiendpoint",
        "server",
        "api",
        "root",
    ),
    "user": (
        "user",
        "useremail",
        "email",
        "username",
        "useremailaddress",
        "emailaddress",
        "userid",
        "login",
        "userstring",
    ),
    "group": ("group", "groupname", "usergroup", "usergroupname", "usergroupid"),
    "product": (
        *("product", "productname", "productprofile", "productprofilename", "profile", "profilename", "plc", "plcname"),
        *("productconfiguration", "productconfigurationname", "licenseconfiguration", "entitlement"),
    ),
    "domain": ("domain", "domainname", "claimeddomain", "federateddomain", "emaildomain"),
    "page": ("page", "pageindex", "pagenumber", "pageno"),
}
"""What a variable means, with the names that it goes by: in small letters, without marks and without prefixes."""
_BY_NAME: Final = {name: meaning for meaning, names in _MEANINGS.items() for name in names}

_PLACEHOLDER: Final = re.compile(r"\{\{([^{}]+)\}\}")
_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>://)|(?:^|(?<=[\s\"'`])))\{\{(?P<name>[^{}]+)\}\}(?=(?P<rest>[^\s\"'`\\]*))", re.MULTILINE
)
"""A variable where an address begins, with what follows it."""
_READ: Final = re.compile(r"\b(?:get|has|replaceIn|unset)\(\s*\\*[\"'`]([^\"'`\\]+)")
_API_PATHS: Final = ("/users/", "/groups/", "/action/", "/organizations/")


@attrs.frozen(kw_only=True)
class Filling:
    """A value for a variable that the collection's own files leave empty, or do not have."""

    name: str
    value: str = attrs.field(repr=False)
    scope: str
    """environment, collection or globals."""
    meaning: str

    @property
    def is_secret(self) -> bool:
        """Whether nobody may see the value."""
        return is_secret(self.name) or self.meaning in _UNSPOKEN

    @property
    def note(self) -> str:
        """What reports say of it."""
        if self.meaning not in _WORDS:
            return f"{self.name} had no value and is filled with {self.value}, which the mock server stands for"
        shown = "" if self.is_secret else f": {self.value}"
        return f"{self.name} had no value and is filled with {_WORDS[self.meaning]} of the mock server{shown}"


_WORDS: Final = {
    "org_id": "the organisation",
    "client_id": "the client id",
    "client_secret": "the client secret",
    "tech_account_id": "the technical account",
    "private_key": "the private key",
    "private_key_path": "the path of the private key",
    "scopes": "the scopes",
    "metascope": "the metascope",
    "jwt_token": "a JSON Web Token",
    "access_token": "an access token",
    "user": "a user",
    "group": "a user group",
    "product": "a product profile",
    "domain": "a domain",
    "page": "the first page",
}
_UNSPOKEN: Final = frozenset({"client_secret", "private_key", "jwt_token", "access_token"})


def meaning_of(name: str) -> str | None:
    """What a variable of that name means; None where its name does not tell."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    while plain not in _BY_NAME:
        prefix = next((one for one in _PREFIXES if plain.startswith(one) and len(plain) > len(one)), None)
        if prefix is None:
            return None
        plain = plain[len(prefix) :]
    return _BY_NAME[plain]


@attrs.frozen
class Usage:
    """How the texts of a collection use variables."""

    names: tuple[str, ...]
    """All variables that are read, in order."""
    hosts: Mapping[str, str]
    """Variables that stand where an address begins, each with the value that leads to Adobe."""


def usage_of(collection: Collection) -> Usage:
    """The variables that a collection reads, in requests and in scripts."""
    names: dict[str, None] = {}
    hosts: dict[str, str] = {}
    for text in _texts(collection):
        names.update(dict.fromkeys(name.strip() for name in _PLACEHOLDER.findall(text)))
        for found in _ADDRESS.finditer(text):
            address = _address(bool(found["scheme"]), found["rest"])
            if address is not None:
                hosts.setdefault(found["name"].strip(), address)
        names.update(dict.fromkeys(_READ.findall(text)))
    return Usage(tuple(name for name in names if not name.startswith("$")), hosts)


def _texts(collection: Collection) -> Iterable[str]:
    for item in collection.items:
        request = item.request
        yield request.url
        for parameter in (*request.path_variables, *request.headers, *(request.body.fields if request.body else ())):
            yield f"{parameter.key} {parameter.value}"
        if request.body is not None:
            yield request.body.raw
        if item.auth is not None:
            yield from (value_text(value) for value in item.auth.settings.values())
        for script in (*item.prerequest, *item.tests):
            yield script.source


def _address(has_scheme: bool, rest: str) -> str | None:
    """The value of a variable before `rest`, where the two are an address of the API or the token host."""
    if rest.startswith("/ims/"):
        return IMS_HOST if has_scheme else IMS_ROOT
    for number, segment in enumerate(("", "/v2", API_PATH)):
        behind = API_PATH.removeprefix(segment)
        if rest.startswith(f"{behind}/") if number < 2 else rest.startswith(_API_PATHS):
            return (API_HOST if has_scheme else API_ROOT.removesuffix(API_PATH)) + segment
    return None


def fillings(
    usage: Usage, known: Mapping[str, Mapping[str, object]], values: Mapping[str, str], others: Iterable[str]
) -> tuple[Filling, ...]:
    """Values for the variables that have none.

    Args:
        usage: how the collection uses variables.
        known: the values of environment, collection and globals, by these names.
        values: what the server has for each meaning.
        others: names that have a value elsewhere, as in data files, or are to have none.
    """
    listed = (*usage.names, *known["environment"], *known["collection"], *known["globals"])
    found: list[Filling] = []
    for name in dict.fromkeys(listed):
        scopes = [scope for scope in ("environment", "collection", "globals") if name in known[scope]]
        if name in others or any(known[scope][name] not in ("", None) for scope in scopes):
            continue
        meaning = meaning_of(name)
        value = usage.hosts.get(name) or (None if meaning is None else values.get(meaning))
        if value is None or (meaning in ("ims", "api") and name not in usage.hosts):
            continue
        # A script puts its token where it likes, and that must be stronger than what is filled in.
        scope = scopes[0] if scopes else "globals" if meaning in ("access_token", "jwt_token") else "environment"
        found.append(Filling(name=name, value=value, scope=scope, meaning=meaning or "address"))
    return tuple(found)


def unfilled(
    usage: Usage, known: Mapping[str, Mapping[str, object]], others: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a collection reads of this API's variables without a value of its own: empty ones, and placeholders.

    Tokens are left out, which scripts fetch. `others` are names that have a value elsewhere.
    """
    meanings = dict.fromkeys((*_WORDS, "ims", "api"), _ANY)
    left = {*others, *(name for name in usage.names if is_fetched(name))}
    empty = [one.name for one in fillings(usage, known, meanings, left) if one.name in usage.names]
    values = {name: str(value) for scope in reversed(tuple(known.values())) for name, value in scope.items()}
    marked = [
        name
        for name in usage.names
        if (meaning_of(name) or name in usage.hosts) and name not in left and _STAND_IN.search(values.get(name, ""))
    ]
    return tuple(empty), tuple(marked)


def is_fetched(name: str) -> bool:
    """Whether a variable of that name usually gets its value from a script of the collection."""
    return meaning_of(name) in _FETCHED


_ANY: Final = "a value"
_FETCHED: Final = frozenset({"access_token", "jwt_token", "page"})
_STAND_IN: Final = re.compile(
    r"^\s*(?:<[^<>]*>|\[[^\[\]]*\]|\{(?!\{)[^{}]*\}|x{3,}|\.{3}|…|(?:(?:your|enter|insert|paste|replace|change)(?=[\W_])|todo|changeme).*)\s*$",
    re.IGNORECASE,
)
"""A value that says that another belongs in its place."""


def api_hosts(usage: Usage, known: Iterable[Mapping[str, object]]) -> frozenset[str]:
    """The hosts that the variables of addresses name."""
    hosts: set[str] = set()
    for values in known:
        for name in usage.hosts:
            host = _host(str(values.get(name) or ""))
            if host and "{" not in host:
                hosts.add(host.lower())
    return frozenset(hosts)


def _host(value: str) -> str | None:
    """The host that a value names; None where it is no address, which the request that uses it tells."""
    try:
        return urlsplit(value if "://" in value else f"//{value}").hostname
    except ValueError:
        return None

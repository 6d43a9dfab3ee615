"""Settings: where they come from, which one counts, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest
from settings_page import PAGE, render

from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import (
    ConfigurationError,
    Connection,
    JWTAuth,
    OAuthS2S,
    ServicePrincipalAuth,
    UserQuery,
    connect,
    load_settings,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.config import OTHER_VARIABLES, SettingArguments, Settings
from umapi_sdk.options import OptionArguments, Options

REQUIRED: dict[str, Any] = {"org_id": "1@AdobeOrg", "client_id": "id", "client_secret": "top-secret"}
ENVIRONMENT = {f"UMAPI_{name.upper()}": value for name, value in REQUIRED.items()}


def toml(folder: Path, text: str, name: str = "umapi.toml") -> Path:
    """A settings file."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def load(path: Path | None = None, profile: str | None = None, **more: Any) -> Settings:
    """Load settings with an environment that has what is required."""
    environment = more.pop("environment", {})
    return load_settings(path, profile, environment={**ENVIRONMENT, **environment}, **more)


def refused(*arguments: Any, **more: Any) -> str:
    """The message that settings are refused with: one line, without the secret."""
    with pytest.raises(ConfigurationError) as caught:
        load(*arguments, **more)
    message = str(caught.value)
    assert "\n" not in message
    assert "top-secret" not in message
    return message


def test_defaults() -> None:
    """With what is required only, everything else is as documented."""
    settings = load()
    assert settings == Settings(**REQUIRED)
    assert (settings.auth, settings.timeout, settings.max_retries) == ("oauth", 120.0, 4)
    assert (settings.test_mode, settings.ssl_verify) == (False, True)
    assert settings.endpoint == "https://usermanagement.adobe.io/v2/usermanagement"
    assert settings.ims_url == "https://ims-na1.adobelogin.com"


def test_arguments_before_environment_before_file_before_defaults(tmp_path: Path) -> None:
    """Of a setting in several places, the first of argument, variable, file and default counts."""
    path = toml(tmp_path, "[default]\ntimeout = 1\nmax_retries = 1\nuser_agent = 'file'\nproxy = 'http://file'\n")
    environment = {"UMAPI_MAX_RETRIES": "2", "UMAPI_USER_AGENT": "environment"}
    settings = load(path, environment=environment, user_agent="argument", proxy=None)
    assert (settings.timeout, settings.max_retries, settings.user_agent) == (1.0, 2, "argument")
    assert settings.proxy == "http://file"
    assert settings.ssl_verify is True


@pytest.mark.parametrize("field", [field for field in Settings.__annotations__ if field != "auth"])
def test_every_setting_has_its_variable(field: str) -> None:
    """Each field of Settings can be given as UMAPI_ and its name."""
    values = {
        "timeout": "5",
        "max_retries": "7",
        "test_mode": "yes",
        "ssl_verify": "FALSE",
        "ssl_strict": "no",
        "max_response_size": "1000",
        "max_wait": "9",
        "first_delay": "0",
        "random_delay": "0.5",
        "pacing": "no",
    }
    text = values.get(field, "some text")
    numbers = {"timeout": 5.0, "max_retries": 7, "max_wait": 9.0, "max_response_size": 1000}
    numbers |= {"first_delay": 0.0, "random_delay": 0.5}
    expected = {**numbers, "test_mode": True, "ssl_verify": False, "ssl_strict": False, "pacing": False}.get(
        field, text
    )
    assert getattr(load(environment={f"UMAPI_{field.upper()}": text}), field) == expected


def test_profiles_of_a_file(tmp_path: Path) -> None:
    """A profile is named by argument, by UMAPI_PROFILE, or is `default`; the file by path or UMAPI_CONFIG."""
    path = toml(tmp_path, "[default]\nuser_agent = 'd'\n[test]\nuser_agent = 't'\nssl_verify = false\n")
    assert load(path).user_agent == "d"
    assert load(path, "test").user_agent == "t"
    assert load(path, environment={"UMAPI_PROFILE": "test"}).ssl_verify is False
    assert load(path, "default", environment={"UMAPI_PROFILE": "test"}).user_agent == "d"
    assert load(environment={"UMAPI_CONFIG": str(path)}).user_agent == "d"


def test_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Files that Windows editors mark as UTF-8 are read."""
    path = tmp_path / "umapi.toml"
    path.write_text("[default]\nuser_agent = 'ü'\n", "utf-8-sig")
    assert load(path).user_agent == "ü"
    path = tmp_path / "usermanagement.config"
    path.write_text("[enterprise]\norg_id = 2@AdobeOrg\n", "utf-8-sig")
    assert load_settings(path, environment={}, client_id="i", client_secret="s").org_id == "2@AdobeOrg"


SECTIONS = """\
[server]
host = umapi.example
endpoint = /v2/usermanagement
ims_host = ims.example
ims_endpoint_jwt = /ims/exchange/jwt

[enterprise]
domain = my domain
org_id = 2@AdobeOrg
api_key = the-id
client_secret = the%secret
tech_acct = tech@techacct.adobe.com
priv_key_filename = private.key
"""


@pytest.mark.parametrize("sections", [True, False])
def test_walkthrough_file(tmp_path: Path, sections: bool) -> None:
    """The walkthrough's usermanagement.config is read with its sections, or as printed, without them."""
    text = SECTIONS if sections else "\n".join(line for line in SECTIONS.splitlines() if not line.startswith("["))
    settings = load_settings(toml(tmp_path, text, "usermanagement.config"), environment={})
    assert settings.auth == "jwt"
    assert (settings.org_id, settings.client_id, settings.client_secret) == ("2@AdobeOrg", "the-id", "the%secret")
    assert settings.tech_account_id == "tech@techacct.adobe.com"
    assert settings.endpoint == "https://umapi.example/v2/usermanagement"
    assert (settings.ims_url, settings.ims_endpoint) == ("https://ims.example", "/ims/exchange/jwt")


def test_walkthrough_file_as_printed_has_adobes_hosts(tmp_path: Path) -> None:
    """Where the walkthrough leaves the hosts empty, Adobe's count."""
    text = SECTIONS.replace("umapi.example", "").replace("ims.example", "")
    settings = load_settings(toml(tmp_path, text, "usermanagement.config"), environment={})
    assert settings.endpoint == "https://usermanagement.adobe.io/v2/usermanagement"
    assert settings.ims_url == "https://ims-na1.adobelogin.com"


@pytest.mark.parametrize(
    ("host", "endpoint", "url"),
    [
        ("h", "v2/x", "https://h/v2/x"),
        ("h", "", "https://h/v2/usermanagement"),
        ("http://127.0.0.1:8080", "/v2/x", "http://127.0.0.1:8080/v2/x"),
        ("https://h/", "/v2/x/", "https://h/v2/x/"),
    ],
)
def test_walkthrough_host_and_endpoint(tmp_path: Path, host: str, endpoint: str, url: str) -> None:
    """Host and endpoint make a URL, with or without slashes; a host may be a URL already."""
    text = SECTIONS.replace("umapi.example", host).replace("endpoint = /v2/usermanagement", f"endpoint = {endpoint}")
    assert load_settings(toml(tmp_path, text, "c.config"), environment={}).endpoint == url


@pytest.mark.parametrize("name", ["umapi.toml", "usermanagement.config"])
def test_private_key_is_found_beside_the_file(
    mock: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The key's path is taken from the folder of the file that names it, wherever the program runs."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "private.key").write_bytes(Path(mock.details.private_key_path).read_bytes())
    profile = "[default]\nauth = 'jwt'\ntech_account_id = 't'\nprivate_key_path = 'private.key'\n"
    path = toml(tmp_path, profile if name.endswith("toml") else SECTIONS, name)
    monkeypatch.chdir(tmp_path / "sub")
    settings = load(Path("..") / path.name)
    assert isinstance(settings.build_auth(), JWTAuth)


@pytest.mark.parametrize("name", ["private_key_path", "ca_bundle", "client_cert"])
def test_files_are_named_from_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A relative path means the file beside the settings; where there is none, the one in the current folder."""
    (tmp_path / "sub").mkdir()
    path = toml(tmp_path / "sub", f"[default]\n{name} = 'file.pem'\n")
    monkeypatch.chdir(tmp_path)
    assert getattr(load(path), name) == "file.pem"
    (tmp_path / "sub" / "file.pem").write_text("")
    assert getattr(load(path), name) == str(tmp_path / "sub" / "file.pem")


def test_private_key_of_the_environment_is_found_from_here(
    mock: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path of a variable counts from the current folder."""
    (tmp_path / "private.key").write_bytes(Path(mock.details.private_key_path).read_bytes())
    monkeypatch.chdir(tmp_path)
    environment = {"UMAPI_AUTH": "jwt", "UMAPI_TECH_ACCOUNT_ID": "t", "UMAPI_PRIVATE_KEY_PATH": "private.key"}
    assert isinstance(load(environment=environment).build_auth(), JWTAuth)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[default]\ntimeout = 'soon'\n", "[default] timeout: must be a number of seconds from 0, not 'soon'"),
        ("[default]\ntimeout = -1\n", "[default] timeout: "),
        ("[default]\ntimeout = nan\n", "[default] timeout: "),
        ("[default]\ntimeout = true\n", "[default] timeout: "),
        ("[default]\nmax_retries = 0\n", "[default] max_retries: must be a whole number from 1, not 0"),
        ("[default]\nmax_retries = 2.5\n", "[default] max_retries: "),
        ("[default]\ntest_mode = 1\n", "[default] test_mode: must be true or false, not 1"),
        ("[default]\nssl_verify = 'maybe'\n", "[default] ssl_verify: "),
        ("[default]\nauth = 'basic'\n", '[default] auth: must be "oauth" or "jwt", not \'basic\''),
        ("[default]\norg_id = 5\n", "[default] org_id: must be a string that is not empty"),
        ("[default]\nclient_secret = ['top-secret']\n", "[default] client_secret: must be a string"),
        ("[default]\nclient_id = ''\n", "[default] client_id: must be a string that is not empty"),
        ("[default]\ncolour = 'red'\n", "[default] colour: no such setting; settings: "),
        ("[default]\n[default.more]\na = 1\n", "[default] more: no such setting"),
        ("[other]\n", "has no profile [default]; its profiles: other"),
        ("org_id = 'x'\n", "has no profile [default]; its profiles: none; put org_id below a line [default]"),
        ("client_secret = top-secret\n", "is not TOML: "),
        ("[default\n", "is not TOML: "),
    ],
)
def test_bad_toml_is_named_by_file_and_setting(tmp_path: Path, text: str, place: str) -> None:
    """What is wrong in a TOML file is said on one line, with file, profile and setting."""
    path = toml(tmp_path, text)
    assert refused(path).startswith(f"{path}: {place}")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[server]\nhots = x\n", "hots: no such setting: is host meant?"),
        ("host = a\nclient_secret top-secret\n", "line 2 is neither `name = value` nor `[section]`"),
        ("[server]\nhost = a\n\nclient_secret top-secret\n", "line 4 is neither `name = value` nor `[section]`"),
        ("[server]\nhost = a\nhost = b\n", "line 3: host stands twice in [server]"),
        ("host = a\nhost = b\n", "line 2: host stands twice"),
        ("[server]\nhost = a\n[server]\n", "line 3: [server] stands twice"),
        ("[server\nhost = a\n", "line 1 is neither `name = value` nor `[section]`"),
    ],
)
def test_bad_ini_is_named_by_file_and_setting(tmp_path: Path, text: str, place: str) -> None:
    """What is wrong in the walkthrough's file is said on one line, with the file and the number of its line."""
    path = toml(tmp_path, text, "usermanagement.config")
    assert refused(path).startswith(f"{path}: {place}")


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("u.json", '{"org_id": "12345@AdobeOrg"}', "JSON"),
        ("u.toml", ' \n{"client_secret": "top-secret"}', "JSON"),
        ("settings", '{\n "client_secret": "top-secret"}', "JSON"),
        ("u.yaml", "org_id: 12345@AdobeOrg\n", "YAML"),
        ("u.YML", "client_secret: top-secret\n", "YAML"),
        ("settings", "---\nclient_secret: top-secret\n", "YAML"),
    ],
)
def test_file_of_another_format_is_named_by_it(tmp_path: Path, name: str, text: str, form: str) -> None:
    """A file in JSON or YAML is refused as that, not for a setting that nobody wrote."""
    path = toml(tmp_path, text, name)
    assert refused(path) == f"{path}: is {form}: write it as TOML, in a file whose name ends in .toml"


@pytest.mark.parametrize("name", ["timeout", "max_wait"])
def test_zero_means_the_same_in_every_place(tmp_path: Path, name: str) -> None:
    """A `timeout` of 0, which has no limit, and a `max_wait` of 0 can stand in a file, a variable and an argument."""
    path = toml(tmp_path, f"[default]\n{name} = 0\n")
    given: Any = {name: 0}
    everywhere = [
        load(path),
        load(environment={f"UMAPI_{name.upper()}": "0"}),
        load(**given),
        Options.of(given),
    ]
    assert [getattr(each, name) for each in everywhere] == [0] * 4
    if name == "timeout":
        assert [each.network().timeout for each in everywhere] == [None] * 4


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("UMAPI_TIMEOUT", "soon", "UMAPI_TIMEOUT: must be a number of seconds from 0, not 'soon'"),
        ("UMAPI_TIMEOUT", "inf", "UMAPI_TIMEOUT: "),
        ("UMAPI_MAX_RETRIES", "-3", "UMAPI_MAX_RETRIES: must be a whole number from 1, not '-3'"),
        ("UMAPI_MAX_RETRIES", "²", "UMAPI_MAX_RETRIES: "),
        ("UMAPI_TEST_MODE", "perhaps", "UMAPI_TEST_MODE: must be true or false, not 'perhaps'"),
        ("UMAPI_AUTH", "x", 'UMAPI_AUTH: must be "oauth" or "jwt", not \'x\''),
        ("UMAPI_ORG_ID", "  ", "UMAPI_ORG_ID: must be a string that is not empty"),
    ],
)
def test_bad_variable_is_named(variable: str, value: str, message: str) -> None:
    """What is wrong in the environment is said with the name of the variable."""
    assert refused(environment={variable: value}).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"colour": "red"}, "colour: no such setting; settings: "),
        ({"timeout": "x"}, "timeout: must be a number"),
        ({"client_secret": 5}, "client_secret: must be a string that is not empty"),
        ({"profile": "p"}, "profile 'p' needs a file: give a path, or set UMAPI_CONFIG"),
    ],
)
def test_bad_argument_is_named(arguments: dict[str, Any], message: str) -> None:
    """What is wrong in an argument is said with its name."""
    assert refused(**arguments).startswith(message)


@pytest.mark.parametrize("name", ["org_id", "client_id", "client_secret"])
def test_missing_setting_is_named_with_every_remedy(name: str) -> None:
    """A setting that is nowhere is named, with the three places where it could be."""
    environment = {variable: value for variable, value in ENVIRONMENT.items() if variable != f"UMAPI_{name.upper()}"}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment=environment)
    remedy = f"give it as an argument of connect(), as UMAPI_{name.upper()}, or in a file named by UMAPI_CONFIG"
    assert str(caught.value) == f"{name} is not set: {remedy}"


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder and a file of other bytes are named with the reason."""
    assert refused(tmp_path / "none.toml") == f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"
    assert refused(tmp_path).startswith(f"{tmp_path}: cannot be read: ")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(path) == f"{path}: cannot be read: it is not UTF-8 text"


def test_profile_of_a_walkthrough_file_is_refused(tmp_path: Path) -> None:
    """Only TOML files have profiles."""
    path = toml(tmp_path, SECTIONS, "usermanagement.config")
    assert refused(path, "p") == f"{path}: only a TOML file has profiles"


@pytest.mark.parametrize("missing", ["tech_account_id", "private_key_path"])
def test_jwt_needs_account_and_key(missing: str) -> None:
    """Without account or key, the JWT flow says what it lacks."""
    given: dict[str, Any] = {"tech_account_id": "t", "private_key_path": "k"}
    given.pop(missing)
    with pytest.raises(ConfigurationError, match=rf"^{missing} is not set: .*\(the JWT flow needs it\)"):
        load(auth="jwt", **given).build_auth()


def test_private_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The path of a key that is not there is named."""
    path = tmp_path / "none.key"
    with pytest.raises(ConfigurationError, match=r"^private_key_path .*none\.key: cannot be read: No such file"):
        load(auth="jwt", tech_account_id="t", private_key_path=str(path)).build_auth()


@pytest.mark.parametrize("flow", ["oauth", "jwt"])
def test_connect_with_the_variables_that_the_mock_prints(monkeypatch: pytest.MonkeyPatch, flow: str) -> None:
    """What `serve` prints is all that `connect()` needs, in both flows."""
    with running_server() as server:
        for line in server.details.export_lines():
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value.strip("'"))
        monkeypatch.setenv("UMAPI_AUTH", flow)
        with connect() as connection:
            assert UserQuery(connection, "jdoe@example.com").result() is not None


def test_flow_and_addresses_reach_the_credentials() -> None:
    """Token host, path and the check of certificates come from the settings."""
    auth = load(ims_url="http://127.0.0.1:1", ims_endpoint="/ims/token/v3", ssl_verify=False).build_auth()
    assert isinstance(auth, ServicePrincipalAuth)
    assert (auth.url, auth.ssl_verify) == ("http://127.0.0.1:1/ims/token/v3", False)


def test_missing_settings_are_named_together() -> None:
    """With nothing set at all, one short line names what is needed."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment={})
    assert str(caught.value) == (
        "org_id, client_id, client_secret are not set: give them as arguments of connect(), as UMAPI_ORG_ID, "
        "UMAPI_CLIENT_ID, UMAPI_CLIENT_SECRET, or in a file named by UMAPI_CONFIG"
    )


def test_arguments_are_the_settings() -> None:
    """Every setting can be given as an argument, and nothing else can."""
    assert SettingArguments.__annotations__.keys() == set(Settings.__struct_fields__)


def test_page_has_every_setting() -> None:
    """The table of the page has each setting with the default and the meaning that stand beside it in the code."""
    page = PAGE.read_text("utf-8")
    assert page == render(page), "run python tests/sdk/kit/settings_page.py"
    assert page.count("\n| `") == len(Settings.__struct_fields__)


def test_options_are_arguments_of_their_type() -> None:
    """Each option is an argument of connections, of the type it has or None."""
    types, arguments = get_type_hints(Options), get_type_hints(OptionArguments)
    assert arguments == {name: of | None for name, of in types.items()}


def test_connections_of_both_kinds_take_the_options() -> None:
    """Both refuse what is no option, with the nearest that is, take None as not given, and tell what they have."""
    auth = OAuthS2S("id", "s3cret")
    wrong: Any = {"timout": 3}
    for cls in (Connection, AsyncConnection):
        with pytest.raises(TypeError, match=r"^unexpected keyword argument 'timout': is timeout meant\?$"):
            cls("1@AdobeOrg", auth, **wrong)
        connection = cls("1@AdobeOrg", auth, endpoint="https://api.example", test_mode=True)
        assert repr(connection) == f"<{cls.__name__} 1@AdobeOrg at https://api.example, test mode>"
        assert (connection.org_id, connection.endpoint) == ("1@AdobeOrg", "https://api.example")
        assert connection.test_mode
    given = Options.of({"endpoint": None, "max_retries": None, "timeout": None})
    assert given == Options(timeout=None)


def test_waits_can_be_set(tmp_path: Path) -> None:
    """The longest wait and the pacing come from the environment and from files like any other setting."""
    path = tmp_path / "umapi.toml"
    path.write_text("[default]\nmax_wait = 30\npacing = true\n", "utf-8")
    settings = load_settings(path, environment={**ENVIRONMENT, "UMAPI_MAX_WAIT": "12.5"})
    assert (settings.max_wait, settings.pacing) == (12.5, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("UMAPI_ORGID", "UMAPI_ORGID: there is no such setting: is UMAPI_ORG_ID meant?"),
        ("UMAPI_SSL_VERFY", "UMAPI_SSL_VERFY: there is no such setting: is UMAPI_SSL_VERIFY meant?"),
        ("UMAPI_COLOUR_OF_HAT", "UMAPI_COLOUR_OF_HAT: there is no such setting; settings: org_id, "),
    ],
)
def test_misspelt_variable_is_an_error(name: str, message: str) -> None:
    """A variable that would be a setting if it were spelt right is refused, as in a file, with the nearest name."""
    assert refused(environment={name: "x"}).startswith(message)


def test_the_folder_of_script_libraries_is_no_setting() -> None:
    """What `umapi-harness run` reads from the same environment keeps no program of the SDK from connecting."""
    settings = load_settings(environment={**ENVIRONMENT, "UMAPI_CACHE_DIR": "/libraries"})
    assert settings.client_id == ENVIRONMENT["UMAPI_CLIENT_ID"]


def test_variables_of_other_programs_are_none_of_ours() -> None:
    """What the mock server tells its clients, and names without the prefix, are passed over."""
    names = [*OTHER_VARIABLES, "ORG_ID", "umapi_org", "XUMAPI_Y"]
    others = {name: "x" for name in names if name not in ("UMAPI_CONFIG", "UMAPI_PROFILE")}
    assert load(environment=others) == load()


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("endpoint", "http://usermanagement.adobe.io/v2", "endpoint would send credentials to usermanagement.adobe.io"),
        ("ims_url", "http://ims-na1.adobelogin.com", "auth_host would send credentials to ims-na1.adobelogin.com"),
        ("ims_url", "ftp://host", "auth_host must be an http or https URL"),
        ("ims_url", "ho st", "auth_host must be an http or https URL"),
        ("ims_url", "host:port", "auth_host must be an http or https URL whose port is a number from 1 to 65535"),
        (
            "endpoint",
            "http://h:70000/v2",
            "endpoint must be an http or https URL whose port is a number from 1 to 65535",
        ),
        (
            "endpoint",
            "http://h/v2?k=s3cret",
            "endpoint must be an http or https URL without a query (?) or fragment (#)",
        ),
        ("endpoint", "http://jo:s3cret/x@h/v2", "endpoint must be an http or https URL"),
        ("ims_url", "https://jo:top-secret@host", "auth_host must be a URL without user and password"),
        ("endpoint", "https://jo:top-secret@host", "endpoint must be a URL without user and password"),
    ],
)
def test_addresses_are_checked(setting: str, value: str, message: str) -> None:
    """No secret goes to Adobe in the clear, nor to what is no address."""
    with pytest.raises(ConfigurationError) as caught:
        load(None, None, **{setting: value}).connect()
    assert str(caught.value).startswith(message)
    assert "top-secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "ims.example", "http://127.0.0.1:1", "https://[::1]:2/"])
def test_addresses_that_can_be_used(host: str) -> None:
    """A host, with its port, or a URL; http is for others than Adobe."""
    assert ServicePrincipalAuth("id", "secret", host).url.endswith("/ims/token/v2")


@pytest.mark.parametrize("place", ["argument", "TOML", "INI", "variable"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("client_secrt", "client_secret"),
        ("orgid", "org_id"),
        ("Client-Id", "client_id"),
        ("time_out", "timeout"),
        ("api_key", "client_id"),
        ("priv_key_filename", "private_key_path"),
    ],
)
def test_nearest_setting_is_named_wherever_the_wrong_one_stands(
    tmp_path: Path, place: str, name: str, meant: str
) -> None:
    """In a call, a file of either form and the environment: a name that is none leads to the one that is meant."""
    if place == "INI":
        names = {"client_id": "api_key", "private_key_path": "priv_key_filename", "timeout": None}
        if name in names.values() or names.get(meant, meant) is None:
            return
        meant = names.get(meant, meant) or meant
    toml, ini = tmp_path / "umapi.toml", tmp_path / "usermanagement.config"
    toml.write_text(f"[default]\n{name} = 'x'\n")
    ini.write_text(f"[server]\n{name} = x\n")
    arguments: dict[str, Any] = {"environment": {}}
    if place == "argument":
        arguments[name] = "x"
    elif place == "variable":
        arguments["environment"] = {f"UMAPI_{name.upper()}": "x"}
        meant = f"UMAPI_{meant.upper()}"
    else:
        arguments["path"] = toml if place == "TOML" else ini
    with pytest.raises(ConfigurationError, match=rf"no such setting: is {meant} meant\?"):
        load_settings(**arguments)

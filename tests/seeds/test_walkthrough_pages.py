"""The two pages "User Management Walkthrough": what their programs ask for by plain HTTP is answered as documented.

The first page's `make_call` runs as it is printed there. The second page has come down with gaps in its programs
(names of functions, closing brackets): here they are filled, and nothing else is changed. `requests`, which both
pages use, is stood in for by the few lines of it that they need, over httpx.
"""

from __future__ import annotations

import email.utils
import json
import math
import ssl
from collections.abc import Callable
from configparser import RawConfigParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import attrs
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from urllib3 import HTTPHeaderDict

from umapi_harness.mock.faults.plans import Fault
from umapi_hosts import Service
from umapi_sdk import ActionError, UserAction, UserQuery, load_settings

MAKE_CALL = """
def make_call(method, url, body={}):
    # call manager function with retry mechanism
    # returns the API response
    retry_wait = 0
    h = {'Accept' : 'application/json',
         'x-api-key' : CLIENT_ID,
         'Authorization' : 'Bearer ' + ACCESS_TOKEN}
    if body:
        h['Content-type']  = 'application/json'
        body = json.dumps(body)
        method = 'POST'
    for num_attempt in range(1, MAX_RETRIES + 1):
        try:
            print(f'Calling {method} {url}\\n{body}' )
            r = requests.request(method, url, data=body, headers=h, timeout=TIMEOUT)
            if r.status_code == 200:
                return json.loads(r.text)
            elif r.status_code in [429, 502, 503, 504]:
                print(f'UMAPI timeout... (code {r.status_code} on try {num_attempt})')
                if retry_wait <= 0:
                    delay = randint(0, RANDOM_MAX)
                    retry_wait = (pow(2, num_attempt - 1) * FIRST_DELAY) + delay
                if 'Retry-After' in r.headers.keys():
                    retry_wait = int(r.headers['Retry-After']) + 1
            else:
                print(f'Unexpected HTTP Status: {r.status_code}: {r.text}')
                return
        except Exception as e:
            print(f'Exception encountered:\\n {e}')
            return
        if num_attempt < MAX_RETRIES:
            if retry_wait > 0:
                print(f'Next retry in {retry_wait} seconds...')
                sleep(retry_wait)
    print(f'UMAPI timeout... giving up after {MAX_RETRIES} attempts.')
"""

SEND_REQUEST_RETRY = """
def send_request_retry(method, url, headers, body):

    # initialize exponential backoff mechanism
    num_attempts = 0
    num_attempts_max = 4
    backoff_exponential_factor = 15 # seconds
    backoff_random_delay_max = 5 # seconds

    # try sending the request
    while True:

        # increase number of attempts
        num_attempts += 1

        # send request
        print("Sending request...")
        if method == "GET":
            res = requests.get(url, headers=headers)
        elif method == "POST":
            res = requests.post(url, headers=headers, data=body)
        else:
            res = None

        # print response
        print(res.status_code)

        # evaluate response
        if res.status_code in [ 429, 502, 503, 504 ]:

            # check number of attempts
            if num_attempts >= num_attempts_max:
                print("Aborting after " + str(num_attempts) + " failed attempts")
                break

            # set backoff time
            if "Retry-After" in res.headers:
                # parse Retry-After header
                retry_after_date = email.utils.parsedate_tz(res.headers["Retry-After"])
                if retry_after_date != None:
                    # header contains date
                    time_backoff = int(email.utils.mktime_tz(retry_after_date) - time.time())
                else:
                    # header contains delta seconds
                    time_backoff = int(res.headers["Retry-After"])
            else:
                # use exponential backoff with random delay
                time_backoff = int(math.pow(2, num_attempts-1)) * \\
                    backoff_exponential_factor + \\
                    random.randint(0, backoff_random_delay_max)

            # delay next request
            print("Retrying in " + str(time_backoff) + " seconds...")
            time.sleep(time_backoff)

        else:
            # stop sending request
            break

    # return response
    return res
"""

CONFIG_AS_PRINTED = """
host =
endpoint = /v2/usermanagement
ims_host =
ims_endpoint_jwt = /ims/exchange/jwt

domain = my domain 
org_id = my organization id
api_key = my api key/client id
client_secret = my api client secret
tech_acct = my api client technical account
priv_key_filename = my private key filename
"""  # noqa: W291

ACCESS_REQUEST = """
# set expiry time for JSON Web Token
expiry_time = int(time.time()) + 60*60*24

# create payload
payload = {
    "exp" : expiry_time,
    "iss" : org_id,
    "sub" : tech_acct,
    "aud" : "https://" + ims_host + "/c/" + api_key,
    "https://" + ims_host + "/s/" + "ent_user_sdk" : True
}

# read private key from file
priv_key_file = open(priv_key_filename)
priv_key = priv_key_file.read()
priv_key_file.close()

# create JSON Web Token
jwt_token = jwt.encode(payload, priv_key, algorithm='RS256')

# method parameters
url = "https://" + ims_host + ims_endpoint_jwt
headers = {
    "Content-Type" : "application/x-www-form-urlencoded",
    "Cache-Control" : "no-cache"
}

body_credentials = {
    "client_id" : api_key,
    "client_secret" : client_secret,
    "jwt_token" : jwt_token
}
body = urlencode(body_credentials)

# send http request
res = requests.post(url, headers=headers, data=body)

# evaluate response
if res.status_code == 200:

    # extract token
    access_token = json.loads(res.text)["access_token"]
"""

MANAGEMENT_REQUEST = """
# method parameters
url = "https://" + host + endpoint + "/action/" + org_id
headers = {
    "Content-type" : "application/json",
    "Accept" : "application/json",
    "x-api-key" : api_key,
    "Authorization" : "Bearer " + access_token
}

json_data = \\
[
  {
    "user" : "john.doe@" + domain,
    "do" : [
      {
        "addAdobeID" : {
          "email" : "john.doe@" + domain
        }
      }
    ]
  }
]

# prepare body
body = json.dumps(json_data)

# send request with retrying
res = send_request_retry("POST", url, headers, body)
"""


@attrs.frozen
class Answer:
    """The parts of an answer of `requests` that the pages read."""

    status_code: int
    text: str
    headers: HTTPHeaderDict
    """Any case will do for a name, also for `name in headers.keys()`."""

    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.text)


class Requests:
    """The calls of `requests` that the pages make."""

    def __init__(self, service: Service) -> None:
        context = ssl.create_default_context(cafile=service.server.details.ca_cert)
        self._client = httpx.Client(verify=context, trust_env=False)

    def __enter__(self) -> Requests:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(
        self, method: str, url: str, *, data: str | None = None, headers: dict[str, str], timeout: float = 120.0
    ) -> Answer:
        """Send a request."""
        answer = self._client.request(method, url, content=data or None, headers=headers, timeout=timeout)
        return Answer(answer.status_code, answer.text, HTTPHeaderDict(answer.headers))

    def get(self, url: str, *, headers: dict[str, str]) -> Answer:
        """Send a GET request."""
        return self.request("GET", url, headers=headers)

    def post(self, url: str, *, headers: dict[str, str], data: str) -> Answer:
        """Send a POST request."""
        return self.request("POST", url, data=data, headers=headers)


@pytest.fixture
def waits() -> list[float]:
    """The waits that a program has asked for, in seconds."""
    return []


@pytest.fixture
def program(service: Service, waits: list[float]) -> Callable[..., dict[str, Any]]:
    """Runs programs of the pages with their imports, a clock that stands still, and the names given."""

    def run(text: str, **names: Any) -> dict[str, Any]:
        with Requests(service) as requests:
            namespace: dict[str, Any] = {
                "requests": requests,
                "json": json,
                "jwt": jwt,
                "email": email,
                "math": math,
                "urlencode": urlencode,
                "sleep": waits.append,
                "randint": lambda low, high: high,
                "random": SimpleNamespace(randint=lambda low, high: high),
                "time": SimpleNamespace(sleep=waits.append, time=service.server.world.clock.now),
                **names,
            }
            exec(compile(text, "page", "exec"), namespace)
        return namespace

    return run


def access_token(service: Service) -> str:
    """A token by OAuth server-to-server, as get_oauth_token.py asks for it."""
    details = service.server.details
    form = {
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "grant_type": "client_credentials",
        "scope": "openid,AdobeID,user_management_sdk",
    }
    with Requests(service) as requests:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(f"{details.ims_url}/ims/token/v2", headers=headers, data=urlencode(form))
    assert answer.status_code == 200
    assert answer.json()["expires_in"] < 100_000  # seconds
    token: str = answer.json()["access_token"]
    return token


@pytest.fixture
def call(service: Service, program: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """Calls the first page's `make_call` with the page's settings."""

    def make(method: str, path: str, body: Any = None) -> Any:
        details = service.server.details
        url = f"{details.api_url}{path.replace('{org}', details.org_id)}"
        settings = {"MAX_RETRIES": 4, "TIMEOUT": 120.0, "RANDOM_MAX": 5, "FIRST_DELAY": 3}
        identity = {"CLIENT_ID": details.client_id, "ACCESS_TOKEN": access_token(service)}
        names = program(
            MAKE_CALL + "\nresult = make_call(method, url, body)",
            **{**settings, **identity, "method": method, "url": url, "body": body or {}},
        )
        return names["result"]

    return make


def config_text(service: Service, key: Path) -> str:
    """The page's configuration file, filled in for the mock server."""
    details = service.server.details
    host = details.ims_url.removeprefix("https://")
    text = CONFIG_AS_PRINTED.replace("ims_host =", f"ims_host = {host}").replace("\nhost =", f"\nhost = {host}")
    for described, value in (
        ("my domain ", "example.com"),
        ("my organization id", details.org_id),
        ("my api key/client id", details.client_id),
        ("my api client secret", details.client_secret),
        ("my api client technical account", details.tech_account_id),
        ("my private key filename", key.name),
    ):
        text = text.replace(described, value)
    key.write_text(Path(details.private_key_path).read_text("utf-8"), "utf-8")
    return text


def with_sections(text: str) -> str:
    """The configuration file with the sections that the page's program reads."""
    server, enterprise = text.strip().split("\n\n")
    return f"[server]\n{server}\n\n[enterprise]\n{enterprise}\n"


def faults(service: Service, **fields: Any) -> None:
    """Plan a failure of the service."""
    service.server.world.faults.add(Fault(**fields))


def test_make_call_reads_users(call: Callable[..., Any]) -> None:
    """A query by `make_call` gives the page of users as data."""
    page = call("GET", "/users/{org}/0")
    assert page["result"] == "success"
    assert page["lastPage"] is True
    assert any(user["email"] == "jdoe@example.com" for user in page["users"])


def test_make_call_adds_the_adobe_id_of_the_page(call: Callable[..., Any], service: Service) -> None:
    """The page's command, with the comma that it lacks, creates its user and is answered with the documented counts."""
    body = json.loads(
        """
[
  {
    "user" : "john.doe@domain.com",
    "do" : [
      {
        "addAdobeID" : {
          "email" : "john.doe@domain.com",
          "firstname": "John",
          "lastname": "Doe",
          "country": "US",
          "option": "ignoreIfAlreadyExists"
        }
      }
    ]
  }
]
"""
    )
    expected = {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}
    assert call("POST", "/action/{org}", body) == expected
    assert "john.doe@domain.com" in service.emails()


def test_make_call_waits_as_long_as_retry_after_says(
    call: Callable[..., Any], service: Service, waits: list[float]
) -> None:
    """`make_call` survives a 429 with a Retry-After of seconds, waiting one second more than that."""
    faults(service, operation="users", status=429, first=1, retry_after="38")
    assert call("GET", "/users/{org}/0")["result"] == "success"
    assert waits == [39]


def test_make_call_backs_off_and_gives_up(call: Callable[..., Any], service: Service, waits: list[float]) -> None:
    """Without Retry-After `make_call` waits as its settings say, and ends with nothing after four attempts."""
    faults(service, operation="users", status=503)
    assert call("GET", "/users/{org}/0") is None
    assert waits == [8, 8, 8]


def test_make_call_reports_other_answers(
    call: Callable[..., Any], waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer that no retry can help ends `make_call` at once, with the service's own words on the screen."""
    assert call("GET", "/users/{org}/0/No Such Group") is None
    assert "Unexpected HTTP Status: 404" in (said := capsys.readouterr().out)
    assert "error.group.not_found" in said
    assert waits == []


@pytest.mark.parametrize("sections", [True, False], ids=["sections", "as printed"])
def test_the_configuration_file_is_read(sections: bool, service: Service, tmp_path: Path) -> None:
    """`load_settings` reads the page's file, with sections and without, and the connection it describes works."""
    text = config_text(service, tmp_path / "private.key")
    path = tmp_path / "usermanagement.config"
    path.write_text(with_sections(text) if sections else text, "utf-8")
    settings = load_settings(path, environment={}, ca_bundle=service.server.details.ca_cert)
    assert settings.auth == "jwt"
    assert settings.endpoint == service.server.details.api_url
    with settings.connect() as connection:
        user = UserQuery(connection, "jdoe@example.com").result()
    assert user is not None
    assert user.first_name == "John"


@pytest.mark.parametrize("fault", [None, "38", "date", ""], ids=["at once", "seconds", "date", "no header"])
def test_the_script_of_the_second_page(
    fault: str | None, service: Service, program: Callable[..., dict[str, Any]], waits: list[float], tmp_path: Path
) -> None:
    """From its configuration file the page's script gets a token for its JWT and adds its user, retrying if it must."""
    key = tmp_path / "private.key"
    path = tmp_path / "usermanagement.config"
    path.write_text(with_sections(config_text(service, key)), "utf-8")
    config = RawConfigParser()
    config.read(path)
    given = {name: value for section in config.sections() for name, value in config.items(section)}
    given["priv_key_filename"] = str(key)
    now = service.server.world.clock.now()
    if fault is not None:
        header = email.utils.formatdate(now + 90, usegmt=True) if fault == "date" else fault
        faults(service, operation="action", status=429, first=1, retry_after=header or None)
    names = program(ACCESS_REQUEST, **given)
    assert json.loads(names["res"].text)["expires_in"] > 80_000_000  # milliseconds
    names = program(SEND_REQUEST_RETRY + MANAGEMENT_REQUEST, **given, access_token=names["access_token"])
    assert names["res"].status_code == 200
    assert names["res"].json()["result"] == "success"
    assert "john.doe@example.com" in service.emails()
    if fault == "date":
        assert len(waits) == 1
        assert 60 < waits[0] <= 90
    else:
        assert waits == {None: [], "38": [38], "": [20]}[fault]


def test_a_jwt_signed_with_another_key_is_refused(
    service: Service, program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """The page's access request with somebody else's key gets the documented refusal, and no token."""
    details = service.server.details
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = tmp_path / "other.key"
    key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    names = program(
        ACCESS_REQUEST,
        ims_host=details.ims_url.removeprefix("https://"),
        ims_endpoint_jwt="/ims/exchange/jwt",
        org_id=details.org_id,
        api_key=details.client_id,
        client_secret=details.client_secret,
        tech_acct=details.tech_account_id,
        priv_key_filename=str(key),
    )
    assert names["res"].status_code == 400
    assert names["res"].json() == {
        "error": "invalid_token",
        "error_description": "Could not match JWT signature to any of the bindings",
    }
    assert "access_token" not in names


def test_the_sdk_refuses_the_mistake_of_the_page_before_it_is_sent() -> None:
    """A country that the page's format does not allow is refused when the action is built, with the place in it."""
    with pytest.raises(ActionError, match=r"^john.doe@domain.com: /do/0/addAdobeID/country: "):
        UserAction(email="john.doe@domain.com").add_adobe_id(first_name="John", last_name="Doe", country="USA")

"""Private keys as the world has them: of every kind, in files and in variables; and what is said of those of none."""

from __future__ import annotations

import base64
import datetime
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import ConfigurationError, Connection, JWTAuth, UserQuery, load_settings
from umapi_sdk.keys import load_private_key
from umapi_sdk.setting_files import InsecureFileWarning

ENCODING = serialization.Encoding
FORMAT = serialization.PrivateFormat
FORMS = {
    "PKCS#8": FORMAT.PKCS8,
    "PKCS#1": FORMAT.TraditionalOpenSSL,
    "OpenSSH": FORMAT.OpenSSH,
}
WORD = "pass word ü"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A key."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: Any, form: str, word: str | None = None) -> str:
    """A key as text."""
    lock: Any = serialization.BestAvailableEncryption(word.encode()) if word else serialization.NoEncryption()
    return str(key.private_bytes(ENCODING.PEM, FORMS[form], lock).decode("ascii"))


def one_line(text: str, separator: str) -> str:
    """A text with something else for its line ends."""
    return text.strip().replace("\n", separator)


WRAPPINGS: dict[str, Any] = {
    "as in a file": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "escaped": lambda text: one_line(text, "\\n"),
    "escaped CRLF": lambda text: one_line(text, "\\r\\n"),
    "one line": lambda text: one_line(text, " "),
    "no line ends": lambda text: one_line(text, ""),
    "double quotes": lambda text: f'"{one_line(text, chr(92) + "n")}"',
    "single quotes": lambda text: f"'{text}'",
    "indented": lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
    "byte-order mark": lambda text: "\ufeff" + text,
    "base64 of all": lambda text: base64.b64encode(text.encode()).decode(),
    "after a certificate": lambda text: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + text,
    "with bag attributes": lambda text: f"Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n{text}",
}


# Without any space, the headers of an encrypted PKCS#1 key cannot be told from its letters.
CASES = [
    (form, wrap, word)
    for form in FORMS
    for wrap in WRAPPINGS
    for word in (None, WORD)
    if (form, wrap, word) != ("PKCS#1", "no line ends", WORD)
]


@pytest.mark.parametrize(("form", "wrap", "word"), CASES)
def test_key_of_any_form_in_any_wrapping(key: rsa.RSAPrivateKey, form: str, wrap: str, word: str | None) -> None:
    """Each form of key, encrypted or not, is read from whatever a file, a shell or a CI system makes of its text."""
    text = WRAPPINGS[wrap](pem(key, form, word))
    assert load_private_key(text, word).private_numbers() == key.private_numbers()


def test_encrypted_openssh_key_without_bcrypt() -> None:
    """Where the library that opens it is not there, the message says what to install or how to convert the key."""
    program = (
        "import sys; sys.modules['bcrypt'] = None\n"
        "from umapi_sdk.keys import load_private_key\n"
        "try: load_private_key(sys.stdin.read(), 'word')\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=LOCKED_OPENSSH, capture_output=True, text=True, check=True
    )
    assert "needs the package bcrypt; or convert it with `ssh-keygen -p -m PEM -f FILE`" in done.stdout


# Made by ssh-keygen -t rsa -N word; it opens nothing.
LOCKED_OPENSSH = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABATd1j3Ff
gjFJnRspZlYf4jAAAAEAAAAAEAAACXAAAAB3NzaC1yc2EAAAADAQABAAAAgQDiGrykp78g
QVVU6rB8V+knhCYAkJZNAcsIM/ttVHMrw2+gfjzcuriUmXGSFGE0aiMXwwp+4zpY5S9PMr
/hFtyLaUM4qf2ifRmaKUTJ76x8thMRo/J4jwegXEwRlEOIkn4Fwz7dRdqzVU5mTM4hMeW7
l7cfFsfQvY5FQSUoNZIWtQAAAgATIvTA+6RediF4ggabG7bc+DXEWoXVKj1/63XNGo6Qdy
Bo82aa0WJA6+YLC41UoDL6iwCJL1LoGHxg9Nk0mfeR9wd/xfHIFTczEp133pn09GZjsC6q
z3wdmA1oOL4vtkBDWuGjzHUZ0gK3q3IxXz95LXBxRuB5Ob+aBe6nW2Vcc77VaQP8SuDui6
XDVq2OqYxCqxGtWzQICqfm+d2M0uUOrm8JM2MZmRSeH1qYDbcgO1QIZCJLjI/tgwtrnaHH
7+McjLNvPUc2kvMmzwdb9T8uIMMmaY+aYm+WSySJpcGh39Izwdd2viVjFqNg1c9K0l6OiZ
d6focGnKkBVRthdKKGNnoYMk9Pirq2MIj+REfTFlGRKM0EBRn98YqkImv6zpnU+Oyj0B6O
I+8qQLaDu/eQ75TV8E3V8FvVE6XMc4q9VgO8XVpCbiqwm26X8X6Owa+2veP1qOs0Xo2uPZ
/AVLmGdrTbIxdeZoZ34Px8FVQZDIOL4gX6Yi055ztKkT6/MI7Q1ytAahIUoYRHVzu65fJh
VlJzTiWzdfCNYvUbTTPiQsthWBTHlN0qwohUSjPpfES/t/NZIpuCP1Zdx2aLIb1XXx/sZW
PDreF8WEAbVmbZSvWBQq7DqhVDJ6lqtMRoc/k2Pc2glLy3z0KQOrL0SwcHgL+SKRMn7kiu
QYdrcWyLjg==
-----END OPENSSH PRIVATE KEY-----
"""


def p12(key: rsa.RSAPrivateKey) -> bytes:
    """A PKCS#12 store."""
    return pkcs12.serialize_key_and_certificates(b"x", key, None, None, serialization.NoEncryption())


def der(key: rsa.RSAPrivateKey) -> bytes:
    """A key in DER form."""
    return key.private_bytes(ENCODING.DER, FORMAT.PKCS8, serialization.NoEncryption())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is a certificate or public key"),
        ("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----", "is a certificate or public key"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAA\n-----END CERTIFICATE REQUEST-----",
            "is a request for",
        ),
        ("-----BEGIN PGP MESSAGE-----\nAA\n-----END PGP MESSAGE-----", "is no private key but a block 'PGP MESSAGE'"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "is cut off: its -----END line is missing"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "is cut off: its -----END line"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "the private key is damaged"),
        ("-----BEGIN PRIVATE KEY-----\nÄÄÄÄ\n-----END PRIVATE KEY-----", "letters that are not base64"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "the private key is damaged"),
        ("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", "is a key of PuTTY: convert it with `puttygen"),
        ("private.pem", "looks like a file name"),
        ("nonsense", "is not a private key in PEM form"),
        ("A" * 200_000, "is no private key: it has 200000 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_key_is_named_with_its_remedy(text: str, message: str) -> None:
    """Each kind of mistake has a message of its own, on one line, with what to do."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_private_key(text)
    assert "\n" not in str(caught.value)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize("other", ["DSA", "Ed25519"])
def test_keys_of_other_kinds(other: str) -> None:
    """A key that signs in another way is refused for what it is."""
    alien: Any = dsa.generate_private_key(2048) if other == "DSA" else ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(ConfigurationError, match="is not an RSA key"):
        load_private_key(pem(alien, "PKCS#8"))


@pytest.mark.parametrize(("make", "message"), [(p12, "is a PKCS#12 store"), (der, "is in DER form")])
@pytest.mark.parametrize("place", ["file", "variable"])
def test_binary_forms_are_named(key: rsa.RSAPrivateKey, tmp_path: Path, make: Any, message: str, place: str) -> None:
    """A store or a DER file is refused with the command that makes a PEM of it, as a file and in base64."""
    path = tmp_path / "key.bin"
    path.write_bytes(make(key))
    text = base64.b64encode(make(key)).decode()
    given = {"UMAPI_PRIVATE_KEY_PATH": str(path)} if place == "file" else {"UMAPI_PRIVATE_KEY": text}
    with pytest.raises(ConfigurationError, match=f"{message}.*`.*openssl ") as caught:
        load_settings(environment={**ENVIRONMENT, **given}).build_auth()
    assert str(caught.value).startswith("private_key_path" if place == "file" else "private_key is")


def refusal(text: str) -> str:
    """What is said of a text that is no key."""
    with pytest.raises(ConfigurationError) as caught:
        load_private_key(text, name="private_key")
    return str(caught.value)


@pytest.mark.parametrize(("make", "command"), [(p12, "openssl pkcs12 -nocerts"), (der, "openssl pkey -inform DER")])
def test_base64_without_its_lines_is_first_taken_out_of_base64(
    key: rsa.RSAPrivateKey, tmp_path: Path, make: Any, command: str
) -> None:
    """A key that stands in base64 gets a command that begins with that, and that makes a PEM of it when it is run."""
    said = refusal(base64.b64encode(make(key)).decode())
    line = said.partition("`")[2].partition("`")[0]
    assert line.startswith(f"base64 -d FILE | {command}")
    (tmp_path / "FILE").write_text(base64.encodebytes(make(key)).decode())
    line = line.replace("-nocerts", "-nocerts -passin pass: -passout pass:word")
    subprocess.run(line, shell=True, cwd=tmp_path, check=True, capture_output=True)
    made = (tmp_path / "private.key").read_text()
    assert load_private_key(made, "word" if make is p12 else None).private_numbers() == key.private_numbers()


@pytest.mark.parametrize(("make", "message"), [(p12, "is a PKCS#12 store"), (der, "is in DER form")])
@pytest.mark.parametrize("decode", [("latin-1",), ("utf-8", "replace"), ("utf-8", "surrogateescape")], ids=str)
def test_binary_forms_read_as_text_are_named(
    key: rsa.RSAPrivateKey, make: Any, message: str, decode: tuple[str, ...]
) -> None:
    """The bytes of a store or a DER file, however they were made a text, are not taken for UTF-16."""
    assert message in refusal(make(key).decode(*decode))


def test_certificate_in_der_form_is_no_key(key: rsa.RSAPrivateKey) -> None:
    """A certificate without its PEM lines is named as one, not taken for a key to convert."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    content = builder.sign(key, hashes.SHA256()).public_bytes(ENCODING.DER)
    assert "is a certificate or public key" in refusal(base64.b64encode(content).decode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_file_in_utf_16_is_named(key: rsa.RSAPrivateKey, tmp_path: Path, encoding: str) -> None:
    """A PEM file as Windows programs save it, with and without a mark at its beginning, gets the way to UTF-8."""
    path = tmp_path / "private.key"
    path.write_bytes(pem(key, "PKCS#8").encode(encoding))
    given = {**ENVIRONMENT, "UMAPI_PRIVATE_KEY_PATH": str(path)}
    with pytest.raises(ConfigurationError, match=r"is in UTF-16.* save it as UTF-8.*`iconv -f UTF-16") as caught:
        load_settings(environment=given).build_auth()
    assert str(caught.value).startswith("private_key_path")


@pytest.mark.parametrize("form", FORMS)
def test_key_that_is_too_short_is_one_error(form: str, recwarn: pytest.WarningsRecorder) -> None:
    """A key of 1024 bits, which RFC 7518 forbids for RS256, is refused with the way to a new one, without a warning."""
    short = rsa.generate_private_key(65537, 1024)
    recwarn.clear()
    said = refusal(pem(short, form))
    assert "has 1024 bits, and RS256 needs 2048: make a new one with `openssl req" in said
    assert [str(warning.message) for warning in recwarn] == []


ENVIRONMENT = {
    "UMAPI_ORG_ID": "1@AdobeOrg",
    "UMAPI_CLIENT_ID": "id",
    "UMAPI_CLIENT_SECRET": "secret",
    "UMAPI_AUTH": "jwt",
    "UMAPI_TECH_ACCOUNT_ID": "t",
}


def test_key_of_a_variable_gets_a_token(mock: RunningServer, connect: Callable[..., Connection]) -> None:
    """A key that is in UMAPI_PRIVATE_KEY, with escaped line ends, signs a JWT that the token service takes."""
    details = mock.details
    text = one_line(Path(details.private_key_path).read_text("ascii"), "\\n")
    values = {name: value for name, value in details.variables().items() if value}
    values.pop("UMAPI_PRIVATE_KEY_PATH")
    settings = load_settings(environment={**values, "UMAPI_AUTH": "jwt", "UMAPI_PRIVATE_KEY": text})
    assert "BEGIN" not in repr(settings)
    connection = connect(mock, auth=settings.build_auth())
    assert UserQuery(connection, "jdoe@example.com").result() is not None


@pytest.mark.parametrize("place", ["argument", "variable"])
def test_key_and_its_file_are_one_setting(key: rsa.RSAPrivateKey, tmp_path: Path, place: str) -> None:
    """Of the key in a variable and its file in the settings, or the other way round, the usual order decides."""
    path = tmp_path / "private.key"
    path.write_text(pem(key, "PKCS#8"))
    file = tmp_path / "umapi.toml"
    file.write_text("[default]\nprivate_key_path = 'none.key'\n" if place == "variable" else "[default]\n")
    if place == "variable":
        settings = load_settings(file, environment={**ENVIRONMENT, "UMAPI_PRIVATE_KEY": pem(key, "PKCS#8")})
    else:
        bad = {**ENVIRONMENT, "UMAPI_PRIVATE_KEY": "bad"}
        settings = load_settings(file, environment=bad, private_key_path=str(path))
    assert isinstance(settings.build_auth(), JWTAuth)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("which", ["settings", "key"])
def test_file_that_others_can_change_warns(key: rsa.RSAPrivateKey, tmp_path: Path, which: str) -> None:
    """A file with a secret that every user of the machine can change gives a warning with the remedy."""
    path, file = tmp_path / "private.key", tmp_path / "umapi.toml"
    path.write_text(pem(key, "PKCS#8"))
    file.write_text("[default]\nprivate_key_path = 'private.key'\n")
    path.chmod(0o600)
    file.chmod(0o644)
    load_settings(file, environment=ENVIRONMENT).build_auth()
    (file if which == "settings" else path).chmod(0o666)
    with pytest.warns(InsecureFileWarning, match=r"every user of this machine can change .*chmod o-w") as told:
        load_settings(file, environment=ENVIRONMENT).build_auth()
    assert which == "key" or told[0].filename == __file__  # the caller's

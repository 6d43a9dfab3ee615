"""Private keys as they are found in the world: PEM of any kind, in a file or squeezed into a variable."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_HEADER = re.compile(r"(Proc-Type|DEK-Info): *([\w,-]+)")
_ENDS_OF_LINE = re.compile(r"\\r\\n|\\n|\\r|\r\n?")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+=*\s*")
_MAX_KEY = 100_000  # characters; an RSA key of 16,384 bits has 13,000

_DER = "is in DER form"
_PKCS12 = "is a PKCS#12 store (.p12, .pfx)"
_COMMANDS = {
    _DER: ("convert it", "openssl pkey -inform DER{source} -out private.key"),
    _PKCS12: ("take the key out", "openssl pkcs12 -nocerts{source} -out private.key"),
}
_CERTIFICATE = "is a certificate or public key: give the private key that belongs to it"
_UTF_16 = "is in UTF-16, as some editors write it: save it as UTF-8, or `iconv -f UTF-16 -t UTF-8 FILE > private.key`"
_FEWEST_BITS = 2048  # RFC 7518, section 3.3
_NEW_KEY = "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -keyout private.key -out public.crt"
_PUTTY = "is a key of PuTTY: convert it with `puttygen FILE -O private-openssh -o private.key`"
_ALIEN_BLOCKS = {
    "CERTIFICATE": _CERTIFICATE,
    "PUBLIC KEY": _CERTIFICATE,
    "RSA PUBLIC KEY": _CERTIFICATE,
    "CERTIFICATE REQUEST": "is a request for a certificate: give the private key that it was made with",
    "PKCS7": "is a PKCS#7 store, which holds certificates only: give the private key that belongs to one",
}


def load_private_key(data: str, passphrase: str | None = None, name: str = "priv_key_data") -> RSAPrivateKey:
    r"""Return the RSA key in a text: PKCS#8, PKCS#1 or OpenSSH, each encrypted or not.

    The text may be as a file has it, or as a variable does: with `\n` for line ends, all on one line, in quotes, or
    the whole once more in base64. Other blocks beside the key's, as of a certificate, are passed over.

    Args:
        data: the text.
        passphrase: opens the key, if it is encrypted.
        name: what the text is called in messages.

    Raises:
        ConfigurationError: it holds no such key, or the passphrase is missing, wrong or not needed.
    """
    data, passphrase = hidden(data), hidden(passphrase)
    try:
        return _load(data, passphrase, name)
    except ConfigurationError as error:
        problem = str(error)
    raise ConfigurationError(problem)  # anew, for the frames of the first one hold the key


def _load(data: str, passphrase: str | None, name: str) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - loaded when a key is needed
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    label, pem = _key_block(data, name)
    if passphrase is not None and not isinstance(passphrase, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError("passphrase must be a string")
    encoded = passphrase.encode("utf-8") if passphrase else None
    openssh = label == "OPENSSH PRIVATE KEY"
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = load(pem.encode("ascii"), encoded)
    except UnsupportedAlgorithm as error:
        if "bcrypt" in str(error):
            problem = "is encrypted in OpenSSH form, which needs the package bcrypt; or convert it"
            raise ConfigurationError(f"{name} {problem} with `ssh-keygen -p -m PEM -f FILE`") from None
        raise ConfigurationError(f"{name} is a key of a kind that cannot be read: {error}") from None
    except (TypeError, ValueError) as error:
        raise ConfigurationError(_problem(error, passphrase)) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("the private key is not an RSA key, the only kind that the token service takes")
    if key.key_size < _FEWEST_BITS:
        problem = f"the private key has {key.key_size} bits, and RS256 needs {_FEWEST_BITS}"
        raise ConfigurationError(f"{problem}: make a new one with `{_NEW_KEY}`, and give its certificate to Adobe")
    return key


def read_key_file(path: Path, name: str) -> str:
    """Return the text of a key's file.

    Raises:
        ConfigurationError: it cannot be read, or is no text.
    """
    try:
        return _read(path, name)
    except ConfigurationError as error:
        problem = str(error)
    raise ConfigurationError(problem)  # as above


def _read(path: Path, name: str) -> str:
    content = b""
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{name} {path}: cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        problem = _UTF_16 if wide else _binary_kind(content, "FILE") or "is no private key in PEM form"
        raise ConfigurationError(f"{name} {path}: {problem}") from None


def _key_block(data: str, name: str) -> tuple[str, str]:
    """Return the label of the private key's block, and the block with a line for each 64 letters."""
    if len(data) > _MAX_KEY:
        raise ConfigurationError(f"{name} is no private key: it has {len(data)} characters")
    text = _unpacked(data)
    blocks = {match[1]: match[2] for match in reversed(list(_BLOCK.finditer(_ENDS_OF_LINE.sub("\n", text))))}
    for label, content in blocks.items():
        if label.endswith("PRIVATE KEY"):
            headers = [f"{header[1]}: {header[2]}" for header in _HEADER.finditer(content)]
            letters = "".join(_HEADER.sub("", content).split())
            lines = [letters[start : start + 64] for start in range(0, len(letters), 64)]
            rest = [*headers, "", *lines] if headers else lines
            if not letters.isascii():
                raise ConfigurationError(f"{name} is damaged: its private key has letters that are not base64")
            return label, "\n".join([f"-----BEGIN {label}-----", *rest, f"-----END {label}-----", ""])
    for label in blocks:
        raise ConfigurationError(f"{name} {_ALIEN_BLOCKS.get(label, f'is no private key but a block {label!r}')}")
    raise ConfigurationError(f"{name} {_no_block(text)}")


def _unpacked(data: str) -> str:
    """Return the text without its quotes and byte-order mark, and out of base64 if the whole of it was put in."""
    text = data.strip().lstrip("\ufeff").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if "-----BEGIN" in text or not _BASE64.fullmatch(text):
        return text
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return text
    return decoded.decode("ascii") if decoded.lstrip().startswith(b"-----BEGIN") and decoded.isascii() else text


def _no_block(text: str) -> str:
    # Bytes that were read as text in any encoding: what could not be decoded may have become U+FFFD.
    binary = _binary_kind(bytes(ord(letter) & 0xFF for letter in text[:8].replace("\ufffd", "\x82")), "FILE")
    if binary:
        return binary
    if "\0" in text:
        return _UTF_16
    if "-----BEGIN" in text:
        return "is cut off: its -----END line is missing or another one; give all of it"
    if text.startswith("PuTTY-User-Key-File"):
        return _PUTTY
    if _BASE64.fullmatch(text):
        try:
            binary = _binary_kind(base64.b64decode("".join(text.split()), validate=True), "base64")
        except binascii.Error:
            binary = None
        if binary:
            return binary
    hint = " (it looks like a file name: give the file's contents)" if Path(text[:255]).suffix else ""
    return f"is not a private key in PEM form{hint}"


def _binary_kind(content: bytes, form: Literal["FILE", "base64"]) -> str | None:
    """Return what binary content is, of the kinds that keys come in, and the command that makes a PEM file of it."""
    if content[:2] not in (b"\x30\x81", b"\x30\x82"):
        return None
    # Inside the outer SEQUENCE, a store begins with version 3, a key with version 0 or, encrypted, with a short
    # SEQUENCE; a certificate with a long one.
    inner = content[4:7] if content[1] == 0x82 else content[3:6]
    if inner[:2] in (b"\x30\x81", b"\x30\x82"):
        return _CERTIFICATE
    kind = _PKCS12 if inner == b"\x02\x01\x03" else _DER
    what, command = _COMMANDS[kind]
    if form == "base64":
        return f"{kind}, in base64: {what} with `base64 -d FILE | {command.format(source='')}`"
    return f"{kind}: {what} with `{command.format(source=' -in FILE')}`"


def _problem(error: TypeError | ValueError, passphrase: str | None) -> str:
    said = str(error).lower()
    if not passphrase:
        encrypted = isinstance(error, TypeError) or "password" in said
        return "the private key is encrypted: give its passphrase" if encrypted else "the private key is damaged"
    if isinstance(error, TypeError) or "not encrypted" in said:
        return "the private key is not encrypted: leave the passphrase out"
    return "the passphrase is wrong, or the private key is damaged"

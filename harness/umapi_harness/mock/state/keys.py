"""The key pair that the server makes for the JWT flow, where a seed registers no key of its own."""

from __future__ import annotations

import threading
from functools import cache, cached_property

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_BITS = 2048


class KeyPair:
    """An RSA key pair; it is made in a thread of its own, so that nobody waits for it who needs no key."""

    def __init__(self) -> None:
        self._made: rsa.RSAPrivateKey | None = None
        self._making = threading.Thread(target=self._make, name="umapi-mock-key", daemon=True)
        self._making.start()

    def _make(self) -> None:
        self._made = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)

    @property
    def _private_key(self) -> rsa.RSAPrivateKey:
        self._making.join()
        if self._made is None:
            raise RuntimeError("the key of the mock server could not be made")
        return self._made

    @cached_property
    def private_pem(self) -> str:
        """The private key, unencrypted, as PEM (PKCS 8)."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode("ascii")

    @cached_property
    def public_pem(self) -> str:
        """The public key as PEM."""
        return (
            self._private_key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode("ascii")
        )


@cache
def process_keys() -> KeyPair:
    """The key pair of this process: all its servers share it, so that only the first one waits."""
    return KeyPair()

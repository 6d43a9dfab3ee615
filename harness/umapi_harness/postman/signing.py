"""The JSON Web Token of the legacy flow: signed by the runner, since Postman's scripts cannot sign RS256."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from umapi_harness.common.errors import DocumentError
from umapi_harness.common.inputs import read_bytes
from umapi_harness.postman.variables import Provider, Scopes
from umapi_models.defaults import JWT_LIFE
from umapi_models.operations import METASCOPE

JWT_VARIABLE = "jwt_token"


def jwt_provider(now: Callable[[], float]) -> Mapping[str, Provider]:
    """Makes `{{jwt_token}}` where no scope holds it.

    The variables `org_id`, `tech_account_id`, `client_id`, `ims_url` and `private_key_path` (with
    `private_key_passphrase` where the key has one) must be set; without them the variable stays unresolved.
    A key that cannot be read, and an ims_url that is no address, raise DocumentError.
    """

    def signed(scopes: Scopes) -> str | None:
        names = ("org_id", "tech_account_id", "client_id", "ims_url", "private_key_path")
        values = [scopes.find(name) for name in names]
        if not all(values):
            return None
        org_id, account, client_id, ims_url, key_path = (value or "" for value in values)
        host = _host(ims_url)
        claims: dict[str, str | int | bool] = {
            "exp": int(now()) + JWT_LIFE,
            "iss": org_id,
            "sub": account,
            "aud": f"https://{host}/c/{client_id}",
            f"https://{host}/s/{METASCOPE}": True,
        }
        return _sign(claims, Path(key_path), scopes.find("private_key_passphrase"))

    return {JWT_VARIABLE: signed}


def _host(ims_url: str) -> str:
    try:
        return urlsplit(ims_url).netloc
    except ValueError as error:
        raise DocumentError("{{jwt_token}}", "", f"ims_url: {error}", "give the address of the token host") from None


def _sign(claims: dict[str, str | int | bool], path: Path, passphrase: str | None) -> str:
    # Together they take a tenth of a second to load, and few runs sign anything.
    import jwt  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(read_bytes(path), passphrase.encode() if passphrase else None)
    except OSError as error:
        problem = f"private_key_path: {(error.strerror or 'cannot be read').lower()}"
        raise DocumentError(str(path), "", problem, "give the path of the RSA private key") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPrivateKey):
        return jwt.encode(claims, key, algorithm="RS256")
    problem = "private_key_path: no RSA private key in PEM form, or the wrong passphrase"
    raise DocumentError(str(path), "", problem, "check the file and private_key_passphrase")

"""Servers of tests: where an organisation answers, with the details that a client needs."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx

from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.hosting import Hosting
from umapi_harness.mock.serving.server import server_details

if TYPE_CHECKING:
    from umapi_harness.testing.organizations import UmapiOrg


class UmapiServer:
    """A server on loopback that answers for one organisation, with the details that a client needs."""

    def __init__(self, url: str, organization: UmapiOrg, hosting: Hosting, *, tls: bool) -> None:
        """Describe the server that listens under `url`."""
        self.url = url
        """Scheme, host and port; `url + "/_mock/"` shows the organisation in a browser."""
        self.organization = organization
        self._hosting = hosting
        self._tls = tls

    def __repr__(self) -> str:
        return f"<UmapiServer {self.url} of {self.org_id}>"

    @property
    def details(self) -> ServerDetails:
        """All details at once, as a ready file has them."""
        authority = self._hosting.authority_path if self._tls else None
        key_path = self._hosting.private_key_path
        return self._hosting.loop.call(
            lambda: server_details(self.organization.world, self.url, authority=authority, private_key=key_path)
        )

    def environment(self) -> dict[str, str]:
        """The details as environment variables, `UMAPI_ORG_ID` and so on, without those that there are not.

        `UMAPI_FIRST_DELAY` and `UMAPI_RANDOM_DELAY` are 0, so that no test waits before a request is sent again.
        """
        return self.details.of_tested_program()

    def client(self, **options: Any) -> httpx.Client:
        """An httpx client whose calls are let in; paths begin at the server's root. Whoever asks for it closes it."""
        if self._tls:
            context = ssl.create_default_context(cafile=self._hosting.authority_path)
        else:
            # Trusts nobody: httpx would read the machine's authorities, which takes longer than a whole test.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(
            base_url=self.url, headers=self.organization.headers(), verify=context, trust_env=False, **options
        )

    @property
    def api_url(self) -> str:
        """Root of the API, ending in /v2/usermanagement."""
        return self.details.api_url

    @property
    def ims_url(self) -> str:
        """Root of the token host."""
        return self.url

    @property
    def ca_cert(self) -> str | None:
        """File with the authority to trust; None without TLS."""
        return self.details.ca_cert

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self.organization.org_id

    @property
    def client_id(self) -> str:
        """The client's API key."""
        return self.organization.credential.client_id

    @property
    def client_secret(self) -> str:
        """What the client proves itself with in both token flows."""
        return self.organization.credential.client_secret

    @property
    def tech_account_id(self) -> str:
        """The subject of the client's JWTs."""
        return self.organization.credential.tech_account_id

    @property
    def private_key_path(self) -> str:
        """File with the PEM that signs the client's JWTs."""
        return str(self._hosting.private_key_path)

    @property
    def domain(self) -> str | None:
        """A domain that the organisation has claimed, for Federated IDs if it has any."""
        return self.details.domain

    @property
    def sample_user(self) -> str | None:
        """The e-mail address of a user in the seed."""
        return self.details.sample_user

    @property
    def sample_group(self) -> str | None:
        """The name of a user group in the seed."""
        return self.details.sample_group

    @property
    def sample_profile(self) -> str | None:
        """The name of a product profile in the seed."""
        return self.details.sample_profile

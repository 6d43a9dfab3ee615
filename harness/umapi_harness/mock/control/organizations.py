"""The organisations as a whole: what is in them, which there are, and states of them that are kept and put back."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umapi_harness.mock.control.inputs import ConflictError, json_of, object_of
from umapi_harness.mock.state.exports import export_seed
from umapi_harness.mock.state.seeds import build_seed
from umapi_harness.mock.world import World
from umapi_models.operations import API_PATH


class Organizations:
    """The calls about organisations and snapshots."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def reset(self, _request: Request) -> Response:
        """Put everything back as it was at the start, except the clock, the tokens and the snapshots."""
        self._world.reset()
        return Response(status_code=204)

    # State

    async def get_state(self, request: Request) -> Response:
        """One organisation as a seed document."""
        organization = self._world.organization(request.query_params.get("org_id"))
        ids = request.query_params.get("ids", "").lower() == "true"
        return JSONResponse(export_seed(organization, ids=ids))

    async def put_state(self, request: Request) -> Response:
        """Add an organisation, or replace the one of the same id."""
        self._world.put(build_seed(await json_of(request), where="body"))
        return Response(status_code=204)

    # Organisations

    async def get_organizations(self, _request: Request) -> Response:
        """The organisations with their sizes."""
        return JSONResponse(
            [
                {"org_id": org_id, "users": len(organization.users), "groups": len(organization.catalog.groups)}
                for org_id, organization in self._world.organizations.items()
            ]
        )

    async def post_organizations(self, request: Request) -> Response:
        """Add an organisation, and tell how to call on its behalf."""
        document = await object_of(request, "a seed, or {} for an empty organisation") if await request.body() else {}
        document.setdefault("org_id", f"{secrets.token_hex(12).upper()}@AdobeOrg")
        seed = build_seed(document, where="body")
        org_id = seed.organization.org_id
        if org_id in self._world.organizations:
            raise ConflictError(f"body: /org_id: {org_id} is there already; choose another, or PUT /_mock/state")
        self._world.put(seed)
        credential = self._world.credential(org_id)
        url = f"{request.url.scheme}://{request.url.netloc}"
        access = {name: getattr(credential, name) for name in ("client_id", "client_secret", "tech_account_id")}
        return JSONResponse(
            {"org_id": org_id, **access, "api_url": f"{url}{API_PATH}", "ims_url": url}, status_code=201
        )

    async def delete_organization(self, request: Request) -> Response:
        """Take an organisation out, with its credentials and tokens."""
        self._world.remove(request.path_params["org_id"])
        return Response(status_code=204)

    # Snapshots

    async def get_snapshots(self, _request: Request) -> Response:
        """The snapshots, oldest first."""
        return JSONResponse([snapshot.as_dict() for snapshot in self._world.snapshots])

    async def put_snapshot(self, request: Request) -> Response:
        """Keep the present state under a name."""
        return JSONResponse(self._world.save(request.path_params["name"]).as_dict())

    async def restore_snapshot(self, request: Request) -> Response:
        """Put back what was kept under a name."""
        self._world.restore(request.path_params["name"])
        return Response(status_code=204)

    async def delete_snapshot(self, request: Request) -> Response:
        """Forget what was kept under a name."""
        self._world.snapshots.forget(request.path_params["name"])
        return Response(status_code=204)

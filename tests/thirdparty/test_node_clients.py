"""Clients from the npm registry, unmodified, against the mock server: `tox -e node` installs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import RunningServer

MODULES = os.environ.get("NODE_PATH", "")
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and (Path(MODULES) / "@adobe" / "jwt-auth").is_dir()),
    reason="needs node, and @adobe/jwt-auth in NODE_PATH: tox -e node",
)

# What a program over these packages does: a token by a JWT, then a listing and an action over one agent.
PROGRAM = """
const authorize = require("@adobe/jwt-auth");
const axios = require("axios");
const details = JSON.parse(require("fs").readFileSync(0, "utf-8"));
(async () => {
  const token = await authorize({
    clientId: details.client_id, clientSecret: details.client_secret, technicalAccountId: details.tech_account_id,
    orgId: details.org_id, metaScopes: ["ent_user_sdk"], privateKey: details.private_key, ims: details.ims_url,
  });
  const api = axios.create({
    baseURL: details.api_url,
    headers: { Authorization: `Bearer ${token.access_token}`, "X-Api-Key": details.client_id },
  });
  const users = await api.get(`/users/${details.org_id}/0`, { params: { directOnly: false } });
  const place = [details.org_id, "0", "100% remote? #1 + more"].map(encodeURIComponent).join("/");
  const group = await api.get(`/users/${place}`);
  const done = await api.post(`/action/${details.org_id}`, [{
    user: "node@example.com", requestID: "one",
    do: [{ createFederatedID: { email: "node@example.com", firstname: "N", lastname: "ode", country: "DE" } },
         { add: { group: ["DevOps", "Équipe Zürich"] } }],
  }]);
  console.log(JSON.stringify({
    expires_in: token.expires_in, users: users.data.users.length, total: users.headers["x-total-count"],
    group: group.data.groupName, done: done.data,
  }));
})().catch((error) => { console.error(error.response ? error.response.data : error); process.exit(1); });
"""


def test_adobes_jwt_package_and_axios(server: RunningServer) -> None:
    """Adobe's own package gets a token with its five-minute JWT, and axios lists and changes users with it."""
    details = server.details
    given = {**details.as_dict(), "private_key": Path(details.private_key_path).read_text("utf-8")}
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(details.ca_cert), "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        ["node", "-e", PROGRAM],
        input=json.dumps(given),
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["done"]["completed"] == 1
    assert told["group"] == "100% remote? #1 + more"
    assert told["expires_in"] == 86_399_000
    assert told["users"] <= int(told["total"])

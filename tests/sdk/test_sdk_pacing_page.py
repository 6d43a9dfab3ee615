"""The set-up of docs/explanation/pacing.md, run as a reader would run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis_kit import MISSING, PROGRAM

from umapi_harness.mock import Settings
from umapi_harness.mock.api.throttles import LIMITS, Limit, Throttles
from umapi_harness.mock.serving.server import running_server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "pacing.md"

UMAPI = f"""#!{sys.executable}
from msgspec.structs import force_setattr
from umapi_models.operations import ACTION
force_setattr(ACTION, "period", 1.0)
from umapi_sdk.cli import main
main()
"""


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_lines_of_the_page_let_two_processes_share(tmp_path: Path) -> None:
    """Two commands of the page send 24 requests where ten a second are allowed, and none of them is refused."""
    found = re.search(r"```sh\npip install [^\n]*\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = found[1].replace("6379", str(port))
    command = tmp_path / "umapi"
    command.write_text(UMAPI, "utf-8")
    command.chmod(0o755)
    for name in ("joiners", "leavers"):
        steps = [{"user": "jdoe@example.com", "do": [{"update": {"firstname": f"{name} {n}"}}]} for n in range(12)]
        (tmp_path / f"{name}.json").write_text(json.dumps(steps), "utf-8")
    with running_server(settings=Settings(throttle=True, lockout_seconds=3600)) as server:
        limits = {name: Limit(limit.per_client, limit.overall, 1.0) for name, limit in LIMITS.items()}
        server.world.throttles = Throttles(server.world.clock, limits)
        details = server.details
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "UMAPI_ORG_ID": details.org_id,
            "UMAPI_CLIENT_ID": details.client_id,
            "UMAPI_CLIENT_SECRET": details.client_secret,
            "UMAPI_ENDPOINT": details.api_url,
            "UMAPI_IMS_URL": details.ims_url,
        }
        started = lines.replace("&\n", "&\nstarted+=($!)\n")
        script = f"{started}second=$?\nwait ${{started[1]}}\nfirst=$?\nkill ${{started[0]}}\nexit $((first + second))\n"
        run = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        statuses = [entry["status"] for entry in server.world.journal.as_list() if entry["operation"] == "action"]
    assert run.returncode == 0, run.stderr
    assert statuses == [200] * 24

"""Probes of what Postman does: read from YAML, run by Newman and by us, and compared.

A file holds groups. A group is one collection: its `show` gives expressions, one request with one test script for
each, whose value becomes the name of a check, `holds` assertions, which hold or throw; its `probes` give scripts or
requests of their own, each a request; with `runs`, each entry is a collection of its own, with what is told of the
whole run. What both receive, check and end with must be the same, unless the probe says how it `differs`: `stricter`,
`better` or `unsupported`, with the reason, and the switch that turns it off.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import yaml

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VOLATILE = frozenset(
    {"user-agent", "postman-token", "host", "accept-encoding", "connection", "accept", "cache-control", "date"}
)
# Messages of NTLM hold the time and chance.
_NTLM_MESSAGE = re.compile(r"\bNTLM [A-Za-z0-9+/=]{20,}")
_SHOW = """
(function () {{
  const text = (value) => {{
    if (typeof value === "function") return "function";
    if (value === undefined) return "undefined";
    if (typeof value === "object" && value !== null && !Array.isArray(value) && value.constructor &&
        value.constructor.name === "Error") return "Error " + value.message;
    const json = JSON.stringify(value);
    return json === undefined ? String(value) : json;
  }};
  let seen;
  try {{
    const value = {expression};
    seen = {shown};
  }} catch (error) {{ seen = "throws " + error.name + ": " + error.message; }}
  pm.test(seen, () => {{}});
}})();
"""


@attrs.frozen(kw_only=True)
class Differs:
    """In what a probe may differ from Newman, and why."""

    kind: str
    why: str
    switch: str = ""


@attrs.frozen(kw_only=True)
class Probe:
    """One thing that is looked at: an item of a collection, or (`whole`) a collection with all that belongs to it."""

    area: str
    name: str
    differs: Differs | None = None


@attrs.frozen(kw_only=True)
class Job:
    """One collection with its options, and the probes in it, in the order of its items."""

    key: str
    area: str
    collection: dict[str, Any]
    options: dict[str, Any]
    answers: dict[str, Any]
    probes: tuple[Probe, ...]
    ours: tuple[str, ...] = ()
    whole: bool = False
    of_scripts: bool = False
    """Whether scripts send requests, which Newman mixes up with those of the collection."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What became of a probe: same, stricter, unsupported or differs, with what both saw where they differ."""

    probe: Probe
    state: str
    newman: str = ""
    ours: str = ""


def read_jobs(folder: Path) -> list[Job]:
    """All collections of the probe files."""
    jobs: list[Job] = []
    for path in sorted(folder.glob("*.yaml")):
        for place, group in enumerate(yaml.safe_load(path.read_text("utf-8"))):
            area = group.get("area", path.stem)
            if "runs" in group:
                jobs += [
                    _whole(f"{path.stem}-{place}-{index}", area, {**_shared(group), **run})
                    for index, run in enumerate(group["runs"])
                ]
            else:
                jobs.append(_group(f"{path.stem}-{place}", area, group))
    return jobs


def _shared(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name not in ("runs", "area")}


def _group(key: str, area: str, group: Mapping[str, Any]) -> Job:
    entries: list[dict[str, Any]] = [_shown(one, "text(value)") for one in group.get("show", [])]
    entries += [_shown(one, '"holds"') for one in group.get("holds", [])]
    entries += [dict(one) for one in group.get("probes", [])]
    shared = {name: group[name] for name in ("request", "prerequest") if name in group}
    items = [_item({**shared, **entry}) for entry in entries]
    probes = tuple(
        Probe(area=area, name=item["name"], differs=_differs(entry.get("differs", group.get("differs"))))
        for item, entry in zip(items, entries, strict=True)
    )
    return Job(
        key=key,
        area=area,
        collection=_collection(group, items),
        options=_options(group),
        answers=dict(group.get("answers", {})),
        probes=probes,
        of_scripts=group.get("of_scripts", False),
        ours=tuple(group.get("ours", ())),
    )


def _whole(key: str, area: str, run: Mapping[str, Any]) -> Job:
    items = [_item(entry) for entry in run.get("items", [{"name": "only"}])]
    probe = Probe(area=area, name=run["name"], differs=_differs(run.get("differs")))
    document = run["document"] if "document" in run else _collection(run, items)
    return Job(
        key=key,
        area=area,
        collection=document,
        options=_options(run),
        answers=dict(run.get("answers", {})),
        probes=(probe,),
        ours=tuple(run.get("ours", ())),
        whole=True,
    )


def _shown(entry: str | Mapping[str, Any], shown: str) -> dict[str, Any]:
    if isinstance(entry, str):
        entry = {"expression": entry}
    expression = entry["expression"]
    made = {"name": expression, "test": _SHOW.format(expression=expression, shown=shown)}
    return {**made, "differs": entry["differs"]} if "differs" in entry else made


def _differs(given: Mapping[str, Any] | None) -> Differs | None:
    return None if given is None else Differs(kind=given["as"], why=given["why"], switch=given.get("switch", ""))


def _item(entry: Mapping[str, Any]) -> dict[str, Any]:
    if "item" in entry:  # a folder
        inside = {name: value for name, value in entry.items() if name != "item"}
        return {**_item_parts(inside), "item": [_item(one) for one in entry["item"]]}
    return {**_item_parts(entry), "request": entry.get("request", "{{base}}/echo")}


def _item_parts(entry: Mapping[str, Any]) -> dict[str, Any]:
    known = ("name", "prerequest", "test", "request", "differs")
    events = [
        {"listen": listen, "script": {"exec": entry[listen].split("\n"), "type": "text/javascript"}}
        for listen in ("prerequest", "test")
        if listen in entry
    ]
    rest = {name: value for name, value in entry.items() if name not in known}
    name = entry.get("name", entry.get("test", "unnamed").strip().split("\n")[0])
    return {"name": name, **({"event": events} if events else {}), **rest}


def _collection(group: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    own = dict(group.get("collection", {}))
    variables = [{"key": name, "value": value} for name, value in own.pop("variables", {}).items()]
    events = _item_parts({key: own.pop(key) for key in ("prerequest", "test") if key in own}).get("event")
    return {
        "info": {"name": "probes", "schema": V21},
        "item": list(items),
        "variable": variables,
        **({"event": events} if events else {}),
        **own,
    }


def _options(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in ("environment", "globals", "data", "options") if name in group}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as a probe wants it, or tells what it was asked; keeps each request."""

    protocol_version = "HTTP/1.1"
    server: ProbeServer

    def handle_any(self) -> None:
        """Takes any method."""
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = self._chunks()
        self.server.seen.append((self.command, self.path, [(k, v) for k, v in self.headers.items()], body))
        parts = urlsplit(self.path)
        answer = self.server.answers.get(parts.path.lstrip("/"))
        if parts.path.startswith("/status/"):
            answer = {"status": int(parts.path.split("/")[2]), "text": ""}
        elif parts.path.startswith("/redirect/"):
            to = dict(parse_qsl(parts.query)).get("to", "/echo")
            answer = {"status": int(parts.path.split("/")[2]), "headers": {"Location": to}, "text": ""}
        self._answer(answer if answer is not None else {"json": self._echo(body)})

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _echo(self, body: bytes) -> dict[str, Any]:
        return {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items() if name.lower() not in VOLATILE},
            "body": body.decode("utf-8", "replace"),
        }

    def _answer(self, answer: Mapping[str, Any]) -> None:
        if "json" in answer:
            body, kind = json.dumps(answer["json"]).encode(), "application/json; charset=utf-8"
        elif "hex" in answer:
            body, kind = bytes.fromhex(answer["hex"]), "application/octet-stream"
        else:
            body, kind = str(answer.get("text", "")).encode(), "text/plain; charset=utf-8"
        headers = {"Content-Type": kind, **answer.get("headers", {})}
        self.send_response(answer.get("status", 200))
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class ProbeServer(http.server.ThreadingHTTPServer):
    """The server that probes ask; `answers` by path, `seen` all requests."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers: dict[str, Any] = {}
        self.seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving(port: int = 0) -> Iterator[ProbeServer]:
    """A probe server for the length of a block, at a port that is free, or that both had: signatures hold it."""
    server = ProbeServer(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def prepared(job: Job, base: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The collection of a job for a server, and Newman's options."""
    collection = json.loads(json.dumps(job.collection).replace("@base@", base))
    environment = {"base": f"{base}/{job.key}", "root": base, **job.options.get("environment", {})}
    options: dict[str, Any] = {"environment": _values("probe environment", environment, base)}
    if "globals" in job.options:
        options["globals"] = _values("probe globals", job.options["globals"], base)
    if "data" in job.options:
        options["iterationData"] = job.options["data"]
    return collection, {**options, **job.options.get("options", {})}


def _values(name: str, values: Mapping[str, Any], base: str) -> dict[str, Any]:
    entries = [{"key": key, "value": value, "enabled": True} for key, value in values.items()]
    document: dict[str, Any] = json.loads(json.dumps({"name": name, "values": entries}).replace("@base@", base))
    return document


def answers_of(jobs: Sequence[Job]) -> dict[str, Any]:
    """What the server answers, by path: a job's paths stand below its key."""
    return {f"{job.key}/{path}": answer for job in jobs for path, answer in job.answers.items()}


Results = dict[str, Any]
Main = Callable[[Sequence[str]], int]


def run_both(
    jobs: Sequence[Job], folder: Path, judge: Path, environment: Mapping[str, str], main: Main
) -> tuple[Results, Results]:
    """What Newman and we find, by key, with the requests that the server saw: at one port, for signatures hold it."""
    with serving() as server:
        newman, port = _run_newman(jobs, folder, judge, environment, server), server.server_address[1]
    with serving(port) as server:
        return newman, _run_ours(jobs, folder, server, main)


def _run_newman(
    jobs: Sequence[Job], folder: Path, judge: Path, environment: Mapping[str, str], server: ProbeServer
) -> Results:
    server.answers = answers_of(jobs)
    work = [dict(zip(("collection", "options"), prepared(job, server.url), strict=True)) for job in jobs]
    tasks = [{"key": job.key, **one} for job, one in zip(jobs, work, strict=True)]
    given, found = folder / "jobs.json", folder / "newman.json"
    given.write_text(json.dumps(tasks), "utf-8")
    subprocess.run(["node", str(judge), str(given), str(found)], env=dict(environment), check=True, timeout=600)
    results: Results = json.loads(found.read_text("utf-8"))
    return {key: with_requests(key, result, server) for key, result in results.items()}


def with_requests(key: str, result: Mapping[str, Any], server: ProbeServer) -> dict[str, Any]:
    """A result with what the server saw of it, and no port in it."""
    port = str(server.server_address[1])
    seen = [
        {
            "method": method,
            "path": path,
            "headers": sorted((k.lower(), _bounded(v, k)) for k, v in headers if k.lower() not in VOLATILE),
            "body": _without_boundary(body.decode("utf-8", "replace"), headers),
        }
        for method, path, headers, body in server.seen
        if path.startswith(f"/{key}/") or path == f"/{key}"
    ]
    text = json.dumps({**result, "seen": seen}).replace(port, "PORT")
    document: dict[str, Any] = json.loads(_NTLM_MESSAGE.sub("NTLM MESSAGE", text))
    return document


def _bounded(value: str, name: str) -> str:
    return (
        value.split("boundary=", maxsplit=1)[0]
        if name.lower() == "content-type"
        else ""
        if name.lower() == "content-length"
        else value
    )


def _without_boundary(body: str, headers: Sequence[tuple[str, str]]) -> str:
    for name, value in headers:
        if name.lower() == "content-type" and "boundary=" in value:
            return body.replace(value.split("boundary=")[1].strip('"'), "BOUNDARY")
    return body


def compare(jobs: Sequence[Job], newman: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Verdict]:
    """One verdict for each probe."""
    found: list[Verdict] = []
    for job in jobs:
        theirs, mine = newman[job.key], ours[job.key]
        if job.whole:
            found.append(_verdict(job.probes[0], _of_run(theirs), _of_run(mine)))
            continue
        for place, probe in enumerate(job.probes):
            steps = [_of_step(result, place, of_scripts=job.of_scripts) for result in (theirs, mine)]
            found.append(_verdict(probe, *steps))
    return found


def _verdict(probe: Probe, theirs: object, mine: object) -> Verdict:
    if theirs == mine:
        return Verdict(probe=probe, state="same")
    state = "differs" if probe.differs is None else probe.differs.kind
    return Verdict(probe=probe, state=state, newman=json.dumps(theirs), ours=json.dumps(mine))


def _of_step(result: Mapping[str, Any], place: int, *, of_scripts: bool = False) -> object:
    if place >= len(result["steps"]):
        return result["refused"] or "not run"
    step = result["steps"][place]
    seen = {"checks": [(one["name"], one["state"]) for one in step["checks"]], "errors": len(step["errors"])}
    if of_scripts:
        return seen
    return {**seen, "failed": step["failed"] is not None, "status": None if step["failed"] else step["status"]}


def _of_run(result: Mapping[str, Any]) -> object:
    steps = [(step.get("name"), _of_step(result, place)) for place, step in enumerate(result["steps"])]
    return {"red": result["red"], "steps": steps, "seen": result["seen"]}


def _run_ours(jobs: Sequence[Job], folder: Path, server: ProbeServer, main: Main) -> Results:
    server.answers = answers_of(jobs)
    found: Results = {}
    for job in jobs:
        place = folder / job.key
        place.mkdir()
        found[job.key] = with_requests(job.key, _our_run(job, place, server.url, main), server)
    return found


def _our_run(job: Job, folder: Path, base: str, main: Main) -> dict[str, Any]:
    collection, options = prepared(job, base)
    report = folder / "report.json"
    arguments = ["run", _file(folder / "collection.json", collection), "--json", str(report)]
    for name, value in options.items():
        arguments += _arguments(name, value, folder)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([*arguments, *job.ours])
    if not report.exists():
        return {"red": status != 0, "refused": said.getvalue(), "steps": []}
    document = json.loads(report.read_text("utf-8"))
    return {
        "red": status != 0,
        "refused": None,
        "steps": [_our_step(one) for one in document["requests"] if not one["skipped"]],
    }


def _our_step(entry: Mapping[str, Any]) -> dict[str, Any]:
    of_scripts = ("script-error", "unhandled-rejection", "script")
    errors = [f"{one['kind']}: {one['message']}" for one in entry["errors"] if not one["allowed"]]
    failed = [text for text in errors if not text.startswith(of_scripts)]
    # The answer of the step is the last of those that its request led to.
    answered = [one["response"] for one in entry["exchanges"] if one["cause"] not in ("script", "token")]
    response = answered[-1] if answered else None
    return {
        "name": entry["name"],
        "status": None if response is None else response["status"],
        "failed": failed[0] if failed else None,
        "errors": [text for text in errors if text.startswith(of_scripts)],
        "checks": entry["checks"],
    }


def _file(path: Path, document: object) -> str:
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


_FLAGS = {"environment": "-e", "globals": "-g", "iterationData": "-d", "iterationCount": "-n", "folder": "--folder"}


def _arguments(name: str, value: Any, folder: Path) -> list[str]:
    """An option of Newman's library as an argument of the command line."""
    flag = _FLAGS.get(name) or "--" + "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
    if name in ("environment", "globals", "iterationData"):
        return [flag, _file(folder / f"{name}.json", value)]
    if value is True:
        return [flag]
    if isinstance(value, list):
        return [part for one in value for part in (flag, str(one))]
    return [flag, str(value)]

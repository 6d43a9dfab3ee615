"""Places of a run: a mock server that is started for it, a server that is there, or where the collection says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from umapi_harness.commands.run_documents import RunDocuments
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.common.documents import JsonValue
from umapi_harness.common.meant import nearest
from umapi_harness.postman.knowledge import Filling, Usage, api_hosts, fillings, is_fetched, unfilled, usage_of
from umapi_harness.postman.signing import JWT_VARIABLE, jwt_provider
from umapi_harness.postman.targets import Target, read_target
from umapi_harness.postman.variables import Scopes
from umapi_models.names import ENTERPRISE_ID
from umapi_models.operations import API_PATH, IMS_ROOT, METASCOPE, SCOPES

if TYPE_CHECKING:
    from umapi_harness.mock.serving.server import RunningServer
    from umapi_harness.mock.state.organization import Organization
    from umapi_harness.postman.session import Session

_LISTED = 5
"""Variables that advice names."""
_TOKEN_SECONDS = 24 * 60 * 60


@attrs.frozen(kw_only=True)
class Place:
    """Where a run goes: the server's variables, how to reach it, and how to ask what has changed there."""

    values: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue])
    """Variables of the environment, whatever it has for them."""
    fillings: Sequence[Filling] = ()
    target: Target | None = None
    on_loopback: bool = False
    notes: Sequence[str] = ()
    watch: Callable[[], Sequence[str]] | None = None
    faults: Callable[[bool], Sequence[str]] | None = None
    """Asks which planned failures struck the request that is over."""
    unused_faults: Callable[[], Sequence[str]] | None = None
    """Asks which planned failures have struck none."""


def starts_mock(arguments: RunArguments) -> bool:
    """Whether the run has a mock server of its own; raises UsageError where the options contradict each other."""
    own = arguments.collection is None and arguments.target is None and arguments.environment is None
    if arguments.mock and arguments.target is not None:
        raise click.UsageError("--mock and --target exclude each other: leave one out")
    started = arguments.mock or own
    given = {
        "--seed": bool(arguments.seed_paths),
        "--profile": arguments.profile != "documented",
        "--throttle": arguments.throttle,
        "--faults": arguments.faults_path is not None,
        "--no-fill": bool(arguments.no_fill),
    }
    for option, is_given in given.items():
        if is_given and not started:
            raise click.UsageError(f"{option} needs the mock server of the run: add --mock")
    return started


@contextmanager
def mock_place(arguments: RunArguments, documents: RunDocuments) -> Generator[Place]:
    """A mock server for the length of the run, for the walkthrough or for any collection; raises InputError."""
    # Runs without a server of their own do not wait for it to be loaded.
    from umapi_harness.mock.faults.watching import FaultWatch  # noqa: PLC0415
    from umapi_harness.mock.serving.server import running_server  # noqa: PLC0415
    from umapi_harness.mock.settings import PROFILES  # noqa: PLC0415
    from umapi_harness.mock.state.differences import Watch  # noqa: PLC0415
    from umapi_harness.mock.state.seed_files import read_seeds  # noqa: PLC0415

    settings = PROFILES[arguments.profile]()
    if arguments.throttle:
        settings = settings.changed({"throttle": True}, where="--throttle")
    seeds = read_seeds(arguments.seed_paths)
    with running_server(seeds=seeds, settings=settings, faults_path=arguments.faults_path) as server:
        usage = usage_of(documents.collection)
        _check_names(arguments.no_fill, usage, documents)
        own = arguments.collection is None and arguments.environment is None
        others = _named_in_data(documents).union(arguments.no_fill)
        filled = () if own else fillings(usage, _known(documents), _meanings(server), others)
        target = _target(server.url, arguments, documents, usage)
        yield Place(
            values=_values_of(server) if own else {},
            fillings=filled,
            target=None if own else target,
            on_loopback=True,
            notes=() if own else (*_notes(target), *_told(filled)),
            watch=Watch(server.world.organizations).changes,
            faults=FaultWatch(server.world.faults, server.world.clock).met,
            unused_faults=server.world.faults.unused,
        )


def advice_on_values(arguments: RunArguments, documents: RunDocuments, place: Place, session: Session) -> str:
    """What to say behind a run that failed and went to the service itself without what it needs there, or nothing.

    Scripts may have set what was empty at the beginning, and requests may have wanted more than this API knows of.
    """
    if place.on_loopback or place.target is not None:
        return ""
    before = {name: value for scope in _known(documents).values() for name, value in scope.items()}
    left = session.scopes.by_name().values()
    given = {name for scope in left for name, value in scope.items() if value and value != before.get(name)}
    empty, marked = unfilled(usage_of(documents.collection), _known(documents), given | _named_in_data(documents))
    own = (*empty, *marked)
    if not own:
        return ""
    others = [name for name in session.wanting if name not in own and not is_fetched(name)]
    told = [
        f"{_listed(names)} {'has' if len(names) == 1 else 'have'} {what}"
        for names, what in (((*empty, *others), "no value"), (marked, "a placeholder for a value"))
        if names
    ]
    places = [arguments.environment or "an environment (-e)"]
    if others:
        places.append(arguments.iteration_data or "data (-d)")
    where = ", in ".join(places)
    leave, kept = (_listed(own), "them") if others else ("them", "what is empty")
    mock = f"--mock runs the collection against a mock server, which has values for {kept}"
    return f"{' and '.join(told)}; set them in {where} or with --env-var NAME=VALUE, or leave {leave} empty: {mock}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _known(documents: RunDocuments) -> dict[str, Mapping[str, object]]:
    return {
        "environment": documents.environment.values,
        "collection": documents.collection.variables,
        "globals": documents.globals.values,
    }


def _check_names(names: Iterable[str], usage: Usage, documents: RunDocuments) -> None:
    """Raise UsageError for a name that no variable has."""
    variables = {*usage.names, *(name for scope in _known(documents).values() for name in scope)}
    for name in names:
        if name not in variables:
            near = nearest(name, sorted(variables))
            meant = f"; is {near!r} meant?" if near else ""
            raise click.BadParameter(f"the collection has no variable {name!r}{meant}", param_hint="--no-fill")


def _named_in_data(documents: RunDocuments) -> frozenset[str]:
    return frozenset(documents.data[0]) if documents.data else frozenset()


def _target(origin: str, arguments: RunArguments, documents: RunDocuments, usage: Usage) -> Target:
    """Where the API's requests go; all hosts that the collection calls by themselves are its API's."""
    hosts = api_hosts(usage, (*_known(documents).values(), *documents.data[:1]))
    return attrs.evolve(
        read_target(origin), hosts=hosts, let_through=frozenset(name.lower() for name in arguments.allow_hosts)
    )


def _notes(target: Target) -> tuple[str, ...]:
    through = ", ".join(sorted(target.let_through))
    notes = (f"all requests for the API go to {target.origin}",)
    return (*notes, f"these hosts are called as they are: {through}") if through else notes


def _told(filled: Sequence[Filling]) -> tuple[str, ...]:
    """What reports say of the variables that are filled."""
    leave = ("--no-fill NAME leaves one of these variables to the collection",) if filled else ()
    return (*(one.note for one in filled), *leave)


def _values_of(server: RunningServer) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {
        name: value for name, value in server.details.as_dict().items() if value is not None
    }
    domains = server.world.organization().domains.values()
    enterprise = [one.name for one in domains if one.type == ENTERPRISE_ID and not one.trusted]
    if enterprise:
        values["enterprise_domain"] = enterprise[0]
    return {**values, "mock_admin_url": f"{server.url}/_mock"}


def _meanings(server: RunningServer) -> dict[str, str]:
    """What the server has for the variables of any collection."""
    details, organization = server.details, server.world.organization()
    credential = server.world.credential(organization.org_id)
    names = ("org_id", "client_id", "client_secret", "tech_account_id", "private_key_path")
    basics = {name: str(details.as_dict()[name] or "") for name in names}
    scopes = Scopes(environment={**basics, "ims_url": IMS_ROOT})
    values = {
        **basics,
        "private_key": server.world.keys.private_pem,
        "metascope": METASCOPE,
        "scopes": ",".join(SCOPES),
        "access_token": server.world.tokens.issue(credential, _TOKEN_SECONDS),
        "jwt_token": jwt_provider(time.time)[JWT_VARIABLE](scopes) or "",
        "user": details.sample_user or _first_user(organization),
        "group": details.sample_group or _first(one.name for one in organization.catalog.user_groups()),
        "product": details.sample_profile or _first(one.name for one in organization.catalog.profiles()),
        "domain": details.domain or "",
        "page": "0",
    }
    return {name: value for name, value in values.items() if value}


def _first_user(organization: Organization) -> str:
    return _first(user.email for user in organization.listed_users)


def _first(names: Iterable[str]) -> str:
    return next(iter(names), "")


def elsewhere(arguments: RunArguments, documents: RunDocuments) -> Place:
    """A server that is there already. The walkthrough also takes what `serve` prints as UMAPI_ variables."""
    own = arguments.collection is None
    known = documents.environment.values
    values = _exported(known) if own else {}
    if arguments.target is None:
        if arguments.allow_hosts:
            raise click.UsageError("--allow-host needs --mock or --target: without them every host is called as it is")
        return Place(values=values)
    try:
        target = read_target(arguments.target)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--target") from None
    for name, address in (("api_url", target.origin + API_PATH), ("ims_url", target.origin)):
        # The walkthrough's environment names the live service, where no request of this run goes.
        if own or not known.get(name):
            values[name] = address
    target = _target(target.origin, arguments, documents, usage_of(documents.collection))
    return Place(values=values, target=target, notes=_notes(target))


def _exported(known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Values of the environment file's empty variables from the process's UMAPI_ variables."""
    found: dict[str, JsonValue] = {}
    for name, value in known.items():
        exported = os.environ.get("UMAPI_ENDPOINT" if name == "api_url" else f"UMAPI_{name.upper()}")
        if exported and (not value or name in ("api_url", "ims_url")):
            found[name] = exported
    return found


def bundle_of_environment(wanted: bool) -> Path | None:
    """The authorities that UMAPI_CA_BUNDLE names."""
    exported = os.environ.get("UMAPI_CA_BUNDLE") if wanted else None
    return Path(exported) if exported else None

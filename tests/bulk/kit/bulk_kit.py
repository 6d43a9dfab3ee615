"""What tests of bulk runs stand on: an organisation whose changes are counted, and rows of every kind."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from plan_kit import ORG, ROOT, Place

from umapi_harness.mock import Settings
from umapi_harness.mock.faults.plans import read_plan
from umapi_harness.mock.state.organization import Organization
from umapi_sdk import Action, GroupAction, RetryPolicy, UserAction
from umapi_sdk.bulk import BulkResult, BulkRun, Event, RowResult
from umapi_sdk.messages import Request, Response, TransportError

ENDPOINT = ROOT
GROUPS = ("Designers", "Writers", "Testers")
OLD = 120
"""People who are there before a run."""


def people(count: int = OLD) -> dict[str, Any]:
    """An organisation with so many people, three groups and a product profile."""
    users = [
        {"email": f"old{number}@example.com", "type": "federatedID", "firstname": "O", "lastname": "L", "country": "DE"}
        for number in range(count)
    ]
    return {
        "domains": [{"name": "example.com", "type": "federatedID"}],
        "user_groups": [{"name": name} for name in GROUPS],
        "products": [{"name": "All Apps plan"}],
        "profiles": [{"name": "All Apps", "product": "All Apps plan"}],
        "users": users,
    }


def rows_of_every_kind(new: int, old: int) -> list[Action]:
    """Rows for `new` people who are not there, and for `old` ones who are: each kind of change, some that fail."""
    rows: list[Action] = []
    for number in range(new):
        email = f"new{number}@example.com"
        created = UserAction(email).create_federated_id(first_name=f"F{number}", last_name="L", country="DE")
        rows.append(created.add_to_groups([GROUPS[0], GROUPS[number % 3]]) if number % 2 else created)
        if number % 4 == 0:
            rows.append(UserAction(email).add_to_groups(["All Apps"]))
        if number % 9 == 0:
            rows.append(UserAction(email).add_to_groups([GROUPS[1], "No such group"]))
    for number in range(old):
        email = f"old{number}@example.com"
        match number % 8:
            case 0:
                rows.append(UserAction(email).update(first_name="Changed"))
            case 1:
                rows.append(UserAction(email).update(email=f"moved{number}@example.com"))
                rows.append(UserAction(f"moved{number}@example.com").add_to_groups([GROUPS[0]]))
            case 2:
                rows.append(UserAction(email).remove_from_organization())
            case 3:
                rows.append(UserAction(email).add_to_groups([GROUPS[0], GROUPS[1]]))
                rows.append(UserAction(email).remove_from_groups([GROUPS[0]]))
            case 4:
                rows.append(UserAction(email).remove_from_organization(delete_account=True))
                again = UserAction(email).create_federated_id(first_name="Again", last_name="L", country="FR")
                rows.append(again.add_to_groups([GROUPS[2]]))
            case 5:
                rows.append(UserAction(email).create_federated_id(first_name="Else", last_name="L", country="DE"))
            case _:
                rows.append(UserAction(email).add_to_groups([GROUPS[2]]))
    members = [f"old{number}@example.com" for number in range(old) if number % 8 in (0, 6)]
    rows.append(GroupAction("Readers").create(description="who read").add_users(members[:25]))
    rows.append(GroupAction("Readers").update(name="Readership"))
    rows.append(GroupAction("Readership").remove_users(members[:3]).add_to_products(["All Apps"]))
    rows.append(GroupAction("Writers").delete())
    return rows


class _KilledError(BaseException):
    """The program has ended here, and nothing that it would do afterwards counts."""


class Site(Place):
    """An organisation that counts its changes, faults that strike, and a run that can be cut off at any request."""

    def __init__(
        self, journal: Path, document: dict[str, Any] | None = None, *, settings: Settings | None = None, **options: Any
    ) -> None:
        retry = RetryPolicy(random=lambda: 0.0, **options.pop("retry", {}))
        super().__init__(document or people(), settings, retry=retry, pacing=options.pop("pacing", False), **options)
        self.journal = journal
        self.changes: Counter[tuple[str, str]] = Counter()
        """How often each change was made that is not the same when it is made twice."""
        self.queries = 0
        self.kill_at: tuple[int, str] | None = None
        """Before which action request, counted from 1, or after which, the program ends."""
        count_changes(self.world.organization(), self.changes)

    def send(self, request: Request) -> Response:
        """Ask the organisation."""
        is_action = "/action/" in request.url
        self.queries += request.method == "GET"
        number = len(self.requests) + 1
        if is_action and self.kill_at == (number, "before"):
            self.die()
        try:
            answer = super().send(request)
        except httpx.TransportError as error:
            if is_action:
                self.requests.append(0)
            raise TransportError(str(error), sent=True) from None
        finally:
            if is_action and self.kill_at == (number, "after"):
                self.die()
        return answer

    def die(self) -> None:
        """End the program here."""
        # What the program does when an exception ends it is no part of a kill: the file as it is now counts.
        for suffix in ("", "-journal"):
            beside = Path(f"{self.journal}{suffix}")
            if beside.exists():
                shutil.copy(beside, f"{self.journal}.killed{suffix}")
        self.kill_at = None
        raise _KilledError

    def fault(self, **fields: Any) -> None:
        """Plan a fault."""
        plan = read_plan({"faults": [fields], "random_seed": fields.pop("seed", 0)}, where="test")
        self.world.faults.extend(plan.faults, plan.random_seed)

    def create(self, rows: Iterable[Any], **options: Any) -> BulkRun:
        """A new run for this organisation."""
        return BulkRun.create(self.journal, rows, org_id=ORG, endpoint=ENDPOINT, **options)

    def run(self, rows: Iterable[Any], **options: Any) -> tuple[BulkResult, list[RowResult]]:
        """Make a run and let it go on, however often it pauses, until no row is left."""
        with self.create(rows, **options) as run:
            return self.finish(run)

    def finish(self, run: BulkRun) -> tuple[BulkResult, list[RowResult]]:
        """Let a run go on until no row is left, in a hundred sessions at most."""
        result = run.run(self.connection)
        for _ in range(100):
            if not result.counts.left:
                break
            self.clock.advance(4000)
            result = run.run(self.connection)
        return result, list(run.results())

    def killed(self, run: BulkRun, at: int | None = None, when: str = "before") -> bool:
        """Let a run go on until the program dies, at a request if one is given; False if it ends before."""
        self.kill_at = None if at is None else (at, when)
        try:
            run.run(self.connection)
        except _KilledError:
            run.close()
            for suffix in ("", "-journal"):
                Path(f"{self.journal}{suffix}").unlink(missing_ok=True)
                if Path(f"{self.journal}.killed{suffix}").exists():
                    Path(f"{self.journal}.killed{suffix}").rename(f"{self.journal}{suffix}")
            return True
        return False

    def members(self, group: str) -> set[str]:
        """The e-mail addresses of the members of a group."""
        found = self.world.organization().catalog.find(group)
        return set() if found is None else {user.email for user in found.members}


def count_changes(organization: Organization, changes: Counter[tuple[str, str]]) -> None:
    """Count each change to an organisation that is not the same when it is made twice."""

    def counted(owner: object, name: str) -> None:
        change = getattr(owner, name)

        def count(*arguments: Any, **fields: Any) -> Any:
            what = [getattr(one, "email", None) or getattr(one, "name", None) or one for one in arguments]
            new = {field: fields.get(field) for field in ("email", "username") if name != "remove_user"}
            changes[name, f"{what} {new}"] += 1
            return change(*arguments, **fields)

        setattr(owner, name, count)

    for name in ("add_user", "restore_user", "remove_user", "rename_user"):
        counted(organization, name)
    for name in ("add_user_group", "rename", "remove"):
        counted(organization.catalog, name)


def outcomes(results: Sequence[RowResult]) -> list[tuple[int, str, str | None]]:
    """What became of each row, in short."""
    return [(result.row, str(result.outcome), result.code) for result in results]


def told(events: Iterable[Event], kind: type[Any]) -> Iterator[Any]:
    """The events of one kind."""
    return (event for event in events if isinstance(event, kind))


MakeSite = Callable[..., Site]

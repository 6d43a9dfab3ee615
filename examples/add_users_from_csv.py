"""Add or update the Federated ID users of a CSV file: `python examples/add_users_from_csv.py users.csv`.

Columns: upn, mail, firstname, lastname, country_code, groups. The groups of a user stand in one cell with commas
between them; a name that holds a comma itself is quoted within the cell. Rows that fail are told at the end, and the
exit status is then 1.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from umapi_sdk import Action, ActionError, CreateOption, UserAction, connect

COLUMNS = ("upn", "mail", "firstname", "lastname", "country_code", "groups")


def action_for(row: dict[str, str]) -> Action:
    """Return what to do for one row: create the user, or update it if it is there, and add it to its groups."""
    action = UserAction(row["upn"]).create_federated_id(
        email=row["mail"],
        first_name=row["firstname"],
        last_name=row["lastname"],
        country=row["country_code"],
        option=CreateOption.UPDATE_IF_ALREADY_EXISTS,
    )
    (groups,) = csv.reader([row["groups"]], skipinitialspace=True)
    return action.add_to_groups(groups) if groups else action


def read(path: Path) -> list[Action]:
    """Return what to do for each row.

    Raises:
        ValueError: a column is missing, or a row has a value that the service would refuse.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"line 1: no column {', '.join(missing)}")
        actions: list[Action] = []
        for row in reader:
            try:
                actions.append(action_for(row))
            except ActionError as error:
                raise ValueError(f"line {reader.line_num}: {error}") from None
        return actions


def main(path: Path) -> int:
    """Send every row, and return the exit status."""
    try:
        actions = read(path)
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    with connect() as connection:
        result = connection.execute_multiple(actions, immediate=True)
    for outcome in result.not_completed:
        print(outcome, file=sys.stderr)
    print(f"{result.completed} of {result.sent} users added or updated")
    return 1 if result.not_completed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/add_users_from_csv.py FILE")
    sys.exit(main(Path(sys.argv[1])))

"""List the organisation's users, or those of the group named on the command line, with the number of their groups."""

from __future__ import annotations

import sys

from umapi_sdk import UsersQuery, connect


def main(group: str | None = None) -> None:
    """Print one line for each user. Pages are fetched as they are needed; a listing that breaks off is an error."""
    with connect() as connection:
        users = UsersQuery(connection) if group is None else UsersQuery(connection, in_group=group)
        count = 0
        for user in users:
            count += 1
            print(user.email, user.type, len(user.groups or ()), sep="\t")
        # Not `users.total`, which counts technical accounts as well.
        print(f"{count} users in {users.page_count} pages")


if __name__ == "__main__":
    main(*sys.argv[1:2])

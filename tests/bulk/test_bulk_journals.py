"""Journals that cannot be used: each is refused with one line that says what to do, and nothing is sent."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bulk_kit import ENDPOINT, Site
from plan_kit import ORG

from umapi_sdk import BulkRun, JournalError, UserAction
from umapi_sdk.bulk import BadRowsError
from umapi_sdk.bulk.journal import FORMAT


def joiner(number: int = 0) -> UserAction:
    """An action on a user."""
    action = UserAction(f"joiner{number}@example.com")
    action.add_to_groups(["Designers"])
    return action


def refusal(journal: Path) -> str:
    """What is said of a journal that cannot be opened."""
    with pytest.raises(JournalError) as caught:
        BulkRun.open(journal)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"journal {journal}: ")
    return message.removeprefix(f"journal {journal}: ")


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    """No file, a folder, text and another program's database are told apart from journals."""
    assert refusal(tmp_path / "none") == "there is no such file"
    assert refusal(tmp_path) == "is no file"
    for name, content in {"text": b"email,firstname\n" * 500, "garbage": os.urandom(5000)}.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert refusal(path) == "is not the journal of a bulk run"
        assert path.read_bytes() == content
    foreign = tmp_path / "foreign"
    database = sqlite3.connect(foreign)
    database.execute("CREATE TABLE facts (name, value)")
    database.commit()
    database.close()
    assert refusal(foreign) == "is not the journal of a bulk run"


def test_a_journal_that_was_cut_off_or_altered_is_refused(site: Site) -> None:
    """A journal without its end, or with other bytes in the middle, is damaged: what was done cannot be told."""
    site.create(joiner(number) for number in range(2000)).close()
    whole = site.journal.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:5000], whole[:-4096]):
        site.journal.write_bytes(content)
        assert refusal(site.journal).startswith("is damaged or cut off")
    middle = len(whole) // 2 // 4096 * 4096
    site.journal.write_bytes(whole[:middle] + b"\xff" * 4096 + whole[middle + 4096 :])
    assert refusal(site.journal).startswith("is damaged or cut off")


@pytest.mark.parametrize(("version", "which"), [(FORMAT - 1, "an older"), (FORMAT + 1, "a newer")])
def test_a_journal_of_another_format_is_refused(site: Site, version: int, which: str) -> None:
    """A journal of an older or newer format is left alone, with the advice to use the version that made it."""
    site.create([joiner()]).close()
    database = sqlite3.connect(site.journal)
    database.execute(f"PRAGMA user_version = {version}")
    database.close()
    assert refusal(site.journal).startswith(f"is of {which} format ({version}, and this version has {FORMAT})")


def test_a_journal_that_another_process_has_is_refused(site: Site) -> None:
    """Two processes never go on with one run: the second is told so, and neither opens nor replaces the journal."""
    site.create([joiner()]).close()
    program = (
        "import sys; from umapi_sdk import BulkRun\n"
        f"run = BulkRun.open({str(site.journal)!r}); print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    assert refusal(site.journal) == "is in use by another run: let that end first"
    with pytest.raises(JournalError, match="exists already"):
        site.create([joiner()])
    other.communicate()
    BulkRun.open(site.journal).close()


def test_a_journal_whose_making_was_cut_off_is_made_anew(site: Site) -> None:
    """A program that is killed while it reads the rows leaves a journal that is refused, and that `create` replaces."""
    program = (
        "import os, signal; from umapi_sdk import BulkRun, UserAction\n"
        "def rows():\n"
        "    for number in range(100):\n"
        "        yield UserAction(f'joiner{number}@example.com').add_to_groups(['Designers'])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"BulkRun.create({str(site.journal)!r}, rows(), org_id={ORG!r}, endpoint={ENDPOINT!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode < 0
    assert refusal(site.journal) == "was not completed, and nothing of it has been sent: begin the run anew"
    with site.create([joiner()]) as run:
        assert run.counts.left == 1


def _rolled_back(journal: Path) -> None:
    """Leave what a kill leaves while the first transaction is written: it is rolled back by whoever comes next."""
    database = sqlite3.connect(journal, isolation_level=None)
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN")
    database.execute("PRAGMA application_id = 0x554D4150")
    database.execute("CREATE TABLE rows (number)")
    database.executemany("INSERT INTO rows VALUES (?)", [("x" * 2000,)] * 200)
    shutil.copy(f"{journal}-journal", f"{journal}.kept")
    database.execute("COMMIT")
    database.close()
    Path(f"{journal}.kept").rename(f"{journal}-journal")


@pytest.mark.parametrize("leave", [Path.touch, _rolled_back], ids=["before", "within"])
def test_a_journal_that_was_cut_off_before_anything_was_in_it_is_made_anew(
    site: Site, leave: Callable[[Path], None]
) -> None:
    """A program that is killed before or within the first transaction of all is no reason to give another name."""
    leave(site.journal)
    told = "is empty: its making was cut off before anything was sent, or it was emptied later; begin the run anew"
    assert refusal(site.journal).startswith(("was not completed", told))
    assert refusal(site.journal).startswith(told)
    site.journal.unlink()
    leave(site.journal)
    with site.create([joiner()]) as run:
        assert run.counts.left == 1


def test_nothing_that_exists_is_replaced(site: Site) -> None:
    """`create` leaves whole journals and other files as they are."""
    site.create([joiner()]).close()
    for _ in range(2):
        before = site.journal.read_bytes()
        with pytest.raises(JournalError, match=r"exists already.* give another name"):
            site.create([joiner()])
        assert site.journal.read_bytes() == before
        site.journal.write_bytes(b"letters to my mother")


def test_what_is_no_file_is_not_read(site: Site) -> None:
    """A pipe, which a device of the system is like, is left alone: to read it would have no end."""
    os.mkfifo(site.journal)
    with pytest.raises(JournalError, match="exists already"):
        site.create([joiner()])
    assert stat.S_ISFIFO(site.journal.stat().st_mode)


def test_where_no_journal_can_be_made_it_is_said(tmp_path: Path) -> None:
    """A folder that does not exist, and a name that is too long, are errors of one line."""
    for path in (tmp_path / "none" / "run", tmp_path / ("long" * 100)):
        with pytest.raises(JournalError, match=r"cannot be made: ") as caught:
            BulkRun.create(path, [joiner()], org_id=ORG, endpoint=ENDPOINT)
        assert "\n" not in str(caught.value)


def test_only_its_owner_can_read_a_journal(site: Site) -> None:
    """What the rows say of people is for nobody else, whatever the umask."""
    before = os.umask(0)
    try:
        site.create([joiner()]).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(site.journal.stat().st_mode) == 0o600


def test_a_run_is_resumed_for_its_own_target_alone(site: Site) -> None:
    """Another organisation, endpoint, mode or file is refused before anything is sent."""
    with site.create([joiner()], digest="0" * 64, source="people.csv") as run:
        run.check_target(ORG, f"{ENDPOINT}/", False, "0" * 64)
        for org_id, endpoint, test_mode, digest, what in (
            ("OTHER@AdobeOrg", ENDPOINT, False, None, "organisation PLAN@AdobeOrg, not OTHER@AdobeOrg"),
            (ORG, "https://example.com", False, None, f"endpoint {ENDPOINT}, not https://example.com"),
            (ORG, ENDPOINT, True, None, "mode real changes, not test mode"),
            (ORG, ENDPOINT, False, "1" * 64, r"another file or another state of it \(people.csv\)"),
        ):
            with pytest.raises(JournalError, match=what):
                run.check_target(org_id, endpoint, test_mode, digest)
    with BulkRun.open(site.journal) as run, pytest.raises(JournalError, match="mode"):
        run.run(Site(site.journal.with_name("other"), test_mode=True).connection)
    assert site.requests == []


def test_rows_that_cannot_be_used_leave_no_journal(site: Site) -> None:
    """An action without steps refuses the whole, and so do rows with problems; what was made of it is gone."""
    for rows, error in (
        ([joiner(), UserAction("empty@example.com")], "has no steps"),
        ([joiner(), _BadRow()], "row 2, column email: is missing"),
    ):
        with pytest.raises(ValueError, match=error):
            site.create(rows)
        assert list(site.journal.parent.iterdir()) == []


def test_bad_rows_can_be_left_out(site: Site) -> None:
    """With `skip_bad`, rows with problems are counted and told in their place, and the others are sent."""
    rows = [_BadRow(number) if number % 2 else _GoodRow(number) for number in range(1, 5)]
    with pytest.raises(BadRowsError, match=r"row 1, column email: is missing \(and 1 more\)"):
        site.create(rows)
    result, results = site.run(rows, skip_bad=True)
    assert str(result.counts) == "2 failed, 2 bad"
    assert [str(row.outcome) for row in results] == ["bad row", "failed", "bad row", "failed"]
    assert results[0].message == "row 1, column email: is missing"


class _GoodRow:
    def __init__(self, number: int) -> None:
        self.number, self.line, self.problems = number, number + 1, ()
        self.action = joiner(number)
        self.target = self.action.target


class _BadRow:
    action = None
    target = None

    def __init__(self, number: int = 2) -> None:
        self.number, self.line = number, number + 1
        self.problems = (f"row {number}, column email: is missing",)

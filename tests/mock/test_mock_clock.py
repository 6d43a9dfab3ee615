"""Time as a tester moves it: days and hours pass in milliseconds."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import InputError, VirtualClock
from umapi_harness.mock.clock import read_clock

if TYPE_CHECKING:
    from tests.mock.conftest import Mock


def moved(mock: Mock, **change: Any) -> dict[str, Any]:
    """The clock after a change by the admin interface."""
    answer = mock.client.post("/_mock/clock", json=change)
    assert answer.status_code == 200, answer.text
    clock: dict[str, Any] = answer.json()
    return clock


def token(mock: Mock) -> dict[str, Any]:
    """A token as a client gets it."""
    details = mock.server.details
    fields = {"grant_type": "client_credentials", "scope": "user_management_sdk"}
    fields |= {"client_id": details.client_id, "client_secret": details.client_secret}
    answer: dict[str, Any] = mock.client.post("/ims/token/v3", data=fields).json()
    return answer


def test_a_token_runs_out_after_its_day(mock: Mock) -> None:
    """A token is good to its last second, and refused from then on; a day of testing takes no time."""
    began = time.monotonic()
    got = token(mock)
    mock.client.headers["Authorization"] = f"Bearer {got['access_token']}"
    moved(mock, advance=got["expires_in"] - 1)
    assert mock.users().status_code == 200
    moved(mock, advance=1)
    assert mock.users().status_code == 401
    mock.client.headers["Authorization"] = f"Bearer {token(mock)['access_token']}"
    assert mock.users().status_code == 200
    assert time.monotonic() - began < 10


def test_hour_long_lockouts(mock: Mock) -> None:
    """Whoever waits as Retry-After says gets in again, for windows as documented and lockouts as seen live."""
    for changes, form in (({}, "seconds"), ({"lockout_seconds": 3600}, "seconds"), ({"lockout_seconds": 3600}, "date")):
        mock.world.throttles.clear()
        mock.set(throttle=True, retry_after_form=form, **changes)
        answers = [mock.api(f"groups/{mock.org_id}/0") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        header = answers[-1].headers["Retry-After"]
        wait = float(header) if form == "seconds" else parsedate_to_datetime(header).timestamp() - mock.clock.now()
        assert wait == pytest.approx(changes.get("lockout_seconds", 60), abs=1)
        moved(mock, advance=wait - 2)
        assert mock.api(f"groups/{mock.org_id}/0").status_code == 429
        moved(mock, advance=2)
        assert mock.api(f"groups/{mock.org_id}/0").status_code == 200


def test_set_freeze_and_run(mock: Mock) -> None:
    """The clock is set to a time, stands or runs from there, and shows itself as number and text."""
    now = mock.clock.now()
    try:
        assert moved(mock, set="2030-01-31T12:00:00+02:00") == {
            "now": 1896084000.0,
            "time": "2030-01-31T10:00:00+00:00",
            "frozen": True,
        }
        assert moved(mock, set=1e9, advance=5)["now"] == 1e9 + 5
        running = moved(mock, frozen=False)
        assert (running["frozen"], running["now"] >= 1e9 + 5) == (False, True)
        assert moved(mock, set=2e9)["now"] < 2e9 + 3600
        later = moved(mock, frozen=True)
        assert mock.client.get("/_mock/clock").json() == later
    finally:
        mock.clock.freeze()
        mock.clock.set(now)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"set": "tomorrow"},
            "body: /set: 'tomorrow' is no time; give ISO 8601, such as 2026-01-31T12:00:00Z, or epoch",
        ),
        ({"set": True}, "body: /set: True is no time"),
        ({"set": -1}, "body: /set: -1 is no time"),
        ({"set": "nan"}, "body: /set: 'nan' is no time"),
        ({"set": 1e12}, "body: /set: 1000000000000.0 is no time"),
        (
            {"set": 5, "advance": -6},
            "body: /advance: leads out of the years that the clock has, 1970 to 9892; give less",
        ),
        ({"stop": True}, "body: not understood; send set (a time), advance (seconds) or frozen"),
    ],
)
def test_bad_changes(mock: Mock, change: dict[str, Any], message: str) -> None:
    """A change that cannot be made is 400, and the clock stays."""
    before = mock.clock.now()
    answer = mock.client.post("/_mock/clock", json=change)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert mock.clock.now() == before


@pytest.mark.parametrize(
    ("text", "frozen", "start"),
    [
        ("running", False, None),
        ("frozen", True, None),
        ("2030-01-31", False, 1896048000.0),
        ("frozen:2030-01-31T00:00:00Z", True, 1896048000.0),
        ("frozen:1896048000", True, 1896048000.0),
    ],
)
def test_clocks_from_text(text: str, frozen: bool, start: float | None) -> None:
    """The command line's clock stands or runs, from now or from a given time."""
    clock = read_clock(text, where="--clock")
    assert isinstance(clock, VirtualClock)
    assert clock.frozen is frozen
    assert clock.now() == pytest.approx(time.time() if start is None else start, abs=60)


@pytest.mark.parametrize("text", ["", "freeze", "frozen:x", "2030-13-01", "inf", "-5"])
def test_texts_that_are_no_clock(text: str) -> None:
    """What is no clock is named with what could stand there; nothing at all is a running one."""
    if not text:
        assert not read_clock(text, where="--clock").frozen
        return
    with pytest.raises(InputError, match=r"--clock: .* is no time; give ISO 8601"):
        read_clock(text, where="--clock")

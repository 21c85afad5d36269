"""A COMMIT that raises: whether its rows are in place is looked up, and the daemon goes on."""

from __future__ import annotations

import pytest

from bot.domain.instants import format_instant
from tests.support.crash_lab import (
    SLOT,
    Lab,
    Prepared,
    check_recovered,
    check_same_trades,
    ledger,
    said,
    whole,
)
from tests.support.crash_sweep import at_call, at_point, calls_of, chosen, points_of, was_struck

RUN = ("run", "--until", format_instant(SLOT))

STARTING = 4  # commits of a start: two looks at the file, the lease, the receivers of messages


@pytest.fixture(scope="module")
def commits(prepared: Prepared) -> int:
    lab = prepared.labs[0]
    return len(points_of(lab, prepared.copy(lab, "commits"), *RUN, kind="commit"))


def slot_commit(prepared: Prepared) -> int:
    """The number of the commit of the slot's own transaction."""
    lab = prepared.labs[0]
    statements = points_of(lab, prepared.copy(lab, "statements"), *RUN)
    inside = next(n for n, text in enumerate(statements) if text.startswith("INSERT INTO cycle"))
    return statements[:inside].count("COMMIT") + 1


def test_a_daemon_goes_on_by_what_is_there_after_a_commit_that_took_effect_and_raised(
    prepared: Prepared, commits: int
) -> None:
    """The process that was told of an I/O error lives on, and does not do the slot again."""

    def strike(lab: Lab, number: int) -> None:
        home = prepared.copy(lab, f"unknown-{number}")
        ended = lab.run(home, *RUN, points=at_point(number, "error", kind="commit"))
        # Within the start nothing has begun that could go on; whoever started it does so again.
        assert ended.exit == 0 or (ended.exit == 74 and number <= STARTING), (
            f"{ended}\n{said(home)}"
        )
        done = [row for row in ledger(home)["cycle"] if row["slot"] == SLOT]
        assert len(done) == (ended.exit == 0), f"{done}\n{said(home)}"
        check_same_trades(prepared, lab, home, f"commit {number} raised")

    points = chosen(range(1, commits + 1), 5, [slot_commit(prepared)])
    print(f"commits that took effect and raised: {prepared.each(points, strike)} of {commits}")


def test_a_daemon_outlives_a_sync_that_fails_in_any_commit(traceable: Prepared) -> None:
    """Here SQLite takes the rows back; the same process tries again and comes to the same."""
    lab = traceable.labs[0]
    count = len(calls_of(lab, traceable.copy(lab, "syncs"), "fdatasync", *RUN))

    def strike(lab: Lab, number: int) -> None:
        home = traceable.copy(lab, f"sync-{number}")
        trace = home / "calls.txt"
        ended = lab.run(home, *RUN, calls=at_call("fdatasync", f"error=EIO:when={number}", trace))
        assert was_struck(trace)
        assert ended.exit == 0 or (ended.exit == 74 and number <= 3), f"{ended}\n{said(home)}"
        check_same_trades(traceable, lab, home, f"EIO at fdatasync {number}")

    struck = traceable.each(chosen(range(1, count + 1), 5), strike)
    print(f"syncs that failed under a daemon: {struck} of {count}")


def test_a_commit_that_failed_and_is_found_done_after_a_crash_is_not_repeated(
    traceable: Prepared,
) -> None:
    """The sync fails, the process dies at once, and recovery finds the rows in the log."""
    lab = traceable.labs[0]
    found = []
    count = len(calls_of(lab, traceable.copy(lab, "syncs"), "fdatasync", *RUN))

    def strike(lab: Lab, number: int) -> None:
        home = traceable.copy(lab, f"killed-sync-{number}")
        calls = at_call("fdatasync", f"signal=SIGKILL:when={number}", home / "calls.txt")
        assert lab.run(home, *RUN, calls=calls).signal == 9
        found.append(whole(traceable, home))
        check_recovered(traceable, lab, home, f"killed at fdatasync {number}")

    traceable.each(chosen(range(1, count + 1), 3, [count - 4, count]), strike)
    assert set(found) == {True, False}

"""Writes and syncs of the daemon's slot are killed or fail, one by one: the slot is done once."""

from __future__ import annotations

import pytest

from bot.domain.instants import MINUTE, SECOND, format_instant
from tests.support.crash_lab import SLOT, Lab, Prepared, check_recovered, said, whole
from tests.support.crash_sweep import at_call, calls_of, chosen, counts_of, points_of, was_struck

RUN = ("run", "--until", format_instant(SLOT))
POLLED = SLOT + MINUTE + 5 * SECOND  # when the slot is due: `once` does it and ends
STORAGE_EXIT = 74
# System call, and how many of its points a short sweep takes.
CALLS = {"pwrite64": 5, "fdatasync": 4, "ftruncate": 1, "unlink": 1, "rename": 1, "write": 2}


def numbers(prepared: Prepared, call: str, *argv: object) -> list[int]:
    """The points of a sweep: those of an unhurt run, and one beyond its last."""
    lab = prepared.labs[0]
    home = prepared.copy(lab, f"calls-{argv[0]}")
    lab.clock.set(POLLED)
    count = counts_of(prepared, f"slot {argv[0]}", CALLS, home, *argv)[call]
    print(f"{call}: {count} points")
    return chosen(range(1, count + 2), CALLS[call])


@pytest.mark.parametrize("call", CALLS)
def test_a_slot_killed_at_any_write_or_sync_is_done_once_after_a_restart(
    traceable: Prepared, call: str
) -> None:
    def strike(lab: Lab, number: int) -> None:
        home = traceable.copy(lab, f"{call}-{number}")
        trace = home / "calls.txt"
        ended = lab.run(home, *RUN, calls=at_call(call, f"signal=SIGKILL:when={number}", trace))
        struck = was_struck(trace)
        assert (ended.exit, ended.signal) == ((None, 9) if struck else (0, None)), said(home)
        whole(traceable, home)
        check_recovered(traceable, lab, home, f"killed at {call} {number}")

    traceable.each(numbers(traceable, call, *RUN), strike)


@pytest.mark.parametrize("effect", ["error=EIO:when={}", "error=ENOSPC:when={}+"])
@pytest.mark.parametrize("call", CALLS)
def test_a_slot_whose_write_or_sync_fails_is_done_once_by_the_next_run(
    traceable: Prepared, call: str, effect: str
) -> None:
    """An error strikes one call; a full disk stays full to the end of the process."""

    def strike(lab: Lab, number: int) -> None:
        home = traceable.copy(lab, f"{call}-{number}")
        lab.clock.set(POLLED)
        calls = at_call(call, effect.format(number), home / "calls.txt")
        ended = lab.run(home, "once", calls=calls)
        assert ended.exit in (0, STORAGE_EXIT), f"{number}: {ended}\n{said(home)}"
        assert "Traceback" not in said(home)
        whole(traceable, home)
        check_recovered(traceable, lab, home, f"{effect.format(number)} at {call}")

    traceable.each(numbers(traceable, call, "once"), strike)


def test_every_transaction_that_wrote_is_on_disk_before_its_commit_returns(
    traceable: Prepared,
) -> None:
    """With the write-ahead log and full syncing: one sync of the log for each, and no less."""
    lab = traceable.labs[0]
    home = traceable.copy(lab, "written")
    lab.clock.set(POLLED)
    writing = [
        part for part in "\n".join(points_of(lab, home, "once")).split("BEGIN IMMEDIATE")
        if "\nCOMMIT" in part and any(f"\n{verb} " in part for verb in ("INSERT", "UPDATE"))
    ]  # fmt: skip
    home = traceable.copy(lab, "synced")
    lab.clock.set(POLLED)
    syncs = calls_of(lab, home, "fdatasync", "once")
    assert len(writing) >= 8
    assert sum("hourhand.db-wal" in call for call in syncs) >= len(writing)


def test_a_command_interrupted_from_the_keyboard_ends_with_130_and_without_a_traceback(
    traceable: Prepared,
) -> None:
    """At reads and opens, after the command line has been read."""
    lab = traceable.labs[0]

    def strike(lab: Lab, number: int) -> None:
        home = traceable.copy(lab, f"interrupted-{number}")
        calls = at_call("pread64", f"signal=SIGINT:when={number}", home / "calls.txt")
        ended = lab.run(home, "status", calls=calls)
        assert (ended.exit, ended.signal) == (130, None), f"{number}: {ended}\n{said(home)}"
        assert "Traceback" not in said(home)

    count = len(calls_of(lab, traceable.copy(lab, "reads"), "pread64", "status"))
    points = chosen(range(1, count + 1), 4)
    print(f"interrupted: {traceable.each(points, strike)} of {count} reads")

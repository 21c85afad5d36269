"""Six processes over the same slots: one ledger, that of a single run."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.domain.instants import HOUR, MINUTE, SECOND, format_instant
from tests.support.crash_lab import BEFORE, SLOT, START, Lab, Prepared, Row, ledger, said, succeed
from tests.support.crash_sweep import is_full

PROCESSES = 6
ROUNDS = 20 if is_full() else 3  # hours after the first
TAKEN = 75


def polled(slot: int) -> int:
    """When every row of a slot's hour is there."""
    return slot + MINUTE + 5 * SECOND


@pytest.fixture(scope="module")
def single(prepared: Prepared) -> dict[str, list[Row]]:
    """The ledger of one process that did every hour."""
    lab = prepared.labs[0]
    home = prepared.copy(lab, "single")
    for slot in range(SLOT, SLOT + ROUNDS * HOUR, HOUR):
        lab.clock.set(polled(slot))
        succeed(home, lab.run(home, "once"))
    return ledger(home)


@contextmanager
def without_lock(home: Path) -> Iterator[None]:
    """Somebody deletes the lock file as often as it appears."""
    stop = threading.Event()

    def clean() -> None:
        while not stop.wait(0.002):
            (home / "hourhand.db.lock").unlink(missing_ok=True)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        yield
    finally:
        stop.set()
        cleaner.join()


def race(lab: Lab, home: Path, slot: int) -> Counter[int | None]:
    """Six processes at once over one hour; how they ended."""
    lab.clock.set(polled(slot))
    commands = [("once",)] * (PROCESSES - 1) + [("run", "--until", format_instant(slot))]
    started = [lab.start(home, *command) for command in commands]
    ended = [lab.wait(one) for one in started]
    assert not any(one.signal for one in ended), said(home)
    return Counter(one.exit for one in ended)


def test_six_processes_with_the_lock_leave_the_ledger_of_one(
    prepared: Prepared, single: dict[str, list[Row]]
) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "locked")
    for slot in range(SLOT, SLOT + ROUNDS * HOUR, HOUR):
        exits = race(lab, home, slot)
        assert exits.keys() <= {0, TAKEN}, f"{exits}\n{said(home)}"
        assert exits[0] >= 1
    assert ledger(home) == single
    succeed(home, lab.run(home, "audit"))


def test_six_processes_without_the_lock_leave_the_ledger_of_one_too(
    prepared: Prepared, single: dict[str, list[Row]]
) -> None:
    """The lease's number is what stops those who came before: they end with 75."""
    lab = prepared.labs[0]
    home = prepared.copy(lab, "unlocked")
    together = Counter[int | None]()
    with without_lock(home):
        for slot in range(SLOT, SLOT + ROUNDS * HOUR, HOUR):
            exits = race(lab, home, slot)
            assert exits.keys() <= {0, TAKEN}, f"{exits}\n{said(home)}"
            assert exits[0] >= 1
            together += exits
    print(f"without the lock, {ROUNDS} hours: {dict(together)}")
    assert ledger(home) == single
    succeed(home, lab.run(home, "audit"))


def test_a_daemon_whose_lock_file_was_deleted_stops_at_its_next_write(prepared: Prepared) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "deleted")
    lab.clock.set(polled(BEFORE), limit=SLOT - MINUTE)
    older = lab.start(home, "run", "--until", format_instant(SLOT))
    wait_for(home, '"epoch": 2')
    (home / "hourhand.db.lock").unlink()
    succeed(home, lab.run(home, "once"))
    lab.clock.set(polled(SLOT))
    ended = lab.wait(older)
    assert ended.exit == TAKEN, f"{ended}\n{said(home)}"
    assert "taken over by another process" in (home / "test.log").read_text()
    assert not any(row["slot"] == SLOT for row in ledger(home)["cycle"])
    succeed(home, lab.finish(home))
    assert ledger(home) == prepared.expected


def test_a_second_process_is_refused_while_a_daemon_waits_and_told_who_it_is(
    prepared: Prepared,
) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "second")
    (home / "elsewhere.db").symlink_to(home / "hourhand.db")
    lab.clock.set(polled(BEFORE), limit=SLOT - MINUTE)
    daemon = lab.start(home, "run", "--until", format_instant(SLOT))
    wait_for(home, '"epoch": 2')
    for name in ("hourhand.db", "elsewhere.db"):
        lab.extra["HOURHAND_DATABASE"] = name
        ended = lab.run(home, "once")
        assert ended.exit == TAKEN, said(home)
        assert f"already in use by process {daemon.pid}, since " in said(home)
    del lab.extra["HOURHAND_DATABASE"]
    lab.clock.set(polled(BEFORE))
    succeed(home, lab.wait(daemon))
    assert ledger(home) == prepared.expected


def test_a_lock_file_left_by_a_dead_process_proves_nothing_even_if_its_number_lives_on(
    prepared: Prepared,
) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "stale")
    note = {"pid": os.getpid(), "since": "2020-01-01T00:00:00Z"}
    (home / "hourhand.db.lock").write_text(json.dumps(note))
    succeed(home, lab.finish(home))
    assert ledger(home) == prepared.expected


def test_a_daemon_that_was_suspended_for_hours_records_what_it_missed_and_goes_on(
    prepared: Prepared,
) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "suspended")
    last = SLOT + 3 * HOUR
    lab.clock.set(polled(BEFORE), limit=SLOT - MINUTE)
    daemon = lab.start(home, "run", "--until", format_instant(last))
    wait_for(home, '"epoch": 2')
    os.kill(daemon.pid, signal.SIGSTOP)
    lab.clock.set(polled(last))
    os.kill(daemon.pid, signal.SIGCONT)
    succeed(home, lab.wait(daemon))
    slots = {row["slot"]: row["missed"] for row in ledger(home)["cycle"]}
    assert list(slots) == list(range(START, last + HOUR, HOUR))
    assert [slots[slot] for slot in range(SLOT, last + HOUR, HOUR)] == [1, 1, 1, 0]
    succeed(home, lab.run(home, "audit"))


def test_an_hour_that_ends_between_any_two_looks_at_the_clock_is_not_missed(
    prepared: Prepared,
) -> None:
    lab = prepared.labs[0]
    missed = []
    for looks in itertools.count(1):
        home = prepared.copy(lab, f"looks-{looks}")
        lab.clock.set(polled(BEFORE), limit=SLOT - MINUTE)
        lab.clock.jump(looks, polled(SLOT))
        succeed(home, lab.run(home, "run", "--until", format_instant(SLOT)))
        missed += [looks for row in ledger(home)["cycle"] if row["slot"] == SLOT and row["missed"]]
        if lab.clock.was_waited_for:
            break
    assert looks > 10
    assert not missed


def wait_for(home: Path, text: str, seconds: float = 30.0) -> None:
    """Wait until the log says something."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if (home / "test.log").exists() and text in (home / "test.log").read_text():
            return
        pause.wait(0.02)
    raise AssertionError(f"{text} was not said:\n{said(home)}")

"""A signal before any SQL statement of the daemon's slot: restarted, it is done exactly once."""

from __future__ import annotations

import pytest

from bot.domain.instants import format_instant
from tests.support.crash_lab import SLOT, Lab, Prepared, check_recovered, rows_of_slot, said, whole
from tests.support.crash_sweep import at_point, chosen, is_full, points_of

RUN = ("run", "--until", format_instant(SLOT))


@pytest.fixture(scope="module")
def statements(prepared: Prepared) -> list[str]:
    lab = prepared.labs[0]
    return points_of(lab, prepared.copy(lab, "statements"), *RUN)


def transaction(statements: list[str]) -> range:
    """The numbers of the slot's own transaction, from BEGIN to what follows its COMMIT."""
    inside = next(n for n, text in enumerate(statements) if text.startswith("INSERT INTO cycle"))
    begin = max(n for n in range(inside) if statements[n].startswith("BEGIN"))
    commit = next(n for n in range(inside, len(statements)) if statements[n] == "COMMIT")
    return range(begin + 1, commit + 4)


def test_the_slot_that_is_struck_writes_every_table_of_the_ledger(
    prepared: Prepared, statements: list[str]
) -> None:
    rows = {table: len(found) for table, found in rows_of_slot(prepared.expected).items()}
    assert all(rows.values()), rows
    assert rows["order"] >= 3
    topics = {row["topic"] for row in prepared.expected["outbox"] if row["slot"] == SLOT}
    assert "alert.level" in topics, topics
    assert len(transaction(statements)) >= 30
    if is_full():
        print(f"statements of the daemon's slot: {len(statements)}")


def test_a_slot_killed_before_any_statement_is_done_once_after_a_restart(
    prepared: Prepared, statements: list[str]
) -> None:
    inside = transaction(statements)
    commit = inside[-3]

    def strike(lab: Lab, number: int) -> None:
        home = prepared.copy(lab, f"kill-{number}")
        ended = lab.run(home, *RUN, points=at_point(number))
        assert (ended.exit, ended.signal) == (None, 9), f"{number}: {ended}"
        assert whole(prepared, home) is (number > commit), number
        check_recovered(prepared, lab, home, f"killed before {number}: {statements[number - 1]}")

    points = chosen(range(1, len(statements) + 1), 8, inside)
    print("statement kills:", prepared.each(points, strike))


def test_sigterm_before_any_statement_ends_the_daemon_quietly_with_the_slot_whole_or_absent(
    prepared: Prepared, statements: list[str]
) -> None:
    inside = transaction(statements)

    def strike(lab: Lab, number: int) -> None:
        home = prepared.copy(lab, f"term-{number}")
        ended = lab.run(home, *RUN, points=at_point(number, "SIGTERM"))
        assert (ended.exit, ended.signal) == (0, None), f"{number}: {ended}\n{said(home)}"
        assert "Traceback" not in (home / "test.log").read_text()
        # What has begun is finished: a stop does not break a transaction off.
        assert whole(prepared, home) or number < inside[0]
        check_recovered(prepared, lab, home, f"SIGTERM before {number}: {statements[number - 1]}")

    points = chosen(range(1, len(statements) + 1), 6, inside[::8])
    print("SIGTERM:", prepared.each(points, strike))


@pytest.mark.parametrize("signal", ["SIGTERM*2", "SIGINT*2"])
def test_a_second_signal_ends_it_at_once_and_the_next_start_finishes(
    prepared: Prepared, statements: list[str], signal: str
) -> None:
    inside = transaction(statements)

    def strike(lab: Lab, number: int) -> None:
        home = prepared.copy(lab, f"{signal[:-2]}-{number}")
        ended = lab.run(home, *RUN, points=at_point(number, signal))
        assert (ended.exit, ended.signal) == (130, None), f"{number}: {ended}\n{said(home)}"
        check_recovered(prepared, lab, home, f"{signal} before {number}")

    print(signal, prepared.each(chosen(inside, 0, inside[::15]), strike))

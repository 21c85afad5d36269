"""However slots and commands interleave and clocks jump: no frozen slot ever sees a command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.sql import command_store, record_store
from bot.adapters.sql.engine import Database, open_database
from bot.domain.instants import HOUR, MINUTE, parse_instant
from bot.domain.values import Command, Slot
from bot.market.instructions import Instructions

T0 = parse_instant("2025-05-10T13:00:00Z")
KINDS = st.sampled_from(["PAUSE", "RESUME"])
# What happens next, and how far the clock moves before it, in minutes; back as well.
EVENTS = st.lists(
    st.tuples(st.one_of(st.just("SLOT"), KINDS), st.integers(-90, 120)), min_size=1, max_size=14
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        database = open_database(Path(made) / "empty.db", create=True)
        database.close()
        yield Path(made)


def fresh(folder: Path) -> Database:
    """An empty database; a copy, since making one takes its time."""
    for path in folder.glob("used.db*"):
        path.unlink()
    (folder / "used.db").write_bytes((folder / "empty.db").read_bytes())
    return open_database(folder / "used.db")


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_a_slot_sees_in_the_end_what_it_saw_when_it_was_frozen(
    folder: Path, events: list[tuple[str, int]]
) -> None:
    database, now, hour = fresh(folder), T0, T0
    frozen: list[tuple[Slot, bool]] = []
    for what, minutes in events:
        now += minutes * MINUTE
        with database.transaction() as connection:
            if what == "SLOT":
                slot = Slot(slot=hour, as_of=max(now, hour))
                record_store.add_slot(connection, slot)
                frozen.append((slot, paused(command_store.commands(connection), slot)))
                hour += HOUR
            else:
                command_store.add_command(connection, Command(at=now, kind=what))
    with database.transaction() as connection:
        known = command_store.commands(connection)
    database.close()
    assert [paused(known, slot) for slot, _ in frozen] == [seen for _, seen in frozen]


def paused(commands: list[Command], slot: Slot) -> bool:
    instructions = Instructions("mine")
    instructions.push(commands)
    return instructions.at(slot.as_of).paused

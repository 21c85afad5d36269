"""Which slot first knows what the operator asked for."""

from __future__ import annotations

from bot.domain.values import Command, Slot
from bot.engine import layout as at
from bot.market.instructions import Instructions, slot_rows

HOUR = 3_600_000


def told(*commands: Command, strategy: str = "mine") -> Instructions:
    instructions = Instructions(strategy)
    instructions.push(commands)
    return instructions


def test_a_command_counts_in_the_first_slot_frozen_at_or_after_its_instant() -> None:
    found = told(Command(at=HOUR + 5, kind="CLOSE", token_id=7))
    assert found.at(HOUR + 4).tokens == {}
    assert found.at(2 * HOUR).tokens == {7: at.ASKED_CLOSE}
    assert found.at(3 * HOUR).tokens == {}
    assert told(Command(at=5, kind="CLOSE", token_id=7)).at(5).tokens == {7: at.ASKED_CLOSE}


def test_a_pause_holds_until_it_is_lifted() -> None:
    found = told(Command(at=10, kind="PAUSE"), Command(at=30, kind="RESUME"))
    assert [found.at(as_of).paused for as_of in (9, 10, 20, 30, 40)] == [
        False, True, True, False, False,
    ]  # fmt: skip


def test_the_last_word_of_two_at_one_instant_counts() -> None:
    found = told(Command(at=10, kind="RESUME"), Command(at=10, kind="PAUSE"))
    assert found.at(10).paused


def test_commands_to_another_strategy_are_not_heard() -> None:
    found = told(
        Command(at=1, kind="PAUSE", strategy="other"),
        Command(at=1, kind="CLOSE", strategy="mine", token_id=3),
        Command(at=1, kind="ACK", token_id=3),
    )
    asked = found.at(1)
    assert not asked.paused
    assert asked.tokens == {3: at.ASKED_CLOSE | at.ASKED_ACK}


def test_an_acknowledgement_without_a_token_is_of_the_halt() -> None:
    found = told(Command(at=1, kind="ACK"))
    first, second = found.at(1), found.at(2)
    rows = slot_rows([Slot(slot=HOUR, as_of=1), Slot(slot=2 * HOUR, as_of=2)], [first, second])
    assert rows[:, at.S_ACKNOWLEDGED].tolist() == [1, 0]
    assert rows[:, at.S_SLOT].tolist() == [HOUR, 2 * HOUR]


def test_a_pause_is_lifted_by_who_sent_it_only() -> None:
    found = told(
        Command(at=1, kind="PAUSE", source="conflict 1"),
        Command(at=2, kind="PAUSE"),
        Command(at=3, kind="RESUME"),
        Command(at=4, kind="RESUME", source="conflict 1"),
    )
    assert [found.at(as_of).paused for as_of in (1, 2, 3, 4)] == [True, True, True, False]


def test_a_write_off_is_a_close_with_a_word_more() -> None:
    asked = told(Command(at=1, kind="WRITE_OFF", token_id=7)).at(1)
    assert asked.tokens == {7: at.ASKED_CLOSE | at.ASKED_WRITE_OFF}

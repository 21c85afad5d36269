"""A strategy over a record, both ways: slot by slot as the daemon goes, and in bulk as replay."""

from __future__ import annotations

from dataclasses import dataclass

from bot.app.account import Account, LedgerHash
from bot.app.replay import Replay, history_slots
from bot.app.replay import replay as replay_in_bulk
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.domain.bar_table import history_of
from bot.domain.records import SlotRecords
from bot.domain.values import Record, Slot
from bot.market.inputs import Market


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything that every slot wrote, and the replay command's own result."""

    records: list[SlotRecords]
    account: Account
    ledger_sha256: str
    impossible: dict[int, int]
    bulk: Replay


def replay(loaded: LoadedStrategy, record: Record, slots: list[Slot] | None = None) -> Replayed:
    """Step a strategy through a record; that replay gives the same ledger is checked each time."""
    history = history_of(record)
    chosen = history_slots(history, loaded.strategy.settle) if slots is None else slots
    stepper = Stepper(loaded)
    market = Market(loaded.strategy, stepper.plan)
    market.push(record)
    stepped = stepper.step(market, stepper.open_account(), chosen)
    digest = LedgerHash()
    for slot in stepped.records:
        digest.add(slot.lines)
    bulk = replay_in_bulk(loaded, history, chosen)
    assert bulk.ledger_sha256 == digest.text()
    return Replayed(
        stepped.records, stepped.account, digest.text(), stepped.market.impossible, bulk
    )


def lines_slot_by_slot(loaded: LoadedStrategy, record: Record, slots: list[Slot]) -> list[str]:
    """The lines of every slot, each stepped in a call of its own as the daemon does."""
    stepper = Stepper(loaded)
    market = Market(loaded.strategy, stepper.plan)
    market.push(record)
    account = stepper.open_account()
    lines = []
    for slot in slots:
        stepped = stepper.step(market, account, [slot])
        account = stepped.account
        lines += [row.lines for row in stepped.records]
    return lines

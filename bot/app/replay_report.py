"""The facts of a report from a replay: what it holds in memory, and what its entries saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from bot.app.account import Account
from bot.app.performance import Performance
from bot.app.performance_equity import Equity
from bot.app.replay import Replay
from bot.app.replay_performance import equity_of, priced_tokens
from bot.app.run_facts import Document, Robustness, RunFacts
from bot.app.slot_inputs import token_inputs
from bot.app.stepper import RULES_VERSION, Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.app.tally import EQUITY, SLOT, VALUE, Tally
from bot.app.variations import verdict
from bot.domain.bar_table import History
from bot.domain.instants import HOUR
from bot.domain.records import SlotRecords
from bot.market.inputs import MarketSlice

_ROWS_OF_AN_HOUR = {"5m": 12, "1m": 60}


class EntryInputs:
    """An observer of a replay that keeps what each entry's slot saw of its token."""

    def __init__(self, loaded: LoadedStrategy) -> None:
        self._plan = Stepper(loaded).plan
        self._found: dict[tuple[int, int], Document] = {}

    def take(self, made: MarketSlice, records: list[SlotRecords], account: Account) -> None:
        """Keep the inputs of a piece's entries."""
        del account
        places = {token_id: i for i, token_id in enumerate(made.token_ids)}
        for s, slot in enumerate(records):
            for decision in slot.decisions:
                if decision.outcome == "ENTER":
                    key = decision.token_id, decision.slot
                    self._found[key] = token_inputs(made, self._plan, s, places[key[0]])

    def seen(self, token_id: int, slot: int) -> Document:
        """What a slot saw of a token; {} where it did not enter it."""
        return self._found.get((token_id, slot), {})


def replay_facts(
    result: Replay,
    history: History,
    performance: Performance,
    inputs: EntryInputs,
    notes: Sequence[str],
) -> RunFacts:
    """A replay's facts; what is said of trials comes later, when all runs of a call are done."""
    return RunFacts(
        loaded=result.loaded,
        rules_version=RULES_VERSION,
        ledger_sha256=result.ledger_sha256,
        origin=f"A replay over recorded history ({result.machine}).",
        equity=equity_of(result),
        missed=sum(slot.missed for slot in result.slots),
        busy=result.busy,
        tokens=priced_tokens(result, history),
        seen=inputs.seen,
        performance=performance,
        robustness=robustness_of(result),
        trials={"why": "not counted"},
        notes=[*notes, *_bad_bars(result)],
        finer_hours=finer_hours(history, result.loaded.strategy.bars),
    )


def robustness_of(result: Replay) -> Robustness:
    """The table of a replay, and the daily equity of each of its variations."""
    rows = result.robustness()
    cash = result.loaded.strategy.cash
    return Robustness(
        document={
            "results": [one._asdict() for one in rows],
            "verdict": verdict(rows[0], rows[1:]),
            "ambiguous_bars": result.ambiguous_bars,
        },
        daily={
            name: _equity(tally, cash).daily().equity.tolist()
            for name, tally in result.variations.items()
        },
    )


def finer_hours(history: History, interval: str) -> Callable[[int, int], bool] | None:
    """Whether finer bars cover an hour of a token without a hole; None where hours are used."""
    if interval not in _ROWS_OF_AN_HOUR:
        return None
    counts = Counter(
        (bar.token_id, bar.open_time - bar.open_time % HOUR)
        for bar in history.rest.bars
        if bar.interval == interval
    )
    return lambda token_id, open_time: (
        counts[token_id, open_time - open_time % HOUR] >= _ROWS_OF_AN_HOUR[interval]
    )


def _equity(tally: Tally, cash: int) -> Equity:
    marks = tally.marks()
    return Equity(slot=marks[:, SLOT], equity=marks[:, EQUITY], value=marks[:, VALUE], cash=cash)


def _bad_bars(result: Replay) -> list[str]:
    """What was wrong with bars, and since when units were assumed."""
    return [
        f"token {token_id}: {count} impossible bars, counted as absent"
        for token_id, count in sorted(result.impossible.items()) if count
    ] + [
        f"token {token_id}: seen slot by slot (late, corrected, doubled or finer bars, or more "
        f"digits than fit)"
        for token_id in result.slot_by_slot
    ]  # fmt: skip

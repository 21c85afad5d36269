"""What a report is made of: a run's records, prices and figures, from a replay or from a ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.app.benchmark_portfolios import PricedTokens
from bot.app.performance import Performance
from bot.app.performance_equity import Equity
from bot.app.strategy_files import LoadedStrategy
from bot.domain.records import SlotRecords, Trade

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness:
    """What the same strategy came to under other assumptions.

    document: the table as `replay --json` has it, or {"why": ...} where it was not computed.
    daily: name of a variation -> its equity at the run's daily points, in quote units.
    """

    document: Document
    daily: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunFacts:
    """One strategy's run; `busy` are the slots in which anything was decided or booked.

    seen: what the slot (second) saw of a token (first), as the record keeps it for `why`; {} where
    nothing is known of it. origin: in words, where the run comes from. trials: how many runs were
    tried on the data, {"why": ...} where nobody counted.
    """

    loaded: LoadedStrategy
    rules_version: int
    ledger_sha256: str
    origin: str
    equity: Equity
    missed: int
    busy: Sequence[SlotRecords]
    tokens: PricedTokens
    seen: Callable[[int, int], Document]
    performance: Performance
    robustness: Robustness
    trials: Document
    notes: Sequence[str] = ()
    finer_hours: Callable[[int, int], bool] | None = None

    def trades(self) -> list[Trade]:
        """Closed round trips in the order in which they closed."""
        found = [trade for slot in self.busy for trade in slot.trades]
        return sorted(found, key=lambda one: (one.closed, one.closed_bar, one.token_id))

"""What the same cash would have become without the strategy: bought once and held, or kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.app.performance_equity import MONEY, DailyPoints, Equity, FloatColumn
from bot.domain.bar_table import BarTable, IntColumn
from bot.domain.instants import HOUR

PPM = 1e6
BTC = "BTC"
_FIRST = "first_token"
# A token whose newest bar is older than this is not on the market (UNPRICED).
ON_THE_MARKET = 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """A strategy's costs in ppm: half spread and slippage, fees of market and of limit fills."""

    k: int
    taker: int
    maker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTokens:
    """The tokens of a run's data: hourly bars, symbols, and the strategy's universe in order.

    bars: possible bars only, in order of open time, also those before the first slot.
    """

    bars: Mapping[int, BarTable]
    symbols: Mapping[int, str]
    universe: Sequence[int]

    def label(self, token_id: int) -> str:
        """What people call a token."""
        return self.symbols.get(token_id) or f"token {token_id}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """A portfolio without decisions: its value at the daily points and at the last slot.

    kind: btc, equal_weight, first_token or cash. bought: the open at which its first token was
    bought; None where none was.
    """

    kind: str
    name: str
    token_ids: tuple[int, ...]
    bought: int | None
    daily: DailyPoints
    final: float


def benchmarks(
    equity: Equity, tokens: PricedTokens, costs: Costs
) -> tuple[list[Benchmark], dict[str, str]]:
    """Every benchmark that the data allow, and by kind why the others are missing (P4).

    Each starts with the account's cash at its first slot and is valued at its last. A token is
    bought whole at the open of its first bar that opens at or after the first slot, the first that
    an order of that slot could have met; until then its share waits in cash. The price is open x
    (1 + k), the taker fee is paid out of the share, nothing is rounded to ticks or lots. Nothing
    is traded after that, nor sold at the end: as the account's own positions, it is marked at the
    newest close, of bars that closed by the slot. A token that is delisted keeps its last close.

    equal_weight holds the tokens of the universe that were on the market at the first slot: the
    newest bar closed then and no more than 48 hours before. One that is never traded again stays
    in cash: it cannot be left out without knowing what came later.
    """
    chosen, missing = _choose(equity.start, tokens)
    chosen["cash"] = ("cash", ())
    made = [_hold(kind, name, ids, equity, tokens, costs) for kind, (name, ids) in chosen.items()]
    idle = {one.kind: one for one in made if one.token_ids and one.bought is None}
    missing |= {kind: f"{one.name} has no bar that closed in the run" for kind, one in idle.items()}
    return [one for one in made if one.kind not in idle], missing


def _choose(
    start: int, tokens: PricedTokens
) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Name and tokens of the benchmarks that buy, and why others are missing."""
    chosen: dict[str, tuple[str, tuple[int, ...]]] = {}
    missing: dict[str, str] = {}
    bitcoins = sorted(i for i in tokens.bars if tokens.symbols.get(i, "").upper() == BTC)
    basket = tuple(
        i for i in tokens.universe
        if i in tokens.bars and on_the_market(tokens.bars[i], start)
    )  # fmt: skip
    if bitcoins:
        chosen["btc"] = (tokens.label(bitcoins[0]), (bitcoins[0],))
    else:
        missing["btc"] = f"no token of the data is called {BTC}"
    if basket:
        chosen["equal_weight"] = (f"equal weight of {len(basket)}", basket)
    else:
        missing["equal_weight"] = "no token of the universe had a bar at the start"
    if tokens.universe and tokens.universe[0] in tokens.bars:
        first = tokens.universe[0]
        chosen[_FIRST] = (tokens.label(first), (first,))
    else:
        missing[_FIRST] = "the first token of the universe has no bar"
    return chosen, missing


def on_the_market(table: BarTable, slot: int) -> bool:
    """Whether a bar had closed by a slot, and no more than 48 hours before it."""
    newest = int(np.searchsorted(table.open_time, slot - HOUR, side="right")) - 1
    return newest >= 0 and slot - HOUR - int(table.open_time[newest]) <= ON_THE_MARKET


def _hold(
    kind: str, name: str, ids: tuple[int, ...], equity: Equity, tokens: PricedTokens, costs: Costs
) -> Benchmark:
    daily = equity.daily()
    instants = np.append(daily.instants, equity.end)
    share = equity.cash / MONEY / max(len(ids), 1)
    values = np.zeros(len(instants)) if ids else np.full(len(instants), share)
    bought = []
    for token_id in ids:
        table = tokens.bars[token_id]
        entry = int(np.searchsorted(table.open_time, equity.start))
        values += _value(table, entry, share, instants, costs)
        if entry < len(table) and int(table.open_time[entry]) + HOUR <= equity.end:
            bought.append(int(table.open_time[entry]))
    return Benchmark(
        kind=kind,
        name=name,
        token_ids=ids,
        bought=min(bought, default=None),
        daily=DailyPoints(instants=daily.instants, equity=values[:-1]),
        final=float(values[-1]),
    )


def _value(
    table: BarTable, entry: int, share: float, instants: IntColumn, costs: Costs
) -> FloatColumn:
    """A share's worth at each instant: cash until the bar `entry` has closed, the token after."""
    if entry >= len(table):
        return np.full(len(instants), share)
    unit = 10.0**-table.decimals
    paid = float(table.prices[entry, 0]) * unit * (1.0 + costs.k / PPM)
    quantity = share / (paid * (1.0 + costs.taker / PPM))
    newest = np.searchsorted(table.open_time, instants - HOUR, side="right") - 1
    marks = table.prices[np.maximum(newest, 0), 3] * (unit * quantity)
    return np.where(newest >= entry, marks, share)

"""What a run's closed trades say, and what its fills cost, exactly (semantics P3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext

import numpy as np

from bot.app.performance_equity import MONEY, Equity
from bot.app.performance_figures import Figure, Figures, figure
from bot.domain.bar_table import BarTable
from bot.domain.decimals import MONEY_DECIMALS, money_text
from bot.domain.instants import HOUR
from bot.domain.records import Fill, Trade
from bot.stats.best_trades_share import BEST, best_trades_share
from bot.stats.expectancy import expectancy
from bot.stats.linear_quantile import linear_quantile
from bot.stats.profit_factor import profit_factor
from bot.stats.trade_excursion import Excursion, mean_excursion, trade_excursion
from bot.stats.win_rate import win_rate

NO_TRADE = "no trade was closed"
NO_BARS = "no bars of the traded tokens"
_LIMIT = "TARGET"  # the one fill without costs in its price
_EXACT = 60  # more digits than price, quantity and money together

Sales = dict[tuple[int, int], list[int]]  # (token, bar) -> prices in ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Where a run's money went, in 1e-8; gross = net + fees + slippage, to the last unit.

    net: final equity less starting cash, open positions at their marks. closed: the part of it
    that closed trades earned; the rest is that of positions still open.
    """

    start: int
    final: int
    fees: int
    slippage: int
    closed: int

    @property
    def net(self) -> int:
        """What the account gained after all costs."""
        return self.final - self.start

    @property
    def gross(self) -> int:
        """What the same fills would have gained without fee and slippage."""
        return self.net + self.fees + self.slippage

    def document(self) -> dict[str, str]:
        """Exact decimal text by name."""
        amounts = {
            "start": self.start, "final": self.final, "net": self.net, "fees": self.fees,
            "slippage": self.slippage, "gross": self.gross, "net_of_closed_trades": self.closed,
            "net_of_open_positions": self.net - self.closed,
        }  # fmt: skip
        return {name: money_text(amount) for name, amount in amounts.items()}


def money_of(equity: Equity, trades: Sequence[Trade], fills: Sequence[Fill]) -> Money:
    """The account's money from start to end."""
    return Money(
        start=equity.cash,
        final=equity.final,
        fees=sum(fill.fee for fill in fills),
        slippage=slippage(fills),
        closed=sum(trade.realised for trade in trades),
    )


def slippage(fills: Sequence[Fill]) -> int:
    """sum of |price - reference| x quantity of all market fills, as money, rounded up once.

    A target is a resting limit and pays its price without costs (F4): where the market opened
    beyond it, the better price that was not taken is the fill model's caution and no cost.
    """
    total = Decimal(0)
    with localcontext() as context:
        context.prec = _EXACT
        for fill in fills:
            if fill.reason != _LIMIT:
                away = abs(fill.scale.tick * fill.price - Decimal(fill.reference))
                total += away * fill.quantity * fill.scale.lot
        return int(total.scaleb(MONEY_DECIMALS).to_integral_value(ROUND_CEILING))


def open_at_end(fills: Sequence[Fill]) -> int:
    """How many tokens were bought and not wholly sold again."""
    held: dict[int, int] = {}
    for fill in fills:
        signed = fill.quantity if fill.side == "BUY" else -fill.quantity
        held[fill.token_id] = held.get(fill.token_id, 0) + signed
    return sum(quantity != 0 for quantity in held.values())


def trade_figures(
    trades: Sequence[Trade], fills: Sequence[Fill], bars: Mapping[int, BarTable]
) -> Figures:
    """Figures of closed trades by name; R is net result over the money at risk at the fills."""
    n, results = len(trades), [trade.realised / MONEY for trade in trades]
    multiples = [trade.realised / trade.risk for trade in trades if trade.risk > 0]
    hours = [(trade.closed_bar - trade.opened) / HOUR for trade in trades]
    factor = profit_factor(results)
    share = best_trades_share(results)
    return {
        "win_rate": _win_rate(results),
        "profit_factor": figure(factor, n, "trades", "no trade lost" if n else NO_TRADE),
        "expectancy_r": _expectancy(multiples),
        **_excursions(trades, fills, bars),
        "best_five_share": figure(share, n, "trades", _no_share(n)),
        "median_hours": figure(linear_quantile(hours, 0.5) if n else None, n, "trades", NO_TRADE),
    }


def _no_share(n: int) -> str:
    if n == 0:
        return NO_TRADE
    return f"no more than {BEST} trades" if n <= BEST else "the trades together earned nothing"


def _win_rate(results: list[float]) -> Figure:
    found = win_rate(results)
    if found is None:
        return Figure(value=None, n=0, of="trades", why=NO_TRADE)
    more = {"low": found.low, "high": found.high, "wins": found.wins}
    return Figure(value=found.rate, n=found.n, of="trades", more=more)


def _expectancy(multiples: list[float]) -> Figure:
    found = expectancy(multiples)
    if found is None:
        return Figure(value=None, n=0, of="trades", why=NO_TRADE)
    why = "one trade has no spread" if found.n == 1 else "all trades earned the same"
    return Figure(
        value=found.mean,
        n=found.n,
        of="trades",
        why=why if found.t is None else "",
        more={"sd": found.sd, "t": found.t, "p": found.p},
    )


def _excursions(
    trades: Sequence[Trade], fills: Sequence[Fill], bars: Mapping[int, BarTable]
) -> Figures:
    sales: Sales = {}
    for fill in fills:
        if fill.side == "SELL":
            sales.setdefault((fill.token_id, fill.open_time), []).append(fill.price)
    each = [_excursion(trade, sales, bars[trade.token_id])
            for trade in trades if trade.token_id in bars]  # fmt: skip
    found = mean_excursion([one for one in each if one is not None])
    why = NO_BARS if trades else NO_TRADE
    if found is None:
        missing = Figure(value=None, n=0, of="trades", why=why)
        return {"mae_r": missing, "mfe_r": missing}
    return {
        "mae_r": Figure(value=found.mae, n=found.n, of="trades"),
        "mfe_r": Figure(value=found.mfe, n=found.n, of="trades"),
    }


def _excursion(trade: Trade, sales: Sales, table: BarTable) -> Excursion | None:
    """MAE and MFE over the bars held from their open to their close.

    The entry is at an open, so its bar counts; the bar of the last sale does not, but every price
    that was paid in it does. Prices are of one unit of the token; several fills count as one at
    their mean.
    """
    units = float(trade.scale.lot * trade.quantity) * MONEY
    first, last = np.searchsorted(table.open_time, (trade.opened, trade.closed_bar - HOUR + 1))
    held = table.prices[first:last] * 10.0**-table.decimals
    tick = float(trade.scale.tick)
    paid = [tick * price for price in sales.get((trade.token_id, trade.closed_bar), ())]
    lows, highs = [*paid], [*paid]
    if len(held):
        lows.append(float(held[:, 2].min()))
        highs.append(float(held[:, 1].max()))
    return trade_excursion(
        trade.paid / units, trade.proceeds / units, trade.risk / units, lows, highs
    )

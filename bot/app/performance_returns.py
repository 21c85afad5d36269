"""What a run's equity says: return, risk, falls, and how sure that is (semantics P1 to P6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.performance_equity import MONEY, DailyPoints, Equity
from bot.app.performance_figures import Figure, Figures, figure, rounded
from bot.domain.instants import DAY, HOUR
from bot.domain.records import Fill
from bot.stats.annual_volatility import annual_volatility
from bot.stats.bootstrap_intervals import MIN_OBS as MIN_DRAWN
from bot.stats.bootstrap_intervals import BootstrapIntervals, bootstrap_intervals
from bot.stats.cagr import MIN_DAYS, cagr
from bot.stats.calmar_ratio import calmar_ratio
from bot.stats.drawdown_spells import drawdown_spells
from bot.stats.drawdowns import drawdowns
from bot.stats.expected_shortfall import expected_shortfall
from bot.stats.exposure import mean_exposure
from bot.stats.kurtosis import kurtosis
from bot.stats.max_drawdown import max_drawdown
from bot.stats.min_track_record import min_track_record
from bot.stats.probabilistic_sharpe import probabilistic_sharpe
from bot.stats.samples import Floats
from bot.stats.sharpe_ratio import sharpe_ratio
from bot.stats.simple_returns import simple_returns
from bot.stats.skewness import skewness
from bot.stats.sortino_ratio import sortino_ratio
from bot.stats.total_return import total_return
from bot.stats.turnover import annual_turnover
from bot.stats.value_at_risk import value_at_risk

MIN_RETURNS = 30  # G3: no ratio of fewer returns
SEED = 1
RUINED = "the account was at 0"
TOO_FEW_DAYS = f"fewer than {MIN_DAYS} days"
TOO_FEW_RETURNS = f"fewer than {MIN_RETURNS} daily returns"
NO_DAY = "no 00:00 UTC after the first slot"
STILL = "the daily returns do not vary"


def return_figures(equity: Equity, fills: Sequence[Fill]) -> Figures:
    """Figures of the whole run and of its daily points, by name; fractions, never percent."""
    return _run_figures(equity, fills) | growth_figures(equity.daily()) | _risk(equity.daily())


def _run_figures(equity: Equity, fills: Sequence[Fill]) -> Figures:
    """What needs no day: from the starting cash to the last slot, open positions at their marks."""
    points, n = equity.points(), equity.n
    held = mean_exposure(equity.value / MONEY, equity.equity / MONEY)
    bought = sum(fill.notional for fill in fills if fill.side == "BUY") / MONEY
    sold = sum(fill.notional for fill in fills if fill.side == "SELL") / MONEY
    traded = annual_turnover(bought, sold, points, n * HOUR / DAY)
    return {
        "total_return": figure(total_return(points), n, "slots", RUINED),
        "max_drawdown_hourly": figure(max_drawdown(points), n, "slots", RUINED),
        "exposure": figure(held, n, "slots", RUINED),
        "turnover": figure(traded, len(fills), "fills", RUINED),
    }


def growth_figures(daily: DailyPoints) -> Figures:
    """CAGR, Sharpe ratio and deepest fall of daily points: what account and benchmark share."""
    returns = simple_returns(daily.equity)
    return {
        "cagr": figure(cagr(daily.equity), daily.n, "days", _why(daily.n, MIN_DAYS, TOO_FEW_DAYS)),
        "sharpe": of_returns(None, daily.n, RUINED)
        if returns is None
        else of_returns(sharpe_ratio(returns, min_obs=MIN_RETURNS), daily.n),
        "max_drawdown": figure(max_drawdown(daily.equity), daily.n, "days", NO_DAY),
    }


def _why(n: int, least: int, too_few: str) -> str:
    return too_few if n < least else "the rate is larger than a number can hold"


def of_returns(value: float | None, n: int, why: str = STILL) -> Figure:
    """A statistic of daily returns, which needs 30 of them; `why` is for enough of them."""
    return figure(value, n, "days", TOO_FEW_RETURNS if n < MIN_RETURNS else why)


def _risk(daily: DailyPoints) -> Figures:
    n = daily.n
    fallen = "nothing fell" if n >= MIN_DAYS else TOO_FEW_DAYS
    calmar = figure(calmar_ratio(daily.equity), n, "days", fallen)
    return {"calmar": calmar} | _spells(daily) | _moments(simple_returns(daily.equity), n)


def _spells(daily: DailyPoints) -> Figures:
    spells, falls = drawdown_spells(daily.equity), drawdowns(daily.equity)
    found: tuple[float | None, float | None, float | None] = (None, None, None)
    if spells is not None and falls is not None:
        found = (float(spells.longest), spells.share, float(falls[-1]))
    names = ("longest_drawdown_days", "under_water", "drawdown_at_end")
    return {
        name: figure(value, daily.n, "days", NO_DAY)
        for name, value in zip(names, found, strict=True)
    }


def _moments(returns: Floats | None, n: int) -> Figures:
    """Volatility, Sortino, tails and shape of the daily returns; None where the account ended."""
    if returns is None or n < MIN_RETURNS:
        why = TOO_FEW_RETURNS if n < MIN_RETURNS else RUINED
        return {name: Figure(value=None, n=n, of="days", why=why) for name in _DAILY}
    sortino = sortino_ratio(returns, min_obs=MIN_RETURNS)
    return {
        "volatility": of_returns(annual_volatility(returns), n),
        "sortino": of_returns(sortino, n, "no daily return was below 0"),
        "value_at_risk": of_returns(value_at_risk(returns), n),
        "expected_shortfall": of_returns(expected_shortfall(returns), n),
        "skewness": of_returns(skewness(returns), n),
        "kurtosis": of_returns(kurtosis(returns), n),
    } | _confidence(returns, n)


_DAILY = (
    "volatility", "sortino", "value_at_risk", "expected_shortfall", "skewness", "kurtosis",
    "psr", "min_track_record_days",
)  # fmt: skip


def _confidence(returns: Floats, n: int) -> Figures:
    """PSR(0) and the days of record that a Sharpe ratio above 0 would need (P6)."""
    ratio = sharpe_ratio(returns, periods_per_year=1.0)
    skew, kurt = skewness(returns), kurtosis(returns)
    if ratio is None or skew is None or kurt is None:
        return {"psr": of_returns(None, n), "min_track_record_days": of_returns(None, n)}
    needed = min_track_record(ratio, skew, kurt)
    hopeless = "the Sharpe ratio is not above 0, so that no record is long enough"
    odd = "the returns' tails leave no variance to reckon with"
    return {
        "psr": of_returns(probabilistic_sharpe(ratio, n, skew, kurt), n, odd),
        "min_track_record_days": of_returns(needed, n, hopeless if ratio <= 0.0 else odd),
    }


def with_intervals(figures: Figures, daily: DailyPoints) -> tuple[Figures, dict[str, Any]]:
    """The figures, three of them with `low` and `high`, and how the bounds were drawn (P5).

    Sharpe ratio, CAGR and deepest fall get the bounds of 95 % of 5,000 histories drawn with seed
    1. Where there are none, the second value says why.
    """
    returns = simple_returns(daily.equity)
    found = None if returns is None else bootstrap_intervals(returns, seed=SEED)
    if found is None:
        return figures, {"n": daily.n, "why": _undrawn(figures["sharpe"])}
    bounds = {"sharpe": found.sharpe, "cagr": found.cagr, "max_drawdown": found.max_drawdown}
    widened = {
        name: replace(figures[name], more={"low": bound.low, "high": bound.high})
        for name, bound in bounds.items()
        if bound is not None and figures[name].value is not None
    }
    return figures | widened, _drawing(found)


def _undrawn(sharpe: Figure) -> str:
    """Why there are no bounds: too few days, else what is wrong with the Sharpe ratio too."""
    if sharpe.n < MIN_DRAWN:
        return f"fewer than {MIN_DRAWN} daily returns"
    return sharpe.why or "no block length fits these returns"


def _drawing(found: BootstrapIntervals) -> dict[str, Any]:
    return {
        "n": found.n,
        "method": "stationary bootstrap of daily returns",
        "seed": found.seed,
        "draws": found.draws,
        "level": found.level,
        "mean_block_days": rounded(found.block),
    }

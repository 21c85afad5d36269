"""How far a long trade ran against and for its holder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.stats.samples import Numbers, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """Largest moves against (mae) and for (mfe) a trade, both in R and at least 0."""

    mae: float
    mfe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanExcursion:
    """Mean of the largest moves against and for n trades, in R."""

    n: int
    mae: float
    mfe: float


def trade_excursion(
    entry: float, exit_price: float, risk: float, lows: Numbers, highs: Numbers
) -> Excursion | None:
    """MAE = (entry - lowest) / risk and MFE = (highest - entry) / risk, of a long trade.

    Lowest and highest are taken over the bars held from open to close and the two prices of the
    trade itself. The exit bar is left out: whether its other extreme came before the exit cannot
    be known.

    Parameters
    ----------
    entry, exit_price : prices of the trade.
    risk : price distance of 1 R, above 0.
    lows, highs : extremes of the bars fully held, in the same unit; none where entry and exit
        lie in one bar.

    Returns
    -------
    Multiples of R, at least 0, over the life of the trade. None where a number is missing or
    `risk` is not above 0.

    Raises
    ------
    ValueError : when lows and highs differ in length.

    Examples
    --------
    >>> trade_excursion(100.0, 108.0, 4.0, lows=[99.0, 97.0], highs=[103.0, 106.0])
    Excursion(mae=0.75, mfe=2.0)
    """
    if len(lows) != len(highs):
        raise ValueError(f"{len(lows)} lows and {len(highs)} highs are not of the same bars")
    bottom, top = sample(lows, 0), sample(highs, 0)
    if bottom is None or top is None or not math.isfinite(risk) or risk <= 0.0:
        return None
    if not (math.isfinite(entry) and math.isfinite(exit_price)):
        return None
    lowest = min(entry, exit_price, *bottom.tolist())
    highest = max(entry, exit_price, *top.tolist())
    return Excursion(mae=(entry - lowest) / risk, mfe=(highest - entry) / risk)


def mean_excursion(excursions: Sequence[Excursion]) -> MeanExcursion | None:
    """Mean MAE and MFE of many trades, in R; None without a trade.

    Examples
    --------
    >>> mean_excursion([Excursion(mae=0.5, mfe=2.0), Excursion(mae=1.0, mfe=0.0)])
    MeanExcursion(n=2, mae=0.75, mfe=1.0)
    """
    n = len(excursions)
    if n == 0:
        return None
    mae = math.fsum(each.mae for each in excursions) / n
    mfe = math.fsum(each.mfe for each in excursions) / n
    return MeanExcursion(n=n, mae=mae, mfe=mfe)

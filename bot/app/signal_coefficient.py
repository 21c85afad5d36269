"""Information coefficients: do tokens that the signal prefers rise more than the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bot.app.price_panel import Panel
from bot.app.signal_scan import Scan
from bot.app.weeks import Weeks
from bot.engine.types import FloatArray, IntArray
from bot.stats.newey_west import newey_west
from bot.stats.spearman import spearman

Document = dict[str, Any]
LEAST_TOKENS = 3


def coefficient_document(
    scan: Scan, panel: Panel, start: IntArray, weeks: Weeks, horizons: Sequence[int]
) -> list[Document]:
    """By what is ranked (trend, and grade where there is one) and horizon, the mean coefficient.

    Spearman across the tokens of a slot; slots in which all say the same have none. t is Newey and
    West's with the horizon as lag.
    """
    ranked = {"trend": np.where(scan.trends != 0, scan.trends, math.nan)}
    if scan.grades is not None:
        ranked["grade"] = scan.grades
    return [
        {"of": name, **_figures(values, panel.forward(start, h), h, (scan.slots, weeks))}
        for name, values in ranked.items()
        for h in horizons
    ]


def _figures(
    values: FloatArray, returns: FloatArray, h: int, when: tuple[IntArray, Weeks]
) -> Document:
    slots, weeks = when
    found = spearman(values, returns, LEAST_TOKENS)
    there = np.isfinite(found)
    mean = newey_west(found[there], h)
    low, high = weeks.interval(slots[there], found[there])
    return {
        "h": h, "slots": len(found), "n": int(there.sum()),
        "mean": None if mean is None else mean.mean,
        "sd": None if mean is None else mean.sd,
        "t": None if mean is None else mean.t,
        "low": low, "high": high,
    }  # fmt: skip
